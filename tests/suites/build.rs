//! Sets `cfg(transcription)` while the vendor's document is our transcription of the vendor's page. Tests
//! that name inferred types and methods compile only then.

fn main() {
    let lock = "../../spec/spec.lock";
    println!("cargo::rustc-check-cfg=cfg(transcription)");
    println!("cargo::rerun-if-changed={lock}");
    // `cargo xtask fetch` replaces the source.
    let lock = std::fs::read_to_string(lock).unwrap_or_default();
    if lock.contains("\"source\": \"transcribed ") {
        println!("cargo::rustc-cfg=transcription");
    }
}
