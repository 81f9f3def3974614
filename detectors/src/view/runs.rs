//! Runs of base64 and hexadecimal digits that hold text.
//!
//! A run is told by its length alone, and is tried at each alignment, since neither where it was
//! cut out of nor what is glued to its front is known. What decodes to a stretch of printable text
//! is looked at; keys, digests and images decode to bytes that are none.

use std::ops::Range;

use crate::bytes::{self, ALNUM, HEX};
use crate::events::{ENCODED_DIGITS, RUN_BYTES};
use crate::lexicon::{self, Kind};

/// The shortest stretch of decoded text that is looked at ...
const STRETCH_BYTES: usize = 8;

/// ... if it is most of its run. In a run of other bytes, a digest's for one, chance makes as short
/// ones.
const LONG_STRETCH_BYTES: usize = 11;

/// The longest run that is told to be of words.
const WORDS_BYTES: usize = 64;

/// The shortest word of a run that is made of words, and what the longest has at least.
const SHORT_WORD: usize = 3;
const LONG_WORD: usize = 6;

/// The first position at or behind `from` where a run begins that is long enough to tell; a run
/// that goes on at `from` begins there. Looks at one byte in twelve where there is none.
pub(super) fn next_run(text: &[u8], from: usize) -> Option<usize> {
    let mut start = from;
    loop {
        let last = start + RUN_BYTES - 1;
        let window = text.get(start..=last)?;
        match window.iter().rposition(|byte| !is_digit(*byte)) {
            Some(gap) => start += gap + 1,
            None => return Some(start),
        }
    }
}

/// Whether the run at `at` is long enough to tell.
pub(super) fn is_long(text: &[u8], at: usize) -> bool {
    let run = text.get(at..at + RUN_BYTES);
    run.is_some_and(|run| run.iter().all(|byte| is_digit(*byte)))
}

/// Where the run that begins at `start` ends: line ends and JSON's escapes may wrap it.
pub(super) fn run_end(text: &[u8], start: usize) -> usize {
    let mut at = start;
    loop {
        at += text.get(at..).unwrap_or_default().iter().take_while(|byte| is_digit(**byte)).count();
        let wrapped = at + wrap(text, at);
        if wrapped == at || !text.get(wrapped).is_some_and(|byte| is_digit(*byte)) {
            return at;
        }
        at = wrapped;
    }
}

/// How many bytes at `at` are no digits, and yet don't end a run.
fn wrap(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    match rest {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        [b'\\', b'r', b'\\', b'n', ..] => 4,
        [b'\\', b'n', ..] => 2,
        [b'\\', b'/', ..] => 1,
        _ => 0,
    }
}

/// Whether what ends at `at` may go on behind a line end.
pub(super) fn is_wrapped(text: &[u8], at: usize) -> bool {
    wrap(text, at) > 0
}

/// Whether a run is of hexadecimal digits, and too short to hold text as these or as base64.
pub(super) fn is_short_hex(run: &[u8]) -> bool {
    run.len() < 2 * STRETCH_BYTES && run.iter().all(|byte| bytes::is(*byte, HEX))
}

/// Whether plain words alone make up a run: `org/CodeSystem/observation`. One of them is long, for
/// letters that encode something may spell short ones by chance.
pub(super) fn is_of_words(run: &[u8]) -> bool {
    if run.is_empty() || run.len() > WORDS_BYTES || run.iter().any(u8::is_ascii_digit) {
        return false;
    }
    let mut longest = 0;
    let mut is_plain = |word: &[u8]| {
        longest = longest.max(word.len());
        word.is_empty() || word.len() >= SHORT_WORD && lexicon::kind(word).any(Kind::PLAIN)
    };
    let mut parts = run.split(|byte| matches!(byte, b'+' | b'/')).flat_map(|part| {
        part.chunk_by(|one, next| !(one.is_ascii_lowercase() && next.is_ascii_uppercase()))
    });
    parts.all(&mut is_plain) && longest >= LONG_WORD
}

/// A word of letters alone, all but the first in lower case, is a word.
pub(super) fn is_word(run: &[u8]) -> bool {
    run.iter().skip(1).all(u8::is_ascii_lowercase)
        || run.iter().all(u8::is_ascii_digit) && run.len() < ENCODED_DIGITS
}

/// Stretches of text that hexadecimal digits hold. Each decoded byte comes with the bytes that it
/// is made of.
pub(super) fn hex_text(
    text: &[u8],
    run: Range<usize>,
    stretch: &mut Stretch,
    mut each: impl FnMut(&[Decoded]),
) {
    if run.len() < 2 * STRETCH_BYTES {
        return;
    }
    for shift in 0..2 {
        stretch.begin(run.len() / 2);
        let mut at = run.start + shift;
        while at + 2 <= run.end {
            let Some(byte) = super::units::pair(text, at) else {
                stretch.end(&mut each);
                at += 2;
                continue;
            };
            stretch.push(byte, at..at + 2, &mut each);
            at += 2;
        }
        stretch.end(&mut each);
    }
}

/// Whether a run may be of hexadecimal digits: what it begins with, behind `0x` or `x`, is.
pub(super) fn is_hex(run: &[u8]) -> bool {
    let digits = run.iter().position(|byte| matches!(byte, b'x' | b'X')).filter(|at| *at < 2);
    let digits = digits.map_or(0, |at| at + 1);
    run.get(digits..digits + 10).is_some_and(|run| run.iter().all(|byte| bytes::is(*byte, HEX)))
}

/// Stretches of text that base64 digits hold, at each of the four alignments.
pub(super) fn base64_text(
    text: &[u8],
    run: Range<usize>,
    stretch: &mut Stretch,
    mut each: impl FnMut(&[Decoded]),
) {
    let digits = text.get(run.clone()).unwrap_or_default();
    // The first letters of text's quads are none of these.
    if digits.iter().all(|byte| bytes::is(*byte, HEX)) {
        return;
    }
    let is_plain = digits.iter().all(|byte| is_digit(*byte));
    for shift in 0..4 {
        if is_plain && !may_hold_text(digits, shift) {
            continue;
        }
        stretch.begin(run.len() / 4 * 3);
        let mut at = run.start;
        let mut quad = Quad::default();
        let mut skip = shift;
        while at < run.end {
            let Some(value) = text.get(at).copied().and_then(sextet) else {
                at += wrap(text, at).max(1);
                continue;
            };
            at += 1;
            if skip > 0 {
                skip -= 1;
                continue;
            }
            if quad.push(value, at - 1) {
                quad.bytes(|byte, span| stretch.push(byte, span, &mut each));
                quad = Quad::default();
            }
        }
        // Two or three digits at the end are one or two bytes.
        quad.bytes(|byte, span| stretch.push(byte, span, &mut each));
        stretch.end(&mut each);
    }
}

/// Whether as many quads beside each other could be text as the shortest stretch holds whole. Of a
/// row of them the last is looked at first: where it is none, the row begins behind it.
fn may_hold_text(digits: &[u8], shift: usize) -> bool {
    let rest = digits.get(shift..).unwrap_or_default();
    if rest.len() * 3 / 4 < STRETCH_BYTES {
        return false;
    }
    let (quads, last) = rest.as_chunks::<4>();
    let row = (Stretch::least(digits.len() / 4 * 3) - 2) / 3;
    let count = quads.len() + usize::from(!last.is_empty());
    // The last digits are no whole quad, and may be anything.
    let could = |index: &usize| quads.get(*index).is_none_or(could_be_text);
    let mut first = 0;
    while first + row <= count {
        match (first..first + row).rev().find(|index| !could(index)) {
            Some(none) => first = none + 1,
            None => return true,
        }
    }
    false
}

/// Whether three bytes may follow each other in UTF-8 text.
fn could_be_text(quad: &[u8; 4]) -> bool {
    let value =
        quad.iter().fold(0, |value, byte| value << 6 | u32::from(SEXTETS[usize::from(*byte)]));
    let [_, a, b, c] = value.to_be_bytes();
    let is_lead = |byte: u8| (0xc2..=0xf4).contains(&byte);
    let is_rest = |byte: u8| byte & 0xc0 == 0x80;
    let may_be = |byte: u8| is_text(byte) || is_lead(byte) || is_rest(byte);
    let follow = |one: u8, next: u8| if is_rest(next) { one >= 0x80 } else { !is_lead(one) };
    may_be(a) && may_be(b) && may_be(c) && follow(a, b) && follow(b, c)
}

/// A byte as decoded, and where it stands encoded.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decoded {
    pub(super) byte: u8,
    pub(super) start: u16,
    pub(super) end: u16,
}

/// Up to four base64 digits.
#[derive(Default)]
struct Quad {
    value: u32,
    len: usize,
    start: usize,
    end: usize,
}

impl Quad {
    /// Adds a digit; whether that was the fourth.
    fn push(&mut self, sextet: u8, at: usize) -> bool {
        if self.len == 0 {
            self.start = at;
        }
        self.value = self.value << 6 | u32::from(sextet);
        self.len += 1;
        self.end = at + 1;
        self.len == 4
    }

    fn bytes(&self, mut each: impl FnMut(u8, Range<usize>)) {
        let whole = self.value << (6 * (4 - self.len));
        let [_, bytes @ ..] = whole.to_be_bytes();
        for byte in bytes.iter().take(self.len.saturating_sub(1)) {
            each(*byte, self.start..self.end);
        }
    }
}

/// Printable bytes in a row. A longer stretch is handed out in parts that overlap.
#[derive(Default)]
pub(super) struct Stretch {
    bytes: Vec<Decoded>,
    /// The shortest that is handed out.
    least: usize,
    /// Bytes that the last character still lacks.
    lacking: usize,
}

impl Stretch {
    const BYTES: usize = 768;
    const OVERLAP: usize = 256;

    /// For a run that decodes to so many bytes.
    fn begin(&mut self, bytes: usize) {
        self.bytes.clear();
        self.least = Self::least(bytes);
    }

    fn least(bytes: usize) -> usize {
        (bytes / 4 * 3).clamp(STRETCH_BYTES, LONG_STRETCH_BYTES)
    }

    fn push(&mut self, byte: u8, span: Range<usize>, each: &mut impl FnMut(&[Decoded])) {
        if !self.goes_on_with(byte) {
            self.end(each);
            if !self.goes_on_with(byte) {
                return;
            }
        }
        if self.bytes.len() == Self::BYTES {
            each(&self.bytes);
            self.bytes.drain(..Self::BYTES - Self::OVERLAP);
        }
        // Windows are shorter than 64 KiB.
        let short = |at: usize| u16::try_from(at).unwrap_or(u16::MAX);
        self.bytes.push(Decoded { byte, start: short(span.start), end: short(span.end) });
    }

    fn end(&mut self, each: &mut impl FnMut(&[Decoded])) {
        if self.bytes.len() >= self.least {
            each(&self.bytes);
        }
        self.bytes.clear();
        self.lacking = 0;
    }

    /// Whether a byte goes on with the text: printable ASCII, or UTF-8 as it must be. A stretch may
    /// begin within a character.
    fn goes_on_with(&mut self, byte: u8) -> bool {
        let begins = self.bytes.is_empty();
        match byte {
            byte if is_text(byte) => self.lacking == 0,
            0x80..=0xbf if begins => true,
            0x80..=0xbf if self.lacking > 0 => {
                self.lacking -= 1;
                true
            }
            0xc2..=0xf4 if self.lacking == 0 => {
                self.lacking = 1 + usize::from(byte >= 0xe0) + usize::from(byte >= 0xf0);
                true
            }
            _ => false,
        }
    }
}

/// Printable ASCII, a line's end, zero, which is a half of UTF-16, and what begins a terminal's
/// escapes.
fn is_text(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r' | 0 | 0x1b)
}

fn is_digit(byte: u8) -> bool {
    bytes::is(byte, ALNUM) || matches!(byte, b'+' | b'/')
}

fn sextet(byte: u8) -> Option<u8> {
    Some(SEXTETS[usize::from(byte)]).filter(|value| *value < 64)
}

/// What base64 digits are worth, also of the alphabet for URLs (RFC 4648, section 5).
static SEXTETS: [u8; 256] = sextets();

const fn sextets() -> [u8; 256] {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut table = [u8::MAX; 256];
    let mut value = 0;
    while value < 64 {
        table[DIGITS[value as usize] as usize] = value;
        value += 1;
    }
    table[b'-' as usize] = 62;
    table[b'_' as usize] = 63;
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    type Decode = fn(&[u8], Range<usize>, &mut Stretch, &mut dyn FnMut(&[Decoded]));

    fn texts(decode: Decode, run: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let mut each = |stretch: &[Decoded]| {
            let bytes = stretch.iter().map(|decoded| decoded.byte).collect::<Vec<_>>();
            texts.push(String::from_utf8_lossy(&bytes).into_owned());
        };
        decode(run.as_bytes(), 0..run.len(), &mut Stretch::default(), &mut each);
        texts
    }

    #[test]
    fn a_run_is_decoded_whatever_is_glued_to_its_front() {
        let base64 =
            |run: &str| texts(|text, run, room, each| base64_text(text, run, room, each), run);
        for front in ["", "x", "ab", "/zz"] {
            let run = format!("{front}MTIzLTQ1LTY3ODk");
            assert!(base64(&run).iter().any(|it| it.ends_with("123-45-6789")), "{front}");
        }
        assert!(base64("MTIzLTQ1\nLTY3ODk").contains(&"123-45-6789".to_owned()));
        let hex = |run: &str| texts(|text, run, room, each| hex_text(text, run, room, each), run);
        assert!(hex("x3132332d34352d36373839").contains(&"123-45-6789".to_owned()));
    }

    #[test]
    fn the_next_run_is_the_first_that_is_long_enough() {
        let text = b"a few words, and thenABCDEF0123456789 and more";
        assert_eq!(next_run(text, 0), Some(17));
        assert_eq!(next_run(text, 20), Some(20));
        assert_eq!(next_run(text, 27), None);
        assert_eq!(run_end(text, 17), 37);
        assert!(is_word(b"Electroencephalogram") && !is_word(b"MTIzLTQ1LTY3ODk"));
    }
}
