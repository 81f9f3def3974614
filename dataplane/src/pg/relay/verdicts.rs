//! Messages of the client: which go on, which are refused, and what answers are awaited.

use lazaret_policy::{Preset, is_placeholder, placeholder_refusal};
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::frame::FrameHeader;
use lazaret_proto::pg::frontend::{self, Bind, Execute, Message, Parse, Target};
use lazaret_sql::Kind;

use super::Relaying;
use super::answer::Answer;
use super::expected::{Batch, Reply};
use super::judge::{self, Judgement};
use super::objects::Name;
use super::refuse;
use crate::context::Context;
use crate::pg::end::End;
use crate::pg::recorder::{Asked, Verdict};

/// Why a message is not kept until it has arrived.
pub(super) enum TooLong {
    /// None so long is.
    Ever { limit_bytes: usize },
    /// Other large ones hold what memory there is for such.
    Now,
}

/// What becomes of a message.
pub(super) enum Step {
    Forward {
        /// A message of our own that goes before it.
        before: Option<(Vec<u8>, Reply)>,
        reply: Option<Reply>,
    },
    Replace {
        with: Vec<u8>,
        reply: Option<Reply>,
    },
}

impl Step {
    fn forward(reply: Reply) -> Self {
        Self::Forward { before: None, reply: Some(reply) }
    }

    fn unanswered() -> Self {
        Self::Forward { before: None, reply: None }
    }

    /// In place of a Query or a FunctionCall.
    fn refuse_query(report: Box<Report>) -> Self {
        let mut with = Vec::new();
        refuse::query(&mut with);
        let batch = Batch { statements: Vec::new(), done: 0, refused: Some(report) };
        Self::Replace { with, reply: Some(Reply::Query(batch)) }
    }

    fn refuse_parse(statement: &[u8], report: Box<Report>) -> Self {
        let mut with = Vec::new();
        refuse::parse(&mut with, statement);
        Self::Replace { with, reply: Some(Reply::Refused(report)) }
    }

    /// In place of another message of the extended protocol.
    fn refuse_other(report: Box<Report>) -> Self {
        let mut with = Vec::new();
        refuse::other(&mut with);
        Self::Replace { with, reply: Some(Reply::Refused(report)) }
    }

    fn refuse(tag: u8, report: Report) -> Self {
        match tag {
            frontend::QUERY | frontend::FUNCTION_CALL => Self::refuse_query(Box::new(report)),
            _ => Self::refuse_other(Box::new(report)),
        }
    }
}

impl Relaying {
    /// A session can't go on when its resource becomes transparent or ceases to be: it was begun
    /// under other rules.
    pub(super) fn check_preset(&self, context: &Context<'_>) -> Result<(), End> {
        let transparent = context.engine.snapshot().preset == Preset::Transparent;
        if transparent == self.transparent { Ok(()) } else { Err(End::Revoked) }
    }

    /// `body` is the message's own.
    pub(super) fn on_message(
        &mut self,
        message: Message<'_>,
        body: &[u8],
        context: &mut Context<'_>,
    ) -> Result<Step, End> {
        let described = self.described.take();
        match message {
            Message::Query(text) => self.on_query(text, context),
            Message::Parse(parse) => self.on_parse(&parse, context),
            Message::Bind(bind) => self.on_bind(&bind, body, context),
            Message::Describe(Target::Statement(_)) => {
                Ok(Step::forward(Reply::DescribeStatement { parameters_came: false }))
            }
            Message::Describe(Target::Portal(portal)) => {
                let portal = Name::new(portal);
                self.described = Some(portal.clone());
                Ok(Step::forward(Reply::DescribePortal { portal, ours: false }))
            }
            Message::Execute(execute) => Ok(self.on_execute(&execute, described)),
            Message::Close(Target::Statement(name)) => {
                Ok(Step::forward(Reply::CloseStatement(Name::new(name))))
            }
            Message::Close(Target::Portal(name)) => {
                Ok(Step::forward(Reply::ClosePortal(Name::new(name))))
            }
            Message::Flush => {
                self.described = described;
                Ok(Step::unanswered())
            }
            Message::Sync => {
                self.described = described;
                Ok(Step::forward(Reply::Sync))
            }
            Message::FunctionCall(_) => self.on_function_call(body, context),
            Message::CopyDone => {
                self.answer = Answer::CopyIn { ended: true };
                self.on_copy_done(context)
            }
            Message::CopyFail(_) => {
                self.answer = Answer::CopyIn { ended: true };
                self.copy_in.end();
                Ok(Step::unanswered())
            }
            Message::Terminate => Err(End::Terminated),
            Message::CopyData(_) | Message::Password(_) => {
                Err(End::ClientProtocol("unexpected message type"))
            }
        }
    }

    pub(super) fn on_malformed(&mut self, tag: u8, context: &mut Context<'_>) -> Result<Step, End> {
        let name = match tag {
            frontend::QUERY
            | frontend::PARSE
            | frontend::BIND
            | frontend::EXECUTE
            | frontend::DESCRIBE
            | frontend::CLOSE
            | frontend::FUNCTION_CALL => message_name(tag),
            _ => return Err(End::ClientProtocol("invalid message format")),
        };
        self.described = None;
        self.record_refusal(name, "malformed", context)?;
        Ok(Step::refuse(tag, refuse::malformed()))
    }

    /// `beginning` is what has arrived of the body; the rest will not be kept.
    pub(super) fn on_too_long(
        &mut self,
        header: FrameHeader,
        too_long: TooLong,
        beginning: &[u8],
        context: &mut Context<'_>,
    ) -> Result<Step, End> {
        self.described = None;
        let name = message_name(header.tag);
        // Of the other messages the beginning says nothing without what follows.
        let (text, statement) = match header.tag {
            frontend::QUERY => (beginning, &[][..]),
            frontend::PARSE => {
                let mut parts = beginning.splitn(2, |&byte| byte == 0);
                let statement = parts.next().unwrap_or_default();
                (parts.next().unwrap_or_default(), statement)
            }
            _ => (&[][..], &[][..]),
        };
        let (rule, report) = match too_long {
            TooLong::Ever { limit_bytes } => ("too_long", refuse::too_long(name, limit_bytes)),
            TooLong::Now => ("no_memory", refuse::no_memory(name, header.len)),
        };
        let verdict = Verdict { kind: "unparsed", allowed: false, rule };
        let asked = Asked { message: name, name: statement, text, bytes: header.body_len() };
        self.recorder.statement(&asked, &verdict, context)?;
        Ok(match header.tag {
            frontend::PARSE => Step::refuse_parse(statement, Box::new(report)),
            tag => Step::refuse(tag, report),
        })
    }

    fn on_query(&mut self, text: &[u8], context: &mut Context<'_>) -> Result<Step, End> {
        let judgement = self.judge(text, context);
        self.record(&Asked::new("query", text), &judgement, context)?;
        Ok(match judgement.outcome {
            Ok(statements) => {
                Step::forward(Reply::Query(Batch { statements, done: 0, refused: None }))
            }
            Err(report) => Step::refuse_query(report),
        })
    }

    fn on_parse(&mut self, parse: &Parse<'_>, context: &mut Context<'_>) -> Result<Step, End> {
        let mut judgement = self.judge(parse.query, context);
        if !parse.statement.is_empty() && self.objects.is_full() {
            judgement = Judgement::refused("too_many", refuse::too_many());
        }
        let asked = Asked { name: parse.statement, ..Asked::new("parse", parse.query) };
        self.record(&asked, &judgement, context)?;
        Ok(match judgement.outcome {
            Ok(mut statements) => {
                // The server takes one statement here, or none, and refuses more.
                let analysis = match statements.len() {
                    1 => statements.swap_remove(0),
                    _ => judge::Analysis::unknown(),
                };
                Step::forward(Reply::Parse { name: Name::new(parse.statement), analysis })
            }
            Err(report) => Step::refuse_parse(parse.statement, report),
        })
    }

    fn on_bind(
        &mut self,
        bind: &Bind<'_>,
        body: &[u8],
        context: &mut Context<'_>,
    ) -> Result<Step, End> {
        let statement = Name::new(bind.statement);
        if let Err((rule, report)) = self.judge_again(&statement, context) {
            self.record_refusal("bind", &rule, context)?;
            return Ok(Step::refuse_other(report));
        }
        if !bind.portal.is_empty() && self.objects.is_full() {
            self.record_refusal("bind", "too_many", context)?;
            return Ok(Step::refuse_other(Box::new(refuse::too_many())));
        }
        if self.writes_masked(&statement) && bind.parameters.iter().flatten().any(is_placeholder) {
            let refusal = placeholder_refusal();
            self.record_refusal("bind", &refusal.rule, context)?;
            return Ok(Step::refuse_other(Box::new(judge::report(&refusal))));
        }
        self.recorder.bind(bind, body, context)?;
        Ok(Step::forward(Reply::Bind { portal: Name::new(bind.portal), statement }))
    }

    /// Data with a mask in it has gone upstream as it came; the server forgets it when COPY fails.
    fn on_copy_done(&mut self, context: &mut Context<'_>) -> Result<Step, End> {
        let writes_masked = self.answered().is_none_or(|analysis| analysis.writes_masked);
        if !self.copy_in.end() || !writes_masked || self.transparent {
            return Ok(Step::unanswered());
        }
        let refusal = placeholder_refusal();
        self.record_refusal("copy_done", &refusal.rule, context)?;
        let mut with = Vec::new();
        Message::CopyFail(refusal.message.as_bytes()).encode(&mut with);
        Ok(Step::Replace { with, reply: None })
    }

    /// Whether no parameter of the prepared statement may be a mask.
    fn writes_masked(&self, name: &Name) -> bool {
        let prepared = self.objects.statement(name).into_iter();
        let mut known = prepared.chain(self.expected.preparing(name));
        !self.transparent && known.any(|analysis| analysis.writes_masked)
    }

    /// Rows need the plan of their portal as it is now, so it is described first, unless the
    /// message before this one did.
    fn on_execute(&mut self, execute: &Execute<'_>, described: Option<Name>) -> Step {
        let portal = Name::new(execute.portal);
        let known = self.transparent || described.as_ref() == Some(&portal);
        let before = (!known).then(|| {
            let mut bytes = Vec::new();
            Message::Describe(Target::Portal(execute.portal)).encode(&mut bytes);
            (bytes, Reply::DescribePortal { portal: portal.clone(), ours: true })
        });
        self.described = Some(portal.clone());
        Step::Forward { before, reply: Some(Reply::Execute { portal }) }
    }

    fn on_function_call(&mut self, body: &[u8], context: &mut Context<'_>) -> Result<Step, End> {
        let rule = if self.transparent { "transparent" } else { "function_call" };
        let verdict = Verdict { kind: "function_call", allowed: self.transparent, rule };
        // Arguments are in any format, so nothing of them is shown.
        let asked = Asked { bytes: body.len(), ..Asked::new("function_call", b"") };
        self.recorder.statement(&asked, &verdict, context)?;
        Ok(match self.transparent {
            true => Step::forward(Reply::FunctionCall),
            false => Step::refuse_query(Box::new(refuse::function_call())),
        })
    }

    fn judge(&mut self, text: &[u8], context: &mut Context<'_>) -> Judgement {
        let read = match self.reading.take(text) {
            Some(parsed) => judge::parsed(text, parsed),
            None => judge::read(text, context.reader),
        };
        let judgement = judge::judge(read, &self.grant, self.transparent, context.engine);
        let Ok(statements) = &judgement.outcome else { return judgement };
        for analysis in statements {
            let name = analysis.object().map(|object| Name::new(object.as_bytes()));
            match (analysis.kind(), name) {
                (Some(Kind::Prepare | Kind::Declare), _) if self.objects.is_full() => {
                    return Judgement::refused("too_many", refuse::too_many());
                }
                (Some(Kind::Execute), Some(name)) => {
                    if let Err((rule, report)) = self.judge_again(&name, context) {
                        return Judgement { kind: judgement.kind, rule, outcome: Err(report) };
                    }
                }
                _ => {}
            }
        }
        judgement
    }

    /// A statement that was prepared under an older snapshot has to be allowed by this one, too.
    fn judge_again(
        &self,
        name: &Name,
        context: &mut Context<'_>,
    ) -> Result<(), (String, Box<Report>)> {
        let prepared = self.objects.statement(name).into_iter();
        for analysis in prepared.chain(self.expected.preparing(name)) {
            judge::judge_again(analysis, &self.grant, context.engine)?;
        }
        Ok(())
    }

    fn record(
        &mut self,
        asked: &Asked<'_>,
        judgement: &Judgement,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let allowed = judgement.outcome.is_ok();
        let verdict = Verdict { kind: &judgement.kind, allowed, rule: &judgement.rule };
        self.recorder.statement(asked, &verdict, context)
    }

    /// Of a message of which nothing can be shown.
    fn record_refusal(
        &mut self,
        message: &'static str,
        rule: &str,
        context: &mut Context<'_>,
    ) -> Result<(), End> {
        let verdict = Verdict { kind: "unparsed", allowed: false, rule };
        self.recorder.statement(&Asked::new(message, b""), &verdict, context)
    }
}

/// As records name it.
fn message_name(tag: u8) -> &'static str {
    match tag {
        frontend::QUERY => "query",
        frontend::PARSE => "parse",
        frontend::BIND => "bind",
        frontend::EXECUTE => "execute",
        frontend::DESCRIBE => "describe",
        frontend::CLOSE => "close",
        frontend::FUNCTION_CALL => "function_call",
        _ => "message",
    }
}
