//! Tests the changes that the service itself makes to an asset. The crate does not treat them as differences,
//! and does not save an asset because of them. Values that no read returns count as unknown.

use super::{FIRST_ID, secrets, service, service_with, with_secrets};
use funnelflux::ext::*;
use funnelflux::types::*;
use funnelflux_fake::{AbsentProperty, Fault, Rule, Settings};
use serde_json::json;

fn script(id: impl Into<LogicScriptId>) -> LogicScript {
    LogicScript::new(id, " Script ")
        .with_code("return \"a\"")
        .with_code_hash("mine")
        .with_owner("me")
}

fn middleware(id: impl Into<MiddlewareConfigId>) -> MiddlewareConfig {
    let config = with_secrets().with_timeout_ms(20_000);
    let mut own = MiddlewareConfig::new(id, "M").with_timeout_ms(20_000);
    own.destination = config.destination;
    own
}

#[tokio::test(start_paused = true)]
async fn a_create_succeeds_despite_server_managed_changes() {
    let (fake, client) = service();
    for create in [
        "POST /logicscript/save/",
        "POST /funnel/save/",
        "POST /middlewareconfig/save/",
    ] {
        fake.inject(Rule::new(Fault::ResetAfterApplying).on(create).always());
    }
    let made = [
        ("logicscript", client.create(script).await.unwrap().to_string()),
        (
            "middlewareconfig",
            client.create(middleware).await.unwrap().to_string(),
        ),
        (
            "funnel",
            client
                .create(|id| Funnel::new(id, "F").with_owner("me"))
                .await
                .unwrap()
                .to_string(),
        ),
    ];
    for (segment, id) in made {
        let state = fake.state();
        let ids: Vec<&str> = state.assets(segment).map(|asset| &*asset.id).collect();
        assert_eq!(ids, [id], "{segment}");
    }
    // Different code is a difference.
    fake.seed(
        "logicscript",
        json!({
            "idLogicScript": FIRST_ID, "logicScriptName": "Script",
            "code": "other", "codeHash": "other",
        }),
    );
    fake.clear_faults();
    let refused = Rule::new(Fault::ResetAfterReading).on("POST /logicscript/save/");
    fake.inject(refused);
    let error = client.create_logic_script(&script(FIRST_ID)).await.unwrap_err();
    assert!(error.to_string().contains("differs in code"), "{error}");
    assert!(!error.to_string().contains("codeHash"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn server_managed_changes_are_not_saved_again() {
    for absent in [AbsentProperty::Default, AbsentProperty::LeftOut] {
        let (_fake, client) = service_with(Settings {
            absent,
            ..Settings::default()
        });
        let scripts = client.logic_scripts();
        let without = LogicScript::new(FIRST_ID, "Script").with_code("return \"a\"");
        let changed = script(FIRST_ID).with_code("return \"b\"");
        for (asset, expected) in [
            (script(FIRST_ID), Stored::Created),
            (script(FIRST_ID), Stored::Unchanged),
            (without, Stored::Unchanged),
            (changed.clone(), Stored::Saved),
            (changed, Stored::Unchanged),
        ] {
            assert_eq!(scripts.create_or_save(asset).await.unwrap(), expected);
        }
        let configs = client.middleware_configs();
        let destination = MiddlewareDestination::new().with_url("https://example.com");
        let config = MiddlewareConfig::new(FIRST_ID, "M").with_destination(destination);
        for (asset, expected) in [
            (config.clone(), Stored::Created),
            (config.clone(), Stored::Unchanged),
            (config.clone().with_timeout_ms(5_000), Stored::Unchanged),
            (config.clone().with_timeout_ms(20_000), Stored::Saved),
            (config.clone().with_timeout_ms(30_000), Stored::Unchanged),
            (config, Stored::Saved),
        ] {
            assert_eq!(configs.create_or_save(asset).await.unwrap(), expected);
        }
        let funnels = client.funnels();
        let funnel = Funnel::new(FIRST_ID, "F").with_id_funnel_group("g1");
        for (asset, expected) in [
            (funnel.clone(), Stored::Created),
            (funnel, Stored::Unchanged),
            (
                Funnel::new(FIRST_ID, "F").with_id_campaign("g1"),
                Stored::Unchanged,
            ),
            (Funnel::new(FIRST_ID, "F").with_id_campaign("g2"), Stored::Saved),
        ] {
            assert_eq!(funnels.create_or_save(asset).await.unwrap(), expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_always_saved_because_it_cannot_be_compared() {
    let (fake, client) = service();
    let configs = client.middleware_configs();
    let stored = configs.create_or_save(with_secrets()).await.unwrap();
    assert_eq!(stored, Stored::Created);
    let stored = configs.create_or_save(with_secrets()).await.unwrap();
    assert_eq!(stored, Stored::Saved);
    // An asset with placeholders keeps the stored secrets, so there is nothing to save.
    let read = client.find_middleware_config_by_id(&FIRST_ID.into()).await;
    let stored = configs.create_or_save(read.unwrap()).await.unwrap();
    assert_eq!(stored, Stored::Unchanged);
    assert_eq!(secrets(&fake), (json!("pass"), json!("hush")));
    // Without a response, the stored secret is unknown.
    let lost = Rule::new(Fault::ResetAfterApplying).on("PUT /middlewareconfig/save/");
    fake.inject(lost.always());
    let error = configs.create_or_save(with_secrets()).await.unwrap_err();
    assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_new_secret_reads_as_a_placeholder_and_is_not_lost() {
    let (fake, client) = service();
    let configs = client.middleware_configs();
    configs.create_or_save(with_secrets()).await.unwrap();
    let set = |secret: &'static str| {
        move |config: &mut MiddlewareConfig| {
            let destination = config.destination.get_or_insert_default();
            destination.hmac_secret = Some(secret.into());
        }
    };
    let updated = configs.update(FIRST_ID, set("new")).send().await.unwrap();
    assert_eq!(updated.changed, ["/destination/hmacSecret"]);
    assert!(updated.unexpected.is_empty(), "{updated:?}");
    assert_eq!(secrets(&fake), (json!("pass"), json!("new")));

    // Without a response, reading back cannot determine the stored secret.
    let lost = |fault| Rule::new(fault).on("PUT /middlewareconfig/save/").always();
    for fault in [
        Fault::ResetAfterApplying,
        Fault::CloseWithoutAnswer { applied: false },
    ] {
        fake.inject(lost(fault));
        let error = configs.update(FIRST_ID, set("newer")).send().await.unwrap_err();
        assert!(matches!(error, UpdateError::Unknown(_)), "{error}");
        fake.clear_faults();
    }
    // Reading back shows that a secret was added or removed, and that another field was changed.
    fake.inject(lost(Fault::ResetAfterApplying));
    let removed = configs.update(FIRST_ID, |config| {
        let destination = config.destination.get_or_insert_default();
        (destination.hmac_secret, destination.has_hmac_secret) = (None, Some(false));
    });
    removed.send().await.unwrap();
    assert_eq!(secrets(&fake).1, json!(null));
    configs.update(FIRST_ID, set("first")).send().await.unwrap();
    assert_eq!(secrets(&fake).1, json!("first"));
    let both = configs.update(FIRST_ID, |config| {
        set("second")(config);
        config.middleware_config_name = "Renamed".to_owned();
    });
    both.send().await.unwrap();
    assert_eq!(secrets(&fake).1, json!("second"));
}

#[tokio::test(start_paused = true)]
async fn an_omitted_secret_is_kept_and_its_removal_reported_as_lost() {
    let (fake, client) = service();
    let configs = client.middleware_configs();
    configs.create_or_save(with_secrets()).await.unwrap();
    for empty in [None, Some("".into())] {
        let emptied = configs.update(FIRST_ID, |config| {
            config.destination.get_or_insert_default().hmac_secret = empty.clone();
        });
        let error = emptied.send().await.unwrap_err();
        assert!(
            matches!(&error, UpdateError::Lost { fields, .. } if fields == &["/destination/hmacSecret"]),
            "{error}"
        );
        assert_eq!(secrets(&fake), (json!("pass"), json!("hush")));
    }
    // Secrets that stay unchanged do not prevent a change of another field.
    let renamed = configs.update(FIRST_ID, |config| {
        config.middleware_config_name = "Renamed".to_owned();
    });
    assert_eq!(renamed.send().await.unwrap().changed, ["/middlewareConfigName"]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_sent_and_never_printed() {
    let (fake, client) = service();
    let config = with_secrets();
    client.create_middleware_config(&config).await.unwrap();
    assert_eq!(secrets(&fake), (json!("pass"), json!("hush")));
    let error = client.create_middleware_config(&config).await.unwrap_err();
    for printed in [format!("{config:?}"), format!("{error:?} {error}")] {
        assert!(
            !printed.contains("hush") && !printed.contains("\"pass\""),
            "{printed}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_update_reports_fields_that_the_service_does_not_keep() {
    let (_fake, client) = service();
    client.create_logic_script(&script(FIRST_ID)).await.unwrap();
    let own = |script: &mut LogicScript| script.code_hash = Some("mine".to_owned());
    let error = client.logic_scripts().update(FIRST_ID, own).send().await;
    let error = error.unwrap_err();
    assert!(
        matches!(&error, UpdateError::Lost { fields, .. } if fields == &["/codeHash"]),
        "{error}"
    );
    let code = |script: &mut LogicScript| script.code = Some("return \"b\"".to_owned());
    let updated = client.logic_scripts().update(FIRST_ID, code).send().await;
    assert_eq!(updated.unwrap().unexpected, ["/codeHash"]);
}
