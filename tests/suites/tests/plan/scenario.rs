//! Generates random accounts, changes by other clients, faults and crashes.

use fastrand::Rng;
use funnelflux::Client;
use funnelflux::ext::{AssetGroup, FoundAsset};
use funnelflux_fake::{AbsentProperty, DeletedAssets};
use funnelflux_fake::{Fake, Fault, LogRetention, MissingByIds, Rule, Settings};
use funnelflux_suites::{InProcess, LARGE, client_over, faults, run};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Groups of the random accounts.
pub(crate) const GROUPS: [&str; 6] = [
    "offer-sources",
    "funnel-groups",
    "funnels",
    "logic-scripts",
    "pages",
    "categories",
];

/// Properties that the service adds or manages.
const MANAGED: [&str; 4] = ["meta", "fieldOfTomorrow", "codeHash", "owner"];

/// Group and ID of an asset of a random account.
pub(crate) type Key = (&'static str, String);

/// A random account and its client.
pub(crate) struct Account {
    pub(crate) fake: Fake,
    pub(crate) client: Client,
    pub(crate) keys: Vec<Key>,
}

pub(crate) fn group(name: &str) -> AssetGroup {
    AssetGroup::named(name).unwrap()
}

pub(crate) fn segment(name: &str) -> &'static str {
    group(name).segment().unwrap()
}

/// An ID in the format of the service.
pub(crate) fn random_id(random: &mut Rng) -> String {
    let letters = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let digits = (0..8).map(|_| char::from(letters[random.usize(..letters.len())]));
    "2n5J".chars().chain(digits).collect()
}

/// Creates an empty account with the settings of a seed.
pub(crate) fn empty(seed: u64) -> (Fake, Client) {
    let fake = Fake::new(Settings {
        log: LogRetention::Last(0),
        ..Settings::vary(seed)
    });
    let transport = InProcess::new(&fake).latency(Duration::from_millis(1));
    let client = client_over(transport).max_response_bytes(LARGE);
    (fake, client.build().unwrap())
}

impl Account {
    /// Creates a random account.
    pub(crate) fn new(seed: u64, random: &mut Rng) -> Self {
        let (fake, client) = empty(seed);
        let mut keys: Vec<Key> = Vec::new();
        // One category exists for certain.
        let count = random.usize(3..9);
        for number in 0..count {
            let name = if number == 0 {
                "categories"
            } else {
                GROUPS[random.usize(..GROUPS.len())]
            };
            let id = random_id(random);
            let body = random_asset(name, &id, &keys, random);
            assert!(fake.seed(segment(name), body));
            keys.push((name, id));
        }
        Self { fake, client, keys }
    }

    /// Sets a property of an asset, as another client would.
    pub(crate) fn set(&self, (group, id): &Key, property: &str, value: impl Into<Value>) {
        self.fake.set(segment(group), id, property, value.into());
    }

    /// Bodies of the assets as the fake stores them. Every request that changes one of these assets changes
    /// its body.
    pub(crate) fn raw(&self) -> BTreeMap<Key, Value> {
        raw(&self.fake, &self.keys)
    }

    /// The assets as a client sees them, without managed and empty fields. Removes all injected faults.
    pub(crate) fn view(&self) -> BTreeMap<Key, Value> {
        view(&self.fake, &self.client, &self.keys)
    }

    /// Injects up to two random faults.
    pub(crate) fn inject(&self, random: &mut Rng) {
        // `ExpireToken` is excluded, because a call treats the second refusal of its token as an ordinary
        // refusal.
        let all: Vec<_> = faults().filter(|fault| *fault != Fault::ExpireToken).collect();
        for _ in 0..random.usize(..3) {
            let reads = random.u8(..3) == 0;
            let rule = Rule::new(all[random.usize(..all.len())].clone())
                .when(move |request| {
                    // Token renewals get no faults, because a run without a token cannot end.
                    (request.method == http::Method::GET) == reads && !request.path.contains("/auth/")
                })
                .after(random.u64(..4));
            self.fake.inject(rule.times(random.u64(1..3)));
        }
    }
}

pub(crate) fn raw(fake: &Fake, keys: &[Key]) -> BTreeMap<Key, Value> {
    let state = fake.state();
    let body = |(group, id): &Key| {
        let body = state
            .asset(segment(group), id)
            .map(|asset| Value::from(asset.body.clone()));
        ((*group, id.clone()), body.unwrap_or_default())
    };
    keys.iter().map(body).collect()
}

pub(crate) fn view(fake: &Fake, client: &Client, keys: &[Key]) -> BTreeMap<Key, Value> {
    let settings = fake.settings();
    fake.clear_faults();
    fake.configure(|settings| {
        settings.absent = AbsentProperty::Default;
        settings.unknown_fields = false;
        settings.deleted = DeletedAssets::Readable;
        settings.missing_by_ids = MissingByIds::LeftOut;
    });
    let mut seen = BTreeMap::new();
    for name in GROUPS {
        let ids: Vec<String> = keys
            .iter()
            .filter(|(group, _)| *group == name)
            .map(|(_, id)| id.clone())
            .collect();
        let found = run(group(name).find(client, &ids));
        for (id, found) in ids.into_iter().zip(found) {
            let value = match found {
                FoundAsset::Found(value) => plain(&value, true),
                FoundAsset::Missing => Value::Null,
                FoundAsset::Unreadable(failure) => panic!("{name}/{id}: {failure}"),
            };
            seen.insert((name, id), value);
        }
    }
    fake.configure(|changed| *changed = settings);
    seen
}

/// Removes empty members and managed members from a value.
fn plain(value: &Value, is_root: bool) -> Value {
    match value {
        Value::Object(members) => {
            let members = members
                .iter()
                .filter(|(name, _)| !MANAGED.contains(&name.as_str()));
            let members: Map<String, Value> = members
                .map(|(name, value)| (name.clone(), plain(value, false)))
                .filter(|(name, value)| {
                    !(is_empty(value) || is_root && name == "status" && value == "active")
                })
                .collect();
            Value::Object(members)
        }
        Value::Array(items) => items.iter().map(|item| plain(item, false)).collect(),
        value => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

pub(crate) fn status(view: &Value) -> &str {
    view.get("status").and_then(Value::as_str).unwrap_or("active")
}

/// A random asset of a group. It may contain the IDs of earlier assets.
pub(crate) fn random_asset(name: &str, id: &str, earlier: &[Key], random: &mut Rng) -> Value {
    let group = group(name);
    let mut asset = json!({
        "unknownField": { "text": random_text(random), "number": random.u8(..), "list": [1, null] },
    });
    let named = |wanted: &str, random: &mut Rng| {
        let ids: Vec<&String> = earlier
            .iter()
            .filter(|(group, _)| *group == wanted)
            .map(|(_, id)| id)
            .collect();
        match random.usize(..=ids.len()) {
            0 => None,
            place => Some(ids[place - 1].clone()),
        }
    };
    let object = asset.as_object_mut().unwrap();
    object.insert(group.id_pointer().unwrap()[1..].to_owned(), json!(id));
    object.insert(
        group.name_pointer().unwrap()[1..].to_owned(),
        json!(format!("{name} {id}")),
    );
    match random.u8(..10) {
        0..=5 => {}
        6..=8 => drop(object.insert("status".to_owned(), json!("archived"))),
        _ => drop(object.insert("status".to_owned(), json!("deleted"))),
    }
    if name == "categories" {
        object.remove("status");
    }
    if let Some(category) = named("categories", random)
        && group.category_pointer().is_some()
    {
        object.insert("idCategory".to_owned(), json!(category));
    }
    if name == "pages"
        && let Some(source) = named("offer-sources", random)
    {
        object.insert("offerParams".to_owned(), json!({ "idOfferSource": source }));
    }
    if name == "funnels"
        && let Some(parent) = named("funnel-groups", random)
    {
        object.insert("idFunnelGroup".to_owned(), json!(parent));
        object.insert("idCampaign".to_owned(), json!(parent));
    }
    if random.bool() {
        let (_, other) = earlier.last().cloned().unwrap_or(("", "none".to_owned()));
        object.insert("namesAnother".to_owned(), json!({ "deep": [other] }));
    }
    if random.u8(..4) == 0 {
        object.insert("meta".to_owned(), json!({ "version": random.u8(..) }));
    }
    asset
}

pub(crate) fn random_text(random: &mut Rng) -> String {
    let letters = ['a', 'Z', '0', ' ', '"', '/', '~', 'é', '☺'];
    (0..random.usize(..6))
        .map(|_| letters[random.usize(..letters.len())])
        .collect()
}

/// Changes one asset at random, as another client would.
pub(crate) fn disturb(account: &Account, key: &Key, random: &mut Rng) {
    let name = group(key.0).name_pointer().unwrap()[1..].to_owned();
    let has_category = group(key.0).category_pointer().is_some();
    let categories: Vec<String> = account
        .keys
        .iter()
        .filter(|(group, _)| *group == "categories")
        .map(|(_, id)| id.clone())
        .collect();
    let category = || categories[0].clone();
    match random.u8(..8) {
        0 => account.set(key, "status", "archived"),
        1 => account.set(key, "status", "active"),
        2 => account.set(key, &name, format!("renamed {}", random.u8(..))),
        3 if has_category => account.set(key, "idCategory", ""),
        4 if has_category => account.set(key, "idCategory", category()),
        5 => account.set(
            key,
            "unknownField",
            json!({ "text": random_text(random), "added": [1, 2] }),
        ),
        6 => account.set(key, "addedField", random_text(random)),
        7 => account.set(key, "meta", json!({ "version": random.u8(..) })),
        _ => account.set(key, "unknownField", json!({})),
    }
}

/// Assets that are not deleted.
pub(crate) fn live(fake: &Fake, keys: &[Key]) -> BTreeSet<Key> {
    let state = fake.state();
    let is_live = |(group, id): &&Key| {
        let asset = state.asset(segment(group), id);
        asset.is_some_and(|asset| asset.status != funnelflux_fake::Status::Deleted)
    };
    keys.iter().filter(is_live).cloned().collect()
}

/// Runs a future until it ends, or until the fake has received `requests` further requests. In the second
/// case, drops the future and returns `None`.
pub(crate) fn crash_after<F: Future>(fake: &Fake, requests: u64, future: F) -> Option<F::Output> {
    let limit = fake.request_count() + requests;
    let fake = fake.clone();
    run(async move {
        let mut future = pin!(future);
        poll_fn(move |context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if fake.request_count() >= limit => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    })
}
