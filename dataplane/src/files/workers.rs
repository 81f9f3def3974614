//! Threads for what blocks for milliseconds or more.
//!
//! Segments have a thread of their own, which keeps their order and is never behind a name that does
//! not resolve. So have long texts of SQL: who sends many of them holds up no login. Results go where they
//! are needed as letters.

use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::thread;

use aws_lc_rs::pbkdf2;
use crossbeam::channel::{Sender, bounded};
use lazaret_audit::BlankSegment;
use lazaret_link::{Secret, SegmentFile};
use lazaret_policy::{Engine, Snapshot};
use lazaret_sql::ParseError;

use crate::limits::{QUEUE_MESSAGES, WORKERS};
use crate::shard::letters::{FilesPost, ShardPost, ToFiles, ToShard};
use crate::shard::slots::Key;

type Job = Box<dyn FnOnce(&FilesPost) + Send>;

pub(super) struct Workers {
    jobs: Sender<Job>,
    segments: Sender<Job>,
    texts: Sender<Job>,
}

impl Workers {
    pub(super) fn start(files: FilesPost) -> std::io::Result<Self> {
        let jobs = pool("worker", WORKERS, &files)?;
        let segments = pool("segments", 1, &files)?;
        let texts = pool("parser", 1, &files)?;
        Ok(Self { jobs, segments, texts })
    }

    /// Maps and populates a prepared segment.
    pub(super) fn open_segment(&self, file: SegmentFile) {
        give(&self.segments, move |files| {
            files.send_waiting(match BlankSegment::open(&file.path) {
                Ok(segment) => ToFiles::SegmentOpened(segment),
                Err(error) => {
                    let path = file.path.display();
                    ToFiles::Failed(format!("the segment {path} can't be opened: {error}"))
                }
            });
        });
    }

    /// Compiles a snapshot for each shard.
    pub(super) fn compile(&self, snapshot: Arc<Snapshot>, shards: u16) {
        give(&self.jobs, move |files| {
            for shard in 0..shards {
                match Engine::compile(Arc::clone(&snapshot)) {
                    Ok(engine) => files.send_waiting(ToFiles::Compiled {
                        shard,
                        version: snapshot.version,
                        engine: Box::new(engine),
                    }),
                    Err(error) => {
                        let version = snapshot.version;
                        let failure = format!("snapshot {version} does not compile: {error}");
                        return files.send_waiting(ToFiles::Failed(failure));
                    }
                }
            }
        });
    }

    /// `host:port` to its addresses.
    pub(super) fn resolve(&self, upstream: String) {
        give(&self.jobs, move |files| {
            let addresses = upstream.to_socket_addrs().map(Iterator::collect::<Vec<SocketAddr>>);
            files.send_waiting(ToFiles::Resolved(addresses.map_err(|error| error.to_string())));
        });
    }

    /// SaltedPassword of RFC 5802.
    pub(super) fn derive(
        &self,
        post: ShardPost,
        session: Key,
        password: Secret,
        salt: Vec<u8>,
        iterations: u32,
    ) {
        give(&self.jobs, move |_| {
            let Some(iterations) = NonZeroU32::new(iterations) else { return };
            let mut key = [0; 32];
            let password = password.expose().as_bytes();
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, &salt, password, &mut key);
            if post.send(ToShard::ScramKey { session, key }).is_err() {
                tracing::warn!("a salted password was lost: the shard is too busy");
            }
        });
    }

    /// A text of SQL to its statements.
    pub(super) fn parse(&self, post: ShardPost, session: Key, text: Box<str>) {
        // Who waits for it has no time limit of its own, so there is always an answer.
        if self.texts.is_full() {
            let parsed = Err(ParseError::Unparsable("too many long texts wait to be read"));
            let _ = post.send(ToShard::Parsed { session, text, parsed });
            return;
        }
        give(&self.texts, move |_| {
            let parsed = catch_unwind(|| lazaret_sql::parse(&text))
                .unwrap_or(Err(ParseError::Unparsable("the parser failed")));
            if post.send(ToShard::Parsed { session, text, parsed }).is_err() {
                tracing::warn!("a parsed text was lost: the shard is too busy");
            }
        });
    }
}

fn pool(name: &str, threads: usize, files: &FilesPost) -> std::io::Result<Sender<Job>> {
    let (sender, receiver) = bounded::<Job>(QUEUE_MESSAGES);
    for _ in 0..threads {
        let (receiver, files) = (receiver.clone(), files.clone());
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            for job in receiver {
                job(&files);
            }
        })?;
    }
    Ok(sender)
}

fn give(queue: &Sender<Job>, job: impl FnOnce(&FilesPost) + Send + 'static) {
    if queue.try_send(Box::new(job)).is_err() {
        // Who waits for it runs into its own time limit.
        tracing::error!("a job was dropped: the workers are too far behind");
    }
}
