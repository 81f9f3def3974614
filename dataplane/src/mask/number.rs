//! Numbers: zeros, ages capped (45 CFR 164.514(b)(2)(i)(C)), ZIP codes cut to three digits, dates
//! written as numbers.

use lazaret_policy::Format;

use super::Dates;
use super::outcome::{Length, Outcome, filled};

/// The lowest age that stands for all above it.
const CAP: i16 = 90;

/// What a number is filled with to be zero.
pub(super) const fn zero(format: Format) -> u8 {
    match format {
        Format::Text => b'0',
        Format::Binary => 0,
    }
}

/// numeric in binary is a header of four 16-bit numbers (how many digits, the weight of the
/// first, the sign, digits shown behind the point) and digits to base 10,000.
const NUMERIC_HEADER: usize = 8;

pub(super) fn whole_numeric(format: Format, length: Length, cell: &mut [u8]) -> Outcome {
    match format {
        Format::Text => filled(cell, b'0'),
        Format::Binary if length == Length::MayShrink => {
            let Some(header) = cell.get_mut(..NUMERIC_HEADER) else {
                return Outcome::Null;
            };
            header.fill(0);
            Outcome::Masked(NUMERIC_HEADER)
        }
        // The number of digits stays, for it must fit the length; all of them are zero.
        Format::Binary => match cell.split_at_mut_checked(2) {
            Some((_, rest)) => {
                rest.fill(0);
                Outcome::Masked(cell.len())
            }
            None => Outcome::Null,
        },
    }
}

/// An integer that is a year stays, `yyyymmdd` becomes `yyyy0101`, anything else zero.
pub(super) fn year(format: Format, dates: Dates, cell: &mut [u8]) -> Outcome {
    let generalised = read_int(format, cell).map_or(0, |value| match value {
        1000..=9999 => value.max(dates.oldest_year),
        value if is_calendar_date(value) => (value / 10_000).max(dates.oldest_year) * 10_000 + 101,
        _ => 0,
    });
    write_int(format, generalised, cell)
}

/// `yyyymmdd`
fn is_calendar_date(value: i64) -> bool {
    let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
    (1000..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day)
}

/// The last four digits of a number of eight or more; zero of any other.
pub(super) fn keep_last4(format: Format, cell: &mut [u8]) -> Outcome {
    const EIGHT_DIGITS: u64 = 10_000_000;
    let value = read_int(format, cell).map_or(0, i64::unsigned_abs);
    let kept = if value < EIGHT_DIGITS { 0 } else { value % 10_000 };
    write_int(format, i64::try_from(kept).unwrap_or(0), cell)
}

/// A ZIP code in a number has lost its leading zeros.
pub(super) fn zip3(format: Format, cell: &mut [u8]) -> Outcome {
    let generalised = match read_int(format, cell) {
        Some(value @ 0..=99_999) => zip3_of(value, 5),
        // ZIP+4
        Some(value @ 100_000..=999_999_999) => zip3_of(value, 9),
        _ => 0,
    };
    write_int(format, generalised, cell)
}

fn zip3_of(value: i64, digits: usize) -> i64 {
    let mut text = format!("{value:0digits$}").into_bytes();
    lazaret_detectors::mask::zip3(&mut text);
    let digit = |byte: u8| if byte.is_ascii_digit() { i64::from(byte - b'0') } else { 0 };
    text.into_iter().fold(0, |value, byte| value * 10 + digit(byte))
}

/// A number written in decimal, with or without a fraction or an exponent.
pub(super) fn cap_age_in_decimal(length: Length, cell: &mut [u8]) -> Outcome {
    let age: Option<f64> = std::str::from_utf8(cell).ok().and_then(|text| text.parse().ok());
    match age {
        Some(age) if age >= f64::from(CAP) => {}
        Some(_) => return Outcome::Same,
        None => return filled(cell, b'0'),
    }
    let len = match length {
        Length::MayShrink => cell.len().min(2),
        Length::Kept => cell.len(),
    };
    if let Some(place) = cell.get_mut(..len) {
        place.fill(b'0');
        // At least two bytes: no shorter number is 90 or more.
        if let Some(nine) = place.iter_mut().nth_back(1) {
            *nine = b'9';
        }
    }
    Outcome::Masked(len)
}

pub(super) fn cap_age_in_int(cell: &mut [u8]) -> Outcome {
    match read_int(Format::Binary, cell) {
        Some(age) if age >= i64::from(CAP) => write_int(Format::Binary, i64::from(CAP), cell),
        Some(_) => Outcome::Same,
        None => Outcome::Null,
    }
}

pub(super) fn cap_age_in_float(cell: &mut [u8]) -> Outcome {
    if let Ok(bytes) = <&mut [u8; 4]>::try_from(&mut *cell) {
        if f32::from_be_bytes(*bytes) < f32::from(CAP) {
            return Outcome::Same;
        }
        *bytes = f32::from(CAP).to_be_bytes();
    } else if let Ok(bytes) = <&mut [u8; 8]>::try_from(&mut *cell) {
        if f64::from_be_bytes(*bytes) < f64::from(CAP) {
            return Outcome::Same;
        }
        *bytes = f64::from(CAP).to_be_bytes();
    } else {
        return Outcome::Null;
    }
    Outcome::Masked(cell.len())
}

pub(super) fn cap_age_in_numeric(length: Length, cell: &mut [u8]) -> Outcome {
    let Some((header, digits)) = cell.split_first_chunk_mut::<NUMERIC_HEADER>() else {
        return Outcome::Null;
    };
    let [_, _, w0, w1, s0, s1, ..] = *header;
    let weight = i16::from_be_bytes([w0, w1]);
    let Some((first, rest)) = digits.split_first_chunk_mut::<2>() else {
        // Zero has no digits; infinity and NaN, which tell no age, have none either.
        return if [s0, s1] == [0, 0] {
            Outcome::Same
        } else {
            whole_numeric(Format::Binary, length, cell)
        };
    };
    let is_above = weight > 0 || (weight == 0 && i16::from_be_bytes(*first) >= CAP);
    if [s0, s1] != [0, 0] || !is_above {
        return Outcome::Same;
    }
    *first = CAP.to_be_bytes();
    rest.fill(0);
    // Weight, sign and digits shown.
    if let Some(behind_count) = header.get_mut(2..) {
        behind_count.fill(0);
    }
    Outcome::Masked(cell.len())
}

/// Each run of digits that says 90 or more: `97 years` becomes `90 years`, `103` becomes `90+`. A
/// text without digits may be an age in words, so it is covered.
pub(super) fn cap_age_in_text(cell: &mut [u8]) -> Outcome {
    if !cell.iter().any(u8::is_ascii_digit) {
        return filled(cell, b'*');
    }
    let mut was_capped = false;
    let mut is_fraction_of_capped = false;
    for run in cell.chunk_by_mut(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let is_point = matches!(&*run, b"." | b",");
        is_fraction_of_capped = match cap_run(run) {
            true => true,
            false if is_fraction_of_capped && !is_point => {
                run.iter_mut().filter(|byte| byte.is_ascii_digit()).for_each(|byte| *byte = b'0');
                false
            }
            false => is_fraction_of_capped && is_point,
        };
        was_capped |= is_fraction_of_capped;
    }
    if was_capped { Outcome::Masked(cell.len()) } else { Outcome::Same }
}

fn cap_run(run: &mut [u8]) -> bool {
    let zeros = run.iter().take_while(|&&byte| byte == b'0').count();
    match run.get_mut(zeros..) {
        Some([b'9', ones @ b'0'..=b'9']) => *ones = b'0',
        Some(above @ [b'1'..=b'9', _, _, ..]) => {
            above.fill(b'0');
            if let [.., nine, zero, plus] = above {
                (*nine, *zero, *plus) = (b'9', b'0', b'+');
            }
        }
        _ => return false,
    }
    true
}

pub(super) fn read_int(format: Format, cell: &[u8]) -> Option<i64> {
    match format {
        Format::Text => std::str::from_utf8(cell).ok()?.parse().ok(),
        Format::Binary => match *cell {
            [a, b] => Some(i64::from(i16::from_be_bytes([a, b]))),
            [a, b, c, d] => Some(i64::from(i32::from_be_bytes([a, b, c, d]))),
            _ => cell.try_into().ok().map(i64::from_be_bytes),
        },
    }
}

/// A binary float4 or float8.
pub(super) fn read_float(cell: &[u8]) -> Option<f64> {
    match *cell {
        [a, b, c, d] => Some(f64::from(f32::from_be_bytes([a, b, c, d]))),
        _ => cell.try_into().ok().map(f64::from_be_bytes),
    }
}

/// Appends the decimal digits of a binary numeric; false where it isn't one. Of a value that is far
/// longer than any identifier, or not a number, nothing is written.
pub(super) fn render_numeric(cell: &[u8], out: &mut Vec<u8>) -> bool {
    const LONGEST_WEIGHT: i16 = 16;
    let Some(([_, _, w0, w1, s0, s1, ..], digits)) = cell.split_first_chunk::<NUMERIC_HEADER>()
    else {
        return false;
    };
    let weight = i16::from_be_bytes([*w0, *w1]);
    let sign = u16::from_be_bytes([*s0, *s1]);
    if weight > LONGEST_WEIGHT || sign & 0x8000 != 0 {
        return true;
    }
    if sign == 0x4000 {
        out.push(b'-');
    }
    let (digits, _) = digits.as_chunks::<2>();
    let whole = usize::try_from(weight + 1).unwrap_or(0);
    for at in 0..whole.max(digits.len()) {
        if at == whole {
            out.push(b'.');
        }
        let digit = digits.get(at).map_or(0, |digit| u16::from_be_bytes(*digit));
        let text = if at == 0 { format!("{digit}") } else { format!("{digit:04}") };
        out.extend_from_slice(text.as_bytes());
    }
    true
}

/// Appends a whole number as a binary numeric.
pub(super) fn write_numeric(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = Vec::new();
    while number > 0 {
        digits.push(u16::try_from(number % 10_000).unwrap_or(0));
        number /= 10_000;
    }
    let count = u16::try_from(digits.len()).unwrap_or(0);
    for field in [count, count.saturating_sub(1), 0, 0].iter().chain(digits.iter().rev()) {
        out.extend_from_slice(&field.to_be_bytes());
    }
}

/// Overwrites an integer by one that is no longer, leading zeros before it.
fn write_int(format: Format, value: i64, cell: &mut [u8]) -> Outcome {
    match format {
        Format::Text => {
            let mut rest = value.unsigned_abs();
            for byte in cell.iter_mut().rev() {
                *byte = b'0' + u8::try_from(rest % 10).unwrap_or(0);
                rest /= 10;
            }
        }
        Format::Binary => {
            let bytes = value.to_be_bytes();
            match bytes.len().checked_sub(cell.len()).and_then(|skip| bytes.get(skip..)) {
                Some(low) => cell.copy_from_slice(low),
                None => return Outcome::Null,
            }
        }
    }
    Outcome::Masked(cell.len())
}

#[cfg(test)]
mod tests;
