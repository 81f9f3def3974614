//! One session's place in the shard: its machine, its two wires and what waits for them.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lazaret_audit::SessionEnd;
use lazaret_link::Settings;

use crate::buffer::Outbox;
use crate::context::{Context, Log, Now, Side};
use crate::shard::Tools;
use crate::shard::connect::Connecting;
use crate::shard::machine::{Machine, Over};
use crate::shard::timers::Armed;
use crate::shard::wire::Wire;

pub(crate) struct Slot {
    pub(crate) id: [u8; 16],
    pub(crate) machine: Box<dyn Machine>,
    pub(crate) client_address: String,
    pub(crate) client: Option<Wire>,
    pub(crate) upstream: Option<Wire>,
    pub(crate) client_out: Outbox,
    pub(crate) upstream_out: Outbox,
    pub(crate) connecting: Option<Connecting>,
    pub(crate) armed: Armed,
    pub(crate) dirty: bool,
    /// Its bytes wait for the journal.
    pub(crate) undurable: bool,
    pub(crate) awaits_catalog: bool,
    /// Whether it counts as a session, or is an errand of the shard's own.
    pub(crate) counted: bool,
    /// It only hears that there are too many.
    pub(crate) refused: bool,
    /// It was told that the time to drain is over.
    pub(crate) expelled: bool,
}

impl Slot {
    pub(crate) fn new(id: [u8; 16], machine: Box<dyn Machine>, client: Option<Wire>) -> Self {
        Self {
            id,
            machine,
            client_address: String::new(),
            client,
            upstream: None,
            client_out: Outbox::default(),
            upstream_out: Outbox::default(),
            connecting: None,
            armed: Armed::default(),
            dirty: false,
            undurable: false,
            awaits_catalog: false,
            counted: false,
            refused: false,
            expelled: false,
        }
    }

    pub(crate) fn wire_mut(&mut self, side: Side) -> Option<&mut Wire> {
        match side {
            Side::Client => self.client.as_mut(),
            Side::Upstream => self.upstream.as_mut(),
        }
    }

    /// The wire of one side with its outbox.
    pub(crate) fn sender_mut(&mut self, side: Side) -> (Option<&mut Wire>, &mut Outbox) {
        match side {
            Side::Client => (self.client.as_mut(), &mut self.client_out),
            Side::Upstream => (self.upstream.as_mut(), &mut self.upstream_out),
        }
    }

    /// What waits for one side's peer.
    pub(crate) fn waiting_for(&self, side: Side) -> usize {
        let (wire, outbox) = match side {
            Side::Client => (&self.client, &self.client_out),
            Side::Upstream => (&self.upstream, &self.upstream_out),
        };
        outbox.len() + wire.as_ref().map_or(0, Wire::unsent)
    }

    /// The next time at which something is due here.
    pub(crate) fn due_ms(&self) -> Option<u64> {
        let wires = [&self.client, &self.upstream];
        let lingering = wires.into_iter().flatten().filter_map(Wire::linger_until_ms);
        let connecting = self.connecting.as_ref().map(|connecting| connecting.until_ms);
        self.machine.deadline().into_iter().chain(connecting).chain(lingering).min()
    }

    /// Nothing is left to do but to forget the session.
    pub(crate) fn is_empty(&self) -> bool {
        self.client.is_none() && self.upstream.is_none() && self.connecting.is_none()
    }

    /// Lends the machine the shard's things for one call. If it panics, it is not called again and
    /// nothing that it had queued leaves.
    pub(crate) fn call<R>(
        &mut self,
        now: Now,
        settings: &Settings,
        tools: &mut Tools,
        act: impl FnOnce(&mut dyn Machine, &mut Context<'_>) -> R,
    ) -> Option<R> {
        let machine = &mut *self.machine;
        let mut context = Context {
            now,
            client: &mut self.client_out,
            upstream: &mut self.upstream_out,
            effects: &mut tools.effects,
            pool: &mut tools.pool,
            log: &mut tools.journal,
            engine: &mut tools.engine,
            reader: &mut tools.reader,
            scanner: &mut tools.scanner,
            masker: &mut tools.masker,
            tokens: &mut tools.tokens,
            settings,
            counters: &mut tools.counters,
            scram_keys: &mut tools.scram_keys,
        };
        // The machine is thrown away when it panics, and the tools are used call by call.
        let result = catch_unwind(AssertUnwindSafe(|| act(machine, &mut context)));
        if result.is_err() {
            self.condemn(tools);
        }
        result.ok()
    }

    fn condemn(&mut self, tools: &mut Tools) {
        let grant = self.machine.grant().map(str::to_owned);
        self.machine = Box::new(Over { grant });
        tools.effects.clear();
        tools.traffic.panics += 1;
        for side in [Side::Client, Side::Upstream] {
            let (wire, outbox) = self.sender_mut(side);
            outbox.clear(&mut tools.pool);
            if let Some(wire) = wire {
                wire.break_off();
            }
        }
        let end = SessionEnd {
            reason: "internal error",
            requests: 0,
            rows: 0,
            bytes_to_client: 0,
            bytes_from_client: 0,
            findings: [0; 18],
        };
        if tools.journal.append(self.id, &end.into()).is_err() {
            tracing::error!("the end of a session was not recorded: no segment has room");
        }
    }
}
