//! The retry budget, which keeps a burst of failures from multiplying the load.

use std::sync::{Mutex, PoisonError};

/// Limit on the retries that all calls of a client make together.
///
/// The budget starts full. Each retry takes one token from the budget, and each success returns a fraction of
/// a token. While the budget is empty, failures are returned without a retry. Thus, retries bridge short
/// outages, but do not make a long outage worse. In a steady state, the service receives at most
/// `1 + per_success` times the requests that it would receive without retries.
///
/// ```
/// use funnelflux::{Client, RetryBudget};
///
/// let client = Client::builder().retry_budget(RetryBudget::new(20, 0.1)).build()?;
/// # Ok::<(), funnelflux::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryBudget {
    capacity: u32,
    per_success: f64,
}

impl RetryBudget {
    /// Creates a budget of `capacity` tokens, to which each success returns `per_success` tokens (0 to 1).
    /// Default: 100 and 0.2.
    #[must_use]
    pub fn new(capacity: u32, per_success: f64) -> Self {
        let valid = per_success.is_finite() && per_success > 0.0;
        Self {
            capacity,
            per_success: if valid { per_success.min(1.0) } else { 0.0 },
        }
    }

    /// Creates an unlimited budget, so that only the policy of each call limits retries.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(u32::MAX, 1.0)
    }
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(100, 0.2)
    }
}

/// Remaining tokens of a budget.
#[derive(Debug)]
pub(crate) struct RetryTokens {
    budget: RetryBudget,
    remaining: Mutex<f64>,
}

impl RetryTokens {
    pub(crate) fn new(budget: RetryBudget) -> Self {
        Self {
            budget,
            remaining: Mutex::new(budget.capacity.into()),
        }
    }

    /// Takes a token. Returns false if there is none.
    pub(crate) fn take(&self) -> bool {
        let mut remaining = self.remaining.lock().unwrap_or_else(PoisonError::into_inner);
        let available = *remaining >= 1.0;
        if available {
            *remaining -= 1.0;
        }
        available
    }

    /// Adds the tokens for one success to the budget.
    pub(crate) fn success(&self) {
        let mut remaining = self.remaining.lock().unwrap_or_else(PoisonError::into_inner);
        *remaining = (*remaining + self.budget.per_success).min(self.budget.capacity.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_runs_out_and_recovers_up_to_its_capacity() {
        let tokens = RetryTokens::new(RetryBudget::new(2, 0.5));
        assert!(tokens.take() && tokens.take() && !tokens.take());
        tokens.success();
        assert!(!tokens.take());
        tokens.success();
        assert!(tokens.take() && !tokens.take());
        for _ in 0..100 {
            tokens.success();
        }
        assert!(tokens.take() && tokens.take() && !tokens.take());
    }

    #[test]
    fn an_invalid_fraction_counts_as_zero() {
        for fraction in [f64::NAN, f64::INFINITY, -1.0] {
            let tokens = RetryTokens::new(RetryBudget::new(1, fraction));
            assert!(tokens.take());
            tokens.success();
            assert!(!tokens.take(), "{fraction}");
        }
    }
}
