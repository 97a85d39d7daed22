//! Tests of requests and responses on the wire. A transport records the requests.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use bytes::Bytes;
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::types::{ParentMutationRequest, StatusFilter};
use funnelflux::{Client, Error};
use std::sync::{Arc, Mutex};

/// Responds with a body in these chunks.
#[derive(Debug)]
struct ChunkedBody(&'static [&'static str]);

impl Transport for ChunkedBody {
    fn send(
        &self,
        _: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let chunks = self
            .0
            .iter()
            .map(|chunk| Ok(Bytes::from_static(chunk.as_bytes())));
        let body = ResponseBody::stream(futures_util::stream::iter(chunks));
        Box::pin(std::future::ready(Ok(http::Response::new(body))))
    }
}

#[tokio::test]
async fn a_body_in_any_chunks_arrives_complete_and_within_its_limit() -> Result<(), Error> {
    let request = |chunks, limit| {
        let client = Client::builder().transport(ChunkedBody(chunks));
        let client = client.max_response_bytes(limit).build()?;
        Ok::<_, Error>(client.request(http::Method::GET, "/x/").bytes())
    };
    for chunks in [
        &["[1,2,3]"][..],
        &["", "[1,2,3]", ""],
        &["[1", ",2", ",3]"],
        &["", "[", "", "1,2,3", "]", ""],
    ] {
        assert_eq!(request(chunks, 7)?.await?, "[1,2,3]", "{chunks:?}");
        let error = request(chunks, 6)?.await.unwrap_err();
        assert!(error.to_string().contains('6'), "{error}");
    }
    assert_eq!(request(&[], 1)?.await?, "");
    assert_eq!(request(&["", ""], 1)?.await?, "");
    Ok(())
}

#[derive(Clone, Debug)]
struct Recorder {
    status: u16,
    body: &'static str,
    seen: Arc<Mutex<Vec<http::Request<Bytes>>>>,
}

impl Transport for Recorder {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        // Progenitor's own client would send this header with every request.
        assert!(!request.headers().contains_key("api-version"));
        self.seen.lock().unwrap().push(request);
        let response = http::Response::builder()
            .status(self.status)
            .body(ResponseBody::from(Bytes::from_static(self.body.as_bytes())))
            .unwrap();
        Box::pin(std::future::ready(Ok(response)))
    }
}

fn service(status: u16, body: &'static str) -> (Client, Arc<Mutex<Vec<http::Request<Bytes>>>>) {
    let recorder = Recorder {
        status,
        body,
        seen: Arc::default(),
    };
    let seen = Arc::clone(&recorder.seen);
    let client = Client::builder()
        .bearer_token("canary")
        .transport(recorder)
        .build()
        .unwrap();
    (client, seen)
}

#[tokio::test]
async fn an_unknown_status_and_an_unknown_field_are_kept_and_sent_back() -> Result<(), Error> {
    let sent = r#"{"idOfferSource":"1","offerSourceName":"a","status":"paused",
        "meta":{"v":{"deep":[1]}},"newField":{"x":null}}"#;
    let (client, seen) = service(200, sent);
    let source = client.find_offer_source_by_id(&"1".into()).await?;
    client.save_offer_source(&source).await?;
    let saved: serde_json::Value =
        serde_json::from_slice(seen.lock().unwrap().last().unwrap().body()).unwrap();
    assert_eq!(saved, serde_json::from_str::<serde_json::Value>(sent).unwrap());
    Ok(())
}

/// Checks an unknown field of a nested object that has a Rust type. Offer sources have no such objects, but
/// traffic sources have a map of them.
#[cfg(transcription)]
#[tokio::test]
async fn an_unknown_field_of_a_nested_object_is_kept_and_sent_back() -> Result<(), Error> {
    let sent = r#"{"idTrafficSource":"1","trafficSourceName":"a",
        "trackingFieldSlots":{"c1":{"name":"zone","newField":{"x":[null]}}}}"#;
    let (client, seen) = service(200, sent);
    let source = client.find_traffic_source_by_id(&"1".into()).await?;
    client.save_traffic_source(&source).await?;
    let saved: serde_json::Value =
        serde_json::from_slice(seen.lock().unwrap().last().unwrap().body()).unwrap();
    assert_eq!(saved, serde_json::from_str::<serde_json::Value>(sent).unwrap());
    Ok(())
}

#[tokio::test]
async fn a_delete_without_a_body_sends_none() -> Result<(), Error> {
    let (client, seen) = service(204, "");
    client.delete_offer_sources(Some(&"a b&c".into()), None).await?;
    client
        .delete_offer_sources(None, Some(&ParentMutationRequest::new(["1".to_owned()])))
        .await?;
    let seen = seen.lock().unwrap();
    assert_eq!(
        seen[0].uri().path_and_query().unwrap().as_str(),
        "/v1/offersource/delete/?idOfferSource=a%20b%26c"
    );
    assert!(seen[0].body().is_empty());
    assert!(!seen[0].headers().contains_key("content-type"));
    assert_eq!(&seen[1].body()[..], br#"{"entries":["1"]}"#);
    Ok(())
}

#[tokio::test]
async fn a_list_decodes_long_names_unknown_statuses_and_nulls() -> Result<(), Error> {
    let long = "n".repeat(300);
    let body = format!(
        r#"[{{"idOfferSource":"1","offerSourceName":"{long}","status":"paused",
            "idCategory":null,"categoryName":null}}]"#
    );
    let (client, _) = service(200, body.leak());
    let rows = client.list_offer_sources(StatusFilter::All, None).await?;
    assert_eq!(rows[0].offer_source_name, long);
    assert_eq!(rows[0].status.as_str(), "paused");
    assert_eq!((&rows[0].id_category, &rows[0].category_name), (&None, &None));
    Ok(())
}

/// Checks that values in `queryParams` are kept if they are not strings. Only the examples in the
/// documentation suggest that all values are strings.
#[tokio::test]
async fn query_parameters_of_another_type_are_kept() -> Result<(), Error> {
    let body = r#"{"idOfferSource":"1","offerSourceName":"a","queryParams":{"a":"b","n":1,"t":true}}"#;
    let (client, seen) = service(200, body);
    let source = client.find_offer_source_by_id(&"1".into()).await?;
    client.save_offer_source(&source).await?;
    let saved: serde_json::Value =
        serde_json::from_slice(seen.lock().unwrap().last().unwrap().body()).unwrap();
    let sent: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(saved, sent);
    Ok(())
}

#[tokio::test]
async fn null_and_the_empty_object_decode_differently() -> Result<(), Error> {
    let (client, seen) = service(
        200,
        r#"{"idOfferSource":"1","offerSourceName":"a","queryParams":null,"meta":{},
            "status":null,"idCategory":null}"#,
    );
    let source = client.find_offer_source_by_id(&"1".into()).await?;
    assert_eq!(source.query_params, None);
    assert_eq!(source.meta, Some(serde_json::Map::new()));
    client.save_offer_source(&source).await?;
    let saved: serde_json::Value =
        serde_json::from_slice(seen.lock().unwrap().last().unwrap().body()).unwrap();
    assert_eq!(
        saved,
        serde_json::json!({"idOfferSource": "1", "offerSourceName": "a", "meta": {}})
    );
    Ok(())
}

#[tokio::test]
async fn any_success_status_is_a_success() -> Result<(), Error> {
    for status in [200, 201, 202, 204] {
        let (client, _) = service(status, "");
        client
            .archive_offer_sources(&ParentMutationRequest::new(["1".to_owned()]))
            .await?;
    }
    let (client, _) = service(201, r#"{"id":"2"}"#);
    let copy = client
        .duplicate_offer_source(&"1".into(), &funnelflux::types::DuplicateRequest::new("copy"))
        .await?;
    assert_eq!(copy.id.as_deref(), Some("2"));
    Ok(())
}

#[tokio::test]
async fn paths_and_queries_are_sent_as_documented() -> Result<(), Error> {
    let (client, seen) = service(200, "[]");
    client
        .list_offer_sources(StatusFilter::NotDeleted, Some(&"a/b ü".into()))
        .await?;
    client
        .find_offer_sources_by_ids(&["1".into(), "2".into()])
        .await?;
    let seen = seen.lock().unwrap();
    let sent: Vec<String> = seen
        .iter()
        .map(|request| request.uri().path_and_query().unwrap().to_string())
        .collect();
    assert_eq!(
        sent,
        [
            "/v1/offersource/list/?status=not-deleted&idCategory=a%2Fb%20%C3%BC",
            "/v1/offersource/find/byIds/?idOfferSources=1%2C2",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn a_null_list_is_empty() -> Result<(), Error> {
    let (client, _) = service(200, "null");
    assert!(
        client
            .list_offer_sources(StatusFilter::All, None)
            .await?
            .is_empty()
    );
    Ok(())
}

#[tokio::test]
async fn an_error_has_the_status_and_not_the_token() {
    let (client, seen) = service(409, r#"{"error":"taken"}"#);
    let error = client.find_offer_source_by_id(&"1".into()).await.unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(409));
    assert!(error.to_string().contains("taken"), "{error}");
    let shown = format!("{error:?} {client:?} {:?}", seen.lock().unwrap());
    assert!(!shown.contains("canary"), "{shown}");
}
