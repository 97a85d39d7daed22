//! Tests numbers that neither a 64-bit integer nor a double can represent. `AssetGroup`, snapshots and plans
//! read assets as JSON, without Rust types. All of them keep the value of such a number, or refuse to change
//! the asset. The service never receives a rounded number.
//!
//! The accounts use inferred names of IDs and fields, which only our transcription of the vendor's page has.
#![cfg(transcription)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use funnelflux::Client;
use funnelflux::ext::plan::{AssetsNotInSnapshot, ChangePlan, WantedAsset};
use funnelflux::ext::snapshot::{AssetKey, Comparison, Snapshot};
use funnelflux::ext::{AssetGroup, Cascade, FoundAsset};
use funnelflux::json::{self, ParseError};
use funnelflux_fake::{Fake, number};
use funnelflux_suites::run;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;

const SOURCE: &str = "2nIemJxCKbFX";
const OTHER: &str = "2n5JuOKWLTzd";
const DIGITS: &str = "0.1234567890123456789";

fn sources() -> AssetGroup {
    AssetGroup::named("offer-sources").unwrap()
}

/// An account with two offer sources. The first one has the number `text` in an unknown field.
fn account(text: &str) -> (Fake, Client) {
    let fake = Fake::default();
    fake.seed_offer_source(SOURCE);
    fake.seed_offer_source(OTHER);
    fake.set(
        "offersource",
        SOURCE,
        "cost",
        json!({ "bid/max": [number(text)] }),
    );
    let client = funnelflux_suites::client(&fake).build().unwrap();
    (fake, client)
}

fn find(client: &Client, id: &str) -> FoundAsset {
    run(sources().find(client, &[id.to_owned()])).pop().unwrap()
}

fn body(fake: &Fake, id: &str) -> Value {
    fake.state().asset("offersource", id).unwrap().body.clone().into()
}

/// Bodies of the requests that changed something, as they were sent.
fn changes(fake: &Fake) -> Vec<String> {
    let is_change = |operation: &str| !["list", "find"].iter().any(|read| operation.contains(read));
    let log = fake.log().into_iter();
    let sent = log.filter(|entry| entry.operation.is_some_and(is_change));
    sent.map(|entry| String::from_utf8(entry.body.to_vec()).unwrap())
        .collect()
}

/// Generates the text of a number, and its value. The value consists of the sign and the digits, without
/// zeros at either end, and of the power of ten of the first digit.
fn any_number() -> impl Strategy<Value = (String, String, i64)> {
    let digits = prop_oneof![
        "[1-9][0-9]{0,21}",
        "[1-9][0-9]{13,17}",
        any::<u64>().prop_map(|value| value.max(1).to_string()),
        any::<f64>()
            .prop_map(|value| format!("{:e}", value.abs()))
            .prop_filter_map("a number", |text| {
                let digits = text.split('e').next()?.replace('.', "");
                (digits.parse::<u64>().ok()? > 0).then_some(digits)
            }),
    ];
    let exponent = prop_oneof![Just(0_i64), -30..30_i64, -340..330_i64];
    (digits, exponent, 0..3_usize, any::<bool>()).prop_map(|(digits, exponent, form, is_negative)| {
        let sign = if is_negative { "-" } else { "" };
        let first = i64::try_from(digits.len()).unwrap() - 1 + exponent;
        let text = match form {
            0 if exponent == 0 => digits.clone(),
            1 if (-25..0).contains(&exponent) => {
                let fraction = usize::try_from(-exponent).unwrap();
                let padded = format!(
                    "{}{digits}",
                    "0".repeat((fraction + 1).saturating_sub(digits.len()))
                );
                let (whole, fraction) = padded.split_at(padded.len() - fraction);
                format!("{whole}.{fraction}00")
            }
            _ => format!("{digits}E{exponent:+}"),
        };
        let digits = digits.trim_end_matches('0').to_owned();
        (format!("{sign}{text}"), format!("{sign}{digits}"), first)
    })
}

/// Returns the value of a number, in the form that [`any_number`] describes.
fn value_of(text: &str) -> (String, i64) {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let mantissa = mantissa.trim_start_matches('-');
    let point = mantissa.find('.').unwrap_or(mantissa.len());
    let digits = mantissa.replace('.', "");
    let zeros = digits.len() - digits.trim_start_matches('0').len();
    let first = i64::try_from(point).unwrap() - 1 - i64::try_from(zeros).unwrap();
    let digits = digits.trim_matches('0');
    (
        format!("{sign}{digits}"),
        first + exponent.parse::<i64>().unwrap(),
    )
}

fn is_integer(text: &str) -> bool {
    text.parse::<u64>().is_ok() || text.parse::<i64>().is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn a_number_keeps_its_value_or_is_refused((text, digits, first) in any_number()) {
        let double = text.parse::<f64>().unwrap();
        let fits = is_integer(&text)
            || double.is_finite() && value_of(&json!(double).to_string()) == (digits.clone(), first);
        let whole = format!("{{\"a\":\n  [true, {text}]}}");
        match json::parse(&whole) {
            Ok(value) => {
                prop_assert!(fits, "{text} became {value}");
                prop_assert_eq!(value_of(&value["a"][1].to_string()), (digits, first), "{}", text);
            }
            Err(ParseError::Rounded(rounded)) => {
                prop_assert!(!fits, "{rounded}");
                prop_assert_eq!((&*rounded.pointer, &*rounded.number), ("/a/1", &*text));
                prop_assert_eq!((rounded.line, rounded.column), (2, 10));
                prop_assert_eq!(&json::show(&whole).unwrap()["a"][1], &Value::from(text));
            }
            Err(error) => prop_assert!(false, "{text}: {error}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_saved_number_is_the_number_that_was_read((text, digits, first) in any_number()) {
        let (fake, client) = account(&text);
        let texts = run(sources().find_json(&client, &[SOURCE.to_owned()]));
        let FoundAsset::Found(found) = &texts[0] else { panic!("{texts:?}") };
        prop_assert!(found.get().contains(&format!("[{text}]")), "{found}");
        match find(&client, SOURCE) {
            FoundAsset::Found(mut asset) => {
                asset["offerSourceName"] = json!("renamed");
                run(sources().save(&client, &asset)).unwrap();
                let sent = changes(&fake).pop().unwrap();
                let number = sent.split("\"bid/max\":[").nth(1).unwrap().split(']').next().unwrap();
                prop_assert_eq!(value_of(number), (digits, first), "{}", text);
            }
            FoundAsset::Unreadable(failure) => {
                prop_assert!(json::parse(&text).is_err());
                prop_assert!(failure.message().contains("/cost/bid~1max/0"), "{failure}");
                prop_assert!(failure.error().is_none());
            }
            FoundAsset::Missing => prop_assert!(false, "{text}"),
        }
        let plan = ChangePlan::set("/offerSourceName", Some(json!("again"))).groups(["offer-sources"]);
        let plan = run(plan.plan(&client)).unwrap();
        let report = run(plan.apply(&client).acknowledge_inferred().send()).unwrap();
        prop_assert_eq!(report.counts().done, report.entries().len());
        for sent in changes(&fake) {
            if let Some(number) = sent.split("\"bid/max\":[").nth(1) {
                prop_assert_eq!(value_of(number.split(']').next().unwrap()), value_of(&text), "{}", text);
            }
        }
        prop_assert_eq!(&body(&fake, OTHER)["offerSourceName"], &json!("again"));
    }
}

#[test]
fn one_number_does_not_affect_other_assets() {
    let (fake, client) = account("1e999");
    for index in 0..10_000 {
        fake.seed(
            "offersource",
            json!({ "idOfferSource": format!("s{index}"), "offerSourceName": "x" }),
        );
    }
    fake.set("offersource", "s7", "rank", number("18446744073709551616"));
    let rows = run(sources().list(&client)).unwrap();
    assert_eq!(rows.len(), 10_002);
    assert!(rows.iter().all(|row| sources().id(row).is_some()));
    let ids = ["s6", "s7", "s8", SOURCE].map(str::to_owned);
    let found = run(sources().find(&client, &ids));
    assert!(
        matches!(
            &found[..],
            [
                FoundAsset::Found(_),
                FoundAsset::Unreadable(_),
                FoundAsset::Found(_),
                FoundAsset::Unreadable(_)
            ]
        ),
        "{found:?}"
    );
    let FoundAsset::Unreadable(failure) = &found[1] else {
        panic!()
    };
    assert_eq!(
        failure.message(),
        "the number 18446744073709551616 at /rank would be rounded to 1.8446744073709552e+19, and saving \
         the asset would change it; fix: use the typed calls of the crate or AssetGroup::find_json, which \
         keep all digits"
    );
}

#[test]
fn a_snapshot_keeps_all_digits_and_a_restore_leaves_such_assets() {
    let (fake, client) = account(DIGITS);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("backup");
    let snapshot = run(Snapshot::export(&client).to_folder(&path)).unwrap();
    let file = path.join("offer-sources").join(format!("{SOURCE}.json"));
    let text = fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("  \"cost\": {\n    \"bid/max\": [\n      0.1234567890123456789\n    ]\n  },\n"),
        "{text}"
    );
    let error = snapshot
        .asset(&AssetKey::new("offer-sources", SOURCE))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&*file.to_string_lossy()) && error.contains("at /cost/bid~1max/0"),
        "{error}"
    );
    // A second export of the same account writes the same file.
    run(Snapshot::export(&client).to_folder(&path)).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);

    // The comparison includes digits that a double cannot represent.
    assert!(run(snapshot.compare_with_account(&client)).unwrap().is_equal());
    fake.set(
        "offersource",
        SOURCE,
        "cost",
        json!({ "bid/max": [number("0.1234567890123456788")] }),
    );
    let later = run(Snapshot::export(&client).to_folder(folder.path().join("later"))).unwrap();
    let comparison = Comparison::between(&snapshot, &later).unwrap();
    assert_eq!(comparison.differences.len(), 1, "{comparison:?}");

    // The asset is left as it is, even if the account now has a short number instead of the long one.
    for others in [AssetsNotInSnapshot::Leave, AssetsNotInSnapshot::Delete] {
        fake.set("offersource", SOURCE, "cost", json!({ "bid/max": [1] }));
        fake.set("offersource", SOURCE, "offerSourceName", "changed");
        fake.set("offersource", OTHER, "offerSourceName", "changed");
        let before = body(&fake, SOURCE);
        let plan = run(ChangePlan::restore(&snapshot).others(others).plan(&client)).unwrap();
        let note = format!("offer-sources/{SOURCE} is not restored: snapshot ");
        assert!(
            plan.notes()
                .iter()
                .any(|line| line.to_string().starts_with(&note)),
            "{:?}",
            plan.notes()
        );
        let report = run(plan.apply(&client).acknowledge_inferred().send()).unwrap();
        assert!(report.is_success(), "{report}");
        assert_eq!(body(&fake, SOURCE), before);
        assert_ne!(body(&fake, OTHER)["offerSourceName"], json!("changed"));
    }
    let copied = run(ChangePlan::copy(&snapshot).plan(&client))
        .unwrap_err()
        .to_string();
    assert!(copied.contains(DIGITS), "{copied}");
    let only = ChangePlan::copy(&snapshot).only([AssetKey::new("offer-sources", OTHER)]);
    assert_eq!(run(only.plan(&client)).unwrap().entries().len(), 1);
}

#[test]
fn an_edited_file_is_refused_with_its_path() {
    let (fake, client) = account("1");
    let folder = tempfile::tempdir().unwrap();
    let snapshot = run(Snapshot::export(&client).to_folder(folder.path())).unwrap();
    let file = folder.path().join("offer-sources").join(format!("{OTHER}.json"));
    let text = fs::read_to_string(&file)
        .unwrap()
        .replacen('{', "{\"rank\": 18446744073709551616,", 1);
    drop(snapshot);
    fs::write(&file, text).unwrap();
    let snapshot = Snapshot::open(folder.path()).unwrap();
    let plan = run(ChangePlan::restore(&snapshot).plan(&client)).unwrap();
    assert_eq!(
        (plan.entries().len(), plan.notes().len()),
        (0, 1),
        "{:?}",
        plan.notes()
    );
    assert!(
        plan.notes()[0].to_string().contains(&*file.to_string_lossy()),
        "{:?}",
        plan.notes()
    );
    assert!(changes(&fake).is_empty());

    // A plan whose file was edited is refused as well.
    let FoundAsset::Found(asset) = find(&client, OTHER) else {
        panic!()
    };
    let mut wanted = asset.clone();
    wanted["rank"] = json!(7);
    let wanted = WantedAsset::changed(sources(), asset, wanted);
    let plan = run(ChangePlan::wanted(&client, "test", [wanted])).unwrap();
    let path = folder.path().join("plan.json");
    let text = plan.to_json();
    assert!(text.contains("\"new\": 7"), "{text}");
    fs::write(&path, text.replace("\"new\": 7", "\"new\": 1e-400")).unwrap();
    let error = ChangePlan::read(&path).unwrap_err().to_string();
    assert_eq!(
        error,
        format!(
            "{}: the plan is invalid: the number 1e-400 at /entries/0/changes/0/new would be rounded to 0.0; \
             fix: correct the file, or make the plan again",
            path.display()
        )
    );
}

#[test]
fn such_assets_are_archived_and_an_undo_says_that_they_stay() {
    let (fake, client) = account(DIGITS);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("job.jsonl");
    let ids = [SOURCE.to_owned(), OTHER.to_owned()].to_vec();
    let job = sources().archive(&client, ids, Cascade::leave()).unwrap();
    let report = run(job.undoable_journal(&journal).send()).unwrap();
    assert!(report.is_success(), "{report}");
    for id in [SOURCE, OTHER] {
        assert_eq!(body(&fake, id)["status"], "archived");
    }
    let plan = run(ChangePlan::undo(&client, &journal)).unwrap();
    assert_eq!(
        (plan.entries().len(), plan.notes().len()),
        (1, 1),
        "{:?}",
        plan.notes()
    );
    assert!(plan.notes()[0].to_string().contains(DIGITS), "{:?}", plan.notes());
}
