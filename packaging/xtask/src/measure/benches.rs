//! Criterion's results as rows.
//!
//! A benchmark's name is its row's, without the unit: one that says how many bytes it handles gives
//! `NAME_gbps`, one that says how many elements `NAME_per_s`, any other `NAME_ns`. Of the ways to scan,
//! batches are the product's, so their rows go by the corpus alone. Two rates of one run make a ratio.

use std::fs;
use std::path::{Path, PathBuf};

use harness::tree;
use serde_json::{Value, json};

use super::read_json;
use crate::build::cargo;
use crate::error::TaskError;
use crate::shell;

/// What these figures should reach at least.
const GOALS: [(&str, f64); 11] = [
    ("append_records_per_s", 2e6),
    ("detect_dense_batch_and_mask_gbps", 0.6),
    ("detect_dense_candidates_gbps", 1.25),
    ("detect_dense_gbps", 0.6),
    ("detect_fhir_batch_and_mask_gbps", 1.0),
    ("detect_fhir_candidates_gbps", 1.25),
    ("detect_fhir_gbps", 1.0),
    ("detect_notes_batch_and_mask_gbps", 1.0),
    ("detect_notes_candidates_gbps", 1.25),
    ("detect_notes_gbps", 1.0),
    (VERIFY, 0.8),
];

/// The verifier's bytes a second on one core beside those of SHA-256 alone.
const VERIFY: &str = "verify_vs_sha256";

pub(super) fn measure(only: &[&str]) -> Result<Vec<Value>, TaskError> {
    let folder = tree::target().join("criterion");
    // What an earlier run left there is not this run's.
    let _ = fs::remove_dir_all(&folder);
    let mut command = cargo(&["bench", "--workspace", "--bench", "*", "--", "--noplot"]);
    if !only.is_empty() {
        command.arg(filter(only));
    }
    shell::run(command.env("CARGO_TARGET_DIR", tree::target()))?;
    let mut rows = Vec::new();
    for result in results(&folder) {
        rows.extend(row(
            &read_json(&result.join("benchmark.json"))?,
            &read_json(&result.join("estimates.json"))?,
        ));
    }
    rows.extend(verify_vs_sha256(&rows));
    rows.retain(|row| only.is_empty() || only.iter().any(|start| name_of(row).starts_with(start)));
    for row in &rows {
        let (value, unit) = (row["value"].as_f64().unwrap_or(0.0), row["unit"].as_str());
        println!("{:28} {value:>12.3} {}", name_of(row), unit.unwrap_or(""));
    }
    Ok(rows)
}

/// The benchmarks whose names begin with the same word as those rows, and what ratios are made of.
fn filter(only: &[&str]) -> String {
    let words = only.iter().map(|name| name.split('_').next().unwrap_or(name));
    let words: Vec<_> =
        words.map(|word| if word == "verify" { "verify|sha256" } else { word }).collect();
    format!("^({})", words.join("|"))
}

fn name_of(row: &Value) -> &str {
    row["name"].as_str().unwrap_or("")
}

fn verify_vs_sha256(rows: &[Value]) -> Option<Value> {
    let rate = |name: &str| rows.iter().find(|row| name_of(row) == name)?["value"].as_f64();
    let ratio = rate("verify_one_core_gbps")? / rate("sha256_16_kib_gbps")?;
    Some(with_goal(VERIFY, ratio, "ratio"))
}

fn with_goal(name: &str, value: f64, unit: &str) -> Value {
    let goal = GOALS.iter().find(|(of, _)| *of == name).map(|(_, goal)| *goal);
    let met = goal.map(|goal| value >= goal);
    json!({ "name": name, "value": value, "unit": unit, "goal": goal, "met": met })
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
    Some(with_goal(&format!("{name}_{suffix}"), value, unit))
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

    #[test]
    fn two_rates_make_a_ratio_with_a_goal() {
        let rows = [
            with_goal("verify_one_core_gbps", 0.9, "GB/s"),
            with_goal("sha256_16_kib_gbps", 1.0, "GB/s"),
        ];
        let ratio = verify_vs_sha256(&rows).unwrap();
        assert_eq!((ratio["value"].as_f64(), ratio["met"].as_bool()), (Some(0.9), Some(true)));
        assert!(rows[0]["met"].is_null());
        assert_eq!(verify_vs_sha256(&rows[..1]), None);
    }

    #[test]
    fn a_few_rows_need_a_few_benchmarks() {
        assert_eq!(
            filter(&["verify_vs_sha256", "decision_cached_ns"]),
            "^(verify|sha256|decision)"
        );
    }
}
