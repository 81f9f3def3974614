//! The prepared statements and portals of a session, as the upstream has them.
//!
//! They change when the reply that confirms the change is read, so they are exact in reply order.
//! SQL and protocol share the names: PREPARE and Parse, DECLARE and Bind. What a function may
//! have prepared or opened behind our back is not known; [`Objects::distrust`] says so.

use std::collections::HashMap;
use std::rc::Rc;

use super::judge::Analysis;
use crate::limits::{NAMED_OBJECTS, PREPARED_BYTES};
use crate::pg::plans::Rows;

/// PostgreSQL cuts names to this length before it looks them up.
const NAME_BYTES: usize = 63;

/// Of a prepared statement or a portal.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(super) enum Name {
    /// Most messages name the unnamed one. An empty box would be as good but for its address, which is
    /// no page of ours: `memcmp` with AVX-512 reads there under a mask, and that takes the processor
    /// longer than all else that is done with names.
    #[default]
    Unnamed,
    Named(Box<[u8]>),
}

impl Name {
    pub(super) fn new(name: &[u8]) -> Self {
        match &name[..name.len().min(NAME_BYTES)] {
            [] => Self::Unnamed,
            name => Self::Named(name.into()),
        }
    }
}

#[derive(Default)]
pub(super) struct Objects {
    statements: HashMap<Name, Rc<Analysis>>,
    portals: HashMap<Name, Portal>,
    /// Texts of the prepared statements.
    text_bytes: usize,
}

#[derive(Clone)]
pub(super) struct Portal {
    pub(super) analysis: Rc<Analysis>,
    /// The request that opened it.
    pub(super) request: u64,
    pub(super) rows: Rows,
}

impl Objects {
    /// No more may be prepared or opened.
    pub(super) fn is_full(&self) -> bool {
        self.statements.len() >= NAMED_OBJECTS
            || self.portals.len() >= NAMED_OBJECTS
            || self.text_bytes >= PREPARED_BYTES
    }

    pub(super) fn statement(&self, name: &Name) -> Option<&Rc<Analysis>> {
        self.statements.get(name)
    }

    pub(super) fn portal(&self, name: &Name) -> Option<&Portal> {
        self.portals.get(name)
    }

    pub(super) fn prepare(&mut self, name: Name, analysis: Rc<Analysis>) {
        self.text_bytes += analysis.text.len();
        if let Some(old) = self.statements.insert(name, analysis) {
            self.text_bytes -= old.text.len();
        }
    }

    pub(super) fn deallocate(&mut self, name: &Name) {
        if let Some(old) = self.statements.remove(name) {
            self.text_bytes -= old.text.len();
        }
    }

    pub(super) fn deallocate_all(&mut self) {
        self.statements.clear();
        self.text_bytes = 0;
    }

    pub(super) fn open(&mut self, name: Name, analysis: Rc<Analysis>, request: u64) {
        self.portals.insert(name, Portal { analysis, request, rows: Rows::Unknown });
    }

    pub(super) fn describe(&mut self, name: &Name, rows: Rows) {
        if let Some(portal) = self.portals.get_mut(name) {
            portal.rows = rows;
        }
    }

    pub(super) fn close(&mut self, name: &Name) {
        self.portals.remove(name);
    }

    pub(super) fn close_all(&mut self) {
        self.portals.clear();
    }

    /// A function ran that may have put other statements and cursors under these names.
    pub(super) fn distrust(&mut self) {
        let unknown = Analysis::unknown();
        self.text_bytes = 0;
        self.statements.values_mut().for_each(|analysis| *analysis = unknown.clone());
        for portal in self.portals.values_mut() {
            portal.analysis = unknown.clone();
            portal.rows = Rows::Unknown;
        }
    }
}
