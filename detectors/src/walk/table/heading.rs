//! Headings: what a table's columns hold, by what stands above them.

use super::layout::{Layout, characters};
use crate::Identifier;
use crate::class::{self, Class};
use crate::lists::Listed;
use crate::walk::place::Place;

/// Columns behind these are left to the other rules.
pub(super) const COLUMNS: usize = 24;

/// No heading is longer, nor has more words.
const HEADING_BYTES: usize = 40;
const HEADING_WORDS: usize = 4;

/// What each column holds, if it tells of somebody, and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Headings {
    places: [Option<Place>; COLUMNS],
    starts: [u16; COLUMNS],
    count: u8,
}

impl Headings {
    /// The headings of a header, if all of its cells read as such and some tell of somebody.
    pub(super) fn read(layout: Layout, line: &[u8]) -> Option<Self> {
        let cells = || layout.cells(line).map(|cell| (cell.start, bare(&line[cell])));
        let count = u8::try_from(cells().count()).ok().filter(|count| *count > 1)?;
        let named = cells().filter(|(_, text)| !text.is_empty()).count();
        if named < 2 || !cells().all(|(_, text)| is_heading(text)) {
            return None;
        }
        let of_people = cells().any(|(_, text)| tells_of_somebody(text));
        let mut headings = Self { places: [None; COLUMNS], starts: [u16::MAX; COLUMNS], count };
        let columns = headings.places.iter_mut().zip(&mut headings.starts);
        for ((place, start), (at, text)) in columns.zip(cells()) {
            *place = place_of(text, of_people);
            *start = u16::try_from(characters(&line[..at])).unwrap_or(u16::MAX);
        }
        headings.places.iter().any(Option::is_some).then_some(headings)
    }

    pub(super) fn count(&self) -> usize {
        usize::from(self.count)
    }

    pub(super) fn place(&self, column: usize) -> Option<Place> {
        self.places.get(column).copied().flatten()
    }

    /// The column below whose heading a cell stands that begins so many characters behind its line's.
    pub(super) fn column_at(&self, character: usize) -> usize {
        let before = |start: &&u16| usize::from(**start) <= character + 1;
        self.starts.iter().take_while(before).count().saturating_sub(1)
    }
}

/// Without the quotes and marks around it.
fn bare(cell: &[u8]) -> &[u8] {
    let mut cell = cell.trim_ascii();
    while let [b'"' | b'*' | b'\'' | b'`', within @ ..] = cell {
        cell = within;
    }
    while let [within @ .., b'"' | b'*' | b'\'' | b'`'] = cell {
        cell = within;
    }
    cell
}

/// A few words and no sentence: `Patient Name`, `addr_line_1`, `Chart #`, or nothing.
fn is_heading(text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let words = text.split(|byte| *byte == b' ').count();
    let opens = text
        .first()
        .is_none_or(|first| first.is_ascii_alphabetic() || b"#_".contains(first) || *first >= 0x80);
    let is_mark = |byte: &u8| b":!?=<>{}[]@".contains(byte);
    // `DOB (local)` and `Acct. No.`, but no call and no path of a program.
    let is_code = |at: usize| match text.get(at..at + 3) {
        Some([before, b'(', _]) => before.is_ascii_alphabetic(),
        Some([before, b'.', behind]) => before.is_ascii_alphabetic() && behind.is_ascii_lowercase(),
        _ => false,
    };
    text.len() <= HEADING_BYTES
        && words <= HEADING_WORDS
        && digits < 3
        && opens
        && !text.iter().any(is_mark)
        && !(0..text.len()).any(is_code)
}

/// Whether a column so called stands in tables about people.
fn tells_of_somebody(heading: &[u8]) -> bool {
    use Identifier::{Device, Geography, IpAddress, UniqueCode, Url};
    let class = class_of("", heading);
    let other = |it| matches!(it, Device | Geography | IpAddress | UniqueCode | Url);
    let told = class.and_then(Class::identifier).is_some_and(|it| !other(it));
    told || heading.split(|byte| !byte.is_ascii_alphabetic()).any(|word| CARE.has(word))
}

fn place_of(heading: &[u8], of_people: bool) -> Option<Place> {
    let class = class_of(if of_people { "patients" } else { "" }, heading);
    let last = heading.rsplit(|byte| !byte.is_ascii_alphabetic()).find(|word| !word.is_empty());
    let named = of_people && last.is_some_and(|last| PEOPLE.has(last));
    let alone = |words: &Listed| of_people && words.has(heading);
    let numbered = |words: &Listed| of_people && is_number_of(heading, words);
    let place = class.and_then(|class| match class {
        Class::Direct(identifier) => Some(Place::Direct(identifier)),
        Class::Date => Some(Place::Date),
        Class::Zip => Some(Place::Zip),
        Class::Age => Some(Place::Age),
        Class::Clear | Class::Unclassified | Class::Version => None,
    });
    let direct = |told: bool, identifier| told.then_some(Place::Direct(identifier));
    place
        .or_else(|| direct(named, Identifier::Name))
        .or_else(|| direct(alone(&PLANS) || numbered(&INSURED), Identifier::HealthPlan))
        .or_else(|| direct(alone(&RECORDS) || numbered(&RECORDS), Identifier::MedicalRecord))
        .or_else(|| direct(of_people && is_code_of_care(heading), Identifier::UniqueCode))
}

/// `Claim #`, `visit_no`: what stands for one thing of one person's care.
fn is_code_of_care(heading: &[u8]) -> bool {
    is_number_of(heading, &CODED) || CODES.has(heading)
}

/// `Record #`, `ins_id`: one of `words`, and a word for number.
fn is_number_of(heading: &[u8], known: &Listed) -> bool {
    let words = || heading.split(|byte| !byte.is_ascii_alphabetic());
    let numbered = heading.ends_with(b"#") || words().any(|word| NUMBERS.has(word));
    numbered && words().any(|word| known.has(word))
}

fn class_of(relation: &str, heading: &[u8]) -> Option<Class> {
    let heading = std::str::from_utf8(heading).ok()?;
    // `Chart #`
    match heading.strip_suffix('#') {
        Some(heading) => class::by_name(relation, &format!("{heading} number")),
        None => class::by_name(relation, heading),
    }
}

/// Who has a column of names to themselves.
#[rustfmt::skip]
static PEOPLE: Listed = Listed::new(&[
    "pt", "client", "resident", "member", "subscriber", "insured", "customer", "employee", "student", "participant",
    "provider", "doctor", "clinician", "practitioner", "nurse", "therapist", "technician", "attending", "hospitalist",
    "resident", "md", "rn", "np", "author", "contact", "witness", "who", "driver", "staff", "signature",
]);

/// What a number of a plan, and of a record, is called by one word.
static PLANS: Listed = Listed::new(&["policy", "hicn", "mbi"]);
static RECORDS: Listed = Listed::new(&["chart", "record", "rec", "mr"]);
static INSURED: Listed = Listed::new(&["ins", "insurance", "policy", "plan", "payer", "hic"]);

/// What has a number for each time.
#[rustfmt::skip]
static CODED: Listed = Listed::new(&[
    "claim", "encounter", "visit", "case", "reference", "ref", "referral", "specimen", "sample", "requisition", "csn",
    "authorization", "auth", "confirmation", "ticket", "accession", "prescription", "rx", "study", "invoice",
]);
static NUMBERS: Listed = Listed::new(&["no", "num", "number", "id", "nbr", "nr"]);
static CODES: Listed = Listed::new(&["claim", "accession", "requisition", "encounter"]);

/// What is told of people only.
#[rustfmt::skip]
static CARE: Listed = Listed::new(&[
    "patient", "dx", "diagnosis", "sex", "gender", "room", "rm", "bed", "allergies", "pcp", "admitted", "admit",
    "discharged", "insurance", "attending",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn places(line: &str) -> Option<Vec<Option<Identifier>>> {
        let layout = Layout::of(line.as_bytes())?;
        let headings = Headings::read(layout, line.as_bytes())?;
        let identifier = |column| headings.place(column).map(Place::identifier);
        Some((0..headings.count()).map(identifier).collect())
    }

    #[test]
    fn headings_are_read_as_names_of_columns_in_a_table_about_people() {
        use Identifier::{Date, Geography, MedicalRecord, Name};
        let told = places("Name,Chart #,DOB,City,Drug");
        let expected =
            [Some(Name), Some(MedicalRecord), Some(Date), Some(Geography), None].to_vec();
        assert_eq!(told, Some(expected));
        assert_eq!(places("Room | Pt | Provider"), Some(vec![None, Some(Name), Some(Name)]));
        assert_eq!(places("Record #,Sex"), Some(vec![Some(MedicalRecord), None]));
    }

    #[test]
    fn a_name_among_things_is_nobodys() {
        assert_eq!(places("name,dose,route"), None);
        assert_eq!(places("Test,Result,Unit"), None);
    }

    #[test]
    fn a_sentence_is_no_header() {
        assert_eq!(places("Please bring your phone, address and the list of drugs, thanks."), None);
        assert_eq!(places("Phone: 212-555-1234, fax, MRN 1234567"), None);
    }
}
