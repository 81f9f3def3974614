//! Another implementation of the tree, which judges ours in tests.

use tlog_tiles::{Error, Hash, HashReader, stored_hashes};

/// All hashes of the judge's tree, in its own order.
#[derive(Default)]
pub(super) struct Judge(Vec<Hash>);

impl HashReader for Judge {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        Ok(indexes.iter().map(|&at| self.0[usize::try_from(at).unwrap()]).collect())
    }
}

impl Judge {
    pub(super) fn push(&mut self, index: u64, entry: &[u8]) {
        let hashes = stored_hashes(index, entry, self).unwrap();
        self.0.extend(hashes);
    }
}
