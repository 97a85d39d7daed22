//! What is deduced is not sent by guess, and children are handled only where the call has a place for them.
use funnelflux::{Client, Unverified, ext::*};

async fn jobs(client: &Client) {
    let _ = client.traffic_sources().bulk_archive(["a"]).send().await;
    let _ = client.categories().bulk_delete(["a"]).children(Cascade::orphan()).stream();
    let sure = Unverified::acknowledge();
    let _ = client.traffic_sources().bulk_delete(["a"]).children(Cascade::orphan()).unverified(sure).send().await;
}

fn main() {}
