//! rustls configurations from the settings, with the aws-lc-rs provider named explicitly.

use std::sync::Arc;

use lazaret_link::{ListenerTls, UpstreamTls, UpstreamTlsMode};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("the listener's certificate chain is not PEM, or empty")]
    Certificate,
    #[error("the listener's private key is not PEM, or not of a kind that TLS knows")]
    PrivateKey,
    #[error("the upstream's root certificates are not PEM, or empty")]
    Roots,
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("the upstream's certificates can't be verified: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// libpq requires this ALPN name of direct TLS (PostgreSQL 17 and later).
const ALPN: &[u8] = b"postgresql";

/// Towards clients: TLS 1.2 and 1.3, stateless tickets, no early data.
pub(crate) fn server_config(tls: &ListenerTls) -> Result<Arc<ServerConfig>, ConfigError> {
    let chain = certificates(&tls.certificate_chain).ok_or(ConfigError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(tls.private_key.expose().as_bytes())
        .map_err(|_| ConfigError::PrivateKey)?;
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    // One ticket is enough for the clients there are; each costs a record.
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}

/// Towards the upstream; `None` if it is to be spoken to in the clear.
pub(crate) fn client_config(tls: &UpstreamTls) -> Result<Option<Arc<ClientConfig>>, ConfigError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .dangerous();
    let verifier: Arc<dyn ServerCertVerifier> = match tls.mode {
        UpstreamTlsMode::Disable => return Ok(None),
        UpstreamTlsMode::Require => Arc::new(Unverified(provider())),
        UpstreamTlsMode::VerifyCa => Arc::new(AnyName(web_pki(tls)?)),
        UpstreamTlsMode::VerifyFull => web_pki(tls)?,
    };
    let mut config = builder.with_custom_certificate_verifier(verifier).with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    // PostgreSQL offers no tickets.
    config.resumption = Resumption::disabled();
    Ok(Some(Arc::new(config)))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn certificates(pem: &str) -> Option<Vec<CertificateDer<'static>>> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    chain.ok().filter(|chain| !chain.is_empty())
}

fn web_pki(tls: &UpstreamTls) -> Result<Arc<WebPkiServerVerifier>, ConfigError> {
    let mut roots = RootCertStore::empty();
    match &tls.root_certificates {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for root in certificates(pem).ok_or(ConfigError::Roots)? {
                roots.add(root)?;
            }
        }
    }
    Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build()?)
}

/// sslmode=verify-ca: the chain holds, the name doesn't matter.
#[derive(Debug)]
struct AnyName(Arc<WebPkiServerVerifier>);

/// sslmode=require: the handshake is signed by the key of whatever certificate came.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        use CertificateError::{NotValidForName, NotValidForNameContext};
        let verified =
            self.0.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match verified {
            // The name is what rustls checks last.
            Err(Error::InvalidCertificate(NotValidForName | NotValidForNameContext { .. })) => {
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
