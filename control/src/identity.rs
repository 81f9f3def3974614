//! Who asks: tokens of the configured issuers, verified.
//!
//! A token is a workload's JWT (RFC 7519), not necessarily an OpenID Connect ID token: nobody sent
//! a nonce. It is verified in this order: shape, issuer, signature, audience, times, subject and
//! groups, each with its own [`RefusalReason`]. Claims are believed only behind a good signature,
//! but for `iss`, which says whose keys to try. Tokens and claims go into no log and no error.
//!
//! Keys come by discovery through openidconnect's types, for which see `identity/provider.rs`.

mod claims;
mod provider;
mod token;

#[cfg(test)]
pub(crate) mod test_issuer;
#[cfg(test)]
mod tests;

use std::time::SystemTime;

use lazaret_config::Issuer;
use lazaret_link::RefusalReason;

use self::claims::Claims;
use self::provider::{Pace, Provider};
use self::token::Token;
use crate::client::HttpError;

/// All issuers that are believed.
pub(crate) struct Identity {
    providers: Vec<Provider>,
}

/// Whom a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Principal {
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) groups: Vec<String>,
    /// Seconds since the Unix epoch; the skew is in it only where the token lives by that alone.
    pub(crate) expires_at_s: u64,
}

impl Identity {
    pub(crate) fn new(issuers: &[Issuer]) -> Result<Self, HttpError> {
        Self::with_pace(issuers, Pace::default())
    }

    fn with_pace(issuers: &[Issuer], pace: Pace) -> Result<Self, HttpError> {
        let provider = |issuer| Provider::new(issuer, pace);
        Ok(Self { providers: issuers.iter().map(provider).collect::<Result<_, _>>()? })
    }

    pub(crate) async fn verify(
        &self,
        token: &str,
        now: SystemTime,
    ) -> Result<Principal, RefusalReason> {
        let token = Token::parse(token)?;
        let claims = Claims::new(token.claims());
        let issuer = claims.issuer()?;
        // One issuer may stand several times, with an audience each.
        let believed: Vec<&Provider> =
            self.providers.iter().filter(|provider| provider.issuer().url == issuer).collect();
        let (first, _) = believed.split_first().ok_or(RefusalReason::Issuer)?;
        first.verify_signature(&token).await?;
        let provider = believed
            .iter()
            .find(|provider| claims.has_audience(&provider.issuer().audience))
            .ok_or_else(|| claims.audience_refusal())?;
        claims.principal(provider.issuer(), now)
    }
}
