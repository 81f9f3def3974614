//! Candidates: where in a text a rule has to look. Found from the bitmaps, before any rule runs.
//!
//! Four kinds: an anchor's literal ends, a run of letters and digits holds a digit, a JSON key
//! ends, a word begins that may be a name. Which of them lie in a range depends on the bytes around each and never on where the
//! range was cut, so a stream finds them as one piece does.

use std::ops::Range;

use crate::anchors::{Anchor, Rule};
use crate::bitmaps::{BLOCK, Bitmaps, Bits, STRIP, below, from_bit, next, previous, run, within};
use crate::bytes::{DIGIT, SPACE, UPPER, is};
use crate::engine::LITERAL_BYTES;
use crate::lexicon;
use crate::rules::CASE_BYTES;
use crate::window::LOOK_BACK;
use crate::words::{self, KEY_BYTES, Words};

/// The longest key that is looked at.
pub(crate) const JSON_KEY_BYTES: usize = 48;

/// So many words stand between a house number and its street's suffix at most.
pub(crate) const STREET_WORDS: usize = 4;

/// So many if a word is in lower case: `5 mg by mouth ... drive` is no address.
pub(crate) const LOWER_STREET_WORDS: usize = 2;

/// The most digits of a house number.
const HOUSE_DIGITS: usize = 6;

/// So many bytes may follow them: `12-14`, `12B`.
const HOUSE_SUFFIX: usize = 6;

/// What `Around::before_words` looks ahead.
const _: () = assert!(HOUSE_DIGITS + HOUSE_SUFFIX <= 1 + 2 + 4 + 5);

/// Where a rule has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An anchor's literal ends at `end`.
    Hit { anchor: u32, end: u32 },
    /// A run of letters and digits holds this digit, its first in the range, and ends at `end`.
    Token { digit: u32, end: u32 },
    /// A string that a colon follows: its quotes.
    Key { open: u32, close: u32 },
    /// A word begins that may be a name or begin an address. In order among themselves.
    Word { at: u32 },
}

/// What is looked for.
pub(crate) struct Seeker {
    pub(crate) anchors: Vec<Anchor>,
    words: Words,
    email: u32,
    url: u32,
}

impl Seeker {
    pub(crate) fn new(anchors: Vec<Anchor>) -> Self {
        let id = |rule: Rule| {
            let index = anchors.iter().position(|anchor| anchor.rule == rule);
            index.map_or(u32::MAX, short)
        };
        let (words, email, url) = (Words::new(&anchors), id(Rule::Email), id(Rule::Url));
        Self { anchors, words, email, url }
    }

    /// Adds the events of `range`: hits that end in it (behind its start, up to its end), and
    /// tokens and keys that begin or end in it.
    pub(crate) fn seek(
        &self,
        text: &[u8],
        bitmaps: &mut Bitmaps,
        range: &Range<usize>,
        events: &mut Vec<Event>,
    ) {
        if range.is_empty() {
            return;
        }
        let mut search =
            Search { seeker: self, text, range: range.clone(), events, last_capital: None };
        let mut token_end = range.start;
        let blocks = range.start.saturating_sub(LOOK_BACK) / BLOCK..range.end.div_ceil(BLOCK);
        for first in blocks.clone().step_by(STRIP) {
            let strip = first..blocks.end.min(first + STRIP);
            for (index, [before, here, behind]) in (first..).zip(bitmaps.read(text, &strip)) {
                let around = Around { index, before, here, behind };
                if around.here.digit != 0 {
                    search.houses(&around);
                    token_end = search.tokens(&around, token_end);
                }
                search.words(&around);
                search.marks(&around);
            }
        }
    }
}

/// A block and its neighbours.
struct Around<'b> {
    index: usize,
    before: &'b Bits,
    here: &'b Bits,
    behind: &'b Bits,
}

impl Around<'_> {
    fn base(&self) -> usize {
        self.index * BLOCK
    }

    /// Bit `i` is what `of` says of byte `i - 1`.
    #[inline]
    fn previous(&self, of: impl Fn(&Bits) -> u64) -> u64 {
        previous(of(self.before), of(self.here))
    }

    #[inline]
    fn next(&self, of: impl Fn(&Bits) -> u64) -> u64 {
        next(of(self.here), of(self.behind))
    }

    /// 64 bits from bit `offset` on.
    #[inline]
    fn from(&self, offset: u32, of: impl Fn(&Bits) -> u64) -> u64 {
        from_bit(of(self.here), of(self.behind), offset)
    }

    /// How long the run is that begins at bit `offset`, up to the end of the block behind.
    #[inline]
    fn run(&self, offset: u32, of: impl Fn(&Bits) -> u64) -> usize {
        run(of(self.here), of(self.behind), offset)
    }

    /// Capitals behind small letters: where `medicalRecordNumber` has further words.
    #[inline]
    fn humps(&self) -> u64 {
        self.here.upper & self.previous(|bits| bits.letter & !bits.upper)
    }

    /// The same in the block behind.
    #[inline]
    fn humps_behind(&self) -> u64 {
        let small = |bits: &Bits| bits.letter & !bits.upper;
        self.behind.upper & previous(small(self.here), small(self.behind))
    }

    /// Where in the word of `len` bytes at bit `offset` further words begin.
    #[inline]
    fn humps_of(&self, offset: u32, len: usize) -> u64 {
        let small = self.from(offset, |bits| bits.letter & !bits.upper);
        let upper = self.from(offset, |bits| bits.upper);
        upper & small << 1 & below(len)
    }

    /// Where words begin that a rule may know.
    #[inline]
    fn word_starts(&self) -> u64 {
        let letter = self.here.letter;
        let first = letter & !self.previous(|bits| bits.alnum() | bits.high);
        let old = letter
            & self.previous(|bits| bits.digit)
            & self.next(|bits| bits.letter)
            & self.from(2, |bits| bits.blank);
        first | old | self.humps() | self.behind_escapes() & letter
    }

    /// Where words begin that may be names.
    #[inline]
    fn name_starts(&self) -> u64 {
        (self.here.letter | self.here.high) & !self.previous(|bits| bits.alnum() | bits.high)
    }

    /// Where words may begin behind a mark beyond ASCII or an escape: few, and the rule's to tell.
    #[inline]
    fn odd_starts(&self) -> u64 {
        let behind_high = (self.here.letter | self.here.high) & self.previous(|bits| bits.high);
        behind_high | self.behind_escapes()
    }

    /// Whether a byte beyond ASCII follows the letters at `offset`.
    #[inline]
    fn is_high_behind(&self, offset: u32, len: usize) -> bool {
        if self.here.high | self.behind.high == 0 {
            return false;
        }
        let end = offset as usize + len;
        match end.checked_sub(BLOCK) {
            None => self.here.high >> end & 1 == 1,
            Some(end) => end >= BLOCK || self.behind.high >> end & 1 == 1,
        }
    }

    /// Where a blank before a word is so near that a house number may end there.
    #[inline]
    fn before_words(&self) -> u64 {
        let blanks = |here: &Bits, behind: &Bits| here.blank & !next(here.blank, behind.blank);
        // Of the block behind the last bit may be wrong: it is too far away to matter.
        let behind = blanks(self.behind, self.behind);
        let mut near = u128::from(behind) << 64 | u128::from(blanks(self.here, self.behind));
        for step in [1, 2, 4, 5] {
            near |= near >> step;
        }
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is this block's")]
        let near = near as u64;
        near
    }

    /// Words behind the letter of a JSON escape: `\nDr.`
    #[inline]
    fn behind_escapes(&self) -> u64 {
        if (self.here.backslash | self.before.backslash) == 0 {
            return 0;
        }
        let letters = self.here.letter & self.previous(|bits| bits.backslash);
        // The last escape of the block before ends in this one.
        let carried = u64::from(self.before.backslash >> 62 & self.before.letter >> 63 & 1 == 1);
        (letters << 1 | carried) & (self.here.letter | self.here.high)
    }
}

/// One search, block by block.
struct Search<'s> {
    seeker: &'s Seeker,
    text: &'s [u8],
    range: Range<usize>,
    events: &'s mut Vec<Event>,
    /// The last capital before this block, if it is in the same cell.
    last_capital: Option<usize>,
}

impl Search<'_> {
    #[inline]
    fn words(&mut self, around: &Around) {
        // A literal may begin before the range and end in it.
        let reach = self.range.start.saturating_sub(LITERAL_BYTES)..self.range.end;
        let keyed = around.word_starts() & within(&reach, around.index);
        let mine = within(&self.range, around.index);
        let named = around.name_starts() & mine;
        let certain =
            named & !(around.here.letter & !around.here.upper) | around.odd_starts() & mine;
        let mut starts = keyed | certain;
        let any_humps = around.humps() | around.humps_behind() != 0;
        let near = self.capital_is_near(around);
        let rest = self.text.get(around.base()..).unwrap_or_default();
        let bytes = rest.first_chunk::<{ BLOCK + KEY_BYTES }>();
        while starts != 0 {
            let offset = starts.trailing_zeros();
            starts &= starts - 1;
            let at = around.base() + offset as usize;
            let len = around.run(offset, |bits| bits.letter);
            let inner = if any_humps { around.humps_of(offset, len) } else { 0 };
            let bytes = bytes.and_then(|bytes| bytes.get(offset as usize..)?.first_chunk());
            let key = match bytes {
                Some(bytes) => words::key_of(*bytes, len),
                None => words::key(self.text, at, len),
            };
            let may_be_name = certain >> offset & 1 == 1
                || named >> offset & 1 == 1
                    && (inner != 0
                        || lexicon::wakes(key, len)
                        || !near && !self.follows_capital(around, offset)
                        || around.is_high_behind(offset, len));
            if may_be_name {
                self.events.push(Event::Word { at: short(at) });
            }
            if inner != 0 {
                self.humped(at, len, inner);
            } else {
                self.word(at, key);
            }
        }
        self.remember_capital(around);
    }

    /// Whether a capital of the same cell stands near before every word of this block.
    #[inline]
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

    #[inline]
    fn remember_capital(&mut self, around: &Around) {
        let (capitals, ends) = (around.here.upper, around.here.nul);
        if capitals > ends {
            self.last_capital = Some(around.base() + 63 - capitals.leading_zeros() as usize);
        } else if ends != 0 {
            self.last_capital = None;
        }
    }

    /// A word of words: a literal may be the first of them, or the first two, or all.
    #[cold]
    fn humped(&mut self, at: usize, len: usize, mut humps: u64) {
        while humps != 0 {
            let end = humps.trailing_zeros() as usize;
            humps &= humps - 1;
            if end >= KEY_BYTES {
                break;
            }
            self.word(at, words::key(self.text, at, end));
        }
        self.word(at, words::key(self.text, at, len));
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

    /// `@`, `://` and the quotes of keys.
    #[inline]
    fn marks(&mut self, around: &Around) {
        let mine = within(&self.range, around.index);
        let mut at = around.here.at & mine;
        while at != 0 {
            let end = around.base() + at.trailing_zeros() as usize + 1;
            at &= at - 1;
            push_hit(self.events, &self.range, self.seeker.email, end);
        }
        let mut colons = around.here.colon & around.previous(Bits::alnum);
        while colons != 0 {
            let colon = around.base() + colons.trailing_zeros() as usize;
            colons &= colons - 1;
            if self.text.get(colon + 1..colon + 3) == Some(b"//") {
                push_hit(self.events, &self.range, self.seeker.url, colon + 3);
            }
        }
        let mut keys = around.here.quote & around.next(|bits| bits.colon | bits.blank) & mine;
        while keys != 0 {
            let offset = keys.trailing_zeros();
            keys &= keys - 1;
            self.key(around, offset);
        }
    }

    #[inline]
    fn key(&mut self, around: &Around, offset: u32) {
        let close = around.base() + offset as usize;
        let rest = self.text.get(close + 1..).unwrap_or_default();
        let behind = rest.iter().find(|byte| !is(**byte, SPACE));
        let before = around.here.quote & below(offset as usize);
        let open = if before != 0 {
            around.base() + 63 - before.leading_zeros() as usize
        } else if around.before.quote != 0 {
            around.base() - 1 - around.before.quote.leading_zeros() as usize
        } else {
            return;
        };
        if behind == Some(&b':') && close - open <= JSON_KEY_BYTES {
            self.events.push(Event::Key { open: short(open), close: short(close) });
        }
    }

    /// Runs of letters and digits with a digit. Those before `token_end` are known. Returns how far
    /// they are known now.
    #[inline]
    fn tokens(&mut self, around: &Around, token_end: usize) -> usize {
        let base = around.base();
        let mut token_end = token_end;
        let known = below(token_end.saturating_sub(base));
        let mut digits = around.here.digit & within(&self.range, around.index) & !known;
        while digits != 0 {
            let offset = digits.trailing_zeros();
            let digit = base + offset as usize;
            token_end = digit + around.run(offset, Bits::alnum);
            self.events.push(Event::Token { digit: short(digit), end: short(token_end) });
            digits &= !below(token_end - base);
        }
        token_end
    }

    /// Numbers that a blank and a word follow, as a street's would.
    #[inline]
    fn houses(&mut self, around: &Around) {
        let reach = self.range.start.saturating_sub(LOOK_BACK)..self.range.end;
        let firsts = around.here.digit & !around.previous(|bits| bits.alnum() | bits.high);
        let mut firsts = firsts & within(&reach, around.index) & around.before_words();
        while firsts != 0 {
            let offset = firsts.trailing_zeros();
            firsts &= firsts - 1;
            let number = around.base() + offset as usize;
            let digits = around.run(offset, |bits| bits.digit);
            let end = self.house_end(number + digits);
            if digits <= HOUSE_DIGITS
                && self.byte(end) == b' '
                && !is_word_mark(self.before(number))
            {
                self.street(number, end);
            }
        }
    }

    #[inline]
    fn house_end(&self, digits_end: usize) -> usize {
        let mut end = digits_end;
        while end <= digits_end + HOUSE_SUFFIX && self.is_word_byte(end) {
            end += 1;
        }
        end
    }

    /// Looks for a suffix in the words behind `number`, the first of which follows the blank at
    /// `blank`. The rule that this wakes looks back for itself.
    fn street(&mut self, number: usize, mut blank: usize) {
        let mut small = false;
        for words in 0..=STREET_WORDS {
            if words > 0 {
                let (range, events) = (&self.range, &mut *self.events);
                let anchors = &self.seeker.anchors;
                self.seeker.words.street_suffixes(self.text, anchors, blank, |anchor, end| {
                    push_hit(events, range, anchor, end);
                });
            }
            let first = self.byte(blank + 1);
            small |= !is(first, UPPER | DIGIT) && first < 0xc3;
            if small && words >= LOWER_STREET_WORDS {
                return;
            }
            let mut end = blank + 1;
            while self.is_word_byte(end) {
                end += 1;
            }
            if end == blank + 1
                || self.byte(end) != b' '
                || end + LITERAL_BYTES > number + LOOK_BACK
            {
                return;
            }
            blank = end;
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).map_or(0, |before| self.byte(before))
    }

    fn is_word_byte(&self, at: usize) -> bool {
        self.text.get(at).is_some_and(|byte| ADDRESS_WORD[usize::from(*byte)])
    }
}

/// The bytes of an address's words.
static ADDRESS_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0u8;
    loop {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte >= 0x80 || is_word_mark(byte);
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// What may stand in a word of an address.
const fn is_word_mark(byte: u8) -> bool {
    matches!(byte, b'-' | b'.' | b'\'' | b'/' | b'#')
}

#[inline]
fn push_hit(events: &mut Vec<Event>, range: &Range<usize>, anchor: u32, end: usize) {
    if range.start < end && end <= range.end {
        events.push(Event::Hit { anchor, end: short(end) });
    }
}

/// Texts are shorter than 4 GiB: asserted where they come in.
#[inline]
fn short(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
