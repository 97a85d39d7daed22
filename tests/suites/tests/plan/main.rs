//! Tests plans against the fake: files, replacing, restoring, copying, applying and undoing.
//!
//! The accounts use inferred names of IDs and fields, which only our transcription of the vendor's page has.
#![cfg(transcription)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod apply;
mod copy;
mod file;
mod gateway;
mod properties;
mod replace;
mod restore;
mod scenario;
mod texts;
mod undo;

use bytes::Bytes;
use funnelflux::Client;
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::snapshot::{AssetKey, Snapshot};
use funnelflux::ext::{Outcome, Report};
use funnelflux::transport::{self, TransportError};
use funnelflux_fake::{Asset, Fake, Settings};
use funnelflux_suites::run;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const SOURCE: &str = "2nIemJxCKbFX";
const OTHER_SOURCE: &str = "2n5JuOKWLTzd";
const PAGE: &str = "2n5JuOKWLTze";
const OTHER_PAGE: &str = "2n5JuOKWLTzf";
const CATEGORY: &str = "2n5JuOKWLTzg";

/// An account with two offer sources in a category, and two pages of the first offer source.
fn account() -> (Fake, Client) {
    account_with(Settings::default())
}

fn account_with(settings: Settings) -> (Fake, Client) {
    let fake = Fake::new(settings);
    fake.seed(
        "category",
        json!({ "idCategory": CATEGORY, "categoryName": "Shelf" }),
    );
    for (id, name) in [(SOURCE, "First"), (OTHER_SOURCE, "Second")] {
        let source = json!({ "idOfferSource": id, "offerSourceName": name, "idCategory": CATEGORY });
        fake.seed("offersource", source);
    }
    for (id, name) in [(PAGE, "Lander"), (OTHER_PAGE, "Offer")] {
        fake.seed(
            "page",
            json!({
                "idPage": id, "pageName": name, "offerParams": { "idOfferSource": SOURCE },
                "notYetKnown": { "list": [SOURCE, "x"], "url": format!("https://a.example/?s={SOURCE}") },
            }),
        );
    }
    let client = funnelflux_suites::client(&fake).build().unwrap();
    (fake, client)
}

fn key(group: &str, id: &str) -> AssetKey {
    AssetKey::new(group, id)
}

fn stored(fake: &Fake, segment: &str, id: &str) -> Asset {
    let state = fake.state();
    state
        .asset(segment, id)
        .unwrap_or_else(|| panic!("{segment} {id}"))
        .clone()
}

fn body(fake: &Fake, segment: &str, id: &str) -> Value {
    Value::from(stored(fake, segment, id).body)
}

/// Exports an account into a temporary folder.
fn export(client: &Client) -> (TempDir, Snapshot) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let snapshot = run(Snapshot::export(client).to_folder(&path)).unwrap();
    (folder, snapshot)
}

/// Returns the notes of a plan, one per line.
fn notes(plan: &ChangePlan) -> String {
    let notes: Vec<String> = plan.notes().iter().map(ToString::to_string).collect();
    notes.join("\n")
}

/// Applies a plan, acknowledges inferred operations, and writes no journal.
fn apply(plan: &ChangePlan, client: &Client) -> Report<AssetKey> {
    run(plan.apply(client).acknowledge_inferred().send()).unwrap()
}

/// Applies a plan with a journal, and ends the job as a crash would, after the fake has handled the first
/// request with this method.
fn crash_after(method: http::Method, fake: &Fake, plan: &ChangePlan, journal: &Path, rebase: bool) {
    let (service, token) = (fake.clone(), fake.access_token());
    let transport = transport::from_fn(move |request: http::Request<Bytes>| {
        let (fake, is_last) = (service.clone(), request.method() == method);
        async move {
            let response = fake.respond(request).await;
            if is_last {
                std::future::pending::<()>().await;
            }
            response.map_err(TransportError::from)
        }
    });
    let client = Client::builder().bearer_token(token).transport(transport);
    let client = client.build().unwrap();
    let job = plan
        .apply(&client)
        .acknowledge_inferred()
        .concurrency(1)
        .journal(journal);
    let job = if rebase { job.rebase() } else { job };
    run(async {
        let ended = tokio::time::timeout(Duration::from_secs(5), job.send()).await;
        assert!(ended.is_err(), "{ended:?}");
    });
}

fn outcome<'r>(report: &'r Report<AssetKey>, group: &str, id: &str) -> &'r Outcome {
    report
        .outcome(&key(group, id))
        .unwrap_or_else(|| panic!("{group}/{id} is not in {report}"))
}
