//! Throw-away counterparts for the demo, the tests and the measurements: PostgreSQL servers,
//! pgbouncer and the gateway itself, each on a free loopback port in a temporary folder.
//!
//! What is started here is stopped by process id when its value is dropped, and by the kernel when
//! this process dies without dropping it, so nothing is left running. All of it needs Linux and what
//! `cargo xtask setup` installs.

#![forbid(unsafe_code)]

mod certificates;
mod error;
mod gateway;
pub mod metrics_page;
pub mod patients;
mod pgbouncer;
mod port;
mod postgres;
mod process;
pub mod tree;
pub mod wire;

pub use certificates::Certificates;
pub use error::HarnessError;
pub use gateway::{Gateway, GatewayOptions};
pub use pgbouncer::Pgbouncer;
pub use port::{free_port, free_port_base};
pub use postgres::{Authentication, Installation, Postgres, PostgresOptions};
pub use process::{
    Account, Lifetime, Process, Usage, freeze_process, raise_open_files, run, signal_process,
    usage_of,
};
pub use rustix::process::Signal;
