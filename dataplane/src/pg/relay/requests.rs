//! Messages of the client, on their way upstream: how they are taken from the buffer.

use lazaret_proto::pg::frame::{self, Frame, FrameHeader, HEADER_BYTES};
use lazaret_proto::pg::frontend::{self, Message, Parse};

use super::Relaying;
use super::answer::Answer;
use super::expected::Reply;
use super::reading::Reading;
use super::verdicts::{Step, TooLong};
use crate::buffer::Buffer;
use crate::context::Context;
use crate::limits::{PARAMETERS_BYTES, SMALL_MESSAGE_BYTES, STATEMENT_BYTES};
use crate::pg::end::End;
use crate::pg::forward::Forward;

/// A message that is taken as it comes, without being kept.
pub(super) enum Unfinished {
    /// COPY data on its way upstream.
    CopyData { missing: usize },
    /// Too long and refused, or ignored by the server.
    Dropped { missing: usize },
}

/// What became of the message at the front.
enum Taken {
    Whole,
    /// More of it is to come.
    Arriving,
    /// It stays where it is until its text has been read.
    Waits,
}

impl Relaying {
    pub(super) fn take_requests(
        &mut self,
        input: &mut Buffer,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        self.check_preset(context)?;
        let mut forward = Forward::new(input);
        let taken = self.take_messages(&mut forward, context);
        // What could not be recorded does not leave; what was, does, whatever came behind it.
        self.record_copy_in(&mut forward, context)?;
        forward.finish(context.upstream, context.pool, self.recorder.position());
        taken
    }

    fn take_messages(
        &mut self,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        loop {
            if !self.take_piece(forward) {
                return Ok(());
            }
            let header = frame::peek(forward.unread(), frame::MAX_BYTES)
                .map_err(|_| End::ClientProtocol("invalid message length"))?;
            let Some(header) = header else { return Ok(()) };
            if (self.must_hold() && header.tag != frontend::TERMINATE) || self.is_early(header.tag)
            {
                self.held = true;
                return Ok(());
            }
            match self.take_message(header, forward, context)? {
                Taken::Whole => self.reading = Reading::Nothing,
                Taken::Arriving => {
                    forward.need(header.len);
                    return Ok(());
                }
                Taken::Waits => {
                    self.held = true;
                    return Ok(());
                }
            }
        }
    }

    /// COPY data that came before the server asked for it: some clients send it right behind the
    /// statement. Whether it is wanted, the replies that are still due will tell.
    fn is_early(&self, tag: u8) -> bool {
        let for_copy =
            matches!(tag, frontend::COPY_DATA | frontend::COPY_DONE | frontend::COPY_FAIL);
        let copying = matches!(self.answer, Answer::CopyIn { ended: false });
        let due = !self.expected.is_empty() && !self.expected.is_discarding();
        for_copy && !copying && due
    }

    /// Takes what there is of a message that is taken in pieces. False: more is to come.
    fn take_piece(&mut self, forward: &mut Forward<'_>) -> bool {
        let available = forward.unread().len();
        let missing = match &mut self.unfinished {
            None => return true,
            Some(Unfinished::CopyData { missing }) => {
                let taken = available.min(*missing);
                self.copy_in.gather(&forward.unread()[..taken]);
                forward.keep(taken);
                *missing -= taken;
                *missing
            }
            Some(Unfinished::Dropped { missing }) => {
                let taken = available.min(*missing);
                forward.skip(taken);
                *missing -= taken;
                *missing
            }
        };
        if missing == 0 {
            self.unfinished = None;
        }
        missing == 0
    }

    fn take_message(
        &mut self,
        header: FrameHeader,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<Taken, End> {
        let copying = matches!(self.answer, Answer::CopyIn { ended: false });
        match header.tag {
            frontend::COPY_DATA if copying => {
                self.begin_copy_data(header, forward);
                return Ok(Taken::Whole);
            }
            // The server ignores these while it takes COPY data.
            frontend::SYNC | frontend::FLUSH if copying => {
                self.drop_message(header);
                return Ok(Taken::Whole);
            }
            frontend::COPY_DONE | frontend::COPY_FAIL | frontend::TERMINATE if copying => {}
            _ if copying => {
                return Err(End::ClientProtocol("unexpected message type during COPY from stdin"));
            }
            // The client sent these before it heard that COPY had failed; the server ignores them.
            frontend::COPY_DATA | frontend::COPY_DONE | frontend::COPY_FAIL => {
                self.drop_message(header);
                return Ok(Taken::Whole);
            }
            frontend::SYNC | frontend::TERMINATE => {}
            // The server would not look at it.
            _ if self.expected.is_discarding() => {
                self.drop_message(header);
                return Ok(Taken::Whole);
            }
            _ => {}
        }
        let unwanted = match exceeded(header)? {
            Some(limit_bytes) => Some(TooLong::Ever { limit_bytes }),
            None if forward.holds(header.len) || context.pool.has_room_for(header.len) => None,
            None => Some(TooLong::Now),
        };
        if let Some(unwanted) = unwanted {
            self.refuse_too_long(header, unwanted, forward, context)?;
            return Ok(Taken::Whole);
        }
        let Some(body) = header.body(forward.unread()) else { return Ok(Taken::Arriving) };
        let frame = Frame { tag: header.tag, body, len: header.len };
        let step = match Message::decode(frame) {
            Ok(Message::Query(text) | Message::Parse(Parse { query: text, .. }))
                if !self.has_read(text, context) =>
            {
                return Ok(Taken::Waits);
            }
            Ok(message) => self.on_message(message, body, context)?,
            Err(_) => self.on_malformed(header.tag, context)?,
        };
        self.recorder.received(header.len);
        self.apply(step, header.len, forward, context)?;
        Ok(Taken::Whole)
    }

    fn apply(
        &mut self,
        step: Step,
        len: usize,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        // What comes now has a record of its own.
        self.record_copy_in(forward, context)?;
        match step {
            Step::Forward { before, reply } => {
                if let Some((bytes, reply)) = before {
                    self.insert(&bytes, forward, context)?;
                    self.expect(reply);
                }
                forward.keep(len);
                if let Some(reply) = reply {
                    self.expect(reply);
                }
            }
            Step::Replace { with, reply } => {
                forward.skip(len);
                self.insert(&with, forward, context)?;
                if let Some(reply) = reply {
                    self.expect(reply);
                }
            }
        }
        Ok(())
    }

    fn expect(&mut self, reply: Reply) {
        self.expected.push(self.recorder.request(), reply);
    }

    /// Sends a message of our own, behind what was forwarded before.
    fn insert(
        &mut self,
        bytes: &[u8],
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        if forward.put(bytes) {
            return Ok(());
        }
        self.record_copy_in(forward, context)?;
        let after = self.recorder.position();
        forward.flush(context.upstream, context.pool, after);
        context.upstream.write(context.pool, bytes, after);
        Ok(())
    }

    fn begin_copy_data(&mut self, header: FrameHeader, forward: &mut Forward<'_>) {
        if !self.copy_in.is_pending() {
            // What was forwarded before this has its own records.
            forward.settle();
        }
        forward.keep(HEADER_BYTES);
        self.recorder.received(header.len);
        self.unfinished = Some(Unfinished::CopyData { missing: header.body_len() });
    }

    fn drop_message(&mut self, header: FrameHeader) {
        self.recorder.received(header.len);
        self.unfinished = Some(Unfinished::Dropped { missing: header.len });
    }

    fn refuse_too_long(
        &mut self,
        header: FrameHeader,
        too_long: TooLong,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let end = forward.unread().len().min(header.len);
        let beginning = forward.unread().get(HEADER_BYTES..end).unwrap_or_default();
        let step = self.on_too_long(header, too_long, beginning, context)?;
        self.apply(step, 0, forward, context)?;
        self.drop_message(header);
        Ok(())
    }
}

/// The limit that a message's length is over, if it is one that can be refused.
fn exceeded(header: FrameHeader) -> Result<Option<usize>, End> {
    let limit_bytes = match header.tag {
        frontend::QUERY | frontend::PARSE => STATEMENT_BYTES,
        frontend::BIND | frontend::FUNCTION_CALL => PARAMETERS_BYTES,
        _ if header.body_len() > SMALL_MESSAGE_BYTES => {
            return Err(End::ClientProtocol("invalid message length"));
        }
        _ => return Ok(None),
    };
    Ok((header.body_len() > limit_bytes).then_some(limit_bytes))
}
