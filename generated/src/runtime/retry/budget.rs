//! The retry budget: what keeps a burst of failures from multiplying the load.

use std::sync::{Mutex, PoisonError};

/// How many tries beyond the first all calls of a client may make together.
///
/// The budget starts full. Each try beyond a call's first takes one from it, each success gives a part of one back. While it is
/// empty, failures are returned at once. So a short disturbance is ridden out by everybody, and a long one is not made worse: at a
/// steady state the service sees at most `1 + per_success` times the load.
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
    /// At most `capacity` retries in a burst, and `per_success` (0 to 1) given back by each success. Default: 100 and 0.2.
    #[must_use]
    pub fn new(capacity: u32, per_success: f64) -> Self {
        let sane = per_success.is_finite() && per_success > 0.0;
        Self {
            capacity,
            per_success: if sane { per_success.min(1.0) } else { 0.0 },
        }
    }

    /// No limit: only the policy of each call counts.
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

/// What is left of a budget.
#[derive(Debug)]
pub(crate) struct Tokens {
    budget: RetryBudget,
    left: Mutex<f64>,
}

impl Tokens {
    pub(crate) fn new(budget: RetryBudget) -> Self {
        Self {
            budget,
            left: Mutex::new(budget.capacity.into()),
        }
    }

    /// Takes one, if there is one.
    pub(crate) fn take(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = *left >= 1.0;
        if enough {
            *left -= 1.0;
        }
        enough
    }

    /// Gives back what a success is worth.
    pub(crate) fn success(&self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + self.budget.per_success).min(self.budget.capacity.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_runs_out_and_recovers_up_to_its_capacity() {
        let tokens = Tokens::new(RetryBudget::new(2, 0.5));
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
    fn a_senseless_share_is_none() {
        for share in [f64::NAN, f64::INFINITY, -1.0] {
            let tokens = Tokens::new(RetryBudget::new(1, share));
            assert!(tokens.take());
            tokens.success();
            assert!(!tokens.take(), "{share}");
        }
    }
}
