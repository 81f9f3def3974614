//! The data plane's end of control: a Unix socket that only this user may connect to.
//!
//! One data plane is served at a time, and the newest Hello wins: an older connection is one whose
//! process died before the kernel told us. A boot number is in the store before it is given out. All
//! that a connection holds ends with it; what must last is in the store and in the segments.

mod connection;
mod framing;

#[cfg(test)]
mod tests;

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use lazaret_config::Config;
use lazaret_policy::Snapshot;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinSet;

use crate::admission::Gate;
use crate::health::Health;
use crate::segments::Custodian;
use crate::store::Store;

/// What a connection works with.
pub(crate) struct Office {
    pub(crate) config: Config,
    pub(crate) store: Store,
    pub(crate) gate: Gate,
    pub(crate) custodian: Custodian,
    pub(crate) snapshots: watch::Receiver<Arc<Snapshot>>,
    /// Databases whose catalog must be read again.
    pub(crate) stale: mpsc::Sender<String>,
    /// Databases whose catalog has not been tried yet.
    pub(crate) unread: watch::Receiver<usize>,
    pub(crate) health: Arc<Health>,
}

/// Who may speak: whoever came last, once the one before has left.
struct Seat {
    newest: watch::Sender<u64>,
    taken: Mutex<()>,
}

/// Binds the socket, in place of one that a killed control left.
pub(crate) fn bind(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves until `draining` says so and the data plane has drained, or left.
pub(crate) async fn serve(
    listener: UnixListener,
    office: Arc<Office>,
    mut draining: watch::Receiver<bool>,
) {
    let seat = Arc::new(Seat { newest: watch::Sender::new(0), taken: Mutex::new(()) });
    let mut connections = JoinSet::new();
    let handed_on = draining.clone();
    let mut number = 0;
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) if is_ours(&stream) => {
                    number += 1;
                    let (office, seat) = (Arc::clone(&office), Arc::clone(&seat));
                    connections.spawn(connection::serve(
                        stream, number, office, seat, handed_on.clone(),
                    ));
                }
                Ok(_) => tracing::warn!("another user connected to the control socket; refused"),
                Err(error) => {
                    tracing::error!(%error, "can't accept on the control socket");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = until(&mut draining, |draining| *draining) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Comes back when the value is so, or can change no more. The borrow that `wait_for` gives would not
/// outlive an await.
async fn until<T>(receiver: &mut watch::Receiver<T>, is_so: impl FnMut(&T) -> bool) {
    drop(receiver.wait_for(is_so).await);
}

/// Out of file descriptors, most likely; trying at once would only burn a core.
const ACCEPT_PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// The file's mode says so already; SO_PEERCRED says it of the process that is there now.
fn is_ours(stream: &UnixStream) -> bool {
    stream.peer_cred().is_ok_and(|peer| peer.uid() == rustix::process::geteuid().as_raw())
}
