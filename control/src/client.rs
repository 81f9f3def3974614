//! Requests over HTTP/1.1 to identity providers and witnesses: bounded in time and size, no redirects, no
//! proxies.
//!
//! `https` with rustls and its aws-lc-rs provider. `http` to this machine; elsewhere only where what is
//! answered is believed for its signature, and nothing that is sent is secret.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{ACCEPT, HOST, HeaderValue};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use openidconnect::url::{Host, Position, Url};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::limits::{
    PROVIDER_RESPONSE_BYTES, PROVIDER_TIMEOUT, WITNESS_ANSWER_BYTES, WITNESS_TIMEOUT,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("the address is not https, nor http on this machine")]
    Address,
    #[error("no answer within {} s", .0.as_secs())]
    Timeout(Duration),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("it answers {0}")]
    Status(StatusCode),
    #[error("the answer is longer than {0} bytes, or broke off")]
    Body(usize),
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the root certificates can't be read")]
    Roots,
}

#[derive(Clone)]
pub(crate) struct Http {
    tls: TlsConnector,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
}

/// Where `http` may lead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plain {
    ThisMachine,
    Anywhere,
}

impl Http {
    /// `roots` is PEM; the web's authorities if absent.
    pub(crate) fn new(roots: Option<&str>) -> Result<Self, HttpError> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(root_store(roots)?)
            .with_no_client_auth();
        Ok(Self { tls: TlsConnector::from(Arc::new(config)) })
    }

    /// A provider's document.
    pub(crate) async fn fetch(&self, url: &Url) -> Result<Vec<u8>, HttpError> {
        let request = Request::get(&url[Position::BeforePath..])
            .header(ACCEPT, "application/json")
            .body(Full::default())
            .map_err(|_| HttpError::Address)?;
        let exchange = self.exchange(url, Plain::ThisMachine, request, PROVIDER_RESPONSE_BYTES);
        match within(PROVIDER_TIMEOUT, exchange).await? {
            Answer { status: StatusCode::OK, body } => Ok(body.into()),
            Answer { status, .. } => Err(HttpError::Status(status)),
        }
    }

    /// What a witness says to this.
    pub(crate) async fn post(&self, url: &Url, body: String) -> Result<Answer, HttpError> {
        let request = Request::post(&url[Position::BeforePath..])
            .body(Full::from(body))
            .map_err(|_| HttpError::Address)?;
        let exchange = self.exchange(url, Plain::Anywhere, request, WITNESS_ANSWER_BYTES);
        within(WITNESS_TIMEOUT, exchange).await
    }

    async fn exchange(
        &self,
        url: &Url,
        plain: Plain,
        request: Request<Full<Bytes>>,
        limit_bytes: usize,
    ) -> Result<Answer, HttpError> {
        let host = url.host().ok_or(HttpError::Address)?;
        let port = url.port_or_known_default().ok_or(HttpError::Address)?;
        match url.scheme() {
            "https" => {
                let stream = self.tls.connect(server_name(&host)?, tcp(&host, port).await?).await?;
                ask(stream, url, request, limit_bytes).await
            }
            "http" if plain == Plain::Anywhere || is_this_machine(&host) => {
                ask(tcp(&host, port).await?, url, request, limit_bytes).await
            }
            _ => Err(HttpError::Address),
        }
    }
}

async fn within(
    time: Duration,
    exchange: impl Future<Output = Result<Answer, HttpError>>,
) -> Result<Answer, HttpError> {
    tokio::time::timeout(time, exchange).await.map_err(|_| HttpError::Timeout(time))?
}

async fn ask<S>(
    stream: S,
    url: &Url,
    mut request: Request<Full<Bytes>>,
    limit_bytes: usize,
) -> Result<Answer, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let host = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]);
    request.headers_mut().insert(HOST, host.map_err(|_| HttpError::Address)?);
    let response = sender.send_request(request).await;
    let answer = match response {
        Ok(response) => {
            let status = response.status();
            let body = Limited::new(response.into_body(), limit_bytes).collect().await;
            body.map(|body| Answer { status, body: body.to_bytes() })
                .map_err(|_| HttpError::Body(limit_bytes))
        }
        Err(error) => Err(error.into()),
    };
    driver.abort();
    answer
}

async fn tcp(host: &Host<&str>, port: u16) -> std::io::Result<TcpStream> {
    match host {
        Host::Domain(name) => TcpStream::connect((*name, port)).await,
        Host::Ipv4(ip) => TcpStream::connect((*ip, port)).await,
        Host::Ipv6(ip) => TcpStream::connect((*ip, port)).await,
    }
}

fn server_name(host: &Host<&str>) -> Result<ServerName<'static>, HttpError> {
    match host {
        Host::Domain(name) => {
            ServerName::try_from((*name).to_owned()).map_err(|_| HttpError::Address)
        }
        Host::Ipv4(ip) => Ok(IpAddr::from(*ip).into()),
        Host::Ipv6(ip) => Ok(IpAddr::from(*ip).into()),
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

fn root_store(pem: Option<&str>) -> Result<RootCertStore, HttpError> {
    let mut store = RootCertStore::empty();
    let Some(pem) = pem else {
        store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(store);
    };
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        store.add(certificate.map_err(|_| HttpError::Roots)?)?;
    }
    if store.is_empty() { Err(HttpError::Roots) } else { Ok(store) }
}
