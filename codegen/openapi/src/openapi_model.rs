//! A table of the objects of `OpenAPI` 3.0 and their fields, and functions that walk over a document with the
//! help of the table.
//!
//! The stages `normalise` and `lint` use the table to find every schema, parameter and response.

use serde_json::{Map, Value};

use crate::{
    pointer::{METHODS, Pointer, PointerBuf, Token},
    text::kind,
};

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

/// Keys of a schema, or beside a `$ref`, that do not affect the Rust type.
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

/// Checks whether a schema contains `"not": {}`. Such a schema allows no value, like `false` in `OpenAPI`
/// 3.1.
pub fn matches_nothing(schema: &Map<String, Value>) -> bool {
    let not = schema.get("not").and_then(Value::as_object);
    not.is_some_and(Map::is_empty)
}

/// Checks whether a value has the `OpenAPI` type `name`. Returns true if the name is unknown.
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

macro_rules! objects {
    ($($kind:ident: $name:literal, requires $required:tt, {
        $($type:ident $(($inner:ident))?: $keys:expr),* $(,)?
    })*) => {
        /// Objects of the specification.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(
            missing_docs,
            reason = "each variant is the object of that name in the specification"
        )]
        pub enum ObjectKind { $($kind),* }

        use ObjectKind::{$($kind),*};

        impl ObjectKind {
            /// Returns the fields of the object, grouped by type: each type with the keys of its fields.
            pub fn fields(self) -> &'static [(FieldType, &'static [&'static str])] {
                match self { $($kind => &[$(($type $(($inner))?, &$keys)),*]),* }
            }

            /// Returns the fields that the object must have.
            pub(crate) fn required(self) -> &'static [&'static str] {
                match self { $($kind => &$required),* }
            }

            /// Returns the name of the kind for messages.
            pub fn name(self) -> &'static str {
                match self { $($kind => $name),* }
            }
        }
    };
}

objects! {
    Document: "an API document", requires ["openapi", "info", "paths"], {
        Text: ["openapi"],
        One(Info): ["info"],
        List(Server): ["servers"],
        One(Paths): ["paths"],
        One(Components): ["components"],
        List(SecurityRequirement): ["security"],
        List(Tag): ["tags"],
        One(ExternalDocumentation): ["externalDocs"],
    }
    Info: "the info", requires ["title", "version"], {
        Text: ["title", "description", "termsOfService", "version"],
        One(Contact): ["contact"],
        One(License): ["license"],
    }
    Contact: "a contact", requires [], { Text: ["name", "url", "email"] }
    License: "a licence", requires ["name"], { Text: ["name", "url"] }
    Server: "a server", requires ["url"], {
        Text: ["url", "description"],
        MapOf(ServerVariable): ["variables"],
    }
    ServerVariable: "a server variable", requires ["default"], {
        Texts: ["enum"],
        Text: ["default", "description"],
    }
    Tag: "a tag", requires ["name"], {
        Text: ["name", "description"],
        One(ExternalDocumentation): ["externalDocs"],
    }
    ExternalDocumentation: "external documentation", requires ["url"], { Text: ["description", "url"] }
    Paths: "the paths", requires [], {}
    PathItem: "a path item", requires [], {
        Text: ["summary", "description"],
        One(Operation): METHODS,
        List(Server): ["servers"],
        List(Parameter): ["parameters"],
    }
    Operation: "an operation", requires ["responses"], {
        Texts: ["tags"],
        Text: ["summary", "description", "operationId"],
        One(ExternalDocumentation): ["externalDocs"],
        List(Parameter): ["parameters"],
        One(RequestBody): ["requestBody"],
        One(Responses): ["responses"],
        MapOf(Callback): ["callbacks"],
        Flag: ["deprecated"],
        List(SecurityRequirement): ["security"],
        List(Server): ["servers"],
    }
    Parameter: "a parameter", requires ["name", "in"], {
        Text: ["name", "in", "description", "style"],
        Flag: ["required", "deprecated", "allowEmptyValue"],
        Flag: ["explode", "allowReserved"],
        One(Schema): ["schema"],
        Any: ["example"],
        MapOf(Example): ["examples"],
        MapOf(MediaType): ["content"],
    }
    Header: "a header", requires [], {
        Text: ["description", "style"],
        Flag: ["required", "deprecated", "allowEmptyValue"],
        Flag: ["explode", "allowReserved"],
        One(Schema): ["schema"],
        Any: ["example"],
        MapOf(Example): ["examples"],
        MapOf(MediaType): ["content"],
    }
    RequestBody: "a request body", requires ["content"], {
        Text: ["description"],
        MapOf(MediaType): ["content"],
        Flag: ["required"],
    }
    MediaType: "a media type", requires [], {
        One(Schema): ["schema"],
        Any: ["example"],
        MapOf(Example): ["examples"],
        MapOf(Encoding): ["encoding"],
    }
    Encoding: "an encoding", requires [], {
        Text: ["contentType", "style"],
        MapOf(Header): ["headers"],
        Flag: ["explode", "allowReserved"],
    }
    Responses: "the responses", requires [], {}
    Response: "a response", requires ["description"], {
        Text: ["description"],
        MapOf(Header): ["headers"],
        MapOf(MediaType): ["content"],
        MapOf(Link): ["links"],
    }
    Schema: "a schema", requires [], {
        Text: ["title", "pattern", "type", "description", "format"],
        Number: ["multipleOf", "maximum", "minimum"],
        Count: ["maxLength", "minLength", "maxItems", "minItems"],
        Count: ["maxProperties", "minProperties"],
        Flag: ["exclusiveMaximum", "exclusiveMinimum", "uniqueItems"],
        Flag: ["nullable", "readOnly", "writeOnly", "deprecated"],
        Texts: ["required"],
        Values: ["enum"],
        List(Schema): ["allOf", "oneOf", "anyOf"],
        One(Schema): ["not", "items"],
        MapOf(Schema): ["properties"],
        OneOrFlag(Schema): ["additionalProperties"],
        Any: ["default", "example"],
        One(Discriminator): ["discriminator"],
        One(Xml): ["xml"],
        One(ExternalDocumentation): ["externalDocs"],
    }
    Discriminator: "a discriminator", requires ["propertyName"], {
        Text: ["propertyName"],
        TextMap: ["mapping"],
    }
    Xml: "an XML description", requires [], {
        Text: ["name", "namespace", "prefix"],
        Flag: ["attribute", "wrapped"],
    }
    Components: "the components", requires [], {
        MapOf(Schema): ["schemas"],
        MapOf(Response): ["responses"],
        MapOf(Parameter): ["parameters"],
        MapOf(Example): ["examples"],
        MapOf(RequestBody): ["requestBodies"],
        MapOf(Header): ["headers"],
        MapOf(SecurityScheme): ["securitySchemes"],
        MapOf(Link): ["links"],
        MapOf(Callback): ["callbacks"],
    }
    SecurityScheme: "a security scheme", requires ["type"], {
        Text: ["type", "description", "name", "in", "scheme"],
        Text: ["bearerFormat", "openIdConnectUrl"],
        One(Flows): ["flows"],
    }
    Flows: "the OAuth flows", requires [], {
        One(Flow): ["implicit", "password"],
        One(Flow): ["clientCredentials", "authorizationCode"],
    }
    Flow: "an OAuth flow", requires ["scopes"], {
        Text: ["authorizationUrl", "tokenUrl", "refreshUrl"],
        TextMap: ["scopes"],
    }
    SecurityRequirement: "a security requirement", requires [], {}
    Example: "an example", requires [], {
        Text: ["summary", "description", "externalValue"],
        Any: ["value"],
    }
    Link: "a link", requires [], {
        Text: ["operationRef", "operationId", "description"],
        Any: ["parameters", "requestBody"],
        One(Server): ["server"],
    }
    Callback: "a callback", requires [], {}
}

impl ObjectKind {
    /// Returns the keys of the fields.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        self.fields().iter().flat_map(|(_, keys)| *keys).copied()
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

    /// Returns the section of `components` to which a `$ref` in place of an object of this kind must lead;
    /// `None` if a `$ref` is not allowed.
    pub fn section(self) -> Option<&'static str> {
        let mut sections = Components.fields().iter();
        sections
            .find(|(value, _)| *value == MapOf(self))?
            .1
            .first()
            .copied()
    }
}

impl FieldType {
    /// Returns the reason why a value does not have this type, or `None` if it does.
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

/// Callbacks of a walk over a document.
pub trait Visitor {
    /// Visits an object, which may be a reference. The members of the object are visited afterwards.
    fn object(&mut self, kind: ObjectKind, pointer: &Pointer, object: &Map<String, Value>);
    /// Visits a value whose type the table does not allow, or an object that lacks a required field.
    fn misfit(&mut self, _pointer: &Pointer, _message: String) {}
    /// Visits a key that is not in the table for its kind.
    fn unknown(&mut self, _kind: ObjectKind, _pointer: &Pointer, _key: &str) {}
}

/// Appends `token` to the pointer of a walk, calls `run` with the pointer, and removes the token.
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

/// Returns true if an object of this kind is a reference, that is, has a `$ref`. `OpenAPI` 3.0 ignores the
/// other members of a reference.
///
/// The specification has no references to operations, but documents that consist of several files have them.
pub fn is_reference(kind: ObjectKind, object: &Map<String, Value>) -> bool {
    (kind.section().is_some() || matches!(kind, PathItem | Operation))
        && object.get("$ref").is_some_and(Value::is_string)
}

/// Calls `change` with every object that the table describes, outermost first. Values that do not fit the
/// table stay unchanged. The stage `lint` reports them.
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

/// Calls `run` with each value that should be an object: the value of a field, or its items or members. A
/// value of another type is passed, too.
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
