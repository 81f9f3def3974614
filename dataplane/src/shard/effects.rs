//! Carrying out what session machines ask for.

use lazaret_link::{Admission, ValueDigest};

use crate::channel::{Channel, ChannelError};
use crate::context::{Effect, Errand, Event, Side};
use crate::limits::{CANCEL_TIMEOUT_MS, SCRAM_ITERATIONS};
use crate::shard::Shard;
use crate::shard::cancel_upstream::CancelUpstream;
use crate::shard::letters::Letter;
use crate::shard::slot::Slot;
use crate::shard::slots::Key;

impl Shard {
    /// Carries out what the machine asked for in the call that has just ended.
    pub(super) fn carry_out(&mut self, key: Key) {
        if self.tools.effects.is_empty() {
            return;
        }
        let mut effects = std::mem::take(&mut self.tools.effects);
        for effect in effects.drain(..) {
            self.act(key, effect);
        }
        // Nothing above calls a machine, so this is still the only list.
        self.tools.effects = effects;
    }

    fn act(&mut self, key: Key, effect: Effect) {
        match effect {
            Effect::StartTls { side, direct } => self.start_tls(key, side, direct),
            Effect::Admit(admission) => self.ask_admission(key, admission),
            Effect::ConnectUpstream => self.connect(key),
            Effect::DeriveScramKey { password, salt, iterations } => {
                if iterations > SCRAM_ITERATIONS {
                    let reason = format!("the upstream asks for {iterations} SCRAM iterations");
                    self.raise(key, Event::UpstreamFailed(reason));
                } else {
                    let letter =
                        Letter::DeriveScramKey { session: key, password, salt, iterations };
                    self.tell(letter);
                }
            }
            Effect::RouteCancel(cancel) => {
                let slot = self.slots.borrow(key);
                let client_address = slot.map(|slot| slot.client_address.clone());
                self.route_cancel(key, cancel, client_address.unwrap_or_default());
            }
            Effect::CancelUpstream { process_id, secret, errand } => {
                self.cancel_upstream(process_id, secret, errand);
            }
            Effect::RefreshCatalog { database } => {
                if let Some(slot) = self.slots.borrow_mut(key) {
                    slot.awaits_catalog = true;
                }
                self.tell(Letter::CatalogStale { database });
            }
            Effect::Parse { text } => self.tell(Letter::Parse { session: key, text }),
            Effect::AskForTokens { grant, digests } => self.ask_for_tokens(key, grant, digests),
            Effect::Resume(side) => {
                if let Some(wire) = self.slots.borrow_mut(key).and_then(|slot| slot.wire_mut(side))
                {
                    wire.look_again();
                }
                self.mark(key);
            }
            Effect::Close(side) => self.close(key, side),
        }
    }

    fn close(&mut self, key: Key, side: Side) {
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        if let Some(wire) = slot.wire_mut(side) {
            wire.close();
        } else if side == Side::Upstream {
            self.give_up_connecting(key);
        }
        self.mark(key);
    }

    fn start_tls(&mut self, key: Key, side: Side, direct: bool) {
        let channel = match side {
            Side::Client => self.tls.server.clone().map(Channel::server),
            Side::Upstream => {
                let config = self.tls.client.clone().zip(self.tls.name.clone());
                config.map(|(config, name)| Channel::client(config, name))
            }
        };
        let channel = channel.unwrap_or(Err(ChannelError::Unexpected("without a configuration")));
        let channel = match channel {
            Ok(channel) => channel,
            Err(error) => {
                tracing::error!(shard = self.index, ?side, %error, "TLS can't be started");
                return self.break_off(key, side, &error.to_string());
            }
        };
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        let (Some(wire), outbox) = slot.sender_mut(side) else { return };
        if let Err(reason) = wire.secure(channel, direct, outbox) {
            tracing::warn!(shard = self.index, ?side, reason, "TLS was not started");
            self.break_off(key, side, reason);
        }
        self.mark(key);
    }

    /// Ends one side without a word to its peer.
    fn break_off(&mut self, key: Key, side: Side, reason: &str) {
        let Some(slot) = self.slots.borrow_mut(key) else { return };
        if let Some(wire) = slot.wire_mut(side) {
            wire.break_off();
            if side == Side::Upstream {
                wire.end_told = true;
                self.raise(key, Event::UpstreamFailed(reason.to_owned()));
            }
        }
        self.mark(key);
    }

    fn ask_admission(&mut self, key: Key, admission: Admission) {
        let request = self.next_request();
        self.admissions.insert(request, key);
        self.tell(Letter::Admit(Admission { request, ..admission }));
    }

    fn ask_for_tokens(&mut self, key: Key, grant: Option<String>, digests: Vec<ValueDigest>) {
        let request = self.next_request();
        self.wanted.insert(request, (key, digests.clone()));
        self.tell(Letter::TokensWanted { request, grant, digests });
    }

    fn next_request(&mut self) -> u64 {
        self.next_request += 1;
        self.next_request
    }

    fn cancel_upstream(&mut self, process_id: u32, secret: Vec<u8>, errand: Option<Errand>) {
        let until_ms = self.clock.now().monotonic_ms + CANCEL_TIMEOUT_MS;
        let tls = self.tls.client.is_some();
        let machine = CancelUpstream::new(process_id, secret, tls, until_ms, errand);
        let key = self.slots.insert(Slot::new(Self::random(), Box::new(machine), None));
        self.connect(key);
        self.mark(key);
    }
}
