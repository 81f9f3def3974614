//! A JWT in compact form (RFC 7515, section 7.1), taken apart; nothing is believed yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lazaret_link::RefusalReason;
use openidconnect::core::CoreJwsSigningAlgorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::limits::TOKEN_BYTES;

pub(crate) struct Token<'t> {
    /// What was signed: header and claims as they came.
    signed: &'t [u8],
    signature: Vec<u8>,
    algorithm: CoreJwsSigningAlgorithm,
    key_id: Option<String>,
    claims: Map<String, Value>,
}

/// What the JOSE header may say. Keys that come with the token (`jwk`, `jku`, `x5u`, `x5c`) are
/// not looked at.
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood (RFC 7515, section 4.1.11); none is.
    crit: Option<Value>,
    cty: Option<Value>,
}

impl<'t> Token<'t> {
    pub(crate) fn parse(text: &'t str) -> Result<Self, RefusalReason> {
        if text.len() > TOKEN_BYTES {
            return Err(RefusalReason::Malformed);
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(RefusalReason::Malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(RefusalReason::Malformed)?;
        let header: Header = json(header)?;
        if header.crit.is_some() || header.cty.is_some() {
            return Err(RefusalReason::Malformed);
        }
        Ok(Self {
            algorithm: algorithm(&header.alg).ok_or(RefusalReason::Signature)?,
            key_id: header.kid,
            claims: json(claims)?,
            signature: decode(signature)?,
            signed: signed.as_bytes(),
        })
    }

    pub(crate) fn signed(&self) -> &[u8] {
        self.signed
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }

    pub(crate) fn algorithm(&self) -> &CoreJwsSigningAlgorithm {
        &self.algorithm
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    pub(crate) fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }
}

/// RFC 7518, section 3.1, as far as a public key is behind it: never `none`, and no HMAC, for
/// whose key anyone could take the provider's public one.
fn algorithm(name: &str) -> Option<CoreJwsSigningAlgorithm> {
    match name {
        "RS256" => Some(CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256),
        "RS384" => Some(CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384),
        "RS512" => Some(CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512),
        "PS256" => Some(CoreJwsSigningAlgorithm::RsaSsaPssSha256),
        "PS384" => Some(CoreJwsSigningAlgorithm::RsaSsaPssSha384),
        "PS512" => Some(CoreJwsSigningAlgorithm::RsaSsaPssSha512),
        "ES256" => Some(CoreJwsSigningAlgorithm::EcdsaP256Sha256),
        "ES384" => Some(CoreJwsSigningAlgorithm::EcdsaP384Sha384),
        "EdDSA" => Some(CoreJwsSigningAlgorithm::EdDsa),
        _ => None,
    }
}

fn json<T: serde::de::DeserializeOwned>(part: &str) -> Result<T, RefusalReason> {
    serde_json::from_slice(&decode(part)?).map_err(|_| RefusalReason::Malformed)
}

fn decode(part: &str) -> Result<Vec<u8>, RefusalReason> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| RefusalReason::Malformed)
}
