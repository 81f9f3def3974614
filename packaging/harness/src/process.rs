//! Child processes that can't outlive their purpose.
//!
//! Each child runs in a session of its own: scheduling groups follow sessions, and a proxy that
//! shares one with its load generator is measured 15 % too slow. Each is started from one thread that
//! lives as long as this process, with a parent-death signal: Linux sends that signal when the
//! *thread* that forked dies, and test threads are short-lived.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Signal, getrlimit, kill_process, setrlimit};

use crate::HarnessError;

/// Whom a child runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// The user of this process.
    Same,
    /// The numbers of an unprivileged account.
    User { user: u32, group: u32 },
}

impl Account {
    /// For servers that refuse to run as root: Debian's `postgres` or else `nobody`, if this process
    /// is root's.
    pub fn unprivileged() -> Result<Self, HarnessError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Same);
        }
        let accounts =
            fs::read_to_string("/etc/passwd").map_err(HarnessError::io("reading /etc/passwd"))?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| account_named(&accounts, name))
            .ok_or_else(|| HarnessError::Missing("the account postgres".into()))
    }

    /// Makes the account the owner of a file or folder.
    pub fn own(self, path: &Path) -> Result<(), HarnessError> {
        let Self::User { user, group } = self else { return Ok(()) };
        std::os::unix::fs::chown(path, Some(user), Some(group))
            .map_err(HarnessError::io(format!("giving {} away", path.display())))
    }

    /// Makes the account the owner of all that is in a folder.
    pub fn own_all(self, folder: &Path) -> Result<(), HarnessError> {
        let Self::User { user, group } = self else { return Ok(()) };
        run(Command::new("chown").arg("-R").arg(format!("{user}:{group}")).arg(folder)).map(|_| ())
    }

    /// A command that runs under this account and ends with this process.
    pub fn command(self, program: &Path) -> Command {
        wrapped(program, self, Lifetime::Bound(Signal::KILL))
    }
}

/// Whether a child ends when this process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// It gets this signal when this process is gone, however that comes.
    Bound(Signal),
    /// It goes on; for `demo --keep`.
    Free,
}

/// A running child. Dropping it ends it, unless its lifetime is free.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    lifetime: Lifetime,
}

impl Process {
    /// Starts `program` with its output appended to `log`.
    pub fn start<A: AsRef<OsStr>>(
        program: &Path,
        arguments: &[A],
        account: Account,
        lifetime: Lifetime,
        log: &Path,
    ) -> Result<Self, HarnessError> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .and_then(|file| Ok((file.try_clone()?, file)))
            .map_err(HarnessError::io(format!("opening {}", log.display())))?;
        let mut command = wrapped(program, account, lifetime);
        command.args(arguments).stdin(Stdio::null()).stdout(output.0).stderr(output.1);
        let child = spawn(command).map_err(HarnessError::io(format!("starting {name}")))?;
        Ok(Self { name, child, log: log.to_path_buf(), lifetime })
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says so, and fails with the log's end if the child dies or takes too long.
    pub fn wait_until(
        &mut self,
        patience: Duration,
        mut ready: impl FnMut() -> bool,
    ) -> Result<(), HarnessError> {
        let deadline = Instant::now() + patience;
        while !ready() {
            if Instant::now() > deadline || self.exit_status().is_some() {
                return Err(HarnessError::NotReady {
                    name: self.name.clone(),
                    seconds: patience.as_secs(),
                    log: self.log_tail(),
                });
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// How the child ended, if it has.
    pub fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub fn signal(&self, signal: Signal) {
        signal_process(self.id(), signal);
    }

    /// Asks the child to end, and kills it when `patience` is over.
    pub fn stop(&mut self, signal: Signal, patience: Duration) -> Option<ExitStatus> {
        self.signal(signal);
        let deadline = Instant::now() + patience;
        while self.exit_status().is_none() {
            if Instant::now() > deadline {
                self.signal(Signal::KILL);
                return self.child.wait().ok();
            }
            thread::sleep(POLL);
        }
        self.exit_status()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn log_tail(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Lifetime::Bound(signal) = self.lifetime {
            self.stop(signal, Duration::from_secs(20));
        }
    }
}

/// What a process has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// User and system time of all its threads.
    pub cpu_seconds: f64,
    /// Resident memory of its own; the files that it maps are not counted.
    pub memory_bytes: u64,
}

/// Reads `/proc`; a process that is gone has used nothing.
pub fn usage_of(id: u32) -> Usage {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything, so count fields behind the last of them.
    let fields: Vec<u64> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    let field = |number: usize| fields.get(number - 3).copied().unwrap_or(0);
    let ticks = u32::try_from(field(14) + field(15)).unwrap_or(u32::MAX);
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let memory_kib = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"))
        .and_then(|value| value.trim_end_matches("kB").trim().parse::<u64>().ok());
    Usage {
        cpu_seconds: f64::from(ticks) / TICKS_PER_SECOND,
        memory_bytes: memory_kib.unwrap_or(0) * 1024,
    }
}

/// A child of this process, by its program's name.
pub(crate) fn child_named(parent: u32, name: &str) -> Option<u32> {
    // The kernel keeps the first 15 bytes of a name.
    let short: String = name.chars().take(15).collect();
    let processes = fs::read_dir("/proc").ok()?.flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).find(|id| {
        let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let field = |key: &str| status.lines().find_map(|line| line.strip_prefix(key));
        field("Name:").map(str::trim) == Some(&short)
            && field("PPid:").map(str::trim) == Some(&parent.to_string())
    })
}

pub fn signal_process(id: u32, signal: Signal) {
    // A process that has ended in the meantime needs no signal.
    if let Some(pid) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

/// SIGSTOP, and the wait until no thread of the process runs any more: on a busy machine that is long
/// after the signal was sent. False if it never is.
pub fn freeze_process(id: u32) -> bool {
    signal_process(id, Signal::STOP);
    let deadline = Instant::now() + FREEZE_PATIENCE;
    while !is_frozen(id) && Instant::now() < deadline {
        thread::sleep(POLL);
    }
    is_frozen(id)
}

/// Whether each thread is in state T of proc(5).
fn is_frozen(id: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
    threads.map(|thread| fs::read_to_string(thread.path().join("stat"))).all(|stat| {
        // A thread that ended in the meantime runs no more.
        stat.map_or(true, |stat| stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" T")))
    })
}

/// Lets this process, and those it starts from now on, open as many files as the system allows.
pub fn raise_open_files() -> Result<(), HarnessError> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit)
        .map_err(|error| HarnessError::io("raising the limit of open files")(error.into()))
}

/// Runs a command to its end and returns what it wrote to standard output.
pub fn run(command: &mut Command) -> Result<String, HarnessError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(HarnessError::io(format!("starting {name}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    Err(HarnessError::Failed { command: name, status: describe(output.status), output: text })
}

/// The command that turns itself into `program` under this account, in a session of its own.
pub(crate) fn wrapped(program: &Path, account: Account, lifetime: Lifetime) -> Command {
    let mut command = Command::new("setsid");
    command.arg("setpriv");
    if let Account::User { user, group } = account {
        command.arg(format!("--reuid={user}")).arg(format!("--regid={group}"));
        command.arg("--clear-groups");
    }
    if let Lifetime::Bound(signal) = lifetime {
        command.arg("--pdeathsig").arg(name_of(signal));
    } else if account == Account::Same {
        // setpriv wants to be told at least one thing to do.
        command.arg("--inh-caps=-all");
    }
    command.arg("--").arg(program);
    command
}

/// What a machine may be busy for.
const FREEZE_PATIENCE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

/// USER_HZ, which Linux keeps at 100 for `/proc` on every architecture we run on.
const TICKS_PER_SECOND: f64 = 100.0;

/// setpriv takes names alone.
fn name_of(signal: Signal) -> &'static str {
    match signal {
        Signal::INT => "INT",
        Signal::KILL => "KILL",
        _ => "TERM",
    }
}

type Request = (Command, Sender<std::io::Result<Child>>);

/// Forks from the one thread that never ends.
fn spawn(command: Command) -> std::io::Result<Child> {
    static SPAWNER: OnceLock<Mutex<Sender<Request>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (requests, inbox) = channel::<Request>();
        thread::spawn(move || {
            for (mut command, reply) in inbox {
                let _ = reply.send(command.spawn());
            }
        });
        Mutex::new(requests)
    });
    let (reply, answer) = channel();
    let gone = |_| std::io::Error::other("the spawning thread is gone");
    spawner
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send((command, reply))
        .map_err(|_| std::io::Error::other("the spawning thread is gone"))?;
    answer.recv().map_err(gone)?
}

fn account_named(accounts: &str, name: &str) -> Option<Account> {
    let fields: Vec<&str> = accounts
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&name))?;
    Some(Account::User { user: fields.get(2)?.parse().ok()?, group: fields.get(3)?.parse().ok()? })
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "an unknown status".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_process_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let process = Process::start(
            Path::new("/bin/sleep"),
            &["1000"],
            Account::Same,
            Lifetime::Bound(Signal::TERM),
            &log,
        )
        .unwrap();
        let id = process.id();
        assert!(Path::new(&format!("/proc/{id}")).exists());
        drop(process);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }

    #[test]
    fn a_process_that_dies_early_is_reported_with_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let mut process = Process::start(
            Path::new("/bin/sh"),
            &["-c", "echo no such luck; exit 3"],
            Account::Same,
            Lifetime::Bound(Signal::TERM),
            &log,
        )
        .unwrap();
        let error = process.wait_until(Duration::from_secs(60), || false).unwrap_err();
        assert!(error.to_string().contains("no such luck"), "{error}");
    }

    #[test]
    fn this_process_has_used_some_memory() {
        assert!(usage_of(std::process::id()).memory_bytes > 100_000);
    }

    #[test]
    fn accounts_are_found_by_name() {
        let accounts = "root:x:0:0::/root:/bin/sh\npostgres:x:101:104::/:/bin/sh\n";
        assert_eq!(
            account_named(accounts, "postgres"),
            Some(Account::User { user: 101, group: 104 })
        );
        assert_eq!(account_named(accounts, "nobody"), None);
    }
}
