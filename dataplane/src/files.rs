//! The second executor: all that is slow or touches files, and the line to control.
//!
//! It gives each shard what it needs (settings, compiled snapshots, mapped segments, answers to
//! admissions, leases) and passes on what shards have for control. One task reads one
//! queue, into which shards, worker threads, the link and the signal handler write; so there is one
//! order of events and no lock.
//!
//! Without control nothing is admitted: a question is answered at once with a refusal. Sessions
//! that run go on until their lease ends, which each shard sees by itself.

mod fleet;
mod gather;
mod link;
mod mask_key;
mod serve;
mod workers;

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use glommio::{GlommioError, LocalExecutorBuilder, Placement, ReactorErrorKind};
use lazaret_audit::{BlankSegment, Identity};
use lazaret_link::{FromControl, FromDataplane, RefusalReason, SegmentFile, Settings, VaultToken};
use lazaret_policy::{Engine, Grant};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::channel::ConfigError;
use crate::limits::{ADMISSION_MS, DRAIN_MS, FAREWELL_MS, TOKENS_MS};
use crate::metrics::Status;
use crate::shard::accept::ListenError;
use crate::shard::letters::{FilesInbox, FilesPost, Letter, ToFiles, ToShard, files_post};
use crate::shard::slots::Key;
use crate::shard::{Accept, RingError, asking_shard};
use fleet::Fleet;
use gather::Gathering;
use link::Link;
use workers::Workers;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    #[error("{}", executor_mend(.0))]
    Executor(#[from] GlommioError<()>),
    #[error("{0}")]
    Listen(#[from] ListenError),
    #[error("{0}")]
    Tls(#[from] ConfigError),
    #[error("{0}")]
    UpstreamTls(#[from] lazaret_link::UpstreamTlsError),
    #[error("the upstream's host name {0:?} is not a name that a certificate can have")]
    UpstreamName(String),
    #[error("control's settings ask for {0} shards; 1 to {max} can be", max = crate::limits::SHARDS)]
    Shards(u16),
    #[error("the system can't be asked: {0}")]
    System(#[from] std::io::Error),
    #[error("control sent a snapshot before its settings")]
    OutOfOrder,
    #[error("shard {0} does not take its letters")]
    Stuck(u16),
    #[error("the metrics listener at {0} can't be opened ({1}): choose another port")]
    Metrics(SocketAddr, io::Error),
    #[error("{0}")]
    Worker(String),
    #[error("shard {shard} failed: {failure}")]
    Shard { shard: u16, failure: String },
}

/// Serves until drained.
pub(crate) fn run(control: &Path, accept: Accept) -> Result<(), FilesError> {
    let (post, inbox) = files_post();
    forward_signals(post.clone())?;
    let workers = Workers::start(post.clone())?;
    let executor = LocalExecutorBuilder::new(Placement::Unbound).name("files").make()?;
    executor.run(async move {
        let status = Rc::new(RefCell::new(Status::default()));
        let shards = gather::cores()?.len();
        let link = Link::start(control, u16::try_from(shards).unwrap_or(u16::MAX), post.clone());
        let files = Files {
            // Control keeps its folder closed to others; elsewhere no cache is believed.
            run_folder: control.parent().map(Path::to_owned),
            post,
            workers,
            link,
            status,
            accept,
            stage: Stage::Gathering(Gathering::default()),
            asked: HashMap::new(),
            wanted: HashMap::new(),
            resolving: Vec::new(),
            snapshot_version: 0,
            newest_segments: HashMap::new(),
            draining: false,
        };
        files.serve(inbox).await
    })
}

struct Files {
    /// Where control's socket is, and the compiled detectors are cached.
    run_folder: Option<PathBuf>,
    post: FilesPost,
    workers: Workers,
    link: Link,
    status: Rc<RefCell<Status>>,
    accept: Accept,
    stage: Stage,
    /// Admissions that control has not answered, since when.
    asked: HashMap<u64, Instant>,
    /// Questions to the vault that control has not answered, since when.
    wanted: HashMap<u64, Instant>,
    /// Sessions that wait for the upstream's name.
    resolving: Vec<(u16, Key)>,
    snapshot_version: u64,
    /// By shard, the index of the last segment that was opened.
    newest_segments: HashMap<u16, u64>,
    draining: bool,
}

enum Stage {
    /// Control has not sent all that is needed to begin.
    Gathering(Gathering),
    Serving(Fleet),
}

impl Files {
    async fn serve(mut self, inbox: FilesInbox) -> Result<(), FilesError> {
        while !self.is_over() {
            match inbox.next().await {
                ToFiles::Shard { shard, letter } => self.read(shard, letter).await?,
                ToFiles::ShardEnded { shard, failure } => self.shard_ended(shard, failure)?,
                ToFiles::Linked => self.linked().await?,
                ToFiles::Unlinked(reason) => self.unlinked(&reason).await?,
                ToFiles::Control(message) => self.obey(message).await?,
                ToFiles::SegmentOpened(segment) => self.give_segment(segment).await?,
                ToFiles::Compiled { shard, version, engine } => {
                    if version == self.snapshot_version {
                        self.give_engine(shard, engine).await?;
                    }
                }
                ToFiles::Resolved(addresses) => self.resolved(&addresses).await?,
                ToFiles::Failed(failure) => self.bear(failure)?,
                ToFiles::Terminate => self.drain(DRAIN_MS).await?,
            }
            self.begin_when_gathered()?;
        }
        self.link.say(FromDataplane::Drained);
        self.link.finish(Duration::from_millis(FAREWELL_MS)).await;
        Ok(())
    }

    /// All shards have ended, or none was begun and none is to be.
    fn is_over(&self) -> bool {
        match &self.stage {
            Stage::Gathering(_) => self.draining,
            Stage::Serving(fleet) => fleet.has_ended(),
        }
    }

    fn begin_when_gathered(&mut self) -> Result<(), FilesError> {
        let Stage::Gathering(gathering) = &mut self.stage else { return Ok(()) };
        let Some(gathered) = gathering.take_when_complete() else { return Ok(()) };
        serve::start(gathered.settings.metrics_listen, Rc::clone(&self.status))?;
        let fleet = Fleet::start(gathered, &self.post, self.accept, self.run_folder.as_deref())?;
        self.status.borrow_mut().shards = vec![Default::default(); fleet.len()];
        self.stage = Stage::Serving(fleet);
        Ok(())
    }

    /// What a shard says.
    async fn read(&mut self, shard: u16, letter: Letter) -> Result<(), FilesError> {
        match letter {
            Letter::Serving => {
                let Stage::Serving(fleet) = &mut self.stage else { return Ok(()) };
                if fleet.serves() {
                    tracing::info!(shards = fleet.len(), "serving");
                    self.status.borrow_mut().serving = true;
                    self.link.say(FromDataplane::Serving);
                }
            }
            Letter::Admit(admission) if self.link.is_up() => {
                self.asked.insert(admission.request, Instant::now());
                self.link.say(FromDataplane::Admit(admission));
            }
            Letter::Admit(admission) => {
                self.answer(admission.request, Err(RefusalReason::ProviderUnavailable)).await?;
            }
            Letter::Resolve { session } => {
                self.resolving.push((shard, session));
                if let [_] = self.resolving[..] {
                    let upstream = self.settings()?.upstream.clone();
                    self.workers.resolve(upstream);
                }
            }
            Letter::DeriveScramKey { session, password, salt, iterations } => {
                let Stage::Serving(fleet) = &self.stage else { return Ok(()) };
                if let Some(post) = fleet.post(shard) {
                    self.workers.derive(post.clone(), session, password, salt, iterations);
                }
            }
            Letter::Parse { session, text } => {
                let Stage::Serving(fleet) = &self.stage else { return Ok(()) };
                if let Some(post) = fleet.post(shard) {
                    self.workers.parse(post.clone(), session, text);
                }
            }
            Letter::SegmentWanted => self.link.say(FromDataplane::SegmentWanted { shard }),
            Letter::SegmentDone { index } => {
                self.link.say(FromDataplane::SegmentDone { shard, index });
            }
            Letter::CatalogStale { database } => {
                self.link.say(FromDataplane::CatalogStale { database });
            }
            Letter::SessionEnded { grant } => self.link.say(FromDataplane::SessionEnded { grant }),
            Letter::TokensWanted { request, grant, digests } if self.link.is_up() => {
                self.wanted.insert(request, Instant::now());
                self.link.say(FromDataplane::TokensWanted { request, grant, digests });
            }
            Letter::TokensWanted { request, .. } => self.give_tokens(request, Vec::new()).await?,
            Letter::Report(report) => {
                if let Some(place) = self.status.borrow_mut().shards.get_mut(usize::from(shard)) {
                    *place = *report;
                }
                self.give_up_asking().await?;
            }
        }
        Ok(())
    }

    /// What control says.
    async fn obey(&mut self, message: FromControl) -> Result<(), FilesError> {
        match message {
            FromControl::Settings(settings) => self.take_settings(*settings)?,
            FromControl::Snapshot(snapshot) => {
                self.snapshot_version = snapshot.version;
                let shards = self.shards()?;
                self.workers.compile(Arc::new(*snapshot), shards);
            }
            FromControl::Admitted { request, grant } => {
                if self.asked.remove(&request).is_some() {
                    self.answer(request, Ok(grant)).await?;
                } else {
                    self.link.say(FromDataplane::SessionEnded { grant: grant.id });
                }
            }
            FromControl::Refused { request, reason } => {
                if self.asked.remove(&request).is_some() {
                    self.answer(request, Err(reason)).await?;
                }
            }
            FromControl::Segment(file) => self.open_segment(file),
            FromControl::Tokens { request, tokens } => {
                if self.wanted.remove(&request).is_some() {
                    self.give_tokens(request, tokens).await?;
                }
            }
            FromControl::Rotate => self.tell_all(|| ToShard::Rotate).await?,
            FromControl::Lease { .. } => self.tell_all(|| ToShard::Lease).await?,
            FromControl::Drain { within_ms } => self.drain(within_ms).await?,
        }
        Ok(())
    }

    fn take_settings(&mut self, mut settings: Settings) -> Result<(), FilesError> {
        match &mut self.stage {
            Stage::Gathering(gathering) => {
                self.link.set_boot(settings.boot);
                let mut status = self.status.borrow_mut();
                status.node.clone_from(&settings.node);
                settings.tokens.key = mask_key::read(&settings.tokens.key_path);
                gathering.set(settings)
            }
            Stage::Serving(_) => {
                tracing::warn!("control sent settings again; they are read once, at the start");
                Ok(())
            }
        }
    }

    /// A control that came back sends what it can't know to have arrived.
    fn open_segment(&self, file: SegmentFile) {
        let newest = self.newest_segments.get(&file.shard);
        if newest.is_none_or(|newest| *newest < file.index) {
            self.workers.open_segment(file);
        }
    }

    async fn give_segment(&mut self, segment: BlankSegment) -> Result<(), FilesError> {
        let Identity { shard, index, .. } = *segment.identity();
        self.newest_segments.insert(shard, index);
        match &mut self.stage {
            Stage::Gathering(gathering) => {
                gathering.add_segment(segment);
                Ok(())
            }
            Stage::Serving(fleet) => fleet.tell(shard, ToShard::Segment(segment)).await,
        }
    }

    async fn give_engine(&mut self, shard: u16, engine: Box<Engine>) -> Result<(), FilesError> {
        match &mut self.stage {
            Stage::Gathering(gathering) => {
                gathering.add_engine(shard, *engine);
                Ok(())
            }
            Stage::Serving(fleet) => fleet.tell(shard, ToShard::Engine(engine)).await,
        }
    }

    async fn linked(&mut self) -> Result<(), FilesError> {
        self.status.borrow_mut().linked = true;
        if self.status.borrow().serving {
            self.link.say(FromDataplane::Serving);
        }
        self.tell_all(|| ToShard::Linked).await
    }

    /// Who waits for an answer of the control that is gone has it now.
    async fn unlinked(&mut self, reason: &io::Error) -> Result<(), FilesError> {
        if !self.draining {
            tracing::warn!(%reason, "control is gone; nothing new is admitted");
        }
        self.status.borrow_mut().linked = false;
        for (request, _) in std::mem::take(&mut self.asked) {
            self.answer(request, Err(RefusalReason::ProviderUnavailable)).await?;
        }
        for (request, _) in std::mem::take(&mut self.wanted) {
            self.give_tokens(request, Vec::new()).await?;
        }
        Ok(())
    }

    /// Control is there and says nothing. Looked at as often as shards report.
    async fn give_up_asking(&mut self) -> Result<(), FilesError> {
        for request in late(&mut self.asked, ADMISSION_MS) {
            self.answer(request, Err(RefusalReason::ProviderUnavailable)).await?;
        }
        for request in late(&mut self.wanted, TOKENS_MS) {
            self.give_tokens(request, Vec::new()).await?;
        }
        Ok(())
    }

    async fn give_tokens(
        &mut self,
        request: u64,
        tokens: Vec<Option<VaultToken>>,
    ) -> Result<(), FilesError> {
        let Stage::Serving(fleet) = &mut self.stage else { return Ok(()) };
        fleet.tell(asking_shard(request), ToShard::Tokens { request, tokens }).await
    }

    async fn answer(
        &mut self,
        request: u64,
        answer: Result<Grant, RefusalReason>,
    ) -> Result<(), FilesError> {
        let Stage::Serving(fleet) = &mut self.stage else { return Ok(()) };
        fleet.tell(asking_shard(request), ToShard::Admission { request, answer }).await
    }

    async fn resolved(
        &mut self,
        addresses: &Result<Vec<SocketAddr>, String>,
    ) -> Result<(), FilesError> {
        let Stage::Serving(fleet) = &mut self.stage else { return Ok(()) };
        for (shard, session) in self.resolving.drain(..) {
            let letter = ToShard::Resolved { session, addresses: addresses.clone() };
            fleet.tell(shard, letter).await?;
        }
        Ok(())
    }

    async fn drain(&mut self, within_ms: u64) -> Result<(), FilesError> {
        self.draining = true;
        self.status.borrow_mut().serving = false;
        self.tell_all(|| ToShard::Drain { within_ms }).await
    }

    async fn tell_all(&mut self, letter: impl Fn() -> ToShard) -> Result<(), FilesError> {
        let Stage::Serving(fleet) = &mut self.stage else { return Ok(()) };
        fleet.tell_all(letter).await
    }

    fn shard_ended(&mut self, shard: u16, failure: Option<String>) -> Result<(), FilesError> {
        if let Some(failure) = failure {
            return Err(FilesError::Shard { shard, failure });
        }
        if let Stage::Serving(fleet) = &mut self.stage {
            fleet.ended(shard);
        }
        Ok(())
    }

    /// Without its first segment and snapshot there is nothing to serve with; later, the old ones
    /// stay in force.
    fn bear(&self, failure: String) -> Result<(), FilesError> {
        match self.stage {
            Stage::Gathering(_) => Err(FilesError::Worker(failure)),
            Stage::Serving(_) => {
                tracing::error!("{failure}");
                Ok(())
            }
        }
    }

    fn settings(&self) -> Result<&Settings, FilesError> {
        let settings = match &self.stage {
            Stage::Gathering(gathering) => gathering.settings(),
            Stage::Serving(fleet) => Some(fleet.settings()),
        };
        settings.ok_or(FilesError::OutOfOrder)
    }

    fn shards(&self) -> Result<u16, FilesError> {
        match &self.stage {
            Stage::Gathering(gathering) => gathering.shards().ok_or(FilesError::OutOfOrder),
            Stage::Serving(fleet) => Ok(u16::try_from(fleet.len()).unwrap_or(u16::MAX)),
        }
    }
}

/// Takes the questions away that have waited for so long.
fn late(asked: &mut HashMap<u64, Instant>, patience_ms: u64) -> Vec<u64> {
    let patience = Duration::from_millis(patience_ms);
    let late = asked.extract_if(|_, since| since.elapsed() >= patience);
    late.map(|(request, _)| request).collect()
}

/// Signals come in on a thread of their own: handlers may do next to nothing.
fn forward_signals(post: FilesPost) -> Result<(), FilesError> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for _ in signals.forever() {
            post.send_waiting(ToFiles::Terminate);
        }
    })?;
    Ok(())
}

fn executor_mend(error: &GlommioError<()>) -> String {
    match error {
        GlommioError::ReactorError(ReactorErrorKind::MemLockLimit(now, needed)) => format!(
            "the memlock limit is {now} bytes and {needed} are needed: raise it (ulimit -l, \
             LimitMEMLOCK= in systemd)"
        ),
        GlommioError::IoError(error) => match error.raw_os_error() {
            Some(code) => RingError::from_setup(io::Error::from_raw_os_error(code)).to_string(),
            None => error.to_string(),
        },
        other => other.to_string(),
    }
}
