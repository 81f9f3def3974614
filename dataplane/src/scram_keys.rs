//! Salted passwords that this shard derived, so that a login does not cost PBKDF2 each time.

use std::collections::VecDeque;

/// The upstream's service user has one salt at a time; a few more are kept for servers behind one
/// address and for user names that are passed through.
const KEPT: usize = 8;

/// SaltedPassword of RFC 5802 by user, salt and iteration count, the oldest forgotten first. It has
/// no Debug: what it holds is as good as the password.
#[derive(Default)]
pub(crate) struct ScramKeys {
    kept: VecDeque<(Derivation, [u8; 32])>,
}

/// What a salted password was derived from, beside the password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Derivation {
    pub(crate) user: String,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
}

impl ScramKeys {
    pub(crate) fn find(&self, derivation: &Derivation) -> Option<[u8; 32]> {
        self.kept.iter().find(|(kept, _)| kept == derivation).map(|(_, key)| *key)
    }

    pub(crate) fn keep(&mut self, derivation: Derivation, key: [u8; 32]) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((derivation, key));
    }

    /// The upstream refused the login: its password may have changed.
    pub(crate) fn forget(&mut self, derivation: &Derivation) {
        self.kept.retain(|(kept, _)| kept != derivation);
    }
}
