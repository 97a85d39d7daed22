//! Tests of faults without sockets: selection of requests, outcome, and effect on the state.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod support;

use std::{
    fmt::Write as _,
    time::{Duration, UNIX_EPOCH},
};

use funnelflux_fake::{Break, Fault, Outcome, RetryAfter, Rule, Settings, Stage, Verdict};
use serde_json::{Value, json};
use support::{account, broken, call, get, now, request, send, status};

const ARCHIVE: &str = "PUT /offersource/archive/";
const LIST: &str = "GET /offersource/list/?status=all";

/// Describes an outcome as a client sees it.
fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Response(response) => {
            let mut text = format!("{} {} bytes", response.status().as_u16(), response.body().len());
            for name in ["content-type", "content-encoding", "retry-after", "location"] {
                if let Some(value) = response.headers().get(name) {
                    write!(text, ", {name}: {}", value.to_str().unwrap()).unwrap();
                }
            }
            text
        }
        Outcome::Fault(interruption) => {
            let mut text = format!("{:?} at {:?}", interruption.how, interruption.stage);
            if let Some(partial) = &interruption.partial {
                let whole = partial.headers()["content-length"].to_str().unwrap();
                write!(text, ", {} of {whole} bytes", partial.body().len()).unwrap();
            }
            text
        }
    }
}

#[test]
fn every_fault_reports_whether_the_request_was_applied() {
    let mut page = String::new();
    for fault in Fault::all() {
        let fake = account(Settings::default());
        fake.inject(Rule::new(fault.clone()));
        let outcome = now(fake.handle(request(&fake, ARCHIVE, Some(&json!({ "entries": ["a"] })))));
        let archived = status(&fake, "a") == "archived";
        assert_eq!(archived, fault.applies(), "{fault}");
        let entry = fake.log().pop().unwrap();
        assert_eq!((entry.applied, entry.fault.as_ref()), (archived, Some(&fault)));
        match &outcome {
            Outcome::Response(response) => {
                assert_eq!(entry.verdict, Verdict::Answered(response.status().as_u16()));
                assert_eq!(fault.breaks(), None);
            }
            Outcome::Fault(interruption) => {
                let (how, stage) = (interruption.how, interruption.stage);
                assert_eq!(entry.verdict, Verdict::Broken(how, stage));
                assert_eq!(
                    (fault.breaks(), interruption.applied),
                    (Some((how, stage)), archived)
                );
            }
        }
        let seen = describe(&outcome);
        writeln!(
            page,
            "{:<58} {:<12} {seen}",
            fault.to_string(),
            if archived { "applied" } else { "not applied" }
        )
        .unwrap();
        // The rule injects its fault only once, so the next request succeeds.
        assert_eq!(
            (
                fake.pending_faults(),
                call(&fake, ARCHIVE, &json!({ "entries": ["b"] })).status == 401
            ),
            (0, fault == Fault::ExpireToken)
        );
    }
    insta::assert_snapshot!("faults", page);
}

#[test]
fn names_are_unique() {
    let mut names: Vec<String> = Fault::all().iter().map(ToString::to_string).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn responses_of_reads_are_changed_or_truncated() {
    let spoiled = |fault| {
        let fake = account(Settings::default());
        fake.inject(Rule::new(fault));
        send(&fake, request(&fake, LIST, None))
    };
    let ids = |fault| spoiled(fault).each("idOfferSource");
    assert_eq!(ids(Fault::DuplicateRows), ["a", "a", "b", "b", "c", "c"]);
    assert_eq!(ids(Fault::ReverseRows), ["c", "b", "a"]);
    assert_eq!(ids(Fault::WrongContentType), ["a", "b", "c"]);
    assert!(
        serde_json::from_str::<Value>(&spoiled(Fault::TruncatedJson).text)
            .unwrap_err()
            .is_eof()
    );
    let large = spoiled(Fault::Oversized { bytes: 5000 });
    assert_eq!(
        (large.text.len(), large.json().as_array().unwrap().len()),
        (5000, 3)
    );
    let fake = account(Settings::default());
    fake.inject(Rule::new(Fault::StallBody));
    let interruption = broken(&fake, request(&fake, LIST, None));
    let partial = interruption.partial.unwrap();
    let whole: usize = partial.headers()["content-length"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!(partial.status() == 200 && partial.body().len() * 2 <= whole && !partial.body().is_empty());
    assert_eq!(
        (interruption.how, interruption.stage),
        (Break::Stalled, Stage::Body)
    );
}

#[test]
fn a_rule_selects_its_requests() {
    let failing = || Fault::status(500);
    let statuses = |rule: Rule| {
        let fake = account(Settings::default());
        fake.inject(rule);
        let archive = || call(&fake, ARCHIVE, &json!({ "entries": ["a"] })).status;
        let list = || get(&fake, LIST).status;
        [archive(), list(), archive(), list(), archive()]
    };
    assert_eq!(statuses(Rule::new(failing())), [500, 200, 200, 200, 200]);
    assert_eq!(
        statuses(Rule::new(failing()).on("GET /offersource/list/")),
        [200, 500, 200, 200, 200]
    );
    assert_eq!(
        statuses(Rule::new(failing()).on(ARCHIVE).after(1).times(2)),
        [200, 200, 500, 200, 500]
    );
    assert_eq!(statuses(Rule::new(failing()).always()), [500; 5]);
    assert_eq!(
        statuses(Rule::new(failing()).always().when(|request| request.number == 4)),
        [200, 200, 200, 500, 200]
    );
    assert_eq!(
        statuses(
            Rule::new(failing())
                .when(|request| request.body.is_empty() && request.query == "status=all")
                .after(1)
        ),
        [200, 200, 200, 500, 200]
    );
    assert_eq!(statuses(Rule::new(failing()).chance(0.0).always()), [200; 5]);
    assert_eq!(statuses(Rule::new(failing()).chance(1.0).always()), [500; 5]);
}

#[test]
fn the_first_rule_that_hits_wins() {
    let fake = account(Settings::default());
    fake.inject(Rule::new(Fault::status(500)));
    fake.inject(Rule::new(Fault::status(502)).times(2));
    assert_eq!([get(&fake, LIST).status, get(&fake, LIST).status], [500, 502]);
    assert_eq!(fake.pending_faults(), 1);
    fake.clear_faults();
    assert_eq!((get(&fake, LIST).status, fake.pending_faults()), (200, 0));
}

#[test]
fn chance_follows_the_seed() {
    let hits = |seed| {
        let fake = account(Settings {
            seed,
            ..Settings::default()
        });
        fake.inject(Rule::new(Fault::status(500)).always().chance(0.5));
        (0..64).map(|_| get(&fake, LIST).status).collect::<Vec<_>>()
    };
    assert_eq!(hits(1), hits(1));
    assert_ne!(hits(1), hits(2));
    assert!((10..54).contains(&hits(1).iter().filter(|status| **status == 500).count()));
}

#[test]
fn retry_after_dates_follow_the_fakes_clock() {
    let fake = account(Settings::default());
    fake.set_now(UNIX_EPOCH + Duration::from_hours(500_000));
    fake.inject(Rule::new(Fault::too_many_requests(RetryAfter::Date(
        Duration::from_secs(90),
    ))));
    let answer = get(&fake, LIST);
    assert_eq!(
        (answer.status, answer.headers["retry-after"].to_str().unwrap()),
        (429, "Fri, 15 Jan 2027 08:01:30 GMT")
    );
    assert_eq!(answer.headers["date"], "Fri, 15 Jan 2027 08:00:00 GMT");
}

#[test]
fn an_expired_token_stays_expired() {
    let fake = account(Settings::default());
    fake.inject(Rule::new(Fault::ExpireToken).on(ARCHIVE));
    assert_eq!(
        [
            get(&fake, LIST).status,
            call(&fake, ARCHIVE, &json!({ "entries": ["a"] })).status,
            get(&fake, LIST).status
        ],
        [200, 401, 401]
    );
    assert_eq!(status(&fake, "a"), "active");
}

#[test]
fn the_renewal_can_fail() {
    let fake = account(Settings::default());
    fake.expire_access_token();
    fake.inject(Rule::new(Fault::ResetAfterApplying).on("POST /auth/validate"));
    let interruption = broken(
        &fake,
        request(
            &fake,
            "POST /auth/validate",
            Some(&json!({ "refresh_token": "fake-refresh-token" })),
        ),
    );
    assert_eq!((interruption.applied, fake.renewals()), (true, 1));
}
