//! Follows a column to the relation that it belongs to, through queries that plainly pass it on.

use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{ColumnRef, RangeVar, ResTarget, SelectStmt};
use pg_raw_parse::{Node, raw};

use super::columns::{Columns, UNTRACED, all_named, join, of_value, untraced, values};
use crate::labels::{is_called, is_star};
use crate::names;
use crate::scope::{Bound, ScopeId, Scopes};
use crate::statement::{Outputs, Source};

/// Names and items of FROM looked at in one statement: a text of a megabyte can ask for one of a
/// hundred thousand, as often again. This many take milliseconds.
const STEPS: usize = 1_000_000;

/// Subqueries that a column is followed through.
const DEPTH: u32 = 32;

/// What a name means to one item of FROM.
pub(super) enum Found {
    /// The item is a relation, which may have such a column.
    Relation(Option<String>, String),
    /// The item is a query that names the column.
    Here(Source),
    /// The item is a query without such a column.
    Absent,
    /// The text doesn't tell.
    Unknown,
}

/// Follows the columns of one statement's queries.
pub(super) struct Resolver<'a> {
    pub(super) scopes: Scopes<'a>,
    steps: usize,
}

impl<'a> Resolver<'a> {
    pub(super) fn new() -> Self {
        Self { scopes: Scopes::new(), steps: STEPS }
    }

    pub(super) fn select(&mut self, select: &'a SelectStmt) -> Outputs {
        let mut columns: Option<Vec<Source>> = None;
        let mut pending = vec![(select, ScopeId::ROOT)];
        while let Some((select, outer)) = pending.pop() {
            let scope = self.body(select, outer);
            if select.op != raw::SetOperation::SETOP_NONE {
                pending.extend(select.rarg().map(|right| (right, scope)));
                pending.extend(select.larg().map(|left| (left, scope)));
                continue;
            }
            let leaf = self.leaf(select, scope);
            if columns.is_none() && pending.is_empty() {
                return leaf;
            }
            let Outputs::Columns { left, star: false, .. } = leaf else { return Outputs::Unknown };
            match &mut columns {
                None => columns = Some(left),
                Some(so_far) if so_far.len() == left.len() => {
                    for (so_far, other) in so_far.iter_mut().zip(left) {
                        join(so_far, &other);
                    }
                }
                Some(_) => return Outputs::Unknown,
            }
        }
        columns.map_or(Outputs::Unknown, |left| {
            let left = left.into_iter().map(untraced).collect();
            all_named(left)
        })
    }

    /// False: the budget is used up.
    pub(super) fn charge(&mut self, steps: usize) -> bool {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    pub(super) fn body(&mut self, select: &'a SelectStmt, outer: ScopeId) -> ScopeId {
        select.with_clause().map_or(outer, |with| self.scopes.enter(with, outer).0)
    }

    /// The items of FROM with joins taken apart; `None` where a join has an alias, which hides them.
    pub(super) fn items(&mut self, from: &'a NodeList) -> Option<Vec<Node<'a>>> {
        if !self.charge(from.len()) {
            return None;
        }
        let mut pending: Vec<_> = from.iter().collect();
        let mut items = Vec::with_capacity(pending.len());
        while let Some(item) = pending.pop() {
            match item {
                Node::JoinExpr(join) => {
                    if !self.charge(2)
                        || join.alias().is_some()
                        || join.join_using_alias().is_some()
                    {
                        return None;
                    }
                    pending.extend([join.larg(), join.rarg()]);
                }
                Node::RangeTableSample(sample) => pending.push(sample.relation()),
                item => items.push(item),
            }
        }
        Some(items)
    }

    pub(super) fn bound(&mut self, range: &'a RangeVar, scope: ScopeId) -> Option<Bound<'a>> {
        let (schema, relation) = names::relation(range);
        if schema.is_none() { self.scopes.find(scope, relation) } else { None }
    }

    fn leaf(&mut self, select: &'a SelectStmt, scope: ScopeId) -> Outputs {
        if !select.values_lists().is_empty() {
            return values(select.values_lists());
        }
        let mut columns = Columns::default();
        for target in select.target_list() {
            if is_star(target.val()) {
                columns.star(self.star_of(target, select, scope));
            } else {
                columns.push(self.value(target.val(), select, scope, DEPTH));
            }
        }
        columns.finish()
    }

    /// `*` over one relation of FROM, or `t.*`.
    fn star_of(
        &mut self,
        target: &'a ResTarget,
        select: &'a SelectStmt,
        scope: ScopeId,
    ) -> Option<(Option<String>, String)> {
        let Node::ColumnRef(star) = target.val() else { return None };
        let items = self.items(select.from_clause())?;
        let item = match star.fields().len() {
            1 if items.len() == 1 => items.first().copied(),
            2 => {
                let name = star.fields().first()?.as_str()?;
                let mut named = items.into_iter().filter(|&item| is_called(item, None, name));
                named.next().filter(|_| named.next().is_none())
            }
            _ => None,
        };
        let Some(Node::RangeVar(range)) = item else { return None };
        if self.bound(range, scope).is_some() {
            return None;
        }
        let (schema, relation) = names::relation(range);
        Some((schema.map(str::to_owned), relation.to_owned()))
    }

    pub(super) fn value(
        &mut self,
        value: Node<'a>,
        select: &'a SelectStmt,
        scope: ScopeId,
        depth: u32,
    ) -> Source {
        match value {
            Node::ColumnRef(column) => {
                self.column(column, select, scope, depth).unwrap_or(UNTRACED)
            }
            value => match of_value(value) {
                Source::CountStar if !self.has_plain_rows(select.from_clause(), scope, depth) => {
                    UNTRACED
                }
                source => source,
            },
        }
    }

    fn column(
        &mut self,
        column: &'a ColumnRef,
        select: &'a SelectStmt,
        scope: ScopeId,
        depth: u32,
    ) -> Option<Source> {
        let mut parts = [""; 3];
        let fields = column.fields();
        let used = parts.get_mut(..fields.len())?;
        for (part, field) in used.iter_mut().zip(fields) {
            *part = field.as_str()?;
        }
        match (fields.len(), parts) {
            (1, [name, ..]) => self.unqualified(name, select, scope, depth),
            (2, [item, name, _]) => self.qualified(None, item, name, select, scope, depth),
            (3, [schema, item, name]) => {
                self.qualified(Some(schema), item, name, select, scope, depth)
            }
            _ => None,
        }
    }

    fn qualified(
        &mut self,
        schema: Option<&str>,
        item: &str,
        name: &'a str,
        select: &'a SelectStmt,
        scope: ScopeId,
        depth: u32,
    ) -> Option<Source> {
        let items = self.items(select.from_clause())?;
        let mut named = items.into_iter().filter(|&node| is_called(node, schema, item));
        let (Some(node), None) = (named.next(), named.next()) else { return None };
        match self.find(node, name, scope, depth) {
            Found::Relation(schema, relation) => {
                Some(Source::Column { relations: vec![(schema, relation)], name: name.to_owned() })
            }
            Found::Here(source) => Some(source),
            Found::Absent | Found::Unknown => None,
        }
    }

    fn unqualified(
        &mut self,
        name: &'a str,
        select: &'a SelectStmt,
        scope: ScopeId,
        depth: u32,
    ) -> Option<Source> {
        let mut candidates = Vec::new();
        let mut here = None;
        for item in self.items(select.from_clause())? {
            match self.find(item, name, scope, depth) {
                Found::Relation(schema, relation) => candidates.push((schema, relation)),
                Found::Here(source) if here.is_none() => here = Some(source),
                Found::Absent => {}
                Found::Here(_) | Found::Unknown => return None,
            }
        }
        match here {
            None if candidates.is_empty() => None,
            None => Some(Source::Column { relations: candidates, name: name.to_owned() }),
            // USING merges a query's column with a relation's.
            Some(Source::Column { mut relations, name: passed }) if passed == name => {
                relations.extend(candidates);
                Some(Source::Column { relations, name: passed })
            }
            Some(source) if candidates.is_empty() => Some(source),
            Some(_) => None,
        }
    }
}
