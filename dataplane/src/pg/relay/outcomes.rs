//! Messages of the upstream: what each means for the session, and what the client gets of it.

use std::rc::Rc;

use lazaret_policy::{Catalog, Plan};
use lazaret_proto::pg::backend::{Message, RowDescription, TransactionStatus};
use lazaret_proto::pg::error::Fields;
use lazaret_proto::pg::frame::HEADER_BYTES;
use lazaret_proto::pg::sqlstate::SqlState;
use lazaret_sql::Kind;

use super::Relaying;
use super::answer::Answer;
use super::expected::Reply;
use super::judge::Analysis;
use super::objects::Name;
use super::refuse;
use super::replies::Act;
use crate::context::{Context, Effect};
use crate::mask::{Dates, cover_text};
use crate::pg::end::End;
use crate::pg::plans::{self, Basis, Rows};
use crate::pg::recorder::Outcome;
use crate::pg::reports;
use crate::pg::status::{self, Own, Vetted};

const UNEXPECTED: End = End::UpstreamProtocol("a reply that nothing asked for");

impl Relaying {
    /// `bytes` is the whole frame of the message, `body` its part behind the header.
    pub(super) fn on_reply(
        &mut self,
        message: Message<'_>,
        bytes: &[u8],
        body: &[u8],
        context: &mut Context<'_>,
    ) -> Result<Act, End> {
        match message {
            Message::ParameterStatus { name, value } => self.on_parameter(name, value, context),
            Message::NoticeResponse(fields) => Ok(self.on_notice(&fields, bytes, context)),
            Message::NotificationResponse(_) => Ok(self.on_notification(bytes, context)),
            Message::ErrorResponse(fields) => self.on_error(&fields, bytes, context),
            Message::ReadyForQuery(status) => self.on_ready(status, context),

            Message::ParseComplete => match self.expected.pop() {
                Some(Reply::Parse { name, analysis }) => {
                    if !self.transparent {
                        self.objects.prepare(name, analysis);
                    }
                    Ok(Act::Keep)
                }
                _ => Err(UNEXPECTED),
            },
            Message::BindComplete => self.on_bind_complete(),
            Message::CloseComplete => match self.expected.pop() {
                Some(Reply::CloseStatement(name)) => {
                    self.objects.deallocate(&name);
                    Ok(Act::Keep)
                }
                Some(Reply::ClosePortal(name)) => {
                    self.objects.close(&name);
                    Ok(Act::Keep)
                }
                _ => Err(UNEXPECTED),
            },
            Message::ParameterDescription(_) => match self.expected.front_mut() {
                Some(Reply::DescribeStatement { parameters_came }) if !*parameters_came => {
                    *parameters_came = true;
                    Ok(Act::Keep)
                }
                _ => Err(UNEXPECTED),
            },
            Message::RowDescription(description) => {
                self.on_description(&description, bytes, body, context)
            }
            Message::NoData => self.on_no_data(),

            Message::CommandComplete(tag) => self.on_complete(tag),
            Message::EmptyQueryResponse => self.on_empty(),
            Message::PortalSuspended => self.on_suspended(),
            Message::CopyInResponse(_) => {
                self.check_between()?;
                self.on_copy_in()?;
                Ok(Act::Keep)
            }
            Message::CopyOutResponse(response) => {
                self.check_between()?;
                self.on_copy_out(&response, context)?;
                Ok(Act::Keep)
            }
            Message::CopyDone => {
                self.finish_copy_out()?;
                Ok(Act::Keep)
            }
            Message::FunctionCallResponse(_) => match self.expected.front_mut() {
                Some(Reply::FunctionCall) if self.transparent => {
                    self.expected.await_ready();
                    Ok(Act::Keep)
                }
                _ => Err(UNEXPECTED),
            },

            // These two are taken before.
            Message::DataRow(_) | Message::CopyData(_) => Err(UNEXPECTED),
            Message::CopyBothResponse(_) => Err(End::UpstreamProtocol("CopyBothResponse")),
            Message::Authentication(_)
            | Message::BackendKeyData(_)
            | Message::NegotiateProtocolVersion(_) => {
                Err(End::UpstreamProtocol("a start-up message after start-up"))
            }
        }
    }

    fn on_bind_complete(&mut self) -> Result<Act, End> {
        let request = self.expected.front().map_or(0, |front| front.request);
        let Some(Reply::Bind { portal, statement }) = self.expected.pop() else {
            return Err(UNEXPECTED);
        };
        if !self.transparent {
            let analysis = self.objects.statement(&statement).cloned();
            let analysis = analysis.unwrap_or_else(Analysis::unknown);
            self.objects.open(portal, analysis, request);
        }
        Ok(Act::Keep)
    }

    fn on_description(
        &mut self,
        description: &RowDescription<'_>,
        bytes: &[u8],
        body: &[u8],
        context: &mut Context<'_>,
    ) -> Result<Act, End> {
        let analysis = self.answered().unwrap_or_else(Analysis::unknown);
        match self.expected.front().map(|front| &front.reply) {
            Some(Reply::DescribeStatement { parameters_came: true }) => {
                self.expected.pop();
            }
            Some(Reply::DescribePortal { .. }) => {
                let plan = self.plan(&analysis, description, body, context);
                let Some(Reply::DescribePortal { portal, ours }) = self.expected.pop() else {
                    return Err(UNEXPECTED);
                };
                self.objects.describe(&portal, Rows::Planned(plan));
                if ours {
                    return Ok(Act::Skip);
                }
            }
            Some(Reply::Query(batch)) if self.transparent || batch.current().is_some() => {
                // A rule can add results to a statement's own: of those nothing is known.
                let analysis = match self.answer {
                    Answer::Between => analysis,
                    Answer::Rows(_) => Analysis::unknown(),
                    Answer::CopyOut(_) | Answer::CopyIn { .. } => return Err(UNEXPECTED),
                };
                let plan = self.plan(&analysis, description, body, context);
                self.scores.begin(&plan);
                self.answer = Answer::Rows(plan);
            }
            _ => return Err(UNEXPECTED),
        }
        Ok(self.cover_names(description, bytes, context))
    }

    fn on_no_data(&mut self) -> Result<Act, End> {
        match self.expected.pop() {
            Some(Reply::DescribeStatement { parameters_came: true }) => Ok(Act::Keep),
            Some(Reply::DescribePortal { portal, ours }) => {
                self.objects.describe(&portal, Rows::None);
                Ok(if ours { Act::Skip } else { Act::Keep })
            }
            _ => Err(UNEXPECTED),
        }
    }

    fn plan(
        &mut self,
        analysis: &Rc<Analysis>,
        description: &RowDescription<'_>,
        body: &[u8],
        context: &mut Context<'_>,
    ) -> Rc<Plan> {
        if self.transparent {
            return self.passing.clone();
        }
        let snapshot_version = context.engine.snapshot().version;
        let catalog = self.catalog(context);
        let unknown = plans::has_unknown(description, catalog);
        let plan = match analysis.planned.last(body, snapshot_version, catalog.is_some()) {
            Some(plan) => plan,
            None => {
                let statement = analysis.statement.as_deref();
                let masks = context.engine.masks(&self.grant, statement);
                let (reach, catalog) = (analysis.reach, self.catalog(context));
                let masks = &*masks;
                let basis = Basis { statement, reach, catalog, masks, snapshot_version };
                analysis.planned.plan(body, description, &basis)
            }
        };
        if unknown && self.schema.on_unknown(context.now.monotonic_ms) {
            self.refresh_catalog(context);
        }
        plan
    }

    /// `None` where control has not read the database, or the session changed it since.
    pub(super) fn catalog<'c>(&self, context: &'c Context<'_>) -> Option<&'c Catalog> {
        let reliable = self.schema.is_reliable();
        context.engine.catalog(&self.login.database).filter(|_| reliable)
    }

    fn refresh_catalog(&self, context: &mut Context<'_>) {
        context.effects.push(Effect::RefreshCatalog { database: self.login.database.clone() });
    }

    /// Column names come from the client's own text or the schema, but dynamic SQL makes them from
    /// anything.
    fn cover_names(
        &mut self,
        description: &RowDescription<'_>,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) -> Act {
        if self.transparent {
            return Act::Keep;
        }
        /// Bytes of a field behind its name's terminator.
        const FIELD_BYTES: usize = 18;
        let mut covered = Vec::new();
        let mut at = HEADER_BYTES + 2;
        for field in description.fields() {
            if !plans::is_named_by_catalog(&field, self.catalog(context)) {
                self.name.clear();
                self.name.extend_from_slice(field.name);
                let counts = cover_text(&mut self.name, context.scanner, &mut self.findings);
                self.recorder.masked(&counts, context);
                if counts.cells_masked > 0 {
                    if covered.is_empty() {
                        covered.extend_from_slice(bytes);
                    }
                    covered[at..at + field.name.len()].copy_from_slice(&self.name);
                }
            }
            at += field.name.len() + 1 + FIELD_BYTES;
        }
        if covered.is_empty() { Act::Keep } else { Act::Replace(covered) }
    }

    fn on_complete(&mut self, tag: &[u8]) -> Result<Act, End> {
        if !self.transparent && !is_command_tag(tag) {
            return Err(End::UpstreamProtocol("a command tag that isn't one"));
        }
        if matches!(self.answer, Answer::CopyOut(_) | Answer::CopyIn { ended: false }) {
            return Err(End::UpstreamProtocol("a statement that ended within COPY"));
        }
        if matches!(self.answer, Answer::CopyIn { .. }) {
            self.expected.on_copied();
        }
        let request = self.expected.front().map_or(0, |front| front.request);
        let completed = match self.expected.front_mut() {
            Some(Reply::Query(batch)) => {
                let current = batch.current().cloned();
                if current.is_none() && !self.transparent {
                    return Err(UNEXPECTED);
                }
                batch.done += 1;
                current
            }
            Some(Reply::Execute { portal }) => {
                let current = self.objects.portal(portal).map(|portal| portal.analysis.clone());
                self.expected.pop();
                current
            }
            _ => return Err(UNEXPECTED),
        };
        self.answer = Answer::Between;
        if !self.transparent {
            let completed = completed.unwrap_or_else(Analysis::unknown);
            self.after(&self.resolve(&completed));
            self.remember(&completed, tag, request);
        }
        self.recorder.done(Outcome::Complete);
        Ok(Act::Keep)
    }

    fn on_empty(&mut self) -> Result<Act, End> {
        self.check_between()?;
        match self.expected.front_mut() {
            Some(Reply::Query(batch)) if self.transparent || batch.statements.is_empty() => {
                batch.done += 1;
            }
            Some(Reply::Execute { .. }) => {
                self.expected.pop();
            }
            _ => return Err(UNEXPECTED),
        }
        self.recorder.done(Outcome::Complete);
        Ok(Act::Keep)
    }

    fn on_suspended(&mut self) -> Result<Act, End> {
        match (&self.answer, self.expected.pop()) {
            (Answer::Between | Answer::Rows(_), Some(Reply::Execute { portal })) => {
                self.answer = Answer::Between;
                if let Some(portal) = self.objects.portal(&portal) {
                    let analysis = self.resolve(&portal.analysis);
                    self.after(&analysis);
                }
                self.recorder.done(Outcome::Suspended);
                Ok(Act::Keep)
            }
            _ => Err(UNEXPECTED),
        }
    }

    /// A statement ran, at least in part.
    fn after(&mut self, analysis: &Analysis) {
        self.transaction_reach = self.transaction_reach.and(analysis.reach);
        if analysis.is_uncertain() {
            self.objects.distrust();
        }
    }

    /// What a completed statement changed in the session.
    fn remember(&mut self, analysis: &Rc<Analysis>, tag: &[u8], request: u64) {
        let runs = match &analysis.statement {
            Some(statement) if statement.runs_inner => statement.inner,
            _ => analysis.kind(),
        };
        self.schema.on_complete(runs);
        let object = analysis.object().map(|object| Name::new(object.as_bytes()));
        match (analysis.kind(), object) {
            (Some(Kind::Prepare), Some(name)) => self.objects.prepare(name, analysis.clone()),
            (Some(Kind::Deallocate), Some(name)) => self.objects.deallocate(&name),
            (Some(Kind::Deallocate), None) => self.objects.deallocate_all(),
            (Some(Kind::Declare), Some(name)) => {
                self.objects.open(name, analysis.clone(), request);
            }
            (Some(Kind::Close), Some(name)) => self.objects.close(&name),
            (Some(Kind::Close), None) => self.objects.close_all(),
            (Some(Kind::Discard), _) if tag == b"DISCARD ALL" => {
                self.objects.deallocate_all();
                self.objects.close_all();
            }
            _ => {}
        }
    }

    fn on_ready(
        &mut self,
        status: TransactionStatus,
        context: &mut Context<'_>,
    ) -> Result<Act, End> {
        self.check_between()?;
        if let Some(Reply::Query(batch)) = self.expected.front().map(|front| &front.reply) {
            let complete = batch.refused.is_none() && batch.done >= batch.statements.len().max(1);
            if !complete && !self.transparent {
                return Err(UNEXPECTED);
            }
        }
        if !self.expected.on_ready() {
            return Err(UNEXPECTED);
        }
        self.transaction = status;
        if status == TransactionStatus::Idle {
            self.transaction_reach = Default::default();
            if self.schema.on_idle(context.now.monotonic_ms) {
                self.refresh_catalog(context);
            }
        }
        Ok(Act::Keep)
    }

    fn on_error(
        &mut self,
        fields: &Fields<'_>,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) -> Result<Act, End> {
        let sqlstate = fields.sqlstate().filter(|sqlstate| sqlstate.is_known());
        let fatal = fields.severity().is_none_or(|severity| severity.ends_session());
        let refused = match self.expected.front_mut() {
            Some(Reply::Refused(report)) => Some(&*report),
            Some(Reply::Query(batch)) => batch.refused.as_ref(),
            _ => None,
        };
        let report = match refused {
            Some(report) if sqlstate == Some(refuse::FAILURE) && !fatal => {
                let mut bytes = Vec::new();
                report.encode(&mut bytes);
                bytes
            }
            _ => self.report(fields, true, bytes, context),
        };
        if fatal {
            return Ok(Act::Fatal(report));
        }
        if let Some(analysis) = self.running() {
            self.after(&analysis);
        }
        self.answer = Answer::Between;
        if !self.expected.on_error() {
            return Err(UNEXPECTED);
        }
        self.recorder.done(Outcome::Error(sqlstate.unwrap_or(SqlState::INTERNAL_ERROR)));
        Ok(Act::Replace(report))
    }

    /// The statement that is being run, as opposed to prepared or described.
    fn running(&self) -> Option<Rc<Analysis>> {
        match &self.expected.front()?.reply {
            Reply::Query(_) | Reply::Execute { .. } if !self.transparent => self.answered(),
            _ => None,
        }
    }

    fn on_notice(&mut self, fields: &Fields<'_>, bytes: &[u8], context: &mut Context<'_>) -> Act {
        Act::Replace(self.report(fields, false, bytes, context))
    }

    /// An ErrorResponse or NoticeResponse in the form in which it may leave.
    fn report(
        &mut self,
        fields: &Fields<'_>,
        is_error: bool,
        bytes: &[u8],
        context: &mut Context<'_>,
    ) -> Vec<u8> {
        let mut report = bytes.to_vec();
        if self.transparent {
            return report;
        }
        let reach = self.reach();
        if reach.may_be_quoted() {
            let analysis = self.answered();
            let text = analysis.as_ref().map_or("", |analysis| &analysis.text);
            report.clear();
            reports::rebuild(fields, is_error, text).encode(&mut report);
        } else {
            let counts = reports::cover(&mut report, context.scanner, &mut self.findings);
            self.recorder.masked(&counts, context);
        }
        report
    }

    fn on_notification(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Act {
        if self.transparent {
            return Act::Keep;
        }
        /// The process id, before channel and payload.
        const PROCESS_ID_BYTES: usize = 4;
        let mut covered = bytes.to_vec();
        let texts = covered.get_mut(HEADER_BYTES + PROCESS_ID_BYTES..).unwrap_or_default();
        for text in texts.split_mut(|&byte| byte == 0) {
            let counts = cover_text(text, context.scanner, &mut self.findings);
            self.recorder.masked(&counts, context);
        }
        Act::Replace(covered)
    }

    fn on_parameter(
        &mut self,
        name: &[u8],
        value: &[u8],
        context: &mut Context<'_>,
    ) -> Result<Act, End> {
        if self.transparent {
            return Ok(Act::Keep);
        }
        if name == b"DateStyle" {
            self.dates = Dates::new(value, context.now.unix_us);
        }
        let quiet = !self.reach().may_be_quoted();
        let own = Own { user: &self.login.user, application_name: &self.login.application_name };
        match status::vet(name, value, own, quiet) {
            Vetted::Pass => Ok(Act::Keep),
            Vetted::Drop => Ok(Act::Skip),
            Vetted::Instead(value) => {
                let mut bytes = Vec::new();
                Message::ParameterStatus { name, value: value.as_bytes() }.encode(&mut bytes);
                Ok(Act::Replace(bytes))
            }
            Vetted::Unpinned(name) => Err(End::Unpinned(name)),
        }
    }

    fn check_between(&self) -> Result<(), End> {
        match self.answer {
            Answer::Between => Ok(()),
            _ => Err(UNEXPECTED),
        }
    }
}

/// Command tags come from a table of the server's: words in capitals, then numbers.
fn is_command_tag(tag: &[u8]) -> bool {
    const LONGEST: usize = 64;
    let mut words = tag.split(|&byte| byte == b' ').peekable();
    let word = |word: &&[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_uppercase);
    let number = |word: &[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    let mut named = false;
    while words.next_if(word).is_some() {
        named = true;
    }
    named && tag.len() <= LONGEST && words.all(number)
}
