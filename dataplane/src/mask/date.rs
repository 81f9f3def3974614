//! Dates and timestamps, down to their year (45 CFR 164.514(b)(2)(i)(C)).
//!
//! In text they are read as ISO 8601 says, in whatever length PostgreSQL writes them, and anything
//! else has no mask; in binary they count days or microseconds from 2000-01-01. The offset of a
//! time zone goes too, for it tells summer from winter. Infinity tells nothing and stays.

use lazaret_policy::Format;

use super::Dates;
use super::outcome::Outcome;

const US_PER_DAY: i64 = 86_400_000_000;

/// January 1st of its year; a year that tells an age above 89 becomes the last one that does.
pub(super) fn year(format: Format, dates: Dates, cell: &mut [u8]) -> Outcome {
    mask(format, dates, cell, |year| bounded(year, dates))
}

/// January 1st 2000: nothing of the value is left, and its length stays.
pub(super) fn whole(format: Format, dates: Dates, cell: &mut [u8]) -> Outcome {
    mask(format, dates, cell, |_| 2000)
}

/// So many days later. What has no such date has no mask.
pub(super) fn shift(format: Format, dates: Dates, days: i64, cell: &mut [u8]) -> Outcome {
    let shifted = match format {
        Format::Text if !dates.are_iso() => None,
        Format::Text => shift_text(days, cell),
        Format::Binary => shift_binary(days, cell),
    };
    shifted.map_or(Outcome::Null, |()| Outcome::Masked(cell.len()))
}

/// The year of a moment in microseconds since the Unix epoch.
pub(super) fn year_of_moment(unix_us: u64) -> i64 {
    const DAYS_1970_TO_2000: i64 = 10_957;
    let day = i64::try_from(unix_us).unwrap_or(i64::MAX) / US_PER_DAY;
    year_of_day(day - DAYS_1970_TO_2000)
}

/// Years before our era are all 1 BC, which is astronomers' year 0.
fn bounded(year: i64, dates: Dates) -> i64 {
    if year <= 0 { 0 } else { year.max(dates.oldest_year) }
}

fn mask(format: Format, dates: Dates, cell: &mut [u8], new_year: impl Fn(i64) -> i64) -> Outcome {
    let masked = match format {
        Format::Text if !dates.are_iso() => false,
        Format::Text => mask_text(cell, new_year),
        Format::Binary => mask_binary(cell, new_year),
    };
    if masked { Outcome::Masked(cell.len()) } else { Outcome::Null }
}

fn mask_binary(cell: &mut [u8], new_year: impl Fn(i64) -> i64) -> bool {
    if let Ok(days) = <&mut [u8; 4]>::try_from(&mut *cell) {
        let value = i32::from_be_bytes(*days);
        if value != i32::MAX && value != i32::MIN {
            let masked = january_first(new_year(year_of_day(i64::from(value))));
            // It always fits: far years before our era are bounded, later ones only go down.
            *days = i32::try_from(masked).unwrap_or(0).to_be_bytes();
        }
        true
    } else if let Ok(microseconds) = <&mut [u8; 8]>::try_from(&mut *cell) {
        let value = i64::from_be_bytes(*microseconds);
        if value != i64::MAX && value != i64::MIN {
            let masked = january_first(new_year(year_of_day(value.div_euclid(US_PER_DAY))));
            *microseconds = masked.saturating_mul(US_PER_DAY).to_be_bytes();
        }
        true
    } else {
        false
    }
}

fn shift_binary(days: i64, cell: &mut [u8]) -> Option<()> {
    if let Ok(place) = <&mut [u8; 4]>::try_from(&mut *cell) {
        let value = i32::from_be_bytes(*place);
        if value != i32::MAX && value != i32::MIN {
            let shifted = value.checked_add(i32::try_from(days).ok()?)?;
            *place = shifted.to_be_bytes();
        }
    } else {
        let place = <&mut [u8; 8]>::try_from(cell).ok()?;
        let value = i64::from_be_bytes(*place);
        if value != i64::MAX && value != i64::MIN {
            let shifted = value.checked_add(days.checked_mul(US_PER_DAY)?)?;
            *place = shifted.to_be_bytes();
        }
    }
    Some(())
}

/// Years of four digits in our era; the time of day and the offset stay.
fn shift_text(days: i64, cell: &mut [u8]) -> Option<()> {
    if matches!(&*cell, b"infinity" | b"-infinity") {
        return Some(());
    }
    if !is_date_and_time(cell, 4) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        std::str::from_utf8(cell.get(range)?).ok()?.parse().ok()
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let first = usize::try_from(month).ok()?.checked_sub(1)?;
    let before = DAYS_BEFORE_MONTH.get(first)? + i64::from(month > 2 && is_leap(year));
    let (year, month, day) = civil(january_first(year) + before + day - 1 + days);
    if !(1..=9_999).contains(&year) {
        return None;
    }
    cell.get_mut(..10)?.copy_from_slice(format!("{year:04}-{month:02}-{day:02}").as_bytes());
    Some(())
}

const DAYS_BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Year, month and day of a day counted from 2000-01-01.
fn civil(day: i64) -> (i64, usize, i64) {
    let year = year_of_day(day);
    let day_of_year = day - january_first(year);
    let leap_day = |month: usize| i64::from(month > 1 && is_leap(year));
    let begins = |month: usize| DAYS_BEFORE_MONTH[month] + leap_day(month);
    let month = (0..12).rev().find(|&month| begins(month) <= day_of_year).unwrap_or(0);
    (year, month + 1, day_of_year - begins(month) + 1)
}

/// The year of a day counted from 2000-01-01, in the proleptic Gregorian calendar.
fn year_of_day(day: i64) -> i64 {
    // Eras of 400 years from March 1st of year 0, so that the leap day ends a year.
    let day = day + 730_425;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // From March 1st, January 1st is day 306.
    era * 400 + year_of_era + i64::from(day_of_year >= 306)
}

/// The day of a year's January 1st, counted from 2000-01-01.
fn january_first(year: i64) -> i64 {
    let before = year - 1;
    let leap_days = before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400);
    before * 365 + leap_days - 730_119
}

/// `[-]infinity`, or `YYYY-MM-DD`, then perhaps a time, an offset, and ` BC`.
fn mask_text(cell: &mut [u8], new_year: impl Fn(i64) -> i64) -> bool {
    if matches!(&*cell, b"infinity" | b"-infinity") {
        return true;
    }
    let (body, era) = match cell.strip_suffix(b" BC") {
        Some(body) => (body.len(), -1),
        None => (cell.len(), 1),
    };
    let Some((date, _)) = cell.split_at_mut_checked(body) else {
        return false;
    };
    let digits = date.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(4..=7).contains(&digits) || !is_date_and_time(date, digits) {
        return false;
    }
    let (year, rest) = date.split_at_mut(digits);
    let value = year.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
    // 1 BC is year 0.
    let astronomical = if era < 0 { 1 - value } else { value };
    let masked = new_year(astronomical);
    write_digits(year, if era < 0 { 1 } else { masked.max(1) });
    zero_behind_year(rest);
    true
}

/// Whether `-MM-DD` follows the year, and behind that nothing but what a time and an offset hold.
fn is_date_and_time(date: &[u8], digits: usize) -> bool {
    let Some((b"-", rest)) = date.get(digits..).and_then(|rest| rest.split_at_checked(1)) else {
        return false;
    };
    let [m, n, b'-', d, e, time @ ..] = rest else {
        return false;
    };
    let time_is_known = match time {
        [] => true,
        [b' ' | b'T', time @ ..] => {
            !time.is_empty()
                && time
                    .iter()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b':' | b'.' | b'+' | b'-' | b'Z'))
        }
        _ => false,
    };
    [m, n, d, e].iter().all(|byte| byte.is_ascii_digit()) && time_is_known
}

/// The year in as many digits as there are.
fn write_digits(place: &mut [u8], mut value: i64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value.rem_euclid(10)).unwrap_or(0);
        value /= 10;
    }
}

/// `-MM-DD` becomes `-01-01`; the time and the offset become zero.
fn zero_behind_year(rest: &mut [u8]) {
    for (at, byte) in rest.iter_mut().enumerate() {
        match byte {
            b'0'..=b'9' => *byte = if at == 2 || at == 5 { b'1' } else { b'0' },
            b'-' if at > 5 => *byte = b'+',
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
