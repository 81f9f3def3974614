//! Wire protocols, sans-io: bytes in, messages out. Protocol modules never import one another.

#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing)]

pub mod pg;
