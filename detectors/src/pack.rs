//! The compiled patterns: the default pack's literals, and what a site adds.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use hyperscan::{BlockDatabase, Builder, Literal, LiteralFlags, Literals, Matching, Scratch};

use crate::anchors::{self, Anchor, LITERAL_BYTES, Tier};
use crate::cache;
use crate::events::{Event, Seeker};
use crate::site::{self, ExpressionError, Site};

#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error("Hyperscan could not compile the detector pack: {0}")]
    Compile(String),
    #[error("{0}")]
    Expression(#[from] ExpressionError),
    #[error("Hyperscan has no memory to scan with: {0}")]
    Scratch(String),
    #[error("Hyperscan failed to scan: {0}")]
    Scan(String),
}

/// The compiled patterns. One for all shards; never changed once made.
pub struct Pack {
    seeker: Seeker,
    database: BlockDatabase,
    site: Option<SiteDatabase>,
}

/// What a site adds is scanned for by itself, so that the default pack stays as fast as it is.
struct SiteDatabase {
    compiled: site::Compiled,
    database: BlockDatabase,
}

impl Pack {
    /// Compiles the default pack, or reads it from `cache` (a folder owned by this user). A cache
    /// that can't be used or written costs the time of compiling, and nothing else.
    pub fn load(cache: Option<&Path>) -> Result<Arc<Self>, PackError> {
        Self::load_with(&Site::default(), cache)
    }

    /// The same, with what a site adds.
    pub fn load_with(site: &Site, cache: Option<&Path>) -> Result<Arc<Self>, PackError> {
        let anchors = anchors::all();
        let key = format!("{anchors:?}");
        let database = cache::load(cache, "detectors", &key, || compile(&anchors))?;
        let site = if site.is_empty() { None } else { Some(SiteDatabase::load(site, cache)?) };
        Ok(Arc::new(Self { seeker: Seeker::new(anchors), database, site }))
    }

    pub(crate) fn seeker(&self) -> &Seeker {
        &self.seeker
    }

    /// What looks at the matches of the site's own expressions and terms.
    pub(crate) fn site_rules(&self) -> &[site::Rule] {
        self.site.as_ref().map_or(&[], |site| &site.compiled.rules)
    }

    pub(crate) fn scratch(&self) -> Result<Scratch, PackError> {
        let fault = |error: hyperscan::Error| PackError::Scratch(error.to_string());
        let mut scratch = self.database.alloc_scratch().map_err(fault)?;
        if let Some(site) = &self.site {
            site.database.realloc_scratch(&mut scratch).map_err(fault)?;
        }
        Ok(scratch)
    }

    /// Adds the events that Hyperscan finds: what ends in `range` (behind its start, up to its end).
    pub(crate) fn seek(
        &self,
        text: &[u8],
        scratch: &Scratch,
        range: &Range<usize>,
        events: &mut Vec<Event>,
    ) -> Result<(), PackError> {
        let first = range.start.saturating_sub(LITERAL_BYTES);
        let each = |anchor: u32, _from: u64, end: u64, _flags: u32| {
            let end = offset(first, end);
            if range.contains(&(end as usize).saturating_sub(1)) {
                events.push(Event::Hit { end, anchor });
            }
            Matching::Continue
        };
        let rest = text.get(first..).unwrap_or_default();
        self.database.scan(rest, scratch, each).map_err(scan_fault)?;
        self.site.as_ref().map_or(Ok(()), |site| site.seek(text, scratch, range, events))
    }
}

impl SiteDatabase {
    fn load(site: &Site, cache: Option<&Path>) -> Result<Self, PackError> {
        let compiled = site::Compiled::new(site)?;
        let build = || compiled.database().map_err(compile_fault);
        let database = cache::load(cache, "site", &compiled.key(), build)?;
        Ok(Self { compiled, database })
    }

    fn seek(
        &self,
        text: &[u8],
        scratch: &Scratch,
        range: &Range<usize>,
        events: &mut Vec<Event>,
    ) -> Result<(), PackError> {
        let first = range.start.saturating_sub(site::REACH_BYTES);
        let each = |id: u32, from: u64, end: u64, _flags: u32| {
            if let Some((rule, start)) = self.compiled.matched(id, from, end) {
                let (start, end) = (offset(first, start), offset(first, end));
                if range.contains(&(end as usize).saturating_sub(1)) {
                    events.push(Event::Site { rule, start, end });
                }
            }
            Matching::Continue
        };
        // One byte more, which tells whether a word ends here.
        let upto = text.len().min(range.end + 1);
        let text = text.get(first..upto).unwrap_or_default();
        self.database.scan(text, scratch, each).map_err(scan_fault)
    }
}

fn compile(anchors: &[Anchor]) -> Result<BlockDatabase, PackError> {
    let mine = anchors.iter().enumerate().filter(|(_, it)| it.rule.tier() == Tier::Literals);
    let literals = mine.map(|(id, anchor)| {
        debug_assert!(anchor.literal.len() <= LITERAL_BYTES);
        let flags = if anchor.caseless { LiteralFlags::CASELESS } else { LiteralFlags::default() };
        let text = String::from_utf8_lossy(&anchor.literal).into_owned();
        Literal::with_flags(text, flags).map(|literal| Literal { id: Some(id), ..literal })
    });
    let literals: Literals = literals.collect::<Result<Vec<_>, _>>().map_err(compile_fault)?.into();
    literals.build().map_err(compile_fault)
}

/// An offset into a text of less than 4 GiB, by one into what stands from `first` on.
fn offset(first: usize, at: u64) -> u32 {
    u32::try_from(first as u64 + at).unwrap_or(u32::MAX)
}

fn compile_fault(error: hyperscan::Error) -> PackError {
    PackError::Compile(error.to_string())
}

fn scan_fault(error: hyperscan::Error) -> PackError {
    PackError::Scan(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_short_enough_to_be_found_over_a_seam() {
        assert!(anchors::all().iter().all(|anchor| anchor.literal.len() <= LITERAL_BYTES));
    }
}
