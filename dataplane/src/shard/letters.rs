//! What threads say to each other: bounded queues, and a wake-up for who sleeps in its ring.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::task::Poll;

use atomic_waker::AtomicWaker;
use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use lazaret_audit::BlankSegment;
use lazaret_link::{Admission, FromControl, RefusalReason, Secret, ValueDigest, VaultToken};
use lazaret_policy::{Engine, Grant};
use lazaret_sql::Parsed;
use rustix::event::{EventfdFlags, eventfd};

use crate::context::{CancelKey, Errand};
use crate::limits::QUEUE_MESSAGES;
use crate::metrics::Report;
use crate::shard::slots::Key;

/// To a shard, from the files executor or from another shard.
pub(crate) enum ToShard {
    Newcomer(Newcomer),
    Segment(BlankSegment),
    /// Go on in the next segment.
    Rotate,
    Engine(Box<Engine>),
    /// The lease is renewed from now on.
    Lease,
    /// Control is connected again.
    Linked,
    Admission {
        request: u64,
        answer: Result<Grant, RefusalReason>,
    },
    /// None for those that there is no token for, or that come no more.
    Tokens {
        request: u64,
        tokens: Vec<Option<VaultToken>>,
    },
    Resolved {
        session: Key,
        addresses: Result<Vec<SocketAddr>, String>,
    },
    ScramKey {
        session: Key,
        key: [u8; 32],
    },
    Parsed {
        session: Key,
        text: Box<str>,
        parsed: Parsed,
    },
    Cancel {
        key: CancelKey,
        client_address: String,
        errand: Errand,
    },
    CancelEnded {
        session: Key,
    },
    Drain {
        within_ms: u64,
    },
}

/// A connection on its way to its shard.
pub(crate) struct Newcomer {
    pub(super) socket: OwnedFd,
    pub(super) client_address: String,
    pub(super) secure: bool,
}

/// To the files executor, from whichever thread.
pub(crate) enum ToFiles {
    Shard {
        shard: u16,
        letter: Letter,
    },
    /// The shard's thread has ended; with the reason if it should not have.
    ShardEnded {
        shard: u16,
        failure: Option<String>,
    },
    Linked,
    Unlinked(io::Error),
    Control(FromControl),
    SegmentOpened(BlankSegment),
    Compiled {
        shard: u16,
        version: u64,
        engine: Box<Engine>,
    },
    Resolved(Result<Vec<SocketAddr>, String>),
    /// A segment could not be opened or a snapshot not compiled.
    Failed(String),
    /// SIGTERM or SIGINT.
    Terminate,
}

/// From a shard.
pub(crate) enum Letter {
    /// The shard's first segment is begun and it takes sessions.
    Serving,
    Admit(Admission),
    Resolve {
        session: Key,
    },
    DeriveScramKey {
        session: Key,
        password: Secret,
        salt: Vec<u8>,
        iterations: u32,
    },
    Parse {
        session: Key,
        text: Box<str>,
    },
    SegmentWanted,
    SegmentDone {
        index: u64,
    },
    CatalogStale {
        database: String,
    },
    SessionEnded {
        grant: String,
    },
    TokensWanted {
        request: u64,
        grant: Option<String>,
        digests: Vec<ValueDigest>,
    },
    Report(Box<Report>),
}

/// Speaks to one shard, from any thread.
#[derive(Clone)]
pub(crate) struct ShardPost {
    queue: Sender<ToShard>,
    eventfd: Arc<OwnedFd>,
}

/// The shard's own end.
pub(crate) struct ShardInbox {
    pub(crate) queue: Receiver<ToShard>,
    pub(crate) eventfd: OwnedFd,
}

/// Speaks to the files executor, from any thread.
#[derive(Clone)]
pub(crate) struct FilesPost {
    queue: Sender<ToFiles>,
    waker: Arc<AtomicWaker>,
}

pub(crate) struct FilesInbox {
    queue: Receiver<ToFiles>,
    waker: Arc<AtomicWaker>,
}

pub(crate) fn shard_post() -> std::io::Result<(ShardPost, ShardInbox)> {
    let (sender, receiver) = bounded(QUEUE_MESSAGES);
    let eventfd = eventfd(0, EventfdFlags::CLOEXEC)?;
    let inbox = ShardInbox { queue: receiver, eventfd: eventfd.try_clone()? };
    Ok((ShardPost { queue: sender, eventfd: Arc::new(eventfd) }, inbox))
}

pub(crate) fn files_post() -> (FilesPost, FilesInbox) {
    let (sender, receiver) = bounded(QUEUE_MESSAGES);
    let waker = Arc::new(AtomicWaker::new());
    let inbox = FilesInbox { queue: receiver, waker: Arc::clone(&waker) };
    (FilesPost { queue: sender, waker }, inbox)
}

impl ShardPost {
    /// Gives the letter back if the shard is too far behind, or gone.
    #[expect(clippy::result_large_err, reason = "the letter comes back; it is moved, not boxed")]
    pub(crate) fn send(&self, letter: ToShard) -> Result<(), TrySendError<ToShard>> {
        self.queue.try_send(letter)?;
        // Adding one to an eventfd blocks only at 2^64 - 1.
        let _ = rustix::io::write(&*self.eventfd, &1u64.to_ne_bytes());
        Ok(())
    }
}

impl FilesPost {
    /// Gives the letter back if the files executor is too far behind, or gone.
    #[expect(clippy::result_large_err, reason = "the letter comes back; it is moved, not boxed")]
    pub(crate) fn send(&self, letter: ToFiles) -> Result<(), ToFiles> {
        self.queue.try_send(letter).map_err(TrySendError::into_inner)?;
        self.waker.wake();
        Ok(())
    }

    /// For threads that have nothing else to do.
    pub(crate) fn send_waiting(&self, letter: ToFiles) {
        // It fails when the files executor is gone, and with it the process.
        let _ = self.queue.send(letter);
        self.waker.wake();
    }
}

impl FilesInbox {
    /// For tests, which have no executor.
    #[cfg(test)]
    pub(crate) fn next_blocking(&self) -> ToFiles {
        self.queue.recv().expect("shards hold the other end")
    }

    /// The next letter, whenever it comes.
    pub(crate) async fn next(&self) -> ToFiles {
        poll_fn(|context| {
            if let Ok(letter) = self.queue.try_recv() {
                return Poll::Ready(letter);
            }
            self.waker.register(context.waker());
            // One that came in between found no waker.
            self.queue.try_recv().map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}
