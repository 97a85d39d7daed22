//! The traits of the abilities are sealed, so other crates cannot implement them.
use funnelflux::ext::*;

struct Mine;

impl BulkArchive for Mine {}

fn main() {}
