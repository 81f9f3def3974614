//! Messages of `lazaret-link` over a stream.

use std::io;

use lazaret_link::{FrameError, FromControl, FromDataplane, decode, encode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Frame(#[from] FrameError),
}

pub(crate) struct Incoming {
    stream: OwnedReadHalf,
    buffer: Vec<u8>,
}

impl Incoming {
    pub(crate) fn new(stream: OwnedReadHalf) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// The next message; `None` when the peer is gone. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Result<Option<FromDataplane>, LinkError> {
        loop {
            if let Some((message, taken)) = decode(&self.buffer)? {
                self.buffer.drain(..taken);
                return Ok(Some(message));
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

/// Writes what comes through the queue until it is closed or the peer is gone.
pub(crate) async fn write_all(
    mut stream: OwnedWriteHalf,
    mut queue: mpsc::Receiver<FromControl>,
) -> Result<(), LinkError> {
    let mut frame = Vec::new();
    while let Some(message) = queue.recv().await {
        frame.clear();
        encode(&message, &mut frame)?;
        stream.write_all(&frame).await?;
    }
    Ok(())
}
