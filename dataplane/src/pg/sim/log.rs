//! The log, in memory.

use lazaret_audit::{Body, Position};

use crate::context::{Log, LogFull};

/// What the tests look at of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Record {
    SessionStart { principal: String, application_name: String },
    SessionRefused { reason: String },
    Statement { message: String, kind: String, text: String, allowed: bool, rule: String },
    Bind { parameters: Vec<String> },
    CopyIn { bytes: u64 },
    Chunk { request: u64, bytes: u64, digest: [u8; 32] },
    Response { request: u64, rows: u64, bytes: u64, digest: [u8; 32], outcome: String },
    SessionEnd { reason: String, bytes_to_client: u64 },
    Other,
}

#[derive(Default)]
pub(super) struct MemoryLog {
    pub(super) records: Vec<Record>,
    /// After so many records there is no room.
    pub(super) room: Option<usize>,
}

impl MemoryLog {
    pub(super) fn position(&self) -> Position {
        Position { sequence: self.records.len() as u64 }
    }

    /// Statements and their like, and whether they were allowed.
    pub(super) fn verdicts(&self) -> Vec<(&str, bool)> {
        let verdicts = self.records.iter().filter_map(|record| match record {
            Record::Statement { text, allowed, .. } => Some((text.as_str(), *allowed)),
            _ => None,
        });
        verdicts.collect()
    }

    pub(super) fn outcomes(&self) -> Vec<&str> {
        let outcomes = self.records.iter().filter_map(|record| match record {
            Record::Response { outcome, .. } => Some(outcome.as_str()),
            _ => None,
        });
        outcomes.collect()
    }
}

impl Log for MemoryLog {
    fn append(&mut self, _session: [u8; 16], body: &Body<'_>) -> Result<Position, LogFull> {
        if self.room.is_some_and(|room| self.records.len() >= room) {
            return Err(LogFull);
        }
        self.records.push(match body {
            Body::SessionStart(start) => Record::SessionStart {
                principal: start.principal.to_owned(),
                application_name: start.application_name.to_owned(),
            },
            Body::SessionRefused(refused) => {
                Record::SessionRefused { reason: refused.reason.to_owned() }
            }
            Body::Statement(statement) => Record::Statement {
                message: statement.message.to_owned(),
                kind: statement.kind.to_owned(),
                text: statement.text.to_owned(),
                allowed: statement.allowed,
                rule: statement.rule.to_owned(),
            },
            Body::Bind(bind) => Record::Bind { parameters: bind.parameters.to_vec() },
            Body::CopyIn(copy) => Record::CopyIn { bytes: copy.bytes },
            Body::Chunk(chunk) => {
                Record::Chunk { request: chunk.request, bytes: chunk.bytes, digest: chunk.digest }
            }
            Body::Response(response) => Record::Response {
                request: response.request,
                rows: response.rows,
                bytes: response.bytes,
                digest: response.digest,
                outcome: response.outcome.to_owned(),
            },
            Body::SessionEnd(end) => Record::SessionEnd {
                reason: end.reason.to_owned(),
                bytes_to_client: end.bytes_to_client,
            },
            _ => Record::Other,
        });
        Ok(self.position())
    }
}
