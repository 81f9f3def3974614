//! From text to [`Statement`]s.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pg_raw_parse::Node;
use pg_raw_parse::nodes::{DefElem, ExplainStmt, RawStmt};

use crate::locate::locate;
use crate::statement::{Kind, Outputs, Statement};
use crate::walk::touched;
use crate::{constant, copy, kind, labels, lineage, outputs};

/// The text is not what the grammar accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// As PostgreSQL would answer it: SQLSTATE 42601.
    #[error("syntax error")]
    Syntax {
        /// PostgreSQL's own message, such as `syntax error at or near "slect"`. It quotes the
        /// client's own text.
        message: String,
        /// In characters from 1, as the `P` field of ErrorResponse counts.
        position: Option<u32>,
    },
    /// Holds NUL, nests too deeply, or has a shape that the parser's binding can't show.
    #[error("{0}")]
    Unparsable(&'static str),
}

/// The statements of a text, or why it has none.
pub type Parsed = Result<Vec<Statement>, ParseError>;

/// Parses a text of one or more statements; an empty text gives no statements.
pub fn parse(text: &str) -> Parsed {
    if text.contains('\0') {
        return Err(ParseError::Unparsable("the statement holds a NUL character"));
    }
    // The binding panics where a list of the tree holds what its C comment doesn't say, and on
    // string literals that aren't UTF-8 (E'\xff'). Neither panic quotes the text.
    catch_unwind(AssertUnwindSafe(|| parse_text(text)))
        .unwrap_or(Err(ParseError::Unparsable("the statement can't be analysed")))
}

fn parse_text(text: &str) -> Result<Vec<Statement>, ParseError> {
    let tree = pg_raw_parse::parse(text).map_err(|error| refused(&error, text))?;
    tree.iter().map(|raw| Ok(statement(raw, text.len()))).collect()
}

fn refused(error: &pg_raw_parse::Error, text: &str) -> ParseError {
    let message = match error {
        pg_raw_parse::Error::Parse(error) => error.to_string(),
        _ => return ParseError::Unparsable("the statement can't be parsed"),
    };
    if message.starts_with("memory exhausted") {
        return ParseError::Unparsable("the statement nests too deeply");
    }
    let position = locate(text, &message);
    ParseError::Syntax { message, position }
}

fn statement(raw: &RawStmt, text_len: usize) -> Statement {
    let root = raw.stmt();
    let inner = inner_of(root);
    let touched = touched(root, inner);
    let mut outputs = outputs_of(root, inner);
    let query = if matches!(inner, Node::None) { root } else { inner };
    let uses = lineage::trace(root, query, &touched.functions, &mut outputs);
    let start = usize::try_from(raw.stmt_location).unwrap_or_default();
    let end = match usize::try_from(raw.stmt_len) {
        Ok(length) if length > 0 => start + length,
        _ => text_len,
    };
    Statement {
        kind: kind_of(root).unwrap_or(Kind::Other),
        inner: kind_of(inner),
        nested: touched.nested,
        runs_inner: matches!(root, Node::ExplainStmt(explain) if runs(explain)),
        relations: touched.relations,
        functions: touched.functions,
        attributes: touched.attributes,
        outputs,
        uses,
        settings: touched.settings,
        unnamed_setting: touched.unnamed_setting,
        copy: if let Node::CopyStmt(copy) = root { Some(copy::analyse(copy)) } else { None },
        object: object_of(root).map(str::to_owned),
        copies: touched.copies,
        start,
        end,
    }
}

fn kind_of(node: Node<'_>) -> Option<Kind> {
    match node {
        Node::SelectStmt(select) => kind::of(Node::SelectStmt(labels::first_leaf(select))),
        node => kind::of(node),
    }
}

/// The statement that another one wraps.
fn inner_of(root: Node<'_>) -> Node<'_> {
    match root {
        Node::ExplainStmt(explain) => explain.query(),
        Node::PrepareStmt(prepare) => prepare.query(),
        Node::DeclareCursorStmt(declare) => declare.query(),
        Node::CopyStmt(copy) => copy.query(),
        Node::CreateTableAsStmt(create) => create.query(),
        _ => Node::None,
    }
}

fn outputs_of(root: Node<'_>, inner: Node<'_>) -> Outputs {
    match root {
        Node::DeclareCursorStmt(_) | Node::PrepareStmt(_) => outputs::of(inner),
        Node::CopyStmt(copy) if !matches!(inner, Node::None) && !copy.is_from => outputs::of(inner),
        Node::CopyStmt(copy) if !copy.is_from => Outputs::Unknown,
        Node::ExplainStmt(_)
        | Node::FetchStmt(_)
        | Node::ExecuteStmt(_)
        | Node::VariableShowStmt(_)
        | Node::CallStmt(_) => Outputs::Unknown,
        root if kind_of(root) == Some(Kind::CreateAs) => Outputs::None,
        root => outputs::of(root),
    }
}

/// EXPLAIN (ANALYZE); the last of several such options counts.
fn runs(explain: &ExplainStmt) -> bool {
    let analyze = |option: &&DefElem| option.defname() == Some("analyze");
    explain.options().iter().rfind(analyze).is_some_and(|option| match option.arg() {
        Node::None => true,
        Node::Integer(number) => number.ival != 0,
        Node::Boolean(value) => value.boolval,
        argument => {
            let text = argument.as_str().or_else(|| constant::string(argument));
            // What can't be read counts as yes.
            !matches!(text, Some("false" | "off"))
        }
    })
}

fn object_of(root: Node<'_>) -> Option<&str> {
    match root {
        Node::DeclareCursorStmt(declare) => declare.portalname(),
        Node::FetchStmt(fetch) => fetch.portalname(),
        Node::ClosePortalStmt(close) => close.portalname(),
        Node::PrepareStmt(prepare) => prepare.name(),
        Node::ExecuteStmt(execute) => execute.name(),
        Node::DeallocateStmt(deallocate) => deallocate.name(),
        Node::ListenStmt(listen) => listen.conditionname(),
        Node::NotifyStmt(notify) => notify.conditionname(),
        Node::UnlistenStmt(unlisten) => unlisten.conditionname(),
        _ => None,
    }
}
