//! The queries of a statement: what each has in FROM, and what lies around it.

use std::collections::HashMap;

use pg_raw_parse::Node;

use super::address;
use super::items::Item;
use crate::scope::{ScopeId, Scopes};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LevelId(usize);

impl LevelId {
    /// Around the whole statement: nothing is in FROM.
    pub(super) const ROOT: Self = Self(0);
}

/// What columns are looked for in, from within one query.
pub(super) struct Level<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) outer: Option<LevelId>,
    pub(super) scope: ScopeId,
}

pub(super) struct Levels<'a> {
    levels: Vec<Level<'a>>,
    pub(super) scopes: Scopes<'a>,
    /// By a query's address.
    homes: HashMap<usize, LevelId>,
}

impl<'a> Levels<'a> {
    pub(super) fn new() -> Self {
        let level = Level { items: Vec::new(), outer: None, scope: ScopeId::ROOT };
        Self { levels: vec![level], scopes: Scopes::new(), homes: HashMap::new() }
    }

    pub(super) fn level(&self, id: LevelId) -> Option<&Level<'a>> {
        self.levels.get(id.0)
    }

    /// Where the clauses of a query or a write look for columns.
    pub(super) fn home(&self, query: Node<'a>) -> Option<LevelId> {
        self.homes.get(&query_address(query)?).copied()
    }

    pub(super) fn open(
        &mut self,
        address: usize,
        items: Vec<Item<'a>>,
        outer: LevelId,
        scope: ScopeId,
    ) -> LevelId {
        let id = LevelId(self.levels.len());
        self.levels.push(Level { items, outer: Some(outer), scope });
        self.homes.insert(address, id);
        id
    }
}

/// By which a query is known.
pub(super) fn query_address(query: Node<'_>) -> Option<usize> {
    Some(match query {
        Node::SelectStmt(query) => address(query),
        Node::InsertStmt(query) => address(query),
        Node::UpdateStmt(query) => address(query),
        Node::DeleteStmt(query) => address(query),
        Node::MergeStmt(query) => address(query),
        _ => return None,
    })
}
