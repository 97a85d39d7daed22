//! The objects of `OpenAPI` 3.0 as a table, and a document walk driven by that table.
//!
//! Normalise and lint use this table to find every schema, parameter and response. The table of the
//! specification makes this file long.

use serde_json::{Map, Value};

use crate::{
    pointer::{Pointer, PointerBuf, Token},
    text::kind,
};

/// Objects of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each variant is the object of that name in the specification"
)]
pub enum ObjectKind {
    Document,
    Info,
    Contact,
    License,
    Server,
    ServerVariable,
    Tag,
    ExternalDocumentation,
    Paths,
    PathItem,
    Operation,
    Parameter,
    Header,
    RequestBody,
    MediaType,
    Encoding,
    Responses,
    Response,
    Schema,
    Discriminator,
    Xml,
    Components,
    SecurityScheme,
    Flows,
    Flow,
    SecurityRequirement,
    Example,
    Link,
    Callback,
}

/// Types of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Anything.
    Any,
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// A number.
    Number,
    /// A non-negative integer.
    Count,
    /// A list of strings.
    Texts,
    /// A list of any values.
    Values,
    /// An object whose members are strings.
    TextMap,
    /// An object of this kind.
    One(ObjectKind),
    /// An object of this kind, or a boolean.
    OneOrFlag(ObjectKind),
    /// A list of objects of this kind.
    List(ObjectKind),
    /// An object whose members are objects of this kind.
    Map(ObjectKind),
}

/// A field of an object.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Key.
    pub key: &'static str,
    /// Type of the value.
    pub value: FieldType,
    /// True if the object must have the field.
    pub required: bool,
}

const fn required(key: &'static str, value: FieldType) -> Field {
    Field {
        key,
        value,
        required: true,
    }
}

const fn optional(key: &'static str, value: FieldType) -> Field {
    Field {
        key,
        value,
        required: false,
    }
}

/// Keys that do not change the type, next to a `$ref` or in a schema.
pub const ANNOTATIONS: [&str; 11] = [
    "description",
    "summary",
    "title",
    "example",
    "examples",
    "default",
    "externalDocs",
    "deprecated",
    "readOnly",
    "writeOnly",
    "xml",
];

/// Checks whether a schema allows no value: `{"not": {}}`, which `OpenAPI` 3.1 writes as `false`.
pub fn matches_nothing(schema: &Map<String, Value>) -> bool {
    let not = schema.get("not").and_then(Value::as_object);
    not.is_some_and(Map::is_empty)
}

/// A table of fields.
macro_rules! fields {
    ($($field:expr),* $(,)?) => { const { &[$($field),*] } };
}

use FieldType::{Any, Count, Flag, List, Map as MapOf, Number, One, OneOrFlag, Text, TextMap, Texts, Values};
use ObjectKind::{
    Callback, Components, Contact, Discriminator, Document, Encoding, Example, ExternalDocumentation, Flow,
    Flows, Header, Info, License, Link, MediaType, Operation, Parameter, PathItem, Paths, RequestBody,
    Response, Responses, Schema, SecurityRequirement, SecurityScheme, Server, ServerVariable, Tag, Xml,
};

impl ObjectKind {
    /// Returns the fields.
    #[expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Document => fields![
                required("openapi", Text),
                required("info", One(Info)),
                optional("servers", List(Server)),
                required("paths", One(Paths)),
                optional("components", One(Components)),
                optional("security", List(SecurityRequirement)),
                optional("tags", List(Tag)),
                optional("externalDocs", One(ExternalDocumentation)),
            ],
            Info => fields![
                required("title", Text),
                optional("description", Text),
                optional("termsOfService", Text),
                optional("contact", One(Contact)),
                optional("license", One(License)),
                required("version", Text),
            ],
            Contact => fields![
                optional("name", Text),
                optional("url", Text),
                optional("email", Text),
            ],
            License => fields![required("name", Text), optional("url", Text)],
            Server => fields![
                required("url", Text),
                optional("description", Text),
                optional("variables", MapOf(ServerVariable)),
            ],
            ServerVariable => fields![
                optional("enum", Texts),
                required("default", Text),
                optional("description", Text),
            ],
            Tag => fields![
                required("name", Text),
                optional("description", Text),
                optional("externalDocs", One(ExternalDocumentation)),
            ],
            ExternalDocumentation => fields![optional("description", Text), required("url", Text)],
            PathItem => fields![
                optional("summary", Text),
                optional("description", Text),
                optional("get", One(Operation)),
                optional("put", One(Operation)),
                optional("post", One(Operation)),
                optional("delete", One(Operation)),
                optional("options", One(Operation)),
                optional("head", One(Operation)),
                optional("patch", One(Operation)),
                optional("trace", One(Operation)),
                optional("servers", List(Server)),
                optional("parameters", List(Parameter)),
            ],
            Operation => fields![
                optional("tags", Texts),
                optional("summary", Text),
                optional("description", Text),
                optional("externalDocs", One(ExternalDocumentation)),
                optional("operationId", Text),
                optional("parameters", List(Parameter)),
                optional("requestBody", One(RequestBody)),
                required("responses", One(Responses)),
                optional("callbacks", MapOf(Callback)),
                optional("deprecated", Flag),
                optional("security", List(SecurityRequirement)),
                optional("servers", List(Server)),
            ],
            Parameter => fields![
                required("name", Text),
                required("in", Text),
                optional("description", Text),
                optional("required", Flag),
                optional("deprecated", Flag),
                optional("allowEmptyValue", Flag),
                optional("style", Text),
                optional("explode", Flag),
                optional("allowReserved", Flag),
                optional("schema", One(Schema)),
                optional("example", Any),
                optional("examples", MapOf(Example)),
                optional("content", MapOf(MediaType)),
            ],
            Header => fields![
                optional("description", Text),
                optional("required", Flag),
                optional("deprecated", Flag),
                optional("allowEmptyValue", Flag),
                optional("style", Text),
                optional("explode", Flag),
                optional("allowReserved", Flag),
                optional("schema", One(Schema)),
                optional("example", Any),
                optional("examples", MapOf(Example)),
                optional("content", MapOf(MediaType)),
            ],
            RequestBody => fields![
                optional("description", Text),
                required("content", MapOf(MediaType)),
                optional("required", Flag),
            ],
            MediaType => fields![
                optional("schema", One(Schema)),
                optional("example", Any),
                optional("examples", MapOf(Example)),
                optional("encoding", MapOf(Encoding)),
            ],
            Encoding => fields![
                optional("contentType", Text),
                optional("headers", MapOf(Header)),
                optional("style", Text),
                optional("explode", Flag),
                optional("allowReserved", Flag),
            ],
            Response => fields![
                required("description", Text),
                optional("headers", MapOf(Header)),
                optional("content", MapOf(MediaType)),
                optional("links", MapOf(Link)),
            ],
            Schema => fields![
                optional("title", Text),
                optional("multipleOf", Number),
                optional("maximum", Number),
                optional("exclusiveMaximum", Flag),
                optional("minimum", Number),
                optional("exclusiveMinimum", Flag),
                optional("maxLength", Count),
                optional("minLength", Count),
                optional("pattern", Text),
                optional("maxItems", Count),
                optional("minItems", Count),
                optional("uniqueItems", Flag),
                optional("maxProperties", Count),
                optional("minProperties", Count),
                optional("required", Texts),
                optional("enum", Values),
                optional("type", Text),
                optional("allOf", List(Schema)),
                optional("oneOf", List(Schema)),
                optional("anyOf", List(Schema)),
                optional("not", One(Schema)),
                optional("items", One(Schema)),
                optional("properties", MapOf(Schema)),
                optional("additionalProperties", OneOrFlag(Schema)),
                optional("description", Text),
                optional("format", Text),
                optional("default", Any),
                optional("nullable", Flag),
                optional("discriminator", One(Discriminator)),
                optional("readOnly", Flag),
                optional("writeOnly", Flag),
                optional("xml", One(Xml)),
                optional("externalDocs", One(ExternalDocumentation)),
                optional("example", Any),
                optional("deprecated", Flag),
            ],
            Discriminator => fields![required("propertyName", Text), optional("mapping", TextMap)],
            Xml => fields![
                optional("name", Text),
                optional("namespace", Text),
                optional("prefix", Text),
                optional("attribute", Flag),
                optional("wrapped", Flag),
            ],
            Components => fields![
                optional("schemas", MapOf(Schema)),
                optional("responses", MapOf(Response)),
                optional("parameters", MapOf(Parameter)),
                optional("examples", MapOf(Example)),
                optional("requestBodies", MapOf(RequestBody)),
                optional("headers", MapOf(Header)),
                optional("securitySchemes", MapOf(SecurityScheme)),
                optional("links", MapOf(Link)),
                optional("callbacks", MapOf(Callback)),
            ],
            SecurityScheme => fields![
                required("type", Text),
                optional("description", Text),
                optional("name", Text),
                optional("in", Text),
                optional("scheme", Text),
                optional("bearerFormat", Text),
                optional("flows", One(Flows)),
                optional("openIdConnectUrl", Text),
            ],
            Flows => fields![
                optional("implicit", One(Flow)),
                optional("password", One(Flow)),
                optional("clientCredentials", One(Flow)),
                optional("authorizationCode", One(Flow)),
            ],
            Flow => fields![
                optional("authorizationUrl", Text),
                optional("tokenUrl", Text),
                optional("refreshUrl", Text),
                required("scopes", TextMap),
            ],
            Example => fields![
                optional("summary", Text),
                optional("description", Text),
                optional("value", Any),
                optional("externalValue", Text),
            ],
            Link => fields![
                optional("operationRef", Text),
                optional("operationId", Text),
                optional("parameters", Any),
                optional("requestBody", Any),
                optional("description", Text),
                optional("server", One(Server)),
            ],
            Paths | Responses | SecurityRequirement | Callback => fields![],
        }
    }

    /// Returns the type of members with arbitrary keys; `None` if the kind has no such members.
    fn members(self) -> Option<FieldType> {
        match self {
            Paths | Callback => Some(One(PathItem)),
            Responses => Some(One(Response)),
            SecurityRequirement => Some(Texts),
            _ => None,
        }
    }

    /// Returns the `components` section that a `$ref` to this kind must lead to; `None` if a `$ref` is not
    /// allowed.
    pub fn section(self) -> Option<&'static str> {
        let mut sections = Components.fields().iter();
        Some(sections.find(|section| section.value == MapOf(self))?.key)
    }

    /// Returns the name of the kind for messages.
    pub fn name(self) -> &'static str {
        match self {
            Document => "an API document",
            Info => "the info",
            Contact => "a contact",
            License => "a licence",
            Server => "a server",
            ServerVariable => "a server variable",
            Tag => "a tag",
            ExternalDocumentation => "external documentation",
            Paths => "the paths",
            PathItem => "a path item",
            Operation => "an operation",
            Parameter => "a parameter",
            Header => "a header",
            RequestBody => "a request body",
            MediaType => "a media type",
            Encoding => "an encoding",
            Responses => "the responses",
            Response => "a response",
            Schema => "a schema",
            Discriminator => "a discriminator",
            Xml => "an XML description",
            Components => "the components",
            SecurityScheme => "a security scheme",
            Flows => "the OAuth flows",
            Flow => "an OAuth flow",
            SecurityRequirement => "a security requirement",
            Example => "an example",
            Link => "a link",
            Callback => "a callback",
        }
    }
}

impl FieldType {
    /// Returns the name of the expected type for messages.
    fn name(self) -> String {
        match self {
            Any => "anything".to_owned(),
            Text => "a string".to_owned(),
            Flag => "true or false".to_owned(),
            Number => "a number".to_owned(),
            Count => "a whole number, 0 or more".to_owned(),
            Texts => "a list of strings".to_owned(),
            Values => "a list".to_owned(),
            TextMap => "an object with strings".to_owned(),
            One(kind) => format!("{} (an object)", kind.name()),
            OneOrFlag(kind) => format!("{} (an object), true or false", kind.name()),
            List(kind) => format!("a list, each item {}", kind.name()),
            MapOf(kind) => format!("an object, each member {}", kind.name()),
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Any => true,
            Text => value.is_string(),
            Flag => value.is_boolean(),
            Number => value.is_number(),
            Count => {
                value.is_u64()
                    || value
                        .as_f64()
                        .is_some_and(|number| number >= 0.0 && number.fract() == 0.0)
            }
            Texts => value
                .as_array()
                .is_some_and(|list| list.iter().all(Value::is_string)),
            Values | List(_) => value.is_array(),
            TextMap => value
                .as_object()
                .is_some_and(|map| map.values().all(Value::is_string)),
            One(_) | MapOf(_) => value.is_object(),
            OneOrFlag(_) => value.is_object() || value.is_boolean(),
        }
    }
}

/// Callbacks of a walk.
pub trait Visitor {
    /// Visits an object of a kind, possibly a `$ref`, before its members.
    fn object(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Map<String, Value>);
    /// Visits a value whose type the table does not allow.
    fn misfit(&mut self, pointer: &Pointer, message: String);
    /// Visits a key that is not in the table for its kind.
    fn unknown(&mut self, kind: ObjectKind, pointer: &Pointer, key: &str);
}

/// Calls `run` with `token` appended to the pointer of a walk.
fn within<'t>(path: &mut PointerBuf, token: impl Into<Token<'t>>, run: impl FnOnce(&mut PointerBuf)) {
    path.push_back(token);
    run(path);
    path.pop_back();
}

/// Walks over a document.
pub fn walk(document: &Value, visitor: &mut impl Visitor) {
    check(&mut PointerBuf::root(), One(Document), document, visitor);
}

fn check(path: &mut PointerBuf, expected: FieldType, value: &Value, visitor: &mut impl Visitor) {
    if !expected.fits(value) {
        let message = match (expected, value) {
            (Texts, Value::Array(list)) => {
                let odd = list.iter().find(|item| !item.is_string()).unwrap_or(value);
                format!("each item must be a string, one is {}", kind(odd))
            }
            (TextMap, Value::Object(map)) => {
                let odd = map.values().find(|item| !item.is_string()).unwrap_or(value);
                format!("each member must be a string, one is {}", kind(odd))
            }
            _ => format!("expected {}, found {}", expected.name(), kind(value)),
        };
        visitor.misfit(path, message);
        return;
    }
    match (expected, value) {
        (One(kind) | OneOrFlag(kind), Value::Object(object)) => {
            check_object(path, kind, object, visitor);
        }
        (List(kind), Value::Array(list)) => {
            for (index, item) in list.iter().enumerate() {
                within(path, index, |path| check(path, One(kind), item, visitor));
            }
        }
        (MapOf(kind), Value::Object(map)) => {
            for (key, member) in map {
                within(path, key, |path| check(path, One(kind), member, visitor));
            }
        }
        _ => {}
    }
}

fn check_object(
    path: &mut PointerBuf,
    kind: ObjectKind,
    object: &Map<String, Value>,
    visitor: &mut impl Visitor,
) {
    visitor.object(kind, path, object);
    if is_reference(kind, object) {
        return;
    }
    let fields = kind.fields();
    for (key, value) in object {
        let field = fields.iter().find(|field| field.key == key);
        let expected = match (field, kind.members()) {
            (Some(field), _) => field.value,
            (None, _) if key.starts_with("x-") => continue,
            (None, Some(expected)) => expected,
            (None, None) => {
                visitor.unknown(kind, path, key);
                continue;
            }
        };
        within(path, key, |path| check(path, expected, value, visitor));
    }
    for Field { key, .. } in fields.iter().filter(|field| field.required) {
        if !object.contains_key(*key) {
            visitor.misfit(path, format!("{} needs `{key}`", kind.name()));
        }
    }
}

/// Returns true if an object of this kind is a `$ref`. `OpenAPI` 3.0 ignores the other members of a `$ref`.
///
/// The specification has no references to operations, but documents that consist of several files have them.
pub fn is_reference(kind: ObjectKind, object: &Map<String, Value>) -> bool {
    (kind.section().is_some() || matches!(kind, PathItem | Operation))
        && object.get("$ref").is_some_and(Value::is_string)
}

/// Calls `change` with every object of the table, outermost first. Values that do not fit the table stay
/// unchanged, and lint reports them.
pub fn walk_mut(
    document: &mut Value,
    change: &mut impl FnMut(ObjectKind, &Pointer, &mut Map<String, Value>),
) {
    change_value(&mut PointerBuf::root(), One(Document), document, change);
}

/// Like [`walk_mut`], for one part of a document.
pub fn walk_part_mut(
    pointer: &Pointer,
    expected: FieldType,
    part: &mut Value,
    change: &mut impl FnMut(ObjectKind, &Pointer, &mut Map<String, Value>),
) {
    change_value(&mut pointer.to_buf(), expected, part, change);
}

fn change_value(
    path: &mut PointerBuf,
    expected: FieldType,
    value: &mut Value,
    change: &mut impl FnMut(ObjectKind, &Pointer, &mut Map<String, Value>),
) {
    match (expected, value) {
        (One(kind) | OneOrFlag(kind), Value::Object(object)) => {
            change(kind, path, object);
            for (key, value) in object.iter_mut() {
                let field = kind.fields().iter().find(|field| field.key == key);
                let expected = match (field, kind.members()) {
                    (Some(field), _) => field.value,
                    (None, Some(expected)) if !key.starts_with("x-") => expected,
                    _ => continue,
                };
                if matches!(expected, One(_) | OneOrFlag(_) | List(_) | MapOf(_)) {
                    within(path, key, |path| change_value(path, expected, value, change));
                }
            }
        }
        (List(kind), Value::Array(list)) => {
            for (index, item) in list.iter_mut().enumerate() {
                within(path, index, |path| change_value(path, One(kind), item, change));
            }
        }
        (MapOf(kind), Value::Object(map)) => {
            for (key, member) in map {
                within(path, key, |path| change_value(path, One(kind), member, change));
            }
        }
        _ => {}
    }
}
