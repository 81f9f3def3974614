//! What is encoded or in disguise is found in the bytes that hold it, and a masked text reads as
//! nothing in any of these encodings.

mod common;

use common::{check_all, check_clean, find, masked};
use proptest::prelude::*;

#[test]
fn numbers_are_found_in_escapes_and_entities() {
    check_all(&[
        r#"{"note":"SSN «ssn \u0031\u0032\u0033-\u0034\u0035-\u0036\u0037\u0038\u0039»."}"#,
        r"ssn «ssn \u0031\u0032\u0033-45-6789» here",
        r"twice «ssn \\u0031\\u0032\\u0033-45-6789» here",
        r"«ssn \x31\x32\x33-45-6789»",
        r"«ssn \061\062\063-45-6789»",
        "see «ssn &#49;&#50;&#51;-45-6789» there",
        "see «ssn &#x31;&#x32;&#x33;&#45;45&ndash;6789» there",
        "see «ssn &amp;#49;23-45-6789» there",
        "«ssn %31%32%33%2D45%2D6789»",
        "«ssn %2531%2532%2533-45-6789»",
        "«ssn =31=32=33=2D45=2D6789»",
        "«ssn 123-4=\r\n5-6789» in quoted-printable",
        "mail «email jane&#64;example.com» or «email jane&commat;example.org»",
    ]);
}

#[test]
fn digits_of_all_scripts_are_digits() {
    check_all(&[
        "«ssn １２３-４５-６７８９»",
        "«ssn １２３－４５－６７８９»",
        "«ssn ١٢٣-٤٥-٦٧٨٩»",
        "«ssn १२३-४५-६७८९»",
        "«ssn 𝟏𝟐𝟑-𝟒𝟓-𝟔𝟕𝟖𝟗»",
        "«ssn ①②③-④⑤-⑥⑦⑧⑨»",
        "call «telephone ２１２-555-１２３４»",
        "to «email ｊａｎｅ＠ｅｘａｍｐｌｅ．ｃｏｍ» now",
        "to «email 𝔧𝔞𝔫𝔢@𝔢𝔵𝔞𝔪𝔭𝔩𝔢.com» now",
        r#"{"a":"«ssn \uff11\uff12\uff13-45-6789»"}"#,
    ]);
}

#[test]
fn what_shows_nothing_separates_nothing() {
    check_all(&[
        "«ssn 1\u{200b}2\u{200b}3-45-6789»",
        "«ssn 12\u{2060}3-4\u{ad}5-67\u{feff}89»",
        "«ssn 1\u{301}23-45-6789»",
        "«ssn 1\u{20e3}23-45-6789»",
        "«ssn 123-4\x1b[31m5-67\x1b[0m89»",
        "«ssn 123-45-67\n89» over the end of a line",
        "«ssn 12\r\n3-45-6789»",
        "«ssn 123-45-\n6789»",
        "«telephone 212-55\n5-1234»",
    ]);
}

#[test]
fn runs_of_hexadecimal_digits_and_base64_are_read() {
    check_all(&[
        "«ssn 3132332d34352d36373839»",
        r"\x«ssn 3132332d34352d36373839»",
        "0x«ssn 3132332D34352D36373839»",
        "«ssn MTIzLTQ1LTY3ODk»=",
        "x«ssn MTIzLTQ1LTY3ODk»=",
        "«ssn eDEyMy00NS02Nzg5»",
        "«ssn eHgxMjMtNDUtNjc4OQ»==",
        "key=«ssn MTExLTExLTExMTE»= and more",
    ]);
    assert_eq!(find(b"1\x002\x003\x00-\x004\x005\x00-\x006\x007\x008\x009\x00").len(), 1);
    assert_eq!(find(b"\x001\x002\x003\x00-\x004\x005\x00-\x006\x007\x008\x009").len(), 1);
}

#[test]
fn a_label_in_disguise_labels_all_the_same() {
    check_all(&[r"\u0053\u0053\u004e: «ssn 123456789»", "ＳＳＮ： «ssn 123456789»"]);
}

#[test]
fn encodings_in_encodings_are_taken_off_or_covered() {
    // base64 of hex of the number; percent signs over escapes.
    check_all(&[
        r"«ssn %5Cu0031%5Cu0032%5Cu0033-45-6789»",
        r"«ssn \u005cu0031\u005cu0032\u005cu0033-45-6789»",
    ]);
    let mut text = "SSN 123-45-6789 of Jane".to_owned();
    for level in 1..6 {
        text = base64(text.as_bytes());
        let covered = masked(&text).matches('*').count();
        assert!(covered > 10, "level {level}");
    }
}

#[test]
fn the_keys_of_json_within_json_are_honoured() {
    check_all(&[
        r#"{"{\"ssn\": «ssn 123456789», \"a\": 5}","{\"family\": \"«name Roe»\"}"}"#,
        r#"{"note":"{\"family\":\"«name Roe»\",\"mrn\":\"«medical_record A77»\"}"}"#,
        r#"{"s\u0073n":"«ssn 123456789»","\u0066amily":"«name Roe»","a":5}"#,
        r#"{"a":"{\"b\":\"{\\\"family\\\":\\\"«name Roe»\\\"}\"}"}"#,
    ]);
}

#[test]
fn honest_text_with_such_characters_passes() {
    check_clean(&[
        "5 µg of 10³/µL, 50% of 37 °C, m² and H₂O, ½ tablet…",
        "“good” — as before…",
        "R&D, AT&amp;T, a=b, 100%25",
        r#"{"text":"a \u003cdiv\u003e of \u2265 5 \u2014 done\n"}"#,
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
        "electroencephalographically and hydroxychloroquine",
        "C:\\data\\new\\tables",
        "line 120\n80-90 and 70-80\n5",
    ]);
}

#[test]
fn json_stays_json_where_an_escape_is_covered() {
    for text in [
        r#"{"a":"\u0031\u0032\u0033-45-6789\"","b":"\"x\u0040y.com\"","c":[2125551234,"\u0031"]}"#,
        r#"{"a":"{\"ssn\":123456789,\"b\":[\"\u0031\"]}","b":123456789,"c":2125551234}"#,
        r#"["\\u0031\\u0032\\u0033-45-6789\\","\"",4111111111111111,"SSN\u003a",123456789]"#,
    ] {
        serde_json::from_str::<serde_json::Value>(text).unwrap();
        let masked = masked(text);
        serde_json::from_str::<serde_json::Value>(&masked)
            .unwrap_or_else(|error| panic!("{error}: {masked}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Attempts 7 to 19, as far as content alone can undo them.
    #[test]
    fn no_planted_value_survives_in_any_encoding(
        value in prop::sample::select(VALUES.to_vec()),
        disguises in prop::collection::vec(0..DISGUISES.len(), 1..3),
        before in prop::sample::select(AROUND.to_vec()),
        behind in prop::sample::select(AROUND.to_vec()),
        filler in 0..40usize,
    ) {
        let disguised = disguises.iter().fold(value.to_owned(), |text, index| DISGUISES[*index](&text));
        let filler = "The lungs are clear. ".repeat(filler);
        let text = format!("{filler}{before}{disguised}{behind}{filler}");
        let at = filler.len() + before.len();
        let findings = find(text.as_bytes());
        let covered = |byte: usize| findings.iter().any(|it| (it.start as usize..it.end as usize).contains(&byte));
        // All but what pads it and what its ends share with their neighbours.
        let hidden = (at..at + disguised.len()).filter(|byte| covered(*byte)).count();
        prop_assert!(hidden * 100 >= disguised.len() * 75, "{text:?} {findings:?}");
    }
}

const VALUES: &[&str] =
    &["123-45-6789", "987-65-4321", "(212) 555-1234", "212-555-1234", "jane.roe@example.com"];

const AROUND: &[&str] = &[" ", "", ": ", "\n", "; ", " and ", "|", "<b>", "\t"];

const DISGUISES: &[fn(&str) -> String] = &[
    |text| text.chars().map(|it| format!("\\u{:04x}", it as u32)).collect(),
    |text| text.chars().map(|it| format!("&#{};", it as u32)).collect(),
    |text| text.chars().map(|it| format!("&#x{:x};", it as u32)).collect(),
    |text| text.bytes().map(|it| format!("%{it:02X}")).collect(),
    |text| text.bytes().map(|it| format!("={it:02X}")).collect(),
    |text| text.bytes().map(|it| format!("{it:02x}")).collect(),
    |text| text.bytes().map(|it| format!("\\x{it:02x}")).collect(),
    |text| shifted(text, '０'),
    |text| shifted(text, '٠'),
    |text| shifted(text, '०'),
    |text| text.chars().flat_map(|it| [it, '\u{200b}']).collect(),
    |text| text.chars().flat_map(|it| [it, '\u{ad}']).collect(),
    |text| base64(text.as_bytes()),
    |text| base64(format!(";{text}").as_bytes()),
    |text| base64(format!("; {text}").as_bytes()),
    |text| text.replace('-', "–"),
    |text| text.replace('-', "\u{a0}"),
    |text| text.chars().flat_map(|it| ["\x1b[1m".to_owned(), it.to_string()]).collect(),
];

/// Each digit as the digit of another script.
fn shifted(text: &str, zero: char) -> String {
    let digit = |it: char| it.to_digit(10).and_then(|digit| char::from_u32(zero as u32 + digit));
    text.chars().map(|it| digit(it).unwrap_or(it)).collect()
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let value = chunk.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for index in 0..=chunk.len() {
            out.push(char::from(DIGITS[(value >> (18 - 6 * index)) as usize & 63]));
        }
        out.push_str(&"=="[..3 - chunk.len()]);
    }
    out
}
