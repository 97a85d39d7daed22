//! Sets `cfg(transcription)` if the OpenAPI document is our transcription of the vendor's web page. Tests
//! that use inferred types and methods are compiled only with this setting.

fn main() {
    let lock = "../../spec/spec.lock";
    println!("cargo::rustc-check-cfg=cfg(transcription)");
    println!("cargo::rerun-if-changed={lock}");
    // `cargo xtask fetch` replaces the source in the lock file.
    let lock = std::fs::read_to_string(lock).unwrap_or_default();
    if lock.contains("\"source\": \"transcribed ") {
        println!("cargo::rustc-cfg=transcription");
    }
}
