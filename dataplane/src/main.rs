//! `lazaret-dataplane`: the inline path. See ARCHITECTURE.md beside this folder.

mod buffer;
mod context;
mod limits;
mod mask;
mod pg;

fn main() {}
