//! A client that takes a result in as fast as it comes and looks at message heads only.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use harness::wire::{SSL_REQUEST, Wire, error_text, frame, text};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::LoadtestError;
use crate::contestant::{Contestant, Field};

/// A session over plain TCP or TLS.
pub(crate) struct Stream(Box<dyn ReadWrite>);

trait ReadWrite: Read + Write {}
impl<S: Read + Write> ReadWrite for S {}

pub(crate) struct Counted {
    pub(crate) rows: u64,
    pub(crate) bytes: u64,
}

pub(crate) fn connect(contestant: &Contestant) -> Result<Stream, LoadtestError> {
    let tcp = Wire::connect(contestant.port)?.into_inner();
    let stream: Box<dyn ReadWrite> = match &contestant.authority {
        Some(authority) => Box::new(encrypt(tcp, authority)?),
        None => Box::new(tcp),
    };
    let mut wire = Wire::over(stream);
    let parameters = [("user", contestant.user), ("database", Field::DATABASE)];
    wire.start(&parameters, &contestant.password)?;
    Ok(Stream(wire.into_inner()))
}

impl Stream {
    /// Runs a query and counts what comes back.
    pub(crate) fn count(&mut self, sql: &str) -> Result<Counted, LoadtestError> {
        self.0.write_all(&frame(b'Q', &text(sql)))?;
        self.0.flush()?;
        let mut buffer = vec![0; 256 << 10];
        let mut filled = 0;
        let mut counted = Counted { rows: 0, bytes: 0 };
        loop {
            let count = self.0.read(&mut buffer[filled..])?;
            if count == 0 {
                return Err(std::io::Error::from(ErrorKind::UnexpectedEof).into());
            }
            counted.bytes += count as u64;
            filled += count;
            let mut at = 0;
            while let Some((kind, length)) = head(&buffer[at..filled]) {
                let Some(message) = buffer[at..filled].get(..length) else { break };
                match kind {
                    b'D' => counted.rows += 1,
                    b'Z' => return Ok(counted),
                    b'E' => {
                        let body = message[5..].to_vec();
                        let message = harness::wire::Message { kind, body };
                        return Err(LoadtestError::Unexpected(error_text(&message)));
                    }
                    _ => {}
                }
                at += length;
            }
            buffer.copy_within(at..filled, 0);
            filled -= at;
        }
    }
}

/// A message's type and whole length.
fn head(bytes: &[u8]) -> Option<(u8, usize)> {
    let (kind, rest) = bytes.split_first()?;
    let length = rest.first_chunk::<4>()?;
    Some((*kind, 1 + u32::from_be_bytes(*length) as usize))
}

fn encrypt(
    mut tcp: TcpStream,
    authority: &Path,
) -> Result<StreamOwned<ClientConnection, TcpStream>, LoadtestError> {
    tcp.write_all(&SSL_REQUEST)?;
    let mut answer = [0];
    tcp.read_exact(&mut answer)?;
    if answer != *b"S" {
        return Err(LoadtestError::Unexpected("the server refuses TLS".into()));
    }
    let mut roots = RootCertStore::empty();
    let unreadable = |error| LoadtestError::Unexpected(format!("{}: {error}", authority.display()));
    for certificate in CertificateDer::pem_file_iter(authority).map_err(unreadable)? {
        roots.add(certificate.map_err(unreadable)?)?;
    }
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let config = ClientConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost")
        .map_err(|error| LoadtestError::Unexpected(error.to_string()))?;
    Ok(StreamOwned::new(ClientConnection::new(Arc::new(config), name)?, tcp))
}
