//! Where the answer to the front of the queue stands, and what it may tell.

use std::rc::Rc;

use lazaret_policy::{Plan, Reach};
use lazaret_sql::Kind;

use super::Relaying;
use super::expected::Reply;
use super::judge::Analysis;
use super::objects::Name;
use crate::mask::CopyMasker;

/// The results of a statement are told apart by what has come of them.
pub(super) enum Answer {
    /// Nothing yet.
    Between,
    Rows(Rc<Plan>),
    CopyOut(CopyOut),
    /// The upstream takes COPY data; `ended` once the client has sent its end.
    CopyIn {
        ended: bool,
    },
}

/// What becomes of COPY data on its way to the client.
pub(super) enum CopyOut {
    Passes,
    Masked(Box<CopyMasker>),
}

/// EXECUTE may name a statement that is itself an EXECUTE; nobody writes more of these.
const INDIRECTIONS: usize = 2;

impl Relaying {
    /// The statement that is being answered. `None` where there is none, as for a Sync, or it is
    /// not known.
    pub(super) fn answered(&self) -> Option<Rc<Analysis>> {
        let analysis = match &self.expected.front()?.reply {
            Reply::Query(batch) => batch.current(),
            Reply::Parse { analysis, .. } => Some(analysis),
            Reply::Bind { statement, .. } => self.objects.statement(statement),
            Reply::DescribePortal { portal, .. } | Reply::Execute { portal } => {
                self.objects.portal(portal).map(|portal| &portal.analysis)
            }
            Reply::DescribeStatement { .. }
            | Reply::CloseStatement(_)
            | Reply::ClosePortal(_)
            | Reply::Sync
            | Reply::FunctionCall
            | Reply::Refused(_) => None,
        };
        analysis.map(|analysis| self.resolve(analysis))
    }

    /// FETCH gives the rows of its cursor, EXECUTE those of its statement; where these aren't
    /// known, anything may come.
    pub(super) fn resolve(&self, analysis: &Rc<Analysis>) -> Rc<Analysis> {
        let mut resolved = analysis.clone();
        for _ in 0..INDIRECTIONS {
            let name = resolved.object().map(|object| Name::new(object.as_bytes()));
            let target = match (resolved.kind(), name) {
                (Some(Kind::Fetch), Some(name)) => {
                    self.objects.portal(&name).map(|portal| portal.analysis.clone())
                }
                (Some(Kind::Execute), Some(name)) => self.objects.statement(&name).cloned(),
                (Some(Kind::Fetch | Kind::Execute), None) => None,
                _ => return resolved,
            };
            resolved = target.unwrap_or_else(Analysis::unknown);
        }
        match resolved.kind() {
            Some(Kind::Fetch | Kind::Execute) => Analysis::unknown(),
            _ => resolved,
        }
    }

    /// What the upstream's words may hold now: what the statement that is being answered reads, or
    /// where it isn't known which one, what any may.
    pub(super) fn reach(&self) -> Reach {
        let Some(front) = self.expected.front() else { return self.transaction_reach };
        match (&front.reply, self.answered()) {
            (_, Some(analysis)) => analysis.reach,
            (Reply::Sync, None) => self.transaction_reach,
            // Their errors come before anything is read, or name what the client named.
            (Reply::CloseStatement(_) | Reply::ClosePortal(_) | Reply::Refused(_), None) => {
                self.transaction_reach
            }
            (_, None) => Reach::WORST,
        }
    }
}
