//! This program reads one document and its settings from standard input, and runs progenitor on them. Tests
//! start this program, so that they survive documents that crash progenitor.

use std::process::ExitCode;

#[expect(dead_code, reason = "this program serves requests only")]
#[path = "../../../../xtask/src/isolated.rs"]
mod isolated;

fn main() -> ExitCode {
    isolated::child()
}
