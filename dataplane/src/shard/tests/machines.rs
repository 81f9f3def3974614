//! Machines without a protocol.

use lazaret_audit::{Chunk, Position};
use lazaret_link::Settings;

use crate::buffer::Buffer;
use crate::context::{CancelKey, Context, Effect, Event, Now, Side};
use crate::shard::machine::Machine;

/// What a machine does with the client's bytes.
#[derive(Clone, Copy, PartialEq)]
enum Habit {
    Echo,
    /// Echo, but panic at the word.
    Panic,
    /// Echo, each time behind a record.
    Record,
    Pump,
}

struct Simple {
    habit: Habit,
    id: [u8; 16],
    upstream: bool,
    over: bool,
}

pub(super) fn echo(
    id: [u8; 16],
    _: String,
    _: bool,
    _: CancelKey,
    _: &Settings,
    _: Now,
) -> Box<dyn Machine> {
    simple(Habit::Echo, id)
}

pub(super) fn panicking(
    id: [u8; 16],
    _: String,
    _: bool,
    _: CancelKey,
    _: &Settings,
    _: Now,
) -> Box<dyn Machine> {
    simple(Habit::Panic, id)
}

pub(super) fn recording_echo(
    id: [u8; 16],
    _: String,
    _: bool,
    _: CancelKey,
    _: &Settings,
    _: Now,
) -> Box<dyn Machine> {
    simple(Habit::Record, id)
}

/// Connects upstream at the client's first bytes and passes everything on.
pub(super) fn pump(
    id: [u8; 16],
    _: String,
    _: bool,
    _: CancelKey,
    _: &Settings,
    _: Now,
) -> Box<dyn Machine> {
    simple(Habit::Pump, id)
}

fn simple(habit: Habit, id: [u8; 16]) -> Box<dyn Machine> {
    Box::new(Simple { habit, id, upstream: false, over: false })
}

impl Machine for Simple {
    fn on_bytes(&mut self, side: Side, input: &mut Buffer, context: &mut Context<'_>) {
        if self.habit == Habit::Pump && !self.upstream {
            context.effects.push(Effect::ConnectUpstream);
            self.upstream = true;
        }
        assert!(self.habit != Habit::Panic || input.filled() != b"panic", "as asked");
        let mut after = Position::default();
        if self.habit == Habit::Record {
            let bytes = input.filled().len() as u64;
            let chunk = Chunk { request: 1, rows: 0, bytes, findings: [0; 18], digest: [0; 32] };
            after = context.log.append(self.id, &chunk.into()).unwrap();
        }
        let whole = std::mem::replace(input, context.pool.take());
        match (self.habit, side) {
            (Habit::Pump, Side::Client) => context.upstream.push(whole, after),
            _ => context.client.push(whole, after),
        }
    }

    fn on_event(&mut self, event: Event, context: &mut Context<'_>) {
        match event {
            Event::UpstreamFailed(reason) => {
                context.client.write(context.pool, reason.as_bytes(), Position::default());
                self.over = true;
            }
            Event::Closed(_) | Event::Draining | Event::Revoked => self.over = true,
            _ => {}
        }
    }

    fn deadline(&self) -> Option<u64> {
        None
    }

    fn wants(&self, _side: Side) -> bool {
        !self.over
    }

    fn is_over(&self) -> bool {
        self.over
    }
}
