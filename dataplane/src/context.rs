//! What passes between the shard loop and a session machine: events in, effects out, and the
//! shard's own things that a machine may use while it handles one event.

use lazaret_audit::{Body, Position};
use lazaret_detectors::Scanner;
use lazaret_link::{Admission, RefusalReason, Secret, Settings, ValueDigest};
use lazaret_policy::{Engine, Grant};
use lazaret_sql::{Parsed, Reader};

use crate::buffer::{Outbox, Pool};
use crate::mask::{Answer, RowMasker, TokenCache};
use crate::scram_keys::ScramKeys;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Upstream,
}

impl Side {
    pub(crate) fn peer(self) -> Self {
        match self {
            Self::Client => Self::Upstream,
            Self::Upstream => Self::Client,
        }
    }
}

/// The clock, read once per turn of the loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Milliseconds of a monotonic clock.
    pub(crate) monotonic_ms: u64,
    /// Microseconds since the Unix epoch, never going back.
    pub(crate) unix_us: u64,
}

/// Where records go. An append that succeeds is committed (level `process`) when the call returns;
/// bytes that depend on it name the returned position in their outbox piece.
pub(crate) trait Log {
    fn append(&mut self, session: [u8; 16], body: &Body<'_>) -> Result<Position, LogFull>;
}

/// No prepared segment has room. The shard keeps a reserve, so that this is met by a session only
/// when control has been gone for long.
#[derive(Debug)]
pub(crate) struct LogFull;

/// A cancel key of this gateway's own, as BackendKeyData carries it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CancelKey {
    /// Encodes boot, shard and slot.
    pub(crate) process_id: u32,
    /// A session is given 32 bytes. Its client gets them all in protocol 3.2, the first 4 in 3.0.
    pub(crate) secret: Vec<u8>,
}

/// A client's connection that was accepted.
pub(crate) struct Arrival {
    /// The session's.
    pub(crate) id: [u8; 16],
    pub(crate) client_address: String,
    /// On a Unix socket, which needs no TLS.
    pub(crate) secure: bool,
    /// With 32 random bytes; the session cuts them to what the client's protocol has room for.
    pub(crate) cancel: CancelKey,
}

/// A CancelRequest under way. Dropping it, wherever that is, tells the session that sent it.
pub(crate) struct Errand(Option<Box<dyn FnOnce() + Send>>);

impl Errand {
    pub(crate) fn new(tell: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(tell)))
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell();
        }
    }
}

/// What happened to a session, other than bytes.
pub(crate) enum Event {
    /// The handshake that `Effect::StartTls` asked for is done.
    TlsReady {
        side: Side,
        alpn: Option<Vec<u8>>,
        /// Version and cipher suite, for the record.
        description: String,
        /// RFC 5929 tls-server-end-point of the upstream's certificate.
        server_end_point: Option<Vec<u8>>,
    },
    Admitted(Grant),
    NotAdmitted(RefusalReason),
    UpstreamConnected,
    /// Connecting or the handshake failed; the text names the mend and no secret.
    UpstreamFailed(String),
    /// The answer to `Effect::DeriveScramKey`: SaltedPassword of RFC 5802.
    ScramKey([u8; 32]),
    /// The peer ended its stream, the connection broke, or `Effect::Close` has been carried out.
    /// Comes once for each side that was open.
    Closed(Side),
    /// `deadline()` has passed.
    Deadline,
    /// A CancelRequest with this session's key arrived.
    CancelRequested(Errand),
    /// What `Effect::RouteCancel` asked for is done, or will not be.
    CancelEnded,
    /// The grant was revoked, or the lease ran out.
    Revoked,
    /// No new work; end when idle.
    Draining,
    /// The time to drain is over: end now.
    Drained,
    /// The engine has a newer catalog than when the session asked for one.
    CatalogRefreshed,
    /// The answers to `Effect::AskForTokens`, one for each digest.
    Tokens(Vec<Answer>),
    /// The answer to `Effect::Parse`.
    Parsed {
        text: Box<str>,
        parsed: Parsed,
    },
}

/// What a session wants done that it can't do itself.
pub(crate) enum Effect {
    /// From the next byte on, this side speaks TLS. Unconsumed input is TLS already only if `direct`.
    StartTls {
        side: Side,
        direct: bool,
    },
    /// Ask control.
    Admit(Admission),
    ConnectUpstream,
    /// PBKDF2 takes milliseconds, so it runs off the shard.
    DeriveScramKey {
        password: Secret,
        salt: Vec<u8>,
        iterations: u32,
    },
    /// A CancelRequest came in; find its session, on whichever shard, and record whether there was one.
    RouteCancel(CancelKey),
    /// Send this upstream's key in a CancelRequest over a connection of its own.
    CancelUpstream {
        process_id: u32,
        secret: Vec<u8>,
        errand: Option<Errand>,
    },
    /// An unknown OID, or the session changed the schema.
    RefreshCatalog {
        database: String,
    },
    /// Ask control's vault. One question at a time.
    Parse {
        text: Box<str>,
    },
    AskForTokens {
        /// Whose tokens they are, if they end with it.
        grant: Option<String>,
        digests: Vec<ValueDigest>,
    },
    /// Hand this side's buffer over again, new bytes or not: messages were left in it.
    Resume(Side),
    /// Send what is queued, then close this side.
    Close(Side),
}

/// The shard's things, lent for one call.
pub(crate) struct Context<'a> {
    pub(crate) now: Now,
    pub(crate) client: &'a mut Outbox,
    pub(crate) upstream: &'a mut Outbox,
    pub(crate) effects: &'a mut Vec<Effect>,
    pub(crate) pool: &'a mut Pool,
    pub(crate) log: &'a mut dyn Log,
    pub(crate) engine: &'a mut Engine,
    pub(crate) reader: &'a mut Reader,
    pub(crate) scanner: &'a mut Scanner,
    pub(crate) masker: &'a mut RowMasker,
    pub(crate) tokens: &'a mut TokenCache,
    pub(crate) settings: &'a Settings,
    pub(crate) counters: &'a mut Counters,
    pub(crate) scram_keys: &'a mut ScramKeys,
}

/// What the sessions of one shard count; plain integers, merged at scrape.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counters {
    pub(crate) statements_allowed: u64,
    pub(crate) statements_denied: u64,
    pub(crate) rows: u64,
    pub(crate) findings: [u64; lazaret_detectors::Identifier::COUNT],
    pub(crate) cells_masked: u64,
    pub(crate) tokens_asked: u64,
    pub(crate) tokens_withheld: u64,
}
