//! `lazaret detect`: what the detectors find in a file, or the file with its findings masked.

use std::path::PathBuf;
use std::process::ExitCode;

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
    let _ = args;
    todo!()
}
