#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
//! Texts with their findings marked, `SSN «ssn 123-45-6789»`, and the scanner that must mark the
//! same.

use std::sync::OnceLock;

use lazaret_detectors::{Finding, Pack, Scanner};

pub(crate) fn scanner() -> Scanner {
    static PACK: OnceLock<std::sync::Arc<Pack>> = OnceLock::new();
    Scanner::new(PACK.get_or_init(|| Pack::load(None).unwrap())).unwrap()
}

/// Asserts that scanning the text without its marks marks it again.
#[track_caller]
pub(crate) fn check(marked: &str) {
    let text = unmarked(marked);
    assert_eq!(marks(&text), marked);
}

#[track_caller]
pub(crate) fn check_all(marked: &[&str]) {
    for text in marked {
        check(text);
    }
}

/// Asserts that nothing is found.
#[track_caller]
pub(crate) fn check_clean(texts: &[&str]) {
    for text in texts {
        assert_eq!(marks(text), *text);
    }
}

pub(crate) fn find(text: &[u8]) -> Vec<Finding> {
    let mut findings = Vec::new();
    scanner().scan(text, &mut findings);
    findings
}

/// The text with what the rules say in one piece covered.
pub(crate) fn masked(text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    lazaret_detectors::mask::redact_findings(&mut bytes, &find(text.as_bytes()));
    String::from_utf8(bytes).unwrap()
}

fn marks(text: &str) -> String {
    let mut marked = String::new();
    let mut at = 0;
    for finding in find(text.as_bytes()) {
        let (start, end) = (finding.start as usize, finding.end as usize);
        marked.push_str(&text[at..start]);
        marked.push_str(&format!("«{} {}»", finding.identifier.name(), &text[start..end]));
        at = end;
    }
    marked.push_str(&text[at..]);
    marked
}

fn unmarked(marked: &str) -> String {
    let mut text = String::new();
    let mut rest = marked;
    while let Some((before, mark)) = rest.split_once('«') {
        text.push_str(before);
        let (name, value) = mark.split_once(' ').unwrap();
        assert!(lazaret_detectors::Identifier::from_name(name).is_some(), "{name}");
        let (value, behind) = value.split_once('»').unwrap();
        text.push_str(value);
        rest = behind;
    }
    text + rest
}
