//! What the rules made of the document, as types: the generator takes the document, later stages these.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    naming::{self, OperationName},
    rustdoc,
};
use funnelflux_openapi::{
    Diagnostics, Document,
    pointer::{self, METHODS},
};

use super::{descriptions, error, schema, visit};

/// The document as the generator takes it, and what the generator does not carry on.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The document.
    pub document: Value,
    /// Its tags that have operations, in the order of the document.
    pub tags: Vec<Tag>,
    /// Its operations, by tag, in the order of the documentation.
    pub operations: Vec<Operation>,
    /// Its enumerations, which all are open.
    pub enums: Vec<OpenEnum>,
    /// The types of its IDs.
    pub ids: Vec<IdType>,
    /// The type of its secrets, which the runtime has, if there are any.
    pub secret: Option<&'static str>,
    /// What is at another place than in the vendor's document: its pointer, and that of the other place.
    pub origins: BTreeMap<String, String>,
}

impl Prepared {
    /// The same diagnostics, each at the place of the vendor's document.
    #[must_use]
    pub fn relocate(&self, diagnostics: Diagnostics, source: &Document) -> Diagnostics {
        super::relocate(&self.origins, diagnostics, source)
    }
}

/// A group of operations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// As the document has it.
    pub name: String,
    /// The Rust module.
    pub module: String,
    /// What the document says of it; may be empty.
    pub description: String,
    /// The documentation of all its calls, in Markdown.
    pub documentation: String,
    /// The cargo feature that it is behind: `x-undocumented` says that its operations are inferred.
    pub feature: Option<String>,
}

impl Tag {
    /// `description` is fit for rustdoc.
    fn new(name: String, description: String, evidence: Vec<String>, undocumented: bool) -> Self {
        let paragraphs: Vec<String> = [
            Some(format!("# {name}")),
            Some(description.clone()).filter(|text| !text.is_empty()),
        ]
        .into_iter()
        .flatten()
        .chain(evidence)
        .collect();
        Self {
            module: naming::module(&name),
            documentation: paragraphs.join("\n\n"),
            description,
            feature: undocumented.then(|| naming::feature(&name)),
            name,
        }
    }
}

/// An operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Where it is in the document.
    pub pointer: String,
    /// Its name, and its place among the others.
    pub name: OperationName,
    /// In upper case.
    pub method: String,
    /// As the document has it, with its trailing slash.
    pub path: String,
    /// Its tag.
    pub tag: String,
    /// In one line.
    pub summary: String,
    /// The documentation of its method, in Markdown.
    pub documentation: String,
    /// What it takes, the body excepted: required ones first, then by name.
    pub arguments: Vec<Argument>,
    /// Whether it takes a body.
    pub request_body: RequestBody,
    /// Whether it may be sent twice.
    pub repeat: Repeat,
    /// Whether it removes something and rests on a guess, so that its caller has to acknowledge that.
    pub unverified: bool,
}

impl Operation {
    /// The Rust method.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.name.id
    }
}

/// A query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    /// As the document has it.
    pub name: String,
    /// Whether it must be given.
    pub required: bool,
    /// How it is written.
    pub kind: ArgumentKind,
}

/// How a query parameter is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// As one value.
    Single,
    /// As one value in which commas separate the items.
    CommaSeparated,
}

/// Whether an operation takes a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestBody {
    /// It takes none.
    None,
    /// With or without.
    Optional,
    /// Always.
    Required,
}

/// Whether an operation may be sent again after it may have been received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// It only reads.
    Read,
    /// Twice is the same as once.
    Idempotent,
    /// It creates under an ID that the client chose.
    ClientId,
    /// Twice makes two.
    Never,
}

/// An enumeration of strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenEnum {
    /// The Rust type.
    pub name: String,
    /// Markdown.
    pub documentation: String,
    /// In the order of the document.
    pub variants: Vec<Variant>,
}

/// A value of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// The Rust variant.
    pub name: String,
    /// As the document has it.
    pub value: String,
}

/// The type of an ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdType {
    /// The component, and the Rust type.
    pub name: String,
    /// Markdown.
    pub documentation: String,
}

/// Reads the model off a document that went through all rules.
pub(super) fn read(document: Value, source: &Document, diagnostics: &mut Diagnostics) -> Prepared {
    let mut operations = Vec::new();
    let mut tags = tags(&document);
    let paths = document.get("paths").and_then(Value::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let Some(item) = item.as_object() else {
            continue;
        };
        for (method, operation) in item {
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let at = pointer::join(&pointer::join("/paths", path), method);
            let reader = OperationReader {
                document: &document,
                source,
                operation,
                at: &at,
                path,
                method: method.to_ascii_uppercase(),
            };
            operations.extend(reader.read(&mut tags, diagnostics));
        }
    }
    let rank = |tag: &str| tags.iter().position(|other| other.name == tag);
    operations.sort_by(|left, right| (rank(&left.tag), &left.name).cmp(&(rank(&right.tag), &right.name)));
    tags.retain(|tag| operations.iter().any(|operation| operation.tag == tag.name));
    let components = document.pointer("/components/schemas").and_then(Value::as_object);
    let mut enums = Vec::new();
    let mut ids = Vec::new();
    let mut secret = None;
    for (name, component) in components.into_iter().flatten() {
        if let Some(values) = schema::string_enum(component) {
            enums.push(open_enum(name, component, &values));
        } else if component.get(schema::ID_TYPE).is_some() {
            ids.push(IdType {
                name: name.clone(),
                documentation: text(component, "description"),
            });
        } else if component.get(schema::SECRET).is_some() {
            secret = Some(schema::SECRET_TYPE);
        }
    }
    enums.sort_by(|left, right| left.name.cmp(&right.name));
    ids.sort_by(|left, right| left.name.cmp(&right.name));
    Prepared {
        document,
        tags,
        operations,
        enums,
        ids,
        secret,
        origins: BTreeMap::new(),
    }
}

fn text(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

fn tags(document: &Value) -> Vec<Tag> {
    document
        .get("tags")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|tag| {
            let evidence = descriptions::evidence_of_tag(tag);
            let undocumented = tag.get("x-undocumented") == Some(&Value::Bool(true));
            Tag::new(text(tag, "name"), described(tag), evidence, undocumented)
        })
        .collect()
}

/// The lint has seen to it that no two values make the same variant.
fn open_enum(component: &str, schema: &Value, values: &[&str]) -> OpenEnum {
    OpenEnum {
        name: naming::type_name(component),
        documentation: text(schema, "description"),
        variants: values
            .iter()
            .map(|value| Variant {
                name: naming::variant(value),
                value: (*value).to_owned(),
            })
            .collect(),
    }
}

/// An operation that is being read.
struct OperationReader<'a> {
    document: &'a Value,
    source: &'a Document,
    operation: &'a Value,
    at: &'a str,
    path: &'a str,
    method: String,
}

impl OperationReader<'_> {
    fn read(&self, tags: &mut Vec<Tag>, diagnostics: &mut Diagnostics) -> Option<Operation> {
        let tag = self.tag(diagnostics)?;
        if !tags.iter().any(|other| other.name == tag) {
            tags.push(Tag::new(tag.clone(), String::new(), Vec::new(), false));
        }
        let parameters = self.parameters();
        let mut arguments: Vec<Argument> = parameters
            .iter()
            .enumerate()
            .filter_map(|(index, parameter)| {
                let at = pointer::item(&pointer::join(self.at, "parameters"), index);
                self.argument(&at, parameter, diagnostics)
            })
            .collect();
        // By name, so that a document in another order does not swap arguments of one type in silence.
        arguments.sort_by(|left, right| (!left.required, &left.name).cmp(&(!right.required, &right.name)));
        let request_body = match self.operation.get("requestBody") {
            None => RequestBody::None,
            Some(body) if body.get("required") == Some(&Value::Bool(true)) => RequestBody::Required,
            Some(_) => RequestBody::Optional,
        };
        Some(Operation {
            pointer: self.at.to_owned(),
            name: naming::operation(&self.method, self.path),
            documentation: self.documentation(&arguments, &parameters),
            summary: text(self.operation, "summary"),
            repeat: self.repeat(),
            unverified: self.unverified(),
            method: self.method.clone(),
            path: self.path.to_owned(),
            tag,
            arguments,
            request_body,
        })
    }

    fn parameters(&self) -> Vec<&Value> {
        self.operation
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .collect()
    }

    /// The first tag; for an operation without one, that of its resource.
    fn tag(&self, diagnostics: &mut Diagnostics) -> Option<String> {
        let first = self
            .operation
            .pointer("/tags/0")
            .and_then(Value::as_str)
            .or_else(|| {
                let segment = self.path.split('/').find(|segment| !segment.is_empty())?;
                Some(naming::resource_of_segment(segment)?.tag)
            });
        if first.is_none() {
            diagnostics.push(error(
                self.source,
                "no-tag",
                self.at,
                "the operation has no tag".to_owned(),
                "let an overlay give it one: the generated code is grouped by tag",
            ));
        }
        first.map(str::to_owned)
    }

    fn argument(&self, at: &str, parameter: &Value, diagnostics: &mut Diagnostics) -> Option<Argument> {
        let name = text(parameter, "name");
        let place = text(parameter, "in");
        if place != "query" {
            diagnostics.push(error(
                self.source,
                "parameter-place",
                at,
                format!("the parameter `{name}` is in {place}; the runtime knows query parameters"),
                "let an overlay remove the parameter, or teach codegen/generator/src/rewrite/calls.rs and the runtime",
            ));
            return None;
        }
        let schema = parameter.get("schema")?;
        let is_list = schema::has_type(schema, "array");
        if !is_list && !self.is_single_value(schema) {
            diagnostics.push(error(
                self.source,
                "parameter-type",
                at,
                format!("the parameter `{name}` is no single value; the runtime cannot write it"),
                "let an overlay make it a string, a number or a boolean",
            ));
            return None;
        }
        let kind = match (is_list, parameter.get("explode")) {
            (false, _) => ArgumentKind::Single,
            (true, Some(Value::Bool(false))) => ArgumentKind::CommaSeparated,
            (true, _) => {
                diagnostics.push(error(
                    self.source,
                    "parameter-list",
                    at,
                    format!(
                        "the parameter `{name}` is a list that repeats its name in the query; the runtime knows \
                         lists that are separated by commas"
                    ),
                    "let an overlay make it a string, or a required list of strings with `explode: false`",
                ));
                return None;
            }
        };
        Some(Argument {
            required: parameter.get("required") == Some(&Value::Bool(true)),
            name,
            kind,
        })
    }

    /// A string, a number, a boolean, or one of our types of strings.
    fn is_single_value(&self, schema: &Value) -> bool {
        match schema::referenced(schema) {
            None => ["string", "integer", "number", "boolean"]
                .iter()
                .any(|expected| schema::has_type(schema, expected)),
            Some(component) => self
                .document
                .pointer(&visit::component_pointer(component))
                .is_some_and(|component| schema::has_type(component, "string")),
        }
    }

    /// Reading is safe, PUT and DELETE are idempotent (RFC 9110). A POST can be repeated only if the client chose the
    /// ID of what it makes: then the body has the ID of the path's resource as a required property.
    fn repeat(&self) -> Repeat {
        match self.method.as_str() {
            "GET" | "HEAD" | "OPTIONS" | "TRACE" => Repeat::Read,
            "PUT" | "DELETE" => Repeat::Idempotent,
            "POST" if self.body_requires_own_id() => Repeat::ClientId,
            _ => Repeat::Never,
        }
    }

    /// Deleting and archiving remove; what is deduced may do so to something else than is meant.
    fn unverified(&self) -> bool {
        let removes =
            self.method == "DELETE" || self.path.trim_end_matches('/').rsplit('/').next() == Some("archive");
        let kind = self.operation.pointer("/x-evidence/kind");
        removes && matches!(kind.and_then(Value::as_str), Some("sibling" | "pattern"))
    }

    fn body_requires_own_id(&self) -> bool {
        let segment = self.path.split('/').find(|segment| !segment.is_empty());
        let Some(resource) = segment.and_then(naming::resource_of_segment) else {
            return false;
        };
        self.operation
            .pointer("/requestBody/content/application~1json/schema")
            .and_then(schema::referenced)
            .and_then(|component| self.document.pointer(&visit::component_pointer(component)))
            .and_then(|component| component.get("required"))
            .and_then(Value::as_array)
            .is_some_and(|required| required.iter().any(|name| name == resource.id))
    }

    /// Summary, description, the line that is sent, arguments, result, evidence.
    fn documentation(&self, arguments: &[Argument], parameters: &[&Value]) -> String {
        let mut paragraphs = Vec::new();
        for key in ["summary", "description"] {
            let words = rustdoc::sentence(&rustdoc::sanitise(&text(self.operation, key)));
            if !words.is_empty() {
                paragraphs.push(words);
            }
        }
        descriptions::mark(self.operation, &mut paragraphs);
        if self.operation.get("deprecated") == Some(&Value::Bool(true)) {
            paragraphs.push("The document marks it as deprecated.".to_owned());
        }
        paragraphs.push(format!("`{} {}`", self.method, self.path));
        paragraphs.extend(descriptions::evidence(self.operation));
        let mut list: Vec<String> = arguments
            .iter()
            .filter_map(|argument| {
                let parameter = parameters
                    .iter()
                    .find(|parameter| text(parameter, "name") == argument.name)?;
                Some(argument_documentation(argument, parameter))
            })
            .collect();
        if let Some(body) = self.operation.get("requestBody") {
            list.push(body_documentation(body));
        }
        if self.unverified() {
            list.push(
                "- `_unverified`: Says that the caller knows that this call removes something on a guess."
                    .to_owned(),
            );
        }
        if !list.is_empty() {
            paragraphs.push(format!("# Arguments\n{}", list.join("\n")));
        }
        if let Some(response) = self.operation.pointer("/responses/2XX") {
            let words = described(response);
            if !words.is_empty() {
                paragraphs.push(format!("# Response\n{words}"));
            }
            paragraphs.extend(descriptions::evidence(response));
        }
        paragraphs.join("\n\n")
    }
}

fn argument_documentation(argument: &Argument, parameter: &Value) -> String {
    let mut name = format!("`{}`", naming::argument(&argument.name));
    if naming::argument(&argument.name) != argument.name {
        name = format!("{name} (`{}`)", argument.name);
    }
    let mut words = vec![described(parameter)];
    if argument.kind == ArgumentKind::CommaSeparated {
        words.push("Takes a list, and joins it with commas.".to_owned());
    }
    let notes = parameter.get("schema").map(schema::notes).unwrap_or_default();
    if !notes.is_empty() {
        words.push(rustdoc::capitalised(&format!("{}.", notes.join(", "))));
    }
    words.extend(descriptions::evidence(parameter));
    words.retain(|words| !words.is_empty());
    descriptions::mark(parameter, &mut words);
    if words.is_empty() {
        return format!("- {name}");
    }
    format!("- {name}: {}", words.join(" ").replace('\n', " "))
}

fn body_documentation(body: &Value) -> String {
    let mut words = described(body);
    if words.is_empty() {
        words.push_str("The request body.");
    }
    if body.get("required") != Some(&Value::Bool(true)) {
        words.push_str(" With `None`, none is sent.");
    }
    format!("- `body`: {}", words.replace('\n', " "))
}

/// The description of a part of the document, fit for rustdoc.
fn described(value: &Value) -> String {
    rustdoc::sentence(&rustdoc::sanitise(&text(value, "description")))
}
