//! Tokens of control's vault, in whole sessions.

use lazaret_policy::{Mask, Preset};
use lazaret_proto::pg::backend::Message;

use super::catalog::{PATIENTS, TEXT};
use super::messages::*;
use super::world::World;
use crate::context::{Event, Side};

const SSN: Column<'static> = ("ssn", PATIENTS, 2, TEXT);

fn world() -> World {
    let mut world = World::ready(Preset::SafeHarbor);
    world.mask("ssn", Mask::Token);
    world
}

fn cells(sent: &[u8]) -> Vec<String> {
    let rows = frames(sent).filter(|(tag, _)| *tag == b'D');
    rows.map(|(_, row)| String::from_utf8(row[6..].to_vec()).unwrap()).collect()
}

fn replies() -> Vec<u8> {
    let rows = ["078-05-1120", "078-05-1121", "078-05-1120"].map(|ssn| row(&[ssn]));
    all(&[description(&[SSN]), rows.concat(), complete("SELECT 3"), ready()])
}

#[test]
fn rows_wait_for_their_tokens_and_the_upstream_with_them() {
    let mut world = world();
    world.client_sends(&query("SELECT ssn FROM patients"));
    world.take_upstream();
    world.upstream_sends(&replies());
    assert_eq!(tags(&world.take_client()), "T", "no row before its token");
    assert!(!world.session.wants(Side::Upstream));
    let digests = world.take_question().unwrap();
    assert_eq!(digests.len(), 2);
    world.hand_over(Side::Upstream);
    assert!(world.take_question().is_none(), "one question at a time");
    world.answer(digests, true);
    assert!(world.session.wants(Side::Upstream));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "DDDCZ");
    let cells = cells(&sent);
    assert!(cells.iter().all(|cell| cell.starts_with("tk_")), "{cells:?}");
    assert!(cells[0] == cells[2] && cells[0] != cells[1]);
}

#[test]
fn tokens_that_the_shard_knows_are_not_asked_for_again() {
    let mut world = world();
    let mut read = |is_known| {
        world.client_sends(&query("SELECT ssn FROM patients"));
        world.take_upstream();
        world.upstream_sends(&replies());
        let question = world.take_question();
        assert_eq!(question.is_none(), is_known);
        if let Some(digests) = question {
            world.answer(digests, true);
        }
        cells(&world.take_client())
    };
    assert_eq!(read(false), read(true));
}

#[test]
fn without_control_values_are_covered() {
    let mut world = world();
    world.client_sends(&query("SELECT ssn FROM patients"));
    world.take_upstream();
    world.upstream_sends(&replies());
    let digests = world.take_question().unwrap();
    world.answer(digests, false);
    assert_eq!(cells(&world.take_client()), ["***********"; 3]);
    assert_eq!((world.counters.tokens_asked, world.counters.tokens_withheld), (2, 2));
}

#[test]
fn copied_rows_wait_too_and_leave_in_order() {
    for piece in [1, 11, 1_000] {
        let mut world = world();
        world.client_sends(&query("COPY patients (ssn) TO STDOUT"));
        let mut replies = vec![b'H', 0, 0, 0, 9, 0, 0, 1, 0, 0];
        for line in ["078-05-1120\n078-05-", "1121\n078-05-1120\n"] {
            replies.extend(copy_data(line.as_bytes()));
        }
        replies.extend(all(&[reply(Message::CopyDone), complete("COPY 3"), ready()]));
        for piece in replies.chunks(piece) {
            world.upstream_sends(piece);
            while let Some(digests) = world.take_question() {
                world.answer(digests, true);
            }
        }
        let sent = world.take_client();
        assert_eq!(tags(&sent), "HdddcCZ", "{piece}");
        let lines: Vec<_> = frames(&sent).filter(|(tag, _)| *tag == b'd').collect();
        assert!(lines.iter().all(|(_, line)| line.starts_with(b"tk_")));
        assert!(lines[0].1 == lines[2].1 && lines[0].1 != lines[1].1);
    }
}

#[test]
fn a_session_that_waits_can_be_revoked() {
    let mut world = world();
    world.client_sends(&query("SELECT ssn FROM patients"));
    world.take_upstream();
    world.upstream_sends(&replies());
    world.event(Event::Revoked);
    assert_eq!(tags(&world.take_client()), "TE");
}
