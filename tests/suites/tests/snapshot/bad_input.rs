//! Tests of folders and files that are not snapshots, of damaged snapshots, and of snapshots of other
//! accounts. Each of them causes an error that names the file and the fix. If only the assets show that
//! the account is another one, the assets are listed before the error. Otherwise, nothing is sent.

use crate::account::{Crash, client, folder};
use flate2::{Compression, write::GzEncoder};
use funnelflux::ext::snapshot::{ExportError, Snapshot};
use funnelflux::{Client, ClientBuilder};
use funnelflux_fake::{Fake, Fault, Rule, Settings};
use funnelflux_suites::run;
use std::fmt::Display;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use tempfile::TempDir;

/// Exports two offer sources and a page into `backup` in a new folder.
async fn exported() -> (Fake, Client, TempDir) {
    let fake = Fake::default();
    fake.seed_offer_source("Ab");
    fake.seed_offer_source("c");
    fake.seed_page("p", "c");
    let client = client(&fake, &Crash::never());
    let folder = folder();
    let groups = ["offer-sources", "pages"];
    let export = Snapshot::export(&client).groups(groups);
    export.to_folder(folder.path().join("backup")).await.unwrap();
    (fake, client, folder)
}

/// Returns the text of an error without the path of the folder.
fn message(folder: &Path, error: &dyn Display) -> String {
    error.to_string().replace(&format!("{}/", folder.display()), "")
}

fn open_error(folder: &Path, name: &str) -> String {
    let error = Snapshot::open_incomplete(folder.join(name)).unwrap_err();
    assert_eq!(
        message(folder, &Snapshot::open(folder.join(name)).unwrap_err()),
        message(folder, &error)
    );
    message(folder, &error)
}

/// Replaces text in a file.
fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

#[test]
fn what_is_not_a_snapshot_is_refused() {
    let folder = folder();
    let path = folder.path();
    fs::create_dir(path.join("empty")).unwrap();
    fs::write(path.join("text"), "x").unwrap();
    fs::create_dir(path.join("json")).unwrap();
    fs::write(path.join("json/snapshot.json"), "{}").unwrap();
    fs::create_dir_all(path.join("interrupted/.export")).unwrap();
    let fix = "fix: name the folder or the .tar.gz file that an export wrote";
    for (name, expected) in [
        ("empty", format!("snapshot empty: this is not a snapshot; {fix}")),
        ("text", format!("snapshot text: this is not a snapshot; {fix}")),
        (
            "json",
            format!("snapshot json/snapshot.json: this is not a snapshot; {fix}"),
        ),
        (
            "interrupted",
            "snapshot interrupted: it has no manifest, because its export was interrupted; fix: repeat the \
         export, which continues"
                .to_owned(),
        ),
        (
            "absent",
            "snapshot absent: No such file or directory (os error 2)".to_owned(),
        ),
    ] {
        assert_eq!(open_error(path, name), expected);
    }
}

type Damage = fn(&Path);

fn edit_page(backup: &Path, from: &str, to: &str) {
    edit(&backup.join("pages/p.json"), from, to);
}

fn edit_manifest(backup: &Path, from: &str, to: &str) {
    edit(&backup.join("snapshot.json"), from, to);
}

/// Functions that damage an exported folder, each with the beginning of the resulting message.
const DAMAGES: [(Damage, &str); 15] = [
    (
        |backup| edit_page(backup, "\n}", "\n"),
        "pages/p.json: it is not valid JSON: EOF while parsing an object at line 11 column 0; fix: \
         correct or restore the file, or export again",
    ),
    (
        |backup| edit_page(backup, "\"idPage\": \"p\"", "\"idPage\": \"q\""),
        "pages/p.json: expected the asset p, actual q; fix: restore the file, or export again",
    ),
    (
        |backup| edit_page(backup, "\"idPage\": \"p\"", "\"id\": \"p\""),
        "pages/p.json: expected the asset p, actual none; fix: restore the file, or export again",
    ),
    (
        |backup| edit_page(backup, "{\n", "{\n\"status\": \"archived\",\n"),
        "pages/p.json: the name \"status\" occurs twice in an object; fix: remove one of the two, or \
         restore the file",
    ),
    (
        |backup| fs::remove_file(backup.join("pages/p.json")).unwrap(),
        "pages/p.json: the file of the asset pages/p is missing; fix: restore the file, or export again",
    ),
    (
        |backup| {
            let page = fs::read(backup.join("pages/p.json")).unwrap();
            fs::write(backup.join("pages/%70.json"), page).unwrap();
        },
        "pages/%70.json: it has a second file for the asset p, which is in p.json; fix: remove one of \
         the two files",
    ),
    (
        |backup| fs::write(backup.join("offer-sources/ab.json"), "{}").unwrap(),
        "offer-sources/ab.json: the manifest does not name this file; fix: remove it, or restore the \
         snapshot.json that belongs to it",
    ),
    (
        |backup| {
            fs::create_dir(backup.join("funnels")).unwrap();
            fs::write(backup.join("funnels/f.json"), "{}").unwrap();
        },
        "funnels/f.json: the manifest does not name this file; fix: remove it, or restore the \
         snapshot.json that belongs to it",
    ),
    (
        |backup| edit_manifest(backup, "\"funnelflux_snapshot\": 1", "\"funnelflux_snapshot\": 2"),
        "snapshot.json: its format has version 2, and this version of the crate supports 1; fix: use a \
         newer version of the crate",
    ),
    (
        |backup| edit_manifest(backup, "\"count\": 2", "\"count\": 3"),
        "snapshot.json: the manifest is invalid: groups.offer-sources.count is 3, and it has 2 files; \
         fix: restore the file, or export into another folder",
    ),
    (
        |backup| edit_manifest(backup, "\"pages\"", "\"../pages\""),
        "snapshot.json: it has the group \"../pages\", which this program does not know; fix: enable the \
         cargo feature of that name, or use a newer version of the crate",
    ),
    (
        |backup| edit_manifest(backup, "sha256:", "md5:"),
        "snapshot.json: the manifest is invalid: groups.offer-sources.files.Ab: ",
    ),
    (
        |backup| edit_manifest(backup, "\"whole\": true,", "\"whole\": true, \"whole\": true,"),
        "snapshot.json: the manifest is invalid: the name \"whole\" occurs twice in an object; fix: \
         restore the file, or export into another folder",
    ),
    (
        |backup| {
            fs::remove_file(backup.join("pages/p.json")).unwrap();
            std::os::unix::fs::symlink("/etc/hostname", backup.join("pages/p.json")).unwrap();
        },
        "pages/p.json: it is a link or a special file, which may lead out of the snapshot; fix: replace \
         it by the file itself",
    ),
    (
        |backup| {
            fs::rename(backup.join("pages"), backup.join("elsewhere")).unwrap();
            std::os::unix::fs::symlink("elsewhere", backup.join("pages")).unwrap();
        },
        "pages: it is a link or a special file, which may lead out of the snapshot; fix: replace it by \
         the file itself",
    ),
];

#[test]
fn a_damaged_folder_is_refused_with_the_file_and_the_fix() {
    run(async {
        for (damage, expected) in DAMAGES {
            let (_, _, folder) = exported().await;
            damage(&folder.path().join("backup"));
            let actual = open_error(folder.path(), "backup");
            assert!(
                actual.starts_with(&format!("snapshot backup/{expected}")),
                "{expected}\n{actual}"
            );
        }
    });
}

#[test]
fn a_valid_edit_is_accepted_and_listed() {
    run(async {
        let (_, _, folder) = exported().await;
        let backup = folder.path().join("backup");
        edit(
            &backup.join("pages/p.json"),
            "https://offer.example/p",
            "https://new.example",
        );
        let snapshot = Snapshot::open(backup.join("snapshot.json")).unwrap();
        let edited: Vec<String> = snapshot.edited().map(ToString::to_string).collect();
        assert_eq!(edited, ["pages/p"]);
        let page = snapshot.asset(&"pages/p".parse().unwrap()).unwrap().unwrap();
        assert_eq!(page.value["baseURL"], "https://new.example");
        // A file that changes while its snapshot is open is an error.
        edit(
            &backup.join("pages/p.json"),
            "https://new.example",
            "https://newer.example",
        );
        let error = snapshot.asset(&page.key).unwrap_err();
        let expected = "snapshot backup/pages/p.json: the file changed while it was in use; fix: open the \
                        snapshot again";
        assert_eq!(message(folder.path(), &error), expected);
    });
}

/// Writes an archive with these entries.
fn archive(path: &Path, entries: &[(&str, &[u8])]) {
    let mut builder = tar::Builder::new(GzEncoder::new(
        fs::File::create(path).unwrap(),
        Compression::default(),
    ));
    for (name, contents) in entries {
        let mut header = tar::Header::new_gnu();
        // `set_path` would refuse a path that leads out of the folder.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(contents.len() as u64);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        builder.append(&header, *contents).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap().flush().unwrap();
}

#[test]
fn a_damaged_archive_is_refused() {
    run(async {
        let (_, client, folder) = exported().await;
        let path = folder.path();
        let whole = path.join("whole.tar.gz");
        Snapshot::open(path.join("backup")).unwrap().pack(&whole).unwrap();
        let bytes = fs::read(&whole).unwrap();
        let manifest = fs::read(path.join("backup/snapshot.json")).unwrap();
        fs::write(path.join("cut.tar.gz"), &bytes[..bytes.len() / 2]).unwrap();
        let mut flipped = bytes.clone();
        let last = flipped.len() - 6;
        flipped[last] ^= 1;
        fs::write(path.join("flipped.tar.gz"), flipped).unwrap();
        for (name, entry) in [
            ("out.tar.gz", "../p.json"),
            ("absolute.tar.gz", "/tmp/p.json"),
            ("deep.tar.gz", "pages/../../p.json"),
            ("other.tar.gz", "pages/p.sh"),
        ] {
            archive(&path.join(name), &[("snapshot.json", &manifest), (entry, b"{}")]);
            let expected = format!(
                "snapshot {name}: its entry {entry:?} leads out of the snapshot or does not belong to one; \
                 fix: use an export that the crate wrote"
            );
            assert_eq!(open_error(path, name), expected);
        }
        archive(
            &path.join("twice.tar.gz"),
            &[
                ("snapshot.json", &manifest),
                ("pages/p.json", b"{}"),
                ("pages/p.json", b"{}"),
            ],
        );
        archive(
            &path.join("broken.tar.gz"),
            &[("snapshot.json", &manifest), ("offer-sources/Ab.json", b"{")],
        );
        for (name, expected) in [
            ("cut.tar.gz", "cut.tar.gz: the file is damaged: "),
            ("flipped.tar.gz", "flipped.tar.gz: the file is damaged: "),
            (
                "twice.tar.gz",
                "twice.tar.gz: the file is damaged: it has the entry pages/p.json twice; fix: ",
            ),
            (
                "broken.tar.gz",
                "broken.tar.gz/offer-sources/Ab.json: it is not valid JSON: ",
            ),
        ] {
            let actual = open_error(path, name);
            assert!(actual.starts_with(&format!("snapshot {expected}")), "{actual}");
        }
        // A file that is not a snapshot is not replaced.
        fs::write(path.join("letter.tar.gz"), "Dear all").unwrap();
        let error = Snapshot::export(&client)
            .to_archive(path.join("letter.tar.gz"))
            .await
            .unwrap_err();
        let expected = "snapshot letter.tar.gz: the file is not a snapshot, so it is not replaced; fix: \
                        choose another name";
        assert_eq!(message(path, &error), expected);
        assert_eq!(fs::read(path.join("letter.tar.gz")).unwrap(), b"Dear all");
    });
}

#[test]
fn an_export_into_the_wrong_place_sends_nothing() {
    run(async {
        let (fake, client, folder) = exported().await;
        let path = folder.path();
        fs::create_dir(path.join("letters")).unwrap();
        fs::write(path.join("letters/dear.txt"), "Dear all").unwrap();
        let sent = fake.request_count();
        let export = |groups: &[&str], name: &str| {
            let export = Snapshot::export(&client).groups(groups.iter().copied());
            export.to_folder(path.join(name))
        };
        let cases = [
            (
                export(&["pages"], "letters").await,
                "snapshot letters: the folder has other files, such as dear.txt; fix: export into a new or \
                 empty folder",
            ),
            (
                export(&["pages"], "backup").await,
                "snapshot backup: it has the groups offer-sources, which this export would remove; fix: \
                 export these groups too, or export into another folder",
            ),
            (
                export(&["landers"], "new").await,
                "there is no group \"landers\" whose assets can be listed; fix: choose among offer-sources, ",
            ),
        ];
        for (result, expected) in cases {
            let actual = message(path, &result.unwrap_err());
            assert!(actual.starts_with(expected), "{actual}");
        }
        assert_eq!(fake.request_count(), sent);
        assert!(!path.join("new").exists());
    });
}

/// A fake whose token states the account `claims`. If `claims` is neither `somebody` nor `nobody`, the token
/// is opaque.
fn fake_of(claims: &str) -> Fake {
    let access_token = match claims {
        "somebody" => "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzb21lYm9keSJ9.",
        "nobody" => "eyJhbGciOiJub25lIn0.eyJzdWIiOiJub2JvZHkifQ.",
        _ => "opaque",
    };
    Fake::new(Settings {
        access_token: access_token.to_owned(),
        ..Settings::default()
    })
}

#[test]
fn the_snapshot_of_another_account_is_refused() {
    run(async {
        let folder = folder();
        let path = folder.path();
        let groups = || ["offer-sources"];
        let fix = "nothing was changed; fix: use the credentials of that account, or another snapshot";
        for (name, first, second, recorded, actual) in [
            ("stated", "somebody", "nobody", "somebody", "nobody"),
            (
                "opaque",
                "",
                "",
                "that owns offer-sources/one",
                "that owns offer-sources/two",
            ),
            (
                "mixed",
                "somebody",
                "",
                "that owns offer-sources/one",
                "that owns offer-sources/two",
            ),
        ] {
            let (mine, other) = (fake_of(first), fake_of(second));
            mine.seed_offer_source("one");
            other.seed_offer_source("two");
            let (mine, others) = (client(&mine, &Crash::never()), client(&other, &Crash::never()));
            let backup = path.join(name);
            let archive = path.join(format!("{name}.tar.gz"));
            Snapshot::export(&mine)
                .groups(groups())
                .to_folder(&backup)
                .await
                .unwrap();
            let snapshot = Snapshot::export(&mine)
                .groups(groups())
                .to_archive(&archive)
                .await
                .unwrap();
            assert_eq!(
                snapshot.manifest().account(),
                Some(first).filter(|account| !account.is_empty())
            );
            let sent = other.request_count();
            let errors = [
                Snapshot::export(&others)
                    .groups(groups())
                    .to_folder(&backup)
                    .await
                    .unwrap_err(),
                Snapshot::export(&others)
                    .groups(groups())
                    .to_archive(&archive)
                    .await
                    .unwrap_err(),
                Snapshot::open(&backup)
                    .unwrap()
                    .compare_with_account(&others)
                    .await
                    .unwrap_err(),
            ];
            let expected = format!(
                "it belongs to the account {recorded}, and the client uses the account {actual}; {fix}"
            );
            for error in errors {
                let ExportError::Snapshot(error) = error else {
                    panic!("{error}");
                };
                let message = message(path, &error);
                assert!(message.ends_with(&expected), "{message}\n{expected}");
            }
            if name == "stated" {
                assert_eq!(other.request_count(), sent);
            }
            // Both snapshots are unchanged.
            for place in [&backup, &archive] {
                let keys: Vec<String> = Snapshot::open(place)
                    .unwrap()
                    .keys()
                    .map(ToString::to_string)
                    .collect();
                assert_eq!(keys, ["offer-sources/one"]);
            }
        }
    });
}

#[test]
fn the_snapshot_of_another_service_is_refused() {
    run(async {
        let (fake, _, folder) = exported().await;
        let sent = fake.request_count();
        let other = funnelflux_suites::client(&fake)
            .base_url("https://other.example/v1")
            .build()
            .unwrap();
        let backup = folder.path().join("backup");
        let errors = [
            Snapshot::export(&other).to_folder(&backup).await.unwrap_err(),
            Snapshot::open(&backup)
                .unwrap()
                .compare_with_account(&other)
                .await
                .unwrap_err(),
        ];
        for error in errors {
            let own = ClientBuilder::DEFAULT_BASE_URL;
            let expected = format!(
                "snapshot backup: it belongs to the base URL {own}, and the client uses \
                 https://other.example/v1; nothing was sent; fix: use a client of {own}, or another snapshot"
            );
            assert_eq!(message(folder.path(), &error), expected);
        }
        assert_eq!(fake.request_count(), sent);
    });
}

#[test]
fn an_export_reads_nothing_while_the_account_is_unverified() {
    run(async {
        let folder = folder();
        let path = folder.path().join("backup");
        let (mine, others) = (Fake::default(), Fake::default());
        mine.seed_offer_source("one");
        others.seed_offer_source("two");
        others.seed_page("page", "two");
        let groups = || ["offer-sources", "pages"];
        let client_of = |fake: &Fake| client(fake, &Crash::never());
        let first = Snapshot::export(&client_of(&mine)).groups(groups());
        first.to_folder(&path).await.unwrap();
        // The list that would show that the account is another one fails.
        others.inject(Rule::new(Fault::status(403)).on("GET /offersource/list/"));
        let second = Snapshot::export(&client_of(&others))
            .groups(groups())
            .accept_incomplete();
        let ExportError::Incomplete(error) = second.to_folder(&path).await.unwrap_err() else {
            panic!("the account is not known");
        };
        assert_eq!((error.read(), error.unread().len()), (0, 1));
        assert!(others.log().iter().all(|entry| !entry.path.contains("/find/")));
        assert_eq!(Snapshot::open(&path).unwrap().keys().len(), 1);
    });
}
