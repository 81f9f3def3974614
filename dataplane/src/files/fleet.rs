//! The running shards: started, spoken to, and missed when they end.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam::channel::TrySendError;
use glommio::timer::sleep;
use glommio::{ExecutorJoinHandle, LocalExecutorBuilder, Placement};
use lazaret_detectors::Pack;
use lazaret_link::Settings;
use rustix::process::Resource;
use rustls::pki_types::ServerName;

use crate::channel::server_config;
use crate::files::gather::{Gathered, cores};
use crate::files::{FilesError, executor_mend};
use crate::limits::STUCK_MS;
use crate::shard::accept::Listener;
use crate::shard::letters::{FilesPost, ShardInbox, ShardPost, ToFiles, ToShard, shard_post};
use crate::shard::{Accept, Shard, ShardError, Start, Tls};

pub(super) struct Fleet {
    settings: Arc<Settings>,
    posts: Arc<[ShardPost]>,
    serving: usize,
    running: Vec<bool>,
}

impl Fleet {
    pub(super) fn start(
        gathered: Gathered,
        files: &FilesPost,
        accept: Accept,
        cache: Option<&Path>,
    ) -> Result<Self, FilesError> {
        let Gathered { settings, shards } = gathered;
        let tls = tls(&settings)?;
        warn_of_open_files(&settings);
        let pack = Pack::load_with(&settings.site, cache)
            .map_err(|error| FilesError::Worker(error.to_string()))?;
        let mut listeners = listeners(&settings)?;
        let cores = cores()?;
        let loads: Arc<[AtomicU32]> = shards.iter().map(|_| AtomicU32::new(0)).collect();
        let ends = shards.iter().map(|_| shard_post()).collect::<Result<Vec<_>, _>>()?;
        let (posts, inboxes): (Vec<ShardPost>, Vec<ShardInbox>) = ends.into_iter().unzip();
        let peers: Arc<[ShardPost]> = posts.into();
        for ((index, provisions), inbox) in (0..).zip(shards).zip(inboxes) {
            for segment in provisions.further_segments {
                // An empty queue takes it.
                let _ = peers[usize::from(index)].send(ToShard::Segment(segment));
            }
            let start = Start {
                index,
                settings: Arc::clone(&settings),
                tls: tls.clone(),
                engine: provisions.engine,
                pack: Arc::clone(&pack),
                first_segment: provisions.first_segment,
                inbox,
                files: files.clone(),
                peers: Arc::clone(&peers),
                loads: Arc::clone(&loads),
                // The first shard takes them all.
                listeners: std::mem::take(&mut listeners),
                accept,
            };
            launch(start, cores[usize::from(index) % cores.len()], files.clone())?;
        }
        let running = vec![true; peers.len()];
        Ok(Self { settings, posts: peers, serving: 0, running })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn len(&self) -> usize {
        self.posts.len()
    }

    pub(super) fn post(&self, shard: u16) -> Option<&ShardPost> {
        self.posts.get(usize::from(shard))
    }

    /// One more shard serves; true when all do.
    pub(super) fn serves(&mut self) -> bool {
        self.serving += 1;
        self.serving == self.posts.len()
    }

    pub(super) fn ended(&mut self, shard: u16) {
        if let Some(running) = self.running.get_mut(usize::from(shard)) {
            *running = false;
        }
    }

    pub(super) fn has_ended(&self) -> bool {
        !self.running.contains(&true)
    }

    /// Waits while the shard is behind.
    pub(super) async fn tell(&self, shard: u16, mut letter: ToShard) -> Result<(), FilesError> {
        let Some(post) = self.post(shard) else { return Ok(()) };
        let until = Instant::now() + Duration::from_millis(STUCK_MS);
        while self.running[usize::from(shard)] {
            letter = match post.send(letter) {
                Err(TrySendError::Full(back)) => back,
                // Gone, and the letter that says so waits behind this one.
                Err(TrySendError::Disconnected(_)) | Ok(()) => return Ok(()),
            };
            if Instant::now() > until {
                return Err(FilesError::Stuck(shard));
            }
            sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    pub(super) async fn tell_all(&self, letter: impl Fn() -> ToShard) -> Result<(), FilesError> {
        for shard in (0..).take(self.posts.len()) {
            self.tell(shard, letter()).await?;
        }
        Ok(())
    }
}

/// Accepting fails, for all, when descriptors run out.
fn warn_of_open_files(settings: &Settings) {
    let limit = rustix::process::getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let needed = 2 * u64::from(settings.max_sessions) + OTHER_FILES;
    if limit < needed {
        tracing::warn!(
            limit,
            needed,
            "max_sessions needs more open files than are allowed; raise ulimit -n or LimitNOFILE="
        );
    }
}

fn tls(settings: &Settings) -> Result<Tls, FilesError> {
    let client = settings.upstream_tls.client_config()?;
    let host_name = &settings.upstream_host_name;
    let name = match &client {
        None => None,
        Some(_) => Some(
            ServerName::try_from(host_name.clone())
                .map_err(|_| FilesError::UpstreamName(host_name.clone()))?,
        ),
    };
    Ok(Tls { server: settings.tls.as_ref().map(server_config).transpose()?, client, name })
}

fn listeners(settings: &Settings) -> Result<Vec<Listener>, FilesError> {
    let tcp = settings.listen.iter().map(|address| Listener::tcp(*address));
    let unix = settings.listen_unix.iter().map(|path| Listener::unix(path));
    Ok(tcp.chain(unix).collect::<Result<_, _>>()?)
}

/// glommio pins the thread and runs it; within, the shard waits in its own ring alone.
fn launch(start: Start, core: usize, files: FilesPost) -> Result<(), FilesError> {
    let shard = start.index;
    let handle = LocalExecutorBuilder::new(Placement::Fixed(core))
        .name("shard")
        .io_memory(0)
        .ring_depth(EXECUTOR_RING_ENTRIES)
        .spawn(move || async move { Shard::start(start)?.run() })?;
    thread::Builder::new().name(format!("watch-{shard}")).spawn(move || {
        files.send_waiting(ToFiles::ShardEnded { shard, failure: failure(handle) });
    })?;
    Ok(())
}

/// Waits for a shard's end.
fn failure(handle: ExecutorJoinHandle<Result<(), ShardError>>) -> Option<String> {
    match handle.join() {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(error) => Some(executor_mend(&error)),
    }
}

/// Rings, segments, listeners, the link and what else a process has open.
const OTHER_FILES: u64 = 256;

/// Nothing but the shard's one task uses the executor's own rings.
const EXECUTOR_RING_ENTRIES: usize = 8;
