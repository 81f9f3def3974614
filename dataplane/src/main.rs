//! `lazaret-dataplane`: the inline path. See ARCHITECTURE.md beside this folder.

mod buffer;
mod channel;
mod context;
mod files;
mod limits;
mod mask;
mod metrics;
mod pg;
mod scram_keys;
mod shard;

use std::io::IsTerminal;
use std::panic;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use rustix::process::Resource;
use tracing_subscriber::EnvFilter;

/// The inline path of Lazaret: sessions are taken, decided, masked, recorded and passed on here.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The Unix socket where lazaret-control listens.
    #[arg(long, value_name = "PATH")]
    control: PathBuf,
    /// End when this process does, which started this one.
    #[arg(long, value_name = "PID")]
    with_parent: Option<i32>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(parent) = arguments.with_parent
        && !end_with(parent)
    {
        return ExitCode::FAILURE;
    }
    start_logging();
    silence_panics();
    raise_open_files();
    match files::run(&arguments.control, shard::postgres) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// SIGTERM when the parent dies, so that whoever it leaves behind still drains. False: it is dead already.
fn end_with(parent: i32) -> bool {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
    // Only a signal number that doesn't exist is refused.
    let _ = set_parent_process_death_signal(Some(Signal::TERM));
    Pid::as_raw(getppid()) == parent
}

/// Each session takes two descriptors, and the usual soft limit of 1024 is for programs that select.
fn raise_open_files() {
    let mut limit = rustix::process::getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Raising it to the hard limit is always allowed.
    let _ = rustix::process::setrlimit(Resource::Nofile, limit);
}

fn start_logging() {
    let filter = EnvFilter::try_from_env("LAZARET_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
}

/// A panic's message may quote what it failed on; so the log has its place alone.
fn silence_panics() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "internal error");
    }));
}
