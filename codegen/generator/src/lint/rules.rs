//! Table of the lint rules. The entry of a rule states how the generator treats the construct that the rule
//! reports, and the fix.

use funnelflux_openapi::Severity;

/// A lint rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LintRule {
    /// Name of the rule in diagnostics.
    pub code: &'static str,
    /// Severity of the diagnostics of the rule.
    pub severity: Severity,
    /// Behaviour of the generator for the reported construct. It was tested with progenitor 0.15.1 unless
    /// noted otherwise.
    pub generator: &'static str,
    /// Advice for the person who writes the document.
    pub fix: &'static str,
}

macro_rules! rules {
    ($($name:ident = $code:literal, $severity:ident,
        generator: $generator:literal, fix: $fix:literal;)*) => {
        $(pub(super) const $name: LintRule = LintRule {
            code: $code,
            severity: Severity::$severity,
            generator: $generator,
            fix: $fix,
        };)*

        static RULES: &[LintRule] = &[$($name),*];
    };
}

/// Returns all lint rules.
pub fn rules() -> &'static [LintRule] {
    RULES
}

rules! {
    STRUCTURE = "structure", Error,
        generator: "fails to parse the document without naming a place",
        fix: "write the value that the OpenAPI 3.0 specification requires, in an overlay for the vendor's \
            document";
    MISSPELT_KEYWORD = "misspelt-keyword", Error,
        generator: "ignores it silently, so the types differ from those intended",
        fix: "correct the key, in an overlay for the vendor's document";
    UNKNOWN_KEYWORD = "unknown-keyword", Warning,
        generator: "ignores it silently",
        fix: "if types depend on it, express it with OpenAPI 3.0 keys in an overlay; otherwise ignore this";
    CONST = "const", Error,
        generator: "ignores it silently",
        fix: "write it as an `enum` with one value, in an overlay";
    DYNAMIC_REFERENCE = "dynamic-reference", Error,
        generator: "ignores it silently, so the value may be anything",
        fix: "replace it with a `$ref` to the intended schema, in an overlay";

    DANGLING_REFERENCE = "dangling-reference", Error,
        generator: "panics without naming a place",
        fix: "correct the reference or add its target, in an overlay";
    EXTERNAL_REFERENCE = "external-reference", Error,
        generator: "panics: external references are not supported",
        fix: "bundle the files into one document before storing it";
    REFERENCE_PLACE = "reference-place", Error,
        generator: "panics or finds nothing, because it searches only that section",
        fix: "move the target into the components and refer to it there, in an overlay";
    PATH_REFERENCE = "path-reference", Error,
        generator: "reads it as a path without operations, because its parser lacks the field (read, not \
            measured)",
        fix: "write out the path item in the overlay";
    REFERENCE_CYCLE = "reference-cycle", Error,
        generator: "does not terminate, or emits a type whose decoding does not terminate",
        fix: "break the cycle in an overlay";
    REFERENCE_SIBLINGS = "reference-siblings", Error,
        generator: "ignores them silently, as OpenAPI 3.0 requires",
        fix: "move the `$ref` into an `allOf` with one entry, and keep the other keys beside the `allOf`, \
            in an overlay";
    REFERENCE_DOCUMENTATION = "reference-documentation", Notice,
        generator: "ignores it silently",
        fix: "no action needed: the documentation shows the description of the target";

    PATH_TEMPLATE = "path-template", Error,
        generator: "panics, or sends the request to another address",
        fix: "add the correct path and remove this one, in an overlay";
    PATH_PARAMETER = "path-parameter", Error,
        generator: "panics: missing path name mapping",
        fix: "define the parameter with `in: path` and `required: true` in an overlay";
    DUPLICATE_PARAMETER = "duplicate-parameter", Error,
        generator: "emits a method with two arguments of the same name, which does not compile",
        fix: "remove one of them in an overlay";
    PARAMETER_NAME = "parameter-name", Error,
        generator: "emits a method that does not compile",
        fix: "remove one of them in an overlay; renaming would change the request";
    PARAMETER_STYLE = "parameter-style", Error,
        generator: "refuses it without naming a place",
        fix: "replace it with separate parameters in an overlay";
    PARAMETER_CONTENT = "parameter-content", Error,
        generator: "refuses it without naming a place",
        fix: "describe it by a `schema` in an overlay; for the client, a JSON value is a string";
    REQUEST_CONTENT = "request-content", Error,
        generator: "refuses it, or panics on several types; the runtime supports JSON, text and bytes",
        fix: "add the JSON form in an overlay if the service accepts it; otherwise remove the operation \
            there";
    REQUEST_SCHEMA = "request-schema", Error,
        generator: "refuses it without naming a place",
        fix: "add a schema in an overlay; `{}` is any JSON value";
    RESPONSE_SCHEMA = "response-schema", Error,
        generator: "panics: not yet implemented",
        fix: "add a schema in an overlay; `{}` is any JSON value";
    RESPONSE_CONTENT = "response-content", Error,
        generator: "returns raw bytes; the runtime supports JSON, text and bytes",
        fix: "add the JSON form in an overlay if the service sends it; otherwise remove the operation there";
    CONTENT_ENCODING = "content-encoding", Error,
        generator: "panics: media type encoding not empty",
        fix: "remove it in an overlay";
    SUCCESS_TYPES = "success-types", Error,
        generator: "panics: it supports one type",
        fix: "in an overlay, keep one of them, or give all the same schema";
    SUCCESS_MISSING = "success-missing", Warning,
        generator: "treats the error as the success, or returns raw bytes; the runtime ignores the content",
        fix: "add the success response in an overlay";
    SUCCESS_REDIRECT = "success-redirect", Error,
        generator: "treats it as an error; the runtime does not follow redirects",
        fix: "remove the operation in an overlay, or add the success response";
    CALLBACKS = "callbacks", Notice,
        generator: "ignores them",
        fix: "no action needed: the client only sends requests";
    OWN_SERVERS = "own-servers", Warning,
        generator: "ignores them silently, and sends the request to the base URL of the client",
        fix: "make such calls with a client that has this server as its base URL";
    SECURITY_SCHEME = "security-scheme", Warning,
        generator: "ignores it silently; the runtime sends a bearer token with every call",
        fix: "add the required credentials on the transport, or correct the requirement in an overlay";
    SCHEME_UNDEFINED = "scheme-undefined", Warning,
        generator: "ignores it silently",
        fix: "define the scheme or correct its name, in an overlay";
    TAG_EXTENSION = "tag-extension", Warning,
        generator: "ignores it silently, so that plans count fewer children, or find differences that the \
            service made",
        fix: "correct it in the overlay; `CONTRIBUTING.md` describes the extensions of tags";
    NEEDLESS_TOKEN = "needless-token", Notice,
        generator: "ignores it silently; the runtime sends a bearer token with every call",
        fix: "no action needed, unless the token must not be sent there: then use a client without a token";

    COMPONENT_NAMES = "component-names", Error,
        generator: "emits the type twice, which does not compile",
        fix: "rename one of them and its references in an overlay";
    DERIVED_NAME = "derived-name", Error,
        generator: "emits the type twice, which does not compile",
        fix: "give the inline schema a unique `title` in an overlay";
    PROPERTY_NAMES = "property-names", Warning,
        generator: "emits a struct that does not compile; a rule keeps the second among the unknown fields",
        fix: "if the second one is the important one, remove the first in an overlay";
    ENUM_VALUES = "enum-values", Warning,
        generator: "panics, or emits a type without values; a rule removes the enumeration",
        fix: "correct the values in an overlay";
    ENUM_VARIANTS = "enum-variants", Warning,
        generator: "panics: failed to make unique variant names; a rule makes it a plain string",
        fix: "no action needed, unless a value is wrong: correct it in an overlay";

    X_NULLABLE = "x-nullable", Warning,
        generator: "ignores it silently, so that a null in a required member does not decode",
        fix: "write `nullable: true` in an overlay if the value may be null; wrap a `$ref` in an `allOf` \
            first";
    TYPE = "type", Error,
        generator: "panics: invalid type",
        fix: "write string, number, integer, boolean, array or object";
    NOT = "not", Error,
        generator: "panics on most forms of it",
        fix: "remove it in an overlay; the client does not validate";
    DISCRIMINATOR = "discriminator", Error,
        generator: "ignores it: of two variants with the same shape, the first always matches",
        fix: "give the property an `enum` with one value in each variant, in an overlay";
    EMPTY_UNION = "empty-union", Error,
        generator: "emits a type that no value has, or fails without naming a place (read, not measured)",
        fix: "list the variants in an overlay, or remove the keyword there";
    INHERITANCE = "inheritance", Warning,
        generator: "ignores it: members of the variants have no types",
        fix: "if the variants are needed, list them in a `oneOf` in an overlay";
    ANY_OF = "any-of", Warning,
        generator: "emits a struct into which a plain value never decodes; a rule makes it a `oneOf`",
        fix: "list the variant that matches fewer values first, in an overlay";
    UNTAGGED_UNION = "untagged-union", Warning,
        generator: "uses the first variant that decodes",
        fix: "list the variant with the most required properties first, in an overlay";
    OVERLAPPING_ANY_OF = "overlapping-any-of", Warning,
        generator: "makes a field of each variant, and each keeps unknown members, which are then sent \
            several times",
        fix: "in an overlay, write the properties of all variants into one object, or use `oneOf` if only \
            one matches";
    ALL_OF_CONFLICT = "all-of-conflict", Error,
        generator: "emits a type without values: nothing decodes into it",
        fix: "keep only the part that the service follows, in an overlay";
    DECIMAL = "decimal", Warning,
        generator: "emits `f64`, which cannot represent every decimal number",
        fix: "make it a string in an overlay if the service sends one; never calculate money with it";
    ITEMS_MISSING = "items-missing", Warning,
        generator: "emits a list of any JSON values",
        fix: "describe the items in an overlay";
    REQUIRED_UNDEFINED = "required-undefined", Warning,
        generator: "ignores it or emits any JSON value",
        fix: "define the property, or correct the name, in an overlay";
}
