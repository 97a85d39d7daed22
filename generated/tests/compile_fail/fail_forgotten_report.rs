//! A report says what is not done; throwing it away unseen is a warning, and here an error.
#![deny(unused_must_use)]
use funnelflux::{Client, ext::*};

async fn job(client: &Client) -> Result<(), InvalidJob> {
    client.offer_sources().bulk_archive(["a"]).send().await?;
    Ok(())
}

fn main() {}
