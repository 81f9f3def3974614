//! What columns are used for beside being shown: each use tells of their values.

use std::collections::HashMap;

use pg_raw_parse::list::NodeList;
use pg_raw_parse::nodes::{
    A_Expr, CommonTableExpr, FuncCall, RangeFunction, SelectStmt, TypeCast, WindowDef,
};
use pg_raw_parse::{Node, raw};

use super::functions;
use super::levels::LevelId;
use super::targets::Names;
use crate::constant::is_constant;
use crate::labels::first_leaf;
use crate::names;
use crate::statement::Place;

/// What is still to be followed.
pub(super) enum Pending<'a> {
    /// All columns that an expression depends on.
    Value(Place, Node<'a>, LevelId),
    /// A name that may be that of a column, or of one in the result.
    IfColumn(Place, &'a str, LevelId),
    /// `a = b`: an equality join if both are plainly columns, else a filter. Within another predicate
    /// it is what that is.
    Equality {
        place: Option<Place>,
        sides: [Node<'a>; 2],
        level: LevelId,
    },
    /// What says how many rows there are.
    Count(Node<'a>, LevelId),
    /// The columns of a query, or a value, that is written.
    Written(Node<'a>),
    Assigned(Node<'a>, LevelId),
    /// What compares values that come together: of one column of a relation, that tells of no value.
    Among(Place, Node<'a>, LevelId),
    /// A column of USING, of all items of FROM that have it.
    Using(&'a str, LevelId),
    /// NATURAL, DISTINCT and set operations compare all columns of a query.
    Rows(Place, &'a SelectStmt),
    /// NATURAL compares what two items of FROM have in common, which the text doesn't tell.
    Natural(LevelId),
    /// `ORDER BY 1` and `ORDER BY name`, by the place or the name in the result.
    Position(Place, &'a SelectStmt, usize),
    Named(Place, &'a SelectStmt, &'a str),
}

#[derive(Default)]
pub(super) struct Predicates<'a> {
    pub(super) pending: Vec<Pending<'a>>,
}

impl<'a> Predicates<'a> {
    fn value(&mut self, place: Place, node: Node<'a>, level: LevelId) {
        if !matches!(node, Node::None) && !is_constant(node) {
            self.pending.push(Pending::Value(place, node, level));
        }
    }

    fn count(&mut self, node: Node<'a>, level: LevelId) {
        if !matches!(node, Node::None) && !is_constant(node) {
            self.pending.push(Pending::Count(node, level));
        }
    }

    fn among(&mut self, place: Place, values: &'a NodeList, level: LevelId) {
        let values = values.iter().filter(|&value| !is_constant(value));
        self.pending.extend(values.map(|value| Pending::Among(place, value, level)));
    }

    /// The query whose rows are written.
    pub(super) fn written(&mut self, query: Node<'a>) {
        if !matches!(query, Node::None) {
            self.pending.push(Pending::Written(query));
        }
    }

    /// The value that a column is set to.
    pub(super) fn assigned(&mut self, value: Node<'a>, level: LevelId) {
        if !matches!(value, Node::None) && !is_constant(value) {
            self.pending.push(Pending::Assigned(value, level));
        }
    }

    /// WHERE, HAVING and the like: each of what AND joins is a use of its own.
    pub(super) fn filter(&mut self, node: Node<'a>, level: LevelId) {
        self.predicate(None, node, level);
    }

    /// The parts of a predicate; without a place it is one that filters rows.
    fn predicate(&mut self, place: Option<Place>, node: Node<'a>, level: LevelId) {
        let mut parts = vec![(place, node)];
        while let Some((place, node)) = parts.pop() {
            match node {
                Node::BoolExpr(all) => {
                    let conjunction = all.boolop == raw::BoolExprType::AND_EXPR;
                    let within = if conjunction { place } else { place.or(Some(Place::Filter)) };
                    parts.extend(all.args().iter().map(|part| (within, part)));
                }
                Node::A_Expr(comparison) if is_equality(comparison) => {
                    let sides = [comparison.lexpr(), comparison.rexpr()];
                    self.pending.push(Pending::Equality { place, sides, level });
                }
                node => self.value(place.unwrap_or(Place::Filter), node, level),
            }
        }
    }

    fn equality(&mut self, place: Place, sides: [Node<'a>; 2], level: LevelId) {
        self.pending.push(Pending::Equality { place: Some(place), sides, level });
    }

    /// The clauses of one query.
    pub(super) fn query(&mut self, select: &'a SelectStmt, level: LevelId) {
        self.filter(select.where_clause(), level);
        self.filter(select.having_clause(), level);
        self.joins(select.from_clause(), level);
        let names = names_in_result(select);
        self.groups(select, &names, level);
        self.sorts(select, &names, level);
        self.distinct(select, &names, level);
        for window in select.window_clause() {
            if let Node::WindowDef(window) = window {
                self.window(window, level);
            }
        }
        self.count(select.limit_count(), level);
        self.count(select.limit_offset(), level);
    }

    /// UNION and its kin compare whole rows; only names of the result sort them.
    pub(super) fn set_operation(&mut self, select: &'a SelectStmt, outer: LevelId, compared: bool) {
        if !compared && compares_rows(select) {
            self.pending.push(Pending::Rows(Place::Group, select));
        }
        self.sorts(select, &names_in_result(select), outer);
        self.count(select.limit_count(), outer);
        self.count(select.limit_offset(), outer);
    }

    /// SEARCH sorts rows, and CYCLE compares them, by columns of the query.
    pub(super) fn recursion(&mut self, query: &'a CommonTableExpr) {
        let Node::SelectStmt(select) = query.ctequery() else { return };
        let sorted = query.search_clause().map(|search| (Place::Sort, search.search_col_list()));
        let compared = query.cycle_clause().map(|cycle| (Place::Group, cycle.cycle_col_list()));
        let places = query.aliascolnames().iter().enumerate();
        let places: HashMap<_, _> = places.map(|(at, name)| (name.as_str(), at)).collect();
        for (place, columns) in sorted.into_iter().chain(compared) {
            for name in columns.iter().filter_map(Node::as_str) {
                self.pending.push(match places.get(&Some(name)) {
                    Some(&at) => Pending::Position(place, select, at),
                    None => Pending::Named(place, select, name),
                });
            }
        }
    }

    /// The conditions of joins, and what says how many rows an item of FROM has.
    pub(super) fn joins(&mut self, from: &'a NodeList, level: LevelId) {
        let mut pending: Vec<_> = from.iter().collect();
        while let Some(item) = pending.pop() {
            match item {
                Node::JoinExpr(join) => {
                    self.filter(join.quals(), level);
                    if join.is_natural {
                        self.pending.push(Pending::Natural(level));
                    }
                    let columns = join.using_clause().iter();
                    for name in columns.filter_map(|column| column.sval()) {
                        self.pending.push(Pending::Using(name, level));
                    }
                    pending.extend([join.larg(), join.rarg()]);
                }
                Node::RangeTableSample(sample) => {
                    for argument in sample.args() {
                        self.count(argument, level);
                    }
                    self.count(sample.repeatable(), level);
                    pending.push(sample.relation());
                }
                Node::RangeFunction(function) => self.set(function, level),
                Node::RangeTableFunc(_) | Node::JsonTable(_) => {
                    self.value(Place::Rows, item, level);
                }
                _ => {}
            }
        }
    }

    /// Arguments say how many rows a function in FROM gives.
    fn set(&mut self, function: &'a RangeFunction, level: LevelId) {
        for part in function.functions() {
            let Node::NodeList(part) = part else { continue };
            match part.first() {
                Some(Node::FuncCall(call)) => {
                    for argument in call.args() {
                        self.count(argument, level);
                    }
                }
                Some(other) => self.value(Place::Rows, other, level),
                None => {}
            }
        }
    }

    fn groups(&mut self, select: &'a SelectStmt, names: &Names<'_>, level: LevelId) {
        let mut pending: Vec<_> = select.group_clause().iter().collect();
        while let Some(item) = pending.pop() {
            match item {
                Node::GroupingSet(set) => pending.extend(set.content()),
                Node::RowExpr(row) => pending.extend(row.args()),
                // A name is that of a column of FROM first.
                item if self.by_result(Place::Group, select, names, item) => {
                    if let Some(name) = plain_name(item) {
                        self.pending.push(Pending::IfColumn(Place::Group, name, level));
                    }
                }
                item => self.value(Place::Group, item, level),
            }
        }
    }

    fn sorts(&mut self, select: &'a SelectStmt, names: &Names<'_>, level: LevelId) {
        for sort in select.sort_clause() {
            if !self.by_result(Place::Sort, select, names, sort.node()) {
                self.value(Place::Sort, sort.node(), level);
            }
        }
    }

    /// Whether it is a place or a name in the result.
    fn by_result(
        &mut self,
        place: Place,
        select: &'a SelectStmt,
        names: &Names<'_>,
        item: Node<'a>,
    ) -> bool {
        if let Some(position) = position(item) {
            self.pending.push(Pending::Position(place, select, position));
            return true;
        }
        let Some(name) = plain_name(item) else { return false };
        let in_result = names.has(name) || select.larg().is_some();
        if in_result || names.has_untold {
            self.pending.push(Pending::Named(place, select, name));
        }
        in_result
    }

    fn distinct(&mut self, select: &'a SelectStmt, names: &Names<'_>, level: LevelId) {
        let mut on = select.distinct_clause().iter().peekable();
        match on.peek() {
            None => {}
            Some(Node::None) => self.pending.push(Pending::Rows(Place::Group, select)),
            Some(_) => {
                for item in on {
                    if !self.by_result(Place::Group, select, names, item) {
                        self.value(Place::Group, item, level);
                    }
                }
            }
        }
    }

    fn window(&mut self, window: &'a WindowDef, level: LevelId) {
        for part in window.partition_clause() {
            self.value(Place::Group, part, level);
        }
        for sort in window.order_clause() {
            self.value(Place::Sort, sort.node(), level);
        }
        self.count(window.start_offset(), level);
        self.count(window.end_offset(), level);
    }

    /// What a node within an expression uses columns for. True: all below it is followed.
    pub(super) fn within(&mut self, node: Node<'a>, level: LevelId, covered: bool) -> bool {
        match node {
            Node::FuncCall(call) => {
                self.call(call, level);
                let loud = !is_quiet(call);
                if loud && !covered {
                    self.value(Place::Computation, node, level);
                }
                covered || loud
            }
            Node::CaseExpr(case) => {
                let whens = case.args().iter().filter_map(|when| match when {
                    Node::CaseWhen(when) => Some(when.expr()),
                    _ => None,
                });
                for when in whens {
                    match case.arg() {
                        Node::None => self.predicate(Some(Place::Condition), when, level),
                        compared => self.equality(Place::Condition, [compared, when], level),
                    }
                }
                covered
            }
            Node::A_Expr(operation) => {
                if operation.kind == raw::A_Expr_Kind::AEXPR_NULLIF {
                    let sides = [operation.lexpr(), operation.rexpr()];
                    self.equality(Place::Condition, sides, level);
                    return covered;
                }
                let loud = !is_quiet_operation(operation);
                if loud && !covered {
                    self.value(Place::Computation, node, level);
                }
                covered || loud
            }
            // Whose mask is shown, and how long it is, would tell which value is the greater one.
            Node::MinMaxExpr(_) => {
                self.value(Place::Condition, node, level);
                covered
            }
            Node::TypeCast(cast) => {
                let loud = !is_quiet_cast(cast);
                if loud && !covered {
                    self.value(Place::Computation, cast.arg(), level);
                }
                covered || loud
            }
            node if !covered && is_loud(node) => {
                self.value(Place::Computation, node, level);
                true
            }
            _ => covered,
        }
    }

    /// What a call says beside its arguments.
    fn call(&mut self, call: &'a FuncCall, level: LevelId) {
        let (schema, name) = names::qualified(call.funcname()).unwrap_or((Some(""), ""));
        if functions::is_set(schema, name) {
            for argument in call.args() {
                self.count(argument, level);
            }
        }
        if functions::passes_on(name) {
            for argument in call.args() {
                self.value(Place::Passed, argument, level);
            }
        }
        if call.agg_distinct {
            self.among(Place::Group, call.args(), level);
        } else if functions::chooses(schema, name) {
            self.among(Place::Condition, call.args(), level);
        }
        self.filter(call.agg_filter(), level);
        if !call.agg_within_group {
            for sort in call.agg_order() {
                self.value(Place::Sort, sort.node(), level);
            }
        }
        if let Some(window) = call.over() {
            self.window(window, level);
        }
    }
}

/// The names of a query's columns, where something asks for them.
fn names_in_result<'a>(select: &'a SelectStmt) -> Names<'a> {
    let asked = !select.sort_clause().is_empty()
        || !select.group_clause().is_empty()
        || !select.distinct_clause().is_empty();
    if asked { Names::of(first_leaf(select).target_list()) } else { Names::default() }
}

/// Whether equal rows are told apart or brought together.
pub(super) fn compares_rows(select: &SelectStmt) -> bool {
    select.op != raw::SetOperation::SETOP_UNION || !select.all
}

fn is_equality(comparison: &A_Expr) -> bool {
    use raw::A_Expr_Kind as Form;
    matches!(comparison.kind, Form::AEXPR_OP | Form::AEXPR_OP_ANY | Form::AEXPR_IN)
        && matches!(names::qualified(comparison.name()), Some((None | Some("pg_catalog"), "=")))
}

/// A column's name without a qualifier.
fn plain_name(item: Node<'_>) -> Option<&str> {
    let Node::ColumnRef(column) = item else { return None };
    let fields = column.fields();
    fields.first().and_then(Node::as_str).filter(|_| fields.len() == 1)
}

/// `ORDER BY 2`
fn position(item: Node<'_>) -> Option<usize> {
    let Node::A_Const(literal) = item else { return None };
    match literal.val() {
        Some(pg_raw_parse::ConstValue::Integer(position)) => {
            usize::try_from(position).ok()?.checked_sub(1)
        }
        _ => None,
    }
}

/// Whether an error tells of what stands in it. Keys that must differ tell whether they do.
fn is_loud(node: Node<'_>) -> bool {
    match node {
        Node::JsonObjectConstructor(object) => object.unique,
        Node::JsonObjectAgg(object) => object.unique,
        node => matches!(
            node,
            Node::XmlSerialize(_)
                | Node::JsonFuncExpr(_)
                | Node::JsonParseExpr(_)
                | Node::A_Indices(_)
        ),
    }
}

fn is_quiet(call: &FuncCall) -> bool {
    let Some((schema, name)) = names::qualified(call.funcname()) else { return false };
    let arguments = call.args();
    let given = arguments.iter().skip(1).all(is_constant);
    let field_given = arguments.first().is_some_and(is_constant) && arguments.len() == 2;
    let part = ["date_part", "date_trunc", "extract"].contains(&name) && field_given;
    part || functions::is_quiet(schema, name, arguments.len(), given)
}

fn is_quiet_operation(operation: &A_Expr) -> bool {
    use raw::A_Expr_Kind as Form;
    match operation.kind {
        Form::AEXPR_OP | Form::AEXPR_LIKE | Form::AEXPR_ILIKE => {
            let given = is_constant(operation.rexpr());
            names::qualified(operation.name())
                .is_some_and(|(schema, name)| functions::is_quiet_operator(schema, name, given))
        }
        Form::AEXPR_OP_ANY | Form::AEXPR_OP_ALL | Form::AEXPR_SIMILAR => false,
        _ => true,
    }
}

/// Casts to text don't fail; nor does one to bytea but for a backslash.
fn is_quiet_cast(cast: &TypeCast) -> bool {
    let name = cast.type_name().and_then(names::type_name);
    let texts = ["text", "varchar", "bpchar", "name", "bytea"];
    matches!(cast.arg(), Node::A_Const(_) | Node::ParamRef(_))
        || matches!(name, Some((None | Some("pg_catalog"), name)) if texts.contains(&name))
}
