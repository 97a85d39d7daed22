//! Runs each operation that a typed handle supports, and asserts its effect on the server. The kinds of
//! assets are those of our transcription of the vendor's page. The suite `asset_groups` does the same for any
//! OpenAPI document, because it uses the table of groups.
#![cfg(transcription)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test stops at the first surprise, and this one is a table"
)]

use funnelflux::ext::*;
use funnelflux::http::Method;
use funnelflux::operations::{self, Operation};
use funnelflux::types::*;
use funnelflux::{Call, Client, Create};
use funnelflux_fake::{Fake, Fault, MissingByIds, Rule, Settings};
use serde_json::json;
use std::collections::BTreeSet;

const IDS: [&str; 3] = ["2nIemJxCKbFX", "2n5JuOKWLTzd", "2n5JuOKWLTze"];
const KEEPER: &str = "2n5JuOKWLTzf";
const MISSING_ID: &str = "2n5JuOKWLTzz";

/// Creates a fake with this response to unknown IDs, and a client of the fake.
fn service(missing: MissingByIds) -> (Fake, Client) {
    let fake = Fake::new(Settings {
        missing_by_ids: missing,
        ..Settings::default()
    });
    let client = funnelflux_suites::client(&fake).build().unwrap();
    (fake, client)
}

/// Statuses of the assets with the IDs `IDS` in the fake.
fn statuses(fake: &Fake, segment: &str) -> String {
    let state = fake.state();
    let status = |id: &&str| state.asset(segment, id).unwrap().status.as_str().to_owned();
    IDS.iter().map(status).collect::<Vec<_>>().join(" ")
}

/// Creates an asset with a new ID.
fn create<A: Create<Id: AsRef<str>>>(client: &Client, new: &dyn Fn(&str) -> A) -> Call<A::Id> {
    client.create(|id: A::Id| new(id.as_ref()))
}

/// Runs each operation that the handle of one kind of asset supports. Returns the operations of the API that
/// were called.
macro_rules! use_abilities {
    ($missing:ident, $handle:ident, $segment:literal, $new:expr;
        $($ability:ident $(($($extra:tt)*))?),* $(,)?) => {{
        let (fake, client) = service($missing);
        fake.seed_category("shelf", "Shelf");
        let handle = client.$handle();
        let new = $new;
        let made = create(&client, &new).await.unwrap();
        assert!(fake.state().asset($segment, made.as_str()).is_some(), $segment);
        for id in IDS {
            assert_eq!(handle.create_or_save(new(id)).await.unwrap(), Stored::Created, "{}", $segment);
        }
        let found = handle.find_many(IDS.into_iter().chain([MISSING_ID])).send().await.unwrap();
        let mut missing = found.missing;
        // If a kind cannot be listed, nothing shows whether a refusal comes from a gateway. Therefore, the
        // asset counts as unreadable and not as missing.
        if $segment == "ainodesettings" {
            missing.extend(found.unreadable.into_iter().map(|(id, _)| id));
        }
        assert_eq!((found.assets.len(), missing), (3, vec![MISSING_ID.into()]), "{}", $segment);
        let updated = handle.update(IDS[0], |asset| drop(asset.extra.insert("kept".to_owned(), json!(7))));
        updated.send().await.unwrap();
        assert_eq!(fake.state().asset($segment, IDS[0]).unwrap().body["kept"], json!(7), $segment);
        $(use_abilities!(@$ability fake handle $segment $(($($extra)*))?);)*
        called_operations(&fake)
    }};
    // The rule of each ability asserts the results and the state of the fake.
    (@archive $fake:ident $handle:ident $segment:literal) => {
        let job = || $handle.bulk_archive(IDS.into_iter().chain([MISSING_ID]));
        let plan = job().plan().await.unwrap();
        assert_eq!((plan.would_change.len(), plan.missing.len()), (3, 1), "{}", $segment);
        assert_eq!(statuses(&$fake, $segment), "active active active", "{}: plan", $segment);
        let report = job().acknowledge_inferred().verify(true).send().await.unwrap();
        assert_eq!((report.counts().done, report.counts().rejected), (3, 1), "{}: {report}", $segment);
        assert_eq!(statuses(&$fake, $segment), "archived archived archived", $segment);
    };
    (@unarchive $fake:ident $handle:ident $segment:literal) => {
        let report = $handle.bulk_unarchive(IDS).verify(true).send().await.unwrap();
        assert_eq!(report.counts().done, 3, "{}: {report}", $segment);
        assert_eq!(statuses(&$fake, $segment), "active active active", $segment);
    };
    (@category $fake:ident $handle:ident $segment:literal) => {
        let report = $handle.move_to_category(IDS, "shelf").verify(true).send().await.unwrap();
        assert_eq!(report.counts().done, 3, "{}: {report}", $segment);
        for id in IDS {
            assert_eq!($fake.state().asset($segment, id).unwrap().category, "shelf", $segment);
        }
    };
    (@duplicate $fake:ident $handle:ident $segment:literal ($request:expr)) => {
        let job = $handle.duplicate_many(IDS, |id| $request(format!("Copy of {id}")));
        let report = job.send().await.unwrap();
        for entry in report.entries() {
            let copy = entry.copy().cloned().unwrap();
            let state = $fake.state();
            let copy = state.asset($segment, copy.as_str()).unwrap();
            assert_eq!(copy.name, format!("Copy of {}", entry.id), $segment);
        }
    };
    (@delete $fake:ident $handle:ident $segment:literal) => {
        let report = $handle.bulk_delete(IDS).acknowledge_inferred().send().await.unwrap();
        assert_eq!(report.counts().done, 3, "{}: {report}", $segment);
        assert_eq!(statuses(&$fake, $segment), "deleted deleted deleted", $segment);
    };
}

/// The operations that were called.
fn called_operations(fake: &Fake) -> BTreeSet<&'static str> {
    let log = fake.log();
    log.iter().filter_map(|entry| entry.operation).collect()
}

async fn use_all_abilities(missing: MissingByIds) {
    let copy = |name: String| DuplicateRequest::new(name);
    let script_copy = |name: String| LogicScriptDuplicateRequest::new(name);
    let used: BTreeSet<&str> = [
        use_abilities!(missing, traffic_sources, "trafficsource", |id: &str| TrafficSource::new(id, "T");
        archive, unarchive, category, duplicate(copy), delete),
        use_abilities!(missing, funnel_groups, "funnelgroup", |id: &str| FunnelGroup::new(id, "G");
        archive, unarchive, duplicate(copy), delete),
        use_abilities!(missing, funnels, "funnel", |id: &str| Funnel::new(id, "F");
        archive, unarchive, duplicate(|name: String| FunnelDuplicateRequest::new(name, "group")), delete),
        use_abilities!(missing, conditions, "condition", |id: &str| Condition::new(id, "C");
        archive, unarchive, category, duplicate(copy), delete),
        use_abilities!(missing, logic_scripts, "logicscript", |id: &str| LogicScript::new(id, "L");
        archive, unarchive, category, duplicate(script_copy), delete),
        use_abilities!(missing, visitor_tags, "visitortag", |id: &str| VisitorTag::new(id, "V");
        archive, unarchive, category, duplicate(copy), delete),
        use_abilities!(missing, page_groups, "pagegroup", |id: &str| PageGroup::new(id, "P");
        archive, unarchive, category, duplicate(copy), delete),
        use_abilities!(missing, pages, "page", |id: &str| Page::new(id, "P");
        archive, unarchive, category, duplicate(copy), delete),
        use_abilities!(missing, categories, "category", |id: &str| Category::new(id, "C");
        archive, unarchive, duplicate(copy), delete),
        use_abilities!(missing, ai_node_settings, "ainodesettings", |id: &str| AiNodeSettings::new(id);
        delete),
        use_abilities!(missing, webhook_configs, "webhookconfig", |id: &str| WebhookConfig::new(id, "W");
        archive, unarchive, category, duplicate(copy), delete),
        use_abilities!(missing, middleware_configs, "middlewareconfig",
        |id: &str| MiddlewareConfig::new(id, "M");
        archive, unarchive, category, duplicate(copy), delete),
    ]
    .into_iter()
    .flatten()
    .collect();
    // Every operation that writes assets of these kinds belongs to an ability. The exceptions are offer
    // sources, which other suites test, second paths to the same assets, and operations that the vendor does
    // not describe.
    let writes = |operation: &&&Operation| {
        let by_ability = [
            "archive",
            "unarchive",
            "delete",
            "duplicate",
            "move-category",
            "save",
        ];
        let mut segments = operation.path.split('/').skip(1);
        let (segment, verb) = (segments.next().unwrap(), segments.next().unwrap());
        let exceptions = [
            "offersource",
            "campaign",
            "globalpagegroup",
            "usersettings",
            "integration",
        ];
        operation.method != Method::GET && by_ability.contains(&verb) && !exceptions.contains(&segment)
    };
    let unused: Vec<String> = operations::GROUPS
        .iter()
        .flat_map(|group| group.iter())
        .filter(writes)
        .map(|operation| format!("{} {}", operation.method, operation.path))
        .filter(|key| !used.contains(key.as_str()))
        .collect();
    assert!(unused.is_empty(), "no ability uses {unused:?}");
}

#[tokio::test(start_paused = true)]
async fn every_kind_has_the_abilities_of_its_operations() {
    use_all_abilities(MissingByIds::LeftOut).await;
}

#[tokio::test(start_paused = true)]
async fn abilities_work_if_lists_with_unknown_ids_are_refused() {
    use_all_abilities(MissingByIds::NotFound).await;
}

#[tokio::test(start_paused = true)]
async fn visitor_tags_are_read_by_one_list() {
    let (fake, client) = service(MissingByIds::LeftOut);
    for id in IDS {
        let tag = VisitorTag::new(id, "V");
        client.create_visitor_tag(&tag).await.unwrap();
    }
    fake.clear_log();
    let job = client.visitor_tags().bulk_archive(IDS);
    let report = job.acknowledge_inferred().send().await.unwrap();
    assert_eq!(report.counts().done, 3);
    let asked: Vec<String> = fake
        .log()
        .iter()
        .map(|entry| entry.operation.unwrap().to_owned())
        .collect();
    assert_eq!(asked, ["GET /visitortag/list/", "PUT /visitortag/archive/"]);
}

/// Checks the effect of each cascade on the funnels of a funnel group and on the pages of a category.
#[tokio::test(start_paused = true)]
async fn categories_and_funnel_groups_are_parents_too() {
    for (children, expected) in [
        (Cascade::leave(), ("active", IDS[0])),
        (Cascade::cascade(), ("archived", IDS[0])),
        (Cascade::move_to(KEEPER), ("active", KEEPER)),
        (Cascade::orphan(), ("active", "")),
    ] {
        let (fake, client) = service(MissingByIds::LeftOut);
        for id in [IDS[0], KEEPER] {
            client
                .create_funnel_group(&FunnelGroup::new(id, "G"))
                .await
                .unwrap();
        }
        let funnel = Funnel::new(IDS[1], "F").with_id_funnel_group(IDS[0]);
        client.create_funnel(&funnel).await.unwrap();
        let job = || {
            let job = client.funnel_groups().bulk_archive([IDS[0]]);
            job.children(children.clone())
        };
        let known = match job().plan().await.unwrap().children {
            Children::Untouched => None,
            Children::Known { count } => Some(count),
            children => unreachable!("{children:?}"),
        };
        assert_eq!(known, (!children.is_leave()).then_some(1));
        let report = job().acknowledge_inferred().send().await.unwrap();
        assert_eq!(report.counts().done, 1, "{report}");
        let state = fake.state();
        let funnel = state.asset("funnel", IDS[1]).unwrap();
        let group = funnel.body["idFunnelGroup"].as_str().unwrap();
        assert_eq!((funnel.status.as_str(), group), expected, "{children}");
        assert_eq!(funnel.body["idCampaign"], group);
    }
    for (children, expected) in [
        (Cascade::leave(), ("active", IDS[0])),
        (Cascade::cascade(), ("deleted", IDS[0])),
        (Cascade::move_to(KEEPER), ("active", KEEPER)),
        (Cascade::orphan(), ("active", "")),
    ] {
        let (fake, client) = service(MissingByIds::LeftOut);
        fake.seed_category(IDS[0], "Old");
        fake.seed_category(KEEPER, "New");
        let page = Page::new(IDS[1], "P").with_id_category(IDS[0]);
        client.create_page(&page).await.unwrap();
        let job = client.categories().bulk_delete([IDS[0]]);
        let job = job.children(children.clone()).acknowledge_inferred();
        assert_eq!(job.send().await.unwrap().counts().done, 1);
        let state = fake.state();
        let page = state.asset("page", IDS[1]).unwrap();
        let now = (page.status.as_str(), page.category.as_str());
        assert_eq!(now, expected, "{children}");
    }
}

#[tokio::test(start_paused = true)]
async fn children_that_name_no_parent_are_not_counted_as_none() {
    let (fake, client) = service(MissingByIds::LeftOut);
    fake.seed_offer_source(IDS[0]);
    let children = async || {
        let job = client.offer_sources().bulk_archive([IDS[0]]);
        job.children(Cascade::orphan()).plan().await.unwrap().children
    };
    assert_eq!(children().await, Children::Known { count: 0 });
    // A page without the property for the parent may have its parent under another name.
    client.create_page(&Page::new(IDS[1], "P")).await.unwrap();
    assert_eq!(children().await, Children::Unknown);
    fake.seed_page("p1", KEEPER);
    assert_eq!(children().await, Children::Known { count: 0 });
}

#[tokio::test(start_paused = true)]
async fn a_plan_counts_the_offer_pages_of_offer_sources() {
    let (fake, client) = service(MissingByIds::LeftOut);
    for id in [IDS[0], IDS[1], KEEPER] {
        fake.seed_offer_source(id);
    }
    for (page, parent) in [
        ("p1", IDS[0]),
        ("p2", IDS[0]),
        ("p3", IDS[1]),
        ("p4", KEEPER),
        ("p5", ""),
    ] {
        fake.seed_page(page, parent);
    }
    let plan = |children| {
        let job = client.offer_sources().bulk_archive([IDS[0], IDS[1], MISSING_ID]);
        job.children(children).plan()
    };
    let planned = plan(Cascade::orphan()).await.unwrap();
    assert_eq!(planned.children, Children::Known { count: 3 });
    assert!(
        planned.to_string().contains("their 3 children are handled too"),
        "{planned}"
    );
    assert_eq!(
        plan(Cascade::leave()).await.unwrap().children,
        Children::Untouched
    );

    // Deleted children do not count. The children of a parent that is already archived count, because the job
    // sends the parent to change its children.
    fake.set("page", "p2", "status", "deleted");
    fake.set("offersource", IDS[1], "status", "archived");
    let planned = plan(Cascade::orphan()).await.unwrap();
    assert_eq!(planned.children, Children::Known { count: 2 });

    // If the pages cannot be read, the number of children is unknown.
    for broken in ["GET /page/list/", "GET /page/find/byIds/"] {
        fake.inject(Rule::new(Fault::status(403)).on(broken).always());
        let planned = plan(Cascade::orphan()).await.unwrap();
        assert_eq!(planned.children, Children::Unknown, "{broken}");
        fake.clear_faults();
    }
}
