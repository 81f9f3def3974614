//! One step through an expression: what becomes of its parts in its value.

use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{A_Expr, FuncCall, SubLink, TypeCast};
use pg_raw_parse::{ConstValue, Node, raw};

use super::flow::Flow;
use super::functions::{self, Operation};
use super::given::is_fixed;
use super::levels::LevelId;
use super::targets::Label;
use super::tracer::{Task, Tracer};
use crate::children::children;
use crate::constant::string;
use crate::statement::How;
use crate::{names, walk};

impl<'a> Tracer<'a> {
    pub(super) fn value(&mut self, node: Node<'a>, level: LevelId, flow: Flow) {
        match node {
            Node::ColumnRef(column) => self.reference(column, level, flow),
            Node::FuncCall(call) => self.call(call, level, flow),
            Node::A_Expr(operation) => self.operation(operation, level, flow),
            Node::SubLink(link) => self.sub_link(link, level, flow),
            Node::SelectStmt(_) => self.tasks.push(Task::Column(node, Label::All, flow, None)),
            Node::TypeCast(cast) => {
                let effect = if keeps(cast) { How::Recast } else { How::Computed };
                self.makes(node, effect, flow);
                self.follow(cast.arg(), level, flow.after(effect));
            }
            Node::NullTest(test) => {
                let effect = counted(test.arg());
                self.follow(test.arg(), level, flow.after_only(effect));
            }
            Node::CaseExpr(case) => {
                self.follow(case.arg(), level, flow.condition());
                for when in case.args() {
                    if let Node::CaseWhen(when) = when {
                        self.follow(when.expr(), level, flow.condition());
                        self.follow(when.result(), level, flow);
                    }
                }
                self.follow(case.defresult(), level, flow);
            }
            Node::A_Indirection(value) => {
                let whole = value.indirection().iter().all(|part| matches!(part, Node::A_Star(_)));
                let effect = if whole { How::Kept } else { How::Part };
                self.follow(value.arg(), level, flow.after(effect));
                for part in value.indirection() {
                    self.follow(part, level, flow.after(How::Computed));
                }
            }
            Node::CoalesceExpr(_)
            | Node::MinMaxExpr(_)
            | Node::A_ArrayExpr(_)
            | Node::RowExpr(_)
            | Node::NamedArgExpr(_)
            | Node::NodeList(_)
            | Node::MultiAssignRef(_)
            | Node::ResTarget(_)
            | Node::CollateClause(_)
            | Node::JsonValueExpr(_)
            | Node::JsonObjectConstructor(_)
            | Node::JsonArrayConstructor(_) => self.parts(node, level, flow),
            Node::JsonKeyValue(member) => {
                self.follow(member.key(), level, flow.after(How::Computed));
                if let Some(value) = member.value() {
                    self.follow(Node::JsonValueExpr(value), level, flow);
                }
            }
            // bytea becomes base64, JSON loses its keys.
            Node::XmlExpr(_) => {
                self.makes(node, How::Computed, flow);
                self.parts(node, level, flow.after(How::Recast));
            }
            Node::BoolExpr(_) | Node::BooleanTest(_) => {
                self.parts(node, level, flow.after(How::Compared));
            }
            Node::TypeName(_)
            | Node::A_Const(_)
            | Node::ParamRef(_)
            | Node::GroupingFunc(_)
            | Node::None => {}
            node => {
                self.makes(node, How::Computed, flow);
                self.parts(node, level, flow.after(How::Computed));
            }
        }
    }

    /// Notes what gives values that are new.
    fn makes(&mut self, node: Node<'a>, effect: How, flow: Flow) {
        let new = !matches!(effect, How::Kept | How::Recast | How::Part);
        self.made |= new && flow.is_of_values() && !is_fixed(node);
    }

    fn follow(&mut self, node: Node<'a>, level: LevelId, flow: Flow) {
        if !matches!(node, Node::None) {
            self.tasks.push(Task::Value(node, level, flow));
        }
    }

    fn parts(&mut self, node: Node<'a>, level: LevelId, flow: Flow) {
        children(node, &mut |child| self.follow(child, level, flow));
    }

    fn call(&mut self, call: &'a FuncCall, level: LevelId, flow: Flow) {
        let arguments = call.args();
        let (schema, name) = names::qualified(call.funcname()).unwrap_or((Some(""), ""));
        let flow = flow.through(self.calls(schema, name, walk::arguments(call)));
        let mut effect = functions::effect(schema, name, arguments.len());
        // What stands between the values must not be able to hide one.
        let joined = match name {
            "string_agg" => arguments.get(1).is_some_and(separates),
            "concat_ws" => arguments.first().is_some_and(separates),
            _ => true,
        };
        if !joined || call.agg_within_group {
            effect = How::Computed;
        }
        if effect == How::Computed && has_other_data(arguments) {
            effect = How::Mixed;
        }
        let given = functions::takes_apart(schema, name) && arguments.iter().all(is_fixed);
        if !given {
            self.makes(Node::FuncCall(call), made(effect), flow);
        }
        for (at, argument) in arguments.iter().enumerate() {
            let flow = match effect {
                How::Kept if functions::is_key(name, at) => flow.after(How::Computed),
                How::Counted => flow.after_only(counted(argument)),
                How::Measured => flow.after_only(How::Measured),
                effect => flow.after(effect),
            };
            self.follow(argument, level, flow);
        }
        let around =
            if call.agg_within_group { flow.after(How::Computed) } else { flow.condition() };
        for sort in call.agg_order() {
            self.follow(sort.node(), level, around);
        }
        self.follow(call.agg_filter(), level, flow.condition());
        if let Some(window) = call.over() {
            self.parts(Node::WindowDef(window), level, flow.condition());
        }
    }

    fn operation(&mut self, operation: &'a A_Expr, level: LevelId, flow: Flow) {
        let (left, right) = (operation.lexpr(), operation.rexpr());
        let effect = match operation.kind {
            raw::A_Expr_Kind::AEXPR_OP if is_concatenation(operation.name()) => {
                let apart = separates(left)
                    || separates(right)
                    || ends_apart(left)
                    || literal(right).is_some_and(|text| text.starts_with([' ', '\n']));
                if apart { How::Recast } else { How::Computed }
            }
            raw::A_Expr_Kind::AEXPR_NULLIF => {
                self.follow(left, level, flow.condition());
                self.follow(right, level, flow.condition());
                return self.follow(left, level, flow);
            }
            _ => effect_of(operation),
        };
        if operation.kind == raw::A_Expr_Kind::AEXPR_OP && !tells_whether(operation.name()) {
            self.makes(Node::A_Expr(operation), made(effect), flow);
        }
        self.follow(left, level, flow.after(effect));
        self.follow(right, level, flow.after(effect));
    }

    /// Whether a row exists is told by the predicates of the query, which are uses of their own.
    fn sub_link(&mut self, link: &'a SubLink, level: LevelId, flow: Flow) {
        use raw::SubLinkType as Form;
        match link.sub_link_type {
            Form::EXISTS_SUBLINK => {}
            Form::EXPR_SUBLINK | Form::ARRAY_SUBLINK | Form::MULTIEXPR_SUBLINK => {
                self.follow(link.subselect(), level, flow);
            }
            _ => {
                let equals = matches!(
                    names::qualified(link.oper_name()),
                    None | Some((None | Some("pg_catalog"), "=" | "<>"))
                );
                let effect = match equals {
                    _ if is_fixed(link.testexpr()) => How::Compared,
                    true => How::Joined,
                    false => How::Mixed,
                };
                self.follow(link.testexpr(), level, flow.after(effect));
                self.follow(link.subselect(), level, flow.after(effect));
            }
        }
    }
}

/// What becomes of both operands.
fn effect_of(operation: &A_Expr) -> How {
    use raw::A_Expr_Kind as Form;
    let does = match operation.kind {
        Form::AEXPR_OP | Form::AEXPR_OP_ANY | Form::AEXPR_OP_ALL => {
            let (schema, name) = names::qualified(operation.name()).unwrap_or((Some(""), ""));
            functions::operation(schema, name)
        }
        Form::AEXPR_IN | Form::AEXPR_DISTINCT | Form::AEXPR_NOT_DISTINCT => Operation::Equality,
        _ => Operation::Comparison,
    };
    let with_data = !is_fixed(operation.lexpr()) && !is_fixed(operation.rexpr());
    match (does, with_data) {
        (Operation::Path, false) => How::Part,
        (Operation::Equality | Operation::Comparison, false) => How::Compared,
        (Operation::Equality, true) => How::Joined,
        (Operation::Other, false) => How::Computed,
        (_, true) => How::Mixed,
    }
}

/// Values side by side are another value.
fn made(effect: How) -> How {
    if effect == How::Recast { How::Computed } else { effect }
}

/// Whether an operator gives true or false.
fn tells_whether(name: &NodeList) -> bool {
    let (schema, name) = names::qualified(name).unwrap_or((Some(""), ""));
    let does = functions::operation(schema, name);
    matches!(does, Operation::Equality | Operation::Comparison)
}

/// Whether a function takes data by more than one argument.
fn has_other_data(arguments: &NodeList) -> bool {
    arguments.iter().filter(|&argument| !is_fixed(argument)).nth(1).is_some()
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
        node => literal(node).is_some_and(|text| text.ends_with([' ', '\n'])),
    }
}

fn literal<'a>(node: Node<'a>) -> Option<&'a str> {
    match node {
        Node::A_Const(literal) => match literal.val() {
            Some(ConstValue::String(text)) => Some(text),
            _ => None,
        },
        _ => None,
    }
}
