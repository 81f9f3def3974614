//! What the tests of this module share, and values of each type scanned in rows.

use std::sync::{Arc, LazyLock};

use lazaret_detectors::{Class, Pack, Scanner};
use lazaret_policy::{Action, ColumnPlan, Format, Plan, TypeKind};
use lazaret_proto::pg::{backend, types};

use super::*;

/// 2026-06-01T00:00:00Z
pub(super) const NOW_US: u64 = 1_780_272_000_000_000;

pub(super) fn iso() -> Dates {
    Dates::new(b"ISO, MDY", NOW_US)
}

/// With an empty vault.
pub(super) fn means(keys: Option<&Keys>) -> Means<'_> {
    static EMPTY: LazyLock<(TokenCache, Asked)> = LazyLock::new(Default::default);
    let (cache, asked) = &*EMPTY;
    Means { dates: iso(), keys, vault: Vault { cache, asked } }
}

pub(super) fn scanner() -> Scanner {
    static PACK: LazyLock<Arc<Pack>> = LazyLock::new(|| Pack::load(None).unwrap());
    Scanner::new(&PACK).unwrap()
}

pub(super) fn column(kind: TypeKind, format: Format, action: Action) -> ColumnPlan {
    ColumnPlan { action, kind, type_oid: 0, format, class: Class::Unclassified }
}

pub(super) fn plan(columns: impl IntoIterator<Item = ColumnPlan>) -> Plan {
    Plan { columns: columns.into_iter().collect(), passes: false, is_rebuilt: false }
}

/// Scans one value in a row of its own; `None` if it became NULL.
fn scanned(column: ColumnPlan, value: &[u8]) -> (Option<Vec<u8>>, Counts) {
    let mut bytes = Vec::new();
    backend::data_row(&mut bytes, [Some(value)].into_iter());
    let mut masker = RowMasker::default();
    let end = masker.row(&plan([column]), iso(), &mut bytes, 0, 0).unwrap();
    let counts = masker.cover(&mut bytes, iso(), &mut Scores::default(), &mut scanner());
    let length = i32::from_be_bytes(bytes[7..11].try_into().unwrap());
    let value = (length >= 0).then(|| bytes[11..end].to_vec());
    (value, counts)
}

fn scanned_text(kind: TypeKind, value: &str) -> String {
    let (value, _) = scanned(column(kind, Format::Text, Action::Scan), value.as_bytes());
    String::from_utf8(value.unwrap()).unwrap()
}

fn scanned_binary(kind: TypeKind, value: &[u8]) -> Option<Vec<u8>> {
    scanned(column(kind, Format::Binary, Action::Scan), value).0
}

#[test]
fn an_identifier_in_a_text_is_covered_and_the_rest_stays() {
    let text = "call 415-555-1234 about the refund";
    let masked = scanned_text(TypeKind::Text, text);
    assert_eq!(masked.len(), text.len());
    assert!(masked.starts_with("call ") && masked.ends_with(" about the refund"), "{masked}");
    assert!(!masked.contains("1234"));
}

#[test]
fn what_was_found_is_counted_by_its_identifier() {
    let text = column(TypeKind::Text, Format::Text, Action::Scan);
    let (_, counts) = scanned(text, b"mail jane.doe@example.com");
    assert_eq!(counts.cells_masked, 1);
    assert_eq!(counts.findings[Identifier::Email as usize], 1);
    let (_, counts) = scanned(text, b"nothing here");
    assert_eq!(counts, Counts::default());
}

#[test]
fn json_with_an_identifier_in_a_number_stays_json() {
    for text in [
        r#"{"phone": 4155551234, "note": "fine"}"#,
        r#"{"ssn": "123-45-6789", "n": 7}"#,
        r#"{"a": "first\n123-45-6789\nlast"}"#,
    ] {
        let masked = scanned_text(TypeKind::Json, text);
        serde_json::from_str::<serde_json::Value>(&masked).unwrap();
        assert!(!masked.contains("555") && !masked.contains("6789"), "{masked}");
    }
    let masked = scanned_binary(TypeKind::Jsonb, b"\x01{\"ssn\": \"123-45-6789\"}").unwrap();
    assert_eq!(masked[0], 1);
    assert!(serde_json::from_slice::<serde_json::Value>(&masked[1..]).is_ok());
    assert!(!masked.windows(4).any(|window| window == b"6789"));
    assert_eq!(scanned_binary(TypeKind::Jsonb, b"\x02{}"), None);
}

#[test]
fn elements_of_an_array_in_text_are_covered_each_in_its_type() {
    let masked = scanned_text(TypeKind::Array, "{x,\"ssn 123-45-6789\"}");
    assert!(masked.starts_with("{x,\"") && masked.ends_with("\"}"), "{masked}");
    assert!(!masked.contains("6789"));
}

#[test]
fn bounds_and_fields_in_text_are_covered_whatever_they_look_like_together() {
    for (kind, value, expected) in [
        (TypeKind::Range, "[1950-03-17,1960-01-02)", "[1950-01-01,1960-01-01)"),
        (TypeKind::Range, "{[1950-03-17,1960-01-02)}", "{[1950-01-01,1960-01-01)}"),
        (TypeKind::Composite, "(Johanna,1950-03-17,1)", "(*******,1950-01-01,1)"),
        (TypeKind::Array, r#"{"(x,1950-03-17,1)"}"#, r#"{"(x,1950-**-**,1)"}"#),
        (TypeKind::Array, "{123-45-6789,1}", "{***********,1}"),
        (TypeKind::Array, "{Wilhelmina}", "{**********}"),
        (TypeKind::Array, "{asthma,\"Wilhelmina\",NULL}", "{asthma,\"**********\",NULL}"),
        (
            TypeKind::Array,
            r#"{{left,Wilhelmina},{"(Wilhelmina,\"a b\")",8}}"#,
            r#"{{left,**********},{"(**********,\"a b\")",8}}"#,
        ),
        (TypeKind::Composite, "(Wilhelmina,)", "(**********,)"),
    ] {
        assert_eq!(scanned_text(kind, value), expected);
    }
}

#[test]
fn a_row_within_a_json_string_is_masked_as_text_is() {
    let text = r#"{"row":"x,123-45-6789,212-555-1234,F"}"#;
    for kind in [TypeKind::Json, TypeKind::Jsonb, TypeKind::Text] {
        let masked = scanned_text(kind, text);
        assert_eq!(masked, r#"{"row":"x,***********,************,F"}"#);
    }
    assert_eq!(scanned_text(TypeKind::Text, "[123-45-6789,1]"), "[***********,1]");
}

#[test]
fn elements_of_an_array_in_binary_are_covered_in_place() {
    let texts = array(types::TEXT, &[Some(b"ssn 123-45-6789"), None, Some(b"fine")]);
    let masked = scanned_binary(TypeKind::Array, &texts).unwrap();
    assert_eq!(masked.len(), texts.len());
    assert!(masked.ends_with(b"\0\0\0\x04fine"));
    assert!(!masked.windows(4).any(|window| window == b"6789"));

    let date = 7_000_i32.to_be_bytes();
    let masked = scanned_binary(TypeKind::Array, &array(types::DATE, &[Some(&date)])).unwrap();
    assert_ne!(&masked[24..], &date);
}

#[test]
fn a_binary_array_of_an_unknown_type_or_layout_becomes_null() {
    assert_eq!(scanned_binary(TypeKind::Array, &array(99_999, &[Some(b"x")])), None);
    let texts = array(types::TEXT, &[Some(b"ssn 123-45-6789")]);
    for end in 1..texts.len() {
        // A header alone is an array without elements.
        if end != 20 {
            assert_eq!(scanned_binary(TypeKind::Array, &texts[..end]), None, "{end}");
        }
    }
}

#[test]
fn a_binary_row_type_is_walked_by_the_types_of_its_columns() {
    let mut row = 2_u32.to_be_bytes().to_vec();
    for (oid, value) in [(types::INT4, &[0, 0, 0, 7][..]), (types::TEXT, b"ssn 123-45-6789")] {
        row.extend_from_slice(&oid.to_be_bytes());
        row.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
        row.extend_from_slice(value);
    }
    let masked = scanned_binary(TypeKind::Composite, &row).unwrap();
    assert_eq!(masked[..28], row[..28]);
    assert!(!masked.windows(4).any(|window| window == b"6789"));
    row.push(0);
    assert_eq!(scanned_binary(TypeKind::Composite, &row), None);
}

#[test]
fn a_binary_range_is_walked_where_its_type_is_known() {
    let mut range = vec![0x02];
    for day in [7_000_i32, 7_100] {
        range.extend_from_slice(&4_u32.to_be_bytes());
        range.extend_from_slice(&day.to_be_bytes());
    }
    let mut column = column(TypeKind::Range, Format::Binary, Action::Scan);
    assert_eq!(scanned(column, &range).0, None);
    column.type_oid = types::DATERANGE;
    let masked = scanned(column, &range).0.unwrap();
    assert_eq!(masked.len(), range.len());
    assert_ne!(masked[5..9], range[5..9]);
    assert_eq!(scanned(column, &[0x01]).0, Some(vec![0x01]));
}

#[test]
fn values_within_values_end_somewhere() {
    let mut value = b"x".to_vec();
    let mut oid = types::TEXT;
    for _ in 0..20 {
        let mut row = 1_u32.to_be_bytes().to_vec();
        row.extend_from_slice(&oid.to_be_bytes());
        row.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
        row.append(&mut value);
        value = row;
        oid = types::RECORD;
    }
    assert_eq!(scanned_binary(TypeKind::Composite, &value), None);
}

#[test]
fn a_number_that_is_an_identifier_becomes_zero_in_text_and_binary() {
    assert_eq!(scanned_text(TypeKind::Int8, "4155551234"), "0000000000");
    let masked = scanned_binary(TypeKind::Int8, &4_155_551_234_i64.to_be_bytes());
    assert_eq!(masked, Some(vec![0; 8]));
    assert_eq!(
        scanned_binary(TypeKind::Int8, &7_i64.to_be_bytes()),
        Some(vec![0, 0, 0, 0, 0, 0, 0, 7])
    );
}

#[test]
fn an_image_in_a_bytea_becomes_null() {
    for text in ["\\xffd8ffe000104a464946", "\\x255044462d312e37"] {
        let column = column(TypeKind::Bytea, Format::Text, Action::Scan);
        let (value, counts) = scanned(column, text.as_bytes());
        assert_eq!(value, None);
        assert_eq!(counts.findings[Identifier::Photograph as usize], 1);
    }
    assert_eq!(scanned_binary(TypeKind::Bytea, b"\x89PNG\r\n\x1a\n"), None);
}

#[test]
fn a_bytea_that_holds_an_identifier_becomes_zero_bytes() {
    let masked = scanned_binary(TypeKind::Bytea, b"ssn 123-45-6789").unwrap();
    assert_eq!(masked, vec![0; 15]);
    let hex: String = b"ssn 123-45-6789".iter().map(|byte| format!("{byte:02x}")).collect();
    let masked = scanned_text(TypeKind::Bytea, &format!("\\x{hex}"));
    assert_eq!(masked, format!("\\x{}", "0".repeat(30)));
    assert_eq!(scanned_text(TypeKind::Bytea, "\\x0102"), "\\x0102");
}

#[test]
fn what_has_no_known_layout_becomes_null() {
    assert_eq!(scanned_binary(TypeKind::Other, b"\x01\x02"), None);
    assert_eq!(scanned_binary(TypeKind::TsVector, b"\0\0\0\0"), None);
    let lexemes = column(TypeKind::TsVector, Format::Text, Action::Scan);
    assert_eq!(scanned(lexemes, b"'-45':4 '-6789':5 '123':3").0, None);
    assert_eq!(scanned_text(TypeKind::Other, "(7,8)"), "(7,8)");
}

#[test]
fn findings_are_covered_where_the_cells_went() {
    let columns = plan([
        column(TypeKind::Bool, Format::Text, Action::Whole),
        column(TypeKind::Text, Format::Text, Action::Scan),
    ]);
    let texts: [&[u8]; 3] = [b"ssn 123-45-6789", b"fine", b"mail jane.doe@example.com now"];
    let mut bytes = Vec::new();
    let mut masker = RowMasker::default();
    let (mut read, mut write) = (0, 0);
    for text in texts {
        backend::data_row(&mut bytes, [Some(&b"t"[..]), Some(text)].into_iter());
    }
    for text in texts {
        write = masker.row(&columns, iso(), &mut bytes, read, write).unwrap();
        read += 7 + 5 + 4 + text.len();
    }
    bytes.truncate(write);
    let counts = masker.cover(&mut bytes, iso(), &mut Scores::default(), &mut scanner());
    assert_eq!(counts.cells_masked, 5);
    let mut expected = Vec::new();
    for text in texts {
        let (text, _) = scanned(column(TypeKind::Text, Format::Text, Action::Scan), text);
        backend::data_row(&mut expected, [None, text.as_deref()].into_iter());
    }
    assert_eq!(bytes, expected);
}

#[test]
fn a_text_outside_rows_is_covered_in_place() {
    let mut text = b"Key (ssn)=(123-45-6789) already exists.".to_vec();
    let counts = cover_text(&mut text, &mut scanner(), &mut Vec::new());
    assert_eq!(counts.cells_masked, 1);
    assert!(text.starts_with(b"Key (ssn)=("));
    assert!(!text.windows(4).any(|window| window == b"6789"));
}

/// A one-dimensional array in binary format.
fn array(type_oid: u32, elements: &[Option<&[u8]>]) -> Vec<u8> {
    let count = u32::try_from(elements.len()).unwrap();
    let mut out: Vec<u8> =
        [1, 0, type_oid, count, 1].iter().flat_map(|field| field.to_be_bytes()).collect();
    for element in elements {
        match element {
            Some(bytes) => {
                out.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
                out.extend_from_slice(bytes);
            }
            None => out.extend_from_slice(&u32::MAX.to_be_bytes()),
        }
    }
    out
}
