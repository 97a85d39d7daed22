//! Values that are sent as text: parameters and headers. The number `1`, the string `1`, and a list that
//! contains only one of these have the same text.

use serde_json::Value;

use super::{
    branch::{Branch, Kind},
    decide::Context,
    evaluate::Truth,
    lower::OneOf,
    prover::Prover,
    schema::Schema,
};
use crate::level::Encoding;

impl<'a> Prover<'a> {
    /// Checks whether schemas certainly allow a value, in any form that has the same text.
    pub(super) fn allows_value(&mut self, schemas: &[Schema<'a>], value: &Value, encoding: Encoding) -> bool {
        let forms = forms(value, encoding);
        let mut forms = forms.iter().chain([value]);
        forms.any(|value| self.allows(schemas, value, OneOf::Any) == Truth::Yes)
    }

    /// Checks whether the texts of a branch are among those of branches of another type.
    pub(super) fn text_in(&mut self, branch: &Branch<'a>, context: Context<'_, 'a>) -> bool {
        let encoding = context.terms.encoding;
        let has_text = [Kind::Boolean, Kind::Number].contains(&branch.kind);
        let is_scalar = has_text || branch.kind == Kind::String;
        context.targets.iter().any(|target| match target.kind {
            Kind::String => has_text && encoding != Encoding::Typed && is_any_text(target),
            Kind::Array => {
                is_scalar
                    && encoding == Encoding::Text
                    && is_any_list(target)
                    && self.all_in(context.small, &target.items, context.terms.inner())
            }
            _ => false,
        })
    }
}

/// Checks whether a branch allows the text of every number.
fn is_any_text(branch: &Branch<'_>) -> bool {
    is_unlimited(branch) && branch.patterns.is_empty() && branch.formats.is_empty()
}

/// Checks whether a branch allows lists of any length but zero.
fn is_any_list(branch: &Branch<'_>) -> bool {
    is_unlimited(branch) && !branch.has_unique_items && branch.prefix.is_empty() && branch.contains.is_empty()
}

fn is_unlimited(branch: &Branch<'_>) -> bool {
    branch.values.is_none()
        && branch.least <= 1
        && branch.most.is_none()
        && branch.excluded().next().is_none()
        && branch.representation.is_empty()
}

/// Other values with the same text.
pub(super) fn forms(value: &Value, encoding: Encoding) -> Vec<Value> {
    if encoding == Encoding::Typed {
        return Vec::new();
    }
    let (written, read) = (written(value), read(value));
    let mut forms: Vec<Value> = match value {
        _ if encoding == Encoding::InnerText => Vec::new(),
        Value::Array(items) => match items.as_slice() {
            [only] if !only.is_array() && !only.is_object() => {
                vec![only.clone(), self::written(only), self::read(only)]
            }
            _ => Vec::new(),
        },
        Value::Object(_) => Vec::new(),
        _ => [value, &written, &read]
            .map(|form| vec![form.clone()].into())
            .into(),
    };
    forms.extend([written, read]);
    forms
}

/// The value with a string in place of each number and boolean.
fn written(value: &Value) -> Value {
    each(value, &|scalar| match scalar {
        Value::Bool(_) | Value::Number(_) => scalar.to_string().into(),
        _ => scalar.clone(),
    })
}

/// The value with a number or a boolean in place of each string that spells a number or a boolean.
fn read(value: &Value) -> Value {
    each(value, &|scalar| {
        let text = scalar.as_str();
        let parsed = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let parsed = parsed.filter(|value| value.is_number() || value.is_boolean());
        parsed.unwrap_or_else(|| scalar.clone())
    })
}

fn each(value: &Value, change: &dyn Fn(&Value) -> Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| each(item, change)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(name, member)| (name.clone(), each(member, change)));
            members.collect()
        }
        scalar => change(scalar),
    }
}
