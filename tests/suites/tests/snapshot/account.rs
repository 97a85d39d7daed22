//! Random accounts, and the assets of an account as the service shows them.

use bytes::Bytes;
use funnelflux::ext::AssetGroup;
use funnelflux::ext::snapshot::{AssetKey, Snapshot};
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::{Client, RetryPolicy};
use funnelflux_fake::{
    DeletedAssets, Fake, Fault, Limit, LogRetention, Outcome, RejectedToken, Rule, Settings, Status,
};
use funnelflux_suites::{InProcess, LARGE, credentials, faults};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::Notify;

/// Groups of the random accounts.
pub(crate) const GROUPS: [&str; 5] = ["offer-sources", "pages", "categories", "funnels", "funnel-groups"];

/// IDs in the random accounts. Some IDs differ only in case, some are substrings of others, and some are not
/// safe as file names.
const IDS: [&str; 14] = [
    "2nIemJxCKbFX",
    "2n5JuOKWLTzd",
    "2niemjxckbfx",
    "a",
    "A",
    "b-c",
    "b",
    "é",
    "..",
    "x/y",
    "CON",
    "a b",
    "100%",
    "7",
];

/// Statuses of random assets.
const STATUSES: [&str; 4] = ["active", "active", "archived", "deleted"];

/// An asset that the account has before the export.
#[derive(Clone, Debug)]
pub(crate) struct AssetSetup {
    pub(crate) group: &'static str,
    pub(crate) id: String,
    status: &'static str,
    /// ID of the category of this asset.
    category: Option<&'static str>,
    /// Unknown fields, which contain IDs in many forms.
    extras: Vec<(&'static str, Value)>,
}

/// A fault, and the requests that get it.
#[derive(Clone, Debug)]
struct InjectedFault {
    fault: Fault,
    after: u64,
    /// Number of requests that get the fault. `None` means all requests.
    times: Option<u64>,
}

/// A random account and the circumstances of its export.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    policies: u64,
    max_entries: Option<Limit>,
    max_url_length: Option<usize>,
    pub(crate) assets: Vec<AssetSetup>,
    faults: Vec<InjectedFault>,
    pub(crate) groups: BTreeSet<&'static str>,
    pub(crate) concurrency: usize,
    pub(crate) accept_incomplete: bool,
    /// Number of the request at which the export crashes, before the response arrives.
    pub(crate) crash: u64,
}

impl Scenario {
    /// Creates the service.
    pub(crate) fn fake(&self) -> Fake {
        let fake = Fake::new(Settings {
            max_entries: self.max_entries,
            max_url_length: self.max_url_length,
            log: LogRetention::All,
            ..Settings::vary(self.policies)
        });
        for asset in &self.assets {
            asset.seed(&fake);
        }
        fake
    }

    pub(crate) fn inject_faults(&self, fake: &Fake) {
        // Without a body, a 400 for an expired token is like any other 400, so the client does not renew the
        // token.
        let stays_expired = fake.settings().rejected_token == RejectedToken::BadRequest;
        let expires = |injected: &&InjectedFault| injected.fault == Fault::ExpireToken;
        for injected in self
            .faults
            .iter()
            .filter(|injected| !(stays_expired && expires(injected)))
        {
            let rule = Rule::new(injected.fault.clone()).after(injected.after);
            fake.inject(match injected.times {
                Some(times) => rule.times(times),
                None => rule.always(),
            });
        }
    }
}

impl AssetSetup {
    pub(crate) fn with_id(&self, id: String) -> Self {
        Self { id, ..self.clone() }
    }

    pub(crate) fn seed(&self, fake: &Fake) {
        let group = AssetGroup::named(self.group).unwrap();
        let property = |pointer: &str| pointer.trim_start_matches('/').to_owned();
        let mut body = Map::new();
        body.insert(property(group.id_pointer().unwrap()), json!(self.id));
        if let Some(name) = group.name_pointer() {
            body.insert(property(name), json!(format!("Name of {}", self.id)));
        }
        body.insert("status".to_owned(), json!(self.status));
        if let (Some(pointer), Some(category)) = (group.category_pointer(), self.category) {
            body.insert(property(pointer), json!(category));
        }
        for (name, value) in &self.extras {
            body.entry(*name).or_insert_with(|| value.clone());
        }
        assert!(fake.seed(group.segment().unwrap(), Value::Object(body)));
    }
}

/// Generates the name and the value of an unknown field. The value is `null` or contains an ID in one of
/// several forms.
fn extra() -> impl Strategy<Value = (&'static str, Value)> {
    let name = prop::sample::select(vec![
        "fieldThatNobodyKnows",
        "nodes",
        "idPage",
        "offerParams",
        "idFunnelGroup",
        "meta",
    ]);
    let value = (prop::sample::select(&IDS[..]), 0..9_u8).prop_map(|(id, shape)| match shape {
        0 => json!(id),
        1 => json!({"idPage": id, "x": 1.5}),
        2 => json!([{"target": [id, null]}, {}]),
        3 => json!(format!("https://a.example/{id}?page={id}x&next=x{id}")),
        4 => json!({ id: {"to~/": id} }),
        5 => json!({ format!("node {id}"): true }),
        6 => json!({"idOfferSource": id, "idCategory": format!("{id}-{id}")}),
        7 => json!({"count": 12_345_678_901_234_567_890_u64, "text": format!("{id}\n\u{1F600}")}),
        _ => Value::Null,
    });
    (name, value)
}

fn asset() -> impl Strategy<Value = AssetSetup> {
    (
        prop::sample::select(&GROUPS[..]),
        prop_oneof![9 => prop::sample::select(&IDS[..]).prop_map(str::to_owned), 1 => Just("l".repeat(150))],
        prop::sample::select(&STATUSES[..]),
        prop::option::of(prop::sample::select(&IDS[..])),
        prop::collection::vec(extra(), 0..3),
    )
        .prop_map(|(group, id, status, category, extras)| AssetSetup {
            group,
            id,
            status,
            category,
            extras,
        })
}

fn injected_fault() -> impl Strategy<Value = InjectedFault> {
    let mut all: Vec<Fault> = faults().collect();
    all.push(Fault::Gateway {
        status: 404,
        page: true,
    });
    all.push(Fault::Gateway {
        status: 502,
        page: false,
    });
    let times = prop_oneof![6 => (1_u64..4).prop_map(Some), 2 => (4_u64..20).prop_map(Some), 1 => Just(None)];
    (prop::sample::select(all), 0_u64..12, times).prop_map(|(fault, after, times)| InjectedFault {
        fault,
        after,
        times,
    })
}

pub(crate) fn scenario() -> impl Strategy<Value = Scenario> {
    let max_entries = prop_oneof![
        4 => Just(None),
        1 => (1_usize..4, prop::sample::select(vec![400_u16, 413]))
            .prop_map(|(max, status)| Some(Limit { max, status })),
    ];
    let max_url_length = prop_oneof![8 => Just(None), 1 => (300_usize..600).prop_map(Some)];
    (
        (any::<u64>(), max_entries, max_url_length),
        prop::collection::vec(asset(), 0..12),
        prop::collection::vec(injected_fault(), 0..4),
        prop::collection::btree_set(prop::sample::select(&GROUPS[..]), 1..4),
        (1_usize..5, any::<bool>(), 1_u64..12),
    )
        .prop_map(
            |(service, assets, faults, groups, (concurrency, accept_incomplete, crash))| Scenario {
                policies: service.0,
                max_entries: service.1,
                max_url_length: service.2,
                assets,
                faults,
                groups,
                concurrency,
                accept_incomplete,
                crash,
            },
        )
}

/// Expected contents of a snapshot.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Expected {
    pub(crate) assets: BTreeMap<AssetKey, Value>,
    /// Deleted assets that are listed but not readable.
    pub(crate) deleted: BTreeSet<AssetKey>,
}

/// Returns the expected contents of a snapshot of these groups. Reads each asset from the service.
pub(crate) async fn expected(fake: &Fake, groups: impl IntoIterator<Item = &str>) -> Expected {
    let settings = fake.settings();
    let state = fake.state();
    let mut expected = Expected::default();
    for name in groups {
        let group = AssetGroup::named(name).unwrap();
        for asset in state.assets(group.segment().unwrap()) {
            let key = AssetKey::new(name, &*asset.id);
            let is_deleted = asset.status == Status::Deleted;
            if is_deleted && !settings.all_includes_deleted {
                continue;
            }
            if is_deleted && settings.deleted == DeletedAssets::Gone {
                expected.deleted.insert(key);
                continue;
            }
            let shown = shown(fake, group, &asset.id).await;
            // A setting of the fake adds members to `meta`, so `meta` is not compared.
            for (name, value) in asset.body.iter().filter(|(name, _)| *name != "meta") {
                assert_eq!(shown.get(name), Some(value), "the fake shows what it holds");
            }
            expected.assets.insert(key, shown);
        }
    }
    expected
}

/// The asset as the service shows it.
async fn shown(fake: &Fake, group: AssetGroup, id: &str) -> Value {
    let property = group.id_pointer().unwrap().trim_start_matches('/');
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let id: String = id.bytes().map(encode).collect();
    let url = format!("/v1/{}/find/byId/?{property}={id}", group.segment().unwrap());
    let token = format!("Bearer {}", fake.access_token());
    let request = http::Request::get(url).header("authorization", token);
    match fake.handle(request.body(Bytes::new()).unwrap()).await {
        Outcome::Response(response) => {
            assert_eq!(response.status(), 200, "{response:?}");
            serde_json::from_slice(response.body()).unwrap()
        }
        Outcome::Fault(fault) => panic!("unexpected fault: {fault:?}"),
    }
}

/// Contents of a snapshot, which may be incomplete.
pub(crate) fn contents(snapshot: &Snapshot) -> Expected {
    let assets = snapshot.assets().map(|asset| {
        let asset = asset.unwrap();
        (asset.key, asset.value)
    });
    let deleted = snapshot.manifest().deleted();
    Expected {
        assets: assets.collect(),
        deleted: deleted.map(|(group, id)| AssetKey::new(group, id)).collect(),
    }
}

/// Creates a temporary folder. Uses a file system in memory if there is one, because waiting for a disk takes
/// longer than everything else.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// Contents of all files in a folder, including hidden files, by their relative paths. The times in the
/// manifest are removed.
pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fn add(files: &mut BTreeMap<String, Vec<u8>>, root: &Path, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(files, root, &path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let mut text = std::fs::read(&path).unwrap();
            if name == "snapshot.json" {
                let mut manifest: Value = serde_json::from_slice(&text).unwrap();
                manifest["started"] = Value::Null;
                manifest["finished"] = Value::Null;
                text = manifest.to_string().into_bytes();
            }
            files.insert(name, text);
        }
    }
    let mut files = BTreeMap::new();
    add(&mut files, folder, folder);
    files
}

/// A transport that applies a [`Crash`]: the response to one request never arrives.
#[derive(Clone, Debug)]
struct CrashingTransport {
    transport: InProcess,
    crash: Crash,
}

/// Simulated crash of an export at a certain request.
#[derive(Clone, Debug)]
pub(crate) struct Crash {
    left: Arc<AtomicU64>,
    notify: Arc<Notify>,
}

impl Crash {
    pub(crate) fn at(request: u64) -> Self {
        Self {
            left: Arc::new(AtomicU64::new(request)),
            notify: Arc::new(Notify::new()),
        }
    }

    pub(crate) fn never() -> Self {
        Self::at(u64::MAX)
    }

    /// Runs a program until it ends or crashes. Returns `None` after a crash.
    pub(crate) async fn run<T>(&self, program: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.notify.notified() => None,
            value = program => Some(value),
        }
    }
}

impl Transport for CrashingTransport {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let response = self.transport.send(request).await;
            if self.crash.left.fetch_sub(1, Ordering::Relaxed) == 1 {
                self.crash.notify.notify_one();
                std::future::pending::<()>().await;
            }
            response
        })
    }
}

/// Creates a client of the fake, which makes at most three attempts per call.
pub(crate) fn client(fake: &Fake, crash: &Crash) -> Client {
    let clock = fake.clone();
    Client::builder()
        .credentials(credentials(fake))
        .clock(move || clock.now())
        .retry(RetryPolicy::new().max_attempts(3))
        .max_response_bytes(LARGE)
        .transport(CrashingTransport {
            transport: InProcess::new(fake),
            crash: crash.clone(),
        })
        .build()
        .unwrap()
}
