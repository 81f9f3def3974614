//! A site's expression: read by `regex-syntax`, held to what can be matched anywhere in a stream, and
//! written out again in the little that Hyperscan and that grammar mean alike: bytes, classes of bytes,
//! counts and word boundaries.

use std::fmt::Write;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{
    Class, ClassBytes, ClassBytesRange, ClassUnicode, Hir, HirKind, Look, Repetition,
};
use regex_syntax::utf8::Utf8Sequences;

use super::Site;

/// The longest expression: what anyone writes by hand.
const EXPRESSION_BYTES: usize = 1024;

/// How deep its groups may stand in one another.
const NESTED: u32 = 32;

/// Why an expression can't be matched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpressionError {
    #[error("the expression is longer than {EXPRESSION_BYTES} bytes")]
    TooLong,
    #[error("{message}, at character {column} of the expression")]
    Syntax { message: String, column: usize },
    #[error("the expression matches the empty text, which stands everywhere")]
    Empty,
    #[error("the expression matches nothing at all")]
    Never,
    #[error("the expression has no longest match")]
    Unbounded,
    #[error("the expression matches up to {0} bytes; {max} can be", max = Site::MATCH_BYTES)]
    LongMatch(usize),
    #[error("the expression looks around itself")]
    Look,
    #[error("the expression matches a NUL byte, which no text holds")]
    Nul,
    #[error("Hyperscan can't match the expression: {0}")]
    Hyperscan(String),
}

impl ExpressionError {
    pub fn mend(&self) -> &'static str {
        match self {
            Self::TooLong => "write several patterns, or a dictionary",
            Self::Syntax { .. } => {
                "write the syntax of Rust's regex crate; letters beyond ASCII in a class as (?u:[ÄÖ])"
            }
            Self::Empty => "let at least one character be required",
            Self::Never => "write what the identifier looks like",
            Self::Unbounded => "write a count in the place of * and +, such as {1,12}",
            Self::LongMatch(_) => "write smaller counts",
            Self::Look => "use \\b, or `context` for what stands near; a cell has no ^ and $",
            Self::Nul => "leave it out",
            Self::Hyperscan(_) => "write a simpler expression, or several patterns",
        }
    }
}

/// An expression in Hyperscan's terms. `\b` and the start of a match are what is dear there: so far as
/// they can be told afterwards, they are left to the rule.
pub(super) struct Expression {
    pub(super) text: String,
    /// Where all matches are of one length, and their start is known from their end.
    pub(super) len: Option<u8>,
    /// A word begins or ends at the match's start, or at its end.
    pub(super) at_start: bool,
    pub(super) at_end: bool,
    /// Where it begins with a `\b` of its own: the same behind the letter of a JSON escape, which is no
    /// letter of the word that follows (`\nMRN`), and two bytes longer.
    pub(super) behind_escape: Option<String>,
}

impl Expression {
    pub(super) fn read(expression: &str) -> Result<Self, ExpressionError> {
        let hir = parse(expression)?;
        let parts = match hir.kind() {
            HirKind::Concat(parts) => parts,
            _ => std::slice::from_ref(&hir),
        };
        let properties = hir.properties();
        let is_fixed = properties.minimum_len() == properties.maximum_len();
        let len = properties.maximum_len().filter(|_| is_fixed).and_then(|len| len.try_into().ok());
        let (parts, at_end) = match parts.split_last() {
            Some((last, rest)) if is_boundary(last) => (rest, true),
            _ => (parts, false),
        };
        let (rest, begins) = match parts.split_first() {
            Some((first, rest)) if is_boundary(first) => (rest, true),
            _ => (parts, false),
        };
        let at_start = begins && len.is_some();
        let text = written("", if at_start { rest } else { parts })?;
        let escaped = begins && !at_start;
        let behind_escape = escaped.then(|| written(r"\\[nrtbf]", rest)).transpose()?;
        Ok(Self { text, len, at_start, at_end, behind_escape })
    }
}

fn is_boundary(hir: &Hir) -> bool {
    *hir.kind() == HirKind::Look(Look::WordAscii)
}

fn written(before: &str, parts: &[Hir]) -> Result<String, ExpressionError> {
    let mut text = before.to_owned();
    parts.iter().try_for_each(|part| write(part, &mut text))?;
    Ok(text)
}

/// A term of a dictionary as an expression.
pub(super) fn literal(term: &str) -> String {
    let mut text = String::new();
    push_bytes(term.as_bytes(), &mut text);
    text
}

fn parse(expression: &str) -> Result<Hir, ExpressionError> {
    if expression.len() > EXPRESSION_BYTES {
        return Err(ExpressionError::TooLong);
    }
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).nest_limit(NESTED).build();
    let hir = parser.parse(expression).map_err(syntax)?;
    let properties = hir.properties();
    let looks = properties.look_set().iter();
    if looks.into_iter().any(|look| !matches!(look, Look::WordAscii | Look::WordAsciiNegate)) {
        return Err(ExpressionError::Look);
    }
    match (properties.minimum_len(), properties.maximum_len()) {
        (None, _) => Err(ExpressionError::Never),
        (Some(0), _) => Err(ExpressionError::Empty),
        (_, None) => Err(ExpressionError::Unbounded),
        (_, Some(longest)) if longest > Site::MATCH_BYTES => {
            Err(ExpressionError::LongMatch(longest))
        }
        _ => Ok(hir),
    }
}

/// The parser's own text draws the expression over several lines.
fn syntax(error: regex_syntax::Error) -> ExpressionError {
    let (message, column) = match &error {
        regex_syntax::Error::Parse(error) => (error.kind().to_string(), error.span().start.column),
        regex_syntax::Error::Translate(error) => {
            (error.kind().to_string(), error.span().start.column)
        }
        other => (other.to_string(), 1),
    };
    ExpressionError::Syntax { message, column }
}

fn write(hir: &Hir, out: &mut String) -> Result<(), ExpressionError> {
    match hir.kind() {
        HirKind::Empty => out.push_str("(?:)"),
        HirKind::Literal(literal) if literal.0.contains(&0) => return Err(ExpressionError::Nul),
        HirKind::Literal(literal) => push_bytes(&literal.0, out),
        HirKind::Class(Class::Bytes(class)) => push_class(class, out),
        HirKind::Class(Class::Unicode(class)) => push_characters(class, out),
        HirKind::Look(Look::WordAscii) => out.push_str(r"\b"),
        HirKind::Look(_) => out.push_str(r"\B"),
        HirKind::Repetition(Repetition { min, max, sub, .. }) => {
            push_group(std::slice::from_ref(sub), out)?;
            // One without an end was refused before, and a String takes all.
            let _ = write!(out, "{{{min},{}}}", max.unwrap_or(*min));
        }
        HirKind::Capture(capture) => push_group(std::slice::from_ref(&capture.sub), out)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, out))?,
        HirKind::Alternation(parts) => push_group(parts, out)?,
    }
    Ok(())
}

fn push_group(
    ways: &[impl std::borrow::Borrow<Hir>],
    out: &mut String,
) -> Result<(), ExpressionError> {
    out.push_str("(?:");
    for (index, way) in ways.iter().enumerate() {
        out.push_str(if index > 0 { "|" } else { "" });
        write(way.borrow(), out)?;
    }
    out.push(')');
    Ok(())
}

/// Characters beyond ASCII, by their bytes.
fn push_characters(class: &ClassUnicode, out: &mut String) {
    let sequences = class.iter().flat_map(|range| Utf8Sequences::new(range.start(), range.end()));
    out.push_str("(?:");
    for (index, sequence) in sequences.enumerate() {
        out.push_str(if index > 0 { "|" } else { "" });
        for range in &sequence {
            push_class(&ClassBytes::new([ClassBytesRange::new(range.start, range.end)]), out);
        }
    }
    out.push(')');
}

fn push_bytes(bytes: &[u8], out: &mut String) {
    for byte in bytes {
        let _ = write!(out, r"\x{byte:02x}");
    }
}

/// Without NUL, which stands between cells.
fn push_class(class: &ClassBytes, out: &mut String) {
    let mut class = class.clone();
    class.difference(&ClassBytes::new([ClassBytesRange::new(0, 0)]));
    out.push('[');
    for range in class.iter() {
        let _ = write!(out, r"\x{:02x}-\x{:02x}", range.start(), range.end());
    }
    out.push(']');
}
