//! Tests of jobs behind a gateway that responds instead of the service, and of jobs with a wrong base URL.

use crate::service::{Alarm, calls, client, service};
use bytes::Bytes;
use funnelflux::Client;
use funnelflux::ext::{
    BulkArchive as _, BulkDelete as _, BulkUnarchive as _, Cascade, DuplicateMany as _, FindMany as _,
    MoveToCategory as _, Outcome, Reason, Report,
};
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::types::{DuplicateRequest, OfferSourceId};
use funnelflux_fake::{DeletedAssets, EntryPolicy, Fake, Fault, MissingByIds, Rule, Settings, State, Status};
use funnelflux_suites::{InProcess, client_over, run};
use serde_json::json;
use std::collections::HashSet;
use std::fmt;
use std::future::ready;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const FIND_MANY: &str = "GET /offersource/find/byIds/";
const ARCHIVE: &str = "PUT /offersource/archive/";
const DELETE: &str = "DELETE /offersource/delete/";

/// Faults in which a gateway answers a request and does not forward it to the service.
fn gateways() -> [Fault; 2] {
    [true, false].map(|page| Fault::Gateway { status: 404, page })
}

#[test]
fn a_gateway_confirms_no_deletion() {
    for gateway in gateways() {
        for after in [0, 1] {
            let (fake, client) = service(Settings::default());
            let ids = fake.seed_many(25);
            let before = fake.state();
            // The first deletion gets an HTML page with status 200 and is not applied. Only a read-back can
            // show that.
            fake.inject(Rule::new(Fault::Html { applied: false }).on(DELETE).times(1));
            fake.inject(Rule::new(gateway.clone()).on(DELETE).always());
            let reads = Rule::new(gateway.clone()).when(|request| request.method == http::Method::GET);
            fake.inject(reads.after(after).always());
            let report = run(client.offer_sources().bulk_delete(ids).send()).unwrap();
            assert_eq!(
                report.counts().done + report.counts().rejected,
                0,
                "{gateway}: {report}"
            );
            assert_eq!(fake.state(), before);
        }
    }
}

#[test]
fn a_gateway_does_not_reject_for_good() {
    for gateway in gateways() {
        for times in [1, 2, 1_000] {
            let (fake, client) = service(Settings::default());
            let ids = fake.seed_many(25);
            fake.inject(Rule::new(gateway.clone()).on(ARCHIVE).times(times));
            let report = run(client.offer_sources().bulk_archive(ids).send()).unwrap();
            if times < 3 {
                assert_eq!(report.counts().to_string(), "25 done", "{gateway}");
            } else {
                assert_eq!(report.counts().to_string(), "0 done, 25 not sent", "{gateway}");
                assert_eq!(
                    report.entries()[0].outcome.failure().unwrap().reason(),
                    Reason::NotProcessed
                );
                assert!(
                    fake.request_count() < 10,
                    "no chunk is split: {}",
                    fake.request_count()
                );
            }
        }
    }
}

/// The service responds with 404 to a move into a category that does not exist.
#[test]
fn a_missing_category_is_named_as_the_cause() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(3);
    let report = run(client.offer_sources().move_to_category(ids, "missing").send()).unwrap();
    assert_eq!(report.counts().to_string(), "0 done, 3 not sent", "{report}");
    let text = report.to_string();
    assert!(text.contains("check that the category or the parent"), "{text}");
}

/// Gateway that answers requests itself. Its function gets the method and URL of a request, and the number of
/// earlier deletions. The function returns the status and body of the response, or `None` to forward the
/// request.
struct Gateway<F> {
    transport: InProcess,
    deletions: AtomicUsize,
    answer: F,
}

impl<F> fmt::Debug for Gateway<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Gateway")
    }
}

impl<F: Fn(&str, usize) -> Option<(u16, String)> + Send + Sync + 'static> Transport for Gateway<F> {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        let line = format!("{} {}", request.method(), request.uri());
        let is_deletion = usize::from(request.method() == http::Method::DELETE);
        let deletions = self.deletions.fetch_add(is_deletion, Ordering::Relaxed);
        let Some((status, body)) = (self.answer)(&line, deletions) else {
            return self.transport.send(request);
        };
        let response = http::Response::builder().status(status);
        let response = response.body(ResponseBody::from(Bytes::from(body))).unwrap();
        Box::pin(ready(Ok(response)))
    }
}

/// Deletes two assets one by one. The gateway answers the second deletion and the reads after it. `answer`
/// gets the URL of a read and the ID of the first asset. Checks that the job does not report the second asset
/// as deleted, because it still exists.
fn check_deletion(settings: Settings, answer: fn(&str, &str) -> Option<(u16, String)>, times: usize) {
    let (fake, _) = service(settings);
    let ids = fake.seed_many(4);
    let first = ids[0].clone();
    let wrong = AtomicUsize::new(0);
    let answer = move |line: &str, deletions: usize| match deletions {
        1 if line.starts_with("DELETE") => Some((200, String::new())),
        2.. if line.starts_with("GET") => {
            let answer = answer(line, &first)?;
            let is_rows = answer.0 == 200;
            let count = wrong.fetch_add(usize::from(is_rows), Ordering::Relaxed);
            (count < times || !is_rows).then_some(answer)
        }
        _ => None,
    };
    let report = run(async {
        let transport = InProcess::new(&fake);
        let gateway = Gateway {
            transport: transport.clone(),
            deletions: AtomicUsize::new(0),
            answer,
        };
        let client = client_over(transport).transport(gateway).build().unwrap();
        let job = client
            .offer_sources()
            .bulk_delete(ids[..2].iter().map(String::as_str));
        job.chunk_size(1).concurrency(1).send().await.unwrap()
    });
    let status = |id: &str| fake.state().offer_source(id).unwrap().status.clone();
    assert_eq!(
        (status(&ids[0]), status(&ids[1])),
        (Status::Deleted, Status::Active)
    );
    let outcomes: Vec<&Outcome> = report.entries().iter().map(|entry| &entry.outcome).collect();
    assert!(
        matches!(outcomes[..], [Outcome::Done { .. }, Outcome::Unknown { .. }]),
        "{times}: {report}"
    );
}

#[test]
fn an_empty_response_to_another_read_confirms_no_deletion() {
    let empty = |line: &str, _: &str| {
        let is_find = line.contains("/find/byIds/");
        is_find.then(|| (200, "[]".to_owned()))
    };
    for times in 1..=3 {
        let settings = Settings {
            deleted: DeletedAssets::Gone,
            ..Settings::default()
        };
        check_deletion(settings, empty, times);
    }
}

#[test]
fn an_empty_response_to_the_first_read_rejects_nothing() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(3);
    for body in ["[]", "null"] {
        let is_first = AtomicBool::new(true);
        let report = run(async {
            let transport = InProcess::new(&fake);
            let gateway = Gateway {
                transport: transport.clone(),
                deletions: AtomicUsize::new(0),
                answer: move |_: &str, _| {
                    let is_first = is_first.swap(false, Ordering::Relaxed);
                    is_first.then(|| (200, body.to_owned()))
                },
            };
            let client = client_over(transport).transport(gateway).build().unwrap();
            client
                .offer_sources()
                .bulk_archive(ids.clone())
                .send()
                .await
                .unwrap()
        });
        assert_eq!(
            report.counts().total() - report.counts().done,
            0,
            "{body}: {report}"
        );
        for id in &ids {
            fake.set("offersource", id, "status", "active");
        }
    }
}

#[test]
fn a_deletion_lists_the_assets_once_if_the_service_omits_deleted_assets() {
    for (deleted, lists) in [(DeletedAssets::Readable, 0), (DeletedAssets::Gone, 1)] {
        let (fake, client) = service(Settings {
            deleted,
            ..Settings::default()
        });
        let ids = fake.seed_many(2_000).into_iter().step_by(2);
        let report = run(client.offer_sources().bulk_delete(ids).send()).unwrap();
        assert_eq!(report.counts().to_string(), "1000 done");
        assert_eq!(calls(&fake, "GET /offersource/list/"), lists);
        // Each of the ten chunks is read, deleted and read back. Reads that were made before the list are
        // repeated. Each read also asks for an existing asset, its witness. If the witness was deleted, the
        // read is repeated.
        let repeated = if lists == 0 { 0 } else { 10 };
        let requests = usize::try_from(fake.request_count()).unwrap();
        assert!((30..=30 + lists + repeated).contains(&requests), "{requests}");
    }
}

#[test]
fn a_response_to_another_read_does_not_count_as_a_list() {
    let read = |line: &str, first: &str| {
        if line.contains("/find/byIds/") {
            return Some((404, "default backend - 404".to_owned()));
        }
        let row = json!([{"idOfferSource": first, "offerSourceName": "a", "status": "deleted"}]);
        line.contains("/list/").then(|| (200, row.to_string()))
    };
    for times in 1..=3 {
        check_deletion(Settings::default(), read, times);
    }
}

/// Checks the outcome of a chunk that the service applied in part and then refused. A gateway answers the
/// smaller requests that follow. These answers do not reveal that a child was already moved, so the outcome
/// must be unknown.
#[test]
fn children_of_a_chunk_that_was_applied_in_part_are_unknown() {
    for gateway in gateways() {
        let (fake, client) = service(Settings {
            locked_entry: EntryPolicy::stop_at_bad(403),
            ..Settings::default()
        });
        let ids = fake.seed_many(3);
        fake.seed_page("page", &ids[0]);
        for id in &ids[..2] {
            fake.set("offersource", id, "status", "archived");
        }
        fake.lock(ids[1].clone());
        fake.inject(Rule::new(gateway.clone()).on(ARCHIVE).after(1).always());
        let job = client
            .offer_sources()
            .bulk_archive(ids[..2].iter().map(String::as_str));
        let job = job.children(Cascade::move_to(ids[2].as_str())).look_first(true);
        let report = run(job.send()).unwrap();
        let parent = fake.state().page("page").unwrap().parent.clone();
        assert_eq!(
            parent.as_deref(),
            Some(ids[2].as_str()),
            "the first request moved it"
        );
        let outcome = &report.entries()[0].outcome;
        assert!(
            matches!(outcome, Outcome::Unknown { .. }),
            "{gateway}: {outcome:?}"
        );
    }
}

#[test]
fn nothing_is_missing_because_a_gateway_says_so() {
    for gateway in gateways() {
        let (fake, client) = service(Settings::default());
        let ids = fake.seed_many(30);
        fake.inject(Rule::new(gateway.clone()).on(FIND_MANY).always());
        let found = run(client.offer_sources().find_many(ids).send()).unwrap();
        assert_eq!(
            (found.missing.len(), found.unreadable.len()),
            (0, 30),
            "{gateway}"
        );
        // The list shows that the assets exist, so the request is not split.
        assert_eq!(fake.request_count(), 2);
    }
}

#[test]
fn missing_assets_are_found_out_with_the_list() {
    let (fake, client) = service(Settings {
        missing_by_ids: MissingByIds::NotFound,
        ..Settings::default()
    });
    fake.seed_many(5);
    let ids: Vec<String> = (0..100).map(|number| format!("missing{number:05}")).collect();
    let found = run(client.offer_sources().find_many(ids).send()).unwrap();
    assert_eq!(found.missing.len(), 100);
    assert_eq!(fake.request_count(), 2);
}

#[test]
fn a_base_url_that_leads_nowhere_ends_with_the_words_of_the_service() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(2_000);
    let report = run(async {
        let client = client_over(InProcess::new(&fake)).base_url("https://api.funnelflux.pro");
        let client = client.build().unwrap();
        client.offer_sources().bulk_archive(ids).send().await.unwrap()
    });
    assert_eq!(report.counts().not_sent, 2_000);
    assert!(
        report.to_string().contains("nothing at /offersource/"),
        "{report}"
    );
    assert!(fake.request_count() <= 24, "{}", fake.request_count());
}

#[test]
fn an_empty_deletion_is_refused_in_every_form() {
    let (fake, client) = service(Settings::default());
    fake.seed_many(3);
    let before = fake.state();
    let no_ids: [String; 0] = [];
    for body in [
        funnelflux::types::ParentMutationRequest::new(no_ids),
        funnelflux::types::ParentMutationRequest::new([String::new()]),
    ] {
        let error = run(client.delete_offer_sources(None, Some(&body))).unwrap_err();
        assert!(error.to_string().contains("nothing to delete"), "{error}");
    }
    assert_eq!((fake.request_count(), fake.state()), (0, before));
}

/// Default number of random jobs, overridden by `FUNNELFLUX_GATEWAY_JOBS`.
const JOBS: u64 = 100;

/// Runs a random job behind a gateway that answers 15 % of all requests itself, and compares the report with
/// the server.
fn check_job(seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let fake = Fake::new(Settings {
        unknown_fields: random.bool(),
        stale_reads: random.u32(..2),
        ..Settings::vary(seed)
    });
    let mut ids = fake.seed_many(random.usize(1..60));
    fake.seed_category("c1", "one");
    for id in &ids {
        match random.u8(..8) {
            0 => drop(fake.set("offersource", id, "status", "archived")),
            1 => drop(fake.set("offersource", id, "status", "deleted")),
            2 => fake.seed_page(&format!("page of {id}"), id),
            3 => drop(fake.set("offersource", id, "idCategory", "c1")),
            4 if random.u8(..4) == 0 => fake.lock(id.clone()),
            _ => {}
        }
    }
    fake.seed_many(2);
    ids.push("unknown".to_owned());
    random.shuffle(&mut ids);
    // 15 % of all requests fail, half of them with 404.
    for status in [404, 502] {
        for page in [true, false] {
            let fault = Fault::Gateway { status, page };
            fake.inject(Rule::new(fault).chance(0.0375).always());
        }
    }
    let before = fake.state();
    let client = client(&fake, &Alarm::after(None));
    let sources = client.offer_sources();
    let size = random.usize(1..30);
    macro_rules! job {
        ($job:expr) => {
            run($job.chunk_size(size).concurrency(random.usize(1..5)).send()).unwrap()
        };
    }
    let kind = random.u8(..6);
    let report = match kind {
        0 => job!(sources.bulk_archive(ids.clone())),
        1 => job!(sources.bulk_archive(ids.clone()).children(Cascade::cascade())),
        2 => job!(sources.bulk_unarchive(ids.clone())),
        3 => job!(sources.bulk_delete(ids.clone())),
        4 => job!(sources.move_to_category(ids.clone(), "c1")),
        _ => {
            let copies =
                sources.duplicate_many(ids.clone(), |id| DuplicateRequest::new(format!("Copy of {id}")));
            let report = job!(copies);
            return check_copies(seed, &report, &before, &fake.state());
        }
    };
    let after = fake.state();
    assert_eq!(report.entries().len(), ids.len(), "seed {seed}");
    for entry in &report {
        let id = entry.id.as_str();
        let (old, new) = (before.offer_source(id), after.offer_source(id));
        let is_so = match kind {
            0 | 1 => new.is_some_and(|source| source.status == Status::Archived),
            2 => new.is_some_and(|source| source.status == Status::Active),
            3 => new.is_none_or(|source| source.status == Status::Deleted),
            _ => new.is_some_and(|source| source.category == "c1"),
        };
        let context = || {
            format!(
                "seed {seed}, job {kind}, {id}: {:?}; {old:?} became {new:?}",
                entry.outcome
            )
        };
        match &entry.outcome {
            Outcome::Done { .. } | Outcome::AlreadySo { .. } => assert!(is_so, "{}", context()),
            Outcome::Rejected { failure } => {
                assert_eq!(old, new, "{}", context());
                // A rejection must come from the service.
                let text = failure.to_string();
                assert!(
                    !text.contains("nginx") && !text.contains("default backend"),
                    "{}",
                    context()
                );
                let missing = [Reason::NotFound, Reason::Gone, Reason::Deleted].contains(&failure.reason());
                let exists = old.is_some_and(|source| source.status != Status::Deleted);
                assert!(!missing || !exists, "{}", context());
            }
            Outcome::NotSent { .. } => assert_eq!(old, new, "{}", context()),
            _ => {}
        }
    }
}

fn check_copies(seed: u64, report: &Report<OfferSourceId>, before: &State, after: &State) {
    let mut claimed = HashSet::new();
    for entry in report {
        let name = format!("Copy of {}", entry.id);
        let made = after.offer_sources().filter(|source| source.name == name).count();
        let context = || format!("seed {seed}, {}: {:?}, {made} copies", entry.id, entry.outcome);
        match &entry.outcome {
            Outcome::Done { .. } => {
                let copy = entry.copy().unwrap();
                assert_eq!(made, 1, "{}", context());
                assert_eq!(
                    after.offer_source(copy.as_str()).unwrap().name,
                    name,
                    "{}",
                    context()
                );
                assert!(before.offer_source(copy.as_str()).is_none(), "{}", context());
                assert!(claimed.insert(copy), "{}", context());
            }
            Outcome::Unknown { .. } => assert!(made <= 1, "{}", context()),
            _ => assert_eq!(made, 0, "{}", context()),
        }
    }
}

#[test]
fn a_flapping_gateway_causes_no_false_report() {
    let number = |name: &str| std::env::var(name).ok()?.parse().ok();
    let jobs: u64 = number("FUNNELFLUX_GATEWAY_JOBS").unwrap_or(JOBS);
    let first: u64 = number("FUNNELFLUX_SEED").unwrap_or_else(|| fastrand::u64(..u64::MAX / 2));
    for seed in first..first + jobs {
        let outcome = std::panic::catch_unwind(|| check_job(seed));
        assert!(
            outcome.is_ok(),
            "repeat with FUNNELFLUX_SEED={seed} FUNNELFLUX_GATEWAY_JOBS=1"
        );
    }
}

/// Checks that a read-back from the service decides the outcome if a gateway responds to a deletion.
#[test]
fn the_service_decides_once_it_answers_again() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(10);
    for gateway in gateways() {
        fake.inject(Rule::new(gateway).on(DELETE));
    }
    let report = run(delete(&client, &ids)).unwrap();
    assert_eq!(report.counts().to_string(), "10 done");
    assert_eq!(calls(&fake, DELETE), 3);
}

fn delete(
    client: &Client,
    ids: &[String],
) -> impl Future<Output = Result<Report<OfferSourceId>, funnelflux::ext::InvalidJob>> {
    client.offer_sources().bulk_delete(ids.to_vec()).send()
}

/// Checks the statuses 407 (proxy authentication required) and 421 (misdirected request). They mean that the
/// service has not received the request.
#[test]
fn a_proxy_rejects_nothing_for_good() {
    for status in [407, 421] {
        for times in [1, 1_000] {
            let (fake, client) = service(Settings::default());
            let ids = fake.seed_many(25);
            fake.inject(Rule::new(Fault::status(status)).on(ARCHIVE).times(times));
            let report = run(client.offer_sources().bulk_archive(ids).send()).unwrap();
            assert_eq!(report.counts().rejected, 0, "{status}: {report}");
            assert_eq!(
                report.counts().done,
                if times == 1 { 25 } else { 0 },
                "{status}: {report}"
            );
            assert!(fake.request_count() < 20, "{status}: no chunk is split");
        }
    }
}
