//! Building the product.

use std::process::Command;

use harness::tree;

use crate::error::TaskError;
use crate::shell;

/// The binaries that the demo, the end-to-end tests and the measurements run.
///
/// The whole workspace's, because a package built alone has its dependencies with other features, and
/// each would be compiled a second time.
pub(crate) fn binaries() -> Result<(), TaskError> {
    shell::run(&mut cargo(&["build", "--release", "--workspace", "--bins"]))
}

/// The cargo that runs this task, in the workspace's root.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(tree::root());
    command
}
