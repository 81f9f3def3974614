//! What a shard counts, and how Prometheus is told.
//!
//! Counters are plain integers of one shard, published once a second and added up at scrape. No
//! label has a value that a client chooses.

use lazaret_detectors::Identifier;

use crate::context::{Counters, Side};

/// What passes through a shard's sockets.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) accepted: u64,
    pub(crate) refused: u64,
    pub(crate) handshakes: u64,
    pub(crate) handshake_failures: u64,
    pub(crate) stalled: u64,
    pub(crate) panics: u64,
    pub(crate) cancels: u64,
    pub(crate) cancels_unknown: u64,
    pub(crate) cancels_ignored: u64,
    pub(crate) client_received_bytes: u64,
    pub(crate) client_sent_bytes: u64,
    pub(crate) upstream_received_bytes: u64,
    pub(crate) upstream_sent_bytes: u64,
}

impl Traffic {
    pub(crate) fn received(&mut self, side: Side, count: usize) {
        match side {
            Side::Client => self.client_received_bytes += count as u64,
            Side::Upstream => self.upstream_received_bytes += count as u64,
        }
    }

    pub(crate) fn sent(&mut self, side: Side, count: usize) {
        match side {
            Side::Client => self.client_sent_bytes += count as u64,
            Side::Upstream => self.upstream_sent_bytes += count as u64,
        }
    }
}

/// One shard's state, once a second.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) sessions: u64,
    pub(crate) counters: Counters,
    pub(crate) traffic: Traffic,
    pub(crate) records: u64,
    pub(crate) segment_bytes_left: u64,
}
