//! `lazaret verify`: judges a shipped folder, offline.
//!
//! Exit codes: 0 verified or consistent, 1 tampered, 2 incomplete, 3 unusable.

use std::fmt::{self, Display};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lazaret_audit::{FirstBad, Report, Trust, Verdict, verify_folder};

/// Verify shipped evidence: every record, the log over them, and that nothing is missing.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 VERIFIED or CONSISTENT, 1 TAMPERED, 2 INCOMPLETE, 3 UNUSABLE"
)]
pub(crate) struct Args {
    /// The folder that segments were shipped to (`shipped`; not `segments`, where they are made).
    folder: PathBuf,
    /// Whom to trust: origin, keys, witnesses and nodes; `init` writes it as trust.json. Without it
    /// the best verdict is CONSISTENT.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let report = judge(&args.folder, args.trust.as_deref());
    let text = if args.json { json(&report) } else { Text(&report).to_string() };
    // Who closed the pipe still gets the verdict by the exit code.
    let _ = writeln!(io::stdout(), "{text}");
    ExitCode::from(report.verdict.exit_code())
}

fn judge(folder: &Path, trust: Option<&Path>) -> Report {
    match trust.map(|file| (file, Trust::read(file))) {
        None => verify_folder(folder, None),
        Some((_, Ok(trust))) => verify_folder(folder, Some(&trust)),
        Some((file, Err(error))) => Report::unusable(file, &error),
    }
}

fn json(report: &Report) -> String {
    serde_json::to_string(report).expect("a report has a JSON form")
}

/// A report for people; ends with the verdict.
struct Text<'a>(&'a Report);

impl Display for Text<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { verdict, records, first_bad, trusted_prefix, gaps, torn_tails, .. } = self.0;
        writeln!(out, "{records} records read, {trusted_prefix} before any fault or gap")?;
        for tail in torn_tails {
            writeln!(out, "torn tail  {}", Plain(tail))?;
        }
        for gap in gaps {
            writeln!(out, "gap        {}", Plain(gap))?;
        }
        if let Some(FirstBad { segment, sequence, offset, reason }) = first_bad {
            let (segment, reason) = (Plain(segment), Plain(reason));
            writeln!(out, "first bad  {segment}, record {sequence}, offset {offset}: {reason}")?;
        }
        writeln!(out, "{}", meaning(*verdict))?;
        out.write_str(word(*verdict))
    }
}

/// File names of a hostile folder must not speak to the terminal.
struct Plain<'a>(&'a str);

impl Display for Plain<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c };
        self.0.chars().try_for_each(|c| write!(out, "{}", plain(c)))
    }
}

fn meaning(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "Everything is as it was sealed, by a key that the trust file names.",
        Verdict::Consistent => {
            "Everything is as it was sealed, but by whom is not known: give --trust FILE."
        }
        Verdict::Tampered => {
            "Something is not as it was sealed, or was sealed by a key that the trust file doesn't name."
        }
        Verdict::Incomplete => "What is here is as it was recorded, but something is missing.",
        Verdict::Unusable => "There is nothing here that could be judged.",
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Verified => "VERIFIED",
        Verdict::Consistent => "CONSISTENT",
        Verdict::Tampered => "TAMPERED",
        Verdict::Incomplete => "INCOMPLETE",
        Verdict::Unusable => "UNUSABLE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        Report {
            verdict: Verdict::Tampered,
            records: 20,
            first_bad: Some(FirstBad {
                segment: "n1-0000000001-00000-0000000002.seg".to_owned(),
                sequence: 9,
                offset: 4711,
                reason: "the checksum does not match".to_owned(),
            }),
            trusted_prefix: 8,
            gaps: vec!["node n1, boot 1, shard 0: segment 3 is missing".to_owned()],
            torn_tails: vec!["x.seg: torn\u{1b}[2J".to_owned()],
            redacted: 0,
            unwitnessed: vec![],
        }
    }

    #[test]
    fn the_text_names_the_first_bad_record_and_ends_with_the_verdict() {
        assert_eq!(
            Text(&report()).to_string(),
            "20 records read, 8 before any fault or gap\n\
             torn tail  x.seg: torn\u{fffd}[2J\n\
             gap        node n1, boot 1, shard 0: segment 3 is missing\n\
             first bad  n1-0000000001-00000-0000000002.seg, record 9, offset 4711: \
             the checksum does not match\n\
             Something is not as it was sealed, or was sealed by a key that the trust file doesn't \
             name.\n\
             TAMPERED"
        );
    }

    #[test]
    fn a_trust_file_that_cannot_be_used_is_no_verdict() {
        let folder = tempfile::tempdir().unwrap();
        let trust = folder.path().join("trust.json");
        for text in ["", "{}", "{\"origin\":\"o\",\"keys\":[],\"nodes\":[]}"] {
            std::fs::write(&trust, text).unwrap();
            let report = judge(folder.path(), Some(&trust));
            assert_eq!(report.verdict.exit_code(), 3, "{text}");
            assert!(report.first_bad.unwrap().segment.ends_with("trust.json"));
        }
    }
}
