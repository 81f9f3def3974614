//! A session between a scripted client and a scripted server, without sockets and clock.
//!
//! [`World`] is the shard loop's part: buffers, outboxes, effects and a log that lives in memory. The tests
//! of single rules speak both sides by hand; the simulation drives a client and a server
//! machine through splits, delays, reorderings and disconnects from a seed, and a checker looks at
//! all of it from outside.

mod catalog;
mod client;
mod database;
mod log;
mod messages;
mod random;
mod server;
mod world;

mod copy;
mod drive;
mod errors;
mod login;
mod masks;
mod policy;
mod portals;
mod tokens;
mod transparent;
