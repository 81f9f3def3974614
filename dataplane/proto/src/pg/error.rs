//! ErrorResponse and NoticeResponse: reading their fields and building new ones
//! (<https://www.postgresql.org/docs/current/protocol-error-fields.html>).

use super::backend::tag::{ERROR_RESPONSE, NOTICE_RESPONSE};
use super::encode;
use super::read::{MessageError, Reader};
use super::sqlstate::SqlState;

/// Field codes.
pub mod field {
    /// As shown, in the server's language.
    pub const SEVERITY: u8 = b'S';
    /// Never translated; since PostgreSQL 9.6.
    pub const SEVERITY_PLAIN: u8 = b'V';
    pub const SQLSTATE: u8 = b'C';
    pub const MESSAGE: u8 = b'M';
    pub const DETAIL: u8 = b'D';
    pub const HINT: u8 = b'H';
    /// In characters from 1, into the query as sent.
    pub const POSITION: u8 = b'P';
    pub const INTERNAL_POSITION: u8 = b'p';
    pub const INTERNAL_QUERY: u8 = b'q';
    pub const WHERE: u8 = b'W';
    pub const SCHEMA: u8 = b's';
    pub const TABLE: u8 = b't';
    pub const COLUMN: u8 = b'c';
    pub const DATA_TYPE: u8 = b'd';
    pub const CONSTRAINT: u8 = b'n';
    pub const FILE: u8 = b'F';
    pub const LINE: u8 = b'L';
    pub const ROUTINE: u8 = b'R';
}

/// The fields of an ErrorResponse or NoticeResponse, in the order they were sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fields<'a> {
    raw: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let start = *reader;
        let mut end = *reader;
        while reader.u8()? != 0 {
            reader.string()?;
            end = *reader;
        }
        Ok(Self { raw: end.since(start) })
    }

    pub fn iter(&self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        let mut reader = Reader::new(self.raw);
        std::iter::from_fn(move || {
            let code = reader.u8().ok()?;
            let value = reader.string().ok()?;
            Some((code, value))
        })
    }

    /// The first field with that code.
    pub fn value(&self, code: u8) -> Option<&'a [u8]> {
        self.iter().find(|&(candidate, _)| candidate == code).map(|(_, value)| value)
    }

    /// The SQLSTATE, if it is one by its form; it may still be one that nobody knows.
    pub fn sqlstate(&self) -> Option<SqlState> {
        SqlState::from_bytes(self.value(field::SQLSTATE)?)
    }

    /// By the untranslated field, or the translated one where a server is older than that.
    pub fn severity(&self) -> Option<Severity> {
        let name = self.value(field::SEVERITY_PLAIN).or_else(|| self.value(field::SEVERITY))?;
        Severity::from_name(name)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.raw);
        out.push(0);
    }
}

/// Any field may carry data, so only which fields there are is shown.
impl std::fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|(code, _)| char::from(code))).finish()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    Error,
    Fatal,
    Panic,
    Warning,
    Notice,
    Debug,
    Info,
    Log,
}

impl Severity {
    pub const ALL: [Self; 8] = [
        Self::Error,
        Self::Fatal,
        Self::Panic,
        Self::Warning,
        Self::Notice,
        Self::Debug,
        Self::Info,
        Self::Log,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Fatal => "FATAL",
            Self::Panic => "PANIC",
            Self::Warning => "WARNING",
            Self::Notice => "NOTICE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Log => "LOG",
        }
    }

    pub fn from_name(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name().as_bytes() == name)
    }

    /// The connection ends with it.
    pub const fn ends_session(self) -> bool {
        matches!(self, Self::Fatal | Self::Panic)
    }
}

/// Builds an ErrorResponse or a NoticeResponse. The fields are owned: errors are rare.
#[derive(Clone, Debug)]
pub struct Report {
    body: Vec<u8>,
}

impl Report {
    pub fn new(severity: Severity, sqlstate: SqlState, message: impl AsRef<[u8]>) -> Self {
        Self { body: Vec::with_capacity(128) }
            .field(field::SEVERITY, severity.name())
            .field(field::SEVERITY_PLAIN, severity.name())
            .field(field::SQLSTATE, sqlstate.as_str())
            .field(field::MESSAGE, message)
    }

    pub fn error(sqlstate: SqlState, message: impl AsRef<[u8]>) -> Self {
        Self::new(Severity::Error, sqlstate, message)
    }

    pub fn fatal(sqlstate: SqlState, message: impl AsRef<[u8]>) -> Self {
        Self::new(Severity::Fatal, sqlstate, message)
    }

    pub fn notice(message: impl AsRef<[u8]>) -> Self {
        Self::new(Severity::Notice, SqlState::SUCCESSFUL_COMPLETION, message)
    }

    pub fn detail(self, text: impl AsRef<[u8]>) -> Self {
        self.field(field::DETAIL, text)
    }

    pub fn hint(self, text: impl AsRef<[u8]>) -> Self {
        self.field(field::HINT, text)
    }

    /// In characters from 1.
    pub fn position(self, position: u32) -> Self {
        self.field(field::POSITION, position.to_string())
    }

    /// A field by its code, as when a report is rebuilt from another. A zero byte ends the text.
    pub fn field(mut self, code: u8, text: impl AsRef<[u8]>) -> Self {
        debug_assert_ne!(code, 0, "a zero code ends the fields");
        self.body.push(code);
        encode::string(&mut self.body, text.as_ref());
        self
    }

    /// Appends it as ErrorResponse, or as NoticeResponse where the severity says that it is one.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let tag = match self.severity() {
            Severity::Error | Severity::Fatal | Severity::Panic => ERROR_RESPONSE,
            _ => NOTICE_RESPONSE,
        };
        encode::frame(out, tag, |out| {
            out.extend_from_slice(&self.body);
            out.push(0);
        });
    }

    fn severity(&self) -> Severity {
        Fields { raw: &self.body }.severity().expect("every report begins with its severity")
    }
}
