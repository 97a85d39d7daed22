//! Tests the fake on real sockets. The tests check the bytes of HTTP messages, and broken connections as a
//! client sees them. No test depends on elapsed time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

use std::{io, net::SocketAddr};

use funnelflux_fake::{Document, Fake, Fault, RetryAfter, Rule, Server, Settings};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const LIST: &str = "GET /v1/offersource/list/?status=all HTTP/1.1\r\nhost: fake\r\n\
    authorization: Bearer fake-access-token\r\n";
const ARCHIVE: &str = "PUT /v1/offersource/archive/ HTTP/1.1\r\nhost: fake\r\n\
    authorization: Bearer fake-access-token\r\ncontent-type: application/json\r\n\
    content-length: 17\r\n\r\n{\"entries\":[\"a\"]}";

async fn start() -> (Fake, Server) {
    let fake = Fake::default();
    fake.seed_offer_source("a");
    let server = fake.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    (fake, server)
}

async fn send(server: &Server, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

/// Reads until the other side closes the connection. Returns the text and, if the connection was not closed
/// properly, the error.
async fn read_all(stream: &mut TcpStream) -> (String, Option<io::ErrorKind>) {
    let mut bytes = Vec::new();
    let error = stream
        .read_to_end(&mut bytes)
        .await
        .err()
        .map(|error| error.kind());
    (String::from_utf8_lossy(&bytes).into_owned(), error)
}

/// Sends a request on a new connection and reads the response.
async fn exchange(server: &Server, text: &str) -> (String, Option<io::ErrorKind>) {
    let mut stream = send(server, text).await;
    read_all(&mut stream).await
}

async fn list(server: &Server) -> String {
    exchange(server, &format!("{LIST}connection: close\r\n\r\n"))
        .await
        .0
}

#[tokio::test]
async fn an_answer_is_plain_http() {
    let (fake, server) = start().await;
    let answer = list(&server).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("content-type: application/json\r\n")
            && answer.contains("date: Thu, 01 Jan 2026 00:00:00 GMT\r\n"),
        "{answer}"
    );
    assert!(
        answer.ends_with(
            r#"[{"idOfferSource":"a","offerSourceName":"Offer source a","status":"active","idCategory":""}]"#
        ),
        "{answer}"
    );
    assert_eq!(server.base_url(), format!("http://{}/v1", server.addr()));
    assert_eq!(fake.log()[0].operation, Some("GET /offersource/list/"));
}

#[tokio::test]
async fn a_connection_carries_many_requests() {
    let (fake, server) = start().await;
    let text = format!("{LIST}\r\n{ARCHIVE}{LIST}connection: close\r\n\r\n");
    let (answers, error) = exchange(&server, &text).await;
    assert_eq!(
        (
            answers.matches("HTTP/1.1 200 OK").count(),
            error,
            fake.request_count()
        ),
        (3, None, 3)
    );
    assert!(answers.contains(r#""status":"active""#) && answers.contains(r#""status":"archived""#));
}

#[tokio::test]
async fn bodies_may_come_in_chunks_and_must_not_be_too_large() {
    let (fake, server) = start().await;
    let head = ARCHIVE.split("content-length").next().unwrap();
    let chunked = format!(
        "{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n\
         8\r\n{{\"entrie\r\n9\r\ns\":[\"a\"]}}\r\n0\r\n\r\n"
    );
    assert!(exchange(&server, &chunked).await.0.starts_with("HTTP/1.1 200"));
    fake.configure(|settings| settings.max_body_bytes = 10);
    assert!(
        exchange(
            &server,
            &ARCHIVE.replace("content-length", "connection: close\r\ncontent-length")
        )
        .await
        .0
        .starts_with("HTTP/1.1 413")
    );
}

#[tokio::test]
async fn an_incomplete_request_is_ignored() {
    let (fake, server) = start().await;
    // The client closes its side before it sends the body. Without `content-length`, the request would be
    // complete, because a delete of one ID needs no body.
    let head = "DELETE /v1/offersource/delete/?idOfferSource=a HTTP/1.1\r\nhost: fake\r\n\
        authorization: Bearer fake-access-token\r\ncontent-length: 17\r\n\r\n";
    let mut stream = send(&server, head).await;
    stream.shutdown().await.unwrap();
    assert_eq!(read_all(&mut stream).await.0, "");
    assert_eq!(fake.request_count(), 0);
    assert!(list(&server).await.contains("active"));
}

#[tokio::test]
async fn invalid_http_ends_only_its_connection() {
    let (_, server) = start().await;
    assert!(
        exchange(&server, "this is not http\r\n\r\n")
            .await
            .0
            .starts_with("HTTP/1.1 400")
    );
    assert!(list(&server).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn resets_reach_the_client() {
    for (fault, archived) in [
        (Fault::RefuseConnection, false),
        (Fault::ResetBeforeReading, false),
        (Fault::ResetAfterReading, false),
        (Fault::ResetAfterApplying, true),
    ] {
        let (fake, server) = start().await;
        fake.inject(Rule::new(fault.clone()));
        assert_eq!(
            exchange(&server, ARCHIVE).await,
            (String::new(), Some(io::ErrorKind::ConnectionReset)),
            "{fault}"
        );
        assert_eq!(list(&server).await.contains("archived"), archived, "{fault}");
    }
}

#[tokio::test]
async fn orderly_closes_reach_the_client() {
    let (fake, server) = start().await;
    fake.inject(Rule::new(Fault::CloseWithoutAnswer { applied: true }));
    assert_eq!(exchange(&server, ARCHIVE).await, (String::new(), None));
    assert!(list(&server).await.contains("archived"));
}

#[tokio::test]
async fn a_body_breaks_in_the_middle() {
    for (fault, ends) in [
        (Fault::ResetInBody, Some(io::ErrorKind::ConnectionReset)),
        (Fault::CloseInBody, None),
    ] {
        let (fake, server) = start().await;
        fake.inject(Rule::new(fault.clone()));
        let (answer, error) = exchange(&server, &format!("{LIST}\r\n")).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let announced: usize = head
            .split("content-length: ")
            .nth(1)
            .unwrap()
            .split("\r\n")
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!(
            head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("content-type: application/json"),
            "{head}"
        );
        assert_eq!((body.len(), error), (announced / 2, ends), "{fault}");
        assert!(body.starts_with(r#"[{"idOfferSource":"a""#), "{body}");
    }
}

#[tokio::test]
async fn a_stall_lasts_until_the_client_leaves_or_the_server_ends() {
    for (fault, archived) in [
        (Fault::StallConnect, false),
        (Fault::StallHeaders { applied: false }, false),
        (Fault::StallHeaders { applied: true }, true),
        (Fault::StallBody, true),
    ] {
        let (fake, server) = start().await;
        fake.inject(Rule::new(fault.clone()).on("PUT /offersource/archive/"));
        let mut stalled = send(&server, ARCHIVE).await;
        let mut seen = Vec::new();
        while fault == Fault::StallBody && !seen.ends_with(b"\r\n\r\n{\"message") {
            assert_ne!(stalled.read_buf(&mut seen).await.unwrap(), 0);
        }
        let mut more = [0; 16];
        // Other requests are served while the first request hangs.
        tokio::select! {
            biased;
            read = stalled.read(&mut more) => panic!("{fault}: {read:?}"),
            rows = async {
                while fake.request_count() == 0 {
                    tokio::task::yield_now().await;
                }
                list(&server).await
            } => {
                assert_eq!(rows.contains("archived"), archived, "{fault}");
            }
        }
        server.shutdown().await;
        assert_eq!(read_all(&mut stalled).await.0, "");
    }
}

#[tokio::test]
async fn answers_of_faults_go_over_the_wire() {
    let (fake, server) = start().await;
    fake.inject(Rule::new(Fault::too_many_requests(RetryAfter::Seconds(7))));
    let answer = list(&server).await;
    assert!(
        answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n") && answer.contains("retry-after: 7\r\n"),
        "{answer}"
    );
    fake.inject(Rule::new(Fault::Oversized { bytes: 1_000_000 }));
    assert!(list(&server).await.len() > 1_000_000);
}

#[tokio::test]
async fn the_operating_system_can_refuse_connections() {
    let (_, server) = start().await;
    let mut idle = send(&server, &format!("{LIST}\r\n")).await;
    let mut byte = [0];
    idle.read_exact(&mut byte).await.unwrap();
    server.refuse_connections().await.unwrap();
    let refused = TcpStream::connect(server.addr()).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    // The open connection is also closed.
    read_all(&mut idle).await;
    server.accept_connections().await.unwrap();
    assert!(list(&server).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn dropping_the_server_ends_it() {
    let (_, server) = start().await;
    let address = server.addr();
    server.shutdown().await;
    assert_eq!(
        TcpStream::connect(address).await.unwrap_err().kind(),
        io::ErrorKind::ConnectionRefused
    );
}

#[tokio::test]
async fn two_servers_can_share_a_fake() {
    let (fake, first) = start().await;
    let second = fake.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    exchange(
        &first,
        &ARCHIVE.replace("content-length", "connection: close\r\ncontent-length"),
    )
    .await;
    assert!(list(&second).await.contains("archived"));
    assert_eq!(fake.settings(), Settings::default());
}

#[tokio::test]
async fn the_base_url_has_the_base_path_of_the_served_document() {
    let mut document: serde_json::Value = serde_json::from_str(include_str!("../effective.json")).unwrap();
    document["servers"] = serde_json::json!([{ "url": "https://api.example/v2" }]);
    let document = Document::from_json(&document.to_string()).unwrap();
    let fake = Fake::with_document(Settings::default(), document);
    let server = fake.serve(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    assert_eq!(server.base_url(), format!("http://{}/v2", server.addr()));
    let request = format!("{LIST}connection: close\r\n\r\n").replace("/v1/", "/v2/");
    let (response, _) = exchange(&server, &request).await;
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}
