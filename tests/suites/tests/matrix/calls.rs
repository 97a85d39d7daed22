//! Every operation of the document × every fault × met once and met always.

use crate::expectation::{Class, Expected, of_call};
use crate::requests::{self, Answer, NEW, OLD, Request, SECOND, near};
use crate::{Script, none_is_wrong, on_all_cores, run};
use funnelflux::transport::{TransportError, TransportErrorKind};
use funnelflux::{Client, Error, Response, types};
use funnelflux_fake::{Fake, Fault, Rule, State};
use funnelflux_suites::{LARGE, client, faults};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt;
use std::time::Duration;
use tokio::time::Instant;

/// What the timer adds at most: it counts in milliseconds.
const GRAIN: Duration = Duration::from_millis(10);

/// What one operation does under each fault, in the words of the page.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) documented: bool,
    pub(crate) cells: Vec<Cell>,
    wrong: Vec<String>,
}

/// How a cell ended, met once and met always.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) fault: String,
    pub(crate) once: String,
    pub(crate) always: String,
}

/// Tries all of it.
pub(crate) fn matrix() -> Vec<Column> {
    let columns = on_all_cores(&requests::all(), column);
    none_is_wrong(columns.iter().flat_map(|column| &column.wrong));
    columns
}

fn column(request: &Request) -> Column {
    let promise = request.promise();
    assert_eq!(
        request.operation.repeat, promise.repeat,
        "{}: the table of operations says something else",
        request.operation
    );
    let clean = clean(request);
    let mut wrong = Vec::new();
    let cells = faults()
        .map(|fault| {
            let [once, always] = [Script::Once, Script::Always].map(|script| {
                let expected = of_call(&fault, promise, script);
                wrong.extend(check(request, &fault, script, &expected, &clean));
                Said(&expected, promise.writes()).to_string()
            });
            Cell {
                fault: fault.to_string(),
                once,
                always,
            }
        })
        .collect();
    Column {
        name: request.operation.id,
        documented: request.is_documented(),
        cells,
        wrong,
    }
}

/// What is there before the call.
fn server(request: &Request) -> Fake {
    let fake = requests::server(request);
    if request.operation.path.ends_with("/unarchive/") {
        fake.set(request.segment(), OLD, "status", "archived");
    }
    fake
}

/// What the call gives, and what it leaves on the server, where nothing goes wrong.
struct Clean {
    value: Value,
    before: Shape,
    after: Shape,
}

fn clean(request: &Request) -> Clean {
    let fake = server(request);
    let before = shape(request, &fake.state());
    let value = run(async {
        let client = client(&fake).build().unwrap();
        let response = send(&client, request).await;
        response
            .unwrap_or_else(|error| panic!("{request:?}: {error}"))
            .value
    });
    let after = shape(request, &fake.state());
    let simulated = Fake::simulates(&request.key()).unwrap();
    let changes = before != after;
    // A row of settings has nothing that could be seen to change.
    assert!(
        changes == (request.promise().writes() && simulated) || request.segment() == "ainodesettings",
        "{}: {changes}",
        request.operation
    );
    Clean { value, before, after }
}

/// What is wrong with a cell; nothing, if it is as promised.
fn check(
    request: &Request,
    fault: &Fault,
    script: Script,
    expected: &Expected,
    clean: &Clean,
) -> Option<String> {
    let fake = server(request);
    let rule = Rule::new(fault.clone()).on(request.key());
    fake.inject(match script {
        Script::Once => rule,
        Script::Always => rule.always(),
    });
    let (outcome, took) = run(async {
        let client = client(&fake).max_response_bytes(LARGE).build().unwrap();
        let start = Instant::now();
        (send(&client, request).await, start.elapsed())
    });
    let (class, tries) = match &outcome {
        Ok(response) => (Class::Ok, response.tries),
        Err(error) => (class(error), error.tries()),
    };
    let key = request.key();
    let log = fake.log();
    let sent = log.iter().filter(|entry| entry.operation == Some(&*key));
    let (sent, after) = (sent.count(), shape(request, &fake.state()));
    let server = if expected.applied {
        &clean.after
    } else {
        &clean.before
    };
    let holds = [
        ("class", class == expected.class),
        ("tries", tries == expected.tries),
        ("requests", sent == expected.tries as usize),
        (
            "time",
            took + GRAIN >= expected.least && took <= expected.most + GRAIN,
        ),
        ("server", after == *server),
        (
            "value",
            match &outcome {
                Err(_) => true,
                Ok(response) if request.operation.path.ends_with("/duplicate/") => {
                    let id = response.value["id"].as_str();
                    let is_copy = |segment| id.is_some_and(|id| fake.state().asset(segment, id).is_some());
                    near(request.segment()).any(is_copy) || clean.after == clean.before
                }
                Ok(response) => {
                    let met = script == Script::Always || expected.tries == 1;
                    response.value == told(&clean.value, fault, met)
                }
            },
        ),
        (
            "may_have_been_applied",
            outcome
                .as_ref()
                .err()
                .is_none_or(|error| error.may_have_been_applied() == expected.doubt),
        ),
        (
            "is_retryable",
            outcome
                .as_ref()
                .err()
                .is_none_or(|error| error.is_retryable() == expected.retryable),
        ),
    ];
    let wrong: Vec<&str> = holds
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(what, _)| *what)
        .collect();
    (!wrong.is_empty()).then(|| {
        let outcome = outcome.map(|answered| answered.value).map_err(|error| error.to_string());
        format!(
            "{} × {fault} × {script:?}: {} not as promised\n  expected {expected:?}\n  after {took:?} and {sent} \
             requests: {outcome:?}\n  the server holds {:?}",
            request.operation,
            wrong.join(", "),
            after[request.segment()]
        )
    })
}

/// What a fault makes of a right answer.
fn told(value: &Value, fault: &Fault, met: bool) -> Value {
    match (value, fault) {
        (Value::Array(rows), Fault::DuplicateRows) if met => {
            rows.iter().flat_map(|row| [row.clone(), row.clone()]).collect()
        }
        (Value::Array(rows), Fault::ReverseRows) if met => rows.iter().rev().cloned().collect(),
        _ => value.clone(),
    }
}

/// Reads the class off an error, by what everybody can ask it.
fn class(error: &Error) -> Class {
    let text = error.to_string();
    let broken = error
        .source()
        .and_then(|source| source.downcast_ref::<TransportError>());
    match (error.status(), broken.map(TransportError::kind)) {
        _ if error.json_path().is_some() => Class::Misfit,
        _ if error.is_unauthorized() => Class::Login,
        _ if error.is_timeout() => Class::Timeout,
        _ if text.contains("an HTML page came back where JSON belongs") => Class::Page,
        _ if text.contains("larger than 100000 bytes") => Class::TooLarge,
        (Some(status), _) => Class::Status(status.as_u16()),
        (None, Some(TransportErrorKind::Connect)) => Class::NoConnection,
        (None, Some(TransportErrorKind::Interrupted)) => Class::Broken,
        _ => panic!("what is this? {error:?}"),
    }
}

/// All assets, kind by kind; the ID of a copy, which the service draws, left out.
type Shape = BTreeMap<String, Vec<Value>>;

fn shape(request: &Request, state: &State) -> Shape {
    let bodies = |segment| {
        let assets = state.assets(segment).map(|asset| {
            let mut body = asset.body.clone();
            if ![OLD, NEW, SECOND].contains(&&*asset.id) {
                body.retain(|_, value| value.as_str() != Some(&*asset.id));
            }
            Value::Object(body)
        });
        assets.collect()
    };
    near(request.segment())
        .map(|segment| (segment.to_owned(), bodies(segment)))
        .collect()
}

/// A success: the value as JSON, and how often the request was sent.
struct Answered {
    value: Value,
    tries: u32,
}

/// Makes the call: by its method where it is documented or creates, and by the way for any path else.
async fn send(client: &Client, request: &Request) -> Result<Answered, Error> {
    let old = types::OfferSourceId::from(OLD);
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
            call!(client.find_offer_sources_by_category(&OLD.into()))
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
        "create_traffic_source" => call!(client.create_traffic_source(&body(request))),
        "create_funnel_group" => call!(client.create_funnel_group(&body(request))),
        "create_funnel" => call!(client.create_funnel(&body(request))),
        "create_condition" => call!(client.create_condition(&body(request))),
        "create_logic_script" => call!(client.create_logic_script(&body(request))),
        "create_visitor_tag" => call!(client.create_visitor_tag(&body(request))),
        "create_page_group" => call!(client.create_page_group(&body(request))),
        "create_page" => call!(client.create_page(&body(request))),
        "create_category" => call!(client.create_category(&body(request))),
        "create_ai_node_settings" => call!(client.create_ai_node_settings(&body(request))),
        "create_webhook_config" => call!(client.create_webhook_config(&body(request))),
        "create_middleware_config" => call!(client.create_middleware_config(&body(request))),
        _ => {
            let operation = request.operation;
            let mut sent = client
                .request(operation.method.clone(), operation.path)
                .repeat(operation.repeat);
            for (name, value) in &request.query {
                sent = sent.query(name, value);
            }
            if let Some(body) = &request.body {
                sent = sent.body(body);
            }
            match request.answer {
                Answer::Nothing => call!(sent.empty()),
                Answer::Object => call!(sent.json::<Map<String, Value>>()),
                Answer::List => call!(sent.json::<Vec<Value>>()),
            }
        }
    })
}

fn body<T: DeserializeOwned>(request: &Request) -> T {
    serde_json::from_value(request.body.clone().unwrap()).unwrap()
}

fn json<T: Serialize>(response: &Response<T>) -> Answered {
    Answered {
        value: json!(response.value),
        tries: response.tries,
    }
}

/// A cell in the words of the page.
struct Said<'e>(&'e Expected, bool);

impl fmt::Display for Said<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(expected, writes) = *self;
        write!(formatter, "{}", expected.class)?;
        if expected.tries > 1 {
            write!(formatter, " ×{}", expected.tries)?;
        }
        if writes {
            formatter.write_str(if expected.applied { " ●" } else { " ○" })?;
        }
        if expected.doubt {
            formatter.write_str("?")?;
        }
        let seconds = |time: Duration| (time.as_secs_f64() * 100.0).round() / 100.0;
        match (seconds(expected.least), seconds(expected.most)) {
            (0.0, 0.0) => Ok(()),
            (0.0, most) => write!(formatter, ", ≤{most} s"),
            (least, most) if least.total_cmp(&most).is_eq() => write!(formatter, ", {least} s"),
            (least, most) => write!(formatter, ", {least}–{most} s"),
        }
    }
}
