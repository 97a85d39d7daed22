//! An inferred call needs an acknowledgement, and `children` exists only for calls that handle children.
use funnelflux::{Client, ext::*};

async fn jobs(client: &Client) {
    let _ = client.traffic_sources().bulk_archive(["a"]).send().await;
    let _ = client.categories().bulk_delete(["a"]).children(Cascade::orphan()).stream();
    let _ = client.traffic_sources().bulk_delete(["a"]).children(Cascade::orphan());
}

fn main() {}
