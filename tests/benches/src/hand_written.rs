//! What a person writes who needs these four calls and no more: reqwest, serde, and a loop.
//!
//! It repeats nothing, renews no token, follows what the service says of no error, and has no limit but one of time.

use funnelflux::http::header::AUTHORIZATION;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{collections::HashMap, time::Duration};

/// The client.
#[derive(Clone, Debug)]
pub struct Hand {
    http: reqwest::Client,
    base_url: String,
}

/// Whether an asset is in use.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Status {
    Active,
    Archived,
    Deleted,
}

/// An offer source with all its fields.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the document's")]
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

/// An offer source in the slim form. Unknown fields are dropped.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are the document's")]
pub struct Info {
    pub id_offer_source: String,
    pub offer_source_name: String,
    pub category_name: Option<String>,
    pub id_category: Option<String>,
    pub status: Status,
}

/// The slim form for those who keep unknown fields, in the way that serde has for it.
#[derive(Debug, Deserialize, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Keeping {
    #[serde(flatten)]
    pub known: Info,
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

#[derive(Serialize)]
struct Entries {
    entries: Vec<String>,
}

impl Hand {
    /// A client of the service at `base_url`.
    ///
    /// # Errors
    /// When HTTP cannot be set up.
    pub fn new(base_url: &str, token: &str) -> Result<Self, Box<dyn std::error::Error>> {
        // What is installed already does as well.
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

    /// One offer source.
    ///
    /// # Errors
    /// When the service does not answer as it should.
    pub async fn find(&self, id: &str) -> reqwest::Result<OfferSource> {
        let url = format!("{}/offersource/find/byId/", self.base_url);
        let request = self.http.get(url).query(&[("idOfferSource", id)]);
        request.send().await?.error_for_status()?.json().await
    }

    /// The offer sources of a category, slim.
    ///
    /// # Errors
    /// When the service does not answer as it should.
    pub async fn list<Row: for<'de> Deserialize<'de>>(&self, category: &str) -> reqwest::Result<Vec<Row>> {
        let url = format!("{}/offersource/list/", self.base_url);
        let query = [("status", "all"), ("idCategory", category)];
        let request = self.http.get(url).query(&query);
        request.send().await?.error_for_status()?.json().await
    }

    /// Archives some.
    ///
    /// # Errors
    /// When the service does not answer as it should.
    pub async fn archive(&self, entries: Vec<String>) -> reqwest::Result<()> {
        let url = format!("{}/offersource/archive/", self.base_url);
        let request = self.http.put(url).json(&Entries { entries });
        request.send().await?.error_for_status()?;
        Ok(())
    }

    /// Archives many: so many at once, so many requests on their way. The first error ends it.
    ///
    /// # Errors
    /// When the service does not answer as it should.
    pub async fn archive_all(
        &self,
        ids: &[String],
        chunk_size: usize,
        concurrency: usize,
    ) -> reqwest::Result<()> {
        stream::iter(ids.chunks(chunk_size))
            .map(|entries| self.archive(entries.to_vec()))
            .buffer_unordered(concurrency)
            .try_collect()
            .await
    }
}
