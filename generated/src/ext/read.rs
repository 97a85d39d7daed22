//! Reading assets by ID, whatever the service does with IDs that it does not know.
//!
//! The documentation does not say whether *find by ID list* leaves out unknown IDs or refuses the whole list, nor with which
//! status. So a refused list is split until the refused ID stands alone, and an ID that is refused alone with something else
//! than "not found" is looked up in the list of all assets.
//!
//! A kind that has no *find by ID list* is looked at in its list, and read one by one.

use super::error_class::{Verdict, verdict};
use super::resource::{List, Resource, Sight};
use crate::{Client, Error};
use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;

/// How an ID reads.
#[derive(Clone, Debug)]
pub(crate) enum Seen<T> {
    /// It is there.
    Found(T),
    /// There is no such asset, or none that can be read.
    Missing,
    /// The service did not say.
    Unreadable(Error),
}

/// How many bytes the list of IDs in a URL may have, percent-encoded, unless the user says otherwise.
///
/// No limit is documented. Below 2,000 bytes, the whole URL passes every common proxy.
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

    /// What the bulk jobs look at, for each ID in turn.
    pub(crate) async fn sights(&self, ids: &[R::Id]) -> Vec<Seen<Sight>> {
        match (R::FIND_BY_IDS, R::LIST) {
            (None, Some(list)) => self.sights_in(list, ids).await,
            _ => self.read(ids, |asset| R::sight(&asset)).await,
        }
    }

    async fn sights_in(&self, list: List<R>, ids: &[R::Id]) -> Vec<Seen<Sight>> {
        match list(&self.client).await {
            Ok(rows) => {
                let listed: HashMap<R::Id, Sight> = rows.into_iter().map(|row| (row.id, row.sight)).collect();
                let seen = |id| listed.get(id).cloned().map_or(Seen::Missing, Seen::Found);
                ids.iter().map(seen).collect()
            }
            Err(error) => vec![Seen::Unreadable(error); ids.len()],
        }
    }

    /// The whole asset, for each ID in turn.
    pub(crate) async fn assets(&self, ids: &[R::Id]) -> Vec<Seen<R::Asset>> {
        self.read(ids, |asset| asset).await
    }

    async fn read<T: Clone>(&self, ids: &[R::Id], from_asset: impl Fn(R::Asset) -> T) -> Vec<Seen<T>> {
        let mut seen: HashMap<&R::Id, Seen<T>> = HashMap::with_capacity(ids.len());
        let mut refused_alone: HashMap<&R::Id, Error> = HashMap::new();
        let mut lists: Vec<&[R::Id]> = by_url_length(ids, self.url_length);
        lists.reverse();
        let mut broken = None;
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
                        .map(|asset| (R::id(&asset).clone(), from_asset(asset)))
                        .collect();
                    for id in list {
                        let row = found.remove(id);
                        seen.insert(id, row.map_or(Seen::Missing, Seen::Found));
                    }
                    continue;
                }
                Err(error) => error,
            };
            match (verdict(&error), list) {
                (Verdict::Refused, [id]) if is_gone(&error) => {
                    seen.insert(id, Seen::Missing);
                }
                (Verdict::Refused, [id]) => {
                    refused_alone.insert(id, error);
                }
                (Verdict::Refused, list) => {
                    let (first, second) = list.split_at(list.len() / 2);
                    lists.extend([second, first]);
                }
                // More calls would only wear out a service that does not answer.
                _ => {
                    broken = Some(error);
                    break;
                }
            }
        }
        self.look_up(refused_alone, &mut seen).await;
        ids.iter()
            .map(|id| match (seen.get(id), &broken) {
                (Some(seen), _) => seen.clone(),
                (None, Some(error)) => Seen::Unreadable(error.clone()),
                (None, None) => Seen::Missing,
            })
            .collect()
    }

    /// Looks for refused IDs in the list of all assets: one that is not there either is missing, of one that is nobody knows.
    async fn look_up<'i, T>(
        &self,
        refused: HashMap<&'i R::Id, Error>,
        seen: &mut HashMap<&'i R::Id, Seen<T>>,
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
                Seen::Missing
            } else {
                Seen::Unreadable(refusal)
            };
            seen.insert(id, unlisted);
        }
    }
}

/// Whether the answer to a single ID says that there is no such asset.
pub(crate) fn is_gone(error: &Error) -> bool {
    let gone = [http::StatusCode::NOT_FOUND, http::StatusCode::GONE];
    error.status().is_some_and(|status| gone.contains(&status))
}

/// Cuts the list where the IDs, percent-encoded and separated by commas, would be longer than `limit` bytes.
fn by_url_length<I: AsRef<str>>(ids: &[I], limit: usize) -> Vec<&[I]> {
    let mut lists = Vec::new();
    let mut rest = ids;
    while !rest.is_empty() {
        let mut length = 0;
        let count = rest
            .iter()
            .take_while(|id| {
                // The comma becomes %2C.
                length += encoded_length(id.as_ref()) + "%2C".len();
                length <= limit
            })
            .count()
            // One always goes, however long it is.
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
