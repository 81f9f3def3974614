//! Masks the data of COPY ... TO STDOUT.

use lazaret_detectors::Scanner;
use lazaret_policy::Plan;
use lazaret_sql::Copy;

use super::{Counts, Dates, MaskError};

/// One per COPY. A row may come in several CopyData messages; it leaves in one, as PostgreSQL
/// sends it.
pub(crate) struct CopyMasker {}

impl CopyMasker {
    pub(crate) fn new(plan: Plan, copy: &Copy, dates: Dates) -> Self {
        let _ = (plan, copy, dates);
        todo!()
    }

    /// Takes the payload of a CopyData message and appends CopyData frames with what it completes.
    pub(crate) fn push(
        &mut self,
        payload: &[u8],
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Result<Counts, MaskError> {
        let _ = (payload, scanner, out);
        todo!()
    }

    /// CopyDone has come: appends what is left. A COPY that fails is just dropped.
    pub(crate) fn finish(
        &mut self,
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Result<Counts, MaskError> {
        let _ = (scanner, out);
        todo!()
    }
}
