//! What evidence costs: appending records, and verifying what was shipped beside hashing alone.

use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lazaret_audit::{
    BlankSegment, Boot, CHECKPOINT_FILE_NAME, Digest, Identity, Log, LogFile, Role, SegmentImage,
    SegmentWriter, SigningKey, Statement, Trust, Verdict, prepare, segment_file_name,
    sign_checkpoint, verify_folder,
};

const SEGMENT_BYTES: u64 = 16 << 20;
const ORIGIN: &str = "bench.example/log";

/// Frame and body come to 256 bytes.
const TEXT: &str =
    "SELECT abalance FROM pgbench_accounts WHERE aid = $1; -- one of many, read by key";
const RECORD_BYTES: u64 = 256;

fn identity(index: u64) -> Identity {
    Identity { node: "n1".to_owned(), boot: 1, shard: 0, index }
}

fn statement() -> Statement<'static> {
    Statement {
        request: 1,
        message: "query",
        name: "",
        kind: "select",
        text: TEXT,
        commitment: [7; 32],
        bytes: TEXT.len() as u64,
        allowed: true,
        rule: "policy",
        snapshot_hash: "0011223344556677",
    }
}

fn begin(folder: &Path, index: u64, first_sequence: u64) -> SegmentWriter {
    let path = folder.join(segment_file_name(&identity(index)));
    prepare(&path, &identity(index), SEGMENT_BYTES).expect("room on the disk");
    BlankSegment::open(&path).expect("just prepared").begin(first_sequence)
}

/// Appends and commits, one record at a time as a session does, until the segment is full.
fn fill(writer: &mut SegmentWriter) -> u64 {
    let body = statement().into();
    let mut records = 0;
    while writer.append(writer.position().sequence, [1; 16], &body).is_ok() {
        writer.commit();
        records += 1;
    }
    records
}

fn append(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut group = criterion.benchmark_group("append");
    group.throughput(Throughput::Elements(1)).sample_size(10);
    group.bench_function("records", |bencher| {
        bencher.iter_custom(|wanted| {
            // Preparing and mapping happen ahead of a shard's need, so they are not counted.
            let (mut time, mut done) = (Duration::ZERO, 0);
            while done < wanted {
                let mut writer = begin(folder.path(), 0, 0);
                let from = Instant::now();
                let records = fill(&mut writer);
                time += from.elapsed();
                done += records;
                assert!(
                    SEGMENT_BYTES / records <= RECORD_BYTES + 1,
                    "records of {} bytes",
                    SEGMENT_BYTES / records
                );
                drop(writer);
                let path = folder.path().join(segment_file_name(&identity(0)));
                std::fs::remove_file(path).expect("it was there");
            }
            time.mul_f64(wanted as f64 / done as f64)
        });
    });
    group.finish();
}

/// A shipped folder of full segments, whom to trust for it, and how many bytes it holds.
fn shipped(folder: &Path, segments: u64) -> (Trust, u64) {
    let key = SigningKey::generate(ORIGIN, Role::Log).expect("a key");
    let mut log = Log::begin(key.verifier(), None, 0);
    let mut image = SegmentImage::default();
    let (mut next, mut bytes) = (0, 0);
    for index in 0..segments {
        let mut writer = begin(folder, index, next);
        if index == 0 {
            let boot = Boot { node: "n1", boot: 1, version: "0", durability: "process" };
            writer.append(0, [0; 16], &boot.into()).expect("room for the first record");
        }
        fill(&mut writer);
        let end = writer.position().sequence;
        next = writer.finish(end).position.sequence;
        let path = folder.join(segment_file_name(&identity(index)));
        image.load(&path).and_then(|()| image.cut().map_err(std::io::Error::other)).expect("read");
        std::fs::write(&path, image.bytes()).expect("room on the disk");
        let added = log.seal(&image, 0).expect("well-formed");
        bytes += added.segment_bytes + write(folder, &added.files);
    }
    bytes += write(folder, &log.edge());
    let note = sign_checkpoint(&log.checkpoint(), &key);
    std::fs::write(folder.join(CHECKPOINT_FILE_NAME), note).expect("room on the disk");
    let trust = Trust {
        origin: ORIGIN.to_owned(),
        keys: vec![key.verifier().to_string()],
        witnesses: Vec::new(),
        quorum: None,
        nodes: vec!["n1".to_owned()],
    };
    (trust, bytes)
}

fn write(folder: &Path, files: &[LogFile]) -> u64 {
    for LogFile { path, bytes } in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("room on the disk");
    }
    files.iter().map(|file| file.bytes.len() as u64).sum()
}

fn verify(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    group.sample_size(10);
    for (name, segments) in [("one_core", 1), ("all_cores", 8)] {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (trust, bytes) = shipped(folder.path(), segments);
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let report = verify_folder(folder.path(), Some(&trust));
                assert_eq!(report.verdict, Verdict::Verified, "{report:?}");
            });
        });
    }
    group.finish();
}

/// What `openssl speed sha256` measures, by the library that the verifier uses.
fn sha256(criterion: &mut Criterion) {
    let bytes = vec![7; 16 << 10];
    let mut group = criterion.benchmark_group("sha256");
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("16_kib", |bencher| bencher.iter(|| Digest::of(&bytes)));
    group.finish();
}

criterion_group!(benches, append, verify, sha256);
criterion_main!(benches);
