//! Masks whole DataRow frames in the buffer they arrived in.

use lazaret_detectors::Scanner;
use lazaret_policy::Plan;

use super::{Counts, DateStyle, MaskError};

/// One per shard: it owns the batch of cells to scan.
#[derive(Default)]
pub(crate) struct RowMasker {}

impl RowMasker {
    /// Masks the complete DataRow frame at `read` and leaves it at `write`, which is not behind
    /// `read`; returns where it ends there. Offsets of cells to scan are kept until
    /// [`cover`](Self::cover), which must be given the same `bytes`.
    pub(crate) fn row(
        &mut self,
        plan: &Plan,
        dates: DateStyle,
        bytes: &mut [u8],
        read: usize,
        write: usize,
    ) -> Result<usize, MaskError> {
        let _ = (plan, dates, bytes, read, write);
        todo!()
    }

    /// The batch is as large as one scan should be: time to call [`cover`](Self::cover).
    pub(crate) fn is_full(&self) -> bool {
        todo!()
    }

    /// Scans what was gathered since the last call, covers the findings in `bytes`, and says what
    /// was masked in those rows. Only now may they leave.
    pub(crate) fn cover(&mut self, bytes: &mut [u8], scanner: &mut Scanner) -> Counts {
        let _ = (bytes, scanner);
        todo!()
    }

    /// Forgets what was gathered: the session that it came from is over.
    pub(crate) fn clear(&mut self) {
        todo!()
    }
}
