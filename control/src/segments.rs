//! The custodian of audit segments: prepares, recovers, seals, signs and ships them.
//!
//! All its state is in files of the segment folder, so that it can be killed at any moment and go
//! on: a segment's own header says whether it is prepared, active, finished or recovered, the lock on
//! the file says whether its writer lives, and the `log` says what has been sealed. There is no
//! table beside them that could disagree.
//!
//! How control uses it:
//! - once, at start: [`Custodian::open`]. It goes on with what an earlier control left, in the
//!   background;
//! - on a Hello without a boot: [`Custodian::begin_boot`], and send what it answers. Older boots are
//!   recovered and sealed in the background;
//! - on a Hello with a boot: [`Custodian::rejoin_boot`], and send what it answers. The shard drops a
//!   segment whose index it has had already;
//! - on SegmentWanted: [`Custodian::next_segment`], and send it; a full disk is an error here, to be
//!   tried again;
//! - on SegmentDone, and when the data plane's process is gone, drained or dead: [`Custodian::wake`].
//!   Nothing need be said about who died: the locks tell;
//! - before control exits: [`Custodian::settle`], which comes back when all that could be shipped has
//!   been.

mod added;
#[cfg(test)]
mod crash;
mod disk;
mod ledger;
mod listing;
mod shelf;
mod ship;
mod sweep;
mod witness;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lazaret_audit::{ChainId, Identity, SigningKey};
use lazaret_link::SegmentFile;
use tokio::sync::Notify;

use disk::Disk;
use ledger::Ledger;
use listing::Listing;
use shelf::{Shelf, describe};
use ship::Shipper;
use sweep::Sweeper;
pub(crate) use witness::Witnesses;

/// Where segments lie, how large they are, and who cosigns the log over them.
#[derive(Clone)]
pub(crate) struct Custody {
    /// The data plane maps files in it: a local disk, mode 0700.
    pub(crate) segment_folder: PathBuf,
    pub(crate) shipping_folder: PathBuf,
    /// The default, 16 MiB, takes a shard that writes 40 MB of records a second (40,000 point queries,
    /// four records each) 0.4 s to fill, so that the [`READY_SEGMENTS`] it holds last about a second,
    /// and the zeros written ahead, four segments a shard, stay within 64 MiB.
    pub(crate) segment_bytes: u64,
    pub(crate) witnesses: Witnesses,
}

/// Segments that a shard is given before it asks. Control holds one more ready.
const READY_SEGMENTS: usize = 2;

/// A pass is cheap when there is nothing to do, and finds what no message told.
const SWEEP_EVERY: Duration = Duration::from_secs(2);

#[derive(Debug, thiserror::Error)]
pub(crate) enum CustodyError {
    #[error("{path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error("{path}: another control keeps these segments")]
    Busy { path: PathBuf },
    #[error("{path}: not signed by this key; the evidence of one log stays together")]
    ForeignLog { path: PathBuf },
    #[error(
        "the segment folder's log has {kept} entries, a checkpoint was signed over {signed}: it is \
         older than what was signed, and going on would fork the log. Restore the newest copy, or \
         take a new key, and so a new log"
    )]
    Older { kept: u64, signed: u64 },
    #[error("{path}: holds another segment than its name says")]
    Misnamed { path: PathBuf },
    #[error("{path}: can't be sealed: {reason}")]
    Damaged { path: PathBuf, reason: String },
    #[error("{path}: reads back differently from what was shipped")]
    ReadBack { path: PathBuf },
    #[error("boot {boot} of node {node} has segments already")]
    BootUsed { node: String, boot: u64 },
    #[error("no data plane has shard {0}")]
    UnknownShard(u16),
    #[error("a task of the custodian broke off")]
    Broken,
}

/// A handle; clones share the work. The background passes end with the last one.
#[derive(Clone)]
pub(crate) struct Custodian {
    inner: Arc<Inner>,
}

struct Inner {
    custody: Custody,
    sweeper: Mutex<Sweeper>,
    serving: Mutex<Option<Serving>>,
    wake: Arc<Notify>,
    /// Held for as long as this custodian lives.
    _lock: File,
}

/// A data plane's boot that may still open prepared segments.
#[derive(Clone, Debug, PartialEq, Eq)]
struct LiveBoot {
    node: String,
    boot: u64,
}

/// The boot that is given segments.
struct Serving {
    live: LiveBoot,
    shelves: Vec<Arc<Mutex<Shelf>>>,
}

impl Custodian {
    /// Refuses a segment folder that another control keeps, or that is older than what was shipped
    /// from it.
    pub(crate) async fn open(custody: Custody, key: SigningKey) -> Result<Self, CustodyError> {
        let inner = Arc::new(blocking(move || Inner::open(custody, key)).await?);
        tokio::spawn(sweep_for_ever(Arc::downgrade(&inner), inner.wake.clone()));
        Ok(Self { inner })
    }

    /// The first segments of a data plane that starts, those of each shard in order.
    pub(crate) async fn begin_boot(
        &self,
        node: &str,
        boot: u64,
        shards: u16,
    ) -> Result<Vec<SegmentFile>, CustodyError> {
        let live = LiveBoot { node: node.to_owned(), boot };
        let inner = self.inner.clone();
        let segments = blocking(move || {
            if inner.is_used(&live)? {
                let LiveBoot { node, boot } = live;
                return Err(CustodyError::BootUsed { node, boot });
            }
            inner.serve(&live, shards)
        })
        .await?;
        self.fill_shelves();
        self.wake();
        Ok(segments)
    }

    /// The same for a data plane that went on while control was gone: what it may not have got yet.
    pub(crate) async fn rejoin_boot(
        &self,
        node: &str,
        boot: u64,
        shards: u16,
    ) -> Result<Vec<SegmentFile>, CustodyError> {
        let live = LiveBoot { node: node.to_owned(), boot };
        let inner = self.inner.clone();
        let segments = blocking(move || inner.serve(&live, shards)).await?;
        self.fill_shelves();
        self.wake();
        Ok(segments)
    }

    /// The shard's next segment, prepared now if none is ready.
    pub(crate) async fn next_segment(&self, shard: u16) -> Result<SegmentFile, CustodyError> {
        let shelf = self.inner.shelf(shard)?;
        let inner = self.inner.clone();
        let taken = blocking(move || guard(&shelf).take(&inner.custody)).await;
        self.fill_shelves();
        taken
    }

    /// There may be work: a segment is done, or the data plane is gone. Failures are logged and
    /// tried again.
    pub(crate) fn wake(&self) {
        self.inner.wake.notify_one();
    }

    /// Recovers, seals and ships all that can be, now.
    pub(crate) async fn settle(&self) -> Result<(), CustodyError> {
        let inner = self.inner.clone();
        blocking(move || inner.sweep()).await
    }

    /// Has the next segment of each shard ready before it is asked for.
    fn fill_shelves(&self) {
        let inner = self.inner.clone();
        tokio::task::spawn_blocking(move || {
            let shelves = guard(&inner.serving).as_ref().map(|serving| serving.shelves.clone());
            for shelf in shelves.into_iter().flatten() {
                // The next to ask for a segment tries again, and says so.
                let _ = guard(&shelf).fill(&inner.custody);
            }
        });
    }
}

impl Inner {
    fn open(custody: Custody, key: SigningKey) -> Result<Self, CustodyError> {
        let Custody { segment_folder, shipping_folder, witnesses, .. } = &custody;
        std::fs::create_dir_all(segment_folder).map_err(at(segment_folder))?;
        std::fs::create_dir_all(shipping_folder).map_err(at(shipping_folder))?;
        let lock = lock(segment_folder)?;
        let sweeper = Sweeper {
            disk: Disk::default(),
            folder: segment_folder.clone(),
            ledger: Ledger::open(segment_folder, shipping_folder, key)?,
            shipper: Shipper {
                folder: segment_folder.clone(),
                shipping_folder: shipping_folder.clone(),
                witnesses: witnesses.clone(),
            },
            reported: BTreeSet::new(),
        };
        sweeper.remove_partial()?;
        Ok(Self {
            custody,
            sweeper: Mutex::new(sweeper),
            serving: Mutex::new(None),
            wake: Arc::new(Notify::new()),
            _lock: lock,
        })
    }

    /// Whether records of this boot were written before.
    fn is_used(&self, live: &LiveBoot) -> Result<bool, CustodyError> {
        let folder = &self.custody.segment_folder;
        // What leaves the folder after it was listed was in the list, what left before is in the log.
        let begun = Listing::read(folder)?.has_begun(live)?;
        let log = ledger::read_log(folder)?;
        Ok(begun || log.is_some_and(|log| log.knows_boot(&live.node, live.boot)))
    }

    /// Offers what is prepared for this boot, and at least [`READY_SEGMENTS`] for each shard.
    fn serve(&self, live: &LiveBoot, shards: u16) -> Result<Vec<SegmentFile>, CustodyError> {
        // From here on the passes leave this boot's prepared segments alone.
        let starting = Serving { live: live.clone(), shelves: Vec::new() };
        let served = guard(&self.serving).replace(starting).filter(|it| it.live == *live);
        let mut known = served.map_or_else(Vec::new, |served| served.shelves).into_iter();
        let Custody { segment_folder, segment_bytes, .. } = &self.custody;
        let listing = Listing::read(segment_folder)?;
        let log = ledger::read_log(segment_folder)?;
        let mut offered = Vec::new();
        let mut shelves = Vec::new();
        for shard in 0..shards {
            let LiveBoot { node, boot } = live.clone();
            let chain = ChainId { node: node.clone(), shard, boot };
            let (prepared, behind) = listing.prepared(&chain)?;
            let sealed = log.as_ref().map_or(0, |log| log.sealed(&chain));
            let index = behind.max(sealed);
            // What was never given away stays ready: a data plane that comes and goes costs no disk.
            let shelf = known.next().unwrap_or_else(|| {
                Arc::new(Mutex::new(Shelf::new(Identity { node, boot, shard, index })))
            });
            let mut ready = guard(&shelf);
            let given = prepared.into_iter().filter(|segment| !ready.holds(segment.index));
            let given = given.collect::<Vec<_>>();
            for segment in &given {
                offered.push(describe(segment_folder, segment, *segment_bytes));
            }
            for _ in given.len()..READY_SEGMENTS {
                offered.push(ready.take(&self.custody)?);
            }
            drop(ready);
            shelves.push(shelf);
        }
        *guard(&self.serving) = Some(Serving { live: live.clone(), shelves });
        Ok(offered)
    }

    fn shelf(&self, shard: u16) -> Result<Arc<Mutex<Shelf>>, CustodyError> {
        let serving = guard(&self.serving);
        let shelves = serving.as_ref().map(|serving| &serving.shelves);
        let shelf = shelves.and_then(|shelves| shelves.get(usize::from(shard)));
        shelf.cloned().ok_or(CustodyError::UnknownShard(shard))
    }

    fn sweep(&self) -> Result<(), CustodyError> {
        let live = || guard(&self.serving).as_ref().map(|serving| serving.live.clone());
        guard(&self.sweeper).sweep(live)
    }
}

impl LiveBoot {
    fn owns(&self, segment: &Identity) -> bool {
        (&segment.node, segment.boot) == (&self.node, self.boot)
    }
}

async fn sweep_for_ever(inner: Weak<Inner>, wake: Arc<Notify>) {
    let mut failing = false;
    while let Some(inner) = inner.upgrade() {
        let swept = blocking(move || inner.sweep()).await;
        // Once for each spell of failing: this comes round every two seconds.
        if let Err(error) = &swept
            && !failing
        {
            tracing::error!(%error, "can't seal or ship segments; trying again");
        }
        failing = swept.is_err();
        // Whichever comes first: somebody called, or the time has passed.
        let _ = tokio::time::timeout(SWEEP_EVERY, wake.notified()).await;
    }
}

/// File work runs where it may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CustodyError> + Send + 'static,
) -> Result<T, CustodyError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| CustodyError::Broken)?
}

/// A task that panicked left files as a kill would have: the next pass goes on from them.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock(folder: &Path) -> Result<File, CustodyError> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(CustodyError::Busy { path }),
        Err(TryLockError::Error(error)) => Err(CustodyError::Io { path, error }),
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CustodyError {
    let path = path.to_owned();
    move |error| CustodyError::Io { path, error }
}

fn now_us() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
