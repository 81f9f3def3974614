//! Whether an address can be listened on, and whether a process of the gateway holds its lock.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

/// Why not, if it can't. Connections that ended a moment ago keep a port for a minute, but then nobody
/// answers on it, and it can be had.
pub(crate) fn refusal(address: SocketAddr) -> Option<io::Error> {
    let error = TcpListener::bind(address).err()?;
    let lingers = error.kind() == ErrorKind::AddrInUse
        && TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err();
    (!lingers).then_some(error)
}

/// Locks end with the process that holds them.
pub(crate) fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
}
