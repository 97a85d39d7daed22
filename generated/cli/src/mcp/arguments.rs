//! Checks the arguments of a tool call against the parameters of the tool, and reads their values.

use super::tool::{Kind, Parameter, Tool, groups, operations};
use crate::exit::Failure;
use crate::text::{one_line, shortened};
use funnelflux::ext::AssetGroup;
use funnelflux::operations::Operation;
use rmcp::model::JsonObject;
use serde_json::Value;

/// Maximum number of characters of an argument that a message shows.
const SHOWN: usize = 60;

/// Arguments of a call, already checked against the parameters of the tool.
#[derive(Debug)]
pub(super) struct Arguments {
    tool: &'static Tool,
    values: JsonObject,
}

impl Arguments {
    /// Checks names and types of all arguments. `null` counts as absent.
    pub(super) fn check(tool: &'static Tool, mut values: JsonObject) -> Result<Self, Failure> {
        values.retain(|_, value| !value.is_null());
        let known = |name: &String| tool.parameters.iter().any(|parameter| parameter.name == name);
        if let Some(name) = values.keys().find(|name| !known(name)) {
            let names: Vec<&str> = tool.parameters.iter().map(|parameter| parameter.name).collect();
            let message = format!("{}: there is no argument {:?}", tool.name, shown(name));
            return Err(Failure::usage(message).fix(match names.as_slice() {
                [] => "pass no arguments".to_owned(),
                names => format!("use {}", names.join(", ")),
            }));
        }
        for parameter in tool.parameters {
            let problem = match values.get(parameter.name) {
                None if parameter.required => Some("is missing".to_owned()),
                None => None,
                Some(value) if parameter.accepts(value) => None,
                Some(value) => Some(format!("cannot be {}", shown(&value.to_string()))),
            };
            if let Some(problem) = problem {
                let message = format!("{}: the argument {:?} {problem}", tool.name, parameter.name);
                return Err(Failure::usage(message).fix(parameter.kind.expected()));
            }
        }
        Ok(Self { tool, values })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.as_str()
    }

    /// Returns an argument that the tool requires. Returns an error if it is absent.
    pub(super) fn required(&self, name: &str) -> Result<&str, Failure> {
        self.text(name).ok_or_else(|| self.missing(name))
    }

    /// Returns a list of texts, which is empty if the argument is absent.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let values = self.values.get(name).and_then(Value::as_array);
        let texts = values.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    }

    /// Returns a list of texts. Returns an error if the list is empty.
    pub(super) fn some_texts(&self, name: &str) -> Result<Vec<String>, Failure> {
        match self.texts(name) {
            texts if texts.is_empty() => Err(self.missing(name)),
            texts => Ok(texts),
        }
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.values.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Returns a number. If the argument is absent, returns the default of the parameter.
    pub(super) fn number(&self, name: &str) -> usize {
        let given = self.values.get(name).and_then(Value::as_u64);
        let default = || match self.parameter(name)?.kind {
            Kind::Number { default, .. } => Some(default),
            _ => None,
        };
        let given = given.map(|number| usize::try_from(number).unwrap_or(usize::MAX));
        given.or_else(default).unwrap_or_default()
    }

    pub(super) fn group(&self) -> Result<AssetGroup, Failure> {
        AssetGroup::named(self.required("group")?).ok_or_else(|| self.missing("group"))
    }

    /// Returns the names of groups. Returns `None` if the argument is absent or empty.
    pub(super) fn groups(&self) -> Option<Vec<String>> {
        Some(self.texts("groups")).filter(|groups| !groups.is_empty())
    }

    pub(super) fn operation(&self) -> Result<&'static Operation, Failure> {
        let name = self.required("operation")?;
        let mut operations = operations();
        let found = operations.find(|operation| operation.id == name);
        found.ok_or_else(|| self.missing("operation"))
    }

    pub(super) fn object(&self, name: &str) -> Option<&JsonObject> {
        self.values.get(name)?.as_object()
    }

    fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.tool
            .parameters
            .iter()
            .find(|parameter| parameter.name == name)
    }

    fn missing(&self, name: &str) -> Failure {
        let failure = Failure::usage(format!("{}: the argument {name:?} is empty", self.tool.name));
        match self.parameter(name) {
            Some(parameter) => failure.fix(parameter.kind.expected()),
            None => failure,
        }
    }
}

impl Parameter {
    fn accepts(&self, value: &Value) -> bool {
        let are_texts = |is_valid: &dyn Fn(&str) -> bool| {
            let values = value.as_array();
            values.is_some_and(|values| values.iter().all(|value| value.as_str().is_some_and(is_valid)))
        };
        let is_group = |name: &str| groups(self.kind).iter().any(|group| group.name() == name);
        match self.kind {
            Kind::Text => value.is_string(),
            Kind::Texts => are_texts(&|_| true),
            Kind::Flag => value.is_boolean(),
            Kind::Number { maximum, .. } => {
                let is_small = |number| maximum.is_none_or(|maximum| number <= maximum as u64);
                value.as_u64().is_some_and(is_small)
            }
            Kind::Choice(choices) => value.as_str().is_some_and(|value| choices.contains(&value)),
            Kind::Group(_) => value.as_str().is_some_and(is_group),
            Kind::Groups => are_texts(&is_group),
            Kind::Operation => value
                .as_str()
                .is_some_and(|name| operations().any(|operation| operation.id == name)),
            Kind::Object => value.is_object(),
        }
    }
}

impl Kind {
    /// Returns the text that describes a valid argument to the assistant, such as `pass true or false`.
    fn expected(self) -> String {
        let names = || -> String {
            let names: Vec<&str> = groups(self).into_iter().map(AssetGroup::name).collect();
            names.join(", ")
        };
        match self {
            Self::Text => "pass a text".to_owned(),
            Self::Texts => "pass a list of texts".to_owned(),
            Self::Flag => "pass true or false".to_owned(),
            Self::Number { maximum: None, .. } => "pass a number from 0".to_owned(),
            Self::Number {
                maximum: Some(maximum),
                ..
            } => format!("pass a number from 0 to {maximum}"),
            Self::Choice(choices) => format!("use one of {}", choices.join(", ")),
            Self::Group(_) => format!("use one of {}", names()),
            Self::Groups => format!("pass a list of names from {}", names()),
            Self::Operation => "call list_operations for the names".to_owned(),
            Self::Object => "pass an object".to_owned(),
        }
    }
}

/// Returns the beginning of a text, on one line.
pub(super) fn shown(text: &str) -> String {
    shortened(&one_line(text), SHOWN).into_owned()
}
