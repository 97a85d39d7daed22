//! Puts offer sources whose name contains some text into a category.
//!
//! ```text
//! cargo run -p funnelflux --example move_category                       # on an embedded fake
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run -p funnelflux --example move_category -- \
//!     --live --name-contains Bounty --category 2nIemJxCcat1 --yes
//! ```

mod common;

use clap::Parser;
use common::Target;
use funnelflux::ext::{MoveToCategory as _, Outcome};
use funnelflux::types::{OfferSourceId, StatusFilter};
use futures_util::StreamExt as _;
use std::error::Error;

/// Puts offer sources whose name contains some text into a category. Without arguments it shows its work on an embedded fake.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    target: Target,
    /// Text that their name contains; on the fake, all if none is given
    #[arg(long, value_name = "TEXT", default_value = "", required_if_eq("live", "true"))]
    name_contains: String,
    /// ID of the category; the empty one takes them out of theirs
    #[arg(
        long,
        value_name = "ID",
        default_value = "2nIemJxCcat1",
        required_if_eq("live", "true")
    )]
    category: String,
    /// With --live: do it
    #[arg(long)]
    yes: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let account = arguments.target.open().await?;

    let all = account
        .client
        .list_offer_sources(StatusFilter::Active, None)
        .await?;
    let ids: Vec<OfferSourceId> = all
        .into_iter()
        .filter(|source| source.offer_source_name.contains(&arguments.name_contains))
        .map(|source| source.id_offer_source)
        .collect();
    if ids.is_empty() {
        println!("No offer source is called like that.");
        return Ok(());
    }

    let sources = account.client.offer_sources();
    let job = || sources.move_to_category(&ids, arguments.category.as_str());
    println!("{}", job().plan().await?);
    if arguments.target.live && !arguments.yes {
        println!("Nothing was changed. Say --yes to do it.");
        return Ok(());
    }

    // The outcomes one by one, as they become known; a report would have them all at the end.
    let mut outcomes = job().verify(true).stream()?;
    let (mut moved, mut already) = (0, 0);
    while let Some(entry) = outcomes.next().await {
        match entry.outcome {
            Outcome::Done { .. } => moved += 1,
            Outcome::AlreadySo { .. } => already += 1,
            other => println!("{}: {}", entry.id, other.failure().ok_or("no reason given")?),
        }
    }
    println!("{moved} were moved, {already} were there already.");
    if let Some(fake) = &account.fake {
        let state = fake.state();
        let inside = state
            .offer_sources()
            .filter(|source| source.category == arguments.category);
        println!("On the server {} are in it.", inside.count());
    }
    Ok(())
}
