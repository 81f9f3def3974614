//! The columns that a query gives, by place and by name.

use pg_raw_parse::Node;
use pg_raw_parse::nodes::{ResTarget, SelectStmt};

use crate::labels::{is_star, label};
use crate::outputs::first_leaf;

/// Which columns of a query.
#[derive(Clone, Copy)]
pub(super) enum Label<'a> {
    At(usize),
    /// From the last one, which is 0.
    FromEnd(usize),
    /// Those of `*` and of what the text can't count.
    Stars,
    Named(&'a str),
    All,
}

/// What a query gives, and where stars make it uncertain.
pub(super) struct Targets<'a> {
    pub(super) list: Vec<&'a ResTarget>,
    first_star: usize,
    /// Behind the last one.
    end_of_stars: usize,
}

impl<'a> Targets<'a> {
    pub(super) fn of(list: Vec<&'a ResTarget>) -> Self {
        let starred = |target: &&ResTarget| is_star(target.val());
        let first_star = list.iter().position(starred).unwrap_or(list.len());
        let end_of_stars = list.iter().rposition(starred).map_or(0, |last| last + 1);
        Self { list, first_star, end_of_stars }
    }

    /// The targets that a label may mean: all that can't be excluded.
    pub(super) fn chosen(&self, label: Label<'_>) -> Vec<&'a ResTarget> {
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
pub(super) fn first_targets(query: Node<'_>) -> Option<Vec<&ResTarget>> {
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
pub(super) fn place_of(select: &SelectStmt, name: &str) -> Option<usize> {
    let targets: Vec<_> = select.target_list().iter().collect();
    let at = targets.iter().position(|target| label(target) == Some(name))?;
    targets.get(..at)?.iter().all(|target| !is_star(target.val())).then_some(at)
}
