//! Asks witnesses to cosign the log's checkpoints, by C2SP's tlog-witness.
//!
//! All that have not signed are asked beside each other, within `WITNESS_TIMEOUT` a request; one that
//! fails is asked again no sooner than `WITNESS_RETRY` later, so that shipping never waits for long.
//! What they signed last is remembered in memory alone: they say so themselves. A cosignature is checked
//! before it is taken, so the way to a witness needs no trust. A spell of failing is one line of the log.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use hyper::StatusCode;
use lazaret_audit::{
    AddCheckpoint, ProofError, SignedCheckpoint, TileReader, VerifierKey, prove_consistency,
};
use openidconnect::url::Url;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::guard;
use crate::client::{Answer, Http, HttpError};
use crate::health::Health;
use crate::limits::WITNESS_RETRY;
use crate::upstream::{Spell, Turn};

/// Those that are asked; clones share what is known of them.
#[derive(Clone, Default)]
pub(crate) struct Witnesses(Arc<[Witness]>);

struct Witness {
    url: Url,
    key: VerifierKey,
    http: Http,
    health: Arc<Health>,
    memory: Mutex<Memory>,
}

/// What is known of a witness.
#[derive(Default)]
struct Memory {
    /// Entries of the checkpoint that it signed last, as far as it said.
    size: u64,
    spell: Spell,
    not_before: Option<Instant>,
}

/// Why there is no cosignature.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Http(#[from] HttpError),
    #[error("it answers {0}")]
    Status(StatusCode),
    #[error("its answer is none")]
    Answer,
    #[error("its cosignature doesn't hold: the key that is configured for it may be another's")]
    Cosignature,
    #[error(
        "it signed {signed} entries of this log, and here are {size}: the log was set back, or another \
         control signs with its key"
    )]
    Ahead { signed: u64, size: u64 },
    #[error("it signed another log of {0} entries: another control signs with this key")]
    Forked(u64),
    #[error("{0}")]
    Proof(#[from] ProofError),
    #[error("it broke off")]
    Panic,
}

impl Witnesses {
    pub(crate) fn new(
        witnesses: &[lazaret_config::Witness],
        health: &Arc<Health>,
    ) -> Result<Self, HttpError> {
        let http = Http::new(None)?;
        let witness = |it: &lazaret_config::Witness| {
            let url = format!("{}/add-checkpoint", it.url.trim_end_matches('/'));
            Ok(Witness {
                url: Url::parse(&url).map_err(|_| HttpError::Address)?,
                key: it.key.clone(),
                http: http.clone(),
                health: Arc::clone(health),
                memory: Mutex::default(),
            })
        };
        witnesses.iter().map(witness).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn are_none(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the cosignatures that can be had now: first those that the same checkpoint has already, then
    /// those of whoever is due. `tiles` is the folder with the log's. Blocks.
    pub(super) fn cosign(
        &self,
        checkpoint: &mut SignedCheckpoint,
        shipped: Option<&SignedCheckpoint>,
        tiles: &Path,
    ) {
        let now = Instant::now();
        let mut due = Vec::new();
        for witness in self.0.iter() {
            let known = shipped
                .is_some_and(|shipped| checkpoint.take_cosignature_of(&witness.key, shipped));
            if !known && !checkpoint.is_signed_by(&witness.key) && witness.is_due(now) {
                due.push(witness);
            }
        }
        if due.is_empty() {
            return;
        }
        let (runtime, asked) = (&Handle::current(), &*checkpoint);
        let answers: Vec<_> = thread::scope(|scope| {
            let mut running = Vec::new();
            for &witness in &due {
                let ask = move || runtime.block_on(witness.ask(asked, &Tiles(tiles)));
                running.push(scope.spawn(ask));
            }
            running.into_iter().map(|it| it.join().unwrap_or(Err(Failure::Panic))).collect()
        });
        for (witness, answer) in due.into_iter().zip(answers) {
            let signed = answer.and_then(|lines| {
                let holds = checkpoint.take_cosignature(&witness.key, &lines);
                if holds { Ok(()) } else { Err(Failure::Cosignature) }
            });
            witness.note(signed);
        }
    }
}

impl Witness {
    fn is_due(&self, now: Instant) -> bool {
        guard(&self.memory).not_before.is_none_or(|time| time <= now)
    }

    /// The signature lines that it answers. It is asked twice if it signed another size last than is
    /// known here.
    async fn ask(
        &self,
        checkpoint: &SignedCheckpoint,
        tiles: &Tiles<'_>,
    ) -> Result<String, Failure> {
        let size = checkpoint.checkpoint().size;
        let known = guard(&self.memory).size;
        let mut old = if known > size { 0 } else { known };
        let mut answer = self.add_checkpoint(old, checkpoint, tiles).await?;
        if answer.status == StatusCode::CONFLICT {
            let told = std::str::from_utf8(&answer.body).ok();
            let told = told.and_then(|text| text.trim_end().parse().ok());
            let signed: u64 = told.ok_or(Failure::Answer)?;
            if signed > size {
                return Err(Failure::Ahead { signed, size });
            }
            if signed == old {
                return Err(Failure::Forked(signed));
            }
            old = signed;
            guard(&self.memory).size = signed;
            answer = self.add_checkpoint(old, checkpoint, tiles).await?;
        }
        match answer.status {
            StatusCode::OK => {
                guard(&self.memory).size = size;
                String::from_utf8(answer.body.into()).map_err(|_| Failure::Answer)
            }
            StatusCode::CONFLICT => Err(Failure::Forked(old)),
            status => Err(Failure::Status(status)),
        }
    }

    async fn add_checkpoint(
        &self,
        old: u64,
        checkpoint: &SignedCheckpoint,
        tiles: &Tiles<'_>,
    ) -> Result<Answer, Failure> {
        let proof = prove_consistency(tiles, old, checkpoint.checkpoint().size)?;
        let body = AddCheckpoint::new(old, proof, checkpoint.clone()).to_body();
        Ok(self.http.post(&self.url, body).await?)
    }

    /// Remembers and tells how it went.
    fn note(&self, signed: Result<(), Failure>) {
        let (witness, now) = (self.key.name(), Instant::now());
        self.health.set_witness(witness, signed.is_ok());
        let mut memory = guard(&self.memory);
        memory.not_before = signed.is_err().then(|| now + WITNESS_RETRY);
        match memory.spell.turn(signed.is_err(), now) {
            Some(Turn::Away) => {
                let error = signed.err().map(|error| error.to_string()).unwrap_or_default();
                tracing::warn!(
                    witness,
                    url = %self.url,
                    error,
                    "a witness doesn't cosign: checkpoints are shipped without it, and it is asked again"
                );
            }
            Some(Turn::Back { after }) => {
                tracing::info!(witness, after_s = after.as_secs(), "the witness cosigns again");
            }
            None => {}
        }
    }
}

/// The shipped folder's.
struct Tiles<'a>(&'a Path);

impl TileReader for Tiles<'_> {
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        std::fs::read(self.0.join(path))
    }
}

#[cfg(test)]
mod tests;
