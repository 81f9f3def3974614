//! A transparent resource gets everything and gives everything; recording goes on.

use lazaret_policy::Preset;
use lazaret_proto::pg::backend::{Message, TransactionStatus};
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::frontend::{self, FunctionCall};
use lazaret_proto::pg::sqlstate::SqlState;

use super::messages::*;
use super::world::World;
use crate::context::{Effect, Event, Side};

#[test]
fn bytes_pass_in_both_directions_as_they_are() {
    let mut world = World::ready(Preset::Transparent);
    let request = all(&[
        parse("s", "SELECT $1::nonsense ("),
        bind("", "s", &["078-05-1120"]),
        describe(""),
        execute("", 0),
        sync(),
    ]);
    world.client_sends(&request);
    assert_eq!(world.take_upstream(), request);
    let answer = all(&[
        reply(Message::ParseComplete),
        reply(Message::BindComplete),
        description(&[SSN]),
        row(&["078-05-1120"]),
        complete("SELECT 1"),
        ready(),
    ]);
    world.upstream_sends(&answer);
    assert_eq!(world.take_client(), answer);
    assert_eq!(world.log.verdicts(), [("SELECT $1::nonsense (", true)]);
    assert_eq!(world.log.outcomes(), ["complete"]);
}

#[test]
fn function_calls_pass() {
    let mut world = World::ready(Preset::Transparent);
    let mut bytes = Vec::new();
    let bind = super::messages::bind("", "", &[]);
    let frame = lazaret_proto::pg::frame::whole(&bind, 100).unwrap().unwrap();
    let Ok(frontend::Message::Bind(empty)) = frontend::Message::decode(frame) else { panic!() };
    let call = FunctionCall {
        function_oid: 1,
        argument_formats: empty.parameter_formats,
        arguments: empty.parameters,
        result_format: lazaret_proto::pg::Format::Text,
    };
    frontend::Message::FunctionCall(call).encode(&mut bytes);
    world.client_sends(&bytes);
    assert_eq!(world.take_upstream(), bytes);
    let answer = all(&[reply(Message::FunctionCallResponse(Some(b"x"))), ready()]);
    world.upstream_sends(&answer);
    assert_eq!(world.take_client(), answer);
}

#[test]
fn errors_and_settings_pass_as_they_are() {
    let mut world = World::ready(Preset::Transparent);
    world.client_sends(&query("SELECT 1/0; SELECT 2"));
    let answer = all(&[
        reply(Message::ParameterStatus { name: b"client_encoding", value: b"LATIN1" }),
        error(&Report::error(SqlState::DIVISION_BY_ZERO, "078-05-1120")),
        ready(),
    ]);
    world.upstream_sends(&answer);
    assert_eq!(world.take_client(), answer);
}

#[test]
fn a_large_result_moves_without_being_copied_or_kept() {
    let mut world = World::ready(Preset::Transparent);
    world.client_sends(&query("SELECT *"));
    world.take_upstream();
    world.upstream_sends(&description(&[SSN]));
    let long = "x".repeat(300 << 10);
    let rows = all(&[row(&[&long]), row(&["y"]), complete("SELECT 2"), ready()]);
    for piece in rows.chunks(10_000) {
        world.upstream_sends(piece);
    }
    let sent = world.take_client();
    assert!(sent.ends_with(&rows[rows.len() - 100..]));
    assert_eq!(sent.len(), rows.len() + description(&[SSN]).len());
}

#[test]
fn goodbye_is_passed_on_and_recorded() {
    let mut world = World::ready(Preset::Transparent);
    world.client_sends(&terminate());
    assert_eq!(world.take_upstream(), terminate());
    let effects = world.take_effects();
    assert!(matches!(&effects[..], [Effect::Close(Side::Upstream), Effect::Close(Side::Client)]));
    world.event(Event::Closed(Side::Client));
    assert!(world.session.is_over());
}

#[test]
fn a_client_that_vanishes_cancels_what_runs() {
    let mut world = World::ready(Preset::Transparent);
    world.client_sends(&query("SELECT pg_sleep(100)"));
    world.event(Event::Closed(Side::Client));
    let effects = world.take_effects();
    assert!(matches!(&effects[..], [Effect::CancelUpstream { process_id: 9, .. }, ..]));
    assert!(world.session.is_over());
}

#[test]
fn a_reply_that_nothing_asked_for_ends_the_session() {
    for reply in [
        complete("SELECT 1"),
        row(&["078-05-1120"]),
        ready(),
        reply(Message::ParseComplete),
        reply(Message::CopyDone),
        copy_data(b"078-05-1120"),
    ] {
        let mut world = World::ready(Preset::Transparent);
        world.upstream_sends(&reply);
        let said = shown(&world.take_client()).join("");
        assert!(said.starts_with("E SFATAL"), "{said}");
        assert!(!said.contains("1120"));
    }
}

#[test]
fn transactions_are_followed_until_the_gateway_may_drain() {
    let mut world = World::ready(Preset::Transparent);
    world.client_sends(&query("BEGIN"));
    world.upstream_sends(&all(&[complete("BEGIN"), ready_in(TransactionStatus::InTransaction)]));
    world.take_client();
    world.event(Event::Draining);
    assert_eq!(world.take_client(), b"", "a transaction is let finish");
    world.client_sends(&query("COMMIT"));
    world.upstream_sends(&all(&[complete("COMMIT"), ready()]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "CZE");
    assert!(shown(&sent)[2].contains("57P01"));
}
