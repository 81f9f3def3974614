//! What must be there before the first shard can begin.

use std::collections::VecDeque;
use std::sync::Arc;

use lazaret_audit::BlankSegment;
use lazaret_link::Settings;
use lazaret_policy::Engine;

use crate::files::FilesError;
use crate::limits::SHARDS;

#[derive(Default)]
pub(super) struct Gathering {
    settings: Option<Arc<Settings>>,
    shards: Vec<Needs>,
    /// Segments that came before the settings.
    early: Vec<BlankSegment>,
}

/// All there is to begin with.
pub(super) struct Gathered {
    pub(super) settings: Arc<Settings>,
    pub(super) shards: Vec<Provisions>,
}

/// One shard's.
pub(super) struct Provisions {
    pub(super) engine: Engine,
    pub(super) first_segment: BlankSegment,
    pub(super) further_segments: VecDeque<BlankSegment>,
}

#[derive(Default)]
struct Needs {
    engine: Option<Engine>,
    segments: VecDeque<BlankSegment>,
}

impl Gathering {
    pub(super) fn set(&mut self, settings: Settings) -> Result<(), FilesError> {
        let shards = match settings.shards {
            0 => cores()?.len().min(SHARDS),
            asked if usize::from(asked) <= SHARDS => usize::from(asked),
            asked => return Err(FilesError::Shards(asked)),
        };
        self.settings = Some(Arc::new(settings));
        self.shards.resize_with(shards, Needs::default);
        for segment in std::mem::take(&mut self.early) {
            self.add_segment(segment);
        }
        Ok(())
    }

    pub(super) fn settings(&self) -> Option<&Settings> {
        self.settings.as_deref()
    }

    pub(super) fn shards(&self) -> Option<u16> {
        self.settings.as_ref()?;
        u16::try_from(self.shards.len()).ok()
    }

    pub(super) fn add_engine(&mut self, shard: u16, engine: Engine) {
        if let Some(needs) = self.shards.get_mut(usize::from(shard)) {
            needs.engine = Some(engine);
        }
    }

    pub(super) fn add_segment(&mut self, segment: BlankSegment) {
        if self.settings.is_none() {
            self.early.push(segment);
        } else if let Some(needs) = self.shards.get_mut(usize::from(segment.identity().shard)) {
            needs.segments.push_back(segment);
        }
    }

    pub(super) fn take_when_complete(&mut self) -> Option<Gathered> {
        let settings = Arc::clone(self.settings.as_ref()?);
        if !self.shards.iter().all(|needs| needs.engine.is_some() && !needs.segments.is_empty()) {
            return None;
        }
        let shards = self.shards.drain(..).filter_map(Needs::provisions).collect();
        Some(Gathered { settings, shards })
    }
}

impl Needs {
    fn provisions(mut self) -> Option<Provisions> {
        Some(Provisions {
            engine: self.engine?,
            first_segment: self.segments.pop_front()?,
            further_segments: self.segments,
        })
    }
}

/// The processors that this process may run on.
pub(super) fn cores() -> std::io::Result<Vec<usize>> {
    let set = rustix::thread::sched_getaffinity(None)?;
    Ok((0..rustix::thread::CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect())
}
