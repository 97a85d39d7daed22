//! Only a move of the children has a target.
use funnelflux::{Client, ext::*};

fn job(client: &Client) {
    let _ = client.offer_sources().bulk_archive(["a"]).children(Cascade::orphan("b"));
    let _ = client.offer_sources().bulk_archive(["a"]).children(Cascade::cascade().target("b"));
}

fn main() {}
