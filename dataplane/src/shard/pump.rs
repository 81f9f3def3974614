//! Moving one session's bytes: from its wires to its machine and back.
//!
//! Backpressure: a side is neither read nor handed over while its peer has `OUTBOX_BYTES` waiting or
//! the machine does not want it. So what a session holds is bounded however slow either peer is.

use crate::buffer::Buffer;
use crate::channel::ChannelError;
use crate::context::{Event, Side};
use crate::limits::OUTBOX_BYTES;
use crate::shard::Shard;
use crate::shard::slots::Key;
use crate::shard::wire::Heard;

impl Shard {
    /// Moves what can be moved now, in both directions.
    pub(super) fn pump(&mut self, key: Key) {
        if let Some(slot) = self.slots.borrow_mut(key) {
            slot.dirty = false;
        }
        while self.deliver(key, Side::Client) | self.deliver(key, Side::Upstream) {}
        for side in [Side::Client, Side::Upstream] {
            self.transmit(key, side);
            self.receive(key, side);
            self.settle(key, side);
        }
        self.retire(key);
    }

    /// Tells the machine something.
    pub(super) fn notify(&mut self, key: Key, event: Event) {
        let now = self.clock.now();
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        slot.call(now, &self.settings, &mut self.tools, |machine, context| {
            machine.on_event(event, context);
        });
        self.carry_out(key);
        self.mark(key);
    }

    /// Hands the machine what one side has brought. True if there may be more.
    fn deliver(&mut self, key: Key, side: Side) -> bool {
        let Some(slot) = self.slots.borrow_mut(key) else { return false };
        let wanted = slot.machine.wants(side) && slot.waiting_for(side.peer()) < OUTBOX_BYTES;
        let Some(wire) = slot.wire_mut(side).filter(|wire| wire.is_open()) else { return false };
        let shaking_hands = wire.channel().is_some_and(|channel| !channel.is_established());
        if !wanted && !shaking_hands {
            return false;
        }
        match wire.open(&mut self.tools.pool) {
            Err(error) => {
                self.channel_failed(key, side, &error);
                false
            }
            Ok(Heard::Established) => {
                self.tls_ready(key, side);
                true
            }
            Ok(Heard::Input) if wanted => {
                let input = wire.take_input();
                input.is_some_and(|input| self.hand_over(key, side, input))
            }
            Ok(Heard::Input | Heard::Nothing) => false,
        }
    }

    fn hand_over(&mut self, key: Key, side: Side, mut input: Buffer) -> bool {
        let now = self.clock.now();
        let Some(slot) = self.slots.borrow_mut(key) else { return false };
        slot.call(now, &self.settings, &mut self.tools, |machine, context| {
            machine.on_bytes(side, &mut input, context);
        });
        let again = !slot.machine.wants(side);
        match slot.wire_mut(side) {
            Some(wire) => wire.return_input(input, again, &mut self.tools.pool),
            None => self.tools.pool.give(input),
        }
        self.carry_out(key);
        true
    }

    fn tls_ready(&mut self, key: Key, side: Side) {
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let Some(channel) = slot.wire_mut(side).and_then(|wire| wire.channel()) else { return };
        let event = Event::TlsReady {
            side,
            alpn: channel.alpn(),
            description: channel.description(),
            server_end_point: match side {
                Side::Client => None,
                Side::Upstream => channel.server_end_point(),
            },
        };
        self.tools.traffic.handshakes += 1;
        self.notify(key, event);
    }

    /// TLS went wrong. The peer is sent the alert, and nothing else.
    pub(super) fn channel_failed(&mut self, key: Key, side: Side, error: &ChannelError) {
        tracing::debug!(shard = self.index, ?side, %error, "TLS failed");
        self.tools.traffic.handshake_failures += 1;
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let (Some(wire), outbox) = slot.sender_mut(side) else { return };
        let was_established = wire.channel().is_some_and(|channel| channel.is_established());
        outbox.clear(&mut self.tools.pool);
        wire.fail();
        if side == Side::Upstream && !was_established {
            wire.end_told = true;
            self.raise(
                key,
                Event::UpstreamFailed(format!("TLS with the upstream failed: {error}")),
            );
        }
    }

    fn transmit(&mut self, key: Key, side: Side) {
        let now_ms = self.clock.now().monotonic_ms;
        let durable = self.tools.journal.durable();
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let (wire, outbox) = slot.sender_mut(side);
        let Some(wire) = wire else { return };
        let pool = &mut self.tools.pool;
        let sent = wire.send(key, outbox, durable, now_ms, &mut self.ring, pool);
        let waits = !outbox.is_empty() && wire.stalled_since_ms().is_none();
        if waits && !slot.undurable {
            slot.undurable = true;
            self.undurable.push(key);
        }
        if let Err(error) = sent {
            self.channel_failed(key, side, &error);
        }
    }

    fn receive(&mut self, key: Key, side: Side) {
        // What little room the log has left is for ending what runs.
        let held = side == Side::Upstream && self.tools.journal.is_low();
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let wanted = slot.machine.wants(side) && slot.waiting_for(side.peer()) < OUTBOX_BYTES;
        let Some(wire) = slot.wire_mut(side) else { return };
        let shaking_hands = wire.channel().is_some_and(|channel| !channel.is_established());
        let closing = !wire.is_open();
        if !(wanted && !held || shaking_hands || closing) {
            return;
        }
        if let Err(error) = wire.receive(key, &mut self.ring, &mut self.tools.pool) {
            tracing::warn!(shard = self.index, ?side, error, "connection broken off");
            wire.break_off();
        }
    }

    /// Moves one side's end on.
    fn settle(&mut self, key: Key, side: Side) {
        let now_ms = self.clock.now().monotonic_ms;
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let over = slot.machine.is_over();
        let (Some(wire), outbox) = slot.sender_mut(side) else { return };
        if over {
            wire.close();
        }
        let moved = wire.settle(outbox, now_ms, &mut self.tools.pool);
        if wire.is_broken() {
            outbox.clear(&mut self.tools.pool);
            wire.cancel(&mut self.ring);
        }
        let tell = !wire.end_told && (wire.has_ended() || wire.is_closed());
        wire.end_told |= tell;
        let gone = wire.is_gone();
        if tell {
            self.raise(key, Event::Closed(side));
        }
        if gone {
            self.remove_wire(key, side);
        } else if moved {
            self.mark(key);
        }
    }

    fn remove_wire(&mut self, key: Key, side: Side) {
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let wire = match side {
            Side::Client => slot.client.take(),
            Side::Upstream => slot.upstream.take(),
        };
        if let Some(wire) = wire {
            wire.release(&mut self.tools.pool);
        }
    }

    /// Forgets a session of which nothing is left, or sets its timer.
    fn retire(&mut self, key: Key) {
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        if !slot.is_empty() {
            let due_ms = slot.due_ms();
            self.timers.arm(key, &mut slot.armed, due_ms);
        } else if self.events.iter().all(|(other, _)| *other != key) {
            self.forget(key);
        }
    }
}
