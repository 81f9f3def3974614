//! Bitmaps of byte classes: a bit a byte, 64 bytes a step.
//!
//! The second tier's first step, over a whole batch at once: from these bits the words, tokens and
//! marks of a text are read with a few instructions each. Three paths (AVX-512, AVX2, portable),
//! one chosen when a scanner is made; a property test holds them equal.
//!
//! The only unsafe code of the crate is here: loads of whole registers, and calls of functions
//! that are compiled for features of the processor which were found just before.

#[cfg(target_arch = "x86_64")]
use std::arch::is_x86_feature_detected;
use std::ops::Range;

/// Bytes that one [`Bits`] describes.
pub(crate) const BLOCK: usize = 64;

/// The classes of 64 bytes: bit `i` is byte `i`'s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bits {
    pub(crate) digit: u64,
    /// ASCII letters.
    pub(crate) letter: u64,
    pub(crate) upper: u64,
    /// Bytes from 0x80 on.
    pub(crate) high: u64,
    /// Blank, tab and line ends.
    pub(crate) blank: u64,
    pub(crate) quote: u64,
    pub(crate) colon: u64,
    pub(crate) backslash: u64,
    /// `@`
    pub(crate) at: u64,
    /// `+` and `/`: with letters and digits those of base64.
    pub(crate) joiner: u64,
    /// What stands between cells.
    pub(crate) nul: u64,
}

impl Bits {
    pub(crate) fn small(&self) -> u64 {
        self.letter & !self.upper
    }

    pub(crate) fn alnum(&self) -> u64 {
        self.letter | self.digit
    }

    /// What base64 is written with.
    pub(crate) fn base64(&self) -> u64 {
        self.alnum() | self.joiner
    }
}

/// So many blocks are read at once: their bits stay in the first cache until they are used.
pub(crate) const STRIP: usize = 64;

/// The bits of a strip of a text. Keeps its memory from strip to strip.
pub(crate) struct Bitmaps {
    path: Path,
    /// The strip's, and the blocks before and behind it.
    blocks: Vec<Bits>,
}

impl Default for Bitmaps {
    fn default() -> Self {
        Self { path: Path::best(), blocks: Vec::new() }
    }
}

impl Bitmaps {
    /// Runs what is best compiled for this processor.
    pub(crate) fn run(&mut self, work: impl Work) {
        self.path.run(self, work);
    }

    /// Reads some blocks of `text`: each with its neighbours, which are empty outside of the text.
    pub(crate) fn read(
        &mut self,
        text: &[u8],
        strip: &Range<usize>,
    ) -> impl Iterator<Item = &[Bits; 3]> {
        self.blocks.clear();
        if strip.start == 0 {
            self.blocks.push(Bits::default());
        }
        let first = strip.start.saturating_sub(1) * BLOCK;
        let end = text.len().min((strip.end + 1) * BLOCK);
        self.path.fill(text.get(first..end).unwrap_or_default(), &mut self.blocks);
        self.blocks.resize(strip.len() + 2, Bits::default());
        self.blocks.array_windows()
    }
}

/// What is compiled for each path: all that is inlined into it finds and counts bits as the path's
/// processors can.
pub(crate) trait Work {
    fn run(self, bitmaps: &mut Bitmaps);
}

/// The bits of block `index` that lie in `range`.
#[inline]
pub(crate) fn within(range: &Range<usize>, index: usize) -> u64 {
    let base = index * BLOCK;
    if range.start <= base && base + BLOCK <= range.end {
        return u64::MAX;
    }
    below(range.end.saturating_sub(base)) & !below(range.start.saturating_sub(base))
}

/// The lowest `count` bits.
#[inline]
pub(crate) fn below(count: usize) -> u64 {
    if count >= BLOCK { u64::MAX } else { (1 << count) - 1 }
}

/// `bits` moved up by one, the highest of the block before moved in: bit `i` is byte `i - 1`'s.
#[inline]
pub(crate) fn previous(before: u64, bits: u64) -> u64 {
    bits << 1 | before >> 63
}

/// Bit `i` is byte `i + 1`'s.
#[inline]
pub(crate) fn next(bits: u64, behind: u64) -> u64 {
    bits >> 1 | behind << 63
}

/// 64 bits from bit `offset` of `bits` on, those of the block behind moved in.
#[inline]
pub(crate) fn from_bit(bits: u64, behind: u64, offset: u32) -> u64 {
    let both = u128::from(behind) << 64 | u128::from(bits);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half is meant")]
    let lower = (both >> (offset & 63)) as u64;
    lower
}

/// How many bits are set from bit `offset` on without a gap, up to the end of the block behind.
#[inline]
pub(crate) fn run(bits: u64, behind: u64, offset: u32) -> usize {
    let gap = !bits >> (offset & 63);
    let len = if gap != 0 { gap.trailing_zeros() } else { 64 - offset + behind.trailing_ones() };
    len as usize
}

/// How bytes are classed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Path {
    fn best() -> Self {
        Self::all().next().unwrap_or(Self::Portable)
    }

    /// Those that this processor has, the fastest first.
    fn all() -> impl Iterator<Item = Self> {
        #[cfg(target_arch = "x86_64")]
        let special = [
            (is_x86_feature_detected!("avx512bw") && counts_bits()).then_some(Self::Avx512),
            (is_x86_feature_detected!("avx2") && counts_bits()).then_some(Self::Avx2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let special = [None];
        special.into_iter().flatten().chain([Self::Portable])
    }

    #[expect(unsafe_code, reason = "to call what is compiled for other processors, too")]
    fn fill(self, text: &[u8], blocks: &mut Vec<Bits>) {
        match self {
            // SAFETY: `all` made this path after the processor reported AVX-512BW.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::fill(text, blocks) },
            // SAFETY: `all` made this path after the processor reported AVX2.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::fill(text, blocks) },
            Self::Portable => portable::fill(text, blocks),
        }
    }

    #[expect(unsafe_code, reason = "to call what is compiled for other processors, too")]
    fn run(self, bitmaps: &mut Bitmaps, work: impl Work) {
        match self {
            // SAFETY: `all` made this path after the processor reported all of these features.
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => unsafe { avx512::run(bitmaps, work) },
            // SAFETY: `all` made this path after the processor reported all of these features.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => unsafe { avx2::run(bitmaps, work) },
            Self::Portable => work.run(bitmaps),
        }
    }
}

/// Whether the processor finds and counts bits in one instruction each, as all do that have AVX2.
#[cfg(target_arch = "x86_64")]
fn counts_bits() -> bool {
    is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

/// The same loop for each path: compiled with the features of the function that it stands in.
macro_rules! fill {
    ($text:expr, $blocks:expr, $bits:path) => {{
        let (whole, rest) = $text.as_chunks::<BLOCK>();
        for chunk in whole {
            $blocks.push($bits(chunk));
        }
        if !rest.is_empty() {
            let mut last = [0; BLOCK];
            last[..rest.len()].copy_from_slice(rest);
            $blocks.push($bits(&last));
        }
    }};
}

mod portable {
    use super::{BLOCK, Bits};

    pub(super) fn fill(text: &[u8], blocks: &mut Vec<Bits>) {
        fill!(text, blocks, bits);
    }

    fn bits(chunk: &[u8; BLOCK]) -> Bits {
        let of = |class: fn(u8) -> bool| {
            chunk.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(class(*byte)))
        };
        Bits {
            digit: of(|byte| byte.is_ascii_digit()),
            letter: of(|byte| byte.is_ascii_alphabetic()),
            upper: of(|byte| byte.is_ascii_uppercase()),
            high: of(|byte| byte >= 0x80),
            blank: of(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')),
            quote: of(|byte| byte == b'"'),
            colon: of(|byte| byte == b':'),
            backslash: of(|byte| byte == b'\\'),
            at: of(|byte| byte == b'@'),
            joiner: of(|byte| matches!(byte, b'+' | b'/')),
            nul: of(|byte| byte == 0),
        }
    }
}

/// Some bytes, each at the place that its low four bits tell; elsewhere what is at no place its own.
#[cfg(target_arch = "x86_64")]
type Table = (i64, i64);

#[cfg(target_arch = "x86_64")]
const BLANKS: Table = (
    i64::from_le_bytes([b' ', 0, 0, 0, 0, 0, 0, 0]),
    i64::from_le_bytes([0, b'\t', b'\n', 0, 0, b'\r', 0, 0]),
);

#[cfg(target_arch = "x86_64")]
const JOINERS: Table = (1, i64::from_le_bytes([0, 0, 0, b'+', 0, 0, 0, b'/']));

/// The marks that most blocks of a text have none of.
#[cfg(target_arch = "x86_64")]
const MARKS: Table = (
    i64::from_le_bytes([b'@', 0, b'"', 0, 0, 0, 0, 0]),
    i64::from_le_bytes([0, 0, b':', b'+', b'\\', 0, 0, b'/']),
);

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512i, _mm_set_epi64x, _mm512_broadcast_i32x4, _mm512_cmpeq_epi8_mask,
        _mm512_cmple_epu8_mask, _mm512_loadu_si512, _mm512_movepi8_mask, _mm512_or_si512,
        _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_sub_epi8,
    };

    use super::{BLANKS, BLOCK, Bitmaps, Bits, JOINERS, MARKS, Table, Work};

    #[target_feature(enable = "avx512f,avx512bw,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn run(bitmaps: &mut Bitmaps, work: impl Work) {
        work.run(bitmaps);
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    pub(super) fn fill(text: &[u8], blocks: &mut Vec<Bits>) {
        fill!(text, blocks, bits);
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn bits(chunk: &[u8; BLOCK]) -> Bits {
        let bytes = load(chunk);
        let lower = _mm512_or_si512(bytes, splat(0x20));
        Bits {
            digit: in_range(bytes, b'0', 9),
            letter: in_range(lower, b'a', 25),
            upper: in_range(bytes, b'A', 25),
            high: _mm512_movepi8_mask(bytes),
            blank: of_table(bytes, BLANKS),
            nul: equal(bytes, 0),
            ..if of_table(bytes, MARKS) == 0 { Bits::default() } else { marks(bytes) }
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn marks(bytes: __m512i) -> Bits {
        Bits {
            quote: equal(bytes, b'"'),
            colon: equal(bytes, b':'),
            backslash: equal(bytes, b'\\'),
            at: equal(bytes, b'@'),
            joiner: of_table(bytes, JOINERS),
            ..Bits::default()
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    #[expect(unsafe_code, reason = "a register is loaded through a pointer")]
    fn load(chunk: &[u8; BLOCK]) -> __m512i {
        // SAFETY: 64 bytes are read, which the chunk has; the load needs no alignment.
        unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) }
    }

    /// Those that their low four bits look up in a table.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn of_table(bytes: __m512i, table: Table) -> u64 {
        let table = _mm512_broadcast_i32x4(_mm_set_epi64x(table.1, table.0));
        _mm512_cmpeq_epi8_mask(_mm512_shuffle_epi8(table, bytes), bytes)
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn splat(byte: u8) -> __m512i {
        _mm512_set1_epi8(byte.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn equal(bytes: __m512i, byte: u8) -> u64 {
        _mm512_cmpeq_epi8_mask(bytes, splat(byte))
    }

    /// Bytes from `first` to `first + span`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn in_range(bytes: __m512i, first: u8, span: u8) -> u64 {
        _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes, splat(first)), splat(span))
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm_set_epi64x, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set1_epi8, _mm256_shuffle_epi8, _mm256_sub_epi8,
    };

    use super::{BLANKS, BLOCK, Bitmaps, Bits, JOINERS, MARKS, Table, Work};

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub(super) fn run(bitmaps: &mut Bitmaps, work: impl Work) {
        work.run(bitmaps);
    }

    #[target_feature(enable = "avx2")]
    pub(super) fn fill(text: &[u8], blocks: &mut Vec<Bits>) {
        fill!(text, blocks, bits);
    }

    type Halves = [__m256i; 2];

    #[inline]
    #[target_feature(enable = "avx2")]
    fn bits(chunk: &[u8; BLOCK]) -> Bits {
        let (halves, _) = chunk.as_chunks::<32>();
        let bytes = [load(&halves[0]), load(&halves[1])];
        let lower =
            [_mm256_or_si256(bytes[0], splat(0x20)), _mm256_or_si256(bytes[1], splat(0x20))];
        Bits {
            digit: in_range(bytes, b'0', 9),
            letter: in_range(lower, b'a', 25),
            upper: in_range(bytes, b'A', 25),
            high: mask(bytes),
            blank: of_table(bytes, BLANKS),
            nul: equal(bytes, 0),
            ..if of_table(bytes, MARKS) == 0 { Bits::default() } else { marks(bytes) }
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn marks(bytes: Halves) -> Bits {
        Bits {
            quote: equal(bytes, b'"'),
            colon: equal(bytes, b':'),
            backslash: equal(bytes, b'\\'),
            at: equal(bytes, b'@'),
            joiner: of_table(bytes, JOINERS),
            ..Bits::default()
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    #[expect(unsafe_code, reason = "a register is loaded through a pointer")]
    fn load(half: &[u8; 32]) -> __m256i {
        // SAFETY: 32 bytes are read, which the half has; the load needs no alignment.
        unsafe { _mm256_loadu_si256(half.as_ptr().cast()) }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn splat(byte: u8) -> __m256i {
        _mm256_set1_epi8(byte.cast_signed())
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn mask(halves: Halves) -> u64 {
        let [low, high] = [
            _mm256_movemask_epi8(halves[0]).cast_unsigned(),
            _mm256_movemask_epi8(halves[1]).cast_unsigned(),
        ];
        u64::from(high) << 32 | u64::from(low)
    }

    /// Those that their low four bits look up in a table.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn of_table(bytes: Halves, table: Table) -> u64 {
        let table = _mm256_broadcastsi128_si256(_mm_set_epi64x(table.1, table.0));
        let is = |half: __m256i| _mm256_cmpeq_epi8(_mm256_shuffle_epi8(table, half), half);
        mask([is(bytes[0]), is(bytes[1])])
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn equal(bytes: Halves, byte: u8) -> u64 {
        let byte = splat(byte);
        mask([_mm256_cmpeq_epi8(bytes[0], byte), _mm256_cmpeq_epi8(bytes[1], byte)])
    }

    /// Bytes from `first` to `first + span`: those that the lesser of them and `span` is.
    #[inline]
    #[target_feature(enable = "avx2")]
    fn in_range(bytes: Halves, first: u8, span: u8) -> u64 {
        let (first, span) = (splat(first), splat(span));
        let offsets = [_mm256_sub_epi8(bytes[0], first), _mm256_sub_epi8(bytes[1], first)];
        mask([
            _mm256_cmpeq_epi8(_mm256_min_epu8(offsets[0], span), offsets[0]),
            _mm256_cmpeq_epi8(_mm256_min_epu8(offsets[1], span), offsets[1]),
        ])
    }
}

#[cfg(test)]
mod tests;
