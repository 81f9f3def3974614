//! The messages of type `R`.

use super::super::encode;
use super::super::read::{MessageError, Reader};

/// What the server asks for, or that it is content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authentication<'a> {
    Ok,
    KerberosV5,
    CleartextPassword,
    Md5Password {
        salt: [u8; 4],
    },
    Gss,
    GssContinue(&'a [u8]),
    Sspi,
    Sasl(Mechanisms<'a>),
    SaslContinue(&'a [u8]),
    SaslFinal(&'a [u8]),
    /// A method that this list does not know.
    Other {
        code: u32,
        data: &'a [u8],
    },
}

/// SASL mechanisms in the server's order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mechanisms<'a> {
    raw: &'a [u8],
}

impl<'a> Authentication<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        Ok(match reader.u32()? {
            0 => Self::Ok,
            2 => Self::KerberosV5,
            3 => Self::CleartextPassword,
            5 => Self::Md5Password { salt: reader.array()? },
            7 => Self::Gss,
            8 => Self::GssContinue(reader.remainder()),
            9 => Self::Sspi,
            10 => Self::Sasl(Mechanisms::read(reader)?),
            11 => Self::SaslContinue(reader.remainder()),
            12 => Self::SaslFinal(reader.remainder()),
            code => Self::Other { code, data: reader.remainder() },
        })
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.code().to_be_bytes());
        match self {
            Self::Md5Password { salt } => out.extend_from_slice(salt),
            Self::GssContinue(data)
            | Self::SaslContinue(data)
            | Self::SaslFinal(data)
            | Self::Other { data, .. } => out.extend_from_slice(data),
            Self::Sasl(mechanisms) => {
                mechanisms.iter().for_each(|name| encode::string(out, name));
                out.push(0);
            }
            Self::Ok | Self::KerberosV5 | Self::CleartextPassword | Self::Gss | Self::Sspi => {}
        }
    }

    fn code(&self) -> u32 {
        match self {
            Self::Ok => 0,
            Self::KerberosV5 => 2,
            Self::CleartextPassword => 3,
            Self::Md5Password { .. } => 5,
            Self::Gss => 7,
            Self::GssContinue(_) => 8,
            Self::Sspi => 9,
            Self::Sasl(_) => 10,
            Self::SaslContinue(_) => 11,
            Self::SaslFinal(_) => 12,
            Self::Other { code, .. } => *code,
        }
    }
}

impl<'a> Mechanisms<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, MessageError> {
        let start = *reader;
        let mut end = *reader;
        while !reader.string()?.is_empty() {
            end = *reader;
        }
        Ok(Self { raw: end.since(start) })
    }

    pub fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut reader = Reader::new(self.raw);
        std::iter::from_fn(move || reader.string().ok())
    }
}
