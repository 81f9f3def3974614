//! What a site adds: its own numbers by their look, its own words by lists.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod common;

use std::sync::{Arc, LazyLock};

use common::{check_cuts, marks_with, masked_with, unmarked};
use lazaret_detectors::{
    Batch, ExpressionError, Finding, Identifier, Pack, Scanner, Site, SiteCase, SiteCheck,
    SiteDictionary, SitePattern,
};
use proptest::prelude::*;

fn pattern(name: &str, expression: &str) -> SitePattern {
    SitePattern {
        name: name.to_owned(),
        expression: expression.to_owned(),
        identifier: Identifier::MedicalRecord,
        context: Vec::new(),
        check: None,
    }
}

fn dictionary(name: &str, case: SiteCase, terms: &[&str]) -> SiteDictionary {
    let terms = terms.iter().map(|term| (*term).to_owned()).collect();
    SiteDictionary { name: name.to_owned(), terms, identifier: Identifier::Name, case }
}

/// A hospital's: its record numbers, badges behind a word, bed numbers with a check digit, its staff.
fn hospital() -> Site {
    let badge = SitePattern {
        identifier: Identifier::UniqueCode,
        context: vec!["badge".to_owned(), "Ausweis".to_owned()],
        ..pattern("badge", r"\b\d{5}\b")
    };
    let checked = SitePattern {
        identifier: Identifier::Account,
        check: Some(SiteCheck::Luhn),
        ..pattern("ledger", r"K\d{3}-\d{4}")
    };
    Site {
        patterns: vec![
            pattern("record", r"\bKX[a-f]{2,6}\b"),
            pattern("umlauts", r"(?u:[ÄÖÜ])q-\d{2,9}x{1,3}"),
            pattern("numbers", r"77\d{5}"),
            badge,
            checked,
        ],
        dictionaries: vec![
            dictionary("staff", SiteCase::Ignore, &["table lamp", "lamp", "öre", "ward 7b", "+q+"]),
            dictionary("wards", SiteCase::Exact, &["Spoon"]),
        ],
    }
}

fn scanner() -> Scanner {
    static PACK: LazyLock<Arc<Pack>> =
        LazyLock::new(|| Pack::load_with(&hospital(), None).unwrap());
    Scanner::new(&PACK).unwrap()
}

#[track_caller]
fn check(marked: &str) {
    assert_eq!(marks_with(&mut scanner(), &unmarked(marked)), marked);
}

#[test]
fn a_number_of_the_sites_own_is_found_by_its_look() {
    check("see «medical_record KXabcd», and not KXabcdz, aKXabcd or KXa");
    check("«medical_record Äq-123xx» and «medical_record Üq-12x»");
    check("any «medical_record 7712345», but not 771234");
}

#[test]
fn a_pattern_with_context_is_found_near_a_word_of_it_alone() {
    check("Badge «unique_code 12345»");
    check("«unique_code 12345» is on the AUSWEIS");
    check("12345 is a count, and badges is another word");
    check(&format!("badge {}12345", "of this or that ".repeat(8)));
}

#[test]
fn a_pattern_with_a_check_leaves_what_fails_it() {
    check("«account K799-2738», K799-2739");
}

#[test]
fn terms_are_found_as_whole_words_by_the_longest() {
    check("the «name table lamp», a «name Lamp», «name LAMP» and LAMPs, «name lamp»");
    check("«name lamp»’s, “«name lamp»”, —«name lamp», 1lamp");
    check("«name ÖRE» and «name Öre», «name ward 7B», a«name +Q+»b");
    check("«name Spoon», spoon");
}

#[test]
fn what_stands_in_json_leaves_it_json() {
    check(r#"{"a":"x\n«medical_record KXabcd»","b":["«name lamp»","table"]}"#);
    for text in [r#"{"n": 7712345 , "m":[7712345,771234567]}"#, r#"{"a":"table","b":"lamp\"lamp"}"#]
    {
        let masked = masked_with(&mut scanner(), text);
        serde_json::from_str::<serde_json::Value>(&masked).unwrap();
        assert!(!masked.contains("771") && !masked.contains("lamp"), "{masked}");
    }
}

#[test]
fn what_is_encoded_or_in_disguise_is_found_as_well() {
    for text in ["see KX\u{200b}abcd", "see S1hhYmNkIGFuZCBtb3Jl", "see %4b%58%61%62%63%64"] {
        let masked = masked_with(&mut scanner(), text);
        assert!(masked.contains("***"), "{masked}");
    }
}

#[test]
fn no_match_spans_two_cells() {
    let mut batch = Batch::default();
    for cell in ["table", "lamp", "KXab", "cd", "771234", "5", "KXabcd"] {
        batch.push(cell.as_bytes());
    }
    let mut scanner = scanner();
    let found = scanner.scan_batch(&batch).iter().map(|it| (it.cell, it.finding));
    let spans = found.map(|(cell, Finding { start, end, .. })| (cell, start, end));
    assert_eq!(spans.collect::<Vec<_>>(), [(1, 0, 4), (2, 0, 4), (6, 0, 6)]);
}

#[test]
fn findings_say_which_pattern_found_them() {
    let mut findings = Vec::new();
    scanner().scan(b"KXabcd lamp", &mut findings);
    assert_eq!(findings.iter().map(|it| it.why).collect::<Vec<_>>(), ["record", "staff"]);
}

#[test]
fn an_expression_that_cannot_be_matched_anywhere_is_refused() {
    let refusal = |expression| SitePattern::check_expression(expression).unwrap_err();
    assert_eq!(refusal(r"\d*x?"), ExpressionError::Empty);
    assert_eq!(refusal(r"M\d+"), ExpressionError::Unbounded);
    assert_eq!(refusal(r"M\d{500}"), ExpressionError::LongMatch(501));
    assert_eq!(refusal(r"^M\d"), ExpressionError::Look);
    assert_eq!(refusal(r"M\x00"), ExpressionError::Nul);
    assert_eq!(refusal(r"[a&&b]"), ExpressionError::Never);
    assert!(matches!(refusal(r"M(\d"), ExpressionError::Syntax { column: 2, .. }));
    assert!(matches!(refusal(r"(?=M)x"), ExpressionError::Syntax { .. }));
    assert!(matches!(refusal("[ÄÖ]"), ExpressionError::Syntax { column: 2, .. }));
    assert_eq!(refusal(&"x".repeat(2000)), ExpressionError::TooLong);
    for fine in [r"\bM\d{7}\b", "(?i)mrn-[0-9a-f]{8,12}", r"A|B{2,3}c?", "(?u:[ÄÖ])x", "Ä[^x]"] {
        SitePattern::check_expression(fine).unwrap();
    }
}

const FRAGMENTS: &[&str] = &[
    " ",
    "\n",
    "KX",
    "ab",
    "cdef",
    "z",
    "77",
    "12345",
    "1",
    "x",
    "-",
    "K",
    "799-2738",
    "badge ",
    "Ausweis",
    "table",
    " lamp",
    "lamp",
    "LAMP",
    "ö",
    "re",
    "Ö",
    "ward 7b",
    "Spoon",
    "Äq-12",
    "’",
    "é",
    "\"",
    "{\"",
    "\":",
    "[",
    "]",
    "}",
    ",",
    "\\n",
    "\\",
    ":",
    "123-45-6789",
    "S1hhYmNkIGFuZCBtb3Jl",
    "\u{200b}",
    "%4b",
    "The lungs are clear and the heart is regular, no murmur was heard today. ",
];

#[test]
fn a_text_cut_anywhere_is_masked_as_in_one_piece() {
    let note =
        "Badge 12345, KXabcd of the table lamp; K799-2738 Äq-12345xx 77123456789 at ward 7b. ";
    let json = r#"{"a":"KXabcd\nKXabcd","n":7712345,"b":["lamp",7712345678]}"#;
    let filler = "The lungs are clear and the heart is regular, no murmur was heard today. ";
    let texts = [
        note.repeat(12),
        json.repeat(20),
        format!("{}{note}{}", filler.repeat(18), filler.repeat(18)),
        "table lamp".repeat(150),
        "77".repeat(800),
    ];
    let mut scanner = scanner();
    for text in texts {
        for cut in 0..=text.len() {
            check_cuts(&mut scanner, &text, &[cut]);
        }
        check_cuts(&mut scanner, &text, &(0..=text.len()).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_of_fragments_is_masked_alike_in_any_pieces(
        fragments in prop::collection::vec(prop::sample::select(FRAGMENTS.to_vec()), 0..400),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let text = fragments.concat();
        let mut cuts = cuts.iter().map(|at| at.index(text.len() + 1)).collect::<Vec<_>>();
        cuts.retain(|cut| *cut <= text.len());
        cuts.sort_unstable();
        check_cuts(&mut scanner(), &text, &cuts);
    }
}

#[test]
fn a_number_that_a_site_looks_for_is_found_alone_in_its_cell() {
    let site = Site { patterns: vec![pattern("badge", r"\b\d{6}\b")], ..Site::default() };
    let mut scanner = Scanner::new(&Pack::load_with(&site, None).unwrap()).unwrap();
    let mut batch = Batch::default();
    for cell in ["123456", "12345", "123456"] {
        batch.push(cell.as_bytes());
    }
    for _ in 0..2 {
        let cells = scanner.scan_batch(&batch).iter().map(|found| found.cell).collect::<Vec<_>>();
        assert_eq!(cells, [0, 2]);
    }
}
