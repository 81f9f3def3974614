//! `cargo xtask accuracy`: the detectors and the masks beside labelled data.
//!
//! A JSON file in the folder is a list of texts with labelled spans; a CSV file is a table whose columns'
//! names say what they hold. Spans are scored with `lazaret detect`, columns with what an agent gets
//! through the gateway, so both score the product and not a part of it. Without a folder, the notes that are shipped
//! here are scored.

mod columns;
mod presidio;
mod spans;

use std::fs;
use std::path::{Path, PathBuf};

use harness::tree;
use serde_json::{Value, json};

use crate::build;
use crate::error::TaskError;
use crate::setup;
use crate::terminal::heading;

/// One figure of the report.
pub(crate) struct Score {
    name: String,
    value: f64,
    /// Of how many cases it is a share.
    cases: usize,
}

impl Score {
    /// `part` of `whole`, if there were any cases.
    fn share(name: impl Into<String>, part: usize, whole: usize) -> Option<Self> {
        let number = |count: usize| u32::try_from(count).map_or(f64::NAN, f64::from);
        let value = number(part) / number(whole);
        (whole > 0).then(|| Self { name: name.into(), value, cases: whole })
    }
}

pub(crate) fn run(data: Option<&str>, peer: bool, json: Option<&str>) -> Result<(), TaskError> {
    setup::for_demo()?;
    if peer {
        setup::for_presidio()?;
    }
    heading("Building");
    build::binaries()?;
    let data = data.map_or_else(shipped_notes, PathBuf::from);
    let mut report = Report::default();
    for file in files(&data, "json")? {
        heading(&file.display().to_string());
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let texts = spans::Texts::read(&file)?;
        report.add(&name, &texts.scores(&spans::detect(&texts.joined)?, ""));
        if peer {
            heading("Presidio on the same texts");
            let compared = presidio::Comparison::on(&texts)?;
            let speed = compared.speed();
            report.add(&name, &compared.theirs);
            report.add(&name, &[speed]);
        }
    }
    let tables = files(&data, "csv")?;
    if !tables.is_empty() {
        heading("Columns, through the gateway");
        report.add("columns", &columns::score(&tables)?);
    }
    if report.rows.is_empty() {
        let folder = data.display();
        return Err(TaskError::Unexpected(format!("no labelled JSON or CSV in {folder}")));
    }
    match json {
        Some(path) => report.write(path),
        None => Ok(()),
    }
}

/// What was scored so far.
#[derive(Default)]
struct Report {
    rows: Vec<Value>,
}

impl Report {
    /// Prints the scores on `data` and keeps them.
    fn add(&mut self, data: &str, scores: &[Score]) {
        for Score { name, value, cases } in scores {
            match name.strip_suffix(TIMES) {
                Some(_) => println!("  {name:44} {value:>7.0}"),
                None => println!("  {name:44} {:>7.2} %  of {cases}", value * 100.0),
            }
            self.rows.push(json!({ "data": data, "name": name, "value": value, "cases": cases }));
        }
    }

    fn write(self, path: &str) -> Result<(), TaskError> {
        let report = json!({ "schema": 1, "rows": self.rows });
        fs::write(path, format!("{report:#}\n")).map_err(TaskError::io(format!("writing {path}")))
    }
}

/// The notes that are shipped here, by us and by Presidio, in one run. Fails where Presidio finds more.
pub(crate) fn beside_presidio() -> Result<(), TaskError> {
    setup::for_presidio()?;
    let texts = spans::Texts::read(&shipped_notes().join("notes.json"))?;
    let ours = texts.scores(&spans::detect(&texts.joined)?, "");
    let compared = presidio::Comparison::on(&texts)?;
    println!("  {:44} {:>9} {:>9}", "", "lazaret", "presidio");
    let mut behind = Vec::new();
    for (ours, theirs) in compared.beside(&ours) {
        let (name, cases) = (&ours.name, ours.cases);
        let [our_share, their_share] = [ours, theirs].map(|score| score.value * 100.0);
        println!("  {name:44} {our_share:>7.2} % {their_share:>7.2} %  of {cases}");
        // Ages below 90 and the like may stay, so who finds more of them finds too much.
        let counts = !name.ends_with(spans::NOT_DIRECT);
        behind.extend((counts && ours.value < theirs.value).then_some(name.as_str()));
    }
    let times = compared.speed().value;
    let is_met = if times >= SPEED_GOAL { "met" } else { "missed" };
    println!("  {times:.0} times as fast; the goal of {SPEED_GOAL} is {is_met}");
    if behind.is_empty() {
        return Ok(());
    }
    Err(TaskError::Unexpected(format!("Presidio is ahead of us in: {}", behind.join(", "))))
}

/// As many times as fast as Presidio, on one core.
const SPEED_GOAL: f64 = 10_000.0;

fn shipped_notes() -> PathBuf {
    tree::root().join("packaging/xtask/data/notes")
}

/// Ends the name of a ratio that is no share.
const TIMES: &str = ", times";

/// All files with this extension, in the folder and below.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, TaskError> {
    let entries =
        fs::read_dir(folder).map_err(TaskError::io(format!("reading {}", folder.display())))?;
    let mut found = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            found.extend(files(&path, extension)?);
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
