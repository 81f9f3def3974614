//! `lazaret detect` with what a site adds, so that it can be tried on a file before it is in force.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::process::{Command, Output};

use tempfile::TempDir;

const NOTE: &str = "Night lamp by the chart KX-204-77q.\n";

/// A folder with a note, a list and a configuration of nothing but detectors.
fn site(expression: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[[detectors.pattern]]\nname = \"chart\"\nexpression = '{expression}'\n\
         identifier = \"medical_record\"\n\
         [[detectors.dictionary]]\nname = \"lamps\"\nfile = \"lamps.txt\"\nidentifier = \"name\"\n"
    );
    for (name, text) in
        [("lazaret.toml", config.as_str()), ("lamps.txt", "night lamp\n"), ("note", NOTE)]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn detect(folder: &TempDir, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lazaret"));
    command.current_dir(folder.path()).arg("detect").args(options).arg("note").output().unwrap()
}

#[test]
fn what_a_configuration_adds_is_tried_on_a_file() {
    let folder = site(r"\bKX-\d{3}-\d{2}q\b");
    for options in [["--mask", "--config", "lazaret.toml"], ["--mask", "--dir", "."]] {
        let output = detect(&folder, &options);
        let masked = String::from_utf8(output.stdout).unwrap();
        assert_eq!(masked, "********** by the chart **********.\n");
    }
    let told = detect(&folder, &["--json", "--dir", "."]);
    let told = String::from_utf8(told.stdout).unwrap();
    let line = told.lines().find(|line| line.contains("medical_record")).unwrap();
    let chart: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!((chart["start"].as_u64(), chart["end"].as_u64()), (Some(24), Some(34)));
    assert_eq!(chart["why"], "chart");
    let without = detect(&folder, &["--mask"]);
    assert!(String::from_utf8(without.stdout).unwrap().contains("Night lamp"));
}

#[test]
fn a_configuration_that_can_not_be_used_is_an_input_error_that_names_its_line() {
    let folder = site(r"KX-\d+");
    let refused = detect(&folder, &["--config", "lazaret.toml"]);
    assert_eq!(refused.status.code(), Some(3));
    let text = String::from_utf8(refused.stderr).unwrap();
    assert!(text.contains("lazaret.toml:3:14: the expression has no longest match"), "{text}");
    assert_eq!(detect(&folder, &["--config", "absent.toml"]).status.code(), Some(3));
    assert_eq!(
        detect(&folder, &["--config", "lazaret.toml", "--dir", "."]).status.code(),
        Some(64)
    );
}
