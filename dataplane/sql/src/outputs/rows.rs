//! Whether a count of rows is more than a count: `generate_series(1, x)` makes as many as a value says.

use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{ResTarget, SelectStmt};
use pg_raw_parse::{Node, raw};

use super::resolver::Resolver;
use crate::constant::is_constant;
use crate::scope::ScopeId;

impl<'a> Resolver<'a> {
    /// FROM has relations and plain queries alone.
    pub(super) fn has_plain_rows(
        &mut self,
        from: &'a NodeList,
        scope: ScopeId,
        depth: u32,
    ) -> bool {
        if depth == 0 || !self.charge(from.len()) {
            return false;
        }
        let mut pending: Vec<_> = from.iter().collect();
        while let Some(item) = pending.pop() {
            let plain = match item {
                Node::JoinExpr(join) => {
                    pending.extend([join.larg(), join.rarg()]);
                    self.charge(2)
                }
                Node::RangeVar(range) => match self.bound(range, scope) {
                    None => true,
                    Some(bound) if bound.recursive => false,
                    Some(bound) => match bound.query.ctequery() {
                        Node::SelectStmt(select) => self.is_plain(select, bound.scope, depth - 1),
                        _ => false,
                    },
                },
                Node::RangeSubselect(query) => match query.subquery() {
                    Node::SelectStmt(select) => self.is_plain(select, scope, depth - 1),
                    _ => false,
                },
                _ => false,
            };
            if !plain {
                return false;
            }
        }
        true
    }

    /// Columns and constants of plain rows, and no limit that is computed.
    fn is_plain(&mut self, select: &'a SelectStmt, outer: ScopeId, depth: u32) -> bool {
        let limits = [select.limit_count(), select.limit_offset()];
        let limited = limits.into_iter().any(|of| !matches!(of, Node::None) && !is_constant(of));
        if limited || select.op != raw::SetOperation::SETOP_NONE {
            return false;
        }
        let targets = select.target_list();
        if !self.charge(targets.len()) {
            return false;
        }
        let scope = self.body(select, outer);
        let mut targets = targets.iter().map(ResTarget::val);
        targets.all(|value| matches!(value, Node::ColumnRef(_)) || is_constant(value))
            && self.has_plain_rows(select.from_clause(), scope, depth)
    }
}
