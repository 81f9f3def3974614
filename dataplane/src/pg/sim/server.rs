//! A server: enough of PostgreSQL's protocol to be a hard partner, and a database of a few
//! statements.
//!
//! It follows the real one where that matters to a gateway: what is discarded after an error, what
//! is ignored within COPY, when portals end, what an aborted transaction refuses.

use std::collections::HashMap;

use lazaret_proto::pg::backend::{Authentication, BackendKeyData, Message, TransactionStatus};
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::frame::{self, Frame};
use lazaret_proto::pg::frontend::{Execute, Message as Request, Target};
use lazaret_proto::pg::sqlstate::SqlState;
use lazaret_proto::pg::startup::Packet;

use super::database::{Answer, SENTINEL, answer, statements};
use super::messages::{complete, description, error, reply, row};

#[derive(Default)]
pub(super) struct Server {
    input: Vec<u8>,
    output: Vec<u8>,
    started: bool,
    pub(super) gone: bool,
    /// Texts that a gateway would refuse: alone, this server refuses them itself.
    refused: Option<fn(&str) -> bool>,
    transaction: Transaction,
    discarding: bool,
    copy_in: Option<CopyIn>,
    prepared: HashMap<Vec<u8>, String>,
    portals: HashMap<Vec<u8>, Portal>,
    cursors: HashMap<String, Portal>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Transaction {
    #[default]
    None,
    Block,
    Failed,
}

struct CopyIn {
    extended: bool,
    rows: usize,
}

struct Portal {
    answer: Answer,
    sent: usize,
}

impl Server {
    /// A server that a client speaks to without a gateway.
    pub(super) fn direct(refused: fn(&str) -> bool) -> Self {
        Self { started: true, refused: Some(refused), ..Self::default() }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        self.input.extend_from_slice(bytes);
        while self.step() {}
    }

    pub(super) fn take_output(&mut self, at_most: usize) -> Vec<u8> {
        let count = self.output.len().min(at_most);
        self.output.drain(..count).collect()
    }

    pub(super) fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    fn step(&mut self) -> bool {
        let input = std::mem::take(&mut self.input);
        let taken = match self.started {
            false => self.start_up(&input),
            true => match frame::whole(&input, frame::MAX_BYTES).expect("a well-formed frame") {
                Some(frame) => {
                    self.on_frame(frame);
                    frame.len
                }
                None => 0,
            },
        };
        self.input = input[taken..].to_vec();
        taken > 0
    }

    fn start_up(&mut self, input: &[u8]) -> usize {
        let Some((packet, len)) = Packet::read(input).expect("a start-up packet") else { return 0 };
        assert!(matches!(packet, Packet::Startup(_)));
        self.started = true;
        self.say(reply(Message::Authentication(Authentication::Ok)));
        for (name, value) in [("client_encoding", "UTF8"), ("standard_conforming_strings", "on")] {
            let (name, value) = (name.as_bytes(), value.as_bytes());
            self.say(reply(Message::ParameterStatus { name, value }));
        }
        self.say(reply(Message::BackendKeyData(BackendKeyData { process_id: 9, secret: b"key!" })));
        self.ready();
        len
    }

    fn on_frame(&mut self, frame: Frame<'_>) {
        let message = Request::decode(frame).expect("a well-formed message");
        if self.copy_in.is_some() {
            return self.on_copy_message(message);
        }
        match message {
            Request::Terminate => self.gone = true,
            Request::Sync => {
                self.discarding = false;
                if self.transaction == Transaction::None {
                    self.portals.clear();
                }
                self.ready();
            }
            Request::CopyData(_) | Request::CopyDone | Request::CopyFail(_) => {}
            _ if self.discarding => {}
            Request::Query(text) => self.on_query(&String::from_utf8_lossy(text)),
            Request::Flush => {}
            message => {
                if let Err(report) = self.on_extended(message) {
                    self.fail(&report);
                    self.discarding = true;
                }
            }
        }
    }

    fn on_copy_message(&mut self, message: Request<'_>) {
        let Some(copy) = &mut self.copy_in else { return };
        let outcome = match message {
            Request::CopyData(data) if data.starts_with(b"bad") => {
                Err(Report::error(SqlState::BAD_COPY_FILE_FORMAT, format!("bad {SENTINEL}")))
            }
            Request::CopyData(_) => {
                copy.rows += 1;
                return;
            }
            Request::CopyDone => Ok(complete(&format!("COPY {}", copy.rows))),
            Request::CopyFail(_) => Err(Report::error(SqlState::QUERY_CANCELED, "given up")),
            Request::Sync | Request::Flush => return,
            Request::Terminate => {
                self.gone = true;
                return;
            }
            _ => Err(Report::error(SqlState::PROTOCOL_VIOLATION, "unexpected message type")),
        };
        let extended = copy.extended;
        self.copy_in = None;
        match outcome {
            Ok(complete) => self.say(complete),
            Err(report) => {
                self.fail(&report);
                self.discarding = extended;
            }
        }
        if !extended {
            self.ready();
        }
    }

    fn on_query(&mut self, text: &str) {
        self.prepared.remove(&b""[..]);
        self.portals.remove(&b""[..]);
        let texts = statements(text);
        if texts.is_empty() {
            self.say(reply(Message::EmptyQueryResponse));
        }
        let refused = self.refuses(text);
        for text in texts {
            let answer = if refused { Err(refusal()) } else { self.run(&text) };
            match answer {
                Ok(Answer::CopyIn) => {
                    self.copy_in = Some(CopyIn { extended: false, rows: 0 });
                    self.say(copy_response(b'G', 2));
                    return;
                }
                Ok(answer) => self.give(&answer, true),
                Err(report) => {
                    self.fail(&report);
                    break;
                }
            }
        }
        self.ready();
    }

    fn on_extended(&mut self, message: Request<'_>) -> Result<(), Report> {
        match message {
            Request::Parse(parse) => {
                let text = String::from_utf8_lossy(parse.query).into_owned();
                if parse.statement.is_empty() {
                    self.prepared.remove(&b""[..]);
                }
                if text.starts_with("lazaret:") {
                    return Err(Report::error(SqlState::SYNTAX_ERROR, "syntax error"));
                }
                if self.refuses(&text) {
                    return Err(refusal());
                }
                self.check_alive(&text)?;
                if self.prepared.contains_key(parse.statement) {
                    return Err(Report::error(SqlState::DUPLICATE_PSTATEMENT, "exists"));
                }
                self.prepared.insert(parse.statement.to_vec(), text);
                self.say(reply(Message::ParseComplete));
            }
            Request::Bind(bind) => {
                let text = self.prepared.get(bind.statement).cloned();
                let text = text.ok_or_else(|| {
                    Report::error(SqlState::INVALID_SQL_STATEMENT_NAME, "no such statement")
                })?;
                self.check_alive(&text)?;
                if !bind.portal.is_empty() && self.portals.contains_key(bind.portal) {
                    return Err(Report::error(SqlState::DUPLICATE_CURSOR, "exists"));
                }
                let answer = match statements(&text).first() {
                    Some(text) => self.look_up(text),
                    None => Answer::Empty,
                };
                self.portals.insert(bind.portal.to_vec(), Portal { answer, sent: 0 });
                self.say(reply(Message::BindComplete));
            }
            Request::Describe(Target::Portal(name)) => {
                let portal = self.portals.get(name).ok_or_else(no_portal)?;
                let described = match &portal.answer {
                    Answer::Rows { columns, .. } => description(columns),
                    _ => reply(Message::NoData),
                };
                self.say(described);
            }
            Request::Describe(Target::Statement(name)) => {
                let text = self.prepared.get(name).cloned().ok_or_else(|| {
                    Report::error(SqlState::INVALID_SQL_STATEMENT_NAME, "no such statement")
                })?;
                self.say(vec![b't', 0, 0, 0, 6, 0, 0]);
                let described = match statements(&text).first().map(|text| self.look_up(text)) {
                    Some(Answer::Rows { columns, .. }) => description(&columns),
                    _ => reply(Message::NoData),
                };
                self.say(described);
            }
            Request::Execute(execute) => self.on_execute(&execute)?,
            Request::Close(Target::Statement(name)) => {
                self.prepared.remove(name);
                self.say(reply(Message::CloseComplete));
            }
            Request::Close(Target::Portal(name)) => {
                self.portals.remove(name);
                self.say(reply(Message::CloseComplete));
            }
            _ => panic!("no such message here"),
        }
        Ok(())
    }

    fn on_execute(&mut self, execute: &Execute<'_>) -> Result<(), Report> {
        let mut portal = self.portals.remove(execute.portal).ok_or_else(no_portal)?;
        if self.transaction == Transaction::Failed && !portal.answer.ends_transaction() {
            self.portals.insert(execute.portal.to_vec(), portal);
            return Err(aborted());
        }
        let outcome = match &portal.answer {
            Answer::Rows { rows, tag, .. } => {
                let wanted = usize::try_from(execute.max_rows).unwrap_or(0);
                let left = rows.len() - portal.sent;
                let now = if wanted == 0 { left } else { left.min(wanted) };
                let rows = rows[portal.sent..portal.sent + now].to_vec();
                portal.sent += now;
                for cells in rows {
                    self.output.extend_from_slice(&encoded(&cells));
                }
                let done = match now < left || (wanted != 0 && now == wanted) {
                    true => reply(Message::PortalSuspended),
                    false => complete(&format!("{tag} {now}")),
                };
                self.say(done);
                Ok(())
            }
            Answer::CopyIn => {
                self.copy_in = Some(CopyIn { extended: true, rows: 0 });
                self.say(copy_response(b'G', 2));
                Ok(())
            }
            Answer::Error(report) => Err(report.clone()),
            answer => {
                let answer = answer.clone();
                self.perform(&answer);
                self.give(&answer, false);
                Ok(())
            }
        };
        self.portals.insert(execute.portal.to_vec(), portal);
        outcome
    }

    /// Runs one statement of a simple query.
    fn run(&mut self, text: &str) -> Result<Answer, Report> {
        if text.starts_with("lazaret:") {
            return Err(Report::error(SqlState::SYNTAX_ERROR, "syntax error"));
        }
        self.check_alive(text)?;
        let answer = self.look_up(text);
        if let Answer::Error(report) = &answer {
            return Err(report.clone());
        }
        self.perform(&answer);
        Ok(answer)
    }

    fn look_up(&mut self, text: &str) -> Answer {
        let Some(rest) = text.strip_prefix("FETCH ") else { return answer(text) };
        let name = rest.rsplit(' ').next().unwrap_or_default();
        let Some(portal) = self.cursors.get_mut(name) else {
            return Answer::Error(no_portal());
        };
        let Answer::Rows { columns, rows, .. } = &portal.answer else {
            return Answer::Error(no_portal());
        };
        let next: Vec<_> = rows.iter().skip(portal.sent).take(1).cloned().collect();
        portal.sent += next.len();
        Answer::Rows { columns: columns.clone(), rows: next, tag: "FETCH" }
    }

    /// What a statement does to the session.
    fn perform(&mut self, answer: &Answer) {
        match answer {
            Answer::Begin => self.transaction = Transaction::Block,
            Answer::End(_) => {
                self.transaction = Transaction::None;
                self.portals.clear();
            }
            Answer::Declare(name, inner) => {
                let portal = Portal { answer: (**inner).clone(), sent: 0 };
                self.cursors.insert((*name).to_owned(), portal);
            }
            _ => {}
        }
    }

    fn give(&mut self, answer: &Answer, described: bool) {
        match answer {
            Answer::Rows { columns, rows, tag } => {
                if described {
                    self.say(description(columns));
                }
                for cells in rows {
                    self.output.extend_from_slice(&encoded(cells));
                }
                self.say(complete(&format!("{tag} {}", rows.len())));
            }
            Answer::CopyOut(rows) => {
                self.say(copy_response(b'H', 3));
                for row in rows {
                    self.say(reply(Message::CopyData(row.as_bytes())));
                }
                self.say(reply(Message::CopyDone));
                self.say(complete(&format!("COPY {}", rows.len())));
            }
            Answer::Begin => self.say(complete("BEGIN")),
            Answer::Done(tag) | Answer::End(tag) => self.say(complete(tag)),
            Answer::Declare(..) => self.say(complete("DECLARE CURSOR")),
            Answer::Empty => self.say(reply(Message::EmptyQueryResponse)),
            Answer::CopyIn | Answer::Error(_) => unreachable!("given elsewhere"),
        }
    }

    fn check_alive(&self, text: &str) -> Result<(), Report> {
        let ends = matches!(text, "COMMIT" | "ROLLBACK");
        if self.transaction == Transaction::Failed && !ends { Err(aborted()) } else { Ok(()) }
    }

    fn refuses(&self, text: &str) -> bool {
        self.refused.is_some_and(|refuses| refuses(text))
    }

    fn fail(&mut self, report: &Report) {
        self.say(error(report));
        if self.transaction == Transaction::Block {
            self.transaction = Transaction::Failed;
        }
        if self.transaction == Transaction::None {
            self.portals.clear();
        }
    }

    fn ready(&mut self) {
        let status = match self.transaction {
            Transaction::None => TransactionStatus::Idle,
            Transaction::Block => TransactionStatus::InTransaction,
            Transaction::Failed => TransactionStatus::Failed,
        };
        self.say(reply(Message::ReadyForQuery(status)));
    }

    fn say(&mut self, bytes: Vec<u8>) {
        self.output.extend_from_slice(&bytes);
    }
}

/// As the gateway answers, so that both can be compared.
fn refusal() -> Report {
    Report::error(SqlState::INSUFFICIENT_PRIVILEGE, "refused")
}

fn aborted() -> Report {
    Report::error(SqlState::IN_FAILED_SQL_TRANSACTION, "aborted")
}

fn no_portal() -> Report {
    Report::error(SqlState::INVALID_CURSOR_NAME, "no such portal")
}

fn encoded(cells: &[String]) -> Vec<u8> {
    let cells: Vec<_> = cells.iter().map(String::as_str).collect();
    row(&cells)
}

fn copy_response(tag: u8, columns: u8) -> Vec<u8> {
    let mut bytes = vec![tag, 0, 0, 0, 7 + 2 * columns, 0, 0, columns];
    bytes.resize(bytes.len() + 2 * usize::from(columns), 0);
    bytes
}
