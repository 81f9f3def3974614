//! `lazaret detect`: what the detectors find in a file, or the file with its findings masked.
//!
//! Streams: a file of any size is read in pieces and held in a few of them. Findings are told by
//! their place, never by their value.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use lazaret_detectors::{Pack, PackError, Scanner, StreamFinding, StreamMasker};

/// What is read at once.
const READ_BYTES: usize = 64 << 10;

/// The exit code for input that can't be used.
const UNUSABLE: u8 = 3;

/// Find identifiers in a file of any size, to try the detectors on one's own text.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object a finding: identifier, start, end, score, why. Never the value.
    #[arg(long, conflicts_with = "mask")]
    json: bool,
    /// Print the text with what was found taken out.
    #[arg(long)]
    mask: bool,
    /// The file to scan; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    let output = BufWriter::new(io::stdout().lock());
    let scanned = open(&args.file).and_then(|input| scan(input, output, args.format()));
    match scanned {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough.
        Err(DetectError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("lazaret detect: {}: {error}", args.file.display());
            ExitCode::from(UNUSABLE)
        }
    }
}

impl Args {
    fn format(&self) -> Format {
        match (self.json, self.mask) {
            (true, _) => Format::Json,
            (_, true) => Format::Mask,
            _ => Format::Text,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Mask,
}

#[derive(Debug, thiserror::Error)]
enum DetectError {
    #[error("can't be read: {0}")]
    Read(io::Error),
    #[error("the output can't be written: {0}")]
    Write(io::Error),
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// A finding as `--json` prints it.
#[derive(serde::Serialize)]
struct Line {
    identifier: &'static str,
    start: u64,
    end: u64,
    score: u8,
    why: &'static str,
}

fn open(file: &Path) -> Result<Box<dyn Read>, DetectError> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(file).map_err(DetectError::Read)?))
}

fn scan(mut input: impl Read, mut output: impl Write, format: Format) -> Result<(), DetectError> {
    let mut scanner = Scanner::new(&Pack::load(None)?)?;
    scanner.keep_years_from(this_year().saturating_sub(90));
    let mut masker = StreamMasker::new();
    let mut piece = vec![0; READ_BYTES];
    let mut masked = Vec::new();
    let mut findings = Vec::new();
    loop {
        let length = match input.read(&mut piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read.map_err(DetectError::Read)?,
        };
        let mut report = |finding: StreamFinding| findings.push(finding);
        match length {
            0 => masker.finish_reporting(&mut scanner, &mut masked, &mut report),
            _ => masker.push_reporting(&mut scanner, &piece[..length], &mut masked, &mut report),
        }
        print(&masked, &findings, &mut output, format).map_err(DetectError::Write)?;
        masked.clear();
        findings.clear();
        if length == 0 {
            return output.flush().map_err(DetectError::Write);
        }
    }
}

/// The Gregorian year, to within a day.
fn this_year() -> u32 {
    const SECONDS: u64 = 31_556_952;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u32::try_from(1970 + now.as_secs() / SECONDS).unwrap_or(u32::MAX)
}

fn print(
    masked: &[u8],
    findings: &[StreamFinding],
    output: &mut impl Write,
    format: Format,
) -> io::Result<()> {
    if format == Format::Mask {
        return output.write_all(masked);
    }
    for finding in findings {
        let StreamFinding { identifier, start, end, score, why } = *finding;
        let identifier = identifier.name();
        if format == Format::Json {
            serde_json::to_writer(&mut *output, &Line { identifier, start, end, score, why })?;
            writeln!(output)?;
        } else {
            writeln!(output, "{start:>10}..{end:<10} {identifier:<15} {score:>3}  {why}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "Patient: Jane Roe, SSN 123-45-6789.\n";

    fn printed(text: &str, format: Format) -> String {
        let mut output = Vec::new();
        scan(text.as_bytes(), &mut output, format).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn findings_are_told_by_place_and_never_by_value() {
        let lines = printed(NOTE, Format::Json);
        let findings = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect::<Vec<serde_json::Value>>();
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0]["identifier"], "name");
        let (start, end) = (findings[1]["start"].as_u64(), findings[1]["end"].as_u64());
        assert_eq!(
            (findings[1]["identifier"].as_str(), start, end),
            (Some("ssn"), Some(23), Some(34))
        );
        for format in [Format::Json, Format::Text] {
            let output = printed(NOTE, format);
            assert!(!output.contains("Jane") && !output.contains("6789"));
        }
    }

    #[test]
    fn a_masked_text_is_as_long_as_it_was() {
        let long = NOTE.repeat(10_000);
        let masked = printed(&long, Format::Mask);
        assert_eq!(masked, "Patient: ********, SSN ***********.\n".repeat(10_000));
    }

    #[test]
    fn a_file_that_is_not_there_is_an_input_error() {
        assert!(matches!(open(Path::new("/no/such/file")), Err(DetectError::Read(_))));
    }
}
