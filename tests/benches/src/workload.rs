//! Workloads that both clients can run.

use crate::{
    hand_written::{HandWrittenClient, InfoWithUnknownFields, OfferSourceInfo},
    service::UNKNOWN_FIELDS,
};
use funnelflux::{
    Client,
    ext::BulkArchive as _,
    types::{CategoryId, OfferSourceId, ParentMutationRequest, StatusFilter},
};
use std::error::Error;

/// Default number of IDs per request in bulk jobs of the crate.
pub const CHUNK_SIZE: usize = 100;

/// Default number of concurrent requests in bulk jobs of the crate.
pub const CONCURRENCY: usize = 4;

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Workload {
    /// Finds one offer source by ID.
    Find,
    /// Archives offer sources in one call.
    Archive,
    /// Lists offer sources.
    List,
    /// Lists offer sources with two unknown fields each, and keeps these fields.
    ListUnknown,
    /// Archives offer sources with a bulk job that does not read the assets first. The hand-written loop does
    /// the same.
    Bulk,
    /// Archives offer sources with a bulk job that has default options, and therefore reads each asset first.
    /// The hand-written loop does the same.
    BulkReadFirst,
}

/// The client that runs a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ClientKind {
    /// The crate `funnelflux`.
    Crate,
    /// A client written by hand.
    HandWritten,
}

/// A client to measure.
#[derive(Debug)]
pub enum BenchClient {
    /// The crate `funnelflux`.
    Crate(Client),
    /// A client written by hand.
    HandWritten(HandWrittenClient),
}

impl BenchClient {
    /// Creates a client. Must be called within a Tokio runtime.
    ///
    /// # Errors
    /// Returns an error if the HTTP client cannot be set up.
    pub fn new(kind: ClientKind, base_url: &str) -> Result<Self, Box<dyn Error>> {
        // The token is as long as the vendor's tokens.
        let token = "t".repeat(400);
        Ok(match kind {
            ClientKind::Crate => {
                let client = Client::builder().base_url(base_url).bearer_token(token);
                Self::Crate(client.build()?)
            }
            ClientKind::HandWritten => Self::HandWritten(HandWrittenClient::new(base_url, &token)?),
        })
    }

    /// Runs `workload` once. Returns the number of assets that were found, listed or archived.
    ///
    /// # Errors
    /// Returns an error if the service does not respond as expected.
    pub async fn run(&self, workload: Workload, ids: &[String]) -> Result<usize, Box<dyn Error>> {
        let first = ids.first().map(String::as_str).unwrap_or_default();
        let category = match workload {
            Workload::ListUnknown => format!("{UNKNOWN_FIELDS}{}", ids.len()),
            _ => ids.len().to_string(),
        };
        Ok(match (self, workload) {
            (Self::Crate(client), Workload::Find) => {
                let found = client.find_offer_source_by_id(&OfferSourceId::from(first));
                usize::from(found.await?.id_offer_source.as_str() == first)
            }
            (Self::HandWritten(client), Workload::Find) => {
                usize::from(client.find(first).await?.id_offer_source == first)
            }
            (Self::Crate(client), Workload::Archive) => {
                let body = ParentMutationRequest::new(ids.to_vec());
                client.archive_offer_sources(&body).await?;
                ids.len()
            }
            (Self::HandWritten(client), Workload::Archive) => {
                client.archive(ids.to_vec()).await?;
                ids.len()
            }
            (Self::Crate(client), Workload::List | Workload::ListUnknown) => {
                let category = CategoryId::from(category);
                let list = client.list_offer_sources(StatusFilter::All, Some(&category));
                list.await?.len()
            }
            (Self::HandWritten(client), Workload::List) => {
                client.list::<OfferSourceInfo>(Some(&category)).await?.len()
            }
            (Self::HandWritten(client), Workload::ListUnknown) => {
                client.list::<InfoWithUnknownFields>(Some(&category)).await?.len()
            }
            (Self::Crate(client), Workload::Bulk | Workload::BulkReadFirst) => {
                let job = client
                    .offer_sources()
                    .bulk_archive(ids.iter().map(String::as_str))
                    .look_first(workload == Workload::BulkReadFirst);
                job.send().await?.counts().done
            }
            (Self::HandWritten(client), Workload::Bulk | Workload::BulkReadFirst) => {
                let read_first = workload == Workload::BulkReadFirst;
                client
                    .archive_all(ids, read_first, CHUNK_SIZE, CONCURRENCY)
                    .await?;
                ids.len()
            }
        })
    }
}

/// Returns a list of `count` distinct IDs.
#[must_use]
pub fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("2nIem{number:07}")).collect()
}
