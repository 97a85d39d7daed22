//! Compares schemas: pairs the schemas of the two documents, and compares each keyword.

mod composition;
pub(crate) mod constraints;
mod properties_and_items;
mod type_enum_default;

use std::collections::BTreeMap;

use serde_json::Value;

use funnelflux_openapi::{
    openapi_model::{ANNOTATIONS, ObjectKind},
    pointer::PointerBuf,
    references,
};

use properties_and_items::restricts_unevaluated;
use type_enum_default::{default_kind, type_kind};

use crate::{
    comparer::Comparer,
    index::DocumentIndex,
    level::Side,
    node::Node,
    part_names::{subject, tokens},
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

impl<'a> Comparer<'a> {
    /// Compares the pairs of schemas in the queue. A comparison may add further pairs. Each pair is compared
    /// once per context, so recursive schemas do not cause an endless comparison.
    pub(crate) fn queued_schemas(&mut self) {
        while let Some((old, new, context, frame)) = self.queue.pop_front() {
            if self.compared.insert((frame, context)) {
                self.frames.current = Some(frame);
                self.schema_pair(&old, &new, context);
            }
        }
        self.frames.current = None;
    }

    /// Adds a pair of schemas to the queue, as a child of the pair that is being compared.
    pub(super) fn enqueue(&mut self, old: Node<'a>, new: Node<'a>, mut context: SchemaContext) {
        context.optional = false;
        let frame = self.frames.add(&old, &new, context);
        self.queue.push_back((old, new, context, frame));
    }

    /// Adds a pair of schemas to the queue. The pair has no parent, like the schemas of a whole message.
    pub(crate) fn enqueue_root(&mut self, old: Node<'a>, new: Node<'a>, context: SchemaContext) {
        let current = self.frames.current.take();
        let closed = None;
        self.enqueue(old, new, SchemaContext { closed, ..context });
        self.frames.current = current;
    }

    /// Compares two schemas.
    pub(crate) fn schema(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        let frame = self.frames.add(old, new, context);
        let outer = self.frames.current.replace(frame);
        self.schema_pair(old, new, context);
        self.frames.current = outer;
    }

    fn schema_pair(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        if old.allows_nothing() != new.allows_nothing() {
            let is_nothing = new.allows_nothing();
            let words = if is_nothing { "no value" } else { "values" };
            let what = format!("{} allows {words} now", subject(new));
            return self.report_in(Kind::NotChanged, &Site::between(old, new, new), what, context);
        }
        let (before, after) = (self.old.resolve(old), self.new.resolve(new));
        let (old_target, new_target) = (target(old, &before), target(new, &after));
        let is_wrapper = |node: &Node<'a>| node.value.get("allOf").is_some();
        let wrapper = match (old_target, new_target) {
            (None, None) => match (wrapped(old), wrapped(new)) {
                (Some(inner), None) if !is_wrapper(new) => Some((Side::Old, inner)),
                (None, Some(inner)) if !is_wrapper(old) => Some((Side::New, inner)),
                _ => return self.keywords_except(&[], old, new, context),
            },
            (Some(target), None) => wraps(&self.new, target, new).map(|inner| (Side::New, inner)),
            (None, Some(target)) => wraps(&self.old, target, old).map(|inner| (Side::Old, inner)),
            _ => None,
        };
        if let Some((side, inner)) = wrapper {
            return self.wrapper((old, new), side, &inner, context);
        }
        if old_target.is_some() && new_target.is_some() {
            self.beside_reference(old, new, context);
        }
        self.targets(old, new, context);
    }

    /// Compares the targets of references. A schema that is not a reference is its own target.
    fn targets(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        let (before, after) = (self.old.resolve(old), self.new.resolve(new));
        let (old_target, new_target) = (target(old, &before), target(new, &after));
        if old_target != new_target {
            self.replaced(old, new, context);
        }
        if old_target.is_some() && old_target == new_target && old.reference() != new.reference() {
            let site = Site::member("$ref", old, new);
            self.report(
                Kind::NotationChanged,
                &site,
                site.describe("$ref"),
                context.direction,
            );
        }
        self.enqueue(before, after, context);
    }

    /// Compares the siblings of references. In `OpenAPI` 3.0, they have no effect, apart from documentation
    /// and `nullable`, by which authors mean that null is allowed. If other siblings have an effect, as in
    /// other versions, normalisation has moved the reference into an `allOf`.
    fn beside_reference(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        for (key, site) in Site::members(old, new) {
            if key == "$ref" || site.is_unchanged() {
                continue;
            }
            if counts_beside_reference(key) || !ObjectKind::Schema.keys().any(|keyword| keyword == key) {
                self.keyword(key, &site, old, context);
            } else {
                let what = format!("{}, which a reference overrides", site.describe(key));
                self.report(Kind::NotationChanged, &site, what, context.direction);
            }
        }
    }

    /// Reports that another schema is used at this place (a component or an inline schema), or that the
    /// schema was renamed.
    fn replaced(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        let (before, after) = (self.old.resolve(old), self.new.resolve(new));
        let name = |node: &Node<'a>| Some(node.reference()?.rsplit('/').next().unwrap_or_default());
        let site = Site::between(old, new, new);
        if let (Some(old_name), Some(new_name)) = (name(old), name(new))
            && self.new.node(&before.pointer).is_none()
            && self.old.node(&after.pointer).is_none()
        {
            // No document has both names, so the schema was renamed.
            let known = self.renamed.insert(before.pointer.clone(), after.pointer.clone());
            if known.is_none() {
                let what = format!("the schema `{old_name}` was renamed to `{new_name}`");
                self.change(Kind::SchemaRenamed, &Site::between(&before, &after, new), what)
                    .value(String::new())
                    .covers_subtree(false)
                    .report();
            }
            if known.is_none_or(|pointer| pointer == after.pointer) {
                let what = format!("the reference to `{old_name}` became one to `{new_name}`");
                return self.report(Kind::NotationChanged, &site, what, context.direction);
            }
        }
        let words =
            |node: &Node<'a>| name(node).map_or("an inline schema".to_owned(), |name| format!("`{name}`"));
        let what = format!("{} uses {} instead of {}", subject(new), words(new), words(old));
        self.change(Kind::SchemaReplaced, &site, what)
            .context(context)
            .value(format!("{:?}→{:?}", name(old), name(new)))
            .report();
    }

    /// Handles a schema that is `{"allOf": [inner]}` in one document (`side`) only: reports the different
    /// notation, and compares `inner` with the schema of the other document.
    fn wrapper(
        &mut self,
        (old, new): (&Node<'a>, &Node<'a>),
        side: Side,
        inner: &Node<'a>,
        context: SchemaContext,
    ) {
        let (outer, plain, words) = side.of([(old, new, "no longer"), (new, old, "now")]);
        let sides = (old, new);
        // Keywords that both the plain schema and the schema with the `allOf` have, but the single schema
        // lacks.
        let target = side.of([&self.old, &self.new]).resolve(inner);
        let is_shared = |key: &&str| {
            let has = |schema: &Node<'a>| schema.value.get(*key).is_some();
            plain.reference().is_none() && has(plain) && !has(&target)
        };
        let shared: Vec<&str> = outer.keys().filter(is_shared).collect();
        // The siblings of the `allOf` apply in addition to the single schema.
        let empty = Node::at(&Value::Null, plain.pointer.clone());
        // These siblings have the same effect beside a reference and beside an `allOf`.
        let is_alike = |key: &str| plain.reference().is_some() && counts_beside_reference(key);
        for (key, site) in Site::members(sides.0, sides.1).filter(|(key, _)| is_alike(key)) {
            self.keyword(key, &site, sides.0, context);
        }
        let (old, new) = side.of([(inner, new), (old, inner)]);
        let (before, after) = side.of([(outer, &empty), (&empty, outer)]);
        for (key, site) in Site::members(before, after) {
            if is_alike(key) {
                continue;
            }
            if shared.contains(&key) {
                let (old, new) = sides;
                self.keyword(key, &Site::member(key, old, new), old, context);
                continue;
            }
            if key != "allOf" {
                self.keyword(key, &site, before, context);
                continue;
            }
            // If the `allOf` contains an inline schema, or has siblings other than documentation, tools may
            // derive another type from it.
            let kind = match wrapped(outer).and_then(|inner| inner.reference()) {
                Some(_) => Kind::NotationChanged,
                None => Kind::TypeNotationChanged,
            };
            let what = format!("{} is {words} an `allOf` around a single schema", subject(after));
            self.report(kind, &site, what, context.direction);
        }
        // The keywords of the plain schema are compared with the keywords of the single schema.
        let keys = plain.keys().map(|key| plain.pointer.with_trailing_token(key));
        self.changes.explained.extend(keys);
        if plain.reference().and(inner.reference()).is_some() {
            return self.targets(old, new, context);
        }
        if shared.is_empty() {
            return self.schema(old, new, context);
        }
        if inner.reference().is_some() {
            self.replaced(old, new, context);
        }
        let (old, new) = side.of([(&target, new), (old, &target)]);
        let frame = self.frames.add(old, new, context);
        let around = self.frames.current.replace(frame);
        self.keywords_except(&shared, old, new, context);
        self.frames.current = around;
    }

    /// Reports a difference of notation that does not change the meaning. If the schema has alternatives or
    /// no type, code generators may derive a different type from the new notation.
    fn notation(&mut self, site: &Site<'_, 'a>, what: String, old: &Node<'a>, context: SchemaContext) {
        let new = site.parent;
        let has_alternatives = self.old.has_alternatives(old) || self.new.has_alternatives(new);
        let kind = if has_alternatives || is_untyped(old) || is_untyped(new) {
            Kind::TypeNotationChanged
        } else {
            Kind::NotationChanged
        };
        self.change(kind, site, what)
            .context(context)
            .covers_subtree(false)
            .report();
    }

    fn keywords_except(&mut self, compared: &[&str], old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        if !old.value.is_object() || !new.value.is_object() {
            return self.unclassified(&Site::between(old, new, new));
        }
        let own = self.frames.current.filter(|_| restricts_unevaluated(old));
        let closed = own.or(context.closed);
        let context = SchemaContext { closed, ..context };
        for (key, site) in Site::members(old, new).filter(|(key, _)| !compared.contains(key)) {
            self.keyword(key, &site, old, context);
        }
        self.subtypes(old, new, context);
    }

    /// Compares a keyword of the schemas `old` and `site.parent`.
    fn keyword(&mut self, key: &str, site: &Site<'_, 'a>, old: &Node<'a>, context: SchemaContext) {
        if site.values().any(|value| !fits(key, value.value)) {
            return self.unclassified(site);
        }
        match key {
            // Equal values of these keywords may contain references to schemas that differ.
            "properties" => return self.properties(site, old, context),
            "items" => return self.items(site, old, context),
            "additionalProperties" => return self.additional_properties(site, old, context),
            "allOf" | "anyOf" | "oneOf" => return self.composition(key, site, old, context),
            "type" | "x-type" if self.types_kept_aside(site, old, context) => return,
            _ if self.constraint(key, site, old, context) => return,
            _ => {}
        }
        if site.is_unchanged() {
            return;
        }
        match key {
            // The reference is broken, so its target is unknown.
            "$ref" => self.unclassified(site),
            "type" => self.report_in(type_kind(site), site, site.describe(key), context),
            "default" => self.report_in(default_kind(site, context), site, site.describe(key), context),
            "uniqueItems" | "exclusiveMaximum" | "exclusiveMinimum" => {
                let name = if key == "uniqueItems" {
                    "unique-items"
                } else {
                    "exclusive-limit"
                };
                if let Some(change) = self.flag(key, site, [Kind::LimitSet, Kind::LimitUnset]) {
                    change.context(context).keyword(name).report();
                }
            }
            "format" => self.format(site, old, context),
            "nullable" => self.nullable(site, context),
            "x-nullable" if site.values().all(|node| node.value.is_array()) => {
                self.exemption_of_null(site, old, context);
            }
            "enum" => self.enumeration(site, context),
            "required" => self.required(site, old, context),
            "readOnly" | "writeOnly" => self.access(key, site, context),
            "deprecated" => {
                let kinds = [Kind::PropertyDeprecated, Kind::PropertyReactivated];
                self.flag_in(key, site, kinds, context.direction);
            }
            "discriminator" => self.discriminator(site, old, context),
            "x-extensible-enum" => self.extensible_enumeration(site, context),
            "xml" if !self.has_xml || is_xml_alike(site) => {
                self.report(Kind::NotationChanged, site, site.describe(key), context.direction);
            }
            _ if self.limit(key, site, context) => {}
            _ => self.other_member(key, site, context.direction),
        }
    }
}

/// Checks whether two `xml` objects have the same effect: they may differ only in members that state a
/// default.
fn is_xml_alike(site: &Site<'_, '_>) -> bool {
    let tokens = tokens(&site.parent.pointer);
    let property = match tokens.as_slice() {
        [.., keyword, name] if keyword == "properties" => Some(name.as_str()),
        _ => None,
    };
    let [old, new] = site.sides().map(|xml| {
        let members = xml.map(Node::members).unwrap_or_default().into_iter();
        let is_default = |key: &str, value: &Value| match key {
            "attribute" | "wrapped" => *value == false,
            // Without a name, the element of a property has the name of the property.
            "name" => property.is_some_and(|name| value == name),
            _ => false,
        };
        let members = members.map(|(key, node)| (key, node.value));
        let members = members.filter(|(key, value)| !is_default(key, value));
        members.collect::<BTreeMap<_, _>>()
    });
    old == new && site.values().all(|xml| xml.value.is_object())
}

/// Returns the pointer to the target of a reference. Returns `None` for a broken reference, and for other
/// nodes.
fn target<'n>(node: &Node<'_>, resolved: &'n Node<'_>) -> Option<&'n PointerBuf> {
    (node.value.get("$ref").is_some() && node.pointer != resolved.pointer).then_some(&resolved.pointer)
}

/// Checks whether a schema has neither a type nor properties nor an `allOf`.
fn is_untyped(schema: &Node<'_>) -> bool {
    let properties = schema.value.get("properties").and_then(Value::as_object);
    let has_properties = properties.is_some_and(|all| !all.is_empty());
    !has_properties && schema.value.get("type").or(schema.value.get("allOf")).is_none()
}

/// Checks whether a sibling of a reference has an effect, although `OpenAPI` 3.0 ignores it. Documents mean
/// that null is allowed, or that a property is deprecated.
fn counts_beside_reference(key: &str) -> bool {
    let is_ignored = ["default", "readOnly", "writeOnly", "xml"].contains(&key);
    key == "nullable" || key.starts_with("x-") || (ANNOTATIONS.contains(&key) && !is_ignored)
}

/// Checks whether the value of a keyword has a JSON type that the comparison supports.
fn fits(key: &str, value: &Value) -> bool {
    match key {
        "type" | "format" | "pattern" | "$ref" => value.is_string(),
        "required" | "enum" | "allOf" | "anyOf" | "oneOf" => value.is_array(),
        "properties" | "discriminator" => value.is_object(),
        _ => true,
    }
}

/// Returns the only schema in the `allOf` of the node. Returns `None` if the `allOf` has siblings other than
/// documentation, extensions and `nullable`.
fn wrapped<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    let is_documentation = |key: &str| {
        key == "allOf" || key == "nullable" || key.starts_with("x-") || ANNOTATIONS.contains(&key)
    };
    single(node).filter(|_| node.keys().all(is_documentation))
}

/// Returns the only schema in the `allOf` of the node, if `wrapped` returns it or it is the component at
/// `target`.
fn wraps<'a>(document: &DocumentIndex<'a>, target: &PointerBuf, node: &Node<'a>) -> Option<Node<'a>> {
    wrapped(node).or_else(|| single(node).filter(|inner| document.resolve(inner).pointer == *target))
}

/// Returns the schema in the `allOf` of the node, if there is exactly one.
fn single<'a>(node: &Node<'a>) -> Option<Node<'a>> {
    let name = |part: &'a Value| references::reference(part).unwrap_or("0").to_owned();
    let mut entries = node.get("allOf")?.entries(name);
    (entries.len() == 1).then(|| entries.pop()).flatten()
}
