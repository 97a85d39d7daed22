//! Typed client for the FunnelFlux Pro Assets API, with bulk work that never loses an ID.

#[rustfmt::skip]
mod generated;

pub mod ext;
mod runtime;

pub use runtime::call::Call;
pub use runtime::client::{Client, ClientBuilder};
pub use runtime::error::Error;
pub use runtime::response::Response;

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
