//! Against an issuer of our own on loopback, with every attack that a token can carry.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::KeyPair;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::test_issuer::{Key, TestIssuer, header, modulus, unsigned};
use super::*;

const NOW_S: u64 = 1_800_000_000;

/// Asks the provider whenever there is a reason to.
const EAGER: Pace = Pace {
    request_interval: Duration::ZERO,
    fresh_for: Duration::from_secs(3600),
    usable_for: Duration::from_secs(3600),
};

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOW_S)
}

/// One issuer with one RSA key, and a token of it with these claims.
async fn verify_claims(change: impl FnOnce(&mut Value)) -> Result<Principal, RefusalReason> {
    let key = Key::ed();
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    let mut claims = issuer.claims(NOW_S);
    change(&mut claims);
    issuer.identity().verify(&key.token(&header("EdDSA", "k"), &claims), now()).await
}

#[tokio::test]
async fn a_good_token_names_its_principal() {
    for (key, algorithm) in
        [(Key::rsa(), "RS256"), (Key::rsa(), "PS256"), (Key::ec(), "ES256"), (Key::ed(), "EdDSA")]
    {
        let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
        let token = key.token(&header(algorithm, "k"), &issuer.claims(NOW_S));
        let principal = issuer.identity().verify(&token, now()).await;
        let expected = Principal {
            subject: "repo:acme/clinic:ref:refs/heads/main".into(),
            issuer: issuer.url.clone(),
            groups: vec!["agents".into()],
            expires_at_s: NOW_S + 600,
        };
        assert_eq!(principal, Ok(expected), "{algorithm}");
    }
}

#[tokio::test]
async fn an_unsigned_token_is_refused() {
    let issuer = TestIssuer::start(json!([Key::ed().jwk("k")])).await;
    let identity = issuer.identity();
    for algorithm in ["none", "None", "NONE", ""] {
        let token = format!("{}.", unsigned(&header(algorithm, "k"), &issuer.claims(NOW_S)));
        assert_eq!(identity.verify(&token, now()).await, Err(RefusalReason::Signature));
    }
}

#[tokio::test]
async fn the_public_key_is_no_hmac_secret() {
    let key = Key::rsa();
    let Key::Rsa(pair) = &key else { unreachable!() };
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    let identity = issuer.identity();
    let spki = pair.public_key().as_der().unwrap();
    for secret in [spki.as_ref(), pair.public_key().as_ref(), modulus(pair)] {
        let message = unsigned(&header("HS256", "k"), &issuer.claims(NOW_S));
        let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let tag = aws_lc_rs::hmac::sign(&hmac, message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert_eq!(identity.verify(&token, now()).await, Err(RefusalReason::Signature));
    }
}

#[tokio::test]
async fn a_key_that_comes_with_the_token_is_not_believed() {
    let (ours, theirs) = (Key::ed(), Key::ed());
    let issuer = TestIssuer::start(json!([ours.jwk("k")])).await;
    let mut header = header("EdDSA", "k");
    header["jwk"] = theirs.jwk("k");
    header["jku"] = json!("http://127.0.0.1:1/keys");
    let token = theirs.token(&header, &issuer.claims(NOW_S));
    assert_eq!(issuer.identity().verify(&token, now()).await, Err(RefusalReason::Signature));
}

#[tokio::test]
async fn a_key_serves_only_its_own_algorithm() {
    let key = Key::rsa();
    let mut jwk = key.jwk("k");
    jwk["alg"] = json!("PS256");
    let issuer = TestIssuer::start(json!([jwk])).await;
    let identity = issuer.identity();
    let token = |algorithm| key.token(&header(algorithm, "k"), &issuer.claims(NOW_S));
    assert_eq!(identity.verify(&token("RS256"), now()).await, Err(RefusalReason::Signature));
    assert!(identity.verify(&token("PS256"), now()).await.is_ok());
}

#[tokio::test]
async fn a_changed_claim_breaks_the_signature() {
    let key = Key::ed();
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    let token = key.token(&header("EdDSA", "k"), &issuer.claims(NOW_S));
    let mut claims = issuer.claims(NOW_S);
    claims["groups"] = json!(["admins"]);
    let forged = unsigned(&header("EdDSA", "k"), &claims);
    let signature = token.rsplit('.').next().unwrap();
    let forged = format!("{forged}.{signature}");
    assert_eq!(issuer.identity().verify(&forged, now()).await, Err(RefusalReason::Signature));
}

#[tokio::test]
async fn times_are_kept_with_the_skew_that_is_configured() {
    let expires = |at: u64| verify_claims(move |claims| claims["exp"] = json!(at));
    assert_eq!(expires(NOW_S + 1).await.unwrap().expires_at_s, NOW_S + 1);
    // Not cut at once: admitted by the skew, it lasts as long as that does.
    assert_eq!(expires(NOW_S - 59).await.unwrap().expires_at_s, NOW_S + 1);
    assert_eq!(expires(NOW_S - 60).await, Err(RefusalReason::Expired));
    assert_eq!(expires(0).await, Err(RefusalReason::Expired));
    let begins = |at: u64| verify_claims(move |claims| claims["nbf"] = json!(at));
    assert!(begins(NOW_S + 60).await.is_ok());
    assert_eq!(begins(NOW_S + 61).await, Err(RefusalReason::NotYetValid));
    let issued = |at: u64| verify_claims(move |claims| claims["iat"] = json!(at));
    assert!(issued(NOW_S + 60).await.is_ok());
    assert_eq!(issued(NOW_S + 61).await, Err(RefusalReason::NotYetValid));
}

#[tokio::test]
async fn each_claim_is_read_strictly() {
    let changed =
        |name: &'static str, value: Value| verify_claims(move |claims| claims[name] = value);
    assert_eq!(changed("aud", json!("other")).await, Err(RefusalReason::Audience));
    assert_eq!(changed("aud", json!(["a", "b"])).await, Err(RefusalReason::Audience));
    assert_eq!(changed("aud", json!({"lazaret": 1})).await, Err(RefusalReason::Audience));
    assert!(changed("aud", json!(["other", "lazaret"])).await.is_ok());
    assert_eq!(changed("iss", json!("https://other")).await, Err(RefusalReason::Issuer));
    assert_eq!(changed("iss", json!(7)).await, Err(RefusalReason::Malformed));
    assert_eq!(changed("exp", json!("1900000000")).await, Err(RefusalReason::Malformed));
    assert_eq!(changed("exp", json!(-1)).await, Err(RefusalReason::Malformed));
    assert!(changed("exp", json!(1_800_000_600.5)).await.is_ok());
    assert_eq!(changed("sub", json!("")).await, Err(RefusalReason::MissingClaim));
    for unreadable in ["ci\nagent", "ci\0", "\u{1b}[2Jci", &"x".repeat(2_000)] {
        assert_eq!(changed("sub", json!(unreadable)).await, Err(RefusalReason::Malformed));
        assert_eq!(changed("groups", json!([unreadable])).await, Err(RefusalReason::Malformed));
    }
    assert_eq!(changed("groups", json!([1])).await, Err(RefusalReason::Malformed));
    let one = changed("groups", json!("acme")).await.unwrap();
    assert_eq!(one.groups, ["acme"]);
}

#[tokio::test]
async fn a_missing_claim_is_named_so() {
    for name in ["iss", "aud", "exp", "iat", "sub", "groups"] {
        let verified = verify_claims(|claims| {
            claims.as_object_mut().unwrap().remove(name);
        });
        assert_eq!(verified.await, Err(RefusalReason::MissingClaim), "{name}");
    }
    let without_nbf = verify_claims(|claims| {
        claims.as_object_mut().unwrap().remove("nbf");
    });
    assert!(without_nbf.await.is_ok());
}

#[tokio::test]
async fn groups_may_lie_deep_in_the_claims() {
    let key = Key::ed();
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    let configured =
        Issuer { groups_claim: vec!["realm_access".into(), "roles".into()], ..issuer.configured() };
    let mut claims = issuer.claims(NOW_S);
    claims["realm_access"] = json!({"roles": ["a", "b"]});
    let identity = Identity::new(&[configured]).unwrap();
    let principal = identity.verify(&key.token(&header("EdDSA", "k"), &claims), now()).await;
    assert_eq!(principal.unwrap().groups, ["a", "b"]);
}

#[tokio::test]
async fn what_is_no_token_is_malformed() {
    let issuer = TestIssuer::start(json!([Key::ed().jwk("k")])).await;
    let identity = issuer.identity();
    let critical = json!({"alg": "EdDSA", "kid": "k", "crit": ["b64"], "b64": false});
    let nested = json!({"alg": "EdDSA", "kid": "k", "cty": "JWT"});
    let cases = [
        String::new(),
        "a".into(),
        "a.b".into(),
        "a.b.c".into(),
        "a.b.c.d.e".into(),
        "hunter2".into(),
        format!("{}.", "x".repeat(crate::limits::TOKEN_BYTES)),
        format!("{}.AA", unsigned(&critical, &issuer.claims(NOW_S))),
        format!("{}.AA", unsigned(&nested, &issuer.claims(NOW_S))),
        format!("{}.AA==", unsigned(&header("EdDSA", "k"), &issuer.claims(NOW_S))),
        format!("{}.AA", unsigned(&header("EdDSA", "k"), &json!([]))),
    ];
    for token in cases {
        assert_eq!(identity.verify(&token, now()).await, Err(RefusalReason::Malformed));
    }
    assert_eq!(issuer.requests(), 0);
}

#[tokio::test]
async fn a_rotated_key_is_found_and_a_withdrawn_one_is_refused() {
    let (old, new) = (Key::ed(), Key::ec());
    let issuer = TestIssuer::start(json!([old.jwk("old")])).await;
    let identity = issuer.identity_with(EAGER);
    let old_token = old.token(&header("EdDSA", "old"), &issuer.claims(NOW_S));
    let new_token = new.token(&header("ES256", "new"), &issuer.claims(NOW_S));
    assert!(identity.verify(&old_token, now()).await.is_ok());
    issuer.set_keys(Some(json!([new.jwk("new")])));
    assert!(identity.verify(&new_token, now()).await.is_ok());
    assert_eq!(identity.verify(&old_token, now()).await, Err(RefusalReason::Signature));
}

#[tokio::test]
async fn made_up_key_ids_do_not_turn_the_gateway_on_the_provider() {
    let key = Key::ed();
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    let identity = Arc::new(issuer.identity());
    let good = key.token(&header("EdDSA", "k"), &issuer.claims(NOW_S));
    assert!(identity.verify(&good, now()).await.is_ok());
    assert_eq!(issuer.requests(), 1);
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..100 {
        let token = key.token(&header("EdDSA", &format!("guess-{number}")), &issuer.claims(NOW_S));
        let identity = Arc::clone(&identity);
        guesses.spawn(async move { identity.verify(&token, now()).await });
    }
    for verified in guesses.join_all().await {
        assert_eq!(verified, Err(RefusalReason::Signature));
    }
    assert!(issuer.requests() <= 3, "{} requests", issuer.requests());
}

#[tokio::test]
async fn known_keys_serve_on_while_the_provider_is_down() {
    let (key, other) = (Key::ed(), Key::ed());
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    let identity = issuer.identity_with(EAGER);
    let token = key.token(&header("EdDSA", "k"), &issuer.claims(NOW_S));
    assert!(identity.verify(&token, now()).await.is_ok());
    issuer.set_keys(None);
    assert!(identity.verify(&token, now()).await.is_ok());
    let unknown = other.token(&header("EdDSA", "new"), &issuer.claims(NOW_S));
    let refused = identity.verify(&unknown, now()).await;
    assert_eq!(refused, Err(RefusalReason::ProviderUnavailable));
}

#[tokio::test]
async fn known_keys_do_not_serve_for_ever() {
    let key = Key::ed();
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    let identity = issuer.identity_with(Pace { usable_for: Duration::from_millis(200), ..EAGER });
    let token = key.token(&header("EdDSA", "k"), &issuer.claims(NOW_S));
    while identity.verify(&token, now()).await.is_err() {}
    issuer.set_keys(None);
    let refusal = loop {
        match identity.verify(&token, now()).await {
            Ok(_) => tokio::task::yield_now().await,
            Err(reason) => break reason,
        }
    };
    assert_eq!(refusal, RefusalReason::ProviderUnavailable);
}

#[tokio::test]
async fn keys_are_read_again_in_the_background_when_they_grow_old() {
    let (old, new) = (Key::ed(), Key::ec());
    let issuer = TestIssuer::start(json!([old.jwk("old")])).await;
    let identity = issuer.identity_with(Pace { fresh_for: Duration::ZERO, ..EAGER });
    let withdrawn = old.token(&header("EdDSA", "old"), &issuer.claims(NOW_S));
    assert!(identity.verify(&withdrawn, now()).await.is_ok());
    issuer.set_keys(Some(json!([new.jwk("new")])));
    // It is accepted until the reading that it starts itself is done.
    while identity.verify(&withdrawn, now()).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_provider_that_was_never_reached_is_unavailable() {
    let issuer = TestIssuer::start(json!([])).await;
    issuer.set_keys(None);
    let token = Key::ed().token(&header("EdDSA", "k"), &issuer.claims(NOW_S));
    let refused = issuer.identity().verify(&token, now()).await;
    assert_eq!(refused, Err(RefusalReason::ProviderUnavailable));
}

#[tokio::test]
async fn another_issuers_discovery_document_is_not_believed() {
    let key = Key::ed();
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    issuer.answers.lock().unwrap().issuer = Some("https://other.example".into());
    let token = key.token(&header("EdDSA", "k"), &issuer.claims(NOW_S));
    let refused = issuer.identity().verify(&token, now()).await;
    assert_eq!(refused, Err(RefusalReason::ProviderUnavailable));
}

#[tokio::test]
async fn a_key_of_one_issuer_signs_nothing_for_another() {
    let (one_key, other_key) = (Key::ed(), Key::ed());
    let one = TestIssuer::start(json!([one_key.jwk("k")])).await;
    let other = TestIssuer::start(json!([other_key.jwk("k")])).await;
    let identity = Identity::new(&[one.configured(), other.configured()]).unwrap();
    let crossed = one_key.token(&header("EdDSA", "k"), &other.claims(NOW_S));
    assert_eq!(identity.verify(&crossed, now()).await, Err(RefusalReason::Signature));
    let good = other_key.token(&header("EdDSA", "k"), &other.claims(NOW_S));
    assert_eq!(identity.verify(&good, now()).await.unwrap().issuer, other.url);
}

#[tokio::test]
async fn one_issuer_may_have_an_audience_for_each_of_several_uses() {
    let key = Key::ed();
    let issuer = TestIssuer::start(json!([key.jwk("k")])).await;
    let second = Issuer { audience: "nightly".into(), ..issuer.configured() };
    let identity = Identity::new(&[issuer.configured(), second]).unwrap();
    for (audience, good) in [("lazaret", true), ("nightly", true), ("other", false)] {
        let mut claims = issuer.claims(NOW_S);
        claims["aud"] = json!(audience);
        let token = key.token(&header("EdDSA", "k"), &claims);
        assert_eq!(identity.verify(&token, now()).await.is_ok(), good, "{audience}");
    }
}
