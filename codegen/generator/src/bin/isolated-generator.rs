//! Runs the generator for one request, so that tests survive documents that crash it.

use std::process::ExitCode;

#[expect(dead_code, reason = "this program serves requests only")]
#[path = "../../../../xtask/src/isolated.rs"]
mod isolated;

fn main() -> ExitCode {
    isolated::child()
}
