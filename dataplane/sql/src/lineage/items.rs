//! The items of FROM, with joins taken apart, and what names mean one.

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{Alias, RangeFunction, RangeVar, ReturningClause};

use super::functions;
use crate::labels::{is_called, renamed};
use crate::names;

/// An item of FROM, with joins taken apart.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) node: Node<'a>,
    /// The alias of a join around it, which hides its own name.
    pub(super) via: Option<&'a Alias>,
    /// A name of the row itself that hides its own: `excluded`, `old`, `new`.
    pub(super) known_as: Option<&'a str>,
    /// Only `alias.column` means this item here.
    pub(super) by_alias_only: bool,
    /// It is the relation that a write is about.
    pub(super) is_written: bool,
}

impl<'a> Item<'a> {
    fn plain(node: Node<'a>) -> Self {
        Self { node, via: None, known_as: None, by_alias_only: false, is_written: false }
    }
}

/// The relation that a write is about.
pub(super) fn target<'a>(
    relation: Option<&'a RangeVar>,
    returning: Option<&'a ReturningClause>,
) -> Vec<Item<'a>> {
    let Some(relation) = relation else { return Vec::new() };
    let item = Item { is_written: true, ..Item::plain(Node::RangeVar(relation)) };
    let mut items = vec![item];
    if let Some(returning) = returning {
        let given = returning.options().iter().filter_map(|option| option.value());
        let names = ["old", "new"].into_iter().chain(given);
        items.extend(names.map(|name| known_as(name, item)));
    }
    items
}

/// The same row by another name.
pub(super) fn known_as<'a>(name: &'a str, item: Item<'a>) -> Item<'a> {
    Item { known_as: Some(name), by_alias_only: true, ..item }
}

pub(super) fn items_of<'a>(from: &'a NodeList) -> Vec<Item<'a>> {
    split(from.iter())
}

/// Takes joins apart.
pub(super) fn split<'a>(from: impl IntoIterator<Item = Node<'a>>) -> Vec<Item<'a>> {
    let mut pending: Vec<_> = from.into_iter().map(Item::plain).collect();
    pending.reverse();
    let mut items = Vec::with_capacity(pending.len());
    while let Some(item) = pending.pop() {
        match item.node {
            Node::JoinExpr(join) => {
                let sides = [join.rarg(), join.larg()];
                if let Some(alias) = join.join_using_alias() {
                    let merged =
                        |node| Item { via: Some(alias), by_alias_only: true, ..Item::plain(node) };
                    pending.extend(sides.map(merged));
                }
                let via = item.via.or(join.alias());
                pending.extend(sides.map(|node| Item { node, via, ..item }));
            }
            Node::RangeTableSample(sample) => {
                pending.push(Item { node: sample.relation(), ..item });
            }
            _ => items.push(item),
        }
    }
    items
}

/// Whether a qualifier means this item.
pub(super) fn is_named(item: Item<'_>, schema: Option<&str>, name: &str) -> bool {
    if item.known_as.is_some() {
        return schema.is_none() && item.known_as == Some(name);
    }
    if let Some(alias) = item.via {
        return schema.is_none() && alias.aliasname() == Some(name);
    }
    is_called(item.node, schema, name)
}

/// How many columns the text lists of an item of FROM, beside those of an alias.
pub(super) fn columns_listed(item: Node<'_>) -> usize {
    match item {
        Node::RangeFunction(function) => function.coldeflist().len(),
        Node::RangeTableFunc(table) => table.columns().len(),
        Node::JsonTable(table) => table.columns().len(),
        _ => 0,
    }
}

/// Whether a function in FROM is given such a column.
pub(super) fn names_column(function: &RangeFunction, name: &str) -> bool {
    let ordinality = function.ordinality && name == "ordinality";
    ordinality || function.coldeflist().iter().any(|column| column.colname() == Some(name))
}

/// Whether a function in FROM gives one column alone, which has another name.
pub(super) fn lacks_column(function: &RangeFunction, name: &str) -> bool {
    if names_column(function, name) {
        return false;
    }
    let Some(Node::NodeList(only)) = function.functions().first() else { return false };
    let Some(Node::FuncCall(call)) = only.first() else { return false };
    let (schema, function_name) = names::qualified(call.funcname()).unwrap_or((Some(""), ""));
    let own = match function.alias() {
        None => function_name == name,
        Some(alias) => match renamed(Some(alias)) {
            None => alias.aliasname() == Some(name),
            Some(names) => names.iter().any(|label| label.as_str() == Some(name)),
        },
    };
    function.functions().len() == 1 && functions::is_of_one_column(schema, function_name) && !own
}

/// XMLTABLE and JSON_TABLE list their columns.
pub(super) fn table_names_column(item: Node<'_>, name: &str) -> bool {
    match item {
        Node::RangeTableFunc(table) => {
            table.columns().iter().any(|column| column.colname() == Some(name))
        }
        Node::JsonTable(table) => table.columns().iter().any(|column| column.name() == Some(name)),
        _ => false,
    }
}
