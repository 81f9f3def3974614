//! Letting clients in: one shard accepts for all and gives each connection to the least loaded.
//!
//! Long sessions that SO_REUSEPORT spreads by chance end up unevenly, so one acceptor counts. It is
//! off the hot path: once per session.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use socket2::SockRef;

use crate::context::{Arrival, CancelKey, Event, Side};
use crate::limits::{LISTEN_BACKLOG, REFUSALS, SLOTS};
use crate::shard::cancel::Address;
use crate::shard::connect::set_options;
use crate::shard::letters::{Letter, Newcomer, ToShard};
use crate::shard::refusal::Refusal;
use crate::shard::slot::Slot;
use crate::shard::slots::Key;
use crate::shard::wire::Wire;
use crate::shard::{Shard, Token};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ListenError {
    #[error(
        "can't listen on {0}: it is in use; stop what listens there (ss -ltnp) or choose another port"
    )]
    Taken(String),
    #[error("can't listen on {0}: not allowed; ports below 1024 need CAP_NET_BIND_SERVICE")]
    Forbidden(String),
    #[error("can't listen on {0}: {1}")]
    Io(String, io::Error),
}

/// Where clients come in.
pub(crate) struct Listener {
    socket: OwnedFd,
    /// A Unix socket needs no TLS.
    secure: bool,
    /// To be removed in the end.
    path: Option<PathBuf>,
}

/// The acceptor's state; without listeners on all shards but the first.
pub(super) struct Listening {
    listeners: Vec<Bound>,
    /// Clients that are being told that there are too many.
    refusals: usize,
}

struct Bound {
    socket: Rc<OwnedFd>,
    secure: bool,
    path: Option<PathBuf>,
    operation: Option<Key>,
}

impl Listener {
    pub(crate) fn tcp(address: SocketAddr) -> Result<Self, ListenError> {
        let named = |error| ListenError::new(address.to_string(), error);
        let listener = TcpListener::bind(address).map_err(named)?;
        SockRef::from(&listener).listen(LISTEN_BACKLOG).map_err(named)?;
        Ok(Self { socket: listener.into(), secure: false, path: None })
    }

    #[cfg(test)]
    pub(crate) fn local_address(&self) -> Option<SocketAddr> {
        SockRef::from(&self.socket).local_addr().ok()?.as_socket()
    }

    pub(crate) fn unix(path: &Path) -> Result<Self, ListenError> {
        let named = |error| ListenError::new(path.display().to_string(), error);
        if is_stale(path) {
            std::fs::remove_file(path).map_err(named)?;
        }
        let listener = UnixListener::bind(path).map_err(named)?;
        SockRef::from(&listener).listen(LISTEN_BACKLOG).map_err(named)?;
        Ok(Self { socket: listener.into(), secure: true, path: Some(path.to_owned()) })
    }
}

impl ListenError {
    fn new(place: String, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AddrInUse => Self::Taken(place),
            io::ErrorKind::PermissionDenied => Self::Forbidden(place),
            _ => Self::Io(place, error),
        }
    }
}

impl Listening {
    pub(super) fn new(listeners: Vec<Listener>) -> Self {
        let bind = |listener: Listener| Bound {
            socket: Rc::new(listener.socket),
            secure: listener.secure,
            path: listener.path,
            operation: None,
        };
        Self { listeners: listeners.into_iter().map(bind).collect(), refusals: 0 }
    }
}

impl Shard {
    /// Accepts on every listener that is not accepting.
    pub(super) fn listen(&mut self) {
        for (index, listener) in self.listening.listeners.iter_mut().enumerate() {
            if listener.operation.is_none() {
                let token = Token::Accept { listener: index };
                listener.operation = Some(self.ring.accept(&listener.socket, token));
            }
        }
    }

    /// For good: who connects from here on is refused by the kernel.
    pub(super) fn stop_listening(&mut self) {
        for listener in self.listening.listeners.drain(..) {
            if let Some(operation) = listener.operation {
                self.ring.cancel(operation);
            }
            // Connections in the backlog are reset when the last reference goes, with the accept.
            let _ = SockRef::from(&*listener.socket).shutdown(std::net::Shutdown::Both);
            if let Some(path) = listener.path {
                // It may have been taken over by the next process.
                let _ = std::fs::remove_file(path);
            }
        }
    }

    pub(super) fn accepted(&mut self, listener: usize, socket: io::Result<OwnedFd>, more: bool) {
        let Some(bound) = self.listening.listeners.get_mut(listener) else { return };
        if !more {
            // `tick` accepts again: at once would spin when descriptors have run out.
            bound.operation = None;
        }
        let secure = bound.secure;
        match socket {
            Ok(socket) => self.place(socket, secure),
            Err(error) => {
                tracing::error!(%error, "can't accept; raise the limit on open files (ulimit -n)");
            }
        }
    }

    /// Finds the shard for a new connection.
    fn place(&mut self, socket: OwnedFd, secure: bool) {
        let Ok(client_address) = prepare(&socket, secure) else { return };
        let newcomer = Newcomer { socket, client_address, secure };
        let loads = self.loads.iter().map(|load| load.load(Ordering::Relaxed));
        let total: u32 = loads.clone().sum();
        if total >= self.settings.max_sessions {
            return self.refuse(newcomer);
        }
        let Some((least, _)) = loads.enumerate().min_by_key(|(_, load)| *load) else { return };
        self.loads[least].fetch_add(1, Ordering::Relaxed);
        if least == usize::from(self.index) {
            return self.welcome(newcomer);
        }
        if self.peers[least].send(ToShard::Newcomer(newcomer)).is_err() {
            self.loads[least].fetch_sub(1, Ordering::Relaxed);
            self.tools.traffic.refused += 1;
            tracing::error!(shard = least, "a connection was dropped: the shard is too busy");
        }
    }

    /// A connection that is this shard's own, and counted as such.
    pub(super) fn welcome(&mut self, newcomer: Newcomer) {
        let key = self.slots.next_key();
        if self.drain_until_ms.is_some() || key.index as usize >= SLOTS {
            self.loads[usize::from(self.index)].fetch_sub(1, Ordering::Relaxed);
            self.tools.traffic.refused += 1;
            return;
        }
        let now = self.clock.now();
        let id: [u8; 16] = Self::random();
        let address = Address::new(self.settings.boot, self.index, key.index);
        let cancel =
            CancelKey { process_id: address.process_id(), secret: Self::random::<32>().to_vec() };
        let Newcomer { socket, client_address, secure } = newcomer;
        let arrival = Arrival { id, client_address: client_address.clone(), secure, cancel };
        let machine = (self.accept)(arrival, &self.settings, now);
        let wire = Wire::new(Side::Client, Rc::new(socket), now.monotonic_ms);
        let mut slot = Slot::new(id, machine, Some(wire));
        slot.client_address = client_address;
        slot.counted = true;
        self.slots.insert(slot);
        self.tools.traffic.accepted += 1;
        self.mark(key);
    }

    fn refuse(&mut self, newcomer: Newcomer) {
        self.tools.traffic.refused += 1;
        if self.listening.refusals >= REFUSALS {
            return;
        }
        let now_ms = self.clock.now().monotonic_ms;
        let refusal = Refusal::new(now_ms + self.settings.startup_timeout_ms);
        let wire = Wire::new(Side::Client, Rc::new(newcomer.socket), now_ms);
        let mut slot = Slot::new(Self::random(), Box::new(refusal), Some(wire));
        slot.refused = true;
        let key = self.slots.insert(slot);
        self.listening.refusals += 1;
        self.mark(key);
    }

    /// Nothing is left of a session.
    pub(super) fn forget(&mut self, key: Key) {
        let Some(mut slot) = self.slots.remove(key) else { return };
        if slot.counted {
            self.loads[usize::from(self.index)].fetch_sub(1, Ordering::Relaxed);
        }
        if slot.refused {
            self.listening.refusals -= 1;
        }
        if let Some(grant) = slot.machine.grant() {
            self.tell(Letter::SessionEnded { grant: grant.to_owned() });
        }
        for outbox in [&mut slot.client_out, &mut slot.upstream_out] {
            outbox.clear(&mut self.tools.pool);
        }
    }

    /// No new sessions; the running ones are asked to end.
    pub(super) fn drain(&mut self, within_ms: u64) {
        let until_ms = self.clock.now().monotonic_ms.saturating_add(within_ms);
        self.drain_until_ms = Some(self.drain_until_ms.map_or(until_ms, |at| at.min(until_ms)));
        self.stop_listening();
        let keys: Vec<Key> = self.slots.keys().collect();
        for key in keys {
            self.raise(key, Event::Draining);
        }
    }
}

fn prepare(socket: &OwnedFd, secure: bool) -> io::Result<String> {
    let socket = SockRef::from(socket);
    if secure {
        return Ok("unix".to_owned());
    }
    set_options(&socket)?;
    let address = socket.peer_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok(address.to_string())
}

/// A socket file that nobody listens on any more.
fn is_stale(path: &Path) -> bool {
    path.exists() && UnixStream::connect(path).is_err()
}
