//! Table of the lint rules. Each rule states the fix for the construct that it reports.

use funnelflux_openapi::Severity;

/// A lint rule.
pub(super) struct LintRule {
    /// Name of the rule in diagnostics.
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    /// Advice for the person who writes the document.
    pub(super) fix: &'static str,
}

macro_rules! rules {
    ($($name:ident = $code:literal, $severity:ident, $fix:literal;)*) => {
        $(pub(super) const $name: LintRule = LintRule {
            code: $code,
            severity: Severity::$severity,
            fix: $fix,
        };)*

        #[cfg(test)]
        pub(super) const ALL: &[LintRule] = &[$($name),*];
    };
}

rules! {
    STRUCTURE = "structure", Error,
        "write the value that the OpenAPI 3.0 specification requires, in an overlay for the vendor's \
            document";
    MISSPELT_KEYWORD = "misspelt-keyword", Error,
        "correct the key, in an overlay for the vendor's document";
    UNKNOWN_KEYWORD = "unknown-keyword", Warning,
        "if types depend on it, express it with OpenAPI 3.0 keys in an overlay; otherwise ignore this";
    CONST = "const", Error,
        "write it as an `enum` with one value, in an overlay";
    DYNAMIC_REFERENCE = "dynamic-reference", Error,
        "replace it with a `$ref` to the intended schema, in an overlay";

    DANGLING_REFERENCE = "dangling-reference", Error,
        "correct the reference or add its target, in an overlay";
    EXTERNAL_REFERENCE = "external-reference", Error,
        "bundle the files into one document before storing it";
    REFERENCE_PLACE = "reference-place", Error,
        "move the target into the components and refer to it there, in an overlay";
    PATH_REFERENCE = "path-reference", Error,
        "write out the path item in the overlay";
    REFERENCE_CYCLE = "reference-cycle", Error,
        "break the cycle in an overlay";
    REFERENCE_SIBLINGS = "reference-siblings", Notice,
        "if the service follows the key, move the `$ref` into an `allOf` with one entry, beside the key, in \
            an overlay; otherwise ignore this";
    REFERENCE_NULLABLE = "reference-nullable", Notice,
        "no action needed: a value that is never null is decoded as well";
    REFERENCE_DOCUMENTATION = "reference-documentation", Notice,
        "no action needed: the documentation shows the description of the target";

    PATH_TEMPLATE = "path-template", Error,
        "add the correct path and remove this one, in an overlay";
    PATH_PARAMETER = "path-parameter", Error,
        "correct the path or the parameter in an overlay";
    PATH_PARAMETER_UNDEFINED = "path-parameter-undefined", Warning,
        "define it with `in: path` in an overlay; until then, it is the query parameter of that name, or \
            else a string";
    DUPLICATE_PARAMETER = "duplicate-parameter", Warning,
        "remove one of them in an overlay; the client sends the first";
    PARAMETER_NAME = "parameter-name", Error,
        "remove one of them in an overlay; renaming would change the request";
    PARAMETER_STYLE = "parameter-style", Error,
        "replace it with separate parameters in an overlay";
    PARAMETER_CONTENT = "parameter-content", Error,
        "describe it by a `schema` in an overlay; for the client, a JSON value is a string";
    REQUEST_CONTENT = "request-content", Error,
        "add the JSON form in an overlay if the service accepts it; otherwise remove the operation there";
    REQUEST_SCHEMA = "request-schema", Warning,
        "add a schema in an overlay; without one, the body is any JSON value";
    RESPONSE_SCHEMA = "response-schema", Warning,
        "add a schema in an overlay; without one, the body is any JSON value";
    RESPONSE_CONTENT = "response-content", Error,
        "add the JSON form in an overlay if the service sends it; otherwise remove the operation there";
    CONTENT_ENCODING = "content-encoding", Error,
        "remove it in an overlay";
    SUCCESS_TYPES = "success-types", Error,
        "in an overlay, keep one of them, or give all the same schema";
    SUCCESS_ALTERNATIVES = "success-alternatives", Warning,
        "in an overlay, keep one of them, or give all the same schema; until then, the response is any JSON";
    SUCCESS_MISSING = "success-missing", Warning,
        "add the success response in an overlay";
    SUCCESS_REDIRECT = "success-redirect", Error,
        "remove the operation in an overlay, or add the success response";
    CALLBACKS = "callbacks", Notice,
        "no action needed: the client only sends requests";
    OWN_SERVERS = "own-servers", Warning,
        "make such calls with a client that has this server as its base URL";
    TAG_EXTENSION = "tag-extension", Warning,
        "correct it in the overlay; `CONTRIBUTING.md` describes the extensions of tags, and the overlay that \
            keeps names when the vendor renames a tag";

    DERIVED_NAME = "derived-name", Error,
        "give the inline schema a unique `title` in an overlay";

    INHERITANCE = "inheritance", Warning,
        "if the variants are needed, list them in a `oneOf` in an overlay";
    DECIMAL = "decimal", Warning,
        "make it a string in an overlay if the service sends one; never calculate money with it";
    ITEMS_MISSING = "items-missing", Warning,
        "describe the items in an overlay";
    REQUIRED_UNDEFINED = "required-undefined", Warning,
        "define the property, or correct the name, in an overlay";
    X_NULLABLE = "x-nullable", Warning,
        "write `nullable: true` in an overlay if the value may be null; wrap a `$ref` in an `allOf` first";
    TYPE = "type", Error,
        "write string, number, integer, boolean, array or object";
    NOT = "not", Error,
        "remove it in an overlay; the client does not validate";
    DISCRIMINATOR = "discriminator", Error,
        "in an overlay, give the property an `enum` with one string in each variant, different for each";
    EMPTY_UNION = "empty-union", Error,
        "list the variants in an overlay, or remove the keyword there";
    ANY_OF = "any-of", Warning,
        "list the variant that matches fewer values first, in an overlay";
    UNTAGGED_UNION = "untagged-union", Warning,
        "in an overlay, give each variant a required property whose `enum` has one string of its own, or \
            list the variant with the most required properties first";
    OVERLAPPING_ANY_OF = "overlapping-any-of", Warning,
        "in an overlay, write the properties of all variants into one object, or use `oneOf` if only one \
            matches";
    ALL_OF_CONFLICT = "all-of-conflict", Error,
        "keep only the part that the service follows, in an overlay";
}
