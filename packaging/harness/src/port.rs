//! Free ports on 127.0.0.1.
//!
//! They are taken below the range from which the kernel picks source ports, so that no outgoing
//! connection of a test can sit on one between the check and its use, and from a different start in
//! each process, so that concurrent test binaries rarely meet.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::HarnessError;

const FIRST: u32 = 10_000;
/// The kernel's own range begins at 32,768; the gateway takes ports up to 58 above its base.
const COUNT: u32 = 22_000;

/// The distances of control's and the metrics' listener from the PostgreSQL listener.
pub(crate) const CONTROL_OFFSET: u16 = 48;
pub(crate) const METRICS_OFFSET: u16 = 58;

pub fn free_port() -> Result<u16, HarnessError> {
    search(&[0])
}

/// A port for the gateway's `--port-base`: it, and the two that go with it, are free.
pub fn free_port_base() -> Result<u16, HarnessError> {
    search(&[0, CONTROL_OFFSET, METRICS_OFFSET])
}

fn search(offsets: &[u16]) -> Result<u16, HarnessError> {
    (0..COUNT)
        .map(|_| candidate())
        .find(|port| offsets.iter().all(|offset| is_free(port + offset)))
        .ok_or(HarnessError::NoPort)
}

fn candidate() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // An odd stride far from any small one visits the whole range, each process on its own path.
    let step = NEXT.fetch_add(1, Ordering::Relaxed);
    let start = std::process::id().wrapping_mul(7919);
    let port = FIRST + start.wrapping_add(step.wrapping_mul(61)) % COUNT;
    u16::try_from(port).unwrap_or(u16::MAX - METRICS_OFFSET)
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_leaves_room_for_the_three_listeners() {
        let base = free_port_base().unwrap();
        let _held: Vec<_> = [0, CONTROL_OFFSET, METRICS_OFFSET]
            .iter()
            .map(|offset| TcpListener::bind((Ipv4Addr::LOCALHOST, base + offset)).unwrap())
            .collect();
    }

    #[test]
    fn a_taken_port_is_not_offered() {
        let port = free_port().unwrap();
        let _held = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        assert!(!is_free(port));
    }
}
