//! Operations that only read assets. They list assets, or find them by ID, ID list, status, category, name or
//! type.

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    arguments::Arguments,
    document::Api,
    error_responses::{Refusal, check_count, unknown_id},
    resource::{Resource, scalar_text},
    responses::{Success, add_unexpected_values, full, slim},
    settings::{ByIdsOrder, DeletedAssets, MissingByIds, Settings},
    state::{Asset, State, Status},
    validate::Valid,
    verb::Read,
};

/// Handles an operation that reads.
pub(crate) fn read(
    resource: &Resource,
    operation: Read,
    arguments: &Arguments,
    request: &Valid,
    (api, state): (&Api, &State),
    settings: &Settings,
) -> Result<Success, Refusal> {
    let given = |name: &Option<String>| {
        let value = name.as_deref().and_then(|name| request.parameter(name));
        value.unwrap_or_default()
    };
    let mut rows: Vec<Value> = match operation {
        Read::List | Read::FindByStatus => {
            let rows = state
                .assets(&resource.key)
                .filter(|asset| matches_filter(&asset.status, given(&arguments.status), settings))
                .filter(|asset| resource.passes_filters(&asset.body, request.pairs()))
                .map(|asset| slim(resource, asset, api, state, settings));
            rows.collect()
        }
        Read::FindByCategory => {
            let rows = state
                .assets(&resource.key)
                .filter(|asset| asset.category == given(&arguments.id))
                .filter(|asset| settings.by_category_includes_deleted || asset.status != Status::Deleted)
                .map(|asset| full(resource, asset, settings));
            rows.collect()
        }
        Read::FindByName | Read::FindByType => {
            let wanted = |asset: &&Asset| {
                request.pairs().iter().all(|(name, value)| {
                    let name = property_of(resource, operation, name);
                    asset.body.get(name).map(scalar_text).as_ref() == Some(value)
                })
            };
            let rows = state
                .assets(&resource.key)
                .filter(|asset| asset.status != Status::Deleted)
                .filter(wanted)
                .map(|asset| match operation {
                    Read::FindByName => slim(resource, asset, api, state, settings),
                    _ => full(resource, asset, settings),
                });
            rows.collect()
        }
        Read::FindByIds => {
            let ids = arguments.ids.as_deref().map(|name| request.list(name));
            by_ids(resource, &ids.unwrap_or_default(), state, settings)?
        }
        Read::FindById => {
            let id = given(&arguments.id);
            return match readable(resource, id, state, settings) {
                Some(asset) => Ok(Success::Read(full(resource, asset, settings))),
                None => Err(unknown_id(resource, id, settings)),
            };
        }
    };
    add_unexpected_values(resource, &mut rows, settings);
    Ok(Success::List(rows))
}

/// Returns true if a status passes the status filter of a list. The filter `not-deleted` and an empty filter
/// match all assets except deleted ones (documented for middleware configs). A setting determines whether
/// `all` matches deleted assets.
fn matches_filter(status: &Status, filter: &str, settings: &Settings) -> bool {
    match filter {
        "all" => settings.all_includes_deleted || *status != Status::Deleted,
        "not-deleted" | "" => *status != Status::Deleted,
        wanted => status.as_str() == wanted,
    }
}

/// Returns the property by which a parameter selects assets. It is the property that has the same name as the
/// parameter. If there is none, it is the property that contains the name of the asset (find by name) or its
/// type (find by type).
fn property_of<'a>(resource: &'a Resource, operation: Read, parameter: &'a str) -> &'a str {
    let names = || resource.properties.iter().map(|property| property.name.as_str());
    match operation {
        _ if resource.has(parameter) => parameter,
        Read::FindByName => &resource.name,
        _ => names().find(|name| name.ends_with("Type")).unwrap_or(parameter),
    }
}

fn by_ids(
    resource: &Resource,
    list: &[&str],
    state: &State,
    settings: &Settings,
) -> Result<Vec<Value>, Refusal> {
    let mut seen = HashSet::new();
    let ids: Vec<&str> = list
        .iter()
        .copied()
        .filter(|id| !id.is_empty() && seen.insert(*id))
        .collect();
    check_count(ids.len(), settings.max_entries)?;
    let missing = ids
        .iter()
        .find(|id| readable(resource, id, state, settings).is_none());
    if let (MissingByIds::NotFound, Some(missing)) = (settings.missing_by_ids, missing) {
        return Err(unknown_id(resource, missing, settings));
    }
    let row = |asset: &Asset| full(resource, asset, settings);
    Ok(match settings.by_ids_order {
        ByIdsOrder::Requested => ids
            .iter()
            .filter_map(|id| readable(resource, id, state, settings))
            .map(row)
            .collect(),
        ByIdsOrder::Stored => {
            let stored = state.stored_order(&resource.key, &ids);
            stored
                .filter(|asset| is_readable(asset, settings))
                .map(row)
                .collect()
        }
    })
}

/// Returns the asset with this ID, unless it is deleted and the settings hide deleted assets.
pub(crate) fn readable<'s>(
    resource: &Resource,
    id: &str,
    state: &'s State,
    settings: &Settings,
) -> Option<&'s Asset> {
    state
        .asset(&resource.key, id)
        .filter(|asset| is_readable(asset, settings))
}

fn is_readable(asset: &Asset, settings: &Settings) -> bool {
    asset.status != Status::Deleted || settings.deleted == DeletedAssets::Readable
}
