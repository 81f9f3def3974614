//! `lazaret`: sets a gateway up, runs it, mints development tokens, checks an installation, tries
//! the detectors, verifies evidence offline, and witnesses the logs of others.
//!
//! Exit codes: 0 done, 1 refused or failed, 3 unusable input, 64 wrong usage; `verify` adds 2.

#![forbid(unsafe_code)]

mod check;
mod classify;
mod detect;
mod development;
mod duration;
mod init;
mod listeners;
mod private_file;
mod server_certificate;
mod token;
mod up;
mod verify;
mod witness;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

/// The station through which agents reach your data.
#[derive(clap::Parser)]
#[command(name = "lazaret", version)]
enum Command {
    Init(init::Args),
    Up(up::Args),
    Token(token::Args),
    Check(check::Args),
    Classify(classify::Args),
    Detect(detect::Args),
    Verify(verify::Args),
    Witness(witness::Args),
}

/// Refused, or failed.
const EXIT_FAILED: u8 = 1;
/// EX_USAGE of sysexits.h
const EXIT_USAGE: u8 = 64;

fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => return usage(&error),
    };
    match command {
        Command::Init(args) => finish(init::run(&args)),
        Command::Up(args) => finish(up::run(&args)),
        Command::Token(args) => finish(token::run(&args)),
        Command::Check(args) => check::run(&args),
        Command::Classify(args) => finish(classify::run(&args)),
        Command::Detect(args) => detect::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Witness(args) => finish(witness::run(&args)),
    }
}

/// Help is an answer; anything else that clap stops at is wrong usage.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing is left to be done if the terminal is gone.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(EXIT_USAGE),
    }
}

/// A line of the answer. Who closed the pipe has read enough, and still gets the exit code.
fn say(line: impl std::fmt::Display) {
    let _ = writeln!(io::stdout(), "{line}");
}

/// Why a command could not do what was asked; its text is what the user reads.
trait Failure: std::fmt::Display {
    fn exit_code(&self) -> u8 {
        EXIT_FAILED
    }
}

fn finish<E: Failure>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lazaret: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
