//! Presidio on the same texts, in the same run: what it finds, and how fast.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use harness::tree;
use serde_json::{Value, json};

use super::spans::Texts;
use super::{Score, TIMES};
use crate::error::TaskError;

/// As much text is masked to time it: a start takes as long as megabytes.
const TIMED_BYTES: usize = 256 << 20;

/// What Presidio made of some texts, and how fast both were.
pub(super) struct Comparison {
    pub(super) theirs: Vec<Score>,
    texts: usize,
    /// Bytes a second.
    their_rate: f64,
    our_rate: f64,
}

impl Comparison {
    /// Its scores' names begin so.
    const WHOSE: &str = "presidio: ";

    pub(super) fn on(texts: &Texts) -> Result<Self, TaskError> {
        let own: Vec<&str> = texts.each().collect();
        let answer = ask(&json!(own).to_string())?;
        let found = answer["found"].as_array().into_iter().flatten().enumerate();
        let spans = found.flat_map(|(number, spans)| {
            spans.as_array().into_iter().flatten().filter_map(move |span| {
                let at = |index: usize| usize::try_from(span[index].as_u64()?).ok();
                Some((number, at(0)?..at(1)?))
            })
        });
        let bytes: usize = own.iter().map(|text| text.len()).sum();
        Ok(Self {
            theirs: texts.scores(&texts.marks(spans), Self::WHOSE),
            texts: own.len(),
            their_rate: rate(bytes, answer["seconds"].as_f64().unwrap_or(f64::NAN)),
            our_rate: rate_of_detect(&own.join("\n"))?,
        })
    }

    /// How many times as fast we are.
    pub(super) fn speed(&self) -> Score {
        let (ours, theirs) = (self.our_rate, self.their_rate);
        println!("  {:.1} KB/s, and `lazaret detect --mask` {:.1} MB/s", theirs / 1e3, ours / 1e6);
        let name = format!("faster than presidio{TIMES}");
        Score { name, value: ours / theirs, cases: self.texts }
    }

    /// Both scores of each name, side by side.
    pub(super) fn beside<'a>(
        &'a self,
        ours: &'a [Score],
    ) -> impl Iterator<Item = (&'a Score, &'a Score)> {
        ours.iter().filter_map(|score| {
            let same = |their: &&Score| their.name.strip_prefix(Self::WHOSE) == Some(&score.name);
            self.theirs.iter().find(same).map(|their| (score, their))
        })
    }
}

fn ask(texts: &str) -> Result<Value, TaskError> {
    let mut child = Command::new(tree::counterparts().join("presidio/bin/python"))
        .arg(tree::root().join("packaging/xtask/data/presidio.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(TaskError::io("starting Presidio"))?;
    if let Some(mut input) = child.stdin.take() {
        input.write_all(texts.as_bytes()).map_err(TaskError::io("writing to Presidio"))?;
    }
    let output = child.wait_with_output().map_err(TaskError::io("reading from Presidio"))?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| TaskError::Unexpected(format!("Presidio's answer: {error}")))
}

/// Bytes a second, by what more text takes longer: a start is not counted.
fn rate_of_detect(text: &str) -> Result<f64, TaskError> {
    let times = TIMED_BYTES / text.len().max(1) + 1;
    let short = seconds_of_detect(text)?;
    let long = seconds_of_detect(&text.repeat(times))?;
    Ok(rate(text.len() * (times - 1), long - short))
}

fn seconds_of_detect(text: &str) -> Result<f64, TaskError> {
    let file = tempfile::NamedTempFile::new().map_err(TaskError::io("making a file"))?;
    fs::write(file.path(), text).map_err(TaskError::io("writing the texts"))?;
    let mut command = Command::new(tree::binary("lazaret")?);
    command.args(["detect", "--mask"]).arg(file.path()).stdout(Stdio::null());
    let start = Instant::now();
    let status = command.status().map_err(TaskError::io("starting lazaret detect"))?;
    if !status.success() {
        return Err(TaskError::Command("lazaret detect --mask".into()));
    }
    Ok(start.elapsed().as_secs_f64())
}

fn rate(bytes: usize, seconds: f64) -> f64 {
    u32::try_from(bytes).map_or(f64::NAN, f64::from) / seconds
}
