//! The shape of an `OpenAPI` 3.0 document as a table, and one walk over a document that follows it.
//!
//! Normalise and lint both have to find every schema, parameter and response wherever it may stand; here it is said
//! once where that is.

use serde_json::{Map, Value};

use crate::{
    pointer::{Pointer, PointerBuf, Token},
    text::kind,
};

/// The kinds of object of the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    missing_docs,
    reason = "each variant is the object of that name in the specification"
)]
pub enum Kind {
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

/// What may stand in a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Anything.
    Any,
    /// A string.
    Text,
    /// A boolean.
    Flag,
    /// A number.
    Number,
    /// A whole number, not negative.
    Count,
    /// A list of strings.
    Texts,
    /// A list of anything.
    Values,
    /// An object with strings.
    TextMap,
    /// An object of that kind.
    One(Kind),
    /// An object of that kind, or a boolean.
    OneOrFlag(Kind),
    /// A list of objects of that kind.
    List(Kind),
    /// An object with any keys and objects of that kind.
    Map(Kind),
}

/// A field of an object: its key, what may stand there, and whether it has to be there.
pub type Field = (&'static str, Shape, bool);

use Kind::{
    Callback, Components, Contact, Discriminator, Document, Encoding, Example, ExternalDocumentation, Flow,
    Flows, Header, Info, License, Link, MediaType, Operation, Parameter, PathItem, Paths, RequestBody,
    Response, Responses, Schema, SecurityRequirement, SecurityScheme, Server, ServerVariable, Tag, Xml,
};
use Shape::{Any, Count, Flag, List, Map as MapOf, Number, One, OneOrFlag, Text, TextMap, Texts, Values};

impl Kind {
    /// Its fields.
    #[expect(clippy::too_many_lines, reason = "a table is as long as what it lists")]
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            Document => &[
                ("openapi", Text, true),
                ("info", One(Info), true),
                ("servers", List(Server), false),
                ("paths", One(Paths), true),
                ("components", One(Components), false),
                ("security", List(SecurityRequirement), false),
                ("tags", List(Tag), false),
                ("externalDocs", One(ExternalDocumentation), false),
            ],
            Info => &[
                ("title", Text, true),
                ("description", Text, false),
                ("termsOfService", Text, false),
                ("contact", One(Contact), false),
                ("license", One(License), false),
                ("version", Text, true),
            ],
            Contact => &[
                ("name", Text, false),
                ("url", Text, false),
                ("email", Text, false),
            ],
            License => &[("name", Text, true), ("url", Text, false)],
            Server => &[
                ("url", Text, true),
                ("description", Text, false),
                ("variables", MapOf(ServerVariable), false),
            ],
            ServerVariable => &[
                ("enum", Texts, false),
                ("default", Text, true),
                ("description", Text, false),
            ],
            Tag => &[
                ("name", Text, true),
                ("description", Text, false),
                ("externalDocs", One(ExternalDocumentation), false),
            ],
            ExternalDocumentation => &[("description", Text, false), ("url", Text, true)],
            PathItem => &[
                ("summary", Text, false),
                ("description", Text, false),
                ("get", One(Operation), false),
                ("put", One(Operation), false),
                ("post", One(Operation), false),
                ("delete", One(Operation), false),
                ("options", One(Operation), false),
                ("head", One(Operation), false),
                ("patch", One(Operation), false),
                ("trace", One(Operation), false),
                ("servers", List(Server), false),
                ("parameters", List(Parameter), false),
            ],
            Operation => &[
                ("tags", Texts, false),
                ("summary", Text, false),
                ("description", Text, false),
                ("externalDocs", One(ExternalDocumentation), false),
                ("operationId", Text, false),
                ("parameters", List(Parameter), false),
                ("requestBody", One(RequestBody), false),
                ("responses", One(Responses), true),
                ("callbacks", MapOf(Callback), false),
                ("deprecated", Flag, false),
                ("security", List(SecurityRequirement), false),
                ("servers", List(Server), false),
            ],
            Parameter => &[
                ("name", Text, true),
                ("in", Text, true),
                ("description", Text, false),
                ("required", Flag, false),
                ("deprecated", Flag, false),
                ("allowEmptyValue", Flag, false),
                ("style", Text, false),
                ("explode", Flag, false),
                ("allowReserved", Flag, false),
                ("schema", One(Schema), false),
                ("example", Any, false),
                ("examples", MapOf(Example), false),
                ("content", MapOf(MediaType), false),
            ],
            Header => &[
                ("description", Text, false),
                ("required", Flag, false),
                ("deprecated", Flag, false),
                ("allowEmptyValue", Flag, false),
                ("style", Text, false),
                ("explode", Flag, false),
                ("allowReserved", Flag, false),
                ("schema", One(Schema), false),
                ("example", Any, false),
                ("examples", MapOf(Example), false),
                ("content", MapOf(MediaType), false),
            ],
            RequestBody => &[
                ("description", Text, false),
                ("content", MapOf(MediaType), true),
                ("required", Flag, false),
            ],
            MediaType => &[
                ("schema", One(Schema), false),
                ("example", Any, false),
                ("examples", MapOf(Example), false),
                ("encoding", MapOf(Encoding), false),
            ],
            Encoding => &[
                ("contentType", Text, false),
                ("headers", MapOf(Header), false),
                ("style", Text, false),
                ("explode", Flag, false),
                ("allowReserved", Flag, false),
            ],
            Response => &[
                ("description", Text, true),
                ("headers", MapOf(Header), false),
                ("content", MapOf(MediaType), false),
                ("links", MapOf(Link), false),
            ],
            Schema => &[
                ("title", Text, false),
                ("multipleOf", Number, false),
                ("maximum", Number, false),
                ("exclusiveMaximum", Flag, false),
                ("minimum", Number, false),
                ("exclusiveMinimum", Flag, false),
                ("maxLength", Count, false),
                ("minLength", Count, false),
                ("pattern", Text, false),
                ("maxItems", Count, false),
                ("minItems", Count, false),
                ("uniqueItems", Flag, false),
                ("maxProperties", Count, false),
                ("minProperties", Count, false),
                ("required", Texts, false),
                ("enum", Values, false),
                ("type", Text, false),
                ("allOf", List(Schema), false),
                ("oneOf", List(Schema), false),
                ("anyOf", List(Schema), false),
                ("not", One(Schema), false),
                ("items", One(Schema), false),
                ("properties", MapOf(Schema), false),
                ("additionalProperties", OneOrFlag(Schema), false),
                ("description", Text, false),
                ("format", Text, false),
                ("default", Any, false),
                ("nullable", Flag, false),
                ("discriminator", One(Discriminator), false),
                ("readOnly", Flag, false),
                ("writeOnly", Flag, false),
                ("xml", One(Xml), false),
                ("externalDocs", One(ExternalDocumentation), false),
                ("example", Any, false),
                ("deprecated", Flag, false),
            ],
            Discriminator => &[("propertyName", Text, true), ("mapping", TextMap, false)],
            Xml => &[
                ("name", Text, false),
                ("namespace", Text, false),
                ("prefix", Text, false),
                ("attribute", Flag, false),
                ("wrapped", Flag, false),
            ],
            Components => &[
                ("schemas", MapOf(Schema), false),
                ("responses", MapOf(Response), false),
                ("parameters", MapOf(Parameter), false),
                ("examples", MapOf(Example), false),
                ("requestBodies", MapOf(RequestBody), false),
                ("headers", MapOf(Header), false),
                ("securitySchemes", MapOf(SecurityScheme), false),
                ("links", MapOf(Link), false),
                ("callbacks", MapOf(Callback), false),
            ],
            SecurityScheme => &[
                ("type", Text, true),
                ("description", Text, false),
                ("name", Text, false),
                ("in", Text, false),
                ("scheme", Text, false),
                ("bearerFormat", Text, false),
                ("flows", One(Flows), false),
                ("openIdConnectUrl", Text, false),
            ],
            Flows => &[
                ("implicit", One(Flow), false),
                ("password", One(Flow), false),
                ("clientCredentials", One(Flow), false),
                ("authorizationCode", One(Flow), false),
            ],
            Flow => &[
                ("authorizationUrl", Text, false),
                ("tokenUrl", Text, false),
                ("refreshUrl", Text, false),
                ("scopes", TextMap, true),
            ],
            Example => &[
                ("summary", Text, false),
                ("description", Text, false),
                ("value", Any, false),
                ("externalValue", Text, false),
            ],
            Link => &[
                ("operationRef", Text, false),
                ("operationId", Text, false),
                ("parameters", Any, false),
                ("requestBody", Any, false),
                ("description", Text, false),
                ("server", One(Server), false),
            ],
            Paths | Responses | SecurityRequirement | Callback => &[],
        }
    }

    /// What its own keys lead to, for kinds whose keys are not fixed.
    fn members(self) -> Option<Shape> {
        match self {
            Paths | Callback => Some(One(PathItem)),
            Responses => Some(One(Response)),
            SecurityRequirement => Some(Texts),
            _ => None,
        }
    }

    /// The section of the components that a `$ref` in its place leads to; `None` if it cannot be a `$ref`.
    #[must_use]
    pub fn section(self) -> Option<&'static str> {
        match self {
            Schema => Some("schemas"),
            Response => Some("responses"),
            Parameter => Some("parameters"),
            Example => Some("examples"),
            RequestBody => Some("requestBodies"),
            Header => Some("headers"),
            SecurityScheme => Some("securitySchemes"),
            Link => Some("links"),
            Callback => Some("callbacks"),
            _ => None,
        }
    }

    /// What to call it in a sentence.
    #[must_use]
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

impl Shape {
    /// What is expected, for a sentence.
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

/// What a walk meets.
pub trait Visitor {
    /// An object of a kind, before what is in it. It may be a `$ref`.
    fn object(&mut self, kind: Kind, pointer: &Pointer, object: &Map<String, Value>);
    /// A value that is not what has to stand there.
    fn misfit(&mut self, pointer: &Pointer, message: String);
    /// A key that `kind` does not have.
    fn unknown(&mut self, kind: Kind, pointer: &Pointer, key: &str);
}

/// Runs with `token` appended to the pointer of a walk.
fn within<'t>(path: &mut PointerBuf, token: impl Into<Token<'t>>, run: impl FnOnce(&mut PointerBuf)) {
    path.push_back(token);
    run(path);
    path.pop_back();
}

/// Walks over a document.
pub fn walk(document: &Value, visitor: &mut impl Visitor) {
    check(&mut PointerBuf::root(), One(Document), document, visitor);
}

fn check(path: &mut PointerBuf, shape: Shape, value: &Value, visitor: &mut impl Visitor) {
    if !shape.fits(value) {
        let message = match (shape, value) {
            (Texts, Value::Array(list)) => {
                let odd = list.iter().find(|item| !item.is_string()).unwrap_or(value);
                format!("each item has to be a string, one is {}", kind(odd))
            }
            (TextMap, Value::Object(map)) => {
                let odd = map.values().find(|item| !item.is_string()).unwrap_or(value);
                format!("each member has to be a string, one is {}", kind(odd))
            }
            _ => format!("here has to be {}, found {}", shape.name(), kind(value)),
        };
        visitor.misfit(path, message);
        return;
    }
    match (shape, value) {
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

fn check_object(path: &mut PointerBuf, kind: Kind, object: &Map<String, Value>, visitor: &mut impl Visitor) {
    visitor.object(kind, path, object);
    if is_reference(kind, object) {
        return;
    }
    let fields = kind.fields();
    for (key, value) in object {
        let field = fields.iter().find(|(name, ..)| name == key);
        let shape = match (field, kind.members()) {
            (Some((_, shape, _)), _) => *shape,
            (None, _) if key.starts_with("x-") => continue,
            (None, Some(shape)) => shape,
            (None, None) => {
                visitor.unknown(kind, path, key);
                continue;
            }
        };
        within(path, key, |path| check(path, shape, value, visitor));
    }
    for (key, ..) in fields
        .iter()
        .filter(|(key, _, required)| *required && !object.contains_key(*key))
    {
        visitor.misfit(path, format!("{} needs `{key}`", kind.name()));
    }
}

/// Whether an object of that kind is a `$ref`, whose other members mean nothing in `OpenAPI` 3.0.
pub fn is_reference(kind: Kind, object: &Map<String, Value>) -> bool {
    (kind.section().is_some() || kind == PathItem) && object.get("$ref").is_some_and(Value::is_string)
}

/// Gives every object of the kinds of the table, outermost first, to `change`. What does not fit the table is left
/// alone: lint reports it.
pub fn walk_mut(document: &mut Value, change: &mut impl FnMut(Kind, &Pointer, &mut Map<String, Value>)) {
    change_value(&mut PointerBuf::root(), One(Document), document, change);
}

/// The same for one part of a document.
pub fn walk_part_mut(
    pointer: &Pointer,
    shape: Shape,
    part: &mut Value,
    change: &mut impl FnMut(Kind, &Pointer, &mut Map<String, Value>),
) {
    change_value(&mut pointer.to_buf(), shape, part, change);
}

fn change_value(
    path: &mut PointerBuf,
    shape: Shape,
    value: &mut Value,
    change: &mut impl FnMut(Kind, &Pointer, &mut Map<String, Value>),
) {
    match (shape, value) {
        (One(kind) | OneOrFlag(kind), Value::Object(object)) => {
            change(kind, path, object);
            for (key, value) in object.iter_mut() {
                let field = kind.fields().iter().find(|(name, ..)| name == key);
                let shape = match (field, kind.members()) {
                    (Some((_, shape, _)), _) => *shape,
                    (None, Some(shape)) if !key.starts_with("x-") => shape,
                    _ => continue,
                };
                if matches!(shape, One(_) | OneOrFlag(_) | List(_) | MapOf(_)) {
                    within(path, key, |path| change_value(path, shape, value, change));
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
