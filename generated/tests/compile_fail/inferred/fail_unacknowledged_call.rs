//! An inferred call needs an acknowledgement before it is awaited.
use funnelflux::{Client, types::StringList};

async fn calls(client: &Client, pages: &StringList) {
    let _ = client.archive_traffic_sources(pages).await;
    let _ = client.archive_traffic_sources(pages).response().await;
}

fn main() {}
