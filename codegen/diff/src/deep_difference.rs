//! Compares two values as a whole, following all references. All differences between them form one change.

use std::{
    collections::{BTreeSet, HashMap},
    ptr,
};

use serde_json::Value;

use funnelflux_openapi::{
    digest::sha256,
    pointer::Pointer,
    references::{References, reference, resolve},
};

use crate::{
    node::{Node, canonical},
    normative_words,
    part_names::subject,
    site::Site,
};

/// A difference between the old and the new value of a keyword.
pub(crate) struct DeepDifference {
    /// The difference as a sentence.
    pub what: String,
    /// Text that distinguishes this difference from other differences at the same place.
    pub value: String,
    /// True if only descriptions, summaries or titles differ, and their normative words (such as *must*) are
    /// the same.
    pub is_documentation: bool,
}

/// Keys whose values are texts for human readers.
const TEXTS: [&str; 3] = ["description", "summary", "title"];

/// Rule for the texts under the keys in `TEXTS`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Texts {
    Compared,
    /// The texts are ignored, except for their normative words.
    Ignored,
}

/// A comparison of two values: their addresses in memory, and the rule for texts inside them.
type Question = ([usize; 2], Texts);

/// Compares values of two documents, following references.
///
/// Hundreds of webhooks may refer to the same schemas, so each pair of targets is compared once.
pub(crate) struct DeepEquality<'a> {
    old: &'a References<'a>,
    new: &'a References<'a>,
    /// Results of past comparisons in which at least one of the two values is a reference. True means that
    /// they are equal.
    known: HashMap<Question, bool>,
    /// Digests of the targets of references, by the addresses of the targets.
    digests: HashMap<usize, String>,
}

impl<'a> DeepEquality<'a> {
    pub(crate) fn new(old: &'a References<'a>, new: &'a References<'a>) -> Self {
        Self {
            old,
            new,
            known: HashMap::new(),
            digests: HashMap::new(),
        }
    }

    /// Checks whether a value of the old document equals a value of the new document. In recursive values,
    /// the same pair occurs again inside itself. The inner pair is assumed to be equal.
    fn holds(&mut self, old: &'a Value, new: &'a Value, texts: Texts) -> bool {
        // Pairs with a reference, each with the index of the pair that contains it.
        let mut pairs: Vec<(Question, Option<usize>)> = Vec::new();
        let mut open = vec![(old, new, None)];
        while let Some((old, new, mut inside)) = open.pop() {
            let mut is_equal = true;
            if reference(old).or(reference(new)).is_some() {
                let pair = ([old, new].map(|value| ptr::from_ref(value).addr()), texts);
                match self.known.insert(pair, true) {
                    Some(true) => continue,
                    Some(false) => is_equal = false,
                    None => {}
                }
                pairs.push((pair, inside));
                inside = Some(pairs.len() - 1);
            }
            let target =
                |references: &References<'a>, value| resolve(references.document(), Pointer::root(), value).1;
            is_equal = is_equal
                && match (target(self.old, old), target(self.new, new)) {
                    (Value::Object(before), Value::Object(after)) => {
                        let is_ignored = |key: &str| {
                            let [old, new] = [before, after].map(|members| members.get(key));
                            let is_text = |value: Option<&Value>| value.is_none_or(Value::is_string);
                            texts != Texts::Compared
                                && TEXTS.contains(&key)
                                && is_text(old)
                                && is_text(new)
                                && normative_words::between([old, new]).is_empty()
                        };
                        let mut added = after.keys().filter(|key| !before.contains_key(*key));
                        added.all(|key| is_ignored(key))
                            && before
                                .iter()
                                .filter(|(key, _)| !is_ignored(key))
                                .all(|(key, old)| {
                                    let new = after.get(key);
                                    open.extend(new.map(|new| (old, new, inside)));
                                    new.is_some()
                                })
                    }
                    (Value::Array(before), Value::Array(after)) => {
                        let entries = before.iter().zip(after);
                        open.extend(entries.map(|(old, new)| (old, new, inside)));
                        before.len() == after.len()
                    }
                    (before, after) => before == after,
                };
            if !is_equal {
                // Only the pairs that contain the difference are known to differ. The other results depend on
                // assumptions.
                for (pair, _) in &pairs {
                    self.known.remove(pair);
                }
                while let Some((pair, outer)) = inside.and_then(|inside| pairs.get(inside)) {
                    self.known.insert(*pair, false);
                    inside = *outer;
                }
                return false;
            }
        }
        true
    }

    /// Returns a digest of the value and of everything that it refers to.
    fn digest(&mut self, references: &'a References<'a>, node: &Node<'a>) -> String {
        let needed = references.needed(&node.pointer).into_iter().map(|target| {
            let digest = self.digests.entry(ptr::from_ref(target.value).addr());
            digest.or_insert_with(|| sha256(&canonical(target.value))).clone()
        });
        let needed: BTreeSet<String> = needed.collect();
        let needed: String = needed.into_iter().collect();
        sha256(&format!("{}{needed}", canonical(node.value)))
    }

    /// Compares the old and new values of a keyword, following references; `None` if they are equal.
    pub(crate) fn difference(&mut self, keyword: &str, site: &Site<'_, 'a>) -> Option<DeepDifference> {
        let Some((old, new)) = site.both() else {
            let what = site.describe(keyword);
            return site.values().next().map(|_| DeepDifference {
                what,
                value: site.value(),
                is_documentation: false,
            });
        };
        if self.holds(old.value, new.value, Texts::Compared) {
            return None;
        }
        let is_documentation = self.holds(old.value, new.value, Texts::Ignored);
        let what = if site.is_unchanged() {
            format!("a schema used in `{keyword}` of {} changed", subject(site.parent))
        } else {
            site.describe(keyword)
        };
        let (before, after) = (self.digest(self.old, old), self.digest(self.new, new));
        Some(DeepDifference {
            what,
            value: format!("{before}→{after}"),
            is_documentation,
        })
    }
}
