//! The columns of a result as they are met, left to right.

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::FuncCall;

use crate::constant::is_constant;
use crate::names;
use crate::statement::{Lineage, Outputs, Source};

/// An expression, until its lineage is found.
pub(super) const UNTRACED: Source = Source::Expression(Lineage::Unknown);

#[derive(Default)]
pub(super) struct Columns {
    left: Vec<Source>,
    star: bool,
    star_of: Option<(Option<String>, String)>,
    right: Vec<Source>,
}

impl Columns {
    pub(super) fn push(&mut self, source: Source) {
        if self.star { self.right.push(source) } else { self.left.push(source) }
    }

    pub(super) fn star(&mut self, of: Option<(Option<String>, String)>) {
        self.star_of = if self.star { None } else { of };
        self.star = true;
        self.right.clear();
    }

    pub(super) fn finish(self) -> Outputs {
        let Self { left, star, star_of, right } = self;
        Outputs::Columns { left, star, star_of, starred: Lineage::Unknown, right }
    }
}

pub(super) fn of_value(value: Node<'_>) -> Source {
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

pub(super) fn all_named(left: Vec<Source>) -> Outputs {
    Columns { left, ..Columns::default() }.finish()
}

/// A set operation passes on only what is the same on both sides.
pub(super) fn join(so_far: &mut Source, other: &Source) {
    if *so_far != *other {
        *so_far = UNTRACED;
    }
}

/// The server names no origin for a column of a set operation.
pub(super) fn untraced(source: Source) -> Source {
    match source {
        Source::Column { .. } => UNTRACED,
        source => source,
    }
}

pub(super) fn values(rows: &NodeList) -> Outputs {
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
