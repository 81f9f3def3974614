//! A PostgreSQL client that does exactly what it is told and keeps every byte it receives.
//!
//! Drivers are too polite for some tests: they describe what they execute, close what they open and
//! hide what they don't understand. This client sends any message in any order, and
//! [`Wire::received`] lets a test look for a value in all that came over the wire.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

/// A message from the server: its type byte and its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub kind: u8,
    pub body: Vec<u8>,
}

impl Message {
    /// A field of an ErrorResponse or NoticeResponse, such as `b'C'` for the SQLSTATE.
    pub fn field(&self, code: u8) -> Option<String> {
        self.body
            .split(|byte| *byte == 0)
            .find(|field| field.first() == Some(&code))
            .map(|field| String::from_utf8_lossy(&field[1..]).into_owned())
    }

    /// The cells of a DataRow; `None` is NULL.
    pub fn cells(&self) -> Vec<Option<Vec<u8>>> {
        let mut rest = self.body.get(2..).unwrap_or_default();
        let mut cells = Vec::new();
        while let Some((length, behind)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(i32::from_be_bytes(*length)).ok();
            let (cell, behind) = behind.split_at(length.unwrap_or(0).min(behind.len()));
            cells.push(length.map(|_| cell.to_vec()));
            rest = behind;
        }
        cells
    }

    /// The cells of a DataRow in text format; NULL as `None`.
    pub fn texts(&self) -> Vec<Option<String>> {
        let text = |cell: Vec<u8>| String::from_utf8_lossy(&cell).into_owned();
        self.cells().into_iter().map(|cell| cell.map(text)).collect()
    }
}

/// A connection over any stream.
#[derive(Debug)]
pub struct Wire<S> {
    stream: S,
    received: Vec<u8>,
    /// How far `received` has been handed out as messages.
    taken: usize,
    /// The secret to cancel by, once started.
    pub cancel_key: Vec<u8>,
}

impl Wire<TcpStream> {
    /// Connects over plain TCP and starts a session.
    pub fn session(
        port: u16,
        user: &str,
        database: &str,
        password: &str,
    ) -> io::Result<Wire<TcpStream>> {
        let mut wire = Wire::connect(port)?;
        wire.start(&[("user", user), ("database", database)], password)?;
        Ok(wire)
    }

    /// Connects over plain TCP and says nothing yet.
    pub fn connect(port: u16) -> io::Result<Wire<TcpStream>> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_nodelay(true)?;
        // A bug must not hang the tests; nothing here takes this long.
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        Ok(Wire::over(stream))
    }

    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl<S: Read + Write> Wire<S> {
    pub fn over(stream: S) -> Self {
        Self { stream, received: Vec::new(), taken: 0, cancel_key: Vec::new() }
    }

    /// The stream, once nothing more is to be read from here.
    pub fn into_inner(self) -> S {
        self.stream
    }

    /// Every byte that has come in so far.
    pub fn received(&self) -> &[u8] {
        &self.received
    }

    /// Sends the start-up message and goes on until ReadyForQuery; an ErrorResponse is an error.
    pub fn start(&mut self, parameters: &[(&str, &str)], password: &str) -> io::Result<()> {
        self.send_bytes(&startup(parameters))?;
        loop {
            let message = self.message()?;
            match message.kind {
                b'R' => self.authenticate(&message.body, password)?,
                b'K' => self.cancel_key = message.body,
                b'E' => return Err(io::Error::other(error_text(&message))),
                b'Z' => return Ok(()),
                _ => {}
            }
        }
    }

    /// The cleartext password is what the gateway asks for; the harness's servers trust.
    fn authenticate(&mut self, request: &[u8], password: &str) -> io::Result<()> {
        match request.get(..4) {
            Some([0, 0, 0, 0]) => Ok(()),
            Some([0, 0, 0, 3]) => self.send(b'p', &text(password)),
            _ => Err(io::Error::other("the server asks for a method this client doesn't speak")),
        }
    }

    pub fn send(&mut self, kind: u8, body: &[u8]) -> io::Result<()> {
        self.send_bytes(&frame(kind, body))
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// A simple query and all that it answers, ReadyForQuery included.
    pub fn query(&mut self, sql: &str) -> io::Result<Vec<Message>> {
        self.send(b'Q', &text(sql))?;
        self.until_ready()
    }

    /// Messages up to and including ReadyForQuery.
    pub fn until_ready(&mut self) -> io::Result<Vec<Message>> {
        self.until(b'Z')
    }

    /// Messages up to and including the first of this type.
    pub fn until(&mut self, kind: u8) -> io::Result<Vec<Message>> {
        let mut messages = Vec::new();
        loop {
            messages.push(self.message()?);
            if messages.last().is_some_and(|message| message.kind == kind) {
                return Ok(messages);
            }
        }
    }

    /// The next message.
    pub fn message(&mut self) -> io::Result<Message> {
        loop {
            if let Some((kind, body)) = split(&self.received[self.taken..]) {
                self.taken += 5 + body.len();
                return Ok(Message { kind, body: body.to_vec() });
            }
            if self.read_some()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Everything up to the end of the stream.
    pub fn to_end(&mut self) -> io::Result<()> {
        while self.read_some()? > 0 {}
        Ok(())
    }

    fn read_some(&mut self) -> io::Result<usize> {
        let mut chunk = [0; 16 << 10];
        let count = self.stream.read(&mut chunk)?;
        self.received.extend_from_slice(&chunk[..count]);
        Ok(count)
    }
}

/// What is in an ErrorResponse for a person: SQLSTATE and message.
pub fn error_text(message: &Message) -> String {
    let field = |code| message.field(code).unwrap_or_default();
    format!("{}: {}", field(b'C'), field(b'M'))
}

/// The first ErrorResponse among these.
pub fn first_error(messages: &[Message]) -> Option<&Message> {
    messages.iter().find(|message| message.kind == b'E')
}

/// The DataRows among these, as text.
pub fn rows(messages: &[Message]) -> Vec<Vec<Option<String>>> {
    messages.iter().filter(|message| message.kind == b'D').map(Message::texts).collect()
}

/// The transaction status in the last ReadyForQuery: `I`, `T` or `E`.
pub fn status(messages: &[Message]) -> Option<char> {
    let ready = messages.iter().rfind(|message| message.kind == b'Z')?;
    ready.body.first().map(|byte| char::from(*byte))
}

/// A message with its type and length.
pub fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut frame = vec![kind];
    frame.extend_from_slice(&length(body.len() + 4));
    frame.extend_from_slice(body);
    frame
}

/// A string as the protocol writes it.
pub fn text(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.push(0);
    bytes
}

/// StartupMessage of protocol 3.0.
pub fn startup(parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut body = vec![0, 3, 0, 0];
    for (name, value) in parameters {
        body.extend(text(name));
        body.extend(text(value));
    }
    body.push(0);
    let mut message = length(body.len() + 4).to_vec();
    message.extend(body);
    message
}

/// SSLRequest.
pub const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// CancelRequest for a BackendKeyData body.
pub fn cancel_request(key: &[u8]) -> Vec<u8> {
    let mut message = length(key.len() + 8).to_vec();
    message.extend([0x04, 0xd2, 0x16, 0x2e]);
    message.extend(key);
    message
}

pub fn parse(statement: &str, sql: &str) -> Vec<u8> {
    let mut body = text(statement);
    body.extend(text(sql));
    body.extend([0, 0]);
    frame(b'P', &body)
}

/// Bind with text parameters; all results in one format, 0 for text and 1 for binary.
pub fn bind(portal: &str, statement: &str, parameters: &[&str], format: u8) -> Vec<u8> {
    let mut body = text(portal);
    body.extend(text(statement));
    body.extend([0, 0]);
    body.extend(count(parameters.len()));
    for parameter in parameters {
        body.extend(length(parameter.len()));
        body.extend(parameter.as_bytes());
    }
    body.extend([0, 1, 0, format]);
    frame(b'B', &body)
}

/// Describe of a statement (`b'S'`) or portal (`b'P'`).
pub fn describe(what: u8, name: &str) -> Vec<u8> {
    frame(b'D', &[&[what], text(name).as_slice()].concat())
}

/// Close of a statement (`b'S'`) or portal (`b'P'`).
pub fn close(what: u8, name: &str) -> Vec<u8> {
    frame(b'C', &[&[what], text(name).as_slice()].concat())
}

/// Execute; 0 rows means all.
pub fn execute(portal: &str, rows: u32) -> Vec<u8> {
    frame(b'E', &[text(portal).as_slice(), &rows.to_be_bytes()].concat())
}

pub fn sync() -> Vec<u8> {
    frame(b'S', &[])
}

fn split(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let (kind, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = u32::from_be_bytes(*length) as usize;
    Some((*kind, rest.get(..length.checked_sub(4)?)?))
}

/// A length that a test would ever send fits.
fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

fn count(count: usize) -> [u8; 2] {
    u16::try_from(count).unwrap_or(u16::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Postgres, PostgresOptions};

    #[test]
    fn both_protocols_reach_a_real_server() {
        let server = Postgres::start(&PostgresOptions::default()).unwrap();
        let mut wire = Wire::session(server.port(), "postgres", "postgres", "").unwrap();
        let simple = wire.query("select 1, null").unwrap();
        assert_eq!(rows(&simple), [[Some("1".to_string()), None]]);
        assert_eq!(status(&simple), Some('I'));

        let pipeline = [
            parse("s", "select $1::int4 + 1"),
            bind("p", "s", &["41"], 1),
            describe(b'P', "p"),
            execute("p", 0),
            close(b'S', "s"),
            sync(),
        ];
        wire.send_bytes(&pipeline.concat()).unwrap();
        let extended = wire.until_ready().unwrap();
        let row = extended.iter().find(|message| message.kind == b'D').unwrap();
        assert_eq!(row.cells(), [Some(vec![0, 0, 0, 42])]);

        let failed = wire.query("select * from no_such_table").unwrap();
        let error = first_error(&failed).unwrap();
        assert_eq!(error.field(b'C').as_deref(), Some("42P01"));
        assert!(wire.received().windows(13).any(|bytes| bytes == b"no_such_table"));
    }
}
