//! A service that sends prepared responses, either immediately or after a fixed latency. Measurements
//! therefore show the client's own time.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    convert::Infallible,
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::net::TcpListener;

/// Prefix of the ID of a category whose list has rows with unknown fields. The rest of the ID is the number
/// of rows.
pub const UNKNOWN_FIELDS: &str = "unknown-";

/// Serves requests on `listener` forever, each after `latency`.
///
/// # Errors
/// Returns an error if no connection can be accepted.
pub async fn serve(listener: TcpListener, latency: Duration) -> io::Result<()> {
    let lists = Arc::new(Mutex::new(HashMap::new()));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let lists = Arc::clone(&lists);
        let service = service_fn(move |request: Request<Incoming>| {
            let lists = Arc::clone(&lists);
            async move {
                let answer = answer(&lists, request.uri().path(), request.uri().query());
                // Reading the whole body keeps the connection open for the next request.
                let _ = request.into_body().collect().await;
                if !latency.is_zero() {
                    tokio::time::sleep(latency).await;
                }
                let mut response = Response::new(Full::new(answer));
                let json = http::HeaderValue::from_static("application/json");
                response.headers_mut().insert(http::header::CONTENT_TYPE, json);
                Ok::<_, Infallible>(response)
            }
        });
        // An error affects this connection only.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

fn answer(lists: &Mutex<HashMap<String, Bytes>>, path: &str, query: Option<&str>) -> Bytes {
    let argument = |name: &str| {
        let pairs = query.unwrap_or_default().split('&');
        pairs
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
            .unwrap_or_default()
    };
    if path.ends_with("/find/byId/") {
        return json_of(&offer_source(&argument("idOfferSource")));
    }
    if path.ends_with("/find/byIds/") {
        let ids = argument("idOfferSources");
        return json_of(&ids.split("%2C").map(offer_source).collect());
    }
    if path.ends_with("/list/") {
        let category = argument("idCategory");
        let mut lists = lists.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lists
            .entry(category.clone())
            .or_insert_with(|| json_of(&list(&category)));
        return list.clone();
    }
    Bytes::new()
}

fn json_of(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}

fn offer_source(id: &str) -> Value {
    json!({
        "idOfferSource": id,
        "offerSourceName": "ClickBank",
        "idCategory": "2nIemJxCKbFX",
        "postbackSubId": "subid",
        "postbackTxId": "txid",
        "postbackPayout": "payout",
        "queryParams": { "aff": "4711", "s1": "{campaign}" },
        "status": "active",
        "umrDomainOverride": "",
    })
}

fn list(category: &str) -> Value {
    let (with_unknown, rows) = match category.strip_prefix(UNKNOWN_FIELDS) {
        Some(rows) => (true, rows),
        None => (false, category),
    };
    (0..rows.parse().unwrap_or(0))
        .map(|number: u32| {
            let mut row = json!({
                "idOfferSource": format!("2nIem{number:07}"),
                "offerSourceName": format!("Offer source number {number}"),
                "categoryName": "Affiliate networks",
                "idCategory": "2nIemJxCKbFX",
                "status": "active",
            });
            if with_unknown && let Some(row) = row.as_object_mut() {
                row.insert("owner".to_owned(), json!("somebody"));
                row.insert("clicks".to_owned(), json!(number));
            }
            row
        })
        .collect()
}
