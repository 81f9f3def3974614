//! Logging in upstream with the service's credentials.
//!
//! A password leaves in cleartext only where nobody can listen. SCRAM's salted password comes from
//! the shard's memory or is derived off the shard, and the server has to prove that it knows
//! the password too.

use lazaret_audit::Position;
use lazaret_link::Secret;
use lazaret_proto::pg::backend::Authentication;
use lazaret_proto::pg::scram::{
    AwaitChallenge, AwaitOutcome, Challenge, Client, NONCE_BYTES, ScramError,
};
use lazaret_proto::pg::{frontend, md5};

use super::super::end::End;
use crate::context::{Context, Effect};
use crate::scram_keys::Derivation;

pub(super) struct Credentials {
    pub(super) user: String,
    pub(super) password: Option<Secret>,
    /// TLS, or a Unix socket.
    pub(super) private: bool,
    pub(super) server_end_point: Option<Vec<u8>>,
    pub(super) nonce: [u8; NONCE_BYTES],
    /// The session's first record, which everything upstream waits for.
    pub(super) after: Position,
}

pub(super) struct UpstreamLogin {
    credentials: Credentials,
    step: Step,
    /// Where the salted password came from, to forget it if it is refused.
    derivation: Option<Derivation>,
}

enum Step {
    /// Nothing has been asked for yet.
    Begun,
    PasswordSent,
    ScramBegun(AwaitChallenge),
    Deriving(Challenge),
    ProofSent(AwaitOutcome),
    /// Both sides know the password.
    Proven,
}

impl UpstreamLogin {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, step: Step::Begun, derivation: None }
    }

    /// A server may trust us without asking; but once it has begun SCRAM, it has to end it.
    pub(super) fn on_ok(&self) -> Result<(), End> {
        match self.step {
            Step::Begun | Step::PasswordSent | Step::Proven => Ok(()),
            Step::ScramBegun(_) | Step::Deriving(_) | Step::ProofSent(_) => {
                Err(failed("the server did not prove that it knows the password"))
            }
        }
    }

    pub(super) fn on_request(
        &mut self,
        request: Authentication<'_>,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let mut out = Vec::new();
        let step = std::mem::replace(&mut self.step, Step::PasswordSent);
        self.step = match (step, request) {
            (Step::Begun, Authentication::CleartextPassword) => {
                if !self.credentials.private {
                    return Err(failed("the server asks for the password in cleartext"));
                }
                frontend::password(&mut out, self.password()?.as_bytes());
                Step::PasswordSent
            }
            (Step::Begun, Authentication::Md5Password { salt }) => {
                let user = self.credentials.user.as_bytes();
                let response = md5::response(user, self.password()?.as_bytes(), salt);
                frontend::password(&mut out, response.as_bytes());
                Step::PasswordSent
            }
            (Step::Begun, Authentication::Sasl(mechanisms)) => {
                let end_point = self.credentials.server_end_point.as_deref();
                let nonce = self.credentials.nonce;
                let client = Client::choose(mechanisms.iter(), end_point, nonce)?;
                let (mechanism, response, next) = client.first();
                frontend::sasl_initial(&mut out, mechanism, response.as_bytes());
                Step::ScramBegun(next)
            }
            (Step::ScramBegun(begun), Authentication::SaslContinue(data)) => {
                self.on_challenge(begun.on_challenge(data)?, &mut out, context)?
            }
            (Step::ProofSent(sent), Authentication::SaslFinal(data)) => {
                sent.on_outcome(data)?;
                Step::Proven
            }
            _ => return Err(failed("the server asks for a method that is not supported")),
        };
        context.upstream.write(context.pool, &out, self.credentials.after);
        Ok(())
    }

    /// The answer to `Effect::DeriveScramKey`.
    pub(super) fn on_key(&mut self, key: [u8; 32], context: &mut Context<'_>) -> Result<(), End> {
        self.step = match std::mem::replace(&mut self.step, Step::PasswordSent) {
            Step::Deriving(challenge) => {
                if let Some(derivation) = &self.derivation {
                    context.scram_keys.keep(derivation.clone(), key);
                }
                let mut out = Vec::new();
                let step = prove(challenge, &key, &mut out);
                context.upstream.write(context.pool, &out, self.credentials.after);
                step
            }
            step => step,
        };
        Ok(())
    }

    /// The server refused the login: if the password was changed, a salted one is stale.
    pub(super) fn on_error(&self, context: &mut Context<'_>) {
        if let Some(derivation) = &self.derivation {
            context.scram_keys.forget(derivation);
        }
    }

    fn on_challenge(
        &mut self,
        challenge: Challenge,
        out: &mut Vec<u8>,
        context: &mut Context<'_>,
    ) -> Result<Step, End> {
        let derivation = Derivation {
            user: self.credentials.user.clone(),
            salt: challenge.salt().to_vec(),
            iterations: challenge.iterations(),
        };
        let known = context.scram_keys.find(&derivation);
        let step = match known {
            Some(key) => prove(challenge, &key, out),
            None => {
                context.effects.push(Effect::DeriveScramKey {
                    password: Secret::new(self.password()?.to_owned()),
                    salt: derivation.salt.clone(),
                    iterations: derivation.iterations,
                });
                Step::Deriving(challenge)
            }
        };
        self.derivation = Some(derivation);
        Ok(step)
    }

    fn password(&self) -> Result<&str, End> {
        let password = self.credentials.password.as_ref().map(Secret::expose);
        password.ok_or_else(|| failed("the server asks for a password and none is configured"))
    }
}

fn prove(challenge: Challenge, key: &[u8; 32], out: &mut Vec<u8>) -> Step {
    let (response, next) = challenge.answer(key);
    frontend::sasl_response(out, response.as_bytes());
    Step::ProofSent(next)
}

fn failed(why: &str) -> End {
    End::UpstreamLogin(why.to_owned())
}

impl From<ScramError> for End {
    fn from(error: ScramError) -> Self {
        Self::UpstreamLogin(error.to_string())
    }
}
