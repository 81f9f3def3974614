//! Every bound of this process, each with its reason.

/// One receive buffer. Large enough that a result is few system calls, small enough that two per
/// session stay in the second-level cache.
pub(crate) const BUFFER_BYTES: usize = 64 << 10;

/// A row up to this size is masked in one piece; a larger one goes through cell by cell.
pub(crate) const ROW_IN_MEMORY_BYTES: usize = 256 << 10;

/// What may wait for a peer that reads slowly, per direction, before its source is not read.
pub(crate) const OUTBOX_BYTES: usize = 4 * BUFFER_BYTES;

/// A statement text. PostgreSQL's own limit is 1 GB; nothing an agent writes by hand or by template
/// comes near this.
pub(crate) const STATEMENT_BYTES: usize = 1 << 20;

/// A text up to this size is parsed by the shard, in a few milliseconds. A longer one is read by a thread of
/// its own.
pub(crate) const PARSED_ON_SHARD_BYTES: usize = 16 << 10;

/// Statements of one text, each of which is decided by itself.
pub(crate) const STATEMENTS: usize = 4096;

/// Prepared statements and portals that one session may hold.
pub(crate) const NAMED_OBJECTS: usize = 4096;

/// How far the shard lets a receive buffer grow around one unfinished message. The session machine
/// refuses a message long before this; it is the backstop.
pub(crate) const INPUT_BYTES: usize = 2 * STATEMENT_BYTES;

/// What messages that are larger than a buffer may hold of a shard's memory, all sessions together:
/// sixteen of the largest. Whoever sends one more is refused, and may send it again.
pub(crate) const LARGE_BYTES: usize = 256 << 20;

/// Buffers that a shard keeps for reuse: more than a few per busy session is memory held for nothing.
pub(crate) const POOLED_BUFFERS: usize = 256;

/// What RFC 8446 5.2 lets a record hold, and what the gateway needs free before it opens one.
pub(crate) const TLS_RECORD_BYTES: usize = 16 << 10;

/// What a record adds to its plaintext, TLS 1.2 with its explicit nonce being the longest.
pub(crate) const TLS_OVERHEAD_BYTES: usize = 64;

/// A whole buffer as TLS records.
pub(crate) const SEALED_BYTES: usize =
    BUFFER_BYTES + BUFFER_BYTES.div_ceil(TLS_RECORD_BYTES) * TLS_OVERHEAD_BYTES;

/// A certificate chain and what else a peer says in a handshake; one that says more is refused.
pub(crate) const TLS_HANDSHAKE_BYTES: usize = BUFFER_BYTES;

/// Submission entries of a shard's ring: what one turn queues without an extra system call.
pub(crate) const RING_ENTRIES: u32 = 1024;

/// Pieces that leave in one send.
pub(crate) const BATCH_PIECES: usize = 8;

/// Slots per shard; a cancel key has room for as many.
pub(crate) const SLOTS: usize = 1 << 18;

/// Shards per process; a cancel key has room for as many.
pub(crate) const SHARDS: usize = 1 << 8;

/// Clients beyond the session limit that are being told so at one time; further ones are just closed.
pub(crate) const REFUSALS: usize = 64;

/// Connections that the kernel may hold for us before `accept`: a burst of a large fleet's agents.
pub(crate) const LISTEN_BACKLOG: i32 = 4096;

/// Messages that may wait between two threads. A shard that is a thousand behind is not helped by more.
pub(crate) const QUEUE_MESSAGES: usize = 4096;

/// Heartbeat, report and sweep.
pub(crate) const TICK_MS: u64 = 1_000;

/// A connection that has been silent for so long gives its receive buffer back and polls instead.
pub(crate) const IDLE_BUFFER_MS: u64 = TICK_MS;

/// A peer that takes nothing for so long is gone. PostgreSQL clients have no keepalive of their own.
pub(crate) const SEND_STALL_MS: u64 = 120_000;

/// How long a closed side may take to read our last words and to end its own.
pub(crate) const LINGER_MS: u64 = 2_000;

/// One address of the upstream.
pub(crate) const CONNECT_TIMEOUT_MS: u64 = 5_000;

/// Addresses of the upstream's name that are tried.
pub(crate) const UPSTREAM_ADDRESSES: usize = 8;

/// How long a resolved name is believed.
pub(crate) const RESOLVED_MS: u64 = 5_000;

/// A CancelRequest upstream, from connect to close.
pub(crate) const CANCEL_TIMEOUT_MS: u64 = 10_000;

/// Failed CancelRequests from one address in a minute, beyond which it is not listened to.
pub(crate) const CANCEL_MISSES: u32 = 30;

/// Addresses whose failed CancelRequests are counted.
pub(crate) const CANCEL_SOURCES: usize = 4096;

/// Room in the shard's last segment below which nothing more is read from upstreams.
pub(crate) const LOG_RESERVE_BYTES: u64 = 1 << 20;

/// Prepared segments that a shard holds ready, mapped and populated.
pub(crate) const SEGMENTS_AHEAD: usize = 2;

/// How long sessions may go on after SIGTERM.
pub(crate) const DRAIN_MS: u64 = 20_000;

/// How long control may think about a token: it may have to fetch the issuer's keys.
pub(crate) const ADMISSION_MS: u64 = 10_000;

/// How long the last words to control may take.
pub(crate) const FAREWELL_MS: u64 = 1_000;

/// How long a shard may leave its letters unread before the process gives up on it.
pub(crate) const STUCK_MS: u64 = 10_000;

/// Messages that wait for control to come back; what is lost beyond it, control finds out from
/// the segments themselves.
pub(crate) const LINK_MESSAGES: usize = 65_536;

/// Threads for what blocks: name resolution, PBKDF2, compilation.
pub(crate) const WORKERS: usize = 2;

/// One metrics request, and how many are served at a time.
pub(crate) const METRICS_TIMEOUT_MS: u64 = 5_000;
pub(crate) const METRICS_CONNECTIONS: usize = 16;

/// SCRAM iterations that a server may ask for: PostgreSQL's default is 4096, and each costs 0.3 us.
pub(crate) const SCRAM_ITERATIONS: u32 = 1_000_000;

/// Waits between two attempts to reach control.
pub(crate) const RECONNECT_MIN_MS: u64 = 100;
pub(crate) const RECONNECT_MAX_MS: u64 = 2_000;

/// Output of one call that is smaller is copied behind what waits already; output as large moves
/// with its buffer. So a slow peer's outbox holds few buffers that are nearly empty.
pub(crate) const MOVED_BYTES: usize = 4 << 10;

/// The parameters of one Bind, or the arguments of a FunctionCall: a photograph or a document may
/// be among them.
pub(crate) const PARAMETERS_BYTES: usize = 16 << 20;

/// Messages that hold names and numbers only, and passwords: a token with many groups is the longest.
pub(crate) const SMALL_MESSAGE_BYTES: usize = 48 << 10;

/// Upstream messages other than rows and COPY data. 1,664 columns with names of 63 bytes take 150
/// KiB; an error that quotes a statement takes as much as the statement.
pub(crate) const REPLY_BYTES: usize = 2 << 20;

/// Texts of the prepared statements of one session, together.
pub(crate) const PREPARED_BYTES: usize = 8 << 20;

/// Replies that the upstream may owe before the client is not read: a driver's pipeline is a few
/// hundred messages long.
pub(crate) const EXPECTED_REPLIES: usize = 4096;

/// Statement texts among them.
pub(crate) const EXPECTED_BYTES: usize = 4 << 20;

/// What a record keeps of a statement, and of all parameters of one Bind.
pub(crate) const RECORDED_TEXT_BYTES: usize = 16 << 10;

/// What a record keeps of one parameter.
pub(crate) const RECORDED_PARAMETER_BYTES: usize = 1 << 10;

/// How long a session waits for the catalog to be read again after it changed the schema; then all
/// that it reads is masked whole.
pub(crate) const CATALOG_WAIT_MS: u64 = 2_000;

/// How often one session may ask for the catalog to be read because of an OID that isn't in it.
pub(crate) const CATALOG_REQUEST_MS: u64 = 5_000;

/// Cells gathered for one scan: enough to spread the cost of a call over many cells, little enough
/// that they are still in the second-level cache when their findings are covered.
pub(crate) const SCAN_BATCH_BYTES: usize = 64 << 10;

/// A column of a result is judged by its first cells: enough to know it, few enough to cost nothing in a
/// long result.
pub(crate) const SCORED_CELLS: u32 = 256;

/// Values whose tokens are asked for together, but for the last row's: a commit of control's store takes
/// milliseconds, and a message of so many half a megabyte at most.
pub(crate) const TOKENS_PER_BATCH: usize = 4096;

/// Tokens that a shard remembers: some 8 MiB.
pub(crate) const TOKENS_KNOWN: usize = 1 << 17;

/// How long control may take for tokens before their values are covered.
pub(crate) const TOKENS_MS: u64 = 5_000;

const _: () = assert!(ROW_IN_MEMORY_BYTES >= BUFFER_BYTES);
const _: () = assert!(OUTBOX_BYTES >= BUFFER_BYTES);
const _: () = assert!(TOKENS_KNOWN >= 2 * TOKENS_PER_BATCH);
const _: () = assert!(INPUT_BYTES >= STATEMENT_BYTES + BUFFER_BYTES);
const _: () = assert!(INPUT_BYTES >= ROW_IN_MEMORY_BYTES);
const _: () = assert!(LARGE_BYTES >= PARAMETERS_BYTES + BUFFER_BYTES);
const _: () = assert!(BUFFER_BYTES >= 2 * (TLS_RECORD_BYTES + TLS_OVERHEAD_BYTES));
const _: () = assert!(BATCH_PIECES * BUFFER_BYTES >= OUTBOX_BYTES);
const _: () = assert!(SLOTS.is_power_of_two() && SHARDS.is_power_of_two());
const _: () = assert!(IDLE_BUFFER_MS >= TICK_MS);
const _: () = assert!(RECONNECT_MIN_MS < RECONNECT_MAX_MS);
const _: () = assert!(MOVED_BYTES <= BUFFER_BYTES);
const _: () = assert!(SMALL_MESSAGE_BYTES <= BUFFER_BYTES);
const _: () = assert!(RECORDED_PARAMETER_BYTES <= RECORDED_TEXT_BYTES);
const _: () = assert!(2 * RECORDED_TEXT_BYTES <= lazaret_audit::MAX_FRAME_BYTES);
