//! Calls that read the assets of one kind. They take IDs as strings, and return assets as JSON.

use super::read::row_of;
use super::resource::{ListRow, Resource, ResourceNames};
use crate::runtime::call::Row;
use crate::transport::BoxFuture;
use crate::{Call, Client};
use serde_json::value::RawValue;
use std::collections::HashSet;
use std::fmt;

type FindRows = fn(&Client, &[String]) -> Option<Call<Vec<Row>>>;
type ListRows = fn(&Client) -> Option<Call<Vec<ListRow<String>>>>;

/// Calls that read the assets of one kind.
#[derive(Clone, Copy)]
pub(crate) struct ReadCalls {
    pub(crate) names: &'static ResourceNames,
    /// Finds one asset, decodes it, and encodes it again as a [`Row`].
    pub(crate) find_by_id: fn(&Client, &str) -> Call<Result<Row, String>>,
    /// Finds one asset, and returns the JSON that the service sent.
    pub(crate) find_by_id_raw: fn(&Client, &str) -> Call<Box<RawValue>>,
    /// True if the kind has a call that finds many assets.
    pub(crate) finds_by_ids: bool,
    /// Finds many assets; `None` if the kind has no such call.
    pub(crate) find_by_ids: FindRows,
    /// True if the kind has a call that lists all assets.
    pub(crate) lists: bool,
    /// Lists all assets; `None` if the kind has no such call.
    pub(crate) list: ListRows,
    /// Counts the children of the given parents; `None` if the children cannot be counted.
    pub(crate) count_children: fn(Client, HashSet<String>) -> BoxFuture<'static, Option<usize>>,
}

impl ReadCalls {
    pub(crate) const fn of<R: Resource>() -> Self {
        Self {
            names: &R::NAMES,
            find_by_id: |client, id| {
                R::FIND_BY_ID(client, &R::Id::from(id.to_owned())).map(|asset| row_of(&asset))
            },
            find_by_id_raw: |client, id| R::FIND_BY_ID(client, &R::Id::from(id.to_owned())).raw_json(),
            finds_by_ids: R::FIND_BY_IDS.is_some(),
            find_by_ids: |client, ids| {
                let ids: Vec<R::Id> = ids.iter().cloned().map(R::Id::from).collect();
                Some(R::FIND_BY_IDS?(client, &ids).rows(Ok))
            },
            lists: R::LIST.is_some(),
            list: |client| {
                let rows = R::LIST?(client);
                Some(rows.map(|rows| rows.into_iter().map(ListRow::untyped).collect()))
            },
            count_children: |client, parents| match R::COUNT_CHILDREN {
                Some(count) => count(client, parents.into_iter().map(R::Id::from).collect()),
                None => Box::pin(async { None }),
            },
        }
    }
}

impl fmt::Debug for ReadCalls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "ReadCalls({})", self.names.plural)
    }
}
