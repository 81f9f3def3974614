//! Classes of bytes, by one table of 256 entries, and the search for the next digit.

pub(crate) const DIGIT: u8 = 1;
pub(crate) const LOWER: u8 = 1 << 1;
pub(crate) const UPPER: u8 = 1 << 2;
pub(crate) const HEX: u8 = 1 << 3;
/// Bytes of UTF-8 characters beyond ASCII, which names are made of, too.
pub(crate) const HIGH: u8 = 1 << 4;
/// RFC 5322 `atext` and the dot, without what e-mail programs never emit (`` ` {|} ^*~ ``) and what
/// separates the fields of HL7 and X12.
pub(crate) const LOCAL: u8 = 1 << 5;
/// Bytes of a URI (RFC 3986) and of an IRI's UTF-8, without quotes and brackets that enclose one.
pub(crate) const URI: u8 = 1 << 6;
pub(crate) const SPACE: u8 = 1 << 7;
pub(crate) const ALPHA: u8 = LOWER | UPPER;
pub(crate) const ALNUM: u8 = ALPHA | DIGIT;
pub(crate) const WORD: u8 = ALPHA | HIGH;

static CLASSES: [u8; 256] = classes();

#[inline]
pub(crate) fn is(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// The first digit at or behind `from`. Eight bytes at a time: the shape tier's speed on text.
#[inline]
pub(crate) fn next_digit(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(word) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let digits = digits_of(u64::from_le_bytes(*word));
        if digits != 0 {
            return Some(at + (digits.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    let rest = text.get(at..)?;
    rest.iter().position(u8::is_ascii_digit).map(|offset| at + offset)
}

/// How many small letters and how many capitals of ASCII stand in `word`.
#[inline]
pub(crate) fn cases(word: &[u8]) -> (usize, usize) {
    let (eights, rest) = word.as_chunks::<8>();
    let last = rest.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
    let words = eights.iter().map(|bytes| u64::from_le_bytes(*bytes)).chain([last]);
    words.fold((0, 0), |(small, capitals), word| {
        let count = |first| in_range(word, first, 26).count_ones() as usize;
        (small + count(b'a'), capitals + count(b'A'))
    })
}

/// How many digits `text` begins with.
#[inline]
pub(crate) fn digits(text: &[u8]) -> usize {
    let mut len = 0;
    loop {
        // Behind the end stands 0, which is no digit.
        let others = digits_of(first_eight(text.get(len..).unwrap_or_default())) ^ HIGH_BITS;
        if others != 0 {
            return len + (others.trailing_zeros() / 8) as usize;
        }
        len += 8;
    }
}

/// The first byte of `text` that is no letter of ASCII.
#[inline]
pub(crate) fn letters(text: &[u8]) -> usize {
    word(text).0
}

/// How many letters of ASCII `text` begins with, and how many of them are capitals.
#[inline]
pub(crate) fn word(text: &[u8]) -> (usize, usize) {
    let (mut len, mut capitals) = (0, 0);
    loop {
        // Behind the end stands 0, which is no letter.
        let eight = first_eight(text.get(len..).unwrap_or_default());
        let others = in_range(eight | 0x2020_2020_2020_2020, b'a', 26) ^ HIGH_BITS;
        let large = in_range(eight, b'A', 26);
        // The lowest bits, up to the first that is another's.
        capitals += (large & others.wrapping_sub(1) & !others).count_ones() as usize;
        if others != 0 {
            return (len + (others.trailing_zeros() / 8) as usize, capitals);
        }
        len += 8;
    }
}

/// Up to eight bytes, the first lowest, and 0 behind the end. Reads of fixed lengths that overlap: a
/// copy of a length that is not known costs a call.
#[inline]
pub(crate) fn first_eight(text: &[u8]) -> u64 {
    if let Some(bytes) = text.first_chunk::<8>() {
        return u64::from_le_bytes(*bytes);
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let behind = text.len() * 8 - 32;
        return u64::from(u32::from_le_bytes(*first))
            | u64::from(u32::from_le_bytes(*last)) << behind;
    }
    match *text {
        [] => 0,
        [one] => u64::from(one),
        [one, ref between @ .., last] => {
            let middle = between.first().map_or(0, |byte| u64::from(*byte) << 8);
            u64::from(one) | middle | u64::from(last) << (8 * (between.len() + 1))
        }
    }
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte that is one of `count` from `first` on, of ASCII. No carry crosses a
/// byte: seven bits and less than 0x80 stay below 0x100.
#[inline]
fn in_range(word: u64, first: u8, count: u8) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let seven = word & !HIGH_BITS;
    let reached = seven + u64::from(0x80 - first) * EACH;
    let passed = seven + u64::from(0x80 - first - count) * EACH;
    reached & !passed & !word & HIGH_BITS
}

/// The high bit of each byte that is a digit. No carry crosses a byte: seven bits plus 0x76 stays
/// below 0x100.
#[inline]
fn digits_of(word: u64) -> u64 {
    let offset = word ^ 0x3030_3030_3030_3030;
    let ten_or_more = (offset & !HIGH_BITS) + 0x7676_7676_7676_7676;
    !(ten_or_more | offset) & HIGH_BITS
}

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = class_of(byte);
        byte += 1;
    }
    table
}

const fn class_of(byte: usize) -> u8 {
    // Below 256 by the loop above.
    #[expect(clippy::cast_possible_truncation, reason = "a table of 256 entries")]
    let byte = byte as u8;
    let mut class = match byte {
        b'0'..=b'9' => DIGIT | HEX | LOCAL | URI,
        b'a'..=b'f' => LOWER | HEX | LOCAL | URI,
        b'g'..=b'z' => LOWER | LOCAL | URI,
        b'A'..=b'F' => UPPER | HEX | LOCAL | URI,
        b'G'..=b'Z' => UPPER | LOCAL | URI,
        0x80.. => HIGH | LOCAL | URI,
        b' ' | b'\t' | b'\n' | b'\r' => SPACE,
        _ => 0,
    };
    if matches!(byte, b'.' | b'_' | b'-' | b'+' | b'%' | b'!' | b'#' | b'$' | b'&' | b'\'')
        || matches!(byte, b'/' | b'=' | b'?')
    {
        class |= LOCAL;
    }
    if matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b'?' | b'#' | b'[' | b']' | b'@')
        || matches!(byte, b'!' | b'$' | b'&' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=')
        || matches!(byte, b'%' | b'|')
    {
        class |= URI;
    }
    class
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_digit_is_found_as_a_byte_by_byte_search_finds_it() {
        let mut text = Vec::new();
        let mut seed = 1u32;
        for _ in 0..4096 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            text.push((seed >> 24) as u8);
        }
        text.extend_from_slice(&[0x2f, 0x3a, 0xb0, 0xb9, 0x30, 0x39, 0x00, 0xff]);
        for from in 0..=text.len() + 1 {
            let naive = text.get(from..).and_then(|rest| {
                rest.iter().position(|byte| byte.is_ascii_digit()).map(|offset| from + offset)
            });
            assert_eq!(next_digit(&text, from), naive, "from {from}");
        }
    }

    #[test]
    fn letters_and_their_cases_are_counted_as_byte_by_byte() {
        let text: Vec<u8> = (0..=255).chain(*b"McDonald's O'Neil-Smith 12B").collect();
        for from in 0..text.len() {
            for word in [&text[from..], &text[from..text.len().min(from + 11)]] {
                let small = word.iter().filter(|byte| byte.is_ascii_lowercase()).count();
                let capitals = word.iter().filter(|byte| byte.is_ascii_uppercase()).count();
                assert_eq!(cases(word), (small, capitals), "{word:?}");
                let run = word.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                assert_eq!(letters(word), run, "{word:?}");
                let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
                assert_eq!(super::digits(word), digits, "{word:?}");
            }
        }
    }

    #[test]
    fn the_first_eight_bytes_are_as_many_as_there_are() {
        let text = b"abcdefghi";
        for len in 0..=text.len() {
            let bytes = first_eight(&text[..len]).to_le_bytes();
            for (at, byte) in bytes.into_iter().enumerate() {
                assert_eq!(byte, if at < len { text[at] } else { 0 }, "{len}");
            }
        }
    }
}
