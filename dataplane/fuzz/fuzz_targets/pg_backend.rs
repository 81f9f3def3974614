//! Whatever a server sends: no panic, and each message that is read is written back byte for byte.

#![no_main]

use lazaret_proto::pg::backend::{Authentication, Message};
use lazaret_proto::pg::frame::{self, Frame};
use lazaret_proto::pg::scram::{Client, NONCE_BYTES};

/// As large as a receive buffer.
const MAX_BYTES: usize = 64 << 10;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Ok(Some(frame)) = frame::whole(rest, MAX_BYTES) {
        check(frame, &rest[..frame.len]);
        rest = &rest[frame.len..];
    }
});

fn check(frame: Frame<'_>, bytes: &[u8]) {
    let Ok(message) = Message::decode(frame) else {
        return;
    };
    let mut out = Vec::with_capacity(bytes.len());
    message.encode(&mut out);
    assert_eq!(out, bytes);
    match message {
        Message::RowDescription(description) => {
            assert_eq!(description.fields().count(), description.len());
        }
        Message::DataRow(cells) => assert_eq!(cells.iter().count(), cells.len()),
        Message::ErrorResponse(fields) | Message::NoticeResponse(fields) => {
            assert!(fields.iter().all(|(code, _)| code != 0));
            let _ = (fields.severity(), fields.sqlstate());
        }
        Message::Authentication(Authentication::Sasl(mechanisms)) => {
            drop(Client::choose(mechanisms.iter(), Some(b"hash"), [7; NONCE_BYTES]));
        }
        Message::Authentication(Authentication::SaslContinue(challenge)) => {
            let client = Client::choose([&b"SCRAM-SHA-256"[..]].into_iter(), None, [7; NONCE_BYTES]);
            let (.., waiting) = client.expect("the mechanism is known").first();
            if let Ok(challenge) = waiting.on_challenge(challenge) {
                let (_, outcome) = challenge.answer(&[7; 32]);
                assert!(outcome.on_outcome(frame.body).is_err());
            }
        }
        _ => {}
    }
}
