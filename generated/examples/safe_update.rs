//! Changes one field of an offer source, without losing what somebody else does meanwhile, nor fields that nobody told us of.
//!
//! ```text
//! cargo run -p funnelflux --example safe_update                         # on an embedded fake, with somebody else at work
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run -p funnelflux --example safe_update -- \
//!     --live --id 2nIemJxCKbFX --postback-tx-id txid --yes
//! ```

mod common;

use clap::Parser;
use common::Target;
use funnelflux::ext::{Update as _, UpdateError};
use funnelflux::types::{OfferSource, OfferSourceId, StatusFilter};
use std::error::Error;

/// Sets the name of the transaction ID parameter of an offer source. Without arguments it shows its work on an embedded fake.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// ID of the offer source; on the fake, the first one if none is given
    #[arg(long, required_if_eq("live", "true"))]
    id: Option<String>,
    /// Name of the parameter in which the offer source sends back a transaction ID
    #[arg(long, value_name = "NAME", default_value = "txid_new")]
    postback_tx_id: String,
    /// With --live: do it
    #[arg(long)]
    yes: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let account = arguments.target.open().await?;
    let id: OfferSourceId = if let Some(id) = &arguments.id {
        id.as_str().into()
    } else {
        let all = account
            .client
            .list_offer_sources(StatusFilter::Active, None)
            .await?;
        let first = all.into_iter().next();
        first.ok_or("there is no active offer source")?.id_offer_source
    };
    let seen = account.client.find_offer_source_by_id(&id).await?;
    println!(
        "{} has {:?} now.",
        seen.offer_source_name,
        seen.postback_tx_id.as_deref().unwrap_or_default()
    );
    if arguments.target.live && !arguments.yes {
        println!("Nothing was changed. Say --yes to do it.");
        return Ok(());
    }

    // While we think about it, somebody else renames it.
    if let Some(fake) = &account.fake {
        fake.set(
            "offersource",
            id.as_str(),
            "offerSourceName",
            "Renamed by somebody else",
        );
    }

    let sources = account.client.offer_sources();
    let change = |source: &mut OfferSource| {
        source.postback_tx_id = Some(arguments.postback_tx_id.clone());
    };
    // The change was decided on when we saw the asset, so it is held against what we saw.
    let updated = match sources.update(&id, change).based_on(seen).send().await {
        Err(UpdateError::Conflict { fields, .. }) => {
            println!("Somebody else has changed {} meanwhile.", fields.join(", "));
            println!("Both changes can stand: it is made again on what the asset is now.");
            sources.update(&id, change).repeat_on_conflict(3).send().await?
        }
        other => other?,
    };
    println!(
        "{} has {:?} now; changed: {}.",
        updated.after.offer_source_name,
        updated.after.postback_tx_id.as_deref().unwrap_or_default(),
        updated.changed.join(", ")
    );
    Ok(())
}
