//! Tests code that is generic over the kinds of assets, and IDs as keys of maps.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use funnelflux::Error;
use funnelflux::ext::{AssetKind, AssetStatus, Handle};
use funnelflux::types::OfferSourceId;
use funnelflux_fake::{Fake, Fault, Rule};
use funnelflux_suites::client;
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::collections::{BTreeMap, HashMap};

async fn archived<K: AssetKind>(assets: &Handle<K>) -> Result<Vec<String>, Error> {
    let rows = assets.list().await?.into_iter();
    let archived = rows.filter(|row| row.status == AssetStatus::Archived);
    Ok(archived
        .map(|row| format!("{} {} {}", K::SINGULAR, row.id, row.name))
        .collect())
}

#[tokio::test(start_paused = true)]
async fn a_function_works_with_every_kind() -> Result<(), Error> {
    let fake = Fake::default();
    fake.seed_offer_source("a");
    fake.seed_offer_source("b");
    fake.set("offersource", "b", "status", "archived");
    let client = client(&fake).build()?;
    assert_eq!(
        archived(&client.offer_sources()).await?,
        ["offer source b Offer source b"]
    );
    let streamed: Vec<_> = client.offer_sources().stream().try_collect().await?;
    assert_eq!(streamed, client.offer_sources().list().await?);
    let source = client.find_offer_source_by_id(&"b".into()).await?;
    assert_eq!(
        kind_of(&client.offer_sources(), &source),
        ("b".to_owned(), AssetStatus::Archived)
    );
    // A failure is one item of the stream.
    fake.inject(Rule::new(Fault::status(403)).times(1));
    let failed: Vec<_> = client.offer_sources().stream().collect().await;
    assert!(matches!(failed.as_slice(), [Err(_)]));
    Ok(())
}

#[cfg(transcription)]
#[tokio::test(start_paused = true)]
async fn a_function_works_with_inferred_kinds() -> Result<(), Error> {
    let fake = Fake::default();
    fake.seed_page("p", "a");
    fake.set("page", "p", "status", "archived");
    let client = client(&fake).build()?;
    assert_eq!(archived(&client.pages()).await?, ["page p Page p"]);
    // This kind of asset cannot be listed.
    assert!(client.ai_node_settings().list().await.is_err());
    Ok(())
}

fn kind_of<K: AssetKind>(_: &Handle<K>, asset: &K::Asset) -> (String, AssetStatus) {
    (
        K::id(asset).map(ToString::to_string).unwrap_or_default(),
        K::status(asset),
    )
}

#[test]
fn an_id_is_a_key_that_text_can_find() {
    let id: OfferSourceId = "2nIemJxCKbFX".parse().unwrap();
    assert_eq!(id, "2nIemJxCKbFX");
    assert_eq!("2nIemJxCKbFX", id);
    assert_eq!(id, *"2nIemJxCKbFX");
    let hashed = HashMap::from([(id.clone(), 1)]);
    let sorted = BTreeMap::from([(id, 2)]);
    assert_eq!(
        (hashed.get("2nIemJxCKbFX"), sorted.get("2nIemJxCKbFX")),
        (Some(&1), Some(&2))
    );
    assert_eq!(hashed.get("2n5JuOKWLTzd"), None);
}
