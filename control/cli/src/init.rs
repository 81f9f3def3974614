//! `lazaret init`: a folder with everything that one gateway needs.

use std::io;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use lazaret_audit::{Role, SigningKey, Trust};
use lazaret_config::{Answers, Layout, UpstreamUrl, UrlError, is_name, template};
use lazaret_policy::{Preset, starter};

use crate::development::{IssuerKey, KeyError};
use crate::private_file::{make_folder, make_private_folder, write_private, write_public};
use crate::server_certificate;
use crate::{EXIT_FAILED, EXIT_USAGE, Failure, say};

/// Write a commented, working configuration with self-signed TLS and a development issuer.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder to make. It must not exist, or be empty.
    #[arg(long)]
    dir: PathBuf,
    /// postgres://USER:PASSWORD@HOST:PORT/DATABASE[?sslmode=...]; for a Unix socket
    /// postgres://USER@/DATABASE?host=/FOLDER&port=PORT. In the password write @ / : # % as %40 %2F %3A
    /// %23 %25.
    #[arg(long)]
    upstream: String,
    /// What is masked. `transparent` permits everything and masks nothing.
    #[arg(long, value_enum, default_value_t = PresetName::SafeHarbor)]
    preset: PresetName,
    /// Names this gateway in evidence: letters, digits, `.` and `_`.
    #[arg(long, default_value = "lazaret")]
    node: String,
    /// The PostgreSQL listener's port; control is 48 above it, metrics 58.
    #[arg(long, default_value_t = 7432, value_parser = clap::value_parser!(u16).range(1..=65477))]
    port_base: u16,
    /// Let TCP clients go without TLS.
    #[arg(long)]
    allow_plaintext: bool,
    /// Pass the client's user name upstream; with preset transparent only.
    #[arg(long)]
    pass_user: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum PresetName {
    SafeHarbor,
    LimitedDataSet,
    Expert,
    Transparent,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    #[error("{0} is not empty: name a new folder, for nothing is ever overwritten")]
    NotEmpty(PathBuf),
    #[error(
        "{path} cannot be made: {error}\n  mend: name a folder where this user may write, on a disk that has room"
    )]
    Make { path: PathBuf, error: io::Error },
    #[error("--upstream: {0}; {mend}", mend = .0.mend())]
    Upstream(#[from] UrlError),
    #[error("--node: use letters, digits, `.` and `_`, at most 64")]
    Node,
    #[error("--pass-user goes with --preset transparent only")]
    PassUser,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the key that seals evidence can't be made: {0}")]
    EvidenceKey(#[from] lazaret_audit::KeyError),
    #[error("the TLS certificate can't be made: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("no randomness from the kernel")]
    Random,
}

impl Failure for InitError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Upstream(_) | Self::Node | Self::PassUser => EXIT_USAGE,
            _ => EXIT_FAILED,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<(), InitError> {
    if !is_name(&args.node) {
        return Err(InitError::Node);
    }
    let preset = Preset::from(args.preset);
    if args.pass_user && preset != Preset::Transparent {
        return Err(InitError::PassUser);
    }
    // Not left to clap, whose refusals quote the value, password and all.
    let upstream = UpstreamUrl::parse(&args.upstream)?;
    let answers = Answers {
        node: &args.node,
        upstream: &upstream,
        preset,
        port_base: args.port_base,
        allow_plaintext: args.allow_plaintext,
        pass_user: args.pass_user,
    };
    let layout = Layout::new(&args.dir).map_err(making(&args.dir))?;
    require_empty(layout.folder())?;
    make_folders(&layout)?;
    make_keys(&layout, &upstream)?;
    make_evidence_key(&layout, &args.node)?;
    make_certificate(&layout)?;
    make_state(&layout)?;
    make_policy(&layout, preset)?;
    // Last, so that a folder with a configuration is a whole one.
    private(&layout.config(), template(&answers).as_bytes())?;
    say_what_next(&layout, &answers);
    Ok(())
}

fn require_empty(folder: &Path) -> Result<(), InitError> {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            Some(_) => Err(InitError::NotEmpty(folder.to_owned())),
            None => Ok(()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            std::fs::create_dir_all(folder).map_err(making(folder))
        }
        Err(error) => Err(making(folder)(error)),
    }
}

fn make_folders(layout: &Layout) -> Result<(), InitError> {
    for name in ["policy", "tls", "run"] {
        let path = layout.path(name);
        make_folder(&path).map_err(making(&path))?;
    }
    // Evidence says who asked what, and shows what the detectors left of a text.
    for path in [layout.keys(), layout.path("segments"), layout.path("shipped")] {
        make_private_folder(&path).map_err(making(&path))?;
    }
    Ok(())
}

fn make_keys(layout: &Layout, upstream: &UpstreamUrl) -> Result<(), InitError> {
    let issuer = IssuerKey::generate()?;
    private(&layout.development_issuer_key(), issuer.to_pem().as_bytes())?;
    public(&layout.development_issuer_jwks(), format!("{:#}\n", issuer.jwks()).as_bytes())?;
    private(&layout.commitment_key(), random_key()?.as_bytes())?;
    private(&layout.mask_key(), random_key()?.as_bytes())?;
    if let Some(password) = &upstream.password {
        private(&layout.upstream_password(), format!("{password}\n").as_bytes())?;
    }
    Ok(())
}

fn random_key() -> Result<String, InitError> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| InitError::Random)?;
    Ok(format!("{}\n", STANDARD_NO_PAD.encode(key)))
}

/// The key that seals evidence, and whom an auditor is to trust. The origin names the log, so it
/// must not be another installation's.
fn make_evidence_key(layout: &Layout, node: &str) -> Result<(), InitError> {
    let mut suffix = [0; 4];
    aws_lc_rs::rand::fill(&mut suffix).map_err(|_| InitError::Random)?;
    let origin = format!("lazaret/{node}/{:08x}", u32::from_be_bytes(suffix));
    let key = SigningKey::generate(&origin, Role::Log)?;
    key.write(&layout.seal_key())?;
    let trust = Trust {
        origin,
        keys: vec![key.verifier().to_string()],
        witnesses: Vec::new(),
        quorum: None,
        nodes: vec![node.to_owned()],
    };
    let text = serde_json::to_string_pretty(&trust).map_err(KeyError::from)?;
    public(&layout.trust(), format!("{text}\n").as_bytes())
}

fn make_certificate(layout: &Layout) -> Result<(), InitError> {
    let made = server_certificate::make()?;
    public(&layout.path("tls/ca.pem"), made.authority.as_bytes())?;
    public(&layout.path("tls/server.pem"), made.certificate.as_bytes())?;
    private(&layout.path("tls/server.key"), made.private_key.as_bytes())
}

/// A policy to start with; the owner changes it.
fn make_policy(layout: &Layout, preset: Preset) -> Result<(), InitError> {
    let (name, text) = match preset {
        Preset::Transparent => ("transparent.cedar", starter::TRANSPARENT),
        Preset::SafeHarbor | Preset::LimitedDataSet | Preset::Expert => {
            ("agents-read-only.cedar", starter::AGENTS_READ_ONLY)
        }
    };
    public(&layout.path("policy").join(name), text.as_bytes())
}

/// An empty file is an empty SQLite database; control brings it up to date.
fn make_state(layout: &Layout) -> Result<(), InitError> {
    private(&layout.state(), b"")
}

fn say_what_next(layout: &Layout, answers: &Answers<'_>) {
    let dir = layout.folder().display();
    let port = answers.port_base;
    let own = answers.upstream.database.as_ref().unwrap_or(&answers.upstream.user);
    say(format_args!(
        "Made {dir}. Its tokens come from a development issuer: never with real data."
    ));
    say(format_args!("  lazaret check --dir {dir}"));
    say(format_args!("  lazaret up --dir {dir}"));
    say(format_args!(
        "  PGPASSWORD=$(lazaret token --dir {dir} --subject ci-agent --groups agents) \\\n    \
         psql \"host=127.0.0.1 port={port} user=ci-agent dbname={own} sslmode=verify-full \
         sslrootcert={dir}/tls/ca.pem\""
    ));
}

fn private(path: &Path, text: &[u8]) -> Result<(), InitError> {
    write_private(path, text).map_err(making(path))
}

fn public(path: &Path, text: &[u8]) -> Result<(), InitError> {
    write_public(path, text).map_err(making(path))
}

fn making(path: &Path) -> impl FnOnce(io::Error) -> InitError {
    let path = path.to_owned();
    move |error| InitError::Make { path, error }
}

impl From<PresetName> for Preset {
    fn from(name: PresetName) -> Self {
        match name {
            PresetName::SafeHarbor => Self::SafeHarbor,
            PresetName::LimitedDataSet => Self::LimitedDataSet,
            PresetName::Expert => Self::Expert,
            PresetName::Transparent => Self::Transparent,
        }
    }
}
