//! Deadlines of a shard's sessions.
//!
//! A session's deadline mostly moves later (each byte moves an idle timeout), so a deadline that
//! moved later stays where it was armed and is looked at again when that time comes. Pure.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::shard::slots::Key;

/// What a slot remembers of its place here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Armed(Option<u64>);

#[derive(Default)]
pub(crate) struct Timers {
    heap: BinaryHeap<Reverse<(u64, u64)>>,
}

impl Timers {
    /// Sees to it that `key` comes out at `due_ms` or before.
    pub(crate) fn arm(&mut self, key: Key, armed: &mut Armed, due_ms: Option<u64>) {
        let Some(due_ms) = due_ms else { return };
        if armed.0.is_none_or(|at| due_ms < at) {
            armed.0 = Some(due_ms);
            self.heap.push(Reverse((due_ms, key.to_bits())));
        }
    }

    /// The next time at which something may be due.
    pub(crate) fn next_ms(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse((at, _))| *at)
    }

    /// Takes one entry that has come; the caller asks [`Armed::fired`] whether it still counts.
    pub(crate) fn pop(&mut self, now_ms: u64) -> Option<(u64, Key)> {
        let Reverse((at, _)) = *self.heap.peek()?;
        if at > now_ms {
            return None;
        }
        self.heap.pop().map(|Reverse((at, key))| (at, Key::from_bits(key)))
    }
}

impl Armed {
    /// Whether the entry of `at_ms` is the one this slot waits for; if so it is disarmed.
    pub(crate) fn fired(&mut self, at_ms: u64) -> bool {
        let counts = self.0 == Some(at_ms);
        if counts {
            self.0 = None;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(bits: u64) -> Key {
        Key::from_bits(bits)
    }

    #[test]
    fn a_deadline_that_moves_later_costs_no_entry() {
        let (mut timers, mut armed) = (Timers::default(), Armed::default());
        for due in 100..200 {
            timers.arm(key(1), &mut armed, Some(due));
        }
        assert_eq!(timers.next_ms(), Some(100));
        let (at, who) = timers.pop(100).expect("due");
        assert_eq!(who, key(1));
        assert!(armed.fired(at));
        assert_eq!(timers.pop(1_000), None);
    }

    #[test]
    fn a_deadline_that_moves_earlier_fires_once() {
        let (mut timers, mut armed) = (Timers::default(), Armed::default());
        timers.arm(key(7), &mut armed, Some(500));
        timers.arm(key(7), &mut armed, Some(50));
        assert_eq!(timers.pop(49), None);
        let (early, _) = timers.pop(50).expect("due");
        assert!(armed.fired(early));
        let (late, _) = timers.pop(500).expect("the stale entry");
        assert!(!armed.fired(late));
    }
}
