//! Tests of `AssetGroup`, which a program chooses at run time. They check the table of all groups, and run
//! each operation that a group supports against the fake.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use funnelflux::Client;
use funnelflux::ext::{AssetGroup, AssetStatus, Cascade, FoundAsset, GroupJobError};
use funnelflux_fake::{Asset, Document, Fake, Settings, Status};
use funnelflux_suites::document::is_transcription;
use funnelflux_suites::run;
use serde_json::{Value, json};
use std::fmt::Write as _;

const FIRST_ID: &str = "2nIemJxCKbFX";
const SECOND_ID: &str = "2n5JuOKWLTzd";
const NEW_ID: &str = "2n5JuOKWLTzf";

fn service(settings: Settings) -> (Fake, Client) {
    let fake = Fake::new(settings);
    let client = funnelflux_suites::client(&fake).build().unwrap();
    (fake, client)
}

/// The groups whose assets can be found by ID.
fn readable() -> impl Iterator<Item = AssetGroup> {
    AssetGroup::all()
        .iter()
        .copied()
        .filter(|group| group.abilities().find)
}

/// A valid asset of the group that also has an unknown property.
fn asset(group: AssetGroup, id: &str, name: &str) -> Value {
    let mut asset = Document::embedded().sample(group.tag(), id, name).unwrap();
    let object = asset.as_object_mut().unwrap();
    object.insert("unknownField".to_owned(), json!({ "kept": [1, "two", null] }));
    object.insert(group.id_pointer().unwrap()[1..].to_owned(), json!(id));
    if let Some(pointer) = group.name_pointer() {
        object.insert(pointer[1..].to_owned(), json!(name));
    }
    asset
}

fn seed(fake: &Fake, group: AssetGroup, id: &str) {
    let segment = group.tag();
    assert!(
        fake.seed(segment, asset(group, id, &format!("Name of {id}"))),
        "{segment}"
    );
}

fn stored(fake: &Fake, group: AssetGroup, id: &str) -> Asset {
    let segment = group.tag();
    fake.state()
        .asset(segment, id)
        .unwrap_or_else(|| panic!("{segment} {id}"))
        .clone()
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(ToString::to_string).collect()
}

#[test]
fn the_table_shows_every_group() {
    if !is_transcription() {
        return;
    }
    let mut text = String::new();
    for group in AssetGroup::all() {
        let evidence = if group.is_inferred() {
            "inferred"
        } else {
            "documented"
        };
        writeln!(
            text,
            "{} ({}): {}, {}, {evidence}",
            group.name(),
            group.tag(),
            group.singular(),
            group.plural()
        )
        .unwrap();
        let abilities = format!("{:?}", group.abilities());
        let able = abilities
            .trim_start_matches("Abilities { ")
            .trim_end_matches(" }")
            .split(", ")
            .filter_map(|ability| ability.strip_suffix(": true"));
        writeln!(text, "  can: {}", able.collect::<Vec<_>>().join(", ")).unwrap();
        let pointers = [group.id_pointer(), group.name_pointer(), group.category_pointer()];
        let pointers = pointers.map(|pointer| pointer.unwrap_or("-"));
        writeln!(text, "  id, name, category: {}", pointers.join(", ")).unwrap();
        for child in group.children() {
            writeln!(text, "  child: {} {:?}", child.group, child.pointers).unwrap();
        }
        for (pointer, behavior) in group.server_managed() {
            writeln!(text, "  managed: {pointer} {behavior:?}").unwrap();
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn groups_are_found_by_name_and_by_tag() {
    for group in AssetGroup::all() {
        assert_eq!(AssetGroup::named(group.name()), Some(*group));
        assert_eq!(AssetGroup::named(group.tag()), Some(*group));
    }
    assert_eq!(AssetGroup::named("offersources"), None);
    // The table and the typed handles use the same names.
    let sources = AssetGroup::named("offer-sources").unwrap();
    assert_eq!(
        sources.plural(),
        <funnelflux::ext::OfferSources as funnelflux::ext::AssetKind>::PLURAL
    );
}

#[test]
fn assets_are_listed_and_found_as_the_service_sends_them() {
    for seed_of_settings in 0..20 {
        let (fake, client) = service(Settings {
            // The seeded assets have an unknown property of their own.
            unknown_fields: false,
            ..Settings::vary(seed_of_settings)
        });
        for group in readable() {
            seed(&fake, group, FIRST_ID);
            seed(&fake, group, SECOND_ID);
            if group.abilities().list {
                let rows = run(group.list(&client)).unwrap();
                let mut listed: Vec<_> = rows.iter().filter_map(|row| group.id(row)).collect();
                listed.sort_unstable();
                assert_eq!(listed, [SECOND_ID, FIRST_ID], "{group:?}");
                let names = rows.iter().filter_map(|row| group.name_of(row));
                assert!(
                    names.into_iter().all(|name| name.starts_with("Name of ")),
                    "{group:?}"
                );
            }
            let found = run(group.find(&client, &ids(&[SECOND_ID, "none", FIRST_ID])));
            let [FoundAsset::Found(second), missing, FoundAsset::Found(first)] = &found[..] else {
                panic!("{group:?} with settings {seed_of_settings}: {found:?}");
            };
            // For a kind that cannot be listed, only the service's 404 shows that an asset is missing.
            if group.abilities().list {
                assert_eq!(*missing, FoundAsset::Missing, "{group:?}");
            }
            assert_eq!(
                [group.id(second), group.id(first)],
                [Some(SECOND_ID.into()), Some(FIRST_ID.into())]
            );
            assert_eq!(
                first["unknownField"],
                json!({ "kept": [1, "two", null] }),
                "{group:?}"
            );
            assert_eq!(group.summary(first).status, AssetStatus::Active);
        }
    }
}

#[test]
fn an_unexpected_form_of_an_asset_is_found_as_it_is() {
    for group in readable() {
        let (fake, client) = service(Settings::default());
        let mut odd = asset(group, FIRST_ID, "Odd");
        // A documented `meta` is an object, and no documented status is `paused`.
        odd["meta"] = json!(12);
        odd["status"] = json!("paused");
        fake.seed(group.tag(), odd);
        let found = run(group.find(&client, &ids(&[FIRST_ID])));
        let [FoundAsset::Found(odd)] = &found[..] else {
            panic!("{group:?}: {found:?}");
        };
        assert_eq!(odd["meta"], json!(12), "{group:?}");
        assert_eq!(group.summary(odd).status, AssetStatus::Other("paused".to_owned()));
    }
}

#[test]
fn no_answer_is_not_a_missing_asset() {
    let (fake, client) = service(Settings::default());
    fake.configure(|settings| settings.auth = true);
    fake.expire_access_token();
    fake.invalidate_refresh_token();
    for group in readable() {
        let found = run(group.find(&client, &ids(&[FIRST_ID])));
        let [FoundAsset::Unreadable(failure)] = &found[..] else {
            panic!("{group:?}: {found:?}");
        };
        assert!(failure.error().is_some(), "{failure}");
    }
}

#[test]
fn assets_are_created_and_saved_unchanged() {
    for group in readable() {
        let (fake, client) = service(Settings::default());
        let segment = group.tag();
        let wanted = asset(group, NEW_ID, "New");
        if !(group.abilities().create && group.abilities().save) {
            assert!(!is_transcription(), "{group:?}");
            continue;
        }
        run(group.create(&client, &wanted)).unwrap();
        assert_eq!(
            fake.log().last().unwrap().json(),
            Some(wanted.clone()),
            "{group:?}"
        );
        assert_eq!(
            stored(&fake, group, NEW_ID).body["unknownField"],
            wanted["unknownField"]
        );
        let mut changed = wanted.clone();
        changed["unknownField"] = json!("other");
        run(group.save(&client, &changed)).unwrap();
        assert_eq!(
            fake.log().last().unwrap().json(),
            Some(changed.clone()),
            "{group:?}"
        );
        assert_eq!(stored(&fake, group, NEW_ID).body["unknownField"], json!("other"));
        assert_eq!(fake.state().assets(segment).count(), 1);
        // An asset without its ID is not sent.
        let requests = fake.request_count();
        let error = run(group.save(&client, &json!({ "other": 1 })))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("no ID") && error.contains(group.id_pointer().unwrap()),
            "{error}"
        );
        assert_eq!(fake.request_count(), requests);
    }
}

/// Acknowledges that the operation of a job is inferred, runs the job, and asserts its success.
fn send(job: funnelflux::ext::GroupBulk) {
    let name = job.job().to_owned();
    let report = run(job.acknowledge_inferred().send()).unwrap();
    assert!(report.is_success(), "{name}: {report}");
    assert_eq!(report.counts().done, 1, "{name}: {report}");
}

#[test]
fn every_ability_has_its_effect_on_the_server() {
    for group in readable() {
        let (fake, client) = service(Settings::default());
        seed(&fake, group, FIRST_ID);
        seed(&fake, group, SECOND_ID);
        fake.seed_category("shelf", "Shelf");
        let abilities = group.abilities();
        let second = stored(&fake, group, SECOND_ID);
        let status = || stored(&fake, group, FIRST_ID).status;
        let entry = || ids(&[FIRST_ID]);
        if abilities.archive {
            let plan = run(group.archive(&client, entry(), Cascade::leave()).unwrap().plan()).unwrap();
            assert_eq!(plan.would_change, entry(), "{group:?}");
            assert_eq!(status(), Status::Active, "a plan changes nothing: {group:?}");
            send(group.archive(&client, entry(), Cascade::leave()).unwrap());
            assert_eq!(status(), Status::Archived, "{group:?}");
        }
        if abilities.unarchive {
            send(group.unarchive(&client, entry()).unwrap());
            assert_eq!(status(), Status::Active, "{group:?}");
        }
        if abilities.categorise {
            send(group.move_to_category(&client, entry(), "shelf").unwrap());
            let asset = Value::from(stored(&fake, group, FIRST_ID).body.clone());
            assert_eq!(
                asset.pointer(group.category_pointer().unwrap()),
                Some(&json!("shelf"))
            );
            assert_eq!(group.summary(&asset).category, "shelf", "{group:?}");
        }
        if abilities.duplicate {
            let copies = [(FIRST_ID.to_owned(), json!({ "name": "Copy", "parentId": "" }))];
            let report = run(group.duplicate(&client, copies).unwrap().send()).unwrap();
            let copy = report.entries()[0].copy().cloned().unwrap();
            assert_eq!(stored(&fake, group, &copy).name, "Copy", "{group:?}");
        }
        if abilities.delete {
            send(group.delete(&client, entry(), Cascade::leave()).unwrap());
            let state = fake.state();
            let deleted = state.asset(group.tag(), FIRST_ID);
            assert!(
                deleted.is_none_or(|asset| asset.status == Status::Deleted),
                "{group:?}"
            );
        }
        assert_eq!(
            stored(&fake, group, SECOND_ID),
            second,
            "{group:?} touches nothing else"
        );
    }
}

#[test]
fn children_are_handled_where_the_group_has_them() {
    let sources = AssetGroup::named("offer-sources").unwrap();
    let Some(children) = sources.children().first() else {
        assert!(!is_transcription(), "offer sources have pages");
        return;
    };
    let pages = AssetGroup::named(children.group).unwrap();
    let (fake, client) = service(Settings::default());
    seed(&fake, sources, FIRST_ID);
    seed(&fake, sources, SECOND_ID);
    fake.seed_page(NEW_ID, FIRST_ID);
    let job = sources
        .archive(&client, ids(&[FIRST_ID]), Cascade::move_to(SECOND_ID))
        .unwrap();
    assert_eq!(job.job(), "archive offer sources, children move to 2n5JuOKWLTzd");
    send(job);
    let page = Value::from(stored(&fake, pages, NEW_ID).body.clone());
    assert_eq!(page.pointer(children.pointers[0]), Some(&json!(SECOND_ID)));
    // A group without children refuses a cascade.
    let mut childless =
        readable().filter(|group| group.abilities().archive && !group.abilities().archive_children);
    let Some(childless) = childless.next() else {
        return;
    };
    let error = childless
        .archive(&client, ids(&[NEW_ID]), Cascade::cascade())
        .unwrap_err();
    let expected = format!("{} have no children", childless.plural());
    assert!(error.to_string().contains(&expected), "{error}");
}

#[test]
fn inferred_destructive_jobs_need_an_acknowledgement() {
    for group in readable() {
        let (fake, client) = service(Settings::default());
        seed(&fake, group, FIRST_ID);
        let jobs = [
            group.archive(&client, ids(&[FIRST_ID]), Cascade::leave()),
            group.delete(&client, ids(&[FIRST_ID]), Cascade::leave()),
        ];
        for job in jobs.into_iter().flatten() {
            // Later, the vendor may document some of the operations of an inferred group.
            assert!(group.is_inferred() || !job.requires_acknowledgement(), "{job:?}");
            let is_expected = job.requires_acknowledgement() == group.is_inferred();
            assert!(is_expected || !is_transcription(), "{job:?}");
            if !job.requires_acknowledgement() {
                continue;
            }
            let error = run(job.send()).unwrap_err();
            assert!(matches!(error, GroupJobError::NotAcknowledged { .. }), "{error}");
            assert!(error.to_string().contains("nothing was sent"), "{error}");
        }
        assert_eq!(fake.request_count(), 0, "{group:?}");
    }
}

#[test]
fn an_ability_that_a_group_lacks_is_an_error() {
    let (fake, client) = service(Settings::default());
    for group in AssetGroup::all() {
        let abilities = group.abilities();
        let entry = || ids(&[FIRST_ID]);
        let refused = [
            (abilities.list, run(group.list(&client)).err()),
            (
                abilities.archive,
                group.archive(&client, entry(), Cascade::leave()).err(),
            ),
            (abilities.unarchive, group.unarchive(&client, entry()).err()),
            (
                abilities.delete,
                group.delete(&client, entry(), Cascade::leave()).err(),
            ),
            (
                abilities.categorise,
                group.move_to_category(&client, entry(), "shelf").err(),
            ),
            (
                abilities.duplicate,
                group
                    .duplicate(
                        &client,
                        [(FIRST_ID.to_owned(), json!({ "name": "Copy", "parentId": "" }))],
                    )
                    .err(),
            ),
        ];
        for (is_able, error) in refused {
            assert_eq!(is_able, error.is_none(), "{group:?}: {error:?}");
            if let Some(error) = error {
                assert!(error.to_string().contains("no such operation"), "{error}");
            }
        }
        if !abilities.find {
            let found = run(group.find(&client, &entry()));
            assert!(matches!(found[..], [FoundAsset::Unreadable(_)]), "{group:?}");
        }
    }
    let operations = fake.log().into_iter().filter_map(|entry| entry.operation);
    assert!(
        operations
            .into_iter()
            .all(|operation| operation.starts_with("GET "))
    );
}

#[test]
fn an_invalid_copy_is_an_error() {
    let (_, client) = service(Settings::default());
    let group = AssetGroup::named("offer-sources").unwrap();
    let copies = [(FIRST_ID.to_owned(), json!({ "name": 7 }))];
    let error = group.duplicate(&client, copies).unwrap_err().to_string();
    assert!(error.contains(FIRST_ID) && error.contains("name"), "{error}");
}
