//! What every call needs and no document says: transport, credentials, retries, limits, errors.
//!
//! A call goes down this list: `call` (arguments and options) → `exchange` (one call from its first try to its last) → `auth` (the
//! token), `limit` (the rate), `hook`, `transport` (one request, once) → `retry` (again?) → `create` (was it applied?) → `error`.

pub(crate) mod auth;
pub(crate) mod builder;
pub(crate) mod call;
pub(crate) mod client;
pub(crate) mod create;
pub(crate) mod error;
pub(crate) mod exchange;
pub(crate) mod hook;
pub(crate) mod id;
pub(crate) mod limit;
pub(crate) mod managed;
pub(crate) mod null;
pub(crate) mod open_enum;
pub(crate) mod operation;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod retry;
pub(crate) mod secret;
pub(crate) mod trace;
pub(crate) mod transport;
#[cfg(feature = "_inferred")]
pub(crate) mod unverified;
