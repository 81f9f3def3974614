//! Folders and files: there, writable, closed to others where they must be, with room to write.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use lazaret_config::Problem;
use lazaret_policy::Mask;
use rustix::fs::{Access, access, statvfs};

use super::Subject;
use super::kernel::shards;

/// A shard holds one segment that it writes and three that are prepared; as many may wait to be
/// shipped.
const SEGMENTS_PER_SHARD: u64 = 8;

pub(super) fn problems(subject: &Subject) -> Vec<Problem> {
    let mut found = folders(subject);
    found.extend(private_files(subject));
    found.extend(mask_key(subject).err());
    found.extend(room(subject).err());
    found
}

fn folders(subject: &Subject) -> Vec<Problem> {
    let config = &subject.config;
    let open =
        [config.layout.run(), config.recording.ship_to.clone(), config.policy.folder.clone()];
    let private = [config.layout.keys(), config.recording.folder.clone()];
    open.iter()
        .map(|path| is_writable_folder(path))
        .chain(private.iter().map(|path| is_writable_folder(path).and_then(|()| is_private(path))))
        .filter_map(Result::err)
        .collect()
}

fn is_writable_folder(path: &Path) -> Result<(), Problem> {
    if !path.is_dir() {
        return Err(Problem::with_file(path, "is no folder", "make it, for the gateway's user"));
    }
    let all = Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK;
    access(path, all).map_err(|_| {
        let mend = "give it to the gateway's user: chown, chmod u+rwx";
        Problem::with_file(path, "this user can't read and write in it", mend)
    })
}

/// Files that make whoever reads them the gateway, or someone it believes.
fn private_files(subject: &Subject) -> Vec<Problem> {
    let layout = &subject.config.layout;
    let mut files: Vec<PathBuf> = vec![
        layout.config(),
        layout.state(),
        layout.seal_key(),
        layout.commitment_key(),
        layout.mask_key(),
        layout.development_issuer_key(),
        layout.upstream_password(),
    ];
    files.extend(subject.config.tls.as_ref().map(|tls| tls.private_key_path.clone()));
    // Those that must be there are missed elsewhere.
    files.iter().filter(|path| path.exists()).filter_map(|path| is_private(path).err()).collect()
}

/// Without the key, a mask that takes one is a redaction.
fn mask_key(subject: &Subject) -> Result<(), Problem> {
    let (config, path) = (&subject.config, subject.config.layout.mask_key());
    let own = config.policy.declared.iter().filter_map(|declared| declared.mask);
    let mut asked = config.policy.masks.values().copied().chain(own);
    if path.exists() || !asked.any(Mask::is_keyed) {
        return Ok(());
    }
    let mend = "write 32 random bytes in base64 there, for the data plane's user alone";
    Err(Problem::with_file(&path, "token, hmac, fpe and date-shift need this key", mend))
}

fn is_private(path: &Path) -> Result<(), Problem> {
    let metadata = path.metadata().map_err(|error| {
        Problem::with_file(path, error.to_string(), "make it readable for the gateway's user")
    })?;
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    Err(Problem::with_file(path, "others may look into it", "chmod go= on it"))
}

fn room(subject: &Subject) -> Result<(), Problem> {
    let recording = &subject.config.recording;
    let needed = shards(subject) * SEGMENTS_PER_SHARD * recording.segment_bytes;
    for (key, path) in [("folder", &recording.folder), ("ship_to", &recording.ship_to)] {
        let Ok(disk) = statvfs(path) else { continue };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free < needed {
            let message = format!(
                "{} has {} MiB left, and segments take {}",
                path.display(),
                free >> 20,
                needed >> 20
            );
            let mend = "make room, or name a folder on another disk";
            return Err(subject.source.problem(&["recording", key], message, mend));
        }
    }
    Ok(())
}
