//! Scans one corpus one way, for a profiler: `once notes batch 3`.
//!
//! Ways: `load` (the pack alone, to be taken off), `candidates`, `batch`, `mask`, `stream`; the last argument is how often.

use benches::corpora::Corpus;
use lazaret_detectors::{Batch, Pack, Scanner, StreamMasker, mask};

const BATCH_BYTES: usize = 32 << 10;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |or: &str| arguments.next().unwrap_or_else(|| or.to_owned());
    let (name, way, rounds) = (next("notes"), next("batch"), next("1"));
    let rounds: usize = rounds.parse().map_err(std::io::Error::other)?;
    let pack = Pack::load(None).map_err(std::io::Error::other)?;
    let mut scanner = Scanner::new(&pack).map_err(std::io::Error::other)?;
    let corpus = match &*name {
        "dense" => benches::corpora::patients(3000),
        "fhir" => benches::corpora::fhir(100),
        _ => benches::corpora::notes(300),
    };
    let bytes = corpus.bytes();
    let sum = work(&way, rounds, &corpus, &mut scanner);
    std::io::Write::write_fmt(&mut std::io::stdout(), format_args!("{} {sum}\n", bytes * rounds))
}

/// All that is to be measured.
#[inline(never)]
fn work(way: &str, rounds: usize, corpus: &Corpus, scanner: &mut Scanner) -> usize {
    let mut sum = 0;
    for _ in 0..rounds {
        sum += match way {
            "candidates" => batches(corpus, |batch| scanner.candidates(batch)),
            "batch" => batches(corpus, |batch| scanner.scan_batch(batch).len()),
            "mask" => masked(corpus, scanner),
            "stream" => streamed(corpus, scanner),
            _ => 0,
        };
    }
    sum
}

fn batches(corpus: &Corpus, mut scan: impl FnMut(&Batch) -> usize) -> usize {
    let mut batch = Batch::default();
    let mut sum = 0;
    for cell in &corpus.cells {
        batch.push(cell.as_bytes());
        if batch.len() >= BATCH_BYTES {
            sum += scan(&batch);
            batch.clear();
        }
    }
    sum + scan(&batch)
}

fn masked(corpus: &Corpus, scanner: &mut Scanner) -> usize {
    let mut cells = corpus.cells.iter().map(|it| it.clone().into_bytes()).collect::<Vec<_>>();
    let (mut batch, mut sum, mut first) = (Batch::default(), 0, 0);
    for index in 0..cells.len() {
        batch.push(&cells[index]);
        if batch.len() < BATCH_BYTES && index + 1 < cells.len() {
            continue;
        }
        for found in scanner.scan_batch(&batch) {
            mask::redact_findings(&mut cells[first + found.cell as usize], &[found.finding]);
            sum += 1;
        }
        batch.clear();
        first = index + 1;
    }
    sum
}

fn streamed(corpus: &Corpus, scanner: &mut Scanner) -> usize {
    let text = corpus.cells.join("\n").into_bytes();
    let (mut masker, mut out) = (StreamMasker::new(), Vec::with_capacity(text.len()));
    masker.push(scanner, &text, &mut out);
    masker.finish(scanner, &mut out);
    out.len()
}
