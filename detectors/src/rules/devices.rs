//! Devices: UDI as GS1 writes it, and telephones by their IMEI.
//!
//! What a label calls a serial number is [`super::labels`]'s.

use std::ops::Range;

use super::groups::{Groups, Separator};
use crate::Identifier;
use crate::bytes::{self, ALNUM, DIGIT};
use crate::checks;
use crate::window::{Candidate, Window};

/// The longest value of an element string (GS1 General Specifications, 3.2).
const VALUE_BYTES: usize = 30;

/// So many element strings make up a UDI at most.
const ELEMENTS: usize = 8;

/// The digits of a GTIN, which element string 01 holds.
const GTIN: usize = 14;

/// How far before a number a word may call it a device's.
const CONTEXT_BYTES: usize = 48;

/// `(01)00844588003288(17)141120(10)7654321D(21)10987654d321`, from its first element string on.
pub(super) fn bracketed(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let start = token.start.checked_sub(1)?;
    if w.slice(start..token.end + 1) != b"(01)" {
        return None;
    }
    let mut end = start;
    for element in 0..ELEMENTS {
        let blank = usize::from(element > 0 && w.byte(end) == b' ');
        let Some(next) = element_end(w, end + blank) else { break };
        end = next;
    }
    let digits = w.skip(w.skip_any(token.end + 1, b" "), DIGIT);
    (end > start && digits >= token.end + 1 + GTIN)
        .then(|| w.found(Identifier::Device, start..end, 90, "udi"))
}

/// The same without brackets, as a scanner reads it: `01`, a GTIN that checks, and an element
/// string more.
pub(super) fn packed(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let text = w.slice(token.clone());
    let gtin = text.strip_prefix(b"01")?.get(..GTIN)?;
    let rest = text.get(2 + GTIN..)?;
    let goes_on = [&b"10"[..], b"11", b"17", b"21"].iter().any(|next| rest.starts_with(next));
    (goes_on && checks::gtin14(gtin)).then(|| w.found(Identifier::Device, token.clone(), 85, "udi"))
}

/// Fifteen digits that check, where a word before speaks of a device.
pub(super) fn imei(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    let before = w.slice(token.start.saturating_sub(CONTEXT_BYTES)..token.start);
    let told = || {
        CONTEXT.iter().any(|word| {
            before.windows(word.len()).any(|text| text.eq_ignore_ascii_case(word.as_bytes()))
        })
    };
    let checks = checks::luhn(w.slice(token.clone()).iter().copied());
    (checks && told()).then(|| w.found(Identifier::Device, token.clone(), 70, "imei"))
}

/// `35-209900-176148-1`
pub(super) fn grouped_imei(w: &Window<'_>, groups: &Groups) -> Option<Candidate> {
    if !groups.begin_with(&[2, 6, 6, 1]) {
        return None;
    }
    let one = [Separator::Dash, Separator::Space]
        .iter()
        .any(|known| groups.separators(4).iter().all(|separator| separator == known));
    let mut room = [0; 24];
    let digits = groups.digits(w, 4, &mut room)?;
    (one && checks::luhn(digits.iter().copied()))
        .then(|| w.found(Identifier::Device, groups.span(4), 80, "imei"))
}

/// Behind `(21)10987654d321`, or one with a blank behind its brackets.
fn element_end(w: &Window<'_>, at: usize) -> Option<usize> {
    let digits = w.skip(at + 1, DIGIT);
    if w.byte(at) != b'(' || w.byte(digits) != b')' || !(2..=4).contains(&(digits - at - 1)) {
        return None;
    }
    let value = w.skip_any(digits + 1, b" ");
    let end = w.skip_while(value, |byte| bytes::is(byte, ALNUM) || b"-+._/".contains(&byte));
    // The full stop of a sentence is none of it.
    let end = if w.before(end) == b'.' { end - 1 } else { end };
    ((1..=VALUE_BYTES).contains(&(end - value))).then_some(end)
}

const CONTEXT: [&str; 7] = ["imei", "phone", "device", "handset", "mobile", "tablet", "modem"];
