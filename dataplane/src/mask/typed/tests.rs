use super::*;
use crate::mask::tests::iso;
use lazaret_detectors::Class;
use proptest::prelude::*;
use serde_json::Value;

const LENGTHS: [Length; 2] = [Length::MayShrink, Length::Kept];

/// Values as PostgreSQL writes them.
const TEXTS: &[(TypeKind, &[&str])] = &[
    (TypeKind::Bool, &["t", "f"]),
    (TypeKind::Int2, &["7", "-12345"]),
    (TypeKind::Int4, &["1234567", "-1"]),
    (TypeKind::Int8, &["4155551234", "-9223372036854775808"]),
    (TypeKind::Oid, &["16384"]),
    (TypeKind::Float4, &["1.5", "-2e+10", "NaN", "Infinity"]),
    (TypeKind::Float8, &["37.774929", "-Infinity", "1e-300"]),
    (TypeKind::Numeric, &["12345.6789", "-1", "NaN", "-Infinity"]),
    (TypeKind::Money, &["$1,234.56", "-$9.99"]),
    (TypeKind::Text, &["Jane Doe", "Łukasz", "x"]),
    (TypeKind::Enum, &["deceased"]),
    (TypeKind::Bytea, &["\\x4a616e65", "Jane\\000\\\\"]),
    (TypeKind::Date, &["1980-05-17", "infinity", "0044-03-15 BC"]),
    (TypeKind::Time, &["13:45:59", "13:45:59.123456"]),
    (TypeKind::TimeTz, &["13:45:59-04:30"]),
    (TypeKind::Timestamp, &["1980-05-17 13:45:59.123"]),
    (TypeKind::TimestampTz, &["1980-05-17 13:45:59-04"]),
    (TypeKind::Interval, &["12 years 3 mons -4 days 05:06:07", "P1Y2M", "@ 12 years ago"]),
    (TypeKind::Uuid, &["8d3f2a64-1f0e-4f65-9f8e-0c2d3b4a5968"]),
    (TypeKind::Json, &["{\"name\": \"Jane\", \"ssn\": 123456789}", "[]", "7", "null", "\"x\""]),
    (TypeKind::Jsonb, &["{\"name\": \"Jane\"}", "true"]),
    (TypeKind::Xml, &["<p>Jane</p>"]),
    (TypeKind::Inet, &["10.23.45.67", "192.168.0.0/16", "2001:db8::7334", "::7"]),
    (TypeKind::MacAddr, &["08:00:2b:01:02:03", "08:00:2b:01:02:03:04:05"]),
    (TypeKind::Bit, &["101", "1"]),
    (TypeKind::Array, &["{Jane,Doe}"]),
    (TypeKind::Composite, &["(1,Jane)"]),
    (TypeKind::Range, &["[7,8)"]),
    (TypeKind::TsVector, &["'jane':1"]),
    (TypeKind::Other, &["(7,8)"]),
];

fn binaries() -> Vec<(TypeKind, Vec<u8>)> {
    vec![
        (TypeKind::Bool, vec![1]),
        (TypeKind::Int2, vec![0x12, 0x34]),
        (TypeKind::Int4, vec![0x12; 4]),
        (TypeKind::Int8, vec![0x12; 8]),
        (TypeKind::Oid, vec![0x12; 4]),
        (TypeKind::Float4, 1.5_f32.to_be_bytes().to_vec()),
        (TypeKind::Float8, 37.774_929_f64.to_be_bytes().to_vec()),
        (TypeKind::Numeric, vec![0, 2, 0, 0, 0x40, 0, 0, 4, 0, 41, 0x15, 0xb3]),
        (TypeKind::Money, vec![0x12; 8]),
        (TypeKind::Text, b"Jane".to_vec()),
        (TypeKind::Enum, b"deceased".to_vec()),
        (TypeKind::Bytea, b"\x01Jane".to_vec()),
        (TypeKind::Date, vec![0xff, 0xff, 0xe4, 0x2a]),
        (TypeKind::Time, vec![0, 0, 0, 0x0b, 0x12, 0x34, 0x56, 0x78]),
        (TypeKind::TimeTz, vec![0x12; 12]),
        (TypeKind::Timestamp, vec![0x02; 8]),
        (TypeKind::TimestampTz, vec![0x02; 8]),
        (TypeKind::Interval, vec![0x12; 16]),
        (TypeKind::Uuid, vec![0x8d; 16]),
        (TypeKind::Json, b"{\"name\": \"Jane\"}".to_vec()),
        (TypeKind::Jsonb, b"\x01{\"name\": \"Jane\"}".to_vec()),
        (TypeKind::Xml, b"<p>Jane</p>".to_vec()),
        (TypeKind::Inet, vec![2, 24, 0, 4, 10, 23, 45, 67]),
        (TypeKind::MacAddr, vec![0x2b; 6]),
        (TypeKind::Bit, vec![0, 0, 0, 3, 0xa0]),
        (TypeKind::Array, vec![0, 0, 0, 1]),
        (TypeKind::Composite, vec![0, 0, 0, 1]),
        (TypeKind::Range, vec![2]),
        (TypeKind::TsVector, vec![0, 0, 0, 1]),
        (TypeKind::Other, vec![7]),
    ]
}

#[test]
fn a_text_masked_whole_is_a_value_of_its_type_with_nothing_left() {
    for &(kind, values) in TEXTS {
        for value in values {
            for length in LENGTHS {
                let mut cell = value.as_bytes().to_vec();
                let Outcome::Masked(len) = whole(kind, Format::Text, iso(), length, &mut cell)
                else {
                    continue;
                };
                cell.truncate(len);
                let masked = std::str::from_utf8(&cell).unwrap();
                assert!(is_valid(kind, masked), "{kind:?} {value} {masked}");
                assert!(len <= value.len());
                if length == Length::Kept {
                    assert_eq!(len, value.len());
                }
                if !tells_nothing(value) {
                    assert_nothing_left(kind, masked);
                }
            }
        }
    }
}

#[test]
fn a_binary_masked_whole_depends_on_nothing_but_its_length() {
    for (kind, value) in binaries() {
        for length in LENGTHS {
            let mut cell = value.clone();
            let Outcome::Masked(len) = whole(kind, Format::Binary, iso(), length, &mut cell) else {
                continue;
            };
            cell.truncate(len);
            assert!(is_valid_binary(kind, &cell), "{kind:?} {cell:?}");
            assert!(length == Length::MayShrink || len == value.len());
        }
    }
}

#[test]
fn a_type_without_a_valid_mask_becomes_null() {
    let null_where_it_may_shrink = [
        TypeKind::Bool,
        TypeKind::Money,
        TypeKind::Bytea,
        TypeKind::Date,
        TypeKind::Timestamp,
        TypeKind::TimestampTz,
        TypeKind::Interval,
        TypeKind::Xml,
    ];
    let always_null = [
        TypeKind::Enum,
        TypeKind::Array,
        TypeKind::Composite,
        TypeKind::Range,
        TypeKind::TsVector,
        TypeKind::Other,
    ];
    for (kind, value) in binaries() {
        let outcome = |length| whole(kind, Format::Binary, iso(), length, &mut value.clone());
        let is_null = |length| outcome(length) == Outcome::Null;
        assert_eq!(is_null(Length::Kept), always_null.contains(&kind), "{kind:?}");
        let may_be_null = always_null.contains(&kind) || null_where_it_may_shrink.contains(&kind);
        assert_eq!(is_null(Length::MayShrink), may_be_null, "{kind:?}");
    }
}

#[test]
fn the_types_that_keep_their_length_are_those_with_such_a_mask() {
    for &(kind, values) in TEXTS {
        let column = column(kind, Format::Text, Action::Whole);
        for value in values {
            let mut cell = value.as_bytes().to_vec();
            let outcome = mask(&column, iso(), Length::Kept, &mut cell);
            assert_eq!(outcome != Outcome::Null, keeps_length(&column, iso()), "{kind:?} {value}");
        }
    }
    for (kind, value) in binaries() {
        let column = column(kind, Format::Binary, Action::Whole);
        let outcome = mask(&column, iso(), Length::Kept, &mut value.clone());
        assert_eq!(outcome != Outcome::Null, keeps_length(&column, iso()), "{kind:?}");
    }
}

#[test]
fn an_action_that_does_not_fit_the_type_masks_whole() {
    for action in [Action::Year, Action::Zip3, Action::AgeCap, Action::KeepLast4] {
        let mut cell = b"8d3f2a64-1f0e-4f65-9f8e-0c2d3b4a5968".to_vec();
        let column = column(TypeKind::Uuid, Format::Text, action);
        assert_eq!(mask(&column, iso(), Length::MayShrink, &mut cell), Outcome::Masked(36));
        assert_eq!(cell, b"00000000-0000-0000-0000-000000000000");
    }
}

#[test]
fn a_date_in_a_text_column_keeps_its_year_and_other_text_is_covered() {
    let column = column(TypeKind::Text, Format::Text, Action::Year);
    let masked = |text: &str| {
        let mut cell = text.as_bytes().to_vec();
        assert_eq!(mask(&column, iso(), Length::MayShrink, &mut cell), Outcome::Masked(text.len()));
        String::from_utf8(cell).unwrap()
    };
    assert_eq!(masked("1980-05-17"), "1980-01-01");
    assert_eq!(masked("May 17"), "******");
}

#[test]
fn the_last_four_digits_stay_of_a_long_number_in_each_type() {
    let masked = |kind, format, cell: &[u8]| {
        let mut cell = cell.to_vec();
        let column = column(kind, format, Action::KeepLast4);
        assert_eq!(mask(&column, iso(), Length::MayShrink, &mut cell), Outcome::Masked(cell.len()));
        cell
    };
    assert_eq!(masked(TypeKind::Text, Format::Binary, b"123-45-6789"), b"***-**-6789");
    assert_eq!(masked(TypeKind::Int4, Format::Text, b"123456789"), b"000006789");
    assert_eq!(masked(TypeKind::Numeric, Format::Text, b"12345"), b"00000");
    let binary = masked(TypeKind::Int8, Format::Binary, &4_155_551_234_i64.to_be_bytes());
    assert_eq!(binary, 1_234_i64.to_be_bytes());
    let short = masked(TypeKind::Int4, Format::Binary, &1_234_567_i32.to_be_bytes());
    assert_eq!(short, [0; 4]);
}

#[test]
fn jsonb_of_an_unknown_version_becomes_null() {
    for cell in [&b"\x02{}"[..], b"{}"] {
        let outcome =
            whole(TypeKind::Jsonb, Format::Binary, iso(), Length::Kept, &mut cell.to_vec());
        assert_eq!(outcome, Outcome::Null);
    }
}

#[test]
fn an_empty_value_stays() {
    let outcome = whole(TypeKind::Text, Format::Text, iso(), Length::MayShrink, &mut []);
    assert_eq!(outcome, Outcome::Same);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_mask_is_longer_than_its_cell(
        kind in prop::sample::select(TEXTS),
        action in prop::sample::select(&[Action::Whole, Action::Year, Action::AgeCap, Action::KeepLast4][..]),
        is_text in any::<bool>(),
        cell in prop::collection::vec(any::<u8>(), 0..48),
    ) {
        let format = if is_text { Format::Text } else { Format::Binary };
        let column = column(kind.0, format, action);
        for length in LENGTHS {
            if let Outcome::Masked(len) = mask(&column, iso(), length, &mut cell.clone()) {
                prop_assert!(len <= cell.len());
                prop_assert!(length == Length::MayShrink || len == cell.len());
            }
        }
    }

    #[test]
    fn no_letter_or_digit_of_a_text_is_left(text in "\\PC{1,40}") {
        let mut cell = text.as_bytes().to_vec();
        let outcome = whole(TypeKind::Text, Format::Text, iso(), Length::MayShrink, &mut cell);
        prop_assert_eq!(outcome, Outcome::Masked(text.len()));
        prop_assert!(cell.iter().all(|&byte| byte == b'*'));
    }
}

fn column(kind: TypeKind, format: Format, action: Action) -> ColumnPlan {
    ColumnPlan { action, kind, type_oid: 0, format, class: Class::Unclassified }
}

/// Values that are the same for everyone, or are a mask already.
fn tells_nothing(value: &str) -> bool {
    value.ends_with("infinity")
}

fn assert_nothing_left(kind: TypeKind, masked: &str) {
    // The units of an interval stay where its length must; `false`, the year 2000 and the bits of
    // an address are the mask's own.
    let own: &[char] = match kind {
        TypeKind::Bool => &['f'],
        TypeKind::Date | TypeKind::Timestamp | TypeKind::TimestampTz => &['2', '1', 'B', 'C'],
        TypeKind::Inet => &['1', '2', '8'],
        TypeKind::Interval => return assert!(!masked.contains(|c| ('1'..='9').contains(&c))),
        TypeKind::Bytea => &['x'],
        _ => &[],
    };
    let left = |c: char| c.is_alphanumeric() && c != '0' && !own.contains(&c);
    assert!(!masked.contains(left), "{kind:?} {masked}");
}

fn is_valid(kind: TypeKind, text: &str) -> bool {
    use TypeKind as K;
    match kind {
        K::Bool => matches!(text, "t" | "f"),
        K::Int2 => text.parse::<i16>().is_ok(),
        K::Int4 => text.parse::<i32>().is_ok(),
        K::Int8 => text.parse::<i64>().is_ok(),
        K::Oid => text.parse::<u32>().is_ok(),
        K::Float4 | K::Float8 | K::Numeric => text.parse::<f64>().is_ok(),
        K::Json | K::Jsonb => serde_json::from_str::<Value>(text).is_ok(),
        K::Inet => text.trim_end_matches("/128").parse::<std::net::IpAddr>().is_ok(),
        K::Uuid => text.len() == 36 && text.split('-').map(str::len).eq([8, 4, 4, 4, 12]),
        K::MacAddr => text.split(':').all(|pair| pair == "00"),
        K::Bit => text.chars().all(|c| c == '0'),
        K::Date => date::year(Format::Text, iso(), &mut text.as_bytes().to_vec()) != Outcome::Null,
        K::Time | K::TimeTz => text.starts_with("00:00:00"),
        K::Bytea => blob::decode(Format::Text, text.as_bytes(), &mut Vec::new()),
        _ => true,
    }
}

fn is_valid_binary(kind: TypeKind, cell: &[u8]) -> bool {
    use TypeKind as K;
    match kind {
        K::Text | K::Xml => cell.iter().all(|&byte| byte == b'*'),
        K::Json => serde_json::from_slice::<Value>(cell).is_ok(),
        K::Jsonb => cell[0] == 1 && serde_json::from_slice::<Value>(&cell[1..]).is_ok(),
        K::Inet => cell == [2, 32, 0, 4, 0, 0, 0, 0],
        K::Bit => cell == [0, 0, 0, 3, 0],
        K::Numeric => cell.len() >= 8 && cell[2..].iter().all(|&byte| byte == 0),
        _ => cell.iter().all(|&byte| byte == 0),
    }
}
