//! TLS on one connection, sans-io: records in, plaintext out, and the other way round.
//!
//! Each direction copies once: records are opened from the receive buffer into the session's own,
//! plaintext is sealed from the outbox into a send buffer. Nothing is kept between calls but
//! the keys, so an idle connection holds no record buffers.
//!
//! Not here: which side speaks TLS and when (the session's), sockets (the shard's).

mod binding;
mod config;

#[cfg(test)]
mod tests;

pub(crate) use config::{ConfigError, server_config};

use std::collections::VecDeque;
use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus,
};
use rustls::{ClientConfig, CommonState, ServerConfig};

use crate::buffer::{Buffer, Pool};
use crate::limits::{TLS_HANDSHAKE_BYTES, TLS_OVERHEAD_BYTES, TLS_RECORD_BYTES};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ChannelError {
    /// rustls's texts name protocol elements and certificate checks, never application data.
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("the TLS handshake is longer than {TLS_HANDSHAKE_BYTES} bytes")]
    HandshakeTooLong,
    #[error("a TLS handshake message after the handshake came in pieces")]
    Fragmented,
    #[error("TLS 1.3 early data was not offered")]
    EarlyData,
    #[error("the TLS keys have sealed as much as they may")]
    Exhausted,
    #[error("TLS state {0} where it can't be")]
    Unexpected(&'static str),
}

/// One end of a TLS connection.
pub(crate) struct Channel {
    connection: Connection,
    stage: Stage,
}

enum Connection {
    Server(Box<UnbufferedServerConnection>),
    Client(Box<UnbufferedClientConnection>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Handshaking,
    Established,
    /// The peer said close_notify: nothing more is opened.
    PeerClosed,
}

/// What opening came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opened {
    /// More records are needed.
    Starved,
    /// The plaintext must be taken first.
    Full,
    /// The handshake is done. Said once.
    Established,
    /// The peer ended the stream, cleanly.
    Ended,
}

impl Channel {
    pub(crate) fn server(config: Arc<ServerConfig>) -> Result<Self, ChannelError> {
        let connection = UnbufferedServerConnection::new(config)?;
        Ok(Self::new(Connection::Server(Box::new(connection))))
    }

    pub(crate) fn client(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<Self, ChannelError> {
        let connection = UnbufferedClientConnection::new(config, name)?;
        Ok(Self::new(Connection::Client(Box::new(connection))))
    }

    /// Whether `seal` and `close` may be called.
    pub(crate) fn is_established(&self) -> bool {
        self.stage != Stage::Handshaking
    }

    /// Opens what `records` holds into `plain`, which needs room for one record. What the handshake
    /// has to say goes to `out`; also after an error, when it is an alert.
    pub(crate) fn open(
        &mut self,
        records: &mut Buffer,
        plain: &mut Buffer,
        out: &mut VecDeque<Buffer>,
        pool: &mut Pool,
    ) -> Result<Opened, ChannelError> {
        let opened = self.open_records(records, plain, out, pool);
        if opened.is_err() {
            // Behind an error rustls has an alert to send; the second error adds nothing.
            while let Ok(Step::Again) = self.step(records, plain, out, pool) {}
        }
        opened
    }

    /// Seals from the front of `plain` as much as `out` has room for.
    pub(crate) fn seal(
        &mut self,
        plain: &mut Buffer,
        out: &mut Buffer,
    ) -> Result<(), ChannelError> {
        while !plain.filled().is_empty() {
            let room = out.room().saturating_sub(TLS_OVERHEAD_BYTES);
            let count = plain.filled().len().min(room).min(TLS_RECORD_BYTES);
            if count == 0 {
                return Ok(());
            }
            self.write(Say::Data(&plain.filled()[..count]), out)?;
            plain.consume(count);
        }
        Ok(())
    }

    /// Says close_notify.
    pub(crate) fn close(&mut self, out: &mut Buffer) -> Result<(), ChannelError> {
        self.write(Say::CloseNotify, out)
    }

    pub(crate) fn alpn(&self) -> Option<Vec<u8>> {
        self.common().alpn_protocol().map(<[u8]>::to_vec)
    }

    /// Protocol version and cipher suite.
    pub(crate) fn description(&self) -> String {
        let version = self.common().protocol_version().and_then(|version| version.as_str());
        let suite = self.common().negotiated_cipher_suite().map(|suite| suite.suite());
        let suite = suite.as_ref().and_then(|suite| suite.as_str());
        format!("{} {}", version.unwrap_or("TLS"), suite.unwrap_or("unknown"))
    }

    /// RFC 5929 tls-server-end-point of the peer's certificate.
    pub(crate) fn server_end_point(&self) -> Option<Vec<u8>> {
        binding::server_end_point(self.common().peer_certificates()?.first()?)
    }

    fn new(connection: Connection) -> Self {
        Self { connection, stage: Stage::Handshaking }
    }

    fn common(&self) -> &CommonState {
        match &self.connection {
            Connection::Server(connection) => connection,
            Connection::Client(connection) => connection,
        }
    }

    fn open_records(
        &mut self,
        records: &mut Buffer,
        plain: &mut Buffer,
        out: &mut VecDeque<Buffer>,
        pool: &mut Pool,
    ) -> Result<Opened, ChannelError> {
        loop {
            if self.stage == Stage::PeerClosed {
                return Ok(Opened::Ended);
            }
            if plain.room() < TLS_RECORD_BYTES {
                return Ok(Opened::Full);
            }
            let step = self.step(records, plain, out, pool)?;
            if self.stage == Stage::Handshaking && !self.common().is_handshaking() {
                self.stage = Stage::Established;
                return Ok(Opened::Established);
            }
            match step {
                Step::Again => {}
                Step::PeerClosed => self.stage = Stage::PeerClosed,
                Step::Starved => {
                    self.check_rest(records)?;
                    return Ok(Opened::Starved);
                }
            }
        }
    }

    /// What may be left when more records are needed.
    fn check_rest(&self, records: &Buffer) -> Result<(), ChannelError> {
        let rest = records.filled();
        match self.stage {
            Stage::Handshaking if rest.len() >= TLS_HANDSHAKE_BYTES => {
                Err(ChannelError::HandshakeTooLong)
            }
            // A whole record that rustls kept is a piece of a handshake message. `write` would have
            // to show it that record again, which the kernel may be receiving behind.
            Stage::Established if holds_whole_record(rest) => Err(ChannelError::Fragmented),
            _ => Ok(()),
        }
    }

    fn step(
        &mut self,
        records: &mut Buffer,
        plain: &mut Buffer,
        out: &mut VecDeque<Buffer>,
        pool: &mut Pool,
    ) -> Result<Step, ChannelError> {
        let (discard, step) = match &mut self.connection {
            Connection::Server(connection) => {
                follow(connection.process_tls_records(records.filled_mut()), plain, out, pool)
            }
            Connection::Client(connection) => {
                follow(connection.process_tls_records(records.filled_mut()), plain, out, pool)
            }
        };
        records.consume(discard);
        step
    }

    fn write(&mut self, say: Say<'_>, out: &mut Buffer) -> Result<(), ChannelError> {
        loop {
            let done = match &mut self.connection {
                Connection::Server(connection) => {
                    write(connection.process_tls_records(&mut []), &say, out)?
                }
                Connection::Client(connection) => {
                    write(connection.process_tls_records(&mut []), &say, out)?
                }
            };
            if done {
                return Ok(());
            }
        }
    }
}

/// What one step of rustls came to.
enum Step {
    Again,
    Starved,
    PeerClosed,
}

enum Say<'a> {
    Data(&'a [u8]),
    CloseNotify,
}

/// Does what rustls asks for while reading; tells how many bytes of the records are done with.
fn follow<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    plain: &mut Buffer,
    out: &mut VecDeque<Buffer>,
    pool: &mut Pool,
) -> (usize, Result<Step, ChannelError>) {
    let mut discard = status.discard;
    let step = match status.state {
        Err(error) => Err(error.into()),
        Ok(ConnectionState::ReadTraffic(mut traffic)) => {
            while let Some(record) = traffic.next_record() {
                match record {
                    Ok(record) => {
                        discard += record.discard;
                        append(plain, record.payload);
                    }
                    Err(error) => return (discard, Err(error.into())),
                }
            }
            Ok(Step::Again)
        }
        Ok(ConnectionState::EncodeTlsData(data)) => encode(data, out, pool).map(|()| Step::Again),
        Ok(ConnectionState::TransmitTlsData(data)) => {
            data.done();
            Ok(Step::Again)
        }
        Ok(ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_)) => {
            Ok(Step::Starved)
        }
        Ok(ConnectionState::PeerClosed | ConnectionState::Closed) => Ok(Step::PeerClosed),
        Ok(ConnectionState::ReadEarlyData(_)) => Err(ChannelError::EarlyData),
        Ok(_) => Err(ChannelError::Unexpected("unknown")),
    };
    (discard, step)
}

/// One step on the way to writing; true once it is written.
fn write<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    say: &Say<'_>,
    out: &mut Buffer,
) -> Result<bool, ChannelError> {
    match status.state? {
        ConnectionState::WriteTraffic(mut traffic) => {
            let written = match say {
                Say::Data(bytes) => traffic.encrypt(bytes, out.spare_mut()),
                Say::CloseNotify => traffic.queue_close_notify(out.spare_mut()),
            };
            let written = written.map_err(|error| match error {
                EncryptError::EncryptExhausted => ChannelError::Exhausted,
                EncryptError::InsufficientSize(_) => ChannelError::Unexpected("without room"),
            })?;
            out.advance(written);
            Ok(true)
        }
        ConnectionState::EncodeTlsData(mut data) => {
            let encoded = data.encode(out.spare_mut());
            let written = encoded.map_err(|_| ChannelError::Unexpected("without room"))?;
            out.advance(written);
            Ok(false)
        }
        ConnectionState::TransmitTlsData(data) => {
            data.done();
            Ok(false)
        }
        _ => Err(ChannelError::Unexpected("before the handshake is done")),
    }
}

/// Handshake bytes, behind those that wait already if there is room.
fn encode<Data>(
    mut data: EncodeTlsData<'_, Data>,
    out: &mut VecDeque<Buffer>,
    pool: &mut Pool,
) -> Result<(), ChannelError> {
    loop {
        if out.is_empty() {
            out.push_back(pool.take());
        }
        let Some(last) = out.back_mut() else { continue };
        match data.encode(last.spare_mut()) {
            Ok(written) => {
                last.advance(written);
                return Ok(());
            }
            Err(EncodeError::InsufficientSize(need)) => {
                out.push_back(Buffer::with_capacity(need.required_size));
            }
            Err(EncodeError::AlreadyEncoded) => {
                return Err(ChannelError::Unexpected("already encoded"));
            }
        }
    }
}

fn append(plain: &mut Buffer, bytes: &[u8]) {
    plain.spare_mut()[..bytes.len()].copy_from_slice(bytes);
    plain.advance(bytes.len());
}

/// RFC 8446 5.1: type, version, length, fragment.
fn holds_whole_record(bytes: &[u8]) -> bool {
    let Some(([_, _, _, high, low], fragment)) = bytes.split_first_chunk::<5>() else {
        return false;
    };
    fragment.len() >= usize::from(u16::from_be_bytes([*high, *low]))
}
