//! `lazaret.toml`: what it may say, and what that means on this machine.
//!
//! Two steps. [`File::parse`] is pure: text in, shapes out. [`resolve`] looks at the world once
//! (environment, files) and gives a [`Config`] in which paths are absolute, secrets are loaded and
//! nothing is left to be asked. Every refusal is a [`Problem`] that names file, line, column and
//! the mend, and resolving goes on to find them all. `REFERENCE.md` beside this crate lists every
//! key; a test generates it from the shapes.
//!
//! It does not write configuration but for the [`template`], and opens no socket.

#![forbid(unsafe_code)]

pub mod class_name;
mod config;
mod detectors;
mod file;
mod layout;
mod policy_files;
mod problem;
mod resolve;
mod syntax;
mod template;
mod upstream_url;
mod world;

#[cfg(test)]
mod reference;

pub use class_name::class_line;
pub use config::{
    Config, Issuer, Limits, Listen, Policy, Recording, ServerTls, Upstream, UpstreamHost, Witness,
};
pub use detectors::load_site;
pub use file::File;
pub use layout::Layout;
pub use policy_files::{PolicyFilesError, read_policies};
pub use problem::{Place, Problem, Problems, Source};
pub use resolve::{is_name, load, resolve};
pub use template::{Answers, template};
pub use upstream_url::{UpstreamUrl, UrlError};
pub use world::{Machine, World};
