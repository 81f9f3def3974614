//! Ed25519 keys in the forms of C2SP's signed note: who signs, and whom a verifier trusts.
//!
//! Text forms: `name+hash+base64(type || public key)` for verifiers, and
//! `PRIVATE+KEY+name+hash+base64(type || seed)` (that of Go's note package) for the signer's file.
//! The type is `0x01` for a log's key and `0x04` for a witness's.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::str::FromStr;

use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsBigEndian, Curve25519SeedBin};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// What a key signs, and so the form of its signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Role {
    /// Checkpoints of a log: Ed25519 over the text.
    Log = 0x01,
    /// Cosignatures, by a witness: over a time and the text.
    Witness = 0x04,
}

impl Role {
    fn from_number(number: u8) -> Option<Self> {
        [Self::Log, Self::Witness].into_iter().find(|&role| role as u8 == number)
    }
}

const PRIVATE_PREFIX: &str = "PRIVATE+KEY+";

/// No key file is longer.
const MAX_KEY_FILE_BYTES: u64 = 4096;

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("the key file can be read by others: chmod 600")]
    Mode,
    #[error("a key's name is empty, too long, or has a space, a '+' or a control character")]
    Name,
    #[error("not a key of the form name+hash+base64")]
    Form,
    #[error("neither a log's Ed25519 key nor a witness's")]
    Role,
    #[error("the key's hash does not belong to its name and key")]
    Hash,
    #[error("the cryptographic library refused")]
    Crypto,
}

/// Signs checkpoints. A log's private key never leaves control, a witness's never the witness.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

/// Checks what a [`SigningKey`] signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VerifierKey {
    name: String,
    role: Role,
    public: [u8; 32],
}

impl SigningKey {
    /// A new key, named as its signatures will be: a log's by its origin.
    pub fn generate(name: &str, role: Role) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Crypto)?;
        Self::from_pair(name, role, pair)
    }

    /// Reads a key file, which nobody else may be able to read.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let file = File::open(path)?;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Mode);
        }
        let mut text = String::new();
        file.take(MAX_KEY_FILE_BYTES).read_to_string(&mut text)?;
        let rest = text.trim_end().strip_prefix(PRIVATE_PREFIX).ok_or(KeyError::Form)?;
        let Parts { name, id, role, key: seed } = Parts::parse(rest)?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Crypto)?;
        let key = Self::from_pair(name, role, pair)?;
        if id != key.verifier.id() { Err(KeyError::Hash) } else { Ok(key) }
    }

    /// Writes a new key file with mode 0600; it must not exist.
    pub fn write(&self, path: &Path) -> Result<(), KeyError> {
        let seed = self.pair.seed().map_err(|_| KeyError::Crypto)?;
        let seed: Curve25519SeedBin<'_> = seed.as_be_bytes().map_err(|_| KeyError::Crypto)?;
        let VerifierKey { name, role, .. } = &self.verifier;
        let key = [&[*role as u8], seed.as_ref()].concat();
        let (hash, key) = (Hex(&self.verifier.id()).to_string(), BASE64_STANDARD.encode(key));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{PRIVATE_PREFIX}{name}+{hash}+{key}")?;
        file.sync_all()?;
        Ok(())
    }

    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    pub(crate) fn sign(&self, text: &[u8]) -> [u8; 64] {
        let signature = self.pair.sign(text);
        *signature.as_ref().first_chunk().expect("an Ed25519 signature has 64 bytes")
    }

    fn from_pair(name: &str, role: Role, pair: Ed25519KeyPair) -> Result<Self, KeyError> {
        let public = pair.public_key().as_ref().try_into().map_err(|_| KeyError::Crypto)?;
        check_name(name)?;
        Ok(Self { pair, verifier: VerifierKey { name: name.to_owned(), role, public } })
    }
}

impl VerifierKey {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether the two are one key, by whatever names.
    pub(crate) fn is_same_public(&self, other: &Self) -> bool {
        self.public == other.public
    }

    /// The four bytes that a signature names its key by.
    pub(crate) fn id(&self) -> [u8; 4] {
        let mut hashed = digest::Context::new(&digest::SHA256);
        hashed.update(self.name.as_bytes());
        hashed.update(b"\n");
        hashed.update(&[self.role as u8]);
        hashed.update(&self.public);
        *hashed.finish().as_ref().first_chunk().expect("SHA-256 is longer")
    }

    /// The same key by another name.
    #[cfg(test)]
    pub(crate) fn renamed(&self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self.clone() }
    }

    pub(crate) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public).verify(text, signature).is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode([&[self.role as u8], &self.public[..]].concat());
        write!(out, "{}+{}+{key}", self.name, Hex(&self.id()))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let Parts { name, id, role, key: public } = Parts::parse(text)?;
        let key = Self { name: name.to_owned(), role, public };
        if id != key.id() { Err(KeyError::Hash) } else { Ok(key) }
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// The inverse of [`Hex`]; upper-case digits are refused.
pub(super) fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, &[high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = digit(high)? << 4 | digit(low)?;
    }
    Some(bytes)
}

/// A key as it is written, the public one or the private.
struct Parts<'a> {
    name: &'a str,
    id: [u8; 4],
    role: Role,
    key: [u8; 32],
}

impl<'a> Parts<'a> {
    fn parse(text: &'a str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        check_name(name)?;
        let id = parse_hex(id).ok_or(KeyError::Form)?;
        let key = BASE64_STANDARD.decode(key).map_err(|_| KeyError::Form)?;
        let (&role, key) = key.split_first().ok_or(KeyError::Form)?;
        let role = Role::from_number(role).ok_or(KeyError::Role)?;
        Ok(Self { name, id, role, key: key.try_into().map_err(|_| KeyError::Form)? })
    }
}

pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    let refused = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.len() > 255 || name.contains(refused) {
        return Err(KeyError::Name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_note_format_verifies() {
        // From the documentation of golang.org/x/mod/sumdb/note.
        let key: VerifierKey =
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW".parse().unwrap();
        let text = "If you think cryptography is the answer to your problem,\n\
                    then you don't know what your problem is.\n";
        let signature = BASE64_STANDARD
            .decode(
                "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6\
                 KE6RyyBwJnAM=",
            )
            .unwrap();
        assert_eq!(signature[..4], key.id());
        assert!(key.verifies(text.as_bytes(), &signature[4..]));
        assert!(!key.verifies(b"another text\n", &signature[4..]));
    }

    #[test]
    fn a_key_survives_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("witness");
        let witness = SigningKey::generate("witness.example", Role::Witness).unwrap();
        witness.write(&path).unwrap();
        assert_eq!(SigningKey::read(&path).unwrap().verifier(), witness.verifier());

        let path = folder.path().join("key");
        let key = SigningKey::generate("lazaret.example/log", Role::Log).unwrap();
        key.write(&path).unwrap();
        assert_eq!(SigningKey::read(&path).unwrap().verifier(), key.verifier());
        assert!(matches!(key.write(&path), Err(KeyError::Io(_))), "never overwritten");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(SigningKey::read(&path), Err(KeyError::Mode)));
    }

    #[test]
    fn a_verifier_key_is_read_back_and_no_other_text_is() {
        let key =
            SigningKey::generate("lazaret.example/log", Role::Log).unwrap().verifier().clone();
        let text = key.to_string();
        assert_eq!(text.parse::<VerifierKey>().unwrap(), key);
        for wrong in ["", "a", "a+b", "a+00000000+", "a b+00000000+AA==", &text[1..], &text[..9]] {
            assert!(wrong.parse::<VerifierKey>().is_err(), "{wrong}");
        }
        let other_type = text.replacen("+A", "+B", 1);
        assert!(other_type == text || other_type.parse::<VerifierKey>().is_err());
    }

    #[test]
    fn hexadecimal_has_one_form() {
        assert_eq!(parse_hex::<2>("00ff"), Some([0, 255]));
        for wrong in ["00FF", "0ff", "00ff0", "00fg", "+0ff"] {
            assert_eq!(parse_hex::<2>(wrong), None, "{wrong}");
        }
    }
}
