//! What must not compile: a move without a target, a target with another choice, abilities that a kind of assets does not have.

#[test]
fn what_cannot_be_meant_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/compile_fail/pass_every_choice.rs");
    cases.compile_fail("tests/compile_fail/fail_*.rs");
    // What it is compiled with is what this test is.
    if cfg!(feature = "undocumented") {
        cases.compile_fail("tests/compile_fail/deduced/fail_*.rs");
    }
}
