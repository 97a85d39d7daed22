//! Duplicates many assets. One job never makes two copies of the same asset.

mod steps;

use super::Bulk;
use super::change::{BulkChange, ChangeRecord, SendableChange};
use super::engine::{JobSteps, Shared};
use crate::ext::abilities::{Assets, IdOf};
use crate::ext::read::parse_asset;
use crate::ext::resource::{self, Handle};
use crate::ext::update::json;
use crate::{Call, Client};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::Arc;
use steps::DuplicationSteps;

/// Duplicates many assets.
///
/// ```no_run
/// use funnelflux::{Client, ext::*, types::DuplicateRequest};
///
/// async fn copy(client: &Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
///     let report = client
///         .offer_sources()
///         .duplicate_many(ids, |id| DuplicateRequest::new(format!("Copy of {id}")))
///         .overriding(|source| source.postback_tx_id = Some("txid".into()))
///         .journal("copies.jsonl")
///         .send()
///         .await?;
///     for entry in &report {
///         println!("{} → {:?}", entry.id, entry.copy());
///     }
///     Ok(())
/// }
/// ```
pub trait DuplicateMany: Assets<Resource: resource::Duplicate> {
    /// Creates a job that makes one copy of each of these assets. `request` is called with each ID, and
    /// returns the request body that describes the copy. Give each copy a unique name, so that the job can
    /// find the copy after a broken connection.
    ///
    /// When a job resumes from a journal, `request` must return the same request bodies as in the first run.
    fn duplicate_many<I: Into<IdOf<Self>>>(
        &self,
        ids: impl IntoIterator<Item = I>,
        mut request: impl FnMut(&IdOf<Self>) -> RequestOf<Self::Resource>,
    ) -> Duplication<Self::Resource> {
        let ids: Vec<IdOf<Self>> = ids.into_iter().map(Into::into).collect();
        let mut requests = BTreeMap::new();
        for id in &ids {
            let request = request(id);
            requests.entry(id.clone()).or_insert(request);
        }
        Bulk::new(self.assets(), ids, Duplicating::new(requests))
    }
}

impl<R: resource::Duplicate> DuplicateMany for Handle<R> {}

/// Builder of a job that duplicates many assets.
///
/// The service generates the ID of a copy (documented), so repeating a request would make another copy.
/// Therefore, a request that the service may have received is repeated only if it is certain that the service
/// made no copy. This also holds for a resumed job.
///
/// | response | meaning |
/// |---|---|
/// | 400, 403 and other refusals | no copy was made |
/// | 404, and the original is missing | no copy was made |
/// | 404 with a JSON object, and the original exists | no copy was made; the outcome is *not sent* |
/// | 404 with another body, and the original exists | lost: a gateway may have forwarded the request |
/// | 408, 5xx, or no complete response | lost: a copy may have been made |
/// | 425 or 429 | no copy was made; the job repeats the request |
/// | 401 | no copy was made; if the client can renew the token, it repeats the request |
///
/// If a response is lost, the job looks for the copy in the list of all assets. A candidate is an asset that
/// has the requested name, was not listed before the job, and is not another copy of this job. Even if there
/// is exactly one candidate, somebody else may have made it, such as a second job that is equal to this one.
/// The job recognises the candidate as the copy only if all of these conditions hold:
///
/// - The ID of the candidate was generated while the request was in flight.
/// - The list of all assets could be read before the job.
/// - No other lost response was for a copy with the same name.
/// - No earlier search for this copy ended without a result.
/// - Nobody else made assets with the names of the copies.
///
/// The job reads the list up to four times, because the list may be out of date. If the copy is not
/// recognised, the outcome is *unknown*, and the failure lists the candidates, if any. Check whether a
/// candidate is the copy before you duplicate that asset again.
///
/// A job that resumes from its journal repeats the search. The outcome is *not sent* if ten minutes have
/// passed since the request, if the list could be read before the job, and if no new asset can be the copy,
/// renamed or not. The next run then makes the copy. A copy that an earlier run could not read back is read
/// again. The outcome *done* is final: the job does not look at the original or the copy again, even if
/// somebody has deleted one of them since.
///
/// A gateway may swap the responses to two requests in flight. If the service does not accept a request, the
/// job reads back the copies of all requests that were in flight at the same time. If one of these copies
/// does not have the requested name, the job treats the refusal as a lost response. If the service accepts
/// both requests and the responses are swapped, each entry gets the ID of the other copy, unless the copies
/// are read back. If there is a gateway and the IDs of the copies matter, switch on [`verify`](Bulk::verify),
/// or set the [`concurrency`](Bulk::concurrency) to 1.
///
/// Therefore, a request stays in progress until the requests that were in flight at the same time have ended.
/// If the latency varies, this makes a job with concurrent requests slower: in a measurement, such a job took
/// 1.5 times as long as ⌈requests ÷ concurrency⌉ × mean latency.
///
/// Each copy needs a request of its own, so [`chunk_size`](Bulk::chunk_size) only applies to
/// [`plan`](Bulk::plan). [`look_first`](Bulk::look_first) has no effect. With [`verify`](Bulk::verify), each
/// copy is read back.
pub type Duplication<R> = Bulk<R, Duplicating<R>>;

/// Change that duplicates assets. See [`DuplicateMany`].
pub struct Duplicating<R: resource::Duplicate> {
    requests: BTreeMap<R::Id, RequestOf<R>>,
    overrides: Option<Overrides<R>>,
}

impl<R: resource::Duplicate> Duplicating<R> {
    /// Creates the change. `requests` must contain a request for each asset to copy.
    pub(in crate::ext) fn new(requests: BTreeMap<R::Id, RequestOf<R>>) -> Self {
        Self {
            requests,
            overrides: None,
        }
    }
}

impl<R: resource::Duplicate> fmt::Debug for Duplicating<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Duplicating({} {})",
            self.requests.len(),
            R::NAMES.plural
        )
    }
}

/// Function that changes an original, in memory, into its copy.
type ChangeCopy<A> = Box<dyn Fn(&mut A) + Send + Sync>;

/// Overrides that make the copies differ from their originals.
struct Overrides<R: resource::Duplicate> {
    change: ChangeCopy<R::Asset>,
    /// Function that adds the changed properties to the request for a copy.
    add: fn(&mut RequestOf<R>, Map<String, Value>),
}

/// Reason why the overrides of a copy cannot be used.
enum OverrideProblem {
    /// The service returned the original in an unexpected form.
    Odd(String),
    /// The overrides replace properties that the service sets.
    Refused(&'static str),
}

/// Requests that create the copies. The trait has no type parameters, so a job can store the requests as a
/// trait object.
trait CopyRequests: Send {
    /// Returns true if overrides are set. Each original must then be read before it is copied.
    fn has_overrides(&self) -> bool;
    /// Returns true if the asset with this ID is to be copied.
    fn contains(&self, id: &str) -> bool;
    /// Returns the requested names of all copies.
    fn names(&self) -> HashSet<String>;
    /// Returns the requested name of the copy of this asset.
    fn name(&self, id: &str) -> Option<&str>;
    /// Adds the overrides to the request for the copy of this asset.
    fn add_overrides(&mut self, id: &str, original: &RawValue) -> Result<(), OverrideProblem>;
    /// Returns the call that makes the copy of this asset.
    fn call(&self, client: &Client, id: &str) -> Option<Call<Option<String>>>;
}

impl<R: resource::Duplicate> CopyRequests for Duplicating<R> {
    fn has_overrides(&self) -> bool {
        self.overrides.is_some()
    }

    fn contains(&self, id: &str) -> bool {
        self.requests.contains_key(&R::Id::from(id.to_owned()))
    }

    fn names(&self) -> HashSet<String> {
        let requests = self.requests.values();
        requests.map(|request| R::copy_name(request).to_owned()).collect()
    }

    fn name(&self, id: &str) -> Option<&str> {
        self.requests.get(&R::Id::from(id.to_owned())).map(R::copy_name)
    }

    fn add_overrides(&mut self, id: &str, original: &RawValue) -> Result<(), OverrideProblem> {
        let Some(overrides) = &self.overrides else {
            return Ok(());
        };
        let original: R::Asset = parse_asset(original).map_err(OverrideProblem::Odd)?;
        let mut changed = original.clone();
        (overrides.change)(&mut changed);
        if R::id(&changed) != R::id(&original) || R::summary(&changed).status != R::summary(&original).status
        {
            return Err(OverrideProblem::Refused(
                "the overrides replace the ID or the status, which the service sets for a copy",
            ));
        }
        let updates = updates(&json(&original), &json(&changed));
        if !updates.is_empty()
            && let Some(request) = self.requests.get_mut(&R::Id::from(id.to_owned()))
        {
            (overrides.add)(request, updates);
        }
        Ok(())
    }

    fn call(&self, client: &Client, id: &str) -> Option<Call<Option<String>>> {
        let id = R::Id::from(id.to_owned());
        let request = self.requests.get(&id)?;
        Some(R::DUPLICATE(client, &id, request))
    }
}

/// Request body that describes a copy.
type RequestOf<R> = <R as resource::Duplicate>::Request;

impl<R: resource::OverrideCopy> Bulk<R, Duplicating<R>> {
    /// Sets a function that changes the copies. The job reads each original, applies `change` to it in
    /// memory, and sends the changed properties as overrides of the copy (`bodyUpdates`). The stored original
    /// stays unchanged.
    ///
    /// The service sets the ID and the status of a copy (documented). If `change` replaces the ID or the
    /// status, the outcome of the asset is *rejected*. The name of a copy comes from its `DuplicateRequest`.
    ///
    /// ```no_run
    /// use funnelflux::{Client, ext::*, types::DuplicateRequest};
    ///
    /// async fn copy(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    ///     let copies = client
    ///         .offer_sources()
    ///         .duplicate_many(["2nIemJxCKbFX"], |_| DuplicateRequest::new("MaxBounty EU"))
    ///         .overriding(|source| source.postback_sub_id = Some("sub1".into()));
    ///     println!("{}", copies.send().await?);
    ///     Ok(())
    /// }
    /// ```
    pub fn overriding(mut self, change: impl Fn(&mut R::Asset) + Send + Sync + 'static) -> Self {
        self.change.overrides = Some(Overrides {
            change: Box::new(change),
            add: R::add_updates,
        });
        self
    }
}

impl<R: resource::Duplicate> BulkChange<R> for Duplicating<R> {
    fn record(&self) -> ChangeRecord {
        let copies = self.requests.iter();
        ChangeRecord::Duplicate {
            copies: copies
                .map(|(id, request)| (id.to_string(), json(request)))
                .collect(),
        }
    }
}

impl<R: resource::Duplicate> SendableChange<R> for Duplicating<R> {
    fn steps(self, shared: Shared) -> Arc<dyn JobSteps> {
        Arc::new(DuplicationSteps::new(shared, Box::new(self)))
    }
}

/// Returns the properties of `changed` that differ from `original`. If `changed` lacks a property of
/// `original`, the property is returned with an empty value, because the copy keeps the original's value of a
/// property that the overrides omit.
fn updates(original: &Value, changed: &Value) -> Map<String, Value> {
    let (Some(original), Some(changed)) = (original.as_object(), changed.as_object()) else {
        return Map::new();
    };
    let empty = |value: &Value| match value {
        Value::String(_) => Value::from(""),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Object(_) => Value::Object(Map::new()),
        _ => Value::Null,
    };
    let set = changed
        .iter()
        .filter(|(name, value)| original.get(*name) != Some(value))
        .map(|(name, value)| (name.clone(), value.clone()));
    let removed = original
        .iter()
        .filter(|(name, _)| !changed.contains_key(*name))
        .map(|(name, value)| (name.clone(), empty(value)));
    set.chain(removed).collect()
}
