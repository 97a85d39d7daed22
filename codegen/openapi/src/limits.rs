//! Limits for reading, so that a small text cannot exhaust memory or the stack.

/// Maximum nesting depth of values, in JSON and YAML. It is the limit of `serde_json`.
pub(crate) const DEPTH: usize = 128;

/// Maximum number of values that aliases and expanded references may add to the values in a text.
pub(crate) const COPIES: usize = 2_000_000;
