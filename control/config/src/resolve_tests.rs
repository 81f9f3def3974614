use std::collections::BTreeMap;
use std::io;

use lazaret_detectors::{Identifier, SiteCase, SiteCheck};

use super::*;
use crate::{Answers, template};

#[derive(Default)]
struct Fake {
    variables: BTreeMap<&'static str, &'static str>,
    files: BTreeMap<&'static str, &'static str>,
}

impl World for Fake {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).map(|value| (*value).to_owned())
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        let name = path.to_str().unwrap_or_default();
        self.files
            .get(name)
            .map(|text| (*text).to_owned())
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

fn machine() -> Fake {
    Fake {
        variables: [("PGPASS", "from the environment")].into(),
        files: [
            ("/d/keys/commitment.key", "0123456789abcdef0123456789abcdef\n"),
            ("/d/keys/upstream.password", "from a file\nsecond line\n"),
            ("/d/staff.txt", "Quentin Zoll\n\n  Ida Zoll \n"),
            ("/d/bad.txt", "Zoll\nZ\n"),
            ("/d/empty.txt", "\n"),
            ("/d/tls/server.pem", "certificate"),
            ("/d/tls/server.key", "key"),
        ]
        .into(),
    }
}

fn resolve_text(text: &str) -> Result<Config, Problems> {
    let source = Source::new("/d/lazaret.toml", text);
    let file = File::parse(&source)?;
    resolve(&file, &source, Layout::new(Path::new("/d")).unwrap(), &machine())
}

/// What is printed for a file that is wrong.
fn refusals(text: &str) -> String {
    match resolve_text(text) {
        Ok(_) => panic!("accepted"),
        Err(problems) => problems.to_string(),
    }
}

/// The least that is right; `more` stands in front of it.
fn with(more: &str) -> String {
    format!(
        r#"{more}
[tls]
certificate = "tls/server.pem"
private_key = "tls/server.key"
[[identity.issuers]]
url = "https://issuer.example"
audience = "lazaret"
[upstream]
url = "postgres://svc@db.example/main"
"#
    )
}

#[test]
fn what_is_left_out_has_safe_defaults() {
    let config = resolve_text(&with("")).unwrap();
    assert_eq!(config.listen.postgres, ["127.0.0.1:7432".parse::<SocketAddr>().unwrap()]);
    assert_eq!(config.listen.control.port(), 7480);
    assert_eq!(config.listen.metrics.port(), 7490);
    assert!(!config.listen.allow_plaintext);
    assert_eq!(config.upstream.tls, lazaret_link::UpstreamTlsMode::VerifyFull);
    assert_eq!(config.upstream.databases, ["main"]);
    assert_eq!(config.policy.preset, Preset::SafeHarbor);
    assert_eq!(config.recording.durability, lazaret_link::Durability::Process);
    assert_eq!(config.recording.folder, Path::new("/d/segments"));
    assert_eq!(config.limits.lease_ms, 60_000);
}

#[test]
fn a_password_comes_from_the_file_the_environment_or_a_file_of_its_own() {
    let password = |line: &str| {
        let config = resolve_text(&format!("{}{line}\n", with(""))).unwrap();
        config.upstream.password.unwrap().expose().to_owned()
    };
    assert_eq!(password("password = \"here\""), "here");
    assert_eq!(password("password_env = \"PGPASS\""), "from the environment");
    assert_eq!(password("password_file = \"keys/upstream.password\""), "from a file");
}

#[test]
fn no_refusal_quotes_a_password() {
    for line in ["password = 271828", "password = { env = \"271828\" }", "password = \"271828"] {
        let refusal = refusals(&format!("{}{line}\n", with("")));
        assert!(!refusal.contains("271828"), "{refusal}");
    }
    let url = with("").replace("svc@", "svc:271828@");
    assert!(!refusals(&url).contains("271828"));
}

#[test]
fn a_misspelt_key_is_named_with_its_place_and_the_right_one() {
    insta::assert_snapshot!(refusals(&with("[listen]\npostgress = []")), @r#"
    /d/lazaret.toml:2:1: unknown field `postgress`, expected one of `postgres`, `unix_socket_folder`, `allow_plaintext`, `control`, `metrics`
      mend: did you mean `postgres`?
    "#);
}

#[test]
fn a_misspelt_value_is_named_with_the_right_one() {
    insta::assert_snapshot!(refusals(&with("[policy]\npreset = \"safe-harbour\"")), @r#"
    /d/lazaret.toml:2:10: unknown variant `safe-harbour`, expected one of `safe-harbor`, `limited-data-set`, `expert`, `transparent`
      mend: did you mean "safe-harbor"?
    "#);
}

#[test]
fn a_missing_key_is_named() {
    let text = with("").replace("audience = \"lazaret\"\n", "");
    insta::assert_snapshot!(refusals(&text), @r#"
    /d/lazaret.toml:5:1: missing field `audience`
      mend: add `audience`; REFERENCE.md says what it holds
    "#);
}

#[test]
fn two_listeners_on_one_port_are_refused() {
    for (listen, expected) in [
        (
            "metrics = \"127.0.0.1:7480\"",
            "`listen.metrics` wants port 7480, which `listen.control` has",
        ),
        (
            "metrics = \"0.0.0.0:7480\"",
            "`listen.metrics` wants port 7480, which `listen.control` has",
        ),
        (
            "control = \"127.0.0.1:7432\"",
            "`listen.control` wants port 7432, which `listen.postgres.0` has",
        ),
        (
            "postgres = [\"0.0.0.0:7432\", \"10.0.0.1:7432\"]",
            "`listen.postgres.1` wants port 7432, which `listen.postgres.0` has",
        ),
    ] {
        let refusal = refusals(&with(&format!("[listen]\n{listen}")));
        assert!(refusal.contains(expected), "{refusal}");
        assert!(refusal.starts_with("/d/lazaret.toml:2:"), "{refusal}");
    }
    let apart = "postgres = [\"127.0.0.1:7432\", \"[::1]:7432\"]\nmetrics = \"127.0.0.2:7480\"";
    resolve_text(&with(&format!("[listen]\n{apart}"))).unwrap();
}

#[test]
fn a_development_issuer_where_control_does_not_listen_is_refused() {
    let with_issuer = |control: &str, url: &str| {
        let issuer = format!("url = \"{url}\"\ndevelopment = true");
        with(&format!("[listen]\ncontrol = \"{control}\""))
            .replace("url = \"https://issuer.example\"", &issuer)
    };
    for (control, url, mend) in [
        ("127.0.0.1:7500", "http://127.0.0.1:7480", "write url = \"http://127.0.0.1:7500\""),
        ("127.0.0.1:7480", "http://127.0.0.2:7480", "write url = \"http://127.0.0.1:7480\""),
        ("127.0.0.1:7480", "http://localhost", "write url = \"http://127.0.0.1:7480\""),
        ("127.0.0.1:7480", "http://localhost:7480/realm", "write url = \"http://127.0.0.1:7480\""),
        ("0.0.0.0:7500", "http://localhost:7480", "write url = \"http://127.0.0.1:7500\""),
        ("10.0.0.1:7480", "http://127.0.0.1:7480", "let control listen on 127.0.0.1"),
    ] {
        let refusal = refusals(&with_issuer(control, url));
        assert!(refusal.contains(mend), "{refusal}");
    }
    for (control, url) in [
        ("127.0.0.1:7480", "http://127.0.0.1:7480"),
        ("127.0.0.1:7480", "http://localhost:7480/"),
        ("[::1]:7480", "http://[::1]:7480"),
        ("0.0.0.0:7480", "http://127.0.0.1:7480"),
        ("127.0.0.1:80", "http://localhost"),
    ] {
        resolve_text(&with_issuer(control, url)).unwrap();
    }
}

#[test]
fn broken_toml_is_placed() {
    insta::assert_snapshot!(refusals("[node]\nname = \"a\nb\"\n"), @r#"
    /d/lazaret.toml:3:3: key with no value, expected `=`
      mend: mend the TOML syntax here
    "#);
}

#[test]
fn masks_are_asked_for_by_class_and_by_column() {
    let text = with(
        "[classes]\n\"public.patients.note\" = \"name\"\n[masks]\nssn = \"redact-fixed\"\n\
         \"public.patients.note\" = \"null\"",
    );
    let policy = resolve_text(&text).unwrap().policy;
    assert_eq!(policy.masks, [("ssn".to_owned(), Mask::RedactFixed)].into());
    let of_note: Vec<_> = policy.declared.iter().map(|of| (of.class.as_str(), of.mask)).collect();
    assert_eq!(of_note, [("name", None), ("", Some(Mask::Null))]);
}

#[test]
fn a_mask_that_can_not_be_had_is_refused_with_the_mend() {
    let masks = r#"[classes]
"public.patients.note" = "clear"
[masks]
ssn = "keep-last-4"
date = "zip3"
name = "hide"
clear = "redact"
"public.patients.note" = "null""#;
    insta::assert_snapshot!(refusals(&with(masks)), @r#"
    /d/lazaret.toml:4:7: `keep-last-4` leaves a part of an identifier, which preset safe-harbor has to remove (45 CFR 164.514)
      mend: choose redact; or, once an expert has determined that the risk is very small, preset = "expert"
    /d/lazaret.toml:5:8: `zip3` is no mask for class `date`
      mend: year and date-shift go with date, age-cap with age, zip3 with zip; keep-last-4, hmac, fpe and token with identifiers; redact, redact-fixed and null with all
    /d/lazaret.toml:6:8: `hide` is no mask
      mend: write one of redact, redact-fixed, keep-last-4, null, year, age-cap, zip3, hmac, fpe, date-shift, token
    /d/lazaret.toml:7:9: `clear` is neither a class nor a column
      mend: write a class that is masked, such as ssn, or "schema.relation.column"
    /d/lazaret.toml:8:26: `public.patients.note` is declared clear in [classes]
      mend: keep one of the two
    "#);
}

#[test]
fn every_problem_is_found_at_once() {
    let text = r#"
[node]
name = "a/b"
[listen]
postgres = ["localhost:7432", "127.0.0.1:0"]
control = "here"
unix_socket_folder = "run"
[tls]
certificate = "tls/absent.pem"
private_key = "tls/server.key"
[[identity.issuers]]
url = "http://issuer.example"
audience = ""
groups_claim = "a..b"
clock_skew_s = 86400
[upstream]
name = ""
url = "postgres://svc:secret@db.example/main?sslmode=require"
password_env = "UNSET"
databases = ["*"]
pass_user = true
[classes]
"patients.note" = "clear"
"public.patients.note" = "cleer"
[recording]
segment_bytes = 5
rotate_after_s = 0
[limits]
lease_ms = 1
max_sessions = 0
"#;
    insta::assert_snapshot!(refusals(text), @r#"
    /d/lazaret.toml:3:8: `a/b` can't be a name
      mend: use letters, digits, `.` and `_`, at most 64
    /d/lazaret.toml:5:13: `localhost:7432` is not an address
      mend: write an IP address and a port, such as "127.0.0.1:7432"
    /d/lazaret.toml:5:31: `127.0.0.1:0` is not an address
      mend: write an IP address and a port, such as "127.0.0.1:7432"
    /d/lazaret.toml:6:11: `here` is not an address
      mend: write an IP address and a port, such as "127.0.0.1:7432"
    /d/lazaret.toml:9:15: /d/tls/absent.pem cannot be read: entity not found
      mend: correct the path, or make the file readable for this user
    /d/lazaret.toml:12:7: `http://issuer.example` can't be an issuer
      mend: write what the tokens' `iss` says: https://..., or http://127.0.0.1:PORT for one on this machine
    /d/lazaret.toml:13:12: the audience is empty
      mend: write what the tokens' `aud` contains for this gateway
    /d/lazaret.toml:14:16: the claim's path has an empty part
      mend: write a claim's name, or a path such as realm_access.roles
    /d/lazaret.toml:15:16: so much skew makes expiry meaningless
      mend: keep the clocks in order and write 600 or less
    /d/lazaret.toml:17:8: `` can't be a name
      mend: use letters, digits, `.` and `_`, at most 64
    /d/lazaret.toml:18:7: the URL holds a password
      mend: move it to a file named by `password_file`
    /d/lazaret.toml:18:7: the URL holds TLS settings
      mend: write `sslmode` and `root_certificates` as keys of their own
    /d/lazaret.toml:19:16: the environment has no variable UNSET
      mend: set it where `lazaret up` starts
    /d/lazaret.toml:20:13: `*` goes with preset transparent only
      mend: name the databases: control reads and classifies each of them
    /d/lazaret.toml:21:13: pass_user hands the database's own rights to whoever names a user
      mend: remove it, or use preset transparent on a resource without PHI
    /d/lazaret.toml:23:19: `patients.note` names no column
      mend: write "schema.relation.column", or "schema.relation.*"
    /d/lazaret.toml:24:26: `cleer` is no class
      mend: write clear, date, age, zip, or the name of an identifier (REFERENCE.md lists them)
    /d/lazaret.toml:26:17: no size for a segment
      mend: write a multiple of 4096 from 73728 to 268435456
    /d/lazaret.toml:27:18: segments would rotate for ever
      mend: write a number of seconds from 1
    /d/lazaret.toml:29:12: 1 is out of range
      mend: write a number from 1000 to 600000
    /d/lazaret.toml:30:16: 0 is out of range
      mend: write a number from 1 to 1000000
    "#);
}

#[test]
fn tcp_without_a_certificate_is_refused_unless_plaintext_is_allowed() {
    let text = r#"
[listen]
postgres = ["127.0.0.1:7432"]
[[identity.issuers]]
url = "https://issuer.example"
audience = "lazaret"
[upstream]
url = "postgres://svc@db.example/main"
"#;
    insta::assert_snapshot!(refusals(text), @r#"
    /d/lazaret.toml:3:12: TCP clients need TLS, and there is no certificate
      mend: add a [tls] section; or, on a network you trust, allow_plaintext = true
    "#);
    let allowed = text.replace("[listen]", "[listen]\nallow_plaintext = true");
    assert!(resolve_text(&allowed).unwrap().tls.is_none());
}

#[test]
fn plain_http_is_for_issuers_on_this_machine() {
    for good in
        ["https://a.example/x", "http://127.0.0.1:7480", "http://[::1]:80", "http://localhost:1"]
    {
        assert!(is_issuer_url(good), "{good}");
    }
    for bad in [
        "http://a.example",
        "http://127.0.0.1.evil.example",
        "https://",
        "https://user@a.example",
        "https://a.example/?x",
        "ftp://a.example",
    ] {
        assert!(!is_issuer_url(bad), "{bad}");
    }
}

#[test]
fn the_template_resolves_for_every_preset_and_kind_of_upstream() {
    let presets = [Preset::SafeHarbor, Preset::LimitedDataSet, Preset::Expert, Preset::Transparent];
    let urls = [
        "postgres://svc:p@db.example:6432/ma%22in",
        "postgres://svc@127.0.0.1/db",
        "postgres://svc@/db?host=/run/postgresql",
    ];
    for preset in presets {
        for url in urls {
            let upstream = UpstreamUrl::parse(url).unwrap();
            let answers = Answers {
                node: "ward_7",
                upstream: &upstream,
                preset,
                port_base: 9000,
                allow_plaintext: false,
                pass_user: preset == Preset::Transparent,
            };
            let config = resolve_text(&template(&answers)).unwrap();
            assert_eq!(config.node, "ward_7");
            assert_eq!(config.policy.preset, preset);
            assert_eq!(config.upstream.host, upstream.host);
            assert_eq!(config.upstream.password.is_some(), upstream.password.is_some());
            assert_eq!(config.listen.postgres[0].port(), 9000);
            assert_eq!(config.listen.control.port(), 9048);
            assert_eq!(config.listen.metrics.port(), 9058);
            assert_eq!(config.issuers[0].url, "http://127.0.0.1:9048");
            assert!(config.issuers[0].development);
            let is_local = !url.contains("db.example");
            let disabled = config.upstream.tls == lazaret_link::UpstreamTlsMode::Disable;
            assert_eq!(disabled, is_local, "{url}");
        }
    }
}

#[test]
fn a_sites_patterns_and_dictionaries_are_read_with_their_files() {
    let detectors = r#"
[[detectors.pattern]]
name = "record"
expression = '\bKX-\d{6}\b'
identifier = "medical_record"
context = ["chart"]
check = "luhn"
[[detectors.dictionary]]
name = "staff"
file = "staff.txt"
identifier = "name"
case = "exact""#;
    let site = resolve_text(&with(detectors)).unwrap().site;
    let pattern = &site.patterns[0];
    assert_eq!((pattern.name.as_str(), pattern.check), ("record", Some(SiteCheck::Luhn)));
    assert_eq!(
        (pattern.identifier, &pattern.context[..]),
        (Identifier::MedicalRecord, &["chart".into()][..])
    );
    let staff = &site.dictionaries[0];
    assert_eq!(
        (&staff.terms[..], staff.case),
        (&["Quentin Zoll".into(), "Ida Zoll".into()][..], SiteCase::Exact)
    );
}

#[test]
fn a_pattern_or_a_dictionary_that_can_not_be_looked_for_is_refused_at_its_line() {
    let detectors = r#"[[detectors.pattern]]
name = "record"
expression = 'KX-\d+'
identifier = "medical_record"
[[detectors.pattern]]
name = "record"
expression = 'KX-(\d{6}'
identifier = "medical_record"
context = [""]
[[detectors.dictionary]]
name = "staff"
file = "bad.txt"
identifier = "name"
[[detectors.dictionary]]
name = "wards"
file = "empty.txt"
identifier = "name"
[[detectors.dictionary]]
name = "beds"
file = "absent.txt"
identifier = "name""#;
    insta::assert_snapshot!(refusals(&with(detectors)), @r#"
    /d/bad.txt:2:1: this is no term
      mend: write 2 characters at least and 128 bytes at most, or take the line away
    /d/lazaret.toml:3:14: the expression has no longest match
      mend: write a count in the place of * and +, such as {1,12}
    /d/lazaret.toml:6:8: `record` stands twice
      mend: name it otherwise: findings are told apart by it
    /d/lazaret.toml:7:14: unclosed group, at character 4 of the expression
      mend: write the syntax of Rust's regex crate; letters beyond ASCII in a class as (?u:[ÄÖ])
    /d/lazaret.toml:9:11: these can't be looked for near a match
      mend: write up to 16 words of up to 64 bytes, or none
    /d/lazaret.toml:16:8: the file holds no term
      mend: write one a line
    /d/lazaret.toml:20:8: /d/absent.txt cannot be read: entity not found
      mend: correct the path, or make the file readable for this user, in UTF-8
    "#);
    let unknown = "[[detectors.pattern]]\nname = \"x\"\nexpression = 'x'\nidentifier = \"mrn\"";
    insta::assert_snapshot!(refusals(&with(unknown)), @r#"
    /d/lazaret.toml:4:14: unknown variant `mrn`, expected one of `name`, `geography`, `date`, `telephone`, `fax`, `email`, `ssn`, `medical_record`, `health_plan`, `account`, `license`, `vehicle`, `device`, `url`, `ip_address`, `biometric`, `photograph`, `unique_code`
      mend: write one of the values that are listed
    "#);
}

#[test]
fn a_witness_has_a_url_and_a_key_of_its_own() {
    use lazaret_audit::SigningKey;
    let key = |name: &str, role| SigningKey::generate(name, role).unwrap().verifier().to_string();
    let witness = key("witness.example", Role::Witness);
    let section =
        |url: &str, key: &str| format!("[[recording.witness]]\nurl = {url:?}\nkey = {key:?}\n");
    let config = resolve_text(&with(&section("http://10.0.0.9:7499", &witness))).unwrap();
    assert_eq!(config.recording.witnesses.len(), 1);
    assert_eq!(config.recording.witnesses[0].key.to_string(), witness);
    assert_eq!(config.recording.witnesses[0].url, "http://10.0.0.9:7499");
    for (url, key, refusal) in [
        ("10.0.0.9:7499", witness.as_str(), "`10.0.0.9:7499` is no witness's URL"),
        ("https://", &witness, "is no witness's URL"),
        ("https://w.example/?a", &witness, "is no witness's URL"),
        ("https://w.example", &key("lazaret.example/log", Role::Log), "this is a log's key"),
        ("https://w.example", "rubbish", "not a witness's key"),
    ] {
        let told = refusals(&with(&section(url, key)));
        assert!(told.contains(refusal), "{told}");
    }
    let twice = section("https://w.example", &witness).repeat(2);
    assert!(refusals(&with(&twice)).contains("this witness stands twice"));
    let many: String = (0..33)
        .map(|at| section("https://w.example", &key(&format!("w{at}"), Role::Witness)))
        .collect();
    assert!(refusals(&with(&many)).contains("32 cosignatures at most"));
}
