//! Typed client for the FunnelFlux Pro Assets API, with bulk work that never loses an ID.

#[rustfmt::skip]
mod generated;

pub mod ext;
mod runtime;

pub use http;
pub use runtime::auth::Credentials;
pub use runtime::builder::ClientBuilder;
pub use runtime::call::Call;
pub use runtime::client::Client;
pub use runtime::create::Create;
pub use runtime::error::Error;
#[cfg(feature = "rate-limit")]
pub use runtime::limit::RateLimit;
pub use runtime::request::Request;
pub use runtime::response::Response;
pub use runtime::retry::{RetryBudget, RetryPolicy};

/// Where tokens are kept.
pub mod auth {
    pub use crate::runtime::auth::{
        FileTokenStore, MemoryTokenStore, StoreError, StoreGuard, TokenStore,
    };
}

/// Seeing, and changing, what goes over the wire.
pub mod hook {
    pub use crate::runtime::hook::{Hook, RequestView, ResponseView};
}

/// The types of the document, and of the IDs.
pub mod types {
    pub use crate::generated::ids::*;
    pub use crate::generated::offer_sources::types::*;
}

/// The operations of the document as data.
pub mod operations {
    /// The operations of the tag *Offer Sources*.
    pub mod offer_sources {
        pub use crate::generated::offer_sources::operations::*;
    }
    pub use crate::runtime::operation::{Operation, Repeat, RequestBody};
}

/// How requests leave the process.
pub mod transport {
    pub use crate::runtime::transport::{
        BoxFuture, ResponseBody, Transport, TransportError, TransportErrorKind,
    };
}
