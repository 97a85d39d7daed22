//! Tests of the twelve documented operations on offer sources, and of their effects on the state.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use funnelflux_fake::{Fake, Settings, Status};
use serde_json::json;
use support::{account, call, get, page, status};

fn default_account() -> Fake {
    account(Settings::default())
}

#[test]
fn the_document_has_twelve_operations_on_offer_sources() {
    let of_offer_sources = Fake::operations()
        .into_iter()
        .filter(|operation| operation.contains("/offersource/"));
    assert_eq!(of_offer_sources.count(), 12);
}

#[test]
fn list_filters_by_status_and_category() {
    let fake = default_account();
    fake.set("offersource", "b", "status", "deleted");
    fake.set("offersource", "a", "idCategory", "cat");
    for (query, expected) in [
        ("status=active", vec!["a"]),
        ("status=archived", vec!["c"]),
        ("status=not-deleted", vec!["a", "c"]),
        ("status=all", vec!["a", "b", "c"]),
        ("status=all&idCategory=cat", vec!["a"]),
        ("status=archived&idCategory=cat", vec![]),
        ("status=not-deleted&idCategory=", vec!["a", "c"]),
    ] {
        let answer = get(&fake, &format!("GET /offersource/list/?{query}"));
        assert_eq!(
            (answer.status, answer.each("idOfferSource")),
            (200, expected.iter().map(ToString::to_string).collect()),
            "{query}"
        );
    }
}

#[test]
fn list_and_by_status_are_slim_and_name_the_category() {
    let fake = default_account();
    fake.set("offersource", "a", "idCategory", "cat");
    for path in ["list", "find/byStatus"] {
        let rows = get(&fake, &format!("GET /offersource/{path}/?status=active")).json();
        let first = json!({
            "idOfferSource": "a", "offerSourceName": "Offer source a", "status": "active",
            "idCategory": "cat", "categoryName": "Networks",
        });
        assert_eq!(rows[0], first);
        assert_eq!(rows[1]["idCategory"], "");
        assert_eq!(rows[1].get("categoryName"), None);
    }
}

#[test]
fn find_by_id_shows_everything_that_was_saved() {
    let fake = default_account();
    fake.set("offersource", "a", "ofTomorrow", json!({ "x": [1] }));
    let answer = get(&fake, "GET /offersource/find/byId/?idOfferSource=a");
    assert_eq!(
        (
            answer.status,
            &answer.json()["ofTomorrow"],
            &answer.json()["meta"]
        ),
        (200, &json!({ "x": [1] }), &json!({ "version": 1 }))
    );
    assert_eq!(
        get(&fake, "GET /offersource/find/byId/?idOfferSource=none").status,
        404
    );
}

#[test]
fn find_by_ids_takes_a_list_with_commas() {
    let fake = default_account();
    let ids = |list: &str| {
        get(
            &fake,
            &format!("GET /offersource/find/byIds/?idOfferSources={list}"),
        )
        .each("idOfferSource")
    };
    assert_eq!(ids("c,a,none,a"), ["a", "c"]);
    assert_eq!(ids("c%2Ca"), ["a", "c"]);
    assert_eq!(ids(""), [""; 0]);
}

#[test]
fn find_by_category_shows_full_objects_and_the_uncategorised() {
    let fake = default_account();
    fake.set("offersource", "a", "idCategory", "cat");
    let rows = get(&fake, "GET /offersource/find/byCategory/?idCategory=cat").json();
    assert_eq!(
        (rows.as_array().unwrap().len(), &rows[0]["postbackSubId"]),
        (1, &json!("subid"))
    );
    assert_eq!(
        get(&fake, "GET /offersource/find/byCategory/?idCategory=").each("idOfferSource"),
        ["b", "c"]
    );
    assert_eq!(
        get(&fake, "GET /offersource/find/byCategory/?idCategory=none").json(),
        json!([])
    );
}

#[test]
fn save_replaces_all_but_the_status() {
    let fake = default_account();
    let answer = call(
        &fake,
        "PUT /offersource/save/",
        &json!({ "idOfferSource": "c", "offerSourceName": "New", "ofTomorrow": null }),
    );
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    let state = fake.state();
    let saved = state.offer_source("c").unwrap();
    assert_eq!(
        (
            saved.name.as_str(),
            &saved.status,
            saved.body.get("postbackSubId")
        ),
        ("New", &Status::Archived, None)
    );
    assert_eq!(saved.body.get("ofTomorrow"), Some(&json!(null)));
    let shown = get(&fake, "GET /offersource/find/byId/?idOfferSource=c").json();
    assert_eq!(shown["postbackSubId"], "");
}

#[test]
fn save_of_an_unknown_id_changes_nothing() {
    let fake = default_account();
    let before = fake.state();
    assert_eq!(
        call(
            &fake,
            "PUT /offersource/save/",
            &json!({ "idOfferSource": "none", "offerSourceName": "New" })
        )
        .status,
        404
    );
    assert!(fake.state() == before);
}

#[test]
fn create_takes_the_clients_id_once() {
    let fake = default_account();
    let body = json!({ "idOfferSource": "d", "offerSourceName": "D" });
    assert_eq!(call(&fake, "POST /offersource/save/", &body).status, 200);
    assert_eq!(fake.state().offer_source("d").unwrap().status, Status::Active);
    assert_eq!(call(&fake, "POST /offersource/save/", &body).status, 409);
    assert_eq!(
        call(
            &fake,
            "POST /offersource/save/",
            &json!({ "idOfferSource": "", "offerSourceName": "D" })
        )
        .status,
        400
    );
    assert_eq!(fake.state().offer_sources().count(), 4);
}

#[test]
fn duplicate_merges_and_protects() {
    let fake = default_account();
    let body = json!({
        "name": "Copy", "parentId": "cat",
        "bodyUpdates": {
            "idOfferSource": "mine", "status": "deleted", "owner": "me", "postbackSubId": "s1",
            "queryParams": { "k": "v" }, "offerSourceName": "no",
        },
    });
    let answer = call(&fake, "POST /offersource/duplicate/?idOfferSource=c", &body);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!((answer.status, id.len()), (200, 12));
    let state = fake.state();
    let copy = state.offer_source(&id).unwrap();
    assert_eq!(
        (copy.name.as_str(), &copy.status, copy.category.as_str()),
        ("Copy", &Status::Active, "cat")
    );
    assert_eq!(
        (
            &copy.body["postbackSubId"],
            &copy.body["queryParams"],
            copy.body.get("owner")
        ),
        (&json!("s1"), &json!({ "k": "v" }), None)
    );
    assert_eq!(copy.body["postbackTxId"], "txid");
    assert_eq!(state.pages_of(&id).count(), 0);
}

#[test]
fn duplicate_refuses_an_invalid_result() {
    let fake = default_account();
    let before = fake.state();
    let duplicate = |query: &str, body| {
        call(
            &fake,
            &format!("POST /offersource/duplicate/?idOfferSource={query}"),
            &body,
        )
        .status
    };
    assert_eq!(
        duplicate("a", json!({ "name": "x", "bodyUpdates": { "postbackSubId": 5 } })),
        400
    );
    assert_eq!(duplicate("a", json!({ "name": "x", "parentId": "none" })), 404);
    assert_eq!(duplicate("none", json!({ "name": "x" })), 404);
    assert_eq!(duplicate("a", json!({ "name": "" })), 400);
    assert!(fake.state() == before);
}

#[test]
fn delete_takes_a_body_or_the_older_query() {
    let fake = default_account();
    assert_eq!(
        get(&fake, "DELETE /offersource/delete/?idOfferSource=a").status,
        200
    );
    assert_eq!(status(&fake, "a"), "deleted");
    assert_eq!(
        call(&fake, "DELETE /offersource/delete/", &json!({ "entries": ["b"] })).status,
        200
    );
    assert_eq!(status(&fake, "b"), "deleted");
    // A body takes precedence over the query.
    let fake = default_account();
    assert_eq!(
        call(
            &fake,
            "DELETE /offersource/delete/?idOfferSource=a",
            &json!({ "entries": ["b"] })
        )
        .status,
        200
    );
    assert_eq!(
        (status(&fake, "a"), status(&fake, "b")),
        ("active".to_owned(), "deleted".to_owned())
    );
    assert_eq!(get(&fake, "DELETE /offersource/delete/").status, 400);
    assert_eq!(
        get(&fake, "DELETE /offersource/delete/?idOfferSource=").status,
        400
    );
}

#[test]
fn unarchive_and_archive_undo_each_other() {
    let fake = default_account();
    assert_eq!(
        call(&fake, "PUT /offersource/unarchive/", &json!({ "entries": ["c"] })).status,
        200
    );
    assert_eq!(status(&fake, "c"), "active");
    assert_eq!(
        call(
            &fake,
            "PUT /offersource/archive/",
            &json!({ "entries": ["c", "a", "c"] })
        )
        .status,
        200
    );
    assert_eq!(fake.state().offer_sources_with(&Status::Archived), ["a", "c"]);
    assert_eq!(
        call(&fake, "PUT /offersource/unarchive/", &json!({ "entries": [] })).status,
        200
    );
}

#[test]
fn move_category_moves_and_removes() {
    let fake = default_account();
    let to = |category: &str| {
        call(
            &fake,
            "PUT /offersource/move-category/",
            &json!({ "entries": ["a", "c"], "idCategory": category }),
        )
        .status
    };
    let categories = || {
        fake.state()
            .offer_sources()
            .map(|asset| asset.category.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        (to("cat"), categories()),
        (200, vec!["cat".to_owned(), String::new(), "cat".to_owned()])
    );
    assert_eq!(
        (to("none"), categories()),
        (404, vec!["cat".to_owned(), String::new(), "cat".to_owned()])
    );
    assert_eq!((to(""), categories()), (200, vec![String::new(); 3]));
}

/// Operations that archive or delete assets, each with the resulting status.
const RETIRE: [(&str, &str); 2] = [
    ("PUT /offersource/archive/", "archived"),
    ("DELETE /offersource/delete/", "deleted"),
];

fn pages(fake: &Fake) -> Vec<(String, String)> {
    ["a1", "a2", "b1", "lone"].map(|id| page(fake, id)).to_vec()
}

fn expected(pages: [(&str, &str); 4]) -> Vec<(String, String)> {
    pages
        .map(|(status, parent)| (status.to_owned(), parent.to_owned()))
        .to_vec()
}

#[test]
fn without_a_cascade_children_stay_as_they_are() {
    for (operation, becomes) in RETIRE {
        let fake = default_account();
        assert_eq!(call(&fake, operation, &json!({ "entries": ["a"] })).status, 200);
        assert_eq!(status(&fake, "a"), becomes);
        assert_eq!(
            pages(&fake),
            expected([("active", "a"), ("active", "a"), ("active", "b"), ("active", "")])
        );
    }
}

#[test]
fn cascade_changes_the_children() {
    for (operation, becomes) in RETIRE {
        let fake = default_account();
        assert_eq!(
            call(
                &fake,
                operation,
                &json!({ "entries": ["a"], "cascadeAction": "cascade" })
            )
            .status,
            200
        );
        assert_eq!(status(&fake, "a"), becomes);
        assert_eq!(
            pages(&fake),
            expected([(becomes, "a"), (becomes, "a"), ("active", "b"), ("active", "")])
        );
    }
}

#[test]
fn move_gives_the_children_another_parent() {
    for (operation, becomes) in RETIRE {
        let fake = default_account();
        assert_eq!(
            call(
                &fake,
                operation,
                &json!({ "entries": ["a"], "cascadeAction": "move", "targetParentID": "b" })
            )
            .status,
            200
        );
        assert_eq!(
            (status(&fake, "a").as_str(), status(&fake, "b").as_str()),
            (becomes, "active")
        );
        assert_eq!(
            pages(&fake),
            expected([("active", "b"), ("active", "b"), ("active", "b"), ("active", "")])
        );
    }
}

#[test]
fn orphan_clears_the_parent_of_the_children() {
    for (operation, becomes) in RETIRE {
        let fake = default_account();
        assert_eq!(
            call(
                &fake,
                operation,
                &json!({ "entries": ["a"], "cascadeAction": "orphan" })
            )
            .status,
            200
        );
        assert_eq!(status(&fake, "a"), becomes);
        assert_eq!(
            pages(&fake),
            expected([("active", ""), ("active", ""), ("active", "b"), ("active", "")])
        );
        assert_eq!(
            fake.state().page("a1").unwrap().body["offerParams"],
            json!({ "idOfferSource": "" })
        );
    }
}

#[test]
fn only_move_accepts_a_target() {
    for (operation, _) in RETIRE {
        let fake = default_account();
        let before = fake.state();
        for options in [
            json!({ "entries": ["a"], "cascadeAction": "move" }),
            json!({ "entries": ["a"], "cascadeAction": "move", "targetParentID": "" }),
            json!({ "entries": ["a"], "cascadeAction": "orphan", "targetParentID": "b" }),
            json!({ "entries": ["a"], "cascadeAction": "cascade", "targetParentID": "b" }),
            json!({ "entries": ["a"], "targetParentID": "b" }),
            json!({ "entries": ["a"], "cascadeAction": "move", "targetParentID": "none" }),
            json!({ "entries": ["a"], "cascadeAction": "move", "targetParentID": "a" }),
            json!({ "entries": ["a"], "cascadeAction": "explode" }),
            json!({ "entries": [] }),
            json!({}),
        ] {
            assert_eq!(
                call(&fake, operation, &options).status,
                400,
                "{operation} {options}"
            );
        }
        assert!(fake.state() == before);
    }
}

#[test]
fn deleted_children_stay_deleted() {
    let fake = default_account();
    fake.set("page", "a1", "status", "deleted");
    assert_eq!(
        call(
            &fake,
            "PUT /offersource/archive/",
            &json!({ "entries": ["a"], "cascadeAction": "cascade" })
        )
        .status,
        200
    );
    assert_eq!(
        (page(&fake, "a1").0.as_str(), page(&fake, "a2").0.as_str()),
        ("deleted", "archived")
    );
}
