//! The upstream as control sees it: a connection of the service user's, and the catalog read over it.
//!
//! A library, for `lazaret check` does once what control keeps doing.

#![forbid(unsafe_code)]

mod catalog;

pub use catalog::{CatalogError, CatalogReader};
