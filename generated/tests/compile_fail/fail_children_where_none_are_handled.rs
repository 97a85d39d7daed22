//! Jobs that unarchive assets or move them to a category do not affect children, so they lack `children`.
use funnelflux::{Client, ext::*};

fn job(client: &Client) {
    let _ = client.offer_sources().bulk_unarchive(["a"]).children(Cascade::orphan());
    let _ = client.offer_sources().move_to_category(["a"], "c").children(Cascade::orphan());
}

fn main() {}
