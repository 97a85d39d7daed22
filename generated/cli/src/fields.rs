//! Known fields of a group. A field is known if an asset of the account has it.

use crate::assets;
use crate::exit::Failure;
use crate::path::{JsonPath, leaves};
use clap::{Arg, ArgAction, ArgMatches};
use funnelflux::Client;
use funnelflux::ext::AssetGroup;
use funnelflux::json::parse;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::iter;

/// Maximum number of whole assets that are read to learn the fields of a group.
const SAMPLE: usize = 100;

/// Similarity of two paths above which the error about an unknown field proposes a known field. Equal paths
/// have the similarity 1.
const SIMILAR: f64 = 0.8;

/// Returns the option `--new-fields`.
pub(crate) fn argument() -> Arg {
    Arg::new("new-fields")
        .long("new-fields")
        .action(ArgAction::SetTrue)
        .help(
            "Allow fields that no other asset of this kind has; without this option, such a field is an \
             error",
        )
}

/// Treatment of fields that no asset of the group has yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewFields {
    Allow,
    Refuse,
}

impl NewFields {
    /// Reads the option `--new-fields`.
    pub(crate) fn of(matches: &ArgMatches) -> Self {
        if matches.get_flag("new-fields") {
            Self::Allow
        } else {
            Self::Refuse
        }
    }
}

/// Kind of the values of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Boolean,
    /// A list or an object.
    Json,
}

impl Kind {
    pub(crate) const fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Self::Boolean),
            Value::Number(_) => Some(Self::Number),
            Value::String(_) => Some(Self::Text),
            Value::Array(_) | Value::Object(_) => Some(Self::Json),
        }
    }
}

/// Fields of a group with the kinds of their values. They are learned from assets of the account, so they may
/// be incomplete.
#[derive(Debug, Default)]
pub(crate) struct KnownFields(HashMap<JsonPath, Option<Kind>>);

impl KnownFields {
    /// Learns the fields of a group from the assets in `current`, which the caller has already read, and from
    /// other assets of the account.
    pub(crate) async fn read(
        client: &Client,
        group: AssetGroup,
        current: &HashMap<String, Value>,
    ) -> Result<Self, Failure> {
        let mut fields = Self::default();
        for asset in current.values() {
            fields.learn(asset);
        }
        if group.abilities().list {
            // Assets with a number that would be rounded are skipped.
            let texts = group.list_json(client).await?;
            let rows: Vec<Value> = texts.iter().filter_map(|text| parse(text.get()).ok()).collect();
            let ids = rows.iter().filter_map(|row| group.id(row).map(Cow::into_owned));
            let ids: Vec<String> = ids.filter(|id| !current.contains_key(id)).take(SAMPLE).collect();
            let (sample, _) = assets::texts(client, group, &ids).await?;
            let sample = sample.iter().filter_map(|text| parse(text.get()).ok());
            for asset in sample.chain(rows) {
                fields.learn(&asset);
            }
        }
        Ok(fields)
    }

    fn learn(&mut self, asset: &Value) {
        self.learn_at(&JsonPath::root(), asset);
    }

    fn learn_at(&mut self, path: &JsonPath, value: &Value) {
        let kind = Kind::of(value);
        let known = self.0.entry(path.clone()).or_insert(kind);
        *known = known.or(kind);
        if let Value::Object(object) = value {
            for (name, value) in object {
                self.learn_at(&path.child(name), value);
            }
        }
    }

    pub(crate) fn kind(&self, path: &JsonPath) -> Option<Kind> {
        self.0.get(path).copied().flatten()
    }

    /// Returns the text of an error if no asset has the field at `path`. Returns `None` if an asset has the
    /// field, if the field is in an object whose property names users choose, or if no fields are known.
    pub(crate) fn problem(&self, path: &JsonPath, group: AssetGroup) -> Option<String> {
        (!self.may_have(path, group)).then(|| self.unknown(path, group.plural()))
    }

    fn may_have(&self, path: &JsonPath, group: AssetGroup) -> bool {
        let pointer = path.pointer();
        let is_named_by_user = group.free_form().iter().any(|object| {
            let member = pointer.strip_prefix(object);
            member.is_some_and(|member| member.starts_with('/'))
        });
        self.0.is_empty() || self.0.contains_key(path) || is_named_by_user
    }

    /// Returns true if `path` leads into a list or an empty object, whose contents are not learned.
    fn is_in_list(&self, path: &JsonPath) -> bool {
        let ancestors = iter::successors(path.parent(), JsonPath::parent);
        let mut known = ancestors.filter(|ancestor| self.kind(ancestor) == Some(Kind::Json));
        let has_members = |list: &JsonPath| self.0.keys().any(|path| path.parent().as_ref() == Some(list));
        known.next().is_some_and(|nearest| !has_members(&nearest))
    }

    /// Returns the text of the error about an unknown field of these assets.
    fn unknown(&self, path: &JsonPath, assets: &str) -> String {
        let text = path.to_string();
        let similar = self.0.keys().map(|known| {
            let known = known.to_string();
            (strsim::jaro_winkler(&text, &known), known)
        });
        // Among equally similar fields, the first in alphabetical order is proposed, so that the message is
        // always the same.
        let similar = similar
            .filter(|(similarity, _)| *similarity > SIMILAR)
            .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(&left.1)));
        let similar = similar.map_or_else(String::new, |(_, known)| format!("; a similar field is {known}"));
        format!("{text} is not a field of any of the {assets}{similar}")
    }
}

/// Returns an error if the known fields of these groups show that no asset has a field at `path`.
pub(crate) async fn check_path(
    client: &Client,
    groups: &[AssetGroup],
    path: &JsonPath,
) -> Result<(), Failure> {
    let mut all = KnownFields::default();
    for group in groups {
        let known = KnownFields::read(client, *group, &HashMap::new()).await?;
        if !known.0.is_empty() && (known.may_have(path, *group) || known.is_in_list(path)) {
            return Ok(());
        }
        all.0.extend(known.0);
    }
    if all.0.is_empty() {
        return Ok(());
    }
    let assets = match groups {
        [group] => group.plural(),
        _ => "assets",
    };
    Err(Failure::usage(all.unknown(path, assets)).fix("correct the path"))
}

/// Fields that a command adds to assets. Their names may be misspelled.
#[derive(Debug, Default)]
pub(crate) struct AddedFields(BTreeSet<JsonPath>);

impl AddedFields {
    /// Adds the fields that `wanted` has and `current` lacks. For a new asset, `current` is `None`.
    pub(crate) fn add(&mut self, current: Option<&Value>, wanted: &Value) {
        let added = leaves(wanted).into_iter().map(|(path, _)| path);
        let is_added = |path: &JsonPath| current.is_none_or(|current| path.get(current).is_none());
        self.0.extend(added.filter(is_added));
    }

    /// Returns an error if one of the added fields occurs in no asset of the group, unless `new_fields`
    /// allows such fields.
    pub(crate) async fn check(
        &self,
        client: &Client,
        group: AssetGroup,
        new_fields: NewFields,
    ) -> Result<(), Failure> {
        if new_fields == NewFields::Allow || self.0.is_empty() {
            return Ok(());
        }
        let known = KnownFields::read(client, group, &HashMap::new()).await?;
        match self.0.iter().find_map(|path| known.problem(path, group)) {
            Some(problem) => Err(Failure::usage(format!("{problem}; nothing was sent"))
                .fix("correct the name, or allow it with --new-fields")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn path(text: &str) -> JsonPath {
        JsonPath::parse(text).unwrap()
    }

    #[test]
    fn fields_are_learned_with_their_parents() {
        let mut fields = KnownFields::default();
        fields.learn(&json!({ "a": { "b": null }, "c": [1] }));
        fields.learn(&json!({ "a": { "b": 2 } }));
        assert_eq!(fields.kind(&path("a.b")), Some(Kind::Number));
        assert_eq!(fields.kind(&path("c")), Some(Kind::Json));
        let [group, ..] = AssetGroup::all() else { panic!() };
        assert_eq!(fields.problem(&path("a"), *group), None);
        let problem = fields.problem(&path("x"), *group).unwrap();
        assert_eq!(
            problem,
            format!("x is not a field of any of the {}", group.plural())
        );
        assert!(
            fields
                .problem(&path("a.bb"), *group)
                .unwrap()
                .ends_with("; a similar field is a.b")
        );
        assert_eq!(KnownFields::default().problem(&path("x"), *group), None);
    }

    #[test]
    fn only_fields_that_the_asset_lacks_are_added() {
        let mut added = AddedFields::default();
        added.add(
            Some(&json!({ "a": 1, "b": { "c": 2 } })),
            &json!({ "a": 3, "b": { "c": 4, "d": 5 }, "e": [6] }),
        );
        assert_eq!(added.0, BTreeSet::from([path("b.d"), path("e")]));
    }
}
