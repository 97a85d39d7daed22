//! Compares the parameters that apply to an operation.

use serde_json::Value;

use funnelflux_openapi::{openapi_model::ANNOTATIONS, pointer::Pointer, references};

use super::{serialization::Serialized, server_url::placeholders};
use crate::{
    comparer::Comparer,
    index::DocumentIndex,
    level::Direction,
    node::{Node, canonical, entry_name},
    part_names::{parameter_name, subject},
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

/// Renamed path parameters, each as its old and its new name.
pub(crate) type Renames<'n> = Vec<(&'n str, &'n str)>;

/// Header parameters that `OpenAPI` ignores, each as its location and its name in lower case.
const IGNORED: [&str; 3] = ["header:accept", "header:content-type", "header:authorization"];

/// A parameter of an operation or of its path.
pub(super) struct Parameter<'a> {
    /// Location and name, such as `query:page`.
    pub name: String,
    pub value: Node<'a>,
    /// The entry of the list `parameters`: the parameter itself, or a reference to it.
    pub written: Node<'a>,
    /// True if the operation itself lists the parameter, and false if its path lists the parameter.
    is_own: bool,
}

impl<'a> Comparer<'a> {
    pub(crate) fn parameters(
        &mut self,
        (old, new): (&Node<'a>, &Node<'a>),
        items: (&Node<'a>, &Node<'a>),
        renames: &Renames<'_>,
    ) {
        let mut before = effective_parameters(&self.old, old, items.0);
        let mut after = effective_parameters(&self.new, new, items.1);
        for parameter in &mut before {
            if let Some(placeholder) = parameter.name.strip_prefix("path:")
                && let Some((_, renamed)) = renames.iter().find(|(from, _)| *from == placeholder)
            {
                parameter.name = format!("path:{renamed}");
            }
        }
        self.ignored_headers(&before, &after, new);
        let is_sent = |parameter: &Parameter<'a>| !IGNORED.contains(&parameter.name.as_str());
        before.retain(is_sent);
        after.retain(is_sent);
        let is_in = |list: &[Parameter<'a>], name: &str| list.iter().any(|other| other.name == name);
        for parameter in &after {
            match before.iter().find(|other| other.name == parameter.name) {
                Some(other) => {
                    let site = Site::between(&other.written, &parameter.written, new);
                    self.texts_beside_reference(&site, Direction::Request);
                    self.parameter(&other.value, &parameter.value, SchemaContext::PARAMETER);
                }
                None if parameter.name.starts_with("path:") && is_in_path(&old.pointer, parameter) => {
                    self.path_parameter_described(parameter, new);
                }
                None => self.parameter_added(parameter, new),
            }
        }
        for parameter in before.iter().filter(|parameter| !is_in(&after, &parameter.name)) {
            let name = parameter_name(&parameter.value);
            let what = format!("the {name} was removed from {}", subject(new));
            let site = Site::removed(&parameter.written, new);
            self.report(Kind::ParameterRemoved, &site, what, Direction::Request);
        }
        let kept = |list: &[Parameter<'a>], others: &[Parameter<'a>]| -> Vec<String> {
            let kept = list.iter().filter(|parameter| is_in(others, &parameter.name));
            kept.map(|parameter| parameter.name.clone()).collect()
        };
        let (old_order, new_order) = (kept(&before, &after), kept(&after, &before));
        if old_order != new_order {
            let site = Site::member("parameters", old, new);
            let [old_order, new_order] = [old_order.join(", "), new_order.join(", ")];
            let what = format!("the order of parameters changed: {old_order} → {new_order}");
            self.change(Kind::ParameterOrderChanged, &site, what)
                .direction(Direction::Request)
                .covers_subtree(false)
                .value(new_order.replace(", ", ","))
                .report();
        }
        for parameter in &after {
            let is_moved = |other: &&Parameter<'a>| {
                other.name == parameter.name
                    && (other.is_own, other.written.reference())
                        != (parameter.is_own, parameter.written.reference())
            };
            if let Some(other) = before.iter().find(is_moved) {
                let site = Site::between(&other.written, &parameter.written, new);
                let name = parameter_name(&parameter.value);
                let what = format!("the {name} is written in another place");
                self.report(Kind::NotationChanged, &site, what, Direction::Request);
            }
        }
    }

    /// Reports a change of a parameter of a path as having no effect if every operation of the path overrides
    /// the parameter. `operations` contains the operations of the path that both documents have.
    pub(super) fn overridden_parameters(
        &mut self,
        (old, new): (&Node<'a>, &Node<'a>),
        operations: &[(Node<'a>, Node<'a>)],
    ) {
        let overridden = |document: &DocumentIndex<'a>, item: &Node<'a>, operations: Vec<&Node<'a>>| {
            let mut parameters = declared_parameters(document, item, false);
            parameters.retain(|parameter| {
                operations.iter().all(|operation| {
                    let own = declared_parameters(document, operation, true);
                    own.iter().any(|other| other.name == parameter.name)
                })
            });
            parameters
        };
        let before = overridden(&self.old, old, operations.iter().map(|(old, _)| old).collect());
        let after = overridden(&self.new, new, operations.iter().map(|(_, new)| new).collect());
        let twin = |list: &[Parameter<'a>], name: &str| {
            let twin = list.iter().find(|other| other.name == name);
            twin.map(|twin| twin.written.clone())
        };
        let removed = before
            .iter()
            .filter(|parameter| twin(&after, &parameter.name).is_none());
        for parameter in after.iter().chain(removed) {
            let name = &parameter.name;
            let site = Site::new(twin(&before, name), twin(&after, name), new);
            if !site.is_unchanged() {
                let (name, verb) = (parameter_name(&parameter.value), site.verb());
                let what = format!(
                    "the {name} of {}, which every operation overrides, {verb}",
                    subject(new)
                );
                self.report(Kind::NotationChanged, &site, what, Direction::Request);
            }
        }
    }

    /// Reports differences in the header parameters that `OpenAPI` ignores.
    fn ignored_headers(&mut self, before: &[Parameter<'a>], after: &[Parameter<'a>], parent: &Node<'a>) {
        for name in IGNORED {
            let [old, new] = [before, after].map(|list| list.iter().find(|other| other.name == name));
            let [old_written, new_written] =
                [old, new].map(|header| header.map(|header| header.written.clone()));
            let site = Site::new(old_written, new_written, parent);
            if let Some(header) = new.or(old)
                && !site.is_unchanged()
            {
                let (name, holder) = (parameter_name(&header.value), subject(parent));
                let what = format!("the {name} of {holder}, which is ignored, {}", site.verb());
                self.report(Kind::IgnoredHeaderChanged, &site, what, Direction::Request);
            }
        }
    }

    /// Reports that the new document declares a path parameter. The old document has only a placeholder for
    /// it.
    fn path_parameter_described(&mut self, described: &Parameter<'a>, parent: &Node<'a>) {
        let schema = described
            .value
            .get("schema")
            .map(|schema| self.new.resolve(&schema));
        let is_any_text = schema.is_some_and(|schema| {
            let mut keys = schema.keys();
            schema.str("type") == Some("string")
                && keys.all(|key| key == "type" || ANNOTATIONS.contains(&key))
        });
        let name = parameter_name(&described.value);
        let what = format!("the {name}, which was in the path before, is described now");
        let site = Site::added(&described.written, parent);
        if is_any_text {
            return self.report(Kind::TypeNotationChanged, &site, what, Direction::Request);
        }
        self.change(Kind::ConstraintAdded, &site, what)
            .context(SchemaContext::PARAMETER)
            .keyword("schema")
            .report();
    }

    fn parameter_added(&mut self, added: &Parameter<'a>, parent: &Node<'a>) {
        let parameter = &added.value;
        let required = parameter.flag("required");
        let has_default = parameter.value.pointer("/schema/default").is_some();
        let kind = match (parameter.str("in"), required, has_default) {
            (Some("path"), ..) => Kind::PathParameterAdded,
            (_, true, false) => Kind::RequiredParameterAdded,
            (_, true, true) => Kind::RequiredParameterWithDefaultAdded,
            (_, false, false) => Kind::OptionalParameterAdded,
            (_, false, true) => Kind::OptionalParameterWithDefaultAdded,
        };
        let presence = if required { "required" } else { "optional" };
        let name = parameter_name(parameter);
        let what = format!("the {presence} {name} was added to {}", subject(parent));
        let site = Site::added(&added.written, parent);
        self.report(kind, &site, what, Direction::Request);
    }

    /// Returns the old and the new schema of a parameter that has a `schema` in one document and `content` in
    /// the other. Returns `None` if the documents may send the same value as different texts.
    fn schemas_of_same_text(&self, old: &Node<'a>, new: &Node<'a>) -> Option<(Node<'a>, Node<'a>)> {
        let kind = |document: &DocumentIndex<'a>, schema: &Node<'a>| document.resolve(schema).str("type");
        let described = |document: &DocumentIndex<'a>, parameter: &Node<'a>| {
            if let Some(schema) = parameter.get("schema") {
                let is_scalar = !["array", "object"].contains(&kind(document, &schema)?);
                return Some((schema, true)).filter(|_| is_scalar);
            }
            let mut content = parameter.get("content")?.members();
            let (name, media_type) = content.pop().filter(|_| content.is_empty())?;
            let schema = media_type.get("schema")?;
            let is_plain = match name {
                "text/plain" => true,
                // JSON puts only strings in quotes.
                "application/json" => ["integer", "number", "boolean"].contains(&kind(document, &schema)?),
                _ => false,
            };
            Some((schema, false)).filter(|_| is_plain)
        };
        let (before, has_schema) = described(&self.old, old)?;
        let (after, still_has_schema) = described(&self.new, new)?;
        (has_schema != still_has_schema).then_some((before, after))
    }

    /// Compares two parameters, or two headers of a response or of a part of a multipart body.
    pub(super) fn parameter(&mut self, old: &Node<'a>, new: &Node<'a>, mut context: SchemaContext) {
        let direction = context.direction;
        let is_request = direction == Direction::Request;
        let (required, deprecated, serialization) = if is_request {
            (
                [Kind::ParameterBecameRequired, Kind::ParameterBecameOptional],
                [Kind::ParameterDeprecated, Kind::ParameterReactivated],
                Kind::ParameterSerializationChanged,
            )
        } else {
            (
                [Kind::HeaderBecameRequired, Kind::HeaderBecameOptional],
                [Kind::HeaderDeprecated, Kind::HeaderReactivated],
                Kind::SerializationChanged,
            )
        };
        // A parameter that only the new document requires is reported as a separate change.
        context.ignores_default = is_request && old.flag("required");
        let sides = [old, new].map(Serialized::of);
        let text = context.encoded(self.text_encoding(sides.each_ref()));
        let same_text = self.schemas_of_same_text(old, new);
        if let Some((before, after)) = &same_text {
            self.schema(before, after, text);
        }
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("schema", Some((before, after))) => self.schema(before, after, text),
                ("content", Some((before, after))) => self.content(before, after, context),
                _ if site.is_unchanged() => {}
                ("required", _) => self.flag_in(key, &site, required, direction),
                ("deprecated", _) => self.flag_in(key, &site, deprecated, direction),
                ("allowEmptyValue", _) if is_request => {
                    let kinds = [
                        Kind::ParameterEmptyValueAllowed,
                        Kind::ParameterEmptyValueForbidden,
                    ];
                    self.flag_in(key, &site, kinds, direction);
                }
                _ => {
                    let kind = match key {
                        "schema" | "content" if same_text.is_some() => Kind::NotationChanged,
                        "schema" | "content" if is_request => Kind::ParameterContentChanged,
                        // Parameters are paired by name. The names differ only if a header is written in
                        // another case or a placeholder was renamed.
                        "name" | "in" if new.str("in") == Some("header") => Kind::NotationChanged,
                        "name" if is_request && self.sends_name(sides.each_ref()) => serialization,
                        "name" | "in" if is_request => Kind::PathParameterRenamed,
                        // `x-collectionFormat` is a list separator of Swagger 2.0 that `OpenAPI` 3.0 lacks.
                        "style" | "explode" | "allowReserved" | "x-collectionFormat" => {
                            self.serialization_kind(key, sides.each_ref(), serialization)
                        }
                        _ => {
                            self.other_member(key, &site, direction);
                            continue;
                        }
                    };
                    self.report(
                        kind,
                        &site,
                        site.describe(key.trim_start_matches("x-")),
                        direction,
                    );
                }
            }
        }
    }
}

/// Checks whether the path of the operation has a placeholder for this parameter.
fn is_in_path(operation: &Pointer, parameter: &Parameter<'_>) -> bool {
    let path = operation.tokens().nth(1).map(|path| path.decoded().into_owned());
    let path = path.unwrap_or_default();
    parameter
        .value
        .str("name")
        .is_some_and(|name| placeholders(&path).contains(&name))
}

/// Returns the parameters that apply to an operation: its own parameters, and the parameters of its path that
/// the operation does not override.
pub(super) fn effective_parameters<'a>(
    document: &DocumentIndex<'a>,
    operation: &Node<'a>,
    item: &Node<'a>,
) -> Vec<Parameter<'a>> {
    let own = declared_parameters(document, operation, true);
    let mut all = declared_parameters(document, item, false);
    all.retain(|parameter| !own.iter().any(|other| other.name == parameter.name));
    all.extend(own);
    all
}

/// Returns the parameters that an operation or a path lists itself.
fn declared_parameters<'a>(
    document: &DocumentIndex<'a>,
    holder: &Node<'a>,
    is_own: bool,
) -> Vec<Parameter<'a>> {
    let name = |entry: &'a Value| {
        let (_, target) = references::resolve(document.root.value, Pointer::root(), entry);
        entry_name(target).unwrap_or_else(|| canonical(target))
    };
    let entries = holder.get("parameters").map(|list| list.entries(name));
    let parameters = entries.into_iter().flatten().map(|written| {
        let name = written.identity.back();
        let mut name = name.map_or_else(String::new, |name| name.into_encoded().into_owned());
        // Header names are case-insensitive.
        if name.starts_with("header:") {
            name.make_ascii_lowercase();
        }
        Parameter {
            name,
            value: document.resolve(&written),
            written,
            is_own,
        }
    });
    parameters.collect()
}
