//! Control's HTTP address: health, metrics, and the development issuer where one is configured.
//!
//! Nothing here asks who asks, so nothing here says anything that only some may know.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::health::Health;

/// The development issuer's public half.
pub(crate) struct DevelopmentIssuer {
    pub(crate) url: String,
    pub(crate) jwks: Value,
}

pub(crate) fn router(health: Arc<Health>, issuer: Option<DevelopmentIssuer>) -> Router {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, "there are /healthz, /readyz and /metrics\n")
        })
        .with_state(health);
    match issuer {
        Some(issuer) => router.merge(development(issuer)),
        None => router,
    }
}

/// The status is the gateway's own; the upstream has a line of its own, once it has been asked.
async fn ready(State(health): State<Arc<Health>>) -> (StatusCode, String) {
    let (status, own) = match health.is_serving() {
        true => (StatusCode::OK, "ready\n"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "no data plane serves\n"),
    };
    let upstream = match health.has_upstream() {
        Some(true) => "upstream: up\n",
        Some(false) => "upstream: away\n",
        None => "",
    };
    (status, [own, upstream].concat())
}

async fn metrics(State(health): State<Arc<Health>>) -> Response {
    match health.metrics() {
        Ok(text) => ([(CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics can't be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// What OpenID Connect Discovery 1.0 asks of an issuer whose tokens come from the command line.
fn development(issuer: DevelopmentIssuer) -> Router {
    let DevelopmentIssuer { url, jwks } = issuer;
    let base = url.trim_end_matches('/');
    let metadata = json!({
        "issuer": url,
        "jwks_uri": format!("{base}/jwks.json"),
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    });
    Router::new()
        .route("/.well-known/openid-configuration", get(|| async { axum::Json(metadata) }))
        .route("/jwks.json", get(|| async { axum::Json(jwks) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_upstream_that_is_away_is_told_and_leaves_the_gateway_ready() {
        let health = Arc::new(Health::new().unwrap());
        let ready = || ready(State(Arc::clone(&health)));
        let refused = StatusCode::SERVICE_UNAVAILABLE;
        assert_eq!(ready().await, (refused, "no data plane serves\n".to_owned()));
        health.set_serving(true);
        assert_eq!(ready().await, (StatusCode::OK, "ready\n".to_owned()));
        health.set_upstream("warehouse", false);
        assert_eq!(ready().await, (StatusCode::OK, "ready\nupstream: away\n".to_owned()));
        let metrics = || String::from_utf8(health.metrics().unwrap()).unwrap();
        let line =
            |value| format!("lazaret_control_upstream_up{{resource=\"warehouse\"}} {value}\n");
        assert!(metrics().contains(&line(0)), "{}", metrics());
        health.set_upstream("warehouse", true);
        assert_eq!(ready().await, (StatusCode::OK, "ready\nupstream: up\n".to_owned()));
        assert!(metrics().contains(&line(1)), "{}", metrics());
    }
}
