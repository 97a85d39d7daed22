//! [`Fake`]: the service in memory, and everything that a test may do to it.

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
    document::{DOCUMENT, Operation, Read, Resource, Route, Shape, Verb, Write},
    fault::{Fault, Interruption, Received, Rule, Script},
    id,
    log::{Log, LogEntry, Verdict, redact_body, redact_headers},
    read,
    responses::{Answer, Refusal, common_headers, json_response, response},
    settings::{Settings, TrailingSlash},
    state::{Asset, State},
    validate::{Valid, validate},
    write::Writer,
};

/// Key of the renewal in rules and log.
const VALIDATE_OPERATION: &str = "POST /auth/validate";

/// A FunnelFlux in memory. Clones share one state, so one may serve while another asserts.
///
/// ```
/// use bytes::Bytes;
/// use funnelflux_fake::{Fake, Outcome};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let fake = Fake::default();
/// fake.seed_offer_source("a");
/// let request = http::Request::get("https://api.funnelflux.pro/v1/offersource/find/byId/?idOfferSource=a")
///     .header("authorization", format!("Bearer {}", fake.access_token()))
///     .body(Bytes::new())?;
/// let Outcome::Response(response) = fake.handle(request).await else { panic!("no fault was asked for") };
/// assert_eq!(response.status(), 200);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fake {
    inner: Arc<Mutex<Inner>>,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// A whole HTTP response; possibly a wrong one, if a fault says so.
    Response(Response<Bytes>),
    /// A broken or hanging connection, which whoever carries the request must act out.
    Fault(Interruption),
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    state: State,
    /// What lists show for a while after a change, and for how many reads.
    stale: Option<(State, u32)>,
    tokens: Tokens,
    clock: Clock,
    locked: HashSet<String>,
    script: Script,
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
    /// An empty account with these settings.
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
            script: Script::default(),
            log: Log::default(),
            requests: 0,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Answers one request, in memory and without waiting. Of the URI only path and query count; the path begins with that of the document's server (`/v1`).
    #[expect(
        clippy::unused_async,
        reason = "the fake may come to wait for something; transports await it already"
    )]
    pub async fn handle(&self, request: Request<Bytes>) -> Outcome {
        self.inner().handle(request)
    }

    /// All assets as they are now. Cheap.
    #[must_use]
    pub fn state(&self) -> State {
        self.inner().state.clone()
    }

    /// Whether the fake does what an operation (`PUT /page/archive/`) is said to do, or only answers it because nobody says what
    /// it does; `None` if the document has no such operation.
    #[must_use]
    pub fn simulates(operation: &str) -> Option<bool> {
        DOCUMENT.simulates(operation)
    }

    /// The requests so far, as many as [`Settings::log`] keeps, oldest first.
    #[must_use]
    pub fn log(&self) -> Vec<LogEntry> {
        self.inner().log.entries()
    }

    /// Empties the log; the count of requests goes on.
    pub fn clear_log(&self) {
        self.inner().log.clear();
    }

    /// How many requests there were.
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

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> Settings {
        self.inner().settings.clone()
    }

    pub(crate) fn max_body_bytes(&self) -> usize {
        self.inner().settings.max_body_bytes
    }

    /// Changes settings from the next request on. Tokens, clock and seed count only at the start.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.inner().settings);
    }

    /// Adds a rule to the script of faults.
    pub fn inject(&self, rule: Rule) {
        self.inner().script.add(rule);
    }

    /// Removes all rules.
    pub fn clear_faults(&self) {
        self.inner().script.clear();
    }

    /// How many rules have not hit as often as they were to; those without an end do not count. A test that injects asserts that it is 0 at the end.
    #[must_use]
    pub fn pending_faults(&self) -> usize {
        self.inner().script.pending()
    }

    /// Has bulk calls and saves reject this ID, as [`Settings::locked_entry`] says. It stands for whatever reason the service may have.
    pub fn lock(&self, id: impl Into<String>) {
        self.inner().locked.insert(id.into());
    }

    /// Undoes [`Fake::lock`].
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

    /// Lets every access token given out so far expire.
    pub fn expire_access_token(&self) {
        let mut inner = self.inner();
        let now = inner.clock.now();
        inner.tokens.expire(now);
    }

    /// Has every renewal fail from now on.
    pub fn invalidate_refresh_token(&self) {
        self.inner().tokens.invalidate_refresh();
    }

    /// How many access tokens were made by renewal.
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

    /// Sets the fake's time, and stops it there.
    pub fn set_now(&self, now: SystemTime) {
        self.inner().clock.set(now);
    }

    /// Puts an asset of any kind into the state as it is, without validation: `segment` is the first segment of its paths, `body` its properties.
    /// Replaces one with the same ID. A kind that the fake does not know, and a body that is not an object with an ID, are ignored; the answer says whether
    /// the asset is there.
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

    /// An active offer source of this ID, named after it, with values in all documented properties.
    pub fn seed_offer_source(&self, id: &str) {
        self.seed(asset_kinds::OFFER_SOURCE, offer_source(id));
    }

    /// An active offer page that belongs to an offer source (an empty `offer_source`: to none). The source need not exist.
    pub fn seed_page(&self, id: &str, offer_source: &str) {
        let body = json!({
            "idPage": id, "pageName": format!("Page {id}"), "pageType": "offer", "baseURL": format!("https://offer.example/{id}"),
            "offerParams": { "idOfferSource": offer_source }, "status": "active",
        });
        self.seed(asset_kinds::PAGE, body);
    }

    /// An active category for offer sources.
    pub fn seed_category(&self, id: &str, name: &str) {
        self.seed(asset_kinds::CATEGORY, json!({ "idCategory": id, "categoryName": name, "categoryType": "offersources", "status": "active" }));
    }

    /// So many active offer sources with IDs in the vendor's format; returns these in order.
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
            // A millisecond apart, so they are unique and sort by age.
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

    /// Changes the properties of an asset behind the client's back, as another user might; says whether the asset exists.
    pub fn change(&self, segment: &str, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> bool {
        let mut inner = self.inner();
        let Some(resource) = DOCUMENT.resource(segment) else {
            return false;
        };
        let exists = inner.state.asset(segment, id).is_some();
        inner.state.change(resource, id, change);
        exists
    }

    /// Sets one property of an asset behind the client's back; says whether the asset exists.
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
        "idOfferSource": id, "offerSourceName": format!("Offer source {id}"), "queryParams": { "clickid": "{hit}" },
        "umrDomainOverride": "", "postbackSubId": "subid", "postbackTxId": "txid", "postbackPayout": "payout",
        "status": "active", "idCategory": "", "meta": { "version": 1 },
    })
}

impl Inner {
    fn handle(&mut self, request: Request<Bytes>) -> Outcome {
        let (head, body) = request.into_parts();
        self.requests += 1;
        let path = head.uri.path();
        let target = Target::of(&head.method, path, self.settings.trailing_slash);
        let operation = target.operation();
        let received = Received {
            number: self.requests,
            operation,
            method: &head.method,
            path,
            query: head.uri.query().unwrap_or_default(),
            headers: &head.headers,
            body: &body,
        };
        let fault = self.script.next(&received, &mut self.random);
        let now = self.clock.now();
        if fault == Some(Fault::ExpireToken) {
            self.tokens.expire(now);
        }
        let before = (self.state.version, self.tokens.renewals);
        let reaches = fault
            .as_ref()
            .is_none_or(|fault| fault.applies() || *fault == Fault::ExpireToken);
        let mut violations = Vec::new();
        let answered = reaches.then(|| match self.process(&target, &head, &body, now) {
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

    /// What a service without faults answers.
    fn process(
        &mut self,
        target: &Target,
        head: &request::Parts,
        body: &Bytes,
        now: SystemTime,
    ) -> Result<Response<Bytes>, Refusal> {
        let uri = &head.uri;
        self.check_size(uri, body)?;
        match target {
            Target::Validate if head.method == Method::POST => {
                let answer = self.tokens.validate(&self.settings, &head.headers, body, now)?;
                Ok(json_response(200, &answer))
            }
            Target::Validate => Err(not_allowed(&head.method, &[&Method::POST])),
            Target::Outside => Err(not_found(
                uri,
                &format!("; every path begins with {}", DOCUMENT.base_path),
            )),
            Target::Route(Route::Nothing) => Err(not_found(uri, "")),
            Target::Route(Route::LacksSlash(slashed)) => match self.settings.trailing_slash {
                TrailingSlash::Redirect => Ok(redirect(slashed, uri.query())),
                TrailingSlash::Required | TrailingSlash::Optional => {
                    Err(not_found(uri, "; the path ends with a slash"))
                }
            },
            Target::Route(Route::OtherMethods(methods)) => Err(not_allowed(&head.method, methods)),
            Target::Route(Route::Operation(operation)) => self.perform(operation, head, body, now),
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
            Some((resource, Verb::Read(what))) => self.read(resource, what, &request),
            Some((resource, Verb::Write(what))) => self.write(resource, what, &request, now),
            // Nobody says what it does: a valid request is answered, and nothing is done.
            None => Ok(match operation.answer {
                Shape::Nothing => Answer::Done,
                Shape::List => Answer::List(Vec::new()),
                Shape::Object => Answer::Read(Value::Object(Map::new())),
            }),
        };
        answer.map(|answer| answer.into_response(&self.settings))
    }

    fn read(&mut self, resource: &Resource, what: Read, request: &Valid) -> Result<Answer, Refusal> {
        let by_id = matches!(what, Read::FindById | Read::FindByIds);
        let late = self
            .stale
            .as_mut()
            .filter(|_| !by_id || self.settings.stale_by_id);
        let state = late.as_ref().map_or(&self.state, |(state, _)| state);
        let answer = read::read(resource, what, request, state, &self.settings);
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
        what: Write,
        request: &Valid,
        now: SystemTime,
    ) -> Result<Answer, Refusal> {
        let before = (self.settings.stale_reads > 0).then(|| self.state.clone());
        let mut writer = Writer {
            state: &mut self.state,
            settings: &self.settings,
            locked: &self.locked,
            now,
            random: &mut self.random,
        };
        let answer = writer.write(resource, what, request);
        if let Some(before) = before.filter(|before| before.version != self.state.version) {
            self.stale = Some((before, self.settings.stale_reads));
        }
        answer
    }
}

/// Where a request leads.
enum Target {
    /// The renewal of tokens, which the document does not have.
    Validate,
    /// Not below the base path.
    Outside,
    Route(Route<'static>),
}

impl Target {
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
        format!("{method} is not possible here; {allowed} is"),
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
