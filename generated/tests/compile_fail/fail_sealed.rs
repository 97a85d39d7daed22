//! `BulkArchive` and the other traits that create jobs are sealed, so other crates cannot implement them.
use funnelflux::ext::*;

struct Mine;

impl BulkArchive for Mine {}

fn main() {}
