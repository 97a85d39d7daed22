//! Functions for the assets of a group. They define short names for paths in an asset, look up IDs by name,
//! and read assets.

use crate::exit::{Exit, Failure};
use crate::output::View;
use crate::path::JsonPath;
use crate::text::{count, of_library, one_line, shortened};
use funnelflux::ext::{AssetGroup, AssetStatus, FoundAsset};
use funnelflux::{Client, id, json};
use serde_json::Value;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

/// Maximum number of entries that an error message lists.
const SHOWN: usize = 5;

/// Maximum number of characters of a name that an error message shows.
const SHOWN_CHARACTERS: usize = 60;

/// Maximum length of a text that is looked up as an ID. IDs of old accounts are shorter.
const MAX_ID_BYTES: usize = 200;

/// Returns the short names, such as `name` and `status`, for paths in the assets of a group.
pub(crate) fn view(group: AssetGroup) -> View {
    let paths = [
        ("id", group.id_pointer()),
        ("name", group.name_pointer()),
        ("status", Some("/status")),
        ("category", group.category_pointer()),
    ];
    let columns = paths
        .into_iter()
        .filter_map(|(name, pointer)| Some((name, JsonPath::of_pointer(pointer?))));
    View {
        id: group.id_pointer().map(JsonPath::of_pointer),
        columns: columns.collect(),
    }
}

/// Returns a note if the operations on a group are inferred, and `None` if the vendor documents them.
pub(crate) fn inferred_note(group: AssetGroup) -> Option<String> {
    let plural = group.plural();
    group
        .is_inferred()
        .then(|| format!("the operations on {plural} are inferred, not documented by the vendor"))
}

/// Returns the group whose assets are the categories of `group`.
pub(crate) fn category_group(group: AssetGroup) -> Option<AssetGroup> {
    let pointer = group.category_pointer()?;
    let mut parents = parents(group).into_iter();
    parents.find_map(|(parents, at)| (at == pointer).then_some(parents))
}

/// Returns the groups of the parents of the assets of `group`, each with the JSON pointer to the ID of the
/// parent. A category counts as a parent, and is the first if the assets have categories.
pub(crate) fn parents(group: AssetGroup) -> Vec<(AssetGroup, &'static str)> {
    let mut parents: Vec<(AssetGroup, &'static str)> = Vec::new();
    for parent in AssetGroup::all() {
        let relations = parent.children().iter();
        let own = relations.filter(|relation| relation.group == group.name());
        parents.extend(
            own.flat_map(|relation| relation.pointers)
                .map(|pointer| (*parent, *pointer)),
        );
    }
    parents.sort_by_key(|(_, pointer)| Some(*pointer) != group.category_pointer());
    parents
}

/// Returns the word for the status of an asset.
pub(crate) fn status_word(status: &AssetStatus) -> &str {
    match status {
        AssetStatus::Active => "active",
        AssetStatus::Archived => "archived",
        AssetStatus::Deleted => "deleted",
        AssetStatus::Other(other) => other,
    }
}

/// Finds the IDs of assets. Each entry of `given` is an ID or the exact name of an asset.
///
/// If all entries have the documented format of IDs, or if the group has no list operation, the function
/// returns the entries unchanged. Otherwise, it looks up each entry in the list of all assets. An entry that
/// is not in the list, but has the format of an ID, stays unchanged. If no asset has this ID, the command
/// that uses the ID reports the error.
///
/// # Errors
/// Returns an error if an entry is empty, if the list cannot be read, or if several assets have an entry as
/// their name. Also returns an error if no asset has an entry as its ID or name, unless the entry has the
/// format of an ID.
pub(crate) async fn resolve(
    client: &Client,
    group: AssetGroup,
    given: Vec<String>,
) -> Result<Vec<String>, Failure> {
    if let Some(index) = given.iter().position(String::is_empty) {
        let message = format!("{} number {} is empty", group.singular(), index + 1);
        return Err(Failure::usage(message).fix("give an ID or a name; a variable of a script may be empty"));
    }
    if given.iter().all(|text| id::is_well_formed(text)) || !group.abilities().list {
        return Ok(given);
    }
    let rows = group.list(client).await?;
    let names = Names::new(group, &rows);
    let mut ids = Vec::with_capacity(given.len());
    let mut unlisted = Vec::new();
    for text in given {
        let id = names.id_of(&text)?.map(Cow::into_owned);
        // An asset with this ID may exist, because the list may lack deleted assets.
        if id.is_none() && !id::is_well_formed(&text) {
            unlisted.push(text.clone());
        }
        ids.push(id.unwrap_or(text));
    }
    // IDs of old accounts have other formats, so an unlisted text can still be an ID. A long text, or a text
    // with a comma, can only be a name, because the URL of a request lists the IDs, separated by commas.
    let (mut unknown, unlisted): (Vec<String>, Vec<String>) = unlisted
        .into_iter()
        .partition(|text| text.contains(',') || text.len() > MAX_ID_BYTES);
    unknown.extend(texts(client, group, &unlisted).await?.1);
    if unknown.is_empty() {
        Ok(ids)
    } else {
        Err(unknown_assets(group, &unknown))
    }
}

/// Finds the IDs of the assets with these names or IDs. The result has the order of `names`, and `None` for a
/// name that no asset has.
pub(crate) async fn ids_of_names(
    client: &Client,
    group: AssetGroup,
    names: &[String],
) -> Result<Vec<Option<String>>, Failure> {
    let rows = group.list(client).await?;
    let known = Names::new(group, &rows);
    names
        .iter()
        .map(|name| Ok(known.id_of(name)?.map(Cow::into_owned)))
        .collect()
}

/// Like [`resolve`], but also checks that every asset exists. If no asset has a given ID, the same text is
/// looked up as a name.
///
/// # Errors
/// Returns the errors of [`resolve`], and an error if an asset does not exist.
pub(crate) async fn existing(
    client: &Client,
    group: AssetGroup,
    given: Vec<String>,
) -> Result<Vec<String>, Failure> {
    let ids = resolve(client, group, given).await?;
    let (_, missing) = shown(client, group, &ids).await?;
    if missing.is_empty() {
        return Ok(ids);
    }
    // A name can have the format of an ID, so the missing IDs are looked up as names.
    let named = if group.abilities().list {
        ids_of_names(client, group, &missing).await?
    } else {
        vec![None; missing.len()]
    };
    let found: HashMap<String, Option<String>> = missing.iter().cloned().zip(named).collect();
    let unknown: Vec<String> = missing
        .into_iter()
        .filter(|text| matches!(found.get(text), Some(None)))
        .collect();
    if !unknown.is_empty() {
        return Err(unknown_assets(group, &unknown));
    }
    Ok(ids
        .into_iter()
        .map(|text| found.get(&text).cloned().flatten().unwrap_or(text))
        .collect())
}

/// Checks that assets exist and are not deleted, so that other assets can refer to them.
pub(crate) async fn check_targets(client: &Client, group: AssetGroup, ids: &[String]) -> Result<(), Failure> {
    let (found, missing) = shown(client, group, ids).await?;
    if !missing.is_empty() {
        return Err(unknown_assets(group, &missing));
    }
    let is_deleted = |asset: &&Value| group.summary(asset).status == AssetStatus::Deleted;
    if let Some(deleted) = found.iter().find(is_deleted) {
        let id = group.id(deleted).unwrap_or_default();
        let message = format!("the {} {id} is deleted; nothing was sent", group.singular());
        return Err(Failure::usage(message).fix("name another one, or restore it first"));
    }
    Ok(())
}

/// Checks that a change has not replaced the ID of an asset.
pub(crate) fn check_same_id(group: AssetGroup, old: &Value, new: &Value) -> Result<(), Failure> {
    if group.id(old) == group.id(new) {
        return Ok(());
    }
    let id = group.id(old).unwrap_or_default();
    Err(
        Failure::usage(format!("the ID of {} {id} cannot be changed", group.singular()))
            .fix("leave the ID as it is, or create another asset"),
    )
}

/// Creates the failure for IDs or names that no asset has.
pub(crate) fn unknown_assets(group: AssetGroup, unknown: &[String]) -> Failure {
    let shown: Vec<String> = unknown
        .iter()
        .take(SHOWN)
        .map(|text| format!("{:?}", shortened(text, SHOWN_CHARACTERS)))
        .collect();
    let more = match unknown.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "no {} has this ID or name: {}{more}",
        group.singular(),
        shown.join(", ")
    );
    Failure::new(Exit::Failed, message).fix(format!("see funnelflux {} list --status all", group.name()))
}

/// Index of a list of assets by ID and by name.
struct Names<'r> {
    group: AssetGroup,
    by_id: HashMap<Cow<'r, str>, &'r Value>,
    by_name: HashMap<&'r str, Vec<&'r Value>>,
}

impl<'r> Names<'r> {
    fn new(group: AssetGroup, rows: &'r [Value]) -> Self {
        let mut by_id = HashMap::with_capacity(rows.len());
        let mut by_name: HashMap<&str, Vec<&Value>> = HashMap::with_capacity(rows.len());
        for row in rows {
            if let Some(id) = group.id(row) {
                by_id.insert(id, row);
            }
            if let Some(name) = group.name_of(row) {
                by_name.entry(name).or_default().push(row);
            }
        }
        Self {
            group,
            by_id,
            by_name,
        }
    }

    /// Returns the ID of the asset that has `text` as its ID or name. If several assets have this name, the
    /// assets that are not deleted have precedence.
    fn id_of(&self, text: &str) -> Result<Option<Cow<'r, str>>, Failure> {
        let group = self.group;
        if let Some(row) = self.by_id.get(text) {
            return Ok(group.id(row));
        }
        let all = self.by_name.get(text).map_or(&[][..], Vec::as_slice);
        let is_deleted = |row: &&&Value| group.summary(row).status == AssetStatus::Deleted;
        let kept: Vec<&Value> = all.iter().filter(|row| !is_deleted(row)).copied().collect();
        match (kept.as_slice(), all) {
            ([], []) => Ok(None),
            ([row], _) | ([], [row]) => Ok(group.id(row)),
            ([], several) | (several, _) => Err(self.ambiguous(text, several)),
        }
    }

    fn ambiguous(&self, name: &str, rows: &[&Value]) -> Failure {
        let group = self.group;
        let candidates = rows.iter().take(SHOWN).map(|row| {
            let summary = group.summary(row);
            format!(
                "{} ({})",
                group.id(row).unwrap_or("?".into()),
                status_word(&summary.status)
            )
        });
        let candidates: Vec<String> = candidates.collect();
        let more = match rows.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let message = format!(
            "{:?} is the name of {}: {}{more}",
            shortened(&one_line(name), SHOWN_CHARACTERS),
            count(rows.len(), group.singular(), group.plural()),
            candidates.join(", ")
        );
        Failure::usage(message).fix("pass the ID")
    }
}

/// Reads the whole assets with these IDs, in order, so that the caller can change and save them. The second
/// list of the result contains the IDs that no asset has.
///
/// # Errors
/// Returns an error if an asset may exist but cannot be read, or if a number in an asset would be rounded.
pub(crate) async fn read(
    client: &Client,
    group: AssetGroup,
    ids: &[String],
) -> Result<(Vec<Value>, Vec<String>), Failure> {
    found(group, ids, group.find(client, ids).await)
}

/// Like [`read`], but for display only. A number that would be rounded is returned as a string.
///
/// # Errors
/// Returns an error if an asset may exist but cannot be read.
pub(crate) async fn shown(
    client: &Client,
    group: AssetGroup,
    ids: &[String],
) -> Result<(Vec<Value>, Vec<String>), Failure> {
    let (texts, missing) = texts(client, group, ids).await?;
    let values = texts.iter().map(|text| json::show(text.get()));
    let values = values.collect::<Result<_, _>>();
    let invalid = |error| Failure::failed(format!("a response is invalid JSON: {error}"));
    Ok((values.map_err(invalid)?, missing))
}

/// Like [`read`], but returns the JSON texts that the service sent.
///
/// # Errors
/// Returns an error if an asset may exist but cannot be read.
pub(crate) async fn texts(
    client: &Client,
    group: AssetGroup,
    ids: &[String],
) -> Result<(Vec<Box<RawValue>>, Vec<String>), Failure> {
    found(group, ids, group.find_json(client, ids).await)
}

fn found<A>(
    group: AssetGroup,
    ids: &[String],
    results: Vec<FoundAsset<A>>,
) -> Result<(Vec<A>, Vec<String>), Failure> {
    let mut assets = Vec::with_capacity(ids.len());
    let mut missing = Vec::new();
    for (id, found) in ids.iter().zip(results) {
        match found {
            FoundAsset::Found(asset) => assets.push(asset),
            FoundAsset::Missing => missing.push(id.clone()),
            FoundAsset::Unreadable(failure) => {
                let reason = of_library(&failure.to_string());
                let message = format!("{} {id} cannot be read: {reason}", group.singular());
                return Err(match failure.error() {
                    Some(error) => Failure::from(error).with_message(message),
                    None => Failure::failed(message),
                });
            }
        }
    }
    Ok((assets, missing))
}
