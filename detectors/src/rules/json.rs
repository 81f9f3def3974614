//! JSON keys decide, too: `"family":"..."`, `"birthDate":"..."`, `"zip":2115`.
//!
//! Not a parser. What stands between quotes and before a colon is a key: it is classed by
//! [`class::by_name`], and its value covered: a string, a number, or the strings and numbers of an
//! array. Objects are left to their own keys. What is covered keeps the
//! text valid: strings become `*` inside their quotes, numbers 0.

use super::json_syntax::{number_end, string_end};
use super::{Found, Run, RunKind, ages, dates, fhir, labels, names};
use crate::Identifier;
use crate::bytes::{DIGIT, SPACE};
use crate::class::{self, Class};
use crate::events::JSON_KEY_BYTES;
use crate::finding::Cover;
use crate::window::{Candidate, Window};

/// The longest key that is looked at.
const KEY_BYTES: usize = JSON_KEY_BYTES;

/// What a key says of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Class(Class),
    /// `"name"` alone is a drug's, a clinic's or a person's.
    Name,
    /// What stands beside it tells.
    Fhir(fhir::Key),
}

/// What keys mean, remembered: a few come again and again. A slot belongs to the last key that
/// hashed to it.
pub(crate) struct Keys {
    slots: Box<[Slot]>,
}

#[derive(Clone, Copy)]
struct Slot {
    key: [u8; KEY_BYTES],
    len: u8,
    meaning: Option<Meaning>,
}

/// A power of two, so that a hash is cut by its low bits.
const SLOTS: usize = 512;

impl Default for Keys {
    fn default() -> Self {
        let empty = Slot { key: [0; KEY_BYTES], len: u8::MAX, meaning: None };
        Self { slots: vec![empty; SLOTS].into_boxed_slice() }
    }
}

impl Keys {
    #[inline]
    pub(crate) fn meaning(&mut self, key: &[u8]) -> Option<Meaning> {
        let slot = self.slots.get_mut(slot_of(key))?;
        if usize::from(slot.len) != key.len() || slot.key.get(..key.len()) != Some(key) {
            slot.len = u8::try_from(key.len()).ok()?;
            slot.key.get_mut(..key.len())?.copy_from_slice(key);
            slot.meaning = meaning_of(key);
        }
        slot.meaning
    }
}

/// The first and the last eight bytes and the length, mixed.
#[inline]
fn slot_of(key: &[u8]) -> usize {
    let (first, last) = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (key.iter().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte)), 0),
    };
    let mixed =
        (first ^ last.rotate_left(23) ^ key.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    usize::try_from(mixed >> 40).unwrap_or_default() % SLOTS
}

#[cold]
fn meaning_of(key: &[u8]) -> Option<Meaning> {
    if let Some(key) = fhir::Key::of(key) {
        return Some(Meaning::Fhir(key));
    }
    let class = std::str::from_utf8(key).ok().and_then(|key| class::by_name("", key));
    match class {
        Some(class) => Some(Meaning::Class(class)),
        None if key.eq_ignore_ascii_case(b"name") => Some(Meaning::Name),
        // FHIR's Address: keys that are no names of columns.
        None if matches!(key, b"line" | b"district") => {
            Some(Meaning::Class(Class::Direct(Identifier::Geography)))
        }
        None => None,
    }
}

/// Covers the value of a key whose closing quote is before `end`.
pub(super) fn key(w: &Window<'_>, end: usize, meaning: Meaning, found: &mut Found) {
    let colon = w.skip(end, SPACE);
    let value = w.skip(colon + 1, SPACE);
    match meaning {
        Meaning::Class(class) => covered(w, value, class, found),
        Meaning::Name => person(w, value, found),
        Meaning::Fhir(key) => fhir::key(w, end, value, key, found),
    }
}

/// Covers the value that begins at `at` as `class` says.
fn covered(w: &Window<'_>, at: usize, class: Class, found: &mut Found) {
    if w.byte(at) != b'[' {
        return scalar(w, at, class, found);
    }
    let mut next = w.skip_any(at + 1, b" \t\r\n");
    while w.byte(next) == b'"' || w.is(next, DIGIT) || w.byte(next) == b'-' {
        scalar(w, next, class, found);
        let end = match w.byte(next) {
            b'"' => string_end(w, next + 1).0 + 1,
            _ => number_end(w, next),
        };
        next = w.skip_any(end, b" \t\r\n,");
        if next == end && w.byte(next) != b']' {
            break;
        }
    }
}

fn scalar(w: &Window<'_>, at: usize, class: Class, found: &mut Found) {
    if w.byte(at) == b'"' {
        return string(w, at + 1, class, found);
    }
    let end = number_end(w, at);
    let Some(identifier) = class.identifier().filter(|_| end > at && w.is(end - 1, DIGIT)) else {
        return;
    };
    if class == Class::Age {
        found.candidates.extend(ages::age(w, at..end, "json key"));
    } else if !(class == Class::Date && dates::is_year(w, &(at..end))) {
        let candidate = w.found(identifier, at..end, 90, "json key");
        found.push(candidate.covered(Cover::JsonNumber));
    }
}

fn string(w: &Window<'_>, start: usize, class: Class, found: &mut Found) {
    let (end, goes_on) = string_end(w, start);
    let Some(identifier) = class.identifier().filter(|_| end > start) else { return };
    let whole = w.found(identifier, start..end, 90, "json key");
    let partial = match class {
        Class::Date if dates::is_year(w, &(start..end)) => return,
        Class::Date => dates::labelled(w, start),
        Class::Zip => labels::zip(w, start),
        Class::Age => {
            let digits = start..w.skip(start, DIGIT);
            found.candidates.extend(ages::age(w, digits, "json key"));
            return;
        }
        _ => None,
    };
    let exact = partial.filter(|part| (part.start, part.end) == (whole.start, whole.end));
    if let Some(part) = exact {
        found.push(Candidate { score: 90, why: "json key", ..part });
    } else if goes_on {
        let run = Run { kind: RunKind::JsonString, identifier, score: 90, why: "json key" };
        found.push_run(w, start, run, start);
    } else {
        found.push(whole);
    }
}

/// `"name"` alone is a drug's, a clinic's or a person's: covered if it reads as a person's. Capitals
/// elsewhere in the text tell nothing of how this value is written.
fn person(w: &Window<'_>, at: usize, found: &mut Found) {
    if w.byte(at) == b'"' {
        let (end, goes_on) = string_end(w, at + 1);
        let range = at + 1..end;
        if !goes_on && (names::is_name(w, &range) || names::is_small_name(w, &range)) {
            found.push(w.found(Identifier::Name, range, 55, "json key: name"));
        }
    }
}
