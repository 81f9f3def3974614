//! The policy folder as it stands: every `*.cedar` file, by name.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// All policy files together; Cedar parses some MiB a second.
const POLICY_BYTES: u64 = 4 << 20;

#[derive(Debug, thiserror::Error)]
pub enum PolicyFilesError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error("{0}: more than {POLICY_BYTES} bytes of policies")]
    TooLarge(PathBuf),
}

/// Reads all or nothing; hidden files (an editor's) are left out.
pub fn read_policies(folder: &Path) -> Result<BTreeMap<String, String>, PolicyFilesError> {
    let failing = |path: &Path| {
        let path = path.to_owned();
        move |error| PolicyFilesError::Io { path, error }
    };
    let mut policies = BTreeMap::new();
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(failing(folder))? {
        let entry = entry.map_err(failing(folder))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !name.ends_with(".cedar") || name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        bytes += entry.metadata().map_err(failing(&path))?.len();
        if bytes > POLICY_BYTES {
            return Err(PolicyFilesError::TooLarge(folder.to_owned()));
        }
        policies.insert(name, std::fs::read_to_string(&path).map_err(failing(&path))?);
    }
    Ok(policies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_cedar_files_are_policies() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a.cedar", "one"), ("b.cedar", "two"), (".a.cedar.swp", "x")] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        std::fs::write(folder.path().join(".c.cedar"), "hidden").unwrap();
        std::fs::write(folder.path().join("README.md"), "words").unwrap();
        let policies = read_policies(folder.path()).unwrap();
        let expected = [("a.cedar", "one"), ("b.cedar", "two")];
        assert_eq!(policies, expected.map(|(name, text)| (name.into(), text.into())).into());
    }

    #[test]
    fn a_missing_folder_is_an_error_and_not_an_empty_policy() {
        assert!(read_policies(Path::new("/nonexistent/policy")).is_err());
    }
}
