//! `lazaret-control`: who may come in, what may be seen, and what becomes of the evidence.
//!
//! It answers the data plane over a Unix socket (`link`), verifies identities (`identity`), puts
//! snapshots together (`snapshot`) from policies and the upstream's catalog, and keeps the audit
//! segments (`segments`). It never sees a byte of a response.

#![forbid(unsafe_code)]

mod admission;
mod catalogs;
mod client;
mod health;
mod http;
mod identity;
mod limits;
mod link;
mod segments;
mod serve;
mod settings;
mod snapshot;
mod store;
mod upstream;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use lazaret_config::Layout;
use tracing_subscriber::EnvFilter;

/// Control: identity, policy, and the keeping of evidence.
#[derive(clap::Parser)]
#[command(name = "lazaret-control", version)]
struct Args {
    /// The folder that `lazaret init` made.
    #[arg(long)]
    dir: PathBuf,
    /// End when this process does, which started this one.
    #[arg(long, value_name = "PID")]
    with_parent: Option<i32>,
}

fn main() -> ExitCode {
    let args = Args::parse();
    if let Some(parent) = args.with_parent
        && !end_with(parent)
    {
        return ExitCode::FAILURE;
    }
    let filter = EnvFilter::try_from_env("LAZARET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false)
        .init();
    match run(&args) {
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

fn run(args: &Args) -> Result<(), serve::ServeError> {
    let layout = Layout::new(&args.dir).map_err(serve::ServeError::Folder)?;
    let (config, _) = lazaret_config::load(layout)?;
    let runtime = tokio::runtime::Runtime::new().map_err(serve::ServeError::Runtime)?;
    runtime.block_on(serve::serve(config))
}
