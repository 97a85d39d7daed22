//! Finds many assets by ID.

use super::abilities::{Assets, IdOf};
use super::bulk::{Failure, Reason};
use super::read::{ReadResult, Reader, URL_LENGTH};
use super::read_calls::ReadCalls;
use super::resource::{Handle, Resource};
use super::validate::{self, Distinct, InvalidJob, Repeated};
use crate::Client;
use futures_util::StreamExt as _;
use std::fmt;

/// Finds many assets by ID.
///
/// ```no_run
/// use funnelflux::{Client, ext::*};
///
/// async fn find(client: &Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
///     let found = client.offer_sources().find_many(ids).send().await?;
///     for source in &found.assets {
///         println!("{}", source.offer_source_name);
///     }
///     println!("missing: {:?}", found.missing);
///     Ok(())
/// }
/// ```
pub trait FindMany: Assets {
    /// Creates a search for the assets with these IDs.
    fn find_many<I: Into<IdOf<Self>>>(&self, ids: impl IntoIterator<Item = I>) -> Find<Self::Resource> {
        Find {
            client: self.assets().clone(),
            ids: ids.into_iter().map(Into::into).collect(),
            chunk_size: 100,
            concurrency: 4,
            url_length: URL_LENGTH,
        }
    }
}

impl<R: Resource> FindMany for Handle<R> {}

/// Builder of a search for many assets by ID.
///
/// The IDs are spread over several requests, each with a limited number of IDs and a URL of limited length.
/// The vendor does not document whether the service omits unknown IDs or refuses a list that contains an
/// unknown ID. Therefore, after a refusal, the search lists all assets, and repeats the request for the IDs
/// that exist. If necessary, it spreads these IDs over further requests.
#[must_use = "a search does nothing until it is sent"]
pub struct Find<R: Resource> {
    client: Client,
    ids: Vec<R::Id>,
    chunk_size: usize,
    concurrency: usize,
    url_length: usize,
}

impl<R: Resource> fmt::Debug for Find<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Find({} {})", self.ids.len(), R::NAMES.plural)
    }
}

impl<R: Resource> Find<R> {
    /// Sets the maximum number of IDs per request, from 1 to 10,000. Default: 100.
    pub fn chunk_size(mut self, ids: usize) -> Self {
        self.chunk_size = ids.clamp(1, 10_000);
        self
    }

    /// Sets the maximum number of concurrent requests, from 1 to 64. Default: 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.clamp(1, 64);
        self
    }

    /// Sets the maximum length of the ID list in a URL, from 100 to 65,536 bytes. Default: 1,800.
    pub fn url_length(mut self, bytes: usize) -> Self {
        self.url_length = bytes.clamp(100, 65_536);
        self
    }

    /// Finds the assets.
    ///
    /// # Errors
    /// Returns an error, without sending anything, if the list of IDs is empty or contains an invalid ID. If
    /// a request fails, the search continues, and [`Found::unreadable`] lists the IDs that were not read.
    pub async fn send(self) -> Result<Found<R::Asset, R::Id>, InvalidJob> {
        let Distinct { ids, repeated } = validate::distinct(self.ids)?;
        let reader = Reader::new(ReadCalls::of::<R>(), self.client, self.url_length);
        let reader = &reader.concurrency(self.concurrency);
        let chunks: Vec<Vec<R::Id>> = ids.chunks(self.chunk_size).map(<[_]>::to_vec).collect();
        drop(ids);
        let mut reads = futures_util::stream::iter(chunks)
            .map(|ids| async move {
                let results = reader.assets(&ids).await;
                (ids, results)
            })
            .buffered(self.concurrency);
        let mut found = Found {
            assets: Vec::new(),
            missing: Vec::new(),
            unreadable: Vec::new(),
            repeated,
        };
        while let Some((ids, results)) = reads.next().await {
            for (id, result) in ids.into_iter().zip(results) {
                match result {
                    ReadResult::Found(asset) => found.assets.push(asset),
                    ReadResult::Missing => found.missing.push(id),
                    ReadResult::Odd(failure) => found.unreadable.push((id, failure)),
                    ReadResult::Unreadable(error) => {
                        let failure = Failure::of(Reason::NotLookedAt, &error);
                        found.unreadable.push((id, failure));
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Result of a search. For every distinct ID, exactly one of the lists `assets`, `missing` and `unreadable`
/// has an entry. Each list is in the order of the given IDs.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Found<A, I> {
    /// The assets that were found.
    pub assets: Vec<A>,
    /// IDs that a successful response omits, and IDs of assets that the service lists as deleted and refuses
    /// to return. The vendor does not document whether deleted assets can be read.
    pub missing: Vec<I>,
    /// IDs without a usable response, each with the reason.
    pub unreadable: Vec<(I, Failure)>,
    /// IDs that were given more than once. Each of them has only one result.
    pub repeated: Vec<Repeated<I>>,
}
