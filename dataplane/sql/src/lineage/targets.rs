//! The columns that a query gives, by place and by name.

use std::collections::HashMap;

use pg_raw_parse::Node;
use pg_raw_parse::nodes::ResTarget;

use crate::figured::label;
use crate::labels::first_leaf;
use crate::labels::is_star;

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

/// Whether a query gives a column of a name.
pub(super) enum Offered {
    Not,
    Maybe,
    Surely,
}

/// Which of a query's columns have which name.
#[derive(Default)]
pub(super) struct Names<'a> {
    at: HashMap<&'a str, Vec<usize>>,
    /// Stars, and those whose name the text doesn't tell.
    open: Vec<usize>,
    /// One of them is no star.
    pub(super) has_untold: bool,
}

impl<'a> Names<'a> {
    pub(super) fn of(targets: impl IntoIterator<Item = &'a ResTarget>) -> Self {
        let mut names = Self::default();
        for (at, target) in targets.into_iter().enumerate() {
            match label(target) {
                Some(name) => names.at.entry(name).or_default().push(at),
                None => {
                    names.open.push(at);
                    names.has_untold |= !is_star(target.val());
                }
            }
        }
        names
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.at.contains_key(name)
    }
}

/// What a query gives, and where stars make it uncertain.
pub(super) struct Targets<'a> {
    pub(super) list: Vec<&'a ResTarget>,
    names: Names<'a>,
    /// Columns of VALUES, which are called `column1`, `column2` ...
    values: usize,
    first_star: usize,
    /// Behind the last one.
    end_of_stars: usize,
}

impl<'a> Targets<'a> {
    pub(super) fn of(query: Node<'a>) -> Option<Self> {
        let list = first_targets(query)?;
        let values = match query {
            Node::SelectStmt(select) => first_leaf(select).values_lists().first(),
            _ => None,
        };
        let values = match values {
            Some(Node::NodeList(row)) => row.len(),
            _ => 0,
        };
        let names = Names::of(list.iter().copied());
        let starred = |target: &&ResTarget| is_star(target.val());
        let first_star = list.iter().position(starred).unwrap_or(list.len());
        let end_of_stars = list.iter().rposition(starred).map_or(0, |last| last + 1);
        Some(Self { list, names, values, first_star, end_of_stars })
    }

    /// Whether there is a column of this name behind the `hidden` ones.
    pub(super) fn offered(&self, name: &str, hidden: usize) -> Offered {
        if self.values > 0 {
            let number = name.strip_prefix("column").and_then(|number| number.parse().ok());
            let has =
                number.is_some_and(|number: usize| (hidden + 1..=self.values).contains(&number));
            return if has { Offered::Surely } else { Offered::Not };
        }
        // What a star before them stands for, hidden ones may be among.
        let shown = |at: Option<&usize>| at.is_some_and(|&at| at >= hidden.min(self.first_star));
        if shown(self.names.at.get(name).and_then(|all| all.last())) {
            Offered::Surely
        } else if shown(self.names.open.last()) {
            Offered::Maybe
        } else {
            Offered::Not
        }
    }

    pub(super) fn have_star(&self) -> bool {
        self.first_star < self.list.len()
    }

    /// The place of the first column of a name, if no star is before it.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        let at = *self.names.at.get(name)?.first()?;
        (at < self.first_star).then_some(at)
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
        let places = self.names.at.get(name).unwrap_or(&self.names.open);
        places.iter().filter_map(|&at| self.list.get(at).copied()).collect()
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
