//! The PostgreSQL session machine, sans-io.
//!
//! Contract with the shard loop: bytes that arrived on a side are put into that side's buffer and
//! handed to [`Session::on_bytes`], which consumes whole messages, leaves the start of an
//! unfinished one, and may take the buffer away into the peer's outbox and leave a fresh one. All else
//! comes through [`Session::on_event`]. After either call the loop sends what the outboxes hold,
//! carries out the effects, and sets a timer for [`Session::deadline`].
//!
//! What is left in a buffer lies at its front, so that there is always room behind it; a buffer
//! may come back larger than it went, when one message needs that. A side whose messages have to
//! wait (`wants` is false) is handed over again when the session says `Effect::Resume`.
//!
//! A session negotiates, authenticates, connects upstream, relays, and leaves. Each of these is a
//! state of its own that consumes what happens and answers the next state or the reason to end.

mod authenticate;
mod connect;
mod end;
mod excerpt;
mod forward;
mod login;
mod negotiate;
mod plans;
mod recorder;
mod relay;
mod reports;
#[cfg(test)]
mod sim;
mod status;

use aws_lc_rs::constant_time;
use lazaret_audit::SessionRefused;
use lazaret_link::Settings;
use lazaret_proto::pg::startup::{self, Version};

use crate::buffer::Buffer;
use crate::context::{Arrival, CancelKey, Context, Effect, Event, Now, Side};
use authenticate::Authenticating;
use connect::Connecting;
use end::End;
use negotiate::Negotiating;
use recorder::Recorder;
use relay::Relaying;

/// One client connection and, once admitted, its upstream connection.
pub(crate) struct Session {
    connection: Connection,
    state: State,
}

/// What is known of the client's connection, whatever state the session is in.
struct Connection {
    id: [u8; 16],
    client_address: String,
    /// A Unix socket.
    secure: bool,
    cancel: CancelKey,
    /// Version and cipher suite; empty without TLS.
    tls: String,
    claim: Option<Claim>,
    startup_deadline_ms: u64,
    /// Once admitted.
    grant: Option<String>,
    /// That the kernel accepted.
    bytes_to_client: u64,
}

/// Who the client says it is, for the record of its refusal.
struct Claim {
    user: String,
    database: String,
}

enum State {
    Negotiating(Negotiating),
    /// It sent a CancelRequest, and waits for its end as it would at the server.
    Cancelling,
    Authenticating(Authenticating),
    Connecting(Box<Connecting>),
    Relaying(Box<Relaying>),
    Leaving(Leaving),
    Over,
}

/// The last words are on their way; the last record waits for how much the client took.
struct Leaving {
    reason: String,
    recorder: Option<Box<Recorder>>,
}

/// A state's way out, when its upstream has been taken care of.
struct Parting {
    end: End,
    /// Of an admitted session.
    recorder: Option<Box<Recorder>>,
    /// The client can be told: it isn't in the middle of a message.
    audible: bool,
}

impl From<End> for Parting {
    fn from(end: End) -> Self {
        Self { end, recorder: None, audible: true }
    }
}

impl Session {
    pub(crate) fn new(arrival: Arrival, settings: &Settings, now: Now) -> Self {
        let Arrival { id, client_address, secure, cancel } = arrival;
        let connection = Connection {
            id,
            client_address,
            secure,
            cancel,
            tls: String::new(),
            claim: None,
            startup_deadline_ms: now.monotonic_ms + settings.startup_timeout_ms,
            grant: None,
            bytes_to_client: 0,
        };
        Self { connection, state: State::Negotiating(Negotiating::default()) }
    }

    pub(crate) fn on_bytes(&mut self, side: Side, input: &mut Buffer, context: &mut Context<'_>) {
        self.step(context, |state, connection, context| match (state, side) {
            (State::Negotiating(state), Side::Client) => {
                Ok(state.on_client(input, connection, context)?)
            }
            (State::Authenticating(state), Side::Client) => {
                Ok(state.on_client(input, connection, context)?)
            }
            (State::Connecting(state), Side::Upstream) => {
                state.on_upstream(input, connection, context)
            }
            (State::Relaying(state), Side::Client) => state.on_client(input, context),
            (State::Relaying(state), Side::Upstream) => state.on_upstream(input, context),
            (state @ (State::Cancelling | State::Leaving(_) | State::Over), _) => {
                input.truncate(0);
                Ok(state)
            }
            (state, _) => Ok(state),
        });
    }

    pub(crate) fn on_event(&mut self, event: Event, context: &mut Context<'_>) {
        self.step(context, |state, connection, context| {
            on_event(state, event, connection, context)
        });
    }

    /// Monotonic milliseconds at which `Event::Deadline` is due.
    pub(crate) fn deadline(&self) -> Option<u64> {
        match &self.state {
            State::Negotiating(_)
            | State::Cancelling
            | State::Authenticating(_)
            | State::Connecting(_) => Some(self.connection.startup_deadline_ms),
            State::Relaying(state) => Some(state.deadline()),
            State::Leaving(_) | State::Over => None,
        }
    }

    /// Whether bytes from this side would be used now. False is backpressure; the loop also stops
    /// reading a side while the peer's outbox is over its limit.
    pub(crate) fn wants(&self, side: Side) -> bool {
        match (&self.state, side) {
            (State::Negotiating(state), Side::Client) => state.wants_client(),
            (State::Authenticating(state), Side::Client) => state.wants_client(),
            (State::Relaying(state), Side::Client) => state.wants_client(),
            (State::Relaying(state), Side::Upstream) => state.wants_upstream(),
            (State::Connecting(_), Side::Upstream) => true,
            // Read and thrown away, so that its end is seen.
            (State::Cancelling | State::Leaving(_), Side::Client) => true,
            _ => false,
        }
    }

    /// The session is over: both sides may be dropped once their outboxes are empty.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.state, State::Over)
    }

    /// Whether a CancelRequest with this key is for this session; compared in constant time.
    pub(crate) fn answers_to(&self, key: &CancelKey) -> bool {
        let own = &self.connection.cancel;
        key.process_id == own.process_id
            && constant_time::verify_slices_are_equal(&key.secret, &own.secret).is_ok()
    }

    /// The grant, once admitted.
    pub(crate) fn grant(&self) -> Option<&str> {
        self.connection.grant.as_deref()
    }

    /// The kernel accepted this many more bytes for the client.
    pub(crate) fn sent_to_client(&mut self, count: u64) {
        self.connection.bytes_to_client += count;
        if let State::Relaying(state) = &mut self.state {
            state.on_progress();
        }
    }

    fn step(
        &mut self,
        context: &mut Context<'_>,
        transition: impl FnOnce(State, &mut Connection, &mut Context<'_>) -> Result<State, Parting>,
    ) {
        let state = std::mem::replace(&mut self.state, State::Over);
        self.state = match transition(state, &mut self.connection, context) {
            Ok(state) => state,
            Err(parting) => {
                // What was gathered lies in this session's buffer, and the next has another.
                context.masker.clear();
                self.connection.leave(parting, context)
            }
        };
    }
}

/// What happens other than bytes; what a state has no use for, it ignores.
fn on_event(
    state: State,
    event: Event,
    connection: &mut Connection,
    context: &mut Context<'_>,
) -> Result<State, Parting> {
    match (state, event) {
        (State::Leaving(leaving), Event::Closed(Side::Client)) => {
            leaving.finish(connection, context);
            Ok(State::Over)
        }
        (state @ (State::Leaving(_) | State::Over), _) => Ok(state),
        (State::Connecting(state), event) => state.on_event(event, connection, context),
        (State::Relaying(state), event) => state.on_event(event, context),

        (_, Event::Closed(Side::Client)) => Err(End::ClientClosed.into()),
        (State::Cancelling, Event::CancelEnded | Event::Deadline) => Err(End::CancelRouted.into()),
        (_, Event::Deadline) => Err(End::StartupTimeout.into()),
        (_, Event::Revoked) => Err(End::Revoked.into()),
        (_, Event::Draining | Event::Drained) => Err(End::Draining.into()),
        (
            State::Negotiating(state),
            Event::TlsReady { side: Side::Client, alpn, description, .. },
        ) => Ok(state.on_tls(alpn.as_deref(), description, connection)?),
        (State::Authenticating(state), Event::Admitted(grant)) => {
            Ok(state.on_admitted(grant, connection, context)?)
        }
        (State::Authenticating(_), Event::NotAdmitted(reason)) => {
            Err(End::NotAdmitted(reason).into())
        }
        (state, _) => Ok(state),
    }
}

impl Connection {
    /// Says goodbye, if it may be said.
    fn leave(&self, parting: Parting, context: &mut Context<'_>) -> State {
        let Parting { end, recorder, audible } = parting;
        if let Some(report) = end.farewell().filter(|_| audible) {
            let mut bytes = Vec::new();
            report.encode(&mut bytes);
            let position = recorder.as_ref().map(|recorder| recorder.position());
            context.client.write(context.pool, &bytes, position.unwrap_or_default());
        }
        if recorder.is_none() {
            self.record_refusal(&end, context);
        }
        context.effects.push(Effect::Close(Side::Client));
        let leaving = Leaving { reason: end.reason(), recorder };
        match end {
            End::ClientClosed => {
                leaving.finish(self, context);
                State::Over
            }
            _ => State::Leaving(leaving),
        }
    }

    /// Connections that never said who they are are counted, not recorded: anyone can open those.
    fn record_refusal(&self, end: &End, context: &mut Context<'_>) {
        let Some(claim) = &self.claim else { return };
        let body = SessionRefused {
            client_address: &self.client_address,
            claimed_user: &claim.user,
            database: &claim.database,
            reason: &end.reason(),
        };
        // The client is refused either way.
        let _ = context.log.append(self.id, &body.into());
    }
}

impl Leaving {
    fn finish(self, connection: &Connection, context: &mut Context<'_>) {
        if let Some(recorder) = self.recorder {
            recorder.end(&self.reason, connection.bytes_to_client, context);
        }
    }
}

impl CancelKey {
    /// Only protocol 3.2 has room for more than four bytes of secret.
    fn shorten_for(&mut self, version: Version) {
        if !version.has_long_cancel_keys() {
            self.secret.truncate(*startup::SECRET_BYTES.start());
        }
    }
}
