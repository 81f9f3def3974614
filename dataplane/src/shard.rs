//! A shard: one thread, one ring, and the sessions that live there.
//!
//! Each turn submits what the last one queued, waits for completions, hands what they brought to the
//! session machines, carries out what those ask for, and queues the next operations. Nothing else
//! blocks, and nothing is shared with another shard but the queues in `letters` and a count of
//! sessions that the acceptor balances by.
//!
//! Invariants kept here: **recorded** (an outbox piece leaves only when the journal is durable up to
//! its position, `wire`), **gapless** (`journal`, `tick`), **bounded** (`pump` stops reading when a
//! peer is slow), **shard-local**.
//!
//! The shard knows no protocol: a [`Machine`] does.

pub(crate) mod accept;
mod cancel;
mod cancel_upstream;
mod clock;
mod connect;
mod dispatch;
mod effects;
mod journal;
pub(crate) mod letters;
mod machine;
mod pump;
mod refusal;
mod ring;
mod slot;
pub(crate) mod slots;
mod tick;
mod timers;
mod wire;

#[cfg(test)]
mod tests;

pub(crate) use machine::{Accept, postgres};
pub(crate) use ring::RingError;

use std::collections::{HashMap, VecDeque};
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use lazaret_audit::BlankSegment;
use lazaret_detectors::{Pack, PackError, Scanner};
use lazaret_link::{Settings, ValueDigest};
use lazaret_policy::Engine;
use lazaret_sql::Reader;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};

use crate::buffer::Pool;
use crate::context::{Counters, Effect, Event, Side};
use crate::mask::{self, RowMasker, TokenCache};
use crate::metrics::Traffic;
use crate::scram_keys::ScramKeys;
use accept::{Listener, Listening};
use cancel::CancelGuard;
use clock::Clock;
use connect::Resolver;
use journal::{Journal, JournalError};
use letters::{FilesPost, Letter, ShardInbox, ShardPost, ToFiles};
use ring::Ring;
use slot::Slot;
use slots::{Key, Slots};
use timers::Timers;

#[derive(Debug, thiserror::Error)]
pub(crate) enum ShardError {
    #[error("{0}")]
    Ring(#[from] RingError),
    #[error("{0}")]
    Journal(#[from] JournalError),
    #[error("{0}")]
    Pack(#[from] PackError),
    #[error("no room in the shard's first segment")]
    FirstSegment,
}

/// What a shard is started with.
pub(crate) struct Start {
    pub(crate) index: u16,
    pub(crate) settings: Arc<Settings>,
    pub(crate) tls: Tls,
    pub(crate) engine: Engine,
    pub(crate) pack: Arc<Pack>,
    pub(crate) first_segment: BlankSegment,
    pub(crate) inbox: ShardInbox,
    pub(crate) files: FilesPost,
    /// All shards by index, this one too.
    pub(crate) peers: Arc<[ShardPost]>,
    /// Sessions per shard.
    pub(crate) loads: Arc<[AtomicU32]>,
    /// The first shard accepts for all.
    pub(crate) listeners: Vec<Listener>,
    pub(crate) accept: Accept,
}

/// How either side speaks TLS, if it does.
#[derive(Clone)]
pub(crate) struct Tls {
    pub(crate) server: Option<Arc<ServerConfig>>,
    pub(crate) client: Option<Arc<ClientConfig>>,
    /// The upstream's, as its certificate should have it.
    pub(crate) name: Option<ServerName<'static>>,
}

pub(crate) struct Shard {
    index: u16,
    ring: Ring<Token>,
    clock: Clock,
    slots: Slots<Slot>,
    tools: Tools,
    timers: Timers,
    /// What sessions are to be told, in order.
    events: VecDeque<(Key, Event)>,
    /// Sessions that may have something to move.
    dirty: Vec<Key>,
    /// Sessions whose bytes wait for the journal.
    undurable: Vec<Key>,
    settings: Arc<Settings>,
    tls: Tls,
    inbox: ShardInbox,
    eventfd: Rc<OwnedFd>,
    files: FilesPost,
    /// What the files executor had no room for.
    unsent: VecDeque<Letter>,
    peers: Arc<[ShardPost]>,
    loads: Arc<[AtomicU32]>,
    listening: Listening,
    accept: Accept,
    /// Which session asked control what.
    admissions: HashMap<u64, Key>,
    /// Which asked control's vault for what.
    wanted: HashMap<u64, (Key, Vec<ValueDigest>)>,
    next_request: u64,
    resolver: Resolver,
    cancels: CancelGuard,
    alarm: Option<Alarm>,
    next_tick_ms: u64,
    lease_until_ms: u64,
    drain_until_ms: Option<u64>,
    /// The log is ended and the files executor has been told, or will be.
    ended: bool,
}

/// What a session machine may use while it handles one event.
struct Tools {
    pool: Pool,
    journal: Journal,
    engine: Engine,
    reader: Reader,
    scanner: Scanner,
    masker: RowMasker,
    tokens: TokenCache,
    counters: Counters,
    traffic: Traffic,
    scram_keys: ScramKeys,
    effects: Vec<Effect>,
}

struct Alarm {
    operation: Key,
    at_ms: u64,
}

/// Tells the ring's completions apart.
#[derive(Clone, Copy, Debug)]
enum Token {
    Accept { listener: usize },
    Wake,
    Alarm { at_ms: u64 },
    Sync,
    Connect(Key),
    Readable(Key, Side),
    Receive(Key, Side),
    Send(Key, Side),
}

/// Below the shard's number in a request's.
const REQUEST_BITS: u32 = 48;

/// The shard that asked.
pub(crate) fn asking_shard(request: u64) -> u16 {
    u16::try_from(request >> REQUEST_BITS).expect("sixteen bits are left")
}

impl Shard {
    /// To be called on the shard's own thread.
    pub(crate) fn start(start: Start) -> Result<Self, ShardError> {
        let clock = Clock::start();
        let now = clock.now();
        let settings = start.settings;
        let mut journal = Journal::begin(start.first_segment, settings.durability, now.unix_us)?;
        journal.boot(&settings.node, settings.boot).map_err(|_| ShardError::FirstSegment)?;
        let eventfd = start.inbox.eventfd.try_clone().map_err(RingError::Io)?;
        let mut scanner = Scanner::new(&start.pack)?;
        scanner.keep_years_from(mask::oldest_year(now.unix_us));
        let mut shard = Self {
            index: start.index,
            ring: Ring::new()?,
            clock,
            slots: Slots::default(),
            tools: Tools {
                pool: Pool::default(),
                journal,
                engine: start.engine,
                reader: Reader::default(),
                scanner,
                masker: RowMasker::default(),
                tokens: TokenCache::default(),
                counters: Counters::default(),
                traffic: Traffic::default(),
                scram_keys: ScramKeys::default(),
                effects: Vec::new(),
            },
            timers: Timers::default(),
            events: VecDeque::new(),
            dirty: Vec::new(),
            undurable: Vec::new(),
            tls: start.tls,
            inbox: start.inbox,
            eventfd: Rc::new(eventfd),
            files: start.files,
            unsent: VecDeque::new(),
            peers: start.peers,
            loads: start.loads,
            listening: Listening::new(start.listeners),
            accept: start.accept,
            admissions: HashMap::new(),
            wanted: HashMap::new(),
            next_request: u64::from(start.index) << REQUEST_BITS,
            resolver: Resolver::new(&settings.upstream),
            cancels: CancelGuard::default(),
            alarm: None,
            next_tick_ms: now.monotonic_ms,
            lease_until_ms: now.monotonic_ms + settings.lease_ms,
            drain_until_ms: None,
            ended: false,
            settings,
        };
        shard.ring.wait_for_wake(&shard.eventfd, Token::Wake);
        shard.listen();
        shard.tell(Letter::Serving);
        Ok(shard)
    }

    /// Serves until drained.
    pub(crate) fn run(mut self) -> Result<(), ShardError> {
        loop {
            self.work()?;
            if self.is_done() {
                break;
            }
            self.arm();
            self.ring.turn()?;
            self.clock.read();
            self.tools.journal.set_time(self.clock.now().unix_us);
            while let Some(completion) = self.ring.next_completion() {
                self.dispatch(completion)?;
            }
            self.expire();
        }
        tracing::info!(shard = self.index, "shard ended");
        Ok(())
    }

    /// Does all there is to do without waiting.
    fn work(&mut self) -> Result<(), ShardError> {
        loop {
            if let Some((key, event)) = self.events.pop_front() {
                self.notify(key, event);
            } else if let Some(key) = self.dirty.pop() {
                self.pump(key);
            } else {
                break;
            }
        }
        self.finish_when_drained();
        self.sync();
        self.report_segments();
        self.post();
        Ok(())
    }

    /// Sees to it that the ring wakes the shard when the next thing is due.
    fn arm(&mut self) {
        let due_ms =
            self.timers.next_ms().map_or(self.next_tick_ms, |at| at.min(self.next_tick_ms));
        if self.alarm.as_ref().is_some_and(|alarm| alarm.at_ms <= due_ms) {
            return;
        }
        if let Some(alarm) = self.alarm.take() {
            self.ring.cancel(alarm.operation);
        }
        // A millisecond at least, so that a deadline that does not move can't spin the shard.
        let delay_ms = due_ms.saturating_sub(self.clock.now().monotonic_ms).max(1);
        let token = Token::Alarm { at_ms: due_ms };
        let operation = self.ring.alarm(Duration::from_millis(delay_ms), token);
        self.alarm = Some(Alarm { operation, at_ms: due_ms });
    }

    fn sync(&mut self) {
        if let Some(file) = self.tools.journal.begin_sync() {
            self.ring.sync(&file, Token::Sync);
        }
    }

    /// To the files executor, in order; never waits.
    fn tell(&mut self, letter: Letter) {
        self.unsent.push_back(letter);
    }

    fn post(&mut self) {
        while let Some(letter) = self.unsent.pop_front() {
            let sent = self.files.send(ToFiles::Shard { shard: self.index, letter });
            if let Err(ToFiles::Shard { letter, .. }) = sent {
                self.unsent.push_front(letter);
                return;
            }
        }
    }

    fn raise(&mut self, key: Key, event: Event) {
        self.events.push_back((key, event));
    }

    fn mark(&mut self, key: Key) {
        if let Some(slot) = self.slots.borrow_mut(key)
            && !slot.dirty
        {
            slot.dirty = true;
            self.dirty.push(key);
        }
    }
}
