//! `loadtest`: the gateway, pgbouncer and no proxy at all, side by side on one machine.
//!
//! Rounds are interleaved, so that what else the machine does hits all three alike, and medians are
//! reported. The gateway runs as `lazaret init` sets it up: masking and recording are on. It measures
//! what `cargo xtask measure` reports about the whole path; the costs of single functions come from
//! the benches.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout, reason = "a command for people, whose output is standard output")]

mod contestant;
mod median;
mod pgbench;
mod report;
mod result;
mod stream;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use harness::HarnessError;

use contestant::Field;
use report::{Goal, Row};

/// Measure the gateway beside pgbouncer and a direct connection.
#[derive(Debug, Parser)]
struct Arguments {
    /// Write the figures to this file, too.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Only rows whose names begin so; may be given several times or separated by commas.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Rows of the large result.
    #[arg(long, default_value_t = 1_000_000)]
    rows: u32,
    /// Interleaved rounds of each measurement.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// How long each run of pgbench takes.
    #[arg(long, default_value_t = 5)]
    seconds: u32,
}

#[derive(Debug, thiserror::Error)]
enum LoadtestError {
    #[error(transparent)]
    Harness(#[from] HarnessError),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("{0}")]
    Unexpected(String),
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("loadtest: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), LoadtestError> {
    let wants = |name: &str| {
        arguments.only.is_empty() || arguments.only.iter().any(|only| name.starts_with(only))
    };
    let mut rows = Vec::new();
    for tls in [false, true] {
        let suffix = if tls { "_tls" } else { "" };
        let named = |name: &str| format!("{name}{suffix}");
        let large = ["select_1m_vs_pgbouncer", "cpu_per_gb_vs_pgbouncer"].map(named);
        let many = [("simple", "tps_simple_c8"), ("prepared", "tps_prepared_c8")]
            .map(|(mode, name)| (mode, named(&format!("{name}_vs_pgbouncer"))));
        let wants_large = large.iter().any(|name| wants(name));
        if !wants_large && !many.iter().any(|(_, name)| wants(name)) {
            continue;
        }
        let field = Field::start(arguments.rows, tls)?;
        if wants_large {
            rows.extend(result::measure(&field, arguments, suffix)?);
        }
        for (mode, name) in many.iter().filter(|(_, name)| wants(name)) {
            rows.extend(pgbench::measure(&field, arguments, mode, name)?);
        }
    }
    if wants(POWER) {
        rows.extend(power(arguments)?);
    }
    report::print(&rows);
    if let Some(path) = &arguments.json {
        report::write(path, &rows)?;
    }
    Ok(())
}

const POWER: &str = "power_vs_process_tps";

/// What surviving power loss costs: transactions at either durability level.
fn power(arguments: &Arguments) -> Result<Option<Row>, LoadtestError> {
    let field = Field::start(1, false)?;
    let (_running, power) = field.other_gateway(&[("recording", "durability", "\"power\"")])?;
    let Some(process) = field.contestants().last() else { return Ok(None) };
    let [process, power] = pgbench::compare(&[process, &power], arguments, "simple")?[..] else {
        return Ok(None);
    };
    Ok(Some(Row::ratio(POWER, power / process, Goal::None)))
}
