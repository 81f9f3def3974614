//! The shard's io_uring, behind an interface that safe code can't misuse.
//!
//! Whatever the kernel may read or write while an operation is in flight (buffer, socket, address)
//! is moved in here and comes back with the operation's completion. So nothing can be freed, closed
//! or touched under the kernel's hands. This file has all of the shard's unsafe code.
//!
//! It does not decide anything: what to do with a completion is the caller's, told by a token.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::rc::Rc;
use std::time::Duration;

use io_uring::{IoUring, cqueue, opcode, squeue, types};
use socket2::SockAddr;

use crate::buffer::{Buffer, Pool};
use crate::limits::{BATCH_PIECES, RING_ENTRIES};
use crate::shard::slots::{Key, Slots};

#[derive(Debug, thiserror::Error)]
pub(crate) enum RingError {
    #[error(
        "io_uring is not allowed here ({0}): set the sysctl kernel.io_uring_disabled to 0, and in a \
         container use a seccomp profile that allows io_uring_setup, io_uring_enter and io_uring_register"
    )]
    Forbidden(io::Error),
    #[error("no memory for an io_uring ({0}): raise the memlock limit (ulimit -l) to 65536 KiB")]
    Memory(io::Error),
    #[error("this kernel's io_uring lacks what Lazaret needs ({0}): use Linux 6.1 or later")]
    Old(io::Error),
    #[error("io_uring failed: {0}")]
    Io(#[from] io::Error),
}

impl RingError {
    /// Sorts an error of io_uring_setup by its mend.
    pub(crate) fn from_setup(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES | libc::ENOSYS) => Self::Forbidden(error),
            Some(libc::ENOMEM) => Self::Memory(error),
            Some(libc::EINVAL) => Self::Old(error),
            _ => Self::Io(error),
        }
    }
}

/// One thread's ring. `T` tells completions apart.
pub(crate) struct Ring<T: Copy> {
    uring: IoUring,
    in_flight: Slots<Flight<T>>,
    /// Entries that found the submission queue full; they go first in the next turn.
    backlog: VecDeque<squeue::Entry>,
}

/// An operation that the kernel has, and what it may touch.
struct Flight<T> {
    token: T,
    /// Keeps the descriptor's number from being reused before the kernel has looked it up.
    _file: Option<Rc<OwnedFd>>,
    cargo: Cargo,
}

enum Cargo {
    Accept,
    Receive(Buffer),
    Send(Box<Batch>),
    Connect { _address: Box<SockAddr> },
    Alarm { _at: Box<types::Timespec> },
    Wake { _count: Box<u64> },
    Readable,
    Sync,
}

pub(crate) struct Completion<T> {
    pub(crate) token: T,
    pub(crate) outcome: Outcome,
}

pub(crate) enum Outcome {
    /// One connection. `more` is false when the multishot accept has ended.
    Accepted {
        socket: io::Result<OwnedFd>,
        more: bool,
    },
    /// The buffer has grown by the count; zero is the end of the stream.
    Received {
        buffer: Buffer,
        count: io::Result<usize>,
        more: bool,
    },
    /// The batch has shrunk by the count.
    Sent {
        batch: Box<Batch>,
        count: io::Result<usize>,
    },
    Connected(io::Result<()>),
    Alarm,
    Woken,
    Readable(io::Result<()>),
    Synced(io::Result<()>),
}

/// Pieces that leave in one operation, and the vectors that tell the kernel so.
pub(crate) struct Batch {
    pieces: VecDeque<Buffer>,
    vectors: [libc::iovec; BATCH_PIECES],
    header: libc::msghdr,
}

impl Batch {
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self {
            pieces: VecDeque::with_capacity(BATCH_PIECES),
            vectors: [libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 }; BATCH_PIECES],
            // SAFETY: all zeros is a valid msghdr: null pointers with zero lengths.
            header: unsafe { mem::zeroed() },
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.pieces.len() == BATCH_PIECES
    }

    /// Panics on a full batch.
    pub(crate) fn push(&mut self, piece: Buffer) {
        assert!(!self.is_full(), "a batch takes {BATCH_PIECES} pieces");
        self.pieces.push_back(piece);
    }

    /// Gives the pieces that left back to the pool.
    pub(crate) fn consume(&mut self, mut count: usize, pool: &mut Pool) {
        while count > 0 {
            let piece = self.pieces.front_mut().expect("the kernel sent what it was given");
            let taken = piece.filled().len().min(count);
            piece.consume(taken);
            count -= taken;
            if piece.filled().is_empty() {
                pool.give(self.pieces.pop_front().expect("just seen"));
            }
        }
    }

    /// Gives all pieces back, sent or not.
    pub(crate) fn clear(&mut self, pool: &mut Pool) {
        for piece in self.pieces.drain(..) {
            pool.give(piece);
        }
    }
}

/// Completions of cancellations carry this; nobody waits for them.
const IGNORED: u64 = u64::MAX;

impl<T: Copy> Ring<T> {
    /// To be called on the thread that will use the ring: it belongs to it from here on.
    pub(crate) fn new() -> Result<Self, RingError> {
        let uring = IoUring::builder()
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_coop_taskrun()
            .setup_taskrun_flag()
            .setup_submit_all()
            .build(RING_ENTRIES)
            .map_err(RingError::from_setup)?;
        Ok(Self { uring, in_flight: Slots::default(), backlog: VecDeque::new() })
    }

    /// Submits what was queued and waits for at least one completion.
    pub(crate) fn turn(&mut self) -> Result<(), RingError> {
        self.flush_backlog();
        match self.uring.submit_and_wait(1) {
            Ok(_) => Ok(()),
            // EBUSY: completions must be taken first, which the caller does next.
            Err(error) if is_passing(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The next completion of this turn.
    pub(crate) fn next_completion(&mut self) -> Option<Completion<T>> {
        loop {
            let entry = self.uring.completion().next()?;
            if entry.user_data() != IGNORED {
                return Some(self.complete(&entry));
            }
        }
    }

    /// Accepts until cancelled.
    pub(crate) fn accept(&mut self, listener: &Rc<OwnedFd>, token: T) -> Key {
        let entry = opcode::AcceptMulti::new(types::Fd(listener.as_raw_fd()))
            .flags(libc::SOCK_CLOEXEC)
            .build();
        self.launch(token, Some(listener), Cargo::Accept, |_| entry)
    }

    /// Receives into the buffer's spare part. `likely_empty` saves the kernel a futile first try.
    pub(crate) fn receive(
        &mut self,
        socket: &Rc<OwnedFd>,
        buffer: Buffer,
        likely_empty: bool,
        token: T,
    ) -> Key {
        assert!(buffer.room() > 0, "receiving into a full buffer would look like the end");
        let descriptor = types::Fd(socket.as_raw_fd());
        self.launch(token, Some(socket), Cargo::Receive(buffer), |cargo| {
            let Cargo::Receive(buffer) = cargo else { unreachable!("just made") };
            let spare = buffer.spare_mut();
            let length = u32::try_from(spare.len()).unwrap_or(u32::MAX);
            opcode::Recv::new(descriptor, spare.as_mut_ptr(), length)
                .ioprio(if likely_empty { POLL_FIRST } else { 0 })
                .build()
        })
    }

    /// Completes when the socket has bytes or has ended.
    pub(crate) fn poll_readable(&mut self, socket: &Rc<OwnedFd>, token: T) -> Key {
        let events = libc::POLLIN | libc::POLLRDHUP;
        let entry =
            opcode::PollAdd::new(types::Fd(socket.as_raw_fd()), u32::from(events.cast_unsigned()))
                .build();
        self.launch(token, Some(socket), Cargo::Readable, |_| entry)
    }

    /// Sends all of the batch. It completes short only if the connection breaks or is cancelled.
    pub(crate) fn send(&mut self, socket: &Rc<OwnedFd>, batch: Box<Batch>, token: T) -> Key {
        assert!(!batch.is_empty(), "nothing to send");
        let descriptor = types::Fd(socket.as_raw_fd());
        let flags = libc::MSG_WAITALL | libc::MSG_NOSIGNAL;
        self.launch(token, Some(socket), Cargo::Send(batch), |cargo| {
            let Cargo::Send(batch) = cargo else { unreachable!("just made") };
            if let [piece] = batch.pieces.make_contiguous() {
                let bytes = piece.filled();
                let length = u32::try_from(bytes.len()).expect("a buffer is far below 4 GiB");
                return opcode::Send::new(descriptor, bytes.as_ptr(), length).flags(flags).build();
            }
            for (vector, piece) in batch.vectors.iter_mut().zip(&mut batch.pieces) {
                let bytes = piece.filled_mut();
                vector.iov_base = bytes.as_mut_ptr().cast();
                vector.iov_len = bytes.len();
            }
            batch.header.msg_iov = batch.vectors.as_mut_ptr();
            batch.header.msg_iovlen = batch.pieces.len();
            opcode::SendMsg::new(descriptor, &raw const batch.header)
                .flags(flags.cast_unsigned())
                .build()
        })
    }

    pub(crate) fn connect(&mut self, socket: &Rc<OwnedFd>, address: SockAddr, token: T) -> Key {
        let descriptor = types::Fd(socket.as_raw_fd());
        let cargo = Cargo::Connect { _address: Box::new(address) };
        self.launch(token, Some(socket), cargo, |cargo| {
            let Cargo::Connect { _address: address } = cargo else { unreachable!("just made") };
            opcode::Connect::new(descriptor, address.as_ptr().cast(), address.len()).build()
        })
    }

    /// Completes after `delay`.
    pub(crate) fn alarm(&mut self, delay: Duration, token: T) -> Key {
        let cargo = Cargo::Alarm { _at: Box::new(delay.into()) };
        self.launch(token, None, cargo, |cargo| {
            let Cargo::Alarm { _at: at } = cargo else { unreachable!("just made") };
            opcode::Timeout::new(&raw const **at).build()
        })
    }

    /// Completes when another thread has written to the eventfd.
    pub(crate) fn wait_for_wake(&mut self, eventfd: &Rc<OwnedFd>, token: T) -> Key {
        let descriptor = types::Fd(eventfd.as_raw_fd());
        let cargo = Cargo::Wake { _count: Box::new(0) };
        self.launch(token, Some(eventfd), cargo, |cargo| {
            let Cargo::Wake { _count: count } = cargo else { unreachable!("just made") };
            opcode::Read::new(descriptor, (&raw mut **count).cast(), 8).build()
        })
    }

    /// fdatasync.
    pub(crate) fn sync(&mut self, file: &Rc<OwnedFd>, token: T) -> Key {
        let entry = opcode::Fsync::new(types::Fd(file.as_raw_fd()))
            .flags(types::FsyncFlags::DATASYNC)
            .build();
        self.launch(token, Some(file), Cargo::Sync, |_| entry)
    }

    /// Asks for the operation's early end; it completes all the same.
    pub(crate) fn cancel(&mut self, operation: Key) {
        if self.in_flight.borrow(operation).is_some() {
            self.push(opcode::AsyncCancel::new(operation.to_bits()).build().user_data(IGNORED));
        }
    }

    fn launch(
        &mut self,
        token: T,
        file: Option<&Rc<OwnedFd>>,
        cargo: Cargo,
        entry: impl FnOnce(&mut Cargo) -> squeue::Entry,
    ) -> Key {
        let key = self.in_flight.insert(Flight { token, _file: file.cloned(), cargo });
        let flight = self.in_flight.borrow_mut(key).expect("just inserted");
        // Pointers are taken here, where the cargo stays until it completes: it owns its bytes on the
        // heap, so the arena may grow meanwhile.
        let entry = entry(&mut flight.cargo).user_data(key.to_bits());
        self.push(entry);
        key
    }

    fn push(&mut self, entry: squeue::Entry) {
        if !self.backlog.is_empty() || !self.try_push(&entry) {
            self.backlog.push_back(entry);
        }
    }

    fn flush_backlog(&mut self) {
        while let Some(entry) = self.backlog.pop_front() {
            if !self.try_push(&entry) {
                self.backlog.push_front(entry);
                return;
            }
        }
    }

    fn try_push(&mut self, entry: &squeue::Entry) -> bool {
        if self.uring.submission().is_full() {
            // An error shows again, and is handled, in `turn`.
            let _ = self.uring.submit();
        }
        // SAFETY: all that the entry points to is in `in_flight` until the kernel reports the
        // operation's completion, and `in_flight` itself outlives the ring (see `drop`).
        unsafe { self.uring.submission().push(entry) }.is_ok()
    }

    fn complete(&mut self, entry: &cqueue::Entry) -> Completion<T> {
        let key = Key::from_bits(entry.user_data());
        let result = result_of(entry.result());
        let more = cqueue::more(entry.flags());
        if more {
            let flight = self.in_flight.borrow(key).expect("completions name what is in flight");
            assert!(matches!(flight.cargo, Cargo::Accept), "only accept is multishot");
            return Completion { token: flight.token, outcome: accepted(result, more) };
        }
        let flight = self.in_flight.remove(key).expect("completions name what is in flight");
        let outcome = match flight.cargo {
            Cargo::Accept => accepted(result, more),
            Cargo::Receive(mut buffer) => {
                buffer.advance(*result.as_ref().unwrap_or(&0));
                let more = cqueue::sock_nonempty(entry.flags());
                Outcome::Received { buffer, count: result, more }
            }
            Cargo::Send(batch) => Outcome::Sent { batch, count: result },
            Cargo::Connect { .. } => Outcome::Connected(result.map(drop)),
            Cargo::Alarm { .. } => Outcome::Alarm,
            Cargo::Wake { .. } => Outcome::Woken,
            Cargo::Readable => Outcome::Readable(result.map(drop)),
            Cargo::Sync => Outcome::Synced(result.map(drop)),
        };
        Completion { token: flight.token, outcome }
    }

    /// Cancels everything and waits until the kernel has let go of it.
    fn settle(&mut self) {
        let operations: Vec<Key> = self.in_flight.keys().collect();
        for operation in operations {
            self.cancel(operation);
        }
        for _ in 0..SETTLE_TURNS {
            if self.in_flight.is_empty() && self.backlog.is_empty() {
                return;
            }
            self.flush_backlog();
            let patience = types::Timespec::from(SETTLE_TURN);
            let arguments = types::SubmitArgs::new().timespec(&patience);
            // Time running out or an error: the bound on turns deals with both.
            let _ = self.uring.submitter().submit_with_args(1, &arguments);
            while let Some(completion) = self.next_completion() {
                drop(completion);
            }
        }
    }
}

impl<T: Copy> Drop for Ring<T> {
    fn drop(&mut self) {
        self.settle();
        if !self.in_flight.is_empty() {
            // The kernel may still write there: losing the memory is better than losing its safety.
            mem::forget(mem::take(&mut self.in_flight));
        }
    }
}

/// IORING_RECVSEND_POLL_FIRST.
const POLL_FIRST: u16 = 1;
const SETTLE_TURNS: usize = 100;
const SETTLE_TURN: Duration = Duration::from_millis(50);

fn accepted(result: io::Result<usize>, more: bool) -> Outcome {
    let socket = result.map(|descriptor| {
        let descriptor = i32::try_from(descriptor).expect("it was an i32");
        // SAFETY: the kernel has just made this descriptor for us, and tells nobody else of it.
        unsafe { OwnedFd::from_raw_fd(descriptor) }
    });
    Outcome::Accepted { socket, more }
}

fn result_of(result: i32) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(result.wrapping_neg()))
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINTR | libc::EAGAIN | libc::EBUSY))
}
