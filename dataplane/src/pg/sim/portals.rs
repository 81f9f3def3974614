//! Plans belong to portals.

use lazaret_policy::Preset;
use lazaret_proto::pg::backend::Message;

use super::catalog::{LABS, TEXT};
use super::messages::*;
use super::world::World;

const CODE: Column<'static> = ("code", LABS, 1, TEXT);

/// A session with the statement `s` prepared.
fn prepared(text: &str) -> World {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&all(&[parse("s", text), sync()]));
    world.upstream_sends(&all(&[reply(Message::ParseComplete), ready()]));
    assert_eq!(tags(&world.take_client()), "1Z");
    world.take_upstream();
    world
}

#[test]
fn a_statement_run_from_the_cache_is_described_behind_the_clients_back() {
    let mut world = prepared("SELECT ssn FROM patients");
    world.client_sends(&all(&[bind("", "s", &[]), execute("", 0), sync()]));
    assert_eq!(tags(&world.take_upstream()), "BDES");
    world.upstream_sends(&all(&[
        reply(Message::BindComplete),
        description(&[SSN]),
        row(&["078-05-1120"]),
        complete("SELECT 1"),
        ready(),
    ]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "2DCZ");
    assert!(!shown(&sent).concat().contains("1120"), "{:?}", shown(&sent));
}

#[test]
fn a_description_that_the_client_asked_for_is_its_own() {
    let mut world = prepared("SELECT ssn FROM patients");
    world.client_sends(&all(&[bind("", "s", &[]), describe(""), execute("", 0), sync()]));
    assert_eq!(tags(&world.take_upstream()), "BDES");
    world.upstream_sends(&all(&[
        reply(Message::BindComplete),
        description(&[SSN]),
        row(&["078-05-1120"]),
        complete("SELECT 1"),
        ready(),
    ]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "2TDCZ");
    assert!(!shown(&sent).concat().contains("1120"));
}

#[test]
fn a_statement_planned_anew_is_masked_by_what_it_reads_now() {
    // Prepared over labs; after SET search_path the same text reads patients.
    let mut world = prepared("SELECT code FROM labs");
    for (column, cell, expected) in
        [(CODE, "2345-7", "2345-7"), (SSN, "078-05-1120", "***********")]
    {
        world.client_sends(&all(&[bind("", "s", &[]), execute("", 0), sync()]));
        world.upstream_sends(&all(&[
            reply(Message::BindComplete),
            description(&[column]),
            row(&[cell]),
            complete("SELECT 1"),
            ready(),
        ]));
        let shown = shown(&world.take_client());
        assert!(shown[1].ends_with(expected), "{shown:?}");
    }
}

#[test]
fn a_suspended_portal_keeps_its_plan() {
    let mut world = prepared("SELECT ssn FROM patients");
    world.client_sends(&all(&[bind("p", "s", &[]), execute("p", 1), flush()]));
    assert_eq!(tags(&world.take_upstream()), "BDEH");
    world.upstream_sends(&all(&[
        reply(Message::BindComplete),
        description(&[SSN]),
        row(&["078-05-1120"]),
        reply(Message::PortalSuspended),
    ]));
    assert_eq!(tags(&world.take_client()), "2Ds");
    world.client_sends(&all(&[execute("p", 1), sync()]));
    assert_eq!(tags(&world.take_upstream()), "ES");
    world.upstream_sends(&all(&[row(&["078-05-1121"]), complete("SELECT 1"), ready()]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "DCZ");
    assert!(!shown(&sent).concat().contains("1121"));
    assert_eq!(world.log.outcomes(), ["complete", "suspended", "complete"]);
}

#[test]
fn another_message_in_between_makes_the_gateway_describe_again() {
    let mut world = prepared("SELECT ssn FROM patients");
    world.client_sends(&all(&[
        bind("p", "s", &[]),
        describe("p"),
        parse("", "SELECT 1"),
        execute("p", 0),
        sync(),
    ]));
    assert_eq!(tags(&world.take_upstream()), "BDPDES");
}

#[test]
fn rows_of_a_portal_that_gives_none_end_the_session() {
    let mut world = prepared("SELECT ssn FROM patients");
    world.client_sends(&all(&[bind("", "s", &[]), execute("", 0), sync()]));
    world.upstream_sends(&all(&[
        reply(Message::BindComplete),
        reply(Message::NoData),
        row(&["078-05-1120"]),
    ]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "2E");
    assert!(!shown(&sent).concat().contains("1120"));
}

#[test]
fn a_row_that_does_not_match_its_description_ends_the_session() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("SELECT ssn FROM patients"));
    world.upstream_sends(&all(&[description(&[SSN]), row(&["078-05-1120", "more"])]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "TE");
    assert!(!shown(&sent).concat().contains("1120"));
}

#[test]
fn the_results_of_several_statements_have_each_their_own_plan() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("SELECT code FROM labs; SELECT ssn FROM patients"));
    world.upstream_sends(&all(&[
        description(&[CODE]),
        row(&["2345-7"]),
        complete("SELECT 1"),
        description(&[SSN]),
        row(&["078-05-1120"]),
        complete("SELECT 1"),
        ready(),
    ]));
    let shown = shown(&world.take_client());
    assert!(shown[1].ends_with("2345-7"), "{shown:?}");
    assert!(!shown.concat().contains("1120"), "{shown:?}");
    assert_eq!(world.log.outcomes(), ["complete", "complete"]);
}

#[test]
fn an_expression_is_masked_through_the_cursor_that_gives_it() {
    let mut world = World::ready(Preset::SafeHarbor);
    let reversed: Column<'_> = ("reverse", 0, 0, TEXT);
    world.client_sends(&query("DECLARE c CURSOR WITH HOLD FOR SELECT ssn || '' FROM patients"));
    world.upstream_sends(&all(&[complete("DECLARE CURSOR"), ready()]));
    world.client_sends(&query("FETCH 1 FROM c"));
    world.upstream_sends(&all(&[
        description(&[reversed]),
        row(&["0211-50-870"]),
        complete("FETCH 1"),
        ready(),
    ]));
    let shown = shown(&world.take_client());
    assert!(!shown.concat().contains("870"), "{shown:?}");
}

#[test]
fn a_cursor_that_nobody_declared_gives_nothing_away() {
    let mut world = World::ready(Preset::SafeHarbor);
    let unknown: Column<'_> = ("x", 0, 0, TEXT);
    world.client_sends(&query("FETCH 1 FROM opened_by_a_function"));
    world.upstream_sends(&all(&[
        description(&[unknown]),
        row(&["0211-50-870"]),
        complete("FETCH 1"),
        ready(),
    ]));
    assert!(!shown(&world.take_client()).concat().contains("870"));
}

#[test]
fn a_column_named_like_a_number_of_somebody_is_covered() {
    let mut world = World::ready(Preset::SafeHarbor);
    let named: Column<'_> = ("SSN: 078-05-1120", LABS, 1, TEXT);
    world.client_sends(&query("SELECT code FROM labs"));
    world.upstream_sends(&all(&[description(&[named]), complete("SELECT 0"), ready()]));
    let sent = world.take_client();
    assert_eq!(tags(&sent), "TCZ");
    assert!(!shown(&sent).concat().contains("1120"), "{:?}", shown(&sent));
}
