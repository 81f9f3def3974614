//! Why a session ends, whose doing it was, and what the client is told.
//!
//! The record has the exact reason. The client hears no more than it may know, and nothing at all
//! where it left by itself.

use lazaret_link::RefusalReason;
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::sqlstate::SqlState;
use lazaret_proto::pg::startup::StartupError;

use super::login::LoginError;
use crate::mask::MaskError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blame {
    Client,
    Upstream,
    Policy,
    Limit,
}

impl Blame {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Upstream => "upstream",
            Self::Policy => "policy",
            Self::Limit => "limit",
        }
    }
}

/// Neither rendering (`Display` for the record, `farewell` for the client) quotes data.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error("said goodbye")]
    Terminated,
    #[error("closed its connection")]
    ClientClosed,
    #[error("sent a CancelRequest")]
    CancelRouted,
    #[error("did not read what was sent to it")]
    Stalled,
    #[error("did not finish its start-up in time")]
    StartupTimeout,
    #[error("was idle for too long")]
    Idle,
    #[error("{0}")]
    Startup(#[from] StartupError),
    #[error("asked for a session without TLS")]
    Plaintext,
    #[error("sent plaintext behind its request for TLS")]
    StuffedPlaintext,
    #[error("began TLS without the ALPN protocol `postgresql`")]
    Alpn,
    #[error("{0}")]
    Login(#[from] LoginError),
    #[error("asked for a database that is not offered")]
    Database,
    #[error("not admitted: {0:?}")]
    NotAdmitted(RefusalReason),
    #[error("protocol violation: {0}")]
    ClientProtocol(&'static str),
    #[error("could not be reached: {0}")]
    Unreachable(String),
    #[error("offers no TLS")]
    UpstreamPlaintext,
    #[error("authentication failed: {0}")]
    UpstreamLogin(String),
    #[error("refused the session: {}", condition(.0))]
    UpstreamRefused(Option<SqlState>),
    /// It said why itself, and the client has been told.
    #[error("ended the session")]
    UpstreamFatal,
    #[error("closed the connection")]
    UpstreamClosed,
    #[error("protocol violation: {0}")]
    UpstreamProtocol(&'static str),
    #[error("{0}")]
    Unmaskable(#[from] MaskError),
    #[error("changed a pinned setting: {0}")]
    Unpinned(&'static str),
    #[error("the grant expired")]
    Expired,
    #[error("the grant was revoked")]
    Revoked,
    #[error("the gateway is draining")]
    Draining,
    #[error("no room for records")]
    LogFull,
}

impl End {
    pub(super) fn blame(&self) -> Blame {
        match self {
            Self::Terminated
            | Self::ClientClosed
            | Self::CancelRouted
            | Self::Stalled
            | Self::StartupTimeout
            | Self::Idle
            | Self::Startup(_)
            | Self::Plaintext
            | Self::StuffedPlaintext
            | Self::Alpn
            | Self::Login(_)
            | Self::Database
            | Self::NotAdmitted(_)
            | Self::ClientProtocol(_) => Blame::Client,
            Self::Unreachable(_)
            | Self::UpstreamPlaintext
            | Self::UpstreamLogin(_)
            | Self::UpstreamRefused(_)
            | Self::UpstreamFatal
            | Self::UpstreamClosed
            | Self::UpstreamProtocol(_)
            | Self::Unmaskable(
                MaskError::Columns { .. }
                | MaskError::Lengths
                | MaskError::Value(_)
                | MaskError::CopyFormat,
            )
            | Self::Unpinned(_) => Blame::Upstream,
            Self::Unmaskable(MaskError::TooLarge(_) | MaskError::RowTooLarge) => Blame::Limit,
            Self::Expired | Self::Revoked | Self::Draining => Blame::Policy,
            Self::LogFull => Blame::Limit,
        }
    }

    /// For the record and the log.
    pub(super) fn reason(&self) -> String {
        format!("{}: {self}", self.blame().name())
    }

    /// The last ErrorResponse; `None` where nobody listens or the upstream's own was passed on.
    pub(super) fn farewell(&self) -> Option<Report> {
        Some(match self {
            Self::Terminated
            | Self::ClientClosed
            | Self::CancelRouted
            | Self::Stalled
            | Self::UpstreamFatal => return None,
            Self::StartupTimeout => {
                Report::fatal(SqlState::PROTOCOL_VIOLATION, "the connection was not set up in time")
            }
            Self::Idle => Report::fatal(
                SqlState::IDLE_SESSION_TIMEOUT,
                "terminating connection due to idle-session timeout",
            ),
            Self::Startup(StartupError::Version(_)) => {
                Report::fatal(SqlState::FEATURE_NOT_SUPPORTED, self.to_string())
            }
            Self::Startup(_) => Report::fatal(SqlState::PROTOCOL_VIOLATION, self.to_string()),
            Self::Plaintext => Report::fatal(
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                "this gateway takes passwords over TLS only",
            )
            .hint("Connect with sslmode=require, or better, verify-full."),
            Self::StuffedPlaintext => Report::fatal(
                SqlState::PROTOCOL_VIOLATION,
                "received unencrypted data after SSL request",
            )
            .detail(
                "This could be either a client-software bug or evidence of an attempted \
                 man-in-the-middle attack.",
            ),
            Self::Alpn => Report::fatal(
                SqlState::PROTOCOL_VIOLATION,
                "received direct SSL connection request without ALPN protocol negotiation extension",
            ),
            Self::Login(error) => error.report(),
            Self::Database | Self::NotAdmitted(RefusalReason::Database) => Report::fatal(
                SqlState::INVALID_CATALOG_NAME,
                "this database does not exist or is not offered by the gateway",
            )
            .hint(
                "Connect to a database that the gateway offers: those that `upstream.databases` in its \
                 lazaret.toml names. A client that names none asks for one that is called like its user.",
            ),
            Self::NotAdmitted(RefusalReason::ProviderUnavailable) => Report::fatal(
                SqlState::CANNOT_CONNECT_NOW,
                "the gateway can't check tokens at present",
            ),
            Self::NotAdmitted(_) => Report::fatal(
                SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
                "the gateway did not accept the token that was sent as the password",
            )
            .hint(
                "Send a fresh token of an issuer that the gateway trusts. Its log says why it refused \
                 this one.",
            ),
            Self::ClientProtocol(what) => Report::fatal(SqlState::PROTOCOL_VIOLATION, *what),
            Self::Unreachable(_) | Self::UpstreamPlaintext | Self::UpstreamLogin(_) => {
                Report::fatal(
                    SqlState::SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
                    "the gateway could not open its connection to the database",
                )
            }
            // What concerns the gateway's own credentials is not the client's to know.
            Self::UpstreamRefused(Some(sqlstate)) if !sqlstate.as_str().starts_with("28") => {
                let condition = condition(&Some(*sqlstate));
                let report = Report::fatal(
                    *sqlstate,
                    format!("the database refused the session: {condition}"),
                );
                match *sqlstate {
                    SqlState::INVALID_CATALOG_NAME => report.hint(
                        "The gateway offers this database and the server has none of that name: make \
                         it, or take the name out of `upstream.databases` in lazaret.toml.",
                    ),
                    _ => report,
                }
            }
            Self::UpstreamRefused(_) => Report::fatal(
                SqlState::SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
                "the gateway could not open its connection to the database",
            ),
            Self::UpstreamClosed => Report::fatal(
                SqlState::CONNECTION_FAILURE,
                "the database closed its connection to the gateway",
            ),
            Self::UpstreamProtocol(_) => Report::fatal(
                SqlState::PROTOCOL_VIOLATION,
                "the database sent a message that the gateway did not expect",
            ),
            Self::Unmaskable(MaskError::TooLarge(_)) => {
                Report::fatal(SqlState::PROGRAM_LIMIT_EXCEEDED, self.to_string())
            }
            Self::Unmaskable(MaskError::RowTooLarge) => {
                Report::fatal(SqlState::PROGRAM_LIMIT_EXCEEDED, self.to_string())
                    .hint("Leave the large columns out, or read these rows with SELECT.")
            }
            Self::Unmaskable(_) => Report::fatal(SqlState::PROTOCOL_VIOLATION, self.to_string()),
            Self::Unpinned(_) => Report::fatal(
                SqlState::CANT_CHANGE_RUNTIME_PARAM,
                "client_encoding must stay UTF8 and standard_conforming_strings on",
            ),
            Self::Expired => {
                Report::fatal(SqlState::ADMIN_SHUTDOWN, "the grant of this session has expired")
                    .hint("Connect again with a fresh token.")
            }
            Self::Revoked => {
                Report::fatal(SqlState::ADMIN_SHUTDOWN, "the grant of this session was revoked")
            }
            Self::Draining => Report::fatal(
                SqlState::ADMIN_SHUTDOWN,
                "terminating connection due to administrator command",
            ),
            Self::LogFull => {
                Report::fatal(SqlState::DISK_FULL, "the gateway has no room to record this session")
            }
        })
    }
}

impl From<crate::context::LogFull> for End {
    fn from(_: crate::context::LogFull) -> Self {
        Self::LogFull
    }
}

fn condition(sqlstate: &Option<SqlState>) -> String {
    let name = sqlstate.and_then(SqlState::condition).unwrap_or("unknown condition");
    name.replace('_', " ")
}
