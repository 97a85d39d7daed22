//! Lint: a located message for every construct that the generator would panic on, mistype in silence, or turn into code
//! that does not compile, unless a prepare rule repairs it. [`rules`] is the table of them.

mod names;
mod operations;
mod references;
mod rules;
mod schemas;
mod security;

use std::collections::{BTreeMap, HashSet, VecDeque};

use openapiv3::OpenAPI;
use serde::Deserialize as _;
use serde_json::{Map, Value};

use funnelflux_openapi::{
    Diagnostics, Document, Stage,
    openapi_model::{self, Kind, Visitor},
    pointer::{self, Pointer},
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
    lint.cycles();
    lint.parse();
    let mut diagnostics = lint.diagnostics;
    name_operations(document, &mut diagnostics);
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

    /// The object that an object of a kind is or refers to, with its pointer; `None` where a reference leads nowhere.
    fn resolve(&self, kind: Kind, pointer: &str, object: &'a Object) -> Option<(String, &'a Object)> {
        const HOPS: usize = 16;
        let mut pointer = pointer.to_owned();
        let mut object = object;
        for _ in 0..HOPS {
            if !openapi_model::is_reference(kind, object) {
                return Some((pointer, object));
            }
            let target = object.get("$ref")?.as_str()?.strip_prefix('#')?;
            object = self.document.get(target)?.as_object()?;
            target.clone_into(&mut pointer);
        }
        None
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
            .map(|(name, ..)| *name)
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

/// Names the operations by which a component with a diagnostic is reached, for nobody calls a component.
fn name_operations(document: &Document, diagnostics: &mut Diagnostics) {
    let component = |pointer: &str| {
        let rest = pointer.strip_prefix("/components/")?;
        let end = rest
            .match_indices('/')
            .nth(1)
            .map_or(rest.len(), |(index, _)| index);
        rest.get(..end).map(|rest| format!("/components/{rest}"))
    };
    let wanted: HashSet<String> = diagnostics
        .iter()
        .filter_map(|diagnostic| component(diagnostic.pointer.as_str()))
        .collect();
    if wanted.is_empty() {
        return;
    }
    let mut users: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut references = Vec::new();
    for (path, method, operation) in operations::all(document) {
        let name = format!("{} {path}", method.to_ascii_uppercase());
        let mut seen = HashSet::new();
        let mut queue = VecDeque::new();
        references.clear();
        funnelflux_openapi::references::collect(operation, &mut references);
        queue.extend(references.drain(..));
        while let Some(target) = queue.pop_front() {
            if !seen.insert(target) {
                continue;
            }
            if let Some(value) = document.get(target) {
                funnelflux_openapi::references::collect(value, &mut references);
                queue.extend(references.drain(..));
            }
            if wanted.contains(target) {
                users.entry(target.to_owned()).or_default().push(name.clone());
            }
        }
    }
    diagnostics.0 = std::mem::take(&mut diagnostics.0)
        .into_iter()
        .map(|diagnostic| {
            let users = component(diagnostic.pointer.as_str()).and_then(|component| users.get(&component));
            diagnostic.operations(users.map_or(&[], Vec::as_slice))
        })
        .collect();
}

#[cfg(test)]
mod tests;
