//! The name of a query's column: its alias, or what the server gives it, as `FigureColname` of PostgreSQL's parser does.
//!
//! ORDER BY and DISTINCT ON mean a column of the result by such a name before they mean one of FROM, so a name
//! that is not known here would hide what rows are sorted by.

use pg_raw_parse::nodes::{ResTarget, SubLink};
use pg_raw_parse::{Node, raw};

use crate::labels::{first_leaf, is_star};
use crate::names;
use crate::walk::keyword;

/// What a column is called if nothing gives it a name.
const NAMELESS: &str = "?column?";

/// Casts and the like that are looked through: a name is asked for often, and a text can nest any number.
const DEPTH: usize = 32;

/// The name that a column of a query has; `None` where the text doesn't tell, and for `*`.
pub(crate) fn label(target: &ResTarget) -> Option<&str> {
    target.name().or_else(|| column_name(target.val()))
}

/// `None` where the text doesn't tell: a subquery's `*`, or what lies deeper.
fn column_name<'a>(value: Node<'a>) -> Option<&'a str> {
    let mut node = value;
    // A cast and CASE name a column that nothing within names better; the outermost of them does.
    let mut otherwise = None;
    for _ in 0..DEPTH {
        node = match node {
            Node::TypeCast(cast) => {
                let of = cast.type_name().and_then(names::type_name);
                otherwise = otherwise.or(of.map(|(_, name)| name));
                cast.arg()
            }
            Node::CaseExpr(case) => {
                otherwise = otherwise.or(Some("case"));
                case.defresult()
            }
            Node::CollateClause(clause) => clause.arg(),
            node if is_star(node) => return None,
            Node::A_Indirection(value) => {
                match value.indirection().iter().filter_map(Node::as_str).next_back() {
                    Some(field) => return Some(field),
                    None => value.arg(),
                }
            }
            Node::SubLink(link) if link.sub_link_type == raw::SubLinkType::EXPR_SUBLINK => {
                otherwise = None;
                match only_target(link) {
                    Named::By(name) => return name,
                    Named::As(value) => value,
                }
            }
            node => return strong(node).or(otherwise).or(Some(NAMELESS)),
        };
    }
    None
}

/// What names the only column of a subquery.
enum Named<'a> {
    By(Option<&'a str>),
    As(Node<'a>),
}

fn only_target(link: &SubLink) -> Named<'_> {
    let Node::SelectStmt(select) = link.subselect() else { return Named::By(None) };
    let leaf = first_leaf(select);
    if !leaf.values_lists().is_empty() {
        return Named::By(Some("column1"));
    }
    match leaf.target_list().iter().next() {
        None => Named::By(None),
        Some(target) if target.name().is_some() => Named::By(ResTarget::name(target)),
        Some(target) if is_star(target.val()) => Named::By(None),
        Some(target) => Named::As(target.val()),
    }
}

/// A name that stands whatever is around.
fn strong(node: Node<'_>) -> Option<&str> {
    Some(match node {
        Node::ColumnRef(column) => column.fields().iter().next_back().and_then(Node::as_str)?,
        Node::FuncCall(call) => names::qualified(call.funcname()).map(|(_, name)| name)?,
        Node::A_Expr(operation) if operation.kind == raw::A_Expr_Kind::AEXPR_NULLIF => "nullif",
        Node::A_ArrayExpr(_) => "array",
        Node::RowExpr(_) => "row",
        Node::CoalesceExpr(_) => "coalesce",
        Node::GroupingFunc(_) => "grouping",
        Node::MinMaxExpr(of) if of.op == raw::MinMaxOp::IS_LEAST => "least",
        Node::MinMaxExpr(_) => "greatest",
        Node::SubLink(link) => match link.sub_link_type {
            raw::SubLinkType::EXISTS_SUBLINK => "exists",
            raw::SubLinkType::ARRAY_SUBLINK => "array",
            _ => return None,
        },
        Node::SQLValueFunction(value) => sql_value(value.op)?,
        Node::XmlExpr(value) => xml(value.op)?,
        Node::XmlSerialize(_) => "xmlserialize",
        node => keyword(node)?,
    })
}

fn sql_value(function: raw::SQLValueFunctionOp::Type) -> Option<&'static str> {
    use raw::SQLValueFunctionOp as Of;
    Some(match function {
        Of::SVFOP_CURRENT_DATE => "current_date",
        Of::SVFOP_CURRENT_TIME | Of::SVFOP_CURRENT_TIME_N => "current_time",
        Of::SVFOP_CURRENT_TIMESTAMP | Of::SVFOP_CURRENT_TIMESTAMP_N => "current_timestamp",
        Of::SVFOP_LOCALTIME | Of::SVFOP_LOCALTIME_N => "localtime",
        Of::SVFOP_LOCALTIMESTAMP | Of::SVFOP_LOCALTIMESTAMP_N => "localtimestamp",
        Of::SVFOP_CURRENT_ROLE => "current_role",
        Of::SVFOP_CURRENT_USER => "current_user",
        Of::SVFOP_USER => "user",
        Of::SVFOP_SESSION_USER => "session_user",
        Of::SVFOP_CURRENT_CATALOG => "current_catalog",
        Of::SVFOP_CURRENT_SCHEMA => "current_schema",
        _ => return None,
    })
}

fn xml(function: raw::XmlExprOp::Type) -> Option<&'static str> {
    use raw::XmlExprOp as Of;
    Some(match function {
        Of::IS_XMLCONCAT => "xmlconcat",
        Of::IS_XMLELEMENT => "xmlelement",
        Of::IS_XMLFOREST => "xmlforest",
        Of::IS_XMLPARSE => "xmlparse",
        Of::IS_XMLPI => "xmlpi",
        Of::IS_XMLROOT => "xmlroot",
        Of::IS_XMLSERIALIZE => "xmlserialize",
        _ => return None,
    })
}
