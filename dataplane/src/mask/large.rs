//! Masks a DataRow larger than `ROW_IN_MEMORY_BYTES` as it arrives, in bounded memory.

use lazaret_detectors::Scanner;
use lazaret_policy::Plan;
use lazaret_proto::pg::frame::FrameHeader;

use super::{Counts, Dates, MaskError};

/// One per large row. Its lengths leave before its cells have been seen, so only masks that keep
/// the length apply.
pub(crate) struct LargeRow {}

impl LargeRow {
    /// Refuses a plan with a column that couldn't be masked if it is the large one: then nothing
    /// of the row has left yet, and the session may go on without it.
    pub(crate) fn begin(plan: &Plan, dates: Dates, header: FrameHeader) -> Result<Self, MaskError> {
        let _ = (plan, dates, header);
        todo!()
    }

    /// Takes the next bytes of the frame, its header first, and appends what may leave. The
    /// caller passes no byte behind the frame ([`missing`](Self::missing)).
    pub(crate) fn push(
        &mut self,
        piece: &[u8],
        scanner: &mut Scanner,
        out: &mut Vec<u8>,
    ) -> Result<Counts, MaskError> {
        let _ = (piece, scanner, out);
        todo!()
    }

    /// Bytes of the frame that have not been pushed; at 0 the row is complete.
    pub(crate) fn missing(&self) -> usize {
        todo!()
    }
}
