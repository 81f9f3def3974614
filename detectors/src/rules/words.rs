//! Words and runs of words as rules read them: case, kind, what stands between.

use std::ops::Range;

use crate::bytes::{self, ALNUM, ALPHA, DIGIT, HIGH};
use crate::lexicon::{self, Kind};
use crate::lists::Endings;
use crate::window::{CASE_BYTES, Window};

/// How a word is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shape {
    #[default]
    Small,
    Capital,
    Capitals,
    /// One capital.
    Initial,
    /// Digits in it, or capitals where none belong.
    Mixed,
}

/// A word with what the lexicon knows of it. `end` is without a possessive's `'s`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Token {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) letters: usize,
    pub(super) shape: Shape,
    pub(super) kind: Kind,
    pub(super) possessive: bool,
}

impl Token {
    /// Reads the word at `start`. It is empty where none begins.
    pub(super) fn read(w: &Window<'_>, start: usize) -> Self {
        Self::of_letters(w, start).unwrap_or_else(|| Self::of_parts(w, start))
    }

    /// Nearly every word: letters of ASCII and nothing that goes on behind them.
    #[inline]
    fn of_letters(w: &Window<'_>, start: usize) -> Option<Self> {
        let rest = w.rest(start);
        let (letters, capitals) = bytes::word(rest);
        let (word, behind) = rest.split_at(letters);
        let goes_on = |byte: &u8| bytes::is(*byte, DIGIT | HIGH) || matches!(byte, b'-' | b'\'');
        if behind.first().is_some_and(goes_on) {
            return None;
        }
        let shape = match (word.first()?.is_ascii_uppercase(), capitals) {
            (_, 0) => Shape::Small,
            (true, 1) if letters == 1 => Shape::Initial,
            (true, 1) => Shape::Capital,
            (true, _) if capitals == letters => Shape::Capitals,
            _ => return None,
        };
        let known = lexicon::kind(word);
        let kind = if known.is_unknown() && is_medical(word) { Kind::PLAIN } else { known };
        let end = start + letters;
        Some(Self { start, end, letters, shape, kind, possessive: false })
    }

    fn of_parts(w: &Window<'_>, start: usize) -> Self {
        let mut token = Self { start, end: start, ..Self::default() };
        let mut part = start;
        loop {
            let end = letters_end(w, part);
            if end == part {
                break;
            }
            token.take_part(w, part..end);
            let joint = joint(w, end);
            if joint == end {
                break;
            }
            part = joint;
        }
        if token.end > start && token.possessive {
            return token;
        }
        token.shape = if token.end == start { Shape::Small } else { shape(w, &token) };
        token.take_digits(w);
        if token.is_unknown() {
            let word = w.slice(token.start..token.end);
            if is_medical(word) || is_plain_but_for_accents(word) {
                token.kind = Kind::PLAIN;
            }
        }
        token
    }

    pub(super) fn is_empty(&self) -> bool {
        self.end == self.start
    }

    pub(super) fn is_plain(&self) -> bool {
        self.kind.any(Kind::PLAIN)
    }

    /// On a list of names and no plain word.
    pub(super) fn is_only_name(&self) -> bool {
        self.kind.any(Kind::NAME) && !self.kind.any(Kind::PLAIN | Kind::PROPER)
    }

    pub(super) fn is_unknown(&self) -> bool {
        self.kind.is_unknown()
    }

    /// Of no list of plain or proper words: a name or a place, or nothing that we know.
    pub(super) fn is_strange(&self) -> bool {
        !self.kind.any(Kind::PLAIN | Kind::PROPER)
    }

    fn take_part(&mut self, w: &Window<'_>, part: Range<usize>) {
        let text = w.slice(part.clone());
        let first = self.end == self.start;
        if !first && is_contraction(text) {
            self.possessive = text.len() == 1 && !text.eq_ignore_ascii_case(b"t");
            if !self.possessive {
                self.end = part.end;
                self.kind = Kind::PLAIN;
            } else {
                self.shape = shape(w, self);
            }
            return;
        }
        let kind = lexicon::kind(text);
        // Of `Smith-Jones` the part that is strange tells; of `follow-up` neither is.
        self.kind = match (first, self.kind.any(Kind::PLAIN | Kind::PROPER)) {
            (true, _) => kind,
            (false, true) if text.len() > 2 => kind,
            (false, true) if kind.any(Kind::PLAIN) && !self.is_double_name(w, &part) => kind,
            _ => self.kind,
        };
        self.letters = self.letters.max(text.len());
        self.end = part.end;
    }

    /// `Li-Na`: a capital behind the hyphen, and a name and nothing else before it.
    fn is_double_name(&self, w: &Window<'_>, part: &Range<usize>) -> bool {
        self.is_only_name() && part.len() > 1 && is_capital(w, part.start)
    }

    /// The digits that made-up names end with: `Mosciski958`.
    fn take_digits(&mut self, w: &Window<'_>) {
        let end = w.skip(self.end, DIGIT);
        if end == self.end || self.is_empty() {
            return;
        }
        let named = self.shape == Shape::Capital && self.letters > 2 && end - self.end <= 3;
        if !named || w.is(end, ALPHA) || self.is_plain() && !self.kind.any(Kind::NAME) {
            self.shape = Shape::Mixed;
        }
        self.end = w.skip(end, ALNUM);
    }
}

/// Behind the letters at `at`, also beyond ASCII. Marks and blanks of Unicode are none.
pub(super) fn letters_end(w: &Window<'_>, at: usize) -> usize {
    let mut end = at;
    loop {
        let ascii = end + bytes::letters(w.rest(end));
        let wide = wide_letter(w, ascii);
        end = ascii + wide;
        if wide == 0 {
            return end;
        }
    }
}

/// The length of the letter beyond ASCII at `at`; 0 if there is none. Good enough for the scripts
/// that names are written in.
fn wide_letter(w: &Window<'_>, at: usize) -> usize {
    match (w.byte(at), w.byte(at + 1)) {
        (0xc3..=0xdf, 0x80..=0xbf) => 2,
        (0xe2 | 0xef, _) | (0xe3, 0x80) => 0,
        (0xe0..=0xee, 0x80..=0xbf) if w.byte(at + 2) >= 0x80 => 3,
        _ => 0,
    }
}

/// Whether a word may begin at `at`.
pub(super) fn begins(w: &Window<'_>, at: usize) -> bool {
    if w.is_before(at, ALNUM) {
        return w.begins_word(at);
    }
    match at.checked_sub(2).map(|two| (w.byte(two), w.byte(two + 1))) {
        Some((lead, last)) if last >= 0x80 => {
            let third = at.checked_sub(3).map_or(0, |three| w.byte(three));
            // What stands before is a mark, not a letter.
            lead == 0xc2 || matches!(third, 0xe2 | 0xef)
        }
        _ => w.before(at) < 0x80,
    }
}

/// Past a hyphen or an apostrophe with a letter behind it.
fn joint(w: &Window<'_>, at: usize) -> usize {
    let behind = match w.byte(at) {
        b'-' | b'\'' => at + 1,
        0xe2 if w.starts_with(at, "’".as_bytes()) => at + 3,
        _ => return at,
    };
    if letters_end(w, behind) > behind { behind } else { at }
}

fn is_contraction(part: &[u8]) -> bool {
    let known = [&b"s"[..], b"t", b"d", b"m", b"ll", b"re", b"ve"];
    known.iter().any(|known| part.eq_ignore_ascii_case(known))
}

fn shape(w: &Window<'_>, token: &Token) -> Shape {
    let word = w.slice(token.start..token.end);
    let (small, capitals) = bytes::cases(word);
    let first_capital = is_capital(w, token.start);
    // `X-ray`, `T-cell`
    if matches!(word, [_, b'-', ..]) {
        return Shape::Mixed;
    }
    match (first_capital, capitals, small) {
        (true, _, 0) if token.letters == 1 => Shape::Initial,
        // `Á`
        (true, 0, 0) if matches!(word, [0xc3..=0xdf, _]) => Shape::Initial,
        (true, 2.., 0) => Shape::Capitals,
        (true, 0..=1, _) => Shape::Capital,
        (true, ..) if has_inner_capital_of_a_name(word) => Shape::Capital,
        (false, 0, _) => Shape::Small,
        // `d'Ouchy`
        (false, 1, _) if matches!(word, [_, b'\'', third, ..] if third.is_ascii_uppercase()) => {
            Shape::Capital
        }
        _ => Shape::Mixed,
    }
}

/// Whether the letter at `at` is a capital.
pub(super) fn is_capital(w: &Window<'_>, at: usize) -> bool {
    match w.byte(at) {
        byte if byte < 0x80 => byte.is_ascii_uppercase(),
        _ => {
            let text = w.slice(at..at + 2);
            std::str::from_utf8(text).is_ok_and(|text| text.chars().any(char::is_uppercase))
        }
    }
}

/// `McDonald`, `DeShawn`, `O'Neil`, `Smith-Jones`
fn has_inner_capital_of_a_name(word: &[u8]) -> bool {
    let prefix = ["Mc", "Mac", "De", "Di", "La", "Le", "Van", "Fitz", "Du"]
        .iter()
        .any(|prefix| word.starts_with(prefix.as_bytes()));
    let inner = word.iter().enumerate().skip(1).filter(|(_, byte)| byte.is_ascii_uppercase());
    let mut apart = 0;
    let mut within = 0;
    for (at, _) in inner {
        if word[at - 1].is_ascii_alphabetic() {
            within += 1;
        } else {
            apart += 1;
        }
    }
    within == 0 && apart > 0 || within == 1 && prefix
}

/// How the text around `at` is written: what capitals tell there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Mixed,
    /// No capital far and wide.
    Small,
    /// Nothing but capitals.
    Capitals,
}

/// How far, for a word in capitals.
const NEAR_BYTES: usize = 48;

pub(super) fn case_around(w: &Window<'_>, at: usize) -> Case {
    let count = |range: Range<usize>| {
        let text = w.slice(range.start..range.end.min(w.len()));
        (tally(text, u8::is_ascii_lowercase), tally(text, u8::is_ascii_uppercase))
    };
    if is_capital(w, at) {
        let before = count(at.saturating_sub(NEAR_BYTES)..at);
        let behind = count(at..at + NEAR_BYTES);
        let shouted = matches!(before, (0, 24..)) || matches!(behind, (0, 12..));
        return if shouted { Case::Capitals } else { Case::Mixed };
    }
    let (_, capitals) = count(at.saturating_sub(CASE_BYTES)..at + CASE_BYTES);
    if capitals == 0 { Case::Small } else { Case::Mixed }
}

/// How many bytes are so. Counted in bytes, which are added many at a time.
fn tally(text: &[u8], is: impl Fn(&u8) -> bool) -> usize {
    let of =
        |chunk: &[u8]| chunk.iter().fold(0u8, |count, byte| count.wrapping_add(u8::from(is(byte))));
    text.chunks(usize::from(u8::MAX)).map(|chunk| usize::from(of(chunk))).sum()
}

/// `naïve`, `façade`, `jalapeño`: plain without their accents, and then no name.
fn is_plain_but_for_accents(word: &[u8]) -> bool {
    let mut bare = [0; ACCENTED_BYTES];
    let mut len = 0;
    let mut at = 0;
    while let Some(&byte) = word.get(at) {
        let (letter, read) = match (byte, word.get(at + 1)) {
            (0xc3, Some(second)) => (bare_letter(*second), 2),
            (..0x80, _) => (byte, 1),
            _ => return false,
        };
        let Some(place) = bare.get_mut(len).filter(|_| letter != 0) else { return false };
        *place = letter;
        (len, at) = (len + 1, at + read);
    }
    // `Gül` is none for being `gul` without.
    if len == word.len() || len < 5 {
        return false;
    }
    let kind = lexicon::kind(&bare[..len]);
    kind.any(Kind::PLAIN) && !kind.any(Kind::NAME | Kind::PROPER)
}

/// The longest word that is looked up without its accents.
const ACCENTED_BYTES: usize = 24;

/// The letter under the accent, of the second byte of U+00C0 to U+00FF; 0 if it is none.
fn bare_letter(second: u8) -> u8 {
    const LETTERS: &[u8; 32] = b"aaaaaa\0ceeeeiiii\0nooooo\0\0uuuuy\0\0";
    LETTERS.get(usize::from(second & 0x1f)).copied().unwrap_or(0)
}

/// Words of medicine are made anew every day, but they end alike.
pub(super) fn is_medical(word: &[u8]) -> bool {
    word.len() > 7 && MEDICAL_ENDINGS.ends(word, 3)
}

#[rustfmt::skip]
static MEDICAL_ENDINGS: Endings = Endings::new(&[
    "itis", "osis", "oses", "emia", "aemia", "ectomy", "otomy", "ostomy", "oscopy", "oscopic", "ography", "ographic", "opathy",
    "opathic", "algia", "uria", "plasia", "plegia", "paresis", "penia", "genic", "genesis", "lysis", "lytic", "trophy", "trophic",
    "plasty", "rrhea", "rrhagia", "sclerosis", "stenosis", "megaly", "cyte", "cytes", "cytic", "blastoma", "sarcoma", "carcinoma",
    "adenoma", "pathy", "ology", "ological", "ologist", "ectasis", "icillin", "mycin", "micin", "cycline", "floxacin", "azole",
    "oxacin", "vir", "mab", "tinib", "ciclib", "statin", "sartan", "pril", "olol", "dipine", "zosin", "gliptin", "gliflozin",
    "glutide", "parin", "xaban", "gatran", "prazole", "setron", "triptan", "zepam", "zolam", "barbital", "caine", "codone",
    "morphone", "phylline", "terol", "sone", "solone", "onide", "thiazide", "semide", "lukast", "afil", "dronate", "parib",
    "amide", "idine", "amine", "azine", "pine", "oxetine", "ipramine", "triptyline",
]);

/// Whether `word` is one of these, whatever its case.
pub(super) fn is_one_of(word: &[u8], words: &[&str]) -> bool {
    words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}
