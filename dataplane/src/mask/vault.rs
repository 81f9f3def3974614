//! Tokens of control's vault, as far as they are known on a shard.
//!
//! Control is asked by keyed digests and has no key, so it learns no value; what it answers is random, so it
//! tells nobody anything who hasn't control's store. A value whose token isn't known when its row is built is
//! noted, none of the rows beside it leave, and they are built again when control has answered.

use std::collections::{HashMap, HashSet};

use lazaret_link::{ValueDigest, VaultToken};

use crate::limits::TOKENS_KNOWN;

/// Those of one shard, in two generations: when the young one is full it becomes the old one.
#[derive(Default)]
pub(crate) struct TokenCache {
    young: HashMap<ValueDigest, VaultToken>,
    old: HashMap<ValueDigest, VaultToken>,
}

impl TokenCache {
    fn find(&self, digest: &ValueDigest) -> Option<VaultToken> {
        self.young.get(digest).or_else(|| self.old.get(digest)).copied()
    }

    fn keep(&mut self, digest: ValueDigest, token: VaultToken) {
        if self.young.len() >= TOKENS_KNOWN / 2 {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(digest, token);
    }
}

/// What one session asked for, until the rows that need it have been built.
#[derive(Default)]
pub(crate) struct Asked {
    /// Control has not answered.
    waits: bool,
    /// `None` where control has no token to give: the value is covered whole.
    answers: HashMap<ValueDigest, Option<VaultToken>>,
}

impl Asked {
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    pub(crate) fn ask(&mut self) {
        self.waits = true;
    }

    /// Answers stay with the session, for the shard's cache may have lost them before they are used.
    pub(crate) fn take(&mut self, answers: Vec<Answer>, cache: &mut TokenCache) {
        self.waits = false;
        for Answer { digest, token } in answers {
            if let Some(token) = token {
                cache.keep(digest, token);
            }
            self.answers.insert(digest, token);
        }
    }

    /// The rows have been built.
    pub(crate) fn forget(&mut self) {
        self.answers.clear();
    }
}

/// Control's answer for one value.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) digest: ValueDigest,
    /// `None` where there is none: control is away, or its vault is full.
    pub(crate) token: Option<VaultToken>,
}

/// What is known while rows are built.
#[derive(Clone, Copy)]
pub(crate) struct Vault<'a> {
    pub(crate) cache: &'a TokenCache,
    pub(crate) asked: &'a Asked,
}

impl Vault<'_> {
    /// The token of a value, which is noted where nobody knows.
    pub(super) fn find(
        self,
        digest: ValueDigest,
        unknown: &mut HashSet<ValueDigest>,
    ) -> Option<VaultToken> {
        if let Some(answer) = self.asked.answers.get(&digest) {
            return *answer;
        }
        let token = self.cache.find(&digest);
        if token.is_none() {
            unknown.insert(digest);
        }
        token
    }
}

#[cfg(test)]
mod tests;
