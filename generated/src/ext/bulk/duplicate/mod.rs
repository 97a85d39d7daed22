//! Duplicates many assets, and never makes two copies of the same asset.

mod steps;

use super::Bulk;
use super::change::{BulkChange, ChangeRecord, SendableChange};
use super::engine::{JobSteps, Shared};
use crate::ext::abilities::{Assets, IdOf};
use crate::ext::resource::{self, AssetSummary, Handle};
use crate::ext::update::json;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
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
///         println!("{} → {:?}", entry.id, entry.copy);
///     }
///     Ok(())
/// }
/// ```
pub trait DuplicateMany: Assets<Resource: resource::Duplicate> {
    /// Creates a job that makes one copy of each of these assets. `request` describes each copy. Give each
    /// copy a unique name, so that the job can find it after a broken connection.
    ///
    /// With a journal, `request` must return the same request for each ID when the job resumes.
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
/// The service generates the ID of a copy (documented), so a request that may have been received is never
/// repeated, not even by a job that resumes. If a response is lost, the job looks for the copy in the list of
/// all assets. The copy is recognised if exactly one asset has the requested name, was not listed before the
/// job, has an ID that was generated after the start of the job, and is not another copy of this job. The job
/// reads the list up to four times, because it may be out of date. If the copy is not recognised, the outcome
/// is *unknown*, and the failure lists the candidates. Before you duplicate that asset again, check whether a
/// candidate is the copy.
///
/// Each copy is one request, so [`chunk_size`](Bulk::chunk_size) only applies to [`plan`](Bulk::plan), and
/// [`look_first`](Bulk::look_first) has no effect. With [`verify`](Bulk::verify), each copy is read back.
pub type Duplication<R> = Bulk<R, Duplicating<R>>;

/// Duplicates assets. See [`DuplicateMany`].
pub struct Duplicating<R: resource::Duplicate> {
    requests: BTreeMap<R::Id, RequestOf<R>>,
    overrides: Option<Overrides<R>>,
}

impl<R: resource::Duplicate> Duplicating<R> {
    /// Each asset to copy needs a request.
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

/// Function that changes an original into its copy.
type ChangeCopy<A> = Box<dyn Fn(&mut A) + Send + Sync>;

/// Change of the copies.
struct Overrides<R: resource::Duplicate> {
    change: ChangeCopy<R::Asset>,
    /// Function that adds the changed properties to a request.
    add: fn(&mut RequestOf<R>, Map<String, Value>),
}

/// Request body that describes a copy.
type RequestOf<R> = <R as resource::Duplicate>::Request;

impl<R: resource::OverrideCopy> Bulk<R, Duplicating<R>> {
    /// Changes the copies: the job reads each original, applies `change` to it, and sends the changed
    /// properties as overrides of the copy (`bodyUpdates`). The original stays unchanged.
    ///
    /// The service sets the ID and the status of a copy (documented). If `change` replaces the ID or the
    /// status, the asset is rejected. The name of the copy comes from the request.
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
    fn is_satisfied_by(&self, _: Option<&AssetSummary>) -> bool {
        false
    }

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
    fn steps(self, shared: Shared<R>) -> Arc<dyn JobSteps<R::Id>> {
        Arc::new(DuplicationSteps::new(shared, self.requests, self.overrides))
    }
}
