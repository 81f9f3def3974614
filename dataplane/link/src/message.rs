use std::net::SocketAddr;
use std::path::PathBuf;

use lazaret_detectors::Site;
use lazaret_policy::{Grant, Snapshot};
use serde::{Deserialize, Serialize};

use crate::{Secret, UpstreamTls, ValueDigest, VaultToken};

/// What a committed record survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durability {
    /// The death of the process.
    Process,
    /// Power loss.
    Power,
}

/// Where equal values have equal codes, tokens and shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// In all sessions.
    Resource,
    /// In the sessions of one grant.
    Grant,
}

/// What masks that take a key are made with, and tokens are asked for.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// The data plane reads the key itself, so that control never has it.
    pub key_path: PathBuf,
    /// What was read there.
    #[serde(skip)]
    pub key: Option<Secret>,
    pub scope: TokenScope,
    /// Dates are shifted by as many days at most, to either side.
    pub date_shift_days: u32,
}

/// The client side's certificate, in PEM.
#[derive(Clone, Serialize, Deserialize)]
pub struct ListenerTls {
    pub certificate_chain: String,
    pub private_key: Secret,
}

/// How the data plane is to serve. Read once, at Hello; a change needs a restart.
#[derive(Clone, Serialize, Deserialize)]
pub struct Settings {
    /// Names this data plane in segments and metrics.
    pub node: String,
    /// Counts the starts of this data plane, without holes, for ever.
    pub boot: u64,
    /// 0 means one per core.
    pub shards: u16,
    pub durability: Durability,
    pub listen: Vec<SocketAddr>,
    /// A Unix socket's path, `.s.PGSQL.<port>` in a folder.
    pub listen_unix: Option<PathBuf>,
    pub metrics_listen: SocketAddr,
    pub tls: Option<ListenerTls>,
    /// Whether a TCP client may go without TLS.
    pub allow_plaintext: bool,
    pub resource: String,
    /// `host:port`, or the path of a Unix socket.
    pub upstream: String,
    pub upstream_host_name: String,
    pub upstream_user: String,
    pub upstream_password: Option<Secret>,
    pub upstream_tls: UpstreamTls,
    /// Databases that may be asked for. Empty means any (a transparent resource only).
    pub databases: Vec<String>,
    /// Only with preset transparent: the client's user name goes upstream instead of `upstream_user`.
    pub pass_user: bool,
    /// What a client that starts must have done within.
    pub startup_timeout_ms: u64,
    pub idle_timeout_ms: u64,
    pub max_sessions: u32,
    /// A lease's length: how long running sessions go on without control.
    pub lease_ms: u64,
    /// Salts the commitments in records.
    pub commitment_key: Secret,
    pub tokens: Tokens,
    /// What this site adds to the detectors.
    pub site: Site,
}

/// A client that asks to be let in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Admission {
    pub request: u64,
    /// The OIDC token that came as the password.
    pub token: Secret,
    /// The start-up packet's user; recorded, not believed.
    pub claimed_user: String,
    pub database: String,
    pub client_address: String,
}

/// Why a client is not let in. The client hears one sentence for all; the record has this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalReason {
    Malformed,
    Signature,
    Issuer,
    Audience,
    Expired,
    NotYetValid,
    MissingClaim,
    Database,
    ProviderUnavailable,
    Internal,
}

/// A prepared segment file, ready to be mapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentFile {
    pub shard: u16,
    /// Counts the shard's segments in this boot, from 0.
    pub index: u64,
    pub path: PathBuf,
    pub bytes: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromDataplane {
    /// First on each connection. `boot` is `None` at start; a data plane that lost control and found
    /// it again repeats its own, and control gives no new settings.
    Hello {
        protocol: u32,
        pid: u32,
        boot: Option<u64>,
        shards: u16,
    },
    /// All listeners accept and each shard has its first segment. Said once in each connection;
    /// control is ready only when it has heard it.
    Serving,
    Admit(Admission),
    /// The shard has begun its last but one prepared segment.
    SegmentWanted {
        shard: u16,
    },
    /// The shard wrote the end mark and will not touch the segment again.
    SegmentDone {
        shard: u16,
        index: u64,
    },
    /// An OID or a name was not in the catalog, or a session changed the schema. Answered by a
    /// Snapshot that was read since, of the same version if nothing changed.
    CatalogStale {
        database: String,
    },
    SessionEnded {
        grant: String,
    },
    /// Values of `Mask::Token` whose tokens the shard doesn't know.
    TokensWanted {
        request: u64,
        /// With scope `grant`: the tokens end with it.
        grant: Option<String>,
        digests: Vec<ValueDigest>,
    },
    /// All sessions ended and all segments are done, after Drain.
    Drained,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromControl {
    Settings(Box<Settings>),
    Snapshot(Box<Snapshot>),
    Admitted {
        request: u64,
        grant: Grant,
    },
    Refused {
        request: u64,
        reason: RefusalReason,
    },
    Segment(SegmentFile),
    /// In the order of the digests. `None` where the vault has none and makes none.
    Tokens {
        request: u64,
        tokens: Vec<Option<VaultToken>>,
    },
    /// Each shard finishes its segment and goes on in the next, so that evidence ships in time
    /// even if little happens. Answered by SegmentDone from each.
    Rotate,
    /// Renews the lease of the snapshot and of all grants.
    Lease {
        snapshot_version: u64,
    },
    /// No new sessions; end when the running ones have, or at the deadline.
    Drain {
        within_ms: u64,
    },
}
