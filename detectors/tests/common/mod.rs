#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(clippy::unwrap_used, reason = "a test that can't be set up has failed")]
//! Texts with their findings marked, `SSN «ssn 123-45-6789»`, and the scanner that must mark the
//! same.

use std::sync::OnceLock;

use lazaret_detectors::{Finding, Identifier, Pack, Scanner, StreamFinding, StreamMasker};

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
    find_with(&mut scanner(), text)
}

pub(crate) fn find_with(scanner: &mut Scanner, text: &[u8]) -> Vec<Finding> {
    let mut findings = Vec::new();
    scanner.scan(text, &mut findings);
    findings
}

/// The text with what the rules say in one piece covered.
pub(crate) fn masked(text: &str) -> String {
    masked_with(&mut scanner(), text)
}

pub(crate) fn masked_with(scanner: &mut Scanner, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let findings = find_with(scanner, &bytes);
    lazaret_detectors::mask::redact_findings(&mut bytes, &findings);
    String::from_utf8(bytes).unwrap()
}

/// Asserts that a stream cut at these offsets gives what one piece gives: text, findings and counts.
#[track_caller]
pub(crate) fn check_cuts(scanner: &mut Scanner, text: &str, cuts: &[usize]) {
    let findings = find_with(scanner, text.as_bytes());
    let spans =
        findings.iter().map(|it| (u64::from(it.start), u64::from(it.end))).collect::<Vec<_>>();
    let (out, counts, reported) = streamed(scanner, text.as_bytes(), cuts);
    assert_eq!(String::from_utf8_lossy(&out), masked_with(scanner, text), "cut at {cuts:?}");
    assert_eq!(reported, spans);
    assert_eq!(counts.iter().sum::<u32>() as usize, findings.len());
}

/// Output, counts and findings of a stream cut at these offsets.
fn streamed(
    scanner: &mut Scanner,
    text: &[u8],
    cuts: &[usize],
) -> (Vec<u8>, [u32; Identifier::COUNT], Vec<(u64, u64)>) {
    let mut masker = StreamMasker::new();
    let (mut out, mut findings, mut at) = (Vec::new(), Vec::new(), 0);
    let mut report = |found: StreamFinding| findings.push((found.start, found.end));
    for cut in cuts {
        masker.push_reporting(scanner, &text[at..*cut], &mut out, &mut report);
        at = *cut;
        assert!(out.len() + StreamMasker::HOLD_BYTES >= at, "held back {} bytes", at - out.len());
    }
    masker.push_reporting(scanner, &text[at..], &mut out, &mut report);
    masker.finish_reporting(scanner, &mut out, &mut report);
    (out, masker.take_counts(), findings)
}

fn marks(text: &str) -> String {
    marks_with(&mut scanner(), text)
}

pub(crate) fn marks_with(scanner: &mut Scanner, text: &str) -> String {
    let mut marked = String::new();
    let mut at = 0;
    for finding in find_with(scanner, text.as_bytes()) {
        let (start, end) = (finding.start as usize, finding.end as usize);
        marked.push_str(&text[at..start]);
        marked.push_str(&format!("«{} {}»", finding.identifier.name(), &text[start..end]));
        at = end;
    }
    marked.push_str(&text[at..]);
    marked
}

pub(crate) fn unmarked(marked: &str) -> String {
    let mut text = String::new();
    let mut rest = marked;
    while let Some((before, mark)) = rest.split_once('«') {
        text.push_str(before);
        let (name, value) = mark.split_once(' ').unwrap();
        assert!(Identifier::from_name(name).is_some(), "{name}");
        let (value, behind) = value.split_once('»').unwrap();
        text.push_str(value);
        rest = behind;
    }
    text + rest
}
