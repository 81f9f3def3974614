//! Masks texts outside rows: error and notice fields, notifications, parameters, names.

use lazaret_detectors::{Finding, Scanner, mask};

use super::Counts;

/// Covers in place what the scanner finds. `findings` is scratch.
pub(crate) fn cover_text(
    text: &mut [u8],
    scanner: &mut Scanner,
    findings: &mut Vec<Finding>,
) -> Counts {
    findings.clear();
    scanner.scan(text, findings);
    let mut counts = Counts::default();
    for finding in &*findings {
        counts.found(finding.identifier);
    }
    counts.cells_masked = u32::from(!findings.is_empty());
    mask::redact_findings(text, findings);
    counts
}
