//! Reaching the upstream: its name, its addresses in turn, a time limit on each.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use socket2::{Domain, SockAddr, SockRef, Socket, TcpKeepalive, Type};

use crate::context::{Event, Side};
use crate::limits::{CONNECT_TIMEOUT_MS, RESOLVED_MS, UPSTREAM_ADDRESSES};
use crate::shard::letters::Letter;
use crate::shard::slots::Key;
use crate::shard::wire::Wire;
use crate::shard::{Shard, Token};

/// A session on its way to the upstream.
pub(crate) struct Connecting {
    stage: Stage,
    untried: VecDeque<SockAddr>,
    /// The time limit of the stage.
    pub(crate) until_ms: u64,
    /// What went wrong with the address before.
    failure: String,
    /// The session has lost interest.
    given_up: bool,
}

enum Stage {
    Resolving,
    Trying { operation: Key, socket: Rc<OwnedFd> },
}

/// What the upstream is called, and where that is.
pub(super) struct Resolver {
    target: Target,
    known: Vec<SocketAddr>,
    known_until_ms: u64,
}

enum Target {
    Address(SockAddr),
    Name,
}

impl Resolver {
    /// `host:port`, or the path of a Unix socket.
    pub(super) fn new(upstream: &str) -> Self {
        let unix = upstream.starts_with('/').then(|| SockAddr::unix(upstream));
        let literal = upstream.parse::<SocketAddr>().map(SockAddr::from);
        let target = match unix {
            Some(Ok(path)) => Target::Address(path),
            _ => literal.map_or(Target::Name, Target::Address),
        };
        Self { target, known: Vec::new(), known_until_ms: 0 }
    }

    fn addresses(&self, now_ms: u64) -> Option<VecDeque<SockAddr>> {
        match &self.target {
            Target::Address(address) => Some(VecDeque::from([address.clone()])),
            Target::Name if now_ms < self.known_until_ms => {
                Some(self.known.iter().map(|address| SockAddr::from(*address)).collect())
            }
            Target::Name => None,
        }
    }

    fn learn(&mut self, mut addresses: Vec<SocketAddr>, now_ms: u64) {
        addresses.truncate(UPSTREAM_ADDRESSES);
        self.known = addresses;
        self.known_until_ms = now_ms + RESOLVED_MS;
    }
}

impl Shard {
    pub(super) fn connect(&mut self, key: Key) {
        let now_ms = self.clock.now().monotonic_ms;
        let addresses = self.resolver.addresses(now_ms);
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let resolved = addresses.is_some();
        slot.connecting = Some(Connecting {
            stage: Stage::Resolving,
            untried: addresses.unwrap_or_default(),
            until_ms: now_ms + CONNECT_TIMEOUT_MS,
            failure: "its name has no address".to_owned(),
            given_up: false,
        });
        if resolved {
            self.try_next_address(key);
        } else {
            self.tell(Letter::Resolve { session: key });
        }
    }

    pub(super) fn resolved(&mut self, key: Key, addresses: Result<Vec<SocketAddr>, String>) {
        let now_ms = self.clock.now().monotonic_ms;
        let failure = match addresses {
            Ok(addresses) => {
                self.resolver.learn(addresses, now_ms);
                None
            }
            Err(failure) => Some(failure),
        };
        let known = self.resolver.addresses(now_ms).unwrap_or_default();
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let Some(connecting) = &mut slot.connecting else { return };
        if matches!(connecting.stage, Stage::Resolving) {
            if let Some(failure) = failure {
                connecting.failure = failure;
            } else {
                connecting.untried = known;
            }
            self.try_next_address(key);
        }
    }

    /// A connect has completed, well or badly.
    pub(super) fn connected(&mut self, key: Key, result: io::Result<()>) {
        let now_ms = self.clock.now().monotonic_ms;
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let Some(connecting) = &mut slot.connecting else { return };
        match result {
            Err(error) => {
                connecting.failure = match error.raw_os_error() {
                    Some(libc::ECANCELED) => "no answer in time".to_owned(),
                    _ => error.to_string(),
                };
                self.try_next_address(key);
            }
            Ok(()) => {
                let connecting = slot.connecting.take().expect("just seen");
                let Stage::Trying { socket, .. } = connecting.stage else { return };
                if !connecting.given_up {
                    slot.upstream = Some(Wire::new(Side::Upstream, socket, now_ms));
                    self.raise(key, Event::UpstreamConnected);
                }
                self.mark(key);
            }
        }
    }

    /// The time limit of the stage has passed.
    pub(super) fn connect_timed_out(&mut self, key: Key) {
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let Some(connecting) = &mut slot.connecting else { return };
        match &connecting.stage {
            Stage::Trying { operation, .. } => {
                // It completes at once; not to be asked again meanwhile.
                connecting.until_ms = u64::MAX;
                self.ring.cancel(*operation);
            }
            Stage::Resolving => {
                connecting.failure = "its name was not resolved in time".to_owned();
                self.try_next_address(key);
            }
        }
    }

    pub(super) fn give_up_connecting(&mut self, key: Key) {
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let Some(connecting) = &mut slot.connecting else { return };
        connecting.given_up = true;
        connecting.untried.clear();
        match &connecting.stage {
            Stage::Trying { operation, .. } => self.ring.cancel(*operation),
            Stage::Resolving => slot.connecting = None,
        }
    }

    fn try_next_address(&mut self, key: Key) {
        let now_ms = self.clock.now().monotonic_ms;
        self.mark(key);
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let Some(connecting) = &mut slot.connecting else { return };
        while let Some(address) = connecting.untried.pop_front() {
            match open_socket(&address) {
                Ok(socket) => {
                    let operation = self.ring.connect(&socket, address, Token::Connect(key));
                    connecting.stage = Stage::Trying { operation, socket };
                    connecting.until_ms = now_ms + CONNECT_TIMEOUT_MS;
                    return;
                }
                Err(error) => connecting.failure = error.to_string(),
            }
        }
        let connecting = slot.connecting.take().expect("just seen");
        if !connecting.given_up {
            self.tools.traffic.upstream_failures += 1;
            let reason = format!(
                "the upstream at {} can't be reached: {}",
                self.settings.upstream, connecting.failure
            );
            self.raise(key, Event::UpstreamFailed(reason));
        }
    }
}

fn open_socket(address: &SockAddr) -> io::Result<Rc<OwnedFd>> {
    let socket = Socket::new(address.domain(), Type::STREAM, None)?;
    if address.domain() != Domain::UNIX {
        set_options(&SockRef::from(&socket))?;
    }
    Ok(Rc::new(socket.into()))
}

/// Small answers leave at once, and a peer that is gone without a word is noticed.
pub(super) fn set_options(socket: &SockRef<'_>) -> io::Result<()> {
    socket.set_tcp_nodelay(true)?;
    let keepalive = TcpKeepalive::new()
        .with_time(Duration::from_secs(60))
        .with_interval(Duration::from_secs(10))
        .with_retries(6);
    socket.set_tcp_keepalive(&keepalive)
}
