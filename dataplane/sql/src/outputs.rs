//! Where the columns of a result come from, by names alone.
//!
//! Reads through subqueries and WITH where a column is plainly passed on; anything else is an
//! expression. A budget bounds the work, and what is left when it is used up is all expressions.

mod columns;
mod find;
mod resolver;
mod rows;

use pg_raw_parse::Node;
use pg_raw_parse::nodes::ReturningClause;

use crate::labels::is_star;
use crate::statement::Outputs;
use columns::{Columns, UNTRACED, of_value};
use resolver::Resolver;

/// The columns of a query, or of a write's RETURNING.
pub(crate) fn of(node: Node<'_>) -> Outputs {
    match node {
        Node::SelectStmt(select) => Resolver::new().select(select),
        Node::InsertStmt(insert) => returning(insert.returning_clause()),
        Node::UpdateStmt(update) => returning(update.returning_clause()),
        Node::DeleteStmt(delete) => returning(delete.returning_clause()),
        Node::MergeStmt(merge) => returning(merge.returning_clause()),
        _ => Outputs::None,
    }
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
