//! `lazaret token`: a token of the development issuer, signed offline.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, SystemTimeError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazaret_config::{File, Issuer, Layout, Problem, Source};
use serde_json::{Map, Value, json};

use crate::development::{IssuerKey, KeyError};
use crate::{Failure, duration, say};

/// Mint a token of the development issuer. Prints the token and nothing else.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that `lazaret init` made.
    #[arg(long)]
    dir: PathBuf,
    /// Whom the token names.
    #[arg(long)]
    subject: String,
    /// The groups it claims, with commas between them.
    #[arg(long, value_delimiter = ',', required = true)]
    groups: Vec<String>,
    /// How long it is good for, as in 90s, 10m, 8h or 1d. A session ends soon after its token does.
    #[arg(long, default_value = "10m", value_parser = duration::parse)]
    ttl: Duration,
    /// More claims, a JSON object; they replace those of the same name.
    #[arg(long, value_parser = parse_claims)]
    claims: Option<Map<String, Value>>,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("{0}")]
    Config(#[from] Problem),
    #[error("no issuer in lazaret.toml has `development = true`: ask your own issuer for a token")]
    NoDevelopmentIssuer,
    #[error(
        "{path} cannot be read: {error}\n  mend: run `lazaret init` first, or name another folder with --dir"
    )]
    Read { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("no folder: {0}")]
    Folder(io::Error),
    #[error("this machine's clock stands before 1970: {0}")]
    Clock(#[from] SystemTimeError),
    #[error("no randomness from the kernel")]
    Random,
}

impl Failure for TokenError {}

pub(crate) fn run(args: &Args) -> Result<(), TokenError> {
    let layout = Layout::new(&args.dir).map_err(TokenError::Folder)?;
    let source = Source::new(layout.config(), read(layout.config())?);
    let issuer =
        File::parse(&source)?.development_issuer().ok_or(TokenError::NoDevelopmentIssuer)?;
    let key = IssuerKey::from_pem(&read(layout.development_issuer_key())?)?;
    let token = key.sign(&claims(args, &issuer)?)?;
    eprintln!(
        "WARNING: this token is from Lazaret's own development issuer, which whoever can read {} can \
         use to be anyone. Never with real data.",
        layout.keys().display()
    );
    say(token);
    Ok(())
}

/// RFC 7519, section 4.1, and the groups where this issuer's are looked for.
fn claims(args: &Args, issuer: &Issuer) -> Result<Map<String, Value>, TokenError> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let mut id = [0; 16];
    aws_lc_rs::rand::fill(&mut id).map_err(|_| TokenError::Random)?;
    let mut claims = Map::new();
    claims.insert("iss".into(), json!(issuer.url));
    claims.insert("aud".into(), json!(issuer.audience));
    claims.insert("sub".into(), json!(args.subject));
    claims.insert("iat".into(), json!(now));
    claims.insert("nbf".into(), json!(now));
    claims.insert("exp".into(), json!(now.saturating_add(args.ttl.as_secs())));
    claims.insert("jti".into(), json!(URL_SAFE_NO_PAD.encode(id)));
    if let Some((outermost, inner)) = issuer.groups_claim.split_first() {
        let groups = inner.iter().rfold(json!(args.groups), |value, name| json!({ name: value }));
        claims.insert(outermost.clone(), groups);
    }
    claims.extend(args.claims.clone().unwrap_or_default());
    Ok(claims)
}

fn read(path: PathBuf) -> Result<String, TokenError> {
    std::fs::read_to_string(&path).map_err(|error| TokenError::Read { path, error })
}

fn parse_claims(text: &str) -> Result<Map<String, Value>, String> {
    serde_json::from_str(text).map_err(|error| format!("not a JSON object: {error}"))
}
