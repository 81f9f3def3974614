//! The transparency log's own formats, as C2SP defines them: the hash tree, its tiles, checkpoints.
//!
//! Pure, and knows nothing of what the entries say.

mod checkpoint;
mod hash;
#[cfg(test)]
mod judge;
mod key;
mod note;
mod proof;
mod signed;
mod tile;
mod tree;
mod witness;

pub use checkpoint::{CHECKPOINT_FILE_NAME, Checkpoint, CheckpointError};
pub use hash::Digest;
pub(crate) use key::check_name;
pub use key::{KeyError, Role, SigningKey, VerifierKey};
pub(crate) use note::{MAX_NOTE_BYTES, Note, Signed};
pub use proof::{
    ProofError, TileReader, prove_consistency, prove_inclusion, verify_consistency,
    verify_inclusion,
};
pub use signed::SignedCheckpoint;
pub(crate) use tile::{Bundle, Grade, TILE_WIDTH, Tile};
pub(crate) use tree::{Tree, subtree_root};
pub use witness::{AddCheckpoint, MAX_ADD_CHECKPOINT_BYTES, Refusal};
