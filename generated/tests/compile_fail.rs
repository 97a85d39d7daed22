//! Checks that mistakes do not compile, such as a move of children without a target, a target without a move,
//! or an inferred operation without an acknowledgement.

use funnelflux::{Client, Error, ext::*, types::OfferSourceId};

#[test]
fn invalid_jobs_do_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/fail_*.rs");
    // These cases are compiled with the features of this test. They need two inferred groups, one with
    // children and one without. If the vendor documents one of the two groups, the cases are skipped.
    let is_inferred = |group: &AssetGroup| group.is_inferred();
    let with_children = AssetGroup::named("categories").filter(is_inferred);
    let childless = AssetGroup::named("traffic-sources").filter(is_inferred);
    if cfg!(feature = "inferred")
        && with_children.is_some_and(|group| group.abilities().delete_children)
        && childless.is_some_and(|group| group.abilities().archive && !group.abilities().delete_children)
    {
        cases.compile_fail("tests/compile_fail/inferred/fail_*.rs");
    }
}

/// Checks that every valid way of handling children compiles. A passing trybuild case would compile all
/// dependencies again, so this is a normal test.
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
