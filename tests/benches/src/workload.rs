//! One unit of work, by either client.

use crate::{
    hand_written::{Hand, Info, Keeping},
    service::UNKNOWN_FIELDS,
};
use funnelflux::{
    Client,
    ext::BulkArchive as _,
    types::{CategoryId, OfferSourceId, ParentMutationRequest, StatusFilter},
};
use std::error::Error;

/// IDs in a request of a bulk job, as the crate has it by default.
pub const CHUNK_SIZE: usize = 100;

/// Requests that a bulk job has on their way, as the crate has it by default.
pub const CONCURRENCY: usize = 4;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Work {
    /// Find one by ID.
    Find,
    /// Archive 100 by one call.
    Archive,
    /// List so many.
    List,
    /// List so many, each with two fields that are in no document, and keep those.
    ListUnknown,
    /// Archive so many, by the bulk job; nothing is read, as the hand-written loop reads nothing.
    Bulk,
    /// Archive so many, by the bulk job with its defaults: it reads each before.
    BulkLooking,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// This crate.
    Crate,
    /// A client written by hand.
    Hand,
}

/// A client that is ready to work.
#[derive(Debug)]
pub enum Worker {
    /// This crate.
    Crate(Client),
    /// A client written by hand.
    Hand(Hand),
}

impl Worker {
    /// To be called within a Tokio runtime.
    ///
    /// # Errors
    /// When HTTP cannot be set up.
    pub fn new(by: By, base_url: &str) -> Result<Self, Box<dyn Error>> {
        // As long as the vendor's.
        let token = "t".repeat(400);
        Ok(match by {
            By::Crate => {
                let client = Client::builder().base_url(base_url).bearer_token(token);
                Self::Crate(client.build()?)
            }
            By::Hand => Self::Hand(Hand::new(base_url, &token)?),
        })
    }

    /// Does `work` once; returns of how many assets the service spoke.
    ///
    /// # Errors
    /// When the service does not answer as it should.
    pub async fn once(&self, work: Work, ids: &[String]) -> Result<usize, Box<dyn Error>> {
        let one = ids.first().map(String::as_str).unwrap_or_default();
        let category = match work {
            Work::ListUnknown => format!("{UNKNOWN_FIELDS}{}", ids.len()),
            _ => ids.len().to_string(),
        };
        Ok(match (self, work) {
            (Self::Crate(client), Work::Find) => {
                let found = client.find_offer_source_by_id(&OfferSourceId::from(one));
                usize::from(found.await?.id_offer_source.as_str() == one)
            }
            (Self::Hand(client), Work::Find) => usize::from(client.find(one).await?.id_offer_source == one),
            (Self::Crate(client), Work::Archive) => {
                let body = ParentMutationRequest::new(ids.to_vec());
                client.archive_offer_sources(&body).await?;
                ids.len()
            }
            (Self::Hand(client), Work::Archive) => {
                client.archive(ids.to_vec()).await?;
                ids.len()
            }
            (Self::Crate(client), Work::List | Work::ListUnknown) => {
                let category = CategoryId::from(category);
                let list = client.list_offer_sources(StatusFilter::All, Some(&category));
                list.await?.len()
            }
            (Self::Hand(client), Work::List) => client.list::<Info>(&category).await?.len(),
            (Self::Hand(client), Work::ListUnknown) => client.list::<Keeping>(&category).await?.len(),
            (Self::Crate(client), Work::Bulk | Work::BulkLooking) => {
                let job = client
                    .offer_sources()
                    .bulk_archive(ids.iter().map(String::as_str))
                    .look_first(work == Work::BulkLooking);
                job.send().await?.counts().done
            }
            (Self::Hand(client), Work::Bulk | Work::BulkLooking) => {
                client.archive_all(ids, CHUNK_SIZE, CONCURRENCY).await?;
                ids.len()
            }
        })
    }
}

/// So many distinct IDs.
#[must_use]
pub fn ids(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("2nIem{number:07}")).collect()
}
