//! A move of the children needs a target.
use funnelflux::{Client, ext::*};

fn job(client: &Client) {
    let _ = client.offer_sources().bulk_archive(["a"]).children(Cascade::move_to());
}

fn main() {}
