//! Compiled databases on disk.
//!
//! Hyperscan trusts a serialised database wholly, so a cached one is used only if nobody else
//! could have written it: a regular file of this user in a folder of this user, closed to all
//! others, with the digest of its content before it. On any doubt it is compiled anew.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hyperscan::{BlockDatabase, SerializedDatabase};

/// The database of this name and key, from `folder` if it is there, or built and put there.
pub(crate) fn load<E>(
    folder: Option<&Path>,
    name: &str,
    key: &str,
    build: impl FnOnce() -> Result<BlockDatabase, E>,
) -> Result<BlockDatabase, E> {
    let file = folder.map(|folder| CacheFile::in_folder(folder, name, key));
    if let Some(database) = file.as_ref().and_then(CacheFile::read) {
        return Ok(database);
    }
    let database = build()?;
    if let Some(file) = file {
        // What is not cached is compiled at the next start: that is all.
        let _ = file.write(&database);
    }
    Ok(database)
}

/// The file of one database for one machine. Its name is made of all that the database depends on.
struct CacheFile {
    path: PathBuf,
}

impl CacheFile {
    fn in_folder(folder: &Path, name: &str, key: &str) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(hyperscan::version_str().to_bytes_with_nul());
        hasher.update(format!("{:?}{key}", cpu_features()).as_bytes());
        let digest = hasher.finalize().to_hex();
        Self { path: folder.join(format!("{name}-{}.hs", &digest[..16])) }
    }

    fn read(&self) -> Option<BlockDatabase> {
        let folder = self.path.parent()?;
        let (folder, file) = (fs::metadata(folder).ok()?, fs::symlink_metadata(&self.path).ok()?);
        if !is_private(&folder, 0o022) || !is_private(&file, 0o077) || !file.is_file() {
            return None;
        }
        let bytes = fs::read(&self.path).ok()?;
        let (digest, database) = bytes.split_first_chunk::<{ blake3::OUT_LEN }>()?;
        if blake3::hash(database) != *digest {
            return None;
        }
        database.deserialize().ok()
    }

    /// Written beside and renamed, so that another process never reads a part of it.
    fn write(&self, database: &BlockDatabase) -> io::Result<()> {
        let bytes = database.serialize().map_err(io::Error::other)?;
        if let Some(folder) = self.path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let draft = self.path.with_extension(format!("{}.draft", std::process::id()));
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&draft)?;
        let written = file
            .write_all(blake3::hash(&bytes).as_bytes())
            .and_then(|()| file.write_all(&bytes))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&draft, &self.path));
        if written.is_err() {
            fs::remove_file(&draft)?;
        }
        written
    }
}

/// This user's own, and closed to others as `mode` says.
fn is_private(metadata: &fs::Metadata, mode: u32) -> bool {
    let me = fs::metadata("/proc/self").map(|process| process.uid());
    me.is_ok_and(|me| me == metadata.uid()) && metadata.mode() & mode == 0
}

/// What Hyperscan compiles for. It checks this again when it reads a database.
#[cfg(target_arch = "x86_64")]
fn cpu_features() -> [bool; 4] {
    [
        std::arch::is_x86_feature_detected!("avx2"),
        std::arch::is_x86_feature_detected!("avx512bw"),
        std::arch::is_x86_feature_detected!("avx512vbmi"),
        std::arch::is_x86_feature_detected!("bmi2"),
    ]
}

#[cfg(not(target_arch = "x86_64"))]
fn cpu_features() -> [bool; 0] {
    []
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::Pack;

    fn cached_file(folder: &Path) -> PathBuf {
        let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
        assert!(file.extension().is_some_and(|extension| extension == "hs"));
        file
    }

    fn reads(folder: &Path) -> bool {
        let key = format!("{:?}", crate::anchors::all());
        CacheFile::in_folder(folder, "detectors", &key).read().is_some()
    }

    #[test]
    fn a_pack_is_cached_for_its_owner_alone_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let cache = folder.path().join("cache");
        Pack::load(Some(&cache)).unwrap();
        let mode = fs::metadata(cached_file(&cache)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(reads(&cache));
        let pack = Pack::load(Some(&cache)).unwrap();
        let mut scanner = crate::Scanner::new(&pack).unwrap();
        let mut findings = Vec::new();
        scanner.scan(b"write to bob@example.com", &mut findings);
        assert_eq!(findings.len(), 1);
    }

    #[test]
    fn a_doubtful_cache_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        Pack::load(Some(folder.path())).unwrap();
        let file = cached_file(folder.path());
        let good = fs::read(&file).unwrap();

        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(!reads(folder.path()), "open to others");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(reads(folder.path()));

        for at in [0, 40, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            assert!(!reads(folder.path()), "a flipped bit at {at}");
        }
        fs::write(&file, &good[..20]).unwrap();
        assert!(!reads(folder.path()), "cut short");

        fs::write(&file, &good).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(!reads(folder.path()), "a folder that others may write");
    }

    #[test]
    fn a_cache_that_cannot_be_written_does_no_harm() {
        assert!(Pack::load(Some(Path::new("/proc/no/such/folder"))).is_ok());
    }
}
