//! Which names WITH binds where.
//!
//! A query of a plain WITH sees the queries before it; of WITH RECURSIVE, all of them, itself
//! included. So `WITH t AS (SELECT * FROM t) SELECT * FROM t` reads the relation `t` once.

use std::collections::HashMap;

use pg_raw_parse::nodes::{CommonTableExpr, WithClause};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScopeId(usize);

impl ScopeId {
    /// No WITH is in sight.
    pub(crate) const ROOT: Self = Self(0);
}

/// A query that a name stands for.
#[derive(Clone, Copy)]
pub(crate) struct Bound<'a> {
    pub(crate) query: &'a CommonTableExpr,
    /// What the query itself sees.
    pub(crate) scope: ScopeId,
    pub(crate) recursive: bool,
}

struct With<'a> {
    recursive: bool,
    queries: Vec<&'a CommonTableExpr>,
    by_name: HashMap<&'a str, usize>,
}

#[derive(Clone, Copy)]
struct Scope {
    outer: ScopeId,
    /// The WITH and how many of its queries are in sight; `None` in the root scope alone.
    with: Option<(usize, usize)>,
}

/// All scopes of one statement.
pub(crate) struct Scopes<'a> {
    withs: Vec<With<'a>>,
    scopes: Vec<Scope>,
}

impl<'a> Scopes<'a> {
    pub(crate) fn new() -> Self {
        Self { withs: Vec::new(), scopes: vec![Scope { outer: ScopeId::ROOT, with: None }] }
    }

    /// Enters a statement's WITH: the scope of the statement's own clauses, and each query of the
    /// WITH with the scope that it sees.
    pub(crate) fn enter(
        &mut self,
        clause: &'a WithClause,
        outer: ScopeId,
    ) -> (ScopeId, Vec<Bound<'a>>) {
        let queries: Vec<_> = clause.ctes().iter().collect();
        let mut by_name = HashMap::with_capacity(queries.len());
        for (index, query) in queries.iter().enumerate() {
            by_name.entry(query.ctename().unwrap_or_default()).or_insert(index);
        }
        let with = self.withs.len();
        let recursive = clause.recursive;
        self.withs.push(With { recursive, queries, by_name });
        let count = self.withs[with].queries.len();
        let body = self.push(Scope { outer, with: Some((with, count)) });
        let bound = (0..count).map(|index| self.bind(with, index, outer)).collect();
        (body, bound)
    }

    /// What an unqualified name of FROM is bound to, if anything.
    pub(crate) fn find(&mut self, mut at: ScopeId, name: &str) -> Option<Bound<'a>> {
        while let Scope { outer, with: Some((with, visible)) } = self.scopes[at.0] {
            if let Some(&index) = self.withs[with].by_name.get(name)
                && index < visible
            {
                return Some(self.bind(with, index, outer));
            }
            at = outer;
        }
        None
    }

    fn bind(&mut self, with: usize, index: usize, outer: ScopeId) -> Bound<'a> {
        let With { recursive, ref queries, .. } = self.withs[with];
        let query = queries[index];
        let visible = if recursive { queries.len() } else { index };
        let scope = self.push(Scope { outer, with: Some((with, visible)) });
        Bound { query, scope, recursive }
    }

    fn push(&mut self, scope: Scope) -> ScopeId {
        self.scopes.push(scope);
        ScopeId(self.scopes.len() - 1)
    }
}
