//! Where in a text the grammar's error stands.
//!
//! The binding passes on PostgreSQL's message and drops its position. The message quotes the text
//! from the error to the end of the token at hand, so the position is that of one of its
//! occurrences: the first one that ends a prefix on which the grammar stops with the same message.

/// Texts longer than this are not parsed again: their errors have no position.
const SEARCHED_BYTES: usize = 64 << 10;

/// In characters from 1; `None` where it can't be told.
pub(crate) fn locate(text: &str, message: &str) -> Option<u32> {
    let byte =
        if message.ends_with("at end of input") { text.len() } else { occurrence(text, message)? };
    let characters = text.get(..byte)?.chars().count();
    u32::try_from(characters + 1).ok()
}

fn occurrence(text: &str, message: &str) -> Option<usize> {
    let (_, quoted) = message.split_once(" at or near \"")?;
    let token = quoted.strip_suffix('"').filter(|token| !token.is_empty())?;
    let found: Vec<usize> = text
        .match_indices(token)
        .map(|(at, _)| at)
        .filter(|&at| stands_alone(text, at, token))
        .collect();
    match found.as_slice() {
        [] => None,
        &[only] => Some(only),
        _ if text.len() > SEARCHED_BYTES => None,
        several => {
            let stops_before = |&at: &usize| !stops_with(&text[..at + token.len()], message);
            several.get(several.partition_point(stops_before)).copied()
        }
    }
}

/// The same message comes on every prefix that holds the error, and on no shorter one.
fn stops_with(prefix: &str, message: &str) -> bool {
    match pg_raw_parse::parse(prefix) {
        Err(pg_raw_parse::Error::Parse(error)) => error.to_string() == message,
        _ => false,
    }
}

/// A word is no token where it is part of a longer one.
fn stands_alone(text: &str, at: usize, token: &str) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + token.len()..].chars().next();
    let joined = |inner: Option<char>, outer: Option<char>| {
        inner.is_some_and(is_word) && outer.is_some_and(is_word)
    };
    !joined(token.chars().next(), before) && !joined(token.chars().next_back(), after)
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || !character.is_ascii()
}
