//! A report shows which IDs are not done. Ignoring it causes a warning, which this file turns into an error.
#![deny(unused_must_use)]
use funnelflux::{Client, ext::*};

async fn job(client: &Client) -> Result<(), InvalidJob> {
    client.offer_sources().bulk_archive(["a"]).send().await?;
    Ok(())
}

fn main() {}
