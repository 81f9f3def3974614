//! From parse tree to [`Statement`].

use crate::Statement;

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
    /// Not UTF-8, holds NUL, nests too deeply, or is longer than `max_bytes`.
    #[error("{0}")]
    Unparsable(&'static str),
}

/// Parses a text of one or more statements; an empty text gives no statements.
pub fn parse(text: &str) -> Result<Vec<Statement>, ParseError> {
    let _ = text;
    todo!()
}
