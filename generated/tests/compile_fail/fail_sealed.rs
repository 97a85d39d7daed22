//! The abilities are sealed.
use funnelflux::ext::*;

struct Mine;

impl BulkArchive for Mine {}

fn main() {}
