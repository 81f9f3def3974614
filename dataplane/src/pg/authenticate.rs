//! The token comes as the password, control says whom it is for.

use lazaret_audit::SessionStart;
use lazaret_link::{Admission, Secret};
use lazaret_policy::{Grant, Preset};
use lazaret_proto::pg::backend::{self, Authentication};
use lazaret_proto::pg::frontend;
use lazaret_proto::pg::{frame, frontend::PASSWORD};

use super::connect::Connecting;
use super::end::End;
use super::login::Login;
use super::recorder::Recorder;
use super::{Claim, Connection, State};
use crate::buffer::Buffer;
use crate::context::{Context, Effect};
use crate::limits::SMALL_MESSAGE_BYTES;

pub(super) struct Authenticating {
    login: Login,
    asked_control: bool,
}

impl Authenticating {
    /// Asks for the password.
    pub(super) fn begin(
        login: Login,
        connection: &mut Connection,
        context: &mut Context<'_>,
    ) -> Self {
        let mut out = login.negotiation.clone();
        backend::Message::Authentication(Authentication::CleartextPassword).encode(&mut out);
        context.client.write(context.pool, &out, Default::default());
        connection.cancel.shorten_for(login.version);
        connection.claim =
            Some(Claim { user: login.user.clone(), database: login.database.clone() });
        Self { login, asked_control: false }
    }

    pub(super) fn wants_client(&self) -> bool {
        !self.asked_control
    }

    pub(super) fn on_client(
        mut self,
        input: &mut Buffer,
        connection: &mut Connection,
        context: &mut Context<'_>,
    ) -> Result<State, End> {
        if !self.asked_control
            && let Some(len) = self.password(input.filled(), connection, context)?
        {
            input.consume(len);
            self.asked_control = true;
        }
        input.compact();
        Ok(State::Authenticating(self))
    }

    pub(super) fn on_admitted(
        self,
        grant: Grant,
        connection: &mut Connection,
        context: &mut Context<'_>,
    ) -> Result<State, End> {
        let offered = &context.settings.databases;
        if !offered.is_empty() && !offered.contains(&self.login.database) {
            return Err(End::Database);
        }
        let preset = context.engine.snapshot().preset;
        let start = SessionStart {
            client_address: &connection.client_address,
            claimed_user: &self.login.user,
            principal: &grant.principal,
            issuer: &grant.issuer,
            groups: &grant.groups,
            grant: &grant.id,
            resource: &grant.resource,
            database: &self.login.database,
            application_name: &self.login.application_name,
            protocol: self.login.version.code(),
            tls: &connection.tls,
            preset: preset_name(preset),
        };
        let recorder = Recorder::start(connection.id, start, context)?;
        connection.grant = Some(grant.id.clone());
        context.effects.push(Effect::ConnectUpstream);
        let connecting = Connecting::new(self.login, grant, preset, recorder);
        Ok(State::Connecting(Box::new(connecting)))
    }

    /// Hands the token to control, once it is all there; answers how long its message was.
    fn password(
        &self,
        bytes: &[u8],
        connection: &Connection,
        context: &mut Context<'_>,
    ) -> Result<Option<usize>, End> {
        let malformed = End::ClientProtocol("a password was expected");
        let Ok(frame) = frame::whole(bytes, SMALL_MESSAGE_BYTES) else { return Err(malformed) };
        let Some(frame) = frame else { return Ok(None) };
        if frame.tag == frontend::TERMINATE {
            return Err(End::Terminated);
        }
        if frame.tag != PASSWORD {
            return Err(malformed);
        }
        let Ok(frontend::Message::Password(message)) = frontend::Message::decode(frame) else {
            return Err(malformed);
        };
        let token = message.password().ok().and_then(|token| std::str::from_utf8(token).ok());
        let Some(token) = token else { return Err(malformed) };
        context.effects.push(Effect::Admit(Admission {
            // The loop numbers its questions.
            request: 0,
            token: Secret::new(token.to_owned()),
            claimed_user: self.login.user.clone(),
            database: self.login.database.clone(),
            client_address: connection.client_address.clone(),
        }));
        Ok(Some(frame.len))
    }
}

/// As in the configuration.
const fn preset_name(preset: Preset) -> &'static str {
    match preset {
        Preset::SafeHarbor => "safe-harbor",
        Preset::LimitedDataSet => "limited-data-set",
        Preset::Expert => "expert",
        Preset::Transparent => "transparent",
    }
}
