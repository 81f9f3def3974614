//! Whether a write moves what it reads into what it writes.

use pg_raw_parse::Node;
use pg_raw_parse::list::CastNodeList;
use pg_raw_parse::nodes::{ColumnRef, InsertStmt, MergeStmt, ResTarget};

use crate::children::children;
use crate::constant::is_constant;

/// INSERT of anything but literals and parameters.
pub(crate) fn insert_copies(insert: &InsertStmt) -> bool {
    let rows = match insert.select_stmt() {
        Node::None => false,
        Node::SelectStmt(select) if !select.values_lists().is_empty() => {
            select.values_lists().iter().any(|row| {
                row.as_node_list().is_none_or(|row| row.iter().any(|value| !is_given(value)))
            })
        }
        _ => true,
    };
    rows || reads_target(insert)
}

/// ON CONFLICT DO UPDATE with values computed from the row that is there.
pub(crate) fn reads_target(insert: &InsertStmt) -> bool {
    insert.on_conflict_clause().is_some_and(|clause| assigns_computed(clause.target_list()))
}

pub(crate) fn merge_copies(merge: &MergeStmt) -> bool {
    merge.merge_when_clauses().iter().any(|clause| {
        let computed = clause.target_list().iter().any(|target| match target {
            Node::ResTarget(target) => is_computed(target),
            _ => true,
        });
        computed || clause.values().iter().any(|value| !is_given(value))
    })
}

/// SET with a value that is neither given by the client nor made of the same column alone
/// (`visits = visits + 1`).
pub(crate) fn assigns_computed(targets: &CastNodeList<ResTarget>) -> bool {
    targets.iter().any(is_computed)
}

fn is_computed(target: &ResTarget) -> bool {
    // In an INSERT's column list a target has no value.
    let value = match target.val() {
        Node::None => return false,
        Node::MultiAssignRef(assignment) => match assignment.source() {
            Node::RowExpr(row) => {
                let index = usize::try_from(assignment.colno - 1).unwrap_or(usize::MAX);
                row.args().get(index).unwrap_or(Node::None)
            }
            source => source,
        },
        value => value,
    };
    !is_given(value) && !stays_in_column(value, target.name().unwrap_or_default())
}

fn is_given(value: Node<'_>) -> bool {
    matches!(value, Node::SetToDefault(_)) || is_constant(value)
}

/// Operators over literals, the column itself, and the row that was to be inserted.
fn stays_in_column(value: Node<'_>, column: &str) -> bool {
    let mut pending = vec![value];
    while let Some(node) = pending.pop() {
        match node {
            Node::ColumnRef(reference) if is_own(reference, column) => {}
            Node::A_Expr(_) | Node::BoolExpr(_) | Node::TypeCast(_) => {
                children(node, &mut |child| pending.push(child));
            }
            Node::A_Const(_) | Node::ParamRef(_) | Node::TypeName(_) | Node::None => {}
            _ => return false,
        }
    }
    true
}

fn is_own(reference: &ColumnRef, column: &str) -> bool {
    let fields = reference.fields();
    let name = |index| fields.get(index).and_then(Node::as_str);
    match fields.len() {
        1 => name(0) == Some(column),
        2 => name(0) == Some("excluded"),
        _ => false,
    }
}
