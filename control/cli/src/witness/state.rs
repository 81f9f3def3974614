//! What a witness signed last, by log: a file each, with the checkpoint as the log signed it.
//!
//! A file is written beside its name, synced, renamed, and the folder synced; only then is it what was
//! signed last. So a kill at any moment leaves the one or the other, and the signature that was not
//! given is asked for again.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use lazaret_audit::{Checkpoint, Digest, SignedCheckpoint};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error("{0}: another witness keeps this folder")]
    Busy(PathBuf),
    #[error(
        "{0} is damaged\n  mend: restore it; a witness that forgot what it signed could be shown another log"
    )]
    Damaged(PathBuf),
}

pub(super) struct State {
    folder: PathBuf,
    latest: BTreeMap<String, Checkpoint>,
    /// Held for as long as this witness lives.
    _lock: File,
    /// Tests kill the witness after so many steps.
    #[cfg(test)]
    steps_left: Option<std::cell::Cell<u32>>,
}

impl State {
    pub(super) fn open<'a>(
        folder: &Path,
        origins: impl Iterator<Item = &'a str>,
    ) -> Result<Self, StateError> {
        let lock = lock(folder)?;
        let mut latest = BTreeMap::new();
        for origin in origins {
            let path = folder.join(file_name(origin));
            let bytes = match std::fs::read(&path) {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => return Err(StateError::Io { path, error }),
            };
            let signed = SignedCheckpoint::read(&bytes).ok();
            let kept = signed.map(|signed| signed.checkpoint().clone());
            let kept = kept.filter(|kept| kept.origin == origin);
            latest.insert(origin.to_owned(), kept.ok_or(StateError::Damaged(path))?);
        }
        Ok(Self {
            folder: folder.to_owned(),
            latest,
            _lock: lock,
            #[cfg(test)]
            steps_left: None,
        })
    }

    pub(super) fn latest(&self, origin: &str) -> Option<&Checkpoint> {
        self.latest.get(origin)
    }

    /// Makes durable what is about to be signed.
    pub(super) fn keep(&mut self, signed: &SignedCheckpoint) -> io::Result<()> {
        let checkpoint = signed.checkpoint();
        let name = file_name(&checkpoint.origin);
        let partial = self.folder.join(format!(".partial-{name}"));
        self.step()?;
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&partial)?;
        self.step()?;
        file.write_all(signed.to_string().as_bytes())?;
        self.step()?;
        file.sync_all()?;
        self.step()?;
        std::fs::rename(&partial, self.folder.join(name))?;
        self.step()?;
        File::open(&self.folder)?.sync_all()?;
        self.latest.insert(checkpoint.origin.clone(), checkpoint.clone());
        Ok(())
    }

    fn step(&self) -> io::Result<()> {
        #[cfg(test)]
        if let Some(left) = &self.steps_left {
            let now = left.get().checked_sub(1).ok_or_else(|| io::Error::other("killed"))?;
            left.set(now);
        }
        Ok(())
    }
}

/// Origins may hold slashes.
fn file_name(origin: &str) -> String {
    format!("{}.checkpoint", Digest::of(origin.as_bytes()))
}

fn lock(folder: &Path) -> Result<File, StateError> {
    let path = folder.join(".lock");
    let open = || OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = open().map_err(|error| StateError::Io { path: path.clone(), error })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StateError::Busy(path)),
        Err(TryLockError::Error(error)) => Err(StateError::Io { path, error }),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use lazaret_audit::{Role, SigningKey, sign_checkpoint};

    use super::*;

    const ORIGIN: &str = "lazaret.example/log";

    fn signed(log: &SigningKey, size: u64) -> SignedCheckpoint {
        let checkpoint = Checkpoint { origin: ORIGIN.to_owned(), size, root: Digest::of(b"") };
        SignedCheckpoint::read(sign_checkpoint(&checkpoint, log).as_bytes()).unwrap()
    }

    fn open(folder: &Path) -> State {
        State::open(folder, [ORIGIN].into_iter()).unwrap()
    }

    #[test]
    fn a_kill_at_any_step_loses_nothing_that_was_signed() {
        let log = SigningKey::generate(ORIGIN, Role::Log).unwrap();
        for steps in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let mut state = open(folder.path());
            assert_eq!(state.latest(ORIGIN), None);
            state.keep(&signed(&log, 7)).unwrap();
            state.steps_left = Some(Cell::new(steps));
            let kept = state.keep(&signed(&log, 9)).is_ok();
            // Nothing is signed on what could not be kept.
            assert_eq!(state.latest(ORIGIN).unwrap().size, if kept { 9 } else { 7 });
            drop(state);
            let mut again = open(folder.path());
            let size = again.latest(ORIGIN).unwrap().size;
            assert!(size == 9 || size == 7 && !kept, "killed at step {steps}: {size}");
            again.keep(&signed(&log, 11)).unwrap();
            drop(again);
            assert_eq!(open(folder.path()).latest(ORIGIN).unwrap().size, 11);
            if kept {
                assert!(steps > 4, "each step counts");
                break;
            }
        }
    }

    #[test]
    fn a_damaged_memory_is_none_to_sign_from() {
        let log = SigningKey::generate(ORIGIN, Role::Log).unwrap();
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).keep(&signed(&log, 7)).unwrap();
        let path = folder.path().join(file_name(ORIGIN));
        let whole = std::fs::read(&path).unwrap();
        for damaged in [&whole[..0], &whole[..30], b"rubbish"] {
            std::fs::write(&path, damaged).unwrap();
            let opened = State::open(folder.path(), [ORIGIN].into_iter());
            assert!(matches!(opened, Err(StateError::Damaged(_))));
        }
    }

    #[test]
    fn one_witness_keeps_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let first = open(folder.path());
        let second = State::open(folder.path(), [ORIGIN].into_iter());
        assert!(matches!(second, Err(StateError::Busy(_))));
        drop(first);
        open(folder.path());
    }
}
