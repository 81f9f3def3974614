//! What a client asks for in its StartupMessage, and which of it goes upstream.
//!
//! Parameters are an allowlist; `options` is taken apart and its settings go through the same list,
//! so that no quoting means one thing here and another there. client_encoding and
//! standard_conforming_strings are pinned: with other values the parser here and the server would
//! read different statements. With preset transparent nothing is read, so all of it passes.

use lazaret_policy::Preset;
use lazaret_proto::pg::backend;
use lazaret_proto::pg::error::Report;
use lazaret_proto::pg::sqlstate::SqlState;
use lazaret_proto::pg::startup::{Startup, Version};

/// NAMEDATALEN less its terminator: what PostgreSQL keeps of a name.
const NAME_BYTES: usize = 63;

/// Settings that a client may choose at start-up. None changes what a statement means or how much
/// of the server one session may take.
const ALLOWED: &[&str] = &[
    "datestyle",
    "default_transaction_deferrable",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "extra_float_digits",
    "geqo",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "intervalstyle",
    "jit",
    "lock_timeout",
    "search_path",
    "statement_timeout",
    "timezone",
    "transaction_timeout",
];

/// What was asked for, vetted.
pub(super) struct Login {
    pub(super) version: Version,
    /// NegotiateProtocolVersion, if it is due.
    pub(super) negotiation: Vec<u8>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) application_name: String,
    /// Parameters for the upstream's StartupMessage beside user, database and application_name.
    pub(super) settings: Vec<(String, String)>,
}

/// The client is to blame. Parameter names are quoted, values are not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LoginError {
    #[error("no PostgreSQL user name specified in startup packet")]
    NoUser,
    #[error("the startup packet is not in UTF-8")]
    Encoding,
    #[error("replication is not available through this gateway")]
    Replication,
    #[error("client_encoding must be UTF8 through this gateway")]
    ClientEncoding,
    #[error("parameter \"{0}\" can't have this value through this gateway")]
    Pinned(&'static str),
    #[error("parameter \"{0}\" can't be set at start-up through this gateway")]
    Parameter(String),
    #[error("the startup parameter \"options\" may hold \"-c name=value\" only")]
    Options,
}

impl LoginError {
    pub(super) fn report(&self) -> Report {
        let sqlstate = match self {
            Self::NoUser => SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
            Self::Encoding => SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            Self::Replication => SqlState::FEATURE_NOT_SUPPORTED,
            Self::ClientEncoding | Self::Pinned(_) => SqlState::CANT_CHANGE_RUNTIME_PARAM,
            Self::Parameter(_) => SqlState::INSUFFICIENT_PRIVILEGE,
            Self::Options => SqlState::SYNTAX_ERROR,
        };
        Report::fatal(sqlstate, self.to_string())
    }
}

impl Login {
    pub(super) fn read(startup: &Startup<'_>, preset: Preset) -> Result<Self, LoginError> {
        let negotiated = startup.negotiate();
        let mut negotiation = Vec::new();
        if negotiated.answer {
            let (version, unknown) = (negotiated.version, &negotiated.unknown);
            backend::negotiate_protocol_version(&mut negotiation, version, unknown);
        }
        let mut login = Self {
            version: negotiated.version,
            negotiation,
            user: String::new(),
            database: String::new(),
            application_name: String::new(),
            settings: Vec::new(),
        };
        for (name, value) in startup.parameters.iter() {
            let name = std::str::from_utf8(name).map_err(|_| LoginError::Encoding)?;
            let value = std::str::from_utf8(value).map_err(|_| LoginError::Encoding)?;
            login.parameter(name, value, preset)?;
        }
        if login.user.is_empty() {
            return Err(LoginError::NoUser);
        }
        if login.database.is_empty() {
            login.database.clone_from(&login.user);
        }
        if preset != Preset::Transparent {
            login.pin();
        }
        Ok(login)
    }

    /// The application_name that the upstream sees: who it is really, then what the client says.
    pub(super) fn marked_application_name(&self, principal: &str) -> String {
        printable(&format!("lazaret/{principal}/{}", self.application_name))
    }

    fn parameter(&mut self, name: &str, value: &str, preset: Preset) -> Result<(), LoginError> {
        match name {
            "user" => self.user = value.to_owned(),
            "database" => self.database = value.to_owned(),
            "application_name" => self.application_name = printable(value),
            "replication" if is_off(value) => {}
            "replication" => return Err(LoginError::Replication),
            "options" if preset != Preset::Transparent => self.options(value)?,
            _ if name.starts_with("_pq_.") => {}
            _ if preset == Preset::Transparent => self.set(name, value),
            _ => self.setting(name, value)?,
        }
        Ok(())
    }

    /// The backslash escapes the character behind it, as in `pg_split_opts`.
    fn options(&mut self, options: &str) -> Result<(), LoginError> {
        let words = split_options(options)?;
        let mut words = words.iter().map(String::as_str);
        while let Some(word) = words.next() {
            let assignment = match word.strip_prefix("--") {
                Some(long) => Some(long),
                None if word == "-c" => words.next(),
                None => word.strip_prefix("-c"),
            };
            let (name, value) =
                assignment.and_then(|text| text.split_once('=')).ok_or(LoginError::Options)?;
            // ParseLongOption reads a dash in a name as an underscore.
            self.setting(&name.replace('-', "_"), value)?;
        }
        Ok(())
    }

    fn setting(&mut self, name: &str, value: &str) -> Result<(), LoginError> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "application_name" => self.application_name = printable(value),
            "client_encoding" if is_utf8(value) => {}
            "client_encoding" => return Err(LoginError::ClientEncoding),
            "standard_conforming_strings" if is_on(value) => {}
            "standard_conforming_strings" => {
                return Err(LoginError::Pinned("standard_conforming_strings"));
            }
            "bytea_output" if value.eq_ignore_ascii_case("hex") => {}
            "bytea_output" => return Err(LoginError::Pinned("bytea_output")),
            known if ALLOWED.contains(&known) => self.set(known, value),
            _ => return Err(LoginError::Parameter(name)),
        }
        Ok(())
    }

    /// The last one of a name counts.
    fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(earlier, _)| earlier != name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    fn pin(&mut self) {
        if !self.settings.iter().any(|(name, _)| name == "datestyle") {
            self.set("datestyle", "ISO");
        }
        self.set("bytea_output", "hex");
        self.set("standard_conforming_strings", "on");
        self.set("client_encoding", "UTF8");
    }
}

fn split_options(options: &str) -> Result<Vec<String>, LoginError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => {
                let escaped = characters.next().ok_or(LoginError::Options)?;
                word.get_or_insert_default().push(escaped);
            }
            _ if character.is_ascii_whitespace() || character == '\x0b' => {
                words.extend(word.take())
            }
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    Ok(words)
}

/// PostgreSQL compares the letters and digits of encoding names alone; drivers send `'utf-8'`. What
/// SQL_ASCII asks for, bytes as they are, UTF-8 gives.
fn is_utf8(value: &str) -> bool {
    let name: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    ["utf8", "unicode", "sqlascii"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

fn is_on(value: &str) -> bool {
    ["on", "true", "yes", "1"].iter().any(|known| value.eq_ignore_ascii_case(known))
}

fn is_off(value: &str) -> bool {
    ["off", "false", "no", "0"].iter().any(|known| value.eq_ignore_ascii_case(known))
}

/// What PostgreSQL would make of an application_name, more or less: printable ASCII, cut to a name.
fn printable(text: &str) -> String {
    let shown = |character: char| match character {
        ' '..='~' => character,
        _ => '?',
    };
    text.chars().map(shown).take(NAME_BYTES).collect()
}

#[cfg(test)]
mod tests {
    use lazaret_policy::Preset;
    use lazaret_proto::pg::startup::{self, Packet, Version};

    use super::{Login, LoginError};

    fn read(parameters: &[(&str, &str)], preset: Preset) -> Result<Login, LoginError> {
        let mut bytes = Vec::new();
        let parameters = parameters.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        startup::startup(&mut bytes, Version::V3_0, parameters);
        let Ok(Some((Packet::Startup(startup), _))) = Packet::read(&bytes) else {
            panic!("not a StartupMessage");
        };
        Login::read(&startup, preset)
    }

    fn setting<'l>(login: &'l Login, name: &str) -> Option<&'l str> {
        let found = login.settings.iter().find(|(candidate, _)| candidate == name);
        found.map(|(_, value)| value.as_str())
    }

    fn refused(parameters: &[(&str, &str)]) -> LoginError {
        match read(parameters, Preset::SafeHarbor) {
            Ok(_) => panic!("accepted"),
            Err(error) => error,
        }
    }

    #[test]
    fn what_drivers_send_is_accepted() {
        let drivers: [&[(&str, &str)]; 4] = [
            &[("user", "u"), ("client_encoding", "'utf-8'")],
            &[
                ("user", "u"),
                ("database", "d"),
                ("client_encoding", "UTF8"),
                ("DateStyle", "ISO"),
                ("TimeZone", "Europe/Berlin"),
                ("extra_float_digits", "2"),
            ],
            &[("user", "u"), ("options", "-c geqo=off --statement-timeout=5min")],
            &[("user", "u"), ("replication", "false")],
        ];
        for parameters in drivers {
            read(parameters, Preset::SafeHarbor).map(|_| ()).unwrap();
        }
    }

    #[test]
    fn the_lexer_of_the_server_is_pinned() {
        let login = read(&[("user", "u")], Preset::SafeHarbor).unwrap();
        assert_eq!(setting(&login, "client_encoding"), Some("UTF8"));
        assert_eq!(setting(&login, "standard_conforming_strings"), Some("on"));
        for encoding in ["SJIS", "GBK", "latin1", "BIG5"] {
            let error = refused(&[("user", "u"), ("client_encoding", encoding)]);
            assert_eq!(error, LoginError::ClientEncoding);
        }
        let off = "-c standard_conforming_strings=off";
        assert_eq!(
            refused(&[("user", "u"), ("options", off)]),
            LoginError::Pinned("standard_conforming_strings")
        );
    }

    #[test]
    fn options_cannot_hide_a_setting_behind_quoting() {
        let cases = [
            ("-c\\ client_encoding=SJIS", LoginError::Parameter(" client_encoding".into())),
            ("-cclient-encoding=SJIS", LoginError::ClientEncoding),
            ("--CLIENT_ENCODING=SJIS", LoginError::ClientEncoding),
            (
                "-c session_replication_role=replica",
                LoginError::Parameter("session_replication_role".into()),
            ),
            ("-d 5", LoginError::Options),
            ("-c", LoginError::Options),
            ("geqo=off", LoginError::Options),
            ("-c geqo=off\\", LoginError::Options),
        ];
        for (options, error) in cases {
            assert_eq!(refused(&[("user", "u"), ("options", options)]), error, "{options}");
        }
    }

    #[test]
    fn an_escaped_space_stays_in_the_value() {
        let options = "-c search_path=a,\\ b -c  timezone=UTC";
        let login = read(&[("user", "u"), ("options", options)], Preset::SafeHarbor).unwrap();
        assert_eq!(setting(&login, "search_path"), Some("a, b"));
        assert_eq!(setting(&login, "timezone"), Some("UTC"));
    }

    #[test]
    fn replication_is_refused() {
        for value in ["true", "database", "on", "1"] {
            let error = refused(&[("user", "u"), ("replication", value)]);
            assert_eq!(error, LoginError::Replication);
        }
    }

    #[test]
    fn a_transparent_resource_gets_what_the_client_sent() {
        let parameters =
            [("user", "u"), ("client_encoding", "LATIN1"), ("options", "-c work_mem=1GB")];
        let login = read(&parameters, Preset::Transparent).unwrap();
        assert_eq!(login.settings.len(), 2);
        assert_eq!(setting(&login, "client_encoding"), Some("LATIN1"));
        assert_eq!(setting(&login, "options"), Some("-c work_mem=1GB"));
    }

    #[test]
    fn the_upstream_sees_who_it_is() {
        let parameters = [("user", "u"), ("application_name", "psql\u{e9}\n")];
        let login = read(&parameters, Preset::SafeHarbor).unwrap();
        assert_eq!(login.application_name, "psql??");
        assert_eq!(login.marked_application_name("ci-agent"), "lazaret/ci-agent/psql??");
        assert_eq!(login.marked_application_name(&"x".repeat(99)).len(), 63);
    }
}
