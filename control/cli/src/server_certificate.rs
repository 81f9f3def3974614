//! The self-signed TLS that a new installation starts with.

use std::time::SystemTime;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// Where a new installation can be reached.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Long enough for a trial; `lazaret check` warns before it ends.
const SERVER_DAYS: i64 = 397;
const AUTHORITY_DAYS: i64 = 3650;

/// PEM texts.
pub(crate) struct ServerCertificate {
    pub(crate) authority: String,
    pub(crate) certificate: String,
    pub(crate) private_key: String,
}

/// A server certificate, and the authority that signed it for clients to verify with. The
/// authority's key is dropped here, so that nobody can sign anything else with it.
pub(crate) fn make() -> Result<ServerCertificate, rcgen::Error> {
    let now = OffsetDateTime::from(SystemTime::now());
    let authority = CertifiedIssuer::self_signed(authority_params(now), KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let certificate = server_params(now)?.signed_by(&key, &authority)?;
    Ok(ServerCertificate {
        authority: authority.pem(),
        certificate: certificate.pem(),
        private_key: key.serialize_pem(),
    })
}

fn authority_params(now: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = common_name("Lazaret self-signed authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, now, AUTHORITY_DAYS);
    params
}

fn server_params(now: OffsetDateTime) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name = common_name("localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    valid_for(&mut params, now, SERVER_DAYS);
    Ok(params)
}

/// From an hour ago, for clocks that lag.
fn valid_for(params: &mut CertificateParams, now: OffsetDateTime, days: i64) {
    params.not_before = now - Duration::hours(1);
    params.not_after = now + Duration::days(days);
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name
}
