//! What the configuration means here and now.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use lazaret_audit::VerifierKey;
use lazaret_detectors::Site;
use lazaret_link::{Durability, Secret, Tokens, UpstreamTlsMode};
use lazaret_policy::{DeclaredClass, Mask, Preset};

use crate::Layout;

/// Paths are absolute, secrets are loaded, numbers are in range.
#[derive(Clone)]
pub struct Config {
    pub layout: Layout,
    pub node: String,
    pub listen: Listen,
    pub tls: Option<ServerTls>,
    pub issuers: Vec<Issuer>,
    pub upstream: Upstream,
    pub policy: Policy,
    /// What this site adds to the detectors.
    pub site: Site,
    pub recording: Recording,
    pub limits: Limits,
    /// Salts the commitments in records.
    pub commitment_key: Secret,
    pub tokens: Tokens,
}

#[derive(Clone, Debug)]
pub struct Listen {
    pub postgres: Vec<SocketAddr>,
    /// The socket's own path, `.s.PGSQL.PORT`.
    pub unix: Option<PathBuf>,
    pub allow_plaintext: bool,
    pub control: SocketAddr,
    pub metrics: SocketAddr,
}

impl Listen {
    /// Each TCP address, with its keys in the file.
    pub fn addresses(&self) -> Vec<(Vec<String>, SocketAddr)> {
        let key = |last: &[&str]| {
            std::iter::once("listen").chain(last.iter().copied()).map(str::to_owned).collect()
        };
        let postgres = self.postgres.iter().enumerate();
        let postgres =
            postgres.map(|(index, address)| (key(&["postgres", &index.to_string()]), *address));
        let others = [(key(&["control"]), self.control), (key(&["metrics"]), self.metrics)];
        postgres.chain(others).collect()
    }
}

#[derive(Clone)]
pub struct ServerTls {
    pub certificate_path: PathBuf,
    /// PEM
    pub certificate_chain: String,
    pub private_key_path: PathBuf,
    /// PEM
    pub private_key: Secret,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    pub url: String,
    pub audience: String,
    /// The claim's path, outermost first.
    pub groups_claim: Vec<String>,
    pub clock_skew_s: u32,
    /// PEM; the web's authorities if absent.
    pub root_certificates: Option<String>,
    pub development: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpstreamHost {
    Tcp { host: String, port: u16 },
    Unix { folder: PathBuf, port: u16 },
}

#[derive(Clone)]
pub struct Upstream {
    pub name: String,
    pub host: UpstreamHost,
    pub user: String,
    pub password: Option<Secret>,
    pub tls: UpstreamTlsMode,
    /// PEM; the web's authorities if absent.
    pub root_certificates: Option<String>,
    /// Empty means any.
    pub databases: Vec<String>,
    /// The URL's: where control may always connect.
    pub database: String,
    pub pass_user: bool,
}

#[derive(Clone, Debug)]
pub struct Policy {
    pub preset: Preset,
    pub folder: PathBuf,
    /// By the name of a class.
    pub masks: BTreeMap<String, Mask>,
    pub declared: Vec<DeclaredClass>,
}

#[derive(Clone, Debug)]
pub struct Recording {
    pub durability: Durability,
    pub segment_bytes: u64,
    pub rotate_after_s: u32,
    pub folder: PathBuf,
    pub ship_to: PathBuf,
    /// 0 means one per core.
    pub shards: u16,
    pub witnesses: Vec<Witness>,
}

#[derive(Clone, Debug)]
pub struct Witness {
    /// In front of `/add-checkpoint`.
    pub url: String,
    pub key: VerifierKey,
}

#[derive(Clone, Debug)]
pub struct Limits {
    pub startup_timeout_ms: u64,
    pub idle_timeout_ms: u64,
    pub max_sessions: u32,
    pub lease_ms: u64,
    pub drain_ms: u64,
}
