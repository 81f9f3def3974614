//! Listens on a connection: passes bytes on as they are, and keeps the messages of both sides.
//!
//! A message is kept before it is passed on, so what is kept of a session is in the order in which it happened. For
//! plaintext only. One thread a direction: it serves tests, not users.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::session::{Message, Session, Side};

/// A listener in front of a port. Dropping it closes the listener; sessions end when their clients do.
pub(super) struct Tap {
    port: u16,
    stopped: Arc<AtomicBool>,
    sessions: Sessions,
}

type Kept = Arc<Mutex<Session>>;
type Sessions = Arc<Mutex<Vec<Kept>>>;

impl Tap {
    pub(super) fn before(target: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let (stopped, sessions) = (Arc::<AtomicBool>::default(), Sessions::default());
        let tap = Self { port, stopped: stopped.clone(), sessions: sessions.clone() };
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // A client that is dropped sees what a refusal looks like.
                let _ = serve(client, target, &sessions);
            }
        });
        Ok(tap)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The sessions so far, in the order in which they were opened.
    pub(super) fn sessions(&self) -> Vec<Session> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let whole = |kept: &Kept| kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        sessions.iter().map(whole).collect()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

fn serve(client: TcpStream, target: u16, sessions: &Sessions) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, target))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let kept = Kept::default();
    sessions.lock().unwrap_or_else(PoisonError::into_inner).push(kept.clone());
    let (from, to) = (client.try_clone()?, server.try_clone()?);
    let requests = Pump { side: Side::Client, frames: Frames::of_a_client(), kept: kept.clone() };
    let replies = Pump { side: Side::Server, frames: Frames::of_a_server(), kept };
    thread::spawn(move || requests.run(from, to));
    thread::spawn(move || replies.run(server, client));
    Ok(())
}

/// One direction.
struct Pump {
    side: Side,
    frames: Frames,
    kept: Kept,
}

impl Pump {
    fn run(mut self, mut from: TcpStream, mut to: TcpStream) {
        let mut chunk = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut chunk) {
            let (Some(bytes), side) = (chunk.get(..count), self.side) else { break };
            self.frames.push(bytes, |kind, body| {
                let mut session = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                session.keep(Message { side, kind, body });
            });
            if to.write_all(bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
        let _ = from.shutdown(Shutdown::Read);
    }
}

/// Cuts a stream into messages.
struct Frames {
    bytes: Vec<u8>,
    /// The first message of a client has no type.
    is_untyped: bool,
}

impl Frames {
    fn of_a_client() -> Self {
        Self { bytes: Vec::new(), is_untyped: true }
    }

    fn of_a_server() -> Self {
        Self { bytes: Vec::new(), is_untyped: false }
    }

    fn push(&mut self, bytes: &[u8], mut message: impl FnMut(u8, Vec<u8>)) {
        self.bytes.extend_from_slice(bytes);
        let mut taken = 0;
        while let Some((kind, body, len)) = self.next(taken) {
            message(kind, body);
            taken += len;
            self.is_untyped = false;
        }
        self.bytes.drain(..taken);
    }

    /// The message at `at`, and how long it is with its header.
    fn next(&self, at: usize) -> Option<(u8, Vec<u8>, usize)> {
        let rest = self.bytes.get(at..)?;
        let (kind, rest, header) = match self.is_untyped {
            true => (Session::STARTUP, rest, 0),
            false => (*rest.first()?, rest.get(1..)?, 1),
        };
        let length = u32::from_be_bytes(*rest.first_chunk()?) as usize;
        let body = rest.get(4..length)?;
        Some((kind, body.to_vec(), header + length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_cut_out_wherever_the_stream_is_split() {
        let stream = b"\0\0\0\x08\0\x03\0\0Q\0\0\0\x07hi\0X\0\0\0\x04";
        for split in 0..stream.len() {
            let (mut frames, mut kinds) = (Frames::of_a_client(), Vec::new());
            for part in [&stream[..split], &stream[split..]] {
                frames.push(part, |kind, body| kinds.push((kind, body.len())));
            }
            assert_eq!(kinds, [(Session::STARTUP, 4), (b'Q', 3), (b'X', 0)], "split at {split}");
        }
    }
}
