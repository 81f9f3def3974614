//! What the columns of a result are made of, and what else a statement uses columns for.
//!
//! Each value is followed to the base columns that it depends on, through subqueries, WITH, joins,
//! set operations and functions in FROM, and each predicate, grouping and ordering is followed the
//! same way. Names are those of the text: a column that several relations of FROM may have belongs
//! to all of them, until somebody asks the catalog. What can't be followed is unknown, and so is
//! all that is left when the budget is used up.
//!
//! The tree is walked once for its queries (`walk`), then each question is a list of tasks; nothing
//! recurses.

mod expression;
mod flow;
mod from;
mod functions;
mod given;
mod items;
mod levels;
mod predicates;
mod queries;
mod targets;
mod tracer;
mod uses;
mod walk;

use pg_raw_parse::Node;

use crate::statement::{FunctionUse, Lineage, Outputs, Source, Use};
use targets::Label;
use tracer::Tracer;

/// Steps of one statement: a text of a megabyte can ask for one of a hundred thousand columns, as
/// often again. This many take milliseconds.
const STEPS: usize = 200_000;

/// Finds what the expressions among `outputs` are made of, and all uses of columns in the statement
/// `root`, of which `query` gives the result; `functions` are all that it calls.
pub(crate) fn trace<'a>(
    root: Node<'a>,
    query: Node<'a>,
    functions: &'a [FunctionUse],
    outputs: &mut Outputs,
) -> Vec<Use> {
    let mut tracer = Tracer::new(root, query, functions, STEPS);
    if let Outputs::Columns { left, star, starred, right, .. } = outputs {
        for (index, source) in left.iter_mut().enumerate() {
            fill(source, || tracer.column(query, Label::At(index)));
        }
        if *star {
            *starred = tracer.column(query, Label::Stars);
            let behind = right.len();
            for (index, source) in right.iter_mut().enumerate() {
                fill(source, || tracer.column(query, Label::FromEnd(behind - 1 - index)));
            }
        }
    }
    tracer.uses()
}

fn fill(source: &mut Source, lineage: impl FnOnce() -> Lineage) {
    if let Source::Expression(of) = source {
        *of = lineage();
    }
}

/// Nodes are compared by where they lie.
fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node).addr()
}
