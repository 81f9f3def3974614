//! From the first byte to the first ReadyForQuery.

use lazaret_link::{ListenerTls, RefusalReason, Secret};
use lazaret_policy::Preset;
use lazaret_proto::pg::backend::{Authentication, Message};
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::md5;
use lazaret_proto::pg::sqlstate::SqlState;
use lazaret_proto::pg::startup::{Packet, Version};

use super::catalog::DATABASE;
use super::log::Record;
use super::messages::{error, query, reply, shown, tags};
use super::world::{World, grant, password, settings, startup_message};
use crate::context::{Effect, Event, Side};

const USER: [(&str, &str); 2] = [("user", "ci-agent"), ("database", DATABASE)];

fn packet(packet: &Packet<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    packet.encode(&mut bytes);
    bytes
}

/// A TCP connection to a gateway that has a certificate.
fn over_tcp() -> World {
    let mut settings = settings();
    settings.tls = Some(ListenerTls {
        certificate_chain: String::new(),
        private_key: Secret::new(String::new()),
    });
    World::with(Preset::SafeHarbor, settings, false)
}

fn tls_ready(alpn: Option<&[u8]>) -> Event {
    Event::TlsReady {
        side: Side::Client,
        alpn: alpn.map(<[u8]>::to_vec),
        description: "TLSv1.3".to_owned(),
        server_end_point: None,
    }
}

fn starts_tls(world: &mut World) -> bool {
    let effects = world.take_effects();
    effects.iter().any(|effect| matches!(effect, Effect::StartTls { side: Side::Client, .. }))
}

#[test]
fn a_client_that_is_admitted_gets_its_own_key_and_its_own_name() {
    let mut world = World::new(Preset::SafeHarbor);
    world.log_in();
    world.upstream_sends(&world.settings_of_server());
    let sent = world.take_client();
    assert_eq!(tags(&sent), "RSSSSKZ");
    let shown = shown(&sent);
    assert_eq!(shown[4], "S application_name,t");
    assert!(!shown[5].contains("key!"), "the upstream's key stays here");
    assert!(
        matches!(&world.log.records[..], [Record::SessionStart { principal, .. }] if principal == "ci-agent")
    );
}

#[test]
fn a_new_client_gets_a_long_cancel_key_and_an_old_one_a_short_one() {
    for (version, bytes) in [(Version::V3_0, 4), (Version::V3_2, 32)] {
        let mut world = World::new(Preset::SafeHarbor);
        world.client_sends(&startup_message(version, &USER));
        world.client_sends(&password("token"));
        world.event(Event::Admitted(grant()));
        world.event(Event::UpstreamConnected);
        world.upstream_sends(&reply(Message::Authentication(Authentication::Ok)));
        world.take_client();
        world.upstream_sends(&world.settings_of_server());
        let sent = world.take_client();
        let key = super::messages::frames(&sent).find(|(tag, _)| *tag == b'K').unwrap();
        assert_eq!(key.1.len(), 4 + bytes);
        let known = crate::context::CancelKey { process_id: 77, secret: vec![7; bytes] };
        assert!(world.session.answers_to(&known));
        let longer = crate::context::CancelKey { process_id: 77, secret: vec![7; 8] };
        assert!(!world.session.answers_to(&longer));
    }
}

#[test]
fn what_a_newer_client_asks_for_is_negotiated() {
    let mut world = World::new(Preset::SafeHarbor);
    let version = Version { major: 3, minor: 9999 };
    world.client_sends(&startup_message(version, &[USER[0], ("_pq_.wish", "1")]));
    assert_eq!(tags(&world.take_client()), "vR");
}

#[test]
fn a_database_that_is_not_there_is_refused_with_the_mend() {
    let mut world = World::new(Preset::SafeHarbor);
    world.client_sends(&startup_message(Version::V3_0, &USER));
    world.client_sends(&password("token"));
    world.take_client();
    world.event(Event::NotAdmitted(RefusalReason::Database));
    let said = shown(&world.take_client()).join("");
    assert!(said.contains("C3D000") && said.contains("`upstream.databases`"), "{said}");

    let mut world = World::new(Preset::SafeHarbor);
    world.client_sends(&startup_message(Version::V3_0, &USER));
    world.client_sends(&password("token"));
    world.event(Event::Admitted(grant()));
    world.event(Event::UpstreamConnected);
    world.upstream_sends(&reply(Message::Authentication(Authentication::Ok)));
    world.take_client();
    let absent =
        Report::fatal(SqlState::INVALID_CATALOG_NAME, "database \"clinic\" does not exist");
    world.upstream_sends(&error(&absent));
    let said = shown(&world.take_client()).join("");
    assert!(said.contains("C3D000") && said.contains("`upstream.databases`"), "{said}");
}

#[test]
fn a_token_that_is_not_accepted_is_refused_in_one_sentence_and_recorded_exactly() {
    for reason in [RefusalReason::Expired, RefusalReason::Signature, RefusalReason::Internal] {
        let mut world = World::new(Preset::SafeHarbor);
        world.client_sends(&startup_message(Version::V3_0, &USER));
        world.take_client();
        world.client_sends(&password("token"));
        world.event(Event::NotAdmitted(reason));
        let said = shown(&world.take_client()).join("");
        assert!(said.contains("28000"), "{said}");
        assert!(!said.contains(&format!("{reason:?}")), "{said}");
        let Record::SessionRefused { reason: recorded } = &world.log.records[0] else {
            panic!("{:?}", world.log.records);
        };
        assert!(recorded.contains(&format!("{reason:?}")));
    }
}

#[test]
fn a_database_that_is_not_offered_is_refused_only_to_who_may_know() {
    let mut world = World::new(Preset::SafeHarbor);
    world.client_sends(&startup_message(Version::V3_0, &[USER[0], ("database", "payroll")]));
    assert_eq!(tags(&world.take_client()), "R");
    world.client_sends(&password("token"));
    assert_eq!(tags(&world.take_client()), "");
    world.event(Event::Admitted(grant()));
    assert!(shown(&world.take_client())[0].contains("3D000"));
}

#[test]
fn plaintext_over_tcp_is_refused_with_the_mend() {
    let mut world = over_tcp();
    world.client_sends(&startup_message(Version::V3_0, &USER));
    let said = shown(&world.take_client()).join("");
    assert!(said.contains("28000") && said.contains("sslmode=require"), "{said}");
}

#[test]
fn tls_is_negotiated_in_whatever_order_libpq_asks() {
    let mut world = over_tcp();
    world.client_sends(&packet(&Packet::GssEncRequest));
    assert_eq!(world.take_client(), b"N");
    world.client_sends(&packet(&Packet::SslRequest));
    assert_eq!(world.take_client(), b"S");
    assert!(starts_tls(&mut world));
    world.event(tls_ready(None));
    world.client_sends(&startup_message(Version::V3_0, &USER));
    assert_eq!(tags(&world.take_client()), "R");
}

#[test]
fn bytes_stuffed_behind_the_request_for_tls_are_refused() {
    let mut world = over_tcp();
    let stuffed = [packet(&Packet::SslRequest), startup_message(Version::V3_0, &USER)].concat();
    world.client_sends(&stuffed);
    let said = shown(&world.take_client()).join("");
    assert!(said.contains("received unencrypted data after SSL request"), "{said}");
    assert!(!starts_tls(&mut world));
}

#[test]
fn direct_tls_needs_its_alpn_protocol() {
    for (alpn, fine) in
        [(Some(&b"postgresql"[..]), true), (Some(b"http/1.1"), false), (None, false)]
    {
        let mut world = over_tcp();
        world.client_sends(&[0x16, 3, 1]);
        assert!(starts_tls(&mut world));
        assert_eq!(world.unread(Side::Client), 3, "the handshake is the loop's to read");
        world.event(tls_ready(alpn));
        assert_eq!(tags(&world.take_client()).is_empty(), fine);
    }
}

#[test]
fn a_cancel_request_is_routed_and_its_connection_ends_with_it() {
    let mut world = over_tcp();
    world.client_sends(&packet(&Packet::Cancel { process_id: 5, secret: b"abcd" }));
    let effects = world.take_effects();
    assert!(matches!(&effects[..], [Effect::RouteCancel(key)]
        if key.process_id == 5 && key.secret == b"abcd"));
    world.event(Event::CancelEnded);
    assert!(matches!(&world.take_effects()[..], [Effect::Close(Side::Client)]));
    assert_eq!(world.take_client(), b"");
}

#[test]
fn a_client_that_says_nothing_is_sent_away_in_time() {
    let mut world = over_tcp();
    world.deadline();
    assert_eq!(tags(&world.take_client()), "E");
    world.event(Event::Closed(Side::Client));
    assert!(world.session.is_over());
    assert!(world.log.records.is_empty());
}

#[test]
fn the_first_bytes_may_come_one_by_one() {
    let mut world = World::new(Preset::SafeHarbor);
    let bytes = [startup_message(Version::V3_0, &USER), password("token")].concat();
    for byte in &bytes {
        world.client_sends(std::slice::from_ref(byte));
    }
    let effects = world.take_effects();
    assert!(matches!(&effects[..], [Effect::Admit(admission)]
        if admission.token.expose() == "token" && admission.database == DATABASE));
}

fn dialled() -> World {
    let mut world = World::new(Preset::SafeHarbor);
    world.client_sends(&startup_message(Version::V3_0, &USER));
    world.client_sends(&password("token"));
    world.event(Event::Admitted(grant()));
    world.event(Event::UpstreamConnected);
    world.take_client();
    world
}

#[test]
fn the_upstream_is_told_who_it_is_and_what_is_pinned() {
    let mut world = dialled();
    let sent = world.take_upstream();
    let Ok(Some((Packet::Startup(startup), _))) = Packet::read(&sent) else {
        panic!("no start-up")
    };
    let value = |name: &str| startup.parameters.value(name.as_bytes()).map(String::from_utf8_lossy);
    assert_eq!(value("user").unwrap(), "service");
    assert_eq!(value("application_name").unwrap(), "lazaret/ci-agent/");
    assert_eq!(value("client_encoding").unwrap(), "UTF8");
    assert_eq!(value("standard_conforming_strings").unwrap(), "on");
}

#[test]
fn a_password_does_not_leave_in_cleartext() {
    let mut world = dialled();
    world.take_upstream();
    world.upstream_sends(&reply(Message::Authentication(Authentication::CleartextPassword)));
    assert!(!world.take_upstream().windows(6).any(|bytes| bytes == b"pencil"));
    assert_eq!(tags(&world.take_client()), "E");
}

#[test]
fn md5_is_answered() {
    let mut world = dialled();
    world.take_upstream();
    let salt = [1, 2, 3, 4];
    world.upstream_sends(&reply(Message::Authentication(Authentication::Md5Password { salt })));
    assert_eq!(world.take_upstream(), password(&md5::response(b"service", b"pencil", salt)));
}

#[test]
fn what_the_upstream_says_of_the_gateways_password_is_not_the_clients_to_know() {
    let mut world = dialled();
    let report = Report::fatal(SqlState::INVALID_PASSWORD, "password failed for user \"service\"");
    world.upstream_sends(&error(&report));
    let said = shown(&world.take_client()).join("");
    assert!(said.contains("08001") && !said.contains("service"), "{said}");
    world.event(Event::Closed(Side::Client));
    assert!(matches!(world.log.records.last(), Some(Record::SessionEnd { .. })));
}

#[test]
fn an_upstream_whose_lexer_differs_is_refused() {
    let mut world = World::new(Preset::SafeHarbor);
    world.log_in();
    let off = Message::ParameterStatus { name: b"standard_conforming_strings", value: b"off" };
    world.upstream_sends(&reply(off));
    assert_eq!(tags(&world.take_client()), "E");
}

#[test]
fn a_query_that_came_before_the_upstream_was_ready_is_not_lost() {
    let mut world = World::new(Preset::SafeHarbor);
    world.client_sends(&startup_message(Version::V3_0, &USER));
    world.client_sends(&[password("token"), query("SELECT 1")].concat());
    world.event(Event::Admitted(grant()));
    world.event(Event::UpstreamConnected);
    world.take_upstream();
    world.upstream_sends(&reply(Message::Authentication(Authentication::Ok)));
    world.upstream_sends(&world.settings_of_server());
    assert_eq!(shown(&world.take_upstream()), ["Q SELECT 1"]);
}
