//! Taking values out of text. Each mask here is exactly as long as what it replaces, so that a row can
//! be masked in the buffer it arrived in.

use crate::finding::{Cover, Finding};

/// Covers each finding in place, byte for byte; what Safe Harbor lets stay (a year, three digits
/// of a ZIP code) stays.
pub fn redact_findings(text: &mut [u8], findings: &[Finding]) {
    for finding in findings {
        if let Some(piece) = text.get_mut(finding.start as usize..finding.end as usize) {
            cover(piece, finding.cover);
        }
    }
}

/// Covers a whole text value in place, keeping its length: `*` for each byte.
pub fn redact(text: &mut [u8]) {
    text.fill(b'*');
}

/// The last four letters or digits stay, and what stands between them. A value of fewer than eight
/// would show half of itself and more, so it is covered whole.
pub fn keep_last4(text: &mut [u8]) {
    let count = text.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    if count < 8 {
        return redact(text);
    }
    let last = text.iter().enumerate().filter(|(_, byte)| byte.is_ascii_alphanumeric());
    let kept = last.rev().nth(3).map_or(text.len(), |(at, _)| at);
    let (covered, kept) = text.split_at_mut(kept);
    covered.iter_mut().for_each(cover_letter);
    kept.iter_mut().filter(|byte| !byte.is_ascii()).for_each(|byte| *byte = b'*');
}

/// ZIP or ZIP+4 in place: the first three digits stay unless fewer than 20,000 people live there.
/// What does not begin with five digits is covered whole.
pub fn zip3(text: &mut [u8]) {
    let is_zip = text.len() >= 5 && text.iter().take(5).all(u8::is_ascii_digit);
    let (Some((prefix, rest)), true) = (text.split_first_chunk_mut::<3>(), is_zip) else {
        return redact(text);
    };
    if RESTRICTED_ZIP3.contains(&[prefix[0], prefix[1], prefix[2]]) {
        prefix.fill(b'0');
    }
    redact(rest);
}

/// The prefixes of three digits whose areas hold 20,000 people or fewer (164.514(b)(2)(i)(B)):
/// HHS's list after the 2000 census and what the 2010 census adds to it. The rule names the
/// current census, so a new one adds a line; none is taken away, because old data remain.
#[rustfmt::skip]
const RESTRICTED_ZIP3: &[[u8; 3]] = &[
    *b"000",
    // Census 2000, HHS guidance of 2012-11-26
    *b"036", *b"059", *b"063", *b"102", *b"203", *b"556", *b"692", *b"790", *b"821", *b"823",
    *b"830", *b"831", *b"878", *b"879", *b"884", *b"890", *b"893",
    // Census 2010
    *b"202", *b"204", *b"205", *b"369", *b"753", *b"772",
];

fn cover(piece: &mut [u8], how: Cover) {
    match how {
        Cover::Whole => redact(piece),
        Cover::Year { at } => {
            let at = usize::from(at);
            for (offset, byte) in piece.iter_mut().enumerate() {
                if !(at..at + 4).contains(&offset) {
                    cover_letter(byte);
                }
            }
        }
        Cover::Letters => piece.iter_mut().for_each(cover_letter),
        Cover::Zip3 => zip3(piece),
        Cover::Age => cover_age(piece),
        Cover::JsonNumber => {
            piece.fill(b' ');
            if let Some(last) = piece.last_mut() {
                *last = b'0';
            }
        }
    }
}

fn cover_letter(byte: &mut u8) {
    if byte.is_ascii_alphanumeric() || !byte.is_ascii() {
        *byte = b'*';
    }
}

/// `97` becomes `90`. `104` becomes `90+`, which is no number: the rules keep that from JSON's.
fn cover_age(piece: &mut [u8]) {
    let len = piece.len().min(3);
    piece.fill(b' ');
    piece[..len].copy_from_slice(&b"90+"[..len]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Identifier;

    fn masked(text: &str, how: Cover) -> String {
        let mut bytes = text.as_bytes().to_vec();
        cover(&mut bytes, how);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn the_year_of_a_date_stays() {
        assert_eq!(masked("1980-02-15", Cover::Year { at: 0 }), "1980-**-**");
        assert_eq!(masked("March 3, 2014", Cover::Year { at: 9 }), "***** *, 2014");
        assert_eq!(masked("03/04/80", Cover::Letters), "**/**/**");
    }

    #[test]
    fn three_digits_of_a_zip_code_stay_where_many_people_live() {
        let zip = |text: &str| masked(text, Cover::Zip3);
        assert_eq!(zip("02115"), "021**");
        assert_eq!(zip("02115-1234"), "021*******");
        assert_eq!(zip("03601"), "000**");
        assert_eq!(zip("20401"), "000**");
        assert_eq!(zip("SW1A 1AA"), "********");
        assert_eq!(zip("021"), "***");
    }

    #[test]
    fn four_digits_of_a_long_number_stay() {
        let kept = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            keep_last4(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(kept("123-45-6789"), "***-**-6789");
        assert_eq!(kept("4111 1111 1111 1234."), "**** **** **** 1234.");
        assert_eq!(kept("1234567"), "*******");
        assert_eq!(kept("Łukasz Jędrzejczak"), "******* ********czak");
    }

    #[test]
    fn an_age_above_89_becomes_90() {
        assert_eq!(masked("97", Cover::Age), "90");
        assert_eq!(masked("104", Cover::Age), "90+");
    }

    #[test]
    fn a_covered_json_number_is_still_one() {
        assert_eq!(masked("123456789", Cover::JsonNumber), "        0");
    }

    #[test]
    fn findings_outside_the_text_are_ignored() {
        let finding = Finding {
            identifier: Identifier::Ssn,
            start: 2,
            end: 9,
            score: 90,
            why: "test",
            cover: Cover::Whole,
        };
        let mut text = *b"abc";
        redact_findings(&mut text, &[finding]);
        assert_eq!(&text, b"abc");
    }
}
