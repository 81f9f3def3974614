//! Forwarding out of the buffer that bytes arrived in.
//!
//! Messages that stay are moved up in place over those that were taken out; what is put in goes
//! into the gap, or, where there is none, ends this run: each byte is moved at most once. A run
//! that is worth it leaves with its buffer, a short one is copied behind what waits already.

use lazaret_audit::Position;

use crate::buffer::{Buffer, Outbox, Pool};
use crate::limits::MOVED_BYTES;

/// `start <= settled <= write <= read`: what is on its way lies from `start` to `write`, what has not
/// been looked at lies behind `read`.
pub(super) struct Forward<'b> {
    input: &'b mut Buffer,
    start: usize,
    /// Up to here the bytes are final and counted.
    settled: usize,
    write: usize,
    read: usize,
    /// Bytes of the frame that could not be handled yet, if it is known to need more room.
    needed: usize,
}

impl<'b> Forward<'b> {
    pub(super) fn new(input: &'b mut Buffer) -> Self {
        Self { input, start: 0, settled: 0, write: 0, read: 0, needed: 0 }
    }

    pub(super) fn unread(&self) -> &[u8] {
        &self.input.filled()[self.read..]
    }

    /// The next `len` bytes go on as they are.
    pub(super) fn keep(&mut self, len: usize) {
        let end = self.read + len;
        if self.write != self.read {
            self.input.filled_mut().copy_within(self.read..end, self.write);
        }
        self.write += len;
        self.read = end;
    }

    /// The next `len` bytes go nowhere.
    pub(super) fn skip(&mut self, len: usize) {
        self.read += len;
    }

    /// Lets `rewrite` move the next `len` bytes from `read` to `write` in its own way; it answers
    /// where they end.
    pub(super) fn rewrite<E>(
        &mut self,
        len: usize,
        rewrite: impl FnOnce(&mut [u8], usize, usize) -> Result<usize, E>,
    ) -> Result<(), E> {
        self.write = rewrite(self.input.filled_mut(), self.read, self.write)?;
        self.read += len;
        debug_assert!(self.write <= self.read, "a mask is never longer than what it replaces");
        Ok(())
    }

    /// Puts bytes of our own in, if the gap has room for them.
    pub(super) fn put(&mut self, bytes: &[u8]) -> bool {
        let end = self.write + bytes.len();
        if end > self.read {
            return false;
        }
        self.input.filled_mut()[self.write..end].copy_from_slice(bytes);
        self.write = end;
        true
    }

    /// All bytes, for the masker, whose offsets count from the first.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        self.input.filled_mut()
    }

    /// What became ready to go since the last call.
    pub(super) fn settle(&mut self) -> &[u8] {
        let settled = std::mem::replace(&mut self.settled, self.write);
        &self.input.filled()[settled..self.write]
    }

    /// Whether the buffer is large enough for a frame of `len` bytes.
    pub(super) fn holds(&self, len: usize) -> bool {
        len <= self.input.capacity()
    }

    /// The frame at the front has `len` bytes in all and is wanted in one piece.
    pub(super) fn need(&mut self, len: usize) {
        self.needed = len;
    }

    /// Sends what is ready, so that something longer than the gap may follow it.
    pub(super) fn flush(&mut self, outbox: &mut Outbox, pool: &mut Pool, after: Position) {
        outbox.write(pool, &self.input.filled()[self.start..self.write], after);
        self.start = self.read;
        self.settled = self.read;
        self.write = self.read;
    }

    /// Sends what is ready and leaves the rest at the front of a buffer with room behind it.
    pub(super) fn finish(self, outbox: &mut Outbox, pool: &mut Pool, after: Position) {
        let Self { input, start, write, read, needed, .. } = self;
        let rest = input.filled().len() - read;
        if write - start >= MOVED_BYTES {
            let mut fresh = with_room(needed.max(rest), pool);
            fresh.spare_mut()[..rest].copy_from_slice(&input.filled()[read..]);
            fresh.advance(rest);
            let mut full = std::mem::replace(input, fresh);
            full.truncate(write);
            full.consume(start);
            outbox.push(full, after);
            return;
        }
        outbox.write(pool, &input.filled()[start..write], after);
        input.consume(read);
        input.compact();
        let fits = needed <= input.capacity();
        let needless = rest == 0 && input.capacity() > crate::limits::BUFFER_BYTES;
        if !fits || needless {
            let mut other = with_room(needed, pool);
            other.spare_mut()[..rest].copy_from_slice(input.filled());
            other.advance(rest);
            pool.give(std::mem::replace(input, other));
        }
    }
}

fn with_room(bytes: usize, pool: &mut Pool) -> Buffer {
    match bytes > crate::limits::BUFFER_BYTES {
        // A TLS record more, so that there is room to open the one that ends the frame.
        true => pool.take_large(bytes + crate::limits::BUFFER_BYTES),
        false => pool.take(),
    }
}

#[cfg(test)]
mod tests {
    use lazaret_audit::Position;

    use super::Forward;
    use crate::buffer::{Buffer, Outbox, Pool};
    use crate::limits::{BUFFER_BYTES, MOVED_BYTES};

    fn buffer(bytes: &[u8]) -> Buffer {
        let mut buffer = Buffer::with_capacity(BUFFER_BYTES.max(bytes.len()));
        buffer.spare_mut()[..bytes.len()].copy_from_slice(bytes);
        buffer.advance(bytes.len());
        buffer
    }

    fn sent(outbox: &mut Outbox) -> Vec<u8> {
        let mut bytes = Vec::new();
        while let Some(piece) = outbox.pop(Position { sequence: u64::MAX }) {
            bytes.extend_from_slice(piece.filled());
        }
        bytes
    }

    #[test]
    fn what_is_kept_closes_up_over_what_is_skipped() {
        let (mut outbox, mut pool) = (Outbox::default(), Pool::default());
        let mut input = buffer(b"keepskipKEEPrest");
        let mut forward = Forward::new(&mut input);
        forward.keep(4);
        forward.skip(4);
        assert!(forward.put(b"+"));
        forward.keep(4);
        forward.finish(&mut outbox, &mut pool, Position::default());
        assert_eq!(sent(&mut outbox), b"keep+KEEP");
        assert_eq!(input.filled(), b"rest");
    }

    #[test]
    fn what_does_not_fit_into_the_gap_follows_a_flush() {
        let (mut outbox, mut pool) = (Outbox::default(), Pool::default());
        let mut input = buffer(b"oneXtwo");
        let mut forward = Forward::new(&mut input);
        forward.keep(3);
        forward.skip(1);
        assert!(!forward.put(b"longer"));
        forward.flush(&mut outbox, &mut pool, Position::default());
        outbox.write(&mut pool, b"longer", Position::default());
        forward.keep(3);
        forward.finish(&mut outbox, &mut pool, Position::default());
        assert_eq!(sent(&mut outbox), b"onelongertwo");
        assert_eq!(input.filled(), b"");
    }

    #[test]
    fn a_long_run_leaves_with_its_buffer_and_only_the_rest_is_copied() {
        let (mut outbox, mut pool) = (Outbox::default(), Pool::default());
        let mut bytes = vec![7; MOVED_BYTES];
        bytes.extend_from_slice(b"rest");
        let mut input = buffer(&bytes);
        let place = input.filled().as_ptr();
        let mut forward = Forward::new(&mut input);
        forward.keep(MOVED_BYTES);
        forward.finish(&mut outbox, &mut pool, Position::default());
        let moved = outbox.pop(Position::default()).unwrap();
        assert_eq!(moved.filled().as_ptr(), place);
        assert_eq!(input.filled(), b"rest");
    }

    #[test]
    fn a_frame_that_needs_room_gets_it_and_gives_it_back() {
        let (mut outbox, mut pool) = (Outbox::default(), Pool::default());
        let mut input = buffer(b"start of a long frame");
        let mut forward = Forward::new(&mut input);
        forward.need(3 * BUFFER_BYTES);
        forward.finish(&mut outbox, &mut pool, Position::default());
        assert_eq!(input.filled(), b"start of a long frame");
        assert!(input.room() >= 2 * BUFFER_BYTES);

        let mut forward = Forward::new(&mut input);
        forward.skip(forward.unread().len());
        forward.finish(&mut outbox, &mut pool, Position::default());
        assert_eq!(input.capacity(), BUFFER_BYTES);
    }
}
