//! The first bytes of a connection: TLS or not, a cancellation or a login.
//!
//! SSLRequest and GSSENCRequest may come in either order, each at most once, or TLS begins directly. A
//! password is taken over TLS only, except on a Unix socket or where plaintext is configured.
//! Bytes that came in plaintext are never read as if they had come over TLS (CVE-2021-23214).

use lazaret_proto::pg::startup::{Packet, TLS_HANDSHAKE};

use super::authenticate::Authenticating;
use super::end::End;
use super::login::Login;
use super::{Connection, State};
use crate::buffer::Buffer;
use crate::context::{CancelKey, Context, Effect, Side};

/// ALPN protocol of direct TLS connections.
const ALPN: &[u8] = b"postgresql";

const YES: &[u8] = b"S";
const NO: &[u8] = b"N";

#[derive(Default)]
pub(super) struct Negotiating {
    tls: Tls,
    gss_refused: bool,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Tls {
    /// Nothing has been said about it.
    #[default]
    Open,
    /// Asked for and not to be had.
    Refused,
    /// The handshake goes on; the loop holds the bytes.
    Shaking {
        direct: bool,
    },
    Established,
}

impl Negotiating {
    pub(super) fn wants_client(&self) -> bool {
        !matches!(self.tls, Tls::Shaking { .. })
    }

    pub(super) fn on_client(
        mut self,
        input: &mut Buffer,
        connection: &mut Connection,
        context: &mut Context<'_>,
    ) -> Result<State, End> {
        while self.wants_client() {
            let bytes = input.filled();
            if bytes.first() == Some(&TLS_HANDSHAKE) && self.tls == Tls::Open {
                self.start_tls(true, context)?;
                break;
            }
            let Some((packet, len)) = Packet::read(bytes)? else { break };
            match packet {
                Packet::SslRequest if matches!(self.tls, Tls::Open) => {
                    let last = bytes.len() == len;
                    input.consume(len);
                    self.on_ssl_request(last, connection.secure, context)?;
                }
                Packet::GssEncRequest if !self.gss_refused && self.tls != Tls::Established => {
                    self.gss_refused = true;
                    context.client.write(context.pool, NO, Default::default());
                    input.consume(len);
                }
                Packet::SslRequest | Packet::GssEncRequest => {
                    return Err(End::ClientProtocol("encryption was asked for twice"));
                }
                Packet::Cancel { process_id, secret } => {
                    let key = CancelKey { process_id, secret: secret.to_vec() };
                    context.effects.push(Effect::RouteCancel(key));
                    return Ok(State::Cancelling);
                }
                Packet::Startup(startup) => {
                    let plain = self.tls != Tls::Established;
                    if plain && !connection.secure && !context.settings.allow_plaintext {
                        return Err(End::Plaintext);
                    }
                    let login = Login::read(&startup, context.engine.snapshot().preset)?;
                    input.consume(len);
                    let next = Authenticating::begin(login, connection, context);
                    return next.on_client(input, connection, context);
                }
            }
        }
        input.compact();
        Ok(State::Negotiating(self))
    }

    pub(super) fn on_tls(
        mut self,
        alpn: Option<&[u8]>,
        description: String,
        connection: &mut Connection,
    ) -> Result<State, End> {
        let Tls::Shaking { direct } = self.tls else {
            return Err(End::ClientProtocol("TLS was not asked for"));
        };
        // A client that asked in plaintext first may leave ALPN out, but not name another protocol.
        let right = match alpn {
            Some(protocol) => protocol == ALPN,
            None => !direct,
        };
        if !right {
            return Err(End::Alpn);
        }
        connection.tls = description;
        self.tls = Tls::Established;
        Ok(State::Negotiating(self))
    }

    /// As PostgreSQL does, TLS is not offered where the channel is a Unix socket.
    fn on_ssl_request(
        &mut self,
        last: bool,
        secure: bool,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        if secure || context.settings.tls.is_none() {
            self.tls = Tls::Refused;
            context.client.write(context.pool, NO, Default::default());
            return Ok(());
        }
        if !last {
            return Err(End::StuffedPlaintext);
        }
        context.client.write(context.pool, YES, Default::default());
        self.start_tls(false, context)
    }

    fn start_tls(&mut self, direct: bool, context: &mut Context<'_>) -> Result<(), End> {
        if context.settings.tls.is_none() {
            return Err(End::ClientProtocol("this gateway has no TLS certificate"));
        }
        self.tls = Tls::Shaking { direct };
        context.effects.push(Effect::StartTls { side: Side::Client, direct });
        Ok(())
    }
}
