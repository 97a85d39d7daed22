//! Tests every job with every fault, in one or all of the job's writes, reads or token renewals.
//!
//! The cells show the actual outcomes. A cell is correct if no report contradicts the state of the service;
//! see `funnelflux_suites::jobs`. After each cell, the same job continues without the fault, and must end.

use crate::{Occurrence, assert_no_failures, on_all_cores, run};
use funnelflux::Client;
use funnelflux::types::StatusFilter;
use funnelflux_fake::{Fake, Fault, Rule, Settings};
use funnelflux_suites::jobs::{Job, JobSize, World};
use funnelflux_suites::{InProcess, LARGE, client, client_over, credentials, faults};
use std::time::Duration;

const SIZE: JobSize = JobSize {
    assets: 6,
    chunk: 2,
    concurrency: 1,
};

/// Lifetime of a token that expires in the middle of a job.
const TOKEN_LIFETIME: Duration = Duration::from_secs(2);

/// The operation that renews tokens.
const RENEW: &str = "POST /auth/validate";

/// The requests that get the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Faulty {
    Writes,
    Reads,
    Renewals,
}

/// The cells of one job and one fault. Each of these cells is in its own table of the page.
const CELLS: [(Faulty, Occurrence); 6] = [
    (Faulty::Writes, Occurrence::Once),
    (Faulty::Writes, Occurrence::Always),
    (Faulty::Reads, Occurrence::Once),
    (Faulty::Reads, Occurrence::Always),
    (Faulty::Renewals, Occurrence::Once),
    (Faulty::Renewals, Occurrence::Always),
];

/// Outcomes of one job under each fault, and the contradictions that were found.
pub(crate) struct JobColumn {
    pub(crate) name: &'static str,
    /// For each fault, its name and the outcomes in the cells of [`CELLS`].
    pub(crate) cells: Vec<(String, [String; 6])>,
    failures: Vec<String>,
}

/// All faults of the fake, and further responses that a gateway may send.
fn all_faults() -> Vec<Fault> {
    let gateway = |status, page| Fault::Gateway { status, page };
    let more = [
        gateway(404, true),
        gateway(404, false),
        gateway(502, true),
        Fault::Repeated {
            body: "{\"status\":\"ok\"}".to_owned(),
        },
    ];
    faults().chain(more).collect()
}

/// Checks all cells of the matrix.
pub(crate) fn matrix() -> Vec<JobColumn> {
    let columns = on_all_cores(&Job::ALL, |job| column(*job));
    assert_no_failures(columns.iter().flat_map(|column| &column.failures));
    columns
}

fn column(job: Job) -> JobColumn {
    let mut failures = Vec::new();
    let cells = all_faults()
        .into_iter()
        .map(|fault| {
            let outcomes = CELLS.map(|(faulty, occurrence)| {
                let (text, problems) = check(job, &fault, faulty, occurrence);
                let cell = format!("{} × {fault} × {faulty:?} {occurrence:?}", job.name());
                failures.extend(problems.into_iter().map(|problem| format!("{cell}: {problem}")));
                text
            });
            (fault.to_string(), outcomes)
        })
        .collect();
    JobColumn {
        name: job.name(),
        cells,
        failures,
    }
}

/// Creates a client whose token expires in the middle of the job. The client renews the token in the
/// background.
fn expiring(fake: &Fake) -> Client {
    let credentials = credentials(fake).with_expires_at(fake.now() + TOKEN_LIFETIME);
    let transport = InProcess::new(fake).latency(Duration::from_millis(500));
    let builder = client_over(transport).credentials(credentials);
    builder.max_response_bytes(LARGE).build().unwrap()
}

/// Checks a cell. Returns its text, and the contradictions between reports and the state of the service.
fn check(job: Job, fault: &Fault, faulty: Faulty, occurrence: Occurrence) -> (String, Vec<String>) {
    let world = World::new(&Settings::default(), job, SIZE);
    let fake = &world.fake;
    if faulty == Faulty::Renewals {
        fake.configure(|settings| settings.token_lifetime = TOKEN_LIFETIME);
        // Only a renewed token has the short lifetime.
        fake.expire_access_token();
        let list = run(async {
            client(fake)
                .build()
                .unwrap()
                .list_offer_sources(StatusFilter::All, None)
                .await
        });
        assert!(list.is_ok() && fake.renewals() == 1);
    }
    let rule = Rule::new(fault.clone()).when(move |request| {
        let requests = match request.method {
            _ if request.operation == Some(RENEW) => Faulty::Renewals,
            &http::Method::GET => Faulty::Reads,
            _ => Faulty::Writes,
        };
        requests == faulty
    });
    let rule = rule.after(u64::from(
        faulty == Faulty::Writes && occurrence == Occurrence::Once,
    ));
    fake.inject(match occurrence {
        Occurrence::Once => rule,
        Occurrence::Always => rule.always(),
    });
    let before = fake.state();
    let ran = run(async {
        let client = match faulty {
            Faulty::Renewals => expiring(fake),
            _ => client(fake).max_response_bytes(LARGE).build().unwrap(),
        };
        world.run(&client).await
    });
    let mut problems = world.contradictions(&ran, &before);
    fake.clear_faults();
    fake.configure(|settings| settings.token_lifetime = Duration::from_hours(72));
    let before = fake.state();
    let again = run(async {
        let client = client(fake).build().unwrap();
        world.run(&client).await
    });
    let more = world.contradictions(&again, &before).into_iter();
    problems.extend(more.map(|problem| format!("continued: {problem}")));
    if !again.is_finished() {
        problems.push(format!("the continued job does not end: {}", again.text()));
    }
    let text = if again.is_done() {
        ran.counts()
    } else {
        format!("{}; continued: {}", ran.counts(), again.counts())
    };
    (text, problems)
}
