//! GET over HTTP/1.1 for provider documents: bounded in time and size, no redirects, no proxies.
//!
//! `https` with rustls and its aws-lc-rs provider; `http` only to this machine.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::header::{ACCEPT, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use openidconnect::url::{Host, Url};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::limits::{PROVIDER_RESPONSE_BYTES, PROVIDER_TIMEOUT};

#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("the address is not https, nor http on this machine")]
    Address,
    #[error("no answer within {} s", PROVIDER_TIMEOUT.as_secs())]
    Timeout,
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("{0}")]
    Http(#[from] hyper::Error),
    #[error("it answers {0}")]
    Status(StatusCode),
    #[error("the answer is longer than {PROVIDER_RESPONSE_BYTES} bytes, or broke off")]
    Body,
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("the root certificates can't be read")]
    Roots,
}

pub(crate) struct Http {
    tls: TlsConnector,
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

    pub(crate) async fn fetch(&self, url: &Url) -> Result<Vec<u8>, HttpError> {
        tokio::time::timeout(PROVIDER_TIMEOUT, self.connect_and_fetch(url))
            .await
            .map_err(|_| HttpError::Timeout)?
    }

    async fn connect_and_fetch(&self, url: &Url) -> Result<Vec<u8>, HttpError> {
        let host = url.host().ok_or(HttpError::Address)?;
        let port = url.port_or_known_default().ok_or(HttpError::Address)?;
        match url.scheme() {
            "https" => {
                let stream = self.tls.connect(server_name(&host)?, tcp(&host, port).await?).await?;
                get(stream, url).await
            }
            "http" if is_this_machine(&host) => get(tcp(&host, port).await?, url).await,
            _ => Err(HttpError::Address),
        }
    }
}

async fn get<S>(stream: S, url: &Url) -> Result<Vec<u8>, HttpError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let request = Request::get(&url[openidconnect::url::Position::BeforePath..])
        .header(
            HOST,
            &url[openidconnect::url::Position::BeforeHost..openidconnect::url::Position::AfterPort],
        )
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|_| HttpError::Address)?;
    let response = sender.send_request(request).await?;
    if response.status() != StatusCode::OK {
        driver.abort();
        return Err(HttpError::Status(response.status()));
    }
    let body = Limited::new(response.into_body(), PROVIDER_RESPONSE_BYTES).collect().await;
    driver.abort();
    Ok(body.map_err(|_| HttpError::Body)?.to_bytes().into())
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
