//! What threads say to each other: bounded queues, and a wake-up for who sleeps in its ring.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use atomic_waker::AtomicWaker;
use crossbeam::channel::{Receiver, Sender, TrySendError, bounded};
use lazaret_audit::BlankSegment;
use lazaret_link::{Admission, RefusalReason, Secret};
use lazaret_policy::{Engine, Grant};
use rustix::event::{EventfdFlags, eventfd};

use crate::context::CancelKey;
use crate::limits::QUEUE_MESSAGES;
use crate::metrics::Report;
use crate::shard::accept::Newcomer;
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
    Resolved {
        session: Key,
        addresses: Result<Vec<SocketAddr>, String>,
    },
    ScramKey {
        session: Key,
        key: [u8; 32],
    },
    Cancel {
        key: CancelKey,
        client_address: String,
    },
    Revoke {
        grant: String,
    },
    Drain {
        within_ms: u64,
    },
}

/// To the files executor.
pub(crate) struct FromShard {
    pub(crate) shard: u16,
    pub(crate) letter: Letter,
}

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
    Report(Box<Report>),
    /// All sessions ended, all segments done.
    Ended,
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
    queue: Sender<FromShard>,
    waker: Arc<AtomicWaker>,
}

pub(crate) struct FilesInbox {
    pub(crate) queue: Receiver<FromShard>,
    pub(crate) waker: Arc<AtomicWaker>,
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
    pub(crate) fn send(&self, letter: ToShard) -> Result<(), ToShard> {
        self.queue.try_send(letter).map_err(TrySendError::into_inner)?;
        // Adding one to an eventfd blocks only at 2^64 - 1.
        let _ = rustix::io::write(&*self.eventfd, &1u64.to_ne_bytes());
        Ok(())
    }
}

impl FilesPost {
    /// Gives the letter back if the files executor is too far behind, or gone.
    pub(crate) fn send(&self, letter: FromShard) -> Result<(), FromShard> {
        self.queue.try_send(letter).map_err(TrySendError::into_inner)?;
        self.waker.wake();
        Ok(())
    }
}
