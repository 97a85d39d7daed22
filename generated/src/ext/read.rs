//! Reads assets by ID. Works both if the service omits unknown IDs and if it refuses them.
//!
//! The vendor does not document whether the operation *find by ID list* omits unknown IDs or refuses the
//! whole list. The HTTP status of such a refusal is not documented either. A gateway in front of the service
//! may also refuse a request. Therefore, a refusal alone does not show that an asset is missing: a successful
//! response must omit the asset, or list it as deleted. After a refusal, the reader lists all assets, and
//! then repeats the read for the IDs that exist. If the request that lists all assets fails, the assets count
//! as unreadable.
//!
//! A gateway may also answer with the response to another request. If a list may be the response to another
//! request, the reader requests the list again. Before that, a reader of whole assets ([`Reader::raw`]) sends
//! a request that the service refuses. A gateway that repeats the previous response then repeats this
//! refusal, and not a list. In jobs, a read is repeated if its response omits assets and may belong to
//! another request. The repeated read also asks for a witness, an asset that is known to exist
//! ([`Attribution`]).
//!
//! Each row is decoded separately, so that an unusual asset does not affect other assets. A response with a
//! row for an ID that was not requested is rejected, because it may belong to another request.
//!
//! If a kind has no operation *find by ID list*, the reader takes the status and category of assets from the
//! list of all assets. It reads whole assets one by one.
//!
//! The reader handles IDs as strings and assets as JSON. Therefore, its code is compiled only once, instead
//! of once per kind. [`ReadCalls`] connects the reader to a kind.

use super::attribution::{Attribution, MAX_LISTED, MAX_WITNESS_LENGTH, row_hash};
use super::bulk::{Failure, Reason};
use super::error_class::ErrorClass;
use super::read_calls::ReadCalls;
use super::resource::{AssetStatus, AssetSummary, ListRow, ResourceNames};
use crate::runtime::call::Row;
use crate::values::id;
use crate::{Call, Client, Error, RetryPolicy};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::sync::OnceCell;

/// Result of reading one asset by its ID.
#[derive(Clone, Debug)]
pub(crate) enum ReadResult<T> {
    /// The asset exists.
    Found(T),
    /// A successful response omits the asset, or the service lists the asset as deleted and refuses to return
    /// it.
    Missing,
    /// The service returned the asset in an unexpected form.
    Odd(Failure),
    /// There was no usable response.
    Unreadable(Error),
}

/// Default maximum length of the percent-encoded ID list in a URL, in bytes.
///
/// The vendor documents no limit. Common proxies accept URLs below 2,000 bytes.
pub(crate) const URL_LENGTH: usize = 1_800;

/// Number of consecutive refusals after which the reader sends no further reads by ID. Applies only to kinds
/// whose assets cannot be listed.
const MAX_REFUSALS: usize = 12;

/// Maximum number of times that the list of all assets is requested, if each response may belong to another
/// request.
const MAX_LISTS: usize = 4;

/// Maximum number of repetitions of a read whose response omits assets and may belong to another request.
/// Assets that every repetition omits usually count as missing.
const MAX_REPETITIONS: usize = 3;

/// Number of consecutive separating requests that may succeed before a reader stops sending them (see
/// [`Reader::separate`]).
const MAX_FAILED_SEPARATIONS: usize = 5;

/// Reads assets of one kind by ID.
#[derive(Debug)]
pub(crate) struct Reader {
    client: Client,
    calls: ReadCalls,
    url_length: usize,
    /// True if a call for a single asset returns the JSON that the service sent. If false, the asset is
    /// decoded and encoded again.
    is_raw: bool,
    /// True if the reader repeats a read whose response omits assets and may belong to another request.
    confirms_missing: bool,
    attribution: Attribution,
    /// Set once the witnesses are chosen.
    has_witnesses: OnceCell<()>,
    /// True if the service seems to refuse a list of IDs that contains an unknown ID.
    refuses_unknown: AtomicBool,
    /// Number of consecutive separating requests that succeeded. If there are too many of them, the service
    /// does not refuse unknown IDs.
    failed_separations: AtomicUsize,
    /// True if the service has answered at least one read successfully.
    answered: AtomicBool,
}

/// All assets of a kind, as the service lists them.
struct Listed {
    /// Summaries, keyed by ID; `None` if the row cannot be decoded.
    rows: HashMap<String, Option<AssetSummary>>,
    /// True if every row has an ID. If false, an asset may exist although no row has its ID.
    is_complete: bool,
}

/// Shows whether a refused request and the call after it were alone, that is, whether no other call of the
/// client was in progress during either.
#[derive(Clone, Copy)]
struct Separation {
    /// Number of begun calls that shows that the next call was alone; `None` if another call was in progress.
    alone: Option<u64>,
}

impl Separation {
    /// Begins the separation, directly before the request that the service refuses.
    fn begin(client: &Client) -> Self {
        let begun = client.call_counter().begun();
        Self {
            alone: client.call_counter().is_idle().then_some(begun + 2),
        }
    }

    /// Returns true if the call that has just ended was alone.
    fn is_alone(self, client: &Client) -> bool {
        self.alone == Some(client.call_counter().begun())
    }
}

/// Form in which assets are read.
struct Form<T> {
    parse: fn(Row, &ResourceNames) -> Result<T, String>,
    /// Converts the list's row of a deleted asset; returns `None` if the row lacks properties of this form.
    from_summary: fn(AssetSummary) -> Option<T>,
    /// True if the form has all properties of the asset.
    is_whole: bool,
}

/// Response to a read by ID.
struct FindResponse<T> {
    /// Rows of the requested assets, and of the witness.
    rows: Rows<T>,
    /// True if the assets that the response omits are certainly missing.
    is_certain: bool,
    /// True if this may be a list of all assets, whose rows may lack properties.
    may_be_list: bool,
}

/// Rows of a response, keyed by ID. For a row in an unexpected form, the value is an error that describes the
/// problem.
type Rows<T> = HashMap<String, Result<T, String>>;

impl Reader {
    pub(crate) fn new(calls: ReadCalls, client: Client, url_length: usize) -> Self {
        Self {
            client,
            calls,
            url_length,
            is_raw: false,
            confirms_missing: false,
            attribution: Attribution::new(1),
            has_witnesses: OnceCell::new(),
            refuses_unknown: AtomicBool::new(false),
            failed_separations: AtomicUsize::new(0),
            answered: AtomicBool::new(false),
        }
    }

    /// Creates a reader that returns assets in the form in which the service sent them.
    pub(crate) fn raw(calls: ReadCalls, client: Client) -> Self {
        Self {
            is_raw: true,
            ..Self::new(calls, client, URL_LENGTH)
        }
    }

    /// Sets the maximum number of reads at the same time. Default: 1.
    pub(crate) fn concurrency(mut self, reads: usize) -> Self {
        self.attribution = Attribution::new(reads);
        self
    }

    /// Makes the reader repeat reads whose responses omit assets and may belong to other requests.
    pub(crate) fn confirm_missing(mut self) -> Self {
        self.confirms_missing = true;
        self
    }

    /// Returns the names of the kind of asset.
    pub(crate) const fn names(&self) -> &'static ResourceNames {
        self.calls.names
    }

    /// Returns true if the service has answered at least one read successfully. If the service refuses all
    /// reads, the base URL is probably wrong.
    pub(crate) fn was_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Reads the summary (status and category) of each asset, in the order of `ids`.
    pub(crate) async fn summaries(&self, ids: &[String]) -> Vec<ReadResult<AssetSummary>> {
        if self.calls.finds_by_ids || !self.calls.lists {
            let form = Form {
                parse: |row, names| parse_summary(&row, names),
                from_summary: Some,
                is_whole: false,
            };
            return self.read(ids, &form).await;
        }
        match self.list(ids).await {
            Some(Ok(listed)) => ids.iter().map(|id| listed.result(id)).collect(),
            Some(Err(error)) => vec![ReadResult::Unreadable(error); ids.len()],
            None => Vec::new(),
        }
    }

    /// Reads each asset with all its fields, in the order of `ids`.
    pub(crate) async fn assets<A: DeserializeOwned>(&self, ids: &[impl AsRef<str>]) -> Vec<ReadResult<A>> {
        let ids: Vec<String> = ids.iter().map(|id| id.as_ref().to_owned()).collect();
        let texts = self.texts(&ids).await.into_iter();
        texts
            .map(|text| match text {
                ReadResult::Found(text) => parse_asset(&text).map_or_else(odd, ReadResult::Found),
                ReadResult::Missing => ReadResult::Missing,
                ReadResult::Odd(failure) => ReadResult::Odd(failure),
                ReadResult::Unreadable(error) => ReadResult::Unreadable(error),
            })
            .collect()
    }

    /// Reads each asset as JSON text with all its fields, in the order of `ids`.
    pub(crate) async fn texts(&self, ids: &[String]) -> Vec<ReadResult<Box<RawValue>>> {
        self.read(ids, &Form::whole(|row, _| Ok(row.text))).await
    }

    /// Reads each asset as a row with all its fields, in the order of `ids`. If there are too few witnesses,
    /// existing assets become witnesses. For example, the job has just created the first assets of the kind.
    pub(crate) async fn rows(&self, ids: &[String]) -> Vec<ReadResult<Row>> {
        let results = self.read(ids, &Form::whole(|row, _| Ok(row))).await;
        if self.has_witnesses.initialized() {
            for (id, result) in ids.iter().zip(&results) {
                if let ReadResult::Found(row) = result
                    && parse_summary(row, self.calls.names)
                        .is_ok_and(|summary| summary.status != AssetStatus::Deleted)
                {
                    self.attribution.add_witness(id);
                }
            }
        }
        results
    }

    /// Reads the IDs of all assets; returns `None` if assets of the kind cannot be listed.
    pub(crate) async fn all_ids(&self) -> Option<Result<HashSet<String>, Error>> {
        let listed = self.list(&[]).await?;
        Some(listed.map(|listed| listed.rows.into_keys().collect()))
    }

    /// Reads the rows of all assets as the service sends them; returns `None` if assets of the kind cannot be
    /// listed.
    #[cfg(feature = "snapshot")]
    pub(crate) async fn all_rows(&self) -> Option<Result<Vec<Row>, Error>> {
        let property = self.calls.names.id;
        let id = move |row: &Row| row.value.get(property).and_then(id_text).map(Cow::into_owned);
        let parse = |call: Call<Vec<ListRow<String>>>| call.rows(|rows| Ok((row_hashes(&rows), rows)));
        self.repeat_rows(parse, id).await
    }

    /// Reads the rows of all assets; returns `None` if assets of the kind cannot be listed.
    pub(crate) async fn list_rows(&self) -> Option<Result<Vec<ListRow<String>>, Error>> {
        let parse = |call: Call<Vec<ListRow<String>>>| call.map(|rows| (HashSet::new(), rows));
        self.repeat_rows(parse, |row| Some(row.id.clone())).await
    }

    /// Counts the children of the given assets; returns `None` if the children cannot be counted.
    pub(crate) async fn count_children(&self, parents: HashSet<String>) -> Option<usize> {
        (self.calls.count_children)(self.client.clone(), parents).await
    }

    /// Lists all assets in order to look up `ids`.
    async fn list(&self, ids: &[String]) -> Option<Result<Listed, Error>> {
        let names = self.calls.names;
        let parse = |call: Call<Vec<ListRow<String>>>| {
            call.rows(move |rows| {
                let mut listed = Listed {
                    rows: HashMap::with_capacity(rows.len()),
                    is_complete: true,
                };
                let hashes = row_hashes(&rows);
                for row in rows {
                    match row.value.get(names.id).and_then(id_text) {
                        Some(id) => {
                            listed
                                .rows
                                .insert(id.into_owned(), parse_summary(&row, names).ok());
                        }
                        None => listed.is_complete = false,
                    }
                }
                Ok((hashes, listed))
            })
        };
        let may_be_other = |listed: &Listed| {
            let omits = ids.is_empty() || ids.iter().any(|id| !listed.rows.contains_key(id));
            omits && self.may_be_read(|| listed.rows.keys().cloned())
        };
        let add = |listed: &mut Listed, later: Listed| {
            listed.is_complete = later.is_complete && (listed.is_complete || listed.rows.is_empty());
            listed.rows.extend(later.rows);
        };
        let is_empty = |listed: &Listed| listed.is_complete && listed.rows.is_empty();
        let listed = self.repeat_list(parse, may_be_other, is_empty, add).await?;
        self.answered.fetch_or(listed.is_ok(), Ordering::Relaxed);
        Some(listed)
    }

    /// Returns true if a list with these IDs may be the response to a recent read by ID.
    fn may_be_read<I: Iterator<Item = String>>(&self, ids: impl FnOnce() -> I) -> bool {
        self.attribution.has_reads() && {
            let ids: Vec<String> = ids().collect();
            self.attribution.may_be_other(&ids.iter(), None)
        }
    }

    /// Requests the list of all assets like [`repeat_list`](Self::repeat_list). `id` returns the ID of a row.
    /// Rows of a later response replace earlier rows with the same IDs, and earlier rows without an ID.
    async fn repeat_rows<T: Send + 'static>(
        &self,
        parse: impl Fn(Call<Vec<ListRow<String>>>) -> Call<(HashSet<u64>, Vec<T>)>,
        id: impl Fn(&T) -> Option<String>,
    ) -> Option<Result<Vec<T>, Error>> {
        let add = |rows: &mut Vec<T>, later: Vec<T>| {
            let ids: HashSet<String> = later.iter().filter_map(&id).collect();
            rows.retain(|row| id(row).is_some_and(|id| !ids.contains(&id)));
            rows.extend(later);
        };
        let may_be_other = |rows: &Vec<T>| self.may_be_read(|| rows.iter().filter_map(&id));
        self.repeat_list(parse, may_be_other, Vec::is_empty, add).await
    }

    /// Requests the list of all assets. If the response may belong to another request, requests the list
    /// again, and combines the rows of all responses with `add`. `parse` also returns the hashes of the rows.
    async fn repeat_list<T: Send + 'static>(
        &self,
        parse: impl Fn(Call<Vec<ListRow<String>>>) -> Call<(HashSet<u64>, T)>,
        may_be_other: impl Fn(&T) -> bool,
        is_empty: impl Fn(&T) -> bool,
        add: impl Fn(&mut T, T),
    ) -> Option<Result<T, Error>> {
        let call = || (self.calls.list)(&self.client).map(&parse);
        let mut listed: Option<T> = None;
        let mut separation: Option<Separation> = None;
        for list in 1..=MAX_LISTS {
            let (hashes, later) = match call()?.await {
                Ok(later) => later,
                Err(error) => return Some(Err(error)),
            };
            self.attribution.record_list(hashes);
            let is_alone = separation.is_some_and(|separation| separation.is_alone(&self.client));
            let is_own = is_alone || !is_empty(&later) && !may_be_other(&later);
            match &mut listed {
                Some(listed) => add(listed, later),
                None => listed = Some(later),
            }
            if is_own {
                break;
            }
            if list < MAX_LISTS {
                separation = self.separate().await;
            }
        }
        listed.map(Ok)
    }

    /// Sends a request that the service refuses. A gateway that repeats the previous response then answers
    /// the next request with this refusal, and not with rows or an empty list. Returns `None` if the
    /// service did not refuse the request.
    ///
    /// Bulk jobs do not rely on this. They send a request more often, for two reasons: some gateways answer
    /// with an old response, even one from before the previous response; and a deletion cannot be undone.
    async fn separate(&self) -> Option<Separation> {
        if !self.is_raw || self.failed_separations.load(Ordering::Relaxed) >= MAX_FAILED_SEPARATIONS {
            return None;
        }
        let unused = id::generator::generate().ok()?;
        let separation = Separation::begin(&self.client);
        let asset = (self.calls.find_by_id_raw)(&self.client, &unused).retry(RetryPolicy::none());
        match asset.await {
            Ok(_) => {
                self.failed_separations.fetch_add(1, Ordering::Relaxed);
                None
            }
            Err(error) if ErrorClass::of(&error) == ErrorClass::Refused => {
                self.failed_separations.store(0, Ordering::Relaxed);
                Some(separation)
            }
            Err(_) => None,
        }
    }

    /// Finds the assets with these IDs. If the kind has a call for many IDs, the request includes the
    /// witness.
    async fn find<T: Send + 'static>(
        &self,
        ids: &[String],
        witness: Option<&String>,
        form: &Form<T>,
    ) -> Result<FindResponse<T>, Error> {
        let names = self.calls.names;
        let property = names.id;
        let requested: Vec<String> = ids.iter().chain(witness).cloned().collect();
        let call = (self.calls.find_by_ids)(&self.client, &requested);
        let read = self.attribution.begin(requested.into_iter().collect());
        let parse = form.parse;
        let parse = move |row| parse(row, names);
        let mut hashes = HashSet::new();
        let found = match (call, ids) {
            (Some(call), _) => {
                let (requested, is_whole) = (read.requested(), form.is_whole);
                let found = call.rows(move |rows| {
                    let hashes: HashSet<u64> = rows.iter().filter(|_| is_whole).map(row_hash).collect();
                    Ok((match_rows(rows, &requested, property, parse)?, hashes))
                });
                found.await.map(|(rows, hashes_of_rows)| {
                    hashes = hashes_of_rows;
                    rows
                })
            }
            (None, [id]) => {
                let requested = id.clone();
                let row = if self.is_raw {
                    let asset = (self.calls.find_by_id_raw)(&self.client, id);
                    asset.try_map(move |asset| {
                        let row = unwrapped(asset, property);
                        match_row(
                            row.ok_or_else(|| format!("the answer has no {property}")),
                            &requested,
                            property,
                        )
                    })
                } else {
                    let asset = (self.calls.find_by_id)(&self.client, id);
                    asset.try_map(move |row| match_row(row, &requested, property))
                };
                let row = row.await;
                row.map(|row| HashMap::from([(id.clone(), row.and_then(parse))]))
            }
            (None, _) => Ok(HashMap::new()),
        };
        self.answered.fetch_or(found.is_ok(), Ordering::Relaxed);
        found.map(|rows| FindResponse {
            is_certain: ids.iter().all(|id| rows.contains_key(id))
                || !self.attribution.may_be_other(&rows.keys(), Some(&read)),
            may_be_list: self.attribution.may_be_list(&hashes),
            rows,
        })
    }

    /// Finds the assets with these IDs, together with a witness if there is one. Repeats the read in two
    /// cases: the response may be a list of all assets, or it omits assets and may belong to another request.
    /// Combines the rows of all responses.
    ///
    /// # Errors
    /// Returns the error of the last read. After a refused read with a witness, this is a read without it.
    async fn find_confirmed<T: Send + 'static>(
        &self,
        ids: &[String],
        form: &Form<T>,
    ) -> Result<Rows<T>, Error> {
        let mut found: Rows<T> = HashMap::new();
        let mut separation: Option<Separation> = None;
        let mut omitted_witnesses = 0;
        let mut witness = if self.refuses_unknown.load(Ordering::Relaxed) {
            None
        } else {
            self.next_witness(ids)
        };
        for repetitions in 0..=MAX_REPETITIONS {
            let response = self.find_with(ids, &mut witness, form).await?;
            let is_last = repetitions == MAX_REPETITIONS;
            let is_alone = separation.is_some_and(|separation| separation.is_alone(&self.client));
            let may_be_list = response.may_be_list && separation.is_none() && !is_last;
            if response.may_be_list && !may_be_list {
                // The service seems to list whole assets.
                self.attribution.forget_list();
            }
            let is_certain = response.is_certain || is_alone && witness.is_none();
            let is_accepted = !may_be_list && (is_certain || !self.confirms_missing);
            let omitted = witness.filter(|witness| !response.rows.contains_key(witness));
            for (id, row) in response.rows {
                if may_be_list {
                    let doubt = || Err("its row may come from a list of all assets".to_owned());
                    found.entry(id).or_insert_with(doubt);
                } else {
                    found.insert(id, row);
                }
            }
            if is_accepted || is_last {
                break;
            }
            if let Some(witness) = &omitted {
                omitted_witnesses += 1;
                self.attribution.forget_witness(witness);
            }
            if !may_be_list {
                self.find_witnesses(ids).await;
            }
            witness = self.next_witness(ids);
            separation = match witness {
                Some(_) if !may_be_list => None,
                _ => self.separate().await,
            };
        }
        if self.is_raw && omitted_witnesses == MAX_REPETITIONS {
            // Bulk jobs may delete their own witnesses, so only readers of whole assets draw this conclusion.
            for id in ids {
                let doubt = || Err("no response to its read could be attributed to this read".to_owned());
                found.entry(id.clone()).or_insert_with(doubt);
            }
        }
        Ok(found)
    }

    /// Finds the assets with these IDs, together with a witness. If the service refuses this read, finds the
    /// assets without the witness, and sets `witness` to `None`.
    async fn find_with<T: Send + 'static>(
        &self,
        ids: &[String],
        witness: &mut Option<String>,
        form: &Form<T>,
    ) -> Result<FindResponse<T>, Error> {
        let is_refusal = |error: &Error| {
            // Some services answer an unknown ID with the status 500.
            let fails = error.status() == Some(http::StatusCode::INTERNAL_SERVER_ERROR);
            fails || ErrorClass::of(error) == ErrorClass::Refused
        };
        let found = self.find(ids, witness.as_ref(), form).await;
        match (found, witness.take()) {
            // The witness may be missing by now, and the service may refuse unknown IDs.
            (Err(error), Some(refused)) if is_refusal(&error) => {
                let found = self.find(ids, None, form).await;
                match &found {
                    Ok(_) => self.attribution.forget_witness(&refused),
                    Err(error) if is_refusal(error) && !is_too_large(error) => {
                        self.refuses_unknown.store(true, Ordering::Relaxed);
                    }
                    Err(_) => {}
                }
                found
            }
            (found, used) => {
                *witness = used;
                found
            }
        }
    }

    /// Returns a witness for a read of `ids`, if the kind has a call for many IDs.
    fn next_witness(&self, ids: &[String]) -> Option<String> {
        let witnesses = self.calls.finds_by_ids.then_some(&self.attribution);
        witnesses.and_then(|attribution| attribution.next_witness(ids))
    }

    /// Lists all assets and chooses the witnesses for the next reads, because a response omitted one of
    /// `ids`. Only the first call has an effect. If it cannot list the assets, there are no witnesses.
    async fn find_witnesses(&self, ids: &[String]) {
        let choose = || async {
            if let Some(Ok(listed)) = self.list(ids).await {
                self.attribution.choose_witnesses(listed.rows);
            }
        };
        self.has_witnesses.get_or_init(choose).await;
    }

    async fn read<T: Clone + Send + 'static>(&self, ids: &[String], form: &Form<T>) -> Vec<ReadResult<T>> {
        let mut results: HashMap<String, ReadResult<T>> = HashMap::with_capacity(ids.len());
        let parts: Vec<&[String]> = if self.calls.finds_by_ids {
            let witness_length = "%2C".len() + MAX_WITNESS_LENGTH;
            let reserved = if self.confirms_missing { witness_length } else { 0 };
            by_url_length(ids, self.url_length.saturating_sub(reserved))
        } else {
            ids.chunks(1).collect()
        };
        let mut lists: Vec<Vec<String>> = parts.into_iter().rev().map(<[_]>::to_vec).collect();
        // The list of all assets, which is read after the first refusal. The inner `None` means that assets
        // of the kind cannot be listed.
        let mut listed: Option<Option<Listed>> = None;
        let mut refusals = 0;
        let mut no_answer = None;
        while let Some(list) = lists.pop() {
            let error = match self.find_confirmed(&list, form).await {
                Ok(mut rows) => {
                    refusals = 0;
                    for id in list {
                        let result = match rows.remove(&id) {
                            Some(row) => row.map_or_else(odd, ReadResult::Found),
                            None => ReadResult::Missing,
                        };
                        // The response has only one row for an ID that was given twice.
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
                listed = Some(match self.list(ids).await {
                    Some(Ok(rows)) => Some(rows),
                    // Both requests failed, so nothing is known.
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
                Some(rows) => rows.settle(list, form.from_summary, &mut results),
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
                // This does not occur, because each ID either gets a result or stays in a shorter list to be
                // read.
                (None, None) => odd("it was not read".to_owned()),
            })
            .collect()
    }
}

impl<T> Form<T> {
    const fn whole(parse: fn(Row, &ResourceNames) -> Result<T, String>) -> Self {
        Self {
            parse,
            from_summary: |_| None,
            is_whole: true,
        }
    }
}

impl Listed {
    /// Looks up the IDs of a refused read in this list. Adds results for the IDs that are missing or deleted,
    /// and returns the other IDs.
    fn settle<T>(
        &self,
        ids: Vec<String>,
        from_summary: fn(AssetSummary) -> Option<T>,
        results: &mut HashMap<String, ReadResult<T>>,
    ) -> Vec<String> {
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

    fn result(&self, id: &str) -> ReadResult<AssetSummary> {
        match self.rows.get(id) {
            Some(Some(summary)) => ReadResult::Found(summary.clone()),
            Some(None) => odd("its row in the list is not readable".to_owned()),
            None if self.is_complete => ReadResult::Missing,
            None => odd("the list has a row without an ID, which may be this one".to_owned()),
        }
    }
}

/// Encodes an asset as a [`Row`].
pub(crate) fn row_of(asset: &impl Serialize) -> Result<Row, String> {
    let text = to_raw_value(asset).map_err(|error| error.to_string())?;
    Ok(Row::new(text))
}

fn odd<T>(problem: String) -> ReadResult<T> {
    ReadResult::Odd(odd_failure(problem))
}

/// Creates the failure for an asset that the service returned in an unexpected form.
pub(crate) fn odd_failure(problem: String) -> Failure {
    Failure::new(Reason::NotLookedAt, problem)
}

fn split(lists: &mut Vec<Vec<String>>, mut list: Vec<String>) {
    let second = list.split_off(list.len().div_ceil(2));
    lists.extend([second, list]);
}

/// Returns the object that has the property. This object is the response, a member of the response, or an
/// element of an array that is a member. Returns `None` if no object has the property, or if several members
/// or elements have it.
fn unwrapped(answer: Box<RawValue>, property: &str) -> Option<Row> {
    let row = Row::new(answer);
    if row.value.get(property).is_some() {
        return Some(row);
    }
    let members: HashMap<String, Box<RawValue>> = serde_json::from_str(row.text.get()).ok()?;
    let inside = members
        .into_values()
        .flat_map(|member| serde_json::from_str(member.get()).unwrap_or_else(|_| vec![member]));
    let mut found = inside
        .map(Row::new)
        .filter(|row| row.value.get(property).is_some());
    match (found.next(), found.next()) {
        (Some(asset), None) => Some(asset),
        _ => None,
    }
}

/// Returns an error if a row has another ID than the requested one.
fn match_row(
    row: Result<Row, String>,
    requested: &str,
    property: &str,
) -> Result<Result<Row, String>, String> {
    let id = row
        .as_ref()
        .ok()
        .and_then(|row| id_text(row.value.get(property)?));
    match id {
        Some(id) if id != requested => Err(not_requested(&id)),
        _ => Ok(row),
    }
}

fn not_requested(id: &str) -> String {
    format!("it has a row for {id}, which was not asked for, so it may belong to another request")
}

/// Returns the hashes of the rows of a list; empty if the list is long.
fn row_hashes(rows: &[Row]) -> HashSet<u64> {
    let is_short = rows.len() <= MAX_LISTED;
    rows.iter().filter(|_| is_short).map(row_hash).collect()
}

/// Assigns rows to the requested IDs. Returns an error if a row has an ID that was not requested. A row
/// without an ID may belong to any requested ID that has no row, so all these IDs get an error.
fn match_rows<T>(
    rows: Vec<Row>,
    asked: &HashSet<String>,
    property: &str,
    parse: impl Fn(Row) -> Result<T, String>,
) -> Result<Rows<T>, String> {
    let mut matched = HashMap::with_capacity(rows.len());
    let mut is_complete = true;
    for row in rows {
        let Some(id) = row.value.get(property).and_then(id_text).map(Cow::into_owned) else {
            is_complete = false;
            continue;
        };
        if !asked.contains(&id) {
            return Err(not_requested(&id));
        }
        matched.insert(id, parse(row));
    }
    if !is_complete {
        for id in asked {
            let problem = || Err(format!("a row has no {property}, and may be this asset"));
            matched.entry(id.clone()).or_insert_with(problem);
        }
    }
    Ok(matched)
}

/// Returns an ID as text; `None` if the value is neither a string nor an integer. The IDs of most groups are
/// inferred to be strings, but could be numbers.
pub(crate) fn id_text(id: &Value) -> Option<Cow<'_, str>> {
    match id {
        Value::String(text) => Some(Cow::Borrowed(text)),
        Value::Number(number) if !number.is_f64() => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// Parses the status and category of a row. Bulk jobs need no other properties.
fn parse_summary(row: &Row, names: &ResourceNames) -> Result<AssetSummary, String> {
    let text = |property: &str| match row.value.get(property) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(format!("the service shows its {property} in an unexpected form")),
    };
    let status = text("status")?.filter(|status| !status.is_empty());
    let category = names.category.map(text).transpose()?.flatten();
    Ok(AssetSummary::new(status, category))
}

/// Decodes the JSON text of a whole asset.
pub(crate) fn parse_asset<A: DeserializeOwned>(text: &RawValue) -> Result<A, String> {
    let mut deserializer = serde_json::Deserializer::from_str(text.get());
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path();
        format!("the service shows it in a form that does not decode at {path}")
    })
}

/// Returns true if the error is a response with the status 404 or 410. Such a response can come from the
/// service, or from a gateway that does not reach the service.
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

/// Splits `ids` into parts. The IDs of a part, joined by commas and percent-encoded, have at most `limit`
/// bytes. An ID that is longer than the limit is a part of its own.
fn by_url_length(ids: &[String], limit: usize) -> Vec<&[String]> {
    let mut lists = Vec::new();
    let mut rest = ids;
    while !rest.is_empty() {
        let mut length = 0;
        let count = rest
            .iter()
            .take_while(|id| {
                // The comma is encoded as %2C.
                length += encoded_length(id) + "%2C".len();
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
            let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
            by_url_length(&ids, limit)
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
