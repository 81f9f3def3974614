//! FHIR's JSON: keys that mean something beside their neighbours only.
//!
//! `value` is a measurement, a telephone number or an identifier; `display` is a diagnosis or a
//! doctor. The member before, or the key of the object around, tells. Both are looked for close by:
//! this is no parser, and what it can't tell is left to the scan of the text.

use std::ops::Range;

use super::{Found, Run, RunKind, json_syntax};
use crate::Identifier;
use crate::bytes::{SPACE, UPPER};
use crate::window::Window;

const WHY: &str = "fhir path";

/// So far back the key of the object around is looked for.
const OWNER_BYTES: usize = 192;

/// So far behind a value its `system` is looked for.
const BEHIND_BYTES: usize = 96;

/// Keys whose neighbours tell what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Value,
    Display,
    Reference,
    Text,
    Id,
    Div,
    Data,
}

impl Key {
    pub(super) fn of(key: &[u8]) -> Option<Self> {
        Some(match key {
            b"value" => Self::Value,
            b"display" => Self::Display,
            b"reference" => Self::Reference,
            b"text" => Self::Text,
            b"id" => Self::Id,
            b"div" => Self::Div,
            b"data" => Self::Data,
            _ => return None,
        })
    }

    fn len(self) -> usize {
        match self {
            Self::Value => 5,
            Self::Display => 7,
            Self::Reference => 9,
            Self::Text | Self::Data => 4,
            Self::Id => 2,
            Self::Div => 3,
        }
    }
}

/// The closing quote of `key` is before `end`; its value begins at `value`.
pub(super) fn key(w: &Window<'_>, end: usize, value: usize, key: Key, found: &mut Found) {
    let Some(open) = end.checked_sub(key.len() + 2).filter(|_| w.byte(value) == b'"') else {
        return;
    };
    let start = value + 1;
    let identifier = match key {
        Key::Value => contact_or_identifier(w, open, start),
        Key::Display => names_somebody(w, open).then_some(Identifier::Name),
        Key::Text => owner(w, open).and_then(|owner| match owner {
            b"name" => Some(Identifier::Name),
            b"address" => Some(Identifier::Geography),
            _ => None,
        }),
        Key::Id => is_of_resource(w, open, start).then_some(Identifier::UniqueCode),
        Key::Div => is_of_person(w, open).then_some(Identifier::Name),
        Key::Data => is_picture(w, open).then_some(Identifier::Photograph),
        Key::Reference => return reference(w, start, found),
    };
    if let Some(identifier) = identifier {
        let run = Run { kind: RunKind::JsonString, identifier, score: 90, why: WHY };
        found.push_run(w, start, run, start);
    }
}

/// `Patient/123`: what stands behind the type.
fn reference(w: &Window<'_>, start: usize, found: &mut Found) {
    let (end, goes_on) = json_syntax::string_end(w, start);
    let slash = w.slice(start..end).iter().rposition(|byte| *byte == b'/');
    if let Some(slash) = slash.filter(|_| !goes_on && w.is(start, UPPER)) {
        found.push(w.found(Identifier::UniqueCode, start + slash + 1..end, 85, WHY));
    }
}

/// Of `Identifier` and `ContactPoint`: a string beside `system`, or in an object that is called so.
fn contact_or_identifier(w: &Window<'_>, open: usize, start: usize) -> Option<Identifier> {
    let system = match before(w, open) {
        Some((b"system", value)) => Some(w.slice(value)),
        _ => system_behind(w, start),
    };
    if let Some(system) = system {
        return Some(match system {
            b"phone" | b"pager" | b"sms" | b"other" => Identifier::Telephone,
            b"fax" => Identifier::Fax,
            b"email" => Identifier::Email,
            b"url" => Identifier::Url,
            _ if system.ends_with(b"us-ssn") || system.ends_with(b"113883.4.1") => Identifier::Ssn,
            _ if system.ends_with(b"us-npi") => Identifier::License,
            _ => Identifier::UniqueCode,
        });
    }
    match owner(w, open)? {
        b"identifier" => Some(Identifier::UniqueCode),
        b"telecom" => Some(Identifier::Telephone),
        _ => None,
    }
}

/// The `system` that follows a value in its object.
fn system_behind<'t>(w: &Window<'t>, start: usize) -> Option<&'t [u8]> {
    let (end, _) = json_syntax::string_end(w, start);
    let rest = w.rest(end);
    let rest = rest.get(..BEHIND_BYTES).unwrap_or(rest).split(|byte| *byte == b'}').next()?;
    let at = rest.windows(9).position(|it| it == b"\"system\":")?;
    let value = w.skip(end + at + 9, SPACE);
    (w.byte(value) == b'"').then(|| w.slice(value + 1..json_syntax::string_end(w, value + 1).0))
}

/// Whether a reference's `display` is a person's name.
fn names_somebody(w: &Window<'_>, open: usize) -> bool {
    match before(w, open) {
        Some((b"reference", value)) => {
            let value = w.slice(value);
            PEOPLE.iter().any(|kind| value.starts_with(kind.as_bytes()))
                || value.starts_with(b"urn:") && owner(w, open).is_some_and(is_role)
        }
        Some((b"type", value)) => {
            PEOPLE.iter().any(|kind| w.slice(value.clone()) == kind.as_bytes())
        }
        Some(_) => false,
        None => owner(w, open).is_some_and(is_role),
    }
}

fn is_role(owner: &[u8]) -> bool {
    ROLES.iter().any(|role| owner == role.as_bytes())
}

/// Whether an `id` is that of a resource about somebody: its type stands beside it.
fn is_of_resource(w: &Window<'_>, open: usize, start: usize) -> bool {
    let kind = match before(w, open) {
        Some((b"resourceType", value)) => Some(w.slice(value)),
        _ => {
            let (end, _) = json_syntax::string_end(w, start);
            let rest = w.rest(w.skip_any(end + 1, b" \t\r\n,"));
            let rest = rest.strip_prefix(b"\"resourceType\":");
            rest.and_then(|rest| rest.split(|byte| *byte == b'"').nth(1))
        }
    };
    kind.is_some_and(|kind| !DEFINITIONS.iter().any(|it| kind == it.as_bytes()))
}

/// Whether a narrative is a person's: their resource begins not far before.
fn is_of_person(w: &Window<'_>, open: usize) -> bool {
    const KEY: &[u8] = b"\"resourceType\":";
    let before = w.slice(0..open);
    let last = before.windows(KEY.len()).rposition(|it| it == KEY);
    let kind = last.and_then(|at| before.get(at + KEY.len()..)?.split(|byte| *byte == b'"').nth(1));
    kind.is_some_and(|kind| PEOPLE.iter().any(|it| kind == it.as_bytes()))
}

fn is_picture(w: &Window<'_>, open: usize) -> bool {
    let picture = |value: &[u8]| value.starts_with(b"image") || value.starts_with(b"application");
    match before(w, open) {
        Some((b"contentType", value)) => picture(w.slice(value)),
        _ => owner(w, open) == Some(b"photo"),
    }
}

/// The member before the one whose key opens at `open`, if its value is a string.
fn before<'t>(w: &Window<'t>, open: usize) -> Option<(&'t [u8], Range<usize>)> {
    let comma = back_over(w, open, b',')?;
    let close = back_over(w, comma, b'"')?;
    let value = opening_quote(w, close)? + 1..close;
    let colon = back_over(w, value.start - 1, b':')?;
    Some((key_before(w, colon)?, value))
}

/// The key of the object, or of the list of objects, around the member that opens at `open`.
fn owner<'t>(w: &Window<'t>, open: usize) -> Option<&'t [u8]> {
    let (mut at, mut depth) = (open, 0);
    let least = open.saturating_sub(OWNER_BYTES);
    while at > least {
        at -= 1;
        match w.byte(at) {
            b'"' => at = opening_quote(w, at)?,
            b'}' | b']' => depth += 1,
            b'{' | b'[' if depth > 0 => depth -= 1,
            b'{' | b'[' => {
                if let Some(colon) = back_over(w, at, b':') {
                    return key_before(w, colon);
                }
            }
            _ => {}
        }
    }
    None
}

/// The key whose colon stands at `colon`.
fn key_before<'t>(w: &Window<'t>, colon: usize) -> Option<&'t [u8]> {
    let close = back_over(w, colon, b'"')?;
    Some(w.slice(opening_quote(w, close)? + 1..close))
}

/// The byte before `at`, past blanks, if it is this one.
fn back_over(w: &Window<'_>, at: usize, byte: u8) -> Option<usize> {
    let at = w.skip_back(at, SPACE).checked_sub(1)?;
    (w.byte(at) == byte).then_some(at)
}

/// The quote that opens the string which closes at `close`.
fn opening_quote(w: &Window<'_>, close: usize) -> Option<usize> {
    (0..close).rev().find(|at| w.byte(*at) == b'"' && w.before(*at) != b'\\')
}

const PEOPLE: [&str; 5] =
    ["Patient", "Practitioner", "RelatedPerson", "Person", "PractitionerRole"];

/// Keys of references to people.
const ROLES: [&str; 22] = [
    "subject",
    "patient",
    "performer",
    "author",
    "actor",
    "individual",
    "practitioner",
    "generalPractitioner",
    "recorder",
    "asserter",
    "requester",
    "member",
    "provider",
    "collector",
    "agent",
    "who",
    "party",
    "beneficiary",
    "subscriber",
    "policyHolder",
    "careManager",
    "enterer",
];

/// Resources that define and are about nobody.
const DEFINITIONS: [&str; 12] = [
    "Bundle",
    "CodeSystem",
    "ValueSet",
    "StructureDefinition",
    "SearchParameter",
    "ConceptMap",
    "CapabilityStatement",
    "OperationDefinition",
    "NamingSystem",
    "ImplementationGuide",
    "Questionnaire",
    "Medication",
];
