//! Messages in the fewest words, and the names that tests give to what was sent.

use lazaret_proto::pg::backend::{self, Field, Message as Backend, TransactionStatus};
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::frontend::{self, Message as Frontend, Target};
use lazaret_proto::pg::{Format, frame};

use super::catalog::{INT4, PATIENTS, TEXT};

fn encoded(encode: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(&mut bytes);
    bytes
}

pub(super) fn query(text: &str) -> Vec<u8> {
    encoded(|out| Frontend::Query(text.as_bytes()).encode(out))
}

pub(super) fn parse(name: &str, text: &str) -> Vec<u8> {
    encoded(|out| frontend::parse(out, name.as_bytes(), text.as_bytes(), &[]))
}

pub(super) fn bind(portal: &str, statement: &str, parameters: &[&str]) -> Vec<u8> {
    let parameters = parameters.iter().map(|value| Some(value.as_bytes()));
    encoded(|out| {
        frontend::bind(out, portal.as_bytes(), statement.as_bytes(), &[], parameters, &[]);
    })
}

pub(super) fn describe(portal: &str) -> Vec<u8> {
    encoded(|out| Frontend::Describe(Target::Portal(portal.as_bytes())).encode(out))
}

pub(super) fn describe_statement(name: &str) -> Vec<u8> {
    encoded(|out| Frontend::Describe(Target::Statement(name.as_bytes())).encode(out))
}

pub(super) fn execute(portal: &str, max_rows: i32) -> Vec<u8> {
    let execute = frontend::Execute { portal: portal.as_bytes(), max_rows };
    encoded(|out| Frontend::Execute(execute).encode(out))
}

pub(super) fn close(target: Target<'_>) -> Vec<u8> {
    encoded(|out| Frontend::Close(target).encode(out))
}

pub(super) fn sync() -> Vec<u8> {
    encoded(|out| Frontend::Sync.encode(out))
}

pub(super) fn flush() -> Vec<u8> {
    encoded(|out| Frontend::Flush.encode(out))
}

pub(super) fn terminate() -> Vec<u8> {
    encoded(|out| Frontend::Terminate.encode(out))
}

pub(super) fn copy_data(bytes: &[u8]) -> Vec<u8> {
    encoded(|out| Frontend::CopyData(bytes).encode(out))
}

pub(super) fn copy_done() -> Vec<u8> {
    encoded(|out| Frontend::CopyDone.encode(out))
}

pub(super) fn copy_fail() -> Vec<u8> {
    encoded(|out| Frontend::CopyFail(b"no more").encode(out))
}

/// Several messages in one piece.
pub(super) fn all(messages: &[Vec<u8>]) -> Vec<u8> {
    messages.concat()
}

pub(super) fn reply(message: Backend<'_>) -> Vec<u8> {
    encoded(|out| message.encode(out))
}

pub(super) fn error(report: &Report) -> Vec<u8> {
    encoded(|out| report.encode(out))
}

pub(super) fn ready() -> Vec<u8> {
    reply(Backend::ReadyForQuery(TransactionStatus::Idle))
}

pub(super) fn ready_in(status: TransactionStatus) -> Vec<u8> {
    reply(Backend::ReadyForQuery(status))
}

pub(super) fn complete(tag: &str) -> Vec<u8> {
    reply(Backend::CommandComplete(tag.as_bytes()))
}

/// A column: its name, its table and number there, its type.
pub(super) type Column<'a> = (&'a str, u32, i16, u32);

pub(super) const SSN: Column<'static> = ("ssn", PATIENTS, 2, TEXT);
pub(super) const ID: Column<'static> = ("id", PATIENTS, 1, INT4);

pub(super) fn description(columns: &[Column<'_>]) -> Vec<u8> {
    let fields = columns.iter().map(|&(name, table_oid, attnum, type_oid)| Field {
        name: name.as_bytes(),
        table_oid,
        attnum,
        type_oid,
        type_len: -1,
        type_modifier: -1,
        format: Format::Text,
    });
    encoded(|out| backend::row_description(out, fields))
}

pub(super) fn row(cells: &[&str]) -> Vec<u8> {
    encoded(|out| backend::data_row(out, cells.iter().map(|cell| Some(cell.as_bytes()))))
}

/// The frames of what was sent, each by its type and its text: `D 1,***********`.
pub(super) fn shown(bytes: &[u8]) -> Vec<String> {
    frames(bytes).map(|(tag, body)| show_one(tag, body)).collect()
}

/// The types alone.
pub(super) fn tags(bytes: &[u8]) -> String {
    frames(bytes).map(|(tag, _)| char::from(tag)).collect()
}

pub(super) fn frames(bytes: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let frame = frame::whole(rest, frame::MAX_BYTES).unwrap().expect("whole frames");
        rest = &rest[frame.len..];
        Some((frame.tag, frame.body))
    })
}

fn show_one(tag: u8, body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let words: Vec<_> = text.split(|c: char| c.is_control()).filter(|w| !w.is_empty()).collect();
    format!("{} {}", char::from(tag), words.join(",")).trim_end().to_owned()
}
