//! Finding many assets by ID.

use super::abilities::{Assets, IdOf};
use super::bulk::{Failure, Reason};
use super::read::{Reader, Seen, URL_LENGTH};
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
/// # async fn run(client: Client, ids: Vec<String>) -> Result<(), Box<dyn std::error::Error>> {
/// let found = client.offer_sources().find_many(ids).send().await?;
/// for source in &found.assets {
///     println!("{}", source.offer_source_name);
/// }
/// println!("missing: {:?}", found.missing);
/// # Ok(())
/// # }
/// ```
pub trait FindMany: Assets {
    /// A search for these assets, to be sent.
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

/// A search for many assets by ID, to be set up and sent.
///
/// The list is cut by number and by the length of the URL. Whether the service leaves out unknown IDs or refuses a list that
/// has one is not documented: a refused list is split until the refused ID stands alone.
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
    /// How many IDs go in one request at most: 1 to 10,000. Default 100.
    pub fn chunk_size(mut self, ids: usize) -> Self {
        self.chunk_size = ids.clamp(1, 10_000);
        self
    }

    /// How many requests are on their way at once: 1 to 64. Default 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.clamp(1, 64);
        self
    }

    /// How many bytes the list of IDs in a URL may have: 100 to 65,536. Default 1,800.
    pub fn url_length(mut self, bytes: usize) -> Self {
        self.url_length = bytes.clamp(100, 65_536);
        self
    }

    /// Finds the assets.
    ///
    /// # Errors
    /// Only before anything is sent, when an ID cannot be one or the list is empty. IDs that the service did not answer for are
    /// part of what comes back.
    pub async fn send(self) -> Result<Found<R::Asset, R::Id>, InvalidJob> {
        let Distinct { ids, repeated } = validate::distinct(self.ids)?;
        let reader = &Reader::<R>::new(self.client, self.url_length);
        let chunks: Vec<Vec<R::Id>> = ids.chunks(self.chunk_size).map(<[_]>::to_vec).collect();
        drop(ids);
        let mut reads = futures_util::stream::iter(chunks)
            .map(|ids| async move {
                let seen = reader.assets(&ids).await;
                (ids, seen)
            })
            .buffered(self.concurrency);
        let mut found = Found {
            assets: Vec::new(),
            missing: Vec::new(),
            unreadable: Vec::new(),
            repeated,
        };
        while let Some((ids, seen)) = reads.next().await {
            for (id, seen) in ids.into_iter().zip(seen) {
                match seen {
                    Seen::Found(asset) => found.assets.push(asset),
                    Seen::Missing => found.missing.push(id),
                    Seen::Unreadable(error) => {
                        let failure = Failure::of(Reason::NotLookedAt, &error);
                        found.unreadable.push((id, failure));
                    }
                }
            }
        }
        Ok(found)
    }
}

/// What a search found. Every distinct ID is in exactly one of the lists, in the order in which they were given.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Found<A, I> {
    /// The assets.
    pub assets: Vec<A>,
    /// The IDs of which there is no asset that can be read. (Whether deleted ones can be read is not documented.)
    pub missing: Vec<I>,
    /// The IDs for which the service gave no answer, and why.
    pub unreadable: Vec<(I, Failure)>,
    /// The IDs that were given more than once. Each counts once.
    pub repeated: Vec<Repeated<I>>,
}
