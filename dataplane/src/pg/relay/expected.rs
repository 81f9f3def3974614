//! What the upstream owes: one entry for each message that it will answer.
//!
//! Replies are matched with the front in order; one that doesn't match is a protocol violation.
//! After an error in the extended protocol the server discards what it reads until Sync, so
//! everything before the next Sync is dropped here, too.

use std::collections::VecDeque;
use std::rc::Rc;

use lazaret_proto::pg::error::Report;

use super::judge::Analysis;
use super::objects::Name;
use crate::limits::{EXPECTED_BYTES, EXPECTED_REPLIES};

pub(super) struct Awaited {
    /// The request that it belongs to.
    pub(super) request: u64,
    pub(super) reply: Reply,
}

pub(super) enum Reply {
    Query(Batch),
    Parse {
        name: Name,
        analysis: Rc<Analysis>,
    },
    Bind {
        portal: Name,
        statement: Name,
    },
    /// ParameterDescription, then RowDescription or NoData.
    DescribeStatement {
        parameters_came: bool,
    },
    /// `ours` was added by the gateway, and its reply is not the client's.
    DescribePortal {
        portal: Name,
        ours: bool,
    },
    Execute {
        portal: Name,
    },
    CloseStatement(Name),
    ClosePortal(Name),
    /// ReadyForQuery, and nothing else but an error before it.
    Sync,
    FunctionCall,
    /// A message of the extended protocol that was replaced by one that fails; the error is to be
    /// this.
    Refused(Box<Report>),
}

/// A simple query.
pub(super) struct Batch {
    pub(super) statements: Vec<Rc<Analysis>>,
    /// Statements that have completed.
    pub(super) done: usize,
    /// It was replaced by one that fails; the error is to be this.
    pub(super) refused: Option<Box<Report>>,
}

impl Batch {
    /// The statement that is being answered; `None` where it isn't known which.
    pub(super) fn current(&self) -> Option<&Rc<Analysis>> {
        self.statements.get(self.done)
    }
}

#[derive(Default)]
pub(super) struct Expected {
    queue: VecDeque<Awaited>,
    /// The server discards what it reads, and no Sync is on its way.
    discarding: bool,
    /// Syncs that were sent before it was known that a COPY had begun. The server ignores them
    /// while it takes COPY data, but if it failed before it read them, it answers them.
    strays: usize,
    text_bytes: usize,
}

impl Expected {
    pub(super) fn is_full(&self) -> bool {
        self.queue.len() >= EXPECTED_REPLIES || self.text_bytes >= EXPECTED_BYTES
    }

    /// Well below full: worth waking up for.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() <= EXPECTED_REPLIES / 2 && self.text_bytes <= EXPECTED_BYTES / 2
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    pub(super) fn is_discarding(&self) -> bool {
        self.discarding
    }

    pub(super) fn push(&mut self, request: u64, reply: Reply) {
        if let Reply::Sync = reply {
            self.discarding = false;
        }
        self.text_bytes += reply.text_bytes();
        self.queue.push_back(Awaited { request, reply });
    }

    pub(super) fn front(&self) -> Option<&Awaited> {
        self.queue.front()
    }

    pub(super) fn front_mut(&mut self) -> Option<&mut Reply> {
        self.queue.front_mut().map(|awaited| &mut awaited.reply)
    }

    pub(super) fn pop(&mut self) -> Option<Reply> {
        let awaited = self.queue.pop_front()?;
        self.text_bytes -= awaited.reply.text_bytes();
        Some(awaited.reply)
    }

    /// Analyses of the statements with that name that are on their way to be prepared.
    pub(super) fn preparing<'e>(
        &'e self,
        name: &'e Name,
    ) -> impl Iterator<Item = &'e Rc<Analysis>> + 'e {
        self.queue.iter().filter_map(move |awaited| match &awaited.reply {
            Reply::Parse { name: candidate, analysis } if candidate == name => Some(analysis),
            _ => None,
        })
    }

    /// ReadyForQuery answers the front, or a Sync that was thought ignored. False: neither.
    pub(super) fn on_ready(&mut self) -> bool {
        match self.front().map(|awaited| &awaited.reply) {
            Some(Reply::Sync | Reply::Query(_)) => {
                self.pop();
                true
            }
            _ if self.strays > 0 => {
                self.strays -= 1;
                true
            }
            _ => false,
        }
    }

    /// An error answers the front. What is left of that is a ReadyForQuery, if it has one of its
    /// own; else everything is discarded until the next Sync. False: nothing is awaited.
    pub(super) fn on_error(&mut self) -> bool {
        let Some(front) = self.front_mut() else { return false };
        match front {
            Reply::Sync => {}
            Reply::Query(_) | Reply::FunctionCall => self.await_ready(),
            _ => {
                while self.front_mut().is_some_and(|reply| !matches!(reply, Reply::Sync)) {
                    self.pop();
                }
                self.discarding = self.queue.is_empty();
            }
        }
        true
    }

    /// The front has been answered, but for its ReadyForQuery.
    pub(super) fn await_ready(&mut self) {
        if let Some(front) = self.queue.front_mut() {
            self.text_bytes -= front.reply.text_bytes();
            front.reply = Reply::Sync;
        }
    }

    /// The COPY came to a good end, so its Syncs were ignored.
    pub(super) fn on_copied(&mut self) {
        self.strays = 0;
    }

    /// The front takes COPY data: Syncs right behind it will be ignored.
    pub(super) fn on_copy_in(&mut self) {
        while self.queue.get(1).is_some_and(|next| matches!(next.reply, Reply::Sync)) {
            self.queue.remove(1);
            self.strays += 1;
        }
    }
}

impl Reply {
    fn text_bytes(&self) -> usize {
        match self {
            Self::Query(batch) => batch.statements.first().map_or(0, |first| first.text.len()),
            Self::Parse { analysis, .. } => analysis.text.len(),
            _ => 0,
        }
    }
}
