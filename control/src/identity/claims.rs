//! What a token claims, read strictly (RFC 7519, section 4.1).

use std::time::SystemTime;

use lazaret_config::Issuer;
use lazaret_link::RefusalReason;
use serde_json::{Map, Value};

use super::Principal;
use crate::limits::{GROUPS, NAME_BYTES};

pub(crate) struct Claims<'t> {
    claims: &'t Map<String, Value>,
}

impl<'t> Claims<'t> {
    pub(crate) fn new(claims: &'t Map<String, Value>) -> Self {
        Self { claims }
    }

    pub(crate) fn issuer(&self) -> Result<&'t str, RefusalReason> {
        text(self.claim("iss")?)
    }

    /// `aud` is a text or a list of them.
    pub(crate) fn has_audience(&self, audience: &str) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(many)) => many.iter().any(|one| one == audience),
            _ => false,
        }
    }

    pub(crate) fn audience_refusal(&self) -> RefusalReason {
        match self.claims.get("aud") {
            None => RefusalReason::MissingClaim,
            Some(_) => RefusalReason::Audience,
        }
    }

    /// The times, then the subject and its groups.
    pub(crate) fn principal(
        &self,
        issuer: &Issuer,
        now: SystemTime,
    ) -> Result<Principal, RefusalReason> {
        let expires_at_s = self.check_times(u64::from(issuer.clock_skew_s), now)?;
        let subject = text(self.claim("sub")?)?;
        if subject.is_empty() {
            return Err(RefusalReason::MissingClaim);
        }
        if !is_name(subject) {
            return Err(RefusalReason::Malformed);
        }
        Ok(Principal {
            subject: subject.to_owned(),
            issuer: issuer.url.clone(),
            groups: self.groups(&issuer.groups_claim)?,
            expires_at_s,
        })
    }

    /// Gives the end of what the token is good for: its `exp`, or, if that has passed by this
    /// machine's clock, the end of the skew that admits it. `iat` must be there (each provider of workload tokens sends it), and must
    /// not lie ahead.
    fn check_times(&self, skew_s: u64, now: SystemTime) -> Result<u64, RefusalReason> {
        let now_s = now
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_err(|_| RefusalReason::Internal)?
            .as_secs();
        let expires_at_s = seconds(self.claim("exp")?)?;
        let admitted_until_s = expires_at_s.saturating_add(skew_s);
        if now_s >= admitted_until_s {
            return Err(RefusalReason::Expired);
        }
        let issued_at_s = seconds(self.claim("iat")?)?;
        let not_before_s = self.claims.get("nbf").map_or(Ok(0), seconds)?;
        if issued_at_s.max(not_before_s) > now_s.saturating_add(skew_s) {
            return Err(RefusalReason::NotYetValid);
        }
        Ok(if now_s < expires_at_s { expires_at_s } else { admitted_until_s })
    }

    /// A list of texts, or one text.
    fn groups(&self, path: &[String]) -> Result<Vec<String>, RefusalReason> {
        let (outermost, inner) = path.split_first().ok_or(RefusalReason::Internal)?;
        let mut value = self.claim(outermost)?;
        for name in inner {
            value = value.get(name).ok_or(RefusalReason::MissingClaim)?;
        }
        let groups: Vec<String> = match value {
            Value::String(one) => vec![one.clone()],
            Value::Array(many) => {
                many.iter().map(|one| text(one).map(str::to_owned)).collect::<Result<_, _>>()?
            }
            _ => return Err(RefusalReason::Malformed),
        };
        let fits = groups.len() <= GROUPS && groups.iter().all(|group| is_name(group));
        if fits { Ok(groups) } else { Err(RefusalReason::Malformed) }
    }

    fn claim(&self, name: &str) -> Result<&'t Value, RefusalReason> {
        self.claims.get(name).ok_or(RefusalReason::MissingClaim)
    }
}

/// Fits where names are kept and shown: in policies, in records, in logs, in a terminal.
fn is_name(text: &str) -> bool {
    text.len() <= NAME_BYTES && !text.chars().any(char::is_control)
}

fn text(value: &Value) -> Result<&str, RefusalReason> {
    value.as_str().ok_or(RefusalReason::Malformed)
}

/// NumericDate: seconds since the epoch, perhaps with a fraction, which is cut off.
fn seconds(value: &Value) -> Result<u64, RefusalReason> {
    if let Some(whole) = value.as_u64() {
        return Ok(whole);
    }
    let fraction = value.as_f64().filter(|seconds| (0.0..1e15).contains(seconds));
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "positive and far below 2^53, as checked"
    )]
    fraction.map(|seconds| seconds as u64).ok_or(RefusalReason::Malformed)
}
