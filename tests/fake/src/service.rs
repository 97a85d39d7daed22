//! State of the service, and the steps in which it handles a request.

use std::{collections::HashSet, time::SystemTime};

use bytes::Bytes;
use http::{Method, Request, Response, Uri, request};

use crate::{
    auth::{Tokens, VALIDATE_PATH},
    clock::Clock,
    document::{Document, Operation, Route},
    error_responses::Refusal,
    fault::{Fault, Outcome},
    fault_rule::{FaultRules, Received},
    log::{Log, LogEntry, Verdict, redact_body, redact_headers},
    read,
    resource::{Resource, scalar_text},
    responses::{ResponseShape, Success, common_headers, full, json_response, response},
    settings::{Settings, TrailingSlash},
    state::State,
    validate::{Valid, validate},
    verb::{Read, Verb, Write},
    write::Writer,
};

/// Key of the operation that renews tokens, as used in rules and in the log.
const VALIDATE_OPERATION: &str = "POST /auth/validate";

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) document: Document,
    pub(crate) settings: Settings,
    pub(crate) state: State,
    /// State before the last change, and the number of reads that still return this state.
    pub(crate) stale: Option<(State, u32)>,
    pub(crate) tokens: Tokens,
    pub(crate) clock: Clock,
    pub(crate) locked: HashSet<String>,
    pub(crate) fault_rules: FaultRules,
    pub(crate) log: Log,
    pub(crate) requests: u64,
    pub(crate) random: fastrand::Rng,
}

impl Service {
    pub(crate) fn handle(&mut self, request: Request<Bytes>) -> Outcome {
        let (head, body) = request.into_parts();
        self.requests += 1;
        let path = head.uri.path();
        let destination = Destination::of(self.document, &head.method, path, self.settings.trailing_slash);
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

    /// Returns the response that the service would send without a fault.
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
                &format!("; every path begins with {}", self.document.base_path()),
            )),
            Destination::Route(Route::Nothing) => Err(not_found(uri, "")),
            Destination::Route(Route::LacksSlash(slashed)) => match self.settings.trailing_slash {
                TrailingSlash::Redirect => Ok(redirect(self.document, slashed, uri.query())),
                TrailingSlash::Required | TrailingSlash::Optional => {
                    Err(not_found(uri, "; the path ends with a slash"))
                }
            },
            Destination::Route(Route::OtherMethods(methods)) => Err(not_allowed(&head.method, methods)),
            Destination::Route(Route::Operation(operation, values)) => {
                self.perform(operation, values, head, body, now)
            }
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
        path: &[(String, String)],
        head: &request::Parts,
        body: &Bytes,
        now: SystemTime,
    ) -> Result<Response<Bytes>, Refusal> {
        if self.settings.auth {
            self.tokens.check(&self.settings, &head.headers, now)?;
        }
        let query = head.uri.query().unwrap_or_default();
        let request = validate(operation, path, query, &head.headers, body, &self.settings)?;
        let api = self.document.api();
        let known = operation
            .meaning
            .as_ref()
            .and_then(|(kind, verb)| Some((api.resource(kind)?, *verb)));
        let resource = known.map(|(resource, _)| resource);
        let answer = match known {
            Some((resource, Verb::Read(verb))) => self.read(resource, verb, operation, &request),
            Some((resource, Verb::Write(verb))) => self.write(resource, verb, operation, &request, now),
            // The meaning of the operation is unknown, so a valid request succeeds and changes nothing.
            None => Ok(match &operation.response {
                ResponseShape::Nothing => Success::Done,
                ResponseShape::List(_) => Success::List(Vec::new()),
                ResponseShape::Value { sample, .. } => Success::Read(sample.clone()),
            }),
        };
        answer.map(|answer| answer.into_response(&self.settings, &operation.response, resource))
    }

    fn read(
        &mut self,
        resource: &Resource,
        verb: Read,
        operation: &Operation,
        request: &Valid,
    ) -> Result<Success, Refusal> {
        let by_id = matches!(verb, Read::FindById | Read::FindByIds);
        let late = self
            .stale
            .as_mut()
            .filter(|_| !by_id || self.settings.stale_by_id);
        let state = late.as_ref().map_or(&self.state, |(state, _)| state);
        let stored = (self.document.api(), state);
        let answer = read::read(
            resource,
            verb,
            &operation.arguments,
            request,
            stored,
            &self.settings,
        );
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
        verb: Write,
        operation: &Operation,
        request: &Valid,
        now: SystemTime,
    ) -> Result<Success, Refusal> {
        let before = (self.settings.stale_reads > 0).then(|| self.state.clone());
        let mut writer = Writer {
            api: self.document.api(),
            arguments: &operation.arguments,
            state: &mut self.state,
            settings: &self.settings,
            locked: &self.locked,
            now,
            random: &mut self.random,
        };
        let mut answer = writer.write(resource, verb, request);
        // If the document describes the asset as the response, the response contains the stored asset.
        if let (Ok(Success::Done), Some(body)) = (&answer, &request.body)
            && operation.response.is_asset(resource)
        {
            let id = body.get(&resource.id).map(scalar_text).unwrap_or_default();
            if let Some(asset) = self.state.asset(&resource.key, &id) {
                answer = Ok(Success::Read(full(resource, asset, &self.settings)));
            }
        }
        if let Some(before) = before.filter(|before| before.version != self.state.version) {
            self.stale = Some((before, self.settings.stale_reads));
        }
        answer
    }
}

/// Part of the service that handles a request.
enum Destination {
    /// The renewal of tokens, which the document does not describe.
    Validate,
    /// The request has a path outside the base path.
    Outside,
    Route(Route<'static>),
}

impl Destination {
    fn of(document: Document, method: &Method, path: &str, trailing_slash: TrailingSlash) -> Self {
        match path.strip_prefix(document.base_path()) {
            Some(VALIDATE_PATH) => Self::Validate,
            Some(rest) if rest.starts_with('/') => Self::Route(match document.api().route(method, rest) {
                Route::LacksSlash(slashed) if trailing_slash == TrailingSlash::Optional => {
                    document.api().route(method, &slashed)
                }
                route => route,
            }),
            _ => Self::Outside,
        }
    }

    fn operation(&self) -> Option<&'static str> {
        match self {
            Self::Validate => Some(VALIDATE_OPERATION),
            Self::Route(Route::Operation(operation, _)) => Some(operation.key.as_str()),
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

fn redirect(document: Document, path: &str, query: Option<&str>) -> Response<Bytes> {
    let base = document.base_path();
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
