//! Checks that dropping an export stops the thread that writes its files.

use crate::account::{files, folder};
use funnelflux::ext::snapshot::Snapshot;
use funnelflux_fake::Fake;
use funnelflux_suites::{InProcess, client_over, run};
use std::fs;
use std::path::Path;
use std::time::Duration;

const ASSETS: usize = 300;
const CHUNK: usize = 100;
/// Number of attempts to drop an export while a chunk is being written.
const ATTEMPTS: usize = 50;

/// Names of the files that an export in progress has written so far.
fn staged(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join(".export/offer-sources"));
    let names = entries.into_iter().flatten();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Names of the files of the assets that `progress.jsonl` records.
fn recorded(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join(".export/progress.jsonl")).unwrap();
    let lines = text.lines().skip(1);
    let mut names: Vec<String> = lines
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let key = line["asset"][0].as_str().unwrap();
            format!("{}.json", key.trim_start_matches("offer-sources/"))
        })
        .collect();
    names.sort();
    names
}

/// Number of IDs in all find requests.
fn asked(fake: &Fake) -> usize {
    let log = fake.log();
    let finds = log.iter().filter(|entry| entry.path.contains("/find/"));
    finds.map(|entry| entry.query.split("%2C").count()).sum()
}

#[test]
fn an_export_dropped_while_a_chunk_is_written_stops_at_a_file_and_continues() {
    run(async {
        let fake = Fake::default();
        for id in fake.seed_many(ASSETS) {
            // Large files, so that a chunk takes a while.
            fake.set("offersource", &id, "offerSourceName", "x".repeat(10_000));
        }
        let client = client_over(InProcess::new(&fake)).build().unwrap();
        let folder = folder();
        let straight = folder.path().join("straight");
        let export = |path: &Path| {
            Snapshot::export(&client)
                .groups(["offer-sources"])
                .to_folder(path.to_owned())
        };
        export(&straight).await.unwrap();
        let mut within_a_chunk = 0;
        for attempt in 0..ATTEMPTS {
            let path = folder.path().join(attempt.to_string());
            let first_file = async {
                while staged(&path).is_empty() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! {
                biased;
                () = first_file => {}
                result = export(&path) => panic!("{attempt}: the export ended first: {result:?}"),
            }
            let written = staged(&path);
            assert_eq!(recorded(&path), written, "{attempt}");
            std::thread::sleep(Duration::from_millis(20));
            assert_eq!(staged(&path), written, "{attempt}: a thread writes on");
            fake.clear_log();
            export(&path).await.unwrap();
            assert_eq!(asked(&fake), ASSETS - written.len(), "{attempt}");
            assert!(files(&path) == files(&straight), "{attempt}");
            within_a_chunk += usize::from(!written.len().is_multiple_of(CHUNK));
            if within_a_chunk == 3 {
                return;
            }
        }
        panic!("only {within_a_chunk} exports were dropped while a chunk was being written");
    });
}
