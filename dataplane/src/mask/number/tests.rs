use super::*;
use crate::mask::tests::iso;
use proptest::prelude::*;

fn decimal(length: Length, text: &str) -> String {
    let mut cell = text.as_bytes().to_vec();
    if let Outcome::Masked(len) = cap_age_in_decimal(length, &mut cell) {
        cell.truncate(len);
    }
    String::from_utf8(cell).unwrap()
}

fn in_text(text: &str) -> String {
    let mut cell = text.as_bytes().to_vec();
    assert_ne!(cap_age_in_text(&mut cell), Outcome::Null);
    String::from_utf8(cell).unwrap()
}

/// numeric in binary: weight, sign, digits shown, digits to base 10,000.
fn numeric(weight: i16, sign: u16, shown: u16, digits: &[i16]) -> Vec<u8> {
    let mut out = u16::try_from(digits.len()).unwrap().to_be_bytes().to_vec();
    out.extend_from_slice(&weight.to_be_bytes());
    out.extend_from_slice(&sign.to_be_bytes());
    out.extend_from_slice(&shown.to_be_bytes());
    digits.iter().for_each(|digit| out.extend_from_slice(&digit.to_be_bytes()));
    out
}

fn rendered(cell: &[u8]) -> String {
    let mut out = Vec::new();
    assert!(render_numeric(cell, &mut out));
    String::from_utf8(out).unwrap()
}

#[test]
fn an_age_above_89_becomes_90() {
    for (age, shrunk, kept) in [
        ("89", "89", "89"),
        ("90", "90", "90"),
        ("91", "90", "90"),
        ("104", "90", "090"),
        ("89.9", "89.9", "89.9"),
        ("90.5", "90", "0090"),
        ("1e2", "90", "090"),
        ("Infinity", "90", "00000090"),
        ("NaN", "NaN", "NaN"),
        ("-95", "-95", "-95"),
        ("0", "0", "0"),
        ("old", "000", "000"),
    ] {
        assert_eq!(decimal(Length::MayShrink, age), shrunk);
        assert_eq!(decimal(Length::Kept, age), kept);
    }
}

#[test]
fn an_age_in_a_text_is_capped_where_it_stands() {
    for (age, capped) in [
        ("89", "89"),
        ("94", "90"),
        ("103", "90+"),
        ("94 years", "90 years"),
        ("094y", "090y"),
        ("95.5", "90.0"),
        ("103.25 y/o", "90+.00 y/o"),
        ("12 - 95", "12 - 90"),
        ("1980", "090+"),
        ("ninety-five", "***********"),
        ("", ""),
    ] {
        assert_eq!(in_text(age), capped);
    }
}

#[test]
fn a_binary_age_is_capped_in_its_own_width() {
    let mut int2 = 104_i16.to_be_bytes();
    assert_eq!(cap_age_in_int(&mut int2), Outcome::Masked(2));
    assert_eq!(int2, 90_i16.to_be_bytes());
    let mut int8 = 89_i64.to_be_bytes();
    assert_eq!(cap_age_in_int(&mut int8), Outcome::Same);
    let mut float4 = 90.5_f32.to_be_bytes();
    assert_eq!(cap_age_in_float(&mut float4), Outcome::Masked(4));
    assert_eq!(float4, 90_f32.to_be_bytes());
    let mut float8 = 89.9_f64.to_be_bytes();
    assert_eq!(cap_age_in_float(&mut float8), Outcome::Same);
    assert_eq!(cap_age_in_int(&mut [0; 3]), Outcome::Null);
    assert_eq!(cap_age_in_float(&mut [0; 3]), Outcome::Null);
}

#[test]
fn a_binary_numeric_age_is_capped() {
    let capped = |mut cell: Vec<u8>| {
        let outcome = cap_age_in_numeric(Length::Kept, &mut cell);
        (outcome, rendered(&cell))
    };
    assert_eq!(capped(numeric(0, 0, 0, &[104])), (Outcome::Masked(10), "90".to_owned()));
    let (outcome, text) = capped(numeric(0, 0, 1, &[95, 5000]));
    assert_eq!((outcome, text.as_str()), (Outcome::Masked(12), "90.0000"));
    assert_eq!(capped(numeric(0, 0, 0, &[89])).0, Outcome::Same);
    assert_eq!(capped(numeric(0, 0x4000, 0, &[95])).0, Outcome::Same);
    assert_eq!(capped(numeric(1, 0, 0, &[1])).1, "90");
    assert_eq!(capped(numeric(0, 0, 0, &[])).0, Outcome::Same);
    assert_eq!(cap_age_in_numeric(Length::Kept, &mut [0; 7]), Outcome::Null);
}

#[test]
fn a_binary_numeric_reads_as_its_decimal_digits() {
    assert_eq!(rendered(&numeric(2, 0, 0, &[41, 5555, 1234])), "4155551234");
    assert_eq!(rendered(&numeric(1, 0x4000, 2, &[12, 3400, 5000])), "-123400.5000");
    assert_eq!(rendered(&numeric(2, 0, 0, &[41])), "4100000000");
    assert_eq!(rendered(&numeric(0, 0xC000, 0, &[])), "");
    assert_eq!(rendered(&numeric(1000, 0, 0, &[1])), "");
}

#[test]
fn a_binary_numeric_masked_whole_is_zero() {
    let mut cell = numeric(1, 0x4000, 2, &[12, 3456, 7800]);
    let mut kept = cell.clone();
    assert_eq!(whole_numeric(Format::Binary, Length::MayShrink, &mut cell), Outcome::Masked(8));
    assert_eq!(cell[..8], [0; 8]);
    let len = kept.len();
    assert_eq!(whole_numeric(Format::Binary, Length::Kept, &mut kept), Outcome::Masked(len));
    assert_eq!(kept, numeric(0, 0, 0, &[0, 0, 0]));
}

#[test]
fn a_date_in_a_number_keeps_its_year() {
    let masked = |value: i64| {
        let mut cell = value.to_be_bytes();
        assert_eq!(year(Format::Binary, iso(), &mut cell), Outcome::Masked(8));
        i64::from_be_bytes(cell)
    };
    assert_eq!(masked(1980), 1980);
    assert_eq!(masked(1920), 1936);
    assert_eq!(masked(19_800_517), 19_800_101);
    assert_eq!(masked(19_801_317), 0);
    assert_eq!(masked(19_800_500), 0);
    assert_eq!(masked(1_700_000_000), 0);
    assert_eq!(masked(-5), 0);
    let mut text = b"19800517".to_vec();
    assert_eq!(year(Format::Text, iso(), &mut text), Outcome::Masked(8));
    assert_eq!(text, b"19800101");
}

#[test]
fn a_zip_code_in_a_number_keeps_three_digits() {
    let masked = |value: i32| {
        let mut cell = value.to_be_bytes();
        assert_eq!(zip3(Format::Binary, &mut cell), Outcome::Masked(4));
        i32::from_be_bytes(cell)
    };
    assert_eq!(masked(90_210), 90_200);
    assert_eq!(masked(2_139), 2_100);
    assert_eq!(masked(902_101_234), 902_000_000);
    // Fewer than 20,000 people live in 036.
    assert_eq!(masked(3_601), 0);
    assert_eq!(masked(-1), 0);
    let mut text = b"2139".to_vec();
    assert_eq!(zip3(Format::Text, &mut text), Outcome::Masked(4));
    assert_eq!(text, b"2100");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_number_stays_above_90(age in any::<i64>(), fraction in proptest::option::of(0_u32..1000)) {
        let text = match fraction {
            Some(fraction) => format!("{age}.{fraction}"),
            None => format!("{age}"),
        };
        for length in [Length::MayShrink, Length::Kept] {
            let masked = decimal(length, &text);
            prop_assert!(masked.parse::<f64>().unwrap() <= 90.0);
            if age < 90 {
                prop_assert_eq!(&masked, &text);
            }
        }
    }

    #[test]
    fn random_cells_are_masked_or_refused(mut cell in prop::collection::vec(any::<u8>(), 0..24)) {
        for length in [Length::MayShrink, Length::Kept] {
            for outcome in [
                cap_age_in_numeric(length, &mut cell.clone()),
                cap_age_in_decimal(length, &mut cell.clone()),
                whole_numeric(Format::Binary, length, &mut cell.clone()),
                year(Format::Text, iso(), &mut cell.clone()),
                year(Format::Binary, iso(), &mut cell.clone()),
                cap_age_in_text(&mut cell.clone()),
                cap_age_in_int(&mut cell.clone()),
                cap_age_in_float(&mut cell),
            ] {
                if let Outcome::Masked(len) = outcome {
                    prop_assert!(len <= cell.len());
                    prop_assert!(length == Length::MayShrink || len == cell.len());
                }
            }
        }
    }
}
