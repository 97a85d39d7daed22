//! Introduction to the API: creates, lists, duplicates and archives offer sources.
//!
//! Without a token, the example uses a fake service on this machine. If `FUNNELFLUX_ACCESS_TOKEN` is set, the
//! example only prints the calls that it would make on the real service; with `--live`, it makes the calls.

use clap::Parser;
use funnelflux::types::{
    CascadeAction, DuplicateRequest, OfferSource, OfferSourceId, ParentMutationRequest, Status, StatusFilter,
};
use funnelflux::{Client, ClientBuilder};
use funnelflux_fake::{Fake, Settings};
use std::error::Error;

/// Creates, lists, duplicates and archives an offer source.
#[derive(Parser)]
struct Arguments {
    /// Work on the real service with the token in `FUNNELFLUX_ACCESS_TOKEN`
    #[arg(long)]
    live: bool,
    /// ID of the offer source to create: 12 characters in the format of the service
    #[arg(long, default_value = "2nIemJxCKbFX")]
    id: OfferSourceId,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let token = std::env::var("FUNNELFLUX_ACCESS_TOKEN").ok();
    match (token, arguments.live) {
        (Some(token), true) => {
            let client = Client::builder().bearer_token(token).build()?;
            run(&client, &arguments.id).await?;
        }
        (None, true) => {
            return Err(
                "--live needs a token; fix: set FUNNELFLUX_ACCESS_TOKEN, from settings → API access".into(),
            );
        }
        (Some(_), false) => {
            println!(
                "With --live, this makes these calls on your account at {}:",
                ClientBuilder::DEFAULT_BASE_URL
            );
            println!("  create the offer source {} (\"Example network\")", arguments.id);
            println!("  list the active offer sources");
            println!("  duplicate it under a new ID");
            println!("  archive both, together with their offer pages");
            println!("Nothing was sent. Unset FUNNELFLUX_ACCESS_TOKEN to run it on the fake.");
        }
        (None, false) => {
            let fake = Fake::new(Settings::default());
            let server = fake.serve(([127, 0, 0, 1], 0).into()).await?;
            let client = Client::builder()
                .base_url(server.base_url())
                .bearer_token(fake.access_token())
                .build()?;
            fake.seed_page("page-1", arguments.id.as_str());
            println!(
                "The fake listens on {} and has one offer page of {}.",
                server.base_url(),
                arguments.id
            );
            run(&client, &arguments.id).await?;
            println!("\nRequests to the fake:");
            for entry in fake.log() {
                println!("  {} {}", entry.method, entry.path);
            }
            let state = fake.state();
            let page = state.page("page-1").ok_or("the page is gone")?;
            println!("The offer page page-1 is now {}.", page.status.as_str());
            server.shutdown().await;
        }
    }
    Ok(())
}

async fn run(client: &Client, id: &OfferSourceId) -> Result<(), funnelflux::Error> {
    let source = OfferSource::new(id, "Example network").with_postback_sub_id("subid");
    client.create_offer_source(&source).await?;
    println!("\nCreated {id}.");

    let active = client.list_offer_sources(StatusFilter::Active, None).await?;
    println!("Active offer sources: {}", active.len());

    let copy = client
        .duplicate_offer_source(id, &DuplicateRequest::new("Example network, copy"))
        .await?;
    let copy = copy.id.unwrap_or_default();
    println!("Duplicated it as {copy}.");

    let both = ParentMutationRequest::new([id.to_string(), copy]).with_cascade_action(CascadeAction::Cascade);
    client.archive_offer_sources(&both).await?;
    let source = client.find_offer_source_by_id(id).await?;
    let status = source.status.unwrap_or(Status::Active);
    println!("Archived both with their offer pages: {id} is now {status}.");
    Ok(())
}
