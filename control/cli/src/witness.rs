//! `lazaret witness`: cosigns the checkpoints of logs that only grow, as C2SP's tlog-witness has it.
//!
//! A gateway's operator could sign two histories. A witness that somebody else runs signs one root for
//! each size of a log, and only what goes on from what it signed last; who trusts it sees that nobody
//! else was shown another log. It knows origins, sizes and hashes, and none of what was recorded.
//!
//! Invariant: what it signs is durable before it signs (`witness/state.rs`). HTTP without TLS: all of
//! it is public, and what counts is signed. `witness/server.rs` bounds who asks.

mod server;
mod state;

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use lazaret_audit::{AddCheckpoint, KeyError, Refusal, Role, SigningKey, VerifierKey};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::{Failure, private_file, say};
use state::{State, StateError};

/// Run a witness: cosign the checkpoints of logs that only grow. Prints its verifier key, for the
/// `witnesses` in trust.json and for `[[recording.witness]]`, and a line once it serves.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder of its key and of what it signed last; made if there is none. Keep it: a witness
    /// without its memory could be shown another log.
    #[arg(long)]
    dir: PathBuf,
    /// An IP address and a port to listen on, plain HTTP.
    #[arg(long, value_name = "ADDR")]
    listen: SocketAddr,
    /// The logs that it knows, by their verifier keys: `keys` in their trust.json.
    #[arg(long = "log", value_name = "VKEY", required = true, num_args = 1..)]
    logs: Vec<VerifierKey>,
    /// Names the key that is made on first use; `lazaret-witness/HOST` if absent.
    #[arg(long)]
    name: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum WitnessError {
    #[error("{path}: {error}")]
    Folder { path: PathBuf, error: io::Error },
    #[error("{path}: {error}")]
    Key { path: PathBuf, error: KeyError },
    #[error(
        "{path} is not a witness's key\n  mend: name a folder of its own with --dir; the witness makes its key there"
    )]
    Role { path: PathBuf },
    #[error(
        "the key in {path} is called {name:?}\n  mend: leave --name out, or name another folder with --dir"
    )]
    Name { path: PathBuf, name: String },
    #[error("{0} is a witness's key, and no log's\n  mend: copy from `keys` in trust.json")]
    NoLog(VerifierKey),
    #[error("{0}")]
    State(#[from] StateError),
    #[error(
        "can't listen on {address}: {error}\n  mend: end what listens there, or write another port"
    )]
    Listen { address: SocketAddr, error: io::Error },
    #[error("no runtime: {0}")]
    Runtime(io::Error),
}

impl Failure for WitnessError {}

pub(crate) fn run(args: &Args) -> Result<(), WitnessError> {
    if let Some(key) = args.logs.iter().find(|key| key.role() != Role::Log) {
        return Err(WitnessError::NoLog(key.clone()));
    }
    make_folder(&args.dir)?;
    let state = State::open(&args.dir, args.logs.iter().map(VerifierKey::name))?;
    let key = open_key(&args.dir, args.name.as_deref())?;
    let verifier = key.verifier().to_string();
    let witness = Witness { key, logs: args.logs.clone(), state: Mutex::new(state) };
    let runtime = tokio::runtime::Runtime::new().map_err(WitnessError::Runtime)?;
    runtime.block_on(serve(Arc::new(witness), args.listen, &verifier))
}

async fn serve(
    witness: Arc<Witness>,
    address: SocketAddr,
    verifier: &str,
) -> Result<(), WitnessError> {
    let failing = |error| WitnessError::Listen { address, error };
    let mut terminate = signal(SignalKind::terminate()).map_err(WitnessError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(WitnessError::Runtime)?;
    let listener = TcpListener::bind(address).await.map_err(failing)?;
    let address = listener.local_addr().map_err(failing)?;
    say(verifier);
    say(format_args!("serving http://{address}/"));
    tokio::select! {
        () = server::serve(listener, witness) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Signs for the logs that it knows.
struct Witness {
    key: SigningKey,
    logs: Vec<VerifierKey>,
    state: Mutex<State>,
}

/// Why a request has no cosignature.
enum Denial {
    Refused(Refusal),
    /// What it would have signed could not be made durable.
    Disk,
}

impl Witness {
    /// The answer to `add-checkpoint`: one request at a time, for each depends on what the last one left.
    fn add_checkpoint(&self, body: &[u8]) -> Result<String, Denial> {
        let request = AddCheckpoint::parse(body).map_err(Denial::Refused)?;
        // A request that panicked left the memory as it was, or as it is on the disk.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = state.latest(request.origin());
        let described = request.describe();
        let signed = match request.judge(&self.logs, latest) {
            Ok(signed) => signed,
            Err(refusal) => {
                // Signed by the log, and not what the log was: its operator, or who has its key, owes a reason.
                if matches!(refusal, Refusal::Forked(_) | Refusal::Proof) {
                    eprintln!("lazaret: REFUSED {described}: {refusal}");
                }
                return Err(Denial::Refused(refusal));
            }
        };
        if latest != Some(signed.checkpoint()) {
            state.keep(&signed).map_err(|error| {
                eprintln!("lazaret: can't keep what is to be signed: {error}");
                Denial::Disk
            })?;
        }
        Ok(signed.cosignature(&self.key, now_s()))
    }
}

const KEY_FILE_NAME: &str = "witness.key";

/// Reads the key, which is made on first use.
fn open_key(folder: &Path, name: Option<&str>) -> Result<SigningKey, WitnessError> {
    let path = folder.join(KEY_FILE_NAME);
    let failing = |error| WitnessError::Key { path: path.clone(), error };
    if !path.exists() {
        let host = rustix::system::uname();
        let host = host.nodename().to_string_lossy();
        let name = name.map_or_else(|| format!("lazaret-witness/{host}"), str::to_owned);
        let key = SigningKey::generate(&name, Role::Witness).map_err(failing)?;
        // Under another name first: a key that was half written would stop the next start.
        let partial = folder.join(format!(".partial-{KEY_FILE_NAME}"));
        let io = |error| WitnessError::Folder { path: partial.clone(), error };
        if partial.exists() {
            std::fs::remove_file(&partial).map_err(io)?;
        }
        key.write(&partial).map_err(failing)?;
        std::fs::rename(&partial, &path).map_err(io)?;
        std::fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    }
    let key = SigningKey::read(&path).map_err(failing)?;
    if key.verifier().role() != Role::Witness {
        return Err(WitnessError::Role { path });
    }
    let own = key.verifier().name();
    match name {
        Some(name) if name != own => Err(WitnessError::Name { name: own.to_owned(), path }),
        _ => Ok(key),
    }
}

fn make_folder(path: &Path) -> Result<(), WitnessError> {
    match private_file::make_private_folder(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(WitnessError::Folder { path: path.to_owned(), error })
        }
        _ => Ok(()),
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
