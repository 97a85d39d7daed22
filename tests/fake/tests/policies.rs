//! Tests of the settings for undocumented behaviour. This file is long because there are many settings.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests"
)]

mod support;

use std::collections::BTreeSet;

use funnelflux_fake::{
    AbsentProperty, ByIdsOrder, DeletedAssets, EmptyList, EntryPolicy, ExistingOnCreate, Fake, Limit,
    LogRetention, MissingByIds, SaveMeaning, Settings, SuccessBody, SuccessStatus,
};
use serde_json::{Value, json};
use support::{account, call, get, page, status};

const ARCHIVE: &str = "PUT /offersource/archive/";
const DELETE: &str = "DELETE /offersource/delete/";
const UNARCHIVE: &str = "PUT /offersource/unarchive/";
const MOVE: &str = "PUT /offersource/move-category/";

/// Returns the statuses of the assets a, b and c.
fn statuses(fake: &Fake) -> [String; 3] {
    ["a", "b", "c"].map(|id| status(fake, id))
}

#[test]
fn an_unknown_entry_in_each_bulk_operation() {
    // The entries are a, an unknown ID, and b.
    for (policy, status, a_applied, b_applied) in [
        (EntryPolicy::ignore(), 200, true, true),
        (EntryPolicy::refuse_all(404), 404, false, false),
        (EntryPolicy::apply_good(404), 404, true, true),
        (EntryPolicy::stop_at_bad(400), 400, true, false),
    ] {
        for (operation, becomes) in [
            (ARCHIVE, "archived"),
            (DELETE, "deleted"),
            (UNARCHIVE, "active"),
            (MOVE, "cat"),
        ] {
            let fake = account(Settings {
                unknown_entry: policy,
                ..Settings::default()
            });
            if operation == UNARCHIVE {
                for id in ["a", "b"] {
                    fake.set("offersource", id, "status", "archived");
                }
            }
            let mut body = json!({ "entries": ["a", "unknown", "b"] });
            if operation == MOVE {
                body["idCategory"] = json!("cat");
            }
            assert_eq!(
                call(&fake, operation, &body).status,
                status,
                "{operation} {policy:?}"
            );
            let state = fake.state();
            let applied = |id: &str| {
                let asset = state.offer_source(id).unwrap();
                if operation == MOVE {
                    asset.category == becomes
                } else {
                    asset.status.as_str() == becomes
                }
            };
            assert_eq!(
                (applied("a"), applied("b")),
                (a_applied, b_applied),
                "{operation} {policy:?}"
            );
            assert_eq!(fake.log()[0].applied, a_applied || b_applied);
        }
    }
}

#[test]
fn an_entry_in_the_requested_state_already() {
    let archive = |policy| {
        let fake = account(Settings {
            already_entry: policy,
            ..Settings::default()
        });
        (
            call(&fake, ARCHIVE, &json!({ "entries": ["a", "c", "b"] })).status,
            statuses(&fake),
        )
    };
    let all = ["archived", "archived", "archived"].map(str::to_owned);
    assert_eq!(archive(EntryPolicy::ignore()), (200, all.clone()));
    assert_eq!(archive(EntryPolicy::apply_good(409)), (409, all));
    assert_eq!(
        archive(EntryPolicy::refuse_all(409)),
        (409, ["active", "active", "archived"].map(str::to_owned))
    );
    assert_eq!(
        archive(EntryPolicy::stop_at_bad(409)),
        (409, ["archived", "active", "archived"].map(str::to_owned))
    );
}

#[test]
fn a_locked_entry() {
    let delete = |policy| {
        let fake = account(Settings {
            locked_entry: policy,
            ..Settings::default()
        });
        fake.lock("b");
        let answer = call(
            &fake,
            DELETE,
            &json!({ "entries": ["a", "b", "c"], "cascadeAction": "cascade" }),
        )
        .status;
        (answer, statuses(&fake), page(&fake, "a1").0, page(&fake, "b1").0)
    };
    let own = |statuses: [&str; 3]| statuses.map(str::to_owned);
    assert_eq!(
        delete(EntryPolicy::refuse_all(403)),
        (
            403,
            own(["active", "active", "archived"]),
            "active".to_owned(),
            "active".to_owned()
        )
    );
    assert_eq!(
        delete(EntryPolicy::apply_good(422)),
        (
            422,
            own(["deleted", "active", "deleted"]),
            "deleted".to_owned(),
            "active".to_owned()
        )
    );
    assert_eq!(
        delete(EntryPolicy::stop_at_bad(409)),
        (
            409,
            own(["deleted", "active", "archived"]),
            "deleted".to_owned(),
            "active".to_owned()
        )
    );
    assert_eq!(
        delete(EntryPolicy::ignore()),
        (
            200,
            own(["deleted", "active", "deleted"]),
            "deleted".to_owned(),
            "active".to_owned()
        )
    );
}

#[test]
fn a_lock_refuses_saves_until_unlock() {
    let fake = account(Settings::default());
    fake.lock("a");
    let save = || {
        call(
            &fake,
            "PUT /offersource/save/",
            &json!({ "idOfferSource": "a", "offerSourceName": "New" }),
        )
        .status
    };
    assert_eq!(
        (save(), fake.state().offer_source("a").unwrap().name.as_str()),
        (403, "Offer source a")
    );
    for (policy, status) in [(EntryPolicy::apply_good(422), 422), (EntryPolicy::ignore(), 403)] {
        fake.configure(|settings| settings.locked_entry = policy);
        assert_eq!(save(), status);
    }
    fake.unlock("a");
    assert_eq!(
        (save(), fake.state().offer_source("a").unwrap().name.as_str()),
        (200, "New")
    );
}

#[test]
fn a_refusal_names_the_bad_entries() {
    let fake = account(Settings {
        unknown_entry: EntryPolicy::refuse_all(404),
        ..Settings::default()
    });
    let answer = call(&fake, ARCHIVE, &json!({ "entries": ["x", "a", "y"] })).json();
    assert_eq!(
        answer,
        json!({ "error": "not_found", "error_description": "not found idOfferSource: x, y" })
    );
    // Entries after the first bad entry are not checked.
    fake.configure(|settings| settings.unknown_entry = EntryPolicy::stop_at_bad(404));
    let answer = call(&fake, ARCHIVE, &json!({ "entries": ["x", "a", "y"] })).json();
    assert_eq!(answer["error_description"], "not found idOfferSource: x");
}

#[test]
fn the_cascade_of_a_parent_in_the_requested_state_already() {
    for (cascade_of_already, expected) in [(true, "archived"), (false, "active")] {
        let fake = account(Settings {
            cascade_of_already,
            ..Settings::default()
        });
        fake.seed_page("c1", "c");
        call(
            &fake,
            ARCHIVE,
            &json!({ "entries": ["a", "c"], "cascadeAction": "cascade" }),
        );
        assert_eq!(
            (page(&fake, "a1").0.as_str(), page(&fake, "c1").0.as_str()),
            ("archived", expected)
        );
    }
}

#[test]
fn unknown_targets_and_targets_among_the_entries() {
    let settings = Settings {
        unknown_target: None,
        target_among_entries: None,
        ..Settings::default()
    };
    for (target, refused) in [
        (
            "nowhere",
            Settings {
                unknown_target: Some(404),
                ..settings.clone()
            },
        ),
        (
            "a",
            Settings {
                target_among_entries: Some(400),
                ..settings.clone()
            },
        ),
    ] {
        let body = json!({ "entries": ["a"], "cascadeAction": "move", "targetParentID": target });
        let fake = account(settings.clone());
        assert_eq!(call(&fake, ARCHIVE, &body).status, 200);
        assert_eq!(page(&fake, "a1").1, target);
        let fake = account(refused);
        assert!(call(&fake, ARCHIVE, &body).status >= 400);
        assert_eq!(
            (page(&fake, "a1").1.as_str(), status(&fake, "a").as_str()),
            ("a", "active")
        );
    }
}

#[test]
fn a_category_that_does_not_exist_may_be_accepted() {
    let fake = account(Settings {
        unknown_category: None,
        ..Settings::default()
    });
    assert_eq!(
        call(&fake, MOVE, &json!({ "entries": ["a"], "idCategory": "nowhere" })).status,
        200
    );
    assert_eq!(fake.state().offer_source("a").unwrap().category, "nowhere");
    let fake = account(Settings {
        unknown_category: Some(400),
        ..Settings::default()
    });
    fake.set("category", "cat", "status", "deleted");
    assert_eq!(
        call(&fake, MOVE, &json!({ "entries": ["a"], "idCategory": "cat" })).status,
        400
    );
}

#[test]
fn create_with_an_existing_id() {
    let body = json!({ "idOfferSource": "a", "offerSourceName": "Other" });
    for (existing_on_create, status, name) in [
        (ExistingOnCreate::Conflict, 409, "Offer source a"),
        (ExistingOnCreate::BadRequest, 400, "Offer source a"),
        (ExistingOnCreate::Overwrite, 200, "Other"),
    ] {
        let fake = account(Settings {
            existing_on_create,
            ..Settings::default()
        });
        assert_eq!(call(&fake, "POST /offersource/save/", &body).status, status);
        assert_eq!(fake.state().offer_source("a").unwrap().name, name);
    }
}

#[test]
fn saving_may_merge() {
    let fake = account(Settings {
        save: SaveMeaning::Merge,
        ..Settings::default()
    });
    call(
        &fake,
        "PUT /offersource/save/",
        &json!({ "idOfferSource": "a", "offerSourceName": "New" }),
    );
    let state = fake.state();
    let saved = state.offer_source("a").unwrap();
    assert_eq!(
        (saved.name.as_str(), &saved.body["postbackSubId"]),
        ("New", &json!("subid"))
    );
}

#[test]
fn deleted_assets_may_be_gone() {
    for (deleted, expected, rows) in [(DeletedAssets::Readable, 200, 2), (DeletedAssets::Gone, 404, 1)] {
        let fake = account(Settings {
            deleted,
            ..Settings::default()
        });
        call(&fake, DELETE, &json!({ "entries": ["a"] }));
        assert_eq!(
            get(&fake, "GET /offersource/find/byId/?idOfferSource=a").status,
            expected
        );
        assert_eq!(
            get(&fake, "GET /offersource/find/byIds/?idOfferSources=a,b")
                .each("idOfferSource")
                .len(),
            rows
        );
        assert_eq!(
            call(
                &fake,
                "PUT /offersource/save/",
                &json!({ "idOfferSource": "a", "offerSourceName": "New" })
            )
            .status,
            expected
        );
        assert_eq!(status(&fake, "a"), "deleted");
    }
}

#[test]
fn the_filter_all_may_leave_out_deleted_assets() {
    for (all_includes_deleted, by_category_includes_deleted) in [(true, false), (false, true)] {
        let fake = account(Settings {
            all_includes_deleted,
            by_category_includes_deleted,
            ..Settings::default()
        });
        call(&fake, DELETE, &json!({ "entries": ["a"] }));
        let shown = |path: &str| get(&fake, path).each("idOfferSource").contains(&"a".to_owned());
        assert_eq!(shown("GET /offersource/list/?status=all"), all_includes_deleted);
        assert_eq!(
            shown("GET /offersource/find/byStatus/?status=all"),
            all_includes_deleted
        );
        assert!(!shown("GET /offersource/list/?status=not-deleted"));
        assert_eq!(
            shown("GET /offersource/find/byCategory/?idCategory="),
            by_category_includes_deleted
        );
    }
}

#[test]
fn find_by_ids_may_refuse_and_may_keep_the_order() {
    let fake = account(Settings {
        missing_by_ids: MissingByIds::NotFound,
        unknown_id_status: 400,
        by_ids_order: ByIdsOrder::Requested,
        ..Settings::default()
    });
    assert_eq!(
        get(&fake, "GET /offersource/find/byIds/?idOfferSources=c,none").status,
        400
    );
    assert_eq!(
        get(&fake, "GET /offersource/find/byIds/?idOfferSources=c,a").each("idOfferSource"),
        ["c", "a"]
    );
    assert_eq!(
        get(&fake, "GET /offersource/find/byId/?idOfferSource=none").status,
        400
    );
}

#[test]
fn properties_that_are_absent() {
    let shown = |absent| {
        let fake = Fake::new(Settings {
            absent,
            ..Settings::default()
        });
        fake.seed(
            "offersource",
            json!({ "idOfferSource": "a", "offerSourceName": "A" }),
        );
        (
            get(&fake, "GET /offersource/find/byId/?idOfferSource=a").json(),
            get(&fake, "GET /offersource/list/?status=active").json(),
        )
    };
    let (full, slim) = shown(AbsentProperty::Default);
    assert_eq!(
        (full.get("meta"), &full["idCategory"], &full["status"]),
        (None, &json!(""), &json!("active"))
    );
    assert_eq!(
        slim,
        json!([{ "idOfferSource": "a", "offerSourceName": "A", "status": "active", "idCategory": "" }])
    );
    let (full, slim) = shown(AbsentProperty::LeftOut);
    assert_eq!(full, json!({ "idOfferSource": "a", "offerSourceName": "A" }));
    assert_eq!(
        slim,
        json!([{ "idOfferSource": "a", "offerSourceName": "A", "status": "active" }])
    );
    let (full, slim) = shown(AbsentProperty::Null);
    assert_eq!(
        (&full["meta"], &full["queryParams"], &full["status"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    assert!(full.as_object().unwrap().len() >= 10, "{full}");
    let row = slim[0].as_object().unwrap();
    let null: Vec<&str> = ["idCategory", "categoryName"]
        .into_iter()
        .filter(|name| row.get(*name) == Some(&Value::Null))
        .collect();
    assert_eq!(
        (
            &row["idOfferSource"],
            &row["offerSourceName"],
            &row["status"],
            null.len()
        ),
        (&json!("a"), &json!("A"), &json!("active"), 2)
    );
}

#[test]
fn an_empty_list_may_be_null() {
    let fake = Fake::new(Settings {
        empty_list: EmptyList::Null,
        ..Settings::default()
    });
    for path in [
        "list/?status=all",
        "find/byStatus/?status=all",
        "find/byIds/?idOfferSources=x",
        "find/byCategory/?idCategory=x",
    ] {
        assert_eq!(get(&fake, &format!("GET /offersource/{path}")).text, "null");
    }
}

#[test]
fn the_status_and_body_of_success() {
    let archive = |success_status, success_body| {
        let fake = account(Settings {
            success_status,
            success_body,
            ..Settings::default()
        });
        let answer = call(&fake, ARCHIVE, &json!({ "entries": ["a"] }));
        let copy = call(
            &fake,
            "POST /offersource/duplicate/?idOfferSource=a",
            &json!({ "name": "x" }),
        );
        assert_eq!(copy.json()["id"].as_str().unwrap().len(), 12);
        assert_eq!(get(&fake, "GET /offersource/list/?status=all").status, 200);
        (answer.status, answer.text, copy.status)
    };
    assert_eq!(
        archive(SuccessStatus::Ok, SuccessBody::Nothing),
        (200, String::new(), 200)
    );
    assert_eq!(
        archive(SuccessStatus::Created, SuccessBody::EmptyObject),
        (201, "{}".to_owned(), 201)
    );
    assert_eq!(
        archive(SuccessStatus::NoContent, SuccessBody::Message),
        (204, String::new(), 200)
    );
    assert_eq!(
        archive(SuccessStatus::Ok, SuccessBody::Null),
        (200, "null".to_owned(), 200)
    );
    assert_eq!(
        archive(SuccessStatus::Ok, SuccessBody::Message).1,
        r#"{"message":"done"}"#
    );
}

#[test]
fn unexpected_values_in_responses() {
    let fake = account(Settings {
        unknown_fields: true,
        unknown_status: Some("paused".to_owned()),
        long_names: Some(300),
        ..Settings::default()
    });
    let row = get(&fake, "GET /offersource/list/?status=all").json()[0].clone();
    assert_eq!(
        (&row["status"], row["offerSourceName"].as_str().unwrap().len()),
        (&json!("paused"), 300)
    );
    assert_eq!(row["fieldOfTomorrow"]["nested"]["deep"], true);
    let full = get(&fake, "GET /offersource/find/byId/?idOfferSource=a").json();
    assert_eq!(
        (
            &full["meta"]["fieldOfTomorrow"],
            &full["fieldOfTomorrow"]["nothing"]
        ),
        (&json!([1, null]), &Value::Null)
    );
    // A full object with unknown fields can be saved.
    assert_eq!(call(&fake, "PUT /offersource/save/", &full).status, 200);
    assert_eq!(
        fake.state().offer_source("a").unwrap().body["fieldOfTomorrow"],
        full["fieldOfTomorrow"]
    );
}

#[test]
fn the_number_of_entries_may_be_limited() {
    let fake = account(Settings {
        max_entries: Some(Limit { max: 2, status: 413 }),
        ..Settings::default()
    });
    assert_eq!(
        call(&fake, ARCHIVE, &json!({ "entries": ["a", "b", "c"] })).status,
        413
    );
    assert_eq!(
        get(&fake, "GET /offersource/find/byIds/?idOfferSources=a,b,c").status,
        413
    );
    assert_eq!(statuses(&fake), ["active", "active", "archived"]);
    assert_eq!(
        call(&fake, ARCHIVE, &json!({ "entries": ["a", "b"] })).status,
        200
    );
}

#[test]
fn reads_may_be_stale() {
    let fake = account(Settings {
        stale_reads: 2,
        ..Settings::default()
    });
    let active = || get(&fake, "GET /offersource/list/?status=active").each("idOfferSource");
    call(&fake, ARCHIVE, &json!({ "entries": ["a"] }));
    assert_eq!(
        get(&fake, "GET /offersource/find/byId/?idOfferSource=a").json()["status"],
        "archived"
    );
    assert_eq!(
        [active(), active(), active()],
        [vec!["a", "b"], vec!["a", "b"], vec!["b"]]
    );
    fake.configure(|settings| settings.stale_by_id = true);
    call(&fake, ARCHIVE, &json!({ "entries": ["b"] }));
    let by_id = || get(&fake, "GET /offersource/find/byId/?idOfferSource=b").json()["status"].clone();
    assert_eq!([by_id(), by_id(), by_id()], ["active", "active", "archived"]);
    // After a change without effect, reads return the current state.
    call(&fake, ARCHIVE, &json!({ "entries": ["b"] }));
    assert_eq!(active(), [""; 0]);
}

#[test]
fn answers_may_carry_a_request_id() {
    let fake = account(Settings {
        request_id_header: Some("x-request-id".to_owned()),
        ..Settings::default()
    });
    let id = || get(&fake, "GET /offersource/list/?status=all").headers["x-request-id"].clone();
    assert_eq!(
        (id(), id()),
        ("fake-00000001".parse().unwrap(), "fake-00000002".parse().unwrap())
    );
}

#[test]
fn the_log_may_be_bounded() {
    let fake = account(Settings {
        log: LogRetention::Last(2),
        ..Settings::default()
    });
    for _ in 0..5 {
        get(&fake, "GET /offersource/list/?status=all");
    }
    let numbers = |fake: &Fake| fake.log().iter().map(|entry| entry.number).collect::<Vec<_>>();
    assert_eq!((numbers(&fake), fake.request_count()), (vec![4, 5], 5));
    fake.configure(|settings| settings.log = LogRetention::Last(0));
    fake.clear_log();
    get(&fake, "GET /offersource/list/?status=all");
    assert_eq!((numbers(&fake), fake.request_count()), (vec![], 6));
}

#[test]
fn the_same_seed_gives_the_same_fake() {
    for seed in 0..50 {
        assert_eq!(Settings::vary(seed), Settings::vary(seed));
        let run = || {
            let fake = account(Settings::vary(seed));
            let answer = call(
                &fake,
                "POST /offersource/duplicate/?idOfferSource=a",
                &json!({ "name": "x" }),
            );
            (answer.text, fake.seed_many(3))
        };
        assert_eq!(run(), run());
    }
}

#[test]
fn vary_draws_every_value_of_undocumented_settings_only() {
    // The pattern lists all fields without `..`, so that adding a setting requires a decision here.
    let values = |settings: Settings| {
        let Settings {
            auth,
            access_token,
            refresh_token,
            token_lifetime,
            rotate_refresh_token,
            rejected_token,
            trailing_slash,
            refuse_unknown_query,
            error_shape,
            unknown_id_status,
            unknown_entry,
            already_entry,
            locked_entry,
            cascade_of_already,
            unknown_target,
            target_among_entries,
            unknown_category,
            existing_on_create,
            save,
            deleted,
            all_includes_deleted,
            by_category_includes_deleted,
            missing_by_ids,
            by_ids_order,
            absent,
            empty_list,
            success_status,
            success_body,
            unknown_fields,
            unknown_status,
            long_names,
            request_id_header,
            max_entries,
            max_url_length,
            max_body_bytes,
            stale_reads,
            stale_by_id,
            log,
            clock,
            seed: _,
        } = settings;
        let fixed = format!(
            "{:?}",
            (
                (auth, access_token, refresh_token, token_lifetime),
                (trailing_slash, refuse_unknown_query),
                (unknown_status, long_names, log, clock),
                (max_entries, max_url_length, max_body_bytes),
                (stale_reads, stale_by_id),
            )
        );
        [
            (1, fixed),
            (2, format!("{rotate_refresh_token:?}")),
            (2, format!("{rejected_token:?}")),
            (4, format!("{error_shape:?}")),
            (2, format!("{unknown_id_status:?}")),
            (7, format!("{unknown_entry:?}")),
            (7, format!("{already_entry:?}")),
            (12, format!("{locked_entry:?}")),
            (2, format!("{cascade_of_already:?}")),
            (3, format!("{unknown_target:?}")),
            (2, format!("{target_among_entries:?}")),
            (3, format!("{unknown_category:?}")),
            (3, format!("{existing_on_create:?}")),
            (2, format!("{save:?}")),
            (2, format!("{deleted:?}")),
            (2, format!("{all_includes_deleted:?}")),
            (2, format!("{by_category_includes_deleted:?}")),
            (2, format!("{missing_by_ids:?}")),
            (2, format!("{by_ids_order:?}")),
            (3, format!("{absent:?}")),
            (2, format!("{empty_list:?}")),
            (3, format!("{success_status:?}")),
            (4, format!("{success_body:?}")),
            (2, format!("{unknown_fields:?}")),
            (2, format!("{request_id_header:?}")),
        ]
    };
    let mut seen: Vec<(usize, BTreeSet<String>)> = Vec::new();
    for seed in 0..1000 {
        for (index, (count, value)) in values(Settings::vary(seed)).into_iter().enumerate() {
            if seen.len() == index {
                seen.push((count, BTreeSet::new()));
            }
            seen[index].1.insert(value);
        }
    }
    for (count, values) in seen {
        assert_eq!(values.len(), count, "{values:?}");
    }
}
