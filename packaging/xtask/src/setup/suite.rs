//! PostgreSQL's own regression suite.
//!
//! Its tests are in the source package, its driver `pg_regress` in a binary package, and both must have
//! the server's exact version. Debian's archive doesn't always hold the source of what is
//! installed, so the newest version of which it holds both is unpacked, server and all, under
//! `target/counterparts`; PostgreSQL finds its files from where its binary lies. The package lists
//! with the sources are kept there too, so that the system's stay as they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::tree;

use crate::error::TaskError;
use crate::shell;

/// Where the parts of the suite lie.
pub(crate) struct Suite {
    /// Server, client and `pg_regress`, as Debian lays them out from its root.
    pub(crate) root: PathBuf,
    /// The source tree.
    pub(crate) source: PathBuf,
}

/// Unpacks the suite, unless that has been done.
pub(crate) fn regression_suite() -> Result<Suite, TaskError> {
    let base = tree::counterparts().join("regress");
    let suite = Suite { root: base.join("root"), source: base.join("source") };
    let done = base.join("version");
    if done.exists() {
        return Ok(suite);
    }
    println!("unpacking PostgreSQL's regression suite");
    let lists = Lists::create(&base)?;
    let versions = lists.versions()?;
    let version = versions
        .iter()
        .find(|version| lists.download(version).is_ok())
        .ok_or_else(|| TaskError::Unexpected(format!("no source package for {PACKAGE}")))?;
    suite.unpack(&lists.packages(version))?;
    for no_longer_needed in ["packages", "lists", "cache"] {
        fs::remove_dir_all(base.join(no_longer_needed))
            .map_err(TaskError::io("removing what was unpacked"))?;
    }
    fs::write(&done, version).map_err(TaskError::io("noting the suite's version"))?;
    Ok(suite)
}

impl Suite {
    fn unpack(&self, packages: &Path) -> Result<(), TaskError> {
        for folder in [&self.root, &self.source] {
            shell::make_folder(folder)?;
        }
        for file in files(packages)? {
            let name = file.to_string_lossy().into_owned();
            if name.ends_with(".deb") {
                shell::run(Command::new("dpkg-deb").arg("-x").arg(&file).arg(&self.root))?;
            } else if name.contains(".orig.tar") {
                let mut tar = Command::new("tar");
                tar.args(["--strip-components=1", "--wildcards", "-C"]).arg(&self.source);
                shell::run(tar.arg("-xf").arg(&file).arg("*/src/test/regress"))?;
            }
        }
        Ok(())
    }
}

const PACKAGE: &str = "postgresql-15";
/// The server with its contributed modules, `pg_regress`, and the headers that `regress.c` needs.
const BINARIES: [&str; 3] = [PACKAGE, "postgresql-client-15", "postgresql-server-dev-15"];

/// apt's package lists, with sources, in a folder of our own.
struct Lists {
    folder: PathBuf,
}

impl Lists {
    fn create(base: &Path) -> Result<Self, TaskError> {
        let _ = fs::remove_dir_all(base);
        let lists = Self { folder: base.to_path_buf() };
        shell::make_folder(&lists.folder.join("lists/partial"))?;
        shell::make_folder(&lists.folder.join("cache/archives/partial"))?;
        let mut found = false;
        for file in files(Path::new("/etc/apt"))?
            .into_iter()
            .chain(files(Path::new("/etc/apt/sources.list.d")).unwrap_or_default())
        {
            let text = fs::read_to_string(&file).unwrap_or_default();
            if !text.contains("debian") {
                continue;
            }
            let text = match file.extension().and_then(|extension| extension.to_str()) {
                Some("sources") => with_sources_deb822(&text),
                Some("list") => with_sources_one_line(&text),
                _ => continue,
            };
            found = true;
            fs::write(lists.folder.join(file.file_name().unwrap_or_default()), text)
                .map_err(TaskError::io("writing a list of package sources"))?;
        }
        if !found {
            return Err(TaskError::Unexpected("no Debian archive in /etc/apt".into()));
        }
        shell::run(lists.apt("apt-get").args(["-qq", "update"]))?;
        Ok(lists)
    }

    /// Versions of which both binary and source are listed, newest first.
    fn versions(&self) -> Result<Vec<String>, TaskError> {
        let table = harness::run(self.apt("apt-cache").args(["madison", PACKAGE]))?;
        Ok(common_versions(&table))
    }

    fn packages(&self, version: &str) -> PathBuf {
        self.folder.join("packages").join(version)
    }

    fn download(&self, version: &str) -> Result<(), TaskError> {
        let folder = self.packages(version);
        shell::make_folder(&folder)?;
        let pinned = BINARIES.map(|package| format!("{package}={version}"));
        let mut binaries = self.apt("apt-get");
        harness::run(binaries.args(["-qq", "download"]).args(&pinned).current_dir(&folder))?;
        // The tests are upstream's own archive; Debian's changes are not needed.
        let source = format!("{PACKAGE}={version}");
        let arguments = ["-qq", "--download-only", "--tar-only", "source", &source];
        harness::run(self.apt("apt-get").args(arguments).current_dir(&folder))?;
        Ok(())
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        let options = [
            // Replaces the system's list; ours are parts.
            "Dir::Etc::sourcelist=/dev/null".to_string(),
            format!("Dir::Etc::sourceparts={}", self.folder.display()),
            format!("Dir::State::lists={}", self.folder.join("lists").display()),
            format!("Dir::Cache={}", self.folder.join("cache").display()),
            // Root's target folder may be closed to apt's own account.
            "APT::Sandbox::User=root".to_string(),
        ];
        for option in options {
            command.args(["-o", &option]);
        }
        command
    }
}

/// `Types: deb` becomes `Types: deb deb-src`.
fn with_sources_deb822(text: &str) -> String {
    text.lines()
        .map(|line| if line.trim() == "Types: deb" { "Types: deb deb-src" } else { line })
        .flat_map(|line| [line, "\n"])
        .collect()
}

/// Each `deb` line is followed by its `deb-src` line.
fn with_sources_one_line(text: &str) -> String {
    let mut sources = String::new();
    for line in text.lines().filter(|line| line.starts_with("deb ")) {
        let rest = line.trim_start_matches("deb ");
        sources.push_str(&format!("{line}\ndeb-src {rest}\n"));
    }
    sources
}

/// `apt-cache madison` lists the newest first.
fn common_versions(table: &str) -> Vec<String> {
    let rows: Vec<(&str, bool)> = table
        .lines()
        .filter_map(|line| {
            let mut columns = line.split('|').map(str::trim);
            let version = columns.nth(1)?;
            Some((version, columns.next()?.ends_with("Sources")))
        })
        .collect();
    let mut common: Vec<String> = Vec::new();
    for (version, _) in rows.iter().filter(|(_, is_source)| !is_source) {
        let has_source = rows.contains(&(version, true));
        if has_source && !common.iter().any(|known| known == version) {
            common.push((*version).to_string());
        }
    }
    common
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let entries =
        fs::read_dir(folder).map_err(TaskError::io(format!("reading {}", folder.display())))?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_with_binary_and_source_are_taken_newest_first() {
        let table = "\
 postgresql-15 | 15.20-0 | mirror bookworm-security/main amd64 Packages
 postgresql-15 | 15.19-0 | mirror bookworm-updates/main amd64 Packages
 postgresql-15 | 15.18-0 | mirror bookworm/main amd64 Packages
 postgresql-15 | 15.18-0 | mirror bookworm/main Sources
 postgresql-15 | 15.20-0 | mirror bookworm-security/main Sources
";
        assert_eq!(common_versions(table), ["15.20-0", "15.18-0"]);
    }

    #[test]
    fn both_forms_of_package_lists_get_their_sources() {
        let deb822 = with_sources_deb822("Types: deb\nSuites: bookworm\n");
        assert_eq!(deb822, "Types: deb deb-src\nSuites: bookworm\n");
        let one_line = with_sources_one_line("# comment\ndeb [signed-by=x] mirror bookworm main\n");
        assert_eq!(
            one_line,
            "deb [signed-by=x] mirror bookworm main\ndeb-src [signed-by=x] mirror bookworm main\n"
        );
    }
}
