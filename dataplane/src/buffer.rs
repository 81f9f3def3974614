//! Buffers that the shard owns, and the queues of bytes on their way out.
//!
//! A row is received into a [`Buffer`], masked there, and sent from there: the buffer moves from
//! the receiving side into the peer's [`Outbox`], and only the start of an unfinished frame is
//! copied into the next one.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use lazaret_audit::Position;

use crate::limits::{BUFFER_BYTES, LARGE_BYTES, POOLED_BUFFERS, SEALED_BYTES};

/// Owned bytes of which `start..end` are in use.
pub(crate) struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
    /// Given back with the buffer.
    _share: Option<Share>,
}

/// What one buffer has of the memory that large ones share.
struct Share {
    bytes: usize,
    taken: Rc<Cell<usize>>,
}

impl Share {
    fn of(taken: &Rc<Cell<usize>>, bytes: usize) -> Self {
        taken.set(taken.get() + bytes);
        Self { bytes, taken: Rc::clone(taken) }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.taken.set(self.taken.get() - self.bytes);
    }
}

impl Buffer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity].into_boxed_slice(), start: 0, end: 0, _share: None }
    }

    pub(crate) fn filled(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(crate) fn filled_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.start..self.end]
    }

    /// Room behind the filled part.
    pub(crate) fn spare_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.end..]
    }

    pub(crate) fn room(&self) -> usize {
        self.bytes.len() - self.end
    }

    /// `count` bytes of the spare part have been written.
    pub(crate) fn advance(&mut self, count: usize) {
        assert!(count <= self.bytes.len() - self.end, "more bytes than room");
        self.end += count;
    }

    /// The first `count` filled bytes are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        assert!(count <= self.end - self.start, "more bytes than filled");
        self.start += count;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Moves the filled bytes to the front, so that all room is behind them.
    pub(crate) fn compact(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
    }

    /// Makes room around what is filled, by copying it.
    pub(crate) fn grow(&mut self, capacity: usize) {
        let mut larger = Self::with_capacity(capacity.max(self.capacity()));
        let filled = self.filled();
        larger.bytes[..filled.len()].copy_from_slice(filled);
        larger.end = filled.len();
        *self = larger;
    }

    /// Only the first `count` filled bytes stay.
    pub(crate) fn truncate(&mut self, count: usize) {
        assert!(count <= self.end - self.start, "more bytes than filled");
        self.end = self.start + count;
    }

    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

/// Buffers to reuse; one per shard.
#[derive(Default)]
pub(crate) struct Pool {
    free: Vec<Buffer>,
    free_for_records: Vec<Buffer>,
    /// What large buffers hold, wherever they are.
    taken: Rc<Cell<usize>>,
}

impl Pool {
    pub(crate) fn take(&mut self) -> Buffer {
        self.free.pop().unwrap_or_else(|| Buffer::with_capacity(BUFFER_BYTES))
    }

    /// One that a whole buffer fits into when sealed as TLS records.
    pub(crate) fn take_for_records(&mut self) -> Buffer {
        self.free_for_records.pop().unwrap_or_else(|| Buffer::with_capacity(SEALED_BYTES))
    }

    /// One for a message that no usual buffer holds.
    pub(crate) fn take_large(&mut self, bytes: usize) -> Buffer {
        Buffer { _share: Some(Share::of(&self.taken, bytes)), ..Buffer::with_capacity(bytes) }
    }

    /// Whether so much more may be held by large buffers.
    pub(crate) fn has_room_for(&self, bytes: usize) -> bool {
        self.taken.get().saturating_add(bytes) <= LARGE_BYTES
    }

    pub(crate) fn give(&mut self, mut buffer: Buffer) {
        let free = match buffer.capacity() {
            BUFFER_BYTES => &mut self.free,
            SEALED_BYTES => &mut self.free_for_records,
            _ => return,
        };
        if free.len() < POOLED_BUFFERS {
            buffer.start = 0;
            buffer.end = 0;
            free.push(buffer);
        }
    }
}

/// Bytes for one peer, in order. Each piece may leave once the log has become durable up to the
/// position it names.
#[derive(Default)]
pub(crate) struct Outbox {
    pieces: VecDeque<Piece>,
    bytes: usize,
}

pub(crate) struct Piece {
    pub(crate) buffer: Buffer,
    pub(crate) after: Position,
}

impl Outbox {
    /// Queues a whole buffer without copying it.
    pub(crate) fn push(&mut self, buffer: Buffer, after: Position) {
        self.bytes += buffer.filled().len();
        self.pieces.push_back(Piece { buffer, after });
    }

    /// Queues small bytes, coalescing them with the piece before.
    pub(crate) fn write(&mut self, pool: &mut Pool, mut bytes: &[u8], after: Position) {
        while !bytes.is_empty() {
            let fits = self.pieces.back_mut().filter(|piece| piece.buffer.room() > 0);
            let Some(piece) = fits else {
                self.pieces.push_back(Piece { buffer: pool.take(), after });
                continue;
            };
            piece.after = piece.after.max(after);
            let spare = piece.buffer.spare_mut();
            let count = spare.len().min(bytes.len());
            spare[..count].copy_from_slice(&bytes[..count]);
            piece.buffer.advance(count);
            self.bytes += count;
            bytes = &bytes[count..];
        }
    }

    /// The next piece that may leave.
    pub(crate) fn pop(&mut self, durable: Position) -> Option<Buffer> {
        if self.pieces.front()?.after > durable {
            return None;
        }
        let piece = self.pieces.pop_front()?;
        self.bytes -= piece.buffer.filled().len();
        Some(piece.buffer)
    }

    /// Drops everything, whether it might have left or not.
    pub(crate) fn clear(&mut self, pool: &mut Pool) {
        for piece in self.pieces.drain(..) {
            pool.give(piece.buffer);
        }
        self.bytes = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}
