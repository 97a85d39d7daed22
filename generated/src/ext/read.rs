//! Reads assets by ID, for every possible treatment of unknown IDs by the service.
//!
//! It is not documented whether *find by ID list* omits unknown IDs or refuses the whole list, and with which
//! status. A gateway in front of the service may also refuse a request. An asset therefore counts as missing
//! only if a successful response omits it. After a refusal, the reader lists all assets, and reads the IDs
//! that exist again. If the service refuses the list as well, the assets are unreadable.
//!
//! Rows are decoded one by one, so that an unusual asset does not affect other assets. A row for an ID that
//! was not requested shows that the response belongs to another request.
//!
//! If a kind has no *find by ID list*, summaries come from the list of all assets, and whole assets are read
//! one by one.

use super::bulk::{Failure, Reason};
use super::error_class::ErrorClass;
use super::resource::{AssetStatus, AssetSummary, Resource};
use crate::runtime::call::Row;
use crate::{Client, Error};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::to_raw_value;
use std::collections::{HashMap, HashSet};
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Result of reading one ID.
#[derive(Clone, Debug)]
pub(crate) enum ReadResult<T> {
    /// The asset exists.
    Found(T),
    /// A successful response omits the asset.
    Missing,
    /// The service returned the asset in an unexpected form.
    Odd(Failure),
    /// There was no usable response.
    Unreadable(Error),
}

/// Default maximum length of the percent-encoded ID list in a URL, in bytes.
///
/// No limit is documented. Common proxies accept URLs below 2,000 bytes.
pub(crate) const URL_LENGTH: usize = 1_800;

/// If a kind of asset cannot be listed, reading by ID stops after this number of consecutive refused reads.
const MAX_REFUSALS: usize = 12;

/// Reads assets of one kind by ID.
#[derive(Debug)]
pub(crate) struct Reader<R> {
    client: Client,
    url_length: usize,
    /// True if whole assets are returned as the JSON that was sent, without decoding them.
    is_raw: bool,
    /// True if the service has answered a read successfully.
    answered: AtomicBool,
    resource: PhantomData<fn() -> R>,
}

/// All assets of a kind, as the service lists them.
struct Listed<I> {
    /// Summaries, keyed by ID; `None` if the row is unusual.
    rows: HashMap<I, Option<AssetSummary>>,
    /// True if every row has an ID. Only then, an asset without a row does not exist.
    is_complete: bool,
}

/// Rows of a response, keyed by ID. An unusual row has its problem instead.
type Rows<I, T> = HashMap<I, Result<T, String>>;

impl<R: Resource> Reader<R> {
    pub(crate) fn new(client: Client, url_length: usize) -> Self {
        Self {
            client,
            url_length,
            is_raw: false,
            answered: AtomicBool::new(false),
            resource: PhantomData,
        }
    }

    /// Creates a reader whose assets keep the form in which the service sent them.
    pub(crate) fn raw(client: Client) -> Self {
        Self {
            is_raw: true,
            ..Self::new(client, URL_LENGTH)
        }
    }

    /// Returns true if the service has answered any read successfully. If all reads are refused, the base URL
    /// is probably wrong.
    pub(crate) fn was_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Reads the summary of each ID, in order.
    pub(crate) async fn summaries(&self, ids: &[R::Id]) -> Vec<ReadResult<AssetSummary>> {
        if R::FIND_BY_IDS.is_some() || R::LIST.is_none() {
            return self.read(ids, parse_summary, Some).await;
        }
        match self.list().await {
            Some(Ok(listed)) => ids.iter().map(|id| listed.result(id)).collect(),
            Some(Err(error)) => vec![ReadResult::Unreadable(error); ids.len()],
            None => Vec::new(),
        }
    }

    /// Reads the whole asset of each ID, in order.
    pub(crate) async fn assets(&self, ids: &[R::Id]) -> Vec<ReadResult<R::Asset>> {
        self.read(ids, parse_asset::<R>, |_| None).await
    }

    /// Reads the whole asset of each ID as JSON, in order.
    pub(crate) async fn values(&self, ids: &[R::Id]) -> Vec<ReadResult<Value>> {
        self.read(ids, |row| Ok(row.value.clone()), |_| None).await
    }

    /// Reads the IDs of all assets; `None` if the kind has no list.
    pub(crate) async fn all_ids(&self) -> Option<Result<HashSet<R::Id>, Error>> {
        let listed = self.list().await?;
        Some(listed.map(|listed| listed.rows.into_keys().collect()))
    }

    async fn list(&self) -> Option<Result<Listed<R::Id>, Error>> {
        let property = id_property::<R>(&self.client);
        let call = R::LIST?(&self.client).rows(move |rows| {
            let mut listed = Listed {
                rows: HashMap::with_capacity(rows.len()),
                is_complete: true,
            };
            for row in rows {
                match row.value.get(&property).and_then(Value::as_str) {
                    Some(id) => {
                        let id = R::Id::from(id.to_owned());
                        listed.rows.insert(id, parse_summary(&row).ok());
                    }
                    None => listed.is_complete = false,
                }
            }
            Ok(listed)
        });
        let listed = call.await;
        self.answered.fetch_or(listed.is_ok(), Ordering::Relaxed);
        Some(listed)
    }

    /// Finds the assets with these IDs. IDs without a row are absent from the result.
    async fn find<T: Send + 'static>(
        &self,
        ids: &[R::Id],
        parse: fn(&Row) -> Result<T, String>,
    ) -> Result<Rows<R::Id, T>, Error> {
        let found = match (R::FIND_BY_IDS, ids) {
            (Some(find), _) => {
                let property = id_property::<R>(&self.client);
                let asked: Arc<HashSet<R::Id>> = Arc::new(ids.iter().cloned().collect());
                let call = find(&self.client, ids);
                call.rows(move |rows| match_rows(rows, &asked, &property, parse))
                    .await
            }
            (None, [id]) if self.is_raw => {
                let property = id_property::<R>(&self.client);
                let asset = R::FIND_BY_ID(&self.client, id).raw_json().await;
                asset.map(|asset| match unwrapped(asset, &property) {
                    Some(row) => HashMap::from([(id.clone(), row_of(&row).and_then(|row| parse(&row)))]),
                    None => HashMap::from([(id.clone(), Err(format!("the answer has no {property}")))]),
                })
            }
            (None, [id]) => {
                let asset = R::FIND_BY_ID(&self.client, id).await;
                asset.map(|asset| HashMap::from([(id.clone(), row_of(&asset).and_then(|row| parse(&row)))]))
            }
            (None, _) => Ok(HashMap::new()),
        };
        self.answered.fetch_or(found.is_ok(), Ordering::Relaxed);
        found
    }

    async fn read<T: Clone + Send + 'static>(
        &self,
        ids: &[R::Id],
        parse: fn(&Row) -> Result<T, String>,
        from_summary: fn(AssetSummary) -> Option<T>,
    ) -> Vec<ReadResult<T>> {
        let mut results: HashMap<R::Id, ReadResult<T>> = HashMap::with_capacity(ids.len());
        let parts: Vec<&[R::Id]> = match R::FIND_BY_IDS {
            Some(_) => by_url_length(ids, self.url_length),
            None => ids.chunks(1).collect(),
        };
        let mut lists: Vec<Vec<R::Id>> = parts.into_iter().rev().map(<[_]>::to_vec).collect();
        // The list of all assets, read after the first refusal.
        let mut listed: Option<Option<Listed<R::Id>>> = None;
        let mut refusals = 0;
        let mut no_answer = None;
        while let Some(list) = lists.pop() {
            let error = match self.find(&list, parse).await {
                Ok(mut rows) => {
                    refusals = 0;
                    for id in list {
                        let result = match rows.remove(&id) {
                            Some(row) => row.map_or_else(odd, ReadResult::Found),
                            None => ReadResult::Missing,
                        };
                        // An ID that was given twice has one row.
                        results.entry(id).or_insert(result);
                    }
                    continue;
                }
                Err(error) => error,
            };
            if ErrorClass::of(&error) != ErrorClass::Refused {
                // The service does not respond, so further calls are pointless.
                no_answer = Some(error);
                break;
            }
            refusals += 1;
            if is_too_large(&error) && list.len() > 1 {
                split(&mut lists, list);
                continue;
            }
            if listed.is_none() {
                listed = Some(match self.list().await {
                    Some(Ok(rows)) => Some(rows),
                    // The service refuses both requests, so nothing is known.
                    Some(Err(_)) => {
                        no_answer = Some(error);
                        break;
                    }
                    None => None,
                });
            }
            let count = list.len();
            let has_no_list = listed.as_ref().is_some_and(Option::is_none);
            let exist = match listed.as_ref().and_then(Option::as_ref) {
                Some(rows) => rows.settle(list, from_summary, &mut results),
                None if refusals >= MAX_REFUSALS => {
                    no_answer = Some(error);
                    break;
                }
                None => list,
            };
            if exist.len() < count {
                lists.extend((!exist.is_empty()).then_some(exist));
            } else if count > 1 && (has_no_list || !is_not_found(&error)) {
                // The service may accept fewer IDs per request.
                split(&mut lists, exist);
            } else {
                let unreadable = |id| (id, ReadResult::Unreadable(error.clone()));
                results.extend(exist.into_iter().map(unreadable));
            }
        }
        ids.iter()
            .map(|id| match (results.get(id), &no_answer) {
                (Some(result), _) => result.clone(),
                (None, Some(error)) => ReadResult::Unreadable(error.clone()),
                // This does not occur: each ID gets a result, or is passed on in a shorter list.
                (None, None) => odd("it was not read".to_owned()),
            })
            .collect()
    }
}

impl<I: Eq + std::hash::Hash> Listed<I> {
    /// Adds the results of those refused IDs that are missing or deleted according to the list of all assets.
    /// Returns the other refused IDs.
    fn settle<T>(
        &self,
        ids: Vec<I>,
        from_summary: fn(AssetSummary) -> Option<T>,
        results: &mut HashMap<I, ReadResult<T>>,
    ) -> Vec<I> {
        let mut exist = Vec::new();
        for id in ids {
            let result = match self.result(&id) {
                ReadResult::Missing => ReadResult::Missing,
                ReadResult::Found(summary) if summary.status == AssetStatus::Deleted => {
                    from_summary(summary).map_or(ReadResult::Missing, ReadResult::Found)
                }
                _ => {
                    exist.push(id);
                    continue;
                }
            };
            results.insert(id, result);
        }
        exist
    }

    fn result(&self, id: &I) -> ReadResult<AssetSummary> {
        match self.rows.get(id) {
            Some(Some(summary)) => ReadResult::Found(summary.clone()),
            Some(None) => odd("its row in the list is not readable".to_owned()),
            None if self.is_complete => ReadResult::Missing,
            None => odd("the list has a row without an ID, which may be this one".to_owned()),
        }
    }
}

/// Converts an asset to a row.
fn row_of(asset: &impl Serialize) -> Result<Row, String> {
    let text = to_raw_value(asset).map_err(|error| error.to_string())?;
    Ok(Row::new(text))
}

fn odd<T>(problem: String) -> ReadResult<T> {
    ReadResult::Odd(Failure::new(Reason::NotLookedAt, problem))
}

fn split<I>(lists: &mut Vec<Vec<I>>, mut list: Vec<I>) {
    let second = list.split_off(list.len().div_ceil(2));
    lists.extend([second, list]);
}

/// Name of the ID in an asset.
fn id_property<R: Resource>(client: &Client) -> String {
    let call = R::FIND_BY_ID(client, &R::Id::from("0".to_owned()));
    call.first_query_name().to_owned()
}

/// Returns the object that has the property: the response itself, or the only object in the response, alone
/// or in a list, that has the property.
fn unwrapped(answer: Value, property: &str) -> Option<Value> {
    if answer.get(property).is_some() {
        return Some(answer);
    }
    let Value::Object(members) = answer else {
        return None;
    };
    let inside = members.into_iter().flat_map(|(_, member)| match member {
        Value::Array(rows) => rows,
        member => vec![member],
    });
    let mut found = inside.filter(|member| member.get(property).is_some());
    match (found.next(), found.next()) {
        (Some(asset), None) => Some(asset),
        _ => None,
    }
}

/// Assigns rows to the requested IDs.
fn match_rows<I, T>(
    rows: Vec<Row>,
    asked: &HashSet<I>,
    property: &str,
    parse: fn(&Row) -> Result<T, String>,
) -> Result<Rows<I, T>, String>
where
    I: From<String> + Eq + std::hash::Hash + Clone,
{
    let mut matched = HashMap::with_capacity(rows.len());
    let mut is_complete = true;
    for row in rows {
        let Some(id) = row.value.get(property).and_then(Value::as_str) else {
            is_complete = false;
            continue;
        };
        let id_text = id.to_owned();
        let id = I::from(id_text.clone());
        if !asked.contains(&id) {
            return Err(format!(
                "it has a row for {id_text}, which was not asked for, so it may belong to another request"
            ));
        }
        matched.insert(id, parse(&row));
    }
    if !is_complete {
        for id in asked {
            let problem = || Err(format!("a row has no {property}, and may be this asset"));
            matched.entry(id.clone()).or_insert_with(problem);
        }
    }
    Ok(matched)
}

/// Reads status and category, the only properties that bulk jobs compare.
fn parse_summary(row: &Row) -> Result<AssetSummary, String> {
    let text = |property: &str| match row.value.get(property) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("the service shows its {property} in an unexpected form")),
    };
    let status = text("status")?.filter(|status| !status.is_empty());
    Ok(AssetSummary::new(status, text("idCategory")?))
}

fn parse_asset<R: Resource>(row: &Row) -> Result<R::Asset, String> {
    let mut deserializer = serde_json::Deserializer::from_str(row.text.get());
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path();
        format!("the service shows it in a form that does not decode at {path}")
    })
}

/// Returns true for a response that reports that nothing was found. Such a response comes from the service,
/// or from a gateway that does not reach the service.
pub(crate) fn is_not_found(error: &Error) -> bool {
    let statuses = [http::StatusCode::NOT_FOUND, http::StatusCode::GONE];
    error.status().is_some_and(|status| statuses.contains(&status))
}

fn is_too_large(error: &Error) -> bool {
    let statuses = [
        http::StatusCode::PAYLOAD_TOO_LARGE,
        http::StatusCode::URI_TOO_LONG,
        http::StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
    ];
    error.status().is_some_and(|status| statuses.contains(&status))
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
            // An ID longer than the limit is still sent on its own.
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
