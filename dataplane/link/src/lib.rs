//! What control and the data plane say to each other: shapes and framing, sans-io.
//!
//! A frame is a big-endian u32 length and that many bytes of JSON. The data plane connects to
//! control's Unix socket and says [`FromDataplane::Hello`]; control answers with settings and a
//! snapshot. Nothing here is on the path of a row.

#![forbid(unsafe_code)]

mod frame;
mod hex;
mod message;
mod secret;
mod upstream_tls;

pub use frame::{FrameError, MAX_FRAME_BYTES, decode, encode};
pub use hex::{Hex, ValueDigest, VaultToken};
pub use message::{
    Admission, Durability, FromControl, FromDataplane, ListenerTls, RefusalReason, SegmentFile,
    Settings, TokenScope, Tokens,
};
pub use secret::Secret;
pub use upstream_tls::{POSTGRESQL_ALPN, UpstreamTls, UpstreamTlsError, UpstreamTlsMode};

/// What [`FromDataplane::Hello`] states. The two processes come from one build and are upgraded
/// together; another number is refused.
pub const PROTOCOL: u32 = 4;
