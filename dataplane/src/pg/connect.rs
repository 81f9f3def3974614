//! The upstream connection, from dialling to its first ReadyForQuery.
//!
//! TLS as configured; bytes that came before it are not read as if they had come over it
//! (CVE-2021-23222). The client hears nothing until the upstream is ready, so that a failure is one
//! clear error; what the upstream said in refusing goes no further than its SQLSTATE.

mod login;

use lazaret_link::UpstreamTlsMode;
use lazaret_policy::{Grant, Preset};
use lazaret_proto::pg::backend::{self, Authentication, Message};
use lazaret_proto::pg::scram::NONCE_BYTES;
use lazaret_proto::pg::startup::{self, Packet, Version};
use lazaret_proto::pg::{error, frame};

use super::end::End;
use super::login::Login;
use super::recorder::Recorder;
use super::relay::{Relaying, UpstreamKey};
use super::status::{self, Own, Vetted};
use super::{Connection, Parting, State};
use crate::buffer::Buffer;
use crate::context::{Context, Effect, Event, Side};
use crate::limits::REPLY_BYTES;
use crate::mask::Dates;
use login::{Credentials, UpstreamLogin};

/// Every server since 7.4 speaks it; what later ones add is longer cancel keys.
const VERSION: Version = Version::V3_0;

pub(super) struct Connecting {
    login: Login,
    grant: Grant,
    preset: Preset,
    recorder: Box<Recorder>,
    stage: Stage,
    /// tls-server-end-point, once there is TLS.
    server_end_point: Option<Vec<u8>>,
    /// The upstream's, for cancelling.
    key: Option<UpstreamKey>,
    /// Not known until the server has said it.
    date_style: Vec<u8>,
    /// What the client gets when all is ready.
    greeting: Vec<u8>,
}

enum Stage {
    Dialling,
    /// SSLRequest is sent.
    TlsAsked,
    Shaking,
    /// StartupMessage is sent.
    LoggingIn(Box<UpstreamLogin>),
    /// AuthenticationOk has come.
    Settling,
}

impl Connecting {
    pub(super) fn new(login: Login, grant: Grant, preset: Preset, recorder: Box<Recorder>) -> Self {
        Self {
            login,
            grant,
            preset,
            recorder,
            stage: Stage::Dialling,
            server_end_point: None,
            key: None,
            date_style: Vec::new(),
            greeting: Vec::new(),
        }
    }

    pub(super) fn on_upstream(
        mut self: Box<Self>,
        input: &mut Buffer,
        connection: &Connection,
        context: &mut Context<'_>,
    ) -> Result<State, Parting> {
        match self.read(input, connection, context) {
            Ok(false) => {
                input.compact();
                Ok(State::Connecting(self))
            }
            Ok(true) => self.relay(input, context),
            Err(end) => Err(self.part(end, context)),
        }
    }

    pub(super) fn on_event(
        mut self: Box<Self>,
        event: Event,
        connection: &Connection,
        context: &mut Context<'_>,
    ) -> Result<State, Parting> {
        match self.progress(event, connection, context) {
            Ok(()) => Ok(State::Connecting(self)),
            Err(end) => Err(self.part(end, context)),
        }
    }

    fn progress(
        &mut self,
        event: Event,
        connection: &Connection,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        match event {
            Event::UpstreamConnected => self.on_connected(connection, context),
            Event::TlsReady { side: Side::Upstream, server_end_point, .. } => {
                if matches!(self.stage, Stage::Shaking) {
                    self.server_end_point = server_end_point;
                    self.start_up(connection, context);
                }
            }
            Event::ScramKey(key) => {
                if let Stage::LoggingIn(login) = &mut self.stage {
                    login.on_key(key, context)?;
                }
            }
            Event::UpstreamFailed(why) => return Err(End::Unreachable(why)),
            Event::Closed(Side::Client) => return Err(End::ClientClosed),
            Event::Closed(Side::Upstream) => return Err(End::UpstreamClosed),
            Event::Deadline => return Err(End::Unreachable("not ready in time".to_owned())),
            Event::Revoked => return Err(End::Revoked),
            Event::Draining | Event::Drained => return Err(End::Draining),
            Event::TlsReady { side: Side::Client, .. }
            | Event::Admitted(_)
            | Event::NotAdmitted(_)
            | Event::CancelRequested(_)
            | Event::CancelEnded
            | Event::CatalogRefreshed
            | Event::Tokens(_)
            | Event::Parsed { .. } => {}
        }
        Ok(())
    }

    fn on_connected(&mut self, connection: &Connection, context: &mut Context<'_>) {
        let settings = context.settings;
        let local = settings.upstream.starts_with('/');
        if local || settings.upstream_tls.mode == UpstreamTlsMode::Disable {
            self.start_up(connection, context);
            return;
        }
        let mut request = Vec::new();
        Packet::SslRequest.encode(&mut request);
        self.send(&request, context);
        self.stage = Stage::TlsAsked;
    }

    fn start_up(&mut self, connection: &Connection, context: &mut Context<'_>) {
        let settings = context.settings;
        let user = match self.preset == Preset::Transparent && settings.pass_user {
            true => &self.login.user,
            false => &settings.upstream_user,
        };
        let application_name = self.login.marked_application_name(&self.grant.principal);
        let named = [
            ("user", user.as_str()),
            ("database", &self.login.database),
            ("application_name", &application_name),
        ];
        let chosen =
            self.login.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let parameters = named.into_iter().chain(chosen);
        let mut message = Vec::new();
        startup::startup(
            &mut message,
            VERSION,
            parameters.map(|(name, value)| (name.as_bytes(), value.as_bytes())),
        );
        let credentials = Credentials {
            user: user.clone(),
            password: settings.upstream_password.clone(),
            private: matches!(self.stage, Stage::Shaking) || settings.upstream.starts_with('/'),
            server_end_point: self.server_end_point.take(),
            nonce: scram_nonce(connection),
            after: self.recorder.position(),
        };
        self.send(&message, context);
        self.stage = Stage::LoggingIn(Box::new(UpstreamLogin::new(credentials)));
    }

    /// Whether the upstream is ready; what came behind that is left in the buffer.
    fn read(
        &mut self,
        input: &mut Buffer,
        connection: &Connection,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        if matches!(self.stage, Stage::TlsAsked) {
            self.on_tls_answer(input, context)?;
        }
        loop {
            let frame = frame::whole(input.filled(), REPLY_BYTES);
            let Some(frame) = frame.map_err(|_| End::UpstreamProtocol("a malformed frame"))? else {
                return Ok(false);
            };
            let message = Message::decode(frame)
                .map_err(|_| End::UpstreamProtocol("a malformed message at start-up"))?;
            let ready = self.on_message(message, connection, context)?;
            input.consume(frame.len);
            if ready {
                return Ok(true);
            }
        }
    }

    fn on_tls_answer(&mut self, input: &mut Buffer, context: &mut Context<'_>) -> Result<(), End> {
        match input.filled() {
            [] => {}
            [b'S'] => {
                input.consume(1);
                self.stage = Stage::Shaking;
                context.effects.push(Effect::StartTls { side: Side::Upstream, direct: false });
            }
            [b'S', ..] => return Err(End::UpstreamProtocol("plaintext behind its answer to TLS")),
            [b'N', ..] => return Err(End::UpstreamPlaintext),
            _ => return Err(End::UpstreamProtocol("an answer to SSLRequest that isn't one")),
        }
        Ok(())
    }

    fn on_message(
        &mut self,
        message: Message<'_>,
        connection: &Connection,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        match (&mut self.stage, message) {
            (Stage::LoggingIn(login), Message::Authentication(Authentication::Ok)) => {
                login.on_ok()?;
                self.stage = Stage::Settling;
            }
            (Stage::LoggingIn(login), Message::Authentication(request)) => {
                login.on_request(request, context)?;
            }
            (Stage::LoggingIn(login), Message::ErrorResponse(fields)) => {
                login.on_error(context);
                return Err(refused(fields));
            }
            (Stage::Settling, Message::ErrorResponse(fields)) => return Err(refused(fields)),
            (Stage::Settling, Message::ParameterStatus { name, value }) => {
                self.on_parameter(name, value)?;
            }
            (Stage::Settling, Message::BackendKeyData(key)) => {
                self.key = Some(UpstreamKey {
                    process_id: key.process_id,
                    secret: check_secret(key.secret)?.to_vec(),
                });
            }
            (Stage::Settling, Message::ReadyForQuery(backend::TransactionStatus::Idle)) => {
                self.finish_greeting(connection);
                return Ok(true);
            }
            // A warning at login has no reader.
            (Stage::LoggingIn(_) | Stage::Settling, Message::NoticeResponse(_)) => {}
            _ => return Err(End::UpstreamProtocol("a message that has no place at start-up")),
        }
        Ok(false)
    }

    fn on_parameter(&mut self, name: &[u8], value: &[u8]) -> Result<(), End> {
        if name == b"DateStyle" {
            self.date_style = value.to_vec();
        }
        let own = Own { user: &self.login.user, application_name: &self.login.application_name };
        let value = match status::vet(name, value, own, true) {
            _ if self.preset == Preset::Transparent => value,
            Vetted::Pass => value,
            Vetted::Instead(own) => own.as_bytes(),
            Vetted::Drop => return Ok(()),
            Vetted::Unpinned(name) => return Err(End::Unpinned(name)),
        };
        Message::ParameterStatus { name, value }.encode(&mut self.greeting);
        Ok(())
    }

    fn finish_greeting(&mut self, connection: &Connection) {
        let key = backend::BackendKeyData {
            process_id: connection.cancel.process_id,
            secret: &connection.cancel.secret,
        };
        Message::BackendKeyData(key).encode(&mut self.greeting);
        Message::ReadyForQuery(backend::TransactionStatus::Idle).encode(&mut self.greeting);
    }

    fn relay(
        self: Box<Self>,
        input: &mut Buffer,
        context: &mut Context<'_>,
    ) -> Result<State, Parting> {
        let mut bytes = Vec::with_capacity(self.greeting.len() + 9);
        Message::Authentication(Authentication::Ok).encode(&mut bytes);
        bytes.extend_from_slice(&self.greeting);
        context.client.write(context.pool, &bytes, self.recorder.position());
        context.effects.push(Effect::Resume(Side::Client));
        let relaying = Relaying::new(
            self.login,
            self.grant,
            self.preset,
            self.recorder,
            self.key,
            Dates::new(&self.date_style, context.now.unix_us),
            context,
        );
        Box::new(relaying).on_upstream(input, context)
    }

    fn part(self, end: End, context: &mut Context<'_>) -> Parting {
        context.effects.push(Effect::Close(Side::Upstream));
        Parting { end, recorder: Some(self.recorder), audible: true }
    }

    fn send(&self, bytes: &[u8], context: &mut Context<'_>) {
        context.upstream.write(context.pool, bytes, self.recorder.position());
    }
}

/// Protocol 3.0 has four bytes.
fn check_secret(secret: &[u8]) -> Result<&[u8], End> {
    match secret.len() {
        4 => Ok(secret),
        _ => Err(End::UpstreamProtocol("a cancel key of the wrong length")),
    }
}

fn refused(fields: error::Fields<'_>) -> End {
    End::UpstreamRefused(fields.sqlstate().filter(|sqlstate| sqlstate.is_known()))
}

/// Unpredictable and never used twice: the session's id and secret are random.
fn scram_nonce(connection: &Connection) -> [u8; NONCE_BYTES] {
    let mut hasher = blake3::Hasher::new_derive_key("lazaret 2026 SCRAM client nonce");
    hasher.update(&connection.id);
    hasher.update(&connection.cancel.secret);
    let mut nonce = [0; NONCE_BYTES];
    hasher.finalize_xof().fill(&mut nonce);
    nonce
}
