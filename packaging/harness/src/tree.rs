//! Where things lie in the source tree and in cargo's target folder.

use std::path::{Path, PathBuf};

use crate::HarnessError;

/// The workspace's root folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// Where `cargo xtask setup` puts drivers and servers that don't come from Debian.
pub fn counterparts() -> PathBuf {
    target().join("counterparts")
}

/// A binary of the product, built in the release profile.
pub fn binary(name: &str) -> Result<PathBuf, HarnessError> {
    existing(target().join("release").join(name))
}

/// The path itself, if something is there.
pub(crate) fn existing(path: PathBuf) -> Result<PathBuf, HarnessError> {
    if path.exists() { Ok(path) } else { Err(HarnessError::Missing(path)) }
}
