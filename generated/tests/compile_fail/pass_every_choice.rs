//! The counterpart of those that fail: what can be meant compiles.
use funnelflux::{Client, ext::*, types::OfferSourceId};

fn jobs(client: &Client, keeper: &OfferSourceId) {
    let sources = client.offer_sources();
    let _ = sources.bulk_archive(["a"]).children(Cascade::leave());
    let _ = sources.bulk_archive(vec!["a".to_owned()]).children(Cascade::cascade());
    let _ = sources.bulk_delete([keeper]).children(Cascade::move_to("b"));
    let _ = sources.bulk_delete([OfferSourceId::from("a")]).children(Cascade::orphan());
    let _ = sources.bulk_archive(["a"]).children(Cascade::move_to(keeper));
}

fn main() {
    let _ = jobs;
}
