//! One walk over a statement: its queries, and what each uses columns for.

use pg_raw_parse::Node;
use pg_raw_parse::list::CastNodeList;
use pg_raw_parse::nodes::{ResTarget, SelectStmt, WithClause};

use super::address;
use super::items::{Item, items_of, known_as, split, target};
use super::levels::{LevelId, Levels};
use super::predicates::{Pending, Predicates, compares_rows};
use crate::children::children;
use crate::labels::first_leaf;
use crate::scope::ScopeId;

/// The queries of the statement `root`, and the uses that are still to be followed; `query` gives the
/// result.
pub(super) fn walk<'a>(root: Node<'a>, query: Node<'a>) -> (Levels<'a>, Vec<Pending<'a>>) {
    let mut walk = Walk {
        levels: Levels::new(),
        stack: Vec::with_capacity(32),
        predicates: Predicates::default(),
    };
    if let Node::SelectStmt(select) = query
        && first_leaf(select).into_clause().is_some()
    {
        walk.predicates.written(query);
    }
    walk.push(root, LevelId::ROOT, ScopeId::ROOT, false);
    while let Some(frame) = walk.stack.pop() {
        walk.step(frame);
    }
    (walk.levels, walk.predicates.pending)
}

struct Frame<'a> {
    node: Node<'a>,
    level: LevelId,
    scope: ScopeId,
    /// A predicate around it is followed already, or a set operation around it compares its rows.
    covered: bool,
}

struct Walk<'a> {
    levels: Levels<'a>,
    stack: Vec<Frame<'a>>,
    predicates: Predicates<'a>,
}

impl<'a> Walk<'a> {
    fn push(&mut self, node: Node<'a>, level: LevelId, scope: ScopeId, covered: bool) {
        if !matches!(node, Node::None) {
            self.stack.push(Frame { node, level, scope, covered });
        }
    }

    fn step(&mut self, frame: Frame<'a>) {
        let Frame { node, level, scope, covered } = frame;
        match node {
            Node::SelectStmt(select) => self.select(select, level, scope, covered),
            Node::InsertStmt(insert) => {
                let mut items = target(insert.relation(), insert.returning_clause());
                items.extend(items.first().copied().map(|of| known_as("excluded", of)));
                let with = insert.with_clause();
                let (inner, scope) = self.write(address(insert), items, with, level, scope);
                self.predicates.written(insert.select_stmt());
                self.push(insert.select_stmt(), level, scope, false);
                if let Some(conflict) = insert.on_conflict_clause() {
                    self.predicates.filter(conflict.where_clause(), inner);
                    self.assigned(conflict.target_list(), inner);
                    self.below(
                        Node::OnConflictClause(conflict),
                        inner,
                        scope,
                        conflict.where_clause(),
                    );
                }
                if let Some(returning) = insert.returning_clause() {
                    self.below(Node::ReturningClause(returning), inner, scope, Node::None);
                }
            }
            Node::UpdateStmt(update) => {
                let mut items = target(update.relation(), update.returning_clause());
                items.extend(items_of(update.from_clause()));
                let with = update.with_clause();
                let (inner, scope) = self.write(address(update), items, with, level, scope);
                self.predicates.filter(update.where_clause(), inner);
                self.predicates.joins(update.from_clause(), inner);
                self.assigned(update.target_list(), inner);
                self.below(node, inner, scope, update.where_clause());
            }
            Node::DeleteStmt(delete) => {
                let mut items = target(delete.relation(), delete.returning_clause());
                items.extend(items_of(delete.using_clause()));
                let with = delete.with_clause();
                let (inner, scope) = self.write(address(delete), items, with, level, scope);
                self.predicates.filter(delete.where_clause(), inner);
                self.predicates.joins(delete.using_clause(), inner);
                self.below(node, inner, scope, delete.where_clause());
            }
            Node::MergeStmt(merge) => {
                let mut items = target(merge.relation(), merge.returning_clause());
                items.extend(split([merge.source_relation()]));
                let with = merge.with_clause();
                let (inner, scope) = self.write(address(merge), items, with, level, scope);
                self.predicates.filter(merge.join_condition(), inner);
                for clause in merge.merge_when_clauses() {
                    self.predicates.filter(clause.condition(), inner);
                    for target in clause.target_list().iter().chain(clause.values()) {
                        self.predicates.assigned(assigned(target), inner);
                    }
                }
                self.below(node, inner, scope, merge.join_condition());
            }
            Node::CreateTableAsStmt(create) => {
                self.predicates.written(create.query());
                self.push(create.query(), level, scope, false);
            }
            // What stands in FROM without LATERAL doesn't see what stands beside it.
            Node::RangeSubselect(query) if !query.lateral => {
                let outer = self.levels.level(level).and_then(|level| level.outer);
                self.push(query.subquery(), outer.unwrap_or(level), scope, false);
            }
            Node::SubLink(link) => {
                self.push(link.testexpr(), level, scope, covered);
                self.push(link.subselect(), level, scope, false);
            }
            node => {
                let covered = self.predicates.within(node, level, covered);
                children(node, &mut |child| self.push(child, level, scope, covered));
            }
        }
    }

    fn assigned(&mut self, targets: &'a CastNodeList<ResTarget>, level: LevelId) {
        for target in targets {
            self.predicates.assigned(target.val(), level);
        }
    }

    fn select(&mut self, select: &'a SelectStmt, outer: LevelId, scope: ScopeId, compared: bool) {
        let scope = self.with(select.with_clause(), outer, scope);
        if let (Some(left), Some(right)) = (select.larg(), select.rarg()) {
            self.predicates.set_operation(select, outer, compared);
            let compared = compared || compares_rows(select);
            self.push(Node::SelectStmt(left), outer, scope, compared);
            self.push(Node::SelectStmt(right), outer, scope, compared);
            self.push(select.limit_count(), outer, scope, true);
            self.push(select.limit_offset(), outer, scope, true);
            return;
        }
        let items = items_of(select.from_clause());
        let level = self.levels.open(address(select), items, outer, scope);
        self.predicates.query(select, level);
        self.below(Node::SelectStmt(select), level, scope, select.where_clause());
    }

    fn write(
        &mut self,
        address: usize,
        items: Vec<Item<'a>>,
        with: Option<&'a WithClause>,
        outer: LevelId,
        scope: ScopeId,
    ) -> (LevelId, ScopeId) {
        let scope = self.with(with, outer, scope);
        (self.levels.open(address, items, outer, scope), scope)
    }

    fn with(&mut self, with: Option<&'a WithClause>, outer: LevelId, scope: ScopeId) -> ScopeId {
        let Some(with) = with else { return scope };
        let (body, queries) = self.levels.scopes.enter(with, scope);
        for bound in queries {
            self.predicates.recursion(bound.query);
            self.push(bound.query.ctequery(), outer, bound.scope, false);
        }
        body
    }

    /// The clauses of a query but WITH; `covered` is the one that a predicate follows.
    fn below(&mut self, node: Node<'a>, level: LevelId, scope: ScopeId, covered: Node<'a>) {
        let followed = expression_address(covered);
        children(node, &mut |child| {
            if !matches!(child, Node::WithClause(_) | Node::RangeVar(_)) {
                let covered = followed.is_some() && expression_address(child) == followed;
                self.push(child, level, scope, covered);
            }
        });
    }
}

fn expression_address(node: Node<'_>) -> Option<usize> {
    Some(match node {
        Node::A_Expr(node) => address(node),
        Node::BoolExpr(node) => address(node),
        Node::FuncCall(node) => address(node),
        Node::TypeCast(node) => address(node),
        Node::SubLink(node) => address(node),
        Node::NullTest(node) => address(node),
        _ => return None,
    })
}

/// The value of `column = value`; without a column, the value.
fn assigned(target: Node<'_>) -> Node<'_> {
    match target {
        Node::ResTarget(target) => target.val(),
        value => value,
    }
}
