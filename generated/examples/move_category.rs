//! Selects offer sources by a text in their names, and moves them to a category.
//!
//! ```text
//! cargo run -p funnelflux --example move_category                       # on an embedded fake
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run -p funnelflux --example move_category -- \
//!     --live --name-contains Bounty --category 2nIemJxCcat1 --yes
//! ```

mod common;
#[path = "common/signals.rs"]
mod signals;

use clap::Parser;
use common::AccountArguments;
use funnelflux::ext::{MoveToCategory as _, Outcome};
use funnelflux::types::{OfferSourceId, StatusFilter};
use futures_util::StreamExt as _;
use signals::stop_signal;
use std::error::Error;
use std::time::Duration;

/// Selects offer sources by a text in their names, and moves them to a category. Uses an embedded fake unless
/// --live is given.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    account: AccountArguments,
    /// Text that the names must contain; required with --live
    #[arg(long, value_name = "TEXT", default_value = "", required_if_eq("live", "true"))]
    name_contains: String,
    /// ID of the target category; an empty ID removes the offer sources from their category
    #[arg(
        long,
        value_name = "ID",
        default_value = "2nIemJxCcat1",
        required_if_eq("live", "true")
    )]
    category: String,
    /// Confirm the change; required with --live
    #[arg(long)]
    yes: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let account = arguments.account.open().await?;

    let active = account
        .client
        .list_offer_sources(StatusFilter::Active, None)
        .await?;
    let ids: Vec<OfferSourceId> = active
        .into_iter()
        .filter(|source| source.offer_source_name.contains(&arguments.name_contains))
        .map(|source| source.id_offer_source)
        .collect();
    if ids.is_empty() {
        println!("No offer source has this text in its name.");
        return Ok(());
    }

    let sources = account.client.offer_sources();
    let job = || sources.move_to_category(&ids, arguments.category.as_str());
    println!("{}", job().plan().await?);
    if arguments.account.live && !arguments.yes {
        println!("Nothing was changed. Add --yes to apply the change.");
        return Ok(());
    }

    // The stream yields each outcome as soon as it is known; `send` would return all outcomes at the end.
    let mut outcomes = job()
        .verify(true)
        .cancel_when(stop_signal()?)
        .cancel_grace(Duration::from_millis(800))
        .stream()?;
    let (mut moved, mut already) = (0, 0);
    while let Some(entry) = outcomes.next().await {
        match entry.outcome {
            Outcome::Done { .. } => moved += 1,
            Outcome::AlreadySo { .. } => already += 1,
            outcome => println!("{}: {}", entry.id, outcome.failure().ok_or("no reason given")?),
        }
    }
    println!("{moved} moved, {already} already in the category.");
    if let Some(fake) = &account.fake {
        let state = fake.state();
        let moved = state
            .offer_sources()
            .filter(|source| source.category == arguments.category);
        println!("The fake has {} offer sources in the category.", moved.count());
    }
    Ok(())
}
