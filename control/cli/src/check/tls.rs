//! The certificate that clients will see.

use lazaret_config::{Config, Problem, ServerTls};
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Subject;

/// From here on a renewal should be under way.
const SHORT_DAYS: i64 = 21;

pub(super) fn problems(subject: &Subject) -> Vec<Problem> {
    let Some(tls) = &subject.config.tls else {
        return Vec::new();
    };
    match chain(tls) {
        Ok(chain) => [key_fits(tls, &chain), is_valid_now(tls, &chain)]
            .into_iter()
            .filter_map(Result::err)
            .collect(),
        Err(problem) => vec![problem],
    }
}

/// Says when the certificate ends, if that is soon.
pub(super) fn note(config: &Config) -> Option<String> {
    let tls = config.tls.as_ref()?;
    let chain = chain(tls).ok()?;
    let (_, certificate) = X509Certificate::from_der(chain.first()?).ok()?;
    let left = certificate.validity().not_after.to_datetime() - OffsetDateTime::now_utc();
    let days = left.whole_days();
    (0..=SHORT_DAYS).contains(&days).then(|| format!("the TLS certificate ends in {days} days"))
}

fn chain(tls: &ServerTls) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let chain: Result<Vec<_>, _> =
        CertificateDer::pem_slice_iter(tls.certificate_chain.as_bytes()).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(Problem::with_file(
            &tls.certificate_path,
            "no certificate in PEM",
            "put the server's certificate here, and those of its authorities behind it",
        )),
    }
}

fn key_fits(tls: &ServerTls, chain: &[CertificateDer<'static>]) -> Result<(), Problem> {
    let key = PrivateKeyDer::from_pem_slice(tls.private_key.expose().as_bytes()).map_err(|_| {
        let mend = "put the certificate's private key here, without a passphrase";
        Problem::with_file(&tls.private_key_path, "no private key in PEM", mend)
    })?;
    let provider = aws_lc_rs::default_provider();
    CertifiedKey::from_der(chain.to_vec(), key, &provider).map(drop).map_err(|error| {
        let mend = "put certificate and private key of one pair in their places";
        Problem::with_file(&tls.private_key_path, error.to_string(), mend)
    })
}

fn is_valid_now(tls: &ServerTls, chain: &[CertificateDer<'static>]) -> Result<(), Problem> {
    let refuse =
        |message: String, mend| Err(Problem::with_file(&tls.certificate_path, message, mend));
    for der in chain {
        let Ok((_, certificate)) = X509Certificate::from_der(der) else {
            return refuse("a certificate can't be read".into(), "replace the file");
        };
        let (validity, subject) = (certificate.validity(), certificate.subject());
        let now = OffsetDateTime::now_utc();
        if validity.not_after.to_datetime() < now {
            let message = format!("{subject} ended on {}", validity.not_after);
            return refuse(message, "renew the certificate");
        }
        if validity.not_before.to_datetime() > now {
            let message = format!("{subject} begins on {}", validity.not_before);
            return refuse(message, "set this machine's clock, or wait");
        }
    }
    Ok(())
}
