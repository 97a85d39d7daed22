//! Rules that select the requests into which faults are injected.

use std::{fmt, sync::Arc};

use http::{HeaderMap, Method};

use crate::fault::Fault;

/// Request as the predicate of a rule receives it, before the request is handled.
#[derive(Debug)]
pub struct Received<'r> {
    /// Number of requests so far, including this one.
    pub number: u64,
    /// Method and path as in the document, such as `PUT /offersource/archive/`. For the renewal of tokens, it
    /// is `POST /auth/validate`. For an unknown operation, it is `None`.
    pub operation: Option<&'r str>,
    /// The method.
    pub method: &'r Method,
    /// The path, as sent.
    pub path: &'r str,
    /// The query string, as sent.
    pub query: &'r str,
    /// The headers, as sent.
    pub headers: &'r HeaderMap,
    /// The body, as sent.
    pub body: &'r [u8],
}

type Predicate = Arc<dyn Fn(&Received<'_>) -> bool + Send + Sync>;

/// Rule that selects the requests into which a fault is injected. A rule without conditions selects the next
/// request.
///
/// ```
/// use funnelflux_fake::{Fake, Fault, Rule};
///
/// let fake = Fake::default();
/// // The third and fourth archive calls are applied, but their connections are reset.
/// let archive = "PUT /offersource/archive/";
/// fake.inject(Rule::new(Fault::ResetAfterApplying).on(archive).after(2).times(2));
/// assert_eq!(fake.pending_faults(), 1);
/// ```
#[derive(Clone)]
pub struct Rule {
    fault: Fault,
    operation: Option<String>,
    predicate: Option<Predicate>,
    /// Remaining number of matching requests that pass without the fault.
    after: u64,
    /// Remaining number of matching requests that get the fault. `None` means all.
    times: Option<u64>,
    chance: Option<f64>,
}

impl Rule {
    /// Creates a rule that injects `fault` into the next request.
    #[must_use]
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            operation: None,
            predicate: None,
            after: 0,
            times: Some(1),
            chance: None,
        }
    }

    /// Selects only requests of this operation, such as `PUT /offersource/archive/` or `POST /auth/validate`.
    #[must_use]
    pub fn on(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Selects only requests for which `predicate` returns `true`.
    #[must_use]
    pub fn when(mut self, predicate: impl Fn(&Received<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.predicate = Some(Arc::new(predicate));
        self
    }

    /// Lets the first `count` matching requests pass.
    #[must_use]
    pub fn after(mut self, count: u64) -> Self {
        self.after = count;
        self
    }

    /// Injects the fault into `count` matching requests instead of one.
    #[must_use]
    pub fn times(mut self, count: u64) -> Self {
        self.times = Some(count);
        self
    }

    /// Injects the fault into every matching request.
    #[must_use]
    pub fn always(mut self) -> Self {
        self.times = None;
        self
    }

    /// Injects the fault into each matching request with this probability (0 to 1). The random choice depends
    /// on the seed of the settings.
    #[must_use]
    pub fn chance(mut self, probability: f64) -> Self {
        self.chance = Some(probability);
        self
    }

    fn matches(&self, request: &Received<'_>) -> bool {
        self.operation
            .as_deref()
            .is_none_or(|operation| Some(operation) == request.operation)
            && self.predicate.as_ref().is_none_or(|predicate| predicate(request))
    }

    /// Counts the request if it matches. Returns true if the request gets the fault.
    fn hits(&mut self, request: &Received<'_>, random: &mut fastrand::Rng) -> bool {
        if self.times == Some(0) || !self.matches(request) {
            return false;
        }
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        if self.chance.is_some_and(|chance| random.f64() >= chance) {
            return false;
        }
        if let Some(times) = &mut self.times {
            *times -= 1;
        }
        true
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rule")
            .field("fault", &self.fault)
            .field("operation", &self.operation)
            .field("predicate", &self.predicate.is_some())
            .field("after", &self.after)
            .field("times", &self.times)
            .field("chance", &self.chance)
            .finish()
    }
}

/// All rules, in the order in which they were added. Only the first rule that injects its fault into a
/// request takes effect. Later rules do not count the request.
#[derive(Debug, Default)]
pub(crate) struct FaultRules(Vec<Rule>);

impl FaultRules {
    pub(crate) fn add(&mut self, rule: Rule) {
        self.0.push(rule);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn next(&mut self, request: &Received<'_>, random: &mut fastrand::Rng) -> Option<Fault> {
        let hit = self
            .0
            .iter_mut()
            .find_map(|rule| rule.hits(request, random).then(|| rule.fault.clone()));
        if hit.is_some() {
            self.0.retain(|rule| rule.times != Some(0));
        }
        hit
    }

    /// Returns the number of rules that have matched fewer requests than planned.
    pub(crate) fn pending(&self) -> usize {
        self.0.iter().filter(|rule| rule.times.is_some()).count()
    }
}
