//! The PostgreSQL session machine, sans-io.
//!
//! Contract with the shard loop: bytes that arrived on a side are put into that side's buffer and
//! handed to [`Session::on_bytes`], which consumes whole messages, leaves the start of an
//! unfinished one, and may take the buffer away into the peer's outbox and leave a fresh one. All else
//! comes through [`Session::on_event`]. After either call the loop sends what the outboxes hold,
//! carries out the effects, and sets a timer for [`Session::deadline`].

mod scram_keys;

pub(crate) use scram_keys::ScramKeys;

use lazaret_link::Settings;

use crate::buffer::Buffer;
use crate::context::{CancelKey, Context, Event, Now, Side};

/// One client connection and, once admitted, its upstream connection.
pub(crate) struct Session {}

impl Session {
    /// A connection was accepted. `secure` is true on a Unix socket, which needs no TLS. `cancel` comes
    /// with 32 random bytes; the session cuts them to what the client's protocol has room for.
    pub(crate) fn new(
        id: [u8; 16],
        client_address: String,
        secure: bool,
        cancel: CancelKey,
        settings: &Settings,
        now: Now,
    ) -> Self {
        let _ = (id, client_address, secure, cancel, settings, now);
        todo!()
    }

    pub(crate) fn on_bytes(&mut self, side: Side, input: &mut Buffer, context: &mut Context<'_>) {
        let _ = (side, input, context);
        todo!()
    }

    pub(crate) fn on_event(&mut self, event: Event, context: &mut Context<'_>) {
        let _ = (event, context);
        todo!()
    }

    /// Monotonic milliseconds at which `Event::Deadline` is due.
    pub(crate) fn deadline(&self) -> Option<u64> {
        todo!()
    }

    /// Whether bytes from this side would be used now. False is backpressure; the loop also stops
    /// reading a side while the peer's outbox is over its limit.
    pub(crate) fn wants(&self, side: Side) -> bool {
        let _ = side;
        todo!()
    }

    /// The session is over: both sides may be dropped once their outboxes are empty.
    pub(crate) fn is_over(&self) -> bool {
        todo!()
    }

    /// Whether a CancelRequest with this key is for this session; compared in constant time.
    pub(crate) fn answers_to(&self, key: &CancelKey) -> bool {
        let _ = key;
        todo!()
    }

    /// The grant, once admitted, so that the shard can revoke by it.
    pub(crate) fn grant(&self) -> Option<&str> {
        todo!()
    }

    /// The kernel accepted this many more bytes for the client.
    pub(crate) fn sent_to_client(&mut self, count: u64) {
        let _ = count;
        todo!()
    }
}
