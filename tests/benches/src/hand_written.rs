//! A hand-written client for the measured calls and jobs. It uses reqwest and serde, and its jobs are loops.
//!
//! This client has no retries, no token renewal, no parsing of error messages, and no limits except a
//! timeout.

use funnelflux::http::header::AUTHORIZATION;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::HashMap, time::Duration};

/// A hand-written client.
#[derive(Clone, Debug)]
pub struct HandWrittenClient {
    http: reqwest::Client,
    base_url: String,
}

/// Status of an asset.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names suffice")]
pub enum Status {
    Active,
    Archived,
    Deleted,
}

/// An offer source with all its fields.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the document explains them")]
pub struct OfferSource {
    pub id_offer_source: String,
    pub offer_source_name: String,
    pub id_category: Option<String>,
    pub meta: Option<Map<String, Value>>,
    pub postback_payout: Option<String>,
    pub postback_sub_id: Option<String>,
    pub postback_tx_id: Option<String>,
    pub query_params: Option<HashMap<String, String>>,
    pub status: Option<Status>,
    pub umr_domain_override: Option<String>,
}

/// An offer source in the slim form, which lists return. Unknown fields are dropped.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the document explains them")]
pub struct OfferSourceInfo {
    pub id_offer_source: String,
    pub offer_source_name: String,
    pub category_name: Option<String>,
    pub id_category: Option<String>,
    pub status: Status,
}

/// An offer source in the slim form, which lists return. Serde collects unknown fields in a map.
#[derive(Debug, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names suffice")]
pub struct InfoWithUnknownFields {
    #[serde(flatten)]
    pub known: OfferSourceInfo,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

#[derive(Serialize)]
struct ArchiveRequest {
    entries: Vec<String>,
}

#[derive(Serialize)]
struct DuplicateRequest {
    name: String,
}

impl HandWrittenClient {
    /// Creates a client of the service at `base_url`.
    ///
    /// # Errors
    /// Returns an error if the HTTP client cannot be set up.
    pub fn new(base_url: &str, token: &str) -> Result<Self, Box<dyn std::error::Error>> {
        // An error means that a provider is already installed, which works as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut authorization = http::HeaderValue::from_str(&format!("Bearer {token}"))?;
        authorization.set_sensitive(true);
        let http = reqwest::Client::builder()
            .timeout(Duration::from_mins(1))
            .default_headers([(AUTHORIZATION, authorization)].into_iter().collect())
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.to_owned(),
        })
    }

    /// Finds one offer source.
    ///
    /// # Errors
    /// Returns an error if the request fails or the response does not decode.
    pub async fn find(&self, id: &str) -> reqwest::Result<OfferSource> {
        let url = format!("{}/offersource/find/byId/", self.base_url);
        let request = self.http.get(url).query(&[("idOfferSource", id)]);
        request.send().await?.error_for_status()?.json().await
    }

    /// Lists the offer sources of one category, or all of them. The rows lack some fields.
    ///
    /// # Errors
    /// Returns an error if the request fails or the response does not decode.
    pub async fn list<Row: for<'de> Deserialize<'de>>(
        &self,
        category: Option<&str>,
    ) -> reqwest::Result<Vec<Row>> {
        let url = format!("{}/offersource/list/", self.base_url);
        let query = [("status", Some("all")), ("idCategory", category)];
        let request = self.http.get(url).query(&query);
        request.send().await?.error_for_status()?.json().await
    }

    /// Finds offer sources by ID in one request.
    ///
    /// # Errors
    /// Returns an error if the request fails or the response does not decode.
    pub async fn find_many(&self, ids: &[String]) -> reqwest::Result<Vec<OfferSource>> {
        let url = format!("{}/offersource/find/byIds/", self.base_url);
        let request = self.http.get(url).query(&[("idOfferSources", ids.join(","))]);
        request.send().await?.error_for_status()?.json().await
    }

    /// Saves an offer source.
    ///
    /// # Errors
    /// Returns an error if the request fails.
    pub async fn save(&self, source: &OfferSource) -> reqwest::Result<()> {
        let url = format!("{}/offersource/save/", self.base_url);
        self.http.put(url).json(source).send().await?.error_for_status()?;
        Ok(())
    }

    /// Archives offer sources in one request.
    ///
    /// # Errors
    /// Returns an error if the request fails.
    pub async fn archive(&self, entries: Vec<String>) -> reqwest::Result<()> {
        let url = format!("{}/offersource/archive/", self.base_url);
        let request = self.http.put(url).json(&ArchiveRequest { entries });
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Archives offer sources in concurrent requests of `chunk_size` IDs each. If `read_first` is true, first
    /// finds the offer sources of a request, and leaves out those that are archived already. Stops at the
    /// first error.
    ///
    /// # Errors
    /// Returns an error if a request fails or a response does not decode.
    pub async fn archive_all(
        &self,
        ids: &[String],
        read_first: bool,
        chunk_size: usize,
        concurrency: usize,
    ) -> reqwest::Result<()> {
        let archive_chunk = async |ids: &[String]| {
            if !read_first {
                return self.archive(ids.to_vec()).await;
            }
            let mut found = self.find_many(ids).await?;
            found.retain(|source| !matches!(source.status, Some(Status::Archived)));
            let ids = found.into_iter().map(|source| source.id_offer_source);
            self.archive(ids.collect()).await
        };
        stream::iter(ids.chunks(chunk_size))
            .map(archive_chunk)
            .buffer_unordered(concurrency)
            .try_collect()
            .await
    }
    /// Reads all offer sources in concurrent requests of `chunk_size` IDs each. Awaits `wait` before each
    /// request. Stops at the first error.
    ///
    /// # Errors
    /// Returns an error if a request fails or a response does not decode.
    pub async fn read_all(
        &self,
        chunk_size: usize,
        concurrency: usize,
        wait: impl AsyncFn(),
    ) -> reqwest::Result<Vec<OfferSource>> {
        wait().await;
        let rows = self.list::<OfferSourceInfo>(None).await?.into_iter();
        let ids: Vec<String> = rows.map(|row| row.id_offer_source).collect();
        let read = async |ids: &[String]| {
            wait().await;
            self.find_many(ids).await
        };
        let chunks = stream::iter(ids.chunks(chunk_size)).map(read);
        let found: Vec<Vec<OfferSource>> = chunks.buffer_unordered(concurrency).try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Saves offer sources concurrently, and finds each one before and after its save. Awaits `wait` before
    /// each request. Stops at the first error.
    ///
    /// # Errors
    /// Returns an error if a request fails or a response does not decode.
    pub async fn save_all(
        &self,
        sources: &[OfferSource],
        concurrency: usize,
        wait: impl AsyncFn(),
    ) -> reqwest::Result<()> {
        let save = async |source: &OfferSource| {
            wait().await;
            self.find(&source.id_offer_source).await?;
            wait().await;
            self.save(source).await?;
            wait().await;
            self.find(&source.id_offer_source).await.map(drop)
        };
        let saves = stream::iter(sources).map(save);
        saves.buffer_unordered(concurrency).try_collect().await
    }
    /// Makes a copy of each offer source in concurrent requests. Awaits `wait` before each request. Stops at
    /// the first error.
    ///
    /// # Errors
    /// Returns an error if a request fails.
    pub async fn duplicate_all(
        &self,
        sources: &[OfferSource],
        concurrency: usize,
        wait: impl AsyncFn(),
    ) -> reqwest::Result<()> {
        let url = &format!("{}/offersource/duplicate/", self.base_url);
        let duplicate = async |source: &OfferSource| {
            let id = &source.id_offer_source;
            let request = self.http.post(url).query(&[("idOfferSource", id)]);
            let request = request.json(&DuplicateRequest {
                name: format!("Copy of {id}"),
            });
            wait().await;
            request.send().await?.error_for_status().map(drop)
        };
        let copies = stream::iter(sources).map(duplicate);
        copies.buffer_unordered(concurrency).try_collect().await
    }
}
