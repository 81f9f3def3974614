//! The upstream's address, as libpq writes it in a URL.

use std::path::PathBuf;

use lazaret_link::UpstreamTlsMode;

use crate::UpstreamHost;

/// `postgres://user:password@host:port/database?sslmode=...`, taken apart. A host that begins with
/// `/` is the folder of a Unix socket. Only one host; no other parameters.
pub struct UpstreamUrl {
    pub host: UpstreamHost,
    pub user: String,
    pub password: Option<String>,
    pub database: Option<String>,
    pub tls: Option<UpstreamTlsMode>,
    pub root_certificates: Option<PathBuf>,
}

/// No variant quotes the URL, for it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    #[error("the URL does not begin with postgres:// or postgresql://")]
    Scheme,
    #[error("the URL names no user")]
    NoUser,
    #[error("the URL names no host")]
    NoHost,
    #[error("the URL names more than one host")]
    ManyHosts,
    #[error("the URL's port is not a number from 1 to 65535")]
    Port,
    #[error("the URL has a % that two hexadecimal digits don't follow, or text that is not UTF-8")]
    Escape,
    #[error("behind the URL's host stands an `@`, or a second `/`, that is not escaped")]
    Unescaped,
    #[error("the URL has an unknown parameter {0}")]
    Parameter(String),
    #[error("sslmode={0} is not offered")]
    TlsMode(String),
}

impl UrlError {
    pub fn mend(&self) -> String {
        match self {
            Self::Scheme | Self::NoHost => "write it as postgres://USER@HOST:PORT/DATABASE".into(),
            Self::NoUser => "put the service user before the host: postgres://USER@HOST...".into(),
            Self::ManyHosts => "name one host; put a balancer in front of several".into(),
            Self::Port => "write the port behind the host: HOST:5432".into(),
            Self::Unescaped => "write `@` as %40, `/` as %2F and `?` as %3F, in a password too".into(),
            Self::Escape => "escape reserved characters as % and two hexadecimal digits".into(),
            Self::Parameter(_) => "keep host, port, sslmode and sslrootcert only".into(),
            Self::TlsMode(_) => {
                "use disable, require, verify-ca or verify-full; the others may fall back to plaintext \
                 without a word"
                    .into()
            }
        }
    }
}

impl UpstreamUrl {
    pub fn parse(url: &str) -> Result<Self, UrlError> {
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))
            .ok_or(UrlError::Scheme)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        // The text would be shown as a database's name, and could be the rest of a password.
        if database.contains(['@', '/']) {
            return Err(UrlError::Unescaped);
        }
        let (user_info, address) = authority.rsplit_once('@').ok_or(UrlError::NoUser)?;
        let (user, password) = match user_info.split_once(':') {
            Some((user, password)) => (decode(user)?, Some(decode(password)?)),
            None => (decode(user_info)?, None),
        };
        if user.is_empty() {
            return Err(UrlError::NoUser);
        }
        let mut parts = Parts::from_address(address)?;
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            parts.take_parameter(pair)?;
        }
        Ok(Self {
            host: parts.upstream_host()?,
            user,
            password,
            database: Some(decode(database)?).filter(|name| !name.is_empty()),
            tls: parts.tls,
            root_certificates: parts.root_certificates,
        })
    }

    /// The URL without its password and parameters, for `lazaret.toml`.
    pub fn without_password(&self) -> String {
        let user = encode(&self.user);
        let database = encode(self.database.as_deref().unwrap_or_default());
        match &self.host {
            UpstreamHost::Tcp { host, port } if host.contains(':') => {
                format!("postgres://{user}@[{host}]:{port}/{database}")
            }
            UpstreamHost::Tcp { host, port } => {
                format!("postgres://{user}@{host}:{port}/{database}")
            }
            UpstreamHost::Unix { folder, port } => {
                let folder = encode(&folder.to_string_lossy());
                format!("postgres://{user}@/{database}?host={folder}&port={port}")
            }
        }
    }
}

struct Parts {
    host: String,
    port: u16,
    tls: Option<UpstreamTlsMode>,
    root_certificates: Option<PathBuf>,
}

impl Parts {
    fn from_address(address: &str) -> Result<Self, UrlError> {
        if address.contains(',') {
            return Err(UrlError::ManyHosts);
        }
        let (host, port) = match address.strip_prefix('[') {
            Some(rest) => {
                let (host, behind) = rest.split_once(']').ok_or(UrlError::NoHost)?;
                (host, behind.strip_prefix(':'))
            }
            None => match address.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (address, None),
            },
        };
        let port = port.map_or(Ok(5432), parse_port)?;
        Ok(Self { host: decode(host)?, port, tls: None, root_certificates: None })
    }

    fn take_parameter(&mut self, pair: &str) -> Result<(), UrlError> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value)?;
        match name {
            "host" => self.host = value,
            "port" => self.port = parse_port(&value)?,
            "sslmode" => self.tls = Some(parse_tls_mode(value)?),
            "sslrootcert" => self.root_certificates = Some(value.into()),
            other => return Err(UrlError::Parameter(other.to_owned())),
        }
        Ok(())
    }

    fn upstream_host(&self) -> Result<UpstreamHost, UrlError> {
        match self.host.as_str() {
            "" => Err(UrlError::NoHost),
            many if many.contains(',') => Err(UrlError::ManyHosts),
            folder if folder.starts_with('/') => {
                Ok(UpstreamHost::Unix { folder: folder.into(), port: self.port })
            }
            host => Ok(UpstreamHost::Tcp { host: host.to_owned(), port: self.port }),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, UrlError> {
    text.parse().ok().filter(|port| *port != 0).ok_or(UrlError::Port)
}

fn parse_tls_mode(text: String) -> Result<UpstreamTlsMode, UrlError> {
    match text.as_str() {
        "disable" => Ok(UpstreamTlsMode::Disable),
        "require" => Ok(UpstreamTlsMode::Require),
        "verify-ca" => Ok(UpstreamTlsMode::VerifyCa),
        "verify-full" => Ok(UpstreamTlsMode::VerifyFull),
        _ => Err(UrlError::TlsMode(text)),
    }
}

/// RFC 3986, section 2.1
fn decode(text: &str) -> Result<String, UrlError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, behind) = rest.split_first_chunk::<2>().ok_or(UrlError::Escape)?;
        let digits = std::str::from_utf8(digits).map_err(|_| UrlError::Escape)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(UrlError::Escape);
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| UrlError::Escape)?);
        rest = behind;
    }
    String::from_utf8(bytes).map_err(|_| UrlError::Escape)
}

fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp(host: &str, port: u16) -> UpstreamHost {
        UpstreamHost::Tcp { host: host.to_owned(), port }
    }

    #[test]
    fn a_full_url_is_taken_apart() {
        let url =
            UpstreamUrl::parse("postgres://svc:p%40ss:w@db.example:6432/main?sslmode=verify-ca")
                .unwrap();
        assert_eq!(url.host, tcp("db.example", 6432));
        assert_eq!(url.user, "svc");
        assert_eq!(url.password.as_deref(), Some("p@ss:w"));
        assert_eq!(url.database.as_deref(), Some("main"));
        assert_eq!(url.tls, Some(UpstreamTlsMode::VerifyCa));
        assert_eq!(url.without_password(), "postgres://svc@db.example:6432/main");
    }

    #[test]
    fn a_unix_socket_is_a_host_that_begins_with_a_slash() {
        let url =
            UpstreamUrl::parse("postgresql://svc@/db?host=/var/run/postgresql&port=5433").unwrap();
        let host = UpstreamHost::Unix { folder: "/var/run/postgresql".into(), port: 5433 };
        assert_eq!(url.host, host);
        assert_eq!(UpstreamUrl::parse(&url.without_password()).unwrap().host, host);
        let in_authority = UpstreamUrl::parse("postgres://svc@%2Frun%2Fpg:5433/db").unwrap();
        assert_eq!(in_authority.host, UpstreamHost::Unix { folder: "/run/pg".into(), port: 5433 });
    }

    #[test]
    fn an_ipv6_host_stands_in_brackets() {
        let url = UpstreamUrl::parse("postgres://svc@[::1]:5433/db").unwrap();
        assert_eq!(url.host, tcp("::1", 5433));
        assert_eq!(url.without_password(), "postgres://svc@[::1]:5433/db");
        assert_eq!(UpstreamUrl::parse("postgres://svc@[::1]/db").unwrap().host, tcp("::1", 5432));
    }

    #[test]
    fn what_a_gateway_should_not_have_is_refused() {
        let error = |url| UpstreamUrl::parse(url).err().unwrap();
        assert_eq!(error("mysql://a@b/c"), UrlError::Scheme);
        assert_eq!(error("postgres://host/db"), UrlError::NoUser);
        assert_eq!(error("postgres://:x@host/db"), UrlError::NoUser);
        assert_eq!(error("postgres://a@/db"), UrlError::NoHost);
        assert_eq!(error("postgres://a@b,c/db"), UrlError::ManyHosts);
        assert_eq!(error("postgres://a@b:0/db"), UrlError::Port);
        assert_eq!(error("postgres://a@b:70000/db"), UrlError::Port);
        assert_eq!(error("postgres://a:x/y@b/db"), UrlError::Unescaped);
        assert_eq!(error("postgres://a:x@b/c/d"), UrlError::Unescaped);
        assert_eq!(error("postgres://a%2@b/db"), UrlError::Escape);
        assert_eq!(error("postgres://a%+1@b/db"), UrlError::Escape);
        assert_eq!(error("postgres://a@b/db?options=-c"), UrlError::Parameter("options".into()));
        assert_eq!(error("postgres://a@b/db?sslmode=prefer"), UrlError::TlsMode("prefer".into()));
    }
}
