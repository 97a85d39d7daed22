//! Descriptions of tools, and schemas of their parameters.

use funnelflux::ext::{Abilities, AssetGroup};
use funnelflux::operations::{GROUPS, Operation, Repeat};
use rmcp::model::{JsonObject, Tool as ToolDescription, ToolAnnotations};
use serde_json::{Value, json};
use std::sync::Arc;

/// Maximum number of rows in one result.
pub(super) const MAX_ROWS: usize = 500;

/// Action that a tool performs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Account,
    List,
    Get,
    WhereUsed,
    ListOperations,
    ReadOperation,
    Export,
    Compare,
    ListFiles,
    ShowPlan,
    PlanReplace,
    PlanSet,
    PlanArchive,
    PlanUnarchive,
    PlanRestore,
    PlanCopy,
}

/// A tool that the assistant can call.
#[derive(Debug)]
pub(super) struct Tool {
    pub(super) name: &'static str,
    pub(super) action: Action,
    about: &'static str,
    pub(super) parameters: &'static [Parameter],
    /// True if the tool reads or writes files in the folder of plans and snapshots.
    pub(super) needs_folder: bool,
    /// True if the tool writes a file into the folder.
    writes_file: bool,
}

/// A parameter of a tool.
#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) required: bool,
    about: &'static str,
}

/// Type of an argument.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Texts,
    Flag,
    /// A number that is at least 0.
    Number {
        default: usize,
        maximum: Option<usize>,
    },
    Choice(&'static [&'static str]),
    /// Name of a group whose [`Abilities`] meet this condition.
    Group(fn(Abilities) -> bool),
    /// Names of groups that can be read.
    Groups,
    /// Name of an operation that only reads.
    Operation,
    /// An object with any members.
    Object,
}

impl Parameter {
    pub(super) const fn required(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            required: true,
            about,
        }
    }

    pub(super) const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            required: false,
            about,
        }
    }
}

impl Tool {
    pub(super) const fn reading(
        name: &'static str,
        action: Action,
        about: &'static str,
        parameters: &'static [Parameter],
    ) -> Self {
        Self {
            name,
            action,
            about,
            parameters,
            needs_folder: false,
            writes_file: false,
        }
    }

    pub(super) const fn reading_files(
        name: &'static str,
        action: Action,
        about: &'static str,
        parameters: &'static [Parameter],
    ) -> Self {
        let tool = Self::reading(name, action, about, parameters);
        Self {
            needs_folder: true,
            ..tool
        }
    }

    pub(super) const fn writing(
        name: &'static str,
        action: Action,
        about: &'static str,
        parameters: &'static [Parameter],
    ) -> Self {
        let tool = Self::reading_files(name, action, about, parameters);
        Self {
            writes_file: true,
            ..tool
        }
    }

    /// Returns the description of the tool for the assistant.
    pub(super) fn describe(&self) -> ToolDescription {
        let mut description = self.about.to_owned();
        if self.writes_file {
            description.push_str(" Writes a file into the folder of plans; the account is not changed.");
        }
        let inferred = self.inferred();
        if !inferred.is_empty() {
            description.push_str(" Inferred, not documented by the vendor, so calls may fail: ");
            description.push_str(&inferred.join(", "));
            description.push('.');
        }
        let annotations = ToolAnnotations::new()
            .read_only(!self.writes_file)
            .destructive(false)
            .idempotent(!self.writes_file)
            .open_world(true);
        ToolDescription::new(self.name, description, Arc::new(self.schema())).with_annotations(annotations)
    }

    /// Returns the names of the inferred groups that the tool accepts.
    fn inferred(&self) -> Vec<&'static str> {
        let kinds = self.parameters.iter().map(|parameter| parameter.kind);
        let groups = kinds.filter_map(|kind| match kind {
            Kind::Group(_) | Kind::Groups => Some(groups(kind)),
            Kind::Operation => Some(groups(Kind::Groups)),
            _ => None,
        });
        let first = groups.max_by_key(Vec::len).unwrap_or_default();
        let inferred = first.into_iter().filter(|group| group.is_inferred());
        inferred.map(AssetGroup::name).collect()
    }

    fn schema(&self) -> JsonObject {
        let properties = self.parameters.iter().map(|parameter| {
            let mut schema = parameter.kind.schema();
            schema.insert("description".to_owned(), json!(parameter.about));
            (parameter.name.to_owned(), Value::Object(schema))
        });
        let properties: JsonObject = properties.collect();
        let required: Vec<&str> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.required)
            .map(|parameter| parameter.name)
            .collect();
        let mut schema = JsonObject::new();
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        schema.insert("required".to_owned(), json!(required));
        schema.insert("additionalProperties".to_owned(), json!(false));
        schema
    }
}

impl Kind {
    fn schema(self) -> JsonObject {
        let names = |kind| groups(kind).into_iter().map(AssetGroup::name).collect::<Vec<_>>();
        let schema = match self {
            Self::Text => json!({ "type": "string" }),
            Self::Texts => json!({ "type": "array", "items": { "type": "string" } }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Number {
                default,
                maximum: None,
            } => {
                json!({ "type": "integer", "minimum": 0, "default": default })
            }
            Self::Number {
                default,
                maximum: Some(maximum),
            } => {
                json!({ "type": "integer", "minimum": 0, "maximum": maximum, "default": default })
            }
            Self::Choice(choices) => json!({ "type": "string", "enum": choices }),
            Self::Group(_) => json!({ "type": "string", "enum": names(self) }),
            Self::Groups => json!({ "type": "array", "items": { "type": "string", "enum": names(self) } }),
            Self::Operation => {
                let names: Vec<&str> = operations().map(|operation| operation.id).collect();
                json!({ "type": "string", "enum": names })
            }
            Self::Object => json!({ "type": "object" }),
        };
        match schema {
            Value::Object(schema) => schema,
            _ => JsonObject::new(),
        }
    }
}

/// Returns the groups that an argument of this kind can name.
pub(super) fn groups(kind: Kind) -> Vec<AssetGroup> {
    let is_able = move |abilities: Abilities| match kind {
        Kind::Group(is_able) => abilities.find && is_able(abilities),
        _ => abilities.find,
    };
    let all = AssetGroup::all().iter().copied();
    all.filter(|group| is_able(group.abilities())).collect()
}

/// Returns the operations that only read assets.
///
/// Operations on other data, such as the API keys of integrations, are left out, because no table of the
/// library states which of their properties are secrets.
pub(super) fn operations() -> impl Iterator<Item = &'static Operation> {
    let all = GROUPS.iter().copied().flatten().copied();
    all.filter(|operation| operation.repeat == Repeat::Read)
        .filter(|operation| group_of(operation).is_some_and(|group| group.abilities().find))
}

/// Returns the group of an operation.
pub(super) fn group_of(operation: &Operation) -> Option<AssetGroup> {
    AssetGroup::named(operation.tag)
}
