//! `lazaret-dataplane`: the inline path. See ARCHITECTURE.md beside this folder.

mod buffer;
mod channel;
mod context;
mod limits;
mod mask;
mod metrics;
mod pg;
mod shard;

fn main() {}
