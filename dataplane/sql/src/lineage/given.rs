//! What the client itself gave: literals and parameters, and what is made of nothing else.

use pg_raw_parse::Node;
use pg_raw_parse::list::NodeList;

use super::functions;
use crate::constant::is_constant;
use crate::names;

/// Nodes looked at: an expression of more of them counts as data.
const NODES: usize = 64;

/// Literals, parameters, and lists and arrays of them.
pub(super) fn is_given(node: Node<'_>) -> bool {
    let all = |list: &NodeList| list.iter().all(is_constant);
    match node {
        Node::NodeList(list) => all(list),
        Node::A_ArrayExpr(array) => all(array.elements()),
        node => is_constant(node),
    }
}

/// The same, and what operators and functions that are known to do nothing else make of it.
pub(super) fn is_fixed(node: Node<'_>) -> bool {
    let mut pending = vec![node];
    for _ in 0..NODES {
        match pending.pop() {
            None => return true,
            Some(Node::None | Node::A_Const(_) | Node::ParamRef(_) | Node::SQLValueFunction(_)) => {
            }
            Some(Node::TypeCast(cast)) => pending.push(cast.arg()),
            Some(Node::A_Expr(operation)) => {
                pending.extend([operation.lexpr(), operation.rexpr()]);
            }
            Some(Node::A_ArrayExpr(array)) if array.elements().len() <= NODES => {
                pending.extend(array.elements());
            }
            Some(list @ (Node::NodeList(_) | Node::A_ArrayExpr(_))) if is_given(list) => {}
            Some(Node::NodeList(list)) if list.len() <= NODES => pending.extend(list),
            Some(Node::FuncCall(call)) if call.over().is_none() && call.args().len() <= NODES => {
                let (schema, name) = names::qualified(call.funcname()).unwrap_or((Some(""), ""));
                if !functions::is_plain(schema, name, call.args().len()) {
                    return false;
                }
                pending.extend(call.args());
            }
            Some(_) => return false,
        }
    }
    pending.is_empty()
}
