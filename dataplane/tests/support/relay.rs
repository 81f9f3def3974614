//! A relay between the gateway and the server that splits the server's bytes as finely as asked.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

pub(crate) struct Relay {
    port: u16,
}

impl Relay {
    /// Forwards to `upstream`; what comes back is written `bytes` at a time, each in a packet of its own.
    pub(crate) fn start(upstream: u16, bytes: usize) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream)).unwrap();
                forward(client.try_clone().unwrap(), server.try_clone().unwrap(), usize::MAX);
                forward(server, client, bytes);
            }
        });
        Self { port }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, bytes: usize) {
    to.set_nodelay(true).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            for piece in buffer[..count].chunks(bytes) {
                if to.write_all(piece).is_err() {
                    return;
                }
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}
