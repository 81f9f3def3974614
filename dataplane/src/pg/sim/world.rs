//! The shard loop's part, by hand.

use std::sync::{Arc, OnceLock};

use lazaret_audit::Position;
use lazaret_detectors::{Pack, Scanner};
use lazaret_link::{Durability, Hex, Secret, Settings, UpstreamTls, UpstreamTlsMode, ValueDigest};
use lazaret_policy::{Engine, Grant, Mask, Preset, Snapshot};
use lazaret_proto::pg::backend::{Authentication, BackendKeyData, Message, TransactionStatus};
use lazaret_proto::pg::frontend;
use lazaret_proto::pg::startup::{self, Version};
use lazaret_sql::Reader;

use super::catalog::{DATABASE, snapshot};
use super::log::MemoryLog;
use super::messages::reply;
use crate::buffer::{Buffer, Outbox, Pool};
use crate::context::{Arrival, CancelKey, Context, Counters, Effect, Event, Now, Side};
use crate::limits::BUFFER_BYTES;
use crate::mask::{Answer, RowMasker, TokenCache};
use crate::pg::Session;
use crate::scram_keys::ScramKeys;

pub(super) const DURABLE: Position = Position { sequence: u64::MAX };

pub(super) struct World {
    pub(super) session: Session,
    pub(super) client: Outbox,
    pub(super) upstream: Outbox,
    pub(super) effects: Vec<Effect>,
    pub(super) log: MemoryLog,
    pub(super) engine: Engine,
    reader: Reader,
    pub(super) settings: Settings,
    pub(super) counters: Counters,
    pub(super) now: Now,
    client_input: Buffer,
    upstream_input: Buffer,
    pool: Pool,
    scanner: Scanner,
    masker: RowMasker,
    tokens: TokenCache,
    scram_keys: ScramKeys,
}

impl World {
    /// A connection over a Unix socket, so that nothing is said about TLS, to an upstream without TLS.
    pub(super) fn new(preset: Preset) -> Self {
        Self::with(preset, settings(), true)
    }

    pub(super) fn with(preset: Preset, settings: Settings, secure: bool) -> Self {
        let now = Now { monotonic_ms: 1_000, unix_us: 1_790_000_000_000_000 };
        let cancel = CancelKey { process_id: 77, secret: vec![7; 32] };
        let client_address = "192.0.2.1:50000".to_owned();
        let arrival = Arrival { id: [1; 16], client_address, secure, cancel };
        Self {
            session: Session::new(arrival, &settings, now),
            client: Outbox::default(),
            upstream: Outbox::default(),
            effects: Vec::new(),
            log: MemoryLog::default(),
            engine: Engine::compile(snapshot(preset, 1)).unwrap(),
            reader: Reader::default(),
            settings,
            counters: Counters::default(),
            now,
            client_input: Buffer::with_capacity(BUFFER_BYTES),
            upstream_input: Buffer::with_capacity(BUFFER_BYTES),
            pool: Pool::default(),
            scanner: Scanner::new(pack()).unwrap(),
            masker: RowMasker::default(),
            tokens: TokenCache::default(),
            scram_keys: ScramKeys::default(),
        }
    }

    /// A session that has been admitted and got its first ReadyForQuery; what was sent until then
    /// is taken away.
    pub(super) fn ready(preset: Preset) -> Self {
        let mut world = Self::new(preset);
        world.log_in();
        world.upstream_sends(&world.settings_of_server());
        world.take_client();
        world.effects.clear();
        world
    }

    /// Configuration asks for this mask.
    pub(super) fn mask(&mut self, class: &str, mask: Mask) {
        let mut masked = Snapshot::clone(&snapshot(Preset::SafeHarbor, 2));
        masked.masks.insert(class.to_owned(), mask);
        self.engine = Engine::compile(Arc::new(masked)).unwrap();
    }

    /// What the session asks control's vault for, if it does.
    pub(super) fn take_question(&mut self) -> Option<Vec<ValueDigest>> {
        let asks = |effect: &Effect| matches!(effect, Effect::AskForTokens { .. });
        match self.effects.remove(self.effects.iter().position(asks)?) {
            Effect::AskForTokens { digests, .. } => Some(digests),
            _ => None,
        }
    }

    /// Control answers with a token that can be told from the digest, or with none.
    pub(super) fn answer(&mut self, digests: Vec<ValueDigest>, has_tokens: bool) {
        let token = |digest: &ValueDigest| digest.0.first_chunk().copied().map(Hex);
        let answer =
            |digest: ValueDigest| Answer { digest, token: token(&digest).filter(|_| has_tokens) };
        self.event(Event::Tokens(digests.into_iter().map(answer).collect()));
    }

    /// Everything until the upstream has said AuthenticationOk.
    pub(super) fn log_in(&mut self) {
        let parameters = [("user", "ci-agent"), ("database", DATABASE), ("application_name", "t")];
        self.client_sends(&startup_message(Version::V3_0, &parameters));
        self.client_sends(&password("token"));
        self.event(Event::Admitted(grant()));
        self.event(Event::UpstreamConnected);
        self.upstream_sends(&reply(Message::Authentication(Authentication::Ok)));
        self.take_client();
        self.take_upstream();
    }

    /// What a server says behind AuthenticationOk.
    pub(super) fn settings_of_server(&self) -> Vec<u8> {
        let parameter = |name: &'static str, value: &'static str| {
            reply(Message::ParameterStatus { name: name.as_bytes(), value: value.as_bytes() })
        };
        [
            parameter("client_encoding", "UTF8"),
            parameter("DateStyle", "ISO, MDY"),
            parameter("standard_conforming_strings", "on"),
            parameter("application_name", "lazaret/ci-agent/t"),
            reply(Message::BackendKeyData(BackendKeyData { process_id: 9, secret: b"key!" })),
            reply(Message::ReadyForQuery(TransactionStatus::Idle)),
        ]
        .concat()
    }

    pub(super) fn client_sends(&mut self, bytes: &[u8]) {
        self.arrive(Side::Client, bytes);
    }

    pub(super) fn upstream_sends(&mut self, bytes: &[u8]) {
        self.arrive(Side::Upstream, bytes);
    }

    /// In pieces of what there is room for, as a socket would give them. Whether the session wants
    /// them is the caller's to look at.
    pub(super) fn arrive(&mut self, side: Side, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let input = self.input(side);
            assert!(input.room() > 0, "a buffer was left full");
            let count = input.room().min(bytes.len());
            input.spare_mut()[..count].copy_from_slice(&bytes[..count]);
            input.advance(count);
            bytes = &bytes[count..];
            self.hand_over(side);
        }
    }

    /// Hands a side's buffer to the session, as it is.
    pub(super) fn hand_over(&mut self, side: Side) {
        let empty = Buffer::with_capacity(0);
        let mut input = std::mem::replace(self.input(side), empty);
        self.call(|session, context| session.on_bytes(side, &mut input, context));
        *self.input(side) = input;
        self.resume();
    }

    pub(super) fn event(&mut self, event: Event) {
        self.call(|session, context| session.on_event(event, context));
        self.resume();
    }

    pub(super) fn deadline(&mut self) {
        let due_ms = self.session.deadline().expect("a deadline");
        self.now.monotonic_ms = due_ms;
        self.event(Event::Deadline);
    }

    /// What may leave to the client now.
    pub(super) fn take_client(&mut self) -> Vec<u8> {
        let bytes = take(&mut self.client, DURABLE);
        self.session.sent_to_client(bytes.len() as u64);
        bytes
    }

    pub(super) fn take_upstream(&mut self) -> Vec<u8> {
        take(&mut self.upstream, DURABLE)
    }

    /// The text that a thread beside the shard is to read, if any.
    pub(super) fn take_text(&mut self) -> Option<Box<str>> {
        let parses = |effect: &Effect| matches!(effect, Effect::Parse { .. });
        match self.effects.remove(self.effects.iter().position(parses)?) {
            Effect::Parse { text } => Some(text),
            _ => None,
        }
    }

    /// It has read it.
    pub(super) fn read(&mut self, text: Box<str>) {
        let parsed = lazaret_sql::parse(&text);
        self.event(Event::Parsed { text, parsed });
    }

    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub(super) fn room(&mut self, side: Side) -> usize {
        self.input(side).room()
    }

    /// As other sessions of the shard do.
    pub(super) fn hold_memory(&mut self, bytes: usize) -> Buffer {
        self.pool.take_large(bytes)
    }

    pub(super) fn unread(&mut self, side: Side) -> usize {
        self.input(side).filled().len()
    }

    fn input(&mut self, side: Side) -> &mut Buffer {
        match side {
            Side::Client => &mut self.client_input,
            Side::Upstream => &mut self.upstream_input,
        }
    }

    fn resume(&mut self) {
        let resumes = |effect: &Effect| matches!(effect, Effect::Resume(_));
        while let Some(index) = self.effects.iter().position(resumes) {
            let Effect::Resume(side) = self.effects.remove(index) else { continue };
            self.hand_over(side);
        }
    }

    fn call(&mut self, call: impl FnOnce(&mut Session, &mut Context<'_>)) {
        let mut context = Context {
            now: self.now,
            client: &mut self.client,
            upstream: &mut self.upstream,
            effects: &mut self.effects,
            pool: &mut self.pool,
            log: &mut self.log,
            engine: &mut self.engine,
            reader: &mut self.reader,
            scanner: &mut self.scanner,
            masker: &mut self.masker,
            tokens: &mut self.tokens,
            settings: &self.settings,
            counters: &mut self.counters,
            scram_keys: &mut self.scram_keys,
        };
        call(&mut self.session, &mut context);
    }
}

/// What of an outbox may leave once the log is durable up to there.
pub(super) fn take(outbox: &mut Outbox, durable: Position) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(piece) = outbox.pop(durable) {
        bytes.extend_from_slice(piece.filled());
    }
    bytes
}

pub(super) fn startup_message(version: Version, parameters: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let parameters = parameters.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    startup::startup(&mut bytes, version, parameters);
    bytes
}

pub(super) fn password(password: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    frontend::password(&mut bytes, password.as_bytes());
    bytes
}

pub(super) fn grant() -> Grant {
    Grant {
        id: "7b5c5f2e-0000-4000-8000-000000000001".to_owned(),
        principal: "ci-agent".to_owned(),
        issuer: "https://issuer.example".to_owned(),
        groups: vec!["agents".to_owned()],
        resource: "warehouse".to_owned(),
        database: DATABASE.to_owned(),
        expires_at_ms: 1_790_000_600_000,
    }
}

pub(super) fn settings() -> Settings {
    Settings {
        node: "test".to_owned(),
        boot: 1,
        shards: 1,
        durability: Durability::Process,
        listen: Vec::new(),
        listen_unix: None,
        metrics_listen: ([127, 0, 0, 1], 0).into(),
        tls: None,
        allow_plaintext: false,
        resource: "warehouse".to_owned(),
        upstream: "db.example:5432".to_owned(),
        upstream_host_name: "db.example".to_owned(),
        upstream_user: "service".to_owned(),
        upstream_password: Some(Secret::new("pencil".to_owned())),
        upstream_tls: UpstreamTls { mode: UpstreamTlsMode::Disable, root_certificates: None },
        databases: vec![DATABASE.to_owned()],
        pass_user: false,
        startup_timeout_ms: 10_000,
        idle_timeout_ms: 60_000,
        max_sessions: 10,
        lease_ms: 60_000,
        commitment_key: Secret::new("salt".to_owned()),
        tokens: lazaret_link::Tokens {
            key_path: "/none".into(),
            key: Some(Secret::new("a key of thirty-two bytes or more".to_owned())),
            scope: lazaret_link::TokenScope::Resource,
            date_shift_days: 30,
        },
        site: Default::default(),
    }
}

/// Compiled once: it takes a while.
fn pack() -> &'static Arc<Pack> {
    static PACK: OnceLock<Arc<Pack>> = OnceLock::new();
    PACK.get_or_init(|| Pack::load(None).unwrap())
}
