//! Values that are sent as text: parameters, headers, form fields, and plain-text bodies. The number `1`, the
//! string `"1"` and the lists `[1]` and `["1"]` are all sent as the text `1`.

use serde_json::{Map, Value};

use super::{
    branch::{Branch, Kind},
    decide::Context,
    evaluate::Truth,
    lower::OneOf,
    nullable::Width,
    pattern::Search,
    prover::Prover,
    schema::Schema,
};
use crate::level::Encoding;

/// Formats of strings that never contain a comma.
const WITHOUT_COMMA: [&str; 8] = [
    "byte",
    "date",
    "date-time",
    "hostname",
    "ipv4",
    "ipv6",
    "time",
    "uuid",
];

impl<'a> Prover<'a> {
    /// Checks whether schemas certainly allow a value, or another value that is sent as the same text.
    pub(super) fn allows_value(&mut self, schemas: &[Schema<'a>], value: &Value, encoding: Encoding) -> bool {
        let forms = forms(value, encoding);
        let mut forms = forms.iter().chain([value]);
        forms.any(|value| self.allows(schemas, value, OneOf::Any) == Truth::Yes)
    }

    /// Checks whether a target (a branch of the receiver's schema) of another JSON type allows the texts of
    /// all values of the sender's branch. For example, a target of strings may allow the texts of all
    /// numbers.
    pub(super) fn text_in(&mut self, branch: &Branch<'a>, context: Context<'_, 'a>) -> bool {
        let encoding = context.terms.encoding;
        if matches!(encoding, Encoding::Typed | Encoding::Form) {
            return false;
        }
        let has_text = [Kind::Boolean, Kind::Number].contains(&branch.kind);
        let is_scalar = has_text || branch.kind == Kind::String;
        let is_one_text = encoding == Encoding::OneText && [Kind::Array, Kind::Object].contains(&branch.kind);
        context.targets.iter().any(|target| match target.kind {
            // The text of a list without items is empty.
            Kind::String => is_any_text(target) && (has_text || (is_one_text && target.least == 0)),
            Kind::Array => {
                let keeps_items = match (branch.kind, encoding) {
                    // A comma in a string separates items.
                    (Kind::String, Encoding::OneText) => self.allow_any_text(&target.items),
                    // The string may be a list with commas. Here each item is sent separately, so the
                    // receiver would read that list as a single item.
                    (Kind::String, _) => self.has_no_comma(branch),
                    _ => true,
                };
                is_scalar
                    && encoding != Encoding::InnerText
                    && is_any_list(target)
                    && keeps_items
                    && self.all_in(context.small, &target.items, context.terms.inner(Kind::Array))
            }
            _ => false,
        })
    }

    /// Checks whether no string of a branch contains a comma.
    fn has_no_comma(&mut self, branch: &Branch<'a>) -> bool {
        let without_comma = Branch {
            patterns: ["^[^,]*$"].into(),
            ..Branch::all(Kind::String)
        };
        branch.formats.iter().any(|format| WITHOUT_COMMA.contains(format))
            || self.search_strings(branch, &[&without_comma]) == Search::Nothing
    }

    fn allow_any_text(&mut self, schemas: &[Schema<'a>]) -> bool {
        let branches = self.lowering.branches(schemas, self.reading(Width::Narrow));
        branches.is_some_and(|branches| {
            let mut strings = branches.iter().filter(|branch| branch.kind == Kind::String);
            strings.any(|string| is_any_text(string) && string.least == 0)
        })
    }
}

/// Checks whether a branch of strings allows every text, except perhaps the empty text.
fn is_any_text(branch: &Branch<'_>) -> bool {
    is_unlimited(branch) && branch.patterns.is_empty() && branch.formats.is_empty()
}

/// Checks whether a branch of arrays allows every number of items, except perhaps zero, and restricts items
/// only by the schema `items`.
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

/// Lists other values that are sent as the same text, such as `"1"` and `[1]` for `1`.
pub(super) fn forms(value: &Value, encoding: Encoding) -> Vec<Value> {
    match (encoding, value) {
        (Encoding::Typed, _) | (Encoding::FormField, Value::Object(_)) => Vec::new(),
        (Encoding::Form, Value::Object(fields)) => forms_of_form(fields),
        (Encoding::InnerText | Encoding::Form, _) | (Encoding::Text, Value::Object(_)) => {
            vec![written(value), read(value)]
        }
        (_, Value::Array(items)) => {
            let mut forms = vec![written(value), read(value)];
            if let [only] = items.as_slice()
                && !only.is_array()
                && !only.is_object()
            {
                forms.extend([only.clone(), written(only), read(only)]);
            }
            forms.extend((encoding == Encoding::OneText).then(|| joined(items, ",")));
            forms
        }
        (_, Value::Object(members)) => {
            let members = members.iter();
            let pairs = members.map(|(name, member)| [name.as_str().into(), member.clone()]);
            let pairs: Vec<[Value; 2]> = pairs.collect();
            let exploded: Vec<Value> = pairs.iter().map(|pair| joined(pair, "=")).collect();
            let texts = [joined(&pairs.concat(), ","), joined(&exploded, ",")];
            [written(value), read(value)].into_iter().chain(texts).collect()
        }
        _ => {
            let forms = [value.clone(), written(value), read(value)];
            // A comma separates the items of a list that is sent as one text. In any other list, each item is
            // sent separately, and a client that writes a list with commas into the string would break.
            let lists: Vec<Value> = match value.as_str().filter(|text| text.contains(',')) {
                Some(text) if encoding == Encoding::OneText => {
                    let items = text.split(',').map(Value::from).collect();
                    vec![read(&items), items]
                }
                Some(_) => Vec::new(),
                None => forms.iter().map(|form| vec![form.clone()].into()).collect(),
            };
            lists.into_iter().chain(forms.iter().skip(1).cloned()).collect()
        }
    }
}

/// Lists the objects that are sent as the same form as `fields`. Each field gets every value that is sent as
/// the same text. Lists all combinations, unless there are too many.
fn forms_of_form(fields: &Map<String, Value>) -> Vec<Value> {
    /// Maximum number of combinations.
    const MOST: usize = 300;
    let mut all = vec![Map::new()];
    for (name, field) in fields {
        let mut forms = forms(field, Encoding::FormField);
        forms.push(field.clone());
        if all.len() * forms.len() > MOST {
            forms = vec![field.clone()];
        }
        let with = |known: &Map<String, Value>, form: &Value| {
            let mut form_body = known.clone();
            form_body.insert(name.clone(), form.clone());
            form_body
        };
        all = all
            .iter()
            .flat_map(|known| forms.iter().map(move |form| with(known, form)))
            .collect();
    }
    all.into_iter().map(Value::Object).collect()
}

/// Joins the texts of the values with a separator.
fn joined(values: &[Value], separator: &str) -> Value {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let texts: Vec<String> = values.iter().map(text).collect();
    texts.join(separator).into()
}

/// Returns the value with a string in place of each number and boolean: `[1]` becomes `["1"]`.
fn written(value: &Value) -> Value {
    each(value, &|scalar| match scalar {
        Value::Bool(_) | Value::Number(_) => scalar.to_string().into(),
        _ => scalar.clone(),
    })
}

/// Returns the value with a number or boolean in place of each string that spells one: `["1"]` becomes `[1]`.
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
