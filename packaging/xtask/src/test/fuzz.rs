//! The fuzz targets, built without cargo-fuzz: what that tool adds to a build is a handful of compiler
//! flags, and the stable compiler takes those that libFuzzer's coverage needs. Only the address
//! sanitizer is left out, which the targets' code, free of `unsafe`, has least use for.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::tree;

use super::step::Count;
use crate::build::cargo;
use crate::error::TaskError;
use crate::setup::Extent;
use crate::shell;

const SECONDS: u32 = 20;
/// Half an hour each.
const SECONDS_OUTER: u32 = 1800;

const FLAGS: &str = "--cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// Instruments the targets, not build scripts.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

pub(super) fn run(extent: Extent) -> Result<Count, TaskError> {
    let folder = tree::root().join("dataplane/fuzz");
    let manifest = folder.join("Cargo.toml");
    let text = fs::read_to_string(&manifest).map_err(TaskError::io("reading the fuzz targets"))?;
    let target = tree::target().join("fuzz");
    shell::run(
        cargo(&["build", "--quiet", "--release", "--target", TRIPLE])
            .arg("--manifest-path")
            .arg(&manifest)
            .arg("--target-dir")
            .arg(&target)
            .env("RUSTFLAGS", FLAGS),
    )?;
    let seconds = if extent == Extent::Outer { SECONDS_OUTER } else { SECONDS };
    let programs = target.join(TRIPLE).join("release");
    let mut count = Count::default();
    for name in names(&text) {
        println!("  {name}, {seconds} s");
        count = count + Count::of(fuzz(&programs.join(&name), &folder, &name, seconds));
    }
    Ok(count)
}

/// New inputs go to a scratch corpus; those in the repository are the seeds.
fn fuzz(program: &Path, folder: &Path, name: &str, seconds: u32) -> Result<(), TaskError> {
    let scratch = tree::target().join("fuzz/corpus").join(name);
    shell::make_folder(&scratch)?;
    let seeds = folder.join("corpus").join(name);
    let mut command = Command::new(program);
    command
        .arg(format!("-max_total_time={seconds}"))
        .args(["-seed=1", "-rss_limit_mb=4096", "-timeout=10", "-print_final_stats=1"])
        .arg(format!("-artifact_prefix={}/", tree::target().join("fuzz").display()))
        .arg(&scratch);
    if seeds.exists() {
        command.arg(seeds);
    }
    let log = tree::target().join("fuzz").join(format!("{name}.log"));
    let output = fs::File::create(&log).map_err(TaskError::io("making a log"))?;
    let done = shell::succeeds_into(&mut command, output);
    let text = fs::read_to_string(&log).unwrap_or_default();
    let told = |line: &&str| line.starts_with("stat::number_of_executed_units");
    if done {
        println!("    {}", text.lines().find(told).unwrap_or("no statistics"));
        return Ok(());
    }
    let lines: Vec<&str> = text.lines().collect();
    println!("{}", lines[lines.len().saturating_sub(30)..].join("\n"));
    Err(TaskError::Command(name.into()))
}

/// The names of the manifest's `[[bin]]` sections.
fn names(manifest: &str) -> Vec<String> {
    let sections = manifest.split("[[bin]]").skip(1);
    let name = |section: &str| {
        let line = section.lines().find(|line| line.trim_start().starts_with("name"))?;
        Some(line.split('"').nth(1)?.to_string())
    };
    sections.filter_map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn targets_are_the_manifests_binaries() {
        let manifest = "[package]\nname = \"x\"\n[[bin]]\nname = \"decode\"\n[[bin]]\npath = \"a\"\nname = \"b\"\n";
        assert_eq!(names(manifest), ["decode", "b"]);
    }
}
