//! COPY, in both directions.

use lazaret_policy::Preset;
use lazaret_proto::pg::backend::Message;
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::sqlstate::SqlState;

use super::log::Record;
use super::messages::*;
use super::world::World;

/// CopyInResponse or CopyOutResponse with so many columns of text.
fn response(tag: u8, columns: u8) -> Vec<u8> {
    let mut bytes = vec![tag, 0, 0, 0, 7 + 2 * columns, 0, 0, columns];
    bytes.resize(bytes.len() + 2 * usize::from(columns), 0);
    bytes
}

fn copying_in(requests: &[Vec<u8>]) -> World {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&all(requests));
    world.take_upstream();
    world
}

#[test]
fn copy_to_stdout_is_masked() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("COPY patients TO STDOUT"));
    world.upstream_sends(&all(&[
        response(b'H', 3),
        copy_data(b"1\t078-05-1120\twell\n"),
        copy_data(b"2\t078-05-1121\tSSN 078-05-1122\n"),
        reply(Message::CopyDone),
        complete("COPY 2"),
        ready(),
    ]));
    let sent = world.take_client();
    assert!(tags(&sent).starts_with("Hd") && tags(&sent).ends_with("dcCZ"), "{}", tags(&sent));
    let shown = shown(&sent).concat();
    assert!(shown.contains("well") && !shown.contains("112"), "{shown}");
}

#[test]
fn a_row_too_large_for_copy_ends_the_session_with_a_word_on_what_to_do() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("COPY patients TO STDOUT"));
    world.upstream_sends(&all(&[response(b'H', 3), copy_data(b"1\t078-05-1120\twell\n")]));
    for piece in copy_data(&vec![b'7'; 1 << 20]).chunks(60_000) {
        world.upstream_sends(piece);
    }
    let sent = world.take_client();
    assert_eq!(tags(&sent), "HdE");
    let said = shown(&sent).concat();
    assert!(said.contains("too large to be masked") && said.contains("with SELECT"), "{said}");
}

#[test]
fn copy_from_stdin_passes_with_a_record() {
    let mut world = copying_in(&[query("COPY labs FROM STDIN")]);
    world.upstream_sends(&response(b'G', 2));
    assert_eq!(tags(&world.take_client()), "G");
    let data = all(&[copy_data(b"2345-7\tmg\n"), copy_data(b"2346-5\tmg\n")]);
    world.client_sends(&data);
    assert_eq!(world.take_upstream(), data);
    assert_eq!(world.log.records.last(), Some(&Record::CopyIn { bytes: data.len() as u64 }));
    world.client_sends(&copy_done());
    assert_eq!(world.take_upstream(), copy_done());
    world.upstream_sends(&all(&[complete("COPY 2"), ready()]));
    assert_eq!(tags(&world.take_client()), "CZ");
}

#[test]
fn copy_data_of_any_size_streams_through() {
    let mut world = copying_in(&[query("COPY labs FROM STDIN")]);
    world.upstream_sends(&response(b'G', 2));
    let data = copy_data(&vec![b'x'; 5 << 20]);
    let mut sent = 0;
    for piece in data.chunks(60_000) {
        world.client_sends(piece);
        sent += world.take_upstream().len();
    }
    assert_eq!(sent, data.len());
}

#[test]
fn sync_within_copy_is_ignored_as_the_server_does() {
    // libpq: the Sync behind Execute comes before anybody knows of the COPY.
    let mut world = copying_in(&[
        parse("", "COPY labs FROM STDIN"),
        bind("", "", &[]),
        describe(""),
        execute("", 0),
        sync(),
    ]);
    world.upstream_sends(&all(&[
        reply(Message::ParseComplete),
        reply(Message::BindComplete),
        reply(Message::NoData),
        response(b'G', 2),
    ]));
    assert_eq!(tags(&world.take_client()), "12nG");
    world.client_sends(&all(&[copy_data(b"1\t2\n"), flush(), sync(), copy_done(), sync()]));
    assert_eq!(tags(&world.take_upstream()), "dcS");
    world.upstream_sends(&all(&[complete("COPY 1"), ready()]));
    assert_eq!(tags(&world.take_client()), "CZ");
    world.client_sends(&query("SELECT 1"));
    assert_eq!(tags(&world.take_upstream()), "Q");
}

#[test]
fn what_a_client_sends_before_it_hears_of_a_failed_copy_goes_nowhere() {
    let mut world = copying_in(&[query("COPY labs FROM STDIN")]);
    world.upstream_sends(&response(b'G', 2));
    let failed = error(&Report::error(SqlState::BAD_COPY_FILE_FORMAT, "missing data"));
    world.upstream_sends(&all(&[failed, ready()]));
    world.client_sends(&all(&[copy_data(b"1\n"), copy_done(), query("SELECT code FROM labs")]));
    assert_eq!(tags(&world.take_upstream()), "Q");
}

#[test]
fn a_client_may_give_up_a_copy() {
    let mut world = copying_in(&[query("COPY labs FROM STDIN")]);
    world.upstream_sends(&response(b'G', 2));
    world.client_sends(&copy_fail());
    assert_eq!(tags(&world.take_upstream()), "f");
    let failed = error(&Report::error(SqlState::QUERY_CANCELED, "COPY from stdin failed"));
    world.upstream_sends(&all(&[failed, ready()]));
    assert_eq!(tags(&world.take_client()), "GEZ");
}

#[test]
fn copy_data_that_nothing_announced_ends_the_session() {
    let mut world = World::ready(Preset::SafeHarbor);
    world.client_sends(&query("SELECT code FROM labs"));
    world.upstream_sends(&all(&[response(b'H', 1), copy_data(b"078-05-1120\n")]));
    let said = shown(&world.take_client()).concat();
    assert!(said.contains("SFATAL") && !said.contains("1120"), "{said}");
}

#[test]
fn copy_in_both_directions_is_not_for_clients() {
    let mut world = World::ready(Preset::Transparent);
    world.client_sends(&query("START_REPLICATION 0/0"));
    world.upstream_sends(&response(b'W', 0));
    assert!(shown(&world.take_client()).concat().contains("SFATAL"));
}
