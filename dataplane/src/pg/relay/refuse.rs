//! Refusals that keep the protocol exact.
//!
//! A message that may not run is replaced by one that makes the server fail: so the transaction
//! aborts, the rest of a pipeline is discarded, and ReadyForQuery tells the truth, all by the
//! server's own doing. Its error is rewritten to ours.

use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::frontend;
use lazaret_proto::pg::sqlstate::SqlState;

/// No statement of any version of the grammar begins so: the parser fails before anything else
/// is looked at, a failed transaction included.
const FAILS: &[u8] = b"lazaret: refused";

/// Names a statement that is never prepared, so that a replaced Bind or Execute leaves the unnamed
/// statement and the unnamed portal as they are.
const NEVER_PREPARED: &[u8] = b"lazaret: refused";

/// What the server answers [`FAILS`] with.
pub(super) const FAILURE: SqlState = SqlState::SYNTAX_ERROR;

/// In place of a Query or a FunctionCall.
pub(super) fn query(out: &mut Vec<u8>) {
    frontend::Message::Query(FAILS).encode(out);
}

/// In place of a Parse of that name. Like any Parse, one of the unnamed statement drops it.
pub(super) fn parse(out: &mut Vec<u8>, statement: &[u8]) {
    frontend::parse(out, statement, FAILS, &[]);
}

/// In place of another message of the extended protocol.
pub(super) fn other(out: &mut Vec<u8>) {
    parse(out, NEVER_PREPARED);
}

pub(super) fn too_long(what: &str, limit_bytes: usize) -> Report {
    let message = format!("{what} is longer than the {limit_bytes} bytes that the gateway reads");
    Report::error(SqlState::PROGRAM_LIMIT_EXCEEDED, message)
}

pub(super) fn no_memory(what: &str, bytes: usize) -> Report {
    let message = format!("the gateway has no memory for a {what} of {bytes} bytes at this moment");
    Report::error(SqlState::OUT_OF_MEMORY, message)
        .hint("Other sessions are sending large messages. Send it again, or in smaller parts.")
}

pub(super) fn too_many_statements(limit: usize) -> Report {
    let message = format!("a text of more than {limit} statements is not read by the gateway");
    Report::error(SqlState::PROGRAM_LIMIT_EXCEEDED, message).hint("Send it in several queries.")
}

pub(super) fn too_many() -> Report {
    Report::error(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        "this session holds too many prepared statements or portals",
    )
    .hint("DEALLOCATE or CLOSE some of them.")
}

pub(super) fn malformed() -> Report {
    Report::error(SqlState::PROTOCOL_VIOLATION, "invalid message format")
}

pub(super) fn function_call() -> Report {
    Report::error(
        SqlState::FEATURE_NOT_SUPPORTED,
        "the function-call message is not available through this gateway",
    )
    .hint("Call the function in a SELECT.")
}
