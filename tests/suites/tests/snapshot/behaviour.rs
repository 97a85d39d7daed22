//! Tests single behaviours of exports, references and comparisons, and the texts that a person reads.

use crate::account::{Crash, client, contents, expected, files, folder};
use funnelflux::ext::AssetGroup;
use funnelflux::ext::snapshot::{AssetKey, Comparison, ExportError, Fingerprint, Snapshot};
use funnelflux::transport::{BoxFuture, ResponseBody, Transport, TransportError};
use funnelflux::{ClientBuilder, RetryPolicy};
use funnelflux_fake::{Fake, Fault, Rule};
use funnelflux_suites::{InProcess, client_over, run};
use serde_json::json;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An account in which assets refer to each other.
fn account() -> Fake {
    let fake = Fake::default();
    fake.seed_category("cat1", "Mobile");
    fake.seed_category("cat2", "Desktop");
    fake.seed_offer_source("source1");
    fake.seed_page("page1", "source1");
    fake.seed_page("page2", "gone");
    fake.set("page", "page1", "idCategory", "cat1");
    fake.set("page", "page1", "baseURL", "https://a.example/?next=page2");
    fake.seed(
        "funnel",
        json!({
            "idFunnel": "funnel1", "funnelName": "One", "status": "active", "idFunnelGroup": "group1",
            "nodes": [{"idPage": "page1"}, {"idPage": "page9"}], "next": "funnel2",
        }),
    );
    fake.seed(
        "funnel",
        json!({"idFunnel": "funnel2", "funnelName": "Two", "next": {"funnel1": 1}}),
    );
    fake.seed(
        "funnelgroup",
        json!({"idFunnelGroup": "group1", "funnelGroupName": "All"}),
    );
    fake
}

fn lines<T: ToString>(items: impl IntoIterator<Item = T>) -> Vec<String> {
    items.into_iter().map(|item| item.to_string()).collect()
}

fn key(text: &str) -> AssetKey {
    text.parse().unwrap()
}

#[test]
fn files_are_pretty_sorted_and_described_by_the_manifest() {
    run(async {
        let fake = Fake::default();
        fake.seed(
            "page",
            json!({"status": "archived", "idPage": "P/1", "pageName": "L\u{e4}nder", "z": [1.50, {}]}),
        );
        let folder = folder();
        let client = client(&fake, &Crash::never());
        let export = Snapshot::export(&client).groups(["Pages", "categories"]);
        export.to_folder(folder.path()).await.unwrap();
        let page = fs::read_to_string(folder.path().join("pages/P%2f1.json")).unwrap();
        let expected = "{\n  \"idPage\": \"P/1\",\n  \"pageName\": \"Länder\",\n  \"status\": \
                        \"archived\",\n  \"z\": [\n    1.5,\n    {}\n  ]\n}\n";
        assert_eq!(page, expected);
        let manifest = fs::read_to_string(folder.path().join("snapshot.json")).unwrap();
        let expected = format!(
            r#"{{
  "funnelflux_snapshot": 1,
  "whole": true,
  "base_url": "{}",
  "account": null,
  "started": "2026-01-01T00:00:00.000Z",
  "finished": "2026-01-01T00:00:00.000Z",
  "document_version": "v1",
  "crate_version": "{}",
  "groups": {{
    "categories": {{
      "count": 0,
      "files": {{}}
    }},
    "pages": {{
      "count": 1,
      "files": {{
        "P/1": "{}"
      }}
    }}
  }}
}}
"#,
            ClientBuilder::DEFAULT_BASE_URL,
            env!("CARGO_PKG_VERSION"),
            Fingerprint::of_bytes(page.as_bytes())
        );
        assert_eq!(manifest, expected);
    });
}

#[test]
fn an_archive_has_the_contents_of_the_folder() {
    run(async {
        let fake = account();
        let client = client(&fake, &Crash::never());
        let folder = folder();
        let (directory, archive) = (folder.path().join("backup"), folder.path().join("backup.tar.gz"));
        let unpacked = Snapshot::export(&client).to_folder(&directory).await.unwrap();
        let packed = Snapshot::export(&client).to_archive(&archive).await.unwrap();
        assert_eq!(contents(&unpacked), contents(&packed));
        assert_eq!(packed.manifest(), unpacked.manifest());
        let all: Vec<&str> = AssetGroup::all().iter().map(|group| group.name()).collect();
        let listed = all
            .into_iter()
            .filter(|name| AssetGroup::named(name).unwrap().abilities().list);
        assert_eq!(contents(&packed), expected(&fake, listed).await);
        // Equal snapshots are written as equal files, and no other file is left behind.
        let again = folder.path().join("again.tar.gz");
        unpacked.pack(&again).unwrap();
        assert_eq!(fs::read(&again).unwrap(), fs::read(&archive).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
        // A newer export replaces the file.
        fake.seed_page("page3", "");
        let packed = Snapshot::export(&client).to_archive(&archive).await.unwrap();
        assert!(packed.contains(&key("pages/page3")));
    });
}

#[test]
fn an_export_updates_a_folder_under_version_control() {
    run(async {
        let fake = account();
        let client = client(&fake, &Crash::never());
        let folder = folder();
        let path = folder.path();
        fs::create_dir(path.join(".git")).unwrap();
        fs::write(path.join(".git/HEAD"), "x").unwrap();
        let export = || {
            Snapshot::export(&client)
                .groups(["pages", "categories"])
                .to_folder(path)
        };
        export().await.unwrap();
        fs::write(path.join("README.md"), "Backups").unwrap();
        let before = files(path);
        let written = fs::metadata(path.join("pages/page2.json"))
            .unwrap()
            .modified()
            .unwrap();
        fake.change("page", "page1", |page| {
            drop(page.insert("pageName".to_owned(), json!("New")));
        });
        fake.seed_page("Page1", "");
        fake.configure(|settings| settings.all_includes_deleted = false);
        fake.set("category", "cat2", "status", "deleted");
        export().await.unwrap();
        let after = files(path);
        let names: Vec<&str> = after.keys().map(String::as_str).collect();
        let expected = [
            ".git/HEAD",
            "README.md",
            "categories/cat1.json",
            "pages/%50age1.json",
            "pages/page1.json",
            "pages/page2.json",
            "snapshot.json",
        ];
        assert_eq!(names, expected);
        assert_eq!(before["pages/page2.json"], after["pages/page2.json"]);
        assert_eq!(
            fs::metadata(path.join("pages/page2.json"))
                .unwrap()
                .modified()
                .unwrap(),
            written
        );
    });
}

#[test]
fn secrets_are_the_placeholders_that_the_service_shows() {
    run(async {
        let fake = Fake::default();
        let config = json!({
            "idMiddlewareConfig": "m", "configName": "M",
            "destination": {
                "url": "https://a.example", "hmacSecret": "hush", "basicAuth": {"password": "hush"},
            },
        });
        let group = AssetGroup::named("middleware-configs").unwrap();
        assert!(fake.seed(group.segment().unwrap(), config));
        let folder = folder();
        let client = client(&fake, &Crash::never());
        Snapshot::export(&client)
            .groups([group.name()])
            .to_folder(folder.path())
            .await
            .unwrap();
        let text = fs::read_to_string(folder.path().join("middleware-configs/m.json")).unwrap();
        assert!(
            text.contains("\"hmacSecret\": \"********\"") && !text.contains("hush"),
            "{text}"
        );
    });
}

#[test]
fn references_are_named_by_their_meaning() {
    run(async {
        let fake = account();
        let client = client(&fake, &Crash::never());
        let snapshot = Snapshot::export(&client).to_temporary_folder().await.unwrap();
        let references = snapshot.references().unwrap();
        for (id, expected) in [
            (
                "pages/page1",
                vec![
                    "funnels/funnel1 /nodes/0/idPage: page1 (by the property's name)",
                    "pages/page1 /pageName: page1 (in a longer text)",
                ],
            ),
            (
                "categories/cat1",
                vec!["pages/page1 /idCategory: cat1 (category)"],
            ),
            (
                "offer-sources/source1",
                vec![
                    "offer-sources/source1 /offerSourceName: source1 (in a longer text)",
                    "pages/page1 /offerParams/idOfferSource: source1 (parent)",
                ],
            ),
            (
                "funnels/funnel1",
                vec!["funnels/funnel2 /next/funnel1: funnel1 (in a name)"],
            ),
            ("funnels/funnel2", vec!["funnels/funnel1 /next: funnel2"]),
        ] {
            assert_eq!(lines(references.to(&key(id))), expected, "{id}");
        }
        assert_eq!(lines(references.unused()), ["categories/cat2"]);
        let dangling = references.dangling();
        let dangling: Vec<String> = dangling
            .iter()
            .map(|dangling| format!("{} -> {}", dangling.reference, dangling.target))
            .collect();
        let expected = [
            "pages/page2 /offerParams/idOfferSource: gone (parent) -> offer-sources/gone",
            "funnels/funnel1 /nodes/1/idPage: page9 (by the property's name) -> pages/page9",
        ];
        assert_eq!(dangling, expected);
        let cycles: Vec<Vec<String>> = references.cycles().into_iter().map(lines).collect();
        assert_eq!(cycles, [["funnels/funnel1", "funnels/funnel2"]]);
        // References to an ID are found even if no asset has this ID.
        assert_eq!(lines(snapshot.references_to("gone").unwrap()).len(), 1);
    });
}

#[test]
fn a_comparison_reads_like_a_list_of_changes() {
    run(async {
        let fake = account();
        let client = client(&fake, &Crash::never());
        let groups = ["pages", "categories", "funnels", "offer-sources"];
        let before = Snapshot::export(&client)
            .groups(groups)
            .to_temporary_folder()
            .await
            .unwrap();
        fake.set("page", "page1", "status", "archived");
        fake.set("page", "page1", "baseURL", "https://b.example");
        fake.set("page", "page2", "idCategory", "cat2");
        fake.set("funnel", "funnel1", "owner", "you");
        fake.set("offersource", "source1", "meta", json!({"version": 2}));
        fake.seed_category("cat3", "Tablet");
        fake.set("category", "cat2", "status", "deleted");
        fake.configure(|settings| settings.all_includes_deleted = false);
        let comparison = before.compare_with_account(&client).await.unwrap();
        let expected = "2 changed, 1 added, 1 removed, 4 equal\n\
                        - categories/cat2 \"Desktop\"\n\
                        + categories/cat3 \"Tablet\"\n\
                        ~ pages/page1 \"Page page1\": archived; /baseURL: \"https://a.example/?next=page2\" \
                        -> \"https://b.example\"\n\
                        ~ pages/page2 \"Page page2\": moved to category cat2";
        assert_eq!(comparison.to_string(), expected);
        let managed: Vec<String> = comparison
            .managed_only
            .iter()
            .map(|difference| difference.managed.to_string())
            .collect();
        let expected = ["/owner: (absent) -> \"you\"", "/meta/version: 1 -> 2"];
        assert_eq!(managed, expected);
        let json = serde_json::to_value(&comparison).unwrap();
        assert_eq!(json["differences"][2]["status"], json!(["active", "archived"]));
        assert_eq!(json["differences"][3]["category"], json!(["", "cat2"]));
        // This comparison has the opposite direction, and one of its snapshots lacks some groups.
        let now = Snapshot::export(&client)
            .groups(["pages"])
            .to_temporary_folder()
            .await
            .unwrap();
        let back = Comparison::between(&now, &before).unwrap();
        assert!(
            back.to_string()
                .contains("\n~ pages/page1 \"Page page1\": restored from the archive; "),
            "{back}"
        );
        assert!(
            back.to_string()
                .contains("\n? funnels: not compared; the group is not in both, or was not listed")
        );
        assert!(!back.is_whole());
    });
}

#[test]
fn an_incomplete_export_keeps_the_older_snapshot_and_reads_the_rest_later() {
    run(async {
        let fake = account();
        let client = client(&fake, &Crash::never());
        let folder = folder();
        let path = folder.path();
        let export = || Snapshot::export(&client).groups(["pages", "funnels"]);
        export().to_folder(path).await.unwrap();
        let before = files(path);
        fake.set("page", "page1", "pageName", "New");
        fake.inject(
            Rule::new(Fault::status(403))
                .on("GET /funnel/find/byId/multiple/")
                .always(),
        );
        fake.inject(
            Rule::new(Fault::status(403))
                .when(|request| request.path.contains("/funnel/find/"))
                .always(),
        );
        let error = export().to_folder(path).await.unwrap_err();
        let ExportError::Incomplete(incomplete) = &error else {
            panic!("{error}");
        };
        assert_eq!((incomplete.read(), incomplete.unread().len()), (2, 2));
        let text = error.to_string().replace(&path.display().to_string(), "backup");
        let expected = "snapshot backup: 2 assets were read, 2 parts could not be, first funnels/funnel1: \
                        find_funnels_by_ids";
        assert!(text.starts_with(expected), "{text}");
        let fix = "; fix: repeat the export, which reads what is missing, or accept that it is incomplete";
        assert!(text.ends_with(fix), "{text}");
        let now = files(path);
        assert!(before.iter().all(|(name, text)| now[name] == *text));
        Snapshot::open(path).unwrap();
        // An incomplete snapshot replaces the older one only if the caller accepts that. The new snapshot
        // states that it is incomplete.
        let snapshot = export().accept_incomplete().to_folder(path).await.unwrap();
        assert!(!snapshot.is_whole());
        assert_eq!(snapshot.unread().count(), 2);
        let text = Snapshot::open(path)
            .unwrap_err()
            .to_string()
            .replace(&path.display().to_string(), "backup");
        let expected = "snapshot backup: it is not whole: 2 parts could not be read when it was exported, \
                        first funnels/funnel1: ";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.ends_with("; fix: export again, or open it as incomplete"),
            "{text}"
        );
        fake.clear_faults();
        assert!(export().to_folder(path).await.unwrap().is_whole());
    });
}

#[test]
fn progress_is_used_for_a_day_unless_told_otherwise() {
    run(async {
        let fake = Fake::default();
        fake.seed_many(5);
        let folder = folder();
        let export = |crash: &Crash| {
            let client = client(&fake, crash);
            Snapshot::export(&client).groups(["offer-sources"])
        };
        let finds = || {
            fake.log()
                .iter()
                .filter(|entry| entry.path.contains("/find/"))
                .count()
        };
        for (hours, restart, expected) in [(23, false, 0), (23, true, 1), (25, false, 1)] {
            let path = folder.path().join(format!("{hours} {restart}"));
            // The first export reads all offer sources, but fails because the pages cannot be listed.
            fake.inject(Rule::new(Fault::status(403)).on("GET /page/list/"));
            let client = client(&fake, &Crash::never());
            let both = Snapshot::export(&client).groups(["offer-sources", "pages"]);
            assert!(both.to_folder(&path).await.is_err());
            fake.advance(Duration::from_hours(hours));
            fake.clear_log();
            let again = export(&Crash::never());
            let again = if restart { again.restart() } else { again };
            again.to_folder(&path).await.unwrap();
            assert_eq!(finds(), expected, "{hours} {restart}");
        }
    });
}

#[test]
fn an_export_stops_when_the_service_does_not_answer() {
    run(async {
        let fake = Fake::default();
        fake.seed_many(2_000);
        let client = funnelflux_suites::client(&fake)
            .retry(RetryPolicy::none())
            .build()
            .unwrap();
        let folder = folder();
        fake.inject(
            Rule::new(Fault::RefuseConnection)
                .when(|request| request.path.contains("/find/"))
                .always(),
        );
        let export = Snapshot::export(&client)
            .groups(["offer-sources"])
            .to_folder(folder.path());
        let ExportError::Incomplete(error) = export.await.unwrap_err() else {
            panic!("the service does not answer");
        };
        assert_eq!((error.read(), error.unread().len()), (0, 2_000));
        assert!(fake.request_count() < 20, "{}", fake.request_count());
        let last = error
            .unread()
            .iter()
            .filter(|unread| unread.problem.starts_with("not attempted, because the service"));
        assert!(last.count() > 1_000);
    });
}

/// Repeats the response to a list request as the response to the first request that finds assets by ID.
#[derive(Debug)]
struct RepeatsTheList {
    transport: InProcess,
    list: Mutex<Option<bytes::Bytes>>,
    is_repeated: AtomicUsize,
}

impl Transport for RepeatsTheList {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let is_list = request.uri().path().contains("/list/");
            let is_find = request.uri().path().contains("/find/byIds/");
            let list = self.list.lock().unwrap().clone();
            if let (true, Some(list), 0) = (is_find, list, self.is_repeated.load(Ordering::Relaxed)) {
                self.is_repeated.store(1, Ordering::Relaxed);
                return Ok(http::Response::new(ResponseBody::from(list)));
            }
            let (parts, body) = self.transport.send(request).await?.into_parts();
            let body = body.bytes().await?;
            if is_list {
                *self.list.lock().unwrap() = Some(body.clone());
            }
            Ok(http::Response::from_parts(parts, ResponseBody::from(body)))
        })
    }
}

#[test]
fn rows_of_the_list_are_not_taken_for_assets() {
    run(async {
        let fake = Fake::default();
        fake.seed_many(5);
        let right = folder();
        let export =
            Snapshot::export(&client_over(InProcess::new(&fake)).build().unwrap()).groups(["offer-sources"]);
        export.to_folder(right.path()).await.unwrap();
        let transport = InProcess::new(&fake);
        let client = client_over(transport.clone()).transport(RepeatsTheList {
            transport,
            list: Mutex::default(),
            is_repeated: AtomicUsize::default(),
        });
        let folder = folder();
        let export = Snapshot::export(&client.build().unwrap()).groups(["offer-sources"]);
        export.to_folder(folder.path()).await.unwrap();
        assert_eq!(files(folder.path()), files(right.path()));
    });
}

/// Records the maximum number of concurrent requests.
#[derive(Debug)]
struct Counting {
    transport: InProcess,
    now: AtomicUsize,
    most: Arc<AtomicUsize>,
}

impl Transport for Counting {
    fn send(
        &self,
        request: http::Request<bytes::Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<ResponseBody>, TransportError>> {
        Box::pin(async move {
            let now = self.now.fetch_add(1, Ordering::Relaxed) + 1;
            self.most.fetch_max(now, Ordering::Relaxed);
            let response = self.transport.send(request).await;
            self.now.fetch_sub(1, Ordering::Relaxed);
            response
        })
    }
}

#[test]
fn concurrency_is_bounded_and_progress_is_shown() {
    run(async {
        let fake = Fake::default();
        fake.seed_many(1_000);
        let transport = InProcess::new(&fake).latency(Duration::from_millis(10));
        let most = Arc::new(AtomicUsize::new(0));
        let client = client_over(transport.clone()).transport(Counting {
            transport,
            now: AtomicUsize::new(0),
            most: Arc::clone(&most),
        });
        let client = client.build().unwrap();
        let folder = folder();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shown = Arc::clone(&seen);
        let export = Snapshot::export(&client).groups(["offer-sources"]).concurrency(3);
        let export = export.on_progress(move |progress| shown.lock().unwrap().push(*progress));
        export.to_folder(folder.path()).await.unwrap();
        assert_eq!(most.load(Ordering::Relaxed), 3);
        let seen = seen.lock().unwrap();
        assert_eq!(seen[0].to_string(), "0 of 1000 read");
        assert_eq!(seen.last().unwrap().to_string(), "1000 of 1000 read");
        assert!(seen.windows(2).all(|pair| pair[0].read <= pair[1].read));
    });
}

#[test]
fn rows_without_an_id_make_a_snapshot_incomplete() {
    run(async {
        let fake = Fake::default();
        fake.seed_offer_source("a");
        let rows = json!([{"offerSourceName": "b"}, {"idOfferSource": "a", "offerSourceName": "a"}]);
        let fault = Fault::Repeated {
            body: rows.to_string(),
        };
        fake.inject(Rule::new(fault).on("GET /offersource/list/"));
        let client = client(&fake, &Crash::never());
        let folder = folder();
        let export = Snapshot::export(&client)
            .groups(["offer-sources"])
            .to_folder(folder.path());
        let ExportError::Incomplete(error) = export.await.unwrap_err() else {
            panic!("a row has no ID");
        };
        assert_eq!(
            error.unread()[0].to_string(),
            "offer-sources: 1 row of the list has no ID"
        );
    });
}

#[tokio::test]
async fn exports_run_in_tasks() {
    let fake = account();
    let client = client(&fake, &Crash::never());
    let folder = folder();
    let export = Snapshot::export(&client).on_progress(|_| ());
    let snapshot = tokio::spawn(export.to_folder(folder.path().join("backup")))
        .await
        .unwrap()
        .unwrap();
    let compared = tokio::spawn(async move { snapshot.compare_with_account(&client).await });
    assert!(compared.await.unwrap().unwrap().is_equal());
}
