//! Numbers that words follow as a street's name does: where its suffix may wake a rule.

use super::around::Around;
use super::{Search, push_hit};
use crate::anchors::LITERAL_BYTES;
use crate::bytes::{DIGIT, UPPER, is};
use crate::window::LOOK_BACK;

/// So many words stand between a house number and its street's suffix at most.
const STREET_WORDS: usize = 4;

/// So many if a word is in lower case: `5 mg by mouth ... drive` is no address.
const LOWER_STREET_WORDS: usize = 2;

/// The most digits of a house number.
const HOUSE_DIGITS: usize = 6;

/// So many bytes may follow them: `12-14`, `12B`.
const HOUSE_SUFFIX: usize = 6;

/// What `Around::before_words` looks ahead.
const _: () = assert!(HOUSE_DIGITS + HOUSE_SUFFIX <= 1 + 2 + 4 + 5);

impl Search<'_> {
    /// Numbers that a blank and a word follow, as a street's would.
    #[inline(always)]
    pub(super) fn houses(&mut self, around: &Around) {
        let reach = self.range.start.saturating_sub(LOOK_BACK)..self.range.end;
        let firsts = around.here.digit & !around.previous(|bits| bits.alnum() | bits.high);
        let mut firsts = firsts & around.within(&reach) & around.before_words();
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
