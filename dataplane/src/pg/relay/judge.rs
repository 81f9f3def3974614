//! From a statement's text to its verdict.

use std::borrow::Cow;
use std::rc::Rc;

use lazaret_policy::{
    Engine, Grant, Reach, Refusal, Verdict, has_placeholder, placeholder_refusal,
};
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::sqlstate::SqlState;
use lazaret_sql::{Kind, ParseError, Parsed, Reader, Statement};

use super::refuse;
use crate::limits::STATEMENTS;
use crate::pg::plans::Planned;

/// A statement that may run, with what is needed when its results come.
pub(super) struct Analysis {
    /// `None` where it isn't known.
    pub(super) statement: Option<Rc<Statement>>,
    pub(super) reach: Reach,
    /// No value that it writes may be a mask.
    pub(super) writes_masked: bool,
    /// The client's own text, all statements of it.
    pub(super) text: Rc<str>,
    /// The snapshot that it was decided under.
    pub(super) snapshot_version: u64,
    pub(super) planned: Planned,
}

impl Analysis {
    pub(super) fn unknown() -> Rc<Self> {
        Rc::new(Self {
            statement: None,
            reach: Reach::WORST,
            writes_masked: true,
            text: "".into(),
            snapshot_version: u64::MAX,
            planned: Planned::default(),
        })
    }

    pub(super) fn kind(&self) -> Option<Kind> {
        self.statement.as_ref().map(|statement| statement.kind)
    }

    /// The cursor, statement or channel that it names.
    pub(super) fn object(&self) -> Option<&str> {
        self.statement.as_ref()?.object.as_deref()
    }

    /// It may leave behind whatever a function can do.
    pub(super) fn is_uncertain(&self) -> bool {
        self.reach.foreign_function || matches!(self.kind(), None | Some(Kind::Call | Kind::Do))
    }
}

/// A verdict on a whole text: all of its statements, or none.
pub(super) struct Judgement {
    pub(super) kind: Cow<'static, str>,
    /// The policy or the fixed rule that decided.
    pub(super) rule: String,
    pub(super) outcome: Result<Vec<Rc<Analysis>>, Box<Report>>,
}

impl Judgement {
    pub(super) fn refused(rule: &str, report: Report) -> Self {
        Self { kind: "unparsed".into(), rule: rule.to_owned(), outcome: Err(Box::new(report)) }
    }
}

/// `transparent` lets pass what can't be parsed.
pub(super) fn judge(
    read: Read<'_>,
    grant: &Grant,
    transparent: bool,
    engine: &mut Engine,
) -> Judgement {
    match read {
        Ok(text) => decide(text, grant, engine),
        Err(_) if transparent => Judgement {
            kind: "unparsed".into(),
            rule: "transparent".to_owned(),
            outcome: Ok(vec![Analysis::unknown()]),
        },
        Err((rule, report)) => Judgement::refused(rule, report),
    }
}

/// Whether a statement that was allowed once still is.
pub(super) fn judge_again(
    analysis: &Analysis,
    grant: &Grant,
    engine: &mut Engine,
) -> Result<(), (String, Box<Report>)> {
    let Some(statement) = &analysis.statement else { return Ok(()) };
    if analysis.snapshot_version == engine.snapshot().version {
        return Ok(());
    }
    match engine.decide(grant, statement).verdict {
        Verdict::Allow { .. } => Ok(()),
        Verdict::Deny(refusal) => Err((refusal.rule.clone(), Box::new(report(&refusal)))),
    }
}

/// A text, and the statements in it.
type Text<'t> = (&'t str, Vec<Rc<Statement>>);

/// That, or the rule by which it is refused.
pub(super) type Read<'t> = Result<Text<'t>, (&'static str, Report)>;

pub(super) fn read<'t>(text: &'t [u8], reader: &mut Reader) -> Read<'t> {
    let text = utf8(text)?;
    told(text, reader.read(text))
}

/// What another thread has read.
pub(super) fn parsed(text: &[u8], parsed: Parsed) -> Read<'_> {
    told(utf8(text)?, parsed.map(|statements| statements.into_iter().map(Rc::new).collect()))
}

fn utf8(text: &[u8]) -> Result<&str, (&'static str, Report)> {
    std::str::from_utf8(text).map_err(|_| {
        let state = SqlState::CHARACTER_NOT_IN_REPERTOIRE;
        ("encoding", Report::error(state, "invalid byte sequence for encoding \"UTF8\""))
    })
}

fn told(text: &str, parsed: Result<Vec<Rc<Statement>>, ParseError>) -> Read<'_> {
    match parsed {
        Ok(statements) if statements.len() > STATEMENTS => {
            Err(("too_many", refuse::too_many_statements(STATEMENTS)))
        }
        Ok(statements) => Ok((text, statements)),
        Err(ParseError::Syntax { message, position }) => {
            let report = Report::error(SqlState::SYNTAX_ERROR, message);
            Err((
                "syntax",
                match position {
                    Some(position) => report.position(position),
                    None => report,
                },
            ))
        }
        Err(ParseError::Unparsable(why)) => {
            let report = Report::error(
                SqlState::INSUFFICIENT_PRIVILEGE,
                "the gateway could not read this statement",
            );
            Err(("unparsable", report.hint(why)))
        }
    }
}

fn decide((text, statements): Text<'_>, grant: &Grant, engine: &mut Engine) -> Judgement {
    let kind = kinds(&statements);
    let text: Rc<str> = text.into();
    let snapshot_version = engine.snapshot().version;
    let mut rule = String::new();
    let mut allowed = Vec::with_capacity(statements.len());
    for statement in statements {
        let mut clearance = engine.decide(grant, &statement);
        if clearance.writes_masked && has_placeholder(&text) {
            clearance.verdict = Verdict::Deny(placeholder_refusal());
        }
        match clearance.verdict {
            Verdict::Allow { policy } => {
                rule = policy;
                allowed.push(Rc::new(Analysis {
                    statement: Some(statement),
                    reach: clearance.reach,
                    writes_masked: clearance.writes_masked,
                    text: text.clone(),
                    snapshot_version,
                    planned: Planned::default(),
                }));
            }
            Verdict::Deny(refusal) => {
                let outcome = Err(Box::new(report(&refusal)));
                return Judgement { kind, rule: refusal.rule, outcome };
            }
        }
    }
    Judgement { kind, rule, outcome: Ok(allowed) }
}

pub(super) fn report(refusal: &Refusal) -> Report {
    let sqlstate = SqlState::from_bytes(&refusal.sqlstate);
    let report =
        Report::error(sqlstate.unwrap_or(SqlState::INSUFFICIENT_PRIVILEGE), &refusal.message);
    match &refusal.hint {
        Some(hint) => report.hint(hint),
        None => report,
    }
}

/// The kinds of a text's statements, as records name them.
fn kinds(statements: &[Rc<Statement>]) -> Cow<'static, str> {
    /// A text of a thousand statements has its kinds in the record, but not a thousand of them.
    const NAMED: usize = 16;
    match statements {
        [] => "empty".into(),
        [only] => only.kind.name().into(),
        several => {
            let names: Vec<_> =
                several.iter().take(NAMED).map(|statement| statement.kind.name()).collect();
            names.join(",").into()
        }
    }
}
