//! A block of 64 bytes between its neighbours, and what its bits say of words.

use std::ops::Range;

use super::{ENCODED_DIGITS, RUN_BYTES};
use crate::bitmaps::{BLOCK, Bits, below, from_bit, next, previous, run, within};

const _: () = assert!(RUN_BYTES == 12, "`Around::long_runs` counts to twelve");

/// A block and its neighbours.
pub(super) struct Around<'b> {
    pub(super) index: usize,
    /// What of the block lies in the range that is searched.
    pub(super) mine: u64,
    pub(super) before: &'b Bits,
    pub(super) here: &'b Bits,
    pub(super) behind: &'b Bits,
    /// Capitals behind small letters: where `medicalRecordNumber` has further words.
    pub(super) humps: u64,
    /// The same in the block behind.
    pub(super) humps_behind: u64,
}

impl<'b> Around<'b> {
    #[inline]
    pub(super) fn new(
        (index, mine): (usize, u64),
        before: &'b Bits,
        here: &'b Bits,
        behind: &'b Bits,
    ) -> Self {
        let humps = here.upper & previous(before.small(), here.small());
        let humps_behind = behind.upper & previous(here.small(), behind.small());
        Self { index, mine, before, here, behind, humps, humps_behind }
    }

    pub(super) fn base(&self) -> usize {
        self.index * BLOCK
    }

    /// What of the block lies in `reach`, which holds the range and more.
    #[inline]
    pub(super) fn within(&self, reach: &Range<usize>) -> u64 {
        if self.mine == u64::MAX { self.mine } else { within(reach, self.index) }
    }

    /// Bit `i` is what `of` says of byte `i - 1`.
    #[inline]
    pub(super) fn previous(&self, of: impl Fn(&Bits) -> u64) -> u64 {
        previous(of(self.before), of(self.here))
    }

    #[inline]
    pub(super) fn next(&self, of: impl Fn(&Bits) -> u64) -> u64 {
        next(of(self.here), of(self.behind))
    }

    /// 64 bits from bit `offset` on.
    #[inline]
    pub(super) fn from(&self, offset: u32, of: impl Fn(&Bits) -> u64) -> u64 {
        from_bit(of(self.here), of(self.behind), offset)
    }

    /// How long the run is that begins at bit `offset`, up to the end of the block behind.
    #[inline]
    pub(super) fn run(&self, offset: u32, of: impl Fn(&Bits) -> u64) -> usize {
        run(of(self.here), of(self.behind), offset)
    }

    /// Where in the word of `len` bytes at bit `offset` further words begin.
    #[inline]
    pub(super) fn humps_of(&self, offset: u32, len: usize) -> u64 {
        from_bit(self.humps, self.humps_behind, offset) & below(len) & !1
    }

    /// Whether a word may be one of words, or go on beyond ASCII.
    #[inline]
    pub(super) fn has_joined_words(&self) -> bool {
        self.humps | self.humps_behind | self.here.high | self.behind.high != 0
    }

    /// Where words begin that a rule may know.
    #[inline]
    pub(super) fn word_starts(&self) -> u64 {
        let letter = self.here.letter;
        let first = letter & !self.previous(|bits| bits.alnum() | bits.high);
        let behind_digit = letter & self.previous(|bits| bits.digit);
        let old = if behind_digit == 0 {
            0
        } else {
            behind_digit & self.next(|bits| bits.letter) & self.from(2, |bits| bits.blank)
        };
        first | old | self.humps | self.behind_escapes() & letter
    }

    /// Where words begin that may be names.
    #[inline]
    pub(super) fn name_starts(&self) -> u64 {
        (self.here.letter | self.here.high) & !self.previous(|bits| bits.alnum() | bits.high)
    }

    /// Where words may begin behind a mark beyond ASCII or an escape: few, and the rule's to tell.
    #[inline]
    pub(super) fn odd_starts(&self) -> u64 {
        let behind_high = (self.here.letter | self.here.high) & self.previous(|bits| bits.high);
        behind_high | self.behind_escapes()
    }

    /// Whether a byte beyond ASCII follows the letters at `offset`.
    #[inline]
    pub(super) fn is_high_behind(&self, offset: u32, len: usize) -> bool {
        if self.here.high | self.behind.high == 0 {
            return false;
        }
        let end = offset as usize + len;
        match end.checked_sub(BLOCK) {
            None => self.here.high >> end & 1 == 1,
            Some(end) => end >= BLOCK || self.behind.high >> end & 1 == 1,
        }
    }

    /// Where runs of base64's digits begin that are [`RUN_BYTES`] or longer.
    #[inline]
    pub(super) fn long_runs(&self) -> u64 {
        let digits = self.here.base64();
        if !may_hold_twelve(digits) {
            return 0;
        }
        let begins = digits & !self.previous(Bits::base64);
        // Four in a row, then eight, then twelve; most blocks have no eight.
        let both = u128::from(self.behind.base64()) << 64 | u128::from(digits);
        let two = both & both >> 1;
        let four = two & two >> 2;
        let twelve = four & four >> 4 & four >> 8;
        #[expect(clippy::cast_possible_truncation, reason = "the lower half is this block's")]
        let long = twelve as u64;
        begins & long
    }

    /// Whether the run at `offset` is a word, or a number of some digits: nothing is encoded so.
    pub(super) fn is_plain_run(&self, offset: u32) -> bool {
        let len = self.run(offset, Bits::base64);
        if len > BLOCK {
            return false;
        }
        let of = |of: fn(&Bits) -> u64| {
            let both = u128::from(of(self.behind)) << 64 | u128::from(of(self.here));
            both >> offset & ((1 << len) - 1)
        };
        let (digits, capitals) = (of(|bits| bits.digit), of(|bits| bits.upper));
        let is_word = digits | of(|bits| bits.joiner) == 0 && capitals <= 1;
        let is_number = digits.count_ones() as usize == len && len < ENCODED_DIGITS;
        is_word || is_number
    }

    /// Where a blank before a word is so near that a house number may end there.
    #[inline]
    pub(super) fn before_words(&self) -> u64 {
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
    pub(super) fn behind_escapes(&self) -> u64 {
        if (self.here.backslash | self.before.backslash) == 0 {
            return 0;
        }
        let letters = self.here.letter & self.previous(|bits| bits.backslash);
        // The last escape of the block before ends in this one.
        let carried = u64::from(self.before.backslash >> 62 & self.before.letter >> 63 & 1 == 1);
        (letters << 1 | carried) & (self.here.letter | self.here.high)
    }
}

/// Whether twelve set bits may stand in a row that begins here: as if all behind were set.
#[inline]
fn may_hold_twelve(bits: u64) -> bool {
    let two = bits & (bits >> 1 | 1 << 63);
    let four = two & (two >> 2 | 3 << 62);
    let eight = four & (four >> 4 | 15 << 60);
    eight & (four >> 8 | 255 << 56) != 0
}
