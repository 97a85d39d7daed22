//! Tests of a disk that is full or read-only, and of a process that is killed while it writes. Journals and
//! token files stay complete, exports stay unfinished, and a later process can continue the work.
//!
//! The process that writes is a second run of this test program, with a limit on the size of files (`ulimit
//! -f`). A write beyond the limit writes only a part of the data and then fails. If the process does not
//! ignore the signal `SIGXFSZ`, the write kills it instead. The fake runs in the parent process, so the
//! parent can check which changes were applied.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use funnelflux::auth::{FileTokenStore, TokenStore as _};
use funnelflux::ext::snapshot::{ExportError, Snapshot};
use funnelflux::ext::{BulkArchive as _, Journal};
use funnelflux::types::OfferSourceId;
use funnelflux::{Client, Credentials, secrecy::ExposeSecret as _};
use funnelflux_fake::{Fake, Server, Status};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

const IDS: usize = 120;
const CHUNK: usize = 10;

/// Environment variables that give the child process the path of its file and the base URL of the service.
const FILE: &str = "FUNNELFLUX_DISK_FILE";
const SERVICE: &str = "FUNNELFLUX_DISK_SERVICE";

/// Effect of a write beyond the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriteFailure {
    Error,
    Kill,
}

/// Runs one of the tests below as a child process whose files are limited to `blocks` blocks of 512 bytes.
fn under_limit(child: &str, failure: WriteFailure, blocks: usize, file: &Path, service: &str) -> ExitStatus {
    let trap = match failure {
        WriteFailure::Error => "trap '' XFSZ;",
        WriteFailure::Kill => "ulimit -c 0;",
    };
    Command::new("sh")
        .arg("-c")
        .arg(format!(r#"{trap} ulimit -f {blocks}; exec "$@""#))
        .arg("sh")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture"])
        .env(FILE, file)
        .env(SERVICE, service)
        // The output goes to a pipe, because a file would count towards the limit.
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .unwrap()
        .status
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap()
}

fn client(service: &str, fake: &Fake) -> Client {
    let builder = Client::builder().base_url(service);
    builder.bearer_token(fake.access_token()).build().unwrap()
}

fn ids() -> Vec<String> {
    (0..IDS).map(|number| format!("id{number:010}")).collect()
}

async fn service() -> (Fake, Server) {
    let fake = Fake::default();
    for id in ids() {
        fake.seed_offer_source(&id);
    }
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    (fake, server)
}

#[tokio::test]
#[ignore = "runs as a child of the tests below"]
async fn child_archives() {
    let fake = Fake::default();
    let job = client(&variable(SERVICE), &fake)
        .offer_sources()
        .bulk_archive(ids())
        .chunk_size(CHUNK)
        .concurrency(1)
        .journal(variable(FILE));
    let report = match job.send().await {
        Ok(report) => report,
        // The list of IDs did not fit on the disk, so nothing was sent.
        Err(error) => panic!("{error}"),
    };
    let counts = report.counts();
    // Entries that are not in the journal were not sent.
    assert_eq!(counts.done + counts.not_sent, IDS, "{report}");
    assert!(report.to_string().contains("journal"), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_survives_a_full_disk_and_a_kill_at_any_write() {
    let mut incomplete = 0;
    for failure in [WriteFailure::Error, WriteFailure::Kill] {
        for blocks in [0, 1, 3, 4, 5, 6, 7, 9, 12] {
            let (fake, server) = service().await;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("journal");
            let (file, url) = (path.clone(), server.base_url());
            let child = move || under_limit("child_archives", failure, blocks, &file, &url);
            let status = tokio::task::spawn_blocking(child).await.unwrap();
            let case = format!("{failure:?}, {blocks} blocks, {status}");
            let archived = || fake.state().offer_sources_with(&Status::Archived).len();
            if !path.exists() {
                assert!(!status.success(), "{case}");
                assert_eq!((archived(), fake.request_count()), (0, 0), "{case}");
                continue;
            }
            assert_eq!(status.success(), failure == WriteFailure::Error, "{case}");
            let journal = Journal::read(&path).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!(journal.ids::<String>(), ids(), "{case}");
            assert!(
                journal.counts().done <= archived(),
                "{case}: {}",
                journal.counts()
            );
            incomplete += usize::from(archived() < IDS);
            let sent_before = fake.request_count();
            let job = client(&server.base_url(), &fake)
                .offer_sources()
                .bulk_archive(journal.ids::<OfferSourceId>())
                .children(journal.children::<OfferSourceId>())
                .chunk_size(CHUNK)
                .journal(&path);
            let report = job.send().await.unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!((report.counts().done, archived()), (IDS, IDS), "{case}: {report}");
            let known = journal.counts().done;
            assert!(
                known == 0 || fake.request_count() - sent_before < (IDS / CHUNK * 2) as u64,
                "{case}"
            );
            assert!(Journal::read(&path).unwrap().counts().done == IDS, "{case}");
        }
    }
    assert!(incomplete >= 8, "the limits are too high: {incomplete}");
}

#[tokio::test]
#[ignore = "runs as a child of the test below"]
async fn child_exports() {
    let client = client(&variable(SERVICE), &Fake::default());
    let export = Snapshot::export(&client).groups(["offer-sources"]);
    let Err(error) = export.to_folder(variable(FILE)).await else {
        return;
    };
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("snapshot {}/", variable(FILE))),
        "{text}"
    );
    let ExportError::Snapshot(error) = error else {
        panic!("{text}");
    };
    let error = error.io_error().unwrap();
    assert_eq!(error.kind(), ErrorKind::FileTooLarge, "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_export_survives_a_full_disk_and_a_kill_at_any_write() {
    let mut incomplete = 0;
    for failure in [WriteFailure::Error, WriteFailure::Kill] {
        // The progress and the manifest need 30 blocks, and the file of an asset needs 1 or 11.
        for blocks in [0, 1, 2, 5, 12, 40] {
            let (fake, server) = service().await;
            fake.set(
                "offersource",
                "id0000000050",
                "offerSourceName",
                "x".repeat(5_000),
            );
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("backup");
            let (file, url) = (path.clone(), server.base_url());
            let child = move || under_limit("child_exports", failure, blocks, &file, &url);
            let status = tokio::task::spawn_blocking(child).await.unwrap();
            let case = format!("{failure:?}, {blocks} blocks, {status}");
            let is_complete = Snapshot::open(&path).is_ok();
            assert_eq!(
                status.success(),
                is_complete || failure == WriteFailure::Error,
                "{case}"
            );
            incomplete += usize::from(!is_complete);
            let progress = std::fs::read_to_string(path.join(".export/progress.jsonl")).unwrap_or_default();
            fake.clear_log();
            let client = client(&server.base_url(), &fake);
            let export = Snapshot::export(&client).groups(["offer-sources"]);
            let snapshot = export
                .to_folder(&path)
                .await
                .unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!(snapshot.keys().len(), IDS, "{case}");
            assert!(Snapshot::open(&path).unwrap().edited().next().is_none(), "{case}");
            // Assets that are recorded in complete lines are not read again.
            let again = fake.log();
            for line in progress
                .split_inclusive('\n')
                .filter(|line| line.ends_with('\n'))
                .skip(1)
            {
                let id = line.split(['/', '"']).find(|part| part.starts_with("id00"));
                let is_asked = again.iter().any(|entry| entry.query.contains(id.unwrap()));
                assert!(!is_asked, "{case}: {line}");
            }
        }
    }
    assert_eq!(incomplete, 10);
}

fn tokens(name: &str) -> Credentials {
    Credentials::new(format!("{name}-access")).with_refresh_token(format!("{name}-refresh"))
}

#[tokio::test]
#[ignore = "runs as a child of the tests below"]
async fn child_saves_tokens() {
    let store = FileTokenStore::new(variable(FILE));
    let error = store.save(&tokens("new")).await.unwrap_err().to_string();
    assert!(
        error.contains("cannot be written") && !error.contains("new-"),
        "{error}"
    );
}

async fn stored_access_token(path: &Path) -> String {
    let tokens = FileTokenStore::new(path).load().await.unwrap().unwrap();
    tokens.access_token().expose_secret().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_file_survives_a_full_disk_and_a_kill() {
    for failure in [WriteFailure::Error, WriteFailure::Kill] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens.json");
        FileTokenStore::new(&path).save(&tokens("old")).await.unwrap();
        let status = under_limit("child_saves_tokens", failure, 0, &path, "");
        assert_eq!(
            status.success(),
            failure == WriteFailure::Error,
            "{failure:?}: {status}"
        );
        assert_eq!(stored_access_token(&path).await, "old-access", "{failure:?}");
        FileTokenStore::new(&path).save(&tokens("newer")).await.unwrap();
        assert_eq!(stored_access_token(&path).await, "newer-access", "{failure:?}");
        if failure == WriteFailure::Error {
            let files = std::fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(files, 1, "a temporary file is left");
        }
    }
}

/// The superuser can write anywhere, so the child runs as another user.
#[test]
fn a_read_only_folder_is_reported_and_stays_unchanged() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    const NOBODY: u32 = 65_534;
    let folder = tempfile::tempdir().unwrap();
    let is_root = std::fs::metadata(folder.path()).unwrap().uid() == 0;
    let program = folder.path().join("disk");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    for (child, file) in [
        ("child_saves_tokens", "tokens.json"),
        ("child_archives", "journal"),
    ] {
        let mut command = Command::new(&program);
        command
            .args(["--exact", child, "--ignored", "--nocapture"])
            .current_dir(folder.path())
            .env(FILE, folder.path().join(file))
            .env(SERVICE, "http://127.0.0.1:9/v1");
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        // The copied program counts as open for writing until the child of another test has closed its
        // inherited files.
        let output = loop {
            match command.output() {
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
                result => break result.unwrap(),
            }
        };
        let stderr = String::from_utf8_lossy(&output.stderr);
        match child {
            // This child asserts the error itself.
            "child_saves_tokens" => assert!(output.status.success(), "{stderr}"),
            _ => assert!(
                !output.status.success() && stderr.contains("journal") && stderr.contains("denied"),
                "{stderr}"
            ),
        }
        assert!(!folder.path().join(file).exists(), "{child}");
    }
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
}
