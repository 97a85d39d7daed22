//! Retries: the policy, the budget, and the wait that the service asks for.

mod budget;
mod policy;
mod retry_after_header;

pub use budget::RetryBudget;
pub(crate) use budget::RetryTokens;
pub use policy::RetryPolicy;
pub(crate) use policy::{DEFAULT_STATUSES, RetryDecision};
pub(crate) use retry_after_header::retry_after;
