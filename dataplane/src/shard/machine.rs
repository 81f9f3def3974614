//! What the shard asks of a session machine; one implementation per protocol.
//!
//! The contract is the session's own (see `pg.rs`): bytes and events in, effects and outbox pieces
//! out. The loop never looks into the bytes. The shard's own errands (`refusal`, `cancel_upstream`)
//! are machines too.

use lazaret_link::Settings;

use crate::buffer::Buffer;
use crate::context::{Arrival, CancelKey, Context, Event, Now, Side};
use crate::pg;

pub(crate) trait Machine {
    fn on_bytes(&mut self, side: Side, input: &mut Buffer, context: &mut Context<'_>);

    fn on_event(&mut self, event: Event, context: &mut Context<'_>);

    /// Monotonic milliseconds at which `Event::Deadline` is due.
    fn deadline(&self) -> Option<u64>;

    /// Whether bytes from this side would be used now.
    fn wants(&self, side: Side) -> bool;

    /// Both sides may be closed once what is queued has left.
    fn is_over(&self) -> bool;

    /// The grant, once admitted.
    fn grant(&self) -> Option<&str> {
        None
    }

    /// The kernel accepted this many more bytes for the client.
    fn sent_to_client(&mut self, _count: u64) {}

    /// Whether a CancelRequest with this key is for this session.
    fn answers_to(&self, _key: &CancelKey) -> bool {
        false
    }
}

/// Makes the machine for a connection that was accepted.
pub(crate) type Accept = fn(Arrival, &Settings, Now) -> Box<dyn Machine>;

pub(crate) fn postgres(arrival: Arrival, settings: &Settings, now: Now) -> Box<dyn Machine> {
    Box::new(pg::Session::new(arrival, settings, now))
}

impl Machine for pg::Session {
    fn on_bytes(&mut self, side: Side, input: &mut Buffer, context: &mut Context<'_>) {
        self.on_bytes(side, input, context);
    }

    fn on_event(&mut self, event: Event, context: &mut Context<'_>) {
        self.on_event(event, context);
    }

    fn deadline(&self) -> Option<u64> {
        self.deadline()
    }

    fn wants(&self, side: Side) -> bool {
        self.wants(side)
    }

    fn is_over(&self) -> bool {
        self.is_over()
    }

    fn grant(&self) -> Option<&str> {
        self.grant()
    }

    fn sent_to_client(&mut self, count: u64) {
        self.sent_to_client(count);
    }

    fn answers_to(&self, key: &CancelKey) -> bool {
        self.answers_to(key)
    }
}

/// Stands in for a machine that panicked.
pub(super) struct Over {
    pub(super) grant: Option<String>,
}

impl Machine for Over {
    fn on_bytes(&mut self, _side: Side, input: &mut Buffer, _context: &mut Context<'_>) {
        input.truncate(0);
    }

    fn on_event(&mut self, _event: Event, _context: &mut Context<'_>) {}

    fn deadline(&self) -> Option<u64> {
        None
    }

    fn wants(&self, _side: Side) -> bool {
        false
    }

    fn is_over(&self) -> bool {
        true
    }

    fn grant(&self) -> Option<&str> {
        self.grant.as_deref()
    }
}
