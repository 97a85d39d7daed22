//! Names in the generated code: types, variants, arguments, modules and features.

use heck::{ToKebabCase as _, ToPascalCase as _, ToShoutySnakeCase as _, ToSnakeCase as _};

/// Returns the name of the Rust type for a schema or property. The result must equal the name that progenitor
/// derives, because progenitor finds replacement types by this name.
pub(crate) fn type_name(name: &str) -> String {
    let name = words(&name.replace('\'', "")).to_pascal_case();
    if name.starts_with(char::is_alphabetic) {
        identifier(&name)
    } else {
        format!("X{name}")
    }
}

/// Returns the name of a new component. This is also the name of its Rust type. For `a_b_filter`, the name is
/// `AbFilter` and not `ABFilter`, because progenitor would turn the component `ABFilter` into the type
/// `AbFilter`.
pub(crate) fn component(name: &str) -> String {
    type_name(&type_name(name))
}

/// Returns the name of the enumeration for a query parameter: `StatusFilter` for `status`.
pub(crate) fn parameter_enum(parameter: &str) -> String {
    format!("{}Filter", type_name(parameter))
}

/// Returns the name of the variant for a value of an enumeration. `Unknown` is reserved for unlisted values.
pub(crate) fn variant(value: &str) -> String {
    // The votes `+1` and `-1` differ only in their sign, which Pascal case drops.
    match value {
        "+1" => return "Plus1".to_owned(),
        "-1" => return "Minus1".to_owned(),
        _ => {}
    }
    match words(value).to_pascal_case().as_str() {
        "" if value.is_empty() => "Empty".to_owned(),
        // Operators such as `<=` are named after their characters.
        "" => value.chars().fold("Sign".to_owned(), |name, character| {
            format!("{name}{:X}", u32::from(character))
        }),
        "Unknown" => "UnknownValue".to_owned(),
        name => identifier(name),
    }
}

/// Names of the generated modules that do not belong to a tag.
const MODULES: &[&str] = &["asset_groups", "ids", "public", "shared"];

/// Returns the name of the module for a tag. The name is empty if the tag has no letters or digits.
///
/// Letters of other scripts are converted to ASCII, because a module in its own file needs an ASCII name.
pub(crate) fn module(tag: &str) -> String {
    match snake(tag) {
        name if name.is_empty() => name,
        name if MODULES.contains(&name.as_str()) => format!("{name}_"),
        name => identifier(&name),
    }
}

/// Returns the cargo feature for a tag. Letters of other scripts are converted to ASCII, as in the name of
/// the module, because TOML keys without quotes must be ASCII.
pub fn feature(tag: &str) -> String {
    match snake(tag).to_kebab_case().as_str() {
        // The crate already has features with these names. They do not belong to a group.
        name @ ("blocking" | "client" | "default" | "documented" | "gzip" | "http2" | "inferred"
        | "native-tls" | "rate-limit" | "reqwest" | "rustls" | "snapshot" | "traceparent"
        | "tracing") => format!("{name}-group"),
        name => name.to_owned(),
    }
}

/// Names that generated files already use. No schema and no kind of asset may have one of these names.
pub(crate) const TYPES: &[&str] = &[
    "Option",
    "Some",
    "None",
    "Vec",
    "String",
    "Box",
    "From",
    "Into",
    "Self",
    "Call",
    "Client",
    "Operation",
    "Repeat",
    "RequestBody",
    "Inferred",
    "Default",
    "Clone",
    "Debug",
    "PartialEq",
    "Result",
    "ReadBack",
    "ServerManagedFields",
];

/// Returns the name of the client method that creates the handle of a resource. `plural` is the plural of the
/// resource in snake case.
pub(crate) fn handle(plural: &str) -> String {
    match identifier(plural).as_str() {
        // The client has hand-written methods with these names.
        name @ ("account"
        | "base_url"
        | "budget"
        | "builder"
        | "call"
        | "call_counter"
        | "clone"
        | "create"
        | "credential_source"
        | "example"
        | "for_account"
        | "from_env"
        | "hooks"
        | "limiter"
        | "now"
        | "operation"
        | "replace_credentials"
        | "request"
        | "settings"
        | "token_manager"
        | "transport"
        | "with_credentials"
        | "with_token_store") => format!("{name}_handle"),
        name => name.to_owned(),
    }
}

/// Converts text to snake case. Letters of other scripts are converted to ASCII, and symbols become words.
pub(crate) fn snake(text: &str) -> String {
    deunicode::deunicode(text).to_snake_case()
}

/// Returns the name of the method argument for a parameter. Like progenitor, returns `x` if the name of the
/// parameter has no letters or digits.
pub(crate) fn argument(parameter: &str) -> String {
    match words(parameter).to_snake_case().as_str() {
        "" => "x".to_owned(),
        name => identifier(name),
    }
}

/// Returns the name of the `static` item for an operation.
pub(crate) fn constant(operation: &str) -> String {
    operation.to_shouty_snake_case()
}

/// Replaces with a hyphen each non-ASCII character that is not allowed in Rust names. For example, `½` is
/// numeric but not allowed.
fn words(name: &str) -> String {
    let is_foreign = |character: char| {
        !character.is_ascii() && syn::parse_str::<syn::Ident>(&format!("a{character}")).is_err()
    };
    name.replace(is_foreign, "-")
}

/// Turns a name into a valid Rust identifier. Appends an underscore to a keyword, and puts an underscore in
/// front of a leading digit.
fn identifier(name: &str) -> String {
    // `gen` has been a keyword since the 2024 edition, but `syn` accepts it as an identifier.
    if syn::parse_str::<syn::Ident>(name).is_ok() && name != "gen" {
        name.to_owned()
    } else if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        format!("{name}_")
    }
}

#[cfg(test)]
mod tests;
