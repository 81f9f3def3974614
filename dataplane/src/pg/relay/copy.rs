//! COPY, in both directions.

use lazaret_audit::FindingCounts;
use lazaret_detectors::Batch;
use lazaret_proto::pg::backend::CopyResponse;
use lazaret_sql::Kind;

use super::Relaying;
use super::answer::{Answer, CopyOut};
use super::judge::Analysis;
use crate::context::Context;
use crate::mask::CopyMasker;
use crate::pg::end::End;
use crate::pg::forward::Forward;

/// COPY data of the client that goes upstream in this call.
#[derive(Default)]
pub(super) struct CopyIn {
    batch: Batch,
    pending: bool,
    /// The data that has come ends with an asterisk.
    ends_with_mask: bool,
    has_mask: bool,
}

impl CopyIn {
    /// Something was gathered and has to be recorded.
    pub(super) fn is_pending(&self) -> bool {
        self.pending
    }

    pub(super) fn gather(&mut self, payload: &[u8]) {
        self.pending = true;
        self.batch.push(payload);
        self.has_mask |= has_mask(self.ends_with_mask, payload);
        self.ends_with_mask = payload.last().map_or(self.ends_with_mask, |&byte| byte == b'*');
    }

    /// The data is over. Whether a mask was in it.
    pub(super) fn end(&mut self) -> bool {
        self.ends_with_mask = false;
        std::mem::take(&mut self.has_mask)
    }
}

/// Two asterisks in a row: what is covered is seldom of one byte, and then its mask tells little. In
/// binary format a number may look so.
fn has_mask(begins_within: bool, payload: &[u8]) -> bool {
    let first = begins_within && payload.first() == Some(&b'*');
    first || payload.windows(2).any(|pair| pair == b"**")
}

impl Relaying {
    /// Records the COPY data that was forwarded in this call.
    pub(super) fn record_copy_in(
        &mut self,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        if !std::mem::take(&mut self.copy_in.pending) {
            return Ok(());
        }
        let mut findings = FindingCounts::default();
        for found in context.scanner.scan_batch(&self.copy_in.batch) {
            let count = &mut findings[found.finding.identifier as usize];
            *count = count.saturating_add(1);
        }
        self.copy_in.batch.clear();
        self.recorder.copy_in(forward.settle(), findings, context)
    }

    pub(super) fn on_copy_in(&mut self) -> Result<(), End> {
        let kind = self.answered().and_then(|analysis| analysis.kind());
        if !self.transparent && kind != Some(Kind::CopyIn) {
            return Err(End::UpstreamProtocol("CopyInResponse to a statement that is no COPY"));
        }
        self.expected.on_copy_in();
        self.answer = Answer::CopyIn { ended: false };
        Ok(())
    }

    pub(super) fn on_copy_out(
        &mut self,
        response: &CopyResponse<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let copy_out = match self.transparent {
            true => CopyOut::Passes,
            false => self.plan_copy(response, context)?,
        };
        self.answer = Answer::CopyOut(copy_out);
        Ok(())
    }

    fn plan_copy(
        &self,
        response: &CopyResponse<'_>,
        context: &mut Context<'_>,
    ) -> Result<CopyOut, End> {
        let unexpected = End::UpstreamProtocol("CopyOutResponse to a statement that is no COPY");
        let Some(analysis) = self.answered() else { return Err(unexpected) };
        let Some((statement, copy)) = copy_of(&analysis) else { return Err(unexpected) };
        let masks = context.engine.masks(&self.grant, Some(statement));
        let plan = lazaret_policy::copy_plan(
            copy,
            statement,
            analysis.reach,
            response.formats.len(),
            self.catalog(context),
            &masks,
        );
        Ok(match plan.passes {
            true => CopyOut::Passes,
            false => CopyOut::Masked(Box::new(CopyMasker::new(&plan, copy))),
        })
    }
}

fn copy_of(analysis: &Analysis) -> Option<(&lazaret_sql::Statement, &lazaret_sql::Copy)> {
    let statement = analysis.statement.as_deref()?;
    let copy = statement.copy.as_ref()?;
    (statement.kind == Kind::CopyOut).then_some((statement, copy))
}
