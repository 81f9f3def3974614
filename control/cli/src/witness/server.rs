//! A witness's HTTP: one path, bounded in bytes, time and connections.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use lazaret_audit::{MAX_ADD_CHECKPOINT_BYTES, Refusal};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::{Denial, Witness};

/// Logs that ask at a time: each asks once for each checkpoint and is answered in milliseconds.
const CONNECTIONS: usize = 64;

/// A request's head, and the wait for the next one.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection, with all its requests: nobody keeps one of the few for ever.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(120);

/// hyper's least: a request has a handful of short headers.
const HEAD_BYTES: usize = 8192;

/// Between two attempts to accept, where files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

pub(super) async fn serve(listener: TcpListener, witness: Arc<Witness>) {
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(permit) = Arc::clone(&connections).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let witness = Arc::clone(&witness);
        tokio::spawn(async move {
            let _permit = permit;
            let _ = timeout(CONNECTION_TIMEOUT, answer(stream, witness)).await;
        });
    }
}

/// What goes wrong on a connection is its peer's, who has nobody to be told.
async fn answer(stream: TcpStream, witness: Arc<Witness>) {
    let service = service_fn(|request| {
        let witness = Arc::clone(&witness);
        async move { Ok::<_, Infallible>(respond(request, witness).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(HEAD_BYTES);
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(request: Request<Incoming>, witness: Arc<Witness>) -> Response<Full<Bytes>> {
    if request.uri().path() != "/add-checkpoint" {
        return text(StatusCode::NOT_FOUND, "there is /add-checkpoint\n");
    }
    if request.method() != Method::POST {
        return text(StatusCode::METHOD_NOT_ALLOWED, "a checkpoint is added by POST\n");
    }
    let body = Limited::new(request.into_body(), MAX_ADD_CHECKPOINT_BYTES).collect();
    let body = match timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return text(StatusCode::BAD_REQUEST, "too long, or it broke off\n"),
        Err(_) => return text(StatusCode::REQUEST_TIMEOUT, "the body takes too long\n"),
    };
    // Files are written: where that may block.
    match tokio::task::spawn_blocking(move || witness.add_checkpoint(&body)).await {
        Ok(Ok(lines)) => text(StatusCode::OK, lines),
        Ok(Err(Denial::Refused(refusal))) => refused(refusal),
        Ok(Err(Denial::Disk)) | Err(_) => {
            text(StatusCode::INTERNAL_SERVER_ERROR, "the witness can't sign now\n")
        }
    }
}

fn refused(refusal: Refusal) -> Response<Full<Bytes>> {
    let status = match refusal {
        Refusal::Malformed => StatusCode::BAD_REQUEST,
        Refusal::UnknownLog => StatusCode::NOT_FOUND,
        Refusal::Signature => StatusCode::FORBIDDEN,
        Refusal::Proof => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::OldSize(size) | Refusal::Forked(size) => {
            let mut response = text(StatusCode::CONFLICT, format!("{size}\n"));
            let size_type = HeaderValue::from_static("text/x.tlog.size");
            response.headers_mut().insert(CONTENT_TYPE, size_type);
            return response;
        }
    };
    text(status, format!("{refusal}\n"))
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}
