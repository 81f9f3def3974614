//! When a running session must end: its grant expires, or one of the peers does nothing.

use crate::context::Now;
use crate::pg::end::End;

pub(super) struct Clock {
    expires_ms: u64,
    idle_timeout_ms: u64,
    /// When it will be looked at again whether something has happened.
    check_ms: u64,
    /// The client sent something, or took something, since the last look.
    progress: bool,
}

/// What the session is doing when it is looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Activity {
    /// Bytes wait for the client.
    Sending,
    /// The upstream works.
    Working,
    /// The client thinks.
    Waiting,
}

impl Clock {
    pub(super) fn new(expires_at_unix_ms: u64, idle_timeout_ms: u64, now: Now) -> Self {
        let left_ms = expires_at_unix_ms.saturating_sub(now.unix_us / 1000);
        Self {
            expires_ms: now.monotonic_ms.saturating_add(left_ms),
            idle_timeout_ms,
            check_ms: now.monotonic_ms.saturating_add(idle_timeout_ms),
            progress: false,
        }
    }

    pub(super) fn deadline(&self) -> u64 {
        self.expires_ms.min(self.check_ms)
    }

    pub(super) fn on_progress(&mut self) {
        self.progress = true;
    }

    /// Idleness is told within twice the timeout: nothing is done per message.
    pub(super) fn on_deadline(&mut self, activity: Activity, now: Now) -> Result<(), End> {
        if now.monotonic_ms >= self.expires_ms {
            return Err(End::Expired);
        }
        if now.monotonic_ms < self.check_ms {
            return Ok(());
        }
        let progress = std::mem::take(&mut self.progress);
        self.check_ms = now.monotonic_ms.saturating_add(self.idle_timeout_ms);
        match activity {
            Activity::Sending if !progress => Err(End::Stalled),
            Activity::Waiting if !progress => Err(End::Idle),
            _ => Ok(()),
        }
    }
}
