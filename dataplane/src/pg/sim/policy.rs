//! Refusals that keep the protocol exact.

use lazaret_policy::Preset;
use lazaret_proto::pg::backend::{Message, TransactionStatus};
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::frontend::{self, Target};
use lazaret_proto::pg::sqlstate::SqlState;

use super::catalog::{self, LABS, TEXT};
use super::log::Record;
use super::messages::*;
use super::world::World;
use crate::context::{Event, Side};
use crate::limits::{
    BUFFER_BYTES, LARGE_BYTES, PARSED_ON_SHARD_BYTES, STATEMENT_BYTES, STATEMENTS,
};

const CODE: Column<'static> = ("code", LABS, 1, TEXT);

/// What the server says to a refused message.
fn syntax_error() -> Vec<u8> {
    error(&Report::error(SqlState::SYNTAX_ERROR, "syntax error at or near \"lazaret\""))
}

#[test]
fn a_refused_query_fails_upstream_and_the_next_one_works() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("DROP TABLE patients"));
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
    world.upstream_sends(&all(&[syntax_error(), ready()]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "EZ");
    assert!(shown(&sent)[0].contains("C42501"), "{:?}", shown(&sent));
    assert!(!shown(&sent)[0].contains("lazaret: refused"));
    assert_eq!(world.log.verdicts(), [("DROP TABLE patients", false)]);

    world.client_sends(&query("SELECT code FROM labs"));
    assert_eq!(shown(&world.take_upstream()), ["Q SELECT code FROM labs"]);
    world.upstream_sends(&all(&[
        description(&[CODE]),
        row(&["2345-7"]),
        complete("SELECT 1"),
        ready(),
    ]));
    assert_eq!(tags(&world.take_client()), "TDCZ");
}

#[test]
fn of_several_statements_all_run_or_none() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("SELECT code FROM labs; DROP TABLE patients"));
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
}

#[test]
fn the_transaction_is_in_the_state_that_the_server_says() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("BEGIN"));
    world.upstream_sends(&all(&[complete("BEGIN"), ready_in(TransactionStatus::InTransaction)]));
    world.client_sends(&query("DROP TABLE patients"));
    world.upstream_sends(&all(&[syntax_error(), ready_in(TransactionStatus::Failed)]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "CZEZ");
    assert_eq!(shown(&sent)[3], "Z E");
}

#[test]
fn an_allowed_and_a_refused_statement_in_one_segment_have_each_their_outcome() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&all(&[
        parse("", "SELECT code FROM labs"),
        bind("", "", &[]),
        execute("", 0),
        parse("", "DROP TABLE patients"),
        bind("", "", &[]),
        execute("", 0),
        sync(),
        query("SELECT code FROM labs"),
    ]));
    assert_eq!(tags(&world.take_upstream()), "PBDEPBDESQ");
    world.upstream_sends(&all(&[
        reply(Message::ParseComplete),
        reply(Message::BindComplete),
        description(&[CODE]),
        row(&["2345-7"]),
        complete("SELECT 1"),
        syntax_error(),
        ready(),
        description(&[CODE]),
        row(&["2345-7"]),
        complete("SELECT 1"),
        ready(),
    ]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "12DCEZTDCZ");
    assert!(shown(&sent)[4].contains("C42501"));
    assert_eq!(world.log.outcomes(), ["complete", "error 42601", "complete"]);
}

#[test]
fn what_comes_after_an_error_goes_nowhere_until_sync() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&all(&[parse("", "DROP TABLE patients"), flush()]));
    world.upstream_sends(&syntax_error());
    assert_eq!(tags(&world.take_client()), "E");
    world.take_upstream();
    world.client_sends(&all(&[bind("", "", &[]), execute("", 0), query("SELECT 1"), sync()]));
    assert_eq!(tags(&world.take_upstream()), "S");
    world.upstream_sends(&ready());
    assert_eq!(tags(&world.take_client()), "Z");
}

#[test]
fn a_syntax_error_is_told_as_postgresql_would() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("SELEC 1"));
    world.upstream_sends(&all(&[syntax_error(), ready()]));
    let shown = shown(&world.take_client());
    assert!(shown[0].contains("C42601"), "{shown:?}");
    assert!(shown[0].contains("syntax error at or near \"SELEC\""), "{shown:?}");
    assert!(shown[0].contains("P1"), "{shown:?}");
}

#[test]
fn nine_megabytes_of_comment_before_a_drop_are_refused_and_not_kept() {
    let mut world = World::ready(Preset::SafeHarbor);
    let text = format!("/*{}*/ DROP TABLE patients", "x".repeat(9 << 20));
    assert!(text.len() > STATEMENT_BYTES);
    world.client_sends(&query(&text));
    assert_eq!(world.unread(crate::context::Side::Client), 0);
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
    world.upstream_sends(&all(&[syntax_error(), ready()]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "EZ");
    assert!(shown(&sent)[0].contains("C54000"));
    world.client_sends(&query("SELECT code FROM labs"));
    assert_eq!(shown(&world.take_upstream()), ["Q SELECT code FROM labs"]);
}

#[test]
fn a_large_message_is_refused_while_others_hold_the_memory_for_such() {
    let mut world = World::ready(Preset::SafeHarbor);
    let text = format!("SELECT code FROM labs --{}", "x".repeat(2 * BUFFER_BYTES));
    let held = world.hold_memory(LARGE_BYTES - BUFFER_BYTES);
    world.client_sends(&query(&text));
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
    world.upstream_sends(&all(&[syntax_error(), ready()]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "EZ");
    assert!(shown(&sent)[0].contains("C53200"));
    drop(held);
    world.client_sends(&query(&text));
    let text_read = world.take_text().unwrap();
    world.read(text_read);
    assert_eq!(shown(&world.take_upstream()), [format!("Q {text}")]);
}

#[test]
fn a_text_that_takes_long_to_parse_is_read_elsewhere_and_its_message_waits() {
    let mut world = World::ready(Preset::SafeHarbor);
    let filler = "x".repeat(PARSED_ON_SHARD_BYTES);
    let allowed = format!("SELECT code FROM labs --{filler}");
    let refused = format!("DROP TABLE labs --{filler}");
    world.client_sends(&all(&[query(&allowed), query(&refused), query("SELECT 1 --")]));
    assert_eq!(world.take_upstream(), b"");
    assert!(!world.session.wants(Side::Client));
    // Nothing is asked twice.
    world.hand_over(Side::Client);
    let text = world.take_text().unwrap();
    assert_eq!((&*text, world.take_text()), (&*allowed, None));
    world.read(text);
    assert_eq!(shown(&world.take_upstream()), [format!("Q {allowed}")]);
    let text = world.take_text().unwrap();
    world.read(text);
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused", "Q SELECT 1 --"]);
    // An answer that nobody waits for is none to the next text.
    let parsed = lazaret_sql::parse("SELECT 1");
    world.event(Event::Parsed { text: refused.clone().into(), parsed });
    world.client_sends(&query(&refused));
    assert_eq!(world.take_upstream(), b"");
    let text = world.take_text().unwrap();
    world.read(text);
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
}

#[test]
fn a_text_of_too_many_statements_is_refused() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query(&"SELECT 1;".repeat(STATEMENTS + 1)));
    let text = world.take_text().unwrap();
    world.read(text);
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
    world.upstream_sends(&all(&[syntax_error(), ready()]));
    assert!(shown(&world.take_client())[0].contains("C54000"));
}

#[test]
fn a_parse_that_is_too_long_fails_in_its_pipeline() {
    let mut world = World::ready(Preset::SafeHarbor);
    let text = "x".repeat(STATEMENT_BYTES + 1);
    world.client_sends(&all(&[parse("s", &text), bind("", "s", &[]), execute("", 0), sync()]));
    let sent = world.take_upstream();
    assert_eq!(tags(&sent), "PBDES");
    assert_eq!(shown(&sent)[0], "P s,lazaret: refused");
}

#[test]
fn the_function_call_message_is_refused() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&[b'F', 0, 0, 0, 14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
    world.upstream_sends(&all(&[syntax_error(), ready()]));
    assert!(shown(&world.take_client())[0].contains("C0A000"));
}

#[test]
fn a_message_that_is_malformed_fails_and_the_session_goes_on() {
    let mut world = World::ready(Preset::SafeHarbor);
    // A Query without its terminator.
    world.client_sends(&[b'Q', 0, 0, 0, 6, b'x', b'y']);
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
    world.upstream_sends(&all(&[syntax_error(), ready()]));
    assert!(shown(&world.take_client())[0].contains("C08P01"));
}

#[test]
fn a_text_that_is_not_utf8_is_refused() {
    let mut world = World::ready(Preset::SafeHarbor);
    let mut bytes = Vec::new();
    frontend::Message::Query(b"SELECT '\x95\x5c' --").encode(&mut bytes);
    world.client_sends(&bytes);
    assert_eq!(shown(&world.take_upstream()), ["Q lazaret: refused"]);
}

#[test]
fn an_error_of_another_kind_in_place_of_the_refusal_is_told_as_what_it_is() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("DROP TABLE patients"));
    let shutdown = Report::fatal(SqlState::ADMIN_SHUTDOWN, "terminating connection");
    world.upstream_sends(&error(&shutdown));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "E");
    assert!(shown(&sent)[0].contains("57P01"));
}

#[test]
fn a_prepared_statement_has_to_be_allowed_by_the_policy_of_now() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&all(&[parse("s", "SELECT code FROM labs"), sync()]));
    world.upstream_sends(&all(&[reply(Message::ParseComplete), ready()]));
    world.take_upstream();
    let mut stricter = (*catalog::snapshot(Preset::SafeHarbor, 2)).clone();
    stricter.policies =
        [("test.cedar".to_owned(), "forbid(principal, action, resource);".to_owned())].into();
    world.engine = lazaret_policy::Engine::compile(stricter.into()).unwrap();
    world.client_sends(&all(&[bind("", "s", &[]), execute("", 0), sync()]));
    let sent = world.take_upstream();
    assert_eq!(tags(&sent), "PDES");
    assert!(shown(&sent)[0].contains("lazaret: refused"));
}

#[test]
fn closing_a_statement_keeps_its_place_in_the_answer() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&all(&[
        parse("s", "SELECT code FROM labs"),
        describe_statement("s"),
        close(Target::Statement(b"s")),
        close(Target::Portal(b"p")),
        sync(),
    ]));
    world.upstream_sends(&all(&[
        reply(Message::ParseComplete),
        [b't', 0, 0, 0, 6, 0, 0].to_vec(),
        description(&[CODE]),
        reply(Message::CloseComplete),
        reply(Message::CloseComplete),
        ready(),
    ]));
    assert_eq!(tags(&world.take_client()), "1tT33Z");
}

#[test]
fn an_empty_query_is_answered_as_such() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query(" -- nothing"));
    world.upstream_sends(&all(&[reply(Message::EmptyQueryResponse), ready()]));
    assert_eq!(tags(&world.take_client()), "IZ");
}

#[test]
fn a_revoked_grant_ends_a_result_in_the_middle() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("SELECT code FROM labs"));
    world.upstream_sends(&all(&[description(&[CODE]), row(&["2345-7"])]));
    world.event(Event::Revoked);
    let sent = world.take_client();
    assert_eq!(tags(&sent), "TDE");
    assert!(shown(&sent)[2].contains("57P01"));
    world.upstream_sends(&row(&["2345-7"]));
    assert_eq!(world.take_client(), b"");
    assert_eq!(tags(&world.take_upstream()), "QX");
}

#[test]
fn a_grant_ends_when_it_says() {
    let mut world = World::ready(Preset::SafeHarbor);
    // The idle timeout comes first, again and again; somebody is there, so it does nothing.
    for _ in 0..10 {
        world.client_sends(&query("SELECT code FROM labs"));
        world.upstream_sends(&all(&[description(&[CODE]), complete("SELECT 0"), ready()]));
        world.take_client();
        world.deadline();
    }
    let said = shown(&world.take_client()).concat();
    assert!(said.contains("the grant of this session has expired"), "{said}");
}

#[test]
fn who_does_nothing_is_sent_away() {
    let mut world = World::ready(Preset::SafeHarbor);
    // It took its greeting since the first look.
    world.deadline();
    world.deadline();
    assert!(shown(&world.take_client())[0].contains("57P05"));
}

#[test]
fn a_full_log_lets_nothing_through() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.log.room = Some(world.log.records.len());
    world.client_sends(&query("SELECT code FROM labs"));
    assert_eq!(tags(&world.take_upstream()), "X");
    assert!(shown(&world.take_client())[0].contains("C53100"));
}

#[test]
fn parameters_are_recorded_with_what_is_found_in_them_covered() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&all(&[
        parse("", "SELECT code FROM labs WHERE code = $1"),
        bind("", "", &["SSN 078-05-1120"]),
    ]));
    let Some(Record::Bind { parameters }) = world.log.records.last() else { panic!() };
    assert!(!parameters.concat().contains("1120"), "{parameters:?}");
}
