//! The shard's clock: read once a turn, monotonic in both of its forms.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::context::Now;

pub(crate) struct Clock {
    start: Instant,
    now: Now,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let mut clock = Self { start: Instant::now(), now: Now { monotonic_ms: 0, unix_us: 0 } };
        clock.read();
        clock
    }

    /// Moves `now` on. A wall clock that was set back is held until it has caught up.
    pub(crate) fn read(&mut self) {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unix_us = u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX);
        let monotonic_ms = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.now = Now { monotonic_ms, unix_us: unix_us.max(self.now.unix_us) };
    }

    pub(crate) fn now(&self) -> Now {
        self.now
    }
}
