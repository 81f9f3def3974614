//! What the data plane is told at its start.

use lazaret_config::{Config, UpstreamHost};
use lazaret_link::{ListenerTls, Settings, UpstreamTls};

pub(crate) fn settings(config: &Config, boot: u64) -> Settings {
    let upstream = &config.upstream;
    let (address, host_name) = match &upstream.host {
        UpstreamHost::Tcp { host, port } if host.contains(':') => {
            (format!("[{host}]:{port}"), host.clone())
        }
        UpstreamHost::Tcp { host, port } => (format!("{host}:{port}"), host.clone()),
        UpstreamHost::Unix { folder, port } => {
            let socket = folder.join(format!(".s.PGSQL.{port}"));
            (socket.to_string_lossy().into_owned(), "localhost".to_owned())
        }
    };
    Settings {
        node: config.node.clone(),
        boot,
        shards: config.recording.shards,
        durability: config.recording.durability,
        listen: config.listen.postgres.clone(),
        listen_unix: config.listen.unix.clone(),
        metrics_listen: config.listen.metrics,
        tls: config.tls.as_ref().map(|tls| ListenerTls {
            certificate_chain: tls.certificate_chain.clone(),
            private_key: tls.private_key.clone(),
        }),
        allow_plaintext: config.listen.allow_plaintext,
        resource: upstream.name.clone(),
        upstream: address,
        upstream_host_name: host_name,
        upstream_user: upstream.user.clone(),
        upstream_password: upstream.password.clone(),
        upstream_tls: UpstreamTls {
            mode: upstream.tls,
            root_certificates: upstream.root_certificates.clone(),
        },
        databases: upstream.databases.clone(),
        pass_user: upstream.pass_user,
        startup_timeout_ms: config.limits.startup_timeout_ms,
        idle_timeout_ms: config.limits.idle_timeout_ms,
        max_sessions: config.limits.max_sessions,
        lease_ms: config.limits.lease_ms,
        commitment_key: config.commitment_key.clone(),
        tokens: config.tokens.clone(),
        site: config.site.clone(),
    }
}
