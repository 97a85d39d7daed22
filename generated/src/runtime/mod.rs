//! Behaviour that every call shares: transport, credentials, retries, limits and errors.
//!
//! A call passes through these modules: `call` (arguments and options), `attempt_loop` (all attempts of a
//! call), `auth` (the access token), `rate_limit`, `hook`, `transport` (one request), `retry` (the decision
//! about another attempt), `creatable` (reading an asset back after a create), `error`.

pub(crate) mod acknowledgement;
pub(crate) mod attempt_loop;
pub(crate) mod attempt_time;
pub(crate) mod auth;
pub(crate) mod base_url;
pub(crate) mod blocking_work;
pub(crate) mod builder;
pub(crate) mod call;
pub(crate) mod call_counter;
pub(crate) mod client;
pub(crate) mod creatable;
pub(crate) mod error;
pub(crate) mod hook;
pub(crate) mod operation;
pub(crate) mod prepared_request;
pub(crate) mod private_file;
pub(crate) mod rate_limit;
pub(crate) mod received_response;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod response_body;
pub(crate) mod retry;
pub(crate) mod server_managed;
pub(crate) mod trace;
pub(crate) mod transport;
