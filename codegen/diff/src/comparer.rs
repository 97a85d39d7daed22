//! The state of a comparison. Compares members that objects of many kinds have, such as descriptions and
//! flags.
//!
//! The modules in `document` compare all other members.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use serde_json::Value;

use funnelflux_openapi::{
    evidence::{self, Evidence},
    pointer::{self, Pointer, PointerBuf},
    references::References,
};

use crate::{
    deep_difference::DeepEquality,
    frames::Frames,
    index::DocumentIndex,
    level::Direction,
    node::Node,
    normative_words,
    part_names::subject,
    raw_change::{ChangeBuilder, Changes, RawChange},
    report::Fact,
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

/// Extensions in which normalisation preserves fields of Swagger 2.0 that `OpenAPI` 3.0 lacks. These fields
/// are more than documentation, and no rule covers them. So their changes are unclassified.
const UNCONVERTED: [&str; 3] = ["x-schemes", "x-consumes", "x-produces"];

/// Compares two documents.
pub(crate) struct Comparer<'a> {
    pub old: DocumentIndex<'a>,
    pub new: DocumentIndex<'a>,
    pub equality: DeepEquality<'a>,
    pub changes: Changes,
    /// All pairs of schemas to compare. Each pair is a frame.
    pub frames: Frames<'a>,
    /// Pairs of schemas from `queue` that have been compared. An entry has the index of the pair in `frames`,
    /// and the context of the comparison.
    pub compared: HashSet<(usize, SchemaContext)>,
    /// Pairs of schemas that are still to be compared: the old schema, the new schema, the context, and the
    /// index of the pair in `frames`.
    pub queue: VecDeque<(Node<'a>, Node<'a>, SchemaContext, usize)>,
    /// True if at least one of the documents contains a media type that may be XML.
    pub has_xml: bool,
    /// Maps the method and the content of an operation to the paths that have this operation in the new
    /// document, but do not exist in the old document. `None` until the map is needed.
    pub moved: Option<HashMap<(&'a str, String), Vec<&'a str>>>,
    /// Renamed schemas: old pointer to new pointer.
    pub renamed: BTreeMap<PointerBuf, PointerBuf>,
}

impl<'a> Comparer<'a> {
    pub(crate) fn new(old: &'a References<'a>, new: &'a References<'a>) -> Self {
        Self {
            old: DocumentIndex::new(old),
            new: DocumentIndex::new(new),
            equality: DeepEquality::new(old, new),
            changes: Changes::default(),
            frames: Frames::default(),
            compared: HashSet::new(),
            queue: VecDeque::new(),
            has_xml: [old, new].iter().any(|references| has_xml(references.document())),
            moved: None,
            renamed: BTreeMap::new(),
        }
    }

    /// Begins to report a change. The caller completes the report with the returned builder.
    pub(crate) fn change(&mut self, kind: Kind, site: &Site<'_, 'a>, what: String) -> ChangeBuilder<'_> {
        let frame = self.frames.current;
        self.changes.change(kind, site, what).frame(frame)
    }

    /// Reports a change that affects messages of one direction: requests or responses.
    pub(crate) fn report(&mut self, kind: Kind, site: &Site<'_, 'a>, what: String, direction: Direction) {
        self.change(kind, site, what).direction(direction).report();
    }

    /// Reports a change of a schema that is used in `context`.
    pub(crate) fn report_in(
        &mut self,
        kind: Kind,
        site: &Site<'_, 'a>,
        what: String,
        context: SchemaContext,
    ) {
        self.change(kind, site, what).context(context).report();
    }

    /// Reports a difference that no rule covers.
    pub(crate) fn unclassified(&mut self, site: &Site<'_, 'a>) {
        if !site.is_unchanged() {
            self.changes.raw.extend(RawChange::unclassified(site.sides()));
        }
    }

    /// Compares a member that no other function handles. A change of the member is unclassified if the member
    /// is neither documentation nor an extension, or if `UNCONVERTED` lists it.
    pub(crate) fn other_member(&mut self, key: &str, site: &Site<'_, 'a>, direction: Direction) {
        if UNCONVERTED.contains(&key) || !self.annotation(key, site, direction) {
            self.unclassified(site);
        }
    }

    /// Compares a member that is documentation or an extension. Returns false for any other key.
    pub(crate) fn annotation(&mut self, key: &str, site: &Site<'_, 'a>, direction: Direction) -> bool {
        let kind = match key {
            "description" => Kind::DescriptionChanged,
            "summary" => Kind::SummaryChanged,
            "title" => Kind::TitleChanged,
            "example" | "examples" => Kind::ExampleChanged,
            "externalDocs" => Kind::ExternalDocsChanged,
            "x-sunset" | "x-stability-level" => Kind::LifecycleChanged,
            _ if key.starts_with("x-") => Kind::ExtensionChanged,
            _ => return false,
        };
        if site.is_unchanged() {
            return true;
        }
        let holder = subject(site.parent);
        let is_summary = key == "summary" && is_operation(&site.parent.pointer);
        let words = match key {
            "description" | "summary" => normative_words::differences(site),
            _ => Vec::new(),
        };
        if !words.is_empty() {
            let what = format!(
                "{key} of {holder}, with {}, {}",
                words.join(", "),
                site.before_after()
            );
            self.change(Kind::NormativeWordsChanged, site, what)
                .direction(direction)
                .fact_if(is_summary, operation_summary(site))
                .report();
            return true;
        }
        let may_name_type = key == "title" && self.title_may_name_type(site);
        self.change(kind, site, format!("{key} of {holder} {}", site.before_after()))
            .direction(direction)
            .fact_if(may_name_type, Fact::MayNameType)
            .fact_if(is_summary, operation_summary(site))
            .fact_if(
                key == evidence::KEY && inference_changed(site),
                Fact::InferenceChanged,
            )
            .report();
        true
    }

    /// Begins to report a change of a boolean member. An absent member counts as false. If a value is not
    /// boolean, reports the change as unclassified and returns `None`. Also returns `None` if the member is
    /// unchanged.
    pub(crate) fn flag(
        &mut self,
        key: &str,
        site: &Site<'_, 'a>,
        [set, unset]: [Kind; 2],
    ) -> Option<ChangeBuilder<'_>> {
        if site.is_unchanged() || site.values().any(|node| !node.value.is_boolean()) {
            self.unclassified(site);
            return None;
        }
        let holder = subject(site.parent);
        let (kind, what) = match site.flags() {
            [false, true] => (set, format!("{holder} is now `{key}`")),
            [true, false] => (unset, format!("{holder} is no longer `{key}`")),
            _ => (Kind::NotationChanged, site.describe(key)),
        };
        Some(self.change(kind, site, what))
    }

    /// Compares a boolean member that affects messages of the given direction.
    pub(crate) fn flag_in(&mut self, key: &str, site: &Site<'_, 'a>, kinds: [Kind; 2], direction: Direction) {
        if let Some(change) = self.flag(key, site, kinds) {
            change.direction(direction).report();
        }
    }

    /// Compares `description` and `summary` beside a reference in both documents; not for references to
    /// schemas. In `OpenAPI` 3.1, these texts override the texts of the target. `OpenAPI` 3.0 ignores them.
    pub(crate) fn texts_beside_reference(&mut self, site: &Site<'_, 'a>, direction: Direction) {
        if let Some((old, new)) = site.both()
            && old.reference().and(new.reference()).is_some()
        {
            for key in ["description", "summary"] {
                self.annotation(key, &Site::member(key, old, new), direction);
            }
        }
    }

    /// Reports that a value is inline in one document and behind a reference in the other, or that the two
    /// documents use different references.
    pub(crate) fn reference(&mut self, site: &Site<'_, 'a>, direction: Direction) {
        self.texts_beside_reference(site, direction);
        let [old, new] = site.sides().map(|node| node.and_then(Node::reference));
        if old == new {
            return;
        }
        let [before, after] = [old, new].map(|reference| match reference {
            Some(reference) => format!("behind `{reference}`"),
            None => "inline".to_owned(),
        });
        let node = site.new.as_ref().unwrap_or(site.parent);
        let what = format!("{} is now {after} instead of {before}", subject(node));
        self.change(Kind::NotationChanged, site, what)
            .direction(direction)
            .covers_subtree(old.is_none() || new.is_none())
            .report();
    }
}

/// Checks whether the value contains a media type that may be XML. A media type (or a range such as `*/*`) is
/// a key of `content`, or a text such as the `contentType` of an encoding.
fn has_xml(value: &Value) -> bool {
    let is_xml = |text: &str| {
        let text = text.to_ascii_lowercase();
        !text.starts_with('/') && text.contains('/') && (text.contains("xml") || text.contains('*'))
    };
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| {
            let is_media_type = ["contentType", "x-contentMediaType"].contains(&key.as_str());
            is_xml(key) || (is_media_type && value.as_str().is_some_and(is_xml)) || has_xml(value)
        }),
        Value::Array(entries) => entries.iter().any(has_xml),
        _ => false,
    }
}

/// Checks whether the site is the `x-evidence` of an operation, and the evidence changed from documented to
/// inferred, or from inferred to documented.
fn inference_changed(site: &Site<'_, '_>) -> bool {
    let evidence = site.sides().map(|node| Evidence::parse(node?.value));
    let [was_inferred, is_inferred] = evidence.map(|evidence| evidence.is_some_and(Evidence::is_inferred));
    is_operation(&site.parent.pointer) && was_inferred != is_inferred
}

fn is_operation(pointer: &Pointer) -> bool {
    pointer.count() == 3 && pointer::operation(pointer).is_some()
}

fn operation_summary(site: &Site<'_, '_>) -> Fact {
    let [old, new] = site.sides().map(|node| {
        let text = node.and_then(|node| node.value.as_str());
        text.unwrap_or_default().to_owned()
    });
    Fact::OperationSummary { old, new }
}
