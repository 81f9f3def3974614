//! PostgreSQL frontend/backend protocol 3.0 and 3.2
//! (<https://www.postgresql.org/docs/current/protocol.html>).
//!
//! A byte stream is first cut into frames ([`frame`], or [`startup`] for a connection's first
//! packets), then a frame's body is read by [`frontend::Message`] (what a client sends) or
//! [`backend::Message`] (what a server sends). Messages borrow from the frame: nothing is copied,
//! strings are bytes because a peer may send any, and lists are checked once, so that walking them
//! can't fail. A malformed message leaves the framing intact, so its receiver may answer
//! with an error and go on; a malformed frame ends the connection.
//!
//! Nothing here knows in which order messages may come: that is the session's.

pub mod backend;
pub mod error;
pub mod frame;
pub mod frontend;
pub mod md5;
pub mod scram;
pub mod sqlstate;
pub mod startup;
pub mod types;

mod encode;
mod list;
mod read;
#[cfg(test)]
mod tests;

pub use list::{Cells, Formats, Oids};
pub use read::MessageError;

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Text,
    Binary,
}

impl Format {
    pub const fn code(self) -> i16 {
        match self {
            Self::Text => 0,
            Self::Binary => 1,
        }
    }

    pub const fn from_code(code: i16) -> Option<Self> {
        match code {
            0 => Some(Self::Text),
            1 => Some(Self::Binary),
            _ => None,
        }
    }
}
