//! HL7 v2 (ER7): segments, fields and components by the separators that MSH defines.
//!
//! A field that holds an identifier is covered between its separators, so a message stays one: what
//! is delimited, repeated and escaped is so afterwards. Numbers of fields and components are those of
//! HL7 2.5.1, chapters 2A, 3, 4, 6 and 7. Values that are coded stay.

use std::ops::Range;

use super::place::Place;
use crate::Identifier;
use crate::bytes::{ALNUM, SPACE, is};
use crate::rules::Found;
use crate::window::Window;

const WHY: &str = "hl7 field";

/// So many bytes tell which segment begins: a header has its separators, perhaps escaped.
const HEADER_BYTES: usize = 16;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    /// XPN: parts of a name.
    Name,
    /// XCN: an identifier, then parts of a name.
    Person,
    /// XAD
    Address,
    /// XTN
    Telephone,
    /// DT, TS, DTM
    Date,
    /// CX, EI and ST: the first component is the identifier.
    Id(Identifier),
    /// All of it.
    Whole(Identifier),
    /// OBX-5: what OBX-2 says.
    Observed,
}

/// Where the walker stands in a message.
#[derive(Clone, Copy)]
pub(super) struct Walker {
    separators: Separators,
    /// The three letters of the segment; NUL between segments.
    segment: [u8; 3],
    /// The number of the field that begins or goes on at the position, as HL7 counts.
    field: u16,
    component: u8,
    /// OBX-2, of an observation.
    observed: Option<Field>,
    /// The position is within a component longer than a window.
    within: bool,
}

#[derive(Clone, Copy)]
struct Separators {
    field: u8,
    component: u8,
    repetition: u8,
    subcomponent: u8,
}

impl Walker {
    /// The walker of a text that begins with a header: `MSH|^~\&`.
    pub(super) fn begin(text: &[u8]) -> Option<Self> {
        let (b"MSH" | b"FHS" | b"BHS", [field, component, repetition, escape, rest @ ..]) =
            text.split_at_checked(3)?
        else {
            return None;
        };
        // In a JSON string the escape character is escaped.
        let subcomponent = rest.iter().find(|byte| *byte != escape)?;
        let all = [*field, *component, *repetition, *subcomponent];
        let are_marks = all.iter().all(|byte| byte.is_ascii_punctuation() && *byte != b'"');
        let differ =
            all.iter().enumerate().all(|(at, byte)| !all.iter().take(at).any(|it| it == byte));
        (are_marks && differ).then_some(Self {
            separators: Separators {
                field: *field,
                component: *component,
                repetition: *repetition,
                subcomponent: *subcomponent,
            },
            segment: [0; 3],
            field: 0,
            component: 1,
            observed: None,
            within: false,
        })
    }

    /// Reads on from `at`. Returns where to go on, or nothing if the message ends.
    pub(super) fn step(
        &mut self,
        w: &Window<'_>,
        mut at: usize,
        found: &mut Found,
    ) -> Option<usize> {
        let begun = at;
        while at < w.len() {
            if self.segment == [0; 3] {
                if w.is_full() && at > begun && at + HEADER_BYTES > w.len() {
                    return Some(at);
                }
                at = self.enter(w, at)?;
                continue;
            }
            let end = self.component_end(w, at);
            let is_seen = end < w.len() || !w.is_full();
            if !is_seen && at > begun && !self.within {
                return Some(at);
            }
            self.cover(w, at..end, is_seen, found);
            self.within = !is_seen;
            if !is_seen || end == w.len() {
                return (end < w.len() || !is_seen).then_some(end);
            }
            at = self.pass(w, end)?;
        }
        w.is_full().then_some(at)
    }

    /// Past the end of a line to a segment and its name.
    fn enter(&mut self, w: &Window<'_>, at: usize) -> Option<usize> {
        let start = w.skip_while(at, |byte| is(byte, SPACE) || byte == 0x0b || byte == 0x1c);
        if start > at {
            return Some(start);
        }
        if w.is_json() && w.byte(at) == b'\\' && matches!(w.byte(at + 1), b'r' | b'n') {
            return Some(at + 2);
        }
        let name = w.slice(start..start + 3).first_chunk::<3>()?;
        let is_name = name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let ends = w.byte(start + 3) == self.separators.field;
        if !is_name || !ends {
            return None;
        }
        self.segment = *name;
        self.component = 1;
        self.observed = None;
        let is_header = matches!(name, b"MSH" | b"FHS" | b"BHS");
        // The separator is itself the first field of a header.
        self.field = if is_header { 2 } else { 1 };
        if !is_header {
            return Some(start + 4);
        }
        // The second names the other separators, and is no place for any of them.
        Some(w.skip_while(start + 4, |byte| {
            byte != self.separators.field && !is(byte, SPACE | ALNUM)
        }))
    }

    /// Behind the separator at `at`.
    fn pass(&mut self, w: &Window<'_>, at: usize) -> Option<usize> {
        let separators = self.separators;
        match w.byte(at) {
            byte if byte == separators.field => (self.field, self.component) = (self.field + 1, 1),
            byte if byte == separators.repetition => self.component = 1,
            byte if byte == separators.component => {
                self.component = self.component.saturating_add(1)
            }
            byte if byte == separators.subcomponent => {}
            // The quote of a JSON string that the message stands in.
            b'"' => return None,
            b'\\' => {
                self.segment = [0; 3];
                return Some(at + 2);
            }
            _ => self.segment = [0; 3],
        }
        Some(at + 1)
    }

    /// Where the component that begins at `at` ends.
    fn component_end(&self, w: &Window<'_>, at: usize) -> usize {
        let separators = self.separators;
        let mut end = at;
        while end < w.len() {
            let byte = w.byte(end);
            let is_line_end = matches!(byte, b'\r' | b'\n')
                || w.is_json()
                    && (byte == b'"' || byte == b'\\' && matches!(w.byte(end + 1), b'r' | b'n'));
            if is_line_end
                || byte == separators.field
                || byte == separators.component
                || byte == separators.repetition
                || byte == separators.subcomponent
            {
                return end;
            }
            // An escaped backslash is one of HL7's own.
            end += if w.is_json() && byte == b'\\' { 2 } else { 1 };
        }
        w.len()
    }

    fn cover(&mut self, w: &Window<'_>, value: Range<usize>, is_seen: bool, found: &mut Found) {
        if self.segment == *b"OBX" && self.field == 2 {
            self.observed = observed(w.slice(value.clone()));
        }
        // `""` deletes what the receiver knows.
        if value.is_empty() || w.slice(value.clone()).starts_with(b"\"") {
            return;
        }
        let field = match field(self.segment, self.field) {
            Some(Field::Observed) => self.observed,
            field => field,
        };
        let Some(place) = field.and_then(|field| place(field, self.component)) else { return };
        // Of a value longer than a window nothing stays.
        let place = if is_seen && !self.within { place } else { Place::Direct(place.identifier()) };
        place.cover(w, value, WHY, found);
    }
}

/// What a component of a field holds.
fn place(field: Field, component: u8) -> Option<Place> {
    let direct = |identifier| Some(Place::Direct(identifier));
    match (field, component) {
        (Field::Name, 1..=6) => direct(Identifier::Name),
        (Field::Person, 1) => direct(Identifier::License),
        (Field::Person, 2..=7) => direct(Identifier::Name),
        // State, country and the type of the address stay.
        (Field::Address, 1..=3 | 8..=10) => direct(Identifier::Geography),
        (Field::Address, 5) => Some(Place::Zip),
        (Field::Telephone, 1 | 4..) => direct(Identifier::Telephone),
        (Field::Date, 1) => Some(Place::Date),
        (Field::Id(identifier), 1) | (Field::Whole(identifier), _) => direct(identifier),
        _ => None,
    }
}

/// What an observation of this type holds that its text would not tell.
fn observed(kind: &[u8]) -> Option<Field> {
    match kind {
        b"DT" | b"TS" | b"DTM" => Some(Field::Date),
        b"PN" | b"XPN" => Some(Field::Name),
        b"XCN" | b"CN" => Some(Field::Person),
        b"AD" | b"XAD" => Some(Field::Address),
        b"TN" | b"XTN" => Some(Field::Telephone),
        b"CX" => Some(Field::Id(Identifier::UniqueCode)),
        // Encapsulated data: a document or an image.
        b"ED" => Some(Field::Whole(Identifier::Photograph)),
        _ => None,
    }
}

/// What a field of a segment holds.
fn field(segment: [u8; 3], number: u16) -> Option<Field> {
    let (_, fields) = FIELDS.iter().find(|(name, _)| **name == segment)?;
    fields.iter().find(|(_, numbers)| numbers.contains(&number)).map(|(field, _)| *field)
}

const MRN: Field = Field::Id(Identifier::MedicalRecord);
const PLAN: Field = Field::Id(Identifier::HealthPlan);
const ACCOUNT: Field = Field::Id(Identifier::Account);
const LICENSE: Field = Field::Id(Identifier::License);
const CODE: Field = Field::Id(Identifier::UniqueCode);
const SSN: Field = Field::Whole(Identifier::Ssn);
const DEVICE: Field = Field::Id(Identifier::Device);
const EMPLOYER: Field = Field::Whole(Identifier::Name);
const PLACE: Field = Field::Whole(Identifier::Geography);

type Fields = (&'static [u8; 3], &'static [(Field, &'static [u16])]);

#[rustfmt::skip]
const FIELDS: &[Fields] = &[
    (b"MSH", &[(Field::Date, &[7])]),
    (b"EVN", &[(Field::Date, &[2, 3, 6]), (Field::Person, &[5])]),
    (b"PID", &[
        (MRN, &[2, 3, 4, 21]), (Field::Name, &[5, 6, 9]), (Field::Date, &[7, 29, 33]), (Field::Address, &[11]),
        (PLACE, &[12, 23]), (Field::Telephone, &[13, 14, 40]), (ACCOUNT, &[18]), (SSN, &[19]), (LICENSE, &[20]),
    ]),
    (b"PD1", &[(Field::Person, &[4])]),
    (b"NK1", &[
        (Field::Name, &[2, 26, 30]), (Field::Address, &[4, 32]), (Field::Telephone, &[5, 6, 31, 40, 41]),
        (Field::Date, &[8, 9, 16]), (CODE, &[12, 33]), (EMPLOYER, &[13]), (SSN, &[37]), (PLACE, &[38]),
    ]),
    (b"IN1", &[
        (Field::Name, &[6, 16]), (Field::Telephone, &[7]), (PLAN, &[8, 10, 36, 49]), (EMPLOYER, &[9, 11]),
        (Field::Date, &[12, 13, 18, 24, 26, 29]), (Field::Address, &[19, 44]), (Field::Person, &[30]),
    ]),
    (b"IN2", &[
        (CODE, &[1, 10]), (SSN, &[2]), (EMPLOYER, &[3]), (PLAN, &[6, 8, 25, 26, 61]), (Field::Name, &[7, 9, 40, 52]),
        (Field::Telephone, &[53, 63, 64]),
    ]),
    (b"IN3", &[(PLAN, &[2]), (Field::Date, &[6, 7, 9, 10, 13]), (Field::Person, &[3, 8, 14, 25])]),
    (b"GT1", &[
        (MRN, &[2]), (Field::Name, &[3, 4, 42, 45]), (Field::Address, &[5, 17]), (Field::Telephone, &[6, 7, 18, 46]),
        (Field::Date, &[8, 13, 14, 25]), (SSN, &[12]), (EMPLOYER, &[16, 21, 51]), (CODE, &[19, 29]),
    ]),
    (b"PV1", &[(Field::Person, &[7, 8, 9, 17, 52]), (ACCOUNT, &[5, 19, 50]), (Field::Date, &[25, 44, 45])]),
    (b"PV2", &[(Field::Date, &[8, 9, 14, 17, 26, 28, 29]), (Field::Person, &[13])]),
    (b"MRG", &[(MRN, &[1, 2, 4]), (ACCOUNT, &[3, 5, 6]), (Field::Name, &[7])]),
    (b"ORC", &[
        (CODE, &[2, 3, 4]), (Field::Date, &[9, 15, 27]), (Field::Person, &[10, 11, 12, 19]),
        (Field::Telephone, &[14, 23]), (Field::Address, &[24]),
    ]),
    (b"OBR", &[
        (CODE, &[2, 3]), (Field::Date, &[6, 7, 8, 14, 22, 36]), (Field::Person, &[10, 16, 28, 32, 33, 34, 35]),
        (Field::Telephone, &[17]),
    ]),
    (b"OBX", &[(Field::Observed, &[5]), (Field::Date, &[12, 14, 19]), (Field::Person, &[16, 25]), (DEVICE, &[18])]),
    (b"SPM", &[(CODE, &[2, 3]), (Field::Date, &[17, 18])]),
    (b"DG1", &[(Field::Date, &[5, 19]), (Field::Person, &[16])]),
    (b"PR1", &[(Field::Date, &[5]), (Field::Person, &[8, 11, 12])]),
    (b"AL1", &[(Field::Date, &[6])]),
    (b"ACC", &[(Field::Date, &[1])]),
    (b"FT1", &[(CODE, &[2]), (Field::Date, &[4, 5]), (Field::Person, &[20, 21, 24])]),
    (b"RXA", &[(Field::Date, &[3, 4, 16]), (Field::Person, &[10]), (DEVICE, &[15])]),
    (b"RXE", &[(Field::Person, &[13, 14]), (CODE, &[15])]),
    (b"TXA", &[(Field::Date, &[4, 6, 7, 8]), (Field::Person, &[5, 9, 10, 11, 22]), (CODE, &[12, 13])]),
    (b"SCH", &[(CODE, &[1, 2]), (Field::Person, &[12, 16, 20]), (Field::Telephone, &[13, 17]), (Field::Address, &[14])]),
    (b"AIP", &[(Field::Person, &[3]), (Field::Date, &[6])]),
    (b"ROL", &[(Field::Person, &[4]), (Field::Date, &[5, 6]), (Field::Address, &[11]), (Field::Telephone, &[12])]),
    (b"STF", &[
        (LICENSE, &[2]), (Field::Name, &[3]), (Field::Date, &[6, 12, 13]), (Field::Telephone, &[10, 15]),
        (Field::Address, &[11]),
    ]),
    (b"PRD", &[(Field::Name, &[2]), (Field::Address, &[3]), (Field::Telephone, &[5]), (LICENSE, &[7])]),
    (b"CTD", &[(Field::Name, &[2]), (Field::Address, &[3]), (Field::Telephone, &[5])]),
];
