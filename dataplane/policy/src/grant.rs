use serde::{Deserialize, Serialize};

/// What control admitted a session for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Names the grant in records; a UUID.
    pub id: String,
    /// The token's subject.
    pub principal: String,
    pub issuer: String,
    pub groups: Vec<String>,
    pub resource: String,
    pub database: String,
    /// Milliseconds since the Unix epoch.
    pub expires_at_ms: u64,
}
