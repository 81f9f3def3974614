//! The upstream as control sees it: a connection of the service user's, the catalog read over it, and
//! samples of its rows.
//!
//! A library, for `lazaret check` and `lazaret classify` do once what control keeps doing.

#![forbid(unsafe_code)]

mod catalog;
mod connection;
mod sample;

pub use catalog::CatalogReader;
pub use connection::UpstreamError;
pub use sample::{Sample, Sampler};
