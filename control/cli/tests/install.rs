//! `lazaret init` and `lazaret token`, run as a user runs them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

fn lazaret(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lazaret")).args(arguments).output().unwrap()
}

fn init(dir: &str, more: &[&str]) -> Output {
    let mut arguments =
        vec!["init", "--dir", dir, "--upstream", "postgres://svc:hunter2@127.0.0.1:5432/clinic"];
    arguments.extend(more);
    lazaret(&arguments)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn init_makes_a_whole_folder_with_its_secrets_closed() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("gateway");
    let made = init(dir.to_str().unwrap(), &[]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    for path in ["policy", "tls/ca.pem", "tls/server.pem", "run", "segments", "shipped"] {
        assert!(dir.join(path).exists(), "{path}");
    }
    let private = [
        "lazaret.toml",
        "state.db",
        "tls/server.key",
        "keys/development-issuer.pem",
        "keys/commitment.key",
        "keys/seal.key",
        "keys/upstream.password",
    ];
    for path in private {
        assert_eq!(mode(&dir.join(path)), 0o600, "{path}");
    }
    for path in ["keys", "segments", "shipped"] {
        assert_eq!(mode(&dir.join(path)), 0o700, "{path}");
    }
    let trust: Value =
        serde_json::from_slice(&std::fs::read(dir.join("trust.json")).unwrap()).unwrap();
    assert_eq!(trust["nodes"], json!(["lazaret"]));
    assert!(trust["keys"][0].as_str().unwrap().starts_with(trust["origin"].as_str().unwrap()));
    let config = std::fs::read_to_string(dir.join("lazaret.toml")).unwrap();
    assert!(!config.contains("hunter2"));
    assert!(!text(&made.stdout).contains("hunter2"));
}

#[test]
fn init_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("kept"), "as it was").unwrap();
    let refused = init(folder.path().to_str().unwrap(), &[]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("is not empty"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_that_can_not_be_written_is_refused_with_the_mend() {
    // Nobody makes files there, root included.
    let made = init("/proc/gateway", &[]);
    assert_eq!(made.status.code(), Some(1));
    let told = text(&made.stderr);
    assert!(told.contains("/proc/gateway cannot be made") && told.contains("mend: "), "{told}");
}

#[test]
fn init_takes_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let made = init(folder.path().to_str().unwrap(), &["--port-base", "9100"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let config = std::fs::read_to_string(folder.path().join("lazaret.toml")).unwrap();
    for port in ["127.0.0.1:9100", "127.0.0.1:9148", "127.0.0.1:9158"] {
        assert!(config.contains(port), "{port}");
    }
}

#[test]
fn wrong_usage_exits_64_and_shows_no_password() {
    let url = "mysql://svc:hunter2@127.0.0.1/clinic";
    let cases: [&[&str]; 5] = [
        &[],
        &["nonsense"],
        &["init", "--dir", "/nonexistent/x", "--upstream", url],
        &["token", "--dir", "/nonexistent/x", "--subject", "s"],
        &["token", "--dir", "/nonexistent/x", "--subject", "s", "--groups", "g", "--ttl", "soon"],
    ];
    for arguments in cases {
        let refused = lazaret(arguments);
        assert_eq!(refused.status.code(), Some(64), "{arguments:?}");
        assert!(!text(&refused.stderr).contains("hunter2"), "{arguments:?}");
        assert!(refused.stdout.is_empty(), "{arguments:?}");
    }
    assert_eq!(lazaret(&["--help"]).status.code(), Some(0));
}

#[test]
fn a_token_is_printed_alone_with_a_warning_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("gateway");
    let dir = dir.to_str().unwrap();
    assert!(init(dir, &["--port-base", "9200"]).status.success());
    let more = r#"{"job":{"id":7},"jti":"fixed"}"#;
    let minted = lazaret(&[
        "token",
        "--dir",
        dir,
        "--subject",
        "ci-agent",
        "--groups",
        "agents,nightly",
        "--ttl",
        "90s",
        "--claims",
        more,
    ]);
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    assert!(text(&minted.stderr).contains("development issuer"));
    let printed = text(&minted.stdout);
    let token = printed.strip_suffix('\n').unwrap();
    assert!(!token.contains(char::is_whitespace));
    let [header, claims, _signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let part = |part: &str| -> Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let jwks = std::fs::read(Path::new(dir).join("keys/development-issuer.jwks.json")).unwrap();
    let jwks: Value = serde_json::from_slice(&jwks).unwrap();
    assert_eq!(part(header), json!({"alg": "EdDSA", "typ": "JWT", "kid": jwks["keys"][0]["kid"]}));
    let claims = part(claims);
    assert_eq!(claims["iss"], "http://127.0.0.1:9248");
    assert_eq!(claims["aud"], "lazaret");
    assert_eq!(claims["sub"], "ci-agent");
    assert_eq!(claims["groups"], json!(["agents", "nightly"]));
    assert_eq!(claims["job"], json!({"id": 7}));
    assert_eq!(claims["jti"], "fixed");
    assert_eq!(claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap(), 90);
}

#[test]
fn no_token_is_minted_without_a_development_issuer() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    assert!(init(dir, &[]).status.success());
    let path = folder.path().join("lazaret.toml");
    let config = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, config.replace("development = true", "development = false")).unwrap();
    let refused = lazaret(&["token", "--dir", dir, "--subject", "s", "--groups", "g"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(refused.stdout.is_empty());
}
