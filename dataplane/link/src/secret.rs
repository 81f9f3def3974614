use serde::{Deserialize, Serialize};

/// A credential. It has no Debug and no Display, so that no log can show it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    pub fn new(value: String) -> Self {
        Self(value)
    }

    /// Named so that each use stands out in review.
    pub fn expose(&self) -> &str {
        &self.0
    }
}
