//! Whatever a client sends: no panic, and each packet and message that is read is written back byte
//! for byte.

#![no_main]

use lazaret_proto::pg::frame::{self, Frame};
use lazaret_proto::pg::frontend::Message;
use lazaret_proto::pg::startup::Packet;

/// As large as a receive buffer.
const MAX_BYTES: usize = 64 << 10;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Ok(Some((packet, len))) = Packet::read(rest) {
        check_packet(packet, &rest[..len]);
        rest = &rest[len..];
        if matches!(packet, Packet::Startup(_)) {
            break;
        }
    }
    while let Ok(Some(frame)) = frame::whole(rest, MAX_BYTES) {
        check_message(frame, &rest[..frame.len]);
        rest = &rest[frame.len..];
    }
});

fn check_packet(packet: Packet<'_>, bytes: &[u8]) {
    let mut out = Vec::with_capacity(bytes.len());
    packet.encode(&mut out);
    assert_eq!(out, bytes);
    if let Packet::Startup(startup) = packet {
        let negotiated = startup.negotiate();
        assert!(negotiated.version <= startup.version);
        for (name, _) in startup.parameters.iter() {
            assert!(!name.is_empty());
            assert!(startup.parameters.value(name).is_some());
        }
    }
}

fn check_message(frame: Frame<'_>, bytes: &[u8]) {
    let Ok(message) = Message::decode(frame) else {
        return;
    };
    let mut out = Vec::with_capacity(bytes.len());
    message.encode(&mut out);
    assert_eq!(out, bytes);
    match message {
        Message::Bind(bind) => {
            assert_eq!(bind.parameters.iter().count(), bind.parameters.len());
            let _ = bind.parameter_formats.of(bind.parameters.len());
        }
        Message::Parse(parse) => {
            assert_eq!(parse.parameter_types.iter().count(), parse.parameter_types.len());
        }
        Message::Password(password) => {
            let _ = (password.password(), password.sasl_initial(), password.sasl_response());
        }
        _ => {}
    }
}
