//! Channel binding (RFC 5929): what SCRAM-SHA-256-PLUS upstream is bound to.

use aws_lc_rs::digest;
use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::oid_registry as oid;
use x509_parser::prelude::FromDer;
use x509_parser::signature_algorithm::RsaSsaPssParams;
use x509_parser::x509::AlgorithmIdentifier;

/// The certificate's hash, by its signature's hash function; `None` where RFC 5929 4.1 defines none
/// (Ed25519), and then there is no binding.
pub(super) fn server_end_point(certificate: &CertificateDer<'_>) -> Option<Vec<u8>> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let hash = signature_hash(&parsed.signature_algorithm)?;
    Some(digest::digest(hash, certificate).as_ref().to_vec())
}

/// MD5 and SHA-1 stand for SHA-256 (RFC 5929 4.1).
fn signature_hash(signature: &AlgorithmIdentifier<'_>) -> Option<&'static digest::Algorithm> {
    let algorithm = &signature.algorithm;
    if *algorithm == oid::OID_PKCS1_RSASSAPSS {
        let parameters = RsaSsaPssParams::try_from(signature.parameters.as_ref()?).ok()?;
        let hash = parameters.hash_algorithm_oid();
        return match () {
            () if *hash == oid::OID_NIST_HASH_SHA512 => Some(&digest::SHA512),
            () if *hash == oid::OID_NIST_HASH_SHA384 => Some(&digest::SHA384),
            () => Some(&digest::SHA256),
        };
    }
    let by_hash: [(&[oid::Oid<'_>], &'static digest::Algorithm); 3] = [
        (
            &[
                oid::OID_PKCS1_MD5WITHRSAENC,
                oid::OID_PKCS1_SHA1WITHRSA,
                oid::OID_PKCS1_SHA256WITHRSA,
                oid::OID_SIG_ECDSA_WITH_SHA256,
            ],
            &digest::SHA256,
        ),
        (&[oid::OID_PKCS1_SHA384WITHRSA, oid::OID_SIG_ECDSA_WITH_SHA384], &digest::SHA384),
        (&[oid::OID_PKCS1_SHA512WITHRSA, oid::OID_SIG_ECDSA_WITH_SHA512], &digest::SHA512),
    ];
    by_hash.into_iter().find(|(oids, _)| oids.contains(algorithm)).map(|(_, hash)| hash)
}
