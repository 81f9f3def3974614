//! What holds of the detectors whatever they read, for their fuzz targets.

use std::cell::RefCell;

use lazaret_detectors::{Finding, Pack, Scanner, StreamMasker, mask};

/// So much of an input is read: a few windows.
const MAX_BYTES: usize = 16 << 10;

thread_local! {
    static SCANNER: RefCell<Scanner> = RefCell::new(
        Pack::load(None).and_then(|pack| Scanner::new(&pack)).expect("the pack compiles"),
    );
}

/// Scans, masks and streams a text, and returns it masked. Panics where findings are out of order or
/// of range, a mask changes the length, or a stream differs from the whole.
pub fn check(text: &[u8]) -> Vec<u8> {
    let text = &text[..text.len().min(MAX_BYTES)];
    SCANNER.with_borrow_mut(|scanner| {
        let mut findings = Vec::new();
        scanner.scan(text, &mut findings);
        check_findings(text, &findings);
        let mut masked = text.to_vec();
        mask::redact_findings(&mut masked, &findings);
        assert_eq!(masked.len(), text.len());
        for at in cuts(text) {
            assert!(streamed(scanner, text, at) == masked, "cut at {at}");
        }
        masked
    })
}

fn check_findings(text: &[u8], findings: &[Finding]) {
    let mut end = 0;
    for finding in findings {
        assert!(finding.start >= end && finding.start < finding.end, "{findings:?}");
        end = finding.end;
    }
    assert!(end as usize <= text.len());
}

/// Where a text is cut: its length decides, so that a finding can be repeated.
fn cuts(text: &[u8]) -> [usize; 2] {
    [text.len() / 2, text.len() * 7 / 8]
}

fn streamed(scanner: &mut Scanner, text: &[u8], at: usize) -> Vec<u8> {
    let (mut masker, mut out) = (StreamMasker::new(), Vec::new());
    let (head, rest) = text.split_at(at);
    for piece in [head, rest] {
        masker.push(scanner, piece, &mut out);
    }
    masker.finish(scanner, &mut out);
    out
}
