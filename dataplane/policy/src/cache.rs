//! Decisions made before, in bounded memory.
//!
//! Two generations: when the young one is full it becomes the old one, and what is still asked for
//! moves over. Keys are 128 bits of two keyed hashes whose keys no client knows, so that nobody can
//! make one statement pass for another.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

/// Statement shapes of a few hundred sessions; a decision takes about 200 bytes.
const GENERATION: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(u64, u64);

pub(crate) struct Cache<V> {
    hashers: (RandomState, RandomState),
    young: HashMap<Key, V>,
    old: HashMap<Key, V>,
}

impl<V: Clone> Cache<V> {
    pub(crate) fn new() -> Self {
        Self {
            hashers: (RandomState::new(), RandomState::new()),
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }

    pub(crate) fn key(&self, of: &impl Hash) -> Key {
        Key(self.hashers.0.hash_one(of), self.hashers.1.hash_one(of))
    }

    pub(crate) fn find(&mut self, key: Key) -> Option<V> {
        if let Some(value) = self.young.get(&key) {
            return Some(value.clone());
        }
        let value = self.old.remove(&key)?;
        self.insert(key, value.clone());
        Some(value)
    }

    pub(crate) fn insert(&mut self, key: Key, value: V) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut cache = Cache::new();
        let kept = cache.key(&"kept");
        cache.insert(kept, 0);
        for number in 1..5 * GENERATION {
            let key = cache.key(&number);
            cache.insert(key, number);
            assert_eq!(cache.find(kept), Some(0));
        }
        let forgotten = cache.key(&1);
        assert_eq!(cache.find(forgotten), None);
        assert!(cache.young.len() + cache.old.len() <= 2 * GENERATION);
    }
}
