//! Lint: a located message for every construct that the generator would panic on, mistype in silence, or turn into code
//! that does not compile, unless a prepare rule repairs it. [`rules`] is the table of them.

mod names;
mod operations;
mod references;
mod rules;
mod schemas;
mod security;

use openapiv3::OpenAPI;
use serde::Deserialize as _;
use serde_json::{Map, Value};

use funnelflux_openapi::{
    Diagnostics, Document, Stage,
    openapi_model::{self, Kind, Visitor},
    pointer::{self, Pointer},
    references::{References, Usages, follow, resolve},
};

pub use rules::{Rule, rules};

type Object = Map<String, Value>;

/// Looks for all that the generator cannot take. The document is an `OpenAPI` 3.0 document, with overlays applied.
#[must_use]
pub fn lint(document: &Document) -> Diagnostics {
    let mut lint = Lint {
        document,
        diagnostics: Diagnostics::new(),
    };
    openapi_model::walk(document.value(), &mut lint);
    lint.operations();
    lint.security();
    lint.names();
    let references = References::new(document.value());
    lint.cycles(&references);
    lint.parse();
    let mut diagnostics = lint.diagnostics;
    name_operations(&references, &mut diagnostics);
    diagnostics
        .0
        .sort_by(|left, right| left.location.cmp(&right.location));
    diagnostics
}

/// Looks only for names that several types would get: rules make schemas with names of their own.
pub(crate) fn names(document: &Document) -> Diagnostics {
    let mut lint = Lint {
        document,
        diagnostics: Diagnostics::new(),
    };
    lint.names();
    lint.diagnostics
}

struct Lint<'a> {
    document: &'a Document,
    diagnostics: Diagnostics,
}

impl<'a> Lint<'a> {
    fn report<'p>(&mut self, rule: &Rule, pointer: impl pointer::ToPointer<'p>, message: impl Into<String>) {
        let diagnostic = self
            .document
            .diagnostic(rule.severity, Stage::Lint, rule.code, pointer, message);
        self.diagnostics.push(diagnostic.fix(rule.fix));
    }

    /// Resolves an object of a kind through its references, with its pointer; `None` if they lead to no such object.
    fn resolve(&self, kind: Kind, pointer: &str, object: &'a Object) -> Option<(String, &'a Object)> {
        if !openapi_model::is_reference(kind, object) {
            return Some((pointer.to_owned(), object));
        }
        let document = self.document.value();
        let (pointer, value) = follow(document, object.get("$ref")?.as_str()?)?;
        let (pointer, value) = resolve(document, &pointer, value);
        let object = value.as_object()?;
        (!openapi_model::is_reference(kind, object)).then(|| (pointer.to_string(), object))
    }

    fn object(&self, pointer: &str) -> Option<&'a Object> {
        self.document.get(pointer).and_then(Value::as_object)
    }

    /// A document that lint finds nothing wrong with has to parse; the generator's parser has the last word.
    fn parse(&mut self) {
        if !self.diagnostics.has_errors()
            && let Err(error) = OpenAPI::deserialize(self.document.value())
        {
            self.report(
                &rules::STRUCTURE,
                "",
                format!("the generator's parser refuses the document: {error}"),
            );
        }
    }
}

impl Visitor for Lint<'_> {
    fn object(&mut self, kind: Kind, pointer: &Pointer, object: &Object) {
        let pointer = pointer.as_str();
        let says = |key: &str| object.get(key) == Some(&Value::Bool(true));
        if kind == Kind::Schema && says("x-nullable") && !says("nullable") {
            let place = pointer::join(pointer, "x-nullable");
            self.report(
                &rules::X_NULLABLE,
                place,
                "`x-nullable` means nothing in OpenAPI 3",
            );
        }
        if openapi_model::is_reference(kind, object) {
            self.reference(kind, pointer, object);
            return;
        }
        if matches!(kind, Kind::PathItem | Kind::Operation) && object.contains_key("servers") {
            let place = pointer::join(pointer, "servers");
            let message = format!("{} has servers of its own, which are not called", kind.name());
            self.report(&rules::OWN_SERVERS, place, message);
        }
        match kind {
            Kind::Info => self.info(pointer, object),
            Kind::Schema => self.schema(pointer, object),
            Kind::Parameter | Kind::Header
                if !["schema", "content"].iter().any(|key| object.contains_key(*key)) =>
            {
                let message = format!("{} needs `schema` or `content`", kind.name());
                self.report(&rules::STRUCTURE, pointer, message);
            }
            Kind::Callback => {
                // The generator's parser takes them for path items.
                let extensions = object.iter().filter(|(key, _)| key.starts_with("x-"));
                for (key, _) in extensions.filter(|(_, value)| !value.is_object()) {
                    let place = pointer::join(pointer, key);
                    let message = "an extension in a callback has to be an object".to_owned();
                    self.report(&rules::STRUCTURE, place, message);
                }
            }
            Kind::Operation if object.contains_key("callbacks") => {
                let place = pointer::join(pointer, "callbacks");
                self.report(&rules::CALLBACKS, place, "callbacks are not generated");
            }
            Kind::Response if object.contains_key("links") => {
                let place = pointer::join(pointer, "links");
                self.report(&rules::CALLBACKS, place, "links are not generated");
            }
            _ => {}
        }
    }

    fn misfit(&mut self, pointer: &Pointer, message: String) {
        self.report(&rules::STRUCTURE, pointer, message);
    }

    fn unknown(&mut self, kind: Kind, pointer: &Pointer, key: &str) {
        let place = pointer.with_trailing_token(key);
        if kind == Kind::Schema && key == "const" {
            self.report(&rules::CONST, place, "`const` means nothing in OpenAPI 3.0");
            return;
        }
        let near = kind
            .fields()
            .iter()
            .map(|field| field.key)
            .find(|name| is_near(name, key));
        match near {
            Some(near) if !DOCUMENTATION.contains(&near) => {
                let message = format!("{} has no key `{key}`: is `{near}` meant?", kind.name());
                self.report(&rules::MISSPELT_KEYWORD, place, message);
            }
            _ => {
                let message = format!("{} has no key `{key}`", kind.name());
                self.report(&rules::UNKNOWN_KEYWORD, place, message);
            }
        }
    }
}

/// Keys on which no type depends.
const DOCUMENTATION: &[&str] = &[
    "title",
    "description",
    "summary",
    "example",
    "examples",
    "externalDocs",
    "deprecated",
    "xml",
    "readOnly",
    "writeOnly",
    "default",
    "termsOfService",
    "contact",
    "license",
    "operationId",
    "tags",
    "url",
    "email",
    "name",
    "$comment",
    "links",
    "callbacks",
];

/// Whether a person who wrote `key` may have meant `name`.
fn is_near(name: &str, key: &str) -> bool {
    let distance = if name.len().min(key.len()) <= 4 { 1 } else { 2 };
    name.len().abs_diff(key.len()) <= distance
        && (name.eq_ignore_ascii_case(key) || strsim::osa_distance(name, key) <= distance)
}

impl Lint<'_> {
    fn info(&mut self, pointer: &str, info: &Object) {
        if let Some(Value::String(version)) = info.get("version")
            && let Some(odd) = version.chars().find(|character| !matches!(character, ' '..='~'))
        {
            let message = format!(
                "the version holds `{}`, which no HTTP header can carry",
                odd.escape_debug()
            );
            self.report(&rules::INFO_VERSION, pointer::join(pointer, "version"), message);
        }
    }
}

/// Names the operations that use a component with a diagnostic: a component itself is not called.
fn name_operations(references: &References<'_>, diagnostics: &mut Diagnostics) {
    let is_in_component = |pointer: &Pointer| pointer.starts_with(Pointer::from_static("/components"));
    if !diagnostics
        .iter()
        .any(|diagnostic| is_in_component(&diagnostic.pointer))
    {
        return;
    }
    let usages = Usages::new(references);
    diagnostics.0 = std::mem::take(&mut diagnostics.0)
        .into_iter()
        .map(|diagnostic| {
            if !is_in_component(&diagnostic.pointer) {
                return diagnostic;
            }
            let operations = usages.operations(&diagnostic.pointer);
            let names: Vec<String> = operations.into_iter().map(ToString::to_string).collect();
            diagnostic.operations(&names)
        })
        .collect();
}

#[cfg(test)]
mod tests;
