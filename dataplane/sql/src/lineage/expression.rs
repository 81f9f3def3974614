//! One step through an expression: what becomes of its parts in its value.

use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{A_Expr, FuncCall, SubLink, TypeCast};
use pg_raw_parse::{ConstValue, Node, raw};

use super::functions::effect;
use super::levels::LevelId;
use super::targets::Label;
use super::tracer::{Task, Tracer};
use crate::children::children;
use crate::constant::string;
use crate::names;
use crate::statement::How;

impl<'a> Tracer<'a> {
    pub(super) fn value(&mut self, node: Node<'a>, level: LevelId, how: How) {
        match node {
            Node::ColumnRef(column) => self.reference(column, level, how),
            Node::FuncCall(call) => self.call(call, level, how),
            Node::A_Expr(operation) => self.operation(operation, level, how),
            Node::SubLink(link) => self.sub_link(link, level, how),
            Node::SelectStmt(_) => self.tasks.push(Task::Column(node, Label::All, how, None)),
            Node::TypeCast(cast) => {
                let effect = if keeps(cast) { How::Recast } else { How::Computed };
                self.follow(cast.arg(), level, effect.within(how));
            }
            Node::NullTest(test) => {
                let effect = counted(test.arg());
                self.follow(test.arg(), level, effect.over(how));
            }
            Node::CaseExpr(case) => {
                self.follow(case.arg(), level, How::Condition);
                for when in case.args() {
                    if let Node::CaseWhen(when) = when {
                        self.follow(when.expr(), level, How::Condition);
                        self.follow(when.result(), level, how);
                    }
                }
                self.follow(case.defresult(), level, how);
            }
            Node::A_Indirection(value) => {
                self.follow(value.arg(), level, how);
                for part in value.indirection() {
                    self.follow(part, level, How::Computed.within(how));
                }
            }
            Node::CoalesceExpr(_)
            | Node::MinMaxExpr(_)
            | Node::A_ArrayExpr(_)
            | Node::RowExpr(_)
            | Node::NamedArgExpr(_)
            | Node::NodeList(_)
            | Node::XmlExpr(_)
            | Node::ResTarget(_)
            | Node::CollateClause(_)
            | Node::JsonKeyValue(_)
            | Node::JsonValueExpr(_)
            | Node::JsonObjectConstructor(_)
            | Node::JsonArrayConstructor(_) => self.parts(node, level, how),
            Node::TypeName(_) | Node::A_Const(_) | Node::ParamRef(_) | Node::None => {}
            node => self.parts(node, level, How::Computed.within(how)),
        }
    }

    fn follow(&mut self, node: Node<'a>, level: LevelId, how: How) {
        if !matches!(node, Node::None) {
            self.tasks.push(Task::Value(node, level, how));
        }
    }

    fn parts(&mut self, node: Node<'a>, level: LevelId, how: How) {
        children(node, &mut |child| self.follow(child, level, how));
    }

    fn call(&mut self, call: &'a FuncCall, level: LevelId, how: How) {
        let arguments = call.args();
        let (schema, name) = names::qualified(call.funcname()).unwrap_or((Some(""), ""));
        let mut effect = effect(schema, name, arguments.len());
        // What stands between the values must not be able to hide one.
        let joined = match name {
            "string_agg" => arguments.get(1).is_some_and(separates),
            "concat_ws" => arguments.first().is_some_and(separates),
            _ => true,
        };
        if !joined || call.agg_within_group {
            effect = How::Computed;
        }
        for argument in arguments {
            let how = match effect {
                How::Counted => counted(argument).over(how),
                How::Measured => How::Measured.over(how),
                effect => effect.within(how),
            };
            self.follow(argument, level, how);
        }
        let around = if call.agg_within_group { How::Computed.within(how) } else { How::Condition };
        for sort in call.agg_order() {
            self.follow(sort.node(), level, around);
        }
        self.follow(call.agg_filter(), level, How::Condition);
        if let Some(window) = call.over() {
            self.parts(Node::WindowDef(window), level, How::Condition);
        }
    }

    fn operation(&mut self, operation: &'a A_Expr, level: LevelId, how: How) {
        let (left, right) = (operation.lexpr(), operation.rexpr());
        let effect = match operation.kind {
            raw::A_Expr_Kind::AEXPR_OP if is_concatenation(operation.name()) => {
                let apart = separates(left) || separates(right) || ends_apart(left);
                if apart { How::Recast } else { How::Computed }
            }
            raw::A_Expr_Kind::AEXPR_NULLIF => {
                self.follow(left, level, How::Condition);
                self.follow(right, level, How::Condition);
                return self.follow(left, level, how);
            }
            _ => How::Computed,
        };
        self.follow(left, level, effect.within(how));
        self.follow(right, level, effect.within(how));
    }

    /// Whether a row exists is told by the predicates of the query, which are uses of their own.
    fn sub_link(&mut self, link: &'a SubLink, level: LevelId, how: How) {
        use raw::SubLinkType as Form;
        match link.sub_link_type {
            Form::EXISTS_SUBLINK => {}
            Form::EXPR_SUBLINK | Form::ARRAY_SUBLINK | Form::MULTIEXPR_SUBLINK => {
                self.follow(link.subselect(), level, how);
            }
            _ => {
                self.follow(link.testexpr(), level, How::Computed.within(how));
                self.follow(link.subselect(), level, How::Computed.within(how));
            }
        }
    }
}

impl How {
    /// What happens to a value in an expression to which this happens.
    pub(super) fn within(self, around: Self) -> Self {
        self.max(around)
    }

    /// The same where nothing but this is left of the value, whatever happens then.
    pub(super) fn over(self, around: Self) -> Self {
        match (self, around) {
            (Self::Counted, _) | (_, Self::Kept) => self,
            (_, Self::Condition) => Self::Condition,
            (of, _) => of,
        }
    }
}

/// Counting a column tells whether it is there; counting an expression may tell more.
fn counted(argument: Node<'_>) -> How {
    match argument {
        Node::ColumnRef(_) => How::Counted,
        _ => How::Computed,
    }
}

/// Casts that leave the value in one piece: to text without a length, to JSON and arrays of such.
fn keeps(cast: &TypeCast) -> bool {
    let Some(of) = cast.type_name() else { return false };
    let plain = of.typmods().is_empty();
    let kept = ["text", "varchar", "json", "jsonb", "xml"];
    plain
        && matches!(
            names::type_name(of),
            Some((None | Some("pg_catalog"), name)) if kept.contains(&name)
        )
}

fn is_concatenation(name: &NodeList) -> bool {
    matches!(names::qualified(name), Some((None | Some("pg_catalog"), "||")))
}

/// A literal beside which a value stays as recognisable as alone.
fn separates(node: Node<'_>) -> bool {
    string(node).is_some_and(|text| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_whitespace() || matches!(c, ',' | ';' | '|'))
    })
}

/// `(a || ', ') || b`
fn ends_apart(node: Node<'_>) -> bool {
    match node {
        Node::A_Expr(operation) => {
            is_concatenation(operation.name()) && separates(operation.rexpr())
        }
        Node::A_Const(literal) => {
            matches!(literal.val(), Some(ConstValue::String(text)) if text.ends_with([' ', '\n']))
        }
        _ => false,
    }
}
