//! Units: escapes, entities and characters that read as something else, one at a time.
//!
//! A unit is told by its own bytes and a few beside it, so that it reads the same wherever a window
//! begins. Nested escapes of one kind (`\\\\u0031`, `%2531`, `&amp;#49;`) are one unit.

use super::unicode::{self, Reading};
use crate::bytes::{self, ALNUM, ALPHA, DIGIT, HEX};

/// Backslashes before an escape, entities before a number sign: so many levels are one unit.
const NESTED: usize = 32;

/// The longest terminal escape that is one (`ESC [ 38;2;255;255;255 m`).
const TERMINAL_BYTES: usize = 32;

/// Bytes that read as others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    /// How many bytes of the text it is.
    pub(super) len: usize,
    /// What it reads as.
    text: [u8; 4],
    text_len: usize,
}

impl Unit {
    pub(super) fn text(&self) -> &[u8] {
        self.text.get(..self.text_len).unwrap_or_default()
    }

    fn nothing(len: usize) -> Self {
        Self { len, text: [0; 4], text_len: 0 }
    }

    fn byte(len: usize, byte: u8) -> Self {
        Self { len, text: [byte, 0, 0, 0], text_len: 1 }
    }

    /// A character, which may itself be in disguise.
    fn character(len: usize, character: char) -> Self {
        match unicode::reading(character) {
            Reading::Nothing => Self::nothing(len),
            Reading::Ascii(text, text_len) => Self { len, text, text_len },
            Reading::Same => {
                let mut text = [0; 4];
                let text_len = character.encode_utf8(&mut text).len();
                Self { len, text, text_len }
            }
        }
    }

    /// Whether it hides what identifiers are made of.
    pub(super) fn is_telling(&self) -> bool {
        let plain = |byte: &u8| bytes::is(*byte, ALNUM) || b"@-./:+_#\\%".contains(byte);
        self.text_len == 0 || self.text().iter().all(plain)
    }
}

/// The unit that begins at `at`, if one does.
#[inline]
pub(super) fn unit(text: &[u8], at: usize) -> Option<Unit> {
    match byte(text, at) {
        b'\\' => backslashed(text, at),
        b'&' => entity(text, at),
        b'%' => percent(text, at),
        b'=' => quoted_printable(text, at),
        0x1b => terminal(text, at),
        // Half a character of UTF-16.
        0 => Some(Unit::nothing(1)),
        0x80.. => wide(text, at),
        _ => None,
    }
}

/// The character beyond ASCII that begins at `at`.
pub(super) fn character(text: &[u8], at: usize) -> Option<(char, usize)> {
    let len = match byte(text, at) {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let character = std::str::from_utf8(text.get(at..at + len)?).ok()?.chars().next()?;
    Some((character, len))
}

fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(0)
}

fn wide(text: &[u8], at: usize) -> Option<Unit> {
    let (character, len) = character(text, at)?;
    match unicode::reading(character) {
        Reading::Same => None,
        _ => Some(Unit::character(len, character)),
    }
}

/// Backslashes and what they escape: JSON's, C's, PostgreSQL's.
fn backslashed(text: &[u8], at: usize) -> Option<Unit> {
    let rest = text.get(at..)?;
    let run = rest.iter().take(NESTED).take_while(|byte| **byte == b'\\').count();
    let escape = at + run;
    let one = |byte| Some(Unit::byte(run + 1, byte));
    match byte(text, escape) {
        b'u' | b'U' => code_unit(text, at, escape),
        b'x' => {
            let byte = pair(text, escape + 1)?;
            let goes_on = pair(text, escape + 3).is_some();
            // A longer run of hexadecimal digits is a bytea's.
            if goes_on { None } else { Some(Unit::byte(run + 3, byte)) }
        }
        digit @ b'0'..=b'3' => {
            let octal =
                |at: usize| Some(byte(text, at) - b'0').filter(|_| is_octal(byte(text, at)));
            let (high, low) =
                match (is_octal(byte(text, escape + 1)), is_octal(byte(text, escape + 2))) {
                    (true, true) => (octal(escape + 1)?, octal(escape + 2)?),
                    _ => return None,
                };
            Some(Unit::byte(run + 3, (digit - b'0') << 6 | high << 3 | low))
        }
        quote @ (b'"' | b'\'' | b'/') => one(quote),
        b'n' => one(b'\n'),
        b'r' => one(b'\r'),
        b't' | b'b' | b'f' => one(b' '),
        _ if run > 1 => Some(Unit::byte(run, b'\\')),
        _ => None,
    }
}

fn is_octal(byte: u8) -> bool {
    (b'0'..=b'7').contains(&byte)
}

/// `u0031`, `u{31}`, and the two halves of a character beyond the first plane.
fn code_unit(text: &[u8], start: usize, at: usize) -> Option<Unit> {
    if byte(text, at + 1) == b'{' {
        let end = (at + 2..at + 9).find(|end| byte(text, *end) == b'}')?;
        let code = hex(text.get(at + 2..end)?)?;
        return Some(Unit::character(end + 1 - start, char::from_u32(code)?));
    }
    let first = hex(text.get(at + 1..at + 5)?)?;
    let end = at + 5;
    if !(0xd800..0xdc00).contains(&first) {
        return Some(Unit::character(end - start, char::from_u32(first)?));
    }
    let run = text.get(end..)?.iter().take(NESTED).take_while(|byte| **byte == b'\\').count();
    let second = end + run;
    let low = hex(text.get(second + 1..second + 5)?).filter(|_| byte(text, second) == b'u')?;
    let code = 0x1_0000 + ((first - 0xd800) << 10) + low.checked_sub(0xdc00)?;
    Some(Unit::character(second + 5 - start, char::from_u32(code)?))
}

/// `%31`, `%2531`
fn percent(text: &[u8], at: usize) -> Option<Unit> {
    let mut digits = at + 1;
    for _ in 0..NESTED {
        if byte(text, digits) != b'2'
            || byte(text, digits + 1) != b'5'
            || pair(text, digits + 2).is_none()
        {
            break;
        }
        digits += 2;
    }
    Some(Unit::byte(digits + 2 - at, pair(text, digits)?))
}

/// `=31=32`, `=2D` and a soft end of line. `id=31` is none: letters and digits are never alone.
fn quoted_printable(text: &[u8], at: usize) -> Option<Unit> {
    match (byte(text, at + 1), byte(text, at + 2)) {
        (b'\n', _) => return Some(Unit::nothing(2)),
        (b'\r', b'\n') => return Some(Unit::nothing(3)),
        _ => {}
    }
    let value = pair(text, at + 1)?;
    let before = at >= 3 && byte(text, at - 3) == b'=' && pair(text, at - 2).is_some();
    let behind = byte(text, at + 3) == b'=' && pair(text, at + 4).is_some();
    let told = before || behind || !bytes::is(value, ALNUM);
    told.then(|| Unit::byte(3, value))
}

/// `&#49;`, `&#x31;`, `&amp;#49;` and the names of a few characters.
fn entity(text: &[u8], at: usize) -> Option<Unit> {
    let mut name = at + 1;
    for _ in 0..NESTED {
        if text.get(name..name + 4) != Some(b"amp;") {
            break;
        }
        name += 4;
    }
    if byte(text, name) != b'#' {
        let rest = text.get(name..)?;
        let (known, character) =
            ENTITIES.iter().find(|(known, _)| rest.starts_with(known.as_bytes()))?;
        return Some(Unit::character(name + known.len() - at, *character));
    }
    let is_hex = matches!(byte(text, name + 1), b'x' | b'X');
    let digits = name + 1 + usize::from(is_hex);
    let class = if is_hex { HEX } else { DIGIT };
    let end = (digits..digits + 10).find(|end| !bytes::is(byte(text, *end), class))?;
    let number = text.get(digits..end).filter(|number| !number.is_empty())?;
    let code = if is_hex { hex(number)? } else { crate::checks::decimal(number) };
    let closed = end + usize::from(byte(text, end) == b';');
    Some(Unit::character(closed - at, char::from_u32(code)?))
}

/// Escape sequences of a terminal (ECMA-48): they move and colour, and show nothing.
fn terminal(text: &[u8], at: usize) -> Option<Unit> {
    let rest = text.get(at + 1..)?;
    match *rest.first()? {
        b'[' => {
            let end = rest
                .iter()
                .skip(1)
                .take(TERMINAL_BYTES)
                .position(|byte| matches!(byte, b'@'..=b'~'))?;
            Some(Unit::nothing(end + 3))
        }
        b'(' | b')' => Some(Unit::nothing(3)),
        letter if bytes::is(letter, ALPHA) => Some(Unit::nothing(2)),
        _ => None,
    }
}

/// The byte that two hexadecimal digits write.
pub(super) fn pair(text: &[u8], at: usize) -> Option<u8> {
    hex(text.get(at..at + 2)?).and_then(|value| u8::try_from(value).ok())
}

fn hex(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}

const ENTITIES: [(&str, char); 20] = [
    ("nbsp;", ' '),
    ("quot;", '"'),
    ("apos;", '\''),
    ("lt;", '<'),
    ("gt;", '>'),
    ("amp;", '&'),
    ("hyphen;", '-'),
    ("dash;", '-'),
    ("ndash;", '-'),
    ("mdash;", '-'),
    ("minus;", '-'),
    ("shy;", '\u{ad}'),
    ("zwnj;", '\u{200c}'),
    ("zwj;", '\u{200d}'),
    ("ZeroWidthSpace;", '\u{200b}'),
    ("commat;", '@'),
    ("period;", '.'),
    ("colon;", ':'),
    ("sol;", '/'),
    ("num;", '#'),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        let (bytes, mut at, mut out) = (text.as_bytes(), 0, Vec::new());
        while at < bytes.len() {
            match unit(bytes, at) {
                Some(unit) => {
                    out.extend_from_slice(unit.text());
                    at += unit.len;
                }
                None => {
                    out.push(bytes[at]);
                    at += 1;
                }
            }
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes_of_many_kinds_read_as_what_they_stand_for() {
        for text in [
            r"\u0031\u0032\u0033",
            r"\\u0031\\\\u0032\\\u0033",
            r"\uff11\uff12\u0663",
            r"\ud835\udfcf\u{32}\x33",
            r"\061\062\063",
            "&#49;&#x32;&#051;",
            "&amp;#49;&amp;amp;#50;&#0051;",
            "%31%32%2533",
            "=31=32=33",
            "1=\r\n2=\n3",
            "1\x1b[31m2\x1b[0m\x1b(B3",
            "１２３",
            "1\u{200b}2\u{ad}3",
            "1\x002\x003\x00",
        ] {
            assert_eq!(read(text), "123", "{text:?}");
        }
        assert_eq!(read(r#"{\"a\": \\\"b\\\"}\n"#), "{\"a\": \"b\"}\n");
        assert_eq!(read("a&commat;b&period;c&#64;"), "a@b.c@");
    }

    #[test]
    fn what_only_looks_like_an_escape_is_left() {
        for text in ["100% 5%", "id=31&x=2", "R&D & AT&T", r"C:\data\x3132", "a=b", "\\"] {
            assert_eq!(read(text), text);
        }
    }
}
