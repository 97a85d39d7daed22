//! The API that the fake serves. Its operations, parameters, schemas and kinds of assets are read from an
//! effective OpenAPI document.
//!
//! The kinds of assets are derived from the tags of the document. A tag has a kind of asset if one of its
//! operations finds or copies an asset by ID. The effect of an operation is derived from its title or, if the
//! title contains no known verb, from the end of its path. Several operations of one tag, under different
//! paths, may list the same assets.

use std::{collections::HashMap, fmt, sync::LazyLock};

use http::Method;
use indexmap::IndexMap;
use serde_json::Value;

use crate::{
    arguments::Arguments,
    resource::{self, Resource},
    responses::ResponseShape,
    schemas::{Location, Parameter, RequestBody, Schemas, elements, text_of},
    verb::{self, Read, Verb, Write, singular, squash},
};

/// Text of the embedded document.
const TEXT: &str = include_str!("../effective.json");

/// The embedded document, which all fakes of a process share.
static EMBEDDED: LazyLock<Document> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "the document is part of the program, and a test reads it"
    )]
    Document::from_json(TEXT).expect("the embedded document is an effective document")
});

/// Effective OpenAPI document (the vendor's document with all overlays applied). It describes the API that a
/// [`Fake`](crate::Fake) serves.
///
/// The crate embeds the document of this repository. A different document can be loaded at run time:
///
/// ```
/// use funnelflux_fake::{Document, Fake, Settings};
///
/// let text = r##"{
///     "openapi": "3.0.3", "info": { "title": "", "version": "" },
///     "servers": [{ "url": "https://api.example/v2" }],
///     "paths": { "/domain/find/byId/": { "get": {
///         "tags": ["Domains"],
///         "parameters": [
///             { "name": "idDomain", "in": "query", "required": true, "schema": { "type": "string" } }
///         ],
///         "responses": { "200": { "description": "", "content": { "application/json": { "schema": {
///             "type": "object", "properties": { "idDomain": { "type": "string" } }
///         } } } } }
///     } } }
/// }"##;
/// let fake = Fake::with_document(Settings::default(), Document::from_json(text)?);
/// assert_eq!(fake.document().base_path(), "/v2");
/// assert!(fake.seed("Domains", serde_json::json!({ "idDomain": "a" })));
/// # Ok::<(), funnelflux_fake::DocumentError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Document(&'static Api);

/// Reason why a text is not an effective document.
#[derive(Debug)]
pub struct DocumentError(String);

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}\nfix: name the effective document, spec/effective.json; `cargo xtask generate` writes it",
            self.0
        )
    }
}

impl std::error::Error for DocumentError {}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operations = self.operations().len();
        write!(
            formatter,
            "Document({}, {operations} operations)",
            self.base_path()
        )
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::embedded()
    }
}

impl Document {
    /// Returns the document that the crate was built with.
    #[must_use]
    pub fn embedded() -> Self {
        *EMBEDDED
    }

    /// Reads an effective document, which is JSON of OpenAPI 3.0. The document stays in memory until the
    /// process ends, so read each document only once.
    ///
    /// # Errors
    /// Returns an error if the text is not JSON, or not a document of OpenAPI 3.0 with paths.
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        let root: Value = serde_json::from_str(text)
            .map_err(|error| DocumentError(format!("the document is not JSON: {error}")))?;
        let version = root.get("openapi").map(resource::scalar_text).unwrap_or_default();
        if !version.starts_with("3.0") {
            let message = format!("expected a document of OpenAPI 3.0, actual version {version:?}");
            return Err(DocumentError(message));
        }
        if !root.get("paths").is_some_and(Value::is_object) {
            return Err(DocumentError("the document has no paths".to_owned()));
        }
        Ok(Self(Box::leak(Box::new(Api::read(&root)))))
    }

    /// Returns every operation as method and path, sorted.
    #[must_use]
    pub fn operations(self) -> Vec<&'static str> {
        let all = self.0.operations();
        let mut keys: Vec<&str> = all.map(|operation| operation.key.as_str()).collect();
        keys.sort_unstable();
        keys
    }

    /// Returns the base path of all operations, such as `/v1`.
    #[must_use]
    pub fn base_path(self) -> &'static str {
        &self.0.base_path
    }

    /// Returns true if the fake simulates an operation, such as `PUT /page/archive/`. Returns `None` if the
    /// document lacks the operation. If the fake does not simulate an operation, a valid request succeeds and
    /// changes nothing. Depending on the document, its response has no data, an empty list or a sample value.
    #[must_use]
    pub fn simulates(self, operation: &str) -> Option<bool> {
        let operation = self.0.operations().find(|known| known.key == operation)?;
        Some(operation.meaning.is_some())
    }

    /// Returns the kind of the assets that an operation concerns. The name of a kind is usually the beginning
    /// of its paths. Returns `None` if the fake does not simulate the operation. If the assets have several
    /// paths, the result is the same for all paths. For example, the result for `GET /campaign/list/` is
    /// `funnelgroup`.
    #[must_use]
    pub fn kind(self, operation: &str) -> Option<&'static str> {
        let operation = self.0.operations().find(|known| known.key == operation)?;
        operation.meaning.as_ref().map(|(kind, _)| kind.as_str())
    }

    /// Returns the names of the groups whose assets the fake stores, in the order of the document's
    /// operations.
    #[must_use]
    pub fn groups(self) -> Vec<&'static str> {
        self.0
            .resources
            .values()
            .map(|resource| resource.tag.as_str())
            .collect()
    }

    pub(crate) fn api(self) -> &'static Api {
        self.0
    }
}

/// Data that the fake reads from a document.
#[derive(Debug)]
pub(crate) struct Api {
    /// Path of the server URL, such as `/v1`.
    pub(crate) base_path: String,
    paths: Vec<Path>,
    pub(crate) resources: IndexMap<String, Resource>,
    /// Maps every name of a kind of asset to the key of the kind. The names are derived from the paths and
    /// the tag of the kind.
    names: HashMap<String, String>,
}

/// A path with its operations.
#[derive(Debug)]
struct Path {
    template: String,
    operations: Vec<Operation>,
}

#[derive(Debug)]
pub(crate) struct Operation {
    /// Method and path, such as `PUT /offersource/archive/`.
    pub(crate) key: String,
    pub(crate) method: Method,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) body: Option<RequestBody>,
    /// Key of the kind of asset, and the verb; `None` if neither the title nor the path contains a verb, or
    /// if the ID property of the assets is unknown.
    pub(crate) meaning: Option<(String, Verb)>,
    pub(crate) arguments: Arguments,
    pub(crate) response: ResponseShape,
}

/// HTTP methods of operations. They distinguish operations from the other keys of a path item.
const METHODS: [Method; 5] = [
    Method::GET,
    Method::PUT,
    Method::POST,
    Method::DELETE,
    Method::PATCH,
];

/// Result of looking up a method and a path in the document.
pub(crate) enum Route<'d> {
    /// The operation, with the values of the parameters in its path.
    Operation(&'d Operation, Vec<(String, String)>),
    /// The path exists, but only with these other methods.
    OtherMethods(Vec<&'d Method>),
    /// The requested path does not exist, but this path with a trailing slash does.
    LacksSlash(String),
    Nothing,
}

/// Operation whose kind of asset is not determined yet.
struct Draft<'d> {
    operation: Operation,
    value: &'d Value,
    path: &'d str,
    tag: String,
    prefix: String,
    verb: Option<Verb>,
}

impl Draft<'_> {
    /// Returns the name of the parameter that contains the ID of one asset.
    fn id(&self) -> Option<&str> {
        match self.verb {
            Some(Verb::Read(Read::FindById) | Verb::Write(Write::Duplicate)) => {
                self.operation.arguments.id.as_deref()
            }
            _ => None,
        }
    }
}

impl Api {
    fn read(root: &Value) -> Self {
        let schemas = Schemas::new(root);
        let mut drafts = drafts(root, &schemas);
        let mut resources = IndexMap::new();
        let mut names = HashMap::new();
        let tags: Vec<&Value> = elements(root, "tags").collect();
        let mut groups: Vec<&str> = drafts.iter().map(|draft| draft.tag.as_str()).collect();
        let mut seen = std::collections::HashSet::new();
        groups.retain(|tag| seen.insert(*tag));
        let groups: Vec<String> = groups.into_iter().map(str::to_owned).collect();
        for tag in &groups {
            let extensions = tags.iter().find(|value| text_of(value, "name") == *tag);
            let extensions = extensions.copied().unwrap_or(&Value::Null);
            for kind in Kind::of_tag(tag, &drafts) {
                let key = if resources.contains_key(&kind.main) {
                    tag.clone()
                } else {
                    kind.main.clone()
                };
                let is_of_kind =
                    |draft: &&mut Draft<'_>| draft.tag == *tag && kind.prefixes.contains(&draft.prefix);
                let mut operations = resource::Operations::new();
                for draft in drafts.iter_mut().filter(is_of_kind) {
                    if let Some(verb) = draft.verb {
                        draft.operation.meaning = Some((key.clone(), verb));
                        draft.operation.response = ResponseShape::of(&schemas, draft.value, &kind.id);
                        // Operations under the main path come first, because they describe the assets best.
                        let place = if draft.prefix == kind.main {
                            0
                        } else {
                            operations.len()
                        };
                        operations.insert(place, (verb, draft.value));
                    }
                }
                for name in kind.names(tag) {
                    names.entry(name).or_insert_with(|| key.clone());
                }
                let resource = Resource::read(&schemas, key.clone(), tag, extensions, &kind.id, &operations);
                resources.insert(key, resource);
            }
        }
        resource::connect(&mut resources, &tags);
        let mut paths: Vec<Path> = Vec::new();
        for draft in drafts {
            match paths.iter_mut().find(|path| path.template == draft.path) {
                Some(path) => path.operations.push(draft.operation),
                None => paths.push(Path {
                    template: draft.path.to_owned(),
                    operations: vec![draft.operation],
                }),
            }
        }
        Self {
            base_path: base_path(root),
            paths,
            resources,
            names,
        }
    }

    pub(crate) fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.paths.iter().flat_map(|path| &path.operations)
    }

    /// Finds the path of the document that matches a requested path. Also returns the values of the path
    /// parameters. Paths without parameters take precedence.
    fn path(&self, path: &str) -> Option<(&Path, Vec<(String, String)>)> {
        let literal = self.paths.iter().find(|known| known.template == path);
        if let Some(literal) = literal {
            return Some((literal, Vec::new()));
        }
        let mut matches = self
            .paths
            .iter()
            .filter_map(|known| Some((known, known.values(path)?)));
        matches.next()
    }

    pub(crate) fn route(&self, method: &Method, path: &str) -> Route<'_> {
        let Some((found, values)) = self.path(path) else {
            let slashed = format!("{path}/");
            return if self.path(&slashed).is_some() {
                Route::LacksSlash(slashed)
            } else {
                Route::Nothing
            };
        };
        let operations = &found.operations;
        match operations.iter().find(|operation| operation.method == *method) {
            Some(operation) => Route::Operation(operation, values),
            None => Route::OtherMethods(operations.iter().map(|operation| &operation.method).collect()),
        }
    }

    /// Returns the kind of asset with this name. A name is, for example, the beginning of the kind's paths
    /// (`offersource`) or its tag (`Offer Sources`).
    pub(crate) fn resource(&self, name: &str) -> Option<&Resource> {
        self.resources.get(self.key(name)?)
    }

    pub(crate) fn key(&self, name: &str) -> Option<&str> {
        match self.resources.get_key_value(name) {
            Some((key, _)) => Some(key),
            None => self.names.get(name).map(String::as_str),
        }
    }

    /// Returns the kind whose assets are the categories of other assets.
    pub(crate) fn categories(&self) -> Option<&Resource> {
        self.resources.values().find(|resource| resource.is_category())
    }
}

impl Path {
    /// Returns the decoded values of the parameters in a path, if the path matches the template.
    fn values(&self, path: &str) -> Option<Vec<(String, String)>> {
        let mut values = Vec::new();
        let mut given = path.split('/');
        for expected in self.template.split('/') {
            let given = given.next()?;
            match expected.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) if !given.is_empty() => {
                    let value = percent_encoding::percent_decode_str(given).decode_utf8_lossy();
                    values.push((name.to_owned(), value.into_owned()));
                }
                None if given == expected => {}
                _ => return None,
            }
        }
        (given.next().is_none() && !values.is_empty()).then_some(values)
    }
}

/// Kind of asset. A tag can have several kinds, and a kind can have several paths.
struct Kind {
    /// Name of the parameter that contains the ID of an asset.
    id: String,
    /// Beginning of the kind's main paths, which describe the assets best.
    main: String,
    /// Beginnings of all paths of the kind.
    prefixes: Vec<String>,
}

impl Kind {
    /// Determines the kinds of assets of a tag. Paths with the same ID parameter belong to the same kind.
    /// Paths without an ID parameter belong to the first kind. If no path has an ID parameter, the tag has no
    /// kinds, because assets without an ID cannot be stored.
    fn of_tag(tag: &str, drafts: &[Draft<'_>]) -> Vec<Self> {
        let own = || {
            drafts
                .iter()
                .filter(|draft| draft.tag == tag && draft.verb.is_some())
        };
        let mut kinds: IndexMap<&str, Vec<&str>> = IndexMap::new();
        for draft in own() {
            if let Some(id) = draft.id() {
                let prefixes = kinds.entry(id).or_default();
                if !prefixes.contains(&draft.prefix.as_str()) {
                    prefixes.push(&draft.prefix);
                }
            }
        }
        let is_named = |prefix: &str| {
            let last = prefix.rsplit('/').next().map(squash).unwrap_or_default();
            last == squash(tag) || last == singular(tag)
        };
        let score = |prefix: &str| {
            let operations = own().filter(|draft| draft.prefix == prefix).count();
            (is_named(prefix), operations)
        };
        let mut kinds: Vec<Self> = kinds
            .into_iter()
            .map(|(id, prefixes)| {
                let mut main = prefixes.first().copied().unwrap_or_default();
                for prefix in &prefixes {
                    if score(prefix) > score(main) {
                        main = prefix;
                    }
                }
                Self {
                    id: id.to_owned(),
                    main: main.to_owned(),
                    prefixes: prefixes.into_iter().map(str::to_owned).collect(),
                }
            })
            .collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(score(&kind.main)));
        let known: Vec<String> = kinds.iter().flat_map(|kind| kind.prefixes.clone()).collect();
        if let Some(first) = kinds.first_mut() {
            for draft in own().filter(|draft| !known.contains(&draft.prefix)) {
                if !first.prefixes.contains(&draft.prefix) {
                    first.prefixes.push(draft.prefix.clone());
                }
            }
        }
        kinds
    }

    /// Returns all names of the kind.
    fn names(&self, tag: &str) -> Vec<String> {
        let kebab = tag.to_lowercase().replace(' ', "-");
        let mut names = vec![tag.to_owned(), kebab, squash(tag), singular(tag)];
        names.extend(self.prefixes.iter().cloned());
        let last = self
            .prefixes
            .iter()
            .filter_map(|prefix| prefix.rsplit('/').next());
        names.extend(last.map(str::to_owned));
        names
    }
}

/// Reads all operations. The verb of an operation is derived from its title or, if the title contains no
/// verb, from its path.
fn drafts<'d>(root: &'d Value, schemas: &Schemas<'d>) -> Vec<Draft<'d>> {
    let mut drafts = Vec::new();
    for (path, item) in root.get("paths").and_then(Value::as_object).into_iter().flatten() {
        for method in METHODS {
            let Some(value) = item.get(method.as_str().to_lowercase()) else {
                continue;
            };
            let (prefix, by_path) = verb::of_path(&method, path);
            let tag = value.pointer("/tags/0").and_then(Value::as_str);
            let tag = tag
                .or_else(|| prefix.split('/').next())
                .unwrap_or_default()
                .to_owned();
            let parameters = schemas.parameters(item, value);
            drafts.push(Draft {
                verb: verb::of_title(&method, &text_of(value, "summary"), &tag).or(by_path),
                operation: Operation {
                    key: format!("{method} {path}"),
                    method,
                    arguments: Arguments::of(schemas, &parameters, value),
                    body: schemas.body(value),
                    meaning: None,
                    response: ResponseShape::of(schemas, value, ""),
                    parameters,
                },
                value,
                path,
                tag,
                prefix,
            });
        }
    }
    drafts
}

impl Operation {
    /// Returns the path, such as `/offersource/archive/`.
    pub(crate) fn path(&self) -> &str {
        self.key.split_once(' ').map_or("", |(_, path)| path)
    }

    /// Returns the parameters in the query.
    pub(crate) fn query(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters
            .iter()
            .filter(|parameter| parameter.location == Location::Query)
    }
}

fn base_path(root: &Value) -> String {
    let url = root
        .pointer("/servers/0/url")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    after_scheme
        .find('/')
        .and_then(|start| after_scheme.get(start..))
        .unwrap_or_default()
        .trim_end_matches('/')
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn offer_sources_are_read_from_the_document() {
        let resource = Document::embedded().api().resource("offersource").unwrap();
        assert_eq!(
            (
                resource.tag.as_str(),
                resource.id.as_str(),
                resource.name.as_str()
            ),
            ("Offer Sources", "idOfferSource", "offerSourceName")
        );
        let slim: Vec<&str> = resource
            .slim
            .iter()
            .flatten()
            .map(|property| property.name.as_str())
            .collect();
        let expected = [
            "categoryName",
            "idCategory",
            "idOfferSource",
            "offerSourceName",
            "status",
        ];
        assert!(expected.iter().all(|name| slim.contains(name)), "{slim:?}");
        assert_eq!(resource.default_of("status"), Some(&json!("active")));
        assert_eq!(resource.default_of("postbackSubId"), Some(&json!("")));
        assert_eq!(resource.category.as_deref(), Some("idCategory"));
        assert_eq!(Document::embedded().base_path(), "/v1");
    }

    #[test]
    fn kinds_go_by_paths_and_tags() {
        let api = Document::embedded().api();
        for resource in api.resources.values() {
            for name in [resource.key.as_str(), resource.tag.as_str()] {
                assert_eq!(api.key(name), Some(resource.key.as_str()), "{name}");
            }
        }
        assert_eq!(api.key("offer-sources"), api.key("Offer Sources"));
        assert_eq!(api.key("nothing"), None);
    }

    /// Reads a document in which paths, IDs, lists and responses differ from the pattern of the vendor's
    /// document.
    #[test]
    fn other_notations_are_read() {
        let text = |name: &str, place: &str| {
            let schema = json!({ "type": "string" });
            json!({ "name": name, "in": place, "required": true, "schema": schema })
        };
        let asset = json!({ "type": "object", "properties": { "id": { "type": "string" }, "title": {} } });
        let answer = |schema: Value| {
            let content = json!({ "application/json": { "schema": schema } });
            json!({ "201": { "description": "", "content": content } })
        };
        let body = |schema: Value| json!({ "content": { "application/json": { "schema": schema } } });
        let list = json!({ "type": "array", "items": { "type": "string" } });
        let root = json!({
            "tags": [
                { "name": "Domains" },
                { "name": "Zones", "x-children": [{ "tag": "Domains", "properties": ["/zone/id"] }] },
            ],
            "paths": {
                "/v2/domains/{idDomain}": { "get": {
                    "tags": ["Domains"], "summary": "Find a domain by ID",
                    "parameters": [text("idDomain", "path")],
                    "responses": answer(json!({ "type": "object", "properties": { "data": asset } })),
                } },
                "/v2/domains": {
                    "get": {
                        "tags": ["Domains"], "summary": "List domains",
                        "responses": answer(json!({
                            "type": "object", "required": ["rows", "total"], "properties": {
                                "rows": { "type": "array", "items": asset }, "total": { "type": "integer" },
                            },
                        })),
                    },
                    "put": {
                        "tags": ["Domains"], "summary": "Archive domains", "requestBody": body(list),
                        "responses": { "default": { "description": "" } },
                    },
                },
                "/zone/find/byId": { "get": {
                    "tags": ["Zones"], "parameters": [text("idZone", "query")],
                    "responses": answer(asset.clone()),
                } },
            },
        });
        let api = Api::read(&root);
        assert_eq!(api.resources.keys().collect::<Vec<_>>(), ["v2/domains", "zone"]);
        let domains = api.resource("domains").unwrap();
        assert_eq!(
            (domains.id.as_str(), domains.parent.as_slice()),
            ("id", &["/zone/id".to_owned()][..])
        );
        assert_eq!(api.resource("Zones").unwrap().children[0].key, "v2/domains");
        let Route::Operation(find, values) = api.route(&Method::GET, "/v2/domains/a%20b") else {
            panic!("the path with a parameter is not found");
        };
        assert_eq!(values, [("idDomain".to_owned(), "a b".to_owned())]);
        assert_eq!(
            find.meaning,
            Some(("v2/domains".to_owned(), Verb::Read(Read::FindById)))
        );
        assert!(find.response.is_asset(domains));
        let Route::Operation(list, _) = api.route(&Method::GET, "/v2/domains") else {
            panic!("the list is not found");
        };
        assert!(matches!(&list.response, ResponseShape::List(Some((path, _))) if path == &["rows"]));
        let Route::Operation(archive, _) = api.route(&Method::PUT, "/v2/domains") else {
            panic!("the archive is not found");
        };
        assert_eq!(archive.arguments.entries, Some(crate::arguments::Place::Body));
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, message) in [
            ("no", "the document is not JSON"),
            (
                r#"{"swagger": "2.0"}"#,
                "expected a document of OpenAPI 3.0, actual version \"\"",
            ),
            (r#"{"openapi": "3.1.0", "paths": {}}"#, "actual version \"3.1.0\""),
            (r#"{"openapi": "3.0.3"}"#, "the document has no paths"),
        ] {
            let error = Document::from_json(text).unwrap_err().to_string();
            assert!(error.contains(message) && error.contains("\nfix: "), "{error}");
        }
    }
}
