//! TOML into shapes: what can't be read is refused with its place and the mend.

use serde::de::DeserializeOwned;

use crate::problem::{Problem, Source};

/// What the text says in this shape.
pub(crate) fn parse<T: DeserializeOwned>(source: &Source) -> Result<T, Problem> {
    toml::from_str(source.text()).map_err(|error| refusal(source, &error))
}

fn refusal(source: &Source, error: &toml::de::Error) -> Problem {
    let message = error.message().replace('\n', ", ");
    let mend = mend(&message);
    match error.span() {
        Some(span) => source.problem_at(span.start, message, mend),
        None => Problem::with_file(&source.path, message, mend),
    }
}

/// toml's message names what it expected; the mend says what to do about it.
fn mend(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match quoted.split_first() {
        Some((found, known)) if message.starts_with("unknown field") => {
            match nearest(found, known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => {
                    "remove it, or move it to the section where it belongs (REFERENCE.md)".into()
                }
            }
        }
        Some((found, known)) if message.starts_with("unknown variant") => {
            match nearest(found, known) {
                Some(name) => format!("did you mean \"{name}\"?"),
                None => "write one of the values that are listed".into(),
            }
        }
        Some((missing, _)) if message.starts_with("missing field") => {
            format!("add `{missing}`; REFERENCE.md says what it holds")
        }
        _ if message.starts_with("invalid") => {
            "write a value of the type that REFERENCE.md gives for this key".into()
        }
        _ => "mend the TOML syntax here".into(),
    }
}

fn nearest<'n>(found: &str, known: &[&'n str]) -> Option<&'n str> {
    let (name, distance) = known
        .iter()
        .map(|name| (*name, edit_distance(found, name)))
        .min_by_key(|(_, distance)| *distance)?;
    (distance <= name.len().div_ceil(3)).then_some(name)
}

/// Levenshtein's, over bytes: keys are ASCII.
fn edit_distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in right.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}
