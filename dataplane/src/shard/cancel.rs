//! Cancel keys: who a CancelRequest is for, and that guessing does not pay.
//!
//! The process id says where the session is: boot (5 bits), shard (8), slot (18); it is positive,
//! since drivers print it as an int32. The secret is random. A request may reach any shard and is
//! passed on to the one it names, whose session compares it; that shard records it and counts the
//! misses of each address.

use std::collections::HashMap;

use aws_lc_rs::rand;
use lazaret_audit::Cancel;

use crate::context::{CancelKey, Errand, Event, Log};
use crate::limits::{CANCEL_MISSES, CANCEL_SOURCES, SHARDS, SLOTS};
use crate::shard::Shard;
use crate::shard::letters::ToShard;
use crate::shard::slots::Key;

const SLOT_BITS: u32 = SLOTS.trailing_zeros();
const SHARD_BITS: u32 = SHARDS.trailing_zeros();
const BOOT_BITS: u32 = 31 - SLOT_BITS - SHARD_BITS;
const WINDOW_MS: u64 = 60_000;

const _: () = assert!(SLOT_BITS + SHARD_BITS + BOOT_BITS == 31);

/// Where a process id points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) boot: u32,
    pub(super) shard: u16,
    pub(super) slot: u32,
}

impl Address {
    #[allow(clippy::cast_possible_truncation, reason = "only the boot's last bits are used")]
    pub(super) fn new(boot: u64, shard: u16, slot: u32) -> Self {
        Self { boot: boot as u32 & mask(BOOT_BITS), shard, slot }
    }

    pub(super) fn process_id(self) -> u32 {
        assert!(self.slot <= mask(SLOT_BITS), "slots are bounded");
        assert!(u32::from(self.shard) <= mask(SHARD_BITS), "shards are bounded");
        self.boot << (SLOT_BITS + SHARD_BITS) | u32::from(self.shard) << SLOT_BITS | self.slot
    }

    /// `None` for what no gateway hands out.
    pub(super) fn of(process_id: u32) -> Option<Self> {
        let shard = process_id >> SLOT_BITS & mask(SHARD_BITS);
        Some(Self {
            boot: Some(process_id >> (SLOT_BITS + SHARD_BITS)).filter(|b| *b <= mask(BOOT_BITS))?,
            shard: u16::try_from(shard).ok()?,
            slot: process_id & mask(SLOT_BITS),
        })
    }
}

/// Counts the misses of each address for a minute.
#[derive(Default)]
pub(super) struct CancelGuard {
    misses: HashMap<String, u32>,
    window_ends_ms: u64,
}

impl CancelGuard {
    /// Whether this address is still listened to.
    pub(super) fn admits(&mut self, client_address: &str, now_ms: u64) -> bool {
        if now_ms >= self.window_ends_ms {
            self.misses.clear();
            self.window_ends_ms = now_ms + WINDOW_MS;
        }
        self.misses.get(host(client_address)).is_none_or(|misses| *misses < CANCEL_MISSES)
    }

    pub(super) fn miss(&mut self, client_address: &str) {
        // Who commands so many addresses is not stopped by counting them.
        if self.misses.len() < CANCEL_SOURCES || self.misses.contains_key(host(client_address)) {
            *self.misses.entry(host(client_address).to_owned()).or_default() += 1;
        }
    }
}

impl Shard {
    /// A new session's secret.
    pub(super) fn random<const N: usize>() -> [u8; N] {
        let mut bytes = [0; N];
        rand::fill(&mut bytes).expect("the kernel has random bytes");
        bytes
    }

    /// A CancelRequest came in on this shard.
    pub(super) fn route_cancel(&mut self, from: Key, key: CancelKey, client_address: String) {
        let Some(own) = self.peers.get(usize::from(self.index)).cloned() else { return };
        let errand = Errand::new(move || {
            // A shard too busy to hear of it lets the connection time out.
            let _ = own.send(ToShard::CancelEnded { session: from });
        });
        let address = Address::of(key.process_id);
        let there = address.map_or(self.index, |address| address.shard);
        match self.peers.get(usize::from(there)).filter(|_| there != self.index) {
            None => self.cancel(&key, &client_address, errand),
            Some(peer) => {
                if peer.send(ToShard::Cancel { key, client_address, errand }).is_err() {
                    tracing::warn!(
                        shard = there,
                        "a CancelRequest was lost: the shard is too busy"
                    );
                }
            }
        }
    }

    /// A CancelRequest for a session of this shard, if it is for any.
    pub(super) fn cancel(&mut self, key: &CancelKey, client_address: &str, errand: Errand) {
        if !self.cancels.admits(client_address, self.clock.now().monotonic_ms) {
            self.tools.traffic.cancels_ignored += 1;
            return;
        }
        let found = self.find_cancelled(key);
        let session = found.and_then(|found| self.slots.borrow(found)).map(|slot| slot.id);
        let record = Cancel { client_address, found: found.is_some() };
        if self.tools.journal.append(session.unwrap_or_default(), &record.into()).is_err() {
            tracing::warn!("a CancelRequest was ignored: it could not be recorded");
            return;
        }
        match found {
            Some(found) => {
                self.tools.traffic.cancels += 1;
                self.raise(found, Event::CancelRequested(errand));
            }
            None => {
                self.tools.traffic.cancels_unknown += 1;
                self.cancels.miss(client_address);
            }
        }
    }

    fn find_cancelled(&self, key: &CancelKey) -> Option<Key> {
        let address = Address::of(key.process_id)?;
        if address != Address::new(self.settings.boot, self.index, address.slot) {
            return None;
        }
        let found = self.slots.key_at(address.slot)?;
        let matches = self.slots.borrow(found)?.machine.answers_to(key);
        matches.then_some(found)
    }
}

const fn mask(bits: u32) -> u32 {
    (1 << bits) - 1
}

/// An address without its port.
fn host(client_address: &str) -> &str {
    client_address.rsplit_once(':').map_or(client_address, |(host, _)| host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_id_leads_back_to_its_session_and_is_positive() {
        for boot in [0, 1, 31, 32, u64::MAX] {
            for shard in [0, 1, 255] {
                for slot in [0, 77, (1 << 18) - 1] {
                    let address = Address::new(boot, shard, slot);
                    let process_id = address.process_id();
                    assert_eq!(Address::of(process_id), Some(address));
                    assert!(process_id <= i32::MAX.unsigned_abs());
                }
            }
        }
        assert_eq!(Address::of(u32::MAX), None);
    }

    #[test]
    fn an_address_that_keeps_guessing_is_ignored_until_the_minute_is_over() {
        let mut guard = CancelGuard::default();
        for port in 0..CANCEL_MISSES {
            let client = format!("10.0.0.9:{port}");
            assert!(guard.admits(&client, 5));
            guard.miss(&client);
        }
        assert!(!guard.admits("10.0.0.9:1", 6));
        assert!(guard.admits("10.0.0.10:1", 6));
        assert!(guard.admits("10.0.0.9:1", 5 + WINDOW_MS));
    }
}
