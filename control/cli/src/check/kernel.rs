//! What the data plane asks of the kernel: its version, io_uring, and limits.

use io_uring::{IoUring, cqueue, squeue};
use lazaret_config::Problem;
use rustix::process::{Resource, getrlimit};

use super::Subject;

/// DEFER_TASKRUN came with 6.1, which is Debian 12's.
const OLDEST: (u32, u32) = (6, 1);

/// Each executor of glommio wants so much locked memory.
const MEMLOCK_PER_EXECUTOR: u64 = 512 << 10;

/// What a process holds beside its sessions' sockets.
const DESCRIPTORS_BESIDES: u64 = 512;

pub(super) fn problems(subject: &Subject) -> Vec<Problem> {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    [version(subject, &release), ring(subject), memlock(subject), descriptors(subject)]
        .into_iter()
        .filter_map(Result::err)
        .collect()
}

fn version(subject: &Subject, release: &str) -> Result<(), Problem> {
    if parse_release(release).is_some_and(|version| version >= OLDEST) {
        return Ok(());
    }
    let (major, minor) = OLDEST;
    let message = format!("Linux {release} is older than {major}.{minor}");
    Err(subject.source.problem(&["recording"], message, "run a newer kernel, as of Debian 12"))
}

/// `6.1.0-18-amd64`
fn parse_release(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// A ring as a shard's.
fn ring(subject: &Subject) -> Result<(), Problem> {
    let ring = IoUring::<squeue::Entry, cqueue::Entry>::builder()
        .setup_single_issuer()
        .setup_coop_taskrun()
        .setup_taskrun_flag()
        .setup_defer_taskrun()
        .setup_submit_all()
        .build(8);
    ring.map(drop).map_err(|error| {
        let mend = "allow io_uring_setup, io_uring_enter and io_uring_register in the container's \
                    seccomp profile (one is in packaging/), and set kernel.io_uring_disabled = 0";
        subject.source.problem(&["recording"], format!("io_uring is not to be had: {error}"), mend)
    })
}

fn memlock(subject: &Subject) -> Result<(), Problem> {
    let needed = (shards(subject) + 1) * MEMLOCK_PER_EXECUTOR;
    // CAP_IPC_LOCK, which root has, lifts the limit.
    if rustix::process::geteuid().is_root() || has(getrlimit(Resource::Memlock).current, needed) {
        return Ok(());
    }
    let message = format!("less than {} KiB may be locked in memory", needed >> 10);
    let mend = "raise it: `ulimit -l unlimited`, or LimitMEMLOCK=infinity in the unit";
    Err(subject.source.problem(&["recording", "shards"], message, mend))
}

/// `lazaret up` raises the soft limit itself. A connection takes one descriptor.
fn descriptors(subject: &Subject) -> Result<(), Problem> {
    let sessions = u64::from(subject.config.limits.max_sessions);
    if has(getrlimit(Resource::Nofile).maximum, sessions + DESCRIPTORS_BESIDES) {
        return Ok(());
    }
    let message = format!("{sessions} connections are more than the limit of open files");
    let mend = "lower `max_sessions`, or raise the limit: LimitNOFILE in the unit";
    Err(subject.source.problem(&["limits", "max_sessions"], message, mend))
}

/// One that is let in takes a second, to the upstream.
pub(super) fn note(subject: &Subject) -> Option<String> {
    let limit = getrlimit(Resource::Nofile).maximum;
    let sessions = u64::from(subject.config.limits.max_sessions);
    (!has(limit, 2 * sessions + DESCRIPTORS_BESIDES)).then(|| {
        let busy = limit.unwrap_or_default().saturating_sub(DESCRIPTORS_BESIDES) / 2;
        format!("the limit of open files lets {busy} of {sessions} sessions be let in at a time")
    })
}

/// No limit is enough.
fn has(limit: Option<u64>, needed: u64) -> bool {
    limit.is_none_or(|limit| limit >= needed)
}

pub(super) fn shards(subject: &Subject) -> u64 {
    match subject.config.recording.shards {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
        fixed => fixed.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernels_release_begins_with_its_version() {
        assert_eq!(parse_release("6.1.0-18-amd64"), Some((6, 1)));
        assert_eq!(parse_release("5.15.0-91-generic"), Some((5, 15)));
        assert_eq!(parse_release("6.12+deb13"), Some((6, 12)));
        assert_eq!(parse_release("unknown"), None);
    }
}
