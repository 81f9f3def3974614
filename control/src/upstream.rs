//! Whether the upstream is there: asked every few seconds, told once when it goes and once when it is back.
//!
//! The gateway stays ready while it is away. Every gateway in front of one server would be taken out of a
//! balancer at the same moment, and clients would lose the error that says what is wrong.

use std::time::Duration;

use lazaret_upstream::{CatalogReader, UpstreamError};
use tokio::time::{Instant, sleep};

use crate::health::Health;
use crate::limits::{UPSTREAM_PROBE, UPSTREAM_PROBE_AWAY};

/// Asks for ever, with a session of the service user's in `database`.
pub(crate) async fn watch(
    reader: CatalogReader,
    resource: String,
    database: String,
    health: std::sync::Arc<Health>,
) {
    let mut spell = Spell::default();
    loop {
        let outage = reader.reach(&database).await.err().filter(UpstreamError::is_outage);
        health.set_upstream(&resource, outage.is_none());
        match spell.turn(outage.is_some(), Instant::now()) {
            Some(Turn::Away) => {
                let error = outage.map(|error| format!("{error}; {}", error.mend()));
                let error = error.unwrap_or_default();
                tracing::warn!(
                    resource,
                    error,
                    "the upstream is away: sessions that begin are refused"
                );
            }
            Some(Turn::Back { after }) => {
                tracing::info!(resource, after_s = after.as_secs(), "the upstream is back");
            }
            None => {}
        }
        sleep(if spell.is_away() { UPSTREAM_PROBE_AWAY } else { UPSTREAM_PROBE }).await;
    }
}

/// Since when something has been away.
#[derive(Default)]
pub(crate) struct Spell(Option<Instant>);

/// What is worth a line of the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Away,
    Back { after: Duration },
}

impl Spell {
    fn is_away(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn turn(&mut self, is_away: bool, now: Instant) -> Option<Turn> {
        match (self.0, is_away) {
            (None, true) => {
                self.0 = Some(now);
                Some(Turn::Away)
            }
            (Some(since), false) => {
                self.0 = None;
                Some(Turn::Back { after: now - since })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spell_is_told_when_it_begins_and_when_it_ends() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut spell = Spell::default();
        assert_eq!(spell.turn(false, at(0)), None);
        assert_eq!(spell.turn(true, at(10)), Some(Turn::Away));
        assert_eq!(spell.turn(true, at(12)), None);
        assert_eq!(spell.turn(true, at(14)), None);
        assert_eq!(spell.turn(false, at(17)), Some(Turn::Back { after: Duration::from_secs(7) }));
        assert_eq!(spell.turn(false, at(27)), None);
        assert_eq!(spell.turn(true, at(37)), Some(Turn::Away));
    }
}
