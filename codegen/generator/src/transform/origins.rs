//! Origins of the parts that rules have moved. The origin of a part is the pointer to it in the source
//! document.

use std::collections::BTreeMap;

use funnelflux_openapi::{
    Diagnostics, Document,
    pointer::{self, Pointer, PointerBuf},
};

/// Original pointers, keyed by current pointers.
#[derive(Clone, Debug, Default)]
pub(super) struct Origins(BTreeMap<PointerBuf, PointerBuf>);

impl Origins {
    pub(super) fn insert(&mut self, current: PointerBuf, original: PointerBuf) {
        self.0.insert(current, original);
    }

    /// Lists the original pointers of a part and of its enclosing parts. Omits parts that no rule has moved.
    pub(super) fn enclosing(&self, current: &Pointer) -> impl Iterator<Item = &Pointer> {
        let parents = std::iter::successors(Some(current), |pointer| pointer.parent());
        parents.filter_map(|parent| self.0.get(parent).map(|original| &**original))
    }

    /// Returns the original pointer of a part, even if rules have moved it several times.
    pub(super) fn original(&self, current: &Pointer) -> PointerBuf {
        let mut pointer = current.to_buf();
        let before = |pointer: &Pointer| {
            let mut parents = std::iter::successors(Some(pointer), |pointer| pointer.parent());
            parents.find_map(|parent| Some(self.0.get(parent)?.concat(pointer.strip_prefix(parent)?)))
        };
        while let Some(original) = before(&pointer) {
            pointer = original;
        }
        pointer
    }

    /// Restores the original location of each diagnostic on a part that rules have moved.
    pub(super) fn relocate(&self, mut diagnostics: Diagnostics, source: &Document) -> Diagnostics {
        for diagnostic in &mut diagnostics.0 {
            let original = self.original(&diagnostic.pointer);
            if original != diagnostic.pointer {
                diagnostic.location = Some(source.locate(&original));
                let operation = diagnostic.operation.take();
                diagnostic.operation = operation.or_else(|| pointer::operation(&original));
                diagnostic.pointer = original;
            }
        }
        diagnostics
    }
}
