//! Texts that take the parser long: a thread beside the shards reads them, and the message waits.
//!
//! The parser takes up to a microsecond a byte, so that a text of a megabyte would keep all sessions of
//! the shard waiting.

use lazaret_sql::Parsed;

use super::Relaying;
use crate::context::{Context, Effect};
use crate::limits::PARSED_ON_SHARD_BYTES;

/// What is known of the text of the client's next message.
#[derive(Default)]
pub(super) enum Reading {
    #[default]
    Nothing,
    Asked,
    Read(Box<str>, Parsed),
}

impl Reading {
    pub(super) fn waits(&self) -> bool {
        matches!(self, Self::Asked)
    }

    /// What was read of this text, once.
    pub(super) fn take(&mut self, text: &[u8]) -> Option<Parsed> {
        match std::mem::take(self) {
            Self::Read(read, parsed) if read.as_bytes() == text => Some(parsed),
            _ => None,
        }
    }
}

impl Relaying {
    /// Whether a text has been read, or is short enough to be read here. False: the message waits.
    pub(super) fn has_read(&mut self, text: &[u8], context: &mut Context<'_>) -> bool {
        if text.len() <= PARSED_ON_SHARD_BYTES {
            return true;
        }
        if matches!(&self.reading, Reading::Read(read, _) if read.as_bytes() == text) {
            return true;
        }
        // One that is no UTF-8 is refused unread.
        let Ok(text) = std::str::from_utf8(text) else { return true };
        self.reading = Reading::Asked;
        context.effects.push(Effect::Parse { text: text.into() });
        false
    }

    pub(super) fn on_parsed(&mut self, text: Box<str>, parsed: Parsed) {
        if self.reading.waits() {
            self.reading = Reading::Read(text, parsed);
        }
    }
}
