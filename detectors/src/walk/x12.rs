//! X12 (270, 271, 834, 835, 837): segments and elements by the separators that ISA defines.
//!
//! An element is covered between its separators, and fixed-width headers keep their width. Which one
//! holds what is told by its place and by qualifiers before it; the codes are those of the HIPAA
//! implementation guides 005010. Diagnoses, procedures, amounts and qualifiers stay.

use std::ops::Range;

use super::place::Place;
use crate::Identifier;
use crate::rules::Found;
use crate::window::Window;

const WHY: &str = "x12 element";

/// No segment has more elements that matter.
const ELEMENTS: usize = 20;

/// Where the walker stands in an interchange.
#[derive(Clone, Copy)]
pub(super) struct Walker {
    element: u8,
    terminator: u8,
    /// The party of the last NM1 or N1, whose address follows, is a payer or a clearing house.
    is_payer: bool,
    /// The segment at the position is longer than a window: no segment of X12 is.
    overlong: bool,
}

impl Walker {
    /// The walker of a text that begins with an interchange's header, or with a transaction set whose
    /// segments end in `~` or a line's end.
    pub(super) fn begin(text: &[u8]) -> Option<Self> {
        let byte = |at: usize| text.get(at).copied().unwrap_or(0);
        let (element, terminator) = if text.starts_with(b"ISA") {
            // ISA is of fixed width: its separator stands at known places, its end behind the last.
            let ends = [6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103];
            let element = byte(3);
            ends.iter().all(|at| byte(*at) == element).then_some((element, byte(105)))?
        } else {
            let (element, sets) =
                (byte(2), [&b"834"[..], b"835", b"837", b"270", b"271", b"276", b"277", b"278"]);
            let is_set = text.starts_with(b"ST") && sets.contains(&text.get(3..6)?);
            let end = text.iter().take(64).find(|byte| matches!(byte, b'~' | b'\n'));
            is_set.then_some((element, *end?))?
        };
        let is_mark = |byte: u8| byte.is_ascii_punctuation() && byte != b'"' && byte != b'\\';
        let ends = is_mark(terminator) || matches!(terminator, b'\n' | b'\r' | 0x1c..=0x1f);
        (is_mark(element) && ends && element != terminator).then_some(Self {
            element,
            terminator,
            is_payer: false,
            overlong: false,
        })
    }

    /// Reads on from `at`. Returns where to go on, or nothing if the interchange ends.
    pub(super) fn step(
        &mut self,
        w: &Window<'_>,
        mut at: usize,
        found: &mut Found,
    ) -> Option<usize> {
        let begun = at;
        while at < w.len() {
            let end = w.skip_while(at, |byte| byte != self.terminator && byte != b'"');
            let is_seen = end < w.len() || !w.is_full();
            if !is_seen && at > begun {
                return Some(at);
            }
            if !is_seen || self.overlong {
                Place::Direct(Identifier::UniqueCode).cover(w, at..end, WHY, found);
                self.overlong = !is_seen;
            } else {
                self.segment(w, at..end, found);
            }
            if w.byte(end) == b'"' {
                return None;
            }
            at = if is_seen { end + 1 } else { end };
        }
        w.is_full().then_some(at)
    }

    fn segment(&mut self, w: &Window<'_>, segment: Range<usize>, found: &mut Found) {
        let start = w.skip_while(segment.start, |byte| byte.is_ascii_whitespace() || byte == b'\\');
        // A JSON string's `\n` between segments.
        let start =
            start + usize::from(w.before(start) == b'\\' && matches!(w.byte(start), b'n' | b'r'));
        let mut elements = Elements { w, spans: [(0, 0); ELEMENTS], count: 0 };
        let mut at = start;
        while at <= segment.end && elements.count < ELEMENTS {
            let end = w.skip_while(at, |byte| byte != self.element).min(segment.end);
            elements.spans[elements.count] = (at, end);
            elements.count += 1;
            at = end + 1;
        }
        self.read(&elements, found);
    }

    fn read(&mut self, elements: &Elements<'_, '_>, found: &mut Found) {
        use Identifier::{Account, Geography, HealthPlan, License, Name, Telephone, UniqueCode};
        if elements.text(0) == b"DTP" {
            let parts = elements.period(3).into_iter().flatten();
            return parts.for_each(|range| Place::Date.cover(elements.w, range, WHY, found));
        }
        let mut cover = |number: usize, place: Place| {
            if let Some(range) = elements.range(number) {
                place.cover(elements.w, range, WHY, found);
            }
        };
        let direct = Place::Direct;
        match elements.text(0) {
            b"NM1" => {
                self.is_payer = is_payer(elements.text(1));
                if !self.is_payer || elements.text(2) == b"1" {
                    (3..=7).for_each(|number| cover(number, direct(Name)));
                    cover(9, direct(by_qualifier(elements.text(8))));
                }
            }
            b"N1" => {
                self.is_payer = is_payer(elements.text(1));
                if !self.is_payer {
                    cover(2, direct(Name));
                    cover(4, direct(by_qualifier(elements.text(3))));
                }
            }
            b"N2" if !self.is_payer => {
                [1, 2].into_iter().for_each(|number| cover(number, direct(Name)))
            }
            b"N3" if !self.is_payer => {
                [1, 2].into_iter().for_each(|number| cover(number, direct(Geography)))
            }
            b"N4" if !self.is_payer => {
                cover(1, direct(Geography));
                cover(3, Place::Zip);
                cover(6, direct(Geography));
            }
            b"PER" => {
                cover(2, direct(Name));
                [4, 6, 8].into_iter().for_each(|number| cover(number, direct(Telephone)));
            }
            b"DMG" => cover(2, Place::Date),
            b"DTM" => cover(2, Place::Date),
            b"REF" if !matches!(elements.text(1), b"87" | b"2U" | b"" | b"F2") => {
                cover(2, direct(reference(elements.text(1))));
                cover(3, direct(UniqueCode));
            }
            b"CLM" => cover(1, direct(Account)),
            b"CLP" => {
                cover(1, direct(Account));
                cover(7, direct(UniqueCode));
            }
            b"SBR" => {
                cover(3, direct(HealthPlan));
                cover(4, direct(Name));
            }
            b"COB" | b"IDC" => cover(2, direct(HealthPlan)),
            b"INS" => cover(12, Place::Date),
            b"PAT" => cover(6, Place::Date),
            b"TRN" => [2, 3].into_iter().for_each(|number| cover(number, direct(UniqueCode))),
            b"BPR" => {
                [7, 9, 10, 13, 15].into_iter().for_each(|number| cover(number, direct(Account)));
                cover(16, Place::Date);
            }
            b"PLB" => {
                cover(1, direct(License));
                cover(2, Place::Date);
            }
            b"ACT" => [1, 3].into_iter().for_each(|number| cover(number, direct(Account))),
            _ => {}
        }
    }
}

/// The elements of a segment; the first is its name.
struct Elements<'w, 't> {
    w: &'w Window<'t>,
    spans: [(usize, usize); ELEMENTS],
    count: usize,
}

impl<'t> Elements<'_, 't> {
    fn range(&self, number: usize) -> Option<Range<usize>> {
        let (start, end) = *self.spans.get(..self.count)?.get(number)?;
        Some(start..end)
    }

    fn text(&self, number: usize) -> &'t [u8] {
        self.range(number).map_or(&[], |range| self.w.slice(range))
    }

    /// A date, or the two of a period: `20140301-20140309`.
    fn period(&self, number: usize) -> [Option<Range<usize>>; 2] {
        let Some(range) = self.range(number) else { return [None, None] };
        match self.w.slice(range.clone()).iter().position(|byte| *byte == b'-') {
            Some(dash) => {
                let dash = range.start + dash;
                [Some(range.start..dash), Some(dash + 1..range.end)]
            }
            None => [Some(range), None],
        }
    }
}

/// Payers, submitters, receivers and clearing houses: companies that are nobody's employer here.
fn is_payer(entity: &[u8]) -> bool {
    matches!(entity, b"PR" | b"IN" | b"40" | b"41" | b"2B" | b"AY" | b"ACV" | b"RM" | b"GP")
}

/// What NM109 and N104 hold (element 66).
fn by_qualifier(qualifier: &[u8]) -> Identifier {
    match qualifier {
        b"MI" | b"HN" | b"II" => Identifier::HealthPlan,
        b"34" | b"SY" => Identifier::Ssn,
        b"XX" | b"SV" | b"BS" => Identifier::License,
        b"MR" => Identifier::HealthPlan,
        _ => Identifier::UniqueCode,
    }
}

/// What REF02 holds (element 128). What is not listed is some code of somebody's.
fn reference(qualifier: &[u8]) -> Identifier {
    match qualifier {
        b"SY" => Identifier::Ssn,
        b"0F" | b"1L" | b"1W" | b"IG" | b"6P" | b"F6" | b"3H" | b"NQ" | b"18" | b"17" => {
            Identifier::HealthPlan
        }
        b"EA" => Identifier::MedicalRecord,
        b"0B" | b"1G" | b"HPI" | b"1C" | b"1D" | b"LU" => Identifier::License,
        b"EJ" => Identifier::Account,
        _ => Identifier::UniqueCode,
    }
}
