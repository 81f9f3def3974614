//! Records of one session: requests before they go upstream, responses before they leave.
//!
//! A *response* covers every byte sent to the client since the response before it: it ends with the
//! ReadyForQuery, or where the next statement of a pipeline begins to answer. What leaves
//! before its end is covered by chunks. Nothing here knows what may leave, only what does.

use lazaret_audit::{
    Bind, Body, Chunk, CopyIn, FindingCounts, Position, Response, SessionEnd, SessionStart,
    Statement,
};
use lazaret_proto::pg::frontend;
use lazaret_proto::pg::sqlstate::SqlState;

use super::end::End;
use super::excerpt::Excerpts;
use crate::context::Context;
use crate::mask::Counts;

/// Which purpose the commitment key is stretched for.
const COMMITMENT_CONTEXT: &str = "lazaret 2026 record commitment";

pub(super) struct Recorder {
    session: [u8; 16],
    commitment_key: [u8; 32],
    excerpts: Excerpts,
    /// Of the last record.
    position: Position,
    requests: u64,
    bytes_from_client: u64,
    rows: u64,
    findings: FindingCounts,
    response: Open,
}

/// A message that asks for something, as records state it.
pub(super) struct Asked<'a> {
    pub(super) message: &'static str,
    /// Of the statement that it prepares.
    pub(super) name: &'a [u8],
    pub(super) text: &'a [u8],
    /// Its length, where it is more than the text that is known.
    pub(super) bytes: usize,
}

impl<'a> Asked<'a> {
    pub(super) fn new(message: &'static str, text: &'a [u8]) -> Self {
        Self { message, name: b"", text, bytes: text.len() }
    }
}

/// A verdict as records state it.
pub(super) struct Verdict<'a> {
    pub(super) kind: &'a str,
    pub(super) allowed: bool,
    pub(super) rule: &'a str,
}

/// The response that is being sent.
struct Open {
    request: u64,
    total: Sum,
    /// Since the last chunk.
    part: Sum,
    hasher: blake3::Hasher,
    outcome: Option<Outcome>,
}

#[derive(Clone, Copy, Default)]
struct Sum {
    rows: u64,
    bytes: u64,
    findings: FindingCounts,
}

/// How a statement's answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Complete,
    Suspended,
    /// With a SQLSTATE that is known, or the one that stands for those that aren't.
    Error(SqlState),
}

impl Recorder {
    pub(super) fn start(
        session: [u8; 16],
        start: SessionStart<'_>,
        context: &mut Context<'_>,
    ) -> Result<Box<Self>, End> {
        let mut material = context.settings.commitment_key.expose().as_bytes().to_vec();
        material.extend_from_slice(&session);
        let position = context.log.append(session, &Body::from(start))?;
        Ok(Box::new(Self {
            session,
            commitment_key: blake3::derive_key(COMMITMENT_CONTEXT, &material),
            excerpts: Excerpts::default(),
            position,
            requests: 0,
            bytes_from_client: 0,
            rows: 0,
            findings: FindingCounts::default(),
            response: Open::new(),
        }))
    }

    /// What bytes that leave now have to wait for.
    pub(super) fn position(&self) -> Position {
        self.position
    }

    /// The number of the last request.
    pub(super) fn request(&self) -> u64 {
        self.requests
    }

    pub(super) fn received(&mut self, bytes: usize) {
        self.bytes_from_client += bytes as u64;
    }

    /// Something that the client wants run or prepared. What is not known of a text that was too
    /// long to be kept is not in the commitment either.
    pub(super) fn statement(
        &mut self,
        asked: &Asked<'_>,
        verdict: &Verdict<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        self.requests += 1;
        let commitment = self.commitment(asked.text);
        let (name, text) = self.excerpts.statement(asked.name, asked.text, context.scanner);
        let body = Statement {
            request: self.requests,
            message: asked.message,
            kind: verdict.kind,
            name,
            text,
            commitment,
            bytes: asked.bytes as u64,
            allowed: verdict.allowed,
            rule: verdict.rule,
            snapshot_hash: &context.engine.snapshot().hash,
        };
        self.position = context.log.append(self.session, &body.into())?;
        let counter = match verdict.allowed {
            true => &mut context.counters.statements_allowed,
            false => &mut context.counters.statements_denied,
        };
        *counter += 1;
        Ok(())
    }

    /// `body` is the whole body of the message.
    pub(super) fn bind(
        &mut self,
        bind: &frontend::Bind<'_>,
        body: &[u8],
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        self.requests += 1;
        let commitment = self.commitment(body);
        let (statement, parameters) = self.excerpts.bind(bind, context.scanner);
        let body = Bind {
            request: self.requests,
            statement,
            parameters,
            commitment,
            bytes: body.len() as u64,
        };
        self.position = context.log.append(self.session, &body.into())?;
        Ok(())
    }

    /// COPY data that goes upstream now.
    pub(super) fn copy_in(
        &mut self,
        bytes: &[u8],
        findings: FindingCounts,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let body = CopyIn {
            request: self.requests,
            bytes: bytes.len() as u64,
            commitment: self.commitment(bytes),
            findings,
        };
        self.position = context.log.append(self.session, &body.into())?;
        Ok(())
    }

    /// Bytes, in their final form, that go to the client.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        self.response.hasher.update(bytes);
        self.response.total.bytes += bytes.len() as u64;
        self.response.part.bytes += bytes.len() as u64;
    }

    pub(super) fn rows(&mut self, count: u64) {
        self.rows += count;
        self.response.total.rows += count;
        self.response.part.rows += count;
    }

    pub(super) fn masked(&mut self, counts: &Counts, context: &mut Context<'_>) {
        context.counters.cells_masked += u64::from(counts.cells_masked);
        for (index, &count) in counts.findings.iter().enumerate() {
            context.counters.findings[index] += u64::from(count);
            for sum in [
                &mut self.findings[index],
                &mut self.response.total.findings[index],
                &mut self.response.part.findings[index],
            ] {
                *sum = sum.saturating_add(count);
            }
        }
    }

    /// The statement that is being answered is done; what still comes before the next one
    /// belongs to it.
    pub(super) fn done(&mut self, outcome: Outcome) {
        self.response.outcome = Some(outcome);
    }

    /// Whether the next statement's answer opens a response of its own.
    pub(super) fn is_done(&self) -> bool {
        self.response.outcome.is_some()
    }

    /// What comes now answers this request.
    pub(super) fn answers(&mut self, request: u64) {
        self.response.request = request;
    }

    /// Covers what was sent and not yet recorded, by a chunk.
    pub(super) fn chunk(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        let part = std::mem::take(&mut self.response.part);
        if part.bytes == 0 {
            return Ok(());
        }
        let body = Chunk {
            request: self.response.request,
            rows: part.rows,
            bytes: part.bytes,
            findings: part.findings,
            digest: *self.response.hasher.finalize().as_bytes(),
        };
        self.position = context.log.append(self.session, &body.into())?;
        Ok(())
    }

    /// Covers all of the response that is being sent, and ends it.
    pub(super) fn close(&mut self, context: &mut Context<'_>) -> Result<(), End> {
        let outcome = match self.response.outcome.take() {
            Some(Outcome::Error(sqlstate)) => format!("error {}", sqlstate.as_str()).into(),
            Some(Outcome::Suspended) => "suspended".into(),
            Some(Outcome::Complete) | None => std::borrow::Cow::Borrowed("complete"),
        };
        self.close_as(&outcome, context)
    }

    fn close_as(&mut self, outcome: &str, context: &mut Context<'_>) -> Result<(), End> {
        let total = std::mem::take(&mut self.response.total);
        self.response.part = Sum::default();
        if total.bytes == 0 {
            return Ok(());
        }
        let body = Response {
            request: self.response.request,
            rows: total.rows,
            bytes: total.bytes,
            findings: total.findings,
            digest: *self.response.hasher.finalize().as_bytes(),
            outcome,
        };
        self.response.hasher.reset();
        self.position = context.log.append(self.session, &body.into())?;
        Ok(())
    }

    /// The last records. A full log can't take them; the silence shows.
    pub(super) fn end(
        mut self: Box<Self>,
        reason: &str,
        bytes_to_client: u64,
        context: &mut Context<'_>,
    ) {
        let body = SessionEnd {
            reason,
            requests: self.requests,
            rows: self.rows,
            bytes_to_client,
            bytes_from_client: self.bytes_from_client,
            findings: self.findings,
        };
        let closed = self.close_as("disconnected", context);
        if closed.is_ok() {
            let _ = context.log.append(self.session, &body.into());
        }
    }

    fn commitment(&self, bytes: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(&self.commitment_key, bytes).as_bytes()
    }
}

impl Open {
    fn new() -> Self {
        Self {
            request: 0,
            total: Sum::default(),
            part: Sum::default(),
            hasher: blake3::Hasher::new(),
            outcome: None,
        }
    }
}
