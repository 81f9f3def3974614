//! `lazaret-dataplane`: the inline path. See ARCHITECTURE.md beside this folder.

mod buffer;
mod channel;
mod context;
mod files;
mod limits;
mod mask;
mod metrics;
mod pg;
mod shard;

use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

/// The inline path of Lazaret: sessions are taken, decided, masked, recorded and passed on here.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The Unix socket where lazaret-control listens.
    #[arg(long, value_name = "PATH")]
    control: PathBuf,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_logging();
    silence_panics();
    match files::run(&arguments.control, shard::postgres) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start_logging() {
    let filter = EnvFilter::try_from_env("LAZARET_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

/// A panic's message may quote what it failed on; so the log has its place alone.
fn silence_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "internal error");
    }));
}
