//! Qualified names as the grammar holds them: lists of strings.

use pg_raw_parse::Node;
use pg_raw_parse::nodes::{RangeVar, TypeName};

/// The last two parts of a dotted name: schema and name. `None` where it has no name.
pub(crate) fn qualified<'a>(
    parts: impl IntoIterator<Item = Node<'a>>,
) -> Option<(Option<&'a str>, &'a str)> {
    let mut schema = None;
    let mut name = None;
    for part in parts {
        schema = name;
        name = Some(part.as_str()?);
    }
    Some((schema, name?))
}

pub(crate) fn relation(range: &RangeVar) -> (Option<&str>, &str) {
    (range.schemaname(), range.relname().unwrap_or_default())
}

pub(crate) fn type_name(name: &TypeName) -> Option<(Option<&str>, &str)> {
    qualified(name.names().iter().map(Node::String))
}
