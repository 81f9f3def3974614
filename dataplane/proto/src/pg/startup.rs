//! The first packets of a connection, which have no type byte.
//!
//! A client may send SSLRequest and GSSENCRequest in either order before its StartupMessage, each
//! after the answer to the one before; a CancelRequest stands alone. Direct TLS begins with
//! [`TLS_HANDSHAKE`] instead, which no packet within the limit can.

use super::encode;
use super::read::{MessageError, Reader};

/// First byte of a TLS connection that was not asked for by SSLRequest.
pub const TLS_HANDSHAKE: u8 = 0x16;

/// PostgreSQL's own limit (`MAX_STARTUP_PACKET_LENGTH`).
pub const MAX_BYTES: usize = 10_000;

/// Bytes of a cancel key's secret: 4 up to protocol 3.1, at most 256 from 3.2 on.
pub const SECRET_BYTES: std::ops::RangeInclusive<usize> = 4..=256;

const CANCEL_REQUEST: u32 = code(1234, 5678);
const SSL_REQUEST: u32 = code(1234, 5679);
const GSS_ENC_REQUEST: u32 = code(1234, 5680);

/// A protocol version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    pub major: u16,
    pub minor: u16,
}

impl Version {
    pub const V3_0: Self = Self { major: 3, minor: 0 };
    pub const V3_2: Self = Self { major: 3, minor: 2 };
    /// The newest that is spoken here.
    pub const LATEST: Self = Self::V3_2;

    pub const fn from_code(code: u32) -> Self {
        let [a, b, c, d] = code.to_be_bytes();
        Self { major: u16::from_be_bytes([a, b]), minor: u16::from_be_bytes([c, d]) }
    }

    pub const fn code(self) -> u32 {
        code(self.major, self.minor)
    }

    /// Whether BackendKeyData and CancelRequest may carry more than four bytes of secret.
    pub fn has_long_cancel_keys(self) -> bool {
        self >= Self::V3_2
    }
}

/// Whoever opened the connection is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StartupError {
    #[error("invalid length {0} of the startup packet")]
    Length(u32),
    #[error("unsupported frontend protocol {}.{}: server supports 3.0 to 3.2", .0.major, .0.minor)]
    Version(Version),
    #[error("invalid startup packet: {0}")]
    Malformed(#[from] MessageError),
    #[error("invalid length {0} of the cancel key")]
    SecretLength(usize),
}

/// A packet of a connection's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    Startup(Startup<'a>),
    SslRequest,
    GssEncRequest,
    Cancel { process_id: u32, secret: &'a [u8] },
}

impl<'a> Packet<'a> {
    /// Reads the packet at the start of `bytes` and says how long it is; `None` until it has all
    /// arrived. An impossible length is refused as soon as it is seen.
    pub fn read(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, StartupError> {
        let Some(length) = bytes.first_chunk() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*length);
        let len = match usize::try_from(length) {
            Ok(len) if (8..=MAX_BYTES).contains(&len) => len,
            _ => return Err(StartupError::Length(length)),
        };
        let Some(body) = bytes.get(4..len) else {
            return Ok(None);
        };
        Self::decode(body).map(|packet| Some((packet, len)))
    }

    fn decode(body: &'a [u8]) -> Result<Self, StartupError> {
        let mut reader = Reader::new(body);
        let packet = match reader.u32()? {
            SSL_REQUEST => Self::SslRequest,
            GSS_ENC_REQUEST => Self::GssEncRequest,
            CANCEL_REQUEST => {
                let process_id = reader.u32()?;
                let secret = reader.remainder();
                if !SECRET_BYTES.contains(&secret.len()) {
                    return Err(StartupError::SecretLength(secret.len()));
                }
                Self::Cancel { process_id, secret }
            }
            code => Self::Startup(Startup::read(Version::from_code(code), &mut reader)?),
        };
        reader.finish()?;
        Ok(packet)
    }

    pub fn encode(&self, out: &mut Vec<u8>) {
        encode::packet(out, |out| match self {
            Self::SslRequest => out.extend_from_slice(&SSL_REQUEST.to_be_bytes()),
            Self::GssEncRequest => out.extend_from_slice(&GSS_ENC_REQUEST.to_be_bytes()),
            Self::Cancel { process_id, secret } => {
                out.extend_from_slice(&CANCEL_REQUEST.to_be_bytes());
                out.extend_from_slice(&process_id.to_be_bytes());
                out.extend_from_slice(secret);
            }
            Self::Startup(startup) => {
                out.extend_from_slice(&startup.version.code().to_be_bytes());
                out.extend_from_slice(startup.parameters.raw);
                out.push(0);
            }
        });
    }
}

/// StartupMessage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Startup<'a> {
    /// As the client asked; see [`Startup::negotiate`].
    pub version: Version,
    pub parameters: Parameters<'a>,
}

impl<'a> Startup<'a> {
    /// Another major version has another layout, so that is refused before anything is read.
    fn read(version: Version, reader: &mut Reader<'a>) -> Result<Self, StartupError> {
        if version.major != 3 {
            return Err(StartupError::Version(version));
        }
        let start = *reader;
        let mut end = *reader;
        loop {
            let name = reader.string()?;
            if name.is_empty() {
                break;
            }
            reader.string()?;
            end = *reader;
        }
        Ok(Self { version, parameters: Parameters { raw: end.since(start) } })
    }

    /// The version to speak, and what NegotiateProtocolVersion has to say, if anything: the
    /// client asked for a newer minor version, or for options that nobody here knows.
    pub fn negotiate(&self) -> Negotiated<'a> {
        let version = self.version.min(Version::LATEST);
        let unknown: Vec<_> = self
            .parameters
            .iter()
            .filter(|(name, _)| name.starts_with(b"_pq_."))
            .map(|(name, _)| name)
            .collect();
        Negotiated { version, answer: version != self.version || !unknown.is_empty(), unknown }
    }
}

/// What [`Startup::negotiate`] arrived at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated<'a> {
    pub version: Version,
    /// A NegotiateProtocolVersion is due.
    pub answer: bool,
    /// The `_pq_.` options that were asked for.
    pub unknown: Vec<&'a [u8]>,
}

/// The parameters of a StartupMessage, `_pq_.` options included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters<'a> {
    raw: &'a [u8],
}

impl<'a> Parameters<'a> {
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let mut reader = Reader::new(self.raw);
        std::iter::from_fn(move || {
            let name = reader.string().ok()?;
            let value = reader.string().ok()?;
            Some((name, value))
        })
    }

    /// The last value of that name, which is the one that PostgreSQL takes.
    pub fn value(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.iter().filter(|&(candidate, _)| candidate == name).last().map(|(_, value)| value)
    }
}

/// Appends a StartupMessage.
pub fn startup<'a>(
    out: &mut Vec<u8>,
    version: Version,
    parameters: impl IntoIterator<Item = (&'a [u8], &'a [u8])>,
) {
    encode::packet(out, |out| {
        out.extend_from_slice(&version.code().to_be_bytes());
        for (name, value) in parameters {
            debug_assert!(!name.is_empty(), "an empty name ends the list");
            encode::string(out, name);
            encode::string(out, value);
        }
        out.push(0);
    });
}

const fn code(major: u16, minor: u16) -> u32 {
    let [a, b] = major.to_be_bytes();
    let [c, d] = minor.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}
