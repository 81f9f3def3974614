use super::*;
use crate::mask::tests::iso;
use proptest::prelude::*;

/// Covers each `part` of the text, then mends it.
fn mended(syntax: Syntax, text: &str, parts: &[&str]) -> String {
    let mut masked = text.as_bytes().to_vec();
    for part in parts {
        let start = text.find(part).unwrap();
        masked[start..start + part.len()].fill(b'*');
    }
    restore(syntax, iso(), text.as_bytes(), &mut masked);
    String::from_utf8(masked).unwrap()
}

#[test]
fn json_stays_json_whatever_is_covered() {
    for (text, part, expected) in [
        (r#"{"name": "Jane"}"#, "Jane", r#"{"name": "****"}"#),
        (r#"{"ssn": 123456789}"#, "123456789", r#"{"ssn": 0        }"#),
        (r#"{"ssn": 123456789}"#, "456", r#"{"ssn": 0        }"#),
        (r#"{"at": -12.5e3}"#, "12.5", r#"{"at": 0      }"#),
        (r#"{"a": "x\nJohn"}"#, "nJohn", r#"{"a": "x******"}"#),
        (r#"{"a": "\u0031\u00323"}"#, "31\\u003", r#"{"a": "************3"}"#),
        (r#"["123","45","6789"]"#, r#"123","45","6789"#, r#"["***","**","****"]"#),
        (r#"[123, 45, 6789]"#, "123, 45, 6789", "[0  , 0 , 0   ]"),
        (r#"{"Jane": 1}"#, "Jane", r#"{"****": 1}"#),
        ("123456789", "123456789", "0        "),
        (r#"{"a": "say \"hi\""}"#, "say \\", r#"{"a": "******hi\""}"#),
    ] {
        let masked = mended(Syntax::Json, text, &[part]);
        assert_eq!(masked, expected);
        serde_json::from_str::<serde_json::Value>(&masked).unwrap();
    }
}

#[test]
fn the_keys_of_a_plan_stay_and_its_values_do_not() {
    for (text, parts, expected) in [
        (r#"[{"Async Capable": false}]"#, &["Async"][..], r#"[{"Async Capable": false}]"#),
        (r#"{"Jane" : "Roe"}"#, &["Jane\" : \"Roe"], r#"{"Jane" : "***"}"#),
        (r#"{"Alias": "Async Roe"}"#, &["Async Roe"], r#"{"Alias": "*********"}"#),
        (r#"{"Alias": "x\": y", "Roe": 1}"#, &["x", "Roe"], r#"{"Alias": "*\": y", "Roe": 1}"#),
        (r#"{"Alias": ["Roe", "Roe:"]}"#, &["\"Roe\", \"Roe"], r#"{"Alias": ["***", "***:"]}"#),
    ] {
        assert_eq!(mended(Syntax::Plan, text, parts), expected);
    }
}

#[test]
fn a_mask_that_is_a_number_stays() {
    for (text, mask, expected) in [
        ("[97]", "[90]", "[90]"),
        ("[123456789]", "[        0]", "[        0]"),
        ("[104]", "[90+]", "[0  ]"),
        ("[1.5]", "[**5]", "[0  ]"),
        ("[1.5]", "[1.*]", "[0  ]"),
        ("[90210]", "[902**]", "[0    ]"),
        ("[1e5]", "[1e*]", "[0  ]"),
        ("[-7.25E+10]", "[-0.00E+00]", "[-0.00E+00]"),
        ("[77]", "[07]", "[0 ]"),
    ] {
        let mut masked = mask.as_bytes().to_vec();
        restore(Syntax::Json, iso(), text.as_bytes(), &mut masked);
        assert_eq!(String::from_utf8(masked).unwrap(), expected);
        serde_json::from_str::<serde_json::Value>(expected).unwrap();
    }
}

#[test]
fn a_number_too_long_to_hold_is_covered_digit_by_digit() {
    let digits = "7".repeat(100);
    let masked = mended(Syntax::Json, &format!("[{digits}]"), &[&digits]);
    assert_eq!(masked, format!("[1{}]", "0".repeat(99)));
    let late = format!("[{}1234]", "7".repeat(80));
    assert_eq!(mended(Syntax::Json, &late, &["1234"]), format!("[{}0000]", "7".repeat(80)));
}

#[test]
fn xml_keeps_its_markup() {
    for (text, part, expected) in [
        ("<p>Jane</p>", "Jane", "<p>****</p>"),
        ("<p>Jane<b>Doe</b></p>", "Jane<b>Doe", "<p>****<x>***</b></p>"),
        ("<p a=\"Jane\" b='7'/>", "Jane\" b='7", "<p a=\"****\" x='*'/>"),
        ("<p>a&#49;&#50;b</p>", "49;&#5", "<p>a**********b</p>"),
        ("<p>&amp; Jane</p>", "Jane", "<p>&amp; ****</p>"),
        ("<!-- Jane --><p/>", "Jane --", "<!-- *****--><p/>"),
        ("<p>Q&A Jane", "A Jane", "<p>Q&******"),
    ] {
        assert_eq!(mended(Syntax::Xml, text, &[part]), expected);
    }
}

#[test]
fn elements_stay_elements_of_their_type() {
    for (text, part, expected) in [
        ("{Jane,Doe}", "Jane,Doe", "{****,***}"),
        (r#"{"Jane \"J\" Doe",x}"#, r#"Jane \"J\" Doe"#, r#"{"*****\**\*****",x}"#),
        ("{4155551234,7}", "5551234", "{0000000000,7}"),
        ("{-12.5,7}", "12.5", "{00000,7}"),
        ("[1980-05-17,1981-02-03)", "05-17,1981-02-03", "[1980-01-01,1981-01-01)"),
        ("{\"1980-05-17 13:00:00\"}", "05-17", "{\"1980-01-01 00:00:00\"}"),
        (
            "(8d3f2a64-1f0e-4f65-9f8e-0c2d3b4a5968,x)",
            "8d3f2a64-1f0e",
            "(00000000-0000-0000-0000-000000000000,x)",
        ),
        ("(7,\"say \"\"Jane\"\"\")", "Jane", "(7,\"say \"\"****\"\"\")"),
        ("[0:1]={Jane,Doe}", "Doe", "[0:1]={Jane,***}"),
    ] {
        assert_eq!(mended(Syntax::Elements, text, &[part]), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn json_stays_json_wherever_it_is_covered(
        value in json(),
        covered in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..12), 0..4),
    ) {
        let original = value.to_string().into_bytes();
        let masked = covered_at(&original, &covered);
        let mut kept = masked.clone();
        restore(Syntax::Json, iso(), &original, &mut kept);
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&kept).is_ok());
        assert_covered(&original, &masked, &kept);
    }

    #[test]
    fn pieces_are_mended_as_the_whole_is(
        text in r#"[a-z0-9"'<>&;#{}\[\],:.\\ -]{0,60}"#,
        covered in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..12), 0..4),
        split in any::<prop::sample::Index>(),
    ) {
        let original = text.into_bytes();
        let masked = covered_at(&original, &covered);
        let split = split.index(original.len() + 1);
        let mut whole = masked.clone();
        restore(Syntax::Json, iso(), &original, &mut whole);
        let mut keeper = JsonKeeper::default();
        let mut pieces = Vec::new();
        keeper.push(&original[..split], &masked[..split], &mut pieces);
        keeper.push(&original[split..], &masked[split..], &mut pieces);
        keeper.finish(&mut pieces);
        prop_assert_eq!(&pieces, &whole);

        let mut whole = masked.clone();
        restore(Syntax::Xml, iso(), &original, &mut whole);
        let mut keeper = XmlKeeper::default();
        pieces.clear();
        keeper.push(&original[..split], &masked[..split], &mut pieces);
        keeper.push(&original[split..], &masked[split..], &mut pieces);
        keeper.finish(&mut pieces);
        prop_assert_eq!(&pieces, &whole);
    }

    #[test]
    fn no_covered_letter_or_digit_comes_back(
        syntax in prop::sample::select(
            &[Syntax::Json, Syntax::Xml, Syntax::Elements][..]
        ),
        text in r#"[a-wé2-9"'<>&;#{}()\[\],:.\\ -]{0,60}"#,
        covered in prop::collection::vec((any::<prop::sample::Index>(), 1_usize..12), 0..4),
    ) {
        let original = text.into_bytes();
        let masked = covered_at(&original, &covered);
        let mut kept = masked.clone();
        restore(syntax, iso(), &original, &mut kept);
        assert_covered(&original, &masked, &kept);
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value, json};
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<u32>().prop_map(|value| json!(f64::from(value) / 7.0)),
        "[a-z0-9\"\\\\\n ]{0,12}".prop_map(Value::String),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec(("[a-z0-9]{0,6}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Covers some ranges, as findings would: not the literals of JSON.
fn covered_at(original: &[u8], covered: &[(prop::sample::Index, usize)]) -> Vec<u8> {
    let mut masked = original.to_vec();
    for (at, len) in covered.iter().filter(|_| !original.is_empty()) {
        let start = at.index(original.len());
        let end = (start + len).min(original.len());
        masked[start..end].fill(b'*');
    }
    for literal in [&b"true"[..], b"false", b"null"] {
        let found = |at: &usize| original[*at..].starts_with(literal);
        for at in (0..original.len()).filter(found) {
            masked[at..at + literal.len()].copy_from_slice(literal);
        }
    }
    masked
}

/// Apart from digits, which may be a mask's own, no covered letter shows.
fn assert_covered(original: &[u8], masked: &[u8], kept: &[u8]) {
    for ((&original, &masked), &kept) in original.iter().zip(masked).zip(kept) {
        if original != masked && (original.is_ascii_alphabetic() || !original.is_ascii()) {
            assert_ne!(original, kept);
        }
    }
}
