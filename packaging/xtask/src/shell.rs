//! Commands that a task runs in the terminal, their output shown as it comes.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::TaskError;

/// Runs a command to its end with this process's own output.
pub(crate) fn run(command: &mut Command) -> Result<(), TaskError> {
    let text = describe(command);
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(TaskError::io(format!("starting `{text}`")))?;
    if status.success() { Ok(()) } else { Err(TaskError::Command(text)) }
}

/// Runs a command silently; whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}

/// Runs a command with all its output in a file; whether it succeeded.
pub(crate) fn succeeds_into(command: &mut Command, file: File) -> bool {
    let Ok(errors) = file.try_clone() else { return false };
    let quiet = command.stdin(Stdio::null()).stdout(file).stderr(errors);
    quiet.status().is_ok_and(|status| status.success())
}

/// Whether a program of this name can be run.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

pub(crate) fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(path: &Path) -> Result<(), TaskError> {
    std::fs::create_dir_all(path).map_err(TaskError::io(format!("making {}", path.display())))
}
