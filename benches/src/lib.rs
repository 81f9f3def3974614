//! What the benches measure on: corpora made from a seed, the same on every machine.

pub mod corpora;
