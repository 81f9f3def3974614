//! The columns that a query gives, by place and by name.

use std::rc::Rc;

use pg_raw_parse::Node;
use pg_raw_parse::nodes::{ResTarget, SelectStmt};

use super::address;
use super::levels::{LevelId, query_address};
use super::names::{is_star, label, star_of};
use super::tracer::{Label, Task, Tracer};
use crate::constant::is_constant;
use crate::outputs::first_leaf;
use crate::statement::How;

/// What a query gives, and where stars make it uncertain.
pub(super) struct Targets<'a> {
    pub(super) list: Vec<&'a ResTarget>,
    first_star: usize,
    /// Behind the last one.
    end_of_stars: usize,
}

impl<'a> Tracer<'a> {
    /// Columns of a query, by place or by name.
    pub(super) fn query_column(
        &mut self,
        query: Node<'a>,
        label: Label<'a>,
        how: How,
        mention: Option<usize>,
    ) {
        let Node::SelectStmt(select) = query else {
            return self.leaf_column(query, label, how, mention);
        };
        let Some(all) = self.leaves(select) else { return self.give_up() };
        // The first query of a set operation names the columns of all.
        let label = match (label, all.as_slice()) {
            (Label::Named(name), [first, _, ..]) => {
                if let Some(mention) = mention {
                    self.settle(mention);
                }
                place_of(first, name).map_or(Label::All, Label::At)
            }
            (label, _) => label,
        };
        for leaf in all {
            self.leaf_column(Node::SelectStmt(leaf), label, how, mention);
        }
    }

    pub(super) fn targets(&mut self, query: Node<'a>) -> Option<Rc<Targets<'a>>> {
        let address = query_address(query)?;
        if let Some(known) = self.targets.get(&address) {
            return Some(known.clone());
        }
        let targets = Rc::new(Targets::of(first_targets(query)?));
        self.targets.insert(address, targets.clone());
        Some(targets)
    }

    /// The queries of a chain of UNION, INTERSECT and EXCEPT, from left to right.
    fn leaves(&mut self, select: &'a SelectStmt) -> Option<Vec<&'a SelectStmt>> {
        let mut found = Vec::new();
        let mut pending = vec![select];
        while let Some(select) = pending.pop() {
            if !self.charge(1) {
                return None;
            }
            match (select.larg(), select.rarg()) {
                (Some(left), Some(right)) => pending.extend([right, left]),
                _ => found.push(select),
            }
        }
        Some(found)
    }

    fn leaf_column(&mut self, query: Node<'a>, label: Label<'a>, how: How, mention: Option<usize>) {
        let Some(level) = self.levels.home(query) else { return self.give_up() };
        if let Node::SelectStmt(select) = query
            && !select.values_lists().is_empty()
        {
            return self.values(select, level, label, how);
        }
        let Some(targets) = self.targets(query) else { return self.give_up() };
        let chosen = targets.chosen(label);
        if !self.charge(if chosen.len() == 1 { 1 } else { targets.list.len() }) {
            return self.give_up();
        }
        for target in chosen {
            let wanted = match (label, mention) {
                (Label::Named(name), Some(mention)) => Some((name, mention)),
                _ => None,
            };
            match star_of(target.val()) {
                Some(fields) => self.star(fields, level, how, wanted),
                None if self.seen.insert((address(target), how)) => {
                    self.tasks.push(Task::Value(target.val(), level, how));
                }
                None => {}
            }
        }
    }

    fn values(&mut self, select: &'a SelectStmt, level: LevelId, label: Label<'a>, how: How) {
        for row in select.values_lists() {
            let Node::NodeList(row) = row else { return self.give_up() };
            if !self.charge(row.len()) {
                return self.give_up();
            }
            let at = match label {
                Label::At(at) => Some(at),
                Label::FromEnd(back) => row.len().checked_sub(back + 1),
                Label::Named(name) => name
                    .strip_prefix("column")
                    .and_then(|number| number.parse::<usize>().ok())
                    .and_then(|number| number.checked_sub(1)),
                Label::Stars | Label::All => None,
            };
            let one = at.and_then(|at| row.get(at));
            let cells: Vec<_> =
                if one.is_some() { one.into_iter().collect() } else { row.iter().collect() };
            for cell in cells.into_iter().filter(|&cell| !is_constant(cell)) {
                self.tasks.push(Task::Value(cell, level, how));
            }
        }
    }
}

impl<'a> Targets<'a> {
    fn of(list: Vec<&'a ResTarget>) -> Self {
        let starred = |target: &&ResTarget| is_star(target.val());
        let first_star = list.iter().position(starred).unwrap_or(list.len());
        let end_of_stars = list.iter().rposition(starred).map_or(0, |last| last + 1);
        Self { list, first_star, end_of_stars }
    }

    /// The targets that a label may mean: all that can't be excluded.
    fn chosen(&self, label: Label<'_>) -> Vec<&'a ResTarget> {
        let count = self.list.len();
        let at = match label {
            Label::At(at) => Some(at).filter(|&at| at < self.first_star),
            Label::FromEnd(back) => {
                count.checked_sub(back + 1).filter(|&at| at >= self.end_of_stars)
            }
            _ => None,
        };
        if let Some(target) = at.and_then(|at| self.list.get(at)) {
            return vec![target];
        }
        match label {
            Label::Stars => {
                self.list.get(self.first_star..self.end_of_stars).unwrap_or_default().to_vec()
            }
            Label::Named(name) => self.named(name),
            _ => self.list.clone(),
        }
    }

    fn named(&self, name: &str) -> Vec<&'a ResTarget> {
        let list = self.list.iter().copied();
        let exact: Vec<_> = list.clone().filter(|target| label(target) == Some(name)).collect();
        if !exact.is_empty() {
            return exact;
        }
        list.filter(|target| is_star(target.val()) || label(target).is_none()).collect()
    }
}

/// What the first query of a chain, or a write's RETURNING, gives.
fn first_targets(query: Node<'_>) -> Option<Vec<&ResTarget>> {
    let returning = match query {
        Node::SelectStmt(select) => {
            return Some(first_leaf(select).target_list().iter().collect());
        }
        Node::InsertStmt(insert) => insert.returning_clause(),
        Node::UpdateStmt(update) => update.returning_clause(),
        Node::DeleteStmt(delete) => delete.returning_clause(),
        Node::MergeStmt(merge) => merge.returning_clause(),
        _ => return None,
    };
    let targets = returning?.exprs().iter().map(|target| match target {
        Node::ResTarget(target) => Some(target),
        _ => None,
    });
    targets.collect()
}

/// The place of a column in a query without stars before it.
fn place_of(select: &SelectStmt, name: &str) -> Option<usize> {
    let targets: Vec<_> = select.target_list().iter().collect();
    let at = targets.iter().position(|target| label(target) == Some(name))?;
    targets.get(..at)?.iter().all(|target| !is_star(target.val())).then_some(at)
}
