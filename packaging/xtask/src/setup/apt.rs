//! Debian packages.
//!
//! Debian starts a service when it installs one, and makes a PostgreSQL cluster. Neither is wanted on
//! a machine that only tries this out, so both are forbidden while apt runs and allowed again after.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::TaskError;
use crate::shell;

/// Something that must be there, and the package that brings it.
#[derive(Clone, Copy)]
pub(super) struct Need {
    /// Enough if this program is on the path, wherever it comes from.
    command: Option<&'static str>,
    package: &'static str,
}

impl Need {
    pub(super) const fn package(package: &'static str) -> Self {
        Self { command: None, package }
    }

    pub(super) const fn command(command: &'static str, package: &'static str) -> Self {
        Self { command: Some(command), package }
    }

    fn is_met(self) -> bool {
        self.command.is_some_and(shell::has) || is_installed(self.package)
    }
}

/// Installs what is missing of these.
pub(super) fn install(sets: &[&[Need]]) -> Result<(), TaskError> {
    let missing: Vec<&str> = sets
        .iter()
        .flat_map(|set| set.iter())
        .filter(|need| !need.is_met())
        .map(|need| need.package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !shell::has("apt-get") {
        let missing = missing.join(" ");
        return Err(TaskError::Unexpected(format!(
            "these Debian packages, or what they hold, must be installed by hand: {missing}"
        )));
    }
    println!("installing {}", missing.join(" "));
    let root = Root::find()?;
    shell::run(root.command("apt-get").args(["-q", "update"]))?;
    let _services = Forbidden::place(root, "/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n")?;
    let _cluster = Forbidden::place(
        root,
        "/etc/postgresql-common/createcluster.d/lazaret-setup.conf",
        "create_main_cluster = false\n",
    )?;
    shell::run(
        root.command("env")
            .args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"])
            .args(["install", "--no-install-recommends"])
            .args(["-o", "Dpkg::Options::=--force-confold"])
            .args(&missing),
    )
}

/// Who may install packages here.
#[derive(Clone, Copy)]
enum Root {
    Already,
    Sudo,
}

impl Root {
    fn find() -> Result<Self, TaskError> {
        let output = harness::run(Command::new("id").arg("-u"))?;
        match (output.trim(), shell::has("sudo")) {
            ("0", _) => Ok(Self::Already),
            (_, true) => Ok(Self::Sudo),
            (_, false) => Err(TaskError::Unexpected(
                "installing packages takes root: run this as root, or install sudo".into(),
            )),
        }
    }

    fn command(self, program: &str) -> Command {
        match self {
            Self::Already => Command::new(program),
            Self::Sudo => {
                let mut command = Command::new("sudo");
                command.arg(program);
                command
            }
        }
    }
}

/// A file that forbids something while this value lives. One that is there already stays as it is.
struct Forbidden {
    root: Root,
    placed: Option<PathBuf>,
}

impl Forbidden {
    fn place(root: Root, path: &str, text: &str) -> Result<Self, TaskError> {
        let path = Path::new(path);
        if path.exists() {
            return Ok(Self { root, placed: None });
        }
        let draft = tempfile::NamedTempFile::new().map_err(TaskError::io("making a file"))?;
        fs::write(draft.path(), text).map_err(TaskError::io("writing a file"))?;
        fs::set_permissions(draft.path(), fs::Permissions::from_mode(0o755))
            .map_err(TaskError::io("opening a file to others"))?;
        shell::run(root.command("install").args(["-D", "-m", "755"]).arg(draft.path()).arg(path))?;
        Ok(Self { root, placed: Some(path.to_path_buf()) })
    }
}

impl Drop for Forbidden {
    fn drop(&mut self) {
        if let Some(path) = &self.placed {
            shell::succeeds(self.root.command("rm").arg("-f").arg(path));
        }
    }
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    let status = harness::run(query.args(["-W", "-f=${Status}", package]));
    status.is_ok_and(|status| status == "install ok installed")
}
