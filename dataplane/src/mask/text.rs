//! Masks texts outside rows: error and notice fields, notifications, parameters, names.

use lazaret_detectors::{Finding, Scanner};

use super::Counts;

/// Covers in place what the scanner finds. `findings` is scratch.
pub(crate) fn cover_text(
    text: &mut [u8],
    scanner: &mut Scanner,
    findings: &mut Vec<Finding>,
) -> Counts {
    let _ = (text, scanner, findings);
    todo!()
}
