//! What stands around a word: where a name alone can stand, and what makes a word none.

use crate::bytes::{self, ALNUM, ALPHA, DIGIT, SPACE, UPPER, WORD};
use crate::lexicon::Kind;
use crate::lists::Listed;
use crate::rules::words::{self, Shape, Token};
use crate::window::Window;
use crate::words::is_of_code;

/// The most bytes of a cell that is no sentence.
const SHORT_CELL_BYTES: usize = 32;

/// Three words or fewer: a brand, a status or a ward as likely as a name of no list.
pub(super) fn is_short_cell(w: &Window<'_>) -> bool {
    let text = w.slice(0..w.len());
    w.is_opening()
        && !w.is_full()
        && text.len() <= SHORT_CELL_BYTES
        && text.iter().filter(|byte| bytes::is(**byte, SPACE)).count() < 3
}

/// ` 15.18` behind a word: a product's.
pub(super) fn is_before_version(w: &Window<'_>, token: &Token) -> bool {
    let digits = w.skip(token.end + 1, DIGIT);
    w.byte(token.end) == b' '
        && digits > token.end + 1
        && w.byte(digits) == b'.'
        && w.is(digits + 1, DIGIT)
}

/// Whether the word is all that its cell holds: a code as likely as a name.
pub(super) fn is_all(w: &Window<'_>, token: &Token) -> bool {
    w.is_opening() && token.start == 0 && token.end == w.len()
}

/// A part of a code, a path, an address on the net, or the key of a JSON text.
pub(super) fn is_code(w: &Window<'_>, token: &Token) -> bool {
    let before = [w.before(token.start.saturating_sub(1)), w.before(token.start)];
    let behind = [w.byte(token.end), w.byte(token.end + 1), w.byte(token.end + 2)];
    let pair =
        before[1] == b'/' && token.shape == Shape::Capital && is_second_of_two(w, token.start);
    is_of_code(before, behind) && !pair || before[1] == b':' && is_of_tag(w, token.start)
}

/// `Dang/Gianelli`: a name stands before the slash, and no path.
fn is_second_of_two(w: &Window<'_>, at: usize) -> bool {
    let word = w.word_before(at - 1);
    let first = Token::read(w, word.start);
    first.shape == Shape::Capital
        && first.end == at - 1
        && (first.kind.any(Kind::NAME) || first.is_strange())
        && !matches!(w.before(word.start), b'/' | b'.' | b'-' | b'_')
}

/// Whether the word at `at` stands behind a tag's prefix: `<hl7:given>`, `</hl7:given>`.
fn is_of_tag(w: &Window<'_>, at: usize) -> bool {
    let prefix = w.skip_back(at - 1, ALNUM);
    let open = if w.before(prefix) == b'/' { prefix - 1 } else { prefix };
    prefix + 1 < at && w.before(open) == b'<'
}

/// Where a name alone can stand: `told Mark that`, `Rose said`, `Mark's`, `Hi Mark,`.
pub(super) fn is_placed_as_a_name(w: &Window<'_>, token: &Token) -> bool {
    if token.shape != Shape::Capital {
        return false;
    }
    let before = w.skip_back(token.start, SPACE);
    let word = w.slice(w.word_before(before));
    let behind = w.skip_any(token.end, b" ");
    let next = w.slice(w.word_at(behind));
    let greeted = GREETINGS.has(word);
    let acts = ACTS.has(next) && behind == token.end + 1;
    let led = before + 1 == token.start && LEADS.has(word);
    let within = before + 1 == token.start
        && word.iter().all(u8::is_ascii_alphabetic)
        && word.len() > 1
        && !DETERMINERS.has(word)
        && !words::is_capital(w, behind);
    let given = token.kind.any(Kind::GIVEN);
    let comma = w.before(before) == b',';
    let listed = comma && w.is_before(before - 1, WORD);
    let called =
        comma && matches!(w.byte(token.end), b'!' | b'?' | b'.') && !w.is(token.end + 1, WORD);
    let enumerated = listed
        && (w.byte(token.end) == b',' || next == b"and")
        && words::is_capital(w, w.word_before(before - 1).start);
    // `Thanks,\nRose`, `cheers, Grant`
    let closes = matches!(w.byte(w.skip_any(token.end, b".!")), 0 | b'\n');
    let thanks = comma && GREETINGS.has(w.slice(w.word_before(before - 1)));
    let signed = given && comma && closes && (w.before(token.start) == b'\n' || thanks);
    // `Smith will return`: a surname that is seldom a word begins a sentence.
    let begins = matches!(w.before(before), 0 | b'.' | b'\n');
    let surname = token.kind.any(Kind::SURNAME) && !token.kind.any(Kind::COMMON);
    let subject = begins && acts && (surname || token.is_strange());
    greeted
        || subject
        || signed
        || token.is_strange() && (led || within)
        || before + 1 == token.start && ADDRESSED.has(word)
        || enumerated
        || given
            && token.letters > 2
            && (acts || called || within || token.possessive && word.is_empty())
        || led && acts
}

/// Where only a name stands, though the word is plain: `Fish is a 55 year old`, `White and Potter`,
/// `signed by May`.
pub(super) fn stands_as_a_name(w: &Window<'_>, token: &Token) -> bool {
    let named = token.kind.any(Kind::NAME) && token.letters > 1;
    if named && token.shape == Shape::Capitals {
        return is_a_shouted_subject(w, token);
    }
    let named = named && token.shape == Shape::Capital;
    if named
        && (token.letters > 2 && is_in_a_row(w, token) || is_speaker(w, token.start, token.end))
    {
        return true;
    }
    if !named || is_eponym(w, token) {
        return false;
    }
    if token.kind.any(Kind::PROPER) && !token.kind.any(Kind::PLAIN) {
        // `May lives with`
        let verb = w.slice(w.word_at(token.end + 1));
        return token.kind.any(Kind::GIVEN) && w.byte(token.end) == b' ' && LIVES.has(verb);
    }
    if is_behind_initial(w, token.start, token) || is_before_age(w, token) || is_treated(w, token) {
        return true;
    }
    if token.letters < 3 {
        return false;
    }
    let end =
        if token.possessive { w.skip_while(token.end, |byte| byte != b' ') } else { token.end };
    let behind = w.skip_any(end, b" ");
    let next = w.word_at(behind);
    let word = w.slice(next.clone());
    let before = w.skip_back(token.start, SPACE);
    let last = w.slice(w.word_before(before));
    if words::is_capital(w, behind) || w.is(behind, DIGIT) {
        return false;
    }
    let apart = behind == token.end + 1 && !token.possessive;
    let aged = word.eq_ignore_ascii_case(b"is") && is_age(w, next.end);
    let numbered = apart && word == b"in" && is_room(w, next.end + 1)
        || w.byte(behind) == b'(' && is_room(w, behind + 1) && token.kind.any(Kind::SURNAME);
    let family = apart && FAMILIES.has(word) || token.possessive && RELATIVES.has(word);
    let complains = w.starts_with_caseless(behind, b"c/o ");
    let acts = apart && (SPEAKS.has(word) || aged || complains) || numbered || family;
    let joined = apart && word == b"and" && is_sure_name(w, next.end + 1);
    let joins =
        before + 1 == token.start && last == b"and" && is_sure_name_before(w, before - last.len());
    let done_by = before + 1 == token.start && AGENTS.has(last) && last[0].is_ascii_lowercase();
    acts || joined || joins || done_by || is_signed(w, token)
}

/// `COOK DENIES PAIN`, `POND IS A 44 YEAR OLD`: what people do, where all is in capitals.
fn is_a_shouted_subject(w: &Window<'_>, token: &Token) -> bool {
    let before = w.skip_back(token.start, SPACE);
    let opens = matches!(w.before(before), 0 | b'.' | b':' | b';' | b'\n')
        || w.before(token.start) == b'\n';
    let next = w.word_at(token.end + 1);
    let word = w.slice(next.clone());
    let aged = word == b"IS" && is_age(w, next.end);
    let acts = w.byte(token.end) == b' '
        && w.is(next.start, UPPER)
        && (SPEAKS.has(word) || aged || is_treated(w, token));
    // `TAKEN TO PACU BY PEARL.`
    let agent = w.slice(w.word_before(before));
    let done_by = agent == b"BY"
        && token.kind.any(Kind::GIVEN)
        && matches!(w.byte(token.end), b'.' | b',' | b'\n' | 0);
    (opens && acts || done_by) && !is_eponym(w, token)
}

/// Who speaks in a transcript: `[09:12] Rose Hill: hello`, `10:22 Will: ok`.
pub(super) fn is_speaker(w: &Window<'_>, start: usize, end: usize) -> bool {
    let colon = w.byte(end) == b':' && matches!(w.byte(end + 1), b' ' | b'\n');
    let before = w.skip_back(start, SPACE);
    let stamped = match w.before(before) {
        b']' | b')' => w.is_before(before - 1, DIGIT | ALPHA),
        _ => {
            let minute = w.skip_back(before, DIGIT);
            minute + 2 == before && w.before(minute) == b':' && w.is_before(minute - 1, DIGIT)
        }
    };
    let line = w.slice(0..before).iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let opens = w.is(line, DIGIT) || matches!(w.byte(line), b'[' | b'(') && w.is(line + 1, DIGIT);
    colon && stamped && opens && before + 1 == start
}

/// `Brown - 43F`, `Ho, 77M`, `Long (44 y/o`: whose age and sex they are.
pub(super) fn is_before_age(w: &Window<'_>, token: &Token) -> bool {
    let at = w.skip_any(token.end, b" ,-(");
    let digits = w.skip(at, DIGIT);
    if at == token.end || at > token.end + 3 || !(1..=3).contains(&(digits - at)) {
        return false;
    }
    let unit = w.skip_any(digits, b" -");
    let word = w.word_at(unit);
    let sex = unit == digits && matches!(w.slice(word.clone()), b"M" | b"F" | b"m" | b"f");
    sex || AGED.has(w.slice(word.clone())) || w.starts_with_caseless(unit, b"y/o")
}

/// `Stone was seen by`, `Pond was admitted`: what is done to people only.
fn is_treated(w: &Window<'_>, token: &Token) -> bool {
    let verb = w.word_at(token.end + 1);
    let first = w.word_at(verb.end + 1);
    let adverb = LATELY.has(w.slice(first.clone())) && w.byte(first.end) == b' ';
    let done = if adverb { w.word_at(first.end + 1) } else { first };
    let passive = [&b"was"[..], b"is", b"has"]
        .iter()
        .any(|it| w.slice(verb.clone()).eq_ignore_ascii_case(it));
    let word = w.slice(done.clone());
    let seen = word.eq_ignore_ascii_case(b"seen")
        && (w.starts_with_caseless(done.end, b" by ") || w.starts_with_caseless(done.end, b" at "));
    w.byte(token.end) == b' ' && w.byte(verb.end) == b' ' && passive && (seen || DONE.has(word))
}

/// `by K. Temple`, `Signed: J. May`: an initial stands before `name` that no sentence ends with.
pub(super) fn is_behind_initial(w: &Window<'_>, at: usize, name: &Token) -> bool {
    let Some(initial) = at.checked_sub(3).filter(|initial| w.slice(*initial + 1..at) == *b". ")
    else {
        return false;
    };
    let before = w.skip_back(initial, SPACE);
    let word = w.slice(w.word_before(before));
    let apart =
        matches!(w.before(before), b':' | b'\n' | 0 | b'(' | b'/' | b',' | b'-' | b'|' | b';');
    let led = apart || AGENTS.has(word) || BESIDE.has(word);
    // `hepatitis B. Will follow`: a sentence ends with the letter.
    let ends = LETTERED.has(word) || name.kind.any(Kind::COMMON) || !name.kind.any(Kind::NAME);
    words::begins(w, initial) && w.is(initial, ALPHA) && (led || !ends)
}

/// `Thanks! - Viva`, `Please refill. -Lane`: the last word, behind a dash of its own.
fn is_signed(w: &Window<'_>, token: &Token) -> bool {
    let before = w.skip_back(token.start, SPACE);
    let mark = w.skip_back(w.skip_back_over(before, b'-'), SPACE);
    let closed = matches!(w.before(mark), 0 | b'.' | b'!' | b'?' | b',' | b'\n');
    let last = w.skip_any(token.end, b".");
    w.before(before) == b'-' && closed && mark < before && matches!(w.byte(last), 0 | b'\n')
}

/// A room's number: `412`, `12-B`.
fn is_room(w: &Window<'_>, at: usize) -> bool {
    let end = w.skip(at, DIGIT);
    end == at + 3 && !matches!(w.byte(end), b'.' | b',' | b'%' | b'/')
}

/// A cell of a table, of a list in quotes or in a program, beside one that is surely a name:
/// `'Rusty', 'Schüler'`, `Letha,Moon,2062`.
fn is_in_a_row(w: &Window<'_>, token: &Token) -> bool {
    let quote = |byte: u8| matches!(byte, b'"' | b'\'');
    let open = if quote(w.before(token.start)) { token.start - 1 } else { token.start };
    let close = if quote(w.byte(token.end)) { token.end + 1 } else { token.end };
    let quoted = open < token.start && close > token.end;
    let is_mark = |byte: u8| matches!(byte, b',' | b'|' | b';' | b'\t');
    let next = if quoted { w.skip_any(close + 1, b" ") } else { close + 1 };
    let behind = is_mark(w.byte(close)) && {
        let at = if quoted && quote(w.byte(next)) { next + 1 } else { next };
        is_sure_name(w, at) || quoted && Token::read(w, at).kind.any(Kind::GIVEN)
    };
    let last = if quoted { w.skip_back(open, SPACE) } else { open };
    let before = is_mark(w.before(last)) && {
        let end = if quoted && quote(w.before(last - 1)) { last - 2 } else { last - 1 };
        let word = w.word_before(end);
        let name = Token::read(w, word.start);
        name.shape == Shape::Capital
            && name.is_only_name()
            && name.letters > 2
            && is_mark_of_a_cell(w, word.start)
    };
    behind && is_mark_of_a_cell(w, open)
        || before && (is_mark(w.byte(close)) || w.byte(close) == b')')
}

/// What stands before `at` may begin a cell.
fn is_mark_of_a_cell(w: &Window<'_>, at: usize) -> bool {
    matches!(w.before(at), 0 | b',' | b'|' | b';' | b'\t' | b'\n' | b'(' | b'"' | b'\'')
}

/// ` a 55`
fn is_age(w: &Window<'_>, at: usize) -> bool {
    let article =
        [&b" a "[..], b" an "].into_iter().find(|article| w.starts_with_caseless(at, article));
    article.is_some_and(|article| w.is(at + article.len(), DIGIT))
}

/// A word at `at` that is a name and nothing else.
fn is_sure_name(w: &Window<'_>, at: usize) -> bool {
    let token = Token::read(w, at);
    token.shape == Shape::Capital
        && token.letters > 3
        && token.is_strange()
        && !words::is_capital(w, w.skip(token.end, SPACE))
}

fn is_sure_name_before(w: &Window<'_>, at: usize) -> bool {
    let end = w.skip_back(at, SPACE);
    let word = w.word_before(end);
    end < at && words::begins(w, word.start) && {
        let token = Token::read(w, word.start);
        token.shape == Shape::Capital && token.letters > 3 && token.is_strange()
    }
}

/// `Babinski sign`, `Parkinson's disease`: the name of a thing.
pub(super) fn is_eponym(w: &Window<'_>, token: &Token) -> bool {
    let end =
        if token.possessive { w.skip_while(token.end, |byte| byte != b' ') } else { token.end };
    let behind = w.skip_any(end, b" ");
    let word = w.slice(w.word_at(behind));
    behind <= end + 1 && EPONYM_NOUNS.has(word) || is_part_of_the_body(w, token)
}

/// `circle of Willis`
fn is_part_of_the_body(w: &Window<'_>, token: &Token) -> bool {
    let Some(of) = token.start.checked_sub(4) else { return false };
    w.slice(of..token.start) == *b" of " && PARTS.has(w.slice(w.word_before(of)))
}

static GREETINGS: Listed = Listed::new(&["hi", "hello", "dear", "hey", "thanks", "cheers"]);

/// What people do, right behind a name.
#[rustfmt::skip]
pub(in crate::rules) static ACTS: Listed = Listed::new(&[
    "said", "says", "is", "was", "has", "had", "went", "came", "told", "tells", "asked", "asks", "wants",
    "wanted", "lives", "lived", "works", "worked", "called", "calls", "and", "who", "denies", "denied", "reports",
    "reported", "states", "stated", "feels", "felt", "thinks", "thought", "will", "moved", "died", "likes",
    "loves", "knows", "saw", "met", "took", "gave", "agreed", "started", "spoke", "speaks", "played", "ate", "slept", "received", "needs", "needed", "refused", "drove",
    "brought", "tolerated", "ambulated", "presented", "presents", "does", "did", "walked", "arrived", "left", "verbalized",
]);

/// What stands before the name of a thing.
static DETERMINERS: Listed =
    Listed::new(&["the", "a", "an", "of", "in", "this", "that", "no", "every"]);

/// What is done to people only.
static ADDRESSED: Listed =
    Listed::new(&["told", "asked", "named", "met", "tell", "ask", "helped", "thanked"]);

/// What stands before a name in a sentence.
#[rustfmt::skip]
static LEADS: Listed = Listed::new(&[
    "told", "asked", "by", "with", "and", "named", "called", "saw", "met", "from", "is", "was", "that", "than", "when", "if",
    "but", "because", "says", "said", "about", "helped", "gave", "give", "tell", "ask", "see", "meet", "know", "knows", "love",
    "am", "calls", "for",
]);

#[rustfmt::skip]
pub(super) static EPONYM_NOUNS: Listed = Listed::new(&[
    "disease", "diseases", "syndrome", "syndromes", "sign", "signs", "test", "tests", "testing", "palsy", "scale", "scales", "score",
    "scores", "reflex", "reflexes", "catheter", "catheters", "procedure", "fracture", "fractures", "tumor", "tumour", "sarcoma",
    "lymphoma", "esophagus", "phenomenon", "maneuver", "manoeuvre", "position", "criteria", "classification", "stage",
    "stain", "node", "nodes", "cell", "cells", "bodies", "body", "law", "index", "tube", "drain", "monitor", "thyroiditis", "chorea",
    "dementia", "encephalopathy", "lines", "line", "triad", "ulcer", "contracture", "hernia", "virus", "duct", "gland", "glands",
    "inventory", "respirations", "anemia", "fissure", "fissures", "space", "spaces", "tear", "tears", "cyst", "cysts", "nodule",
    "nodules", "malformation", "circle", "ligament", "canal", "membrane", "forceps", "retractor", "needle", "suture", "clamp",
    "mesh", "stent", "technique", "repair", "operation", "incision", "approach", "classification", "grade", "formula",
    "equation", "rule", "rules", "rhythm", "block", "aphasia", "area", "agar", "medium", "solution", "assay", "osteotomy",
    "bunionectomy", "fusion", "rod", "method", "pouch", "chromosome", "tonometry",
    "cautery", "prosthesis", "maneuvers", "guidelines",
]);

/// What a family's name stands before.
static FAMILIES: Listed = Listed::new(&["family", "household", "residence", "twins"]);

/// Whose relatives they are stands before.
#[rustfmt::skip]
static RELATIVES: Listed = Listed::new(&[
    "mother", "father", "wife", "husband", "son", "daughter", "brother", "sister", "partner", "parents", "neighbor", "friend",
    "caregiver", "aunt", "uncle", "grandmother", "grandfather", "mom", "dad", "spouse", "girlfriend", "boyfriend", "roommate",
]);

/// What a letter stands behind, and may end the sentence.
static LETTERED: Listed = Listed::new(&[
    "hepatitis",
    "vitamin",
    "type",
    "grade",
    "group",
    "class",
    "stage",
    "plan",
    "ward",
    "unit",
    "bed",
    "room",
    "factor",
    "protein",
    "influenza",
    "category",
    "level",
    "schedule",
    "part",
    "option",
    "section",
    "phase",
    "figure",
    "table",
    "appendix",
    "strep",
    "child",
    "pugh",
    "weber",
    "point",
    "column",
    "arm",
    "line",
    "step",
    "item",
    "note",
    "see",
]);

/// What a name stands beside.
static BESIDE: Listed = Listed::new(&[
    "and", "with", "from", "w", "dr", "md", "rn", "np", "pa", "pi", "re", "cc", "attn", "officer",
    "agent", "for", "to", "called", "saw", "see",
]);

/// What people do only, or nearly.
static SPEAKS: Listed = Listed::new(&[
    "denies",
    "denied",
    "endorses",
    "endorsed",
    "verbalized",
    "verbalizes",
    "complains",
    "complained",
    "lives",
    "lived",
    "agrees",
    "agreed",
    "refused",
    "ambulated",
    "says",
    "said",
    "asks",
    "asked",
    "told",
    "thinks",
    "feels",
    "wants",
    "saw",
    "recommended",
    "recommends",
    "consented",
    "requests",
    "tolerated",
    "reports",
]);

/// What no country and no month does.
static LIVES: Listed = Listed::new(&[
    "lives",
    "denies",
    "denied",
    "complains",
    "endorses",
    "endorsed",
    "ambulated",
    "tolerated",
]);

/// How old somebody is.
static AGED: Listed = Listed::new(&["yo", "yom", "yof", "year", "years", "yr", "yrs"]);

/// When it was done.
static LATELY: Listed = Listed::new(&[
    "last",
    "first",
    "then",
    "again",
    "recently",
    "subsequently",
    "previously",
    "later",
]);

/// What is done to people only, behind `was`.
static DONE: Listed = Listed::new(&[
    "admitted",
    "discharged",
    "transferred",
    "intubated",
    "extubated",
    "hospitalized",
    "readmitted",
    "born",
    "married",
]);

/// What stands before whoever did something, or whom it was done to.
static AGENTS: Listed = Listed::new(&[
    "by",
    "per",
    "told",
    "asked",
    "paged",
    "notified",
    "informed",
    "contacted",
    "thanked",
    "met",
]);

/// What the names of anatomists stand behind.
static PARTS: Listed = Listed::new(&[
    "circle",
    "sphincter",
    "ligament",
    "loop",
    "tetralogy",
    "canal",
    "bundle",
    "ampulla",
    "islets",
    "triangle",
    "foramen",
    "pouch",
    "space",
    "fascia",
    "tubercle",
    "angle",
    "crypts",
    "node",
    "vein",
    "artery",
    "sign",
    "disease",
    "valve",
    "duct",
    "valves",
    "line",
    "lines",
    "point",
    "membrane",
    "cave",
    "fissure",
    "aqueduct",
    "glands",
    "nodes",
]);
