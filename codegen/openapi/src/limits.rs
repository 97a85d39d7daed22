//! Limits on what is read, so that a small text cannot exhaust memory or the stack.

/// Deepest nesting of values: the limit of `serde_json`, which holds for YAML too.
pub(crate) const DEPTH: usize = 128;

/// Most values that aliases, or references that are written out, may add to those that a text contains.
pub(crate) const COPIES: usize = 2_000_000;
