//! What a statement touches: relations, code, settings, and the statements inside it.
//!
//! The walk keeps its own stack, so that no text exhausts the thread's. Names are kept as slices of
//! the tree and sorted and copied once at the end; so equal statements have equal lists.

use std::ptr;

use pg_raw_parse::nodes::{A_Expr, FuncCall, JsonFuncExpr, RangeVar, SubLink, WithClause};
use pg_raw_parse::{Node, raw};

use crate::children::children;
use crate::constant::is_constant;
use crate::scope::{ScopeId, Scopes};
use crate::statement::{Access, Arguments, FunctionUse, Invocation, Kind, RelationUse, Setting};
use crate::{kind, names, objects, settings, writes};

/// What [`touched`] found; each list sorted, each entry once.
#[derive(Default)]
pub(crate) struct Touched {
    pub(crate) relations: Vec<RelationUse>,
    pub(crate) functions: Vec<FunctionUse>,
    pub(crate) attributes: Vec<String>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) unnamed_setting: bool,
    pub(crate) nested: Vec<Kind>,
    pub(crate) copies: bool,
}

/// Walks a whole statement. `inner` is the statement it wraps, which is not nested in it.
pub(crate) fn touched<'a>(root: Node<'a>, inner: Node<'a>) -> Touched {
    let mut walk = Walk {
        scopes: Scopes::new(),
        stack: Vec::with_capacity(32),
        found: Found::default(),
        settings: Vec::new(),
        unnamed_setting: false,
        copies: false,
    };
    walk.push(root, ScopeId::ROOT, Access::Define, Place::Whole);
    while let Some(frame) = walk.stack.pop() {
        let place = if is_same(frame.node, inner) { Place::Whole } else { frame.place };
        walk.step(Frame { place, ..frame });
    }
    walk.finish()
}

/// Whether a node is the statement itself (or what it wraps) or stands within it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Whole,
    Within,
}

#[derive(Clone, Copy)]
struct Frame<'a> {
    node: Node<'a>,
    scope: ScopeId,
    /// What a relation's bare name means here.
    access: Access,
    place: Place,
}

#[derive(Default)]
struct Found<'a> {
    relations: Vec<(Option<&'a str>, &'a str, Access)>,
    functions: Vec<(Option<&'a str>, &'a str, Invocation, bool)>,
    attributes: Vec<&'a str>,
    nested: Vec<Kind>,
}

struct Walk<'a> {
    scopes: Scopes<'a>,
    stack: Vec<Frame<'a>>,
    found: Found<'a>,
    settings: Vec<Setting>,
    unnamed_setting: bool,
    copies: bool,
}

impl<'a> Walk<'a> {
    fn push(&mut self, node: Node<'a>, scope: ScopeId, access: Access, place: Place) {
        if !matches!(node, Node::None) {
            self.stack.push(Frame { node, scope, access, place });
        }
    }

    fn step(&mut self, frame: Frame<'a>) {
        if frame.place == Place::Within
            && let Some(kind) = kind::of(frame.node)
            && !matches!(kind, Kind::Select | Kind::Set)
        {
            self.found.nested.push(kind);
        }
        match frame.node {
            Node::RangeVar(range) => self.relation(range, frame),
            Node::SelectStmt(select) => {
                self.copies |= select.into_clause().is_some();
                self.query(frame, select.with_clause(), None);
            }
            Node::InsertStmt(insert) => {
                let reads = insert.returning_clause().is_some() || writes::reads_target(insert);
                self.copies |= writes::insert_copies(insert);
                self.write(frame, insert.with_clause(), insert.relation(), reads);
            }
            Node::UpdateStmt(update) => {
                let copies = writes::assigns_computed(update.target_list());
                let reads = copies || update.returning_clause().is_some();
                self.copies |= copies;
                self.write(frame, update.with_clause(), update.relation(), reads);
            }
            Node::DeleteStmt(delete) => {
                let reads = delete.returning_clause().is_some();
                self.write(frame, delete.with_clause(), delete.relation(), reads);
            }
            Node::MergeStmt(merge) => {
                let copies = writes::merge_copies(merge);
                let reads = copies || merge.returning_clause().is_some();
                self.copies |= copies;
                self.write(frame, merge.with_clause(), merge.relation(), reads);
            }
            Node::CreateTableAsStmt(_) => {
                self.copies = true;
                self.descend(frame, Access::Define);
            }
            Node::RefreshMatViewStmt(refresh) => {
                if let Some(view) = refresh.relation() {
                    let (schema, name) = names::relation(view);
                    self.found.relations.push((schema, name, Access::Read));
                }
                self.descend(frame, Access::Define);
            }
            Node::CopyStmt(copy) => {
                self.descend(frame, if copy.is_from { Access::Write } else { Access::Read });
            }
            Node::TruncateStmt(_) => self.descend(frame, Access::Write),
            Node::LockStmt(_) => self.descend(frame, Access::Read),
            Node::VariableSetStmt(set) => {
                let stored = frame.place == Place::Within;
                self.settings.extend(settings::of_set(set, stored));
                self.descend(frame, frame.access);
            }
            node => {
                self.names_of(node);
                self.descend(frame, frame.access);
            }
        }
    }

    /// The children with the same scope, and relations' names meaning `access`.
    fn descend(&mut self, frame: Frame<'a>, access: Access) {
        children(frame.node, &mut |child| {
            self.push(child, frame.scope, access, Place::Within);
        });
    }

    fn write(
        &mut self,
        frame: Frame<'a>,
        with: Option<&'a WithClause>,
        target: Option<&'a RangeVar>,
        reads_target: bool,
    ) {
        if let Some(target) = target {
            let (schema, name) = names::relation(target);
            self.found.relations.push((schema, name, Access::Write));
            if reads_target {
                self.found.relations.push((schema, name, Access::Read));
            }
        }
        self.query(frame, with, target);
    }

    /// A query or a write: its WITH opens a scope for its other clauses. `skip` is the target of a
    /// write, which is never the name of a WITH.
    fn query(
        &mut self,
        frame: Frame<'a>,
        with: Option<&'a WithClause>,
        skip: Option<&'a RangeVar>,
    ) {
        let mut scope = frame.scope;
        if let Some(with) = with {
            let (body, queries) = self.scopes.enter(with, frame.scope);
            scope = body;
            for bound in queries {
                let query = Node::CommonTableExpr(bound.query);
                self.push(query, bound.scope, Access::Read, Place::Within);
            }
        }
        children(frame.node, &mut |child| match child {
            Node::WithClause(_) => {}
            Node::RangeVar(range) if skip.is_some_and(|skip| ptr::eq(skip, range)) => {}
            Node::IntoClause(_) => self.push(child, scope, Access::Define, Place::Within),
            child => self.push(child, scope, Access::Read, Place::Within),
        });
    }

    fn relation(&mut self, range: &'a RangeVar, frame: Frame<'a>) {
        let (schema, name) = names::relation(range);
        let bound = schema.is_none()
            && frame.access == Access::Read
            && self.scopes.find(frame.scope, name).is_some();
        if !bound {
            self.found.relations.push((schema, name, frame.access));
        }
    }

    /// What a node names by itself, apart from its children.
    fn names_of(&mut self, node: Node<'a>) {
        match node {
            Node::FuncCall(call) => self.call(call),
            Node::A_Expr(operation) => self.operation(operation),
            Node::SubLink(link) => self.sub_link(link),
            Node::SortBy(sort) => self.operator(sort.use_op()),
            Node::CaseExpr(case) if !matches!(case.arg(), Node::None) => self.built_in("="),
            Node::JoinExpr(join) if join.is_natural || !join.using_clause().is_empty() => {
                self.built_in("=");
            }
            Node::TypeName(name) => {
                if let Some((schema, name)) = names::type_name(name)
                    && schema != Some("pg_catalog")
                {
                    self.found.functions.push((schema, name, Invocation::Cast, false));
                }
            }
            // What each of them is called with is `internal`, or nothing.
            Node::RangeTableSample(sample) => self.code(sample.method(), 1),
            Node::CreateTrigStmt(trigger) => self.code(trigger.funcname(), 0),
            Node::CreateEventTrigStmt(trigger) => self.code(trigger.funcname(), 0),
            Node::ColumnRef(column) => self.attribute(column.fields().iter().skip(1)),
            Node::A_Indirection(value) => self.attribute(value.indirection()),
            // Something that the binding has no name for (CREATE FOREIGN TABLE) may name anything:
            // it counts as reading a relation without a name, which nobody can resolve.
            Node::Invalid(_) => self.found.relations.push((None, "", Access::Read)),
            Node::DropStmt(_) | Node::CommentStmt(_) | Node::SecLabelStmt(_) => {
                let relations = &mut self.found.relations;
                objects::relations(node, &mut |schema, name| {
                    relations.push((schema, name, Access::Define));
                });
            }
            node => {
                if let Some(name) = keyword(node) {
                    self.found.functions.push((None, name, Invocation::Keyword, false));
                }
            }
        }
    }

    fn call(&mut self, call: &'a FuncCall) {
        let Some((schema, name)) = names::qualified(call.funcname()) else { return };
        if name == "set_config" {
            match settings::of_set_config(call) {
                Some(setting) => self.settings.push(setting),
                None => self.unnamed_setting = true,
            }
        }
        let ordered = call.agg_within_group;
        let constant = !ordered
            && call.args().iter().all(|argument| match argument {
                Node::NamedArgExpr(named) => is_constant(named.arg()),
                argument => is_constant(argument),
            });
        // NORMALIZE became a keyword in PostgreSQL 13.
        if call.funcformat == raw::CoercionForm::COERCE_SQL_SYNTAX && name == "normalize" {
            self.found.functions.push((None, name, Invocation::Keyword, constant));
        } else {
            let by = Invocation::Call(arguments(call));
            self.found.functions.push((schema, name, by, constant));
        }
    }

    fn operation(&mut self, operation: &'a A_Expr) {
        use raw::A_Expr_Kind as Form;
        match operation.kind {
            Form::AEXPR_BETWEEN
            | Form::AEXPR_NOT_BETWEEN
            | Form::AEXPR_BETWEEN_SYM
            | Form::AEXPR_NOT_BETWEEN_SYM => {
                for symbol in ["<", "<=", ">", ">="] {
                    self.built_in(symbol);
                }
            }
            _ => self.operator(operation.name()),
        }
    }

    fn sub_link(&mut self, link: &'a SubLink) {
        let compares = !matches!(link.testexpr(), Node::None);
        if compares && link.oper_name().is_empty() {
            self.built_in("=");
        }
        self.operator(link.oper_name());
    }

    fn operator(&mut self, name: &'a pg_raw_parse::list::NodeList) {
        if let Some((schema, name)) = names::qualified(name) {
            self.found.functions.push((schema, name, Invocation::Operator, false));
        }
    }

    /// An operator that the grammar's form stands for.
    fn built_in(&mut self, symbol: &'static str) {
        self.found.functions.push((None, symbol, Invocation::Operator, false));
    }

    fn code(&mut self, name: &'a pg_raw_parse::list::NodeList, arguments: usize) {
        if let Some((schema, name)) = names::qualified(name) {
            let by = Invocation::Call(Arguments::Count(arguments));
            self.found.functions.push((schema, name, by, false));
        }
    }

    fn attribute(&mut self, parts: impl IntoIterator<Item = Node<'a>>) {
        self.found.attributes.extend(parts.into_iter().filter_map(Node::as_str));
    }

    fn finish(self) -> Touched {
        let Found { mut relations, mut functions, mut attributes, mut nested } = self.found;
        relations.sort_unstable();
        relations.dedup();
        functions.sort_unstable();
        // Of equal names, `constant` is false first, and stays.
        functions.dedup_by_key(|&mut (schema, name, by, _)| (schema, name, by));
        attributes.sort_unstable();
        attributes.dedup();
        nested.sort_unstable();
        nested.dedup();
        Touched {
            relations: relations
                .into_iter()
                .map(|(schema, name, access)| RelationUse {
                    schema: schema.map(str::to_owned),
                    name: name.to_owned(),
                    access,
                })
                .collect(),
            functions: functions
                .into_iter()
                .map(|(schema, name, by, constant)| FunctionUse {
                    schema: schema.map(str::to_owned),
                    name: name.to_owned(),
                    by,
                    constant,
                })
                .collect(),
            attributes: attributes.into_iter().map(str::to_owned).collect(),
            settings: self.settings,
            unnamed_setting: self.unnamed_setting,
            nested,
            copies: self.copies,
        }
    }
}

/// How many arguments a call has.
pub(crate) fn arguments(call: &FuncCall) -> Arguments {
    if call.agg_star {
        return Arguments::Star;
    }
    let ordered = if call.agg_within_group { call.agg_order().len() } else { 0 };
    Arguments::Count(call.args().len() + ordered)
}

/// What an older server takes for a call of a user's function.
pub(crate) fn keyword(node: Node<'_>) -> Option<&'static str> {
    Some(match node {
        Node::JsonFuncExpr(function) => json_function(function),
        Node::JsonTable(_) => "json_table",
        Node::JsonParseExpr(_) => "json",
        Node::JsonScalarExpr(_) => "json_scalar",
        Node::JsonSerializeExpr(_) => "json_serialize",
        Node::JsonObjectConstructor(_) => "json_object",
        Node::JsonArrayConstructor(_) | Node::JsonArrayQueryConstructor(_) => "json_array",
        Node::JsonObjectAgg(_) => "json_objectagg",
        Node::JsonArrayAgg(_) => "json_arrayagg",
        Node::MergeSupportFunc(_) => "merge_action",
        _ => return None,
    })
}

fn json_function(function: &JsonFuncExpr) -> &'static str {
    match function.op {
        raw::JsonExprOp::JSON_EXISTS_OP => "json_exists",
        raw::JsonExprOp::JSON_QUERY_OP => "json_query",
        raw::JsonExprOp::JSON_VALUE_OP => "json_value",
        _ => "json_table",
    }
}

fn is_same(node: Node<'_>, other: Node<'_>) -> bool {
    match (node, other) {
        (Node::SelectStmt(a), Node::SelectStmt(b)) => ptr::eq(a, b),
        (Node::InsertStmt(a), Node::InsertStmt(b)) => ptr::eq(a, b),
        (Node::UpdateStmt(a), Node::UpdateStmt(b)) => ptr::eq(a, b),
        (Node::DeleteStmt(a), Node::DeleteStmt(b)) => ptr::eq(a, b),
        (Node::MergeStmt(a), Node::MergeStmt(b)) => ptr::eq(a, b),
        (Node::ExecuteStmt(a), Node::ExecuteStmt(b)) => ptr::eq(a, b),
        (Node::CreateTableAsStmt(a), Node::CreateTableAsStmt(b)) => ptr::eq(a, b),
        (Node::DeclareCursorStmt(a), Node::DeclareCursorStmt(b)) => ptr::eq(a, b),
        (Node::RefreshMatViewStmt(a), Node::RefreshMatViewStmt(b)) => ptr::eq(a, b),
        _ => false,
    }
}
