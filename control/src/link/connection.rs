//! One connection of a data plane, from Hello to its end.

use std::sync::Arc;
use std::time::Duration;

use lazaret_link::{
    Admission, FromControl, FromDataplane, PROTOCOL, RefusalReason, SegmentFile, ValueDigest,
};
use lazaret_policy::Snapshot;
use tokio::net::UnixStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::framing::{Incoming, LinkError, write_all};
use super::{Office, Seat, until};
use crate::limits::{ADMISSIONS_IN_FLIGHT, CATALOG_PATIENCE, HELLO_TIMEOUT, LINK_QUEUE};
use crate::segments::CustodyError;
use crate::settings::settings;
use crate::store::StoreError;

/// Why a connection could not begin, or ended otherwise than by the peer's leaving.
#[derive(Debug, thiserror::Error)]
enum ConnectionError {
    #[error("{0}")]
    Link(#[from] LinkError),
    #[error("no Hello within {} s", HELLO_TIMEOUT.as_secs())]
    NoHello,
    #[error("it speaks protocol {0}, and this build {PROTOCOL}: restart both")]
    Protocol(u32),
    #[error("it repeats boot {boot}, but {newest} has begun since")]
    OldBoot { boot: u64, newest: u64 },
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("segments: {0}")]
    Custody(#[from] CustodyError),
}

/// The first message of a data plane.
struct Hello {
    pid: u32,
    boot: Option<u64>,
    shards: u16,
}

/// How a data plane went.
enum Left {
    Drained,
    /// Without a word: it died, or was cut off.
    Gone,
}

pub(crate) async fn serve(
    stream: UnixStream,
    number: u64,
    office: Arc<Office>,
    seat: Arc<Seat>,
    draining: watch::Receiver<bool>,
) {
    let (read, write) = stream.into_split();
    let mut incoming = Incoming::new(read);
    let hello = match hello(&mut incoming).await {
        Ok(hello) => hello,
        Err(error) => {
            tracing::error!(%error, "a data plane was turned away");
            return;
        }
    };
    let mut newest = seat.newest.subscribe();
    seat.newest.send_replace(number);
    let _taken = seat.taken.lock().await;
    let (out, queue) = mpsc::channel(LINK_QUEUE);
    let connection = Connection { out, office: Arc::clone(&office) };
    let pid = hello.pid;
    tokio::select! {
        ended = connection.run(incoming, hello, draining) => match ended {
            Ok(Left::Drained) => tracing::info!(pid, "the data plane has drained"),
            Ok(Left::Gone) => tracing::warn!(pid, "the data plane is gone"),
            Err(error) => tracing::error!(pid, %error, "the data plane's connection ended"),
        },
        written = write_all(write, queue) => {
            if let Err(error) = written {
                tracing::error!(pid, %error, "the data plane can't be written to");
            }
        }
        () = until(&mut newest, |newest| *newest != number) => {
            tracing::warn!(pid, "another data plane has come");
        }
    }
    office.health.set_serving(false);
    office.custodian.wake();
}

async fn hello(incoming: &mut Incoming) -> Result<Hello, ConnectionError> {
    let first = timeout(HELLO_TIMEOUT, incoming.next());
    match first.await.map_err(|_| ConnectionError::NoHello)?? {
        Some(FromDataplane::Hello { protocol: PROTOCOL, pid, boot, shards }) => {
            Ok(Hello { pid, boot, shards })
        }
        Some(FromDataplane::Hello { protocol, .. }) => Err(ConnectionError::Protocol(protocol)),
        _ => Err(ConnectionError::NoHello),
    }
}

struct Connection {
    out: mpsc::Sender<FromControl>,
    office: Arc<Office>,
}

impl Connection {
    async fn run(
        self,
        mut incoming: Incoming,
        hello: Hello,
        mut draining: watch::Receiver<bool>,
    ) -> Result<Left, ConnectionError> {
        let mut snapshots = self.office.snapshots.clone();
        self.greet(&hello, &mut snapshots).await?;
        let (wanted, wants) = mpsc::channel(LINK_QUEUE);
        // Ends with this connection: dropping the set aborts what is in it.
        let mut tasks = JoinSet::new();
        tasks.spawn(hand_out_segments(Arc::clone(&self.office), wants, self.out.clone()));
        let slots = Arc::new(Semaphore::new(ADMISSIONS_IN_FLIGHT));
        let mut lease = ticks(Duration::from_millis(self.office.config.limits.lease_ms / 3));
        let rotate_after_s = self.office.config.recording.rotate_after_s;
        let mut rotation = ticks(Duration::from_secs(rotate_after_s.into()));
        rotation.reset();
        let mut drain_sent = false;
        loop {
            tokio::select! {
                message = incoming.next() => match message? {
                    None => return Ok(Left::Gone),
                    Some(FromDataplane::Drained) => return Ok(Left::Drained),
                    Some(FromDataplane::Admit(admission)) => {
                        let slot = Arc::clone(&slots).try_acquire_owned();
                        let (office, out) = (Arc::clone(&self.office), self.out.clone());
                        tasks.spawn(admit(office, admission, slot.ok(), out));
                    }
                    Some(FromDataplane::TokensWanted { request, grant, digests }) => {
                        let (office, out) = (Arc::clone(&self.office), self.out.clone());
                        tasks.spawn(give_tokens(office, request, grant, digests, out));
                    }
                    Some(message) => self.handle(message, &wanted).await,
                },
                Ok(()) = snapshots.changed() => {
                    let snapshot = current(&mut snapshots);
                    self.send(FromControl::Snapshot(snapshot)).await;
                }
                _ = lease.tick() => {
                    let snapshot_version = snapshots.borrow().version;
                    self.send(FromControl::Lease { snapshot_version }).await;
                }
                _ = rotation.tick() => self.send(FromControl::Rotate).await,
                Some(_) = tasks.join_next() => {}
                () = until(&mut draining, |draining| *draining), if !drain_sent => {
                    drain_sent = true;
                    let within_ms = self.office.config.limits.drain_ms;
                    self.send(FromControl::Drain { within_ms }).await;
                }
            }
        }
    }

    /// Settings for one that starts, a snapshot for each, and the segments that are its to write.
    async fn greet(
        &self,
        hello: &Hello,
        snapshots: &mut watch::Receiver<Arc<Snapshot>>,
    ) -> Result<(), ConnectionError> {
        let Office { config, store, custodian, .. } = &*self.office;
        let segments = match hello.boot {
            None => {
                let shards = match config.recording.shards {
                    0 => hello.shards.max(1),
                    fixed => fixed,
                };
                let boot = store.begin_boot(shards).await?;
                let segments = custodian.begin_boot(&config.node, boot, shards).await?;
                tracing::info!(pid = hello.pid, boot, shards, "a data plane starts");
                let mut settings = settings(config, boot);
                settings.shards = shards;
                self.send(FromControl::Settings(Box::new(settings))).await;
                segments
            }
            Some(boot) => {
                self.recall_boot(boot, hello.shards).await?;
                tracing::info!(pid = hello.pid, boot, "the data plane is back");
                custodian.rejoin_boot(&config.node, boot, hello.shards).await?
            }
        };
        self.wait_for_catalogs().await;
        self.send(FromControl::Snapshot(current(snapshots))).await;
        for segment in segments {
            self.send(FromControl::Segment(segment)).await;
        }
        Ok(())
    }

    /// A snapshot without catalogs masks everything whole. After a restart of control, sessions that
    /// run must not be thrown back on that only because the first reading is not done.
    async fn wait_for_catalogs(&self) {
        let mut unread = self.office.unread.clone();
        if timeout(CATALOG_PATIENCE, until(&mut unread, |count| *count == 0)).await.is_err() {
            tracing::warn!("the upstream's catalog is not read in time; all is masked until it is");
        }
    }

    /// A state.db that was lost or restored forgets boots that segments bear; the counter must not
    /// give them out again.
    async fn recall_boot(&self, boot: u64, shards: u16) -> Result<(), ConnectionError> {
        let store = &self.office.store;
        match store.last_boot().await? {
            Some(newest) if newest > boot => Err(ConnectionError::OldBoot { boot, newest }),
            Some(newest) if newest == boot => Ok(()),
            _ => {
                tracing::error!(boot, "state.db did not know this boot; it does now");
                Ok(store.recall_boot(boot, shards).await?)
            }
        }
    }

    async fn handle(&self, message: FromDataplane, wanted: &mpsc::Sender<u16>) {
        let office = &self.office;
        match message {
            FromDataplane::Serving => {
                tracing::info!("the data plane serves");
                office.health.set_serving(true);
            }
            FromDataplane::SegmentWanted { shard } => {
                // The other end lives as long as this connection.
                let _ = wanted.send(shard).await;
            }
            FromDataplane::SegmentDone { .. } => office.custodian.wake(),
            FromDataplane::CatalogStale { database } => {
                if office.stale.send(database).await.is_err() {
                    tracing::error!("nobody reads catalogs any more");
                }
            }
            FromDataplane::SessionEnded { grant } => office.store.note_ended(grant).await,
            FromDataplane::Hello { .. } => tracing::error!("a second Hello is not heard"),
            // They are taken before this.
            FromDataplane::Admit(_)
            | FromDataplane::TokensWanted { .. }
            | FromDataplane::Drained => {}
        }
    }

    async fn send(&self, message: FromControl) {
        // The queue's other end goes with the stream, and that ends the connection.
        let _ = self.out.send(message).await;
    }
}

/// Without a slot there is no decision: so many are waiting for a provider already.
async fn admit(
    office: Arc<Office>,
    admission: Admission,
    slot: Option<OwnedSemaphorePermit>,
    out: mpsc::Sender<FromControl>,
) {
    let request = admission.request;
    let decided = match &slot {
        Some(_) => office.gate.admit(admission).await,
        None => Err(RefusalReason::ProviderUnavailable),
    };
    office.health.count_admission(decided.as_ref().err().copied());
    let answer = match decided {
        Ok(grant) => FromControl::Admitted { request, grant },
        Err(reason) => FromControl::Refused { request, reason },
    };
    let _ = out.send(answer).await;
}

/// A session asks one question at a time, so there are no more of these than sessions.
async fn give_tokens(
    office: Arc<Office>,
    request: u64,
    grant: Option<String>,
    digests: Vec<ValueDigest>,
    out: mpsc::Sender<FromControl>,
) {
    let tokens = office.store.tokens(grant.as_deref(), &digests).await.unwrap_or_else(|error| {
        tracing::error!(%error, "no tokens are given out: their values are covered");
        vec![None; digests.len()]
    });
    office.health.count_tokens(&tokens);
    let _ = out.send(FromControl::Tokens { request, tokens }).await;
}

/// One at a time, so that a shard's segments come in order. A shard can't do without: what fails
/// (a full disk) is tried again.
async fn hand_out_segments(
    office: Arc<Office>,
    mut wants: mpsc::Receiver<u16>,
    out: mpsc::Sender<FromControl>,
) {
    while let Some(shard) = wants.recv().await {
        let segment = next_segment(&office, shard).await;
        let _ = out.send(FromControl::Segment(segment)).await;
    }
}

async fn next_segment(office: &Office, shard: u16) -> SegmentFile {
    loop {
        match office.custodian.next_segment(shard).await {
            Ok(segment) => return segment,
            Err(error) => {
                tracing::error!(%error, shard, "can't prepare a segment; trying again");
                tokio::time::sleep(SEGMENT_RETRY).await;
            }
        }
    }
}

const SEGMENT_RETRY: Duration = Duration::from_secs(1);

fn current(snapshots: &mut watch::Receiver<Arc<Snapshot>>) -> Box<Snapshot> {
    Box::new(Snapshot::clone(&snapshots.borrow_and_update()))
}

fn ticks(period: Duration) -> tokio::time::Interval {
    let mut ticks = interval(period.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}
