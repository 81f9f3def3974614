//! From a client that asks to be let in to its grant, or the exact reason why not.

use std::time::SystemTime;

use lazaret_link::{Admission, RefusalReason};
use lazaret_policy::Grant;

use crate::identity::Identity;
use crate::store::Store;

/// Decides admissions. A grant is the token's: its principal, its groups, its expiry.
pub(crate) struct Gate {
    identity: Identity,
    store: Store,
    resource: String,
    /// Empty means any.
    databases: Vec<String>,
}

impl Gate {
    pub(crate) fn new(
        identity: Identity,
        store: Store,
        resource: String,
        databases: Vec<String>,
    ) -> Self {
        Self { identity, store, resource, databases }
    }

    pub(crate) async fn admit(&self, admission: Admission) -> Result<Grant, RefusalReason> {
        let decided = self.decide(&admission).await;
        match &decided {
            Ok(grant) => {
                tracing::info!(
                    principal = grant.principal,
                    issuer = grant.issuer,
                    grant = grant.id,
                    database = grant.database,
                    client = admission.client_address,
                    "admitted"
                );
                let Admission { client_address, claimed_user, .. } = admission;
                self.store.note_admitted(grant.clone(), client_address, claimed_user).await;
            }
            Err(reason) => {
                tracing::warn!(?reason, client = admission.client_address, "refused");
            }
        }
        decided
    }

    async fn decide(&self, admission: &Admission) -> Result<Grant, RefusalReason> {
        let principal = self.identity.verify(admission.token.expose(), SystemTime::now()).await?;
        if !self.databases.is_empty() && !self.databases.contains(&admission.database) {
            return Err(RefusalReason::Database);
        }
        Ok(Grant {
            id: random_uuid().ok_or(RefusalReason::Internal)?,
            principal: principal.subject,
            issuer: principal.issuer,
            groups: principal.groups,
            resource: self.resource.clone(),
            database: admission.database.clone(),
            expires_at_ms: principal.expires_at_s.saturating_mul(1000),
        })
    }
}

/// RFC 9562, version 4.
fn random_uuid() -> Option<String> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    let random = u128::from_be_bytes(bytes);
    let uuid = random & !(0xf << 76) & !(0b11 << 62) | 4 << 76 | 0b10 << 62;
    let digits = format!("{uuid:032x}");
    let (a, rest) = digits.split_at(8);
    let (b, rest) = rest.split_at(4);
    let (c, rest) = rest.split_at(4);
    let (d, e) = rest.split_at(4);
    Some(format!("{a}-{b}-{c}-{d}-{e}"))
}

#[cfg(test)]
mod tests {
    use super::random_uuid;

    #[test]
    fn a_grant_is_named_by_a_uuid_of_version_4() {
        let (one, other) = (random_uuid().unwrap(), random_uuid().unwrap());
        assert_ne!(one, other);
        let parts: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(matches!(one.as_bytes()[19], b'8' | b'9' | b'a' | b'b'));
    }
}
