//! Reverts a job with the help of its journal. On an embedded fake, the example first archives offer sources
//! together with their pages.
//!
//! ```text
//! cargo run -p funnelflux --features snapshot,inferred --example undo             # on an embedded fake
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run -p funnelflux --features snapshot,inferred --example undo -- \
//!     --live --journal archive.journal              # prints the plan that reverts the job
//! FUNNELFLUX_ACCESS_TOKEN=… cargo run … -- --live --journal archive.journal --apply
//! ```
//!
//! The journal must come from a plan, or from a bulk job with `undoable_journal`.

mod common;

use clap::Parser;
use common::AccountArguments;
use funnelflux::Client;
use funnelflux::ext::plan::ChangePlan;
use funnelflux::ext::{BulkArchive as _, Cascade};
use funnelflux_fake::{Fake, Status};
use std::error::Error;
use std::path::{Path, PathBuf};

/// Reverts a job with the help of its journal. Uses an embedded fake unless --live is given.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(flatten)]
    account: AccountArguments,
    /// Journal of the job. Without --live, the example first archives offer sources with a journal
    #[arg(long, value_name = "FILE", required_if_eq("live", "true"))]
    journal: Option<PathBuf>,
    /// Apply the plan. Without --live, the plan is always applied
    #[arg(long)]
    apply: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let account = arguments.account.open().await?;
    let folder = tempfile::tempdir()?;
    let journal = arguments
        .journal
        .unwrap_or_else(|| folder.path().join("archive.journal"));
    if let Some(fake) = &account.fake {
        archive(&account.client, fake, &journal).await?;
    }

    let plan = ChangePlan::undo(&account.client, &journal).await?;
    println!("{plan}");
    if account.fake.is_none() && !arguments.apply {
        println!("Nothing was changed. Add --apply to apply the plan.");
        return Ok(());
    }
    // The operation that archives pages is inferred; see the documentation of `Client::pages`.
    let job = plan.apply(&account.client).acknowledge_inferred();
    println!(
        "{}",
        job.journal(journal.with_extension("undo.journal")).send().await?
    );
    if let Some(fake) = &account.fake {
        println!("The fake has {} archived offer sources.", archived(fake));
    }
    Ok(())
}

/// Archives three offer sources of the fake with their pages.
async fn archive(client: &Client, fake: &Fake, journal: &Path) -> Result<(), Box<dyn Error>> {
    let state = fake.state();
    let active = state.offer_sources_with(&Status::Active).into_iter().take(3);
    let ids: Vec<String> = active.map(str::to_owned).collect();
    let job = client
        .offer_sources()
        .bulk_archive(ids)
        .children(Cascade::cascade());
    println!("{}", job.undoable_journal(journal).send().await?);
    println!("The fake has {} archived offer sources.", archived(fake));
    Ok(())
}

fn archived(fake: &Fake) -> usize {
    fake.state().offer_sources_with(&Status::Archived).len()
}
