//! Every bound of this process, each with its reason.

/// One receive buffer. Large enough that a result is few system calls, small enough that two per
/// session stay in the second-level cache.
pub(crate) const BUFFER_BYTES: usize = 64 << 10;

/// A row up to this size is masked in one piece; a larger one goes through cell by cell.
pub(crate) const ROW_IN_MEMORY_BYTES: usize = 256 << 10;

/// What may wait for a peer that reads slowly, per direction, before its source is not read.
pub(crate) const OUTBOX_BYTES: usize = 4 * BUFFER_BYTES;

/// A statement text, with its Bind parameters. PostgreSQL's own limit is 1 GB; nothing an agent
/// writes by hand or by template comes near this.
pub(crate) const STATEMENT_BYTES: usize = 1 << 20;

/// Prepared statements and portals that one session may hold.
pub(crate) const NAMED_OBJECTS: usize = 4096;

const _: () = assert!(ROW_IN_MEMORY_BYTES >= BUFFER_BYTES);
const _: () = assert!(OUTBOX_BYTES >= BUFFER_BYTES);

/// Cells gathered for one scan: enough to spread the cost of a call over many cells, little enough
/// that they are still in the second-level cache when their findings are covered.
pub(crate) const SCAN_BATCH_BYTES: usize = 64 << 10;
