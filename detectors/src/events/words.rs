//! Words: those that a literal's key may be, and those that may be names.
//!
//! Nearly every word is neither, and one probe of a filter tells. A capital tells more often than
//! not where a sentence begins: so a capitalised word is asked for in a table of the plain ones.

use super::around::Around;
use super::{Event, Search, push_hit, short};
use crate::anchors::LITERAL_BYTES;
use crate::bitmaps::{BLOCK, below};
use crate::bytes::{self, ALNUM, HIGH, SPACE};
use crate::lexicon;
use crate::window::CASE_BYTES;
use crate::words::{self, KEY_BYTES};

/// No name in small letters is shorter, unless it goes on behind a hyphen.
const NAME_BYTES: usize = 3;

impl Search<'_> {
    #[inline(always)]
    pub(super) fn words(&mut self, around: &Around) {
        if around.here.letter | around.here.high != 0 {
            let mut names = self.names(around);
            while names != 0 {
                let at = around.base() + names.trailing_zeros() as usize;
                names &= names - 1;
                self.events.push(Event::Word { at: short(at) });
            }
        }
        self.remember_capital(around);
    }

    /// Looks for literals in the words of a block. Returns where words begin that may be names.
    #[inline(always)]
    fn names(&mut self, around: &Around) -> u64 {
        let mine = around.mine;
        let named = around.name_starts() & mine;
        let (upper, high) = (around.here.upper, around.here.high);
        let known = self.known_words(around, named);
        let small = self.words_without_capitals(around, named & !upper);
        known | small | named & high | around.odd_starts() & mine
    }

    /// Looks for the literals of a block's words. Returns which of those that are `named` may be names
    /// by their letters alone, and which go on behind these: that is the rule's to tell.
    #[inline(always)]
    fn known_words(&mut self, around: &Around, named: u64) -> u64 {
        let upper = around.here.upper;
        // A literal may begin before the range and end in it.
        let reach = self.range.start.saturating_sub(LITERAL_BYTES)..self.range.end;
        let mut starts = around.word_starts() & around.within(&reach);
        let rest = self.text.get(around.base()..).unwrap_or_default();
        let mut last = [0; BLOCK + KEY_BYTES];
        let bytes = rest.first_chunk().unwrap_or_else(|| {
            last[..rest.len()].copy_from_slice(rest);
            &last
        });
        let has_joined = around.has_joined_words();
        let (mut names, mut capitals) = (0, 0);
        while starts != 0 {
            let offset = starts.trailing_zeros();
            starts &= starts - 1;
            let len = around.run(offset, |bits| bits.letter);
            let key = key_at(bytes, offset, len);
            if self.seeker.words.may_be_known(key, len) {
                self.word(around.base() + offset as usize, key);
                let wakes = lexicon::wakes(key, len) && !self.is_plain(around, (offset, len), key);
                names |= u64::from(wakes) << offset;
            }
            if has_joined {
                names |= u64::from(self.goes_on(around, offset, len)) << offset;
            }
            if upper >> offset & 1 == 1 {
                capitals |= u64::from(!self.is_dull(around, (offset, len), key)) << offset;
            }
        }
        (names & !upper | capitals) & named
    }

    /// Whether the word in small letters at `offset` is a plain one and nothing else, or a part of a
    /// code: no name, and no address unless a number stands before it.
    #[inline(never)]
    fn is_plain(&self, around: &Around, (offset, len): (u32, usize), key: u64) -> bool {
        let start = around.base() + offset as usize;
        let end = start + len;
        let behind = self.byte(end);
        let before = start.checked_sub(2).map_or(0, |before| self.byte(before));
        !is_joint(behind)
            && !bytes::is(behind, ALNUM)
            && !before.is_ascii_digit()
            && around.from(offset, |bits| bits.upper) & below(len) == 0
            && (self.is_code(start, end) || self.is_plain_word((start, len), key))
    }

    fn is_plain_small(&self, around: &Around, offset: u32) -> bool {
        let len = around.run(offset, |bits| bits.letter);
        let key = words::key(self.text, around.base() + offset as usize, len);
        self.is_plain(around, (offset, len), key)
    }

    /// Looks for the literals that the words of a word are. Returns whether it goes on behind its
    /// letters.
    #[inline(always)]
    fn goes_on(&mut self, around: &Around, offset: u32, len: usize) -> bool {
        let at = around.base() + offset as usize;
        let humps = around.humps_of(offset, len);
        if humps != 0 {
            self.humped(at, len, humps);
        }
        humps != 0 && is_joint(self.byte(at + len)) || around.is_high_behind(offset, len)
    }

    /// Where words are written in small letters throughout, each may be a name.
    #[inline(always)]
    fn words_without_capitals(&self, around: &Around, words: u64) -> u64 {
        if self.capital_is_near(around) {
            return 0;
        }
        let mut names = words;
        let mut starts = words & around.here.letter;
        while starts != 0 {
            let offset = starts.trailing_zeros();
            starts &= starts - 1;
            if self.follows_capital(around, offset)
                || self.is_no_name(around, offset)
                || self.is_plain_small(around, offset)
            {
                names &= !(1 << offset);
            }
        }
        names
    }

    /// Whether the word in small letters at `offset` is too short for a name, or a part of a code.
    #[inline]
    fn is_no_name(&self, around: &Around, offset: u32) -> bool {
        let start = around.base() + offset as usize;
        let end = start + around.run(offset, |bits| bits.letter);
        let behind = self.byte(end);
        !is_joint(behind)
            && (end - start < NAME_BYTES || behind.is_ascii_digit() || self.is_code(start, end))
    }

    /// Whether what stands around a word is a code's, as the rules see it.
    #[inline]
    fn is_code(&self, start: usize, end: usize) -> bool {
        let byte = |at: Option<usize>| at.map_or(0, |at| self.byte(at));
        let plain = |byte: u8| bytes::is(byte, SPACE) || matches!(byte, 0 | b',');
        let before = byte(start.checked_sub(1));
        // Where most words stand.
        if plain(before) && plain(self.byte(end)) {
            return false;
        }
        let before = [byte(start.checked_sub(2)), before];
        words::is_of_code(before, [self.byte(end), self.byte(end + 1), self.byte(end + 2)])
    }

    /// Whether the capitalised word at `offset` is a plain one and neither a name nor, where it
    /// stands, the beginning of an address; or several words in one, `DiagnosticReport`.
    #[inline(always)]
    fn is_dull(&self, around: &Around, (offset, len): (u32, usize), key: u64) -> bool {
        let start = around.base() + offset as usize;
        let end = start + len;
        let behind = self.byte(end);
        if is_joint(behind) || bytes::is(behind, ALNUM | HIGH) {
            return false;
        }
        if around.humps_of(offset, len) != 0 {
            return !matches!(self.byte(start), b'D' | b'F' | b'L' | b'M' | b'V');
        }
        if self.is_code(start, end) {
            return true;
        }
        (len > 1 || !self.is_initial(start))
            && self.is_plain_word((start, len), key)
            && !lexicon::wakes(key, len)
            && !is_placed(self.text.get(..start).unwrap_or_default())
    }

    /// Whether the word of `len` letters at `start`, of this key, is plain and nothing else.
    #[inline(always)]
    fn is_plain_word(&self, (start, len): (usize, usize), key: u64) -> bool {
        if (3..=KEY_BYTES).contains(&len) {
            return self.seeker.dull.holds_short(key, len);
        }
        self.seeker.dull.holds(self.text.get(start..start + len).unwrap_or_default())
    }

    /// Whether a capital that is a word of its own may be the initial of the name behind it: `T Rowe`.
    /// Where all is capitals, and behind `T.`, the name tells.
    #[cold]
    fn is_initial(&self, at: usize) -> bool {
        self.byte(at) != b'A'
            && self.byte(at + 1) == b' '
            && self.byte(at + 2).is_ascii_uppercase()
            && self.byte(at + 3).is_ascii_lowercase()
    }

    /// Whether a capital of the same cell stands near before every word of this block.
    #[inline(always)]
    fn capital_is_near(&self, around: &Around) -> bool {
        let end = around.base() + BLOCK;
        around.here.nul == 0 && self.last_capital.is_some_and(|last| last + CASE_BYTES >= end)
    }

    /// Whether one stands near before the word at `offset`. Those behind it are left to the rule.
    #[inline]
    fn follows_capital(&self, around: &Around, offset: u32) -> bool {
        let before = below(offset as usize);
        let (capitals, ends) = (around.here.upper & before, around.here.nul & before);
        let at = around.base() + offset as usize;
        capitals > ends
            || ends == 0 && self.last_capital.is_some_and(|last| last + CASE_BYTES >= at)
    }

    #[inline(always)]
    fn remember_capital(&mut self, around: &Around) {
        if around.here.upper > around.here.nul {
            let last = 63 - around.here.upper.leading_zeros() as usize;
            self.last_capital = Some(around.base() + last);
        } else {
            self.forget_capital(around);
        }
    }

    /// The next cell's case is its own.
    #[inline]
    fn forget_capital(&mut self, around: &Around) {
        if around.here.nul != 0 {
            self.last_capital = None;
        }
    }

    /// A word of words: a literal may be the first of them, or the first two, or all.
    #[cold]
    fn humped(&mut self, at: usize, len: usize, mut humps: u64) {
        while humps != 0 {
            let end = humps.trailing_zeros() as usize;
            humps &= humps - 1;
            if end >= KEY_BYTES || end >= len {
                break;
            }
            self.word(at, words::key(self.text, at, end));
        }
    }

    #[inline]
    fn word(&mut self, at: usize, key: u64) {
        if !self.seeker.words.may_be(key) {
            return;
        }
        let (range, events) = (&self.range, &mut *self.events);
        self.seeker.words.at(self.text, &self.seeker.anchors, (at, key), |anchor, end| {
            push_hit(events, range, anchor, end);
        });
    }
}

/// The key of the word of `len` letters at `offset`.
#[inline]
fn key_at(bytes: &[u8; BLOCK + KEY_BYTES], offset: u32, len: usize) -> u64 {
    let bytes = bytes.get(offset as usize % BLOCK..).and_then(|bytes| bytes.first_chunk());
    words::key_of(bytes.copied().unwrap_or_default(), len)
}

/// What a word may go on behind: `Smith-Jones`, `O'Neil`, and a mark beyond ASCII.
#[inline]
fn is_joint(byte: u8) -> bool {
    matches!(byte, b'-' | b'\'' | 0x80..)
}

/// Whether a number or a preposition of place stands before what follows `text`.
#[inline]
fn is_placed(text: &[u8]) -> bool {
    match text.last_chunk::<3>() {
        Some([_, digit, b' ' | b'\n']) if digit.is_ascii_digit() => true,
        Some([b'o', b'n' | b'f', b' '] | [b'a', b't' | b'r', b' '] | [b'i', b'n', b' ']) => true,
        Some([b't', b'o', b' ']) => true,
        _ => false,
    }
}
