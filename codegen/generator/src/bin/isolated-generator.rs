//! Serves one generator request, for tests with documents that can crash the generator.

use std::process::ExitCode;

#[expect(dead_code, reason = "this program serves requests only")]
#[path = "../../../../xtask/src/isolated.rs"]
mod isolated;

fn main() -> ExitCode {
    isolated::child()
}
