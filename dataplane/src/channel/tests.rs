use std::collections::VecDeque;
use std::sync::Arc;

use lazaret_link::{ListenerTls, Secret, UpstreamTls, UpstreamTlsMode};
use rcgen::{
    BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SignatureAlgorithm,
};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ServerConfig};

use super::*;
use crate::limits::{BUFFER_BYTES, SEALED_BYTES};

struct Pki {
    authority: String,
    certificate: String,
    key: String,
}

impl Pki {
    /// A certificate for `db.example`, signed by an authority of its own.
    fn new(algorithm: &'static SignatureAlgorithm) -> Self {
        let authority_key = KeyPair::generate_for(algorithm).unwrap();
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority_pem = authority.self_signed(&authority_key).unwrap().pem();
        let key = KeyPair::generate_for(algorithm).unwrap();
        let leaf = CertificateParams::new(vec!["db.example".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
        Self { authority: authority_pem, certificate: leaf.pem(), key: key.serialize_pem() }
    }

    fn server(&self) -> Arc<ServerConfig> {
        server_config(&ListenerTls {
            certificate_chain: self.certificate.clone(),
            private_key: Secret::new(self.key.clone()),
        })
        .unwrap()
    }

    fn client(&self, mode: UpstreamTlsMode) -> Arc<ClientConfig> {
        let tls = UpstreamTls { mode, root_certificates: Some(self.authority.clone()) };
        tls.client_config().unwrap().expect("not disabled")
    }
}

/// One end with its buffers, as a wire has them.
struct End {
    channel: Channel,
    records: Buffer,
    plain: Buffer,
    out: VecDeque<Buffer>,
    pool: Pool,
    established: bool,
    ended: bool,
}

impl End {
    fn new(channel: Channel) -> Self {
        Self {
            channel,
            records: Buffer::with_capacity(BUFFER_BYTES),
            plain: Buffer::with_capacity(BUFFER_BYTES),
            out: VecDeque::new(),
            pool: Pool::default(),
            established: false,
            ended: false,
        }
    }

    fn open(&mut self) -> Result<(), ChannelError> {
        loop {
            let Self { channel, records, plain, out, pool, .. } = self;
            match channel.open(records, plain, out, pool)? {
                Opened::Established => {
                    assert!(!self.established, "said once");
                    self.established = true;
                }
                Opened::Ended => {
                    self.ended = true;
                    return Ok(());
                }
                Opened::Starved | Opened::Full => return Ok(()),
            }
        }
    }

    fn take_in(&mut self, bytes: &[u8]) -> Result<(), ChannelError> {
        if self.records.room() < bytes.len() {
            self.records.compact();
        }
        self.records.spare_mut()[..bytes.len()].copy_from_slice(bytes);
        self.records.advance(bytes.len());
        self.open()
    }

    fn say(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut plain = Buffer::with_capacity(bytes.len());
        plain.spare_mut().copy_from_slice(bytes);
        plain.advance(bytes.len());
        let mut sealed = Vec::new();
        while !plain.filled().is_empty() {
            let mut out = self.pool.take_for_records();
            self.channel.seal(&mut plain, &mut out).unwrap();
            sealed.extend_from_slice(out.filled());
        }
        sealed
    }

    fn take_out(&mut self) -> Vec<u8> {
        self.out.drain(..).flat_map(|buffer| buffer.filled().to_vec()).collect()
    }
}

fn name(text: &str) -> ServerName<'static> {
    ServerName::try_from(text.to_owned()).unwrap()
}

fn ends(client: Arc<ClientConfig>, server: Arc<ServerConfig>, host: &str) -> (End, End) {
    let client = End::new(Channel::client(client, name(host)).unwrap());
    (client, End::new(Channel::server(server).unwrap()))
}

/// Lets both ends talk until neither has anything to say, `step` bytes at a time.
fn converse(client: &mut End, server: &mut End, step: usize) -> Result<(), ChannelError> {
    client.open()?;
    loop {
        let to_server = client.take_out();
        for piece in to_server.chunks(step) {
            server.take_in(piece)?;
        }
        let to_client = server.take_out();
        for piece in to_client.chunks(step) {
            client.take_in(piece)?;
        }
        if to_server.is_empty() && to_client.is_empty() {
            return Ok(());
        }
    }
}

fn connected(pki: &Pki) -> (End, End) {
    let client = pki.client(UpstreamTlsMode::VerifyFull);
    let (mut client, mut server) = ends(client, pki.server(), "db.example");
    converse(&mut client, &mut server, usize::MAX).unwrap();
    (client, server)
}

#[test]
fn a_handshake_succeeds_however_its_bytes_are_split() {
    let pki = Pki::new(&PKCS_ECDSA_P256_SHA256);
    for step in [1, 2, 3, 5, 64, 1000, usize::MAX] {
        let client = pki.client(UpstreamTlsMode::VerifyFull);
        let (mut client, mut server) = ends(client, pki.server(), "db.example");
        converse(&mut client, &mut server, step).unwrap();
        assert!(client.established && server.established, "step {step}");
        assert_eq!(server.channel.alpn().as_deref(), Some(&b"postgresql"[..]));
        assert!(server.channel.description().starts_with("TLSv1_3 TLS13_"));
    }
}

#[test]
fn records_open_to_the_same_bytes_wherever_the_stream_is_cut() {
    let pki = Pki::new(&PKCS_ECDSA_P256_SHA256);
    let text: Vec<u8> = (0..150u8).collect();
    let size = connected(&pki).0.say(&text).len();
    let (mut client, mut server) = connected(&pki);
    for cut in 0..=size {
        let sealed = client.say(&text);
        let (head, tail) = sealed.split_at(cut);
        server.take_in(head).unwrap();
        server.take_in(tail).unwrap();
        assert_eq!(server.plain.filled(), text, "cut at {cut}");
        server.plain.consume(text.len());
        assert!(server.records.filled().is_empty());
    }
}

#[test]
fn a_whole_buffer_seals_into_one() {
    let (mut client, mut server) = connected(&Pki::new(&PKCS_ECDSA_P256_SHA256));
    let mut plain = Buffer::with_capacity(BUFFER_BYTES);
    plain.advance(BUFFER_BYTES);
    let mut sealed = client.pool.take_for_records();
    client.channel.seal(&mut plain, &mut sealed).unwrap();
    assert!(plain.filled().is_empty());
    assert!(sealed.filled().len() <= SEALED_BYTES);
    let mut opened = 0;
    for piece in sealed.filled().chunks(10_000) {
        server.take_in(piece).unwrap();
        opened += server.plain.filled().len();
        server.plain.truncate(0);
        server.plain.compact();
    }
    assert_eq!(opened, BUFFER_BYTES);
}

#[test]
fn no_record_is_opened_into_plaintext_that_nobody_takes() {
    let (mut client, mut server) = connected(&Pki::new(&PKCS_ECDSA_P256_SHA256));
    for _ in 0..8 {
        let sealed = client.say(&[7; 8000]);
        server.take_in(&sealed).unwrap();
    }
    let held = server.plain.filled().len();
    assert!(held < 64_000 && server.plain.room() < TLS_RECORD_BYTES);
    server.plain = Buffer::with_capacity(BUFFER_BYTES);
    server.open().unwrap();
    assert_eq!(held + server.plain.filled().len(), 64_000);
}

#[test]
fn a_close_is_clean_and_the_other_direction_goes_on() {
    let (mut client, mut server) = connected(&Pki::new(&PKCS_ECDSA_P256_SHA256));
    let mut farewell = client.pool.take();
    client.channel.close(&mut farewell).unwrap();
    server.take_in(farewell.filled()).unwrap();
    assert!(server.ended);
    let last = server.say(b"last words");
    client.take_in(&last).unwrap();
    assert_eq!(client.plain.filled(), b"last words");
}

#[test]
fn who_wants_another_protocol_is_told_by_an_alert() {
    let pki = Pki::new(&PKCS_ECDSA_P256_SHA256);
    let mut config = (*pki.client(UpstreamTlsMode::VerifyFull)).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (mut client, mut server) = ends(Arc::new(config), pki.server(), "db.example");
    client.open().unwrap();
    assert!(server.take_in(&client.take_out()).is_err());
    let error = client.take_in(&server.take_out()).unwrap_err();
    let told = rustls::Error::AlertReceived(rustls::AlertDescription::NoApplicationProtocol);
    assert!(matches!(error, ChannelError::Tls(error) if error == told));
}

#[test]
fn nonsense_is_no_handshake() {
    let pki = Pki::new(&PKCS_ECDSA_P256_SHA256);
    for nonsense in [&b"\x16\x03\x01\0\x04\x09\x09\x09\x09"[..], b"GET / HTTP/1.1\r\n"] {
        let mut server = End::new(Channel::server(pki.server()).unwrap());
        assert!(server.take_in(nonsense).is_err());
    }
}

#[test]
fn a_flipped_bit_in_a_record_is_noticed() {
    let (mut client, mut server) = connected(&Pki::new(&PKCS_ECDSA_P256_SHA256));
    let mut sealed = client.say(b"select 1");
    let last = sealed.len() - 1;
    sealed[last] ^= 1;
    assert!(server.take_in(&sealed).is_err());
    assert!(server.plain.filled().is_empty());
}

#[test]
fn each_mode_verifies_what_its_name_says() {
    let pki = Pki::new(&PKCS_ECDSA_P256_SHA256);
    let stranger = Pki::new(&PKCS_ECDSA_P256_SHA256);
    let reaches = |client: &Pki, mode, host: &str| {
        let (mut client, mut server) = ends(client.client(mode), pki.server(), host);
        converse(&mut client, &mut server, usize::MAX).is_ok() && client.established
    };
    assert!(reaches(&pki, UpstreamTlsMode::VerifyFull, "db.example"));
    assert!(!reaches(&pki, UpstreamTlsMode::VerifyFull, "other.example"));
    assert!(reaches(&pki, UpstreamTlsMode::VerifyCa, "other.example"));
    assert!(!reaches(&stranger, UpstreamTlsMode::VerifyCa, "db.example"));
    assert!(reaches(&stranger, UpstreamTlsMode::Require, "other.example"));
}

#[test]
fn the_channel_binding_is_the_certificates_hash_by_its_signatures_hash() {
    let bound = |algorithm| connected(&Pki::new(algorithm)).0.channel.server_end_point();
    assert_eq!(bound(&PKCS_ECDSA_P256_SHA256).map(|hash| hash.len()), Some(32));
    assert_eq!(bound(&PKCS_ECDSA_P384_SHA384).map(|hash| hash.len()), Some(48));
    assert_eq!(bound(&PKCS_ED25519), None);
}

#[test]
fn a_certificate_that_is_no_pem_is_named() {
    let error = server_config(&ListenerTls {
        certificate_chain: "no certificate".to_owned(),
        private_key: Secret::new(String::new()),
    });
    assert!(matches!(error, Err(ConfigError::Certificate)));
}
