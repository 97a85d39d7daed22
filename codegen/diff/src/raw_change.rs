//! Changes as the comparison finds them. The comparison may find the same change in several contexts, such as
//! a request and a response. Then [`merge`] combines the results into one change.

use std::collections::BTreeMap;

use funnelflux_openapi::{
    digest::sha256,
    pointer::{Pointer, PointerBuf},
    text::shorten_pair,
};

use crate::{
    level::{Direction, Level},
    node::{Node, canonical},
    proof::Proof,
    report::Fact,
    rules::{ChangeKind, Id},
    site::{SchemaContext, Site},
};

/// Keys of lists and objects. For these keys, an empty list or object means the same as an absent one.
const OPTIONAL: [&str; 6] = [
    "callbacks",
    "encoding",
    "examples",
    "headers",
    "links",
    "parameters",
];

/// A change as the comparison finds it.
#[derive(Clone, Debug)]
pub(crate) struct RawChange {
    pub kind: ChangeKind,
    /// Part of the ID, such as `request-body`. The rule defines which of the fields `context`, `presence`
    /// (`required` or `optional`) and `keyword` are in the ID.
    context: &'static str,
    presence: &'static str,
    pub keyword: &'static str,
    pub direction: Direction,
    /// True if no operation uses the schema, so that it never applies to a message.
    unused: bool,
    /// True if no standard defines the meaning of the changed value, or if authors disagree on it. Then only
    /// a counterexample makes the change breaking.
    disputed: bool,
    /// Pointer to the old value; `None` if the value was added.
    pub old: Option<PointerBuf>,
    /// Pointer to the new value; `None` if the value was removed.
    pub new: Option<PointerBuf>,
    /// Pointer to the new value. For a removed value, pointer to the object that contained it. If the new
    /// document has no value there, the nearest ancestor that remains is the location of the change.
    pub nearest: PointerBuf,
    identity: PointerBuf,
    pub what: String,
    /// Text that distinguishes this change from others of the same kind at the same place, such as `10→5`.
    value: String,
    pub proof: Proof,
    /// Index of the frame (the pair of compared schemas) in which the change was found; `None` outside
    /// schemas.
    pub frame: Option<usize>,
    /// Facts about the change: one list for each context in which the comparison found the change.
    pub facts: Vec<Vec<Fact>>,
    /// True if the change also accounts for all differences inside the old and the new value. Then no other
    /// change has to report them.
    pub covers_subtree: bool,
}

impl RawChange {
    /// Creates a change at a value, or at `parent` if neither document has the value.
    fn new(
        kind: ChangeKind,
        [old, new]: [Option<&Node<'_>>; 2],
        parent: &Node<'_>,
        what: String,
        value: String,
    ) -> Self {
        let pointer = |node: &Node<'_>| node.pointer.clone();
        Self {
            kind,
            context: "",
            presence: "",
            keyword: "",
            direction: Direction::None,
            unused: false,
            disputed: false,
            old: old.map(pointer),
            new: new.map(pointer),
            nearest: pointer(new.unwrap_or(parent)),
            identity: new.or(old).unwrap_or(parent).identity.clone(),
            what,
            value,
            proof: Proof::None,
            frame: None,
            facts: Vec::new(),
            covers_subtree: true,
        }
    }

    /// Creates a change for a difference that no rule covers. Returns `None` if neither document has the
    /// value.
    pub(crate) fn unclassified([old, new]: [Option<&Node<'_>>; 2]) -> Option<Self> {
        let node = new.or(old)?;
        let site = Site::new(old.cloned(), new.cloned(), node);
        let key = node.pointer.last().map(|key| key.decoded().into_owned());
        if let Some(key) = key.filter(|key| OPTIONAL.contains(&key.as_str()))
            && site.is_empty_on_one_side()
        {
            let what = format!("an empty `{key}` {}", site.verb());
            let kind = ChangeKind::NotationChanged;
            return Some(Self::new(kind, [old, new], node, what, site.value()));
        }
        let [before, after] =
            [old, new].map(|node| node.map_or_else(|| "nothing".to_owned(), |node| canonical(node.value)));
        let value = format!("{before}→{after}");
        let (before, after) = shorten_pair(&before, &after);
        let what = format!("`{}` changed: {before} → {after}", node.pointer);
        let kind = ChangeKind::Unclassified;
        Some(Self::new(kind, [old, new], node, what, value))
    }

    pub(crate) fn id(&self) -> String {
        let direction = match self.direction {
            Direction::Request => "request",
            Direction::Response => "response",
            Direction::Both | Direction::None => "schema",
        };
        let Self {
            context, presence, ..
        } = self;
        match self.kind.rule().id {
            Id::Fixed(id) => id.to_owned(),
            Id::Schema(change) => format!("{context}-{change}"),
            Id::Keyword(change) => format!("{context}-{}-{change}", self.keyword),
            Id::Property(change) => format!("{direction}-property-{change}"),
            Id::PropertyPresence(change) => format!("{direction}-{presence}-property-{change}"),
        }
    }

    pub(crate) fn level(&self) -> Level {
        let level = self.kind.rule().level(self.direction);
        match self.proof {
            Proof::Counterexample { .. } => return Level::Breaking,
            Proof::IncludedIfDistinct if !self.unused => return Level::Warning,
            Proof::Undecided if self.disputed && !self.unused => return Level::Warning,
            Proof::Undecided if !self.unused => return level.max(Level::Warning),
            _ => {}
        }
        let is_harmless = self.unused || self.proof == Proof::Included;
        if is_harmless {
            level.min(Level::Info)
        } else {
            level
        }
    }

    pub(crate) fn meaning(&self) -> &'static str {
        let rule = self.kind.rule();
        match (&self.proof, self.direction) {
            (Proof::Counterexample { .. }, direction) if rule.level(direction) < Level::Breaking => {
                "With the other changes of the schema, it breaks values such as the example."
            }
            (Proof::IncludedIfDistinct, _) => {
                "Values that match several alternatives of a `oneOf` may become invalid."
            }
            (Proof::Included, Direction::Response) => "Everything that may be sent was allowed before.",
            (Proof::Included, _) => "Everything that was accepted still is.",
            _ => rule.meaning(self.direction),
        }
    }

    pub(crate) fn fingerprint(&self) -> String {
        /// Number of hexadecimal digits.
        const LENGTH: usize = 16;
        let mut digest = sha256(&format!("{}\n{}\n{}", self.id(), self.identity, self.value));
        digest.truncate(LENGTH);
        digest
    }

    fn absorb(&mut self, other: Self) {
        self.direction = self.direction.union(other.direction);
        self.unused &= other.unused;
        // If one use breaks, the change breaks.
        if other.proof.strength() > self.proof.strength() {
            self.proof = other.proof;
        }
        for facts in other.facts {
            if !self.facts.contains(&facts) {
                self.facts.push(facts);
            }
        }
    }
}

/// Merges changes of one kind at one place that were found in several contexts.
pub(crate) fn merge(changes: Vec<RawChange>) -> Vec<RawChange> {
    let mut merged: BTreeMap<(String, Option<PointerBuf>, Option<PointerBuf>, String), RawChange> =
        BTreeMap::new();
    for change in changes {
        let key = (
            change.id(),
            change.old.clone(),
            change.new.clone(),
            change.value.clone(),
        );
        match merged.get_mut(&key) {
            None => {
                merged.insert(key, change);
            }
            Some(first) => first.absorb(change),
        }
    }
    merged.into_values().collect()
}

/// All changes that the comparison has found.
#[derive(Default)]
pub(crate) struct Changes {
    pub raw: Vec<RawChange>,
    /// Pointers to values. A change at another place accounts for all differences inside them.
    pub explained: Vec<PointerBuf>,
}

impl Changes {
    /// Begins to build a change. [`ChangeBuilder::report`] completes and reports it.
    pub(crate) fn change(
        &mut self,
        kind: ChangeKind,
        site: &Site<'_, '_>,
        what: String,
    ) -> ChangeBuilder<'_> {
        let change = RawChange::new(kind, site.sides(), site.parent, what, site.value());
        ChangeBuilder {
            changes: self,
            change,
            facts: Vec::new(),
        }
    }

    /// Checks whether any change is at or below the place `old` in the old document, or `new` in the new
    /// document.
    pub(crate) fn has_within(&self, old: &Pointer, new: &Pointer) -> bool {
        let is_in = |at: &Option<PointerBuf>, place| at.as_ref().is_some_and(|at| at.starts_with(place));
        self.raw
            .iter()
            .any(|change| is_in(&change.old, old) || is_in(&change.new, new))
    }
}

/// Builds a change.
#[must_use = "nothing is reported without `report`"]
pub(crate) struct ChangeBuilder<'f> {
    changes: &'f mut Changes,
    change: RawChange,
    facts: Vec<Fact>,
}

impl ChangeBuilder<'_> {
    /// Sets the context in which the schema is compared.
    pub(crate) fn context(mut self, context: SchemaContext) -> Self {
        self.change.context = context.id();
        self.change.presence = context.presence();
        self.change.direction = context.direction;
        self.change.unused = context.direction == Direction::None;
        let components = Pointer::from_static("/components");
        let is_shared = self.change.nearest.starts_with(components);
        self.fact_if(context.failure && !is_shared, Fact::FailureResponse)
    }

    pub(super) fn frame(mut self, frame: Option<usize>) -> Self {
        self.change.frame = frame;
        self
    }

    pub(crate) fn direction(mut self, direction: Direction) -> Self {
        self.change.direction = direction;
        self
    }

    /// Completes the rule ID with the name of a keyword.
    pub(crate) fn keyword(mut self, name: &'static str) -> Self {
        self.change.keyword = name;
        self
    }

    pub(crate) fn disputed(mut self, is_disputed: bool) -> Self {
        self.change.disputed = is_disputed;
        self
    }

    pub(crate) fn fact_if(self, holds: bool, fact: Fact) -> Self {
        self.facts(holds.then_some(fact))
    }

    pub(crate) fn facts(mut self, facts: impl IntoIterator<Item = Fact>) -> Self {
        self.facts.extend(facts);
        self
    }

    /// Sets the text that distinguishes the change from others at the same place. By default, this text
    /// consists of the old and the new value.
    pub(crate) fn value(mut self, value: String) -> Self {
        self.change.value = value;
        self
    }

    /// Sets whether the change also accounts for all differences inside the old and the new value. The
    /// default is true.
    pub(crate) fn covers_subtree(mut self, covers: bool) -> Self {
        self.change.covers_subtree = covers;
        self
    }

    pub(crate) fn report(mut self) {
        self.change.facts.push(self.facts);
        self.changes.raw.push(self.change);
    }
}
