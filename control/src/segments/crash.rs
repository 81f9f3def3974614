//! What a power cut may leave, by enumeration.
//!
//! A run of shards and custodian is taken down: writes, syncs, renames, removals. A file system may
//! have made durable any part of what was not synced, in any order, a write also in part. From each
//! moment of the run states are made of the durable rest and subsets of what is pending; in each the next
//! custodian starts, and an auditor judges what it ships. No record may be missing whose release was
//! allowed, which at level `power` is when it was synced.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use lazaret_audit::{SegmentImage, SegmentReader, Verdict};

use super::tests::{Shard, Site, live};
use super::*;

/// What was done to a file, or to a folder's names.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// A whole file was written under this name.
    Write {
        path: PathBuf,
        bytes: Vec<u8>,
    },
    /// What the file holds now is durable.
    Sync {
        path: PathBuf,
        bytes: Vec<u8>,
    },
    /// The names in a folder are durable.
    SyncFolder {
        path: PathBuf,
    },
    SyncAll,
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
    Remove {
        path: PathBuf,
    },
}

/// States that are made of one moment, at most.
const STATES_OF_A_MOMENT: usize = 250;

/// What a disk holds and what it may come to hold.
#[derive(Default)]
struct Model {
    /// As the running system sees it.
    names: BTreeMap<PathBuf, usize>,
    files: Vec<Arc<Vec<u8>>>,
    /// As a power cut leaves it at least.
    durable_names: BTreeMap<PathBuf, usize>,
    durable_files: Vec<Arc<Vec<u8>>>,
    pending: Vec<Pending>,
}

#[derive(Clone)]
enum Pending {
    Whole { file: usize, bytes: Arc<Vec<u8>> },
    Sector { file: usize, at: usize, bytes: Vec<u8> },
    Name { path: PathBuf, file: Option<usize> },
    Rename { from: PathBuf, to: PathBuf, file: usize },
}

const SECTOR_BYTES: usize = 512;

/// A disk after a power cut, and what had been released before.
struct State {
    files: BTreeMap<PathBuf, Arc<Vec<u8>>>,
    released: Released,
}

/// By boot and shard, the records in front of this sequence.
type Released = BTreeMap<(u64, u16), u64>;

impl Model {
    fn apply(&mut self, op: &Op) {
        match op {
            Op::Write { path, bytes } => {
                let file = self.files.len();
                self.files.push(Arc::new(bytes.clone()));
                self.durable_files.push(Arc::new(Vec::new()));
                self.names.insert(path.clone(), file);
                self.pending.push(Pending::Name { path: path.clone(), file: Some(file) });
                self.pending.push(Pending::Whole { file, bytes: self.files[file].clone() });
            }
            Op::Sync { path, bytes } => {
                let Some(&file) = self.names.get(path) else { return };
                self.files[file] = Arc::new(bytes.clone());
                self.durable_files[file] = self.files[file].clone();
                self.pending.retain(|pending| !pending.writes(file));
            }
            Op::SyncFolder { path } => self.settle(|name| name.parent() == Some(path)),
            Op::SyncAll => {
                self.durable_names = self.names.clone();
                self.durable_files = self.files.clone();
                self.pending.clear();
            }
            Op::Rename { from, to } => {
                let Some(file) = self.names.remove(from) else { return };
                self.names.insert(to.clone(), file);
                self.pending.push(Pending::Rename { from: from.clone(), to: to.clone(), file });
            }
            Op::Remove { path } => {
                self.names.remove(path);
                self.pending.push(Pending::Name { path: path.clone(), file: None });
            }
        }
    }

    /// A mapped file as it is now: what differs may reach the disk, sector by sector.
    fn map(&mut self, path: &Path, bytes: Vec<u8>) {
        let file = self.names[path];
        let before = std::mem::replace(&mut self.files[file], Arc::new(bytes));
        let now = self.files[file].chunks(SECTOR_BYTES);
        for (number, (old, new)) in before.chunks(SECTOR_BYTES).zip(now).enumerate() {
            if old != new {
                let at = number * SECTOR_BYTES;
                self.pending.push(Pending::Sector { file, at, bytes: new.to_vec() });
            }
        }
    }

    /// A file that was made durable with its name.
    fn add(&mut self, path: &Path, bytes: Vec<u8>) {
        let file = self.files.len();
        self.files.push(Arc::new(bytes));
        self.durable_files.push(self.files[file].clone());
        self.names.insert(path.to_owned(), file);
        self.durable_names.insert(path.to_owned(), file);
    }

    fn settle(&mut self, of_folder: impl Fn(&Path) -> bool) {
        for pending in std::mem::take(&mut self.pending) {
            match &pending {
                Pending::Name { path, .. } | Pending::Rename { to: path, .. }
                    if of_folder(path) =>
                {
                    pending.rename(&mut self.durable_names);
                }
                _ => self.pending.push(pending),
            }
        }
    }

    /// The durable rest with these parts of what is pending: nothing, the half of a write, all.
    fn cut(&self, parts: &[u8]) -> BTreeMap<PathBuf, Arc<Vec<u8>>> {
        let mut names = self.durable_names.clone();
        let mut files = self.durable_files.clone();
        for (pending, &part) in self.pending.iter().zip(parts).filter(|(_, part)| **part > 0) {
            match pending {
                Pending::Whole { file, bytes } if part == 1 => {
                    files[*file] = Arc::new(bytes[..bytes.len() / 2].to_vec());
                }
                Pending::Whole { file, bytes } => files[*file] = bytes.clone(),
                Pending::Sector { file, at, bytes } => {
                    Arc::make_mut(&mut files[*file])[*at..at + bytes.len()].copy_from_slice(bytes);
                }
                Pending::Name { .. } | Pending::Rename { .. } => pending.rename(&mut names),
            }
        }
        names.into_iter().map(|(path, file)| (path, files[file].clone())).collect()
    }

    /// Which parts a state may be made of: all combinations where they are few, else a sample with
    /// nothing and all among it.
    fn cuts(&self, random: &mut Random) -> Vec<Vec<u8>> {
        let choices: Vec<u8> = self.pending.iter().map(Pending::choices).collect();
        let all = choices.iter().try_fold(1_usize, |count, &of| count.checked_mul(of.into()));
        match all.filter(|&all| all <= STATES_OF_A_MOMENT) {
            Some(all) => (0..all).map(|number| digits(number, &choices)).collect(),
            None => {
                let mut cuts =
                    vec![vec![0; choices.len()], choices.iter().map(|of| of - 1).collect()];
                let some =
                    |random: &mut Random| choices.iter().map(|&of| random.below(of)).collect();
                cuts.extend((2..STATES_OF_A_MOMENT).map(|_| some(random)));
                cuts
            }
        }
    }
}

impl Pending {
    fn writes(&self, this: usize) -> bool {
        match self {
            Self::Whole { file, .. } | Self::Sector { file, .. } => *file == this,
            Self::Name { .. } | Self::Rename { .. } => false,
        }
    }

    fn rename(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Name { path, file: Some(file) } => {
                names.insert(path.clone(), *file);
            }
            Self::Name { path, file: None } => {
                names.remove(path);
            }
            Self::Rename { from, to, file } => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            Self::Whole { .. } | Self::Sector { .. } => {}
        }
    }

    /// Nothing or all; of a whole file also a half. A sector is written or not.
    fn choices(&self) -> u8 {
        if matches!(self, Self::Whole { .. }) { 3 } else { 2 }
    }
}

/// A number written with these bases.
fn digits(mut number: usize, bases: &[u8]) -> Vec<u8> {
    let mut digits = Vec::with_capacity(bases.len());
    for &base in bases {
        digits.push(u8::try_from(number % usize::from(base)).expect("less than its base"));
        number /= usize::from(base);
    }
    digits
}

/// xorshift64*, always from the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u8) -> u8 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56;
        u8::try_from(high % u64::from(bound)).expect("less than the bound")
    }
}

/// A run that is taken down, and the states that a power cut may make of it.
struct Run {
    site: Site,
    inner: Inner,
    model: Model,
    released: Released,
    states: Vec<State>,
    seen: HashSet<u64>,
    random: Random,
}

impl Run {
    fn new() -> Self {
        let site = Site::new();
        let inner = site.open().unwrap();
        guard(&inner.sweeper).disk.taken_down = Some(std::cell::RefCell::default());
        Self {
            site,
            inner,
            model: Model::default(),
            released: Released::new(),
            states: Vec::new(),
            seen: HashSet::new(),
            random: Random(4711),
        }
    }

    /// A boot of two shards that sync what they write, again and again, and die in the middle.
    fn boot(&mut self, boot: u64, rounds: u64, records: u64) {
        let given = self.inner.serve(&live(boot), 2).unwrap();
        for segment in &given {
            self.model.add(&segment.path, std::fs::read(&segment.path).unwrap());
        }
        for shard in 0..2 {
            let mut next = 0;
            let segments: Vec<_> = given.iter().filter(|it| it.shard == shard).collect();
            for (last, segment) in
                segments.iter().enumerate().map(|(at, it)| (at + 1 == segments.len(), it))
            {
                let mut writer = Shard::begin(boot, segment, next);
                for _ in 0..rounds {
                    writer.append(records);
                    next = writer.position();
                    self.sync_segment(segment, boot, next);
                }
                if last {
                    // Written and never synced.
                    writer.append(records);
                    self.map(segment);
                } else {
                    next = writer.finish();
                    self.sync_segment(segment, boot, next);
                }
            }
        }
    }

    fn map(&mut self, segment: &SegmentFile) {
        self.model.map(&segment.path, std::fs::read(&segment.path).unwrap());
        self.cut();
    }

    /// fdatasync, after which all in front of `next` is released.
    fn sync_segment(&mut self, segment: &SegmentFile, boot: u64, next: u64) {
        self.map(segment);
        let (path, bytes) = (segment.path.clone(), std::fs::read(&segment.path).unwrap());
        self.model.apply(&Op::Sync { path, bytes });
        self.released.insert((boot, segment.shard), next);
        self.cut();
    }

    fn sweep(&mut self) {
        self.inner.sweep().unwrap();
        let taken = guard(&self.inner.sweeper).disk.taken_down.as_ref().unwrap().take();
        for op in &taken {
            self.model.apply(op);
            self.cut();
        }
    }

    /// Makes the states of this moment that no other had.
    fn cut(&mut self) {
        for parts in self.model.cuts(&mut self.random) {
            let files = self.model.cut(&parts);
            let mut hasher = DefaultHasher::new();
            (&files, &self.released).hash(&mut hasher);
            if self.seen.insert(hasher.finish()) {
                self.states.push(State { files, released: self.released.clone() });
            }
        }
    }
}

impl State {
    /// Starts the next custodian on this disk, in a folder of its own, and judges what it ships.
    fn check(&self, from: &Site, number: usize) {
        let site = Site::with_key(&from.key());
        for (path, bytes) in &self.files {
            let path = site.path(path.strip_prefix(from.root()).unwrap());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes.as_slice()).unwrap();
        }
        let inner = site.open().unwrap_or_else(|error| panic!("state {number}: {error}"));
        inner.serve(&live(9), 1).unwrap();
        inner.sweep().unwrap_or_else(|error| panic!("state {number}: {error}"));
        let shipped = shipped_records(&site);
        for (&(boot, shard), &next) in &self.released {
            for sequence in 0..next {
                let there = shipped.contains(&(boot, shard, sequence));
                assert!(
                    there,
                    "state {number}: boot {boot}, shard {shard}: {sequence} of {next} lost"
                );
            }
        }
        if shipped.is_empty() {
            return;
        }
        let report = site.verify();
        // What was written and not synced may be lost, and that is told.
        let told =
            report.gaps.iter().all(|gap| gap.contains("committed records were not recovered"));
        let whole =
            report.verdict == Verdict::Verified || report.verdict == Verdict::Incomplete && told;
        assert!(whole, "state {number}: {report:?}");
        let left: Vec<_> = site.local();
        let of_this_boot =
            |name: &String| name.starts_with("n1-0000000009-") || name.ends_with(".damaged");
        assert!(left.iter().all(of_this_boot), "state {number}: {left:?}");
    }
}

/// Boot, shard and sequence of each record in the shipped segments.
fn shipped_records(site: &Site) -> BTreeSet<(u64, u16, u64)> {
    let mut records = BTreeSet::new();
    let Ok(entries) = std::fs::read_dir(site.path("shipped")) else { return records };
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.extension().is_none_or(|ending| ending != "seg") {
            continue;
        }
        let mut image = SegmentImage::default();
        image.load(&path).unwrap();
        let reader = SegmentReader::new(&image).unwrap();
        let Identity { boot, shard, .. } = reader.identity().clone();
        records.extend(reader.map(|record| (boot, shard, record.unwrap().header.sequence)));
    }
    records
}

#[test]
fn no_power_cut_loses_a_record_that_was_released() {
    let mut run = Run::new();
    run.boot(1, 3, 2);
    run.sweep();
    run.boot(2, 2, 70);
    run.sweep();
    let (states, site) = (&run.states, &run.site);
    println!("{} states of the disk", states.len());
    assert!(states.len() >= 10_000, "{} states", states.len());
    // Two threads, for two cores.
    std::thread::scope(|scope| {
        for parity in 0..2 {
            scope.spawn(move || {
                for (number, state) in states.iter().enumerate().filter(|(at, _)| at % 2 == parity)
                {
                    state.check(site, number);
                }
            });
        }
    });
}
