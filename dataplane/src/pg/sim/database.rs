//! The statements that the simulated server knows, and what they give.

use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::sqlstate::SqlState;

use super::catalog::{LABS, PATIENTS, TEXT};
use super::messages::{Column, ID, SSN};

/// Every masked cell holds it, and some errors do; no client may ever see it.
pub(super) const SENTINEL: &str = "078-05-1120";

/// What a client may see.
pub(super) const CLEAR: &str = "2345-7";

#[derive(Clone)]
pub(super) enum Answer {
    Rows {
        columns: Vec<Column<'static>>,
        rows: Vec<Vec<String>>,
        tag: &'static str,
    },
    Done(&'static str),
    Begin,
    /// COMMIT or ROLLBACK.
    End(&'static str),
    Declare(&'static str, Box<Answer>),
    CopyIn,
    CopyOut(Vec<String>),
    Empty,
    Error(Report),
}

impl Answer {
    pub(super) fn ends_transaction(&self) -> bool {
        matches!(self, Self::End(_))
    }
}

/// What the simulated clients send. The last ones are refused by the gateway.
pub(super) const TEXTS: [&str; 18] = [
    "SELECT ssn FROM patients",
    "SELECT id, note FROM patients",
    "SELECT code FROM labs",
    "SELECT note FROM patients",
    "SELECT reverse(ssn) FROM patients",
    "SELECT ssn::int FROM patients",
    "SELECT code/0 FROM labs",
    "SELECT x FROM nowhere",
    "INSERT INTO labs VALUES ('x', 'y')",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM patients",
    "FETCH 1 FROM c",
    "COPY patients TO STDOUT",
    "",
    "DROP TABLE patients",
    "CREATE TABLE copy AS SELECT ssn FROM patients",
];

pub(super) const COPY_IN: &str = "COPY labs FROM STDIN";

pub(super) fn is_refused(text: &str) -> bool {
    text.contains("DROP TABLE") || text.contains("CREATE TABLE")
}

/// The statements of a text.
pub(super) fn statements(text: &str) -> Vec<String> {
    text.split(';').map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect()
}

pub(super) fn answer(text: &str) -> Answer {
    const NOTE: Column<'static> = ("note", PATIENTS, 3, TEXT);
    const CODE: Column<'static> = ("code", LABS, 1, TEXT);
    const COMPUTED: Column<'static> = ("reverse", 0, 0, TEXT);
    match text {
        "SELECT ssn FROM patients" => rows(&[SSN], &[SENTINEL], 3),
        "SELECT id, note FROM patients" => {
            rows(&[ID, NOTE], &["7", &format!("well, SSN {SENTINEL}")], 2)
        }
        "SELECT note FROM patients" => {
            let long =
                format!("{} SSN {SENTINEL} {}", "very well ".repeat(300), "so far ".repeat(99));
            rows(&[NOTE], &[&long], 60)
        }
        "SELECT code FROM labs" => rows(&[CODE], &[CLEAR], 2),
        "SELECT reverse(ssn) FROM patients" => rows(&[COMPUTED], &[SENTINEL], 2),
        "SELECT ssn::int FROM patients" => {
            let message = format!("invalid input syntax for type integer: \"{SENTINEL}\"");
            Answer::Error(
                Report::error(SqlState::INVALID_TEXT_REPRESENTATION, &message).detail(&message),
            )
        }
        "SELECT code/0 FROM labs" => {
            Answer::Error(Report::error(SqlState::DIVISION_BY_ZERO, "division by zero"))
        }
        "SELECT x FROM nowhere" => {
            Answer::Error(Report::error(SqlState::UNDEFINED_TABLE, "no such table").position(15))
        }
        "INSERT INTO labs VALUES ('x', 'y')" => Answer::Done("INSERT 0 1"),
        "BEGIN" => Answer::Begin,
        "COMMIT" => Answer::End("COMMIT"),
        "ROLLBACK" => Answer::End("ROLLBACK"),
        "DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM patients" => {
            Answer::Declare("c", Box::new(rows(&[SSN], &[SENTINEL], 3)))
        }
        "COPY patients TO STDOUT" => {
            Answer::CopyOut(vec![format!("7\t{SENTINEL}\twell, SSN {SENTINEL}\n"); 3])
        }
        COPY_IN => Answer::CopyIn,
        "" => Answer::Empty,
        other => panic!("the gateway let through {other:?}"),
    }
}

fn rows(columns: &[Column<'static>], cells: &[&str], count: usize) -> Answer {
    let row: Vec<String> = cells.iter().map(|&cell| cell.to_owned()).collect();
    Answer::Rows { columns: columns.to_vec(), rows: vec![row; count], tag: "SELECT" }
}
