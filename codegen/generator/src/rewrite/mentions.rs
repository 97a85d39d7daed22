//! Finds the names that code mentions.

use std::collections::BTreeSet;

use syn::{
    Ident, Item, Signature,
    visit::{self, Visit},
};

struct Mentions<'a> {
    names: &'a BTreeSet<&'a str>,
    found: BTreeSet<String>,
}

/// Returns the elements of `names` that `items` mention.
pub(crate) fn mentioned(items: &[Item], names: &BTreeSet<&str>) -> BTreeSet<String> {
    let found = BTreeSet::new();
    let mut mentions = Mentions { names, found };
    for item in items {
        mentions.visit_item(item);
    }
    mentions.found
}

/// Returns the elements of `names` that `signature` mentions.
pub(super) fn mentioned_in_signature(signature: &Signature, names: &BTreeSet<&str>) -> BTreeSet<String> {
    let found = BTreeSet::new();
    let mut mentions = Mentions { names, found };
    mentions.visit_signature(signature);
    mentions.found
}

impl<'ast> Visit<'ast> for Mentions<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        if let Some(name) = path.get_ident().map(Ident::to_string)
            && self.names.contains(name.as_str())
        {
            self.found.insert(name);
        }
        visit::visit_path(self, path);
    }
}
