use std::collections::HashSet;

use lazaret_link::Secret;
use lazaret_policy::{Action, Format, is_placeholder};
use proptest::prelude::*;

use super::*;
use crate::mask::tests::{column, iso, means};
use crate::mask::{grown, number};

pub(in crate::mask) fn keys_of(grant: &str, scope: TokenScope) -> Keys {
    let tokens = Tokens {
        key_path: "/none".into(),
        key: Some(Secret::new("a key that no test may change".to_owned())),
        scope,
        date_shift_days: 30,
    };
    Keys::new(&tokens, "warehouse", grant).unwrap()
}

pub(in crate::mask) fn keys() -> Keys {
    keys_of("a", TokenScope::Resource)
}

/// `None` if it became NULL.
fn masked_with(keys: Option<&Keys>, column: ColumnPlan, value: &[u8]) -> Option<Vec<u8>> {
    let mut values = b"before".to_vec();
    let start = values.len();
    values.extend_from_slice(value);
    match grown::mask(&column, means(keys), &mut values, start, &mut HashSet::new()) {
        Outcome::Masked(len) => values.truncate(start + len),
        Outcome::Null => return None,
        Outcome::Same => {}
    }
    assert!(values.starts_with(b"before"));
    Some(values.split_off(start))
}

fn masked(kind: TypeKind, format: Format, action: Action, value: &[u8]) -> Option<Vec<u8>> {
    masked_with(Some(&keys()), column(kind, format, action), value)
}

fn text(kind: TypeKind, action: Action, value: &str) -> String {
    String::from_utf8(masked(kind, Format::Text, action, value.as_bytes()).unwrap()).unwrap()
}

#[test]
fn equal_values_have_equal_codes_and_other_scopes_other_ones() {
    let code = |keys: &Keys, value: &str| {
        masked_with(
            Some(keys),
            column(TypeKind::Text, Format::Text, Action::Hmac),
            value.as_bytes(),
        )
    };
    assert_eq!(code(&keys(), "Jane"), code(&keys(), "Jane"));
    assert_ne!(code(&keys(), "Jane"), code(&keys(), "jane"));
    let of = |grant, scope| code(&keys_of(grant, scope), "Jane");
    assert_eq!(of("a", TokenScope::Resource), of("b", TokenScope::Resource));
    assert_eq!(of("a", TokenScope::Grant), of("a", TokenScope::Grant));
    assert_ne!(of("a", TokenScope::Grant), of("b", TokenScope::Grant));
    assert_ne!(of("a", TokenScope::Grant), of("a", TokenScope::Resource));
}

#[test]
fn a_code_in_a_text_is_known_for_a_mask() {
    for (kind, value) in [(TypeKind::Text, ""), (TypeKind::Text, "Jane"), (TypeKind::Json, "7")] {
        let code = text(kind, Action::Hmac, value);
        assert!(is_placeholder(code.as_bytes()), "{code}");
    }
    let code = text(TypeKind::Json, Action::Hmac, "\"Jane\"");
    assert!(serde_json::from_str::<String>(&code).unwrap().starts_with("hm_"));
}

#[test]
fn text_and_binary_format_tell_the_same() {
    let number = |kind, action, value: i64, bytes: &[u8]| {
        let shown = text(kind, action, &value.to_string());
        let binary = masked(kind, Format::Binary, action, bytes).unwrap();
        let read = match kind {
            TypeKind::Numeric => {
                let mut out = Vec::new();
                assert!(number::render_numeric(&binary, &mut out));
                String::from_utf8(out).unwrap()
            }
            _ => number::read_int(Format::Binary, &binary).unwrap().to_string(),
        };
        assert_eq!(shown, read, "{kind:?} {action:?}");
        assert_ne!(shown, value.to_string());
    };
    let value = 123_456_789_i64;
    let mut numeric = Vec::new();
    number::write_numeric(123_456_789, &mut numeric);
    for action in [Action::Hmac, Action::Fpe] {
        number(TypeKind::Int4, action, value, &123_456_789_i32.to_be_bytes());
        number(TypeKind::Int8, action, value, &value.to_be_bytes());
        number(TypeKind::Numeric, action, value, &numeric);
    }
    let uuid = "8d3f2a64-1f0e-4f65-9f8e-0c2d3b4a5968";
    let shown = text(TypeKind::Uuid, Action::Hmac, uuid);
    assert_eq!(shown.len(), 36);
    assert_eq!(shown.as_bytes()[14], b'8');
    let bytes = code::uuid_bytes(Format::Text, uuid.as_bytes()).unwrap();
    let binary = masked(TypeKind::Uuid, Format::Binary, Action::Hmac, &bytes).unwrap();
    assert_eq!(code::uuid_bytes(Format::Text, shown.as_bytes()).unwrap()[..], binary[..]);
    let json = masked(TypeKind::Jsonb, Format::Binary, Action::Hmac, b"\x01\"Jane\"").unwrap();
    assert_eq!(json[1..], *text(TypeKind::Jsonb, Action::Hmac, "\"Jane\"").as_bytes());
}

#[test]
fn a_preserved_form_keeps_what_stands_between() {
    let ssn = text(TypeKind::Text, Action::Fpe, "123-45-6789");
    let groups: Vec<_> = ssn.split('-').map(str::len).collect();
    assert_eq!(groups, [3, 2, 4]);
    assert!(ssn.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'));
    let mrn = text(TypeKind::Text, Action::Fpe, "MRN-00123");
    assert!(
        mrn.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || byte.is_ascii_uppercase())
    );
    assert_eq!(mrn.find('-'), Some(3));
}

#[test]
fn what_ff1_has_no_room_for_is_covered() {
    for value in ["12345", "abc", "Łukasz Nowak", &"7".repeat(65), ""] {
        let covered = text(TypeKind::Text, Action::Fpe, value);
        assert!(covered.bytes().all(|byte| byte == b'*'), "{covered}");
    }
    assert_eq!(text(TypeKind::Int4, Action::Fpe, "12345"), "00000");
    assert_eq!(text(TypeKind::Int8, Action::Fpe, "-1234567"), "00000000");
    assert_eq!(text(TypeKind::Numeric, Action::Fpe, "12345678.5"), "0000000000");
}

#[test]
fn dates_are_all_as_many_days_off_and_never_none() {
    let keys = keys();
    assert!((1..=30).contains(&keys.shift_days.abs()));
    let shifted = |kind, value: &str| text(kind, Action::DateShift, value);
    let day = |text: &str| {
        let mut cell = text.as_bytes().to_vec();
        date_back(&mut cell, -keys.shift_days);
        String::from_utf8(cell).unwrap()
    };
    for value in ["2024-02-29", "1999-12-31", "2000-01-01", "1900-03-01", "0999-07-04"] {
        let text = shifted(TypeKind::Date, value);
        assert_ne!(text, value);
        assert_eq!(day(&text), value);
        assert_eq!(shifted(TypeKind::Text, value), text);
    }
    let moment = shifted(TypeKind::TimestampTz, "1980-05-17 13:45:59.5-04");
    assert!(moment.ends_with(" 13:45:59.5-04"), "{moment}");
    assert_eq!(shifted(TypeKind::Date, "infinity"), "infinity");
    assert_eq!(shifted(TypeKind::Text, "May 17"), "******");
    let binary = |kind, bytes: &[u8]| masked(kind, Format::Binary, Action::DateShift, bytes);
    let days = i32::try_from(keys.shift_days).unwrap();
    assert_eq!(
        binary(TypeKind::Date, &7_000_i32.to_be_bytes()).unwrap(),
        (7_000 + days).to_be_bytes()
    );
    assert_eq!(binary(TypeKind::Date, &i32::MAX.to_be_bytes()).unwrap(), i32::MAX.to_be_bytes());
    for nothing in ["0044-03-15 BC", "12024-01-01"] {
        assert_eq!(
            masked(TypeKind::Date, Format::Text, Action::DateShift, nothing.as_bytes()),
            None
        );
    }
}

fn date_back(cell: &mut [u8], days: i64) {
    assert_ne!(crate::mask::date::shift(Format::Text, iso(), days, cell), Outcome::Null);
}

#[test]
fn without_a_key_values_are_covered() {
    for action in [Action::Hmac, Action::Fpe, Action::DateShift] {
        let column = column(TypeKind::Text, Format::Text, action);
        assert_eq!(masked_with(None, column, b"1980-05-17").unwrap(), b"**********");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_two_numbers_have_the_same_preserved_form(a in 100_000..i32::MAX, b in 100_000..i32::MAX) {
        let form = |value: i32| text(TypeKind::Int4, Action::Fpe, &value.to_string());
        prop_assert_eq!(form(a).len(), a.to_string().len());
        prop_assert!(form(a).parse::<i32>().is_ok());
        prop_assert_eq!(form(a) == form(b), a == b);
    }

    #[test]
    fn every_keyed_mask_of_any_bytes_is_valid_or_null(
        kind in prop::sample::select(&[
            TypeKind::Int2, TypeKind::Int4, TypeKind::Int8, TypeKind::Numeric, TypeKind::Uuid,
            TypeKind::Date, TypeKind::Timestamp, TypeKind::Text, TypeKind::Jsonb, TypeKind::Bytea,
            TypeKind::Array, TypeKind::Inet,
        ][..]),
        action in prop::sample::select(&[Action::Hmac, Action::Fpe, Action::DateShift][..]),
        is_text in any::<bool>(),
        value in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let format = if is_text { Format::Text } else { Format::Binary };
        let masked = masked(kind, format, action, &value);
        let is_mask = value.iter().all(|&byte| byte == b'*');
        if let (Some(masked), TypeKind::Text) = (&masked, kind) && !is_mask {
            prop_assert_ne!(masked, &value);
        }
        if let (Some(masked), Format::Binary) = (&masked, format) {
            let lengths: &[usize] = match kind {
                TypeKind::Int4 if value.len() == 4 => &[4],
                TypeKind::Int8 if value.len() == 8 => &[8],
                TypeKind::Uuid if value.len() == 16 => &[16],
                _ => return Ok(()),
            };
            prop_assert!(lengths.contains(&masked.len()));
        }
    }
}
