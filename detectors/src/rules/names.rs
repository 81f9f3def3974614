//! Names by what stands around them: titles, labels, relations, credentials, signatures.
//!
//! A name is a run of capitalised words; behind a title or a label, of any words that are not
//! plainly something else. Names with nothing around them are [`super::people`]'s.

use std::ops::Range;

use super::Found;
use super::people::{ACTS, PARTICLES};
use super::words::{self, Case, Shape, Token};
use crate::Identifier;
use crate::bytes::{self, ALNUM, DIGIT, LOWER, SPACE, UPPER, WORD};
use crate::lexicon::Kind;
use crate::lists::Listed;
use crate::window::{Candidate, Window};

/// The longest run of words that is taken for one person's name.
const WORDS: usize = 4;

/// `Mr. Smith`, `dr smith`, `DR. SMITH`
pub(super) fn title(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    if !w.begins_word(hit.start) {
        return;
    }
    let start = w.skip_any(hit.end, b" .");
    let certain = w.before(hit.end) == b'.' || w.is(hit.start, UPPER);
    // `RN Bird`: what may stand behind the name, too.
    let credential = matches!(w.slice(hit.start..hit.end - 1), b"RN" | b"MD" | b"CNA" | b"LPN");
    let spelled = hit.len() > 5 || credential;
    // `Roe, MD Parkinson disease`: it belongs to the name before.
    if credential && w.before(w.skip_back(hit.start, SPACE)) == b',' {
        return;
    }
    // `MR BRAIN`, `mild MR. Holter`
    let image = w.slice(hit.start..hit.start + 2);
    let next = w.slice(w.word_at(start));
    let valve = w.slice(w.word_before(w.skip_back(hit.start, SPACE)));
    if matches!(image, b"MR" | b"MS")
        && hit.len() == 3
        && (IMAGED.has(next) || LEAKS.has(valve) || is_plain(w, start..run(w, start, 1)))
    {
        return;
    }
    let end = match run(w, start, 3) {
        end if end > start && !(spelled && is_plain(w, start..end)) => end,
        _ if spelled => small_run(w, start),
        _ if certain => lower_word(w, start),
        // `paging dr law`
        _ if Token::read(w, start).kind.any(Kind::NAME) && w.is(start, LOWER) => {
            lower_word(w, start)
        }
        _ => start,
    };
    if start <= hit.end + 2 {
        push(w, start..end, 80, "name: title", found);
    }
    // `Drs. Roe and Poe`
    let several = w.is_before(hit.end - 2, LOWER) && matches!(w.before(hit.end - 2), b's' | b'S');
    if several && end > start && w.starts_with(end, b" and ") {
        push(w, end + 5..run(w, end + 5, 3), 80, "name: title", found);
    }
}

/// `Jane Roe, MD`: capitalised words before the hit.
pub(super) fn credential(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let comma = w.byte(hit.start) == b',';
    if w.is(hit.end, ALNUM) || comma && !w.is(hit.start + 2, UPPER) && w.is_before(hit.start, LOWER)
    {
        return;
    }
    // `S Lim , MD`
    let end = if comma && w.before(hit.start) == b' ' { hit.start - 1 } else { hit.start };
    let start = run_before(w, end, 3);
    let start = if comma { surname_before(w, start..end) } else { start };
    // `Charge RN`
    if comma || !is_plain(w, start..end) {
        push(w, start..end, 70, "name: credential", found);
    }
}

/// The start of the surname that opens its line or its sentence before the given names at `given`:
/// `Booth, May A, M.D.`
fn surname_before(w: &Window<'_>, given: Range<usize>) -> usize {
    let comma = given.start.saturating_sub(2);
    if given.is_empty() || w.slice(comma..given.start) != *b", " {
        return given.start;
    }
    let start = run_before(w, comma, 2);
    let lead = w.skip_any(w.skip_back(start, SPACE), b" ");
    let opens =
        matches!(w.before(lead), 0 | b'\n' | b':' | b'.' | b';') || w.before(start) == b'\n';
    let surname = Token::read(w, start);
    if opens && start < comma && !surname.kind.any(Kind::PROPER) { start } else { given.start }
}

/// `his wife Mary`, `daughter, Ann Lee,`: a capitalised word that is a word of no other kind.
pub(super) fn relation(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let start = match w.byte(hit.end) {
        b' ' => hit.end + 1,
        b',' | b':' if w.byte(hit.end + 1) == b' ' => hit.end + 2,
        b'(' => hit.end + 1,
        _ if w.before(hit.end) == b' ' => hit.end,
        _ => return,
    };
    let bracket = w.skip_any(start, b"(\"");
    let whole = w.begins_word(hit.start) || w.byte(hit.start) == b' ';
    let proper =
        w.is(bracket, UPPER) && (w.is(bracket + 1, LOWER) || w.is_before(hit.end - 1, UPPER));
    let end = run(w, bracket, 3);
    let named = || !is_plain(w, bracket..end) || is_set_apart(w, bracket, end);
    if whole && proper && named() {
        push(w, bracket..end, 60, "name: relation", found);
    } else if whole && end == bracket {
        push(w, bracket..small_run(w, bracket), 60, "name: relation", found);
    }
}

/// One word that is no usual one and ends its clause, or does what people do: `husband Hamza at bedside`,
/// but not `Mother Hypertension`.
fn is_set_apart(w: &Window<'_>, start: usize, end: usize) -> bool {
    let token = Token::read(w, start);
    let next = w.slice(w.word_at(w.skip(end, SPACE)));
    let acts = w.byte(end) == b' ' && (ACTS.has(next) || next.eq_ignore_ascii_case(b"at"));
    token.end == end
        && !token.kind.any(Kind::COMMON)
        && !words::is_medical(w.slice(start..end))
        && acts
}

/// `Diamond is a 44 year old`: whoever has the age that begins at `age`, though the word is plain.
pub(super) fn aged(w: &Window<'_>, age: usize, found: &mut Found) {
    let lead = [&b" is a "[..], b" is an ", b" was a ", b", a ", b", an "]
        .into_iter()
        .find(|lead| w.slice(age.saturating_sub(lead.len())..age) == *lead);
    let Some(end) = lead.and_then(|lead| age.checked_sub(lead.len())) else { return };
    let word = w.word_before(end);
    let text = w.slice(word.clone());
    let proper =
        w.is(word.start, UPPER) && w.is(word.start + 1, LOWER) && w.begins_word(word.start);
    if proper && !is_stop(text) && !NO_NAMES.has(text) {
        push(w, word, 55, "name: age behind", found);
    }
}

/// `signed by Jane Roe`, `my name is jane roe`
pub(super) fn signature(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    if w.begins_word(hit.start) {
        let start = w.skip_any(hit.end, b" :\n\r\t,\"(");
        let end = with_given_behind(w, start, run(w, start, WORDS));
        let lead = w.slice(hit.clone());
        let named = lead.eq_ignore_ascii_case(b"name is");
        let shorthand = lead.eq_ignore_ascii_case(b"pt ");
        let end = match end {
            end if shorthand && end > start && is_plain(w, start..end) => start,
            end if end > start => end,
            _ if named => small_name(w, lower_word(w, start)),
            _ if shorthand && Token::read(w, start).is_strange() => {
                small_name(w, lower_word(w, start))
            }
            _ => small_run(w, start),
        };
        let plain = hit.len() > 4 && !w.is_before(hit.end, SPACE) && is_plain(w, start..end);
        if !plain {
            push(w, start..end, 70, "name: signature", found);
        }
    }
}

/// `works at Payne Ltd`, `retired from Bailey, Hall and Dodson`: an employer's name tells of who is
/// employed, too.
pub(super) fn employer(w: &Window<'_>, hit: Range<usize>, found: &mut Found) {
    let start = w.skip_any(hit.end, b" :");
    let the = if w.starts_with_caseless(start, b"the ") { start + 4 } else { start };
    let mut end = run(w, the, WORDS);
    for _ in 0..3 {
        let joint = [&b", "[..], b" and ", b" & "].into_iter().find(|it| w.starts_with(end, it));
        let Some(next) = joint.map(|joint| end + joint.len()) else { break };
        let behind = run(w, next, WORDS);
        if behind == next {
            break;
        }
        end = behind;
    }
    if w.begins_word(hit.start) && end > the {
        push(w, the..end, 55, "name: employer", found);
    }
}

/// Behind a label and its colon: words of any case, also `Roe, Jane A.`
pub(super) fn labelled(w: &Window<'_>, start: usize, why: &'static str, found: &mut Found) {
    let capital = run(w, start, WORDS);
    let mut end = if capital > start { capital } else { lower_words(w, start) };
    if end > start && w.byte(end) == b',' && w.byte(end + 1) == b' ' {
        let given = run(w, end + 2, 3).max(small_run(w, end + 2));
        let label = w.byte(given) == b':';
        if given > end + 2 && !label && !is_credential(w, end + 2..given) {
            end = given;
        }
    }
    push(w, start..end, 80, why, found);
}

/// The capitalised words behind a label for a town.
pub(super) fn place(w: &Window<'_>, start: usize) -> Option<Candidate> {
    let end = run(w, start, WORDS);
    (end > start && w.byte(end) != b':')
        .then(|| w.found(Identifier::Geography, start..end, 75, "town label"))
}

/// Behind the given name of `ROE, JANE A.`, where all before the comma is one word.
fn with_given_behind(w: &Window<'_>, start: usize, end: usize) -> usize {
    let one = end > start && !w.slice(start..end).contains(&b' ');
    if !one || w.byte(end) != b',' || w.byte(end + 1) != b' ' {
        return end;
    }
    let given = Token::read(w, end + 2);
    let named = given.kind.any(Kind::GIVEN) || given.is_strange() && given.letters > 3;
    let behind = run(w, end + 2, 2);
    if named && behind > end + 2 { behind } else { end }
}

/// Words of names where all is in small letters: up to three that a list of names knows, or none.
fn small_run(w: &Window<'_>, start: usize) -> usize {
    let mut end = start;
    let mut at = start;
    if !w.is(start, LOWER) || words::case_around(w, start) != Case::Small {
        return start;
    }
    for _ in 0..3 {
        let token = Token::read(w, at);
        let word = w.slice(token.start..token.end);
        let dotted = w.byte(token.end) == b'.';
        // `velez, norah d` ends its line.
        let last = matches!(w.byte(token.end), 0 | b'\n' | b'"' | b'|' | b';' | b'(');
        let initial = token.letters == 1 && end > start && (dotted || last);
        let named = token.kind.any(Kind::NAME) || token.is_strange() && token.letters > 2;
        let told = named && !is_stop(word) && !is_function_word(word) || is_particle(word);
        if token.is_empty() || !(told || initial) {
            break;
        }
        if !is_particle(word) {
            end = if initial && dotted { token.end + 1 } else { token.end };
        }
        if w.byte(token.end.max(end)) != b' ' || token.possessive {
            break;
        }
        at = token.end.max(end) + 1;
    }
    end
}

/// Right behind a word like `Patient`, without a colon: two capitalised words at least.
pub(super) fn behind(w: &Window<'_>, end: usize, why: &'static str, found: &mut Found) {
    if w.byte(end) != b' ' {
        return;
    }
    let start = end + 1;
    let end = run(w, start, 3);
    let several = w.slice(start..end).contains(&b' ');
    if several && w.is(start + 1, LOWER) && !is_plain(w, start..end) {
        push(w, start..end, 60, why, found);
    }
}

/// Whether all of a text reads as a person's name: for a JSON key that may mean one.
pub(super) fn is_name(w: &Window<'_>, range: &Range<usize>) -> bool {
    let end = run(w, range.start, WORDS);
    end == range.end && w.slice(range.clone()).contains(&b' ')
}

/// Whether a text in small letters is two words or more, each of them a name's or in no list, and one of
/// them a name's and nothing else: `will patel`, but not `grace period`.
pub(super) fn is_small_name(w: &Window<'_>, range: &Range<usize>) -> bool {
    let mut at = range.start;
    let (mut words, mut certain) = (0, false);
    while at < range.end {
        let token = Token::read(w, at);
        let named = token.kind.any(Kind::NAME);
        if token.is_empty() || token.shape != Shape::Small || !named && !token.is_strange() {
            return false;
        }
        certain |= token.is_only_name();
        words += 1;
        at = w.skip_any(token.end, b" ");
    }
    words > 1 && certain
}

/// Whether the capitalised words at `start` are plain: `Anesthesia: General`.
pub(super) fn is_plain_run(w: &Window<'_>, start: usize) -> bool {
    let end = run(w, start, WORDS);
    let common = Token::read(w, start).kind.any(Kind::COMMON);
    is_plain(w, start..end) && (common || with_given_behind(w, start, end) == end)
}

/// Whether all words are plain and none is a name.
fn is_plain(w: &Window<'_>, range: Range<usize>) -> bool {
    let mut at = range.start;
    while at < range.end {
        let token = Token::read(w, at);
        if token.is_strange() && token.letters > 1 || token.kind.any(Kind::NAME) {
            return false;
        }
        at = w.skip_any(token.end.max(at + 1), b" .");
    }
    true
}

fn push(w: &Window<'_>, range: Range<usize>, score: u8, why: &'static str, found: &mut Found) {
    if range.start < range.end {
        found.push(w.found(Identifier::Name, range, score, why));
    }
}

/// The end of the run of capitalised words that begins at `start`; `start` if there is none.
fn run(w: &Window<'_>, start: usize, most: usize) -> usize {
    let mut end = start;
    let mut at = start;
    let mut words = 0;
    while words < most {
        let word = at..word_end(w, at);
        let text = w.slice(word.clone());
        let saint = text == b"St" && w.starts_with(word.end, b". ");
        let particle = is_particle(text) || saint;
        let initial = word.len() == 1 && w.byte(word.end) == b'.';
        let named = particle || is_capitalised(w, &word);
        if word.is_empty() || !named || is_stop(text) && !initial {
            break;
        }
        at = if initial || saint { word.end + 1 } else { word.end };
        if !particle {
            end = at;
            words += 1;
        }
        let gap = w.skip_any(at, b" ");
        if gap == at && !initial || gap > at + 2 {
            break;
        }
        at = gap;
    }
    end
}

/// The start of the run of capitalised words that ends at `end`.
fn run_before(w: &Window<'_>, end: usize, most: usize) -> usize {
    let mut start = end;
    let mut at = end;
    for _ in 0..most {
        let stop = if w.before(at) == b'.' { at - 1 } else { at };
        let mut first = stop;
        while first > 0 && (w.is_before(first, WORD) || matches!(w.before(first), b'-' | b'\'')) {
            first -= 1;
        }
        let word = first..stop;
        // `... by Roe. Notified MD`
        let title = matches!(w.slice(word.clone()), b"Mrs" | b"Prof" | b"Rev" | b"Sgt" | b"Capt");
        let sentence = stop < at && word.len() > 2 && !title;
        if word.is_empty()
            || sentence
            || !is_capitalised(w, &word)
            || is_stop(w.slice(word.clone()))
        {
            break;
        }
        start = first;
        if w.before(first) != b' ' {
            break;
        }
        at = first - 1;
    }
    start
}

/// Letters with the apostrophes and hyphens inside, and the digits that synthetic names end with.
fn word_end(w: &Window<'_>, at: usize) -> usize {
    let mut end = w.skip(at, WORD);
    while matches!(w.byte(end), b'-' | b'\'') && w.is(end + 1, WORD) && end > at {
        end = w.skip(end + 1, WORD);
    }
    // U+2019, the typographic apostrophe, is among WORD's bytes already.
    if end > at { w.skip(end, DIGIT) } else { end }
}

fn is_capitalised(w: &Window<'_>, word: &Range<usize>) -> bool {
    w.is(word.start, UPPER) || w.byte(word.start) >= 0xc3
}

/// One word of any case behind a title.
fn lower_word(w: &Window<'_>, start: usize) -> usize {
    let end = word_end(w, start);
    let word = w.slice(start..end);
    if word.len() < 2 || is_stop(word) || is_function_word(word) { start } else { end }
}

/// The second word of a name in small letters that may follow the one that ends at `first`.
fn small_name(w: &Window<'_>, first: usize) -> usize {
    let mut at = first + 1;
    let mut second = Token::read(w, at);
    while w.byte(second.end) == b' ' && is_particle(w.slice(second.start..second.end)) {
        at = second.end + 1;
        second = Token::read(w, at);
    }
    let named = second.letters > 1 && (second.is_strange() || second.kind.any(Kind::NAME));
    let plain = second.kind.any(Kind::COMMON | Kind::PROPER);
    if w.byte(first) == b' ' && named && !plain { second.end } else { first }
}

/// Up to three words of any case behind a label.
fn lower_words(w: &Window<'_>, start: usize) -> usize {
    let mut end = start;
    let mut at = start;
    for _ in 0..3 {
        let next = lower_word(w, at);
        if next == at {
            break;
        }
        end = next;
        at = w.skip_any(next, b" ");
        if at != next + 1 {
            break;
        }
    }
    end
}

fn is_credential(w: &Window<'_>, word: Range<usize>) -> bool {
    let word = w.slice(word);
    word.len() <= 4 && word.iter().all(|byte| bytes::is(*byte, UPPER) || *byte == b'.')
}

fn is_particle(word: &[u8]) -> bool {
    word == b"st" || word.first().is_some_and(u8::is_ascii_lowercase) && PARTICLES.has(word)
}

fn is_stop(word: &[u8]) -> bool {
    STOP.binary_search_by(|stop| cmp_caseless(stop.as_bytes(), word)).is_ok()
}

fn is_function_word(word: &[u8]) -> bool {
    FUNCTION.binary_search_by(|known| cmp_caseless(known.as_bytes(), word)).is_ok()
}

fn cmp_caseless(known: &[u8], word: &[u8]) -> std::cmp::Ordering {
    known.iter().copied().cmp(word.iter().map(u8::to_ascii_lowercase))
}

/// Capitalised words that end a name: other labels, headings, and what begins a sentence. Sorted.
#[rustfmt::skip]
const STOP: &[&str] = &[
    "a", "access", "account", "address", "admission", "admit", "admitted", "advocate", "after",
    "age", "agree", "agrees", "alert", "all", "allergies", "am", "an", "and", "are", "as",
    "assessment", "at", "attending", "awake", "birth", "by", "care", "cc", "chief", "city",
    "clinic", "comments", "complains", "complaint", "contact", "continue", "date", "denied",
    "denies", "department", "diagnosis", "discharge", "discharged", "dob", "dr", "drs", "education",
    "email", "emergency", "exam", "experience", "female", "financial", "follow", "for", "from",
    "gender", "group", "had", "has", "have", "he", "her", "his", "history", "home", "hospital", "i",
    "id", "if", "in", "information", "instructions", "insurance", "is", "it", "lab", "labs", "male",
    "medical", "medications", "mrn", "my", "name", "no", "none", "normal", "not", "note", "now",
    "number", "of", "office", "on", "or", "our", "patient", "per", "phone", "physician", "plan",
    "please", "portal", "presented", "presents", "provider", "reason", "recommended", "recommends",
    "record", "report", "reported", "reports", "responsible", "results", "returned", "rights",
    "room", "safety", "satisfaction", "see", "seen", "services", "sex", "she", "signed", "ssn",
    "stable", "stated", "states", "status", "summary", "tel", "that", "the", "their", "then",
    "there", "they", "this", "to", "today", "transport", "unknown", "visit", "was", "we", "well",
    "were", "when", "who", "will", "with", "you", "your", "zip",
];

/// Words in lower case that no name is behind a title or label. Sorted.
#[rustfmt::skip]
const FUNCTION: &[&str] = &[
    "about", "advised", "agreed", "also", "any", "appears", "asked", "aware", "back", "be", "been",
    "before", "but", "called", "came", "can", "care", "class", "com", "could", "did", "do", "does",
    "during", "each", "education", "every", "experienced", "feels", "first", "given", "gives",
    "got", "how", "informed", "into", "just", "may", "most", "must", "new", "next", "notified",
    "once", "one", "only", "other", "out", "over", "per", "practitioner", "prescribed", "says",
    "see", "should", "some", "still", "such", "than", "these", "through", "told", "too", "two",
    "type", "until", "up", "used", "very", "via", "want", "wants", "went", "what", "where", "which",
    "while", "why", "would", "yes",
];

/// What magnetic resonance shows.
static IMAGED: Listed = Listed::new(&[
    "brain", "head", "neck", "spine", "abdomen", "pelvis", "knee", "shoulder", "hip", "breast",
    "chest", "heart", "cardiac", "lumbar", "cervical", "ankle", "wrist", "elbow", "foot", "hand",
    "liver", "prostate",
]);

/// How much a valve leaks, or is too narrow.
static LEAKS: Listed =
    Listed::new(&["mild", "moderate", "severe", "trace", "trivial", "no", "mod", "significant"]);

/// Who has an age without being named.
#[rustfmt::skip]
static NO_NAMES: Listed = Listed::new(&[
    "pt", "mother", "father", "brother", "sister", "son", "daughter", "wife", "husband", "baby", "infant", "child", "boy",
    "girl", "man", "woman", "caller", "client", "member", "subject", "resident", "donor", "victim", "driver", "partner",
    "spouse", "sibling", "historian", "informant", "neonate", "newborn", "proband", "veteran", "gentleman", "lady",
]);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_lists_are_sorted_for_their_binary_search() {
        assert!(STOP.is_sorted());
        assert!(FUNCTION.is_sorted());
    }
}
