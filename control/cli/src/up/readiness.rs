//! Asks control whether the gateway serves.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(2);
const INTERVAL: Duration = Duration::from_millis(20);

/// Returns when `/readyz` of control answers 200.
pub(super) fn wait(control: SocketAddr) {
    while !matches!(ask(control), Ok(true)) {
        thread::sleep(INTERVAL);
    }
}

/// RFC 1945: one request, and the answer ends with the connection.
fn ask(control: SocketAddr) -> io::Result<bool> {
    let mut stream = TcpStream::connect_timeout(&control, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(b"GET /readyz HTTP/1.0\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(status.ends_with(b" 200"))
}
