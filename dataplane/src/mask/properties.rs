//! What holds of every mask, for random values of every type in either format.

use std::collections::HashSet;
use std::net::IpAddr;

use lazaret_link::{Hex, ValueDigest};
use lazaret_policy::{Action, ColumnPlan, Format, TypeKind as K};
use proptest::prelude::*;
use serde_json::Value as Json;

use super::keyed::tests::keys;
use super::outcome::{Length, Outcome};
use super::tests::{column, iso};
use super::*;

const KINDS: [K; 23] = [
    K::Bool,
    K::Int2,
    K::Int4,
    K::Int8,
    K::Oid,
    K::Float4,
    K::Float8,
    K::Numeric,
    K::Money,
    K::Text,
    K::Bytea,
    K::Date,
    K::Time,
    K::TimeTz,
    K::Timestamp,
    K::TimestampTz,
    K::Interval,
    K::Uuid,
    K::Json,
    K::Jsonb,
    K::Inet,
    K::MacAddr,
    K::Bit,
];

const ACTIONS: [Action; 11] = [
    Action::Whole,
    Action::Fixed,
    Action::KeepLast4,
    Action::Null,
    Action::Year,
    Action::Zip3,
    Action::AgeCap,
    Action::Hmac,
    Action::Fpe,
    Action::DateShift,
    Action::Token,
];

/// These leave a part of the value, or all of it where the rule lets it stay.
const PARTIAL: [Action; 4] = [Action::KeepLast4, Action::Year, Action::Zip3, Action::AgeCap];

/// A value, as PostgreSQL writes it in both formats.
#[derive(Clone, Debug)]
struct Value {
    kind: K,
    text: String,
    binary: Vec<u8>,
}

impl Value {
    fn in_format(&self, format: Format) -> &[u8] {
        match format {
            Format::Text => self.text.as_bytes(),
            Format::Binary => &self.binary,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 4096, ..Default::default() })]

    #[test]
    fn a_masked_cell_is_a_value_of_its_type_and_not_what_it_was(
        value in value(),
        action in prop::sample::select(&ACTIONS[..]),
        format in prop::sample::select(&[Format::Text, Format::Binary][..]),
    ) {
        let column = column(value.kind, format, action);
        let original = value.in_format(format);
        prop_assert!(is_valid(value.kind, format, original), "the test's own value");
        if let Some(masked) = masked(&column, original) {
            prop_assert!(is_valid(value.kind, format, &masked), "{masked:?}");
            let shows = contains(&masked, original);
            let may_show = PARTIAL.contains(&action) || tells_nothing(original);
            prop_assert!(may_show || !shows, "{masked:?}");
        }
    }

    #[test]
    fn a_mask_of_a_mask_is_the_mask(
        value in value(),
        action in prop::sample::select(
            &[Action::Whole, Action::Fixed, Action::Year, Action::Zip3, Action::AgeCap][..]
        ),
        format in prop::sample::select(&[Format::Text, Format::Binary][..]),
    ) {
        let column = column(value.kind, format, action);
        if let Some(once) = masked(&column, value.in_format(format)) {
            let twice = masked(&column, &once);
            prop_assert_eq!(twice.as_ref(), Some(&once));
        }
    }

    #[test]
    fn a_mask_keeps_the_length_where_it_has_to(
        value in value(),
        action in prop::sample::select(&ACTIONS[..]),
        format in prop::sample::select(&[Format::Text, Format::Binary][..]),
    ) {
        let column = column(value.kind, format, action);
        let mut cell = value.in_format(format).to_vec();
        match typed::mask(&column, iso(), Length::Kept, &mut cell) {
            Outcome::Null => prop_assert!(!typed::keeps_length(&column, iso())),
            Outcome::Same => {}
            Outcome::Masked(len) => {
                prop_assert_eq!(len, cell.len());
                prop_assert!(is_valid(value.kind, format, &cell), "{cell:?}");
            }
        }
    }

    #[test]
    fn a_code_or_a_token_is_the_same_in_text_and_in_binary(
        value in value(),
        action in prop::sample::select(&[Action::Hmac, Action::Fpe, Action::Token][..]),
    ) {
        let [text, binary] = [Format::Text, Format::Binary].map(|format| {
            let masked = masked(&column(value.kind, format, action), value.in_format(format))?;
            as_number(value.kind, format, &masked)
        });
        prop_assert_eq!(text, binary);
    }
}

/// `None` if it became NULL.
fn masked(column: &ColumnPlan, cell: &[u8]) -> Option<Vec<u8>> {
    let mut values = cell.to_vec();
    let outcome = if column.action.is_rebuilt() {
        let (keys, mut cache, mut asked) = (keys(), TokenCache::default(), Asked::default());
        let mut unknown = HashSet::new();
        let mut build = |cache: &TokenCache, asked: &Asked, unknown: &mut HashSet<ValueDigest>| {
            values = cell.to_vec();
            let means = Means { dates: iso(), keys: Some(&keys), vault: Vault { cache, asked } };
            grown::mask(column, means, &mut values, 0, unknown)
        };
        let first = build(&cache, &asked, &mut unknown);
        let answer = |digest: &ValueDigest| Answer {
            digest: *digest,
            token: digest.0.first_chunk().copied().map(Hex),
        };
        match unknown.is_empty() {
            true => first,
            false => {
                asked.take(unknown.iter().map(answer).collect(), &mut cache);
                build(&cache, &asked, &mut HashSet::new())
            }
        }
    } else {
        typed::mask(column, iso(), Length::MayShrink, &mut values)
    };
    match outcome {
        Outcome::Null => return None,
        Outcome::Same => {}
        Outcome::Masked(len) => values.truncate(len),
    }
    Some(values)
}

fn value() -> impl Strategy<Value = Value> {
    let random = (any::<u64>(), any::<u32>(), "[A-Za-z0-9 .-]{8,24}");
    (prop::sample::select(&KINDS[..]), random).prop_map(|(kind, (number, other, letters))| {
        let (text, binary) = written(kind, number, other, &letters);
        Value { kind, text, binary }
    })
}

/// A value of the type, in text and in binary.
fn written(kind: K, number: u64, other: u32, letters: &str) -> (String, Vec<u8>) {
    let [.., a, b, c, d] = number.to_be_bytes();
    let (int8, int4) = (i64::from_ne_bytes(number.to_ne_bytes()), i32::from_be_bytes([a, b, c, d]));
    let digits = 100_000_000 + number % 100_000_000_000;
    let seconds = u64::from(other) % 86_400;
    let time = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let time_us = seconds * 1_000_000;
    match kind {
        K::Bool => (["f", "t"][usize::from(d & 1)].to_owned(), vec![d & 1]),
        K::Int2 => {
            let int2 = i16::from_be_bytes([c, d]);
            (int2.to_string(), int2.to_be_bytes().to_vec())
        }
        K::Int4 => (int4.to_string(), int4.to_be_bytes().to_vec()),
        K::Oid => (other.to_string(), other.to_be_bytes().to_vec()),
        K::Int8 => (int8.to_string(), int8.to_be_bytes().to_vec()),
        K::Float4 => {
            let float = f32::from(i16::from_be_bytes([c, d])) + 0.5;
            (float.to_string(), float.to_be_bytes().to_vec())
        }
        K::Float8 => {
            let float = f64::from(int4) + 0.25;
            (float.to_string(), float.to_be_bytes().to_vec())
        }
        K::Numeric => {
            let mut binary = Vec::new();
            number::write_numeric(digits, &mut binary);
            (digits.to_string(), binary)
        }
        K::Money => (format!("${digits}.17"), int8.to_be_bytes().to_vec()),
        K::Bytea => {
            let hex: String = letters.bytes().map(|byte| format!("{byte:02x}")).collect();
            (format!("\\x{hex}"), letters.as_bytes().to_vec())
        }
        K::Date => {
            let day = i64::from(other % 60_000) - 30_000;
            (date_text(day), i32::try_from(day).unwrap().to_be_bytes().to_vec())
        }
        K::Time => (time, time_us.to_be_bytes().to_vec()),
        K::TimeTz => {
            let mut binary = time_us.to_be_bytes().to_vec();
            binary.extend_from_slice(&(-7_200_i32).to_be_bytes());
            (format!("{time}+02"), binary)
        }
        K::Timestamp | K::TimestampTz => {
            let day = i64::from(other % 60_000) - 30_000;
            let us = day * 86_400_000_000 + i64::try_from(time_us).unwrap();
            let zone = if kind == K::TimestampTz { "+00" } else { "" };
            (format!("{} {time}{zone}", date_text(day)), us.to_be_bytes().to_vec())
        }
        K::Interval => {
            let mut binary = time_us.to_be_bytes().to_vec();
            binary.extend_from_slice(&int4.to_be_bytes());
            binary.extend_from_slice(&7_i32.to_be_bytes());
            (format!("7 mons {int4} days {time}"), binary)
        }
        K::Uuid => {
            let high = u128::from(number) << 64 | u128::from(other) << 32 | u128::from(d);
            let hex = format!("{high:032x}");
            let groups = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
            (groups.join("-"), high.to_be_bytes().to_vec())
        }
        K::Json | K::Jsonb => {
            let text = match d % 3 {
                0 => Json::from(letters).to_string(),
                1 => digits.to_string(),
                _ => serde_json::json!({ "name": letters, "of": [digits, null] }).to_string(),
            };
            let version: &[u8] = if kind == K::Jsonb { &[1] } else { &[] };
            (text.clone(), [version, text.as_bytes()].concat())
        }
        K::Inet => {
            let address = [a | 1, b, c, d];
            (IpAddr::from(address).to_string(), [&[2, 32, 0, 4][..], &address].concat())
        }
        K::MacAddr => {
            let bytes = [1, 2, a, b, c, d];
            (bytes.map(|byte| format!("{byte:02x}")).join(":"), bytes.to_vec())
        }
        K::Bit => {
            let binary = [&[0, 0, 0, 32][..], &other.to_be_bytes()].concat();
            (format!("{other:032b}"), binary)
        }
        _ => (letters.to_owned(), letters.as_bytes().to_vec()),
    }
}

/// So many days from 2000-01-01.
fn date_text(day: i64) -> String {
    let mut cell = b"2000-01-01".to_vec();
    assert_eq!(date::shift(Format::Text, iso(), day, &mut cell), Outcome::Masked(cell.len()));
    String::from_utf8(cell).unwrap()
}

fn is_valid(kind: K, format: Format, cell: &[u8]) -> bool {
    match format {
        Format::Text => std::str::from_utf8(cell).is_ok_and(|text| is_valid_text(kind, text)),
        Format::Binary => is_valid_binary(kind, cell),
    }
}

fn is_valid_text(kind: K, text: &str) -> bool {
    match kind {
        K::Bool => matches!(text, "t" | "f"),
        K::Int2 => text.parse::<i16>().is_ok(),
        K::Int4 => text.parse::<i32>().is_ok(),
        K::Int8 => text.parse::<i64>().is_ok(),
        K::Oid => text.parse::<u32>().is_ok(),
        K::Float4 | K::Float8 | K::Numeric => text.parse::<f64>().is_ok(),
        K::Money => text.starts_with('$') && text[1..].parse::<f64>().is_ok(),
        K::Bytea => blob::decode(Format::Text, text.as_bytes(), &mut Vec::new()),
        K::Date => is_date(text),
        K::Time => is_time(text),
        K::TimeTz => {
            text.split_once('+').is_some_and(|(time, zone)| is_time(time) && is_zone(zone))
        }
        K::Timestamp => {
            text.split_once(' ').is_some_and(|(day, time)| is_date(day) && is_time(time))
        }
        K::TimestampTz => text
            .split_once('+')
            .is_some_and(|(moment, zone)| is_valid_text(K::Timestamp, moment) && is_zone(zone)),
        K::Uuid => code::uuid_bytes(Format::Text, text.as_bytes()).is_some(),
        K::Json | K::Jsonb => serde_json::from_str::<Json>(text).is_ok(),
        K::Inet => text.trim_end_matches("/128").parse::<IpAddr>().is_ok(),
        K::MacAddr => {
            text.split(':').map(|pair| u8::from_str_radix(pair, 16)).all(|pair| pair.is_ok())
        }
        K::Bit => text.bytes().all(|bit| matches!(bit, b'0' | b'1')),
        _ => true,
    }
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-').map(|part| part.parse::<u32>().unwrap_or(0));
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    year.is_some_and(|year| year > 0)
        && month.is_some_and(|month| (1..=12).contains(&month))
        && day.is_some_and(|day| (1..=31).contains(&day))
}

fn is_time(text: &str) -> bool {
    let parts: Vec<_> = text.split(':').map(str::parse::<u32>).collect();
    parts.len() == 3
        && parts
            .iter()
            .zip([24, 60, 60])
            .all(|(part, most)| part.as_ref().is_ok_and(|part| *part < most))
}

fn is_zone(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|hours| hours < 16)
}

fn is_valid_binary(kind: K, cell: &[u8]) -> bool {
    match kind {
        K::Bool => matches!(cell, [0 | 1]),
        K::Int2 => cell.len() == 2,
        K::Int4 | K::Oid | K::Float4 | K::Date => cell.len() == 4,
        K::Int8 | K::Float8 | K::Money | K::Timestamp | K::TimestampTz => cell.len() == 8,
        K::Time => <[u8; 8]>::try_from(cell)
            .is_ok_and(|us| (0..=86_400_000_000).contains(&i64::from_be_bytes(us))),
        K::TimeTz => cell.len() == 12 && is_valid_binary(K::Time, &cell[..8]),
        K::Interval | K::Uuid => cell.len() == 16,
        K::MacAddr => cell.len() == 6,
        K::Numeric => is_numeric(cell),
        K::Json => serde_json::from_slice::<Json>(cell).is_ok(),
        K::Jsonb => cell[0] == 1 && serde_json::from_slice::<Json>(&cell[1..]).is_ok(),
        K::Inet => matches!(cell, [2, bits, 0, 4, _, _, _, _] if *bits <= 32),
        K::Bit => matches!(cell, [0, 0, 0, 32, _, _, _, _]),
        _ => true,
    }
}

fn is_numeric(cell: &[u8]) -> bool {
    let (fields, _) = cell.as_chunks::<2>();
    let fields: Vec<_> = fields.iter().map(|field| u16::from_be_bytes(*field)).collect();
    let [count, _, sign, _, digits @ ..] = &fields[..] else { return false };
    usize::from(*count) == digits.len() && *sign == 0 && digits.iter().all(|digit| *digit < 10_000)
}

/// So short, or so plain, that a mask may hold it by chance.
fn tells_nothing(value: &[u8]) -> bool {
    value.len() < 8 || value.iter().all(|byte| matches!(byte, 0 | b'0' | b':' | b'.'))
}

fn contains(masked: &[u8], original: &[u8]) -> bool {
    masked.windows(original.len()).any(|window| window == original)
}

/// Numbers are compared as such, and everything else as what it is in text.
fn as_number(kind: K, format: Format, masked: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    match (kind, format) {
        (K::Int2 | K::Int4 | K::Int8, _) => {
            text.extend_from_slice(number::read_int(format, masked)?.to_string().as_bytes());
        }
        (K::Numeric, Format::Binary) => {
            number::render_numeric(masked, &mut text);
        }
        (K::Uuid, _) => text.extend_from_slice(&code::uuid_bytes(format, masked)?),
        (K::Jsonb, Format::Binary) => text.extend_from_slice(&masked[1..]),
        (K::Numeric | K::Text | K::Json | K::Jsonb, _) => text.extend_from_slice(masked),
        // Covered whole.
        _ => {}
    }
    Some(text)
}
