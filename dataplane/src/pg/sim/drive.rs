//! Whole sessions from a seed: client, gateway and server, with the network between them misbehaving,
//! and a checker that knows none of them from inside.
//!
//! The same script runs against the server alone, and both must give the same messages: their types,
//! their SQLSTATEs, their command tags.

use lazaret_audit::Position;
use lazaret_policy::{Mask, Preset};

use super::client::{Exchange, script};
use super::database::{SENTINEL, is_refused};
use super::log::Record;
use super::messages::frames;
use super::random::Random;
use super::server::Server;
use super::world::{World, grant, password, startup_message, take};
use crate::context::{Effect, Event, Side};
use crate::limits::OUTBOX_BYTES;
use lazaret_proto::pg::frame;
use lazaret_proto::pg::startup::Version;

/// More turns than any of these sessions needs.
const TURNS: usize = 200_000;

struct Stage {
    world: World,
    server: Server,
    random: Random,
    /// Bytes on the wire between two machines.
    to_gateway: Vec<u8>,
    to_server: Vec<u8>,
    durable: Position,
    client: Client,
    /// Messages with a text or parameters that left for the server.
    requests_left: usize,
    upstream_left: Vec<u8>,
    /// The session was ended from outside: its last words have no record.
    broken: bool,
}

/// The client's side: what it has yet to say, and what it heard.
struct Client {
    script: std::vec::IntoIter<Exchange>,
    pending: Vec<u8>,
    copy: Option<Vec<u8>>,
    readies_awaited: usize,
    heard: Vec<u8>,
    /// Bytes of what was heard that have been looked at.
    read: usize,
    /// It sends on without waiting for answers.
    pipelines: bool,
}

impl Client {
    fn new(script: Vec<Exchange>, pipelines: bool) -> Self {
        Self {
            script: script.into_iter(),
            pending: Vec::new(),
            copy: None,
            readies_awaited: 0,
            heard: Vec::new(),
            read: 0,
            pipelines,
        }
    }

    fn say_more(&mut self) {
        if self.copy.is_some() || !(self.readies_awaited == 0 || self.pipelines) {
            return;
        }
        // What may be followed by COPY data is sent alone.
        let next_copies = self.script.as_slice().first().is_some_and(|next| next.copy.is_some());
        if next_copies && self.readies_awaited > 0 {
            return;
        }
        if let Some(exchange) = self.script.next() {
            self.pending.extend_from_slice(&exchange.bytes);
            self.readies_awaited += exchange.readies;
            self.copy = exchange.copy;
        }
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.heard.extend_from_slice(bytes);
        while let Ok(Some(frame)) = frame::whole(&self.heard[self.read..], frame::MAX_BYTES) {
            self.read += frame.len;
            match frame.tag {
                b'Z' => {
                    self.readies_awaited =
                        self.readies_awaited.checked_sub(1).expect("a ReadyForQuery too many");
                    self.copy = None;
                }
                b'G' => self.pending.extend(self.copy.take().expect("COPY was not asked for")),
                _ => {}
            }
        }
    }

    fn is_done(&self) -> bool {
        self.script.as_slice().is_empty() && self.pending.is_empty() && self.readies_awaited == 0
    }
}

impl Stage {
    fn new(seed: u64, preset: Preset) -> Self {
        let mut random = Random::new(seed);
        let script = script(&mut random);
        let pipelines = random.once_in(2);
        let mut world = World::new(preset);
        if preset != Preset::Transparent && random.once_in(2) {
            world.mask("ssn", Mask::Token);
        }
        let mut server = Server::default();
        world.client_sends(&startup_message(
            Version::V3_0,
            &[("user", "u"), ("database", "clinic")],
        ));
        world.client_sends(&password("token"));
        world.event(Event::Admitted(grant()));
        world.event(Event::UpstreamConnected);
        server.feed(&world.take_upstream());
        let greeting = server.take_output(usize::MAX);
        for byte in greeting {
            world.upstream_sends(&[byte]);
        }
        world.take_client();
        world.take_effects();
        Self {
            durable: world.log.position(),
            world,
            server,
            random,
            to_gateway: Vec::new(),
            to_server: Vec::new(),
            client: Client::new(script, pipelines),
            requests_left: 0,
            upstream_left: Vec::new(),
            broken: false,
        }
    }

    fn run(&mut self) {
        for _ in 0..TURNS {
            if self.client.is_done() && self.is_quiet() {
                return;
            }
            self.turn();
        }
        panic!("the session does not come to an end");
    }

    fn is_quiet(&self) -> bool {
        let has_asked = !self.world.session.wants(Side::Upstream);
        self.to_gateway.is_empty()
            && self.to_server.is_empty()
            && !self.server.has_output()
            && !has_asked
    }

    /// One thing of those that can happen, whichever.
    fn turn(&mut self) {
        match self.random.below(8) {
            0 => self.client.say_more(),
            1 => {
                let count = self.some(self.client.pending.len());
                self.to_gateway.extend(self.client.pending.drain(..count));
            }
            2 => {
                let waiting = self.world.upstream.len();
                if self.world.session.wants(Side::Client) && waiting < OUTBOX_BYTES {
                    let count = self.some(self.to_gateway.len());
                    let bytes: Vec<u8> = self.to_gateway.drain(..count).collect();
                    self.world.client_sends(&bytes);
                }
            }
            3 => self.leave_for_server(),
            4 => {
                let count = self.some(self.to_server.len());
                let bytes: Vec<u8> = self.to_server.drain(..count).collect();
                self.server.feed(&bytes);
            }
            5 => {
                let wants = self.world.session.wants(Side::Upstream);
                if wants && self.world.client.len() < OUTBOX_BYTES {
                    let room = self.world.room(Side::Upstream);
                    let count = self.some(room);
                    let bytes = self.server.take_output(count);
                    self.world.upstream_sends(&bytes);
                }
            }
            6 => {
                if let Some(digests) = self.world.take_question() {
                    let has_tokens = !self.random.once_in(4);
                    self.world.answer(digests, has_tokens);
                }
            }
            _ => {
                let log = self.world.log.position();
                let step = self.random.below(3) as u64;
                self.durable = log.min(Position { sequence: self.durable.sequence + step });
                self.leave_for_client();
            }
        }
        self.refresh_catalog();
    }

    /// Sometimes one byte, sometimes all.
    fn some(&mut self, available: usize) -> usize {
        let most = self.random.pick(&[1, 3, 17, 100, 5_000, 1 << 20]);
        available.min(1 + self.random.below(most))
    }

    fn refresh_catalog(&mut self) {
        let asked = |effect: &Effect| matches!(effect, Effect::RefreshCatalog { .. });
        if self.world.effects.iter().any(asked) {
            self.world.effects.retain(|effect| !asked(effect));
            self.world.event(Event::CatalogRefreshed);
        }
    }

    fn leave_for_server(&mut self) {
        let bytes = take(&mut self.world.upstream, self.durable);
        self.to_server.extend_from_slice(&bytes);
        self.upstream_left.extend_from_slice(&bytes);
        while let Ok(Some(frame)) = frame::whole(&self.upstream_left, frame::MAX_BYTES) {
            self.requests_left += usize::from(matches!(frame.tag, b'Q' | b'P' | b'B'));
            let len = frame.len;
            self.upstream_left.drain(..len);
        }
        let durable = usize::try_from(self.durable.sequence).unwrap();
        let recorded =
            |record: &&Record| matches!(record, Record::Statement { .. } | Record::Bind { .. });
        let recorded = self.world.log.records[..durable].iter().filter(recorded).count();
        assert!(self.requests_left <= recorded, "a request left before its record");
    }

    fn leave_for_client(&mut self) {
        let bytes = take(&mut self.world.client, self.durable);
        self.world.session.sent_to_client(bytes.len() as u64);
        self.client.hear(&bytes);
        let durable = usize::try_from(self.durable.sequence).unwrap();
        let recorded = recorded_bytes(&self.world.log.records[..durable]);
        let heard = self.client.heard.len() as u64;
        assert!(self.broken || heard <= recorded, "bytes left before their record");
    }

    /// Each digest is that of the bytes that the client heard.
    fn check_digests(&self) {
        let (mut start, mut end) = (0, 0);
        for record in &self.world.log.records {
            match record {
                Record::Chunk { bytes, digest, .. } => {
                    end += usize::try_from(*bytes).unwrap();
                    let hash = blake3::hash(&self.client.heard[start..end]);
                    assert_eq!(hash.as_bytes(), digest, "a chunk's digest");
                }
                Record::Response { bytes, digest, .. } => {
                    end = start + usize::try_from(*bytes).unwrap();
                    let hash = blake3::hash(&self.client.heard[start..end]);
                    assert_eq!(hash.as_bytes(), digest, "a response's digest");
                    start = end;
                }
                _ => {}
            }
        }
        assert_eq!(start, self.client.heard.len(), "every byte belongs to a response");
    }
}

fn recorded_bytes(records: &[Record]) -> u64 {
    let (mut closed, mut open) = (0, 0);
    for record in records {
        match record {
            Record::Chunk { bytes, .. } => open += bytes,
            Record::Response { bytes, .. } => {
                closed += bytes;
                open = 0;
            }
            _ => {}
        }
    }
    closed + open
}

/// What a client that speaks to the server itself hears of the same script.
fn heard_directly(seed: u64) -> Vec<u8> {
    let script = script(&mut Random::new(seed));
    let mut server = Server::direct(is_refused);
    let mut heard = Vec::new();
    for exchange in script {
        server.feed(&exchange.bytes);
        let answer = server.take_output(usize::MAX);
        let copies = frames(&answer).any(|(tag, _)| tag == b'G');
        heard.extend_from_slice(&answer);
        if let Some(data) = exchange.copy.filter(|_| copies) {
            server.feed(&data);
            heard.extend(server.take_output(usize::MAX));
        }
    }
    heard
}

/// What must be the same with and without a gateway.
fn outline(heard: &[u8]) -> Vec<String> {
    let outlined = frames(heard).map(|(tag, body)| {
        let text = String::from_utf8_lossy(body);
        let shown = match tag {
            b'C' | b'Z' => text.trim_end_matches('\0').to_owned(),
            b'E' => text.split('\0').find(|field| field.starts_with('C')).unwrap().to_owned(),
            _ => String::new(),
        };
        format!("{} {shown}", char::from(tag))
    });
    outlined.collect()
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

#[test]
fn a_session_through_the_gateway_is_the_session_without_it_but_for_what_is_masked() {
    for seed in 0..400 {
        let mut stage = Stage::new(seed, Preset::SafeHarbor);
        stage.run();
        let heard = &stage.client.heard;
        assert!(!contains(heard, SENTINEL), "seed {seed}: a masked value reached the client");
        assert_eq!(outline(heard), outline(&heard_directly(seed)), "seed {seed}");
        stage.check_digests();
    }
}

#[test]
fn a_transparent_session_is_the_session_itself() {
    for seed in 1_000..1_100 {
        let mut stage = Stage::new(seed, Preset::Transparent);
        stage.server = Server::direct(is_refused);
        stage.run();
        assert_eq!(stage.client.heard, heard_directly(seed), "seed {seed}");
        stage.check_digests();
    }
}

#[test]
fn a_session_that_breaks_anywhere_leaks_nothing_and_is_recorded_to_its_end() {
    for seed in 2_000..2_300 {
        let mut stage = Stage::new(seed, Preset::SafeHarbor);
        let turns = stage.random.below(400);
        (0..turns).for_each(|_| stage.turn());
        stage.broken = true;
        match stage.random.below(4) {
            0 => stage.world.event(Event::Closed(Side::Client)),
            1 => stage.world.event(Event::Closed(Side::Upstream)),
            2 => stage.world.event(Event::Revoked),
            _ => stage.world.log.room = Some(stage.world.log.records.len()),
        }
        for _ in 0..200 {
            stage.turn();
        }
        stage.durable = stage.world.log.position();
        let last = take(&mut stage.world.client, stage.durable);
        stage.client.heard.extend_from_slice(&last);
        assert!(!contains(&stage.client.heard, SENTINEL), "seed {seed}");
        stage.world.log.room = None;
        if !stage.world.session.is_over() {
            stage.world.event(Event::Closed(Side::Client));
        }
        assert!(stage.world.session.is_over(), "seed {seed}");
        let last = stage.world.log.records.last();
        assert!(matches!(last, Some(Record::SessionEnd { .. })), "seed {seed}: {last:?}");
    }
}
