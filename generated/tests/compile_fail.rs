//! What must not compile: a move without a target, a target with another choice, abilities that a kind of assets does not have.

use funnelflux::{Client, Error, ext::*, types::OfferSourceId};

#[test]
fn what_cannot_be_meant_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/fail_*.rs");
    // What it is compiled with is what this test is.
    if cfg!(feature = "undocumented") {
        cases.compile_fail("tests/compile_fail/inferred/fail_*.rs");
    }
}

/// The counterpart: what can be meant compiles. In here and no case of its own, since for one that is to pass, everything
/// would be compiled once more.
#[test]
fn every_choice_compiles() -> Result<(), Error> {
    let client = Client::builder().bearer_token("token").build()?;
    let keeper = &OfferSourceId::from("b");
    let sources = client.offer_sources();
    let _ = sources.bulk_archive(["a"]).children(Cascade::leave());
    let owned = sources.bulk_archive(vec!["a".to_owned()]);
    let _ = owned.children(Cascade::cascade());
    let _ = sources.bulk_delete([keeper]).children(Cascade::move_to("b"));
    let typed = sources.bulk_delete([OfferSourceId::from("a")]);
    let _ = typed.children(Cascade::orphan());
    let _ = sources.bulk_archive(["a"]).children(Cascade::move_to(keeper));
    Ok(())
}
