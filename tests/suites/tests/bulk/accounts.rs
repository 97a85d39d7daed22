//! Tests that a journal belongs to one account and base URL, and that one call begins or resumes a job.

use crate::service::{Alarm, calls, client, service};
use funnelflux::ClientBuilder;
use funnelflux::ext::{BulkArchive as _, BulkDelete as _, Cascade, InvalidJob, Journal, Outcome};
use funnelflux_fake::{DeletedAssets, Fake, Fault, MissingByIds, Rule, Settings, Status};
use funnelflux_suites::{InProcess, client_over, run};
use std::path::{Path, PathBuf};

const ARCHIVE: &str = "PUT /offersource/archive/";

fn journal() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    (folder, path)
}

/// Two accounts with 40 offer sources each, and the IDs in the first account.
fn accounts(settings: &Settings) -> (Fake, Fake, Vec<String>) {
    let first = Fake::new(settings.clone());
    let ids = first.seed_many(40);
    let second = Fake::new(Settings {
        seed: 7,
        ..settings.clone()
    });
    second.seed_many(40);
    for id in &ids {
        assert!(second.state().offer_source(id).is_none());
    }
    (first, second, ids)
}

/// Begins a job, and drops it after five requests.
fn begin(fake: &Fake, ids: &[String], deletes: bool, path: &Path) {
    let alarm = Alarm::after(Some(5));
    let client = client(fake, &alarm);
    let sources = client.offer_sources();
    run(async {
        let outcomes = if deletes {
            let job = sources.bulk_delete(ids.to_vec()).chunk_size(10).concurrency(1);
            job.journal(path).stream().unwrap()
        } else {
            let job = sources.bulk_archive(ids.to_vec()).chunk_size(10).concurrency(1);
            job.journal(path).stream().unwrap()
        };
        tokio::select! {
            biased;
            () = alarm.triggered() => {}
            _ = outcomes.report() => panic!("the job was to be broken off"),
        }
    });
}

#[test]
fn a_journal_of_another_account_is_refused_and_changes_nothing() {
    for (deletes, deleted, missing_by_ids) in [
        (false, DeletedAssets::Readable, MissingByIds::LeftOut),
        (true, DeletedAssets::Gone, MissingByIds::LeftOut),
        (true, DeletedAssets::Gone, MissingByIds::NotFound),
    ] {
        let settings = Settings {
            deleted,
            missing_by_ids,
            ..Settings::default()
        };
        let (first, second, ids) = accounts(&settings);
        // An asset outside the job, which therefore remains after the deletions.
        first.seed_offer_source("outside");
        let (_folder, path) = journal();
        begin(&first, &ids, deletes, &path);
        let recorded = std::fs::read_to_string(&path).unwrap();
        let before = second.state();
        let other = client(&second, &Alarm::after(None));
        let sources = other.offer_sources();
        let result = if deletes {
            run(sources.bulk_delete(ids.clone()).journal(&path).send())
        } else {
            run(sources.bulk_archive(ids.clone()).journal(&path).send())
        };
        let error = result.unwrap_err().to_string();
        assert!(
            error.contains("it was written for the account that owns ")
                && error.contains("and the client uses the account that owns "),
            "{error}"
        );
        assert_eq!(second.state(), before);
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            recorded,
            "nothing is settled"
        );
        // A client of the right account finishes the job.
        let own = client(&first, &Alarm::after(None));
        let sources = own.offer_sources();
        let report = if deletes {
            run(sources.bulk_delete(ids.clone()).journal(&path).send())
        } else {
            run(sources.bulk_archive(ids.clone()).journal(&path).send())
        };
        let report = report.unwrap();
        assert_eq!(report.counts().done, 40, "{report}");
    }
}

#[test]
fn the_account_is_that_of_the_token_if_it_tells_one() {
    // The claims in these tokens are {"sub":"account-a"} and {"sub":"account-b"}.
    let tokens = [
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY2NvdW50LWEifQ.",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhY2NvdW50LWIifQ.",
    ];
    let fakes = tokens.map(|token| {
        Fake::new(Settings {
            access_token: token.to_owned(),
            ..Settings::default()
        })
    });
    // Both accounts have assets with these IDs, so only the tokens differ.
    let ids = fakes[0].seed_many(40);
    assert_eq!(fakes[1].seed_many(40), ids);
    let (_folder, path) = journal();
    begin(&fakes[0], &ids, false, &path);
    assert_eq!(Journal::read(&path).unwrap().account(), Some("account-a"));
    let archive = |fake: &Fake| {
        let client = client(fake, &Alarm::after(None));
        run(client
            .offer_sources()
            .bulk_archive(ids.clone())
            .journal(&path)
            .send())
    };
    let error = archive(&fakes[1]).unwrap_err().to_string();
    let expected = "it was written for the account account-a, and the client uses the account account-b";
    assert!(error.contains(expected), "{error}");
    assert_eq!(fakes[1].request_count(), 0);
    assert_eq!(archive(&fakes[0]).unwrap().counts().done, 40);
    assert_eq!(
        calls(&fakes[0], "GET /offersource/list/"),
        0,
        "no assets are needed to tell the account"
    );
}

#[test]
fn a_deletion_of_all_assets_is_not_confirmed_by_another_account() {
    let settings = Settings {
        deleted: DeletedAssets::Gone,
        all_includes_deleted: false,
        ..Settings::default()
    };
    let (first, second, ids) = accounts(&settings);
    let (_folder, path) = journal();
    begin(&first, &ids, true, &path);
    let other = client(&second, &Alarm::after(None));
    let report = run(other
        .offer_sources()
        .bulk_delete(ids.clone())
        .journal(&path)
        .send())
    .unwrap();
    for entry in &report {
        let is_deleted = first
            .state()
            .offer_source(entry.id.as_str())
            .is_none_or(|source| source.status == Status::Deleted);
        match entry.outcome {
            Outcome::Done { .. } => assert!(is_deleted, "{}: {:?}", entry.id, entry.outcome),
            Outcome::Unknown { .. } | Outcome::NotSent { .. } => {}
            ref outcome => panic!("{}: {outcome:?}", entry.id),
        }
    }
}

#[test]
fn a_journal_of_another_base_url_is_refused_before_anything_is_sent() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(40);
    let (_folder, path) = journal();
    begin(&fake, &ids, false, &path);
    let sent = fake.request_count();
    let error = run(async {
        let elsewhere = client_over(InProcess::new(&fake)).base_url("https://b.example/v1");
        let elsewhere = elsewhere.build().unwrap();
        let job = elsewhere.offer_sources().bulk_archive(ids.clone()).journal(&path);
        job.send().await.unwrap_err()
    });
    let text = error.to_string();
    assert!(
        text.contains(ClientBuilder::DEFAULT_BASE_URL) && text.contains("https://b.example/v1"),
        "{text}"
    );
    assert_eq!(fake.request_count(), sent);
}

#[test]
fn an_outcome_that_cannot_be_read_stays_unknown() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(40);
    let (_folder, path) = journal();
    // The requests of the first run are sent, and the responses are lost with the process.
    let alarm = Alarm::after(Some(4));
    let first = client(&fake, &alarm);
    run(async {
        let job = first
            .offer_sources()
            .bulk_archive(ids.clone())
            .concurrency(1)
            .chunk_size(20);
        let outcomes = job.journal(&path).stream().unwrap();
        fake.inject(
            Rule::new(Fault::StallHeaders { applied: true })
                .on(ARCHIVE)
                .always(),
        );
        tokio::select! {
            _ = outcomes.report() => panic!("the service answers nothing"),
            () = tokio::time::sleep(std::time::Duration::from_secs(5)) => {}
        }
    });
    fake.clear_faults();
    assert!(calls(&fake, ARCHIVE) > 0);
    // Another client deletes some of the assets.
    for id in ids.iter().take(5) {
        fake.set("offersource", id, "status", "deleted");
    }
    let second = client(&fake, &Alarm::after(None));
    let report = run(second
        .offer_sources()
        .bulk_archive(ids.clone())
        .journal(&path)
        .send())
    .unwrap();
    assert_eq!(report.counts().rejected, 0, "{report}");
    assert_eq!(report.counts().unknown, 5, "{report}");
    assert_eq!(report.counts().done, 35, "{report}");
}

#[test]
fn one_call_begins_resumes_and_repeats() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(40);
    let (_folder, path) = journal();
    begin(&fake, &ids, false, &path);
    let job = || client.offer_sources().bulk_archive(ids.clone()).journal(&path);
    let report = run(job().send()).unwrap();
    assert_eq!(report.counts().to_string(), "40 done");
    let sent = fake.request_count();
    assert_eq!(run(job().send()).unwrap(), report);
    assert_eq!(fake.request_count(), sent, "a finished job sends nothing");
    // Another job does not resume the journal.
    let children = job().children(Cascade::orphan());
    let error = run(children.send()).unwrap_err();
    assert!(
        matches!(error, InvalidJob::Journal(_)) && error.to_string().contains("another job"),
        "{error}"
    );
}

#[test]
fn a_damaged_journal_explains_the_way_out() {
    let (fake, client) = service(Settings::default());
    let ids = fake.seed_many(40);
    let (_folder, path) = journal();
    begin(&fake, &ids, false, &path);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("{\"sending\"", "{\"s\0nding\"", 1)).unwrap();
    let job = || client.offer_sources().bulk_archive(ids.clone()).journal(&path);
    let error = run(job().send()).unwrap_err().to_string();
    assert!(
        error.contains("fix: move the file away and run the job again"),
        "{error}"
    );
    // The suggested fix works.
    std::fs::rename(&path, path.with_extension("old")).unwrap();
    let report = run(job().send()).unwrap();
    assert!(report.is_success(), "{report}");
    assert_eq!(fake.state().offer_sources_with(&Status::Archived).len(), 40);
}

#[test]
fn a_journal_that_is_removed_or_truncated_stops_the_job() {
    let (fake, _) = service(Settings::default());
    let ids = fake.seed_many(100);
    let remove = |path: &Path| std::fs::remove_file(path).unwrap();
    let replace = |path: &Path| {
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, "another file\n").unwrap();
    };
    let truncate = |path: &Path| std::fs::write(path, "").unwrap();
    let truncate_and_replace = |path: &Path| {
        truncate(path);
        replace(path);
    };
    let damages: [&dyn Fn(&Path); 4] = [&remove, &replace, &truncate, &truncate_and_replace];
    for damage in damages {
        let (_folder, path) = journal();
        let alarm = Alarm::after(Some(6));
        let watched = client(&fake, &alarm);
        let report = run(async {
            let job = watched
                .offer_sources()
                .bulk_archive(ids.clone())
                .chunk_size(10)
                .concurrency(1);
            let job = job.look_first(false).journal(&path).send();
            let damage = async {
                alarm.triggered().await;
                damage(&path);
                std::future::pending::<()>().await;
            };
            tokio::select! {
                report = job => report.unwrap(),
                () = damage => unreachable!(),
            }
        });
        assert!(report.counts().not_sent >= 30, "{report}");
        assert!(
            report
                .to_string()
                .contains("the file was removed, replaced or truncated"),
            "{report}"
        );
        assert!(
            Journal::read(&path).is_err(),
            "the file is not a journal any more"
        );
        // A file that has replaced the journal stays unchanged.
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            !text.contains("another file") || text == "another file\n",
            "{text}"
        );
    }
}
