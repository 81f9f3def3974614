//! How fast the detectors are: per corpus, what is found before any rule runs (candidates), the scan
//! with its rules (batch), and end to end with masking.
//!
//! Cells are gathered into batches of 32 KiB, scanned in one call each, and masked, as a result's
//! rows are. Throughput counts the cells' bytes. `cargo bench -p benches --bench detectors notes`.

use std::hint::black_box;

use benches::corpora::Corpus;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use lazaret_detectors::{Batch, Pack, Scanner, StreamMasker, mask};

/// What the gateway gathers before it scans.
const BATCH_BYTES: usize = 32 << 10;

fn detectors(criterion: &mut Criterion) {
    let pack = Pack::load(None).expect("the pack compiles");
    let mut scanner = Scanner::new(&pack).expect("memory to scan with");
    for corpus in Corpus::all() {
        let mut group = criterion.benchmark_group("detect");
        group.throughput(Throughput::Bytes(corpus.bytes() as u64)).sample_size(10);
        let mut batch = Batch::default();
        group.bench_function(format!("{}/candidates", corpus.name), |bencher| {
            let count: Count = Scanner::candidates;
            bencher.iter(|| black_box(scan(&mut scanner, &mut batch, &corpus, count)));
        });
        group.bench_function(format!("{}/batch", corpus.name), |bencher| {
            let count: Count = |scanner, batch| scanner.scan_batch(batch).len();
            bencher.iter(|| black_box(scan(&mut scanner, &mut batch, &corpus, count)));
        });
        let mut cells = corpus.cells.iter().map(|it| it.clone().into_bytes()).collect::<Vec<_>>();
        group.bench_function(format!("{}/batch and mask", corpus.name), |bencher| {
            bencher.iter(|| {
                // Masking a masked cell again would find less: each round starts afresh.
                for (cell, text) in cells.iter_mut().zip(&corpus.cells) {
                    cell.copy_from_slice(text.as_bytes());
                }
                black_box(scan_and_mask(&mut scanner, &mut batch, &mut cells))
            });
        });
        let text = corpus.cells.join("\n").into_bytes();
        let mut masked = Vec::with_capacity(text.len());
        group.bench_function(format!("{}/stream", corpus.name), |bencher| {
            bencher.iter(|| {
                masked.clear();
                let mut masker = StreamMasker::new();
                masker.push(&mut scanner, &text, &mut masked);
                masker.finish(&mut scanner, &mut masked);
                black_box(masked.len())
            });
        });
    }
}

type Count = fn(&mut Scanner, &Batch) -> usize;

fn scan(scanner: &mut Scanner, batch: &mut Batch, corpus: &Corpus, count: Count) -> usize {
    let mut findings = 0;
    batch.clear();
    for cell in &corpus.cells {
        batch.push(cell.as_bytes());
        if batch.len() >= BATCH_BYTES {
            findings += count(scanner, batch);
            batch.clear();
        }
    }
    findings + count(scanner, batch)
}

fn scan_and_mask(scanner: &mut Scanner, batch: &mut Batch, cells: &mut [Vec<u8>]) -> usize {
    let mut findings = 0;
    let mut first = 0;
    batch.clear();
    for index in 0..cells.len() {
        batch.push(&cells[index]);
        if batch.len() < BATCH_BYTES && index + 1 < cells.len() {
            continue;
        }
        for found in scanner.scan_batch(batch) {
            mask::redact_findings(&mut cells[first + found.cell as usize], &[found.finding]);
            findings += 1;
        }
        batch.clear();
        first = index + 1;
    }
    findings
}

criterion_group!(group, detectors);
criterion_main!(group);
