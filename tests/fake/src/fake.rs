//! The type [`Fake`], which is the service in memory with controls for tests.

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
    auth::Tokens,
    clock::{Clock, later},
    document::Document,
    fault::{Break, Outcome, Stage},
    fault_rule::{FaultRules, Rule},
    id,
    log::{Log, LogEntry},
    service::Service,
    settings::Settings,
    state::{Asset, CATEGORIES, OFFER_SOURCES, PAGES, State},
};

/// FunnelFlux service in memory. Clones share one state, so a test can serve one clone and check the state
/// through another.
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
        Self::with_document(settings, Document::embedded())
    }

    /// Creates an empty account of a service that this document describes.
    #[must_use]
    pub fn with_document(settings: Settings, document: Document) -> Self {
        let clock = Clock::new(settings.clock);
        let service = Service {
            document,
            tokens: Tokens::new(&settings, clock.now()),
            clock,
            random: fastrand::Rng::with_seed(settings.seed),
            settings,
            state: State::new(document),
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

    /// Handles one request, in memory and without waiting. The fake ignores scheme and host of the URI. The
    /// path must start with the base path of the document's server (`/v1`).
    #[expect(
        clippy::unused_async,
        reason = "the fake may come to wait for something; transports await it already"
    )]
    pub async fn handle(&self, request: Request<Bytes>) -> Outcome {
        self.service().handle(request)
    }

    /// Handles one request as [`Fake::handle`] does, but also performs faults that break the connection. On a
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
    /// Returns an error if the connection breaks. The kind is `ConnectionRefused` if the service has not
    /// received the request, and another kind if it may have received the request.
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

    /// Returns a snapshot of all assets. A snapshot is cheap to create.
    #[must_use]
    pub fn state(&self) -> State {
        self.service().state.clone()
    }

    /// Returns the document that describes the service.
    #[must_use]
    pub fn document(&self) -> Document {
        self.service().document
    }

    /// Returns true if a fake with the embedded document simulates an operation. [`Document::simulates`]
    /// describes the result.
    #[must_use]
    pub fn simulates(operation: &str) -> Option<bool> {
        Document::embedded().simulates(operation)
    }

    /// Returns the logged requests, oldest first. [`Settings::log`] limits their number.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.service().log.entries()
    }

    /// Empties the log. The count of requests is not reset.
    pub fn clear_log(&self) {
        self.service().log.clear();
    }

    /// Returns the number of all requests so far, including requests that are no longer in the log.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.service().requests
    }

    /// Returns every operation of the embedded document as method and path.
    #[must_use]
    pub fn operations() -> Vec<&'static str> {
        Document::embedded().operations()
    }

    /// Returns the base path of all operations of the embedded document, such as `/v1`.
    #[must_use]
    pub fn base_path() -> &'static str {
        Document::embedded().base_path()
    }

    /// Returns the current settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.service().settings.clone()
    }

    #[cfg(feature = "server")]
    pub(crate) fn max_body_bytes(&self) -> usize {
        self.service().settings.max_body_bytes
    }

    /// Changes settings, with effect from the next request on. Changes of the clock and of the seed have no
    /// effect. A change of `access_token` or `refresh_token` does not replace the current token. It affects
    /// only the text of the tokens that later renewals issue.
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

    /// Returns the number of rules that have matched fewer requests than planned. Unlimited rules are not
    /// counted. A test that injects faults should assert at the end that this number is 0.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.service().fault_rules.pending()
    }

    /// Locks the asset with this ID. Bulk calls and saves that contain the ID are rejected as
    /// [`Settings::locked_entry`] specifies. A lock represents any reason for which the service may reject an
    /// asset.
    pub fn lock(&self, id: impl Into<String>) {
        self.service().locked.insert(id.into());
    }

    /// Reverts [`Fake::lock`].
    pub fn unlock(&self, id: &str) {
        self.service().locked.remove(id);
    }

    /// Returns the newest access token.
    #[must_use]
    pub fn access_token(&self) -> String {
        self.service().tokens.current().to_owned()
    }

    /// Returns the refresh token, unless it was invalidated.
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

    /// Returns the number of access tokens that renewals have issued.
    #[must_use]
    pub fn renewals(&self) -> u64 {
        self.service().tokens.renewals
    }

    /// Returns the current time of the fake's clock.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.service().clock.now()
    }

    /// Moves the fake's clock forward.
    pub fn advance(&self, by: Duration) {
        self.service().clock.advance(by);
    }

    /// Sets the fake's clock to a time, and stops the clock.
    pub fn set_now(&self, now: SystemTime) {
        self.service().clock.set(now);
    }

    /// Inserts an asset of any kind without validation, or replaces the asset that has the same ID. `kind` is
    /// a name that [`State::assets`] accepts, and `body` contains the properties of the asset. Returns
    /// `false` and changes nothing if the document has no such kind, or if `body` is not an object with an
    /// ID.
    #[expect(
        clippy::must_use_candidate,
        reason = "a test knows whether the document has the kind"
    )]
    pub fn seed(&self, kind: &str, body: Value) -> bool {
        let mut service = self.service();
        let (Some(resource), Value::Object(body)) = (service.document.api().resource(kind), body) else {
            return false;
        };
        let asset = Asset::new(resource, body);
        let valid = !asset.id.is_empty();
        if valid {
            service.state.put(resource, asset);
        }
        valid
    }

    /// Inserts a valid asset with these properties. Properties that the document does not allow are left out.
    fn seed_valid(&self, kind: &str, id: &str, name: &str, properties: Value) {
        let Some(resource) = self.document().api().resource(kind) else {
            return;
        };
        let mut body = resource.sample(id, name);
        resource.extend(&mut body, properties);
        self.seed(kind, Value::Object(body));
    }

    /// Adds an active offer source with this ID and with values in all documented properties. Its name
    /// contains the ID.
    pub fn seed_offer_source(&self, id: &str) {
        let name = format!("Offer source {id}");
        self.seed_valid(OFFER_SOURCES, id, &name, offer_source());
    }

    /// Adds an active offer page. `offer_source` is the ID of its offer source, which need not exist. If the
    /// ID is empty, the page has no offer source.
    pub fn seed_page(&self, id: &str, offer_source: &str) {
        let Some(resource) = self.document().api().resource(PAGES) else {
            return;
        };
        let mut body = resource.sample(id, &format!("Page {id}"));
        resource.set_parent(&resource.parent, &mut body, offer_source);
        let url = format!("https://offer.example/{id}");
        resource.extend(&mut body, json!({ "pageType": "offer", "baseURL": url }));
        self.seed(PAGES, Value::Object(body));
    }

    /// Adds an active category for offer sources.
    pub fn seed_category(&self, id: &str, name: &str) {
        self.seed_valid(CATEGORIES, id, name, json!({ "categoryType": "offersources" }));
    }

    /// Adds `count` active offer sources with IDs in the vendor's format, and returns the IDs in order.
    #[expect(clippy::must_use_candidate, reason = "some tests need no IDs")]
    pub fn seed_many(&self, count: usize) -> Vec<String> {
        let mut inner = self.service();
        let Service {
            document,
            state,
            clock,
            random,
            ..
        } = &mut *inner;
        let Some(resource) = document.api().resource(OFFER_SOURCES) else {
            return Vec::new();
        };
        let mut template = resource.sample("id", "Offer source");
        resource.extend(&mut template, offer_source());
        let mut now = clock.now();
        let mut make = || {
            // Creation times are a millisecond apart, so the IDs are unique and sorted by age.
            now = later(now, Duration::from_millis(1));
            let id = id::generate(now, random);
            let mut body = template.clone();
            body.insert(resource.id.clone(), Value::from(id.as_str()));
            body.insert(resource.name.clone(), Value::from(format!("Offer source {id}")));
            state.put(resource, Asset::new(resource, body));
            id
        };
        (0..count).map(|_| make()).collect()
    }

    /// Changes the properties of an asset without a request, as another user might. Returns true if the asset
    /// exists.
    pub fn change(&self, kind: &str, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> bool {
        let mut inner = self.service();
        let Some(resource) = inner.document.api().resource(kind) else {
            return false;
        };
        let exists = inner.state.asset(&resource.key, id).is_some();
        inner.state.change(resource, id, change);
        exists
    }

    /// Sets one property of an asset without a request, as another user might. Returns true if the asset
    /// exists.
    pub fn set(&self, kind: &str, id: &str, property: &str, value: impl Into<Value>) -> bool {
        self.change(kind, id, |body| {
            body.insert(property.to_owned(), value.into());
        })
    }

    fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns values for all documented properties of an offer source, except ID, name and status.
fn offer_source() -> Value {
    json!({
        "queryParams": { "clickid": "{hit}" }, "umrDomainOverride": "",
        "postbackSubId": "subid", "postbackTxId": "txid", "postbackPayout": "payout",
        "idCategory": "", "meta": { "version": 1 },
    })
}
