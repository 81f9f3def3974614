//! What a client sends after its start-up.

use super::encode;
use super::list::{Cells, Formats, Oids};
use super::read::{MessageError, Reader};
use super::{Format, frame::Frame};

pub const BIND: u8 = b'B';
pub const CLOSE: u8 = b'C';
pub const COPY_DATA: u8 = b'd';
pub const COPY_DONE: u8 = b'c';
pub const COPY_FAIL: u8 = b'f';
pub const DESCRIBE: u8 = b'D';
pub const EXECUTE: u8 = b'E';
pub const FLUSH: u8 = b'H';
pub const FUNCTION_CALL: u8 = b'F';
pub const PARSE: u8 = b'P';
/// PasswordMessage, SASLInitialResponse, SASLResponse and GSSResponse share one type.
pub const PASSWORD: u8 = b'p';
pub const QUERY: u8 = b'Q';
pub const SYNC: u8 = b'S';
pub const TERMINATE: u8 = b'X';

/// A message of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    Bind(Bind<'a>),
    Close(Target<'a>),
    CopyData(&'a [u8]),
    CopyDone,
    /// With the client's reason.
    CopyFail(&'a [u8]),
    Describe(Target<'a>),
    Execute(Execute<'a>),
    Flush,
    FunctionCall(FunctionCall<'a>),
    Parse(Parse<'a>),
    Password(Password<'a>),
    Query(&'a [u8]),
    Sync,
    Terminate,
}

/// A prepared statement or a portal, by name; the empty name is the unnamed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    Statement(&'a [u8]),
    Portal(&'a [u8]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parse<'a> {
    pub statement: &'a [u8],
    pub query: &'a [u8],
    pub parameter_types: Oids<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bind<'a> {
    pub portal: &'a [u8],
    pub statement: &'a [u8],
    pub parameter_formats: Formats<'a>,
    pub parameters: Cells<'a>,
    pub result_formats: Formats<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Execute<'a> {
    pub portal: &'a [u8],
    /// 0 for all rows. PostgreSQL takes a negative number so, too.
    pub max_rows: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionCall<'a> {
    pub function_oid: u32,
    pub argument_formats: Formats<'a>,
    pub arguments: Cells<'a>,
    pub result_format: Format,
}

/// The body of a message of type [`PASSWORD`]; what it means depends on what was asked for. It is
/// without Debug, for it is a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Password<'a> {
    raw: &'a [u8],
}

/// SASLInitialResponse
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SaslInitial<'a> {
    pub mechanism: &'a [u8],
    pub response: Option<&'a [u8]>,
}

impl<'a> Message<'a> {
    pub fn decode(frame: Frame<'a>) -> Result<Self, MessageError> {
        let mut reader = Reader::new(frame.body);
        let message = match frame.tag {
            BIND => Self::Bind(Bind::read(&mut reader)?),
            CLOSE => Self::Close(Target::read(&mut reader)?),
            COPY_DATA => Self::CopyData(reader.remainder()),
            COPY_DONE => Self::CopyDone,
            COPY_FAIL => Self::CopyFail(reader.string()?),
            DESCRIBE => Self::Describe(Target::read(&mut reader)?),
            EXECUTE => Self::Execute(Execute { portal: reader.string()?, max_rows: reader.i32()? }),
            FLUSH => Self::Flush,
            FUNCTION_CALL => Self::FunctionCall(FunctionCall::read(&mut reader)?),
            PARSE => Self::Parse(Parse {
                statement: reader.string()?,
                query: reader.string()?,
                parameter_types: Oids::read(&mut reader)?,
            }),
            PASSWORD => Self::Password(Password { raw: reader.remainder() }),
            QUERY => Self::Query(reader.string()?),
            SYNC => Self::Sync,
            TERMINATE => Self::Terminate,
            tag => return Err(MessageError::UnknownTag(tag)),
        };
        reader.finish()?;
        Ok(message)
    }

    pub fn tag(&self) -> u8 {
        match self {
            Self::Bind(_) => BIND,
            Self::Close(_) => CLOSE,
            Self::CopyData(_) => COPY_DATA,
            Self::CopyDone => COPY_DONE,
            Self::CopyFail(_) => COPY_FAIL,
            Self::Describe(_) => DESCRIBE,
            Self::Execute(_) => EXECUTE,
            Self::Flush => FLUSH,
            Self::FunctionCall(_) => FUNCTION_CALL,
            Self::Parse(_) => PARSE,
            Self::Password(_) => PASSWORD,
            Self::Query(_) => QUERY,
            Self::Sync => SYNC,
            Self::Terminate => TERMINATE,
        }
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        encode::frame(out, self.tag(), |out| match self {
            Self::Bind(bind) => bind.write(out),
            Self::Close(target) | Self::Describe(target) => target.write(out),
            Self::CopyData(bytes) => out.extend_from_slice(bytes),
            Self::CopyFail(text) | Self::Query(text) => encode::string(out, text),
            Self::Execute(execute) => {
                encode::string(out, execute.portal);
                out.extend_from_slice(&execute.max_rows.to_be_bytes());
            }
            Self::FunctionCall(call) => call.write(out),
            Self::Parse(parse) => {
                encode::string(out, parse.statement);
                encode::string(out, parse.query);
                encode::count(out, parse.parameter_types.len());
                out.extend_from_slice(parse.parameter_types.raw());
            }
            Self::Password(password) => out.extend_from_slice(password.raw),
            Self::CopyDone | Self::Flush | Self::Sync | Self::Terminate => {}
        });
    }
}

impl<'a> Target<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        match reader.u8()? {
            b'S' => Ok(Self::Statement(reader.string()?)),
            b'P' => Ok(Self::Portal(reader.string()?)),
            kind => Err(MessageError::Code(kind)),
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        let (kind, name) = match self {
            Self::Statement(name) => (b'S', name),
            Self::Portal(name) => (b'P', name),
        };
        out.push(kind);
        encode::string(out, name);
    }
}

impl<'a> Bind<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let bind = Self {
            portal: reader.string()?,
            statement: reader.string()?,
            parameter_formats: Formats::read(reader)?,
            parameters: Cells::read(reader)?,
            result_formats: Formats::read(reader)?,
        };
        bind.parameter_formats.check(bind.parameters.len())?;
        Ok(bind)
    }

    fn write(&self, out: &mut Vec<u8>) {
        encode::string(out, self.portal);
        encode::string(out, self.statement);
        encode::formats(out, self.parameter_formats.iter());
        encode::count(out, self.parameters.len());
        out.extend_from_slice(self.parameters.raw());
        encode::formats(out, self.result_formats.iter());
    }
}

impl<'a> FunctionCall<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let call = Self {
            function_oid: reader.u32()?,
            argument_formats: Formats::read(reader)?,
            arguments: Cells::read(reader)?,
            result_format: reader.format()?,
        };
        call.argument_formats.check(call.arguments.len())?;
        Ok(call)
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.function_oid.to_be_bytes());
        encode::formats(out, self.argument_formats.iter());
        encode::count(out, self.arguments.len());
        out.extend_from_slice(self.arguments.raw());
        out.extend_from_slice(&self.result_format.code().to_be_bytes());
    }
}

impl<'a> Password<'a> {
    /// As PasswordMessage.
    pub fn password(&self) -> Result<&'a [u8], MessageError> {
        let mut reader = Reader::new(self.raw);
        let password = reader.string()?;
        reader.finish()?;
        Ok(password)
    }

    /// As SASLInitialResponse.
    pub fn sasl_initial(&self) -> Result<SaslInitial<'a>, MessageError> {
        let mut reader = Reader::new(self.raw);
        let mechanism = reader.string()?;
        let response = reader.value()?;
        reader.finish()?;
        Ok(SaslInitial { mechanism, response })
    }

    /// As SASLResponse.
    pub fn sasl_response(&self) -> &'a [u8] {
        self.raw
    }
}

impl std::fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

/// Appends PasswordMessage.
pub fn password(out: &mut Vec<u8>, password: &[u8]) {
    encode::frame(out, PASSWORD, |out| encode::string(out, password));
}

/// Appends SASLInitialResponse.
pub fn sasl_initial(out: &mut Vec<u8>, mechanism: &str, response: &[u8]) {
    encode::frame(out, PASSWORD, |out| {
        encode::string(out, mechanism.as_bytes());
        encode::value(out, Some(response));
    });
}

/// Appends SASLResponse.
pub fn sasl_response(out: &mut Vec<u8>, response: &[u8]) {
    encode::frame(out, PASSWORD, |out| out.extend_from_slice(response));
}

/// Appends Parse.
pub fn parse(out: &mut Vec<u8>, statement: &[u8], query: &[u8], parameter_types: &[u32]) {
    encode::frame(out, PARSE, |out| {
        encode::string(out, statement);
        encode::string(out, query);
        encode::count(out, parameter_types.len());
        for oid in parameter_types {
            out.extend_from_slice(&oid.to_be_bytes());
        }
    });
}

/// Appends Bind.
pub fn bind<'a>(
    out: &mut Vec<u8>,
    portal: &[u8],
    statement: &[u8],
    parameter_formats: &[Format],
    parameters: impl ExactSizeIterator<Item = Option<&'a [u8]>>,
    result_formats: &[Format],
) {
    encode::frame(out, BIND, |out| {
        encode::string(out, portal);
        encode::string(out, statement);
        encode::formats(out, parameter_formats.iter().copied());
        encode::count(out, parameters.len());
        parameters.for_each(|parameter| encode::value(out, parameter));
        encode::formats(out, result_formats.iter().copied());
    });
}
