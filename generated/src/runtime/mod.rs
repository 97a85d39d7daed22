//! What every call needs and no document says: transport, credentials, retries, limits, errors.

pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod error;
pub(crate) mod id;
pub(crate) mod null;
pub(crate) mod open_enum;
pub(crate) mod operation;
pub(crate) mod response;
pub(crate) mod transport;
