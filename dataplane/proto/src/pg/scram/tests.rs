use super::*;

const CLIENT_NONCE: [u8; NONCE_BYTES] = *b"eighteen bytes, ok";

/// RFC 7677, section 3.
#[test]
fn the_proof_and_the_signature_are_those_of_rfc_7677() {
    let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
    let without_proof = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    let challenge = Challenge {
        salt: salt.clone(),
        iterations: 4096,
        without_proof: without_proof.to_owned(),
        auth_message: format!(
            "n=user,r=rOprNGfwEbeRWgbNEkqO,\
             r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,{without_proof}"
        ),
    };
    let (response, outcome) = challenge.answer(&salted_password(b"pencil", &salt, 4096));
    let expected = format!("{without_proof},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
    assert_eq!(response, expected);
    outcome.on_outcome(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").unwrap();
}

#[test]
fn a_whole_exchange_convinces_a_server_that_knows_the_password() {
    let salted = salted_password(b"secret", b"salt", 4096);
    let (mechanism, first, client) = client(&[SCRAM_SHA_256], None).first();
    assert_eq!(mechanism, SCRAM_SHA_256);
    assert_eq!(first, format!("n,,n=,r={}", STANDARD.encode(CLIENT_NONCE)));
    let server_first = server_first(&first["n,,".len()..], "4096");
    let challenge = client.on_challenge(server_first.as_bytes()).unwrap();
    assert_eq!((challenge.salt(), challenge.iterations()), (&b"salt"[..], 4096));
    let (response, outcome) = challenge.answer(&salted);

    let verifier = verify(&salted, &first["n,,".len()..], &server_first, &response).unwrap();
    outcome.on_outcome(format!("v={}", STANDARD.encode(verifier)).as_bytes()).unwrap();
}

#[test]
fn the_channel_is_bound_where_both_sides_can() {
    let both = [SCRAM_SHA_256_PLUS, SCRAM_SHA_256];
    let (mechanism, first, waiting) = client(&both, Some(b"hash")).first();
    assert_eq!(mechanism, SCRAM_SHA_256_PLUS);
    assert!(first.starts_with("p=tls-server-end-point,,n=,r="));
    let challenge = waiting.on_challenge(server_first(&first[24..], "4096").as_bytes()).unwrap();
    let bound = STANDARD.encode("p=tls-server-end-point,,hash");
    assert!(challenge.without_proof.starts_with(&format!("c={bound},r=")));
}

#[test]
fn a_server_can_see_that_its_offer_to_bind_was_taken_away() {
    let (mechanism, first, _) = client(&[SCRAM_SHA_256], Some(b"hash")).first();
    assert_eq!(mechanism, SCRAM_SHA_256);
    assert!(first.starts_with("y,,"));
}

#[test]
fn without_a_channel_the_plus_mechanism_is_not_taken() {
    let choose = |offered: &'static [&'static str], end_point| {
        Client::choose(offered.iter().map(|name| name.as_bytes()), end_point, CLIENT_NONCE).err()
    };
    assert_eq!(choose(&[SCRAM_SHA_256_PLUS], None), Some(ScramError::NoMechanism));
    assert_eq!(choose(&["SCRAM-SHA-1"], Some(b"hash")), Some(ScramError::NoMechanism));
    assert_eq!(choose(&[], None), Some(ScramError::NoMechanism));
}

#[test]
fn a_challenge_that_is_not_well_formed_is_refused() {
    let nonce = STANDARD.encode(CLIENT_NONCE);
    let cases = [
        (String::new(), ScramError::Malformed),
        (format!("m=x,r={nonce}s,s=c2FsdA==,i=4096"), ScramError::Malformed),
        (format!("r={nonce}s,i=4096,s=c2FsdA=="), ScramError::Malformed),
        (format!("r={nonce}s,s=***,i=4096"), ScramError::Malformed),
        (format!("r={nonce}s,s=,i=4096"), ScramError::Malformed),
        (format!("r={nonce},s=c2FsdA==,i=4096"), ScramError::Nonce),
        ("r=elsewhere,s=c2FsdA==,i=4096".to_owned(), ScramError::Nonce),
        (format!("r={nonce}s,s=c2FsdA==,i=0"), ScramError::Iterations),
        (format!("r={nonce}s,s=c2FsdA==,i=-1"), ScramError::Iterations),
        (format!("r={nonce}s,s=c2FsdA==,i=1000001"), ScramError::Iterations),
        (format!("r={nonce}s,s=c2FsdA=="), ScramError::Malformed),
    ];
    for (challenge, expected) in cases {
        let (.., waiting) = client(&[SCRAM_SHA_256], None).first();
        let error = waiting.on_challenge(challenge.as_bytes()).err();
        assert_eq!(error, Some(expected), "{challenge}");
    }
    let (.., waiting) = client(&[SCRAM_SHA_256], None).first();
    assert_eq!(waiting.on_challenge(b"\xff").err(), Some(ScramError::Malformed));
}

#[test]
fn a_server_that_does_not_know_the_password_is_found_out() {
    let cases: [(&[u8], ScramError); 5] = [
        (b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", ScramError::ServerSignature),
        (b"v=", ScramError::ServerSignature),
        (b"e=invalid-proof", ScramError::Refused),
        (b"", ScramError::Malformed),
        (b"\xff", ScramError::Malformed),
    ];
    for (server_final, expected) in cases {
        let (_, first, waiting) = client(&[SCRAM_SHA_256], None).first();
        let server_first = server_first(&first["n,,".len()..], "1");
        let (_, outcome) = waiting.on_challenge(server_first.as_bytes()).unwrap().answer(&[7; 32]);
        assert_eq!(outcome.on_outcome(server_final), Err(expected));
    }
}

#[test]
fn a_password_is_prepared_as_postgresql_prepares_it() {
    let key = |password: &[u8]| salted_password(password, b"salt", 1);
    // RFC 4013's own examples: a soft hyphen vanishes, the ordinal indicator is an `a`.
    assert_eq!(key("I\u{ad}X".as_bytes()), key(b"IX"));
    assert_eq!(key("\u{aa}".as_bytes()), key(b"a"));
    // Prohibited ones and bytes that aren't UTF-8 are taken as they are.
    assert_ne!(key(b"\x07"), key(b""));
    assert_ne!(key(b"\xff"), key(b"\xfe"));
}

fn client(offered: &[&str], end_point: Option<&[u8]>) -> Client {
    let offered = offered.iter().map(|name| name.as_bytes());
    Client::choose(offered, end_point, CLIENT_NONCE).unwrap()
}

fn server_first(first_bare: &str, iterations: &str) -> String {
    let nonce = first_bare.strip_prefix("n=,r=").unwrap();
    format!("r={nonce}server,s={},i={iterations}", STANDARD.encode("salt"))
}

/// What a server does: recovers the client's key from the proof and compares its hash with the
/// stored one. Returns the server's signature.
fn verify(
    salted: &[u8; 32],
    first_bare: &str,
    server_first: &str,
    response: &str,
) -> Option<Vec<u8>> {
    let (without_proof, proof) = response.split_once(",p=")?;
    let auth_message = format!("{first_bare},{server_first},{without_proof}");
    let client_key = hmac_sha256(salted, b"Client Key");
    let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
    let signature = hmac_sha256(stored_key.as_ref(), auth_message.as_bytes());
    let recovered: Vec<u8> = STANDARD
        .decode(proof)
        .ok()?
        .iter()
        .zip(signature.as_ref())
        .map(|(proof, signature)| proof ^ signature)
        .collect();
    if digest::digest(&digest::SHA256, &recovered).as_ref() != stored_key.as_ref() {
        return None;
    }
    let server_key = hmac_sha256(salted, b"Server Key");
    Some(hmac_sha256(server_key.as_ref(), auth_message.as_bytes()).as_ref().to_vec())
}
