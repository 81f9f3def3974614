//! Whether the listeners' addresses can be had, unless the gateway itself has them now.

use std::fs::File;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use lazaret_config::Problem;
use rustix::fs::{FlockOperation, flock};

use super::Subject;

pub(super) fn problems(subject: &Subject) -> Vec<Problem> {
    if is_up(subject) {
        return Vec::new();
    }
    let listen = &subject.config.listen;
    let postgres = listen.postgres.iter().enumerate().map(|(index, address)| {
        (vec!["listen".to_owned(), "postgres".to_owned(), index.to_string()], *address)
    });
    let others = [("control", listen.control), ("metrics", listen.metrics)]
        .map(|(key, address)| (vec!["listen".to_owned(), key.to_owned()], address));
    postgres.chain(others).filter_map(|(keys, address)| refusal(subject, &keys, address)).collect()
}

fn refusal(subject: &Subject, keys: &[String], address: SocketAddr) -> Option<Problem> {
    let error = TcpListener::bind(address).err()?;
    // Connections that ended a moment ago keep a port for a minute, but then nobody answers on it.
    if error.kind() == ErrorKind::AddrInUse
        && TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err()
    {
        return None;
    }
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let message = format!("can't listen on {address}: {error}");
    Some(subject.source.problem(&keys, message, "end what listens there, or name another address"))
}

/// `lazaret up` and control hold locks while they run.
fn is_up(subject: &Subject) -> bool {
    let layout = &subject.config.layout;
    [layout.up_lock(), layout.control_lock()].iter().any(|path| {
        File::open(path)
            .is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockShared).is_err())
    })
}
