//! Reads assets by ID, however the service treats unknown IDs.
//!
//! The documentation does not say whether *find by ID list* omits unknown IDs or refuses the whole list, nor
//! with which status. A refused list is therefore split until each refused ID stands alone. If that refusal
//! is anything but "not found", the ID is looked up in the list of all assets.
//!
//! If a kind has no *find by ID list*, summaries come from its list, and whole assets are read one by one.

use super::error_class::ErrorClass;
use super::resource::{AssetSummary, ListCall, ListRow, Resource};
use crate::{Client, Error};
use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

/// Result of reading one ID.
#[derive(Clone, Debug)]
pub(crate) enum ReadResult<T> {
    /// The asset exists.
    Found(T),
    /// The asset does not exist or cannot be read.
    Missing,
    /// The service gave no usable answer.
    Unreadable(Error),
}

/// Default maximum length of the percent-encoded ID list in a URL, in bytes.
///
/// No limit is documented. Common proxies accept URLs below 2,000 bytes.
pub(crate) const URL_LENGTH: usize = 1_800;

/// Reads assets of one kind by ID.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    client: Client,
    url_length: usize,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Reader<R> {
    pub(crate) fn new(client: Client, url_length: usize) -> Self {
        Self {
            client,
            url_length,
            resource: PhantomData,
        }
    }

    /// Reads the summary of each ID, in order.
    pub(crate) async fn summaries(&self, ids: &[R::Id]) -> Vec<ReadResult<AssetSummary>> {
        match (R::FIND_BY_IDS, R::LIST) {
            (None, Some(list)) => self.summaries_in_list(list, ids).await,
            _ => self.read(ids, |asset| R::summary(&asset)).await,
        }
    }

    async fn summaries_in_list(&self, list: ListCall<R>, ids: &[R::Id]) -> Vec<ReadResult<AssetSummary>> {
        match list(&self.client).await {
            Ok(rows) => {
                let found = |row: ListRow<R::Id>| (row.id, ReadResult::Found(row.summary));
                let listed: HashMap<_, _> = rows.into_iter().map(found).collect();
                let listed = |id| listed.get(id).cloned().unwrap_or(ReadResult::Missing);
                ids.iter().map(listed).collect()
            }
            Err(error) => vec![ReadResult::Unreadable(error); ids.len()],
        }
    }

    /// Reads the whole asset of each ID, in order.
    pub(crate) async fn assets(&self, ids: &[R::Id]) -> Vec<ReadResult<R::Asset>> {
        self.read(ids, |asset| asset).await
    }

    async fn read<T: Clone>(&self, ids: &[R::Id], from_asset: impl Fn(R::Asset) -> T) -> Vec<ReadResult<T>> {
        let mut results: HashMap<&R::Id, ReadResult<T>> = HashMap::with_capacity(ids.len());
        let mut refused_alone: HashMap<&R::Id, Error> = HashMap::new();
        let mut lists: Vec<&[R::Id]> = by_url_length(ids, self.url_length);
        lists.reverse();
        let mut no_answer = None;
        while let Some(list) = lists.pop() {
            let answer = match (R::FIND_BY_IDS, list) {
                (Some(find), _) => find(&self.client, list).await,
                (None, [id]) => {
                    let asset = R::FIND_BY_ID(&self.client, id).await;
                    asset.map(|asset| vec![asset])
                }
                (None, _) => {
                    let (first, second) = list.split_at(list.len() / 2);
                    lists.extend([second, first]);
                    continue;
                }
            };
            let error = match answer {
                Ok(assets) => {
                    let mut found: HashMap<R::Id, T> = assets
                        .into_iter()
                        .filter_map(|asset| Some((R::id(&asset)?.clone(), from_asset(asset))))
                        .collect();
                    for id in list {
                        let row = found.remove(id);
                        results.insert(id, row.map_or(ReadResult::Missing, ReadResult::Found));
                    }
                    continue;
                }
                Err(error) => error,
            };
            match (ErrorClass::of(&error), list) {
                (ErrorClass::Refused, [id]) if is_gone(&error) => {
                    results.insert(id, ReadResult::Missing);
                }
                (ErrorClass::Refused, [id]) => {
                    refused_alone.insert(id, error);
                }
                (ErrorClass::Refused, list) => {
                    let (first, second) = list.split_at(list.len() / 2);
                    lists.extend([second, first]);
                }
                // The service does not answer, so further calls are pointless.
                _ => {
                    no_answer = Some(error);
                    break;
                }
            }
        }
        self.look_up(refused_alone, &mut results).await;
        ids.iter()
            .map(|id| match (results.get(id), &no_answer) {
                (Some(result), _) => result.clone(),
                (None, Some(error)) => ReadResult::Unreadable(error.clone()),
                (None, None) => ReadResult::Missing,
            })
            .collect()
    }

    /// Looks refused IDs up in the list of all assets. An unlisted ID is missing; a listed one stays
    /// unreadable.
    async fn look_up<'i, T>(
        &self,
        refused: HashMap<&'i R::Id, Error>,
        results: &mut HashMap<&'i R::Id, ReadResult<T>>,
    ) {
        if refused.is_empty() {
            return;
        }
        let rows = match R::LIST {
            Some(list) => list(&self.client).await.ok(),
            None => None,
        };
        let listed: Option<HashSet<R::Id>> = rows.map(|rows| rows.into_iter().map(|row| row.id).collect());
        for (id, refusal) in refused {
            let is_missing = listed.as_ref().is_some_and(|listed| !listed.contains(id));
            let unlisted = if is_missing {
                ReadResult::Missing
            } else {
                ReadResult::Unreadable(refusal)
            };
            results.insert(id, unlisted);
        }
    }
}

/// Returns true if the answer to a single ID means that the asset does not exist.
pub(crate) fn is_gone(error: &Error) -> bool {
    let gone = [http::StatusCode::NOT_FOUND, http::StatusCode::GONE];
    error.status().is_some_and(|status| gone.contains(&status))
}

/// Splits `ids` so that each part, percent-encoded and separated by commas, has at most `limit` bytes.
fn by_url_length<I: AsRef<str>>(ids: &[I], limit: usize) -> Vec<&[I]> {
    let mut lists = Vec::new();
    let mut rest = ids;
    while !rest.is_empty() {
        let mut length = 0;
        let count = rest
            .iter()
            .take_while(|id| {
                // The comma is encoded as %2C.
                length += encoded_length(id.as_ref()) + "%2C".len();
                length <= limit
            })
            .count()
            // An ID longer than the limit still goes alone.
            .max(1);
        let (list, others) = rest.split_at(count.min(rest.len()));
        lists.push(list);
        rest = others;
    }
    lists
}

fn encoded_length(text: &str) -> usize {
    text.bytes()
        .map(|byte| {
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
            if plain { 1 } else { "%00".len() }
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut_where_the_url_would_be_too_long() {
        let lists = |ids: &[&str], limit| {
            by_url_length(ids, limit)
                .iter()
                .map(|list| list.join(" "))
                .collect::<Vec<_>>()
        };
        assert_eq!(lists(&["a", "b", "c"], 8), ["a b", "c"]);
        assert_eq!(lists(&["a", "b", "c"], 1), ["a", "b", "c"]);
        assert_eq!(lists(&["é", "b"], 9), ["é", "b"]);
        assert_eq!(lists(&["é", "b"], 13), ["é b"]);
        assert!(lists(&[], 8).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_id_is_lost_when_lists_are_cut(ids: Vec<String>, limit in 0usize..100) {
            proptest::prop_assert_eq!(by_url_length(&ids, limit).concat(), ids);
        }
    }
}
