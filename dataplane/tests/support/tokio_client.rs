//! tokio-postgres, with rustls for TLS.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::{AsyncMessage, Client, Config, Connection, Error, NoTls};

use super::Target;

/// What the driver gets, one line a fact.
pub(crate) fn transcript(target: &Target) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = connect(target).await;
        let mut text = String::new();
        read(&client, &mut text).await.unwrap();
        if !target.read_only {
            write(&client, &mut text).await.unwrap();
        }
        text
    })
}

async fn connect(target: &Target) -> Client {
    let mut config = Config::new();
    config.user(&target.user).password(&target.password).dbname(&target.database);
    let stream = TcpStream::connect(("127.0.0.1", target.port)).await.unwrap();
    match &target.authority {
        Some(authority) => {
            config.ssl_mode(tokio_postgres::config::SslMode::Require);
            let (client, connection) =
                config.connect_raw(stream, Verifying::by(authority)).await.unwrap();
            drive(connection);
            client
        }
        None => {
            let (client, connection) = config.connect_raw(stream, NoTls).await.unwrap();
            drive(connection);
            client
        }
    }
}

fn drive<T>(mut connection: Connection<TcpStream, T>)
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        while let Some(Ok(message)) =
            std::future::poll_fn(|context| connection.poll_message(context)).await
        {
            // A notice is no fact of the transcript: psql's and psycopg's tell them.
            let _: AsyncMessage = message;
        }
    });
}

async fn read(client: &Client, text: &mut String) -> Result<(), Error> {
    let statement = client
        .prepare("SELECT item_id, label, weight, good, raw, tags, numbers FROM stock.items WHERE item_id = $1")
        .await?;
    for column in statement.columns() {
        let _ = writeln!(text, "column {} {}", column.name(), column.type_());
    }
    for item in [0, 7, 199] {
        let row = client.query_one(&statement, &[&item]).await?;
        let label: Option<String> = row.get(1);
        let weight: Option<f64> = row.get(2);
        let good: Option<bool> = row.get(3);
        let raw: Option<Vec<u8>> = row.get(4);
        let tags: Option<Vec<Option<String>>> = row.get(5);
        let numbers: Option<Vec<Option<i32>>> = row.get(6);
        let _ = writeln!(text, "{item} {label:?} {weight:?} {good:?} {raw:?} {tags:?} {numbers:?}");
    }
    let several = client.simple_query("SELECT 1; SELECT 'two', 2; SELECT 3 WHERE false").await?;
    let _ = writeln!(text, "{several:?}");
    for sql in ["SELEC 1", "SELECT * FROM stock.nothing", "SELECT 1 / 0"] {
        told(text, client.query(sql, &[]).await.map(|rows| rows.len()));
    }
    // Pipelined: all are sent before the first is answered.
    let (first, second, third) = tokio::join!(
        client.query_one("SELECT $1::int4 + 1", &[&1]),
        client.query_one("SELECT 1 / $1::int4", &[&0]),
        client.query_one("SELECT 'still here'", &[]),
    );
    told(text, first.map(|row| row.get::<_, i32>(0)));
    told(text, second.map(|row| row.get::<_, i32>(0)));
    told(text, third.map(|row| row.get::<_, String>(0)));
    Ok(())
}

async fn write(client: &Client, text: &mut String) -> Result<(), Error> {
    client.batch_execute("CREATE TABLE stock.rust (id int4 PRIMARY KEY, label text)").await?;
    for i in 0..20 {
        client
            .execute("INSERT INTO stock.rust VALUES ($1, $2)", &[&i, &format!("item {i}")])
            .await?;
    }
    told(text, client.execute("UPDATE stock.rust SET label = 'x' WHERE id > $1", &[&4]).await);
    told(text, client.execute("INSERT INTO stock.rust VALUES (1, 'again')", &[]).await);
    told(text, client.execute("SELECT stock.complain('the anvil')", &[]).await);
    told(
        text,
        client.query_one("SELECT count(*) FROM stock.rust", &[]).await.map(|r| r.get::<_, i64>(0)),
    );
    Ok(())
}

fn told<T: std::fmt::Debug>(text: &mut String, result: Result<T, Error>) {
    let _ = match result {
        Ok(value) => writeln!(text, "{value:?}"),
        Err(error) => match error.as_db_error() {
            Some(e) => writeln!(
                text,
                "{} {} {:?} {:?} {:?} {:?}",
                e.code().code(),
                e.message(),
                e.detail(),
                e.hint(),
                e.position(),
                e.constraint()
            ),
            None => writeln!(text, "{error}"),
        },
    };
}

/// TLS that believes one authority.
struct Verifying(Arc<ClientConfig>);

impl Verifying {
    fn by(authority: &std::path::Path) -> Self {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(authority).unwrap() {
            roots.add(certificate.unwrap()).unwrap();
        }
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        let config = ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self(Arc::new(config))
    }
}

impl TlsConnect<TcpStream> for Verifying {
    type Stream = Encrypted;
    type Error = std::io::Error;
    type Future = Pin<Box<dyn Future<Output = std::io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move {
            let name = ServerName::try_from("localhost").map_err(std::io::Error::other)?;
            let connector = tokio_rustls::TlsConnector::from(self.0);
            connector.connect(name, stream).await.map(Encrypted)
        })
    }
}

struct Encrypted(tokio_rustls::client::TlsStream<TcpStream>);

impl TlsStream for Encrypted {
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
