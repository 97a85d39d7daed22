//! Builds requests that the document describes, for programs that work on every kind of asset.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use crate::{
    arguments::Place,
    document::{Document, Operation},
    resource::Resource,
    schemas::{Location, Notation},
    verb::{Read, Verb, Write},
};

/// Action that one request performs on assets of one kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Action<'a> {
    /// Lists the assets that pass a status filter, such as `active` or `all`.
    List(&'a str),
    /// Finds the asset with this ID.
    Find(&'a str),
    /// Finds the assets with these IDs.
    FindMany(&'a [&'a str]),
    /// Finds the assets in the category with this ID.
    FindByCategory(&'a str),
    /// Creates this asset.
    Create(&'a Value),
    /// Saves this asset.
    Save(&'a Value),
    /// Archives the assets with these IDs.
    Archive(&'a [&'a str], Children<'a>),
    /// Restores the assets with these IDs from the archive.
    Unarchive(&'a [&'a str]),
    /// Deletes the assets with these IDs.
    Delete(&'a [&'a str], Children<'a>),
    /// Moves the assets with these IDs to a category.
    MoveToCategory(&'a [&'a str], &'a str),
}

/// Treatment of the children of assets that are archived or deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Children<'a> {
    /// The request does not mention the children.
    Unmentioned,
    /// The children are also archived or deleted.
    Cascade,
    /// The children get the parent with this ID.
    Move(&'a str),
    /// The children lose their parent.
    Orphan,
}

/// Request as the document describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentedRequest {
    /// HTTP method.
    pub method: Method,
    /// Path below the base path, such as `/offersource/list/`.
    pub path: String,
    /// Names and values of the query parameters, not encoded.
    pub query: Vec<(String, String)>,
    /// JSON body.
    pub body: Option<Value>,
}

/// Property of a kind of asset.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentedProperty {
    /// Name of the property.
    pub name: &'static str,
    /// Documented default of the property.
    pub default: Option<&'static Value>,
    /// `true` if an asset must have the property.
    pub is_required: bool,
    /// `true` if no request may set the property.
    pub is_read_only: bool,
}

impl Document {
    /// Returns the request for an action on a kind of asset. `kind` is the tag of the kind (`Offer Sources`)
    /// or the beginning of its paths. Returns `None` if the document does not have the kind, or if the kind
    /// does not have the operation.
    ///
    /// ```
    /// use funnelflux_fake::{Action, Document};
    ///
    /// let request = Document::embedded().request("Offer Sources", &Action::Unarchive(&["a"])).unwrap();
    /// assert_eq!(request.path, "/offersource/unarchive/");
    /// assert_eq!(request.body, Some(serde_json::json!({ "entries": ["a"] })));
    /// assert_eq!(Document::embedded().request("Dreams", &Action::List("all")), None);
    /// ```
    #[must_use]
    pub fn request(self, kind: &str, action: &Action<'_>) -> Option<DocumentedRequest> {
        let resource = self.api().resource(kind)?;
        let verb = action.verb();
        let is_meant = |operation: &&Operation| {
            let meaning = operation.meaning.as_ref();
            meaning.is_some_and(|(key, own)| *key == resource.key && *own == verb)
        };
        // If a kind has several such operations, the one under the main path describes the assets best.
        let main = format!("/{}/", resource.key);
        let all = || self.api().operations().filter(is_meant);
        let operation = all()
            .find(|operation| operation.path().starts_with(&main))
            .or_else(|| all().next())?;
        Draft::new(operation).complete(action)
    }

    /// Returns a valid, active asset with this ID and name. It has no other properties, except required ones.
    /// Returns `None` if the document has no such kind.
    #[must_use]
    pub fn sample(self, kind: &str, id: &str, name: &str) -> Option<Value> {
        let resource = self.api().resource(kind)?;
        Some(Value::Object(resource.sample(id, name)))
    }

    /// Returns the documented properties of a kind of asset, in order. Returns an empty list if the document
    /// has no such kind.
    #[must_use]
    pub fn properties(self, kind: &str) -> Vec<DocumentedProperty> {
        let properties = self
            .api()
            .resource(kind)
            .map(|resource: &Resource| &resource.properties);
        properties
            .into_iter()
            .flatten()
            .map(|property| DocumentedProperty {
                name: &property.name,
                default: property.default.as_ref(),
                is_required: property.required.is_some(),
                is_read_only: property.read_only,
            })
            .collect()
    }
}

impl Action<'_> {
    fn verb(&self) -> Verb {
        match self {
            Self::List(_) => Verb::Read(Read::List),
            Self::Find(_) => Verb::Read(Read::FindById),
            Self::FindMany(_) => Verb::Read(Read::FindByIds),
            Self::FindByCategory(_) => Verb::Read(Read::FindByCategory),
            Self::Create(_) => Verb::Write(Write::Create),
            Self::Save(_) => Verb::Write(Write::Save),
            Self::Archive(..) => Verb::Write(Write::Archive),
            Self::Unarchive(_) => Verb::Write(Write::Unarchive),
            Self::Delete(..) => Verb::Write(Write::Delete),
            Self::MoveToCategory(..) => Verb::Write(Write::MoveCategory),
        }
    }
}

/// Request whose arguments are being filled in.
struct Draft<'d> {
    operation: &'d Operation,
    request: DocumentedRequest,
}

impl<'d> Draft<'d> {
    fn new(operation: &'d Operation) -> Self {
        let request = DocumentedRequest {
            method: operation.method.clone(),
            path: operation.path().to_owned(),
            query: Vec::new(),
            body: None,
        };
        Self { operation, request }
    }

    fn complete(mut self, action: &Action<'_>) -> Option<DocumentedRequest> {
        let arguments = &self.operation.arguments;
        match action {
            Action::List(status) => {
                if let Some(name) = &arguments.status {
                    self.parameter(name, &[status])?;
                }
            }
            Action::Find(id) | Action::FindByCategory(id) => {
                self.parameter(arguments.id.as_deref()?, &[id])?;
            }
            Action::FindMany(ids) => self.parameter(arguments.ids.as_deref()?, ids)?,
            Action::Create(asset) | Action::Save(asset) => self.request.body = Some((*asset).clone()),
            Action::Archive(ids, children) | Action::Delete(ids, children) => {
                self.entries(ids)?;
                self.children(*children)?;
            }
            Action::Unarchive(ids) => self.entries(ids)?,
            Action::MoveToCategory(ids, category) => {
                self.entries(ids)?;
                self.property(arguments.category.as_deref()?, category)?;
            }
        }
        Some(self.request)
    }

    fn parameter(&mut self, name: &str, values: &[&str]) -> Option<()> {
        let mut parameters = self.operation.parameters.iter();
        let parameter = parameters.find(|parameter| parameter.name == name)?;
        let joined = values.join(",");
        match (parameter.location, parameter.notation) {
            (Location::Header, _) => return None,
            (Location::Path, _) => {
                let encoded = utf8_percent_encode(&joined, NON_ALPHANUMERIC).to_string();
                self.request.path = self.request.path.replace(&format!("{{{name}}}"), &encoded);
            }
            (Location::Query, Notation::Repeated) => {
                let pairs = values.iter().map(|value| (name.to_owned(), (*value).to_owned()));
                self.request.query.extend(pairs);
            }
            (Location::Query, _) => self.request.query.push((name.to_owned(), joined)),
        }
        Some(())
    }

    fn entries(&mut self, ids: &[&str]) -> Option<()> {
        match self.operation.arguments.entries.as_ref()? {
            Place::Body => self.request.body = Some(Value::from(ids)),
            Place::Property(name) => {
                self.request.body = Some(Value::Object(Map::from_iter([(name.clone(), Value::from(ids))])));
            }
            Place::Parameter(name) => self.parameter(name, ids)?,
        }
        Some(())
    }

    fn children(&mut self, children: Children<'_>) -> Option<()> {
        let (action, target) = match children {
            Children::Unmentioned => return Some(()),
            Children::Cascade => ("cascade", None),
            Children::Move(target) => ("move", Some(target)),
            Children::Orphan => ("orphan", None),
        };
        let names = self.operation.arguments.children.as_ref()?;
        self.property(&names.action, action)?;
        match target {
            Some(target) => self.property(&names.target, target),
            None => Some(()),
        }
    }

    fn property(&mut self, name: &str, value: &str) -> Option<()> {
        let body = self.request.body.as_mut()?.as_object_mut()?;
        body.insert(name.to_owned(), Value::from(value));
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fake, Settings};

    /// Checks that the fake accepts the requests that `Document::request` builds for all kinds of assets.
    #[tokio::test]
    async fn the_fake_accepts_every_request() {
        let document = Document::embedded();
        let mut accepted = 0;
        for group in document.groups() {
            let fake = Fake::new(Settings::default());
            let asset = document.sample(group, "a", "A").unwrap();
            assert!(fake.seed(group, asset.clone()));
            let new = document.sample(group, "b", "B").unwrap();
            let children = [Children::Unmentioned, Children::Cascade, Children::Orphan];
            let changes = children.iter().flat_map(|children| {
                [
                    Action::Archive(&["a"], *children),
                    Action::Delete(&["a"], *children),
                ]
            });
            let all = [
                Action::List("all"),
                Action::Find("a"),
                Action::FindMany(&["a", "c"]),
                Action::FindByCategory("x"),
                Action::Create(&new),
                Action::Save(&asset),
                Action::Unarchive(&["a"]),
                Action::MoveToCategory(&["a"], ""),
            ];
            for action in all.into_iter().chain(changes) {
                let Some(request) = document.request(group, &action) else {
                    continue;
                };
                let query: Vec<String> = request
                    .query
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                let target = format!("{}{}?{}", document.base_path(), request.path, query.join("&"));
                let sent = http::Request::builder()
                    .method(request.method)
                    .uri(target)
                    .header("authorization", format!("Bearer {}", fake.access_token()))
                    .header("content-type", "application/json")
                    .body(
                        request
                            .body
                            .map(|body| body.to_string())
                            .unwrap_or_default()
                            .into(),
                    )
                    .unwrap();
                let status = fake.respond(sent).await.unwrap().status();
                assert!(status.is_success(), "{group} {action:?}: {status}");
                accepted += 1;
            }
        }
        assert!(accepted > 100, "{accepted}");
    }
}
