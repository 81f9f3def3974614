//! Machines without a protocol.

use lazaret_audit::{Chunk, Position};
use lazaret_link::Settings;

use crate::buffer::Buffer;
use crate::context::{Arrival, CancelKey, Context, Effect, Event, Now, Side};
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
    /// Says its cancel key when asked with an empty line, routes any other line as a cancel key.
    Keys,
}

struct Simple {
    habit: Habit,
    id: [u8; 16],
    cancel: CancelKey,
    upstream: bool,
    over: bool,
}

pub(super) fn echo(arrival: Arrival, _: &Settings, _: Now) -> Box<dyn Machine> {
    simple(Habit::Echo, arrival)
}

pub(super) fn panicking(arrival: Arrival, _: &Settings, _: Now) -> Box<dyn Machine> {
    simple(Habit::Panic, arrival)
}

pub(super) fn recording_echo(arrival: Arrival, _: &Settings, _: Now) -> Box<dyn Machine> {
    simple(Habit::Record, arrival)
}

/// Connects upstream at the client's first bytes and passes everything on.
pub(super) fn pump(arrival: Arrival, _: &Settings, _: Now) -> Box<dyn Machine> {
    simple(Habit::Pump, arrival)
}

pub(super) fn keys(arrival: Arrival, _: &Settings, _: Now) -> Box<dyn Machine> {
    simple(Habit::Keys, arrival)
}

fn simple(habit: Habit, arrival: Arrival) -> Box<dyn Machine> {
    let Arrival { id, cancel, .. } = arrival;
    Box::new(Simple { habit, id, cancel, upstream: false, over: false })
}

impl Simple {
    fn talk_of_keys(&self, input: &mut Buffer, context: &mut Context<'_>) {
        let line = input.filled().to_vec();
        input.truncate(0);
        if let Some((process_id, secret)) = line.split_first_chunk() {
            let process_id = u32::from_be_bytes(*process_id);
            let key = CancelKey { process_id, secret: secret.to_vec() };
            context.effects.push(Effect::RouteCancel(key));
        } else {
            let key = [&self.cancel.process_id.to_be_bytes()[..], &self.cancel.secret].concat();
            context.client.write(context.pool, &key, Position::default());
        }
    }
}

impl Machine for Simple {
    fn on_bytes(&mut self, side: Side, input: &mut Buffer, context: &mut Context<'_>) {
        if self.habit == Habit::Keys {
            return self.talk_of_keys(input, context);
        }
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
            Event::CancelEnded => {
                context.client.write(context.pool, b"ended", Position::default());
            }
            Event::CancelRequested(_) => {
                context.client.write(context.pool, b"cancelled", Position::default());
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

    fn answers_to(&self, key: &CancelKey) -> bool {
        self.cancel == *key
    }
}
