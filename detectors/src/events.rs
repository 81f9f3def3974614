//! Candidates: where in a text a rule has to look. Found from the bitmaps, before any rule runs.
//!
//! An anchor's literal or a match of the site's own ends, a run of letters and digits holds a digit, a JSON key ends, a word
//! begins that may be a name, or what may be encoded or in disguise. Which of them lie in a range depends on the bytes around
//! each and never on where the range was cut, so a stream finds them as one piece does.

mod around;
mod streets;
mod words;

use std::ops::Range;

use crate::anchors::{Anchor, Rule};
use crate::bitmaps::{BLOCK, Bitmaps, Bits, STRIP, Work, below, within};
use crate::bytes::{SPACE, is};
use crate::lexicon::Dull;
use crate::window::LOOK_BACK;
use crate::words::Words;
use around::Around;

/// The longest key that is looked at.
pub(crate) const JSON_KEY_BYTES: usize = 48;

/// The shortest run that is looked at: nine bytes of text in base64.
pub(crate) const RUN_BYTES: usize = 12;

/// Fewer digits and nothing else are a number, and no text in hexadecimal digits.
pub(crate) const ENCODED_DIGITS: usize = 18;

/// Where a rule has to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// An anchor's literal ends at `end`.
    Hit { anchor: u32, end: u32 },
    /// One of the site's expressions or terms matched.
    Site { rule: u16, start: u32, end: u32 },
    /// A run of letters and digits holds this digit, its first in the range, and ends at `end`.
    Token { digit: u32, end: u32 },
    /// A string that a colon follows: its quotes.
    Key { open: u32, close: u32 },
    /// A word begins that may be a name or begin an address. In order among themselves.
    Word { at: u32 },
    /// A run that may be text in base64 or hexadecimal digits. In order among themselves. Of the
    /// longest only the beginning is known.
    Run { at: u32, end: u32 },
    /// Here are characters beyond ASCII.
    Beyond { start: u32, end: u32 },
}

/// What is looked for.
pub(crate) struct Seeker {
    pub(crate) anchors: Vec<Anchor>,
    words: Words,
    dull: Dull,
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
        Self { anchors, words, dull: Dull::new(), email, url }
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
        let (range, last_capital) = (range.clone(), None);
        bitmaps.run(Search { seeker: self, text, range, events, last_capital });
    }
}

impl Work for Search<'_> {
    #[inline(always)]
    fn run(mut self, bitmaps: &mut Bitmaps) {
        let (text, range) = (self.text, self.range.clone());
        let mut token_end = range.start;
        let blocks = range.start.saturating_sub(LOOK_BACK) / BLOCK..range.end.div_ceil(BLOCK);
        for first in blocks.clone().step_by(STRIP) {
            let strip = first..blocks.end.min(first + STRIP);
            for (index, [before, here, behind]) in (first..).zip(bitmaps.read(text, &strip)) {
                let around = Around::new((index, within(&range, index)), before, here, behind);
                if here.digit != 0 {
                    self.houses(&around);
                    token_end = self.tokens(&around, token_end);
                }
                self.words(&around);
                self.marks(&around);
                self.runs(&around);
                self.beyond(&around);
            }
        }
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
    /// `@`, `://` and the quotes of keys.
    #[inline(always)]
    fn marks(&mut self, around: &Around) {
        let mine = around.mine;
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

    #[inline(always)]
    fn key(&mut self, around: &Around, offset: u32) {
        let close = around.base() + offset as usize;
        let before = around.here.quote & below(offset as usize);
        let open = if before != 0 {
            around.base() + 63 - before.leading_zeros() as usize
        } else if around.before.quote != 0 {
            around.base() - 1 - around.before.quote.leading_zeros() as usize
        } else {
            return;
        };
        if close - open <= JSON_KEY_BYTES && self.is_before_colon(close + 1) {
            self.events.push(Event::Key { open: short(open), close: short(close) });
        }
    }

    #[inline]
    fn is_before_colon(&self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.iter().find(|byte| !is(**byte, SPACE)) == Some(&b':')
    }

    /// Runs of letters and digits with a digit. Those before `token_end` are known. Returns how far
    /// they are known now.
    #[inline(always)]
    fn tokens(&mut self, around: &Around, token_end: usize) -> usize {
        let base = around.base();
        let mut token_end = token_end;
        let known = below(token_end.saturating_sub(base));
        let mut digits = around.here.digit & around.mine & !known;
        while digits != 0 {
            let offset = digits.trailing_zeros();
            let digit = base + offset as usize;
            token_end = digit + around.run(offset, Bits::alnum);
            self.events.push(Event::Token { digit: short(digit), end: short(token_end) });
            digits &= !below(token_end - base);
        }
        token_end
    }

    /// Runs that are long enough to be encoded text, and no plain word and no number.
    #[inline(always)]
    fn runs(&mut self, around: &Around) {
        let starts = around.long_runs() & around.mine;
        if starts != 0 {
            self.long_runs(around, starts);
        }
    }

    #[cold]
    fn long_runs(&mut self, around: &Around, mut starts: u64) {
        while starts != 0 {
            let offset = starts.trailing_zeros();
            starts &= starts - 1;
            let at = around.base() + offset as usize;
            let end = at + around.run(offset, Bits::base64);
            if !around.is_plain_run(offset) {
                self.events.push(Event::Run { at: short(at), end: short(end) });
            }
        }
    }

    #[inline(always)]
    fn beyond(&mut self, around: &Around) {
        if around.here.high != 0 {
            let base = around.base();
            let (start, end) = (base.max(self.range.start), (base + BLOCK).min(self.range.end));
            self.events.push(Event::Beyond { start: short(start), end: short(end) });
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }
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
