//! [`Fake`]: the service in memory, and the controls for tests.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Map, Value, json};

use crate::{
    asset_kinds,
    auth::Tokens,
    clock::{Clock, later},
    document::DOCUMENT,
    fault::{Break, Outcome, Stage},
    fault_rule::{FaultRules, Rule},
    id,
    log::{Log, LogEntry},
    service::Service,
    settings::Settings,
    state::{Asset, State},
};

/// FunnelFlux in memory. Clones share one state, so a test can serve one clone and assert on another.
///
/// ```
/// use bytes::Bytes;
/// use funnelflux_fake::{Fake, Outcome};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let fake = Fake::default();
///     fake.seed_offer_source("a");
///     let url = "https://api.funnelflux.pro/v1/offersource/find/byId/?idOfferSource=a";
///     let request = http::Request::get(url)
///         .header("authorization", format!("Bearer {}", fake.access_token()))
///         .body(Bytes::new())?;
///     match fake.handle(request).await {
///         Outcome::Response(response) => assert_eq!(response.status(), 200),
///         Outcome::Fault(fault) => panic!("unexpected fault: {fault:?}"),
///     }
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Fake {
    service: Arc<Mutex<Service>>,
}

impl Default for Fake {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

impl Fake {
    /// Creates an empty account with these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let clock = Clock::new(settings.clock);
        let service = Service {
            tokens: Tokens::new(&settings, clock.now()),
            clock,
            random: fastrand::Rng::with_seed(settings.seed),
            settings,
            state: State::default(),
            stale: None,
            locked: HashSet::new(),
            fault_rules: FaultRules::default(),
            log: Log::default(),
            requests: 0,
        };
        Self {
            service: Arc::new(Mutex::new(service)),
        }
    }

    /// Handles one request, in memory and without waiting. Only path and query of the URI matter. The path
    /// starts with the base path of the document's server (`/v1`).
    #[expect(
        clippy::unused_async,
        reason = "the fake may come to wait for something; transports await it already"
    )]
    pub async fn handle(&self, request: Request<Bytes>) -> Outcome {
        self.service().handle(request)
    }

    /// Handles one request like [`Fake::handle`], but also performs faults that break the connection. On a
    /// stalled connection, the future never completes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use funnelflux_fake::{Fake, Fault, Rule};
    ///
    /// let fake = Fake::default();
    /// fake.inject(Rule::new(Fault::RefuseConnection));
    /// let request = http::Request::get("/v1/offersource/list/?status=all");
    /// let outcome = fake.respond(request.body(Default::default()).unwrap()).await;
    /// assert_eq!(outcome.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the connection breaks: `ConnectionRefused` if the service has not received the request, and
    /// another kind if it may have received it.
    pub async fn respond(&self, request: Request<Bytes>) -> io::Result<Response<Bytes>> {
        let interruption = match self.handle(request).await {
            Outcome::Response(response) => return Ok(response),
            Outcome::Fault(interruption) => interruption,
        };
        let kind = match (interruption.how, interruption.stage) {
            (Break::Stalled, _) => std::future::pending().await,
            (Break::Refused, _) | (_, Stage::Connect) => io::ErrorKind::ConnectionRefused,
            (Break::Reset, _) => io::ErrorKind::ConnectionReset,
            (Break::Closed, _) => io::ErrorKind::UnexpectedEof,
        };
        Err(kind.into())
    }

    /// A snapshot of all assets. Cheap to create.
    #[must_use]
    pub fn state(&self) -> State {
        self.service().state.clone()
    }

    /// Returns true if the fake simulates an operation such as `PUT /page/archive/`; `None` if the document
    /// lacks the operation. For operations that the vendor does not describe, the fake only returns an empty
    /// success.
    #[must_use]
    pub fn simulates(operation: &str) -> Option<bool> {
        DOCUMENT.simulates(operation)
    }

    /// The logged requests, as many as [`Settings::log`] keeps, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.service().log.entries()
    }

    /// Empties the log. The request count continues.
    pub fn clear_log(&self) {
        self.service().log.clear();
    }

    /// Number of requests so far.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.service().requests
    }

    /// Every operation of the document, as method and path.
    #[must_use]
    pub fn operations() -> Vec<&'static str> {
        DOCUMENT.keys()
    }

    /// Base path of all operations, such as `/v1`.
    #[must_use]
    pub fn base_path() -> &'static str {
        &DOCUMENT.base_path
    }

    /// The current settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.service().settings.clone()
    }

    #[cfg(feature = "server")]
    pub(crate) fn max_body_bytes(&self) -> usize {
        self.service().settings.max_body_bytes
    }

    /// Changes settings from the next request on. Changes of tokens, clock and seed have no effect.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.service().settings);
    }

    /// Adds a rule that injects a fault.
    pub fn inject(&self, rule: Rule) {
        self.service().fault_rules.add(rule);
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.service().fault_rules.clear();
    }

    /// Number of rules that have matched fewer requests than they should; unlimited rules are not counted. A
    /// test that injects faults should assert at the end that this number is 0.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.service().fault_rules.pending()
    }

    /// Makes bulk calls and saves reject this ID, as [`Settings::locked_entry`] specifies. The lock
    /// represents any reason that the service may have.
    pub fn lock(&self, id: impl Into<String>) {
        self.service().locked.insert(id.into());
    }

    /// Reverts [`Fake::lock`].
    pub fn unlock(&self, id: &str) {
        self.service().locked.remove(id);
    }

    /// The newest access token.
    #[must_use]
    pub fn access_token(&self) -> String {
        self.service().tokens.current().to_owned()
    }

    /// The refresh token, unless it was invalidated.
    #[must_use]
    pub fn refresh_token(&self) -> Option<String> {
        self.service().tokens.refresh().map(str::to_owned)
    }

    /// Expires every access token issued so far.
    pub fn expire_access_token(&self) {
        let mut inner = self.service();
        let now = inner.clock.now();
        inner.tokens.expire(now);
    }

    /// Makes every renewal fail from now on.
    pub fn invalidate_refresh_token(&self) {
        self.service().tokens.invalidate_refresh();
    }

    /// Number of access tokens issued by renewals.
    #[must_use]
    pub fn renewals(&self) -> u64 {
        self.service().tokens.renewals
    }

    /// The fake's time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.service().clock.now()
    }

    /// Moves the fake's time forward.
    pub fn advance(&self, by: Duration) {
        self.service().clock.advance(by);
    }

    /// Sets the fake's time and stops its clock.
    pub fn set_now(&self, now: SystemTime) {
        self.service().clock.set(now);
    }

    /// Inserts an asset of any kind without validation. `segment` is the first segment of its paths, `body`
    /// its properties. Replaces an asset with the same ID. Returns `false`, and changes nothing, if the fake
    /// does not know the kind or `body` is not an object with an ID.
    pub fn seed(&self, segment: &str, body: Value) -> bool {
        let (Some(resource), Value::Object(body)) = (DOCUMENT.resource(segment), body) else {
            return false;
        };
        let asset = Asset::new(resource, body);
        let valid = !asset.id.is_empty();
        if valid {
            self.service().state.put(segment, asset);
        }
        valid
    }

    /// Adds an active offer source with this ID and a name derived from it, with values in all documented
    /// properties.
    pub fn seed_offer_source(&self, id: &str) {
        self.seed(asset_kinds::OFFER_SOURCE, offer_source(id));
    }

    /// Adds an active offer page of an offer source, which need not exist. An empty `offer_source` means that
    /// the page has no offer source.
    pub fn seed_page(&self, id: &str, offer_source: &str) {
        let body = json!({
            "idPage": id, "pageName": format!("Page {id}"), "pageType": "offer",
            "baseURL": format!("https://offer.example/{id}"),
            "offerParams": { "idOfferSource": offer_source }, "status": "active",
        });
        self.seed(asset_kinds::PAGE, body);
    }

    /// Adds an active category for offer sources.
    pub fn seed_category(&self, id: &str, name: &str) {
        let body = json!({
            "idCategory": id, "categoryName": name, "categoryType": "offersources", "status": "active",
        });
        self.seed(asset_kinds::CATEGORY, body);
    }

    /// Adds `count` active offer sources with IDs in the vendor's format, and returns the IDs in order.
    pub fn seed_many(&self, count: usize) -> Vec<String> {
        let mut inner = self.service();
        let Service {
            state, clock, random, ..
        } = &mut *inner;
        let Some(resource) = DOCUMENT.resource(asset_kinds::OFFER_SOURCE) else {
            return Vec::new();
        };
        let mut now = clock.now();
        let mut make = || {
            // Creation times are a millisecond apart, so the IDs are unique and sorted by age.
            now = later(now, Duration::from_millis(1));
            let id = id::generate(now, random);
            let Value::Object(body) = offer_source(&id) else {
                return id;
            };
            state.put(asset_kinds::OFFER_SOURCE, Asset::new(resource, body));
            id
        };
        (0..count).map(|_| make()).collect()
    }

    /// Changes the properties of an asset without a request, like another user. Returns false if the asset
    /// does not exist.
    pub fn change(&self, segment: &str, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> bool {
        let mut inner = self.service();
        let Some(resource) = DOCUMENT.resource(segment) else {
            return false;
        };
        let exists = inner.state.asset(segment, id).is_some();
        inner.state.change(resource, id, change);
        exists
    }

    /// Sets one property of an asset without a request. Returns false if the asset does not exist.
    pub fn set(&self, segment: &str, id: &str, property: &str, value: impl Into<Value>) -> bool {
        self.change(segment, id, |body| {
            body.insert(property.to_owned(), value.into());
        })
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn offer_source(id: &str) -> Value {
    json!({
        "idOfferSource": id, "offerSourceName": format!("Offer source {id}"),
        "queryParams": { "clickid": "{hit}" }, "umrDomainOverride": "",
        "postbackSubId": "subid", "postbackTxId": "txid", "postbackPayout": "payout",
        "status": "active", "idCategory": "", "meta": { "version": 1 },
    })
}
