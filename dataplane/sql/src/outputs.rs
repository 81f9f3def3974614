//! Where the columns of a result come from, by names alone.
//!
//! Reads through subqueries and WITH where a column is plainly passed on; anything else is an
//! expression. A budget bounds the work, and what is left when it is used up is all expressions.

mod rows;

use pg_raw_parse::list::{CastNodeList, NodeList};
use pg_raw_parse::nodes::{
    Alias, ColumnRef, FuncCall, RangeVar, ResTarget, ReturningClause, SelectStmt,
};
use pg_raw_parse::{Node, raw};

use crate::constant::is_constant;
use crate::names;
use crate::scope::{Bound, ScopeId, Scopes};
use crate::statement::{Lineage, Outputs, Source};

/// Names and items of FROM looked at in one statement: a text of a megabyte can ask for one of a
/// hundred thousand, as often again. This many take milliseconds.
const STEPS: usize = 1_000_000;

/// Subqueries that a column is followed through.
const DEPTH: u32 = 32;

/// An expression, until its lineage is found.
const UNTRACED: Source = Source::Expression(Lineage::Unknown);

/// The columns of a query, or of a write's RETURNING.
pub(crate) fn of(node: Node<'_>) -> Outputs {
    let mut resolver = Resolver { scopes: Scopes::new(), steps: STEPS };
    match node {
        Node::SelectStmt(select) => resolver.select(select, ScopeId::ROOT),
        Node::InsertStmt(insert) => returning(insert.returning_clause()),
        Node::UpdateStmt(update) => returning(update.returning_clause()),
        Node::DeleteStmt(delete) => returning(delete.returning_clause()),
        Node::MergeStmt(merge) => returning(merge.returning_clause()),
        _ => Outputs::None,
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

/// RETURNING may also name what was there before; only what the client gave is known.
fn returning(clause: Option<&ReturningClause>) -> Outputs {
    let Some(clause) = clause else { return Outputs::None };
    let mut columns = Columns::default();
    for target in clause.exprs() {
        match target {
            Node::ResTarget(target) if is_star(target.val()) => columns.star(None),
            Node::ResTarget(target) => columns.push(of_value(target.val())),
            _ => columns.push(UNTRACED),
        }
    }
    columns.finish()
}

fn of_value(value: Node<'_>) -> Source {
    match value {
        Node::FuncCall(call) if is_count_star(call) => Source::CountStar,
        value if is_constant(value) => Source::Constant,
        _ => UNTRACED,
    }
}

fn is_count_star(call: &FuncCall) -> bool {
    let plain = call.agg_star && call.over().is_none();
    plain && matches!(names::qualified(call.funcname()), Some((None | Some("pg_catalog"), "count")))
}

fn is_star(value: Node<'_>) -> bool {
    match value {
        Node::ColumnRef(column) => ends_in_star(column.fields()),
        Node::A_Indirection(value) => ends_in_star(value.indirection()),
        _ => false,
    }
}

fn ends_in_star(parts: &NodeList) -> bool {
    matches!(parts.iter().next_back(), Some(Node::A_Star(_)))
}

/// Columns as they are met, left to right.
#[derive(Default)]
struct Columns {
    left: Vec<Source>,
    star: bool,
    star_of: Option<(Option<String>, String)>,
    right: Vec<Source>,
}

impl Columns {
    fn push(&mut self, source: Source) {
        if self.star { self.right.push(source) } else { self.left.push(source) }
    }

    fn star(&mut self, of: Option<(Option<String>, String)>) {
        self.star_of = if self.star { None } else { of };
        self.star = true;
        self.right.clear();
    }

    fn finish(self) -> Outputs {
        let Self { left, star, star_of, right } = self;
        Outputs::Columns { left, star, star_of, starred: Lineage::Unknown, right }
    }
}

/// What a name means to one item of FROM.
enum Found {
    /// The item is a relation, which may have such a column.
    Relation(Option<String>, String),
    /// The item is a query that names the column.
    Here(Source),
    /// The item is a query without such a column.
    Absent,
    /// The text doesn't tell.
    Unknown,
}

struct Resolver<'a> {
    scopes: Scopes<'a>,
    steps: usize,
}

impl<'a> Resolver<'a> {
    fn select(&mut self, select: &'a SelectStmt, scope: ScopeId) -> Outputs {
        let mut columns: Option<Vec<Source>> = None;
        let mut pending = vec![(select, scope)];
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
    fn charge(&mut self, steps: usize) -> bool {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    fn body(&mut self, select: &'a SelectStmt, outer: ScopeId) -> ScopeId {
        select.with_clause().map_or(outer, |with| self.scopes.enter(with, outer).0)
    }

    /// The items of FROM with joins taken apart; `None` where a join has an alias, which hides them.
    fn items(&mut self, from: &'a NodeList) -> Option<Vec<Node<'a>>> {
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

    fn bound(&mut self, range: &'a RangeVar, scope: ScopeId) -> Option<Bound<'a>> {
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
                let mut named = items.into_iter().filter(|&item| is_named(item, None, name));
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

    fn value(
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
        let mut named = items.into_iter().filter(|&node| is_named(node, schema, item));
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

    fn find(&mut self, item: Node<'a>, name: &'a str, scope: ScopeId, depth: u32) -> Found {
        if depth == 0 || !self.charge(1) {
            return Found::Unknown;
        }
        match item {
            Node::RangeVar(range) => self.find_in_range(range, name, scope, depth),
            Node::RangeSubselect(query) => match query.subquery() {
                Node::SelectStmt(select) => {
                    self.find_in_query(select, renamed(query.alias()), name, scope, depth)
                }
                _ => Found::Unknown,
            },
            _ => Found::Unknown,
        }
    }

    fn find_in_range(
        &mut self,
        range: &'a RangeVar,
        name: &'a str,
        scope: ScopeId,
        depth: u32,
    ) -> Found {
        let renamed = renamed(range.alias());
        match self.bound(range, scope) {
            None if renamed.is_none() => {
                let (schema, relation) = names::relation(range);
                Found::Relation(schema.map(str::to_owned), relation.to_owned())
            }
            Some(bound) if !bound.recursive && renamed.is_none() => match bound.query.ctequery() {
                Node::SelectStmt(select) => {
                    let names = Some(bound.query.aliascolnames()).filter(|names| !names.is_empty());
                    self.find_in_query(select, names, name, bound.scope, depth)
                }
                _ => Found::Unknown,
            },
            _ => Found::Unknown,
        }
    }

    /// `renamed` are the names that an alias gives the first columns.
    fn find_in_query(
        &mut self,
        select: &'a SelectStmt,
        renamed: Option<&'a NodeList>,
        name: &'a str,
        outer: ScopeId,
        depth: u32,
    ) -> Found {
        let set_operation = select.op != raw::SetOperation::SETOP_NONE;
        if set_operation || !select.values_lists().is_empty() {
            return Found::Unknown;
        }
        let targets = select.target_list();
        let names = targets.len()
            + renamed.map_or(0, NodeList::len)
            + select.with_clause().map_or(0, |with| with.ctes().len());
        if !self.charge(names) {
            return Found::Unknown;
        }
        let scope = self.body(select, outer);
        if let Some(renamed) = renamed {
            return self.find_renamed(select, renamed, name, scope, depth);
        }
        let mut star = None;
        let mut unnamed = false;
        for target in targets {
            if is_star(target.val()) {
                unnamed |= star.replace(target).is_some();
                continue;
            }
            match label(target) {
                Some(label) if label == name => {
                    return Found::Here(self.value(target.val(), select, scope, depth - 1));
                }
                Some(_) => {}
                None => unnamed = true,
            }
        }
        match star {
            None if unnamed => Found::Unknown,
            None => Found::Absent,
            Some(target) if !unnamed => self.find_in_star(target, select, name, scope, depth),
            Some(_) => Found::Unknown,
        }
    }

    /// `*` or `t.*` passes on what FROM has, when FROM is one item.
    fn find_in_star(
        &mut self,
        target: &'a ResTarget,
        select: &'a SelectStmt,
        name: &'a str,
        scope: ScopeId,
        depth: u32,
    ) -> Found {
        let Node::ColumnRef(_) = target.val() else { return Found::Unknown };
        match self.items(select.from_clause()).as_deref() {
            Some(&[item]) => self.find(item, name, scope, depth - 1),
            _ => Found::Unknown,
        }
    }

    fn find_renamed(
        &mut self,
        select: &'a SelectStmt,
        renamed: &'a NodeList,
        name: &str,
        scope: ScopeId,
        depth: u32,
    ) -> Found {
        let targets: &'a CastNodeList<ResTarget> = select.target_list();
        let position = renamed.iter().position(|label| label.as_str() == Some(name));
        let plain = !targets.iter().any(|target| is_star(target.val()));
        match position.and_then(|index| targets.get(index)) {
            Some(target) if plain => {
                Found::Here(self.value(target.val(), select, scope, depth - 1))
            }
            _ => Found::Unknown,
        }
    }
}

fn all_named(left: Vec<Source>) -> Outputs {
    Columns { left, ..Columns::default() }.finish()
}

/// A set operation passes on only what is the same on both sides.
fn join(so_far: &mut Source, other: &Source) {
    if *so_far != *other {
        *so_far = UNTRACED;
    }
}

/// The server names no origin for a column of a set operation.
fn untraced(source: Source) -> Source {
    match source {
        Source::Column { .. } => UNTRACED,
        source => source,
    }
}

fn values(rows: &NodeList) -> Outputs {
    let mut columns: Option<Vec<Source>> = None;
    for row in rows {
        let Node::NodeList(row) = row else { return Outputs::Unknown };
        let row: Vec<_> = row.iter().map(of_value).collect();
        match &mut columns {
            None => columns = Some(row),
            Some(columns) if columns.len() == row.len() => {
                for (column, value) in columns.iter_mut().zip(&row) {
                    join(column, value);
                }
            }
            Some(_) => return Outputs::Unknown,
        }
    }
    all_named(columns.unwrap_or_default())
}

/// The name that a column of a subquery has, where the text shows it plainly.
fn label(target: &ResTarget) -> Option<&str> {
    if target.name().is_some() {
        return target.name();
    }
    match target.val() {
        Node::ColumnRef(column) => column.fields().iter().next_back().and_then(Node::as_str),
        _ => None,
    }
}

fn is_named(item: Node<'_>, schema: Option<&str>, name: &str) -> bool {
    let (alias, relation) = match item {
        Node::RangeVar(range) => (range.alias(), Some(range)),
        Node::RangeSubselect(query) => (query.alias(), None),
        Node::RangeFunction(function) => (function.alias(), None),
        Node::RangeTableFunc(table) => (table.alias(), None),
        Node::JsonTable(table) => (table.alias(), None),
        _ => (None, None),
    };
    match (alias.and_then(Alias::aliasname), relation) {
        (Some(alias), _) => schema.is_none() && alias == name,
        (None, Some(range)) => {
            range.relname() == Some(name) && (schema.is_none() || range.schemaname() == schema)
        }
        // A function in FROM is named after itself.
        (None, None) => false,
    }
}

/// The names that an alias gives to columns, if it does.
fn renamed(alias: Option<&Alias>) -> Option<&NodeList> {
    alias.map(Alias::colnames).filter(|names| !names.is_empty())
}
