//! Anchors that are found by a word of theirs: labels, titles, months, relations, states.
//!
//! Hyperscan finds hundreds of short literals in English at no more than 1 GB/s. A probe for each
//! word that the bitmaps show costs a multiplication and a bit: so each literal has a key word,
//! whose first eight bytes lead to it, and is then compared as a whole. What stands around it is
//! the rule's to check, as ever.

use crate::anchors::{Anchor, Rule, Tier};
use crate::bytes::{self, ALPHA, DIGIT, LOWER, is};
use crate::lexicon;

/// How many bytes of a word its key holds.
pub(crate) const KEY_BYTES: usize = 8;

/// No longer word begins as a literal's key does and is it.
const LONGEST_WORD: usize = 40;

/// Bits of the filter before the table: 4 KiB stay in the first cache.
const FILTER_BITS: u32 = 15;
const FILTER_WORDS: usize = 1 << (FILTER_BITS - 6);

/// A power of two, and several times the number of keys: a search always ends at a free one.
const SLOTS: usize = 4096;

/// Literals by their key words.
pub(crate) struct Words {
    /// Their key words, and what wakes the rules for names.
    known: Known,
    filter: Box<[u64; FILTER_WORDS]>,
    slots: Box<[Slot; SLOTS]>,
    entries: Vec<Entry>,
    suffixes: Suffixes,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    key: u64,
    first: u16,
    count: u16,
}

/// A literal, and how many bytes of it stand before its key word.
#[derive(Clone, Copy)]
struct Entry {
    anchor: u32,
    before: u8,
    len: u8,
    /// Its first eight bytes, as far as it has them, and in small letters if case is no matter:
    /// most literals have no more.
    head: u64,
    mask: u64,
    fold: u64,
}

impl Entry {
    fn new(anchor: &Anchor, id: u32, before: u8) -> Self {
        let (mask, _) = KEY_MASKS[anchor.literal.len().min(KEY_BYTES)];
        let bytes = first_bytes(&anchor.literal, 0).to_le_bytes();
        // Of letters alone one bit is their case.
        let case = |byte: u8| if is(byte, ALPHA) { b' ' } else { 0 };
        let fold = if anchor.caseless { u64::from_le_bytes(bytes.map(case)) } else { 0 };
        let head = u64::from_le_bytes(bytes) | fold;
        Self { anchor: id, before, len: anchor.len, head, mask, fold }
    }

    /// Where the literal ends if it stands at `at` of a text, whose bytes there are `bytes`.
    #[inline]
    fn end(&self, text: &[u8], anchors: &[Anchor], at: usize, bytes: u64) -> Option<usize> {
        if (bytes | self.fold) & self.mask != self.head {
            return None;
        }
        let end = at + usize::from(self.len);
        let is_known = usize::from(self.len) <= KEY_BYTES;
        (is_known || goes_on(text.get(at + KEY_BYTES..end)?, anchors.get(self.anchor as usize)?))
            .then_some(end)
    }
}

/// Whether a literal of more bytes than a key goes on so behind these.
#[inline(never)]
fn goes_on(rest: &[u8], anchor: &Anchor) -> bool {
    let known = anchor.literal.get(KEY_BYTES..).unwrap_or_default();
    if anchor.caseless { rest.eq_ignore_ascii_case(known) } else { rest == known }
}

impl Words {
    pub(crate) fn new(anchors: &[Anchor]) -> Self {
        let mut keyed = Vec::new();
        for (anchor, id) in anchors.iter().zip(0..) {
            if anchor.rule.tier() == Tier::Words {
                let (before, keys) = keys_of(anchor);
                let entry = Entry::new(anchor, id, before);
                keyed.extend(keys.into_iter().map(|key| (key, entry)));
            }
        }
        keyed.sort_by_key(|(key, entry)| (*key, entry.anchor));
        let mut words = Self {
            known: Known::of_wakes(),
            filter: Box::new([0; FILTER_WORDS]),
            slots: Box::new([Slot::default(); SLOTS]),
            entries: keyed.iter().map(|(_, entry)| *entry).collect(),
            suffixes: Suffixes::new(anchors),
        };
        let mut first = 0;
        for chunk in keyed.chunk_by(|one, other| one.0 == other.0) {
            words.insert(chunk[0].0, first, chunk.len());
            first += chunk.len();
        }
        words
    }

    /// Whether a word of this key and length may be a literal's key word, or a name by its letters
    /// alone. One probe dismisses nearly all others.
    #[inline]
    pub(crate) fn may_be_known(&self, key: u64, len: usize) -> bool {
        self.known.holds(key, len)
    }

    /// Whether a word of this key is a literal's key word; seldom yes when it is not.
    #[inline]
    pub(crate) fn may_be(&self, key: u64) -> bool {
        let hash = hash(key);
        self.filter[hash >> 6] >> (hash & 63) & 1 == 1
    }

    /// Calls `on_hit` with the anchor and the end of each literal whose key word, of this key,
    /// begins at `at`.
    pub(crate) fn at(
        &self,
        text: &[u8],
        anchors: &[Anchor],
        (at, key): (usize, u64),
        mut on_hit: impl FnMut(u32, usize),
    ) {
        let slot = self.slots[self.slot_of(key)];
        let first = usize::from(slot.first);
        let (mut before, mut bytes) = (0, first_bytes(text, at));
        for entry in self.entries.get(first..first + usize::from(slot.count)).unwrap_or_default() {
            let Some(start) = at.checked_sub(usize::from(entry.before)) else { continue };
            if before != entry.before {
                (before, bytes) = (entry.before, first_bytes(text, start));
            }
            if let Some(end) = entry.end(text, anchors, start, bytes) {
                on_hit(entry.anchor, end);
            }
        }
    }

    /// Calls `on_hit` as [`Words::at`] does, for the suffixes of streets that begin with the blank
    /// at `at`.
    #[inline]
    pub(crate) fn street_suffixes(
        &self,
        text: &[u8],
        anchors: &[Anchor],
        at: usize,
        mut on_hit: impl FnMut(u32, usize),
    ) {
        let suffixes = self.suffixes.at(text, at);
        if suffixes.is_empty() {
            return;
        }
        let head = first_bytes(text, at);
        for entry in suffixes {
            if let Some(end) = entry.end(text, anchors, at, head) {
                on_hit(entry.anchor, end);
            }
        }
    }

    fn insert(&mut self, key: u64, first: usize, count: usize) {
        let hash = hash(key);
        self.filter[hash >> 6] |= 1 << (hash & 63);
        let len = KEY_BYTES - (key.leading_zeros() / 8) as usize;
        // A longer word may go on behind its key.
        let most = if len < KEY_BYTES { len } else { LONGEST_WORD };
        (len..=most).for_each(|len| self.known.insert(key, len));
        let short = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        let index = self.slot_of(key);
        self.slots[index] = Slot { key, first: short(first), count: short(count) };
    }

    /// Where `key` is, or the free slot where it would be.
    fn slot_of(&self, key: u64) -> usize {
        let mut index = hash(key) % SLOTS;
        while self.slots[index].count != 0 && self.slots[index].key != key {
            index = (index + 1) % SLOTS;
        }
        index
    }
}

/// Whether the bytes before a word and behind it are a code's, a path's, an address's on the net,
/// a tag's, or those of a JSON key: then it is no name.
#[inline]
pub(crate) fn is_of_code(before: [u8; 2], behind: [u8; 3]) -> bool {
    let joined = match before[1] {
        b'@' | b'_' | b'#' | b'$' | b'%' | b'&' | b'<' | b'{' => true,
        b'/' | b'?' | b'!' if before[0] == b'<' => true,
        b'/' | b'.' | b'-' | b'=' => is(before[0], LOWER | DIGIT),
        _ => false,
    };
    joined
        || match behind[0] {
            b'@' | b'_' | b'=' | b'(' | b'%' => true,
            b':' if behind[1] == b':' || behind[1..] == *b"//" => true,
            b'.' | b'/' | b':' | b'\\' => is(behind[1], LOWER),
            b'"' => behind[1] == b':',
            _ => false,
        }
}

/// Words by a bit each: those that [`lexicon::wakes`] tells, and what is added. 64 KiB, which a
/// core's second cache holds.
struct Known {
    bits: Box<[u64; lexicon::WAKE_WORDS]>,
}

impl Known {
    fn of_wakes() -> Self {
        Self { bits: lexicon::wake_bits() }
    }

    fn insert(&mut self, key: u64, len: usize) {
        let (word, bit) = lexicon::place(key, len);
        self.bits[word] |= 1 << bit;
    }

    #[inline]
    fn holds(&self, key: u64, len: usize) -> bool {
        let (word, bit) = lexicon::place(key, len);
        self.bits[word] >> bit & 1 != 0
    }
}

/// The key of the word of `len` letters at `at`: its first eight bytes, in lower case if it is
/// longer than two. In the shortest the case tells `IN`, the state, from `in`.
pub(crate) fn key(text: &[u8], at: usize, len: usize) -> u64 {
    key_of(first_bytes(text, at).to_le_bytes(), len)
}

/// The same, of a word's first bytes and what follows.
#[inline]
pub(crate) fn key_of(bytes: [u8; KEY_BYTES], len: usize) -> u64 {
    let (mask, small) = KEY_MASKS[len.min(KEY_BYTES)];
    u64::from_le_bytes(bytes) & mask | small
}

/// Makes letters small.
const SMALL: u64 = 0x2020_2020_2020_2020;

/// By the length of a word: the bytes of its key, and what makes their letters small.
const KEY_MASKS: [(u64, u64); KEY_BYTES + 1] = {
    let mut masks = [(0, 0); KEY_BYTES + 1];
    let mut len = 1;
    while len <= KEY_BYTES {
        let mask = u64::MAX >> (8 * (KEY_BYTES - len));
        masks[len] = (mask, if len > 2 { mask & SMALL } else { 0 });
        len += 1;
    }
    masks
};

/// Eight bytes at `at`, the first lowest; behind the text's end they are 0.
#[inline]
fn first_bytes(text: &[u8], at: usize) -> u64 {
    bytes::first_eight(text.get(at..).unwrap_or_default())
}

#[inline]
fn hash(key: u64) -> usize {
    (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FILTER_BITS)) as usize
}

/// The keys that lead to a literal, and what of it stands before its key word.
fn keys_of(anchor: &Anchor) -> (u8, Vec<u64>) {
    let literal = &anchor.literal;
    let mut best = 0..0;
    let mut at = 0;
    while at < literal.len() {
        let end = at + literal[at..].iter().take_while(|byte| is(**byte, ALPHA)).count();
        // Of two the later: `a/c` is rarer by its second letter.
        if end - at >= best.len() {
            best = at..end;
        }
        at = end + 1;
    }
    debug_assert!(!best.is_empty(), "a literal without a word is no business of this tier");
    let word = &literal[best.clone()];
    let mut keys = Vec::new();
    for cased in casings(word, anchor.caseless) {
        keys.push(key(&cased, 0, cased.len()));
        // Labels have plurals.
        if best.end == literal.len() && matches!(anchor.rule, Rule::Label(_)) {
            let plural = [&cased[..], b"s"].concat();
            keys.push(key(&plural, 0, plural.len()));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    (u8::try_from(best.start).unwrap_or(u8::MAX), keys)
}

/// The cases that a short word may be written in. The keys of longer ones have none.
fn casings(word: &[u8], caseless: bool) -> Vec<Vec<u8>> {
    if word.len() > 2 || !caseless {
        return vec![word.to_vec()];
    }
    let count = 1 << word.len();
    let cased = |upper: usize| {
        let letter = |(at, byte): (usize, &u8)| {
            if upper >> at & 1 == 1 { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() }
        };
        word.iter().enumerate().map(letter).collect()
    };
    (0..count).map(cased).collect()
}

/// Three letters of five bits each are a bit of the filter of suffixes.
const SUFFIX_WORDS: usize = 1 << 9;

/// Suffixes of streets, told by three letters.
struct Suffixes {
    filter: Box<[u64; SUFFIX_WORDS]>,
    by_letter: [Vec<Entry>; 32],
}

impl Suffixes {
    fn new(anchors: &[Anchor]) -> Self {
        let mut suffixes =
            Self { filter: Box::new([0; SUFFIX_WORDS]), by_letter: Default::default() };
        for (anchor, id) in anchors.iter().zip(0..) {
            if let (Rule::Street, [_, word @ ..]) = (anchor.rule, &anchor.literal[..]) {
                suffixes.insert(word, Entry::new(anchor, id, 0));
            }
        }
        suffixes
    }

    fn insert(&mut self, word: &[u8], entry: Entry) {
        let code = |at: usize| word.get(at).map(|byte| letter(*byte));
        let first = code(0).unwrap_or(0);
        self.by_letter[first].push(entry);
        for second in 0..32 {
            for third in 0..32 {
                let fits = |at: usize, with: usize| code(at).is_none_or(|code| code == with);
                if fits(1, second) && fits(2, third) {
                    let bit = first << 10 | second << 5 | third;
                    self.filter[bit >> 6] |= 1 << (bit & 63);
                }
            }
        }
    }

    #[inline]
    fn at(&self, text: &[u8], at: usize) -> &[Entry] {
        let code = |offset: usize| text.get(at + offset).map_or(0, |byte| letter(*byte));
        let first = code(1);
        let bit = first << 10 | code(2) << 5 | code(3);
        if self.filter[bit >> 6] >> (bit & 63) & 1 == 1 { &self.by_letter[first] } else { &[] }
    }
}

/// 1 to 26 for a letter of any case, 0 for all else.
#[inline]
fn letter(byte: u8) -> usize {
    if is(byte, ALPHA) { usize::from(byte & 31) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anchors;

    fn found(text: &str, at: usize, len: usize) -> Vec<String> {
        let anchors = anchors::all();
        let words = Words::new(&anchors);
        let mut found = Vec::new();
        let key = key(text.as_bytes(), at, len);
        words.at(text.as_bytes(), &anchors, (at, key), |id, _| {
            let literal = &anchors[id as usize].literal;
            found.push(String::from_utf8_lossy(literal).into_owned());
        });
        found
    }

    #[test]
    fn a_literal_is_found_by_its_key_word() {
        assert_eq!(found("the Date of Birth:", 12, 5), ["date of birth"]);
        assert_eq!(found("MRN", 0, 3), ["mrn"]);
        assert_eq!(found("phones", 0, 6), ["phone"]);
        assert_eq!(found("Springfield, MA 01101", 13, 2), [", MA"]);
        assert!(found("Springfield, ma", 13, 2).is_empty());
    }

    #[test]
    fn what_stands_around_a_word_tells_that_it_is_of_a_code() {
        for (before, behind) in [
            (" x", "@ex"),
            ("l@", ".co"),
            ("a.", "   "),
            ("</", ">  "),
            ("<?", " v="),
            ("9-", "   "),
            (" \"", "\":1"),
            (" a", "::b"),
            (" h", "://"),
        ] {
            let (before, behind) = (before.as_bytes(), behind.as_bytes());
            assert!(is_of_code([before[0], before[1]], [behind[0], behind[1], behind[2]]));
        }
        assert!(!is_of_code(*b". ", *b", a") && !is_of_code(*b" (", *b". T"));
    }

    #[test]
    fn every_literal_of_this_tier_is_found_in_itself() {
        let anchors = anchors::all();
        let words = Words::new(&anchors);
        for (anchor, id) in anchors.iter().zip(0..).filter(|it| it.0.rule.tier() == Tier::Words) {
            for text in [anchor.literal.clone(), anchor.literal.to_ascii_uppercase()] {
                let text = if anchor.caseless { text } else { anchor.literal.clone() };
                let mut hits = Vec::new();
                for at in 0..text.len() {
                    let len = text[at..].iter().take_while(|byte| is(**byte, ALPHA)).count();
                    let key = key(&text, at, len);
                    if words.may_be_known(key, len) && words.may_be(key) {
                        words.at(&text, &anchors, (at, key), |id, end| hits.push((id, end)));
                    }
                }
                assert!(hits.contains(&(id, text.len())), "{:?}", String::from_utf8_lossy(&text));
            }
        }
    }

    #[test]
    fn suffixes_of_streets_are_found_in_any_of_their_forms() {
        let anchors = anchors::all();
        let words = Words::new(&anchors);
        for text in [" street", " STREET", " Rd.", " St\n", " Wells", " Terrace"] {
            let mut ends = Vec::new();
            words.street_suffixes(text.as_bytes(), &anchors, 0, |_, end| ends.push(end));
            assert!(!ends.is_empty(), "{text:?}");
        }
        let mut ends = Vec::new();
        words.street_suffixes(b" daily", &anchors, 0, |_, end| ends.push(end));
        assert!(ends.is_empty());
    }
}
