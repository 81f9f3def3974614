//! Walks the log's seals in order: each shard's segments, their sequences and times, and whether all
//! are there.

use std::collections::BTreeMap;

use super::log::{ReadLog, SealAt};
use super::segments::{Fault, Outcome};
use super::{Findings, FirstBad};
use crate::check::{Contents, Tail, silence};
use crate::folder::segment_file_name;
use crate::segment::Identity;

pub(super) fn judge_chains(log: &ReadLog, outcomes: Vec<Outcome>, findings: &mut Findings) {
    let mut walk = Walk { shards: BTreeMap::new(), intact: true };
    for (seal, outcome) in log.seals.iter().zip(outcomes) {
        walk.segment(seal, log.authentic, outcome, findings);
    }
}

struct Walk {
    /// By node and shard.
    shards: BTreeMap<(String, u16), Shard>,
    /// Nothing was missing or wrong so far.
    intact: bool,
}

/// How far a shard's log has come.
#[derive(Clone, Copy)]
struct Shard {
    boot: u64,
    next_index: u64,
    end: Option<End>,
}

/// The end of the last segment, if the next one follows on it.
#[derive(Clone, Copy)]
struct End {
    next_sequence: Option<u64>,
    last_time_us: u64,
}

impl Walk {
    fn segment(
        &mut self,
        SealAt { entry, seal }: &SealAt,
        authentic: u64,
        outcome: Outcome,
        findings: &mut Findings,
    ) {
        let Identity { node, boot, shard, index } = seal.segment.clone();
        let name = segment_file_name(&seal.segment);
        self.intact &= *entry < authentic;
        let first = Shard { boot, next_index: 0, end: None };
        let known = self.shards.get(&(node.clone(), shard)).copied().unwrap_or(first);
        if (boot, index) < (known.boot, known.next_index) {
            findings.tampered(FirstBad::file(name, "the log seals it out of its order"));
            self.intact = false;
            return;
        }
        let known = if known.boot == boot { known } else { first };
        let mut end = known.end;
        if index > known.next_index {
            self.missing(&seal.segment, known.next_index, index, findings);
            end = None;
        }
        let end = match outcome {
            Outcome::Whole(contents) => self.contents(&name, &contents, end, findings),
            Outcome::Missing => {
                self.missing(&seal.segment, index, index.saturating_add(1), findings);
                None
            }
            Outcome::Faulty(fault) => {
                findings.fault(fault);
                self.intact = false;
                None
            }
        };
        let next_index = index.saturating_add(1);
        self.shards.insert((node, shard), Shard { boot, next_index, end });
    }

    fn missing(&mut self, segment: &Identity, from: u64, to: u64, findings: &mut Findings) {
        let Identity { node, boot, shard, .. } = segment;
        let last = to - 1;
        let which = if from == last {
            format!("segment {from} is missing")
        } else {
            format!("segments {from} to {last} are missing")
        };
        findings.missing(format!("node {node}, boot {boot}, shard {shard}: {which}"));
        self.intact = false;
    }

    fn contents(
        &mut self,
        name: &str,
        contents: &Contents,
        end: Option<End>,
        findings: &mut Findings,
    ) -> Option<End> {
        findings.records += contents.records;
        if let Err(reason) = follows(contents, end) {
            let (segment, sequence) = (name.to_owned(), contents.first_sequence);
            let reason = reason.to_owned();
            findings.tampered(FirstBad { segment, sequence, offset: 0, reason });
            self.intact = false;
        }
        let between = end.and_then(|end| {
            silence(end.last_time_us, contents.first_sequence, contents.first_time_us)
        });
        for found in between.iter().chain(&contents.silences) {
            findings.silent(found.describe(name));
        }
        tail(name, contents, findings);
        if self.intact {
            findings.trusted_prefix += contents.records;
        }
        // Where records were lost, nobody knows how many there were before the next segment.
        let lost = contents.recovery.is_some_and(|tail| tail.lost_records > 0);
        let next_sequence = contents.last_sequence.checked_add(1).filter(|_| !lost);
        Some(End { next_sequence, last_time_us: contents.last_time_us })
    }
}

/// Whether a segment goes on where the one before it ended.
fn follows(contents: &Contents, end: Option<End>) -> Result<(), &'static str> {
    let &Contents { first_sequence, first_time_us, last_time_us, .. } = contents;
    let first_of_boot = (contents.identity.index == 0).then_some(0);
    let expected = end.map_or(first_of_boot, |end| end.next_sequence);
    if expected.is_some_and(|expected| expected != first_sequence) {
        return Err("its sequences do not follow on those before it");
    }
    let own_records = last_time_us > 0;
    if own_records && end.is_some_and(|end| first_time_us < end.last_time_us) {
        return Err("its time goes back behind that of the segment before it");
    }
    Ok(())
}

fn tail(name: &str, contents: &Contents, findings: &mut Findings) {
    let Some(Tail { torn_bytes, lost_records }) = contents.recovery else { return };
    findings.torn(format!("{name}: its process died, {torn_bytes} torn bytes, recovered"));
    if lost_records > 0 {
        findings.missing(format!("{name}: {lost_records} committed records were not recovered"));
    }
}

impl Findings {
    pub(super) fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Tampered(bad) => self.tampered(bad),
            Fault::Unreadable(bad) => self.unreadable(bad),
        }
    }
}
