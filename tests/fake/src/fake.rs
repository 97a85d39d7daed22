//! [`Fake`]: the service in memory, and the controls for tests.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{Method, Request, Response, Uri, request};
use serde_json::{Map, Value, json};

use crate::{
    asset_kinds,
    auth::{Tokens, VALIDATE_PATH},
    clock::{Clock, later},
    document::{DOCUMENT, Operation, Read, Resource, ResponseKind, Route, Verb, Write},
    fault::{Fault, FaultRules, Interruption, Received, Rule},
    id,
    log::{Log, LogEntry, Verdict, redact_body, redact_headers},
    read,
    responses::{Refusal, Success, common_headers, json_response, response},
    settings::{Settings, TrailingSlash},
    state::{Asset, State},
    validate::{Valid, validate},
    write::Writer,
};

/// Key of the renewal in rules and in the log.
const VALIDATE_OPERATION: &str = "POST /auth/validate";

/// FunnelFlux in memory. Clones share one state, so one can serve while another asserts.
///
/// ```
/// use bytes::Bytes;
/// use funnelflux_fake::{Fake, Outcome};
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
    inner: Arc<Mutex<Inner>>,
}

/// The result of a request.
#[derive(Debug)]
pub enum Outcome {
    /// A complete HTTP response. A fault can make it a wrong one.
    Response(Response<Bytes>),
    /// A broken or hanging connection for the transport to act out.
    Fault(Interruption),
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    state: State,
    /// The state before the last change, and the number of list reads that still return it.
    stale: Option<(State, u32)>,
    tokens: Tokens,
    clock: Clock,
    locked: HashSet<String>,
    fault_rules: FaultRules,
    log: Log,
    requests: u64,
    random: fastrand::Rng,
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
        let inner = Inner {
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
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Handles one request, in memory and without waiting. Only path and query of the URI matter. The path
    /// starts with the base path of the document's server (`/v1`).
    #[expect(
        clippy::unused_async,
        reason = "the fake may come to wait for something; transports await it already"
    )]
    pub async fn handle(&self, request: Request<Bytes>) -> Outcome {
        self.inner().handle(request)
    }

    /// A snapshot of all assets. Cheap.
    #[must_use]
    pub fn state(&self) -> State {
        self.inner().state.clone()
    }

    /// Returns whether the fake simulates an operation (`PUT /page/archive/`). It returns an empty success
    /// for operations that the vendor does not describe. `None` if the document lacks the operation.
    #[must_use]
    pub fn simulates(operation: &str) -> Option<bool> {
        DOCUMENT.simulates(operation)
    }

    /// The logged requests, as many as [`Settings::log`] keeps, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.inner().log.entries()
    }

    /// Empties the log. The request count continues.
    pub fn clear_log(&self) {
        self.inner().log.clear();
    }

    /// Number of requests so far.
    #[must_use]
    pub fn request_count(&self) -> u64 {
        self.inner().requests
    }

    /// Every operation of the document, as method and path.
    #[must_use]
    pub fn operations() -> Vec<&'static str> {
        DOCUMENT.keys()
    }

    /// Path below which all operations are, such as `/v1`.
    #[must_use]
    pub fn base_path() -> &'static str {
        &DOCUMENT.base_path
    }

    /// The current settings.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.inner().settings.clone()
    }

    pub(crate) fn max_body_bytes(&self) -> usize {
        self.inner().settings.max_body_bytes
    }

    /// Changes settings from the next request on. Changes of tokens, clock and seed have no effect.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.inner().settings);
    }

    /// Adds a rule that injects a fault.
    pub fn inject(&self, rule: Rule) {
        self.inner().fault_rules.add(rule);
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.inner().fault_rules.clear();
    }

    /// Number of rules that have matched fewer requests than they should. Rules without an end do not count.
    /// A test that injects faults asserts that it is 0 at the end.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.inner().fault_rules.pending()
    }

    /// Makes bulk calls and saves reject this ID, as [`Settings::locked_entry`] specifies. It represents any
    /// reason that the service may have.
    pub fn lock(&self, id: impl Into<String>) {
        self.inner().locked.insert(id.into());
    }

    /// Reverts [`Fake::lock`].
    pub fn unlock(&self, id: &str) {
        self.inner().locked.remove(id);
    }

    /// The newest access token.
    #[must_use]
    pub fn access_token(&self) -> String {
        self.inner().tokens.current().to_owned()
    }

    /// The refresh token, unless it was invalidated.
    #[must_use]
    pub fn refresh_token(&self) -> Option<String> {
        self.inner().tokens.refresh().map(str::to_owned)
    }

    /// Expires every access token issued so far.
    pub fn expire_access_token(&self) {
        let mut inner = self.inner();
        let now = inner.clock.now();
        inner.tokens.expire(now);
    }

    /// Makes every renewal fail from now on.
    pub fn invalidate_refresh_token(&self) {
        self.inner().tokens.invalidate_refresh();
    }

    /// Number of access tokens issued by renewals.
    #[must_use]
    pub fn renewals(&self) -> u64 {
        self.inner().tokens.renewals
    }

    /// The fake's time.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.inner().clock.now()
    }

    /// Moves the fake's time forward.
    pub fn advance(&self, by: Duration) {
        self.inner().clock.advance(by);
    }

    /// Sets the fake's time and stops its clock.
    pub fn set_now(&self, now: SystemTime) {
        self.inner().clock.set(now);
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
            self.inner().state.put(segment, asset);
        }
        valid
    }

    /// Adds an active offer source with this ID, named after it, with values in all documented properties.
    pub fn seed_offer_source(&self, id: &str) {
        self.seed(asset_kinds::OFFER_SOURCE, offer_source(id));
    }

    /// Adds an active offer page of an offer source (an empty `offer_source` means none), which need not
    /// exist.
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
        let mut inner = self.inner();
        let Inner {
            state, clock, random, ..
        } = &mut *inner;
        let Some(resource) = DOCUMENT.resource(asset_kinds::OFFER_SOURCE) else {
            return Vec::new();
        };
        let mut now = clock.now();
        let mut make = || {
            // Creation times a millisecond apart make the IDs unique and sorted by age.
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

    /// Changes the properties of an asset behind the client's back, as another user might. Returns whether it
    /// exists.
    pub fn change(&self, segment: &str, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> bool {
        let mut inner = self.inner();
        let Some(resource) = DOCUMENT.resource(segment) else {
            return false;
        };
        let exists = inner.state.asset(segment, id).is_some();
        inner.state.change(resource, id, change);
        exists
    }

    /// Sets one property of an asset behind the client's back. Returns whether it exists.
    pub fn set(&self, segment: &str, id: &str, property: &str, value: impl Into<Value>) -> bool {
        self.change(segment, id, |body| {
            body.insert(property.to_owned(), value.into());
        })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Inner {
    fn handle(&mut self, request: Request<Bytes>) -> Outcome {
        let (head, body) = request.into_parts();
        self.requests += 1;
        let path = head.uri.path();
        let destination = Destination::of(&head.method, path, self.settings.trailing_slash);
        let operation = destination.operation();
        let received = Received {
            number: self.requests,
            operation,
            method: &head.method,
            path,
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body: &body,
        };
        let fault = self.fault_rules.next(&received, &mut self.random);
        let now = self.clock.now();
        if fault == Some(Fault::ExpireToken) {
            self.tokens.expire(now);
        }
        let before = (self.state.version, self.tokens.renewals);
        let reaches = fault
            .as_ref()
            .is_none_or(|fault| fault.applies() || *fault == Fault::ExpireToken);
        let mut violations = Vec::new();
        let answered = reaches.then(|| match self.process(&destination, &head, &body, now) {
            Ok(response) => response,
            Err(refusal) => {
                violations.clone_from(&refusal.violations);
                refusal.into_response(self.settings.error_shape)
            }
        });
        let applied = before != (self.state.version, self.tokens.renewals);
        let answered = answered.unwrap_or_default();
        let mut outcome = match &fault {
            Some(fault) => fault.act(answered, applied, now),
            None => Outcome::Response(answered),
        };
        let verdict = match &mut outcome {
            Outcome::Response(response) => {
                common_headers(response.headers_mut(), &self.settings, now, self.requests);
                Verdict::Answered(response.status().as_u16())
            }
            Outcome::Fault(interruption) => {
                if let Some(partial) = &mut interruption.partial {
                    common_headers(partial.headers_mut(), &self.settings, now, self.requests);
                }
                Verdict::Broken(interruption.how, interruption.stage)
            }
        };
        let entry = || LogEntry {
            number: self.requests,
            at: now,
            operation,
            path: path.to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            body: redact_body(path, body),
            method: head.method.clone(),
            headers: redact_headers(head.headers.clone()),
            violations,
            verdict,
            fault,
            applied,
        };
        self.log.push(entry, self.settings.log);
        outcome
    }

    /// The response of a service without faults.
    fn process(
        &mut self,
        destination: &Destination,
        head: &request::Parts,
        body: &Bytes,
        now: SystemTime,
    ) -> Result<Response<Bytes>, Refusal> {
        let uri = &head.uri;
        self.check_size(uri, body)?;
        match destination {
            Destination::Validate if head.method == Method::POST => {
                let answer = self.tokens.validate(&self.settings, &head.headers, body, now)?;
                Ok(json_response(200, &answer))
            }
            Destination::Validate => Err(not_allowed(&head.method, &[&Method::POST])),
            Destination::Outside => Err(not_found(
                uri,
                &format!("; every path begins with {}", DOCUMENT.base_path),
            )),
            Destination::Route(Route::Nothing) => Err(not_found(uri, "")),
            Destination::Route(Route::LacksSlash(slashed)) => match self.settings.trailing_slash {
                TrailingSlash::Redirect => Ok(redirect(slashed, uri.query())),
                TrailingSlash::Required | TrailingSlash::Optional => {
                    Err(not_found(uri, "; the path ends with a slash"))
                }
            },
            Destination::Route(Route::OtherMethods(methods)) => Err(not_allowed(&head.method, methods)),
            Destination::Route(Route::Operation(operation)) => self.perform(operation, head, body, now),
        }
    }

    fn check_size(&self, uri: &Uri, body: &Bytes) -> Result<(), Refusal> {
        let length = uri.path_and_query().map_or(0, |whole| whole.as_str().len());
        if self.settings.max_url_length.is_some_and(|max| length > max) {
            let message = format!("path and query have {length} bytes");
            return Err(Refusal::new(414, "uri_too_long", message));
        }
        let max = self.settings.max_body_bytes;
        if body.len() > max {
            let message = format!("the body has more than {max} bytes");
            return Err(Refusal::new(413, "body_too_large", message));
        }
        Ok(())
    }

    fn perform(
        &mut self,
        operation: &Operation,
        head: &request::Parts,
        body: &Bytes,
        now: SystemTime,
    ) -> Result<Response<Bytes>, Refusal> {
        if self.settings.auth {
            self.tokens.check(&self.settings, &head.headers, now)?;
        }
        let query = head.uri.query().unwrap_or_default();
        let request = validate(operation, query, &head.headers, body, &self.settings)?;
        let known = operation
            .meaning
            .as_ref()
            .and_then(|(segment, verb)| Some((DOCUMENT.resource(segment)?, *verb)));
        let answer = match known {
            Some((resource, Verb::Read(operation))) => self.read(resource, operation, &request),
            Some((resource, Verb::Write(operation))) => self.write(resource, operation, &request, now),
            // The vendor does not describe the operation: a valid request succeeds and changes nothing.
            None => Ok(match operation.answer {
                ResponseKind::Nothing => Success::Done,
                ResponseKind::List => Success::List(Vec::new()),
                ResponseKind::Object => Success::Read(Value::Object(Map::new())),
            }),
        };
        answer.map(|answer| answer.into_response(&self.settings))
    }

    fn read(&mut self, resource: &Resource, operation: Read, request: &Valid) -> Result<Success, Refusal> {
        let by_id = matches!(operation, Read::FindById | Read::FindByIds);
        let late = self
            .stale
            .as_mut()
            .filter(|_| !by_id || self.settings.stale_by_id);
        let state = late.as_ref().map_or(&self.state, |(state, _)| state);
        let answer = read::read(resource, operation, request, state, &self.settings);
        if let Some((_, reads)) = late {
            *reads -= 1;
            if *reads == 0 {
                self.stale = None;
            }
        }
        answer
    }

    fn write(
        &mut self,
        resource: &Resource,
        operation: Write,
        request: &Valid,
        now: SystemTime,
    ) -> Result<Success, Refusal> {
        let before = (self.settings.stale_reads > 0).then(|| self.state.clone());
        let mut writer = Writer {
            state: &mut self.state,
            settings: &self.settings,
            locked: &self.locked,
            now,
            random: &mut self.random,
        };
        let answer = writer.write(resource, operation, request);
        if let Some(before) = before.filter(|before| before.version != self.state.version) {
            self.stale = Some((before, self.settings.stale_reads));
        }
        answer
    }
}

/// Destination of a request.
enum Destination {
    /// The renewal of tokens, which the document lacks.
    Validate,
    /// A path outside of the base path.
    Outside,
    Route(Route<'static>),
}

impl Destination {
    fn of(method: &Method, path: &str, trailing_slash: TrailingSlash) -> Self {
        match path.strip_prefix(DOCUMENT.base_path.as_str()) {
            Some(VALIDATE_PATH) => Self::Validate,
            Some(rest) if rest.starts_with('/') => Self::Route(match DOCUMENT.route(method, rest) {
                Route::LacksSlash(slashed) if trailing_slash == TrailingSlash::Optional => {
                    DOCUMENT.route(method, &slashed)
                }
                route => route,
            }),
            _ => Self::Outside,
        }
    }

    fn operation(&self) -> Option<&'static str> {
        match self {
            Self::Validate => Some(VALIDATE_OPERATION),
            Self::Route(Route::Operation(operation)) => Some(operation.key.as_str()),
            Self::Outside | Self::Route(_) => None,
        }
    }
}

fn not_found(uri: &Uri, hint: &str) -> Refusal {
    let message = format!("nothing at {}{hint}", uri.path());
    Refusal::new(404, "not_found", message)
}

fn not_allowed(method: &Method, allowed: &[&Method]) -> Refusal {
    let allowed = allowed
        .iter()
        .map(|method| method.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    Refusal::new(
        405,
        "method_not_allowed",
        format!("{method} is not allowed here; allowed: {allowed}"),
    )
    .with_header("allow", allowed)
}

fn redirect(path: &str, query: Option<&str>) -> Response<Bytes> {
    let base = &DOCUMENT.base_path;
    let location = query.map_or_else(
        || format!("{base}{path}"),
        |query| format!("{base}{path}?{query}"),
    );
    let mut redirect = response(301, "", Bytes::new());
    if let Ok(location) = http::HeaderValue::from_str(&location) {
        redirect.headers_mut().insert(http::header::LOCATION, location);
    }
    redirect
}
