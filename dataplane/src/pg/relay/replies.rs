//! Messages of the upstream, on their way to the client: how they are taken and sent.
//!
//! Within one call, rows are masked where they lie, and what is to be scanned is scanned at the end
//! or where something else needs it: *settled*. Only then are the bytes counted, recorded
//! and sent.

use lazaret_proto::pg::backend::{self, Message};
use lazaret_proto::pg::frame::{self, Frame, FrameHeader};

use super::Relaying;
use super::expected::Reply;
use crate::buffer::Buffer;
use crate::context::Context;
use crate::limits::REPLY_BYTES;
use crate::pg::end::End;
use crate::pg::forward::Forward;

/// What becomes of a message.
pub(super) enum Act {
    Keep,
    Skip,
    Replace(Vec<u8>),
    /// It is the last one.
    Fatal(Vec<u8>),
}

impl Relaying {
    pub(super) fn take_replies(
        &mut self,
        input: &mut Buffer,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        self.check_preset(context)?;
        let mut forward = Forward::new(input);
        let taken = self.take_all(&mut forward, context);
        self.settle(&mut forward, context);
        self.recorder.chunk(context)?;
        forward.finish(context.client, context.pool, self.recorder.position());
        taken?;
        self.check_draining()
    }

    fn take_all(
        &mut self,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        loop {
            if !self.take_long(forward, context)? {
                return Ok(());
            }
            let header = frame::peek(forward.unread(), frame::MAX_BYTES)
                .map_err(|_| End::UpstreamProtocol("a malformed frame"))?;
            let Some(header) = header else { return Ok(()) };
            let whole = match header.tag {
                backend::DATA_ROW => self.take_row(header, forward, context)?,
                backend::COPY_DATA => self.take_copy_data(header, forward, context)?,
                _ => self.take_reply(header, forward, context)?,
            };
            if !whole {
                forward.need(header.len);
                return Ok(());
            }
        }
    }

    /// False: the message has not all arrived.
    fn take_reply(
        &mut self,
        header: FrameHeader,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        if header.len > REPLY_BYTES {
            return Err(End::UpstreamProtocol("a message that is too long"));
        }
        if forward.unread().len() < header.len {
            return Ok(false);
        }
        if matches!(header.tag, backend::PARAMETER_STATUS) {
            // It may change how dates are masked: those before it are done first.
            self.settle(forward, context);
        } else {
            self.turn(header.tag, forward, context)?;
        }
        let bytes = forward.unread().get(..header.len).unwrap_or_default();
        let body = header.body(bytes).unwrap_or_default();
        let message = Message::decode(Frame { tag: header.tag, body, len: header.len })
            .map_err(|_| End::UpstreamProtocol("a malformed message"))?;
        match self.on_reply(message, bytes, body, context)? {
            Act::Keep => forward.keep(header.len),
            Act::Skip => forward.skip(header.len),
            Act::Replace(with) => {
                forward.skip(header.len);
                self.emit(&with, forward, context)?;
            }
            Act::Fatal(with) => {
                forward.skip(header.len);
                self.emit(&with, forward, context)?;
                return Err(End::UpstreamFatal);
            }
        }
        if header.tag == backend::READY_FOR_QUERY {
            self.settle(forward, context);
            self.recorder.close(context)?;
        }
        Ok(true)
    }

    /// Opens a response of its own for what comes now, if that answers another statement than
    /// what came before.
    pub(super) fn turn(
        &mut self,
        tag: u8,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let belongs_anywhere = matches!(
            tag,
            backend::NOTICE_RESPONSE | backend::NOTIFICATION_RESPONSE | backend::READY_FOR_QUERY
        );
        let front = self.expected.front().filter(|_| !belongs_anywhere);
        let Some(front) = front else { return Ok(()) };
        let request = match &front.reply {
            Reply::Sync => return Ok(()),
            Reply::Execute { portal } => {
                let portal = self.objects.portal(portal);
                portal.map_or(front.request, |portal| portal.request)
            }
            _ => front.request,
        };
        if self.recorder.is_done() {
            self.settle(forward, context);
            self.recorder.close(context)?;
        }
        self.recorder.answers(request);
        Ok(())
    }

    /// Covers what was found in the rows so far, and counts what is ready.
    pub(super) fn settle(&mut self, forward: &mut Forward<'_>, context: &mut Context<'_>) {
        self.cover(forward, context);
        self.recorder.sent(forward.settle());
    }

    pub(super) fn cover(&mut self, forward: &mut Forward<'_>, context: &mut Context<'_>) {
        if self.transparent {
            return;
        }
        let counts = context.masker.cover(
            forward.bytes_mut(),
            self.dates,
            &mut self.scores,
            context.scanner,
        );
        self.recorder.masked(&counts, context);
    }

    /// Sends bytes that were made here, behind what was forwarded before.
    pub(super) fn emit(
        &mut self,
        bytes: &[u8],
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        if forward.put(bytes) {
            return Ok(());
        }
        self.settle(forward, context);
        self.recorder.sent(bytes);
        self.recorder.chunk(context)?;
        let after = self.recorder.position();
        forward.flush(context.client, context.pool, after);
        context.client.write(context.pool, bytes, after);
        Ok(())
    }
}
