//! The items of FROM, with joins taken apart, and what names mean one.

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{Alias, RangeFunction, RangeVar};

use crate::labels::is_called;

/// An item of FROM, with joins taken apart.
#[derive(Clone, Copy)]
pub(super) struct Item<'a> {
    pub(super) node: Node<'a>,
    /// The alias of a join around it, which hides its own name.
    pub(super) via: Option<&'a Alias>,
    /// Only `alias.column` means this item here.
    pub(super) by_alias_only: bool,
}

pub(super) fn target<'a>(relation: Option<&'a RangeVar>) -> Vec<Item<'a>> {
    let node = |range| Item { node: Node::RangeVar(range), via: None, by_alias_only: false };
    relation.map(node).into_iter().collect()
}

pub(super) fn items_of<'a>(from: &'a NodeList) -> Vec<Item<'a>> {
    split(from.iter())
}

/// Takes joins apart.
pub(super) fn split<'a>(from: impl IntoIterator<Item = Node<'a>>) -> Vec<Item<'a>> {
    let mut pending: Vec<_> =
        from.into_iter().map(|node| Item { node, via: None, by_alias_only: false }).collect();
    pending.reverse();
    let mut items = Vec::with_capacity(pending.len());
    while let Some(item) = pending.pop() {
        match item.node {
            Node::JoinExpr(join) => {
                let sides = [join.rarg(), join.larg()];
                if let Some(alias) = join.join_using_alias() {
                    let merged = |node| Item { node, via: Some(alias), by_alias_only: true };
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
    if let Some(alias) = item.via {
        return schema.is_none() && alias.aliasname() == Some(name);
    }
    is_called(item.node, schema, name)
}

/// Whether a function in FROM is given such a column.
pub(super) fn names_column(function: &RangeFunction, name: &str) -> bool {
    let ordinality = function.ordinality && name == "ordinality";
    ordinality || function.coldeflist().iter().any(|column| column.colname() == Some(name))
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
