//! Check digits and ranges. Each says whether a number may be what it looks like; none of them
//! ever vetoes a label.

/// ISO/IEC 7812-1 Annex B, over ASCII digits; anything else is skipped.
pub(crate) fn luhn(number: impl DoubleEndedIterator<Item = u8>) -> bool {
    luhn_sum(number, 0).is_multiple_of(10)
}

/// The last digit checks the others: weights 1, 2, 3 ... from the right, modulo 11, with `X` for a last
/// digit of 10 (ISO 2108; NHS Data Dictionary, "NHS NUMBER"). Anything else is skipped.
pub(crate) fn mod11(number: impl DoubleEndedIterator<Item = u8>) -> bool {
    let mut sum = 0;
    let mut weight = 0;
    for byte in number.rev() {
        let value = match byte {
            b'0'..=b'9' => value(byte),
            b'X' | b'x' if weight == 0 => 10,
            _ => continue,
        };
        weight += 1;
        sum += weight * value;
    }
    sum % 11 == 0
}

/// The National Provider Identifier: Luhn with the issuer prefix 80840 (45 CFR 162.406), which
/// adds 24.
pub(crate) fn npi(number: &[u8]) -> bool {
    number.len() == 10 && luhn_sum(number.iter().copied(), 24).is_multiple_of(10)
}

/// A Global Trade Item Number of 14 digits (GS1 General Specifications, 7.9): weights 3, 1 from the
/// left.
pub(crate) fn gtin14(number: &[u8]) -> bool {
    let weighted = number.iter().zip([3, 1].iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| value(*digit) * weight).sum();
    number.len() == 14 && number.iter().all(u8::is_ascii_digit) && sum.is_multiple_of(10)
}

/// Whether a card scheme numbers so: prefix and length.
pub(crate) fn card_issuer(number: &[u8]) -> bool {
    let prefix = |digits: usize| decimal(number.get(..digits).unwrap_or_default());
    let length = number.len();
    match number.first() {
        Some(b'4') => matches!(length, 13 | 16 | 19),
        Some(b'2') => {
            (2221..=2720).contains(&prefix(4)) && length == 16 || prefix(4) == 2131 && length == 15
        }
        Some(b'3') => match prefix(2) {
            34 | 37 => length == 15,
            36 | 38 | 39 => (14..=19).contains(&length),
            30 => (300..=305).contains(&prefix(3)) && (14..=19).contains(&length),
            // JCB has 3528 to 3589; generators of sample data use all of 35.
            35 => (16..=19).contains(&length),
            _ => false,
        },
        Some(b'5') => match prefix(2) {
            51..=55 => length == 16,
            50 | 56..=58 => (12..=19).contains(&length),
            _ => false,
        },
        Some(b'6') => (12..=19).contains(&length),
        Some(b'1') => prefix(4) == 1800 && length == 15,
        _ => false,
    }
}

/// ISO 13616: letters as 10 to 35, the first four characters moved behind, modulo 97 is 1. Blanks
/// are skipped.
pub(crate) fn iban(account: &[u8]) -> bool {
    let (Some(head), Some(body)) = (account.get(..4), account.get(4..)) else { return false };
    let mut remainder = 0u32;
    for &byte in body.iter().chain(head) {
        remainder = match byte {
            b'0'..=b'9' => remainder * 10 + u32::from(byte - b'0'),
            b'A'..=b'Z' => remainder * 100 + u32::from(byte - b'A') + 10,
            b'a'..=b'z' => remainder * 100 + u32::from(byte - b'a') + 10,
            b' ' => remainder,
            _ => return false,
        } % 97;
    }
    remainder == 1
}

/// The routing number of the American Bankers Association: weights 3, 7, 1.
pub(crate) fn aba(number: &[u8]) -> bool {
    let weighted = number.iter().zip([3, 7, 1].iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| value(*digit) * weight).sum();
    number.len() == 9 && sum.is_multiple_of(10)
}

/// 49 CFR 565.15: the ninth character is the weighted sum modulo 11.
pub(crate) fn vin(number: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let mut sum = 0;
    for (byte, weight) in number.iter().zip(WEIGHTS) {
        let Some(value) = vin_value(*byte) else { return false };
        sum += value * weight;
    }
    let check = match sum % 11 {
        10 => b'X',
        digit => b"0123456789"[digit as usize],
    };
    number.len() == 17 && number.get(8).is_some_and(|byte| byte.to_ascii_uppercase() == check)
}

/// The Medicare Beneficiary Identifier, 11 characters `C A AN N A AN N A A N N` without the
/// letters S L O I B Z (CMS, "Understanding the MBI format").
pub(crate) fn mbi(number: &[u8]) -> bool {
    let letter =
        |byte: u8| byte.is_ascii_alphabetic() && !b"SLOIBZ".contains(&byte.to_ascii_uppercase());
    number.len() == 11
        && number.iter().enumerate().all(|(at, &byte)| match at {
            0 => (b'1'..=b'9').contains(&byte),
            1 | 4 | 7 | 8 => letter(byte),
            2 | 5 => letter(byte) || byte.is_ascii_digit(),
            _ => byte.is_ascii_digit(),
        })
}

/// A DEA registration: two letters (the second may be 9), seven digits, the last checks:
/// (d1 + d3 + d5) + 2 (d2 + d4 + d6).
pub(crate) fn dea(number: &[u8]) -> bool {
    let [first, second, digits @ ..] = number else { return false };
    if digits.len() != 7 || !first.is_ascii_alphabetic() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let odd: u32 = digits.iter().step_by(2).take(3).map(|digit| value(*digit)).sum();
    let even: u32 = digits.iter().skip(1).step_by(2).map(|digit| value(*digit)).sum();
    (second.is_ascii_alphabetic() || *second == b'9') && (odd + 2 * even) % 10 == value(digits[6])
}

/// The North American Numbering Plan: area code and exchange begin with 2 to 9.
pub(crate) fn nanp(area: &[u8], exchange: &[u8]) -> bool {
    let opens = |digits: &[u8]| matches!(digits.first(), Some(b'2'..=b'9'));
    opens(area) && opens(exchange)
}

/// A day of the Gregorian calendar of a plausible year, 1800 to 2199.
pub(crate) fn calendar_day(year: u32, month: u32, day: u32) -> bool {
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 29,
        _ => 0,
    };
    (1800..2200).contains(&year) && (1..=days).contains(&day)
}

/// The number that ASCII digits write; saturates.
pub(crate) fn decimal(digits: &[u8]) -> u32 {
    digits.iter().fold(0u32, |sum, digit| sum.saturating_mul(10).saturating_add(value(*digit)))
}

/// A number of JSON (RFC 8259, section 6): `-7`, `0`, `12.5e-3`, but neither `007` nor `7.` nor
/// `123-45-6789`.
pub fn is_json_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || (whole > 1 && text.starts_with(b"0")) {
        return false;
    }
    let mut rest = text.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let len = digits(fraction);
        rest = fraction.get(len..).unwrap_or_default();
        if len == 0 {
            return false;
        }
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            !exponent.is_empty() && digits(exponent) == exponent.len()
        }
        _ => false,
    }
}

fn luhn_sum(number: impl DoubleEndedIterator<Item = u8>, start: u32) -> u32 {
    let digits = number.rev().filter(u8::is_ascii_digit);
    digits.enumerate().fold(start, |sum, (at, digit)| {
        let doubled = value(digit) << (at % 2);
        sum + doubled / 10 + doubled % 10
    })
}

fn value(digit: u8) -> u32 {
    u32::from(digit.wrapping_sub(b'0'))
}

fn vin_value(byte: u8) -> Option<u32> {
    let byte = byte.to_ascii_uppercase();
    match byte {
        b'0'..=b'9' => Some(value(byte)),
        b'A'..=b'H' => Some(u32::from(byte - b'A') + 1),
        b'J'..=b'N' => Some(u32::from(byte - b'J') + 1),
        b'P' => Some(7),
        b'R' => Some(9),
        b'S'..=b'Z' => Some(u32::from(byte - b'S') + 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_examples_pass_and_their_neighbours_fail() {
        let luhn_of = |text: &[u8]| luhn(text.iter().copied());
        assert!(luhn_of(b"4111 1111 1111 1111") && !luhn_of(b"4111 1111 1111 1112"));
        let mod11_of = |text: &[u8]| mod11(text.iter().copied());
        assert!(mod11_of(b"943 476 5919") && !mod11_of(b"943 476 5918"));
        assert!(mod11_of(b"0-8044-2957-X"));
        assert!(npi(b"1234567893") && !npi(b"1234567894"));
        assert!(iban(b"GB82WEST12345698765432") && !iban(b"GB82WEST12345698765433"));
        assert!(iban(b"DE89 3704 0044 0532 0130 00"));
        assert!(aba(b"021000021") && !aba(b"021000022"));
        assert!(vin(b"1M8GDM9AXKP042788") && !vin(b"1M8GDM9A1KP042788"));
        assert!(mbi(b"1EG4TE5MK73") && !mbi(b"1SG4TE5MK73") && !mbi(b"0EG4TE5MK73"));
        assert!(gtin14(b"00844588003288") && !gtin14(b"00844588003289"));
        assert!(dea(b"AB1234563") && !dea(b"AB1234564"));
    }

    #[test]
    fn issuers_are_told_by_prefix_and_length() {
        assert!(card_issuer(b"4111111111111111") && !card_issuer(b"41111111111111"));
        assert!(card_issuer(b"2221000000000009") && !card_issuer(b"2220000000000009"));
        assert!(card_issuer(b"378282246310005") && !card_issuer(b"9378282246310005"));
    }

    #[test]
    fn a_calendar_has_no_thirtieth_of_february() {
        assert!(calendar_day(2024, 2, 29) && !calendar_day(2024, 2, 30));
        assert!(!calendar_day(2024, 0, 1) && !calendar_day(2024, 13, 1));
    }
}
