//! What is recorded. Bodies hold no PHI: texts are masked by the detectors before they come here,
//! and exact bytes appear only as salted commitments.

use rkyv::{Archive, Deserialize, Serialize};

/// Findings per identifier, in the order of 45 CFR 164.514(b)(2)(i).
pub type FindingCounts = [u32; 18];

/// The body of a record. Borrowed on the way in, so that nothing is built elsewhere and copied.
#[derive(Archive, Serialize, Deserialize, Debug, Clone, PartialEq, Eq)]
#[rkyv(derive(Debug))]
pub enum Body {
    /// First record of a shard's boot.
    Boot { node: String, boot: u64, version: String, durability: String },
    /// Every second, so that silence shows.
    Heartbeat { open_sessions: u32, records: u64 },
    /// A client connected and was authenticated, or was refused.
    SessionStart {
        client_address: String,
        claimed_user: String,
        principal: String,
        issuer: String,
        groups: Vec<String>,
        grant: String,
        resource: String,
        database: String,
        application_name: String,
        protocol: u32,
        tls: String,
        preset: String,
    },
    /// A client that was not let in; `reason` is the exact one, which the client is not told.
    SessionRefused {
        client_address: String,
        claimed_user: String,
        database: String,
        reason: String,
    },
    /// A statement and its verdict, before anything goes upstream.
    Statement {
        /// Counts the session's requests from 1; responses name it.
        request: u64,
        /// `query`, `parse`, `function_call`, `copy_data` ...
        message: String,
        kind: String,
        /// The text with PHI masked, cut to a limit.
        text: String,
        /// BLAKE3 keyed with the session's salt, over the exact bytes.
        commitment: [u8; 32],
        bytes: u64,
        allowed: bool,
        /// The Cedar policy or the rule that decided.
        rule: String,
        snapshot_hash: String,
    },
    /// Bind: which statement text runs with which parameters.
    Bind {
        request: u64,
        /// The parameters with PHI masked.
        parameters: Vec<String>,
        commitment: [u8; 32],
        bytes: u64,
    },
    /// COPY data from the client.
    CopyIn { request: u64, bytes: u64, commitment: [u8; 32], findings: FindingCounts },
    /// A part of a response, before it leaves.
    Chunk { request: u64, rows: u64, bytes: u64, findings: FindingCounts },
    /// The response is complete.
    Response {
        request: u64,
        rows: u64,
        bytes: u64,
        findings: FindingCounts,
        /// BLAKE3 of all response bytes of this request, as sent to the client (plaintext).
        digest: [u8; 32],
        /// `complete`, `error` with its SQLSTATE, `cancelled`, `disconnected` ...
        outcome: String,
    },
    /// A CancelRequest: for which session, or for none that is known.
    Cancel { client_address: String, found: bool },
    /// The session is over.
    SessionEnd {
        reason: String,
        requests: u64,
        rows: u64,
        /// Bytes that the kernel accepted for the client.
        bytes_to_client: u64,
        bytes_from_client: u64,
        findings: FindingCounts,
    },
    /// The last record of a segment: the next one carries on.
    SegmentEnd { records: u64 },
    /// What control found after a process died: written into the seal's segment at recovery.
    Recovery { torn_bytes: u64 },
}
