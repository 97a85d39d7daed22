//! Tests plans against the fake: files, replacing, restoring, copying, applying and undoing.
//!
//! The accounts use names of IDs and fields that our transcription of the vendor's page infers.
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

use funnelflux::Client;
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::snapshot::{AssetKey, Snapshot};
use funnelflux::ext::{Outcome, Report};
use funnelflux_fake::{Asset, Fake, Settings};
use funnelflux_suites::run;
use serde_json::{Value, json};
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

/// Applies a plan, acknowledges inferred operations, and writes no journal.
fn apply(plan: &ChangePlan, client: &Client) -> Report<AssetKey> {
    run(plan.apply(client).acknowledge_inferred().send()).unwrap()
}

fn outcome<'r>(report: &'r Report<AssetKey>, group: &str, id: &str) -> &'r Outcome {
    report
        .outcome(&key(group, id))
        .unwrap_or_else(|| panic!("{group}/{id} is not in {report}"))
}
