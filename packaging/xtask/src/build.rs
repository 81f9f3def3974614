//! Building the product.

use std::process::Command;

use harness::tree;

use crate::error::TaskError;
use crate::shell;

/// The binaries that the demo, the end-to-end tests and the measurements run.
pub(crate) fn product() -> Result<(), TaskError> {
    let packages = ["lazaret", "lazaret-control", "lazaret-dataplane"];
    shell::run(cargo(&["build", "--release"]).args(packages.map(|name| format!("-p={name}"))))
}

/// The cargo that runs this task, in the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(tree::root());
    command
}
