use super::*;
use crate::mask::tests::{NOW_US, iso};
use proptest::prelude::*;

fn year_of_text(text: &str) -> Option<String> {
    let mut cell = text.as_bytes().to_vec();
    match year(Format::Text, iso(), &mut cell) {
        Outcome::Masked(len) => {
            assert_eq!(len, text.len(), "{text}");
            Some(String::from_utf8(cell).unwrap())
        }
        _ => None,
    }
}

#[test]
fn a_date_in_text_becomes_january_first_of_its_year() {
    for (text, masked) in [
        ("1980-05-17", "1980-01-01"),
        ("1980-05-17 13:45:59", "1980-01-01 00:00:00"),
        ("1980-05-17 13:45:59.123456", "1980-01-01 00:00:00.000000"),
        ("1980-05-17 13:45:59.5-04:30", "1980-01-01 00:00:00.0+00:00"),
        ("1980-05-17T13:45:59Z", "1980-01-01T00:00:00Z"),
        ("12026-05-17", "12026-01-01"),
        ("0044-03-15 BC", "0001-01-01 BC"),
        ("0044-03-15 12:00:00+00 BC", "0001-01-01 00:00:00+00 BC"),
        ("infinity", "infinity"),
        ("-infinity", "-infinity"),
    ] {
        assert_eq!(year_of_text(text).as_deref(), Some(masked));
    }
}

#[test]
fn a_year_that_tells_an_age_above_89_becomes_the_last_such_year() {
    assert_eq!(year_of_text("1936-02-03").as_deref(), Some("1936-01-01"));
    assert_eq!(year_of_text("1935-12-31").as_deref(), Some("1936-01-01"));
    assert_eq!(year_of_text("1851-07-04").as_deref(), Some("1936-01-01"));
    assert_eq!(year_of_text("1937-02-03").as_deref(), Some("1937-01-01"));
}

#[test]
fn what_is_not_an_iso_date_has_no_mask() {
    for text in [
        "17.05.1980",
        "05/17/1980",
        "1980-5-17",
        "80-05-17",
        "1980-05-17 noon",
        "1980-05-17x",
        "1980-05-17 ",
        "",
        "Sat May 17 1980",
        "1980-05",
        "now",
        "1980-05-17 BC BC",
    ] {
        assert_eq!(year_of_text(text), None, "{text}");
    }
}

#[test]
fn dates_in_another_style_have_no_mask() {
    let dates = Dates::new(b"SQL, DMY", NOW_US);
    assert_eq!(year(Format::Text, dates, &mut b"1980-05-17".to_vec()), Outcome::Null);
    assert_eq!(year(Format::Binary, dates, &mut [0; 4]), Outcome::Masked(4));
}

#[test]
fn infinity_in_binary_stays_and_a_wrong_length_has_no_mask() {
    for infinity in [i32::MAX, i32::MIN] {
        let mut cell = infinity.to_be_bytes();
        assert_eq!(year(Format::Binary, iso(), &mut cell), Outcome::Masked(4));
        assert_eq!(cell, infinity.to_be_bytes());
    }
    for infinity in [i64::MAX, i64::MIN] {
        let mut cell = infinity.to_be_bytes();
        assert_eq!(year(Format::Binary, iso(), &mut cell), Outcome::Masked(8));
        assert_eq!(cell, infinity.to_be_bytes());
    }
    assert_eq!(year(Format::Binary, iso(), &mut [0; 5]), Outcome::Null);
}

#[test]
fn nothing_of_a_date_that_is_masked_whole_is_left() {
    let mut text = b"1980-05-17 13:45:59.5-04:30".to_vec();
    assert_eq!(whole(Format::Text, iso(), &mut text), Outcome::Masked(text.len()));
    assert_eq!(text, b"2000-01-01 00:00:00.0+00:00");
    let mut binary = 12_345_i32.to_be_bytes();
    assert_eq!(whole(Format::Binary, iso(), &mut binary), Outcome::Masked(4));
    assert_eq!(binary, [0; 4]);
}

#[test]
fn the_calendar_is_right_at_its_corners() {
    for (day, year, first) in [
        (0, 2000, 0),
        (-1, 1999, -365),
        (365, 2000, 0),
        (366, 2001, 366),
        // 1900 is no leap year; 2000-03-01 is day 60.
        (60, 2000, 0),
        (-36_524, 1900, -36_524),
        (-36_525, 1899, -36_889),
        // 0001-01-01 and the day before, in 1 BC
        (-730_119, 1, -730_119),
        (-730_120, 0, -730_485),
        // 4714-11-24 BC, the first that PostgreSQL knows
        (-2_451_545, -4713, -2_451_872),
    ] {
        assert_eq!(year_of_day(day), year, "day {day}");
        assert_eq!(january_first(year), first, "year {year}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_year_begins_on_january_first(day in -3_000_000_i64..3_000_000_000) {
        let year = year_of_day(day);
        prop_assert!(january_first(year) <= day);
        prop_assert!(day < january_first(year + 1));
    }

    #[test]
    fn any_binary_moment_becomes_a_january_first(value in any::<i64>()) {
        let mut cell = value.to_be_bytes();
        prop_assert_eq!(year(Format::Binary, iso(), &mut cell), Outcome::Masked(8));
        let masked = i64::from_be_bytes(cell);
        if value != i64::MAX && value != i64::MIN {
            prop_assert_eq!(masked.rem_euclid(US_PER_DAY), 0);
            let day = masked.div_euclid(US_PER_DAY);
            prop_assert_eq!(january_first(year_of_day(day)), day);
        }
    }

    #[test]
    fn any_binary_day_becomes_a_january_first(value in any::<i32>()) {
        let mut cell = value.to_be_bytes();
        prop_assert_eq!(year(Format::Binary, iso(), &mut cell), Outcome::Masked(4));
        if value != i32::MAX && value != i32::MIN {
            let day = i64::from(i32::from_be_bytes(cell));
            prop_assert_eq!(january_first(year_of_day(day)), day);
        }
    }

    #[test]
    fn random_text_is_a_masked_date_or_none(text in "[0-9T :.+-]{0,30}( BC)?") {
        if let Some(masked) = year_of_text(&text) {
            prop_assert!(masked.contains("-01-01"), "{}", masked);
        }
    }
}
