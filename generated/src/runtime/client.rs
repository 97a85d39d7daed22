//! The client: what all calls share.

use super::call::UnsentCall;
use super::error::{Error, Kind};
use super::operation::Operation;
use super::transport::{Transport, reqwest::ReqwestTransport};
use std::sync::Arc;

/// A client of the FunnelFlux Assets API. Cheap to clone; clones share everything.
/// (Skeleton: the runtime helper owns and completes it.)
#[derive(Clone, Debug)]
pub struct Client(pub(crate) Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) base_url: String,
    pub(crate) token: Option<secrecy::SecretString>,
    pub(crate) transport: Box<dyn Transport>,
}

impl Client {
    /// A builder with the defaults.
    #[must_use]
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            base_url: "https://api.funnelflux.pro/v1".to_owned(),
            token: None,
            transport: None,
        }
    }

    /// Begins a call of `operation`; the generated methods do.
    pub(crate) fn call(&self, operation: &'static Operation) -> UnsentCall {
        UnsentCall::new(self.clone(), operation)
    }
}

/// Builds a [`Client`].
#[derive(Debug)]
pub struct ClientBuilder {
    base_url: String,
    token: Option<secrecy::SecretString>,
    transport: Option<Box<dyn Transport>>,
}

impl ClientBuilder {
    /// Base URL of the service, without the trailing slash.
    #[must_use]
    pub fn base_url(mut self, base_url: impl Into<String>) -> Self {
        self.base_url = base_url.into();
        self
    }

    /// The access token.
    #[must_use]
    pub fn bearer_token(mut self, token: impl Into<secrecy::SecretString>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sends requests through `transport` instead of over HTTP.
    #[must_use]
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// The client.
    ///
    /// # Errors
    /// When the settings cannot work.
    pub fn build(self) -> Result<Client, Error> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => Box::new(ReqwestTransport::new(
                reqwest::Client::builder()
                    .redirect(reqwest::redirect::Policy::none())
                    .build()
                    .map_err(|error| Error::new(None, Kind::Configuration(error.to_string())))?,
            )),
        };
        Ok(Client(Arc::new(Shared {
            base_url: self.base_url.trim_end_matches('/').to_owned(),
            token: self.token,
            transport,
        })))
    }
}
