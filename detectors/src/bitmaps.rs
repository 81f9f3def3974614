//! Bitmaps of byte classes: a bit a byte, 64 bytes a step.
//!
//! The second tier's first step, over a whole batch at once: from these bits the words, tokens and
//! marks of a text are read with a few instructions each. Three paths (AVX-512, AVX2, portable),
//! one chosen when a scanner is made; a property test holds them equal.
//!
//! The only unsafe code of the crate is here: calling a function that is compiled for features of
//! the processor which were found just before. Bytes are loaded by safe code that compiles to one
//! load.

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
}

impl Bits {
    pub(crate) fn alnum(&self) -> u64 {
        self.letter | self.digit
    }
}

/// The bits of one text. Keeps its memory from text to text.
pub(crate) struct Bitmaps {
    path: Path,
    blocks: Vec<Bits>,
}

impl Default for Bitmaps {
    fn default() -> Self {
        Self { path: Path::best(), blocks: Vec::new() }
    }
}

impl Bitmaps {
    /// Reads `text`. What it held before is gone.
    pub(crate) fn read(&mut self, text: &[u8]) {
        self.blocks.clear();
        self.blocks.reserve(text.len() / BLOCK + 1);
        self.path.fill(text, &mut self.blocks);
    }

    /// The block `index`; behind the text all bits are 0.
    #[inline]
    pub(crate) fn block(&self, index: usize) -> Bits {
        self.blocks.get(index).copied().unwrap_or_default()
    }

    /// How many blocks the text takes.
    pub(crate) fn len(&self) -> usize {
        self.blocks.len()
    }
}

/// The bits of block `index` that lie in `range`.
#[inline]
pub(crate) fn within(range: &Range<usize>, index: usize) -> u64 {
    let base = index * BLOCK;
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
            std::arch::is_x86_feature_detected!("avx512bw").then_some(Self::Avx512),
            std::arch::is_x86_feature_detected!("avx2").then_some(Self::Avx2),
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
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    use std::arch::x86_64::{
        __m512i, _mm512_cmpeq_epi8_mask, _mm512_cmple_epu8_mask, _mm512_movepi8_mask,
        _mm512_or_si512, _mm512_set_epi64, _mm512_set1_epi8, _mm512_sub_epi8,
    };

    use super::{BLOCK, Bits};

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
            blank: equal(bytes, b' ')
                | equal(bytes, b'\t')
                | equal(bytes, b'\n')
                | equal(bytes, b'\r'),
            quote: equal(bytes, b'"'),
            colon: equal(bytes, b':'),
            backslash: equal(bytes, b'\\'),
            at: equal(bytes, b'@'),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn load(chunk: &[u8; BLOCK]) -> __m512i {
        let word = |index: usize| {
            let (words, _) = chunk.as_chunks::<8>();
            i64::from_le_bytes(words[index])
        };
        _mm512_set_epi64(word(7), word(6), word(5), word(4), word(3), word(2), word(1), word(0))
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
        __m256i, _mm256_cmpeq_epi8, _mm256_min_epu8, _mm256_movemask_epi8, _mm256_or_si256,
        _mm256_set_epi64x, _mm256_set1_epi8, _mm256_sub_epi8,
    };

    use super::{BLOCK, Bits};

    #[target_feature(enable = "avx2")]
    pub(super) fn fill(text: &[u8], blocks: &mut Vec<Bits>) {
        fill!(text, blocks, bits);
    }

    type Halves = [__m256i; 2];

    #[inline]
    #[target_feature(enable = "avx2")]
    fn bits(chunk: &[u8; BLOCK]) -> Bits {
        let bytes = [load(chunk, 0), load(chunk, 4)];
        let lower =
            [_mm256_or_si256(bytes[0], splat(0x20)), _mm256_or_si256(bytes[1], splat(0x20))];
        Bits {
            digit: in_range(bytes, b'0', 9),
            letter: in_range(lower, b'a', 25),
            upper: in_range(bytes, b'A', 25),
            high: mask(bytes),
            blank: equal(bytes, b' ')
                | equal(bytes, b'\t')
                | equal(bytes, b'\n')
                | equal(bytes, b'\r'),
            quote: equal(bytes, b'"'),
            colon: equal(bytes, b':'),
            backslash: equal(bytes, b'\\'),
            at: equal(bytes, b'@'),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn load(chunk: &[u8; BLOCK], first: usize) -> __m256i {
        let word = |index: usize| {
            let (words, _) = chunk.as_chunks::<8>();
            i64::from_le_bytes(words[first + index])
        };
        _mm256_set_epi64x(word(3), word(2), word(1), word(0))
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(path: Path, text: &[u8]) -> Vec<Bits> {
        let mut bitmaps = Bitmaps { path, blocks: Vec::new() };
        bitmaps.read(text);
        bitmaps.blocks
    }

    proptest! {
        #[test]
        fn every_path_reads_the_same_bits(text in prop::collection::vec(any::<u8>(), 0..400)) {
            let plain = read(Path::Portable, &text);
            for path in Path::all() {
                prop_assert_eq!(read(path, &text), plain.clone(), "{:?}", path);
            }
        }
    }

    #[test]
    fn every_byte_is_classed_as_its_table_says() {
        let text: Vec<u8> = (0..=255).collect();
        for (byte, at) in (0..=255u8).zip(0..) {
            let mut bitmaps = Bitmaps::default();
            bitmaps.read(&text);
            let bits = bitmaps.block(at / BLOCK);
            let has = |class: u64| class >> (at % BLOCK) & 1 == 1;
            assert_eq!(has(bits.letter), byte.is_ascii_alphabetic());
            assert_eq!(has(bits.upper), byte.is_ascii_uppercase());
            assert_eq!(has(bits.digit), byte.is_ascii_digit());
            assert_eq!(has(bits.high), !byte.is_ascii());
            assert_eq!(has(bits.alnum()), byte.is_ascii_alphanumeric());
        }
    }
}
