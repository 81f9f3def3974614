//! The line to control: connected, lost, connected again.
//!
//! What the data plane says waits while control is gone. Whoever asks something that needs an answer
//! looks at `is_up` first.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use futures_lite::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use glommio::net::UnixStream;
use glommio::timer::sleep;
use glommio::{Task, spawn_local};
use lazaret_link::{FromDataplane, PROTOCOL, decode, encode};

use crate::limits::{LINK_MESSAGES, RECONNECT_MAX_MS, RECONNECT_MIN_MS};
use crate::shard::letters::{FilesPost, ToFiles};

pub(super) struct Link {
    shared: Rc<Shared>,
    _keeper: Task<()>,
}

struct Shared {
    path: PathBuf,
    shards: u16,
    boot: Cell<Option<u64>>,
    up: Cell<bool>,
    /// Said and not yet handed to the kernel.
    waiting: RefCell<VecDeque<FromDataplane>>,
    writer: RefCell<Option<Waker>>,
}

impl Link {
    /// Keeps a connection up; what comes in goes to `files`.
    pub(super) fn start(control: &Path, shards: u16, files: FilesPost) -> Self {
        let shared = Rc::new(Shared {
            path: control.to_owned(),
            shards,
            boot: Cell::new(None),
            up: Cell::new(false),
            waiting: RefCell::default(),
            writer: RefCell::default(),
        });
        let keeper = spawn_local(keep(Rc::clone(&shared), files));
        Self { shared, _keeper: keeper }
    }

    pub(super) fn is_up(&self) -> bool {
        self.shared.up.get()
    }

    /// From now on control is told which boot this is.
    pub(super) fn set_boot(&self, boot: u64) {
        self.shared.boot.set(Some(boot));
    }

    /// Never waits.
    pub(super) fn say(&self, message: FromDataplane) {
        let mut waiting = self.shared.waiting.borrow_mut();
        if waiting.len() >= LINK_MESSAGES {
            waiting.pop_front();
        }
        waiting.push_back(message);
        if let Some(writer) = self.shared.writer.borrow_mut().take() {
            writer.wake();
        }
    }

    /// Gives what was said last a chance to leave.
    pub(super) async fn finish(&self, patience: Duration) {
        let until = Instant::now() + patience;
        let pending = || self.is_up() && !self.shared.waiting.borrow().is_empty();
        while pending() && Instant::now() < until {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn keep(shared: Rc<Shared>, files: FilesPost) {
    let mut pause_ms = RECONNECT_MIN_MS;
    loop {
        match UnixStream::connect(&shared.path).await {
            Ok(stream) => {
                let since = Instant::now();
                let end = converse(&shared, stream, &files).await;
                shared.up.set(false);
                // One that ends at once is no connection: to come back faster would not help.
                if since.elapsed() >= Duration::from_millis(RECONNECT_MAX_MS) {
                    pause_ms = RECONNECT_MIN_MS;
                }
                tell(&files, ToFiles::Unlinked(end)).await;
            }
            Err(error) => tracing::debug!(%error, "control can't be reached"),
        }
        sleep(Duration::from_millis(pause_ms)).await;
        pause_ms = (pause_ms * 2).min(RECONNECT_MAX_MS);
    }
}

/// One connection, until it ends.
async fn converse(shared: &Rc<Shared>, stream: UnixStream, files: &FilesPost) -> io::Error {
    let (reader, mut writer) = split(stream);
    let hello = FromDataplane::Hello {
        protocol: PROTOCOL,
        pid: std::process::id(),
        boot: shared.boot.get(),
        shards: shared.shards,
    };
    if let Err(error) = send(&mut writer, &hello).await {
        return error;
    }
    shared.up.set(true);
    tell(files, ToFiles::Linked).await;
    let writing = spawn_local(write(Rc::clone(shared), writer));
    let end = read(reader, files).await;
    writing.cancel().await;
    end
}

async fn read(mut reader: ReadHalf<UnixStream>, files: &FilesPost) -> io::Error {
    let mut input = Vec::new();
    let mut chunk = vec![0; 64 << 10];
    loop {
        match reader.read(&mut chunk).await {
            Ok(0) => return io::ErrorKind::UnexpectedEof.into(),
            Ok(count) => input.extend_from_slice(&chunk[..count]),
            Err(error) => return error,
        }
        let mut taken = 0;
        loop {
            match decode(&input[taken..]) {
                Ok(Some((message, length))) => {
                    taken += length;
                    tell(files, ToFiles::Control(message)).await;
                }
                Ok(None) => break,
                Err(error) => return io::Error::other(error),
            }
        }
        input.drain(..taken);
    }
}

async fn write(shared: Rc<Shared>, mut writer: WriteHalf<UnixStream>) {
    loop {
        poll_fn(|context| {
            if shared.waiting.borrow().is_empty() {
                *shared.writer.borrow_mut() = Some(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
        // It leaves the queue when the kernel has it, so that the next connection says it again.
        let frame = shared.waiting.borrow().front().map(frame);
        let Some(frame) = frame else { continue };
        match frame {
            Ok(bytes) if writer.write_all(&bytes).await.is_err() => return,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "a message to control was dropped"),
        }
        shared.waiting.borrow_mut().pop_front();
    }
}

async fn send(writer: &mut WriteHalf<UnixStream>, message: &FromDataplane) -> io::Result<()> {
    writer.write_all(&frame(message)?).await
}

fn frame(message: &FromDataplane) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    encode(message, &mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}

/// The files executor reads its queue on this very thread, so waiting means letting it.
async fn tell(files: &FilesPost, mut letter: ToFiles) {
    while let Err(back) = files.send(letter) {
        letter = back;
        sleep(Duration::from_millis(1)).await;
    }
}
