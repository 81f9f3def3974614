//! `/metrics` and `/healthz`, by hyper on a small glommio adapter.

use std::cell::RefCell;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_lite::{AsyncRead, AsyncWrite};
use glommio::net::{TcpListener, TcpStream};
use glommio::spawn_local;
use glommio::timer::{sleep, timeout};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};

use crate::files::FilesError;
use crate::limits::{METRICS_CONNECTIONS, METRICS_TIMEOUT_MS};
use crate::metrics::Status;

pub(super) fn start(address: SocketAddr, status: Rc<RefCell<Status>>) -> Result<(), FilesError> {
    refuse_if_taken(address).map_err(|error| FilesError::Metrics(address, error))?;
    let listener = TcpListener::bind(address)?;
    spawn_local(serve(listener, status)).detach();
    Ok(())
}

/// glommio shares a port that is in use (SO_REUSEPORT), so this asks without it first. Scrapes that
/// a process before this one answered may still keep the port in TIME_WAIT, but then nobody answers.
fn refuse_if_taken(address: SocketAddr) -> io::Result<()> {
    match std::net::TcpListener::bind(address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            let answered = std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1));
            if answered.is_ok() { Err(error) } else { Ok(()) }
        }
        other => other.map(drop),
    }
}

async fn serve(listener: TcpListener, status: Rc<RefCell<Status>>) {
    let open = Rc::new(());
    loop {
        match listener.accept().await {
            Ok(stream) if Rc::strong_count(&open) <= METRICS_CONNECTIONS => {
                let (open, status) = (Rc::clone(&open), Rc::clone(&status));
                spawn_local(async move {
                    let _open = open;
                    let limit = Duration::from_millis(METRICS_TIMEOUT_MS);
                    // A scraper that is slow or speaks nonsense is its own problem.
                    let conversation = async move {
                        converse(stream, status).await;
                        Ok(())
                    };
                    let _ = timeout(limit, conversation).await;
                })
                .detach();
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "can't accept a metrics connection");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn converse(stream: TcpStream, status: Rc<RefCell<Status>>) {
    let service = service_fn(|request| {
        let response = answer(&request, &status.borrow());
        async move { Ok::<_, Infallible>(response) }
    });
    let mut connection = http1::Builder::new();
    let connection = connection.keep_alive(false).serve_connection(Stream(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a metrics connection ended badly");
    }
}

fn answer(request: &Request<Incoming>, status: &Status) -> Response<String> {
    let (code, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => match status.render() {
            Ok(text) => (StatusCode::OK, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        },
        (&Method::GET, "/healthz") if status.serving => (StatusCode::OK, "ok\n".to_owned()),
        (&Method::GET, "/healthz") => (StatusCode::SERVICE_UNAVAILABLE, "not serving\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "there are /metrics and /healthz\n".to_owned()),
    };
    let mut response = Response::new(body);
    *response.status_mut() = code;
    let text = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

/// glommio's stream in hyper's terms.
struct Stream(TcpStream);

impl hyper::rt::Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: hyper::rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let mut bytes = [0; 4096];
        let room = buffer.remaining().min(bytes.len());
        let read = Pin::new(&mut self.0).poll_read(context, &mut bytes[..room]);
        read.map_ok(|count| buffer.put_slice(&bytes[..count]))
    }
}

impl hyper::rt::Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_close(context)
    }
}
