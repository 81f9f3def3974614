//! Telling a client that there are too many.
//!
//! The answer waits for the client's first bytes: a socket closed with unread bytes resets the
//! connection, and the client would never see why. It comes in the clear, as PostgreSQL's own does.

use lazaret_audit::Position;
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::sqlstate::SqlState;

use crate::buffer::Buffer;
use crate::context::{Context, Effect, Event, Side};
use crate::shard::machine::Machine;

pub(super) struct Refusal {
    until_ms: u64,
    told: bool,
    over: bool,
}

impl Refusal {
    pub(super) fn new(until_ms: u64) -> Self {
        Self { until_ms, told: false, over: false }
    }
}

impl Machine for Refusal {
    fn on_bytes(&mut self, _side: Side, input: &mut Buffer, context: &mut Context<'_>) {
        input.truncate(0);
        if !self.told {
            self.told = true;
            let mut answer = Vec::new();
            Report::fatal(SqlState::TOO_MANY_CONNECTIONS, "sorry, too many clients already")
                .encode(&mut answer);
            context.client.write(context.pool, &answer, Position::default());
            context.effects.push(Effect::Close(Side::Client));
        }
    }

    fn on_event(&mut self, event: Event, _context: &mut Context<'_>) {
        self.over |= matches!(event, Event::Closed(_) | Event::Deadline | Event::Draining);
    }

    fn deadline(&self) -> Option<u64> {
        (!self.over).then_some(self.until_ms)
    }

    fn wants(&self, side: Side) -> bool {
        side == Side::Client && !self.over
    }

    fn is_over(&self) -> bool {
        self.over
    }
}
