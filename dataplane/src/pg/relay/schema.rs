//! Whether the catalog can be relied on after what the session itself changed.
//!
//! Control reads the catalog over a connection of its own, so it sees a change when that is
//! committed. Until it has been read again, what was redefined may be something else than the
//! catalog says: then everything is masked whole. The client's next statement waits for it a little.

use lazaret_sql::Kind;

use crate::limits::{CATALOG_REQUEST_MS, CATALOG_WAIT_MS};

#[derive(Default)]
pub(super) struct Schema {
    state: Freshness,
    /// What there was before may be another thing now.
    redefined: bool,
    /// Before then, no catalog is asked for because of an unknown OID.
    next_request_ms: u64,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Freshness {
    #[default]
    Fresh,
    /// Changed in a transaction that goes on.
    Changed,
    /// Asked for; statements wait until then.
    Awaited { until_ms: u64 },
    /// Asked for and not come.
    Overdue,
}

impl Schema {
    /// Whether relations that the catalog knows are what it says.
    pub(super) fn is_reliable(&self) -> bool {
        !self.redefined
    }

    /// The client's next statement should wait.
    pub(super) fn holds(&self) -> bool {
        matches!(self.state, Freshness::Awaited { .. })
    }

    pub(super) fn deadline(&self) -> Option<u64> {
        match self.state {
            Freshness::Awaited { until_ms } => Some(until_ms),
            _ => None,
        }
    }

    /// A statement of this kind has completed.
    pub(super) fn on_complete(&mut self, kind: Option<Kind>) {
        match kind {
            // A new relation is not in the catalog, which is enough to have it masked.
            Some(Kind::CreateAs) => self.state = Freshness::Changed,
            Some(Kind::Ddl | Kind::Do | Kind::Call) => {
                self.state = Freshness::Changed;
                self.redefined = true;
            }
            _ => {}
        }
    }

    /// The transaction is over. True: the catalog should be read again.
    pub(super) fn on_idle(&mut self, now_ms: u64) -> bool {
        let changed = self.state == Freshness::Changed;
        if changed {
            self.state = Freshness::Awaited { until_ms: now_ms + CATALOG_WAIT_MS };
        }
        changed
    }

    /// A relation turned up that the catalog doesn't have. True: it should be read again.
    pub(super) fn on_unknown(&mut self, now_ms: u64) -> bool {
        let due = self.state == Freshness::Fresh && now_ms >= self.next_request_ms;
        if due {
            self.next_request_ms = now_ms + CATALOG_REQUEST_MS;
        }
        due
    }

    pub(super) fn on_refreshed(&mut self) {
        if matches!(self.state, Freshness::Awaited { .. } | Freshness::Overdue) {
            self.state = Freshness::Fresh;
            self.redefined = false;
        }
    }

    pub(super) fn on_deadline(&mut self, now_ms: u64) {
        if self.deadline().is_some_and(|until_ms| now_ms >= until_ms) {
            self.state = Freshness::Overdue;
        }
    }
}
