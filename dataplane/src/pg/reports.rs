//! ErrorResponse and NoticeResponse on their way to a client.
//!
//! A statement that reads masked data can put it into any field, the five characters of the
//! SQLSTATE included. So where one may have, the report is built anew: from a code that PostgreSQL
//! defines, our own words for it, and the client's own text at the place that the server points to.
//! Otherwise each field is scanned, and what is found is covered.

use lazaret_detectors::{Finding, Scanner};
use lazaret_proto::pg::error::{Fields, Report, Severity, field};
use lazaret_proto::pg::frame::HEADER_BYTES;
use lazaret_proto::pg::sqlstate::SqlState;

use crate::mask::{Counts, cover_text};

const WITHHELD: &str = "The gateway withheld the server's text, which may hold masked data.";

/// What a quoted name may have: schema, relation and column at their longest.
const QUOTED_BYTES: usize = 200;

/// A report that tells no more than `text`, the client's own statement, and a known SQLSTATE.
pub(super) fn rebuild(fields: &Fields<'_>, is_error: bool, text: &str) -> Report {
    let fallback = match is_error {
        true => (Severity::Error, SqlState::INTERNAL_ERROR),
        false => (Severity::Notice, SqlState::SUCCESSFUL_COMPLETION),
    };
    let severity = fields.severity().filter(|severity| is_of(*severity, is_error));
    let sqlstate = fields.sqlstate().filter(|sqlstate| sqlstate.is_known()).unwrap_or(fallback.1);
    let place = place(fields, sqlstate, text);
    let message = words(sqlstate, place.as_ref().and_then(|place| place.name));
    let whole = is_whole(sqlstate) && place.as_ref().is_some_and(|place| place.name.is_some());
    let report = Report::new(severity.unwrap_or(fallback.0), sqlstate, message);
    let report = if whole { report } else { report.detail(WITHHELD) };
    let report = match place {
        Some(place) => report.position(place.position),
        None => report,
    };
    with_source(report, fields)
}

/// Where in the server's source it was raised: the compiler put that there, and drivers tell by it
/// whether a cached statement has to be prepared again.
fn with_source(report: Report, fields: &Fields<'_>) -> Report {
    const LONGEST: usize = 64;
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
    [field::FILE, field::LINE, field::ROUTINE].into_iter().fold(report, |report, code| match fields
        .value(code)
    {
        Some(text) if text.len() <= LONGEST && text.iter().all(known) => report.field(code, text),
        _ => report,
    })
}

/// Covers findings in every field of a whole frame.
pub(super) fn cover(
    frame: &mut [u8],
    scanner: &mut Scanner,
    findings: &mut Vec<Finding>,
) -> Counts {
    let mut counts = Counts::default();
    let mut rest = frame.get_mut(HEADER_BYTES..).unwrap_or_default();
    // Each field is a code, its text and a zero byte; a zero code ends them.
    while let [code, fields @ ..] = rest
        && *code != 0
    {
        let len = fields.iter().position(|&byte| byte == 0).unwrap_or(fields.len());
        let (text, behind) = fields.split_at_mut(len);
        if *code != field::SQLSTATE {
            counts.add(&cover_text(text, scanner, findings));
        }
        rest = behind.get_mut(1..).unwrap_or_default();
    }
    counts
}

/// Where the server points to, in the client's own text.
struct Place<'t> {
    /// In characters from 1.
    position: u32,
    /// What stands there, if it is a name.
    name: Option<&'t str>,
}

/// Class 42 is raised before a statement runs, or by a function that chose that code: the position
/// may stay only if it points into the text.
fn place<'t>(fields: &Fields<'_>, sqlstate: SqlState, text: &'t str) -> Option<Place<'t>> {
    if !sqlstate.as_str().starts_with("42") {
        return None;
    }
    let position = std::str::from_utf8(fields.value(field::POSITION)?).ok()?;
    let position: u32 = position.parse().ok()?;
    let skipped = usize::try_from(position.checked_sub(1)?).ok()?;
    let (start, _) = text.char_indices().nth(skipped)?;
    Some(Place { position, name: name_at(&text[start..]) })
}

/// The name that a text begins with, as it is written.
fn name_at(text: &str) -> Option<&str> {
    let end = match text.strip_prefix('"') {
        Some(quoted) => quoted.find('"')? + 2,
        None => {
            let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
            text.find(|c: char| !inside(c)).unwrap_or(text.len())
        }
    };
    let starts = text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '"'));
    (starts && (1..=QUOTED_BYTES).contains(&end)).then(|| &text[..end])
}

fn is_of(severity: Severity, is_error: bool) -> bool {
    let errors = matches!(severity, Severity::Error | Severity::Fatal | Severity::Panic);
    errors == is_error
}

/// PostgreSQL says no more than the name itself, so nothing is withheld.
fn is_whole(sqlstate: SqlState) -> bool {
    matches!(sqlstate, SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN)
}

/// PostgreSQL's own words where they are always the same, else the condition's name.
fn words(sqlstate: SqlState, name: Option<&str>) -> String {
    let named = match (sqlstate, name) {
        (SqlState::UNDEFINED_TABLE, Some(name)) => ("relation", name, "does not exist"),
        (SqlState::UNDEFINED_COLUMN, Some(name)) => ("column", name, "does not exist"),
        (SqlState::UNDEFINED_FUNCTION, Some(name)) => ("function", name, "does not exist"),
        (SqlState::UNDEFINED_OBJECT, Some(name)) => ("object", name, "does not exist"),
        (SqlState::AMBIGUOUS_COLUMN, Some(name)) => ("column reference", name, "is ambiguous"),
        (SqlState::SYNTAX_ERROR, Some(name)) => ("syntax error at or near", name, ""),
        _ => return unnamed(sqlstate, name),
    };
    let (what, name, predicate) = named;
    format!("{what} \"{}\" {predicate}", name.trim_matches('"')).trim_end().to_owned()
}

fn unnamed(sqlstate: SqlState, name: Option<&str>) -> String {
    let fixed = match sqlstate {
        SqlState::DIVISION_BY_ZERO => "division by zero",
        SqlState::IN_FAILED_SQL_TRANSACTION => {
            "current transaction is aborted, commands ignored until end of transaction block"
        }
        SqlState::QUERY_CANCELED => "canceling statement due to user request or a timeout",
        SqlState::ADMIN_SHUTDOWN => "terminating connection due to administrator command",
        SqlState::T_R_SERIALIZATION_FAILURE => {
            "could not serialize access due to concurrent update"
        }
        SqlState::T_R_DEADLOCK_DETECTED => "deadlock detected",
        SqlState::UNIQUE_VIOLATION => "duplicate key value violates unique constraint",
        SqlState::SUCCESSFUL_COMPLETION => "notice",
        _ => "",
    };
    let condition = || sqlstate.condition().unwrap_or("error").replace('_', " ");
    let words = if fixed.is_empty() { condition() } else { fixed.to_owned() };
    match name {
        Some(name) => format!("{words} at \"{}\"", name.trim_matches('"')),
        None => words,
    }
}

#[cfg(test)]
mod tests {
    use lazaret_proto::pg::backend::Message;
    use lazaret_proto::pg::error::{Report, Severity, field};
    use lazaret_proto::pg::frame;
    use lazaret_proto::pg::sqlstate::SqlState;

    use super::rebuild;

    const TEXT: &str = "SELECT ssn::int, nmae FROM \"Patients\"";

    /// The fields of the rebuilt report, joined.
    fn rebuilt(report: &Report) -> String {
        let mut bytes = Vec::new();
        report.encode(&mut bytes);
        let frame = frame::whole(&bytes, frame::MAX_BYTES).unwrap().unwrap();
        let (fields, is_error) = match Message::decode(frame).unwrap() {
            Message::ErrorResponse(fields) => (fields, true),
            Message::NoticeResponse(fields) => (fields, false),
            _ => panic!("not a report"),
        };
        let mut bytes = Vec::new();
        rebuild(&fields, is_error, TEXT).encode(&mut bytes);
        let frame = frame::whole(&bytes, frame::MAX_BYTES).unwrap().unwrap();
        let fields = match Message::decode(frame).unwrap() {
            Message::ErrorResponse(fields) | Message::NoticeResponse(fields) => fields,
            _ => panic!("not a report"),
        };
        let shown = |(code, text): (u8, &[u8])| {
            format!("{}={}", char::from(code), String::from_utf8_lossy(text))
        };
        fields.iter().map(shown).collect::<Vec<_>>().join("|")
    }

    #[test]
    fn no_field_carries_data_out() {
        let report = Report::error(SqlState::INVALID_TEXT_REPRESENTATION, "bad: \"123-45-6789\"")
            .detail("123-45-6789")
            .hint("123-45-6789")
            .field(field::WHERE, "123-45-6789")
            .field(field::COLUMN, "123-45-6789")
            .field(field::CONSTRAINT, "123-45-6789")
            .field(field::DATA_TYPE, "123-45-6789")
            .field(field::INTERNAL_QUERY, "123-45-6789");
        let rebuilt = rebuilt(&report);
        assert!(!rebuilt.contains("6789"), "{rebuilt}");
        assert!(rebuilt.contains("C=22P02|M=invalid text representation"), "{rebuilt}");
    }

    #[test]
    fn a_sqlstate_that_nobody_defines_is_not_passed_on() {
        let raised = SqlState::from_bytes(b"45678").unwrap();
        let rebuilt = rebuilt(&Report::error(raised, "x"));
        assert!(rebuilt.contains("C=XX000"), "{rebuilt}");
        assert!(!rebuilt.contains("45678"), "{rebuilt}");
    }

    #[test]
    fn a_misspelt_name_is_quoted_from_the_clients_own_text() {
        let report = Report::error(SqlState::UNDEFINED_COLUMN, "column \"x\"").position(18);
        let rebuilt = rebuilt(&report);
        assert!(rebuilt.contains("M=column \"nmae\" does not exist"), "{rebuilt}");
        assert!(rebuilt.contains("P=18"), "{rebuilt}");
    }

    #[test]
    fn a_quoted_name_is_quoted_once() {
        let report = Report::error(SqlState::UNDEFINED_TABLE, "relation").position(28);
        assert!(rebuilt(&report).contains("M=relation \"Patients\" does not exist"));
    }

    #[test]
    fn a_position_outside_the_text_is_dropped() {
        for position in [0, 123_456_789] {
            let report = Report::error(SqlState::UNDEFINED_TABLE, "").position(position);
            assert!(!rebuilt(&report).contains("P="));
        }
    }

    #[test]
    fn a_notice_stays_a_notice() {
        let report = Report::new(Severity::Info, SqlState::RAISE_EXCEPTION, "123-45-6789");
        let rebuilt = rebuilt(&report);
        assert!(rebuilt.starts_with("S=INFO|V=INFO|C=P0001"), "{rebuilt}");
    }
}
