//! Names cut into words: snake case, camel case, capitals run together; abbreviations in full.

use std::ops::ControlFlow;

use super::abbreviations::in_full;

/// A name longer than this is read up to here. PostgreSQL's own limit is 63 bytes.
const NAME_BYTES: usize = 96;

/// More words than this and the rest is not read.
const WORDS: usize = 16;

/// The lower-cased words of a name, digits dropped, plural `s` of known words dropped, abbreviations
/// in full.
pub(super) struct Words {
    bytes: [u8; NAME_BYTES],
    ends: [u8; WORDS],
    count: usize,
    /// Some word stood next to a number (`phone1`, `address_line_2`).
    pub(super) numbered: bool,
}

impl Words {
    pub(super) fn of(name: &str) -> Self {
        let mut words =
            Self { bytes: [0; NAME_BYTES], ends: [0; WORDS], count: 0, numbered: false };
        let mut token = Token { bytes: [0; NAME_BYTES], len: 0 };
        let mut previous = b'_';
        let name = name.as_bytes();
        for (at, &byte) in name.iter().take(NAME_BYTES).enumerate() {
            let next_is_lower = name.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            let camel = byte.is_ascii_uppercase()
                && (previous.is_ascii_lowercase()
                    || (previous.is_ascii_uppercase() && next_is_lower));
            if camel || !byte.is_ascii_alphabetic() {
                words.take(&mut token);
            }
            words.numbered |= byte.is_ascii_digit();
            if byte.is_ascii_alphabetic() {
                token.push(byte.to_ascii_lowercase());
            }
            previous = byte;
        }
        words.take(&mut token);
        words
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> {
        (0..self.count).map(|index| self.word(index))
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn last(&self) -> &str {
        match self.count {
            0 => "",
            count => self.word(count - 1),
        }
    }

    /// The one word of a name that has only one.
    pub(super) fn only(&self) -> Option<&str> {
        (self.count == 1).then(|| self.word(0))
    }

    pub(super) fn has(&self, word: &str) -> bool {
        self.iter().any(|own| own == word)
    }

    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        self.iter().any(|own| words.contains(&own))
    }

    /// `first` and, right behind it, `second`.
    pub(super) fn has_pair(&self, first: &str, second: &str) -> bool {
        self.iter().zip(self.iter().skip(1)).any(|pair| pair == (first, second))
    }

    fn word(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { usize::from(self.ends[index - 1]) };
        std::str::from_utf8(&self.bytes[start..usize::from(self.ends[index])]).unwrap_or_default()
    }

    /// Adds a token, cut into known words if it is made of nothing else.
    fn take(&mut self, token: &mut Token) {
        let text = token.bytes();
        if text.is_empty() {
            return;
        }
        let mut cuts = Cuts::default();
        if !is_known(singular(text)) && cut(text, 0, &mut cuts).is_break() {
            for pair in cuts.starts[..=cuts.count].windows(2) {
                self.push(singular(&text[usize::from(pair[0])..usize::from(pair[1])]));
            }
        } else {
            self.push(singular(text));
        }
        token.len = 0;
    }

    fn push(&mut self, word: &[u8]) {
        let word = std::str::from_utf8(word).map_or(word, |word| in_full(word).as_bytes());
        let start = if self.count == 0 { 0 } else { usize::from(self.ends[self.count - 1]) };
        let end = start + word.len();
        let (Ok(end_u8), true) = (u8::try_from(end), self.count < WORDS) else { return };
        if let Some(room) = self.bytes.get_mut(start..end) {
            room.copy_from_slice(word);
            self.ends[self.count] = end_u8;
            self.count += 1;
        }
    }
}

/// What the relation says about its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// There is no relation, or its name says nothing.
    Unknown,
    /// Rows are people.
    People,
    /// Rows are events or facts about people: encounters, claims, prescriptions.
    Care,
}

impl Context {
    /// Decides by the head noun: `patient_contacts` are people, `patient_visits` are care, and
    /// `user_roles` are neither.
    pub(super) fn of(relation: &Words) -> Self {
        let head = relation.iter().rev().find(|word| !CARRIERS.contains(word));
        match head {
            Some(word) if PEOPLE.contains(&word) => Self::People,
            Some(word) if CARE.contains(&word) => Self::Care,
            _ => Self::Unknown,
        }
    }
}

/// The letters between two cuts.
struct Token {
    bytes: [u8; NAME_BYTES],
    len: usize,
}

impl Token {
    fn push(&mut self, byte: u8) {
        if let Some(room) = self.bytes.get_mut(self.len) {
            *room = byte;
            self.len += 1;
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

#[derive(Default)]
struct Cuts {
    starts: [u8; WORDS + 1],
    count: usize,
}

/// Cuts `text[from..]` into known words, longest first; `Break` when it came out even.
fn cut(text: &[u8], from: usize, cuts: &mut Cuts) -> ControlFlow<()> {
    if from == text.len() {
        return ControlFlow::Break(());
    }
    // Synthea's LASTBILLEDDATEP: one letter more tells apart, as a digit would.
    if from + 1 == text.len() && cuts.count > 1 {
        return ControlFlow::Break(());
    }
    if cuts.count == WORDS {
        return ControlFlow::Continue(());
    }
    for end in (from + 2..=text.len()).rev() {
        if !is_known(singular(&text[from..end])) {
            continue;
        }
        let Ok(end_u8) = u8::try_from(end) else { continue };
        cuts.count += 1;
        cuts.starts[cuts.count] = end_u8;
        if cut(text, end, cuts).is_break() {
            return ControlFlow::Break(());
        }
        cuts.count -= 1;
    }
    ControlFlow::Continue(())
}

fn singular(word: &[u8]) -> &[u8] {
    match word {
        [stem @ .., b's'] if stem.len() > 2 && is_known(stem) => stem,
        [stem @ .., b'e', b's'] if stem.len() > 2 && is_known(stem) => stem,
        _ => word,
    }
}

fn is_known(word: &[u8]) -> bool {
    let Ok(word) = std::str::from_utf8(word) else { return false };
    [KNOWN, SHORT, PEOPLE, CARE, CARRIERS].iter().any(|words| words.contains(&word))
}

/// Words that names run together with others (`BIRTHDATE`, `PATIENTINSURANCEID`).
#[rustfmt::skip]
const KNOWN: &[&str] = &[
    "abbr", "account", "acct", "accession", "address", "admin", "admission", "admit", "age",
    "alias", "amount", "api", "area", "at", "attending", "avatar", "bank", "billed",
    "biometric", "birth", "born", "box", "business", "by", "card", "cell", "cert",
    "certificate", "charge", "chart", "city", "class", "code", "completed", "contact", "count",
    "county", "created", "credit", "date", "datetime", "day", "death", "debit", "deceased",
    "dentist", "department", "description", "device", "diagnosis", "discharge", "display",
    "dob", "dod", "drivers", "driver", "effective", "email", "emergency", "end", "expiry",
    "external", "face", "family", "father", "fax", "fee", "finger", "fingerprint", "first",
    "flag", "follow", "from", "full", "generation", "given", "group", "guardian", "health",
    "hire", "holder", "home", "hospital", "house", "iban", "id", "identification", "identifier",
    "illness", "imei", "initial", "insurance", "ip", "issue", "issued", "key", "kin", "land",
    "last", "lat", "latitude", "legal", "letter", "license", "licence", "line", "lineage", "locality",
    "login", "lon", "long", "longitude", "mac", "mail", "mailing", "maiden", "med", "medicaid",
    "medical", "medicare", "middle", "mobile", "mother", "mrn", "name", "next", "nick", "no",
    "npi", "num", "number", "of", "office", "on", "onset", "order", "other", "owner",
    "passport", "patient", "phone", "photo", "picture", "place", "plan", "plate", "plus", "po",
    "policy", "post", "postal", "preferred", "primary", "procedure", "provider", "race",
    "record", "referring", "registration", "release", "residence", "routing", "schedule",
    "secondary", "secret", "security", "serial", "service", "sign", "size", "social", "spouse",
    "ssn", "start", "state", "status", "stop", "street", "supervising", "surgery", "surname",
    "tax", "taxpayer", "tel", "template", "telephone", "time", "timestamp", "title", "to", "token", "town",
    "type", "updated", "url", "user", "username", "value", "vehicle", "vin", "visit", "web",
    "work", "year", "zip",
];

/// Abbreviations that names run together with others, too (`PTNM`). Others would cut words that are
/// whole: `subs` and `id` are not what `subsidy` is made of.
const SHORT: &[&str] =
    &["addr", "bene", "brth", "cd", "disch", "dt", "fst", "lst", "nm", "pat", "prov", "pt"];

/// Head nouns of relations whose rows are people.
#[rustfmt::skip]
const PEOPLE: &[&str] = &[
    "beneficiary", "beneficiaries", "caregiver", "client", "clinician", "contact", "customer",
    "demog", "demographic", "dependant", "dependent", "doctor", "donor", "employee", "employer", "enrollee",
    "guarantor", "guardian", "individual", "insured", "member", "nurse", "participant",
    "paciente", "patient", "payee", "people", "person", "pharmacist", "physician", "practitioner",
    "provider", "recipient", "relative", "resident", "respondent", "spouse", "staff", "student",
    "subject", "subscriber", "surgeon", "therapist", "user", "veteran", "volunteer", "worker",
];

/// Head nouns of relations whose rows are events of somebody's care.
#[rustfmt::skip]
const CARE: &[&str] = &[
    "admission", "adverse", "allergy", "allergies", "appointment", "assessment",
    "authorization", "billing", "biopsy", "biopsies", "careplan", "claim", "clinical", "condition",
    "consent", "coverage", "death", "diagnosis", "diagnoses", "discharge", "eligibility", "encounter", "episode",
    "exam", "exposure", "icu", "imaging", "immunization", "invoice", "lab", "measurement", "medication", "note",
    "observation", "order", "payment", "prescription", "problem", "procedure", "referral",
    "report", "result", "specimen", "statement", "stay", "study", "studies", "surgery",
    "surgeries", "test", "transaction", "transition", "treatment", "visit", "vital",
];

/// Nouns behind which the head noun of a relation hides (`patient_master_backup`).
#[rustfmt::skip]
const CARRIERS: &[&str] = &[
    "alias", "archive", "backup", "bak", "base", "copy", "current", "data", "dataset", "detail", "dim",
    "dimension", "dw", "event", "extract", "fact", "hist", "history", "info", "latest", "list", "master", "new",
    "occurrence", "old", "period", "profile", "request", "raw", "record", "stage", "staging", "table", "tbl", "temp", "tmp",
    "view", "vw",
];
