//! One issuer's keys: discovered, cached, refreshed and rotated.
//!
//! Keys that were read stay in use while the provider is down, within a bound. A key id that is not
//! known is a rotation, or made up: it has the keys read again, at most once per interval, and those
//! who come meanwhile wait for the same answer.

use std::sync::{Arc, RwLock};
use std::time::Duration;

use lazaret_config::Issuer;
use lazaret_link::RefusalReason;
use openidconnect::JsonWebKey;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeySet};
use openidconnect::url::Url;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::token::Token;
use crate::client::{Http, HttpError};
use crate::limits::{KEYS_FRESH_FOR, KEYS_USABLE_FOR, PROVIDER_REQUEST_INTERVAL};

/// How often a provider is asked, and how long its answer counts.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) request_interval: Duration,
    pub(crate) fresh_for: Duration,
    pub(crate) usable_for: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            request_interval: PROVIDER_REQUEST_INTERVAL,
            fresh_for: KEYS_FRESH_FOR,
            usable_for: KEYS_USABLE_FOR,
        }
    }
}

pub(crate) struct Provider {
    shared: Arc<Shared>,
}

struct Shared {
    issuer: Issuer,
    pace: Pace,
    http: Http,
    keys: RwLock<Option<Arc<Keys>>>,
    /// When the provider was last asked, and whether it answered. Held while it is being asked.
    asked: Mutex<Option<Asked>>,
}

struct Keys {
    set: Vec<CoreJsonWebKey>,
    read_at: Instant,
}

#[derive(Clone, Copy)]
struct Asked {
    at: Instant,
    answered: bool,
}

/// OpenID Connect Discovery 1.0, section 3, as far as keys go. Providers of workload tokens leave
/// out members that the specification requires of those that log people in.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Url,
}

#[derive(Debug, thiserror::Error)]
enum DiscoveryError {
    #[error("{0}")]
    Http(#[from] HttpError),
    #[error("the issuer's URL is none")]
    Url,
    #[error("the answer is not the JSON expected (line {0})")]
    Json(usize),
    #[error("the discovery document is another issuer's")]
    OtherIssuer,
}

impl Provider {
    pub(crate) fn new(issuer: &Issuer, pace: Pace) -> Result<Self, HttpError> {
        let http = Http::new(issuer.root_certificates.as_deref())?;
        let (keys, asked) = (RwLock::new(None), Mutex::new(None));
        Ok(Self { shared: Arc::new(Shared { issuer: issuer.clone(), pace, http, keys, asked }) })
    }

    pub(crate) fn issuer(&self) -> &Issuer {
        &self.shared.issuer
    }

    pub(crate) async fn verify_signature(&self, token: &Token<'_>) -> Result<(), RefusalReason> {
        if let Some(keys) = self.shared.usable_keys() {
            if keys.read_at.elapsed() > self.shared.pace.fresh_for {
                self.refresh_in_background();
            }
            if keys.has_candidate(token) {
                return keys.verify(token);
            }
        }
        self.shared.verify_with_newer_keys(token).await
    }

    fn refresh_in_background(&self) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            // Someone who holds the lock is asking already.
            let Ok(mut asked) = shared.asked.try_lock() else { return };
            if asked.is_none_or(|asked| asked.at.elapsed() >= shared.pace.request_interval) {
                *asked = Some(shared.ask().await);
            }
        });
    }
}

impl Shared {
    fn usable_keys(&self) -> Option<Arc<Keys>> {
        let keys = self.keys.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        keys.clone().filter(|keys| keys.read_at.elapsed() < self.pace.usable_for)
    }

    /// Asks the provider, unless it was asked since this token came, and verifies with what is known
    /// then.
    async fn verify_with_newer_keys(&self, token: &Token<'_>) -> Result<(), RefusalReason> {
        let arrived = Instant::now();
        let mut asked = self.asked.lock().await;
        if let Some(keys) = self.usable_keys().filter(|keys| keys.has_candidate(token)) {
            return keys.verify(token);
        }
        let last = match *asked {
            Some(last) if last.at >= arrived => last,
            earlier => {
                if let Some(earlier) = earlier {
                    tokio::time::sleep_until(earlier.at + self.pace.request_interval).await;
                }
                let now = self.ask().await;
                *asked = Some(now);
                now
            }
        };
        match self.usable_keys() {
            Some(keys) if keys.has_candidate(token) => keys.verify(token),
            Some(_) if last.answered => Err(RefusalReason::Signature),
            _ => Err(RefusalReason::ProviderUnavailable),
        }
    }

    async fn ask(&self) -> Asked {
        let at = Instant::now();
        let url = &self.issuer.url;
        let answered = match self.read_keys().await {
            Ok(set) => {
                tracing::info!(issuer = url, keys = set.len(), "read the issuer's keys");
                let keys = Arc::new(Keys { set, read_at: at });
                *self.keys.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(keys);
                true
            }
            Err(error) => {
                tracing::warn!(issuer = url, %error, "can't read the issuer's keys");
                false
            }
        };
        Asked { at, answered }
    }

    async fn read_keys(&self) -> Result<Vec<CoreJsonWebKey>, DiscoveryError> {
        let base = self.issuer.url.trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let url = Url::parse(&url).map_err(|_| DiscoveryError::Url)?;
        let metadata: Metadata = json(&self.http.fetch(&url).await?)?;
        if metadata.issuer != self.issuer.url {
            return Err(DiscoveryError::OtherIssuer);
        }
        let set: CoreJsonWebKeySet = json(&self.http.fetch(&metadata.jwks_uri).await?)?;
        Ok(set.keys().clone())
    }
}

impl Keys {
    /// A key of the token's id, or any where it names none.
    fn candidates<'k>(&'k self, token: &'k Token<'_>) -> impl Iterator<Item = &'k CoreJsonWebKey> {
        self.set.iter().filter(|key| match (token.key_id(), key.key_id()) {
            (Some(wanted), Some(id)) => id.as_str() == wanted,
            (Some(_), None) => false,
            (None, _) => true,
        })
    }

    fn has_candidate(&self, token: &Token<'_>) -> bool {
        self.candidates(token).next().is_some()
    }

    /// openidconnect checks that key type, use and algorithm go together.
    fn verify(&self, token: &Token<'_>) -> Result<(), RefusalReason> {
        let verifies = |key: &CoreJsonWebKey| {
            key.verify_signature(token.algorithm(), token.signed(), token.signature()).is_ok()
        };
        let good = self.candidates(token).any(verifies);
        if good { Ok(()) } else { Err(RefusalReason::Signature) }
    }
}

/// The text is the provider's and stays out of the log.
fn json<T: serde::de::DeserializeOwned>(text: &[u8]) -> Result<T, DiscoveryError> {
    serde_json::from_slice(text).map_err(|error| DiscoveryError::Json(error.line()))
}
