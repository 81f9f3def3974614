//! `cargo xtask measure`: the load test and the benches, as one table and one JSON file.
//!
//! Missed goals are reported, not failed: figures depend on the machine, and its description goes with
//! them.

mod benches;
mod machine;

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::tree;
use serde_json::{Value, json};

use crate::build;
use crate::error::TaskError;
use crate::terminal::heading;
use crate::{setup, shell};

/// The JSON's version; changed when a reader would have to change.
const SCHEMA: u32 = 1;

pub(crate) fn run(json: Option<&str>, only: &[&str]) -> Result<(), TaskError> {
    setup::for_measure()?;
    heading("Building");
    build::binaries()?;

    let mut rows = Vec::new();
    heading("Beside pgbouncer and a direct connection");
    rows.extend(loadtest(only)?);
    if only.is_empty() || only.iter().any(|name| !is_of_the_load_test(name)) {
        heading("Single functions");
        rows.extend(benches::measure(only)?);
    }
    if let Some(path) = json {
        let report = json!({ "schema": SCHEMA, "machine": machine::describe(), "rows": rows });
        fs::write(path, format!("{report:#}\n"))
            .map_err(TaskError::io(format!("writing {path}")))?;
        println!("\nwritten to {path}");
    }
    Ok(())
}

/// The names of the load test's rows begin so.
const LOADTEST: [&str; 4] = ["select_", "cpu_per_gb", "tps_", "power_"];

fn is_of_the_load_test(name: &str) -> bool {
    LOADTEST.iter().any(|start| name.starts_with(start) || start.starts_with(name))
}

fn loadtest(only: &[&str]) -> Result<Vec<Value>, TaskError> {
    let wanted: Vec<&str> = only.iter().copied().filter(|name| is_of_the_load_test(name)).collect();
    if wanted.is_empty() && !only.is_empty() {
        return Ok(Vec::new());
    }
    let file = tempfile::NamedTempFile::new().map_err(TaskError::io("making a file"))?;
    let mut command = Command::new(tree::binary("loadtest")?);
    command.arg("--json").arg(file.path());
    if !wanted.is_empty() {
        command.args(["--only", &wanted.join(",")]);
    }
    shell::run(&mut command)?;
    match read_json(file.path())? {
        Value::Array(rows) => Ok(rows),
        _ => Err(TaskError::Unexpected("the load test wrote no rows".into())),
    }
}

fn read_json(path: &Path) -> Result<Value, TaskError> {
    let text =
        fs::read_to_string(path).map_err(TaskError::io(format!("reading {}", path.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| TaskError::Unexpected(format!("{}: {error}", path.display())))
}
