//! The rules as a table: what each refuses, what the generator would make of it, and what to do.

use serde::Serialize;

use funnelflux_openapi::Severity;

/// One rule of lint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its name in diagnostics.
    pub code: &'static str,
    /// How bad a breach is.
    pub severity: Severity,
    /// What it looks for.
    pub summary: &'static str,
    /// What the generator does with it if nobody stops it. Measured on progenitor 0.15.1 unless it says otherwise.
    pub generator: &'static str,
    /// What to do about it.
    pub fix: &'static str,
}

macro_rules! rules {
    ($($name:ident = $code:literal, $severity:ident, $summary:literal, $generator:literal, $fix:literal;)*) => {
        $(pub(super) const $name: Rule = Rule {
            code: $code,
            severity: Severity::$severity,
            summary: $summary,
            generator: $generator,
            fix: $fix,
        };)*

        /// All rules, in the order in which the documentation lists them.
        static RULES: &[Rule] = &[$($name),*];
    };
}

/// All rules of lint.
#[must_use]
pub fn rules() -> &'static [Rule] {
    RULES
}

rules! {
    STRUCTURE = "structure", Error,
        "a value that is not what OpenAPI 3.0 wants in its place, or a member that is missing",
        "fails to parse the document and names no place in it",
        "write what the OpenAPI 3.0 specification wants there, in an overlay if the document is the vendor's";
    MISSPELT_KEYWORD = "misspelt-keyword", Error,
        "an unknown key that looks like a known one which the types depend on, such as `requried`",
        "ignores it without a word, so that the types are other ones than meant",
        "correct the key, in an overlay if the document is the vendor's";
    UNKNOWN_KEYWORD = "unknown-keyword", Warning,
        "a key that means nothing in OpenAPI 3.0",
        "ignores it without a word",
        "if the types should depend on it, say it with keys of OpenAPI 3.0 in an overlay; otherwise leave it";
    CONST = "const", Error,
        "`const`, which OpenAPI 3.0 does not have",
        "ignores it without a word",
        "write it as an `enum` of one value in an overlay";
    INFO_VERSION = "info-version", Error,
        "an `info.version` with a character that no HTTP header can carry",
        "compiles, and every call panics, because it sends the version as a header",
        "set `info.version` to plain ASCII in an overlay";

    DANGLING_REFERENCE = "dangling-reference", Error,
        "a `$ref` to something that is not in the document",
        "panics and does not say where",
        "correct the reference, or add what it refers to, in an overlay";
    EXTERNAL_REFERENCE = "external-reference", Error,
        "a `$ref` into another file",
        "panics: external references are not supported",
        "bundle the files into one document before it is stored";
    REFERENCE_PLACE = "reference-place", Error,
        "a `$ref` to a place other than the section of the components that fits",
        "panics or finds nothing, since it looks into that one section only",
        "move what it refers to into the components and refer to it there, in an overlay";
    PATH_REFERENCE = "path-reference", Error,
        "a path item that an overlay makes a `$ref`; those of the document itself have been followed",
        "takes it for a path without operations, as its parser has no field for the reference (read, not measured)",
        "write the path item out in the overlay";
    REFERENCE_CYCLE = "reference-cycle", Error,
        "a `$ref`, `allOf`, `oneOf` or `anyOf` that leads back to itself without a property or item in between",
        "never ends, or emits a type whose decoding never ends",
        "break the circle in an overlay";
    REFERENCE_SIBLINGS = "reference-siblings", Error,
        "keys next to `$ref` that would change the type",
        "ignores them without a word, as OpenAPI 3.0 wants it",
        "wrap it: put the `$ref` into an `allOf` of one and the other keys next to the `allOf`, in an overlay";
    REFERENCE_DOCUMENTATION = "reference-documentation", Notice,
        "a description or another remark next to `$ref`",
        "ignores it without a word",
        "nothing to do: the documentation shows what the referred schema says";

    PATH_TEMPLATE = "path-template", Error,
        "a path that does not start with `/`, has braces that do not pair, a `?`, a `#` or `//`",
        "panics, or sends the request to another address",
        "correct the path in an overlay: add the right one and remove this one";
    PATH_PARAMETER = "path-parameter", Error,
        "a `{name}` in a path without a required path parameter of that name, or the other way round",
        "panics: missing path name mapping",
        "define the parameter with `in: path` and `required: true` in an overlay";
    DUPLICATE_PARAMETER = "duplicate-parameter", Error,
        "two parameters of the same name and place in one operation",
        "emits a method with two arguments of one name, which does not compile",
        "remove one of them in an overlay";
    PARAMETER_NAME = "parameter-name", Error,
        "parameters whose Rust names clash with each other or with a name that the method uses",
        "emits a method that does not compile",
        "the clash cannot be mended by renaming, since names go over the wire: remove one of them in an overlay, or teach the generator's rules a name for it";
    PARAMETER_PLACE = "parameter-place", Error,
        "a cookie parameter",
        "refuses it without a place",
        "remove it in an overlay; a cookie can be set on the transport";
    PARAMETER_STYLE = "parameter-style", Error,
        "a parameter style other than `form` in the query and `simple` elsewhere",
        "refuses it without a place",
        "say it with single parameters in an overlay";
    PARAMETER_CONTENT = "parameter-content", Error,
        "a parameter that is described by `content`",
        "refuses it without a place",
        "describe it by a `schema` in an overlay; a value that is JSON is a string to the client";
    PARAMETER_TYPE = "parameter-type", Error,
        "an array or object as path or header parameter",
        "emits code that does not compile",
        "make it a string in an overlay";
    ARRAY_DELIMITER = "array-delimiter", Error,
        "a query array other than a required list of strings in one parameter (`explode: false`)",
        "ignores `explode` without a word; the runtime writes required lists of strings only",
        "make it a string in an overlay and join the items with commas, or a required list of strings with `explode: false`";

    REQUEST_CONTENT = "request-content", Error,
        "a request body without JSON, such as multipart or XML",
        "refuses it, panics at several types, or sends raw bytes; the runtime speaks JSON only",
        "add the JSON form in an overlay if the service takes it, or remove the operation there";
    REQUEST_SCHEMA = "request-schema", Error,
        "a request body without a schema",
        "refuses it without a place",
        "add a schema in an overlay; `{}` is any JSON value";
    RESPONSE_SCHEMA = "response-schema", Error,
        "a JSON response without a schema",
        "panics: not yet implemented",
        "add a schema in an overlay; `{}` is any JSON value";
    RESPONSE_CONTENT = "response-content", Error,
        "a success response with content, none of it plain JSON",
        "returns the bytes as they come; the runtime speaks JSON only",
        "add the JSON form in an overlay if the service answers so, or remove the operation there";
    CONTENT_CHOICE = "content-choice", Notice,
        "several content types, one of which is JSON",
        "panics at a request body with several; JSON is taken",
        "nothing to do";
    CONTENT_ENCODING = "content-encoding", Error,
        "`encoding` in a body that is used",
        "panics: media type encoding not empty",
        "remove it in an overlay";
    SUCCESS_TYPES = "success-types", Error,
        "success responses of one operation with different types",
        "panics: it can return one type",
        "leave one of them in an overlay, or give all the same schema";
    SUCCESS_MISSING = "success-missing", Error,
        "an operation without a success response (2xx)",
        "takes the error as the success, or returns raw bytes",
        "add the success response in an overlay";
    CALLBACKS = "callbacks", Notice,
        "callbacks and links",
        "ignores them",
        "nothing to do: the client only calls";
    OWN_SERVERS = "own-servers", Warning,
        "servers that a path or an operation has of its own",
        "ignores them without a word, and sends the request to the base URL of the client",
        "make such calls with a client that has this server as its base URL";
    SECURITY_SCHEME = "security-scheme", Warning,
        "a call that wants other authentication than a bearer token",
        "ignores it without a word; the runtime sends a bearer token with every call",
        "give the transport what the service wants, such as a key in a header; or correct the requirement in an overlay";
    SCHEME_UNDEFINED = "scheme-undefined", Warning,
        "a security requirement whose scheme is not among the components",
        "ignores it without a word",
        "define the scheme, or correct its name, in an overlay";
    NEEDLESS_TOKEN = "needless-token", Notice,
        "a call that wants no authentication (`security: []`)",
        "ignores it without a word; the runtime sends a bearer token with every call",
        "nothing to do, unless the token must not get there: then make such calls with a client that has none";

    COMPONENT_NAMES = "component-names", Error,
        "schemas whose names give the same Rust type",
        "emits the type twice, which does not compile",
        "rename one of them and its references in an overlay";
    DERIVED_NAME = "derived-name", Error,
        "an inline object whose derived type name is that of a component",
        "emits the type twice, which does not compile",
        "give the inline schema a `title` of its own in an overlay";
    TITLE_CLASH = "title-clash", Error,
        "different inline schemas with the same `title`, or with that of a component",
        "uses the first for all of them: a wrong type that compiles",
        "give each its own `title` in an overlay";
    PROPERTY_NAMES = "property-names", Error,
        "properties of one object whose names give the same Rust field",
        "emits a struct that does not compile",
        "remove one of them in an overlay: the client keeps unknown members all the same";
    ENUM_VALUES = "enum-values", Error,
        "an enumeration that is empty, names a value twice, or mixes types",
        "panics, or emits a type without a value",
        "correct the values in an overlay";
    ENUM_VARIANTS = "enum-variants", Error,
        "values of an enumeration that give the same Rust variant",
        "panics: failed to make unique variant names",
        "drop the `enum` in an overlay, so that it is a plain string";
    ENUM_DEFAULT = "enum-default", Warning,
        "a default that is not one of the enumerated values",
        "refuses it without a place",
        "correct the default or the values in an overlay";

    X_NULLABLE = "x-nullable", Warning,
        "`x-nullable`, which is a habit of Swagger 2.0",
        "ignores it without a word; a null in a required member does not decode then",
        "write `nullable: true` in an overlay if the value may be null; next to a `$ref`, put the `$ref` into an `allOf` of one";
    TYPE = "type", Error,
        "a `type` that does not exist",
        "panics: invalid type",
        "write string, number, integer, boolean, array or object";
    NOT = "not", Error,
        "`not`",
        "panics at most forms of it",
        "remove it in an overlay: a client that reads what it gets has no use for it";
    EXCLUSIVE_BOUND = "exclusive-bound", Error,
        "an exclusive bound without the bound",
        "panics: not yet implemented",
        "add `minimum` or `maximum`, or remove the flag, in an overlay";
    DISCRIMINATOR = "discriminator", Error,
        "a discriminator whose variants do not fix the value of its property",
        "ignores it: of two variants with the same shape the first is always taken",
        "give the property in each variant an `enum` of one value, in an overlay";
    INHERITANCE = "inheritance", Warning,
        "a discriminator on a schema that is no `oneOf` or `anyOf`",
        "ignores it: what the variants add is not typed",
        "if the variants are needed, list them in a `oneOf` in an overlay";
    ANY_OF = "any-of", Error,
        "`anyOf` with a variant that is no object, such as enumeration or string",
        "emits a struct that a plain value never decodes into",
        "use `oneOf`, or the widest of the variants, in an overlay";
    UNTAGGED_UNION = "untagged-union", Warning,
        "`oneOf` or `anyOf` of objects that no property tells apart",
        "takes the first variant that decodes",
        "put the variant with most required properties first, in an overlay";
    OVERLAPPING_ANY_OF = "overlapping-any-of", Warning,
        "`anyOf` of objects that may all apply to one value",
        "makes a field of each variant, and each keeps what it does not know: what was read is sent with such a member once for each",
        "write the properties of all variants into one object, in an overlay; or use `oneOf`, if only one of them ever applies";
    ALL_OF_CONFLICT = "all-of-conflict", Error,
        "`allOf` whose parts contradict each other",
        "emits a type without a value: nothing decodes into it",
        "leave the part that the service keeps to, in an overlay";
    CLOSED_OBJECT = "closed-object", Notice,
        "`additionalProperties: false`",
        "refuses an object with a member that is new",
        "nothing to do: unknown members are kept all the same";
    UNIQUE_ITEMS = "unique-items", Notice,
        "`uniqueItems`",
        "does not enforce it and may change the type",
        "nothing to do: it is documentation here";
    FIXED_LENGTH = "fixed-length", Notice,
        "`minItems` equal to `maxItems`",
        "emits an array of fixed length, so that a list of another length fails the whole response",
        "nothing to do: the length is documentation here";
    PATTERN = "pattern", Notice,
        "`pattern`",
        "emits a type that refuses other values, also in responses",
        "nothing to do: the pattern is documentation here";
    DECIMAL = "decimal", Warning,
        "a `number` of format `decimal`",
        "emits `f64`, which does not hold every decimal number",
        "make it a string in an overlay if the service sends one; never calculate money with it";
    ITEMS_MISSING = "items-missing", Warning,
        "an array without `items`",
        "emits a list of any JSON values",
        "say what the items are in an overlay";
    REQUIRED_UNDEFINED = "required-undefined", Warning,
        "`required` names a property that is not defined",
        "ignores it or emits any JSON value",
        "define the property, or correct the name, in an overlay";
}
