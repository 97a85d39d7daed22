//! Runs every documented operation over a real socket against the fake, and asserts the effect on the server.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test stops at the first surprise"
)]

use funnelflux::Client;
use funnelflux::types::{
    CascadeAction, DuplicateRequest, MoveCategoryRequest, OfferSource, ParentMutationRequest, Status,
    StatusFilter, StringList,
};
use funnelflux_fake::{Fake, Server, Settings, Verdict};
use serde_json::json;

struct TestService {
    fake: Fake,
    client: Client,
    server: Server,
}

/// Starts a server with the offer sources a and b, each with one page, and the category shelf.
async fn service() -> TestService {
    let fake = Fake::new(Settings::default());
    fake.seed_category("shelf", "Shelf");
    for id in ["a", "b"] {
        fake.seed_offer_source(id);
        fake.seed_page(&format!("page-{id}"), id);
    }
    let server = fake.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let client = Client::builder()
        .base_url(server.base_url())
        .bearer_token(fake.access_token())
        .build()
        .unwrap();
    TestService { fake, client, server }
}

impl TestService {
    fn status(&self, id: &str) -> &'static str {
        match self.fake.state().offer_source(id).unwrap().status.as_str() {
            "active" => "active",
            "archived" => "archived",
            "deleted" => "deleted",
            _ => "other",
        }
    }

    /// Returns the status of the page of an offer source, and the ID of the parent of that page.
    fn page(&self, offer_source: &str) -> (String, Option<String>) {
        let state = self.fake.state();
        let page = state.page(&format!("page-{offer_source}")).unwrap();
        (page.status.as_str().to_owned(), page.parent.clone())
    }

    /// Asserts that every request was valid and succeeded.
    fn assert_clean(&self) {
        for entry in self.fake.log() {
            assert!(entry.violations.is_empty(), "{entry:?}");
            assert!(matches!(entry.verdict, Verdict::Answered(200..=299)), "{entry:?}");
        }
    }
}

#[tokio::test]
async fn reads_return_the_state_of_the_server() {
    let service = service().await;
    let client = &service.client;
    let ids = |list: Vec<funnelflux::types::OfferSourceInfo>| {
        list.into_iter()
            .map(|row| row.id_offer_source.to_string())
            .collect::<Vec<_>>()
    };
    service.fake.set("offersource", "b", "status", "archived");
    service.fake.set("offersource", "b", "idCategory", "shelf");
    assert_eq!(
        ids(client
            .list_offer_sources(StatusFilter::Active, None)
            .await
            .unwrap()),
        ["a"]
    );
    let shelf = "shelf".into();
    assert_eq!(
        ids(client
            .list_offer_sources(StatusFilter::All, Some(&shelf))
            .await
            .unwrap()),
        ["b"]
    );
    assert_eq!(
        ids(client
            .find_offer_sources_by_status(StatusFilter::NotDeleted)
            .await
            .unwrap()),
        ["a", "b"]
    );
    assert_eq!(
        client
            .find_offer_source_by_id(&"a".into())
            .await
            .unwrap()
            .id_offer_source
            .as_str(),
        "a"
    );
    let found = client
        .find_offer_sources_by_ids(&["b".into(), "a".into()])
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    let found = client.find_offer_sources_by_category(&shelf).await.unwrap();
    assert_eq!(found[0].status, Some(Status::Archived));
    service.assert_clean();
}

#[tokio::test]
async fn create_save_and_duplicate_store_the_request() {
    let service = service().await;
    let client = &service.client;
    let mut source = OfferSource::new("2nIemJxCKbFX", "Network").with_meta(serde_json::Map::new());
    source
        .extra
        .insert("newField".to_owned(), json!({"deep": [1, null]}));
    client.create_offer_source(&source).await.unwrap();
    let stored = service
        .fake
        .state()
        .offer_source("2nIemJxCKbFX")
        .unwrap()
        .body
        .clone();
    assert_eq!(stored["newField"], json!({"deep": [1, null]}));
    assert_eq!(stored["meta"], json!({}), "an empty object can be sent");
    assert!(
        !stored.contains_key("postbackSubId"),
        "what is absent stays absent"
    );

    let mut found = client
        .find_offer_source_by_id(&"2nIemJxCKbFX".into())
        .await
        .unwrap();
    found.offer_source_name = "Network, renamed".to_owned();
    client.save_offer_source(&found).await.unwrap();
    let stored = service
        .fake
        .state()
        .offer_source("2nIemJxCKbFX")
        .unwrap()
        .body
        .clone();
    assert_eq!(stored["offerSourceName"], "Network, renamed");
    assert_eq!(stored["newField"], json!({"deep": [1, null]}));

    let request = DuplicateRequest::new("Copy").with_parent_id("shelf");
    let copy = client
        .duplicate_offer_source(&"a".into(), &request)
        .await
        .unwrap()
        .id
        .unwrap();
    let state = service.fake.state();
    assert_eq!(state.offer_source(&copy).unwrap().name, "Copy");
    assert_eq!(state.offer_source(&copy).unwrap().category, "shelf");
    service.assert_clean();
}

#[tokio::test]
async fn archive_unarchive_and_move_change_only_the_named_assets() {
    let service = service().await;
    let client = &service.client;
    let only_a = || ["a".to_owned()];
    client
        .archive_offer_sources(&ParentMutationRequest::new(only_a()))
        .await
        .unwrap();
    assert_eq!((service.status("a"), service.status("b")), ("archived", "active"));
    assert_eq!(service.page("a"), ("active".to_owned(), Some("a".to_owned())));
    client
        .unarchive_offer_sources(&StringList::new(only_a()))
        .await
        .unwrap();
    assert_eq!(service.status("a"), "active");
    client
        .move_offer_sources_to_category(&MoveCategoryRequest::new(only_a(), "shelf"))
        .await
        .unwrap();
    assert_eq!(service.fake.state().offer_source("a").unwrap().category, "shelf");
    client
        .move_offer_sources_to_category(&MoveCategoryRequest::new(only_a(), ""))
        .await
        .unwrap();
    assert_eq!(service.fake.state().offer_source("a").unwrap().category, "");
    service.assert_clean();
}

#[tokio::test]
async fn a_cascade_changes_the_children() {
    let some = |id: &str| Some(id.to_owned());
    for (action, archived, deleted) in [
        (
            CascadeAction::Cascade,
            ("archived", some("a")),
            ("deleted", some("a")),
        ),
        (CascadeAction::Move, ("active", some("b")), ("active", some("b"))),
        (CascadeAction::Orphan, ("active", None), ("active", None)),
    ] {
        for delete in [false, true] {
            let service = service().await;
            let mut request =
                ParentMutationRequest::new(["a".to_owned()]).with_cascade_action(action.clone());
            if action == CascadeAction::Move {
                request = request.with_target_parent_id("b");
            }
            let (status, parent) = if delete {
                service
                    .client
                    .delete_offer_sources(None, Some(&request))
                    .await
                    .unwrap();
                assert_eq!(service.status("a"), "deleted");
                deleted.clone()
            } else {
                service.client.archive_offer_sources(&request).await.unwrap();
                assert_eq!(service.status("a"), "archived");
                archived.clone()
            };
            assert_eq!(
                service.page("a"),
                (status.to_owned(), parent),
                "{action}, delete: {delete}"
            );
            assert_eq!(service.page("b"), ("active".to_owned(), some("b")));
            service.assert_clean();
        }
    }
}

#[tokio::test]
async fn a_delete_takes_one_id_in_the_query_or_many_in_the_body() {
    let service = service().await;
    service
        .client
        .delete_offer_sources(Some(&"a".into()), None)
        .await
        .unwrap();
    assert_eq!((service.status("a"), service.status("b")), ("deleted", "active"));
    assert_eq!(service.page("a").0, "active");
    let request = ParentMutationRequest::new(["b".to_owned()]);
    service
        .client
        .delete_offer_sources(None, Some(&request))
        .await
        .unwrap();
    assert_eq!(service.status("b"), "deleted");
    service.assert_clean();
}

#[tokio::test]
async fn a_wrong_token_and_an_unknown_id_are_errors_with_their_status() {
    let service = service().await;
    let error = service
        .client
        .find_offer_source_by_id(&"nobody".into())
        .await
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(404), "{error}");
    let stranger = Client::builder()
        .base_url(service.server.base_url())
        .bearer_token("wrong")
        .build()
        .unwrap();
    let error = stranger
        .list_offer_sources(StatusFilter::All, None)
        .await
        .unwrap_err();
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401), "{error}");
}
