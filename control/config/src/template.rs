//! The commented file that `lazaret init` writes.

use lazaret_link::UpstreamTlsMode;
use lazaret_policy::Preset;

use crate::{UpstreamHost, UpstreamUrl};

/// What init was told.
pub struct Answers<'a> {
    /// Names the data plane in evidence.
    pub node: &'a str,
    pub upstream: &'a UpstreamUrl,
    pub preset: Preset,
    /// PostgreSQL listens here, control 48 above, metrics 58 above.
    pub port_base: u16,
    pub allow_plaintext: bool,
    pub pass_user: bool,
}

impl Answers<'_> {
    pub fn control_port(&self) -> u16 {
        self.port_base.saturating_add(48)
    }

    pub fn metrics_port(&self) -> u16 {
        self.port_base.saturating_add(58)
    }

    /// What the tokens of the development issuer say as `iss`.
    pub fn issuer_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.control_port())
    }

    /// As the URL says. Where it says nothing, the server is verified, unless no network lies between.
    pub fn tls_mode(&self) -> UpstreamTlsMode {
        let local = match &self.upstream.host {
            UpstreamHost::Unix { .. } => true,
            UpstreamHost::Tcp { host, .. } => {
                host == "localhost"
                    || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
            }
        };
        let default = if local { UpstreamTlsMode::Disable } else { UpstreamTlsMode::VerifyFull };
        self.upstream.tls.unwrap_or(default)
    }
}

/// A working `lazaret.toml`. It holds no secret.
pub fn template(answers: &Answers<'_>) -> String {
    let node = toml_string(answers.node);
    let port = answers.port_base;
    let control_port = answers.control_port();
    let metrics_port = answers.metrics_port();
    let allow_plaintext = answers.allow_plaintext;
    let issuer = answers.issuer_url();
    let upstream = upstream_section(answers);
    let preset = answers.preset.name();
    format!(
        r#"# Lazaret. `lazaret check --dir .` says what is wrong with this file and how to mend it.
# Paths are relative to this folder. Changes to policies take effect at once, others at the next start.

[node]
# Names this gateway in evidence and in trust.json. Don't change it once there is any.
name = {node}

[listen]
# PostgreSQL clients connect here, with TLS and a token as the password.
postgres = ["127.0.0.1:{port}"]
# The same without TLS on a Unix socket in this folder: psql -h FOLDER -p {port}
unix_socket_folder = "run"
# true lets TCP clients go without TLS. Their tokens are then readable on the way.
allow_plaintext = {allow_plaintext}
# Health, control's metrics and the development issuer; and the data plane's Prometheus metrics.
# The development issuer's url below names control's port again: change both.
control = "127.0.0.1:{control_port}"
metrics = "127.0.0.1:{metrics_port}"

[tls]
# Self-signed by tls/ca.pem, for localhost, 127.0.0.1 and ::1. Put your own here.
certificate = "tls/server.pem"
private_key = "tls/server.key"

# A development issuer: `lazaret token` mints tokens for whoever can read keys/.
# Before real data comes near, replace it by your pipeline's own, for instance:
#   url = "https://token.actions.githubusercontent.com"
#   audience = "lazaret"
#   groups_claim = "repository_owner"
# and take `development = true` away, or control stays the issuer.
[[identity.issuers]]
url = "{issuer}"
audience = "lazaret"
groups_claim = "groups"
development = true

{upstream}
[policy]
# safe-harbor, limited-data-set, expert; or transparent, which permits everything and masks nothing.
preset = "{preset}"
# Every *.cedar file in it. Read again when one changes, or on SIGHUP to control.
folder = "policy"

# Columns whose names don't tell what they hold, or tell it in another language than English. The keys
# are "schema.relation.column", or "schema.relation.*" for all columns, as the catalog spells them:
# `lazaret check` refuses one that names no column. The values are clear (passes as it is, and is not even scanned), date, age,
# zip, or what is held: name, geography, telephone, fax, email, ssn, medical_record, health_plan,
# account, license, vehicle, device, url, ip_address, biometric, photograph, unique_code.
[classes]
# "public.patients.note" = "clear"
# "public.visits.code" = "unique_code"
# "public.personen.strasse" = "geography"

# Other masks than the preset's, for a class or for a column: redact, redact-fixed (as long for every
# value), null; year, age-cap and zip3 for dates, ages and ZIP codes; token, random and the same for equal
# values. With preset limited-data-set or expert also hmac, fpe and date-shift. REFERENCE.md says more.
[masks]
# ssn = "redact-fixed"
# "public.patients.note" = "null"

# What else is masked in text: numbers of your own by their look, and words of your own from a file, one a
# line. `lazaret detect --dir . FILE` tries it on a file. REFERENCE.md says more.
# [[detectors.pattern]]
# name = "our record numbers"
# expression = '\b[A-Z]{{2}}-\d{{6}}\b'
# identifier = "medical_record"
# [[detectors.dictionary]]
# name = "our staff"
# file = "staff.txt"
# identifier = "name"

[recording]
# process: what is recorded survives the death of a process. power: power loss as well, more slowly.
durability = "process"
# Where evidence is written, and where it is copied once sealed. Both folders have to exist.
folder = "segments"
ship_to = "shipped"

[limits]
# How long running sessions go on without control.
lease_ms = 60000
"#
    )
}

fn upstream_section(answers: &Answers<'_>) -> String {
    let url = answers.upstream.without_password();
    let sslmode = tls_mode_name(answers.tls_mode());
    let pass_user = answers.pass_user;
    let password = match answers.upstream.password {
        Some(_) => "password_file = \"keys/upstream.password\"".to_owned(),
        None => "# password_file = \"keys/upstream.password\"".to_owned(),
    };
    let roots = match &answers.upstream.root_certificates {
        Some(path) => format!("root_certificates = {}", toml_string(&path.to_string_lossy())),
        None => "# root_certificates = \"/etc/ssl/certs/ca-certificates.crt\"".to_owned(),
    };
    let databases = match answers.preset {
        Preset::Transparent => "databases = [\"*\"]".to_owned(),
        _ => {
            let own = answers.upstream.database.as_ref().unwrap_or(&answers.upstream.user);
            format!("databases = [{}]", toml_string(own))
        }
    };
    format!(
        r#"[upstream]
# The resource's name in policies and records.
name = "warehouse"
url = {url}
{password}
# disable, require, verify-ca, verify-full. On another machine nothing but verify-full is safe.
sslmode = "{sslmode}"
{roots}
# What clients may ask for.
{databases}
# True with preset transparent only: the client's user name goes upstream.
pass_user = {pass_user}
"#,
        url = toml_string(&url),
    )
}

fn tls_mode_name(mode: UpstreamTlsMode) -> &'static str {
    match mode {
        UpstreamTlsMode::Disable => "disable",
        UpstreamTlsMode::Require => "require",
        UpstreamTlsMode::VerifyCa => "verify-ca",
        UpstreamTlsMode::VerifyFull => "verify-full",
    }
}

fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
