//! SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, the client's part (RFC 5802, RFC 7677).
//!
//! Each step is a state that the next one consumes. The nonce comes from outside, and so does the
//! salted password ([`salted_password`] takes milliseconds, and its caller may cache the result).
//! The user name is left empty, as libpq leaves it: PostgreSQL takes the one of the start-up packet.

use aws_lc_rs::{constant_time, digest, hmac, pbkdf2};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::num::NonZeroU32;

pub const SCRAM_SHA_256: &str = "SCRAM-SHA-256";
pub const SCRAM_SHA_256_PLUS: &str = "SCRAM-SHA-256-PLUS";

/// Random bytes of a client's nonce, as many as libpq takes.
pub const NONCE_BYTES: usize = 18;

/// PostgreSQL's default is 4,096. A server that asks for more than this would hold up a thread for
/// half a second and more.
pub const MAX_ITERATIONS: u32 = 1_000_000;

/// The upstream is to blame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScramError {
    #[error("the server offers no SASL mechanism that is known here")]
    NoMechanism,
    #[error("the server's SCRAM message is malformed")]
    Malformed,
    #[error("the server's nonce does not continue the client's")]
    Nonce,
    #[error("the server asks for an impossible number of iterations")]
    Iterations,
    #[error("the server refused the SCRAM proof")]
    Refused,
    #[error("the server could not prove that it knows the password")]
    ServerSignature,
}

/// How the exchange is bound to the TLS channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Binding {
    /// No TLS, or no certificate hash: the client can't.
    Unsupported,
    /// The client could, but the server doesn't offer it. A server that does offer it sees by this
    /// that somebody between took the offer away.
    NotOffered,
    /// tls-server-end-point (RFC 5929).
    ServerEndPoint,
}

impl Binding {
    const fn gs2_header(self) -> &'static str {
        match self {
            Self::Unsupported => "n,,",
            Self::NotOffered => "y,,",
            Self::ServerEndPoint => "p=tls-server-end-point,,",
        }
    }
}

/// Before the first message.
pub struct Client {
    binding: Binding,
    /// The certificate's hash, where the channel is bound.
    end_point: Vec<u8>,
    nonce: String,
}

/// The first message is sent; the server's challenge is awaited.
pub struct AwaitChallenge {
    client: Client,
}

/// The challenge is here; the salted password is awaited.
pub struct Challenge {
    salt: Vec<u8>,
    iterations: u32,
    /// client-final-message-without-proof
    without_proof: String,
    /// AuthMessage of RFC 5802.
    auth_message: String,
}

/// The proof is sent; the server's signature is awaited.
pub struct AwaitOutcome {
    server_signature: hmac::Tag,
}

impl Client {
    /// Chooses among the mechanisms that the server offers. `server_end_point` is the hash of
    /// the server's certificate, on a TLS connection.
    pub fn choose<'a>(
        offered: impl Iterator<Item = &'a [u8]>,
        server_end_point: Option<&[u8]>,
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Self, ScramError> {
        let (mut plain, mut plus) = (false, false);
        for mechanism in offered {
            plain |= mechanism == SCRAM_SHA_256.as_bytes();
            plus |= mechanism == SCRAM_SHA_256_PLUS.as_bytes();
        }
        let (binding, end_point) = match server_end_point {
            Some(hash) if plus => (Binding::ServerEndPoint, hash.to_vec()),
            _ if !plain => return Err(ScramError::NoMechanism),
            Some(_) => (Binding::NotOffered, Vec::new()),
            None => (Binding::Unsupported, Vec::new()),
        };
        Ok(Self { binding, end_point, nonce: STANDARD.encode(nonce) })
    }

    /// The mechanism and the response that SASLInitialResponse carries.
    pub fn first(self) -> (&'static str, String, AwaitChallenge) {
        let mechanism = match self.binding {
            Binding::ServerEndPoint => SCRAM_SHA_256_PLUS,
            Binding::NotOffered | Binding::Unsupported => SCRAM_SHA_256,
        };
        let response = format!("{}{}", self.binding.gs2_header(), self.first_bare());
        (mechanism, response, AwaitChallenge { client: self })
    }

    /// client-first-message-bare
    fn first_bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    /// cbind-input
    fn channel_binding(&self) -> String {
        let mut input = self.binding.gs2_header().as_bytes().to_vec();
        input.extend_from_slice(&self.end_point);
        STANDARD.encode(input)
    }
}

impl AwaitChallenge {
    /// Takes the data of AuthenticationSASLContinue.
    pub fn on_challenge(self, server_first: &[u8]) -> Result<Challenge, ScramError> {
        let client = self.client;
        let server_first = std::str::from_utf8(server_first).map_err(|_| ScramError::Malformed)?;
        let mut attributes = server_first.split(',');
        // `m=` in front would announce an extension that must be understood.
        let nonce = attribute(attributes.next(), "r=")?;
        let salt = attribute(attributes.next(), "s=")?;
        let iterations = attribute(attributes.next(), "i=")?;
        if nonce.len() <= client.nonce.len() || !nonce.starts_with(&client.nonce) {
            return Err(ScramError::Nonce);
        }
        let salt = STANDARD.decode(salt).map_err(|_| ScramError::Malformed)?;
        if salt.is_empty() {
            return Err(ScramError::Malformed);
        }
        let iterations: u32 = iterations.parse().map_err(|_| ScramError::Iterations)?;
        if !(1..=MAX_ITERATIONS).contains(&iterations) {
            return Err(ScramError::Iterations);
        }
        let without_proof = format!("c={},r={nonce}", client.channel_binding());
        let auth_message = format!("{},{server_first},{without_proof}", client.first_bare());
        Ok(Challenge { salt, iterations, without_proof, auth_message })
    }
}

impl Challenge {
    pub fn salt(&self) -> &[u8] {
        &self.salt
    }

    pub fn iterations(&self) -> u32 {
        self.iterations
    }

    /// The response that SASLResponse carries.
    pub fn answer(self, salted_password: &[u8; 32]) -> (String, AwaitOutcome) {
        let auth_message = self.auth_message.as_bytes();
        let client_key = hmac_sha256(salted_password, b"Client Key");
        let stored_key = digest::digest(&digest::SHA256, client_key.as_ref());
        let client_signature = hmac_sha256(stored_key.as_ref(), auth_message);
        let server_key = hmac_sha256(salted_password, b"Server Key");
        let server_signature = hmac_sha256(server_key.as_ref(), auth_message);
        let proof: Vec<u8> = client_key
            .as_ref()
            .iter()
            .zip(client_signature.as_ref())
            .map(|(key, signature)| key ^ signature)
            .collect();
        let response = format!("{},p={}", self.without_proof, STANDARD.encode(proof));
        (response, AwaitOutcome { server_signature })
    }
}

impl AwaitOutcome {
    /// Takes the data of AuthenticationSASLFinal. Only after this is the server known to be one
    /// that knows the password.
    pub fn on_outcome(self, server_final: &[u8]) -> Result<(), ScramError> {
        let server_final = std::str::from_utf8(server_final).map_err(|_| ScramError::Malformed)?;
        if server_final.starts_with("e=") {
            return Err(ScramError::Refused);
        }
        let verifier = attribute(server_final.split(',').next(), "v=")?;
        let verifier = STANDARD.decode(verifier).map_err(|_| ScramError::Malformed)?;
        constant_time::verify_slices_are_equal(&verifier, self.server_signature.as_ref())
            .map_err(|_| ScramError::ServerSignature)
    }
}

/// SaltedPassword of RFC 5802. The password is prepared by SASLprep (RFC 4013); one that it forbids,
/// or that isn't UTF-8, is taken as it is, as PostgreSQL does. Zero iterations count as one.
pub fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let iterations = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    let prepared =
        std::str::from_utf8(password).ok().and_then(|text| stringprep::saslprep(text).ok());
    let secret = prepared.as_deref().map_or(password, str::as_bytes);
    let mut salted = [0; 32];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, secret, &mut salted);
    salted
}

fn attribute<'a>(part: Option<&'a str>, name: &str) -> Result<&'a str, ScramError> {
    part.and_then(|part| part.strip_prefix(name)).ok_or(ScramError::Malformed)
}

fn hmac_sha256(key: &[u8], message: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message)
}

#[cfg(test)]
mod tests;
