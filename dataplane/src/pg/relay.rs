//! The session at work: requests go upstream, replies come back.
//!
//! Invariants: no request goes upstream before it is recorded and allowed. Each request that will be
//! answered has its entry in [`Expected`](expected::Expected), and a reply that is not the one awaited ends the session.
//! Rows leave only by the plan of their portal. What leaves is recorded before.
//! The server alone decides the state of the transaction: a refused message is replaced by one
//! that makes the server itself fail, and its error is rewritten to ours.

mod answer;
mod clock;
mod copy;
mod expected;
mod judge;
mod objects;
mod outcomes;
mod reading;
mod refuse;
mod replies;
mod requests;
mod rows;
mod schema;
mod tokens;
mod verdicts;

use std::cell::OnceCell;
use std::rc::Rc;

use lazaret_detectors::Finding;
use lazaret_policy::{Grant, Plan, Preset, Reach};
use lazaret_proto::pg::backend::TransactionStatus;
use lazaret_proto::pg::frontend;

use super::end::End;
use super::login::Login;
use super::recorder::Recorder;
use super::{Parting, State};
use crate::buffer::Buffer;
use crate::context::{Context, Effect, Errand, Event, Side};
use crate::mask::{Asked, Dates, Keys, Scores};
use answer::Answer;
use clock::{Activity, Clock};
use copy::CopyIn;
use expected::Expected;
use objects::{Name, Objects};
use reading::Reading;
use requests::Unfinished;
use rows::LongFrame;
use schema::Schema;

/// What a CancelRequest to the upstream carries.
pub(super) struct UpstreamKey {
    pub(super) process_id: u32,
    pub(super) secret: Vec<u8>,
}

pub(super) struct Relaying {
    login: Login,
    grant: Grant,
    /// Everything is let pass, nothing is masked.
    transparent: bool,
    recorder: Box<Recorder>,
    /// The upstream's, for cancelling.
    key: Option<UpstreamKey>,
    clock: Clock,
    draining: bool,

    expected: Expected,
    /// The portal that the last message asked to describe, as far as nothing else came since.
    described: Option<Name>,
    /// A client message that is taken in pieces.
    unfinished: Option<Unfinished>,
    copy_in: CopyIn,
    reading: Reading,
    /// The client has to wait: `Effect::Resume` is due when it need not any more.
    held: bool,

    objects: Objects,
    answer: Answer,
    /// An upstream message that is passed on in pieces.
    long_frame: Option<LongFrame>,
    /// Of the result that is being answered.
    scores: Scores,
    transaction: TransactionStatus,
    /// What the statements of the transaction may have read, for errors at its end.
    transaction_reach: Reach,
    schema: Schema,
    dates: Dates,
    /// Made when a mask first takes a key.
    keys: OnceCell<Option<Rc<Keys>>>,
    /// Of the vault. While it waits, the upstream does.
    asked: Asked,
    /// The plan of everything on a transparent resource.
    passing: Rc<Plan>,
    /// Scratch memory for texts that are scanned.
    name: Vec<u8>,
    findings: Vec<Finding>,
}

impl Relaying {
    pub(super) fn new(
        login: Login,
        grant: Grant,
        preset: Preset,
        recorder: Box<Recorder>,
        key: Option<UpstreamKey>,
        dates: Dates,
        context: &Context<'_>,
    ) -> Self {
        let idle_timeout_ms = context.settings.idle_timeout_ms;
        Self {
            clock: Clock::new(grant.expires_at_ms, idle_timeout_ms, context.now),
            login,
            grant,
            transparent: preset == Preset::Transparent,
            recorder,
            key,
            draining: false,
            expected: Expected::default(),
            described: None,
            unfinished: None,
            copy_in: CopyIn::default(),
            reading: Reading::default(),
            held: false,
            objects: Objects::default(),
            answer: Answer::Between,
            long_frame: None,
            scores: Scores::default(),
            transaction: TransactionStatus::Idle,
            transaction_reach: Reach::default(),
            schema: Schema::default(),
            dates,
            keys: OnceCell::new(),
            asked: Asked::default(),
            passing: Rc::new(Plan { columns: Vec::new(), passes: true, is_rebuilt: false }),
            name: Vec::new(),
            findings: Vec::new(),
        }
    }

    pub(super) fn wants_client(&self) -> bool {
        !self.held
    }

    pub(super) fn wants_upstream(&self) -> bool {
        !self.asked.waits()
    }

    pub(super) fn deadline(&self) -> u64 {
        let clock = self.clock.deadline();
        self.schema.deadline().map_or(clock, |schema| schema.min(clock))
    }

    /// The client took bytes.
    pub(super) fn on_progress(&mut self) {
        self.clock.on_progress();
    }

    pub(super) fn on_client(
        mut self: Box<Self>,
        input: &mut Buffer,
        context: &mut Context<'_>,
    ) -> Result<State, Parting> {
        self.clock.on_progress();
        match self.take_requests(input, context) {
            Ok(()) => Ok(State::Relaying(self)),
            Err(end) => Err(self.part(end, context)),
        }
    }

    pub(super) fn on_upstream(
        mut self: Box<Self>,
        input: &mut Buffer,
        context: &mut Context<'_>,
    ) -> Result<State, Parting> {
        match self.take_replies(input, context) {
            Ok(()) => {
                self.resume(context);
                Ok(State::Relaying(self))
            }
            Err(end) => Err(self.part(end, context)),
        }
    }

    pub(super) fn on_event(
        mut self: Box<Self>,
        event: Event,
        context: &mut Context<'_>,
    ) -> Result<State, Parting> {
        match self.handle(event, context) {
            Ok(()) => {
                self.resume(context);
                Ok(State::Relaying(self))
            }
            Err(end) => Err(self.part(end, context)),
        }
    }

    fn handle(&mut self, event: Event, context: &mut Context<'_>) -> Result<(), End> {
        match event {
            Event::Closed(Side::Client) => return Err(End::ClientClosed),
            Event::Closed(Side::Upstream) => return Err(End::UpstreamClosed),
            Event::UpstreamFailed(why) => return Err(End::Unreachable(why)),
            Event::Revoked => return Err(End::Revoked),
            Event::Drained => return Err(End::Draining),
            Event::Deadline => {
                self.schema.on_deadline(context.now.monotonic_ms);
                self.clock.on_deadline(self.activity(context), context.now)?;
            }
            Event::CancelRequested(errand) => self.cancel_upstream(Some(errand), context),
            Event::Draining => {
                self.draining = true;
                self.check_draining()?;
            }
            Event::CatalogRefreshed => self.schema.on_refreshed(),
            Event::Tokens(answers) => self.on_tokens(answers, context),
            Event::Parsed { text, parsed } => self.on_parsed(text, parsed),
            Event::TlsReady { .. }
            | Event::Admitted(_)
            | Event::NotAdmitted(_)
            | Event::UpstreamConnected
            | Event::CancelEnded
            | Event::ScramKey(_) => {}
        }
        Ok(())
    }

    fn activity(&self, context: &Context<'_>) -> Activity {
        match () {
            () if !context.client.is_empty() => Activity::Sending,
            () if !self.expected.is_empty() => Activity::Working,
            () => Activity::Waiting,
        }
    }

    /// A draining session ends as soon as it breaks nothing.
    fn check_draining(&self) -> Result<(), End> {
        let idle = self.transaction == TransactionStatus::Idle && self.expected.is_empty();
        if self.draining && idle { Err(End::Draining) } else { Ok(()) }
    }

    /// Whether the client's next message has to wait. COPY data doesn't: replies wait for it.
    fn must_hold(&self) -> bool {
        let copying = matches!(self.answer, Answer::CopyIn { ended: false });
        !copying && (self.schema.holds() || self.expected.is_full() || self.reading.waits())
    }

    fn resume(&mut self, context: &mut Context<'_>) {
        let waits = self.schema.holds() || !self.expected.has_room() || self.reading.waits();
        if self.held && !waits {
            self.held = false;
            context.effects.push(Effect::Resume(Side::Client));
        }
    }

    /// Of masks that take a key; `None` without one.
    fn keys(&self, context: &Context<'_>) -> Option<Rc<Keys>> {
        let make = || Keys::new(&context.settings.tokens, &self.grant.resource, &self.grant.id);
        self.keys.get_or_init(|| make().map(Rc::new)).clone()
    }

    fn cancel_upstream(&self, errand: Option<Errand>, context: &mut Context<'_>) {
        if let Some(key) = &self.key {
            context.effects.push(Effect::CancelUpstream {
                process_id: key.process_id,
                secret: key.secret.clone(),
                errand,
            });
        }
    }

    /// Leaves the upstream in order: what runs is cancelled, unless the client meant it to run.
    fn part(self, end: End, context: &mut Context<'_>) -> Parting {
        let wanted = matches!(end, End::Terminated | End::UpstreamClosed | End::UpstreamFatal);
        if !self.expected.is_empty() && !wanted {
            self.cancel_upstream(None, context);
        }
        let whole = !matches!(self.unfinished, Some(Unfinished::CopyData { .. }));
        if whole && !matches!(end, End::UpstreamClosed | End::UpstreamFatal) {
            let mut terminate = Vec::new();
            frontend::Message::Terminate.encode(&mut terminate);
            context.upstream.write(context.pool, &terminate, self.recorder.position());
        }
        context.effects.push(Effect::Close(Side::Upstream));
        let audible = !self.long_frame.is_some_and(|frame| frame.is_halfway());
        Parting { end, recorder: Some(self.recorder), audible }
    }
}
