//! Whether a value is a mask, and whether a statement would write one back over the data.
//!
//! An agent that reads a row, changes a field and writes the row back would put masks in the place of
//! what they cover. A mask that shows as one is recognised: asterisks, `90+`, the UUID of zeros. A zero,
//! January 1st and 90 are values like any other, and so is what FF1 and a shift of dates make: these are
//! not recognised.

use crate::Refusal;
use crate::rules::WRITES_MASK;

const NIL_UUID: &[u8] = b"00000000-0000-0000-0000-000000000000";

/// `hmac` and `token` are one of these and 24 hexadecimal digits.
pub const HMAC_PREFIX: &[u8; 3] = b"hm_";
pub const TOKEN_PREFIX: &[u8; 3] = b"tk_";
const CODE_LEN: usize = 3 + 24;

/// Whether a value, in text or in binary format, is a mask or holds one.
pub fn is_placeholder(value: &[u8]) -> bool {
    // A number in binary format may hold two bytes of 42, and so many that it is one seldom.
    let run = if value.contains(&0) { 3 } else { 2 };
    value == b"*"
        || value == NIL_UUID
        || value.starts_with(b"90+")
        || value.windows(CODE_LEN).any(is_code)
        || value.windows(run).any(|bytes| bytes.iter().all(|&byte| byte == b'*'))
}

/// Whether one of a statement's strings is a mask. Comments are none.
pub fn has_placeholder(statement: &str) -> bool {
    let mut rest = statement.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        let (string, next) = match (byte, behind) {
            (b'-', [b'-', comment @ ..]) => (&[][..], behind_line(comment)),
            (b'/', [b'*', comment @ ..]) => (&[][..], behind_comment(comment)),
            (b'E' | b'e', [b'\'', string @ ..]) => split_escaped(string),
            (b'\'', _) => split_quoted(behind, b'\''),
            // A name may hold anything.
            (b'"', _) => (&[][..], split_quoted(behind, b'"').1),
            (b'$', _) => split_dollar_quoted(rest).unwrap_or((&[], behind)),
            (byte, _) if is_name_byte(byte) => (&[][..], behind_name(behind)),
            _ => (&[][..], behind),
        };
        if is_placeholder(string) {
            return true;
        }
        rest = next;
    }
    false
}

fn is_code(text: &[u8]) -> bool {
    let digits = text.strip_prefix(HMAC_PREFIX).or_else(|| text.strip_prefix(TOKEN_PREFIX));
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
}

pub fn placeholder_refusal() -> Refusal {
    (&WRITES_MASK).into()
}

fn behind_line(comment: &[u8]) -> &[u8] {
    let end = comment.iter().position(|&byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(&[], |end| &comment[end..])
}

/// Comments of this kind nest.
fn behind_comment(mut rest: &[u8]) -> &[u8] {
    let mut depth = 1;
    while depth > 0 {
        rest = match rest {
            [] => return rest,
            [b'/', b'*', rest @ ..] => {
                depth += 1;
                rest
            }
            [b'*', b'/', rest @ ..] => {
                depth -= 1;
                rest
            }
            [_, rest @ ..] => rest,
        };
    }
    rest
}

/// What stands before the closing quote, and what behind it. A quote that is doubled ends this piece all
/// the same: what follows is then looked at as one more string, which differs for no mask.
fn split_quoted(text: &[u8], quote: u8) -> (&[u8], &[u8]) {
    match text.iter().position(|&byte| byte == quote) {
        Some(end) => (&text[..end], &text[end + 1..]),
        None => (text, &[]),
    }
}

/// The same in an `E''` string, where a backslash escapes a quote, and a doubled one ends nothing: a
/// backslash behind it is an escape still.
fn split_escaped(text: &[u8]) -> (&[u8], &[u8]) {
    let mut at = 0;
    loop {
        match text.get(at) {
            Some(b'\\') => at += 2,
            Some(b'\'') if text.get(at + 1) == Some(&b'\'') => at += 2,
            Some(b'\'') => return (&text[..at], &text[at + 1..]),
            Some(_) => at += 1,
            None => return (text, &[]),
        }
    }
}

/// `$tag$ ... $tag$`; a parameter has no second dollar sign.
fn split_dollar_quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let tag = text.get(1..)?.iter().position(|&byte| !is_name_byte(byte) || byte == b'$')? + 2;
    let (tag, rest) = text.split_at_checked(tag)?;
    let named = tag.len() == 2 || tag.get(1).is_some_and(|byte| !byte.is_ascii_digit());
    if tag.last() != Some(&b'$') || !named {
        return None;
    }
    let end = rest.windows(tag.len()).position(|window| window == tag).unwrap_or(rest.len());
    Some((&rest[..end], rest.get(end + tag.len()..).unwrap_or_default()))
}

/// A name may hold a dollar sign, which then begins no string.
fn behind_name(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| !is_name_byte(byte)).unwrap_or(text.len());
    &text[end..]
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HMAC: &str = "hm_0123456789abcdef01234567";
    const TOKEN: &str = "(tk_0123456789abcdef01234567)";

    #[test]
    fn a_mask_that_shows_as_one_is_known() {
        for mask in [
            "*",
            "***********",
            "***-**-6789",
            "021**",
            "1980-**-**",
            "90+",
            "90+ years",
            HMAC,
            TOKEN,
        ] {
            assert!(is_placeholder(mask.as_bytes()), "{mask}");
        }
        for value in ["", "Jane", "2 * 3", "190+", "90", "1980-01-01", "a*b*c"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
        assert!(is_placeholder(b"\x01\"********\""));
        assert!(is_placeholder(b"00000000-0000-0000-0000-000000000000"));
        assert!(!is_placeholder(&[0, 0, 42, 42]));
    }

    #[test]
    fn a_mask_is_found_in_each_kind_of_string_and_nowhere_else() {
        for statement in [
            "UPDATE t SET a = '***'",
            "UPDATE t SET a = 'it''s **'",
            "UPDATE t SET a = E'\\'**'",
            "UPDATE t SET a = E'it''s \\'**'",
            "UPDATE t SET a = $$**$$",
            "UPDATE t SET a = $tag$ $$ ** $tag$",
            "UPDATE t SET a = $ä$**$ä$",
            "INSERT INTO t VALUES ($1, '90+') -- done",
            "/* /* nested */ */ UPDATE t SET a = '**'",
            "UPDATE t SET a$b = '**'",
            "UPDATE t SET a = '**",
            "UPDATE t SET a = $$**",
        ] {
            assert!(has_placeholder(statement), "{statement}");
        }
        for statement in [
            "UPDATE t SET a = 'x' -- '***'",
            "/*** a note ***/ UPDATE t SET a = 2 * 3",
            "UPDATE t SET a = $1 WHERE b = $2",
            "UPDATE t SET \"**\" = 'x'",
            "UPDATE t SET a$x$ = 1",
            "/* open",
            "'",
            "$",
            "",
        ] {
            assert!(!has_placeholder(statement), "{statement}");
        }
    }
}
