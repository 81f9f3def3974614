//! Values that the text itself holds.

use pg_raw_parse::nodes::{A_Const, TypeCast};
use pg_raw_parse::{ConstValue, Node};

use crate::names;

/// A literal or a parameter, cast or not: what comes back is what the client sent. A cast counts
/// only where no user's cast function can stand behind it: of a string literal or a parameter,
/// which goes through the type's own input function, or to a type that the grammar itself
/// places in pg_catalog.
pub(crate) fn is_constant(node: Node<'_>) -> bool {
    let mut node = node;
    loop {
        match node {
            Node::A_Const(_) | Node::ParamRef(_) => return true,
            Node::TypeCast(cast) if is_plain(cast) => node = cast.arg(),
            _ => return false,
        }
    }
}

fn is_plain(cast: &TypeCast) -> bool {
    match cast.arg() {
        Node::ParamRef(_) => true,
        Node::A_Const(literal) if literal.isnull => true,
        Node::A_Const(literal) if matches!(literal.val(), Some(ConstValue::String(_))) => true,
        _ => {
            let name = cast.type_name().and_then(names::type_name);
            matches!(name, Some((Some("pg_catalog"), _)))
        }
    }
}

/// The text of a string literal, cast or not.
pub(crate) fn string<'a>(node: Node<'a>) -> Option<&'a str> {
    match uncast(node) {
        Node::A_Const(literal) => match literal.val() {
            Some(ConstValue::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// A boolean literal, as the grammar makes it: TRUE, or a cast of `'t'`.
pub(crate) fn boolean(node: Node<'_>) -> Option<bool> {
    match uncast(node) {
        Node::A_Const(literal) => match literal.val()? {
            ConstValue::Boolean(value) => Some(value),
            ConstValue::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Some(true),
                "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => {
                    Some(false)
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// A literal as SET takes it.
pub(crate) fn text(literal: &A_Const) -> Option<String> {
    match literal.val()? {
        ConstValue::Integer(value) => Some(value.to_string()),
        ConstValue::Boolean(value) => Some(value.to_string()),
        ConstValue::Float(text) | ConstValue::String(text) | ConstValue::BitString(text) => {
            Some(text.to_owned())
        }
        _ => None,
    }
}

fn uncast(mut node: Node<'_>) -> Node<'_> {
    while let Node::TypeCast(cast) = node {
        node = cast.arg();
    }
    node
}
