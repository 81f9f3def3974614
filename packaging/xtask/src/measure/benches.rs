//! Criterion's results as rows.
//!
//! A benchmark's name is its row's, without the unit: one that says how many bytes it handles gives
//! `NAME_gbps`, one that says how many elements `NAME_per_s`, any other `NAME_ns`. Of the ways to scan,
//! batches are the product's, so their rows go by the corpus alone.

use std::fs;
use std::path::{Path, PathBuf};

use harness::tree;
use serde_json::{Value, json};

use super::read_json;
use crate::build::cargo;
use crate::error::TaskError;
use crate::shell;

pub(super) fn measure(only: &[&str]) -> Result<Vec<Value>, TaskError> {
    let folder = tree::target().join("criterion");
    // What an earlier run left there is not this run's.
    let _ = fs::remove_dir_all(&folder);
    let mut command = cargo(&["bench", "--package", "benches", "--", "--noplot"]);
    shell::run(command.env("CARGO_TARGET_DIR", tree::target()))?;
    let mut rows = Vec::new();
    for result in results(&folder) {
        let row = row(
            &read_json(&result.join("benchmark.json"))?,
            &read_json(&result.join("estimates.json"))?,
        );
        let wanted =
            |name: &str| only.is_empty() || only.iter().any(|start| name.starts_with(start));
        if let Some(row) = row.filter(|row| row["name"].as_str().is_some_and(wanted)) {
            println!(
                "{:28} {:>12.3} {}",
                row["name"].as_str().unwrap_or(""),
                row["value"].as_f64().unwrap_or(0.0),
                row["unit"].as_str().unwrap_or("")
            );
            rows.push(row);
        }
    }
    Ok(rows)
}

/// Criterion keeps each benchmark's last result in a folder `new`.
fn results(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if entry.is_dir() && entry.ends_with("new") {
            found.push(entry);
        } else if entry.is_dir() {
            found.extend(results(&entry));
        }
    }
    found.sort();
    found
}

fn row(benchmark: &Value, estimates: &Value) -> Option<Value> {
    let name =
        benchmark["full_id"].as_str()?.trim_end_matches("/batch").replace(['/', ' ', '-'], "_");
    let nanoseconds = estimates["median"]["point_estimate"].as_f64()?;
    let throughput = &benchmark["throughput"];
    let (suffix, value, unit) =
        match (throughput["Bytes"].as_f64(), throughput["Elements"].as_f64()) {
            (Some(bytes), _) => ("gbps", bytes / nanoseconds, "GB/s"),
            (_, Some(elements)) => ("per_s", elements / nanoseconds * 1e9, "1/s"),
            (None, None) => ("ns", nanoseconds, "ns"),
        };
    Some(
        json!({ "name": format!("{name}_{suffix}"), "value": value, "unit": unit, "goal": null, "met": null }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_follows_from_what_a_benchmark_counts() {
        let estimates = json!({ "median": { "point_estimate": 500.0 } });
        let of = |benchmark: Value| {
            let row = row(&benchmark, &estimates).unwrap();
            (row["name"].as_str().unwrap().to_string(), row["value"].as_f64().unwrap())
        };
        let bytes = json!({ "full_id": "detect/notes/batch", "throughput": { "Bytes": 1000 } });
        assert_eq!(of(bytes), ("detect_notes_gbps".into(), 2.0));
        let elements = json!({ "full_id": "append/records", "throughput": { "Elements": 5 } });
        assert_eq!(of(elements), ("append_records_per_s".into(), 1e7));
        let time = json!({ "full_id": "decision_cached", "throughput": null });
        assert_eq!(of(time), ("decision_cached_ns".into(), 500.0));
    }
}
