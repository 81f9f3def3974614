//! One socket of a session: what arrived, what waits to leave, and its end.
//!
//! At most one receive and one send are in flight. A wire that has been silent holds no buffer: it
//! polls, and takes one when there is something to receive. The wire moves bytes; it never
//! looks into them.

use std::collections::VecDeque;
use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::rc::Rc;

use lazaret_audit::Position;
use socket2::SockRef;

use crate::buffer::{Buffer, Outbox, Pool};
use crate::channel::{Channel, ChannelError, Opened};
use crate::context::Side;
use crate::limits::{IDLE_BUFFER_MS, INPUT_BYTES, LINGER_MS, TLS_OVERHEAD_BYTES, TLS_RECORD_BYTES};
use crate::shard::Token;
use crate::shard::ring::{Batch, Ring};
use crate::shard::slots::Key;

pub(crate) struct Wire {
    side: Side,
    socket: Rc<OwnedFd>,
    channel: Option<Channel>,
    /// What came from the socket: plaintext, or TLS records if there is a channel. Absent while the
    /// kernel has it and while the wire is idle.
    arrived: Option<Buffer>,
    /// What the channel opened.
    opened: Option<Buffer>,
    /// The input has bytes that the session has not looked at, or wants to look at again.
    unseen: bool,
    /// `arrived` may hold a record that was not opened.
    unopened: bool,
    receiving: Receiving,
    /// Take a buffer only when there is something to receive.
    idle: bool,
    /// The last receive emptied the socket.
    likely_empty: bool,
    received_ms: u64,
    /// Bytes for the socket as they are: from before TLS, or of the handshake.
    ready: VecDeque<Buffer>,
    /// Plaintext of which the first part has been sealed.
    sealing: Option<Buffer>,
    batch: Option<Box<Batch>>,
    /// Of the session's own bytes, how many are in the batch.
    batch_plain: usize,
    sending: Option<Sending>,
    life: Life,
    /// The session has been told that this side is closed.
    pub(crate) end_told: bool,
}

#[derive(Clone, Copy)]
enum Receiving {
    No,
    Into(Key),
    Polling(Key),
    /// The peer's stream has ended.
    Ended,
}

struct Sending {
    operation: Key,
    since_ms: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    Open,
    /// What is queued is being sent; then the stream is ended.
    Closing,
    /// close_notify is queued or sent.
    Notified,
    /// Our stream has ended; the peer may take its time to end its own.
    Lingering {
        until_ms: u64,
    },
    Broken,
}

/// What `open` brought.
pub(crate) enum Heard {
    Nothing,
    Input,
    Established,
}

impl Wire {
    pub(crate) fn new(side: Side, socket: Rc<OwnedFd>, now_ms: u64) -> Self {
        Self {
            side,
            socket,
            channel: None,
            arrived: None,
            opened: None,
            unseen: false,
            unopened: false,
            receiving: Receiving::No,
            idle: true,
            likely_empty: true,
            received_ms: now_ms,
            ready: VecDeque::new(),
            sealing: None,
            batch: None,
            batch_plain: 0,
            sending: None,
            life: Life::Open,
            end_told: false,
        }
    }

    pub(crate) fn channel(&self) -> Option<&Channel> {
        self.channel.as_ref()
    }

    /// Whether the session may still be given this side's bytes.
    pub(crate) fn is_open(&self) -> bool {
        self.life == Life::Open
    }

    /// Nothing is in flight and nothing more will be.
    pub(crate) fn is_gone(&self) -> bool {
        let receiving = matches!(self.receiving, Receiving::Into(_) | Receiving::Polling(_));
        self.life == Life::Broken && !receiving && self.sending.is_none()
    }

    /// The peer has ended and the session has seen all it sent, or the connection is broken.
    pub(crate) fn has_ended(&self) -> bool {
        let drained = !self.unseen && !self.unopened;
        self.life == Life::Broken || matches!(self.receiving, Receiving::Ended) && drained
    }

    pub(crate) fn linger_until_ms(&self) -> Option<u64> {
        match self.life {
            Life::Lingering { until_ms } => Some(until_ms),
            _ => None,
        }
    }

    /// The send under way has waited for the peer since then.
    pub(crate) fn stalled_since_ms(&self) -> Option<u64> {
        self.sending.as_ref().map(|sending| sending.since_ms)
    }

    /// Bytes taken from the outbox that the kernel has not accepted.
    pub(crate) fn unsent(&self) -> usize {
        let sealing = self.sealing.as_ref().map_or(0, |piece| piece.filled().len());
        self.batch_plain + sealing
    }

    // --- receiving

    /// Keeps a receive, or a poll if the wire is idle, in flight. Errs if the session let an
    /// unfinished message grow beyond every limit.
    pub(crate) fn receive(
        &mut self,
        key: Key,
        ring: &mut Ring<Token>,
        pool: &mut Pool,
    ) -> Result<(), &'static str> {
        if !matches!(self.receiving, Receiving::No) || self.life == Life::Broken {
            return Ok(());
        }
        if self.idle && self.arrived.is_none() {
            let token = Token::Readable(key, self.side);
            self.receiving = Receiving::Polling(ring.poll_readable(&self.socket, token));
            return Ok(());
        }
        let mut buffer = self.arrived.take().unwrap_or_else(|| pool.take());
        make_room(&mut buffer, 1)?;
        let token = Token::Receive(key, self.side);
        let operation = ring.receive(&self.socket, buffer, self.likely_empty, token);
        self.receiving = Receiving::Into(operation);
        Ok(())
    }

    /// A receive has completed.
    pub(crate) fn received(
        &mut self,
        mut buffer: Buffer,
        count: &io::Result<usize>,
        more: bool,
        now_ms: u64,
        pool: &mut Pool,
    ) {
        self.receiving = Receiving::No;
        self.likely_empty = !more;
        match count {
            Ok(0) => self.receiving = Receiving::Ended,
            Ok(_) => self.received_ms = now_ms,
            Err(error) if is_passing(error) => {}
            Err(_) => self.break_off(),
        }
        if !matches!(self.life, Life::Open) {
            buffer.truncate(0);
        }
        if buffer.filled().is_empty() {
            pool.give(buffer);
        } else {
            let new = matches!(count, Ok(1..));
            self.unseen |= new && self.channel.is_none();
            self.unopened |= new && self.channel.is_some();
            self.arrived = Some(buffer);
        }
        if matches!(self.receiving, Receiving::Ended) && matches!(self.life, Life::Lingering { .. })
        {
            self.break_off();
        }
    }

    /// A poll has completed.
    pub(crate) fn readable(&mut self, result: &io::Result<()>) {
        self.receiving = Receiving::No;
        match result {
            Ok(()) => {
                self.idle = false;
                self.likely_empty = false;
            }
            Err(error) if is_passing(error) => {}
            Err(_) => self.break_off(),
        }
    }

    /// Gives the buffer of a receive that has waited for long back to the pool.
    pub(crate) fn rest(&mut self, now_ms: u64, ring: &mut Ring<Token>) {
        let Receiving::Into(operation) = self.receiving else { return };
        if !self.idle && now_ms.saturating_sub(self.received_ms) >= IDLE_BUFFER_MS {
            self.idle = true;
            ring.cancel(operation);
        }
    }

    /// Opens records, if this side speaks TLS. The session's input is then in `input`.
    pub(crate) fn open(&mut self, pool: &mut Pool) -> Result<Heard, ChannelError> {
        while self.unopened {
            match self.open_some(pool)? {
                None => break,
                Some(Opened::Starved) => self.unopened = false,
                Some(Opened::Full) => break,
                Some(Opened::Established) => return Ok(Heard::Established),
                Some(Opened::Ended) => {
                    self.unopened = false;
                    self.end_of_stream(pool);
                }
            }
        }
        Ok(if self.unseen { Heard::Input } else { Heard::Nothing })
    }

    /// The session's input, if there is any it should look at. Put it back with `return_input`.
    pub(crate) fn take_input(&mut self) -> Option<Buffer> {
        if !self.unseen {
            return None;
        }
        self.unseen = false;
        self.input_place().take()
    }

    /// `again` if the session stopped because it did not want more for now.
    pub(crate) fn return_input(&mut self, buffer: Buffer, again: bool, pool: &mut Pool) {
        self.unseen |= again && !buffer.filled().is_empty();
        put_back(self.input_place(), buffer, pool);
    }

    /// The session wants to look at what it left.
    pub(crate) fn look_again(&mut self) {
        self.unseen |= self.input_place().is_some();
    }

    // --- TLS

    /// From here on this side speaks TLS. What the session queued leaves in the clear before.
    /// Errs if the peer has sent something in the clear that it should have sent under TLS.
    pub(crate) fn secure(
        &mut self,
        channel: Channel,
        direct: bool,
        outbox: &mut Outbox,
    ) -> Result<(), &'static str> {
        if !direct && self.arrived.is_some() {
            return Err("bytes in the clear behind a request for TLS");
        }
        while let Some(piece) = outbox.pop(EVERYTHING) {
            self.ready.push_back(piece);
        }
        self.channel = Some(channel);
        self.unseen = false;
        self.unopened = true;
        Ok(())
    }

    // --- sending

    /// Starts a send if none is under way and something may leave.
    pub(crate) fn send(
        &mut self,
        key: Key,
        outbox: &mut Outbox,
        durable: Position,
        now_ms: u64,
        ring: &mut Ring<Token>,
        pool: &mut Pool,
    ) -> Result<(), ChannelError> {
        if self.sending.is_some() || matches!(self.life, Life::Broken | Life::Lingering { .. }) {
            return Ok(());
        }
        let mut batch = self.batch.take().unwrap_or_else(Batch::new);
        let filled = self.fill(&mut batch, outbox, durable, pool);
        if batch.is_empty() {
            self.batch = Some(batch);
        } else {
            let operation = ring.send(&self.socket, batch, Token::Send(key, self.side));
            self.sending = Some(Sending { operation, since_ms: now_ms });
        }
        filled
    }

    /// A send has completed. Tells how many of the session's bytes the kernel took.
    pub(crate) fn sent(
        &mut self,
        mut batch: Box<Batch>,
        count: &io::Result<usize>,
        pool: &mut Pool,
    ) -> u64 {
        self.sending = None;
        let count = *count.as_ref().unwrap_or(&0);
        batch.consume(count, pool);
        let whole = batch.is_empty();
        let plain = match (&self.channel, whole) {
            (_, true) => self.batch_plain,
            (None, false) => self.batch_plain.min(count),
            // Which part of a broken record counts can't be told.
            (Some(_), false) => 0,
        };
        self.batch_plain = 0;
        if !whole {
            // Only a broken connection sends short.
            batch.clear(pool);
            self.break_off();
        }
        self.batch = Some(batch);
        plain as u64
    }

    // --- ending

    /// Sends what is queued, then ends the stream.
    pub(crate) fn close(&mut self) {
        if self.life == Life::Open {
            self.life = Life::Closing;
        }
    }

    /// TLS failed: what it has to say about that is sent, nothing else.
    pub(crate) fn fail(&mut self) {
        if matches!(self.life, Life::Open | Life::Closing) {
            self.life = Life::Notified;
        }
        self.unseen = false;
        self.unopened = false;
        self.sealing = None;
    }

    /// Moves the end on as far as it can go now. True if it moved.
    pub(crate) fn settle(&mut self, outbox: &Outbox, now_ms: u64, pool: &mut Pool) -> bool {
        let idle = self.sending.is_none()
            && outbox.is_empty()
            && self.ready.is_empty()
            && self.sealing.is_none();
        match self.life {
            Life::Closing if idle => {
                self.life = Life::Notified;
                self.queue_close_notify(pool);
                true
            }
            Life::Notified if idle => {
                // It may have gone already.
                let _ = SockRef::from(&*self.socket).shutdown(Shutdown::Write);
                self.life = Life::Lingering { until_ms: now_ms + LINGER_MS };
                self.drop_input(pool);
                if matches!(self.receiving, Receiving::Ended) {
                    self.break_off();
                }
                true
            }
            Life::Lingering { until_ms } if until_ms <= now_ms => {
                self.break_off();
                true
            }
            _ => false,
        }
    }

    /// Ends both directions at once. Operations in flight complete soon.
    pub(crate) fn break_off(&mut self) {
        if self.life != Life::Broken {
            self.life = Life::Broken;
            self.unseen = false;
            self.unopened = false;
            // It may have gone already.
            let _ = SockRef::from(&*self.socket).shutdown(Shutdown::Both);
        }
    }

    /// A shutdown ends all but a poll that has not looked yet; so cancel what is in flight.
    pub(crate) fn cancel(&mut self, ring: &mut Ring<Token>) {
        if let Receiving::Into(operation) | Receiving::Polling(operation) = self.receiving {
            ring.cancel(operation);
        }
        if let Some(sending) = &self.sending {
            ring.cancel(sending.operation);
        }
    }

    /// Our own stream has ended: nothing more will leave.
    pub(crate) fn is_closed(&self) -> bool {
        matches!(self.life, Life::Lingering { .. } | Life::Broken)
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.life == Life::Broken
    }

    /// Gives all buffers back.
    pub(crate) fn release(mut self, pool: &mut Pool) {
        self.drop_input(pool);
        for buffer in self.ready.drain(..).chain(self.sealing.take()) {
            pool.give(buffer);
        }
        if let Some(mut batch) = self.batch.take() {
            batch.clear(pool);
        }
    }

    /// Opens what fits. `None` without TLS.
    fn open_some(&mut self, pool: &mut Pool) -> Result<Option<Opened>, ChannelError> {
        let Some(channel) = &mut self.channel else { return Ok(None) };
        let mut records = self.arrived.take().unwrap_or_else(|| Buffer::with_capacity(0));
        let mut plain = self.opened.take().unwrap_or_else(|| pool.take());
        // A session that leaves more than its limits allow gets no more, and runs into its timeout.
        let _ = make_room(&mut plain, TLS_RECORD_BYTES);
        let before = plain.filled().len();
        let opened = channel.open(&mut records, &mut plain, &mut self.ready, pool);
        self.unseen |= plain.filled().len() > before;
        put_back(&mut self.opened, plain, pool);
        put_back(&mut self.arrived, records, pool);
        opened.map(Some)
    }

    fn input_place(&mut self) -> &mut Option<Buffer> {
        if self.channel.is_some() { &mut self.opened } else { &mut self.arrived }
    }

    fn end_of_stream(&mut self, pool: &mut Pool) {
        if let Some(rest) = self.arrived.take() {
            pool.give(rest);
        }
        if matches!(self.receiving, Receiving::No) {
            self.receiving = Receiving::Ended;
        }
    }

    fn drop_input(&mut self, pool: &mut Pool) {
        self.unseen = false;
        self.unopened = false;
        for buffer in self.arrived.take().into_iter().chain(self.opened.take()) {
            pool.give(buffer);
        }
    }

    fn fill(
        &mut self,
        batch: &mut Batch,
        outbox: &mut Outbox,
        durable: Position,
        pool: &mut Pool,
    ) -> Result<(), ChannelError> {
        while !batch.is_full() {
            let Some(piece) = self.ready.pop_front() else { break };
            batch.push(piece);
        }
        if !self.ready.is_empty() {
            return Ok(());
        }
        match &mut self.channel {
            None => {
                while !batch.is_full() {
                    let Some(piece) = outbox.pop(durable) else { break };
                    self.batch_plain += piece.filled().len();
                    batch.push(piece);
                }
                Ok(())
            }
            Some(channel) if channel.is_established() => seal(
                channel,
                &mut self.sealing,
                &mut self.batch_plain,
                batch,
                outbox,
                durable,
                pool,
            ),
            Some(_) => Ok(()),
        }
    }

    fn queue_close_notify(&mut self, pool: &mut Pool) {
        let Some(channel) = self.channel.as_mut().filter(|channel| channel.is_established()) else {
            return;
        };
        let mut buffer = pool.take();
        // Without it the peer sees the stream end all the same.
        let _ = channel.close(&mut buffer);
        self.ready.push_back(buffer);
    }
}

const EVERYTHING: Position = Position { sequence: u64::MAX };

/// Seals the outbox into the batch until either ends.
fn seal(
    channel: &mut Channel,
    sealing: &mut Option<Buffer>,
    batch_plain: &mut usize,
    batch: &mut Batch,
    outbox: &mut Outbox,
    durable: Position,
    pool: &mut Pool,
) -> Result<(), ChannelError> {
    while !batch.is_full() {
        let mut records = pool.take_for_records();
        while records.room() > TLS_OVERHEAD_BYTES {
            let Some(mut piece) = sealing.take().or_else(|| outbox.pop(durable)) else { break };
            let before = piece.filled().len();
            let sealed = channel.seal(&mut piece, &mut records);
            *batch_plain += before - piece.filled().len();
            put_back(sealing, piece, pool);
            sealed?;
        }
        if records.filled().is_empty() {
            pool.give(records);
            return Ok(());
        }
        batch.push(records);
    }
    Ok(())
}

fn put_back(place: &mut Option<Buffer>, buffer: Buffer, pool: &mut Pool) {
    if buffer.filled().is_empty() {
        pool.give(buffer);
    } else {
        *place = Some(buffer);
    }
}

/// Sees to `least` bytes of room behind what is filled.
fn make_room(buffer: &mut Buffer, least: usize) -> Result<(), &'static str> {
    if buffer.room() >= least {
        return Ok(());
    }
    buffer.compact();
    if buffer.room() >= least {
        return Ok(());
    }
    if buffer.capacity() >= INPUT_BYTES {
        return Err("a message is longer than any limit");
    }
    buffer.grow((buffer.capacity() * 2).max(least));
    Ok(())
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EINTR | libc::EAGAIN | libc::ECANCELED))
}
