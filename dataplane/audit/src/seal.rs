//! A seal: what control signs over a finished segment.
//!
//! A C2SP signed note (Ed25519). Its text names origin, segment, size, records, first and last
//! sequence, the SHA-256 of the file as shipped, and the hash of the shard's seal before it.

/// Signs seals. The private key never leaves control.
pub struct SigningKey {}

/// One segment's seal, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {}

/// The signed note over the heads of all shards' seal chains, so that a missing tail shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {}
