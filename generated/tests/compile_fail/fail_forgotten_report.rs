//! A report shows which IDs are not done. Ignoring it is a warning, and an error here.
#![deny(unused_must_use)]
use funnelflux::{Client, ext::*};

async fn job(client: &Client) -> Result<(), InvalidJob> {
    client.offer_sources().bulk_archive(["a"]).send().await?;
    Ok(())
}

fn main() {}
