//! The upstream, reached and read as control will.

use lazaret_config::{Problem, UpstreamHost};
use lazaret_link::UpstreamTlsMode;
use lazaret_policy::Preset;
use lazaret_upstream::{CatalogError, CatalogReader};

use super::Subject;

pub(super) fn problems(subject: &Subject) -> Vec<Problem> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let asked = match runtime {
        Ok(runtime) => runtime.block_on(ask(subject)),
        Err(error) => return vec![refusal(subject, &error.to_string(), "free some resources")],
    };
    asked
        .err()
        .map(|error| refusal(subject, &error.to_string(), error.mend()))
        .into_iter()
        .collect()
}

/// A transparent resource is connected to; of any other, each database's catalog is read.
async fn ask(subject: &Subject) -> Result<(), CatalogError> {
    let upstream = &subject.config.upstream;
    let reader = CatalogReader::new(upstream)?;
    if subject.config.policy.preset == Preset::Transparent {
        return reader.try_connect(&upstream.database).await;
    }
    for database in &upstream.databases {
        reader.read(database).await?;
    }
    Ok(())
}

fn refusal(subject: &Subject, message: &str, mend: &str) -> Problem {
    subject.source.problem(&["upstream", "url"], message, mend)
}

/// What may be overheard on the way to the upstream, or passed off as it.
pub(super) fn note(subject: &Subject) -> Option<String> {
    let upstream = &subject.config.upstream;
    let UpstreamHost::Tcp { host, .. } = &upstream.host else { return None };
    let is_local =
        host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    match upstream.tls {
        _ if is_local => None,
        UpstreamTlsMode::Disable => Some("the way to the upstream is not encrypted".to_owned()),
        UpstreamTlsMode::Require => Some("the upstream's certificate is not verified".to_owned()),
        UpstreamTlsMode::VerifyCa | UpstreamTlsMode::VerifyFull => None,
    }
}
