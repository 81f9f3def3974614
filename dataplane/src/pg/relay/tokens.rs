//! Tokens of control's vault: rows that need one wait until control has answered, and the upstream with them.

use lazaret_link::{TokenScope, ValueDigest};

use super::Relaying;
use super::answer::{Answer, CopyOut};
use crate::context::{Context, Effect, Side};
use crate::mask;
use crate::pg::end::End;
use crate::pg::forward::Forward;

impl Relaying {
    pub(super) fn ask_for_tokens(&mut self, digests: Vec<ValueDigest>, context: &mut Context<'_>) {
        let is_of_grant = context.settings.tokens.scope == TokenScope::Grant;
        let grant = is_of_grant.then(|| self.grant.id.clone());
        self.asked.ask();
        context.effects.push(Effect::AskForTokens { grant, digests });
    }

    pub(super) fn on_tokens(&mut self, answers: Vec<mask::Answer>, context: &mut Context<'_>) {
        let withheld = answers.iter().filter(|answer| answer.token.is_none()).count();
        context.counters.tokens_asked += answers.len() as u64;
        context.counters.tokens_withheld += withheld as u64;
        self.asked.take(answers, context.tokens);
        context.effects.push(Effect::Resume(Side::Upstream));
    }

    /// COPY data that waited for its tokens leaves before what comes behind it. False: it waits again.
    pub(super) fn take_waiting_copy(
        &mut self,
        forward: &mut Forward<'_>,
        context: &mut Context<'_>,
    ) -> Result<bool, End> {
        if self.asked.waits() {
            return Ok(false);
        }
        let is_waiting = match &self.answer {
            Answer::CopyOut(CopyOut::Masked(masker)) => masker.waits(),
            _ => false,
        };
        if is_waiting {
            self.push_copy(None, forward, context)?;
        }
        Ok(!self.asked.waits())
    }
}
