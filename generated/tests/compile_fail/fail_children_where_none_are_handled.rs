//! Calls that unarchive or categorise assets have no option for children, so their jobs lack `children`.
use funnelflux::{Client, ext::*};

fn job(client: &Client) {
    let _ = client.offer_sources().bulk_unarchive(["a"]).children(Cascade::orphan());
    let _ = client.offer_sources().move_to_category(["a"], "c").children(Cascade::orphan());
}

fn main() {}
