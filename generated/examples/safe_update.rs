//! Changes one field of an offer source without overwriting concurrent changes or unknown fields.
//!
//! ```text
//! cargo run -p funnelflux --example safe_update      # on an embedded fake, with a concurrent change
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run -p funnelflux --example safe_update -- \
//!     --live --id 2nIemJxCKbFX --postback-tx-id txid --yes
//! ```

mod common;

use clap::Parser;
use common::AccountArguments;
use funnelflux::ext::{Update as _, UpdateError};
use funnelflux::types::{OfferSource, OfferSourceId, StatusFilter};
use std::error::Error;

/// Sets the name of the parameter in which an offer source returns a transaction ID. Uses an embedded fake of
/// the service unless --live is given.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    account: AccountArguments,
    /// ID of the offer source. Without --live, the default is the first offer source
    #[arg(long, required_if_eq("live", "true"))]
    id: Option<String>,
    /// Name of the parameter in which the offer source returns a transaction ID
    #[arg(long, value_name = "NAME", default_value = "txid_new")]
    postback_tx_id: String,
    /// Confirm the change; required with --live
    #[arg(long)]
    yes: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let account = arguments.account.open().await?;
    let id: OfferSourceId = if let Some(id) = &arguments.id {
        id.as_str().into()
    } else {
        let active = account
            .client
            .list_offer_sources(StatusFilter::Active, None)
            .await?;
        let first = active.into_iter().next();
        first.ok_or("there is no active offer source")?.id_offer_source
    };
    let original = account.client.find_offer_source_by_id(&id).await?;
    println!(
        "{}: transaction ID parameter {:?}",
        original.offer_source_name,
        original.postback_tx_id.as_deref().unwrap_or_default()
    );
    if arguments.account.live && !arguments.yes {
        println!("Nothing was changed. Add --yes to apply the change.");
        return Ok(());
    }

    // Another client renames the offer source in the meantime.
    if let Some(fake) = &account.fake {
        fake.set(
            "offersource",
            id.as_str(),
            "offerSourceName",
            "Renamed by another client",
        );
    }

    let sources = account.client.offer_sources();
    let change = |source: &mut OfferSource| {
        source.postback_tx_id = Some(arguments.postback_tx_id.clone());
    };
    // `based_on` detects changes made after `original` was read.
    let updated = match sources.update(&id, change).based_on(original).send().await {
        Err(UpdateError::Conflict { fields, .. }) => {
            println!(
                "Another client has changed {} in the meantime.",
                fields.join(", ")
            );
            println!("The changes do not overlap, so ours is repeated on the current asset.");
            sources.update(&id, change).repeat_on_conflict(3).send().await?
        }
        result => result?,
    };
    println!(
        "{}: transaction ID parameter {:?} (changed: {})",
        updated.after.offer_source_name,
        updated.after.postback_tx_id.as_deref().unwrap_or_default(),
        updated.changed.join(", ")
    );
    Ok(())
}
