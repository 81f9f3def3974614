//! What happens every second: the heartbeat, the report, and a look at each session.

use crate::context::{Event, Now, Side};
use crate::limits::{SEND_STALL_MS, TICK_MS};
use crate::mask;
use crate::metrics::Report;
use crate::shard::Shard;
use crate::shard::letters::Letter;
use crate::shard::slots::Key;

impl Shard {
    pub(super) fn tick(&mut self) {
        let Now { monotonic_ms: now_ms, unix_us } = self.clock.now();
        self.next_tick_ms = now_ms + TICK_MS;
        self.tools.scanner.keep_years_from(mask::oldest_year(unix_us));
        let sessions = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        if self.tools.journal.heartbeat(sessions).is_err() {
            tracing::error!(shard = self.index, "no heartbeat: the evidence segments are full");
        }
        if self.drain_until_ms.is_none() {
            self.listen();
        }
        if now_ms >= self.lease_until_ms {
            self.revoke();
        }
        self.sweep(now_ms);
        self.report();
    }

    /// Idle receive buffers go back to the pool; peers that take nothing are given up.
    fn sweep(&mut self, now_ms: u64) {
        let stall_ms = SEND_STALL_MS.min(self.settings.idle_timeout_ms);
        let deadline_passed = self.drain_until_ms.is_some_and(|at| at <= now_ms);
        let keys: Vec<Key> = self.slots.keys().collect();
        for key in keys {
            let Some(slot) = self.slots.borrow_mut(key) else { continue };
            let mut stalled = false;
            for side in [Side::Client, Side::Upstream] {
                let Some(wire) = slot.wire_mut(side) else { continue };
                wire.rest(now_ms, &mut self.ring);
                let since_ms = wire.stalled_since_ms();
                if since_ms.is_some_and(|since_ms| now_ms.saturating_sub(since_ms) >= stall_ms) {
                    wire.break_off();
                    stalled = true;
                }
            }
            if stalled {
                self.tools.traffic.stalled += 1;
                self.mark(key);
            }
            if deadline_passed {
                self.expel(key);
            }
        }
    }

    /// The time to drain is over: the session is told, and its connections are cut a second later.
    fn expel(&mut self, key: Key) {
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        if slot.expelled {
            for side in [Side::Client, Side::Upstream] {
                if let Some(wire) = slot.wire_mut(side) {
                    wire.break_off();
                }
            }
            self.give_up_connecting(key);
        } else {
            slot.expelled = true;
            self.raise(key, Event::Drained);
        }
        self.mark(key);
    }

    pub(super) fn report(&mut self) {
        let report = Report {
            sessions: self.slots.len() as u64,
            counters: self.tools.counters.clone(),
            traffic: self.tools.traffic.clone(),
            records: self.tools.journal.records(),
            segment_free_bytes: self.tools.journal.remaining(),
        };
        self.tell(Letter::Report(Box::new(report)));
    }

    /// Ends the log once the last session has, and says so.
    pub(super) fn finish_when_drained(&mut self) {
        if self.drain_until_ms.is_none() || !self.slots.is_empty() || self.ended {
            return;
        }
        self.tools.journal.finish();
        if self.tools.journal.is_settled() {
            self.ended = true;
            self.report_segments();
            self.report();
        }
    }

    pub(super) fn is_done(&self) -> bool {
        self.ended && self.unsent.is_empty()
    }
}
