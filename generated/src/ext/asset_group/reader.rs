//! Reads the assets of one group.
//!
//! A job makes one [`GroupReader`] per group, and uses it until the job ends. The reader remembers the
//! requests of the job, because a gateway may answer a request with the response to another request.

use super::table::ResourceTable;
use super::{AssetGroup, FoundAsset};
use crate::Client;
use crate::ext::bulk::{Failure, Reason};
use crate::ext::read::{ReadResult, Reader};
use crate::runtime::call::Row;
use crate::transport::BoxFuture;
use futures_util::StreamExt as _;
use std::sync::Arc;

/// Maximum number of IDs per read.
const IDS_PER_READ: usize = 100;
/// Maximum number of concurrent reads of one call.
const CONCURRENT_READS: usize = 4;

/// Readers of a job, one per group.
#[cfg(feature = "snapshot")]
#[derive(Clone, Debug)]
pub(crate) struct GroupReaders(Vec<GroupReader>);

#[cfg(feature = "snapshot")]
impl GroupReaders {
    /// Creates readers for a job on these groups. The job makes up to `concurrency` calls at the same time.
    pub(crate) fn new(
        groups: impl IntoIterator<Item = AssetGroup>,
        client: &Client,
        concurrency: usize,
    ) -> Self {
        let reader = |group| GroupReader::for_job(group, client, concurrency);
        Self(groups.into_iter().map(reader).collect())
    }

    /// Returns the readers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &GroupReader> {
        self.0.iter()
    }

    /// Returns the reader of the group with this name.
    pub(crate) fn get(&self, group: &str) -> Option<&GroupReader> {
        self.0.iter().find(|reader| reader.group.name() == group)
    }
}

/// Reads the assets of one group, as JSON.
///
/// Clones share the remembered requests.
#[derive(Clone, Debug)]
pub(crate) struct GroupReader {
    group: AssetGroup,
    /// `None` if the assets of the group cannot be found by ID.
    reader: Option<Arc<Reader>>,
}

impl GroupReader {
    /// Creates a reader for one call.
    pub(super) fn for_call(group: AssetGroup, client: &Client) -> Self {
        Self::new(group, client, |reader| reader.concurrency(CONCURRENT_READS))
    }

    fn new(group: AssetGroup, client: &Client, configured: impl Fn(Reader) -> Reader) -> Self {
        let reader = |resource: &ResourceTable| configured(Reader::raw(resource.calls, client.clone()));
        Self {
            group,
            reader: group.0.resource.as_ref().map(reader).map(Arc::new),
        }
    }

    /// Finds assets by ID, and returns a result for each ID, in the order of `ids`.
    pub(crate) async fn find(&self, ids: &[String]) -> Vec<FoundAsset> {
        let found = self.find_rows(ids).await.into_iter();
        found.map(|found| found.convert(super::found::exact)).collect()
    }

    /// Finds assets like [`find`](Self::find), but does not refuse numbers that a
    /// [`Value`](serde_json::Value) would round.
    pub(crate) fn find_rows(&self, ids: &[String]) -> BoxFuture<'static, Vec<FoundAsset<Row>>> {
        let chunks = ids.chunks(IDS_PER_READ);
        let reads: Vec<_> = chunks.map(|ids| self.clone().read(ids.to_vec())).collect();
        let chunks = futures_util::stream::iter(reads).buffered(CONCURRENT_READS);
        Box::pin(chunks.flat_map(futures_util::stream::iter).collect())
    }

    async fn read(self, ids: Vec<String>) -> Vec<FoundAsset<Row>> {
        let Some(reader) = &self.reader else {
            let failure = Failure::of(Reason::NotLookedAt, &self.group.unable("found by ID"));
            return vec![FoundAsset::Unreadable(failure); ids.len()];
        };
        let results = reader.rows(&ids).await.into_iter();
        results
            .map(|result| match result {
                ReadResult::Found(asset) => FoundAsset::Found(asset),
                ReadResult::Missing => FoundAsset::Missing,
                ReadResult::Odd(failure) => FoundAsset::Unreadable(failure),
                ReadResult::Unreadable(error) => {
                    FoundAsset::Unreadable(Failure::of(Reason::NotLookedAt, &error))
                }
            })
            .collect()
    }
}

/// Methods for jobs.
#[cfg(feature = "snapshot")]
impl GroupReader {
    /// Creates a reader for a job that makes up to `concurrency` calls at the same time. If a response omits
    /// assets and may belong to another request of this reader, the reader repeats the read a few times. An
    /// asset counts as missing only if all responses omit it.
    pub(crate) fn for_job(group: AssetGroup, client: &Client, concurrency: usize) -> Self {
        let reads = concurrency.max(CONCURRENT_READS);
        Self::new(group, client, |reader| {
            reader.concurrency(reads).confirm_missing()
        })
    }

    pub(crate) const fn group(&self) -> AssetGroup {
        self.group
    }

    /// Lists all assets, whatever their status. The rows may lack some properties of the assets.
    ///
    /// # Errors
    /// Returns an error if the call fails, or if assets of the group cannot be listed.
    pub(crate) async fn list(&self) -> Result<Vec<serde_json::Value>, crate::Error> {
        let rows = match &self.reader {
            Some(reader) => reader.all_rows().await,
            None => None,
        };
        let rows = rows.unwrap_or_else(|| Err(self.group.unable("listed")))?;
        Ok(rows.into_iter().map(|row| row.value).collect())
    }

    /// Finds one asset by ID.
    pub(crate) async fn find_one(&self, id: &str) -> FoundAsset {
        let found = self.find(&[id.to_owned()]).await.pop();
        found.unwrap_or(FoundAsset::Missing)
    }
}
