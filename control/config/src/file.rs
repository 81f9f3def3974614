//! The shapes of `lazaret.toml`. The comments here are the text of `REFERENCE.md`.

use std::collections::BTreeMap;

use lazaret_link::{Durability, Secret, TokenScope, UpstreamTlsMode};
use lazaret_policy::Preset;
use serde::{Deserialize, Deserializer};

use crate::config::Issuer;
use crate::detectors::DetectorsSection;
use crate::problem::{Problem, Source};
use crate::syntax;

/// The whole file. Paths are relative to the folder that holds it.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    pub(crate) node: NodeSection,
    #[serde(default)]
    pub(crate) listen: ListenSection,
    pub(crate) tls: Option<TlsSection>,
    pub(crate) identity: IdentitySection,
    pub(crate) upstream: UpstreamSection,
    #[serde(default)]
    pub(crate) policy: PolicySection,
    /// Classes of columns, by `"schema.relation.column"`, with `*` for every column. A value is
    /// `clear` (holds no PHI: passes as it is, and is not scanned), `date`, `age`, `zip`, or one of the
    /// identifiers: `name`, `geography`, `telephone`, `fax`, `email`, `ssn`, `medical_record`,
    /// `health_plan`, `account`, `license`, `vehicle`, `device`, `url`, `ip_address`, `biometric`,
    /// `photograph`, `unique_code`. Without it few column names but English ones are understood. `lazaret check`
    /// refuses a key that names no column. Labels found upstream may raise a class that is declared here,
    /// never lower it.
    #[serde(default)]
    pub(crate) classes: BTreeMap<String, String>,
    /// Masks other than the preset's own, by class (`ssn`) or by column (`"schema.relation.column"`,
    /// with `*` for every column, which goes before its class). `redact` covers each letter and keeps
    /// the length; `redact-fixed` is as long for every value; `null`; `year` for dates, `age-cap` for
    /// ages, `zip3` for ZIP codes. `token` is made at random and kept by control, the same for equal values, so
    /// that it can be joined on; rows with values that control has not seen wait for it, and are redacted where
    /// it is away. `keep-last-4` leaves the last four letters or digits of an identifier of eight or more, with
    /// preset `expert` only. With `limited-data-set` and `expert`: `hmac`, a code that equal values share;
    /// `fpe`, FF1 of NIST SP 800-38G, digits for digits and letters for letters, in values of a million
    /// possible ones or more; `date-shift`. In an integer of 4 bytes there is so little room that of tens of
    /// thousands of values two may share a `token` or `hmac`; `fpe` gives each its own. A number becomes 0, and
    /// where a type has no such value (a date, an array), the mask is NULL. A column that is named here is
    /// masked whatever its class; one whose class the mask doesn't suit is redacted. A permit's
    /// `@mask("ssn = redact-fixed, zip = redact")` goes before all of this.
    #[serde(default)]
    pub(crate) masks: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) detectors: DetectorsSection,
    #[serde(default)]
    pub(crate) tokens: TokensSection,
    #[serde(default)]
    pub(crate) recording: RecordingSection,
    #[serde(default)]
    pub(crate) limits: LimitsSection,
}

/// This machine.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct NodeSection {
    /// Names the data plane in segments, seals, `trust.json` and metrics: letters, digits, `.`
    /// and `_`, at most 64. It may not change once evidence exists.
    pub(crate) name: String,
}

/// Where the two processes listen.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ListenSection {
    /// Addresses for PostgreSQL clients.
    pub(crate) postgres: Vec<String>,
    /// A folder for a Unix socket, `.s.PGSQL.PORT` as libpq expects it. Clients on it need no TLS.
    pub(crate) unix_socket_folder: Option<String>,
    /// Whether a TCP client may go without TLS. Its token is then readable on the way.
    pub(crate) allow_plaintext: bool,
    /// Health, control's metrics and the development issuer.
    pub(crate) control: String,
    /// The data plane's metrics.
    pub(crate) metrics: String,
}

/// The certificate that PostgreSQL clients see. Without this section only a Unix socket, or
/// `allow_plaintext`, lets anyone in.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsSection {
    /// PEM, the server's certificate first.
    pub(crate) certificate: String,
    /// PEM.
    pub(crate) private_key: String,
}

/// Whose tokens are believed.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentitySection {
    /// OpenID Connect issuers; at least one.
    pub(crate) issuers: Vec<IssuerSection>,
}

/// One issuer.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct IssuerSection {
    /// Exactly what the tokens' `iss` says; discovery starts from it. `http://` only on this machine.
    pub(crate) url: String,
    /// What the tokens' `aud` must contain.
    pub(crate) audience: String,
    /// The claim that lists groups; dots lead into objects.
    #[serde(default = "default_groups_claim")]
    pub(crate) groups_claim: String,
    /// How far the clocks may be apart.
    #[serde(default = "default_clock_skew_s")]
    pub(crate) clock_skew_s: u32,
    /// PEM of the authorities to believe when keys are fetched; the web's if absent.
    pub(crate) root_certificates: Option<String>,
    /// Control itself is the issuer, and `lazaret token` mints tokens for anyone who can read
    /// `keys/`. For trying things out.
    #[serde(default)]
    pub(crate) development: bool,
}

/// The database behind the gateway.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct UpstreamSection {
    /// The resource's name in policies, grants and records.
    #[serde(default = "default_resource")]
    pub(crate) name: String,
    /// `postgres://USER@HOST:PORT/DATABASE`, without the password. For a Unix socket:
    /// `postgres://USER@/DATABASE?host=/FOLDER&port=PORT`.
    pub(crate) url: String,
    /// The service user's password. Better in a file or in the environment.
    #[serde(default, deserialize_with = "secret")]
    #[cfg_attr(test, schemars(with = "Option<String>"))]
    pub(crate) password: Option<Secret>,
    /// The environment variable that holds it.
    pub(crate) password_env: Option<String>,
    /// The file that holds it, on its first line.
    pub(crate) password_file: Option<String>,
    /// `disable`, `require` (encrypted, the server not verified), `verify-ca` or `verify-full`.
    #[serde(default = "default_sslmode")]
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) sslmode: UpstreamTlsMode,
    /// PEM of the authorities to believe; the web's if absent.
    pub(crate) root_certificates: Option<String>,
    /// Databases that clients may ask for; the URL's alone if absent. `["*"]` means any, with
    /// preset `transparent` only.
    pub(crate) databases: Option<Vec<String>>,
    /// The client's user name goes upstream instead of the URL's; with preset `transparent` only.
    #[serde(default)]
    pub(crate) pass_user: bool,
}

/// What is allowed and what is masked.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PolicySection {
    /// `safe-harbor` (45 CFR 164.514(b)(2)), `limited-data-set` (164.514(e)), `expert`
    /// (164.514(b)(1)), or `transparent`, which permits everything and masks nothing.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) preset: Preset,
    /// The Cedar policies: every `*.cedar` file in it.
    pub(crate) folder: String,
}

/// The masks that agree for equal values: `token`, `hmac`, `fpe` and `date-shift`. They are made, or asked for,
/// with the key in `keys/mask.key`, which only the data plane reads. With another key all of them change.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TokensSection {
    /// Equal values have equal masks in all sessions (`resource`), or only within one grant, so within
    /// one session (`grant`); then the vault forgets its tokens when the session ends.
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) scope: TokenScope,
    /// Dates are shifted by 1 to so many days, to either side: all dates of a scope by as many, so that
    /// what lies between two stays.
    pub(crate) date_shift_days: u32,
}

/// Evidence.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RecordingSection {
    /// What a committed record survives: `process` (the death of the process) or `power` (power
    /// loss; an fdatasync before bytes leave).
    #[cfg_attr(test, schemars(with = "String"))]
    pub(crate) durability: Durability,
    /// Size of a segment file, a multiple of 4096. It is allocated ahead: about five for each shard.
    pub(crate) segment_bytes: u64,
    /// A segment is sealed and shipped after this time even if it is not full.
    pub(crate) rotate_after_s: u32,
    /// Where segments are written.
    pub(crate) folder: String,
    /// Where sealed segments are shipped to.
    pub(crate) ship_to: String,
    /// Shards, each with a core of its own; 0 for one per core.
    pub(crate) shards: u16,
    pub(crate) witness: Vec<WitnessSection>,
}

/// A witness, such as `lazaret witness`, that cosigns the log's checkpoints before they are shipped (C2SP
/// tlog-witness). It sees the log's name, its size and a hash, and no record. One that is away holds up nothing:
/// the checkpoint is shipped without it, and shipped again with its cosignature when it is back. Name it in
/// `trust.json` under `witnesses` too, where `quorum` says how many must have cosigned.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessSection {
    /// What stands in front of `/add-checkpoint`: `https://...` or `http://...`. Cosignatures are checked by
    /// the key, and nothing that is sent is secret.
    pub(crate) url: String,
    /// The verifier key that the witness prints, `NAME+HASH+KEY`.
    pub(crate) key: String,
}

/// Bounds that a site may want to move.
#[derive(Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LimitsSection {
    /// What a client that connects must have been let in within.
    pub(crate) startup_timeout_ms: u64,
    /// A session that says nothing for so long is ended.
    pub(crate) idle_timeout_ms: u64,
    /// Connections of clients at a time, over all shards. Each takes a file descriptor, and one more
    /// once it is let in.
    pub(crate) max_sessions: u32,
    /// How long running sessions go on without control.
    pub(crate) lease_ms: u64,
    /// How long sessions may go on after SIGTERM.
    pub(crate) drain_ms: u64,
}

impl File {
    /// Pure: what the text says, or the first thing that makes it unreadable.
    pub fn parse(source: &Source) -> Result<Self, Problem> {
        syntax::parse(source)
    }

    /// The issuer that `lazaret token` signs for. It needs nothing of the world.
    pub fn development_issuer(&self) -> Option<Issuer> {
        self.identity.issuers.iter().find(|issuer| issuer.development).map(IssuerSection::issuer)
    }
}

impl IssuerSection {
    /// Without its root certificates, which lie in a file.
    pub(crate) fn issuer(&self) -> Issuer {
        Issuer {
            url: self.url.clone(),
            audience: self.audience.clone(),
            groups_claim: self.groups_claim.split('.').map(str::to_owned).collect(),
            clock_skew_s: self.clock_skew_s,
            root_certificates: None,
            development: self.development,
        }
    }
}

impl Default for NodeSection {
    fn default() -> Self {
        Self { name: "lazaret".to_owned() }
    }
}

impl Default for ListenSection {
    fn default() -> Self {
        Self {
            postgres: vec!["127.0.0.1:7432".to_owned()],
            unix_socket_folder: None,
            allow_plaintext: false,
            control: "127.0.0.1:7480".to_owned(),
            metrics: "127.0.0.1:7490".to_owned(),
        }
    }
}

impl Default for PolicySection {
    fn default() -> Self {
        Self { preset: Preset::SafeHarbor, folder: "policy".to_owned() }
    }
}

impl Default for TokensSection {
    fn default() -> Self {
        Self { scope: TokenScope::Resource, date_shift_days: 30 }
    }
}

impl Default for RecordingSection {
    fn default() -> Self {
        Self {
            durability: Durability::Process,
            segment_bytes: 16 << 20,
            rotate_after_s: 300,
            folder: "segments".to_owned(),
            ship_to: "shipped".to_owned(),
            shards: 0,
            witness: Vec::new(),
        }
    }
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            startup_timeout_ms: 30_000,
            idle_timeout_ms: 3_600_000,
            max_sessions: 12_000,
            lease_ms: 60_000,
            drain_ms: 10_000,
        }
    }
}

fn default_groups_claim() -> String {
    "groups".to_owned()
}

fn default_clock_skew_s() -> u32 {
    60
}

fn default_resource() -> String {
    "warehouse".to_owned()
}

fn default_sslmode() -> UpstreamTlsMode {
    UpstreamTlsMode::VerifyFull
}

/// serde's own errors quote the value they refuse, and this one is a password.
fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
    match toml::Value::deserialize(deserializer)? {
        toml::Value::String(value) => Ok(Some(Secret::new(value))),
        _ => Err(serde::de::Error::custom("a password must be a string in quotes")),
    }
}
