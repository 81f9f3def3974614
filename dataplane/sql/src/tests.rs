mod copy;
mod hostile;
mod kinds;
mod lineage;
mod outputs;
mod settings;
mod touched;

use crate::{ParseError, Statement, parse};

/// The only statement of a text.
fn one(text: &str) -> Statement {
    let mut statements = parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
    assert_eq!(statements.len(), 1, "{text}");
    statements.remove(0)
}

fn syntax_error(text: &str) -> (String, Option<u32>) {
    match parse(text) {
        Err(ParseError::Syntax { message, position }) => (message, position),
        other => panic!("{text}: {other:?}"),
    }
}
