//! Walks each shard's log through its segments and boots: order, links, sequences, and whether all
//! that the head counts is there.

use std::collections::{BTreeMap, BTreeSet};

use super::sealed::{Fault, Judged, Outcome};
use super::{Findings, FirstBad};
use crate::check::{Contents, Tail, silence};
use crate::folder::{HEAD_FILE_NAME, seal_file_name, segment_file_name};
use crate::seal::{ChainHead, ChainId, Digest, Head};

pub(crate) fn judge_chains(segments: Vec<Judged>, head: Option<&Head>, findings: &mut Findings) {
    let mut chains: BTreeMap<ChainId, Vec<Judged>> = BTreeMap::new();
    for judged in segments {
        chains.entry(ChainId::of(&judged.segment)).or_default().push(judged);
    }
    let counted = head.into_iter().flat_map(|head| head.chains.keys());
    let all: BTreeSet<ChainId> = chains.keys().chain(counted).cloned().collect();
    let mut walk: Option<Walk<'_>> = None;
    for id in all {
        // One shard's boots follow each other in this order.
        let same = walk.take().filter(|walk| walk.node == id.node && walk.shard == id.shard);
        let mut next = same.unwrap_or_else(|| Walk::begin(&id, head));
        next.boot(&id, chains.remove(&id).unwrap_or_default(), findings);
        walk = Some(next);
    }
}

/// Where the walk over one shard's log stands.
struct Walk<'a> {
    node: String,
    shard: u16,
    head: Option<&'a Head>,
    link: Link,
    /// Nothing was missing or wrong so far.
    intact: bool,
}

/// What the next seal must name as the one before it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Known(Option<Digest>),
    /// The seal before it is not here.
    Unknown,
}

/// The end of the last segment, if the next one follows on it.
#[derive(Clone, Copy)]
struct End {
    next_sequence: Option<u64>,
    last_time_us: u64,
}

impl<'a> Walk<'a> {
    fn begin(id: &ChainId, head: Option<&'a Head>) -> Self {
        let ChainId { node, shard, .. } = id.clone();
        // Without a head earlier boots may be missing unseen.
        let link = if head.is_some() { Link::Known(None) } else { Link::Unknown };
        Self { node, shard, head, link, intact: true }
    }

    fn boot(&mut self, id: &ChainId, segments: Vec<Judged>, findings: &mut Findings) {
        let counted = self.head.and_then(|head| head.chains.get(id)).copied();
        let mut next_index = 0;
        let mut end = None;
        for judged in segments {
            let index = judged.segment.index;
            if index > next_index {
                self.missing(id, next_index, index, findings);
                end = None;
            }
            end = self.segment(&judged, end, counted, findings);
            next_index = index.saturating_add(1);
        }
        match counted {
            Some(ChainHead { segments, .. }) if segments > next_index => {
                self.missing(id, next_index, segments, findings);
            }
            Some(ChainHead { segments, .. }) if segments == next_index => {}
            // The next boot's link can't be judged: this boot may have had more segments.
            _ => self.link = Link::Unknown,
        }
    }

    fn missing(&mut self, id: &ChainId, from: u64, to: u64, findings: &mut Findings) {
        let ChainId { node, shard, boot } = id;
        let last = to - 1;
        let which = if from == last {
            format!("segment {from} is missing")
        } else {
            format!("segments {from} to {last} are missing")
        };
        findings.missing(format!("node {node}, boot {boot}, shard {shard}: {which}"));
        self.link = Link::Unknown;
        self.intact = false;
    }

    fn segment(
        &mut self,
        judged: &Judged,
        end: Option<End>,
        counted: Option<ChainHead>,
        findings: &mut Findings,
    ) -> Option<End> {
        let name = segment_file_name(&judged.segment);
        match &judged.outcome {
            Outcome::Faulty(fault) => {
                match fault {
                    Fault::Tampered(bad) => findings.tampered(bad.clone()),
                    Fault::Unreadable(bad) => findings.unreadable(bad.clone()),
                }
                self.lose()
            }
            Outcome::Unsealed { records, torn } => {
                findings.missing(format!("{name}: it has no seal"));
                if *torn {
                    findings.torn(format!("{name}: torn, and not recovered"));
                }
                findings.records += records;
                self.lose()
            }
            Outcome::SegmentMissing { seal, previous } => {
                findings.missing(format!("{name}: its seal is here, the segment is not"));
                self.intact = false;
                self.follow(judged, *seal, *previous, counted, findings);
                None
            }
            Outcome::Whole { seal, previous, contents } => {
                self.follow(judged, *seal, *previous, counted, findings);
                self.contents(&name, contents, end, findings)
            }
        }
    }

    fn lose(&mut self) -> Option<End> {
        self.link = Link::Unknown;
        self.intact = false;
        None
    }

    /// Checks a seal against the one before it and against the head.
    fn follow(
        &mut self,
        judged: &Judged,
        seal: Digest,
        previous: Option<Digest>,
        counted: Option<ChainHead>,
        findings: &mut Findings,
    ) {
        let name = seal_file_name(&judged.segment);
        if let Link::Known(expected) = self.link
            && previous != expected
        {
            let reason = "it does not follow on the seal before it";
            findings.tampered(FirstBad::file(&name, reason));
            self.intact = false;
        }
        let index = judged.segment.index;
        match counted {
            Some(ChainHead { segments, last_seal })
                if segments == index.saturating_add(1) && last_seal != seal =>
            {
                let reason = format!("{HEAD_FILE_NAME} names another seal in its place");
                findings.tampered(FirstBad::file(&name, reason));
                self.intact = false;
            }
            Some(ChainHead { segments, .. }) if segments > index => {}
            _ if self.head.is_some() => {
                findings.missing(format!("{name}: {HEAD_FILE_NAME} is older than this seal"));
                self.intact = false;
            }
            _ => {}
        }
        self.link = Link::Known(Some(seal));
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
