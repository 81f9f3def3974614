//! `lazaret detect`: what the detectors find in a file, or the file with its findings masked.
//!
//! Streams: a file of any size is read in pieces and held in a few of them. Findings are told by
//! their place, never by their value.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use lazaret_config::{Problems, load_site};
use lazaret_detectors::{Pack, PackError, Scanner, Site, StreamFinding, StreamMasker};

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
    /// The input is many texts, each ended by a NUL byte, and each is read as a cell of its own: as
    /// `psql -AtR0` or `find -print0` write them.
    #[arg(short = '0', long)]
    null: bool,
    /// A configuration whose `[detectors]` are looked for as well; nothing else in it counts.
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    config: Option<PathBuf>,
    /// The folder that `lazaret init` made, for its `lazaret.toml`.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// The file to scan; `-` is standard input.
    #[arg(default_value = "-")]
    file: PathBuf,
}

pub(crate) fn run(args: &Args) -> ExitCode {
    match args.site().and_then(|site| Scan::new(&site)).and_then(|scan| args.scan(scan)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough.
        Err(DetectError::Write(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error @ DetectError::Config(_)) => {
            eprintln!("lazaret detect: {error}");
            ExitCode::from(UNUSABLE)
        }
        Err(error) => {
            eprintln!("lazaret detect: {}: {error}", args.file.display());
            ExitCode::from(UNUSABLE)
        }
    }
}

impl Args {
    fn scan(&self, scan: Scan) -> Result<(), DetectError> {
        let output = BufWriter::new(io::stdout().lock());
        scan.all(open(&self.file)?, output, self.format(), self.null)
    }

    fn site(&self) -> Result<Site, DetectError> {
        let config = self.config.clone().or_else(|| Some(self.dir.as_ref()?.join("lazaret.toml")));
        Ok(config.map_or(Ok(Site::default()), |config| load_site(&config))?)
    }

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
    Config(#[from] Problems),
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

/// A scan of texts one after another, and what of it is not printed yet.
struct Scan {
    scanner: Scanner,
    masker: StreamMasker,
    masked: Vec<u8>,
    findings: Vec<StreamFinding>,
    /// Where the text under way began, and how much of it was read.
    start: u64,
    read: u64,
}

impl Scan {
    fn new(site: &Site) -> Result<Self, DetectError> {
        let mut scanner = Scanner::new(&Pack::load_with(site, None)?)?;
        scanner.keep_years_from(this_year().saturating_sub(90));
        let (masked, findings) = (Vec::new(), Vec::new());
        Ok(Self { scanner, masker: StreamMasker::new(), masked, findings, start: 0, read: 0 })
    }

    /// Scans all of the input.
    fn all(
        mut self,
        mut input: impl Read,
        mut output: impl Write,
        format: Format,
        null: bool,
    ) -> Result<(), DetectError> {
        let mut piece = vec![0; READ_BYTES];
        loop {
            let length = match input.read(&mut piece) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map_err(DetectError::Read)?,
            };
            let read = piece.get(..length).unwrap_or_default();
            for part in read.split_inclusive(|byte| null && *byte == 0) {
                match part.split_last() {
                    Some((0, text)) if null => {
                        self.push(text);
                        self.end(b"\0");
                    }
                    _ => self.push(part),
                }
            }
            if length == 0 {
                self.end(b"");
            }
            print(&self.masked, &self.findings, &mut output, format).map_err(DetectError::Write)?;
            self.masked.clear();
            self.findings.clear();
            if length == 0 {
                return output.flush().map_err(DetectError::Write);
            }
        }
    }

    fn push(&mut self, piece: &[u8]) {
        let Self { scanner, masker, masked, findings, start, .. } = self;
        masker.push_reporting(scanner, piece, masked, &mut |found| {
            findings.push(behind(found, *start));
        });
        self.read += piece.len() as u64;
    }

    /// The text ends; `mark` stood behind it.
    fn end(&mut self, mark: &[u8]) {
        let Self { scanner, masker, masked, findings, start, .. } = self;
        masker.finish_reporting(scanner, masked, &mut |found| {
            findings.push(behind(found, *start));
        });
        self.masked.extend_from_slice(mark);
        self.start += self.read + mark.len() as u64;
        self.read = 0;
    }
}

/// A finding as it stands in the whole input.
fn behind(finding: StreamFinding, start: u64) -> StreamFinding {
    StreamFinding { start: finding.start + start, end: finding.end + start, ..finding }
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
        let scan = Scan::new(&Site::default()).unwrap();
        scan.all(text.as_bytes(), &mut output, format, text.contains('\0')).unwrap();
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
    fn texts_that_nul_ends_are_cells_of_their_own() {
        let texts = "call 123-45-\x006789\x00Patient: Jane Roe\x00\x00SSN 123-45-6789\x00";
        let masked = "call 123-45-\x006789\x00Patient: ********\x00\x00SSN ***********\x00";
        assert_eq!(printed(texts, Format::Mask), masked);
        let found = printed(texts, Format::Json);
        let last: serde_json::Value = serde_json::from_str(found.lines().last().unwrap()).unwrap();
        let start = last["start"].as_u64().and_then(|start| usize::try_from(start).ok()).unwrap();
        assert!(texts[start..].starts_with("123-45-6789\x00"));
    }

    #[test]
    fn a_file_that_is_not_there_is_an_input_error() {
        assert!(matches!(open(Path::new("/no/such/file")), Err(DetectError::Read(_))));
    }
}
