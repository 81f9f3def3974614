//! `cargo xtask test`: everything that must hold before a change lands.
//!
//! Each step runs even if one before it failed, so that one run tells all. The last line counts: a
//! step without tests of its own, such as the lints, counts as one.

mod course;
mod fuzz;
mod masked;
mod regression;
mod step;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use harness::tree;

use crate::build::cargo;
use crate::error::TaskError;
use crate::setup::{self, Extent};
use crate::terminal::{Colour, heading, paint};
use crate::{accuracy, demo, shell};
use step::Count;

/// Runs the steps whose names begin with one of `only`, or all.
pub(crate) fn run(extent: Extent, only: &[&str]) -> Result<(), TaskError> {
    let steps: [(&str, Step); 10] = [
        ("format", |_| step::one(&mut cargo(&["fmt", "--all", "--check"]))),
        ("lints", |_| step::one(&mut cargo(LINTS))),
        ("dependencies", |_| dependencies()),
        ("build", |_| step::one(&mut cargo(EVERYTHING))),
        ("tests", tests),
        ("demo", |_| Ok(Count::of(told(demo::show(false))))),
        ("regression", |_| regression::run()),
        ("masked", |_| masked::run()),
        ("presidio", |_| Ok(Count::of(told(accuracy::beside_presidio())))),
        ("fuzz", fuzz::run),
    ];
    // What runs the binaries needs them built.
    let is_named = |name: &str| only.iter().any(|start| name.starts_with(start));
    let needs_build =
        ["tests", "demo", "regression", "masked", "presidio"].into_iter().any(is_named);
    let is_outer = |name: &str| matches!(name, "masked" | "presidio");
    let chosen = |name: &str| {
        (extent == Extent::Outer || !is_outer(name))
            && (only.is_empty() || is_named(name) || name == "build" && needs_build)
    };
    let steps: Vec<_> = steps.into_iter().filter(|(name, _)| chosen(name)).collect();
    if steps.is_empty() {
        return Err(TaskError::Usage(format!("no such step: {}", only.join(","))));
    }
    heading("Setting up");
    setup::everything(extent)?;
    let mut total = Count::default();
    let mut summary = Vec::new();
    for (name, step) in steps {
        heading(name);
        let start = Instant::now();
        let count = step(extent).unwrap_or_else(|error| {
            eprintln!("error: {error}");
            Count::FAILED
        });
        summary.push((name, count, start.elapsed()));
        total = total + count;
    }
    heading("Summary");
    for (name, count, time) in summary {
        let (mark, colour) = match count.failed {
            0 => ("✓", Colour::Green),
            _ => ("✗", Colour::Red),
        };
        println!("  {} {name}: {count} ({} s)", paint(colour, mark), time.as_secs());
    }
    println!("\n{total}");
    match total.failed {
        0 => Ok(()),
        _ => Err(TaskError::Command("cargo xtask test".into())),
    }
}

/// The result, whose error is told at once.
fn told(result: Result<(), TaskError>) -> Result<(), TaskError> {
    result.inspect_err(|error| eprintln!("{error}"))
}

type Step = fn(Extent) -> Result<Count, TaskError>;

/// Tests and binaries at once, so that no dependency is compiled twice with other features.
const EVERYTHING: &[&str] = &["build", "--quiet", "--release", "--workspace", "--all-targets"];

const LINTS: &[&str] =
    &["clippy", "--quiet", "--release", "--workspace", "--all-targets", "--", "-D", "warnings"];

/// Licences, advisories and sources, where cargo-deny is installed; it needs the network for advisories.
fn dependencies() -> Result<Count, TaskError> {
    if !shell::has("cargo-deny") {
        println!("  cargo-deny is not installed: skipped");
        return Ok(Count::SKIPPED);
    }
    step::one(&mut cargo(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]))
}

/// Unit tests, and the end-to-end tests on the binaries just built.
fn tests(extent: Extent) -> Result<Count, TaskError> {
    let mut command = cargo(&["test", "--release", "--workspace", "--no-fail-fast"]);
    if extent == Extent::Outer {
        command.env("LINEAGE_CASES", "4000").args(["--", "--include-ignored"]);
    } else {
        // A run that fails must fail again; new cases are looked for in the outer suite.
        command.env("PROPTEST_RNG_SEED", "1");
    }
    // Servers that all tests of a binary share end with it, but nobody is left to remove their
    // folders. PostgreSQL's account must be able to pass through.
    let folder = tempfile::Builder::new()
        .prefix("lazaret-tests-")
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir()
        .map_err(TaskError::io("making a folder for the tests"))?;
    step::counted(command.env("CARGO_TARGET_DIR", tree::target()).env("TMPDIR", folder.path()))
}
