use std::cell::Cell;

use lazaret_audit::{
    BlankSegment, Boot, Heartbeat, MIN_SEGMENT_BYTES, Report, Role, SegmentWriter, Trust, Verdict,
    verify_folder,
};
use tempfile::TempDir;

use super::*;

const ORIGIN: &str = "lazaret.example/log";
const NODE: &str = "n1";

/// A control's folders and key, as they outlive each control.
pub(super) struct Site {
    folder: TempDir,
}

impl Site {
    pub(super) fn new() -> Self {
        Self::with_key(&SigningKey::generate(ORIGIN, Role::Log).unwrap())
    }

    pub(super) fn with_key(key: &SigningKey) -> Self {
        // In memory where there is such a folder: thousands of states, each synced many times.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let site = Self { folder: folder.unwrap() };
        key.write(&site.path("key")).unwrap();
        site
    }

    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn key(&self) -> SigningKey {
        SigningKey::read(&self.path("key")).unwrap()
    }

    fn custody(&self) -> Custody {
        Custody {
            segment_folder: self.path("segments"),
            shipping_folder: self.path("shipped"),
            segment_bytes: MIN_SEGMENT_BYTES,
            witnesses: Witnesses::default(),
        }
    }

    pub(super) fn open(&self) -> Result<Inner, CustodyError> {
        Inner::open(self.custody(), self.key())
    }

    pub(super) fn verify(&self) -> Report {
        let trust = Trust {
            origin: ORIGIN.to_owned(),
            keys: vec![self.key().verifier().to_string()],
            witnesses: vec![],
            quorum: None,
            nodes: vec![NODE.to_owned()],
        };
        verify_folder(&self.path("shipped"), Some(&trust))
    }

    /// The levels of the shipped tiles that are not full; each has one.
    fn narrow_tiles(&self) -> Vec<String> {
        let mut levels = Vec::new();
        for level in std::fs::read_dir(self.path("shipped/tile")).unwrap() {
            let level = level.unwrap();
            for tile in std::fs::read_dir(level.path()).unwrap() {
                let tile = tile.unwrap();
                let narrow = tile.file_type().unwrap().is_dir();
                let files = narrow.then(|| std::fs::read_dir(tile.path()).unwrap().count());
                let name = level.file_name().into_string().unwrap();
                levels.extend(std::iter::repeat_n(name, files.unwrap_or(0)));
            }
        }
        levels.sort();
        levels
    }

    /// File names in the segment folder, but for those that always stay.
    pub(super) fn local(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path("segments")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> =
            names.filter(|name| ![".lock", "log", "checkpoint"].contains(&name.as_str())).collect();
        names.sort();
        names
    }
}

pub(super) fn live(boot: u64) -> LiveBoot {
    LiveBoot { node: NODE.to_owned(), boot }
}

/// Writes as a shard does: Boot first, then heartbeats.
pub(super) struct Shard {
    boot: u64,
    writer: SegmentWriter,
}

impl Shard {
    pub(super) fn begin(boot: u64, segment: &SegmentFile, first_sequence: u64) -> Self {
        let writer = BlankSegment::open(&segment.path).unwrap().begin(first_sequence);
        Self { boot, writer }
    }

    pub(super) fn append(&mut self, records: u64) {
        for _ in 0..records {
            let sequence = self.writer.position().sequence;
            let body = match sequence {
                0 => {
                    Boot { node: NODE, boot: self.boot, version: "0", durability: "process" }.into()
                }
                _ => Heartbeat { open_sessions: 0, records: sequence }.into(),
            };
            self.writer.append(1_000 + sequence, [0; 16], &body).unwrap();
        }
        self.writer.commit();
    }

    pub(super) fn position(&self) -> u64 {
        self.writer.position().sequence
    }

    pub(super) fn finish(self) -> u64 {
        let time_us = 1_000 + self.writer.position().sequence;
        self.writer.finish(time_us).position.sequence
    }
}

/// Two shards: one finished two segments and died in its third, the other died in its first.
fn run_and_die(inner: &Inner, boot: u64) -> u64 {
    run_long_and_die(inner, boot, 3)
}

/// The same, with so many records in each finished segment.
fn run_long_and_die(inner: &Inner, boot: u64, records: u64) -> u64 {
    let first = inner.serve(&live(boot), 2).unwrap();
    let of_shard = |shard| first.iter().filter(move |segment| segment.shard == shard);
    let mut next = 0;
    for segment in of_shard(0) {
        let mut shard = Shard::begin(boot, segment, next);
        shard.append(records);
        next = shard.finish();
    }
    let shelf = inner.shelf(0).unwrap();
    let third = guard(&shelf).take(&inner.custody).unwrap();
    let mut dying = Shard::begin(boot, &third, next);
    dying.append(2);
    let mut other = Shard::begin(boot, of_shard(1).next().unwrap(), 0);
    other.append(1);
    // Records that are in the log: the two that recovery adds are counted too.
    next + 2 + 1 + 1 + 1
}

#[test]
fn what_a_dead_data_plane_left_is_recovered_sealed_and_shipped() {
    let site = Site::new();
    let inner = site.open().unwrap();
    let records = run_and_die(&inner, 1);
    inner.sweep().unwrap();
    let report = site.verify();
    assert_eq!((report.verdict, report.records), (Verdict::Verified, records), "{report:?}");
    assert_eq!(report.torn_tails.len(), 2);

    // What it never began stays until the next boot, and goes then.
    assert_eq!(site.local().len(), 1);
    inner.serve(&live(2), 1).unwrap();
    inner.sweep().unwrap();
    assert!(site.local().iter().all(|name| name.starts_with("n1-0000000002-")));
}

#[test]
fn a_control_killed_at_any_step_goes_on_and_ends_the_same() {
    let mut verdicts = std::collections::BTreeMap::new();
    for steps in 0.. {
        let site = Site::new();
        let first = site.open().unwrap();
        // Shipped before: narrow tiles, which those of the second boot replace.
        let before = run_and_die(&first, 1);
        first.sweep().unwrap();
        let records = before + run_long_and_die(&first, 2, 200);
        guard(&first.sweeper).disk.steps_left = Some(Cell::new(steps));
        let done = first.sweep().is_ok();
        drop(first);
        *verdicts.entry(format!("{:?}", site.verify().verdict)).or_insert(0) += 1;

        let second = site.open().unwrap();
        second.serve(&live(3), 1).unwrap();
        second.sweep().unwrap();
        let report = site.verify();
        assert_eq!(report.verdict, Verdict::Verified, "killed at step {steps}: {report:?}");
        assert_eq!(report.records, records);
        assert!(site.local().iter().all(|name| name.starts_with("n1-0000000003-")), "{steps}");
        assert_eq!(site.narrow_tiles(), ["0", "1", "entries"], "killed at step {steps}");
        if done {
            break;
        }
    }
    // Nobody who looks in between is told of tampering: a part, or all is there.
    let seen: Vec<_> = verdicts.keys().map(String::as_str).collect();
    assert_eq!(seen, ["Incomplete", "Verified"]);
    assert!(verdicts.values().sum::<u32>() > 80, "{verdicts:?}");
}

#[test]
fn segments_are_sealed_in_the_order_of_their_log() {
    let site = Site::new();
    let inner = site.open().unwrap();
    let segments = inner.serve(&live(1), 1).unwrap();
    let mut first = Shard::begin(1, &segments[0], 0);
    first.append(2);
    let mut second = Shard::begin(1, &segments[1], 3);
    second.append(1);
    second.finish();
    inner.sweep().unwrap();
    assert_eq!(site.verify().verdict, Verdict::Unusable, "the first is still written");
    first.finish();
    inner.sweep().unwrap();
    assert_eq!((site.verify().verdict, site.verify().records), (Verdict::Verified, 5));
}

#[test]
fn a_boot_that_goes_on_is_offered_what_it_may_not_have_got() {
    let site = Site::new();
    let first = site.open().unwrap();
    let given = first.serve(&live(1), 1).unwrap();
    assert_eq!(given.iter().map(|segment| segment.index).collect::<Vec<_>>(), [0, 1]);
    let mut shard = Shard::begin(1, &given[0], 0);
    shard.append(1);
    shard.finish();
    first.sweep().unwrap();
    drop(first);

    let second = site.open().unwrap();
    second.sweep().unwrap();
    let offered = second.serve(&live(1), 1).unwrap();
    assert_eq!(offered[0], given[1], "prepared by the control before");
    assert_eq!(offered.iter().map(|segment| segment.index).collect::<Vec<_>>(), [1, 2]);
    let shelf = second.shelf(0).unwrap();
    assert_eq!(guard(&shelf).take(&second.custody).unwrap().index, 3);
}

#[test]
fn a_boot_number_is_not_used_twice() {
    let site = Site::new();
    let inner = site.open().unwrap();
    assert!(!inner.is_used(&live(1)).unwrap());
    let segments = inner.serve(&live(1), 1).unwrap();
    assert!(!inner.is_used(&live(1)).unwrap(), "nothing was written: begun again after a kill");
    let mut shard = Shard::begin(1, &segments[0], 0);
    shard.append(1);
    assert!(inner.is_used(&live(1)).unwrap());
    shard.finish();
    inner.sweep().unwrap();
    assert!(inner.is_used(&live(1)).unwrap(), "shipped, and known from the log");
    assert!(!inner.is_used(&live(2)).unwrap());
}

#[test]
fn a_segment_folder_older_than_what_was_shipped_is_refused() {
    let site = Site::new();
    let inner = site.open().unwrap();
    run_and_die(&inner, 1);
    inner.sweep().unwrap();
    drop(inner);
    let newest = ["log", "checkpoint"].map(|name| {
        let path = site.path("segments").join(name);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        // The log alone is older than what was signed here, without both than what was shipped.
        assert!(matches!(site.open(), Err(CustodyError::Older { kept: 1, signed: 18 })), "{name}");
        (path, bytes)
    });
    for (path, bytes) in newest {
        std::fs::write(path, bytes).unwrap();
    }
    assert!(site.open().is_ok());
}

#[test]
fn a_log_that_went_on_elsewhere_is_refused() {
    let site = Site::new();
    let inner = site.open().unwrap();
    run_and_die(&inner, 1);
    inner.sweep().unwrap();
    drop(inner);
    // The same records, sealed at another time: as many entries, another root.
    let log = std::fs::read_to_string(site.path("segments/log")).unwrap();
    let other = Site::new();
    std::fs::copy(site.path("key"), other.path("key")).unwrap();
    let inner = other.open().unwrap();
    run_and_die(&inner, 1);
    inner.sweep().unwrap();
    drop(inner);
    std::fs::remove_file(other.path("segments/checkpoint")).unwrap();
    std::fs::write(other.path("segments/log"), log).unwrap();
    assert!(matches!(other.open(), Err(CustodyError::Older { kept: 18, signed: 18 })));
}

#[test]
fn a_checkpoint_of_another_key_is_refused() {
    let site = Site::new();
    let inner = site.open().unwrap();
    run_and_die(&inner, 1);
    inner.sweep().unwrap();
    drop(inner);
    for name in [ORIGIN, "lazaret.example/another"] {
        let other = SigningKey::generate(name, Role::Log).unwrap();
        assert!(matches!(Inner::open(site.custody(), other), Err(CustodyError::ForeignLog { .. })));
    }
}

#[test]
fn one_control_keeps_the_segments() {
    let site = Site::new();
    let inner = site.open().unwrap();
    assert!(matches!(site.open(), Err(CustodyError::Busy { .. })));
    drop(inner);
    assert!(site.open().is_ok());
}

#[test]
fn sealing_goes_on_while_shipping_is_held_up() {
    let site = Site::new();
    let inner = site.open().unwrap();
    std::fs::remove_dir(site.path("shipped")).unwrap();
    let records = run_and_die(&inner, 1);
    assert!(matches!(inner.sweep(), Err(CustodyError::Io { .. })));
    let added = site.local().iter().filter(|name| name.ends_with(".added")).count();
    assert_eq!(added, 4);
    std::fs::create_dir(site.path("shipped")).unwrap();
    inner.sweep().unwrap();
    assert_eq!((site.verify().verdict, site.verify().records), (Verdict::Verified, records));
}

#[test]
fn a_shipped_file_that_is_wrong_is_replaced_while_the_right_one_is_here() {
    let site = Site::new();
    let inner = site.open().unwrap();
    run_and_die(&inner, 1);
    let name = "n1-0000000001-00000-0000000000.seg";
    std::fs::write(site.path("shipped").join(name), "half an upload").unwrap();
    inner.sweep().unwrap();
    assert_eq!(site.verify().verdict, Verdict::Verified);
}

#[test]
fn a_segment_damaged_on_disk_shows_and_holds_up_nothing() {
    let site = Site::new();
    let inner = site.open().unwrap();
    run_and_die(&inner, 1);
    let path = site.path("segments/n1-0000000001-00000-0000000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    inner.sweep().unwrap();
    let report = site.verify();
    assert_eq!((report.verdict, report.gaps.len()), (Verdict::Incomplete, 1), "{report:?}");
    assert!(path.exists(), "never removed");
}

#[test]
fn records_damaged_on_disk_are_lost_and_the_rest_is_shipped() {
    let site = Site::new();
    let inner = site.open().unwrap();
    run_and_die(&inner, 1);
    let path = site.path("segments/n1-0000000001-00000-0000000001.seg");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096 + 70] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    inner.sweep().unwrap();
    let report = site.verify();
    assert_eq!(report.verdict, Verdict::Incomplete, "{report:?}");
    assert!(report.gaps[0].contains("committed records"), "{:?}", report.gaps);
}

#[tokio::test]
async fn control_serves_a_data_plane_from_its_start_to_its_end() {
    let site = Site::new();
    let custodian = Custodian::open(site.custody(), site.key()).await.unwrap();
    let segments = custodian.begin_boot(NODE, 1, 2).await.unwrap();
    assert_eq!(segments.len(), 2 * READY_SEGMENTS);
    let mut shard = Shard::begin(1, &segments[0], 0);
    shard.append(5);
    let next = shard.finish();
    custodian.wake();
    let third = custodian.next_segment(0).await.unwrap();
    assert_eq!((third.shard, third.index), (0, 2));
    let mut shard = Shard::begin(1, &segments[1], next);
    shard.append(5);
    shard.finish();
    custodian.settle().await.unwrap();
    assert_eq!((site.verify().verdict, site.verify().records), (Verdict::Verified, 12));
    assert!(matches!(custodian.begin_boot(NODE, 1, 2).await, Err(CustodyError::BootUsed { .. })));
    assert!(matches!(custodian.next_segment(7).await, Err(CustodyError::UnknownShard(7))));
}

#[tokio::test]
async fn a_data_plane_that_comes_and_goes_takes_no_further_segments() {
    let site = Site::new();
    let custodian = Custodian::open(site.custody(), site.key()).await.unwrap();
    let first = custodian.begin_boot(NODE, 1, 2).await.unwrap();
    let spare = custodian.next_segment(0).await.unwrap();
    let again = custodian.rejoin_boot(NODE, 1, 2).await.unwrap();
    let of = |shard: u16| move |segment: &&SegmentFile| segment.shard == shard;
    assert_eq!(again.iter().filter(of(0)).count(), READY_SEGMENTS + 1, "{spare:?} may be lost");
    assert_eq!(again.iter().filter(of(1)).count(), READY_SEGMENTS);
    let offered = again.len();
    for _ in 0..5 {
        assert_eq!(custodian.rejoin_boot(NODE, 1, 2).await.unwrap().len(), offered);
    }
    assert!(first.iter().all(|segment| again.contains(segment)));
}
