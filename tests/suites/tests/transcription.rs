//! Reports the tests that run only with our transcription of the vendor's page.

/// The suites `abilities`, `digits`, `groups`, `plan` and `snapshot`, and single tests of other suites, use
/// inferred names. Therefore they run only with our transcription, whose overlays contain these names.
#[test]
fn typed_tests_of_inferred_groups_run_with_the_transcription() {
    let lock = include_str!("../../../spec/spec.lock");
    let is_transcription = funnelflux_suites::document::is_transcription();
    assert_eq!(is_transcription, lock.contains("\"source\": \"transcribed "));
}
