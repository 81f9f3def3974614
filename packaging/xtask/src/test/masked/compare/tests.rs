use super::*;

fn said(side: Side, kind: u8, body: &[u8]) -> Message {
    Message { side, kind, body: body.to_vec() }
}

/// A session of one query.
fn session(query: &str, answers: &[(u8, &[u8])]) -> Session {
    let mut session = Session::default();
    session.keep(said(Side::Client, Session::STARTUP, b"\0\x03\0\0\0"));
    session.keep(said(Side::Server, b'Z', b"I"));
    session.keep(said(Side::Client, b'Q', format!("{query}\0").as_bytes()));
    for (kind, body) in answers {
        session.keep(said(Side::Server, *kind, body));
    }
    session.keep(said(Side::Client, b'X', b""));
    session
}

/// What is different where the server answers one thing and the client sees another.
fn check(client: &Session, server: &Session) -> Vec<&'static str> {
    let mut tally = Tally::default();
    let differences = Comparison::of("test", client, server, &mut tally);
    differences.iter().map(|difference| difference.sort).collect()
}

const COLUMN: &[u8] = b"\0\x01note\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0";
const QUERY: &str = "SELECT note";

fn with_cell(cell: &[u8]) -> Session {
    let row = [b"\0\x01\0\0\0\x03", cell].concat();
    session(QUERY, &[(b'T', COLUMN), (b'D', &row), (b'C', b"SELECT 1\0"), (b'Z', b"I")])
}

#[test]
fn a_mask_is_accepted_and_another_value_is_not() {
    assert_eq!(check(&with_cell(b"***"), &with_cell(b"abc")), [""; 0]);
    assert_eq!(check(&with_cell(b"abx"), &with_cell(b"abc")), ["cell"]);
}

#[test]
fn a_refusal_is_accepted_if_it_is_whole_and_tells_the_state() {
    let error = b"SERROR\0VERROR\0C42501\0Mno\0\0";
    let server = session(REPLACEMENT, &[(b'E', b"C42601\0\0"), (b'Z', b"E")]);
    let refused = session(QUERY, &[(b'E', error), (b'Z', b"E")]);
    assert_eq!(check(&refused, &server), [""; 0]);
    let wrong_state = session(QUERY, &[(b'E', error), (b'Z', b"I")]);
    assert_eq!(check(&wrong_state, &server), ["state"]);
    let told = session(QUERY, &[(b'T', COLUMN), (b'E', error), (b'Z', b"E")]);
    assert_eq!(check(&told, &server), ["refusal"]);
}

#[test]
fn a_message_that_is_lost_is_a_difference() {
    let server = session(QUERY, &[(b'C', b"SELECT 0\0"), (b'Z', b"I")]);
    let client = session(QUERY, &[(b'Z', b"I")]);
    assert_eq!(check(&client, &server), ["messages"]);
}

#[test]
fn another_statement_than_the_clients_is_a_difference() {
    let answers: &[(u8, &[u8])] = &[(b'C', b"SELECT 0\0"), (b'Z', b"I")];
    assert_eq!(check(&session(QUERY, answers), &session("SELECT 1", answers)), ["request"]);
}

#[test]
fn a_session_that_the_gateway_cuts_is_a_difference() {
    let server = session(QUERY, &[(b'C', b"SELECT 0\0"), (b'Z', b"I")]);
    let mut cut = Session::default();
    cut.keep(said(Side::Client, Session::STARTUP, b"\0\x03\0\0\0"));
    cut.keep(said(Side::Server, b'Z', b"I"));
    cut.keep(said(Side::Client, b'Q', b"SELECT note\0"));
    cut.keep(said(Side::Server, b'E', b"SFATAL\0VFATAL\0C08P01\0Mno\0\0"));
    assert!(check(&cut, &server).contains(&"end"));
}

#[test]
fn an_error_may_be_told_in_the_gateways_words_but_not_as_another_error() {
    let withheld = |code: &str| {
        format!("SERROR\0VERROR\0C{code}\0Mx\0DThe gateway withheld the server's text, which\0\0")
    };
    let server = session(QUERY, &[(b'E', b"SERROR\0VERROR\0C22012\0Mdivision\0\0"), (b'Z', b"I")]);
    let told = |code| session(QUERY, &[(b'E', withheld(code).as_bytes()), (b'Z', b"I")]);
    assert_eq!(check(&told("22012"), &server), [""; 0]);
    assert_eq!(check(&told("42P01"), &server), ["report"]);
}

#[test]
fn data_behind_a_copy_that_failed_goes_nowhere() {
    let session = |late: &[(Side, u8, &[u8])]| {
        let mut session = Session::default();
        session.keep(said(Side::Client, Session::STARTUP, b"\0\x03\0\0\0"));
        session.keep(said(Side::Server, b'Z', b"I"));
        session.keep(said(Side::Client, b'Q', b"COPY t FROM STDIN\0"));
        session.keep(said(Side::Server, b'E', b"SERROR\0VERROR\0C22P02\0Mx\0\0"));
        session.keep(said(Side::Server, b'Z', b"I"));
        for (side, kind, body) in late {
            session.keep(said(*side, *kind, body));
        }
        session.keep(said(Side::Client, b'X', b""));
        session
    };
    let late = session(&[(Side::Client, b'd', b"1\n")]);
    assert_eq!(check(&late, &session(&[])), [""; 0]);
}
