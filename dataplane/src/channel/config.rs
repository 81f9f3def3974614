//! The client side's TLS, with the aws-lc-rs provider named explicitly. What the upstream's setting
//! means is said beside the setting ([`lazaret_link::UpstreamTls`]).

use std::sync::Arc;

use lazaret_link::{ListenerTls, POSTGRESQL_ALPN};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("the listener's certificate chain is not PEM, or empty")]
    Certificate,
    #[error("the listener's private key is not PEM, or not of a kind that TLS knows")]
    PrivateKey,
    #[error("{0}")]
    Tls(#[from] rustls::Error),
}

/// Towards clients: TLS 1.2 and 1.3, stateless tickets, no early data.
pub(crate) fn server_config(tls: &ListenerTls) -> Result<Arc<ServerConfig>, ConfigError> {
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(tls.certificate_chain.as_bytes()).collect();
    let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or(ConfigError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(tls.private_key.expose().as_bytes())
        .map_err(|_| ConfigError::PrivateKey)?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![POSTGRESQL_ALPN.to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    // One ticket is enough for the clients there are; each costs a record.
    config.send_tls13_tickets = 1;
    Ok(Arc::new(config))
}
