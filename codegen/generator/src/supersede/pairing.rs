//! Pairs each inferred operation with the vendor's: by method and path, or by method, tag and title.

use std::collections::BTreeSet;

use funnelflux_openapi::operations::Operation;

use super::inferred::Inferred;

impl<'a> Inferred<'a> {
    /// Finds the vendor's operation for each inferred operation, if it exists.
    pub(super) fn matches<'b>(&self, theirs: &'b [Operation<'b>]) -> Vec<Option<&'b Operation<'b>>> {
        let key = |operation: &Operation<'a>| (operation.method, operation.path);
        let ours: BTreeSet<_> = self.operations.iter().map(|(_, our)| key(our)).collect();
        let free = theirs
            .iter()
            .filter(|their| !ours.contains(&(their.method, their.path)));
        let mut free: Vec<&Operation<'_>> = free.collect();
        let mut matches = Vec::new();
        for (_, our) in &self.operations {
            let same_path = theirs.iter().find(|their| (their.method, their.path) == key(our));
            let title = |operation: &Operation<'_>| operation.title().trim().to_lowercase();
            let has_title = |their: &&Operation<'_>| {
                (their.method, their.tag(), title(their)) == (our.method, our.tag(), title(our))
            };
            matches.push(same_path.or_else(|| {
                let index = free.iter().position(has_title)?;
                Some(free.remove(index))
            }));
        }
        matches
    }
}
