//! Whether the listeners' addresses can be had, unless the gateway itself has them now.

use std::net::SocketAddr;

use lazaret_config::Problem;

use super::Subject;
use crate::listeners;

pub(super) fn problems(subject: &Subject) -> Vec<Problem> {
    if is_up(subject) {
        return Vec::new();
    }
    let addresses = subject.config.listen.addresses();
    addresses.iter().filter_map(|(keys, address)| refusal(subject, keys, *address)).collect()
}

fn refusal(subject: &Subject, keys: &[String], address: SocketAddr) -> Option<Problem> {
    let error = listeners::refusal(address)?;
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let message = format!("can't listen on {address}: {error}");
    Some(subject.source.problem(&keys, message, "end what listens there, or name another address"))
}

/// `lazaret up` and control hold locks while they run.
fn is_up(subject: &Subject) -> bool {
    let layout = &subject.config.layout;
    [layout.up_lock(), layout.control_lock()].iter().any(|path| listeners::is_locked(path))
}
