//! The columns that a query gives, followed to what they are made of.

use std::rc::Rc;

use pg_raw_parse::Node;
use pg_raw_parse::nodes::SelectStmt;

use super::address;
use super::flow::Flow;
use super::levels::{LevelId, query_address};
use super::targets::{Label, Targets};
use super::tracer::{Task, Tracer};
use crate::constant::is_constant;
use crate::labels::star_of;

impl<'a> Tracer<'a> {
    /// Columns of a query, by place or by name.
    pub(super) fn query_column(
        &mut self,
        query: Node<'a>,
        label: Label<'a>,
        flow: Flow,
        mention: Option<usize>,
    ) {
        let Node::SelectStmt(select) = query else {
            return self.leaf_column(query, label, flow, mention);
        };
        let Some(all) = self.leaves(select) else { return self.give_up() };
        // The first query of a set operation names the columns of all.
        let label = match (label, all.as_slice()) {
            (Label::Named(name), [first, _, ..]) => {
                if let Some(mention) = mention {
                    self.settle(mention);
                }
                let targets = self.targets(Node::SelectStmt(first));
                targets.and_then(|targets| targets.place(name)).map_or(Label::All, Label::At)
            }
            (label, _) => label,
        };
        for leaf in all {
            self.leaf_column(Node::SelectStmt(leaf), label, flow, mention);
        }
    }

    pub(super) fn targets(&mut self, query: Node<'a>) -> Option<Rc<Targets<'a>>> {
        let address = query_address(query)?;
        if let Some(known) = self.targets.get(&address) {
            return Some(known.clone());
        }
        let targets = Rc::new(Targets::of(query)?);
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

    fn leaf_column(
        &mut self,
        query: Node<'a>,
        label: Label<'a>,
        flow: Flow,
        mention: Option<usize>,
    ) {
        let Some(level) = self.levels.home(query) else { return self.give_up() };
        if let Node::SelectStmt(select) = query
            && !select.values_lists().is_empty()
        {
            return self.values(select, level, label, flow);
        }
        let Some(targets) = self.targets(query) else { return self.give_up() };
        let chosen = targets.chosen(label);
        if !self.charge(chosen.len()) {
            return self.give_up();
        }
        for target in chosen {
            let wanted = match (label, mention) {
                (Label::Named(name), Some(mention)) => Some((name, mention)),
                _ => None,
            };
            match star_of(target.val()) {
                Some(fields) => self.star(fields, level, flow, wanted),
                None if self.seen.insert((address(target), flow)) => {
                    self.tasks.push(Task::Value(target.val(), level, flow));
                }
                None => {}
            }
        }
    }

    fn values(&mut self, select: &'a SelectStmt, level: LevelId, label: Label<'a>, flow: Flow) {
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
                self.tasks.push(Task::Value(cell, level, flow));
            }
        }
    }
}
