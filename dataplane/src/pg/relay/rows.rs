//! Rows and COPY data on their way to the client.
//!
//! A row is masked in one piece where it lies; one that is too large for that goes through in
//! pieces, and so does what passes unmasked.

use lazaret_policy::Plan;
use lazaret_proto::pg::frame::{FrameHeader, HEADER_BYTES};

use super::Relaying;
use super::answer::{Answer, CopyOut};
use super::expected::Reply;
use crate::context::Context;
use crate::limits::ROW_IN_MEMORY_BYTES;
use crate::mask::{Grown, LargeRow, Means, Vault};
use crate::pg::end::End;
use crate::pg::forward::Forward;
use crate::pg::plans::Rows;

/// A message that is longer than what is kept of one.
pub(super) enum LongFrame {
    Passing {
        missing: usize,
    },
    Row(Box<LargeRow>),
    /// The payload of a CopyData message. The client gets frames of our own.
    CopyData {
        missing: usize,
    },
}

impl LongFrame {
    /// The client has a part of the message, so that whatever came now would be read as the rest.
    pub(super) fn is_halfway(&self) -> bool {
        match self {
            Self::Passing { .. } | Self::Row(_) => true,
            Self::CopyData { .. } => false,
        }
    }
}

impl Relaying {
    /// False: the row has not all arrived.
    pub(super) fn take_row(
        &mut self,
        header: FrameHeader,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        let whole = forward.unread().len() >= header.len;
        if !whole && header.len <= ROW_IN_MEMORY_BYTES {
            return Ok(false);
        }
        self.begin_rows(header.tag, forward, context)?;
        let Answer::Rows(plan) = &self.answer else {
            return Err(End::UpstreamProtocol("a row without a description"));
        };
        if whole && plan.is_rebuilt && header.len <= ROW_IN_MEMORY_BYTES {
            let plan = plan.clone();
            return self.grow_rows(&plan, forward, context);
        }
        self.recorder.rows(1);
        context.counters.rows += 1;
        if whole && plan.passes {
            forward.keep(header.len);
        } else if whole && header.len <= ROW_IN_MEMORY_BYTES {
            let (masker, dates) = (&mut *context.masker, self.dates);
            forward.rewrite(header.len, |bytes, read, write| {
                masker.row(plan, dates, bytes, read, write)
            })?;
            if masker.is_full() {
                self.cover(forward, context);
            }
        } else {
            let plan = plan.clone();
            self.begin_long_row(&plan, header)?;
            self.take_long(forward, context)?;
        }
        Ok(true)
    }

    /// Rows that may become longer are built elsewhere, as many as have come. False: they wait for tokens.
    fn grow_rows(
        &mut self,
        plan: &Plan,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        let mut out = Vec::new();
        let keys = self.keys(context);
        let vault = Vault { cache: &*context.tokens, asked: &self.asked };
        let means = Means { dates: self.dates, keys: keys.as_deref(), vault };
        let (input, scanner) = (forward.unread(), &mut *context.scanner);
        let (taken, rows, counts) =
            match context.masker.grown(plan, means, input, &mut self.scores, scanner, &mut out)? {
                Grown::Rows { taken, rows, counts } => (taken, rows, counts),
                Grown::Wants(digests) => {
                    self.ask_for_tokens(digests, context);
                    return Ok(false);
                }
            };
        self.asked.forget();
        self.recorder.rows(rows);
        context.counters.rows += rows;
        self.recorder.masked(&counts, context);
        forward.skip(taken);
        self.emit(&out, forward, context)?;
        Ok(true)
    }

    /// The first row of a portal finds the plan that its description left.
    fn begin_rows(
        &mut self,
        tag: u8,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        if !matches!(self.answer, Answer::Between) {
            return Ok(());
        }
        let Some(Reply::Execute { portal }) = self.expected.front().map(|front| &front.reply)
        else {
            return Ok(());
        };
        let plan = match self.objects.portal(portal).map(|portal| &portal.rows) {
            _ if self.transparent => self.passing.clone(),
            Some(Rows::Planned(plan)) => plan.clone(),
            Some(Rows::None | Rows::Unknown) | None => return Ok(()),
        };
        self.turn(tag, forward, context)?;
        self.scores.begin(&plan);
        self.answer = Answer::Rows(plan);
        Ok(())
    }

    fn begin_long_row(&mut self, plan: &Plan, header: FrameHeader) -> Result<(), End> {
        self.long_frame = Some(match plan.passes {
            true => LongFrame::Passing { missing: header.len },
            false => LongFrame::Row(Box::new(LargeRow::begin(plan, self.dates, header)?)),
        });
        Ok(())
    }

    /// False: the message has not all arrived.
    pub(super) fn take_copy_data(
        &mut self,
        header: FrameHeader,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        let Answer::CopyOut(copy_out) = &self.answer else {
            return Err(End::UpstreamProtocol("COPY data without CopyOutResponse"));
        };
        self.recorder.rows(1);
        context.counters.rows += 1;
        self.long_frame = Some(match copy_out {
            CopyOut::Passes => LongFrame::Passing { missing: header.len },
            CopyOut::Masked(_) => {
                forward.skip(HEADER_BYTES);
                LongFrame::CopyData { missing: header.body_len() }
            }
        });
        self.take_long(forward, context)?;
        Ok(true)
    }

    /// CopyDone: every row has been complete.
    pub(super) fn finish_copy_out(&mut self) -> Result<(), End> {
        match std::mem::replace(&mut self.answer, Answer::Between) {
            Answer::CopyOut(CopyOut::Passes) => Ok(()),
            Answer::CopyOut(CopyOut::Masked(masker)) => Ok(masker.finish()?),
            _ => Err(End::UpstreamProtocol("CopyDone without CopyOutResponse")),
        }
    }

    /// Hands COPY data on, and what waited before it.
    pub(super) fn push_copy(
        &mut self,
        taken: Option<usize>,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let keys = self.keys(context);
        let Answer::CopyOut(CopyOut::Masked(masker)) = &mut self.answer else { return Ok(()) };
        let vault = Vault { cache: &*context.tokens, asked: &self.asked };
        let means = Means { dates: self.dates, keys: keys.as_deref(), vault };
        let mut out = Vec::new();
        let pushed = match taken {
            Some(taken) => {
                let payload = forward.unread().get(..taken).unwrap_or_default();
                masker.push(payload, means, context.scanner, &mut out)?
            }
            None => masker.go_on(means, context.scanner, &mut out)?,
        };
        forward.skip(taken.unwrap_or(0));
        self.recorder.masked(&pushed.counts, context);
        match pushed.wants.is_empty() {
            true => self.asked.forget(),
            false => self.ask_for_tokens(pushed.wants, context),
        }
        self.emit(&out, forward, context)
    }

    /// Takes what there is of a message that goes through in pieces. False: more is to come, or what came
    /// waits for tokens.
    pub(super) fn take_long(
        &mut self,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        if !self.take_waiting_copy(forward, context)? {
            return Ok(false);
        }
        let available = forward.unread().len();
        let mut out = Vec::new();
        let missing = match &mut self.long_frame {
            None => return Ok(true),
            Some(LongFrame::Passing { missing }) => {
                let taken = available.min(*missing);
                forward.keep(taken);
                *missing -= taken;
                *missing
            }
            Some(LongFrame::Row(row)) => {
                let taken = available.min(row.missing());
                let counts = row.push(&forward.unread()[..taken], context.scanner, &mut out)?;
                self.recorder.masked(&counts, context);
                forward.skip(taken);
                row.missing()
            }
            Some(LongFrame::CopyData { missing }) => {
                let taken = available.min(*missing);
                *missing -= taken;
                let missing = *missing;
                self.push_copy(Some(taken), forward, context)?;
                missing
            }
        };
        if missing == 0 {
            self.long_frame = None;
        }
        self.emit(&out, forward, context)?;
        Ok(missing == 0 && !self.asked.waits())
    }
}
