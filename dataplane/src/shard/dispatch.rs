//! From a completion, a letter or a passed deadline to the session that it is about.

use lazaret_link::VaultToken;

use crate::context::{Event, Side};
use crate::limits::QUEUE_MESSAGES;
use crate::mask::Answer;
use crate::shard::journal::Notice;
use crate::shard::letters::{Letter, ToShard};
use crate::shard::ring::{Completion, Outcome};
use crate::shard::slots::Key;
use crate::shard::{Shard, ShardError, Token};

impl Shard {
    pub(super) fn dispatch(&mut self, completion: Completion<Token>) -> Result<(), ShardError> {
        let now_ms = self.clock.now().monotonic_ms;
        match (completion.token, completion.outcome) {
            (Token::Accept { listener }, Outcome::Accepted { socket, more }) => {
                self.accepted(listener, socket, more);
            }
            (Token::Wake, Outcome::Woken) => {
                self.ring.wait_for_wake(&self.eventfd, Token::Wake);
                self.read_letters();
            }
            (Token::Alarm { at_ms }, Outcome::Alarm) => {
                if self.alarm.as_ref().is_some_and(|alarm| alarm.at_ms == at_ms) {
                    self.alarm = None;
                }
            }
            (Token::Sync, Outcome::Synced(result)) => {
                self.tools.journal.end_sync(result)?;
                self.resume_undurable();
            }
            (Token::Connect(key), Outcome::Connected(result)) => self.connected(key, result),
            (Token::Readable(key, side), Outcome::Readable(result)) => {
                if let Some(wire) = self.slots.borrow_mut(key).and_then(|slot| slot.wire_mut(side))
                {
                    wire.readable(&result);
                }
                self.mark(key);
            }
            (Token::Receive(key, side), Outcome::Received { buffer, count, more }) => {
                let pool = &mut self.tools.pool;
                self.tools.traffic.received(side, *count.as_ref().unwrap_or(&0));
                match self.slots.borrow_mut(key).and_then(|slot| slot.wire_mut(side)) {
                    Some(wire) => wire.received(buffer, &count, more, now_ms, pool),
                    None => pool.give(buffer),
                }
                self.mark(key);
            }
            (Token::Send(key, side), Outcome::Sent { mut batch, count }) => {
                self.tools.traffic.sent(side, *count.as_ref().unwrap_or(&0));
                let Some(slot) = self.slots.borrow_mut(key) else {
                    batch.clear(&mut self.tools.pool);
                    return Ok(());
                };
                if let Some(wire) = slot.wire_mut(side) {
                    let plain = wire.sent(batch, &count, &mut self.tools.pool);
                    if side == Side::Client && plain > 0 {
                        slot.machine.sent_to_client(plain);
                    }
                }
                self.mark(key);
            }
            (token, _) => unreachable!("{token:?} completed as something else"),
        }
        Ok(())
    }

    /// Raises what is due.
    pub(super) fn expire(&mut self) {
        let now_ms = self.clock.now().monotonic_ms;
        while let Some((at_ms, key)) = self.timers.pop(now_ms) {
            let Some(slot) = self.slots.borrow_mut(key) else { continue };
            if !slot.armed.fired(at_ms) {
                continue;
            }
            let machine_due = slot.machine.deadline().is_some_and(|at| at <= now_ms);
            let connect_due = slot.connecting.as_ref().is_some_and(|c| c.until_ms <= now_ms);
            if machine_due {
                self.raise(key, Event::Deadline);
            }
            if connect_due {
                self.connect_timed_out(key);
            }
            self.mark(key);
        }
        if now_ms >= self.next_tick_ms {
            self.tick();
        }
    }

    fn read_letters(&mut self) {
        for _ in 0..QUEUE_MESSAGES {
            let Ok(letter) = self.inbox.queue.try_recv() else { return };
            self.read(letter);
        }
    }

    fn read(&mut self, letter: ToShard) {
        match letter {
            ToShard::Newcomer(newcomer) => self.welcome(newcomer),
            ToShard::Segment(segment) => {
                self.tools.journal.add(segment);
                self.mark_all();
            }
            ToShard::Rotate => self.tools.journal.rotate_soon(),
            ToShard::Engine(engine) => {
                self.tools.engine = *engine;
                self.tell_awaiting_catalog();
            }
            ToShard::Lease => {
                self.lease_until_ms = self.clock.now().monotonic_ms + self.settings.lease_ms;
            }
            ToShard::Linked => self.tools.journal.ask_again(),
            ToShard::Admission { request, answer } => {
                let Some(key) = self.admissions.remove(&request) else { return };
                match answer {
                    Ok(grant) if self.slots.borrow(key).is_none() => {
                        self.tell(Letter::SessionEnded { grant: grant.id });
                    }
                    Ok(grant) => self.raise(key, Event::Admitted(grant)),
                    Err(reason) => self.raise(key, Event::NotAdmitted(reason)),
                }
            }
            ToShard::Tokens { request, tokens } => self.give_tokens(request, tokens),
            ToShard::Resolved { session, addresses } => self.resolved(session, addresses),
            ToShard::ScramKey { session, key } => self.raise(session, Event::ScramKey(key)),
            ToShard::Parsed { session, text, parsed } => {
                self.raise(session, Event::Parsed { text, parsed });
            }
            ToShard::Cancel { key, client_address, errand } => {
                self.cancel(&key, &client_address, errand);
            }
            ToShard::CancelEnded { session } => self.raise(session, Event::CancelEnded),
            ToShard::Drain { within_ms } => self.drain(within_ms),
        }
    }

    /// Where fewer tokens came than were asked for, the rest has none.
    fn give_tokens(&mut self, request: u64, tokens: Vec<Option<VaultToken>>) {
        let Some((key, digests)) = self.wanted.remove(&request) else { return };
        let tokens = tokens.into_iter().chain(std::iter::repeat(None));
        let answers = digests.into_iter().zip(tokens);
        let answers = answers.map(|(digest, token)| Answer { digest, token });
        self.raise(key, Event::Tokens(answers.collect()));
    }

    /// Ends the sessions that hold a grant.
    pub(super) fn revoke(&mut self) {
        let holds =
            |key: &Key| self.slots.borrow(*key).is_some_and(|slot| slot.machine.grant().is_some());
        let holders: Vec<Key> = self.slots.keys().filter(holds).collect();
        for key in holders {
            self.raise(key, Event::Revoked);
        }
    }

    fn tell_awaiting_catalog(&mut self) {
        let keys: Vec<Key> = self.slots.keys().collect();
        for key in keys {
            let Some(slot) = self.slots.borrow_mut(key) else { continue };
            if std::mem::take(&mut slot.awaits_catalog) {
                self.raise(key, Event::CatalogRefreshed);
            }
        }
    }

    pub(super) fn report_segments(&mut self) {
        let notices: Vec<Notice> = self.tools.journal.drain_notices().collect();
        for notice in notices {
            self.tell(match notice {
                Notice::SegmentWanted => Letter::SegmentWanted,
                Notice::SegmentDone { index } => Letter::SegmentDone { index },
            });
        }
    }

    fn resume_undurable(&mut self) {
        for key in std::mem::take(&mut self.undurable) {
            if let Some(slot) = self.slots.borrow_mut(key) {
                slot.undurable = false;
            }
            self.mark(key);
        }
    }

    fn mark_all(&mut self) {
        let keys: Vec<Key> = self.slots.keys().collect();
        for key in keys {
            self.mark(key);
        }
    }
}
