//! Tests every operation of the OpenAPI document with every fault, in one request and in all requests.

use crate::expectation::{Expected, ResultClass, expected_result};
use crate::requests::{self, EXISTING_ID, NEW_ID, Request, ResponseKind, SECOND_ID};
use crate::{Occurrence, assert_no_failures, on_all_cores, run};
use funnelflux::transport::{TransportError, TransportErrorKind};
use funnelflux::{Client, Error, Response, types};
use funnelflux_fake::{Fake, Fault, Rule, State};
use funnelflux_suites::{LARGE, client, faults};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// Resolution of the timer.
const TIMER_RESOLUTION: Duration = Duration::from_millis(10);

/// Expected results of one operation under each fault, and descriptions of the cells with other results.
pub(crate) struct OperationColumn {
    pub(crate) name: &'static str,
    pub(crate) documented: bool,
    pub(crate) cells: Vec<Cell>,
    failures: Vec<String>,
}

/// Expected results of one operation with one fault: in one request (`once`), and in all requests (`always`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) fault: String,
    pub(crate) once: String,
    pub(crate) always: String,
}

/// Checks all cells of the matrix.
pub(crate) fn matrix() -> Vec<OperationColumn> {
    let columns = on_all_cores(&requests::all(), column);
    assert_no_failures(columns.iter().flat_map(|column| &column.failures));
    columns
}

fn column(request: &Request) -> OperationColumn {
    let guarantees = request.guarantees();
    assert_eq!(
        request.operation.repeat, guarantees.repeat,
        "{}: the table of operations differs",
        request.operation
    );
    let fault_free = fault_free(request);
    let mut failures = Vec::new();
    let cells = faults()
        .map(|fault| {
            let [once, always] = [Occurrence::Once, Occurrence::Always].map(|occurrence| {
                let expected = expected_result(&fault, guarantees, occurrence);
                failures.extend(check(request, &fault, occurrence, &expected, &fault_free));
                CellText {
                    expected: &expected,
                    writes: guarantees.writes(),
                }
                .to_string()
            });
            Cell {
                fault: fault.to_string(),
                once,
                always,
            }
        })
        .collect();
    OperationColumn {
        name: request.operation.id,
        documented: request.is_documented(),
        cells,
        failures,
    }
}

/// Creates the server in its state before the call.
fn server(request: &Request) -> Fake {
    let fake = requests::server(request);
    if let (true, Some(kind)) = (request.operation.id.starts_with("unarchive_"), request.kind()) {
        fake.set(kind, EXISTING_ID, "status", "archived");
    }
    fake
}

/// Result of a call without a fault, and the assets of the server before and after the call.
struct FaultFreeResult {
    value: Value,
    before: AssetsByKind,
    after: AssetsByKind,
}

fn fault_free(request: &Request) -> FaultFreeResult {
    let fake = server(request);
    let before = assets_by_kind(&fake.state());
    let value = run(async {
        let client = client(&fake).build().unwrap();
        let response = send(&client, request).await;
        response
            .unwrap_or_else(|error| panic!("{request:?}: {error}"))
            .value
    });
    let after = assets_by_kind(&fake.state());
    let simulated = Fake::simulates(&request.key()).unwrap();
    let changes = before != after;
    assert_eq!(
        changes,
        request.guarantees().writes() && simulated && !request.saves_nothing,
        "{}",
        request.operation
    );
    FaultFreeResult { value, before, after }
}

/// Checks a cell of the matrix. If it differs from the expectation, returns a description of the difference.
fn check(
    request: &Request,
    fault: &Fault,
    occurrence: Occurrence,
    expected: &Expected,
    fault_free: &FaultFreeResult,
) -> Option<String> {
    let fake = server(request);
    let rule = Rule::new(fault.clone()).on(request.key());
    fake.inject(match occurrence {
        Occurrence::Once => rule,
        Occurrence::Always => rule.always(),
    });
    let (outcome, took) = run(async {
        let client = client(&fake).max_response_bytes(LARGE).build().unwrap();
        let start = Instant::now();
        (send(&client, request).await, start.elapsed())
    });
    let (class, attempts) = match &outcome {
        Ok(response) => (ResultClass::Ok, response.attempts),
        Err(error) => (classify(error), error.attempts()),
    };
    let key = request.key();
    let log = fake.log();
    let sent = log.iter().filter(|entry| entry.operation == Some(&*key));
    let (sent, after) = (sent.count(), assets_by_kind(&fake.state()));
    let server = if expected.applied {
        &fault_free.after
    } else {
        &fault_free.before
    };
    let error = outcome.as_ref().err();
    let checks = [
        ("class", class == expected.class),
        ("attempts", attempts == expected.attempts),
        ("requests", sent == expected.attempts as usize),
        (
            "time",
            took + TIMER_RESOLUTION >= expected.min_time && took <= expected.max_time + TIMER_RESOLUTION,
        ),
        ("server", after == *server),
        (
            "value",
            match &outcome {
                Err(_) => true,
                Ok(response) if request.operation.id.starts_with("duplicate_") => {
                    let id = response.value["id"].as_str();
                    let state = fake.state();
                    let kind = request.kind();
                    let copy = id.and_then(|id| state.asset(kind?, id));
                    copy.is_some() || fault_free.after == fault_free.before
                }
                Ok(response) => {
                    let faulty = occurrence == Occurrence::Always || expected.attempts == 1;
                    response.value == changed_by(&fault_free.value, fault, faulty)
                }
            },
        ),
        (
            "may_have_been_applied",
            error.is_none_or(|error| error.may_have_been_applied() == expected.may_have_been_applied),
        ),
        (
            "is_retryable",
            error.is_none_or(|error| error.is_retryable() == expected.retryable),
        ),
    ];
    let failures: Vec<&str> = checks
        .iter()
        .filter(|(_, passed)| !passed)
        .map(|(name, _)| *name)
        .collect();
    (!failures.is_empty()).then(|| {
        let outcome = outcome
            .map(|response| response.value)
            .map_err(|error| error.to_string());
        format!(
            "{} × {fault} × {occurrence:?}: {} not as expected\n  expected {expected:?}\n  \
             after {took:?} and {sent} requests: {outcome:?}\n  on the server: {:?}",
            request.operation,
            failures.join(", "),
            request.kind().and_then(|kind| after.get(kind))
        )
    })
}

/// Returns the value that the client should receive. `value` is the value without a fault. If `faulty` is
/// true, the fault can double or reverse the rows of a list.
fn changed_by(value: &Value, fault: &Fault, faulty: bool) -> Value {
    match (value, fault) {
        (Value::Array(rows), Fault::DuplicateRows) if faulty => {
            rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect()
        }
        (Value::Array(rows), Fault::ReverseRows) if faulty => rows.iter().rev().cloned().collect(),
        _ => value.clone(),
    }
}

/// Classifies an error by its public methods.
fn classify(error: &Error) -> ResultClass {
    let text = error.to_string();
    let broken = error.transport_error();
    match (error.status(), broken.map(TransportError::kind)) {
        _ if error.json_path().is_some() => ResultClass::DecodeError,
        _ if error.is_unauthorized() => ResultClass::LoginRequired,
        _ if error.is_timeout() => ResultClass::Timeout,
        _ if text.contains("expected JSON, but the response is an HTML page") => ResultClass::HtmlPage,
        _ if text.contains("larger than 100000 bytes") => ResultClass::TooLarge,
        (Some(status), _) => ResultClass::Status(status.as_u16()),
        (None, Some(TransportErrorKind::Connect)) => ResultClass::NoConnection,
        (None, Some(TransportErrorKind::Interrupted)) => ResultClass::Broken,
        _ => panic!("unknown class of error: {error:?}"),
    }
}

/// Bodies of all assets by kind. The random IDs of copies are left out.
type AssetsByKind = BTreeMap<String, Vec<Value>>;

fn assets_by_kind(state: &State) -> AssetsByKind {
    let mut assets = AssetsByKind::new();
    for (kind, asset) in state.all() {
        let mut body = asset.body.clone();
        if ![EXISTING_ID, NEW_ID, SECOND_ID].contains(&&*asset.id) {
            body.retain(|_, value| value.as_str() != Some(&*asset.id));
        }
        assets
            .entry(kind.to_owned())
            .or_default()
            .push(Value::Object(body));
    }
    assets
}

/// A success: the value as JSON, and the number of attempts.
struct JsonResponse {
    value: Value,
    attempts: u32,
}

/// Sends the request. Uses the client's method for an operation on offer sources, and `Client::operation` for
/// any other operation.
async fn send(client: &Client, request: &Request) -> Result<JsonResponse, Error> {
    let old = types::OfferSourceId::from(EXISTING_ID);
    macro_rules! call {
        ($call:expr) => {
            json(&$call.response().await?)
        };
    }
    Ok(match request.operation.id {
        "list_offer_sources" => call!(client.list_offer_sources(types::StatusFilter::Active, None)),
        "find_offer_source_by_id" => call!(client.find_offer_source_by_id(&old)),
        "find_offer_sources_by_ids" => call!(client.find_offer_sources_by_ids(&[old])),
        "find_offer_sources_by_status" => {
            call!(client.find_offer_sources_by_status(types::StatusFilter::Active))
        }
        "find_offer_sources_by_category" => {
            call!(client.find_offer_sources_by_category(&EXISTING_ID.into()))
        }
        "save_offer_source" => call!(client.save_offer_source(&body(request))),
        "duplicate_offer_source" => call!(client.duplicate_offer_source(&old, &body(request))),
        "delete_offer_sources" => call!(client.delete_offer_sources(None, Some(&body(request)))),
        "archive_offer_sources" => call!(client.archive_offer_sources(&body(request))),
        "unarchive_offer_sources" => call!(client.unarchive_offer_sources(&body(request))),
        "move_offer_sources_to_category" => {
            call!(client.move_offer_sources_to_category(&body(request)))
        }
        "create_offer_source" => call!(client.create_offer_source(&body(request))),
        _ => {
            let mut sent = client.operation(request.operation);
            for (name, value) in &request.parameters {
                sent = sent.parameter(name, value);
            }
            if let Some(body) = &request.body {
                sent = sent.body(body);
            }
            let sent = sent.acknowledge_inferred();
            match request.response {
                ResponseKind::Nothing => call!(sent.empty()),
                ResponseKind::Object => call!(sent.json::<Map<String, Value>>()),
                ResponseKind::List => call!(sent.json::<Vec<Value>>()),
            }
        }
    })
}

fn body<T: DeserializeOwned>(request: &Request) -> T {
    serde_json::from_value(request.body.clone().unwrap()).unwrap()
}

fn json<T: Serialize>(response: &Response<T>) -> JsonResponse {
    JsonResponse {
        value: json!(response.value),
        attempts: response.attempts,
    }
}

/// Formats an expected result for a cell of `MATRIX.md`.
struct CellText<'e> {
    expected: &'e Expected,
    writes: bool,
}

impl fmt::Display for CellText<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, writes } = *self;
        write!(formatter, "{}", expected.class)?;
        if expected.attempts > 1 {
            write!(formatter, ", {} attempts", expected.attempts)?;
        }
        let seconds = |time: Duration| (time.as_secs_f64() * 100.0).round() / 100.0;
        match (seconds(expected.min_time), seconds(expected.max_time)) {
            (0.0, 0.0) => {}
            (0.0, max) => write!(formatter, ", ≤{max} s")?,
            (min, max) if min.total_cmp(&max).is_eq() => write!(formatter, ", {min} s")?,
            (min, max) => write!(formatter, ", {min}–{max} s")?,
        }
        if writes {
            let applied = if expected.applied {
                "applied"
            } else {
                "not applied"
            };
            write!(formatter, ", {applied}")?;
        }
        if expected.may_have_been_applied {
            formatter.write_str(" (client unsure)")?;
        }
        Ok(())
    }
}
