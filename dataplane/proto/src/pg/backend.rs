//! What a server sends.

mod authentication;
mod describe;
pub(super) mod tag;

use super::encode;
use super::error::Fields;
use super::frame::Frame;
use super::list::{Cells, Formats, Oids};
use super::read::{MessageError, Reader};
use super::startup::Version;

pub use authentication::{Authentication, Mechanisms};
pub use describe::{Field, RowDescription, row_description};
pub use tag::*;

/// A message of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    Authentication(Authentication<'a>),
    BackendKeyData(BackendKeyData<'a>),
    BindComplete,
    CloseComplete,
    /// With the command tag.
    CommandComplete(&'a [u8]),
    CopyBothResponse(CopyResponse<'a>),
    CopyData(&'a [u8]),
    CopyDone,
    CopyInResponse(CopyResponse<'a>),
    CopyOutResponse(CopyResponse<'a>),
    DataRow(Cells<'a>),
    EmptyQueryResponse,
    ErrorResponse(Fields<'a>),
    FunctionCallResponse(Option<&'a [u8]>),
    NegotiateProtocolVersion(Negotiate<'a>),
    NoData,
    NoticeResponse(Fields<'a>),
    NotificationResponse(Notification<'a>),
    ParameterDescription(Oids<'a>),
    ParameterStatus {
        name: &'a [u8],
        value: &'a [u8],
    },
    ParseComplete,
    PortalSuspended,
    ReadyForQuery(TransactionStatus),
    RowDescription(RowDescription<'a>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BackendKeyData<'a> {
    pub process_id: u32,
    /// 4 bytes up to protocol 3.1, at most 256 from 3.2 on.
    pub secret: &'a [u8],
}

/// The answer to COPY: which formats the data is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyResponse<'a> {
    /// False for text and csv.
    pub binary: bool,
    /// One for each column.
    pub formats: Formats<'a>,
}

/// NegotiateProtocolVersion
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiate<'a> {
    pub version: Version,
    options: &'a [u8],
    count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification<'a> {
    pub process_id: u32,
    pub channel: &'a [u8],
    pub payload: &'a [u8],
}

/// The state that ReadyForQuery tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    Idle,
    InTransaction,
    /// In a transaction block that failed.
    Failed,
}

impl<'a> Message<'a> {
    pub fn decode(frame: Frame<'a>) -> Result<Self, MessageError> {
        let mut reader = Reader::new(frame.body);
        let message = match frame.tag {
            AUTHENTICATION => Self::Authentication(Authentication::read(&mut reader)?),
            BACKEND_KEY_DATA => Self::BackendKeyData(BackendKeyData {
                process_id: reader.u32()?,
                secret: reader.remainder(),
            }),
            BIND_COMPLETE => Self::BindComplete,
            CLOSE_COMPLETE => Self::CloseComplete,
            COMMAND_COMPLETE => Self::CommandComplete(reader.string()?),
            COPY_BOTH_RESPONSE => Self::CopyBothResponse(CopyResponse::read(&mut reader)?),
            COPY_DATA => Self::CopyData(reader.remainder()),
            COPY_DONE => Self::CopyDone,
            COPY_IN_RESPONSE => Self::CopyInResponse(CopyResponse::read(&mut reader)?),
            COPY_OUT_RESPONSE => Self::CopyOutResponse(CopyResponse::read(&mut reader)?),
            DATA_ROW => Self::DataRow(Cells::read(&mut reader)?),
            EMPTY_QUERY_RESPONSE => Self::EmptyQueryResponse,
            ERROR_RESPONSE => Self::ErrorResponse(Fields::read(&mut reader)?),
            FUNCTION_CALL_RESPONSE => Self::FunctionCallResponse(reader.value()?),
            NEGOTIATE_PROTOCOL_VERSION => {
                Self::NegotiateProtocolVersion(Negotiate::read(&mut reader)?)
            }
            NO_DATA => Self::NoData,
            NOTICE_RESPONSE => Self::NoticeResponse(Fields::read(&mut reader)?),
            NOTIFICATION_RESPONSE => Self::NotificationResponse(Notification {
                process_id: reader.u32()?,
                channel: reader.string()?,
                payload: reader.string()?,
            }),
            PARAMETER_DESCRIPTION => Self::ParameterDescription(Oids::read(&mut reader)?),
            PARAMETER_STATUS => {
                Self::ParameterStatus { name: reader.string()?, value: reader.string()? }
            }
            PARSE_COMPLETE => Self::ParseComplete,
            PORTAL_SUSPENDED => Self::PortalSuspended,
            READY_FOR_QUERY => Self::ReadyForQuery(TransactionStatus::read(&mut reader)?),
            ROW_DESCRIPTION => Self::RowDescription(RowDescription::read(&mut reader)?),
            tag => return Err(MessageError::UnknownTag(tag)),
        };
        reader.finish()?;
        Ok(message)
    }

    pub fn tag(&self) -> u8 {
        match self {
            Self::Authentication(_) => AUTHENTICATION,
            Self::BackendKeyData(_) => BACKEND_KEY_DATA,
            Self::BindComplete => BIND_COMPLETE,
            Self::CloseComplete => CLOSE_COMPLETE,
            Self::CommandComplete(_) => COMMAND_COMPLETE,
            Self::CopyBothResponse(_) => COPY_BOTH_RESPONSE,
            Self::CopyData(_) => COPY_DATA,
            Self::CopyDone => COPY_DONE,
            Self::CopyInResponse(_) => COPY_IN_RESPONSE,
            Self::CopyOutResponse(_) => COPY_OUT_RESPONSE,
            Self::DataRow(_) => DATA_ROW,
            Self::EmptyQueryResponse => EMPTY_QUERY_RESPONSE,
            Self::ErrorResponse(_) => ERROR_RESPONSE,
            Self::FunctionCallResponse(_) => FUNCTION_CALL_RESPONSE,
            Self::NegotiateProtocolVersion(_) => NEGOTIATE_PROTOCOL_VERSION,
            Self::NoData => NO_DATA,
            Self::NoticeResponse(_) => NOTICE_RESPONSE,
            Self::NotificationResponse(_) => NOTIFICATION_RESPONSE,
            Self::ParameterDescription(_) => PARAMETER_DESCRIPTION,
            Self::ParameterStatus { .. } => PARAMETER_STATUS,
            Self::ParseComplete => PARSE_COMPLETE,
            Self::PortalSuspended => PORTAL_SUSPENDED,
            Self::ReadyForQuery(_) => READY_FOR_QUERY,
            Self::RowDescription(_) => ROW_DESCRIPTION,
        }
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        encode::frame(out, self.tag(), |out| self.write(out));
    }

    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Authentication(request) => request.write(out),
            Self::BackendKeyData(key) => {
                out.extend_from_slice(&key.process_id.to_be_bytes());
                out.extend_from_slice(key.secret);
            }
            Self::CommandComplete(tag) => encode::string(out, tag),
            Self::CopyBothResponse(response)
            | Self::CopyInResponse(response)
            | Self::CopyOutResponse(response) => response.write(out),
            Self::CopyData(bytes) => out.extend_from_slice(bytes),
            Self::DataRow(cells) => {
                encode::count(out, cells.len());
                out.extend_from_slice(cells.raw());
            }
            Self::ErrorResponse(fields) | Self::NoticeResponse(fields) => fields.write(out),
            Self::FunctionCallResponse(result) => encode::value(out, *result),
            Self::NegotiateProtocolVersion(negotiate) => negotiate.write(out),
            Self::NotificationResponse(notification) => {
                out.extend_from_slice(&notification.process_id.to_be_bytes());
                encode::string(out, notification.channel);
                encode::string(out, notification.payload);
            }
            Self::ParameterDescription(types) => {
                encode::count(out, types.len());
                out.extend_from_slice(types.raw());
            }
            Self::ParameterStatus { name, value } => {
                encode::string(out, name);
                encode::string(out, value);
            }
            Self::ReadyForQuery(status) => out.push(status.code()),
            Self::RowDescription(description) => description.write(out),
            Self::BindComplete
            | Self::CloseComplete
            | Self::CopyDone
            | Self::EmptyQueryResponse
            | Self::NoData
            | Self::ParseComplete
            | Self::PortalSuspended => {}
        }
    }
}

/// The secret stays out of logs.
impl std::fmt::Debug for BackendKeyData<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackendKeyData")
            .field("process_id", &self.process_id)
            .finish_non_exhaustive()
    }
}

impl<'a> CopyResponse<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let binary = match reader.u8()? {
            0 => false,
            1 => true,
            code => return Err(MessageError::Code(code)),
        };
        Ok(Self { binary, formats: Formats::read(reader)? })
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.binary));
        encode::formats(out, self.formats.iter());
    }
}

impl<'a> Negotiate<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let version = Version::from_code(reader.u32()?);
        let stated = reader.i32()?;
        let count = usize::try_from(stated).map_err(|_| MessageError::Length(stated))?;
        let start = *reader;
        for _ in 0..count {
            reader.string()?;
        }
        Ok(Self { version, options: reader.since(start), count })
    }

    /// The options that the server does not know.
    pub fn options(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut reader = Reader::new(self.options);
        std::iter::from_fn(move || reader.string().ok())
    }

    fn write(&self, out: &mut Vec<u8>) {
        write_negotiate(out, self.version, self.count, self.options());
    }
}

impl TransactionStatus {
    pub const fn code(self) -> u8 {
        match self {
            Self::Idle => b'I',
            Self::InTransaction => b'T',
            Self::Failed => b'E',
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, MessageError> {
        match reader.u8()? {
            b'I' => Ok(Self::Idle),
            b'T' => Ok(Self::InTransaction),
            b'E' => Ok(Self::Failed),
            code => Err(MessageError::Code(code)),
        }
    }
}

/// Appends NegotiateProtocolVersion.
pub fn negotiate_protocol_version(out: &mut Vec<u8>, version: Version, options: &[&[u8]]) {
    encode::frame(out, NEGOTIATE_PROTOCOL_VERSION, |out| {
        write_negotiate(out, version, options.len(), options.iter().copied());
    });
}

fn write_negotiate<'a>(
    out: &mut Vec<u8>,
    version: Version,
    count: usize,
    options: impl Iterator<Item = &'a [u8]>,
) {
    let count = u32::try_from(count).expect("a startup packet bounds the options");
    out.extend_from_slice(&version.code().to_be_bytes());
    out.extend_from_slice(&count.to_be_bytes());
    options.for_each(|option| encode::string(out, option));
}

/// Appends ParameterDescription.
pub fn parameter_description(out: &mut Vec<u8>, types: &[u32]) {
    encode::frame(out, PARAMETER_DESCRIPTION, |out| {
        encode::count(out, types.len());
        types.iter().for_each(|oid| out.extend_from_slice(&oid.to_be_bytes()));
    });
}

/// Appends DataRow.
pub fn data_row<'a>(out: &mut Vec<u8>, cells: impl ExactSizeIterator<Item = Option<&'a [u8]>>) {
    encode::frame(out, DATA_ROW, |out| {
        encode::count(out, cells.len());
        cells.for_each(|cell| encode::value(out, cell));
    });
}
