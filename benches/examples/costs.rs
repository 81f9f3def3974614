//! Writes `detectors/COSTS.md`: what each group of candidates costs on each corpus.
//!
//! `cargo run --release -p benches --example costs`. Each batch of 32 KiB is timed many times and its
//! shortest time counts, which a busy machine disturbs least.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use benches::corpora::Corpus;
use lazaret_detectors::{Batch, Group, Pack, Scanner};

const BATCH_BYTES: usize = 32 << 10;
const BATCHES: usize = 12;
const ROUNDS: usize = 25;

/// Of one group on one corpus.
#[derive(Default)]
struct Cost {
    hits: usize,
    alone: Duration,
    in_the_pack: Duration,
}

fn main() -> std::io::Result<()> {
    let pack = Pack::load(None).map_err(std::io::Error::other)?;
    let mut scanner = Scanner::new(&pack).map_err(std::io::Error::other)?;
    let mut page = String::from(HEAD);
    for corpus in Corpus::all() {
        let batches = batches(&corpus);
        let bytes = batches.iter().map(Batch::len).sum::<usize>();
        let costs = costs(&mut scanner, &batches);
        let all = time(&batches, |batch| scanner.scan_groups(batch, &|_| true));
        let none = time(&batches, |batch| scanner.scan_groups(batch, &|_| false));
        section(&mut page, corpus.name, bytes, (none, all), &costs);
    }
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../detectors/COSTS.md"), page)
}

const HEAD: &str = "# What each group of candidates costs\n\n\
    Written by `cargo run --release -p benches --example costs`, on one core. *Alone*: the rules of the group \
    and nothing else, less what a scan without rules takes. *In the pack*: what a whole scan takes less when they are \
    left out; below zero is noise. Finding the candidates of all groups is one pass and stands in the first line of each \
    table. Groups with neither a hit nor a cost are not listed.\n";

fn batches(corpus: &Corpus) -> Vec<Batch> {
    let mut batches = vec![Batch::default()];
    for cell in &corpus.cells {
        if batches.last().is_some_and(|batch| batch.len() >= BATCH_BYTES) {
            if batches.len() == BATCHES {
                break;
            }
            batches.push(Batch::default());
        }
        if let Some(batch) = batches.last_mut() {
            batch.push(cell.as_bytes());
        }
    }
    batches
}

fn costs(scanner: &mut Scanner, batches: &[Batch]) -> BTreeMap<Group, Cost> {
    let mut costs = BTreeMap::<Group, Cost>::new();
    for batch in batches {
        scanner.groups(batch).for_each(|group| costs.entry(group).or_default().hits += 1);
    }
    let all = time(batches, |batch| scanner.scan_groups(batch, &|_| true));
    let none = time(batches, |batch| scanner.scan_groups(batch, &|_| false));
    for (group, cost) in &mut costs {
        let alone = time(batches, |batch| scanner.scan_groups(batch, &|it| it == *group));
        let others = time(batches, |batch| scanner.scan_groups(batch, &|it| it != *group));
        cost.alone = alone.saturating_sub(none);
        cost.in_the_pack = all.saturating_sub(others);
    }
    costs
}

/// The sum of each batch's shortest time.
fn time(batches: &[Batch], mut scan: impl FnMut(&Batch) -> usize) -> Duration {
    let mut once = |batch: &Batch| {
        let start = Instant::now();
        std::hint::black_box(scan(batch));
        start.elapsed()
    };
    let shortest = |batch| (0..ROUNDS).map(|_| once(batch)).min().unwrap_or_default();
    batches.iter().map(shortest).sum()
}

fn section(
    page: &mut String,
    name: &str,
    bytes: usize,
    (none, all): (Duration, Duration),
    costs: &BTreeMap<Group, Cost>,
) {
    let per_kb = |time: Duration| time.as_secs_f64() * 1e9 / (bytes as f64 / 1e3);
    let per_mb = |hits: usize| hits as f64 / (bytes as f64 / 1e6);
    let mut line = |text: String| {
        let _ = writeln!(page, "{text}");
    };
    line(format!("\n## {name}\n"));
    line("| group | hits per MB | alone, ns per KB | in the pack, ns per KB |".into());
    line("| --- | ---: | ---: | ---: |".into());
    let hits = costs.values().map(|cost| cost.hits).sum();
    line(format!("| finding all candidates | {:.0} | {:.0} | |", per_mb(hits), per_kb(none)));
    for (group, cost) in costs {
        let (alone, within) = (per_kb(cost.alone), per_kb(cost.in_the_pack));
        line(format!("| {group} | {:.0} | {alone:.0} | {within:.0} |", per_mb(cost.hits)));
    }
    line(format!("| the whole scan | {:.0} | | {:.0} |", per_mb(hits), per_kb(all)));
}
