//! Access to our transcription of the vendor's page, until a file from the vendor replaces it.

#![allow(clippy::panic, reason = "a test stops at the first surprise")]

use std::{fs, io::Write as _, path::Path};

use funnelflux_generator::Lock;
use funnelflux_openapi::Source;

/// Reads a file of the repository.
fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads the transcription. If the vendor's own document has replaced the transcription, prints a line and
/// returns `None`.
pub(crate) fn transcription() -> Option<String> {
    let name = "spec/spec.lock";
    let lock = &read(name);
    let lock = Lock::read(Source { name, text: lock }).unwrap_or_else(|errors| panic!("{errors}"));
    if lock.is_transcription() {
        return Some(read(&lock.upstream.file));
    }
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("a test");
    // Unlike the output of `println!`, this line is also shown for tests that pass.
    let line = format!(
        "skipped: {name}: {} is no transcription of the page\n",
        lock.upstream.file
    );
    std::io::stderr().write_all(line.as_bytes()).ok();
    None
}
