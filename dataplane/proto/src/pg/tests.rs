//! Every message round-trips, is truncated at each byte and split at each boundary; random bytes
//! are read without a panic, and what is read is written back byte for byte.

mod samples;

use proptest::prelude::*;

use super::error::{Report, Severity, field};
use super::frame::{self, Frame, FrameError, FrameHeader};
use super::sqlstate::SqlState;
use super::startup::{self, Packet, StartupError, Version};
use super::*;

#[test]
fn every_message_of_a_client_round_trips() {
    for bytes in samples::frontend() {
        let message = frontend::Message::decode(only_frame(&bytes)).unwrap();
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(out, bytes, "{message:?}");
    }
}

#[test]
fn every_message_of_a_server_round_trips() {
    for bytes in samples::backend() {
        let message = backend::Message::decode(only_frame(&bytes)).unwrap();
        let mut out = Vec::new();
        message.encode(&mut out);
        assert_eq!(out, bytes, "{message:?}");
    }
}

#[test]
fn every_start_up_packet_round_trips() {
    for bytes in samples::startup() {
        let (packet, len) = Packet::read(&bytes).unwrap().unwrap();
        assert_eq!(len, bytes.len());
        let mut out = Vec::new();
        packet.encode(&mut out);
        assert_eq!(out, bytes, "{packet:?}");
    }
}

#[test]
fn every_type_of_message_has_a_sample() {
    let tags = |samples: Vec<Vec<u8>>| {
        let mut tags: Vec<u8> = samples.iter().map(|bytes| bytes[0]).collect();
        tags.sort_unstable();
        tags.dedup();
        tags
    };
    let known = |decode: fn(Frame<'_>) -> Option<MessageError>| -> Vec<u8> {
        let unknown = |tag| Some(MessageError::UnknownTag(tag));
        (0..=255).filter(|&tag| decode(Frame { tag, body: &[], len: 5 }) != unknown(tag)).collect()
    };
    let frontend = known(|frame| frontend::Message::decode(frame).err());
    assert_eq!(tags(samples::frontend()), frontend);
    let backend = known(|frame| backend::Message::decode(frame).err());
    assert_eq!(tags(samples::backend()), backend);
}

#[test]
fn an_unfinished_frame_is_awaited_at_each_byte() {
    for bytes in samples::frontend().iter().chain(&samples::backend()) {
        for end in 0..bytes.len() {
            assert_eq!(frame::whole(&bytes[..end], frame::MAX_BYTES), Ok(None));
        }
    }
    for bytes in samples::startup() {
        for end in 0..bytes.len() {
            assert_eq!(Packet::read(&bytes[..end]), Ok(None));
        }
    }
}

/// A few bodies have a part without a length, so their beginnings are valid messages too.
#[test]
fn a_body_that_ends_too_early_or_too_late_is_refused() {
    let open_ended = [b'd', b'p', b'K', b'R'];
    let decodes = |tag: u8, body: &[u8], client: bool| {
        let frame = Frame { tag, body, len: body.len() + 5 };
        if client {
            frontend::Message::decode(frame).is_ok()
        } else {
            backend::Message::decode(frame).is_ok()
        }
    };
    let samples = samples::frontend().into_iter().map(|bytes| (bytes, true));
    for (bytes, client) in samples.chain(samples::backend().into_iter().map(|bytes| (bytes, false)))
    {
        let (tag, body) = (bytes[0], &bytes[5..]);
        if open_ended.contains(&tag) {
            continue;
        }
        for end in 0..body.len() {
            assert!(!decodes(tag, &body[..end], client), "{} at {end}", char::from(tag));
        }
        let longer = [body, b"\0"].concat();
        assert!(!decodes(tag, &longer, client), "{} with a byte more", char::from(tag));
    }
}

#[test]
fn a_stream_gives_the_same_frames_wherever_it_is_split() {
    let stream: Vec<u8> = samples::backend().concat();
    for split in 0..=stream.len() {
        let mut frames = Vec::new();
        let mut buffer = Vec::new();
        for piece in [&stream[..split], &stream[split..]] {
            buffer.extend_from_slice(piece);
            while let Some(frame) = frame::whole(&buffer, frame::MAX_BYTES).unwrap() {
                let len = frame.len;
                frames.push(buffer[..len].to_vec());
                buffer.drain(..len);
            }
        }
        assert_eq!(frames, samples::backend(), "split at {split}");
    }
}

#[test]
fn a_header_is_known_before_its_body() {
    let header = frame::peek(b"D\0\x10\0\0", frame::MAX_BYTES).unwrap().unwrap();
    assert_eq!(header, FrameHeader { tag: b'D', len: 0x10_0001 });
    assert_eq!(header.body_len(), 0x10_0001 - 5);
    assert_eq!(header.body(b"D\0\x10\0\0"), None);
}

#[test]
fn an_impossible_length_is_refused() {
    for length in [-1, 0, 3, i32::MIN] {
        let bytes = [&b"Q"[..], &length.to_be_bytes()].concat();
        let error = FrameError::Length { tag: b'Q', length };
        assert_eq!(frame::peek(&bytes, frame::MAX_BYTES), Err(error));
    }
    assert!(frame::peek(b"Q\x7f\xff\xff\xff", frame::MAX_BYTES).unwrap().is_some());
}

#[test]
fn a_frame_above_the_receivers_limit_is_refused_by_its_header() {
    let error = FrameError::TooLong { tag: b'Q', len: 11, max_len: 10 };
    assert_eq!(frame::peek(b"Q\0\0\0\x0a", 10), Err(error));
    assert!(frame::peek(b"Q\0\0\0\x09", 10).unwrap().is_some());
}

#[test]
fn the_length_of_a_start_up_packet_is_checked_before_it_is_awaited() {
    for length in [0_u32, 7, 10_001, u32::MAX] {
        assert_eq!(Packet::read(&length.to_be_bytes()), Err(StartupError::Length(length)));
    }
    assert_eq!(Packet::read(&10_000_u32.to_be_bytes()), Ok(None));
    // What TLS sends first is never the start of a packet within the limit.
    let hello = [startup::TLS_HANDSHAKE, 3, 1, 0];
    assert_eq!(Packet::read(&hello), Err(StartupError::Length(u32::from_be_bytes(hello))));
}

#[test]
fn a_malformed_start_up_packet_is_refused() {
    let packet = |body: &[u8]| {
        let mut bytes = u32::try_from(body.len() + 4).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(body);
        Packet::read(&bytes).map(|_| ())
    };
    let version = Version::V3_0.code().to_be_bytes();
    let with = |rest: &[u8]| packet(&[&version[..], rest].concat());
    assert_eq!(with(b"user\0me\0\0"), Ok(()));
    assert_eq!(with(b"\0"), Ok(()));
    let unterminated = Err(StartupError::Malformed(MessageError::UnterminatedString));
    assert_eq!(with(b"user\0me\0"), unterminated);
    assert_eq!(with(b"user\0"), unterminated);
    assert_eq!(with(b"user"), unterminated);
    let trailing = Err(StartupError::Malformed(MessageError::TrailingBytes(1)));
    assert_eq!(with(b"user\0me\0\0x"), trailing);
    let v2 = Version { major: 2, minor: 0 };
    assert_eq!(packet(&v2.code().to_be_bytes()), Err(StartupError::Version(v2)));
    let cancel = |secret: &[u8]| packet(&[&[4, 210, 22, 46, 0, 0, 0, 1], secret].concat());
    assert_eq!(cancel(&[1; 3]), Err(StartupError::SecretLength(3)));
    assert_eq!(cancel(&[1; 4]), Ok(()));
    assert_eq!(cancel(&[1; 256]), Ok(()));
    assert_eq!(cancel(&[1; 257]), Err(StartupError::SecretLength(257)));
}

#[test]
fn the_version_is_negotiated_down_and_unknown_options_are_named() {
    let negotiated = |minor, parameters: &[(&[u8], &[u8])]| {
        let version = Version { major: 3, minor };
        let mut bytes = Vec::new();
        startup::startup(&mut bytes, version, parameters.iter().copied());
        let Ok(Some((Packet::Startup(startup), _))) = Packet::read(&bytes) else { panic!() };
        let negotiated = startup.negotiate();
        let unknown: Vec<Vec<u8>> = negotiated.unknown.iter().map(|name| name.to_vec()).collect();
        (negotiated.version, negotiated.answer, unknown)
    };
    let user = (&b"user"[..], &b"me"[..]);
    let grease = (&b"_pq_.grease"[..], &b"1"[..]);
    assert_eq!(negotiated(0, &[user]), (Version::V3_0, false, vec![]));
    assert_eq!(negotiated(2, &[user]), (Version::V3_2, false, vec![]));
    assert_eq!(negotiated(9999, &[user]), (Version::V3_2, true, vec![]));
    let unknown = vec![b"_pq_.grease".to_vec()];
    assert_eq!(negotiated(0, &[user, grease]), (Version::V3_0, true, unknown));
}

#[test]
fn the_last_parameter_of_a_name_counts() {
    let mut bytes = Vec::new();
    let parameters: [(&[u8], &[u8]); 3] = [(b"user", b"a"), (b"database", b"d"), (b"user", b"b")];
    startup::startup(&mut bytes, Version::V3_0, parameters);
    let Ok(Some((Packet::Startup(startup), _))) = Packet::read(&bytes) else { panic!() };
    assert_eq!(startup.parameters.value(b"user"), Some(&b"b"[..]));
    assert_eq!(startup.parameters.value(b"options"), None);
    assert!(startup.parameters.iter().eq(parameters));
}

#[test]
fn format_codes_follow_the_rule_of_bind() {
    let formats = |codes: &[Format]| {
        let mut out = Vec::new();
        let parameters = [Some(&b"1"[..]), None];
        frontend::bind(&mut out, b"", b"", &[], parameters.into_iter(), codes);
        let Ok(frontend::Message::Bind(bind)) = frontend::Message::decode(only_frame(&out)) else {
            panic!()
        };
        assert!(bind.parameters.iter().eq(parameters));
        [bind.result_formats.of(0), bind.result_formats.of(1)]
    };
    use Format::{Binary, Text};
    assert_eq!(formats(&[]), [Text, Text]);
    assert_eq!(formats(&[Binary]), [Binary, Binary]);
    assert_eq!(formats(&[Text, Binary]), [Text, Binary]);
}

#[test]
fn a_bind_whose_format_codes_fit_no_value_is_refused() {
    let mut out = Vec::new();
    let parameters = [None, None, None];
    let formats = [Format::Text, Format::Text];
    frontend::bind(&mut out, b"", b"", &formats, parameters.into_iter(), &[]);
    let error = MessageError::FormatCount { formats: 2, values: 3 };
    assert_eq!(frontend::Message::decode(only_frame(&out)), Err(error));
}

#[test]
fn an_error_carries_its_fields_in_order() {
    let mut out = Vec::new();
    Report::error(SqlState::INSUFFICIENT_PRIVILEGE, "no")
        .detail("because")
        .hint("ask")
        .position(7)
        .encode(&mut out);
    let Ok(backend::Message::ErrorResponse(fields)) = backend::Message::decode(only_frame(&out))
    else {
        panic!()
    };
    let expected: [(u8, &[u8]); 7] = [
        (b'S', b"ERROR"),
        (b'V', b"ERROR"),
        (b'C', b"42501"),
        (b'M', b"no"),
        (b'D', b"because"),
        (b'H', b"ask"),
        (b'P', b"7"),
    ];
    assert!(fields.iter().eq(expected));
    assert_eq!(fields.severity(), Some(Severity::Error));
    assert_eq!(fields.sqlstate(), Some(SqlState::INSUFFICIENT_PRIVILEGE));
    assert_eq!(fields.value(field::ROUTINE), None);
}

#[test]
fn the_severity_tells_an_error_from_a_notice() {
    let tag = |severity| {
        let mut out = Vec::new();
        Report::new(severity, SqlState::SUCCESSFUL_COMPLETION, "").encode(&mut out);
        out[0]
    };
    for severity in Severity::ALL {
        let is_error = matches!(severity, Severity::Error | Severity::Fatal | Severity::Panic);
        assert_eq!(tag(severity), if is_error { b'E' } else { b'N' });
    }
}

#[test]
fn no_text_reaches_into_the_next_field() {
    let mut out = Vec::new();
    Report::error(SqlState::SYNTAX_ERROR, b"at\0Cdata").encode(&mut out);
    let Ok(backend::Message::ErrorResponse(fields)) = backend::Message::decode(only_frame(&out))
    else {
        panic!()
    };
    assert_eq!(fields.value(field::MESSAGE), Some(&b"at"[..]));
    assert_eq!(fields.iter().count(), 4);
}

#[test]
fn what_is_secret_is_not_shown() {
    let mut out = Vec::new();
    frontend::password(&mut out, b"hunter2");
    let message = frontend::Message::decode(only_frame(&out)).unwrap();
    assert!(!format!("{message:?}").contains("hunter2"));

    let mut out = Vec::new();
    Report::error(SqlState::UNIQUE_VIOLATION, "Key (ssn)=(123)").encode(&mut out);
    let message = backend::Message::decode(only_frame(&out)).unwrap();
    assert!(!format!("{message:?}").contains("123"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bodies_are_read_exactly_or_refused(
        tag in any::<u8>(),
        body in prop::collection::vec(prop_oneof![Just(0_u8), 0_u8..8, any::<u8>()], 0..64),
    ) {
        let frame = Frame { tag, body: &body, len: body.len() + 5 };
        let mut out = Vec::new();
        if let Ok(message) = frontend::Message::decode(frame) {
            message.encode(&mut out);
            prop_assert_eq!(&out[5..], &body[..]);
        }
        out.clear();
        if let Ok(message) = backend::Message::decode(frame) {
            message.encode(&mut out);
            prop_assert_eq!(&out[5..], &body[..]);
        }
    }

    #[test]
    fn a_flipped_byte_is_read_exactly_or_refused(
        sample in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = sample.get(&samples::backend()).clone();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let Ok(Some(frame)) = frame::whole(&bytes, frame::MAX_BYTES) else { return Ok(()) };
        if let Ok(message) = backend::Message::decode(frame) {
            let mut out = Vec::new();
            message.encode(&mut out);
            prop_assert_eq!(&out[..], &bytes[..frame.len]);
        }
    }

    #[test]
    fn random_start_up_packets_are_read_exactly_or_refused(
        body in prop::collection::vec(prop_oneof![Just(0_u8), any::<u8>()], 0..64),
        code in prop_oneof![
            Just(196_608_u32), Just(196_610), Just(80_877_102), Just(80_877_103),
            Just(80_877_104), any::<u32>(),
        ],
    ) {
        let mut bytes = u32::try_from(body.len() + 8).unwrap().to_be_bytes().to_vec();
        bytes.extend_from_slice(&code.to_be_bytes());
        bytes.extend_from_slice(&body);
        if let Ok(Some((packet, len))) = Packet::read(&bytes) {
            let mut out = Vec::new();
            packet.encode(&mut out);
            prop_assert_eq!(len, bytes.len());
            prop_assert_eq!(out, bytes);
        }
    }
}

fn only_frame(bytes: &[u8]) -> Frame<'_> {
    let frame = frame::whole(bytes, frame::MAX_BYTES).unwrap().unwrap();
    assert_eq!(frame.len, bytes.len());
    frame
}
