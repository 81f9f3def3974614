//! A CancelRequest of our own, over a connection of its own.
//!
//! The upstream's key is worth as much as the session it cancels, so it goes under TLS wherever the
//! session does. The server ends the connection once its signals are sent, and a second one may hit
//! the statement behind the one that was meant: so the client's own connection ends no earlier.

use lazaret_audit::Position;
use lazaret_proto::pg::startup::Packet;

use crate::buffer::Buffer;
use crate::context::{Context, Effect, Errand, Event, Side};
use crate::shard::machine::Machine;

pub(super) struct CancelUpstream {
    process_id: u32,
    secret: Vec<u8>,
    tls: bool,
    until_ms: u64,
    over: bool,
    /// Whoever asked hears of the end.
    _errand: Option<Errand>,
}

impl CancelUpstream {
    pub(super) fn new(
        process_id: u32,
        secret: Vec<u8>,
        tls: bool,
        until_ms: u64,
        errand: Option<Errand>,
    ) -> Self {
        Self { process_id, secret, tls, until_ms, over: false, _errand: errand }
    }

    fn send(&self, packet: &Packet<'_>, context: &mut Context<'_>) {
        let mut bytes = Vec::new();
        packet.encode(&mut bytes);
        context.upstream.write(context.pool, &bytes, Position::default());
    }

    fn send_request(&self, context: &mut Context<'_>) {
        let request = Packet::Cancel { process_id: self.process_id, secret: &self.secret };
        self.send(&request, context);
    }
}

impl Machine for CancelUpstream {
    fn on_bytes(&mut self, _side: Side, input: &mut Buffer, context: &mut Context<'_>) {
        let accepted = self.tls && input.filled() == b"S";
        input.truncate(0);
        if accepted {
            context.effects.push(Effect::StartTls { side: Side::Upstream, direct: false });
        } else {
            self.over = true;
        }
    }

    fn on_event(&mut self, event: Event, context: &mut Context<'_>) {
        match event {
            Event::UpstreamConnected if self.tls => self.send(&Packet::SslRequest, context),
            Event::UpstreamConnected | Event::TlsReady { .. } => self.send_request(context),
            Event::UpstreamFailed(reason) => {
                tracing::warn!(reason, "a statement could not be cancelled upstream");
                self.over = true;
            }
            Event::Closed(_) | Event::Deadline => self.over = true,
            _ => {}
        }
    }

    fn deadline(&self) -> Option<u64> {
        (!self.over).then_some(self.until_ms)
    }

    fn wants(&self, side: Side) -> bool {
        side == Side::Upstream && !self.over
    }

    fn is_over(&self) -> bool {
        self.over
    }
}
