//! What the text calls things: items of FROM, and stars that stand for columns.

use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{Alias, SelectStmt};
use pg_raw_parse::{Node, raw};

use crate::names;

/// `*` or `t.*`, but not `(f(x)).*`.
pub(crate) fn star_of(value: Node<'_>) -> Option<&NodeList> {
    let Node::ColumnRef(column) = value else { return None };
    let fields = column.fields();
    matches!(fields.iter().next_back(), Some(Node::A_Star(_))).then_some(fields)
}

/// Whether it stands for any number of columns.
pub(crate) fn is_star(value: Node<'_>) -> bool {
    match value {
        Node::A_Indirection(value) => {
            matches!(value.indirection().iter().next_back(), Some(Node::A_Star(_)))
        }
        value => star_of(value).is_some(),
    }
}

/// The leftmost query of a chain of UNION, INTERSECT and EXCEPT: it names the columns.
pub(crate) fn first_leaf(mut select: &SelectStmt) -> &SelectStmt {
    while select.op != raw::SetOperation::SETOP_NONE
        && let Some(left) = select.larg()
    {
        select = left;
    }
    select
}

/// The names that an alias gives to columns, if it does.
pub(crate) fn renamed(alias: Option<&Alias>) -> Option<&NodeList> {
    alias.map(Alias::colnames).filter(|names| !names.is_empty())
}

pub(crate) fn alias_of(item: Node<'_>) -> Option<&Alias> {
    match item {
        Node::RangeVar(range) => range.alias(),
        Node::RangeSubselect(query) => query.alias(),
        Node::RangeFunction(function) => function.alias(),
        Node::RangeTableFunc(table) => table.alias(),
        Node::JsonTable(table) => table.alias(),
        _ => None,
    }
}

/// The name by which an item of FROM is referred to.
pub(crate) fn item_name(item: Node<'_>) -> Option<&str> {
    if let Some(alias) = alias_of(item).and_then(Alias::aliasname) {
        return Some(alias);
    }
    match item {
        Node::RangeVar(range) => range.relname(),
        Node::RangeFunction(function) => function_name(function.functions()),
        _ => None,
    }
}

/// Whether a qualifier means this item of FROM.
pub(crate) fn is_called(item: Node<'_>, schema: Option<&str>, name: &str) -> bool {
    let own = item_name(item) == Some(name);
    match (schema, item) {
        (None, _) => own,
        (Some(_), Node::RangeVar(range)) => {
            own && range.alias().is_none() && range.schemaname() == schema
        }
        (Some(_), _) => false,
    }
}

/// A function in FROM is named after itself, if it is alone.
fn function_name(functions: &NodeList) -> Option<&str> {
    let Some(Node::NodeList(only)) = functions.first() else { return None };
    let Some(Node::FuncCall(call)) = only.first() else { return None };
    names::qualified(call.funcname()).map(|(_, name)| name)
}
