//! Arguments of an operation: its parameters and body properties for IDs, statuses, categories, copies and
//! the treatment of children.

use serde_json::Value;

use crate::{
    schemas::{Location, Notation, Parameter, Schemas, elements},
    verb::squash,
};

/// Place of a list of IDs in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// The request body is the list.
    Body,
    /// A property of the request body contains the list. The string is the name of the property.
    Property(String),
    /// A parameter contains the list. The string is the name of the parameter.
    Parameter(String),
}

/// Names of the body properties that state the treatment of children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChildrenProperties {
    pub(crate) action: String,
    pub(crate) target: String,
}

/// Arguments of an operation.
#[derive(Debug, Default, Clone)]
pub(crate) struct Arguments {
    /// Name of the parameter that contains the ID of one asset.
    pub(crate) id: Option<String>,
    /// Name of the parameter that contains the IDs of several assets.
    pub(crate) ids: Option<String>,
    /// Place of the IDs of the assets to change.
    pub(crate) entries: Option<Place>,
    pub(crate) children: Option<ChildrenProperties>,
    /// Name of the body property that contains the ID of a category.
    pub(crate) category: Option<String>,
    /// Name of the parameter that selects assets by their status.
    pub(crate) status: Option<String>,
    /// Name of the body property that contains the name of the copy.
    pub(crate) copy_name: Option<String>,
    /// Name of the body property that contains the ID of the copy's parent.
    pub(crate) copy_parent: Option<String>,
    /// Name of the body property that contains the properties in which the copy differs from its original.
    pub(crate) copy_updates: Option<String>,
}

/// Values of the property that states the treatment of children.
const ACTIONS: [&str; 3] = ["cascade", "move", "orphan"];

impl Arguments {
    pub(crate) fn of<'d>(schemas: &Schemas<'d>, parameters: &[Parameter], operation: &'d Value) -> Self {
        let own: Vec<&Parameter> = parameters
            .iter()
            .filter(|parameter| parameter.location != Location::Header)
            .collect();
        let required: Vec<&&Parameter> = own.iter().filter(|parameter| parameter.required).collect();
        let single = match (required.as_slice(), own.as_slice()) {
            ([only], _) => Some(only.name.clone()),
            ([], [only]) => Some(only.name.clone()),
            _ => None,
        };
        let is_list =
            |parameter: &&&Parameter| matches!(parameter.notation, Notation::Commas | Notation::Repeated);
        let listed = own.iter().find(is_list).map(|parameter| parameter.name.clone());
        let status = own
            .iter()
            .find(|parameter| squash(&parameter.name).ends_with("status"));
        let mut arguments = Self {
            id: single.clone(),
            ids: listed.clone().or(single),
            status: status.map(|parameter| parameter.name.clone()),
            entries: listed.map(Place::Parameter),
            ..Self::default()
        };
        if let Some(schema) = schemas.body_schema(operation) {
            arguments.read_body(schemas, schema);
        }
        arguments
    }

    fn read_body<'d>(&mut self, schemas: &Schemas<'d>, schema: &'d Value) {
        if schemas.is_text_list(schema) {
            self.entries = Some(Place::Body);
            return;
        }
        let names: Vec<String> = schemas
            .properties(schema)
            .into_iter()
            .map(|property| property.name)
            .collect();
        let of = |name: &str| schemas.property(schema, name);
        let lists: Vec<&String> = names
            .iter()
            .filter(|name| of(name).is_some_and(|property| schemas.is_text_list(property)))
            .collect();
        let list = match lists.as_slice() {
            [only] => Some(*only),
            lists => lists.iter().copied().find(|name| *name == "entries"),
        };
        if let Some(list) = list {
            self.entries = Some(Place::Property(list.clone()));
        }
        let is_action = |name: &&String| {
            of(name).is_some_and(|property| {
                ACTIONS
                    .iter()
                    .all(|action| elements(property, "enum").any(|value| value == action))
            })
        };
        let text_with = |word: &str| {
            let matches = |name: &&String| {
                squash(name).contains(word) && of(name).is_some_and(|property| schemas.is_text(property))
            };
            names.iter().find(matches).cloned()
        };
        let action = names.iter().find(is_action).cloned();
        self.children = action.and_then(|action| {
            let target = text_with("target")?;
            Some(ChildrenProperties { action, target })
        });
        self.category = text_with("category");
        self.copy_name = names
            .iter()
            .find(|name| *name == "name")
            .cloned()
            .or_else(|| text_with("name"));
        self.copy_parent = text_with("parent");
        self.copy_updates = names
            .iter()
            .find(|name| squash(name).contains("updates"))
            .cloned();
    }
}
