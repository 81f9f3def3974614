//! Records' numbers without a label, by whose they are.

use std::ops::Range;

use super::words::{self, Token};
use crate::Identifier;
use crate::bytes::SPACE;
use crate::window::{Candidate, Window};

/// A record's number in brackets behind whose it is: `Roe, Jane (00123456)`. Of the two words one
/// is a name and nothing else: codes of diagnoses stand so behind their terms.
pub(super) fn behind_a_name(w: &Window<'_>, token: &Range<usize>) -> Option<Candidate> {
    if w.before(token.start) != b'(' || w.byte(token.end) != b')' {
        return None;
    }
    let digits = w.slice(token.clone()).iter().filter(|byte| byte.is_ascii_digit()).count();
    if !(6..=10).contains(&token.len()) || digits < 5 {
        return None;
    }
    let end = w.skip_back(token.start - 1, SPACE);
    let last = w.word_before(end);
    let before = w.skip_back(last.start, SPACE);
    let comma = w.before(before) == b',';
    let before = if comma { before - 1 } else { before };
    let words = [w.word_before(before), last].map(|word| Token::read(w, word.start));
    let named = |word: &Token| word.is_only_name() && word.letters > 2;
    let named = words.iter().any(|word| named(word) || comma && word.is_unknown());
    let capital = words.iter().all(|word| !word.is_empty() && words::is_capital(w, word.start));
    (named && capital)
        .then(|| w.found(Identifier::MedicalRecord, token.clone(), 55, "number behind a name"))
}
