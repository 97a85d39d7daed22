//! Reports the tests that hold for our transcription only.

/// `abilities`, `groups`, and single tests of other suites call inferred methods by name, and so compile only with
/// the document that the names were inferred from.
#[test]
fn typed_tests_of_inferred_groups_run_with_the_transcription() {
    let lock = include_str!("../../../spec/spec.lock");
    let is_transcription = funnelflux_suites::document::is_transcription();
    assert_eq!(is_transcription, lock.contains("\"source\": \"transcribed "));
}
