//! Tests proxies that are set by environment variables or by the calling code. Requests to the local machine
//! bypass proxies. Plain HTTP to another machine needs the same permission with and without a proxy.
//!
//! Environment variables belong to the process, so each case runs this test program again as a child process.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use funnelflux::types::StatusFilter;
use funnelflux::{Client, RetryPolicy, reqwest};
use funnelflux_fake::Fake;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

/// Environment variables for the child process: the base URL, and the permission to use plain HTTP.
const SERVICE: &str = "FUNNELFLUX_PROXY_SERVICE";
const ALLOW: &str = "FUNNELFLUX_PROXY_ALLOW";
/// Environment variable with the URL of a proxy that the child configures in its code.
const CONFIGURED: &str = "FUNNELFLUX_PROXY_CONFIGURED";

const TOKEN: &str = "fake-access-token";

#[tokio::test]
#[ignore = "runs as a child of the tests below"]
async fn child_lists() {
    let mut builder = Client::builder()
        .base_url(std::env::var(SERVICE).unwrap())
        .bearer_token(TOKEN)
        .retry(RetryPolicy::none());
    if std::env::var_os(ALLOW).is_some() {
        builder = builder.allow_plain_http();
    }
    if let Ok(url) = std::env::var(CONFIGURED) {
        let proxy = reqwest::Proxy::all(url).unwrap();
        builder = builder.reqwest(move |builder| builder.proxy(proxy.clone()));
    }
    let client = builder.build().unwrap_or_else(|error| panic!("build: {error}"));
    let rows = client.list_offer_sources(StatusFilter::All, None).await;
    assert_eq!(rows.unwrap_or_else(|error| panic!("list: {error}")).len(), 1);
}

/// A proxy that records the head of each request, and answers each request with one offer source.
struct Proxy {
    url: String,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&heads);
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && connection.read(&mut byte).unwrap_or(0) == 1 {
                    head.extend(byte);
                }
                seen.lock()
                    .unwrap()
                    .push(String::from_utf8_lossy(&head).into_owned());
                let body = r#"[{"idOfferSource":"a","offerSourceName":"A","status":"active"}]"#;
                let length = body.len();
                let kind = "content-type: application/json\r\nconnection: close";
                let _ = write!(
                    connection,
                    "HTTP/1.1 200 OK\r\n{kind}\r\ncontent-length: {length}\r\n\r\n{body}"
                );
            }
        });
        Self { url, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// Lists the offer sources of `service` in a child process. If `configured` is true, the code of the
    /// child configures this proxy. Otherwise, the proxy variables of the child name it.
    async fn list(&self, service: &str, allow_plain_http: bool, configured: bool) -> Output {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "child_lists", "--ignored", "--nocapture"]);
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            for name in [name.to_owned(), name.to_lowercase()] {
                if configured {
                    command.env_remove(name);
                } else {
                    command.env(name, &self.url);
                }
            }
        }
        if configured {
            command.env(CONFIGURED, &self.url);
        }
        for name in ["NO_PROXY", "no_proxy", "REQUEST_METHOD"] {
            command.env_remove(name);
        }
        command.env(SERVICE, service);
        if allow_plain_http {
            command.env(ALLOW, "");
        }
        let run = move || command.output().unwrap();
        tokio::task::spawn_blocking(run).await.unwrap()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[&*output.stdout, &*output.stderr].concat()).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_to_this_machine_pass_no_proxy() {
    let fake = Fake::default();
    fake.seed_offer_source("a");
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let proxy = Proxy::start();
    let address = server.base_url();
    let by_name = address.replace("127.0.0.1", "localhost");
    let cases = [
        (&address, false),
        (&by_name, false),
        (&address, true),
        (&by_name, true),
    ];
    for (number, (service, configured)) in (1..).zip(cases) {
        let output = proxy.list(service, number % 2 == 0, configured).await;
        assert!(output.status.success(), "{service}: {}", text(&output));
        assert_eq!(fake.request_count(), number, "{service}");
    }
    assert_eq!(proxy.heads(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_http_to_another_machine_needs_permission_with_a_proxy_too() {
    let proxy = Proxy::start();
    let output = proxy.list("http://service.example/v1", false, false).await;
    assert!(
        text(&output).contains("would send the token unencrypted"),
        "{}",
        text(&output)
    );
    assert_eq!(proxy.heads(), Vec::<String>::new());
    // With the permission, the proxy is used.
    for configured in [false, true] {
        let output = proxy.list("http://service.example/v1", true, configured).await;
        assert!(output.status.success(), "{}", text(&output));
    }
    let heads = proxy.heads();
    assert!(
        heads.len() == 2
            && heads
                .iter()
                .all(|head| head.starts_with("GET http://service.example/v1/")),
        "{heads:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn https_passes_a_proxy_encrypted() {
    let proxy = Proxy::start();
    let output = proxy.list("https://service.example/v1", false, false).await;
    // This proxy does not tunnel, so the call fails after the request for a tunnel.
    assert!(!output.status.success(), "{}", text(&output));
    let heads = proxy.heads();
    assert!(
        heads
            .iter()
            .all(|head| head.starts_with("CONNECT service.example:443") && !head.contains(TOKEN)),
        "{heads:?}"
    );
    assert_eq!(heads.len(), 1);
}
