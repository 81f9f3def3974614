//! The development issuer's key: made by `init`, used by `token`. Its public half is all that
//! control ever sees.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use serde_json::{Map, Value, json};

/// Ed25519, which JOSE calls EdDSA (RFC 8037).
pub(crate) struct IssuerKey {
    pair: KeyPair,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("the development issuer's key can't be made or used: {0}")]
    Key(#[from] rcgen::Error),
    #[error("the claims can't be written as JSON: {0}")]
    Claims(#[from] serde_json::Error),
}

impl IssuerKey {
    pub(crate) fn generate() -> Result<Self, KeyError> {
        Ok(Self { pair: KeyPair::generate_for(&PKCS_ED25519)? })
    }

    /// From PKCS #8 in PEM.
    pub(crate) fn from_pem(pem: &str) -> Result<Self, KeyError> {
        Ok(Self { pair: KeyPair::from_pkcs8_pem_and_sign_algo(pem, &PKCS_ED25519)? })
    }

    pub(crate) fn to_pem(&self) -> String {
        self.pair.serialize_pem()
    }

    /// The public half as a JWK set (RFC 7517).
    pub(crate) fn jwks(&self) -> Value {
        json!({ "keys": [{
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": self.id(),
            "x": URL_SAFE_NO_PAD.encode(self.pair.der_bytes()),
        }] })
    }

    /// A signed JWT (RFC 7519) in compact form.
    pub(crate) fn sign(&self, claims: &Map<String, Value>) -> Result<String, KeyError> {
        let header = json!({ "alg": "EdDSA", "typ": "JWT", "kid": self.id() });
        let mut token = URL_SAFE_NO_PAD.encode(header.to_string());
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
        let signature = self.pair.sign(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    /// Enough of the public key to tell keys apart after a new `init`.
    fn id(&self) -> String {
        let public = self.pair.der_bytes();
        format!("development-{}", URL_SAFE_NO_PAD.encode(&public[..public.len().min(9)]))
    }
}
