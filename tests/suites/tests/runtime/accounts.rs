//! Tests of tokens: the base URL and the account to which they belong, their store, their replacement at run
//! time, and their renewal in the background.

use super::*;
use funnelflux::auth::{CredentialSource, FileTokenStore, MemoryTokenStore, StoreError, TokenStore};
use funnelflux::hook::{Hook, RenewalView};
use funnelflux::secrecy::ExposeSecret as _;
use funnelflux::transport::{BoxFuture, Transport, from_fn};
use funnelflux::types::StatusFilter;
use funnelflux::{Client, ClientBuilder, Credentials, Error};
use funnelflux_fake::Settings;
use funnelflux_suites::{InProcess, client, client_over, credentials};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Access tokens of two accounts, with the claims `{"sub":"account-a"}` and `{"sub":"account-b"}`.
const TOKEN_A: &str = "e30.eyJzdWIiOiJhY2NvdW50LWEifQ.c2ln";
const TOKEN_B: &str = "e30.eyJzdWIiOiJhY2NvdW50LWIifQ.c2ln";

async fn list(client: &Client) -> Result<usize, Error> {
    Ok(client.list_offer_sources(StatusFilter::All, None).await?.len())
}

/// A service with one account. Each renewal replaces the refresh token, and invalidates the old one.
fn service(access_token: &str) -> Fake {
    Fake::new(Settings {
        access_token: access_token.to_owned(),
        refresh_token: format!("refresh of {access_token}"),
        rotate_refresh_token: true,
        ..Settings::default()
    })
}

/// Makes a client of `fake` renew its tokens and store them in `path`.
async fn renew_into(path: &Path, fake: &Fake) {
    let client = client(fake).token_file(path).build().unwrap();
    fake.expire_access_token();
    list(&client).await.unwrap();
    assert_eq!(fake.renewals(), 1);
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens.json");
    (folder, path)
}

fn write_file(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap()).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.persist(path).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_file_is_not_sent_to_another_host() {
    let (_folder, path) = file();
    renew_into(&path, &service("a")).await;
    let other = service("b");
    let builder = || {
        let builder = Client::builder().transport(InProcess::new(&other));
        builder.base_url("https://other.example/v1").token_file(&path)
    };
    let without_base_url = r#"{"access_token": "b", "refresh_token": "refresh of b"}"#;
    for bound in [true, false] {
        if !bound {
            write_file(&path, without_base_url);
        }
        for client in [builder(), builder().credentials(credentials(&other))] {
            let error = list(&client.build().unwrap()).await.unwrap_err().to_string();
            for part in [
                "tokens.json",
                "https://other.example/v1",
                ClientBuilder::DEFAULT_BASE_URL,
            ] {
                assert!(error.contains(part), "{error}");
            }
        }
    }
    assert_eq!(other.request_count(), 0, "the service has seen no token");
    // A file without a base URL belongs to the vendor's service.
    let client = Client::builder()
        .transport(InProcess::new(&other))
        .token_file(&path);
    list(&client.build().unwrap()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_token_file_of_another_account_is_refused() {
    let (_folder, path) = file();
    renew_into(&path, &service(TOKEN_A)).await;
    let other = service(TOKEN_B);
    let client = client(&other).token_file(&path).build().unwrap();
    let error = list(&client).await.unwrap_err().to_string();
    for part in ["tokens.json", "account-a", "account-b"] {
        assert!(error.contains(part), "{error}");
    }
    let error = client.replace_credentials(credentials(&other)).await.unwrap_err();
    assert!(error.to_string().contains("account-a"), "{error}");
    assert_eq!(other.request_count(), 0);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(TOKEN_A) && text.contains(r#""account":"account-a""#));
}

#[tokio::test(start_paused = true)]
async fn given_tokens_outrank_a_file_that_descends_from_others() {
    let (_folder, path) = file();
    let first = service("a");
    let given = credentials(&first);
    renew_into(&path, &first).await;
    // If the same program runs again, the file has the newer tokens.
    let again = client(&first)
        .credentials(given)
        .token_file(&path)
        .build()
        .unwrap();
    let source = again.credential_source().await.unwrap().unwrap();
    assert_eq!(source.to_string(), format!("the token file {}", path.display()));
    list(&again).await.unwrap();
    assert_eq!(first.renewals(), 1);
    // The tokens belong to a different account, but do not name their account.
    let other = service("b");
    let client = client(&other).token_file(&path).build().unwrap();
    assert_eq!(
        client.credential_source().await.unwrap(),
        Some(CredentialSource::Given)
    );
    other.expire_access_token();
    list(&client).await.unwrap();
    assert_eq!(
        client.credential_source().await.unwrap(),
        Some(CredentialSource::Renewal)
    );
    assert_eq!(
        (other.renewals(), count(&other, RENEW)),
        (1, 1),
        "no token of the file was sent"
    );
}

#[tokio::test(start_paused = true)]
async fn the_account_is_known_from_the_token() {
    let fake = service(TOKEN_A);
    let client_a = client(&fake).build().unwrap();
    assert_eq!(client_a.account().await.unwrap().unwrap().as_str(), "account-a");
    assert_eq!(fake.request_count(), 0);
    fake.expire_access_token();
    list(&client_a).await.unwrap();
    assert_eq!(client_a.account().await.unwrap().unwrap().as_str(), "account-a");
    let opaque = client(&fake)
        .credentials(Credentials::new("opaque"))
        .build()
        .unwrap();
    assert_eq!(opaque.account().await.unwrap(), None);
    let none = Client::builder()
        .transport(InProcess::new(&fake))
        .build()
        .unwrap();
    assert_eq!(none.account().await.unwrap(), None);
}

#[tokio::test]
async fn a_store_that_cannot_store_is_an_error_of_the_builder() {
    let (folder, path) = file();
    std::fs::write(folder.path().join("a-file"), "").unwrap();
    for (path, problem) in [
        ("missing/tokens.json", "its folder must exist"),
        ("a-file/tokens.json", "its folder must exist"),
    ] {
        let builder = Client::builder().token_file(folder.path().join(path));
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(path) && error.contains(problem), "{error}");
    }
    if cfg!(target_os = "linux") {
        // Nobody can create files in this folder, not even the superuser.
        let error = Client::builder()
            .token_file("/proc/tokens.json")
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("must be writable"), "{error}");
    }
    write_file(&path, "{");
    let error = Client::builder()
        .token_file(&path)
        .build()
        .unwrap_err()
        .to_string();
    assert!(error.contains("contains no tokens"), "{error}");
}

/// A store in memory whose writes fail while `broken` is true.
#[derive(Default)]
struct Fragile {
    inner: MemoryTokenStore,
    broken: AtomicBool,
}

impl TokenStore for Fragile {
    fn load(&self) -> BoxFuture<'_, Result<Option<Credentials>, StoreError>> {
        self.inner.load()
    }

    fn save<'a>(&'a self, credentials: &'a Credentials) -> BoxFuture<'a, Result<(), StoreError>> {
        if self.broken.load(Ordering::Relaxed) {
            return Box::pin(async { Err("the vault is full".into()) });
        }
        self.inner.save(credentials)
    }
}

/// Hook that records each renewal.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<String>>>);

impl Hook for Heard {
    fn tokens_renewed(&self, renewal: &RenewalView<'_>) {
        let account = renewal.account.map(ToString::to_string);
        let text = format!("{account:?} {:?}", renewal.storage_error);
        assert!(renewal.expires_at.is_some());
        self.0.lock().unwrap().push(text);
    }
}

#[tokio::test(start_paused = true)]
async fn losing_a_rotated_refresh_token_is_reported_to_the_caller() {
    let fake = service(TOKEN_A);
    fake.seed_offer_source("x");
    let store = Arc::new(Fragile::default());
    let heard = Heard::default();
    let builder = client(&fake).token_store(Arc::clone(&store)).hook(heard.clone());
    let client = builder.build().unwrap();
    store.broken.store(true, Ordering::Relaxed);
    fake.expire_access_token();
    let error = list(&client).await.unwrap_err();
    for part in ["the vault is full", "has replaced the refresh token"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(
        *heard.0.lock().unwrap(),
        [r#"Some("account-a") Some("the vault is full")"#]
    );
    // The failure is reported once, and the new tokens are in use.
    assert_eq!(list(&client).await.unwrap(), 1);
    assert!(store.load().await.unwrap().is_none());
    // Later calls store the tokens.
    store.broken.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(61)).await;
    list(&client).await.unwrap();
    tokio::task::yield_now().await;
    let stored = store.load().await.unwrap().unwrap();
    let refresh_token = stored.refresh_token().unwrap().expose_secret().to_owned();
    assert_eq!(Some(refresh_token), fake.refresh_token());
    assert_eq!(fake.renewals(), 1);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_linked_token_file_stays_a_link() {
    let (folder, path) = file();
    let link = folder.path().join("link.json");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    renew_into(&link, &service("a")).await;
    assert!(link.is_symlink() && path.is_file());
}

#[cfg(unix)]
#[tokio::test]
async fn token_files_do_not_block_async_threads() {
    let (_folder, path) = file();
    // Reading a pipe blocks until somebody writes.
    let made = std::process::Command::new("mkfifo")
        .args(["-m", "600"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    let store = FileTokenStore::new(&path);
    let loading = tokio::spawn(async move { store.load().await });
    // This runtime has only one thread, so a blocking read would stop everything.
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert!(!loading.is_finished());
    let write = move || std::fs::write(path, r#"{"access_token": "a"}"#);
    tokio::task::spawn_blocking(write).await.unwrap().unwrap();
    let loaded = loading.await.unwrap().unwrap().unwrap();
    assert_eq!(loaded.access_token().expose_secret(), "a");
}

/// Returns a transport that sends each request to the fake that issued the token in the request.
fn by_token(fakes: [Fake; 2]) -> impl Transport {
    let transports = fakes.map(|fake| (fake.clone(), Arc::new(InProcess::new(&fake))));
    from_fn(move |request: http::Request<bytes::Bytes>| {
        let header = request.headers()["authorization"].to_str().unwrap().to_owned();
        let own = transports.iter().find(|(fake, _)| {
            let initial = fake.settings().access_token;
            header.starts_with(&format!("Bearer {initial}"))
        });
        let transport = Arc::clone(&own.unwrap().1);
        async move { transport.send(request).await }
    })
}

#[tokio::test(start_paused = true)]
async fn clients_of_many_accounts_share_one_transport() {
    let (first, second) = (service(TOKEN_A), service(TOKEN_B));
    first.seed_offer_source("x");
    let builder = Client::builder().transport(by_token([first.clone(), second.clone()]));
    let client = builder.credentials(credentials(&first)).build().unwrap();
    let other = client.with_credentials(credentials(&second)).unwrap();
    assert_eq!(
        (list(&client).await.unwrap(), list(&other).await.unwrap()),
        (1, 0)
    );
    // Each client renews its own tokens.
    second.expire_access_token();
    list(&other).await.unwrap();
    assert_eq!((first.renewals(), second.renewals()), (0, 1));
    assert_eq!((count(&first, LIST), count(&second, LIST)), (1, 3));
    // This client has a separate store.
    let (_folder, path) = file();
    let stored = client
        .with_token_store(Some(credentials(&second)), FileTokenStore::new(&path))
        .unwrap();
    second.expire_access_token();
    list(&stored).await.unwrap();
    assert!(std::fs::read_to_string(&path).unwrap().contains("account-b"));
    let error = client
        .with_token_store(None, FileTokenStore::new("/nonexistent/x"))
        .unwrap_err();
    assert!(error.to_string().contains("its folder must exist"), "{error}");
    let plain = Client::builder().base_url("http://example.com").build().unwrap();
    let error = plain.with_credentials(credentials(&first)).unwrap_err();
    assert!(error.to_string().contains("unencrypted"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn credentials_are_replaced_at_run_time() {
    let fake = service(TOKEN_A);
    let store = Arc::new(MemoryTokenStore::new());
    let dead = Credentials::new(format!("{TOKEN_A}-dead")).with_refresh_token("dead");
    let builder = client_over(InProcess::new(&fake).latency(Duration::from_secs(1)));
    let client = builder
        .credentials(dead)
        .token_store(Arc::clone(&store))
        .build()
        .unwrap();
    let clone = client.clone();
    assert!(list(&clone).await.unwrap_err().is_unauthorized());
    client.replace_credentials(credentials(&fake)).await.unwrap();
    list(&clone).await.unwrap();
    let stored = store.load().await.unwrap().unwrap();
    assert_eq!(stored.access_token().expose_secret(), TOKEN_A);
    assert_eq!(stored.base_url(), Some(ClientBuilder::DEFAULT_BASE_URL));
    // The renewal in progress has no effect, because the tokens were replaced.
    fake.expire_access_token();
    let running = tokio::spawn(async move { list(&clone).await });
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let replaced = Credentials::new(format!("{TOKEN_A}-1")).with_refresh_token("kept");
    client.replace_credentials(replaced).await.unwrap();
    running.await.unwrap().unwrap();
    let stored = store.load().await.unwrap().unwrap();
    assert_eq!(stored.refresh_token().unwrap().expose_secret(), "kept");
    let error = client
        .replace_credentials(Credentials::new(TOKEN_B))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("account-a") && error.to_string().contains("account-b"),
        "{error}"
    );
    let without = Client::builder().build().unwrap();
    without.replace_credentials(credentials(&fake)).await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn hooks_hear_of_renewals() {
    let fake = service(TOKEN_A);
    let heard = Heard::default();
    let client = client(&fake).hook(heard.clone()).build().unwrap();
    for renewals in 1..=2 {
        fake.expire_access_token();
        list(&client).await.unwrap();
        assert_eq!(
            *heard.0.lock().unwrap(),
            vec![r#"Some("account-a") None"#; renewals]
        );
    }
}

/// Returns the builder of a client of `fake`. The token of the client expires in four minutes.
fn expiring(fake: &Fake) -> ClientBuilder {
    fake.advance(Duration::from_hours(72) - Duration::from_mins(4));
    let expiry = fake.now() + Duration::from_mins(4);
    client_over(InProcess::new(fake).latency(Duration::from_millis(10)))
        .credentials(credentials(fake).with_expires_at(expiry))
}

#[tokio::test(start_paused = true)]
async fn calls_do_not_wait_for_a_renewal_while_the_token_is_valid() {
    for fault in [Fault::status(503), Fault::Unauthorized, Fault::StallConnect] {
        let fake = service("a");
        let client = expiring(&fake).build().unwrap();
        fake.inject(Rule::new(fault.clone()).on(RENEW).always());
        for _ in 0..230 {
            let (outcome, time) = timed(list(&client)).await;
            outcome.unwrap();
            assert!(time < Duration::from_millis(20), "{fault}: {time:?}");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(count(&fake, LIST), 230, "no call was refused");
        // A renewal has at most five attempts, and the waits between renewals double.
        let renewals = count(&fake, RENEW);
        assert!((1..=45).contains(&renewals), "{fault}: {renewals}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_does_not_cost_every_call_a_ladder() {
    let fake = service("a");
    let client = client(&fake).build().unwrap();
    fake.expire_access_token();
    fake.inject(Rule::new(Fault::status(503)).on(RENEW).always());
    let mut longest = Duration::ZERO;
    let start = Instant::now();
    let mut calls = 0;
    while start.elapsed() < Duration::from_mins(5) {
        let (outcome, time) = timed(list(&client)).await;
        assert!(outcome.unwrap_err().is_retryable());
        longest = longest.max(time);
        calls += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(
        calls > 1_500 && longest <= Duration::from_secs(10),
        "{calls}, {longest:?}"
    );
    let renewals = count(&fake, RENEW);
    assert!(renewals <= 60, "{renewals}");
    // The client recovers.
    fake.clear_faults();
    tokio::time::sleep(Duration::from_mins(1)).await;
    list(&client).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_foreign_authorization_renews_nothing() {
    struct Foreign;
    impl Hook for Foreign {
        fn before_request(&self, request: &mut funnelflux::hook::RequestView<'_>) {
            let value = http::HeaderValue::from_static("Bearer foreign");
            request.headers.insert("authorization", value);
        }
    }
    for by_hook in [false, true] {
        let fake = service(TOKEN_A);
        // The client's own token is also about to expire.
        let builder = expiring(&fake);
        let client = if by_hook { builder.hook(Foreign) } else { builder }
            .build()
            .unwrap();
        fake.inject(Rule::new(Fault::status(500)).on(RENEW).always());
        let mut call = client.list_offer_sources(StatusFilter::All, None);
        if !by_hook {
            call = call.header("authorization", "Bearer foreign");
        }
        let error = call.await.unwrap_err();
        assert!(error.is_unauthorized(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("unknown access token") && text.contains("nothing was renewed"),
            "{text}"
        );
        assert!(!text.contains("foreign") && !text.contains(TOKEN_A), "{text}");
        assert_eq!((count(&fake, LIST), fake.renewals()), (1, 0), "{by_hook}");
        if !by_hook {
            assert_eq!(count(&fake, RENEW), 0);
        }
        fake.clear_faults();
        // The client's own tokens still work.
        let own = client.with_credentials(credentials(&fake)).unwrap();
        if !by_hook {
            list(&own).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewed_token_of_another_account_is_refused() {
    static ANSWERS: AtomicU64 = AtomicU64::new(0);
    let confused = from_fn(|request: http::Request<bytes::Bytes>| async move {
        let renewal = request.uri().path().ends_with("/auth/validate");
        let body = format!(r#"{{"tokens":{{"access_token":"{TOKEN_B}"}}}}"#);
        ANSWERS.fetch_add(1, Ordering::Relaxed);
        let mut response = http::Response::new(bytes::Bytes::from(body));
        if !renewal {
            *response.status_mut() = http::StatusCode::UNAUTHORIZED;
        }
        Ok(response)
    });
    let given = Credentials::new(TOKEN_A).with_refresh_token("r");
    let client = Client::builder()
        .transport(confused)
        .credentials(given)
        .build()
        .unwrap();
    let error = list(&client).await.unwrap_err().to_string();
    assert!(
        error.contains("account-a") && error.contains("account-b"),
        "{error}"
    );
    assert_eq!(
        ANSWERS.load(Ordering::Relaxed),
        2,
        "the other account's token is not used"
    );
    assert_eq!(client.account().await.unwrap().unwrap().as_str(), "account-a");
}

/// Splits a base URL without a port into its host and its path.
fn split(base_url: &str) -> (&str, &str) {
    let rest = base_url.trim_start_matches("https://");
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

/// Checks that different spellings of a base URL count as the same base URL.
#[tokio::test(start_paused = true)]
async fn a_base_url_is_compared_in_its_normal_form() {
    let fake = service("a");
    let base_url = ClientBuilder::DEFAULT_BASE_URL;
    let (host, path) = split(base_url);
    for spelling in [
        format!("{base_url}/"),
        format!("HTTPS://{}{path}", host.to_uppercase()),
        format!("https://{host}:443{path}//"),
    ] {
        let store = Arc::new(MemoryTokenStore::new());
        let bound = credentials(&fake).with_base_url(&spelling);
        store.save(&bound).await.unwrap();
        for builder in [client(&fake).token_store(store), client(&fake).credentials(bound)] {
            assert!(list(&builder.build().unwrap()).await.is_ok(), "{spelling}");
        }
    }
    for other in [
        format!("https://{host}{path}/V1"),
        format!("https://{host}:8443{path}"),
        "nonsense".to_owned(),
    ] {
        let bound = credentials(&fake).with_base_url(&other);
        assert!(client(&fake).credentials(bound).build().is_err(), "{other}");
    }
}

/// Checks a token with characters that are invalid in a header. No error may contain it, not even the error
/// about these characters.
#[tokio::test(start_paused = true)]
async fn a_token_that_no_header_can_carry_is_not_shown() {
    let fake = service("a");
    for token in ["canary\nx", "canary\0", "canary\u{e9}\r\nx: y"] {
        let client = client(&fake).bearer_token(token).build().unwrap();
        match list(&client).await {
            Ok(_) => panic!("{token:?} was accepted"),
            Err(error) => assert!(!format!("{error} {error:?}").contains("canary"), "{error}"),
        }
    }
    assert_eq!(fake.request_count(), 0);
}
