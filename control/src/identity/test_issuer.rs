//! An issuer of our own on loopback, for tests.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazaret_config::Issuer;
use serde_json::{Value, json};

use super::{Identity, Pace};

/// An issuer whose answers the test can change while it runs.
pub(crate) struct TestIssuer {
    pub(crate) url: String,
    pub(crate) answers: Arc<Mutex<Answers>>,
}

#[derive(Default)]
pub(crate) struct Answers {
    /// `None` where the provider is down.
    pub(crate) keys: Option<Value>,
    /// What the discovery document says, if not the truth.
    pub(crate) issuer: Option<String>,
    pub(crate) requests: usize,
}

impl TestIssuer {
    pub(crate) async fn start(keys: Value) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let answers = Answers { keys: Some(keys), ..Answers::default() };
        let answers = Arc::new(Mutex::new(answers));
        let (for_metadata, for_keys) = (Arc::clone(&answers), Arc::clone(&answers));
        let own = url.clone();
        let metadata = move || async move {
            let mut answers = for_metadata.lock().unwrap();
            answers.requests += 1;
            let issuer = answers.issuer.clone().unwrap_or_else(|| own.clone());
            match answers.keys {
                Some(_) => axum::Json(json!({"issuer": issuer, "jwks_uri": format!("{own}/keys")}))
                    .into_response(),
                None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        };
        let keys = move || async move {
            match &for_keys.lock().unwrap().keys {
                Some(keys) => axum::Json(json!({ "keys": keys })).into_response(),
                None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            }
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/keys", get(keys));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, answers }
    }

    pub(crate) fn set_keys(&self, keys: Option<Value>) {
        self.answers.lock().unwrap().keys = keys;
    }

    pub(crate) fn requests(&self) -> usize {
        self.answers.lock().unwrap().requests
    }

    pub(crate) fn configured(&self) -> Issuer {
        Issuer {
            url: self.url.clone(),
            audience: "lazaret".into(),
            groups_claim: vec!["groups".into()],
            clock_skew_s: 60,
            root_certificates: None,
            development: false,
        }
    }

    pub(crate) fn identity(&self) -> Identity {
        self.identity_with(Pace::default())
    }

    pub(crate) fn identity_with(&self, pace: Pace) -> Identity {
        Identity::with_pace(&[self.configured()], pace).unwrap()
    }

    /// Claims that are good for ten minutes.
    pub(crate) fn claims(&self, now_s: u64) -> Value {
        json!({
            "iss": self.url,
            "aud": "lazaret",
            "sub": "repo:acme/clinic:ref:refs/heads/main",
            "groups": ["agents"],
            "iat": now_s - 10,
            "nbf": now_s - 10,
            "exp": now_s + 600,
        })
    }
}

pub(crate) enum Key {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub(crate) fn ec() -> Self {
        Self::Ec(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn ed() -> Self {
        Self::Ed(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn jwk(&self, id: &str) -> Value {
        let mut jwk = match self {
            Self::Rsa(pair) => {
                json!({
                    "kty": "RSA",
                    "n": URL_SAFE_NO_PAD.encode(modulus(pair)),
                    "e": "AQAB",
                })
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                json!({
                    "kty": "EC",
                    "crv": "P-256",
                    "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
                    "y": URL_SAFE_NO_PAD.encode(&point[33..]),
                })
            }
            Self::Ed(pair) => json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": URL_SAFE_NO_PAD.encode(pair.public_key()),
            }),
        };
        jwk["kid"] = json!(id);
        jwk["use"] = json!("sig");
        jwk
    }

    pub(crate) fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let padding = match algorithm {
                    "PS256" => &RSA_PSS_SHA256,
                    _ => &RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token under this key.
    pub(crate) fn token(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let algorithm = header["alg"].as_str().unwrap();
        let signature = self.sign(algorithm, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// PKCS #1 has it behind the heads of the sequence and of the integer.
pub(crate) fn modulus(pair: &RsaKeyPair) -> &[u8] {
    let der = pair.public_key().as_ref();
    assert_eq!(der.len(), 270, "a 2048-bit key with exponent 65537");
    &der[9..265]
}

pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

pub(crate) fn header(algorithm: &str, id: &str) -> Value {
    json!({"alg": algorithm, "kid": id, "typ": "JWT"})
}
