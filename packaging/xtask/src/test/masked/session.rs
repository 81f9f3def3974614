//! What was said in a session, cut into exchanges: what one side asked, and what it was answered up to ReadyForQuery.

/// Who says it, seen from the tap: behind the tap on the far side of the gateway, the client is the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) side: Side,
    pub(super) kind: u8,
    pub(super) body: Vec<u8>,
}

/// All of a session, from its start-up on.
#[derive(Clone, Debug, Default)]
pub(super) struct Session {
    messages: Vec<Message>,
}

/// Requests that are answered together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Exchange {
    pub(super) asked: Vec<Message>,
    pub(super) answered: Vec<Message>,
}

impl Session {
    /// Stands for the type that a StartupMessage doesn't have.
    pub(super) const STARTUP: u8 = 0;

    pub(super) fn keep(&mut self, message: Message) {
        self.messages.push(message);
    }

    /// A parameter of its StartupMessage.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let startup = self.messages.first().filter(|first| first.kind == Self::STARTUP)?;
        // Behind the protocol's version.
        let mut texts = startup.body.get(4..)?.split(|byte| *byte == 0);
        while let (Some(key), Some(value)) = (texts.next(), texts.next()) {
            if key == name.as_bytes() {
                return Some(String::from_utf8_lossy(value).into_owned());
            }
        }
        None
    }

    /// What follows the start-up. ParameterStatus and NotificationResponse come when they come, so they are not
    /// part of an exchange.
    pub(super) fn exchanges(&self) -> Vec<Exchange> {
        let mut exchanges = vec![Exchange::default()];
        for message in &self.messages {
            let is_ready = message.side == Side::Server && message.kind == b'Z';
            if let Some(last) = exchanges.last_mut() {
                match message.side {
                    Side::Client => last.asked.push(message.clone()),
                    Side::Server if matches!(message.kind, b'S' | b'A') => {}
                    Side::Server => last.answered.push(message.clone()),
                }
            }
            if is_ready {
                exchanges.push(Exchange::default());
            }
        }
        exchanges.remove(0);
        exchanges.retain(|exchange| *exchange != Exchange::default());
        exchanges
    }

    /// The bodies of all messages of this type from the server.
    pub(super) fn told(&self, kind: u8) -> Vec<&[u8]> {
        let told = |message: &&Message| message.side == Side::Server && message.kind == kind;
        self.messages.iter().filter(told).map(|message| message.body.as_slice()).collect()
    }
}

impl Exchange {
    /// The text of its Query or Parse.
    pub(super) fn text(&self) -> Option<String> {
        self.asked.iter().find_map(|message| {
            let mut texts = message.body.split(|byte| *byte == 0);
            let text = match message.kind {
                b'Q' => texts.next(),
                b'P' => texts.nth(1),
                _ => None,
            };
            text.map(|text| String::from_utf8_lossy(text).into_owned())
        })
    }

    /// Its last word: the state of the transaction.
    pub(super) fn ready(&self) -> Option<u8> {
        let last = self.answered.last().filter(|last| last.kind == b'Z')?;
        last.body.first().copied()
    }

    /// The client says goodbye in it.
    pub(super) fn ends(&self) -> bool {
        self.asked.iter().any(|message| message.kind == b'X')
    }
}

impl Message {
    /// The fields of an ErrorResponse or NoticeResponse, each with its code first.
    pub(super) fn fields(&self) -> Vec<&[u8]> {
        self.body.split(|byte| *byte == 0).filter(|field| !field.is_empty()).collect()
    }

    /// A field of an ErrorResponse or NoticeResponse.
    pub(super) fn field(&self, code: u8) -> &[u8] {
        let fields = self.fields();
        let found = fields.iter().find(|field| field.first() == Some(&code));
        found.and_then(|field| field.get(1..)).unwrap_or_default()
    }

    /// The columns of a RowDescription: name and type.
    pub(super) fn columns(&self) -> Vec<Column> {
        let mut rest = self.body.get(2..).unwrap_or_default();
        let mut columns = Vec::new();
        while let Some(end) = rest.iter().position(|byte| *byte == 0) {
            let (name, behind) = rest.split_at(end);
            let Some((field, behind)) = behind.get(1..).and_then(<[u8]>::split_first_chunk::<18>)
            else {
                break;
            };
            let [table @ .., _, _, a, b, c, d, _, _, _, _, _, _, _, _] = *field;
            columns.push(Column {
                name: name.to_vec(),
                type_oid: u32::from_be_bytes([a, b, c, d]),
                is_computed: u32::from_be_bytes(table) == 0,
                field: *field,
            });
            rest = behind;
        }
        columns
    }

    /// The cells of a DataRow; `None` is NULL.
    pub(super) fn cells(&self) -> Vec<Option<Vec<u8>>> {
        harness::wire::Message { kind: self.kind, body: self.body.clone() }.cells()
    }
}

/// Of a RowDescription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: Vec<u8>,
    pub(super) type_oid: u32,
    /// It is no column of a table as it is, but an expression.
    pub(super) is_computed: bool,
    /// All behind the name, as it was sent.
    pub(super) field: [u8; 18],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(side: Side, kind: u8, body: &[u8]) -> Message {
        Message { side, kind, body: body.to_vec() }
    }

    #[test]
    fn an_exchange_ends_where_the_server_is_ready() {
        let mut session = Session::default();
        session.keep(said(
            Side::Client,
            Session::STARTUP,
            b"\0\x03\0\0user\0u\0application_name\0a\0\0",
        ));
        session.keep(said(Side::Server, b'Z', b"I"));
        session.keep(said(Side::Client, b'Q', b"BEGIN\0"));
        session.keep(said(Side::Server, b'S', b"x\0y\0"));
        session.keep(said(Side::Server, b'C', b"BEGIN\0"));
        session.keep(said(Side::Server, b'Z', b"T"));
        session.keep(said(Side::Client, b'X', b""));
        let exchanges = session.exchanges();
        assert_eq!(session.parameter("application_name").as_deref(), Some("a"));
        assert_eq!(exchanges.len(), 2);
        assert_eq!(exchanges[0].text().as_deref(), Some("BEGIN"));
        assert_eq!(exchanges[0].answered.len(), 2);
        assert_eq!(exchanges[0].ready(), Some(b'T'));
        assert!(exchanges[1].ends());
    }
}
