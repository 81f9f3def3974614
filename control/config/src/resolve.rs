//! From what the file says to what it means: the one look at the world.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use lazaret_audit::{MAX_SEGMENT_BYTES, MIN_SEGMENT_BYTES, Role, VerifierKey};
use lazaret_detectors::Class;
use lazaret_link::{Secret, Tokens};
use lazaret_policy::{DeclaredClass, Mask, Preset};

use crate::class_name;
use crate::config::{
    Config, Issuer, Limits, Listen, Policy, Recording, ServerTls, Upstream, Witness,
};
use crate::file::{File, IssuerSection};
use crate::world::{Machine, World};
use crate::{Layout, Problem, Problems, Source, UpstreamUrl};

/// sockaddr_un holds 108 bytes with the terminating zero (unix(7)).
const UNIX_PATH_BYTES: usize = 107;

const SEGMENT_BYTES: RangeInclusive<u64> = MIN_SEGMENT_BYTES..=MAX_SEGMENT_BYTES;

/// Other readers of the evidence take 64 signatures, of which one is the log's.
const WITNESSES: usize = 32;

/// Longer than any policy or claim needs; goes into file names and segment headers.
const NAME_BYTES: usize = 64;

/// Reads, parses and resolves the configuration of one folder.
pub fn load(layout: Layout) -> Result<(Config, Source), Problems> {
    let path = layout.config();
    let text = Machine.read(&path).map_err(|error| {
        let mend = "run `lazaret init` first, or name another folder with --dir";
        Problem::with_file(&path, format!("cannot be read: {error}"), mend)
    })?;
    let source = Source::new(path, text);
    let file = File::parse(&source)?;
    let config = resolve(&file, &source, layout, &Machine)?;
    Ok((config, source))
}

/// Finds every problem before it gives up.
pub fn resolve(
    file: &File,
    source: &Source,
    layout: Layout,
    world: &dyn World,
) -> Result<Config, Problems> {
    let mut resolver = Resolver { file, source, layout: &layout, world, problems: Vec::new() };
    let node = resolver.name(&["node", "name"], &file.node.name);
    let tls = resolver.tls();
    let listen = resolver.listen();
    let issuers = resolver.issuers();
    resolver.development_issuers(listen.as_ref());
    let upstream = resolver.upstream();
    let mut declared = resolver.classes();
    let masks = resolver.masks(&mut declared);
    let recording = resolver.recording();
    let tokens = resolver.tokens();
    let limits = resolver.limits();
    let commitment_key = resolver.commitment_key();
    let mut problems = resolver.problems;
    let site = file.detectors.resolve(source, layout.folder(), world, &mut problems);
    problems
        .sort_by_key(|problem| problem.place.map_or((usize::MAX, 0), |at| (at.line, at.column)));
    let policy = Policy {
        preset: file.policy.preset,
        folder: layout.path(&file.policy.folder),
        masks,
        declared,
    };
    match (node, tls, listen, upstream, commitment_key) {
        (Some(node), Some(tls), Some(listen), Some(upstream), Some(commitment_key))
            if problems.is_empty() =>
        {
            Ok(Config {
                layout,
                node,
                listen,
                tls,
                issuers,
                upstream,
                policy,
                site,
                recording,
                limits,
                commitment_key,
                tokens,
            })
        }
        _ => Err(Problems(problems)),
    }
}

/// Whether a node or a resource can be called so.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
    !name.is_empty() && name.len() <= NAME_BYTES && name.bytes().all(plain)
}

/// Where a step can't give its part, it has pushed a problem and gives `None`.
struct Resolver<'a> {
    file: &'a File,
    source: &'a Source,
    layout: &'a Layout,
    world: &'a dyn World,
    problems: Vec<Problem>,
}

impl Resolver<'_> {
    fn refuse(&mut self, keys: &[&str], message: impl Into<String>, mend: impl Into<String>) {
        self.problems.push(self.source.problem(keys, message, mend));
    }

    fn name(&mut self, keys: &[&str], name: &str) -> Option<String> {
        if is_name(name) {
            return Some(name.to_owned());
        }
        let mend = format!("use letters, digits, `.` and `_`, at most {NAME_BYTES}");
        self.refuse(keys, format!("`{name}` can't be a name"), mend);
        None
    }

    fn address(&mut self, keys: &[&str], text: &str) -> Option<SocketAddr> {
        match text.parse::<SocketAddr>() {
            Ok(address) if address.port() != 0 => Some(address),
            _ => {
                let mend = "write an IP address and a port, such as \"127.0.0.1:7432\"";
                self.refuse(keys, format!("`{text}` is not an address"), mend);
                None
            }
        }
    }

    /// A text file that a key names.
    fn text(&mut self, keys: &[&str], path: &Path) -> Option<String> {
        match self.world.read(path) {
            Ok(text) => Some(text),
            Err(error) => {
                let mend = "correct the path, or make the file readable for this user";
                self.refuse(keys, format!("{} cannot be read: {error}", path.display()), mend);
                None
            }
        }
    }

    fn tls(&mut self) -> Option<Option<ServerTls>> {
        let Some(section) = &self.file.tls else {
            return Some(None);
        };
        let certificate_path = self.layout.path(&section.certificate);
        let private_key_path = self.layout.path(&section.private_key);
        let certificate_chain = self.text(&["tls", "certificate"], &certificate_path);
        let private_key = self.text(&["tls", "private_key"], &private_key_path);
        Some(Some(ServerTls {
            certificate_path,
            certificate_chain: certificate_chain?,
            private_key_path,
            private_key: Secret::new(private_key?),
        }))
    }

    fn listen(&mut self) -> Option<Listen> {
        let section = &self.file.listen;
        let postgres: Vec<SocketAddr> = section
            .postgres
            .iter()
            .enumerate()
            .filter_map(|(index, text)| {
                self.address(&["listen", "postgres", &index.to_string()], text)
            })
            .collect();
        let port = postgres.first().map_or(7432, SocketAddr::port);
        let unix = section.unix_socket_folder.as_deref().and_then(|folder| {
            let path = self.layout.path(folder).join(format!(".s.PGSQL.{port}"));
            self.unix_path(&["listen", "unix_socket_folder"], path)
        });
        self.unix_path(&["listen"], self.layout.control_socket());
        if section.postgres.is_empty() && section.unix_socket_folder.is_none() {
            let mend = "name an address in `postgres`, or a `unix_socket_folder`";
            self.refuse(&["listen"], "nothing to listen on", mend);
        }
        if !postgres.is_empty() && self.file.tls.is_none() && !section.allow_plaintext {
            let mend = "add a [tls] section; or, on a network you trust, allow_plaintext = true";
            let message = "TCP clients need TLS, and there is no certificate";
            self.refuse(&["listen", "postgres"], message, mend);
        }
        let control = self.address(&["listen", "control"], &section.control);
        let metrics = self.address(&["listen", "metrics"], &section.metrics);
        let listen = Listen {
            postgres,
            unix,
            allow_plaintext: section.allow_plaintext,
            control: control?,
            metrics: metrics?,
        };
        self.ports(&listen);
        Some(listen)
    }

    /// No two listeners want the same port.
    fn ports(&mut self, listen: &Listen) {
        let all = listen.addresses();
        for (at, (keys, address)) in all.iter().enumerate() {
            let taken = all[..at].iter().find(|(_, earlier)| overlap(*earlier, *address));
            if let Some((earlier, _)) = taken {
                let (name, earlier) = (keys.join("."), earlier.join("."));
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                let port = address.port();
                let message = format!("`{name}` wants port {port}, which `{earlier}` has");
                self.refuse(&keys, message, "give each listener a port of its own");
            }
        }
    }

    fn unix_path(&mut self, keys: &[&str], path: PathBuf) -> Option<PathBuf> {
        if path.as_os_str().len() <= UNIX_PATH_BYTES {
            return Some(path);
        }
        let message = format!("{} is longer than a Unix socket's path may be", path.display());
        self.refuse(
            keys,
            message,
            format!("at most {UNIX_PATH_BYTES} bytes: use a shorter folder"),
        );
        None
    }

    fn issuers(&mut self) -> Vec<Issuer> {
        let file = self.file;
        if file.identity.issuers.is_empty() {
            let mend = "add [[identity.issuers]] with `url` and `audience`";
            self.refuse(&["identity", "issuers"], "nobody can be let in without an issuer", mend);
        }
        let mut issuers: Vec<Issuer> = Vec::new();
        for (index, section) in file.identity.issuers.iter().enumerate() {
            let issuer = self.issuer(&index.to_string(), section);
            let same =
                |other: &Issuer| other.url == issuer.url && other.audience == issuer.audience;
            if issuers.iter().any(same) {
                let keys = ["identity", "issuers", &index.to_string(), "url"];
                self.refuse(&keys, "this issuer and audience stand twice", "remove one of the two");
            }
            issuers.push(issuer);
        }
        issuers
    }

    fn issuer(&mut self, index: &str, section: &IssuerSection) -> Issuer {
        let keys = |key| ["identity", "issuers", index, key];
        if !is_issuer_url(&section.url) {
            let mend = "write what the tokens' `iss` says: https://..., or http://127.0.0.1:PORT for one on \
                        this machine";
            self.refuse(&keys("url"), format!("`{}` can't be an issuer", section.url), mend);
        }
        if section.development && section.url.starts_with("https://") {
            let mend =
                "remove `development`, or write the http:// address that `lazaret init` wrote";
            let message = "an issuer on the network is no development issuer";
            self.refuse(&keys("url"), message, mend);
        }
        if section.audience.is_empty() {
            let mend = "write what the tokens' `aud` contains for this gateway";
            self.refuse(&keys("audience"), "the audience is empty", mend);
        }
        let mut issuer = section.issuer();
        issuer.root_certificates = section
            .root_certificates
            .as_deref()
            .and_then(|path| self.text(&keys("root_certificates"), &self.layout.path(path)));
        if issuer.groups_claim.iter().any(String::is_empty) {
            let mend = "write a claim's name, or a path such as realm_access.roles";
            self.refuse(&keys("groups_claim"), "the claim's path has an empty part", mend);
        }
        if section.clock_skew_s > 600 {
            let mend = "keep the clocks in order and write 600 or less";
            self.refuse(&keys("clock_skew_s"), "so much skew makes expiry meaningless", mend);
        }
        issuer
    }

    /// Control serves a development issuer where it listens, and asks it there.
    fn development_issuers(&mut self, listen: Option<&Listen>) {
        let (file, Some(listen)) = (self.file, listen) else { return };
        let control = listen.control;
        for (index, section) in file.identity.issuers.iter().enumerate() {
            let url = section.url.as_str();
            let elsewhere = is_issuer_url(url) && !is_served_at(url, control);
            if !section.development || url.starts_with("https://") || !elsewhere {
                continue;
            }
            let message = format!(
                "control serves the development issuer on `listen.control`, {control}, and not at this URL"
            );
            let mend = match control.ip() {
                ip if ip.is_loopback() => format!("write url = \"http://{control}\""),
                ip if ip.is_unspecified() => {
                    format!("write url = \"http://127.0.0.1:{}\"", control.port())
                }
                _ => {
                    "let control listen on 127.0.0.1, or name your pipeline's own issuer".to_owned()
                }
            };
            let keys = ["identity", "issuers", &index.to_string(), "url"];
            self.refuse(&keys, message, mend);
        }
    }

    fn upstream(&mut self) -> Option<Upstream> {
        let section = &self.file.upstream;
        let name = self.name(&["upstream", "name"], &section.name);
        let password = self.password();
        let root_certificates = section.root_certificates.as_deref().and_then(|path| {
            self.text(&["upstream", "root_certificates"], &self.layout.path(path))
        });
        let url = match UpstreamUrl::parse(&section.url) {
            Ok(url) => url,
            Err(error) => {
                self.refuse(&["upstream", "url"], error.to_string(), error.mend());
                return None;
            }
        };
        self.url_holds_only_the_address(&url);
        let database = url.database.unwrap_or_else(|| url.user.clone());
        let databases = self.databases(&database);
        let transparent = self.file.policy.preset == Preset::Transparent;
        if section.pass_user && !transparent {
            let mend = "remove it, or use preset transparent on a resource without PHI";
            let message = "pass_user hands the database's own rights to whoever names a user";
            self.refuse(&["upstream", "pass_user"], message, mend);
        }
        Some(Upstream {
            name: name?,
            host: url.host,
            user: url.user,
            password,
            tls: section.sslmode,
            root_certificates,
            databases,
            database,
            pass_user: section.pass_user,
        })
    }

    fn url_holds_only_the_address(&mut self, url: &UpstreamUrl) {
        let keys = ["upstream", "url"];
        if url.password.is_some() {
            let mend = "move it to a file named by `password_file`";
            self.refuse(&keys, "the URL holds a password", mend);
        }
        if url.tls.is_some() || url.root_certificates.is_some() {
            let mend = "write `sslmode` and `root_certificates` as keys of their own";
            self.refuse(&keys, "the URL holds TLS settings", mend);
        }
    }

    fn password(&mut self) -> Option<Secret> {
        let section = &self.file.upstream;
        let ways = [
            section.password.is_some(),
            section.password_env.is_some(),
            section.password_file.is_some(),
        ];
        if ways.into_iter().filter(|way| *way).count() > 1 {
            let mend = "keep one of `password`, `password_env` and `password_file`";
            self.refuse(&["upstream"], "the password is given in more than one way", mend);
            return None;
        }
        if let Some(variable) = &section.password_env {
            let value = self.world.variable(variable);
            if value.is_none() {
                let message = format!("the environment has no variable {variable}");
                let mend = "set it where `lazaret up` starts";
                self.refuse(&["upstream", "password_env"], message, mend);
            }
            return value.map(Secret::new);
        }
        if let Some(path) = &section.password_file {
            let text = self.text(&["upstream", "password_file"], &self.layout.path(path))?;
            return Some(Secret::new(text.lines().next().unwrap_or_default().to_owned()));
        }
        section.password.clone()
    }

    fn databases(&mut self, own: &str) -> Vec<String> {
        let Some(named) = &self.file.upstream.databases else {
            return vec![own.to_owned()];
        };
        let keys = ["upstream", "databases"];
        if named.is_empty() {
            let mend = "name the databases that clients may ask for, or remove the key";
            self.refuse(&keys, "no database may be asked for", mend);
        }
        if !named.iter().any(|name| name == "*") {
            return named.clone();
        }
        if named.len() > 1 {
            self.refuse(&keys, "`*` stands beside other names", "keep either");
        }
        if self.file.policy.preset != Preset::Transparent {
            let mend = "name the databases: control reads and classifies each of them";
            self.refuse(&keys, "`*` goes with preset transparent only", mend);
        }
        Vec::new()
    }

    fn classes(&mut self) -> Vec<DeclaredClass> {
        let mut declared = Vec::new();
        for (name, class) in &self.file.classes {
            let Some([schema, relation, column]) = class_name::split(name) else {
                let mend = "write \"schema.relation.column\", or \"schema.relation.*\"";
                self.refuse(&["classes", name], format!("`{name}` names no column"), mend);
                continue;
            };
            if Class::from_name(class).is_none() {
                let mend = "write clear, date, age, zip, or the name of an identifier (REFERENCE.md lists them)";
                self.refuse(&["classes", name], format!("`{class}` is no class"), mend);
                continue;
            }
            let class = class.clone();
            declared.push(DeclaredClass { schema, relation, column, class, mask: None });
        }
        declared
    }

    /// Those of classes; a column's go to what is declared of it.
    fn masks(&mut self, declared: &mut Vec<DeclaredClass>) -> BTreeMap<String, Mask> {
        let preset = self.file.policy.preset;
        let mut by_class = BTreeMap::new();
        for (name, mask) in &self.file.masks {
            let keys = ["masks", name.as_str()];
            let Some(mask) = Mask::from_name(mask) else {
                let known = Mask::ALL.map(Mask::name).join(", ");
                self.refuse(&keys, format!("`{mask}` is no mask"), format!("write one of {known}"));
                continue;
            };
            let column = class_name::split(name);
            let class = match &column {
                Some([schema, relation, column]) => declared
                    .iter()
                    .find(|of| (&of.schema, &of.relation, &of.column) == (schema, relation, column))
                    .and_then(|of| Class::from_name(&of.class)),
                None => Class::from_name(name).filter(|class| class.is_masked()),
            };
            if column.is_none() && class.is_none() {
                let mend =
                    "write a class that is masked, such as ssn, or \"schema.relation.column\"";
                self.refuse(&keys, format!("`{name}` is neither a class nor a column"), mend);
                continue;
            }
            if class == Some(Class::Clear) {
                let mend = "keep one of the two";
                self.refuse(&keys, format!("`{name}` is declared clear in [classes]"), mend);
            } else if let Err(refusal) = preset.check(mask, class) {
                self.refuse(&keys, refusal.message, refusal.mend);
            }
            match column {
                Some([schema, relation, column]) => {
                    let (class, mask) = (String::new(), Some(mask));
                    declared.push(DeclaredClass { schema, relation, column, class, mask });
                }
                None => drop(by_class.insert(name.clone(), mask)),
            }
        }
        by_class
    }

    /// The key is the data plane's to read.
    fn tokens(&mut self) -> Tokens {
        let section = &self.file.tokens;
        if !(1..=3_650).contains(&section.date_shift_days) {
            let message = format!("{} is out of range", section.date_shift_days);
            self.refuse(&["tokens", "date_shift_days"], message, "write a number from 1 to 3650");
        }
        Tokens {
            key_path: self.layout.mask_key(),
            key: None,
            scope: section.scope,
            date_shift_days: section.date_shift_days,
        }
    }

    fn recording(&mut self) -> Recording {
        let section = &self.file.recording;
        if !SEGMENT_BYTES.contains(&section.segment_bytes)
            || !section.segment_bytes.is_multiple_of(4096)
        {
            let mend = format!(
                "write a multiple of 4096 from {} to {}",
                SEGMENT_BYTES.start(),
                SEGMENT_BYTES.end()
            );
            self.refuse(&["recording", "segment_bytes"], "no size for a segment", mend);
        }
        if section.rotate_after_s == 0 {
            let mend = "write a number of seconds from 1";
            self.refuse(&["recording", "rotate_after_s"], "segments would rotate for ever", mend);
        }
        Recording {
            durability: section.durability,
            segment_bytes: section.segment_bytes,
            rotate_after_s: section.rotate_after_s,
            folder: self.layout.path(&section.folder),
            ship_to: self.layout.path(&section.ship_to),
            shards: section.shards,
            witnesses: self.witnesses(),
        }
    }

    fn witnesses(&mut self) -> Vec<Witness> {
        let sections = &self.file.recording.witness;
        if sections.len() > WITNESSES {
            let message = format!("a checkpoint has {WITNESSES} cosignatures at most");
            self.refuse(&["recording", "witness"], message, "remove some of them");
        }
        let mut witnesses: Vec<Witness> = Vec::new();
        for (index, section) in sections.iter().enumerate() {
            let index = index.to_string();
            let keys = |key| ["recording", "witness", &index, key];
            if !is_url(&section.url) {
                let mend =
                    "write http:// or https://, a host, and a port unless it is the usual one";
                self.refuse(&keys("url"), format!("`{}` is no witness's URL", section.url), mend);
            }
            let key = section.key.parse::<VerifierKey>();
            match key.map_err(|error| error.to_string()) {
                Ok(key) if key.role() != Role::Witness => {
                    let mend = "copy the line that `lazaret witness` prints first";
                    self.refuse(&keys("key"), "this is a log's key, and no witness's", mend);
                }
                Ok(key) if witnesses.iter().any(|other| other.key == key) => {
                    self.refuse(&keys("key"), "this witness stands twice", "remove one of the two");
                }
                Ok(key) => witnesses.push(Witness { url: section.url.clone(), key }),
                Err(error) => {
                    let mend = "copy the line that `lazaret witness` prints first";
                    self.refuse(&keys("key"), format!("not a witness's key: {error}"), mend);
                }
            }
        }
        witnesses
    }

    fn limits(&mut self) -> Limits {
        let section = &self.file.limits;
        self.in_range("startup_timeout_ms", section.startup_timeout_ms, 100..=600_000);
        self.in_range("idle_timeout_ms", section.idle_timeout_ms, 1_000..=604_800_000);
        self.in_range("max_sessions", u64::from(section.max_sessions), 1..=1_000_000);
        self.in_range("lease_ms", section.lease_ms, 1_000..=600_000);
        self.in_range("drain_ms", section.drain_ms, 0..=3_600_000);
        Limits {
            startup_timeout_ms: section.startup_timeout_ms,
            idle_timeout_ms: section.idle_timeout_ms,
            max_sessions: section.max_sessions,
            lease_ms: section.lease_ms,
            drain_ms: section.drain_ms,
        }
    }

    fn in_range(&mut self, key: &str, value: u64, range: RangeInclusive<u64>) {
        if !range.contains(&value) {
            let mend = format!("write a number from {} to {}", range.start(), range.end());
            self.refuse(&["limits", key], format!("{value} is out of range"), mend);
        }
    }

    fn commitment_key(&mut self) -> Option<Secret> {
        let path = self.layout.commitment_key();
        match self.world.read(&path) {
            Ok(text) if text.trim().len() >= 32 => Some(Secret::new(text.trim().to_owned())),
            Ok(_) => {
                let mend =
                    "restore it from a backup; commitments made under another key can't be opened";
                self.problems.push(Problem::with_file(&path, "is no key", mend));
                None
            }
            Err(error) => {
                let mend = "restore it from a backup, or run `lazaret init` for a new folder";
                let message = format!("cannot be read: {error}");
                self.problems.push(Problem::with_file(&path, message, mend));
                None
            }
        }
    }
}

/// OpenID Connect Discovery 1.0, section 2: https, no query, no fragment. Plain http only where no
/// network lies between.
fn is_issuer_url(url: &str) -> bool {
    let plain = url.strip_prefix("http://");
    let is_near = |rest: &str| is_loopback(rest.split('/').next().unwrap_or_default());
    is_url(url) && plain.is_none_or(is_near)
}

/// An `https` or `http` URL without query, fragment and user.
fn is_url(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://").or(url.strip_prefix("http://")) else {
        return false;
    };
    let clean = !url.contains(['?', '#', '@']) && !url.contains(char::is_whitespace);
    clean && !rest.is_empty() && !rest.starts_with('/')
}

/// Whether control, which listens at `control`, answers at this `http://` URL of this machine.
fn is_served_at(url: &str, control: SocketAddr) -> bool {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()),
        _ => (authority, Some(80)),
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let (is_open, own) = (control.ip().is_unspecified(), control.ip());
    let answers = match bare.parse::<IpAddr>() {
        Ok(ip) => ip == own || is_open,
        Err(_) => own.is_loopback() || is_open,
    };
    answers && port == Some(control.port()) && path.is_empty()
}

/// Whether one address can't be listened on beside the other. Families are apart, for it depends on the
/// machine whether `[::]` takes `0.0.0.0` as well.
fn overlap(one: SocketAddr, other: SocketAddr) -> bool {
    let any = one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port()
        && one.is_ipv4() == other.is_ipv4()
        && (any || one.ip() == other.ip())
}

fn is_loopback(authority: &str) -> bool {
    if let Ok(address) = authority.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let host = authority.split(':').next().unwrap_or_default();
    host == "localhost"
        || authority.parse::<IpAddr>().or_else(|_| host.parse()).is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
