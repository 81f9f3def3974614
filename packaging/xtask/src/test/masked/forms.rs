//! The forms that a mask can have, by the type of the value that it stands for.
//!
//! Written from the documentation of the masks, not from their code: it is to notice when that garbles a value. A
//! mask is never longer than its value, and is made of the value's own bytes and of the type's filler.

/// Whether a mask of this value may look like that; both in text format.
pub(super) fn is_mask(type_oid: u32, value: Option<&[u8]>, shown: Option<&[u8]>) -> bool {
    let form = Form::of(type_oid);
    match (value, shown) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some(_), None) => form.may_be_null,
        (Some(value), Some(shown)) if value == shown => true,
        (Some(value), Some(shown)) => match form.is_date {
            true => is_year(value, shown),
            false if form.is_address => shown.len() <= value.len() && is_unspecified(shown),
            false => {
                shown.len() == value.len() && is_covered(value, shown, form.filler)
                    || form.may_shrink
                        && shown.len() < value.len()
                        && shown.iter().all(|byte| form.filler.contains(byte))
            }
        },
    }
}

/// Whether nothing but a scan tells what a value of this type holds.
pub(super) fn is_text(type_oid: u32) -> bool {
    matches!(type_oid, 18 | 19 | 25 | 1042 | 1043)
}

/// Names, errors and other texts outside rows.
pub(super) fn is_covered_text(value: &[u8], shown: &[u8]) -> bool {
    value == shown || value.len() == shown.len() && is_covered(value, shown, TEXT.filler)
}

struct Form {
    filler: &'static [u8],
    may_be_null: bool,
    may_shrink: bool,
    is_date: bool,
    is_address: bool,
}

const fn filled(filler: &'static [u8]) -> Form {
    Form { filler, may_be_null: false, may_shrink: false, is_date: false, is_address: false }
}

const fn or_null(form: Form) -> Form {
    Form { may_be_null: true, ..form }
}

/// An age becomes 90 or `90+`, with blanks behind it.
const TEXT: Form = filled(b"*90+ ");

impl Form {
    /// By the OIDs of pg_type.dat.
    const fn of(type_oid: u32) -> Self {
        match type_oid {
            16 => or_null(filled(b"f")),
            18 | 19 | 25 | 194 | 705 | 1033 | 1042 | 1043 | 1790 | 2275 => TEXT,
            20 | 21 | 23 | 26 | 700 | 701 => filled(b"09"),
            1700 => Self { may_shrink: true, ..filled(b"09.") },
            790 | 1083 | 1186 | 1266 => or_null(filled(b"0+")),
            17 => or_null(filled(b"*0\\x")),
            1082 | 1114 | 1184 => or_null(Self { is_date: true, ..filled(b"") }),
            2950 | 774 | 829 => filled(b"0"),
            114 | 3802 => filled(b"*90+ \""),
            142 => or_null(filled(b"*90+ ")),
            650 | 869 => Self { is_address: true, ..filled(b"") },
            1560 | 1562 => filled(b"0"),
            // Arrays, rows, ranges, enums and what isn't known here: element by element, or not at all.
            _ => or_null(filled(b"*0+1f: ")),
        }
    }
}

fn is_covered(value: &[u8], shown: &[u8], filler: &[u8]) -> bool {
    let mut pairs = value.iter().zip(shown);
    pairs.all(|(value, shown)| value == shown || filler.contains(shown))
}

/// The unspecified address, in whatever number of zeros: it fills the place of the one that it stands for.
fn is_unspecified(shown: &[u8]) -> bool {
    let address = shown.strip_suffix(b"/128").unwrap_or(shown);
    !address.is_empty() && address.iter().all(|byte| matches!(byte, b'0' | b'.' | b':'))
}

/// January 1st of some year, in the form that the date had: which year may stay is the masks' own affair.
fn is_year(value: &[u8], shown: &[u8]) -> bool {
    let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let first_days = |at: usize| if matches!(at, 2 | 5) { b'1' } else { b'0' };
    let pairs = value.iter().zip(shown).enumerate();
    value.len() == shown.len()
        && digits >= 4
        && pairs.into_iter().all(|(at, (value, shown))| match at.checked_sub(digits) {
            None => shown.is_ascii_digit(),
            Some(at) if value.is_ascii_digit() => *shown == first_days(at),
            Some(at) => shown == value || at > 5 && (*value, *shown) == (b'-', b'+'),
        })
}

#[cfg(test)]
mod tests {
    use super::is_mask;

    fn check(type_oid: u32, value: &str, shown: &str) -> bool {
        is_mask(type_oid, Some(value.as_bytes()), Some(shown.as_bytes()))
    }

    #[test]
    fn a_text_is_covered_in_part_or_whole_and_never_garbled() {
        assert!(check(25, "call 555-0100", "call ********"));
        assert!(check(25, "abc", "***"));
        assert!(!check(25, "abc", "abd"));
        assert!(!check(25, "abc", "**"));
        assert!(!is_mask(25, Some(b"abc"), None));
    }

    #[test]
    fn a_date_keeps_no_more_than_a_year() {
        assert!(check(1082, "1997-02-10", "1997-01-01"));
        assert!(check(1184, "1997-02-10 17:32:01-08", "1997-01-01 00:00:00+00"));
        assert!(!check(1082, "1997-02-10", "1997-02-01"));
        assert!(is_mask(1082, Some(b"Mon Feb 10"), None));
    }

    #[test]
    fn numbers_become_zeros() {
        assert!(check(23, "-4567", "00000"));
        assert!(check(1700, "-4567.5", "0"));
        assert!(!check(23, "4567", "4568"));
    }

    #[test]
    fn an_address_becomes_the_unspecified_one() {
        assert!(check(869, "192.168.1.226", "::0:0000:0000"));
        assert!(check(869, "ffff:83e7:f118:57dc:6093::1/70", "000:0000:0000:0000:0000::/128"));
        assert!(!check(869, "192.168.1.226", "192.168.1.1"));
    }

    #[test]
    fn nothing_becomes_something() {
        assert!(!is_mask(25, None, Some(b"")));
        assert!(is_mask(25, None, None));
    }
}
