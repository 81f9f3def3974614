//! What the upstream's TLS setting means to rustls, for whoever connects to it: the data plane's
//! sessions and control's catalog reader.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use serde::{Deserialize, Serialize};

/// libpq's sslmode, as far as a gateway should have it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpstreamTlsMode {
    Disable,
    /// Encrypted, the server's certificate not verified.
    Require,
    VerifyCa,
    VerifyFull,
}

#[derive(Clone, Serialize, Deserialize)]
pub struct UpstreamTls {
    pub mode: UpstreamTlsMode,
    /// PEM; the web's roots if absent.
    pub root_certificates: Option<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum UpstreamTlsError {
    #[error("the upstream's root certificates are not PEM, or empty")]
    Roots,
    #[error("{0}")]
    Tls(#[from] rustls::Error),
    #[error("the upstream's certificates can't be verified: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

/// libpq requires this ALPN name of direct TLS (PostgreSQL 17 and later).
pub const POSTGRESQL_ALPN: &[u8] = b"postgresql";

impl UpstreamTls {
    /// `None` if the upstream is to be spoken to in the clear.
    pub fn client_config(&self) -> Result<Option<Arc<ClientConfig>>, UpstreamTlsError> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .dangerous();
        let verifier: Arc<dyn ServerCertVerifier> = match self.mode {
            UpstreamTlsMode::Disable => return Ok(None),
            UpstreamTlsMode::Require => Arc::new(Unverified(provider())),
            UpstreamTlsMode::VerifyCa => Arc::new(AnyName(self.web_pki()?)),
            UpstreamTlsMode::VerifyFull => self.web_pki()?,
        };
        let mut config = builder.with_custom_certificate_verifier(verifier).with_no_client_auth();
        config.alpn_protocols = vec![POSTGRESQL_ALPN.to_vec()];
        // PostgreSQL offers no tickets.
        config.resumption = Resumption::disabled();
        Ok(Some(Arc::new(config)))
    }

    fn web_pki(&self) -> Result<Arc<WebPkiServerVerifier>, UpstreamTlsError> {
        let mut roots = RootCertStore::empty();
        match &self.root_certificates {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some(pem) => {
                let chain: Result<Vec<_>, _> =
                    CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
                let chain = chain.ok().filter(|chain| !chain.is_empty());
                for root in chain.ok_or(UpstreamTlsError::Roots)? {
                    roots.add(root)?;
                }
            }
        }
        Ok(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build()?)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
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
