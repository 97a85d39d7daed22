//! A table of the objects of `OpenAPI` 3.0, and functions that walk over a document by means of that table.
//!
//! The stages `normalise` and `lint` use the table to find every schema, parameter and response. The file is
//! long because it contains the whole table of the specification.

use serde_json::{Map, Value};

use crate::{
    pointer::{METHODS, Pointer, PointerBuf, Token},
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

/// Keys that do not affect the type. They occur in a schema or next to a `$ref`.
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

/// Checks whether a schema contains `"not": {}`, so that it allows no value. `OpenAPI` 3.1 writes such a
/// schema as `false`.
pub fn matches_nothing(schema: &Map<String, Value>) -> bool {
    let not = schema.get("not").and_then(Value::as_object);
    not.is_some_and(Map::is_empty)
}

/// Checks whether a value has the `OpenAPI` type `name`. Any value has a type with an unknown name.
pub fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

use FieldType::{Any, Count, Flag, List, Map as MapOf, Number, One, OneOrFlag, Text, TextMap, Texts, Values};
use ObjectKind::{
    Callback, Components, Contact, Discriminator, Document, Encoding, Example, ExternalDocumentation, Flow,
    Flows, Header, Info, License, Link, MediaType, Operation, Parameter, PathItem, Paths, RequestBody,
    Response, Responses, Schema, SecurityRequirement, SecurityScheme, Server, ServerVariable, Tag, Xml,
};

impl ObjectKind {
    /// Returns the fields. Each entry is a type and the keys whose values have that type.
    #[expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
    pub fn fields(self) -> &'static [(FieldType, &'static [&'static str])] {
        match self {
            Document => &[
                (Text, &["openapi"]),
                (One(Info), &["info"]),
                (List(Server), &["servers"]),
                (One(Paths), &["paths"]),
                (One(Components), &["components"]),
                (List(SecurityRequirement), &["security"]),
                (List(Tag), &["tags"]),
                (One(ExternalDocumentation), &["externalDocs"]),
            ],
            Info => &[
                (Text, &["title", "description", "termsOfService", "version"]),
                (One(Contact), &["contact"]),
                (One(License), &["license"]),
            ],
            Contact => &[(Text, &["name", "url", "email"])],
            License => &[(Text, &["name", "url"])],
            Server => &[
                (Text, &["url", "description"]),
                (MapOf(ServerVariable), &["variables"]),
            ],
            ServerVariable => &[(Texts, &["enum"]), (Text, &["default", "description"])],
            Tag => &[
                (Text, &["name", "description"]),
                (One(ExternalDocumentation), &["externalDocs"]),
            ],
            ExternalDocumentation => &[(Text, &["description", "url"])],
            PathItem => &[
                (Text, &["summary", "description"]),
                (One(Operation), &METHODS),
                (List(Server), &["servers"]),
                (List(Parameter), &["parameters"]),
            ],
            Operation => &[
                (Texts, &["tags"]),
                (Text, &["summary", "description", "operationId"]),
                (One(ExternalDocumentation), &["externalDocs"]),
                (List(Parameter), &["parameters"]),
                (One(RequestBody), &["requestBody"]),
                (One(Responses), &["responses"]),
                (MapOf(Callback), &["callbacks"]),
                (Flag, &["deprecated"]),
                (List(SecurityRequirement), &["security"]),
                (List(Server), &["servers"]),
            ],
            Parameter => &[
                (Text, &["name", "in", "description", "style"]),
                (Flag, &["required", "deprecated", "allowEmptyValue"]),
                (Flag, &["explode", "allowReserved"]),
                (One(Schema), &["schema"]),
                (Any, &["example"]),
                (MapOf(Example), &["examples"]),
                (MapOf(MediaType), &["content"]),
            ],
            Header => &[
                (Text, &["description", "style"]),
                (Flag, &["required", "deprecated", "allowEmptyValue"]),
                (Flag, &["explode", "allowReserved"]),
                (One(Schema), &["schema"]),
                (Any, &["example"]),
                (MapOf(Example), &["examples"]),
                (MapOf(MediaType), &["content"]),
            ],
            RequestBody => &[
                (Text, &["description"]),
                (MapOf(MediaType), &["content"]),
                (Flag, &["required"]),
            ],
            MediaType => &[
                (One(Schema), &["schema"]),
                (Any, &["example"]),
                (MapOf(Example), &["examples"]),
                (MapOf(Encoding), &["encoding"]),
            ],
            Encoding => &[
                (Text, &["contentType", "style"]),
                (MapOf(Header), &["headers"]),
                (Flag, &["explode", "allowReserved"]),
            ],
            Response => &[
                (Text, &["description"]),
                (MapOf(Header), &["headers"]),
                (MapOf(MediaType), &["content"]),
                (MapOf(Link), &["links"]),
            ],
            Schema => &[
                (Text, &["title", "pattern", "type", "description", "format"]),
                (Number, &["multipleOf", "maximum", "minimum"]),
                (Count, &["maxLength", "minLength", "maxItems", "minItems"]),
                (Count, &["maxProperties", "minProperties"]),
                (Flag, &["exclusiveMaximum", "exclusiveMinimum", "uniqueItems"]),
                (Flag, &["nullable", "readOnly", "writeOnly", "deprecated"]),
                (Texts, &["required"]),
                (Values, &["enum"]),
                (List(Schema), &["allOf", "oneOf", "anyOf"]),
                (One(Schema), &["not", "items"]),
                (MapOf(Schema), &["properties"]),
                (OneOrFlag(Schema), &["additionalProperties"]),
                (Any, &["default", "example"]),
                (One(Discriminator), &["discriminator"]),
                (One(Xml), &["xml"]),
                (One(ExternalDocumentation), &["externalDocs"]),
            ],
            Discriminator => &[(Text, &["propertyName"]), (TextMap, &["mapping"])],
            Xml => &[
                (Text, &["name", "namespace", "prefix"]),
                (Flag, &["attribute", "wrapped"]),
            ],
            Components => &[
                (MapOf(Schema), &["schemas"]),
                (MapOf(Response), &["responses"]),
                (MapOf(Parameter), &["parameters"]),
                (MapOf(Example), &["examples"]),
                (MapOf(RequestBody), &["requestBodies"]),
                (MapOf(Header), &["headers"]),
                (MapOf(SecurityScheme), &["securitySchemes"]),
                (MapOf(Link), &["links"]),
                (MapOf(Callback), &["callbacks"]),
            ],
            SecurityScheme => &[
                (Text, &["type", "description", "name", "in", "scheme"]),
                (Text, &["bearerFormat", "openIdConnectUrl"]),
                (One(Flows), &["flows"]),
            ],
            Flows => &[
                (One(Flow), &["implicit", "password"]),
                (One(Flow), &["clientCredentials", "authorizationCode"]),
            ],
            Flow => &[
                (Text, &["authorizationUrl", "tokenUrl", "refreshUrl"]),
                (TextMap, &["scopes"]),
            ],
            Example => &[
                (Text, &["summary", "description", "externalValue"]),
                (Any, &["value"]),
            ],
            Link => &[
                (Text, &["operationRef", "operationId", "description"]),
                (Any, &["parameters", "requestBody"]),
                (One(Server), &["server"]),
            ],
            Paths | Responses | SecurityRequirement | Callback => &[],
        }
    }

    /// Returns the keys of the fields.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        self.fields().iter().flat_map(|(_, keys)| *keys).copied()
    }

    /// Returns the fields that the object must have.
    pub(crate) fn required(self) -> &'static [&'static str] {
        match self {
            Document => &["openapi", "info", "paths"],
            Info => &["title", "version"],
            License | Tag => &["name"],
            Server | ExternalDocumentation => &["url"],
            ServerVariable => &["default"],
            Operation => &["responses"],
            Parameter => &["name", "in"],
            RequestBody => &["content"],
            Response => &["description"],
            Discriminator => &["propertyName"],
            SecurityScheme => &["type"],
            Flow => &["scopes"],
            _ => &[],
        }
    }

    /// Returns the type of a member; `None` for an extension or an unknown key.
    pub(crate) fn member(self, key: &str) -> Option<FieldType> {
        let field = self.fields().iter().find(|(_, keys)| keys.contains(&key));
        match self {
            Paths | Callback | Responses | SecurityRequirement if key.starts_with("x-") => None,
            Paths | Callback => Some(One(PathItem)),
            Responses => Some(One(Response)),
            SecurityRequirement => Some(Texts),
            _ => field.map(|(value, _)| *value),
        }
    }

    /// Returns the `components` section that a `$ref` to this kind must lead to; `None` if a `$ref` is not
    /// allowed.
    pub fn section(self) -> Option<&'static str> {
        let mut sections = Components.fields().iter();
        sections
            .find(|(value, _)| *value == MapOf(self))?
            .1
            .first()
            .copied()
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
    /// Returns the reason why a value does not have this type.
    pub(crate) fn misfit(self, value: &Value) -> Option<String> {
        let not_a_string = |item: &&Value| !item.is_string();
        let expected = match (self, value) {
            (Any, _)
            | (Text, Value::String(_))
            | (Flag, Value::Bool(_))
            | (Number, Value::Number(_))
            | (Values | List(_), Value::Array(_))
            | (One(_) | MapOf(_), Value::Object(_))
            | (OneOrFlag(_), Value::Object(_) | Value::Bool(_)) => return None,
            (Texts, Value::Array(list)) => {
                let odd = list.iter().find(not_a_string)?;
                return Some(format!("each item must be a string, one is {}", kind(odd)));
            }
            (TextMap, Value::Object(map)) => {
                let odd = map.values().find(not_a_string)?;
                return Some(format!("each member must be a string, one is {}", kind(odd)));
            }
            (Count, value)
                if value
                    .as_f64()
                    .is_some_and(|count| count >= 0.0 && count.fract() == 0.0) =>
            {
                return None;
            }
            (Text, _) => "a string".to_owned(),
            (Flag, _) => "true or false".to_owned(),
            (Number, _) => "a number".to_owned(),
            (Count, _) => "a whole number, 0 or more".to_owned(),
            (Texts, _) => "a list of strings".to_owned(),
            (Values, _) => "a list".to_owned(),
            (TextMap, _) => "an object with strings".to_owned(),
            (One(kind), _) => format!("{} (an object)", kind.name()),
            (OneOrFlag(kind), _) => format!("{} (an object), true or false", kind.name()),
            (List(kind), _) => format!("a list, each item {}", kind.name()),
            (MapOf(kind), _) => format!("an object, each member {}", kind.name()),
        };
        Some(format!("expected {expected}, found {}", kind(value)))
    }
}

/// Callbacks of a walk.
pub trait Visitor {
    /// Visits an object of a kind, possibly a `$ref`, before its members.
    fn object(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Map<String, Value>);
    /// Visits a value whose type the table does not allow, or an object that lacks a required field.
    fn misfit(&mut self, _pointer: &Pointer, _message: String) {}
    /// Visits a key that is not in the table for its kind.
    fn unknown(&mut self, _kind: ObjectKind, _pointer: &Pointer, _key: &str) {}
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
    if let Some(message) = expected.misfit(value) {
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
    for (key, value) in object {
        match kind.member(key) {
            Some(expected) => within(path, key, |path| check(path, expected, value, visitor)),
            None if key.starts_with("x-") => {}
            None => visitor.unknown(kind, path, key),
        }
    }
    for key in kind.required().iter().filter(|key| !object.contains_key(**key)) {
        visitor.misfit(path, format!("{} needs `{key}`", kind.name()));
    }
}

/// Returns true if an object of this kind is a `$ref`. `OpenAPI` 3.0 ignores the other members of a `$ref`.
///
/// The specification has no references to operations, but documents that consist of several files have them.
pub fn is_reference(kind: ObjectKind, object: &Map<String, Value>) -> bool {
    (kind.section().is_some() || matches!(kind, PathItem | Operation))
        && object.get("$ref").is_some_and(Value::is_string)
}

/// Calls `change` with every object of a kind in the table, outermost first. Values that do not fit the table
/// stay unchanged. The stage `lint` reports them.
pub(crate) fn walk_mut(
    document: &mut Value,
    change: &mut impl FnMut(ObjectKind, &Pointer, &mut Map<String, Value>),
) {
    walk_part_mut(&mut PointerBuf::root(), One(Document), document, change);
}

/// Calls `change` with the objects in one part of a document, like [`walk_mut`].
pub(crate) fn walk_part_mut(
    path: &mut PointerBuf,
    expected: FieldType,
    part: &mut Value,
    change: &mut impl FnMut(ObjectKind, &Pointer, &mut Map<String, Value>),
) {
    each_value(path, expected, part, &mut |path, kind, value| {
        let Value::Object(object) = value else { return };
        change(kind, path, object);
        for (key, value) in object.iter_mut() {
            if let Some(expected) = kind.member(key) {
                within(path, key, |path| walk_part_mut(path, expected, value, change));
            }
        }
    });
}

/// Calls `run` with each value of a field. The table expects these values to be objects of a kind, but they
/// may have any type.
pub(crate) fn each_value(
    path: &mut PointerBuf,
    expected: FieldType,
    value: &mut Value,
    run: &mut impl FnMut(&mut PointerBuf, ObjectKind, &mut Value),
) {
    match (expected, value) {
        (One(kind) | OneOrFlag(kind), value) => run(path, kind, value),
        (List(kind), Value::Array(list)) => {
            for (index, item) in list.iter_mut().enumerate() {
                within(path, index, |path| run(path, kind, item));
            }
        }
        (MapOf(kind), Value::Object(map)) => {
            for (key, member) in map {
                within(path, key, |path| run(path, kind, member));
            }
        }
        _ => {}
    }
}
