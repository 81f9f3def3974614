//! The relations of statements that name objects of any type: DROP, COMMENT, SECURITY LABEL.

use pg_raw_parse::list::NodeList;
use pg_raw_parse::{Node, raw};

use crate::names;

/// Calls `visit` with the schema and name of each relation, and of each relation whose column,
/// constraint, trigger, rule or policy is named.
pub(crate) fn relations<'a>(node: Node<'a>, visit: &mut impl FnMut(Option<&'a str>, &'a str)) {
    match node {
        Node::DropStmt(drop) => {
            for object in drop.objects() {
                relation(drop.remove_type, object, visit);
            }
        }
        Node::CommentStmt(comment) => relation(comment.objtype, comment.object(), visit),
        Node::SecLabelStmt(label) => relation(label.objtype, label.object(), visit),
        _ => {}
    }
}

fn relation<'a>(
    kind: raw::ObjectType::Type,
    object: Node<'a>,
    visit: &mut impl FnMut(Option<&'a str>, &'a str),
) {
    use raw::ObjectType as Of;
    let Node::NodeList(parts) = object else { return };
    let length = match kind {
        Of::OBJECT_TABLE
        | Of::OBJECT_VIEW
        | Of::OBJECT_MATVIEW
        | Of::OBJECT_FOREIGN_TABLE
        | Of::OBJECT_SEQUENCE
        | Of::OBJECT_INDEX => parts.len(),
        Of::OBJECT_COLUMN
        | Of::OBJECT_TABCONSTRAINT
        | Of::OBJECT_TRIGGER
        | Of::OBJECT_RULE
        | Of::OBJECT_POLICY => parts.len().saturating_sub(1),
        _ => return,
    };
    if let Some((schema, name)) = leading(parts, length) {
        visit(schema, name);
    }
}

fn leading(parts: &NodeList, length: usize) -> Option<(Option<&str>, &str)> {
    names::qualified(parts.iter().take(length))
}
