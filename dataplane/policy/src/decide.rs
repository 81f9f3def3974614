//! The verdict on a statement: fixed rules first, then Cedar.

use std::sync::Arc;

use lazaret_sql::Statement;

use crate::{Catalog, Grant, Snapshot};

/// What a statement may bring back, at worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reach {
    /// It reads a masked relation, or one that can't be resolved.
    pub masked: bool,
    /// It calls a function outside pg_catalog (or one that can't be placed), so anything may come back.
    pub foreign_function: bool,
}

/// Why a statement is refused. The client sees `message` and `hint`; neither quotes data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 42501 in general.
    pub sqlstate: [u8; 5],
    pub message: String,
    pub hint: Option<String>,
    /// The Cedar policy or the fixed rule that decided, for the record.
    pub rule: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow {
        /// The Cedar policy that permitted it.
        policy: String,
    },
    Deny(Refusal),
}

/// The verdict together with what the mask plan needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearance {
    pub verdict: Verdict,
    pub reach: Reach,
}

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Names the file, the line and the mend.
    #[error("{0}")]
    Policy(String),
}

/// A snapshot made ready to decide. One per shard; it holds the shard's decision cache.
pub struct Engine {}

impl Engine {
    pub fn compile(snapshot: Arc<Snapshot>) -> Result<Self, EngineError> {
        let _ = snapshot;
        todo!()
    }

    pub fn snapshot(&self) -> &Arc<Snapshot> {
        todo!()
    }

    /// The catalog of a grant's database; `None` if control has not read it.
    pub fn catalog(&self, database: &str) -> Option<&Catalog> {
        let _ = database;
        todo!()
    }

    /// Decides one statement. Cached by grant and statement shape.
    pub fn decide(&mut self, grant: &Grant, statement: &Statement) -> Clearance {
        let _ = (grant, statement);
        todo!()
    }
}
