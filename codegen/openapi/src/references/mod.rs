//! The reference graph: each `$ref` of a document, its target, and the operations that use the target.
//!
//! References are resolved here only. [`follow`] and [`resolve`] need nothing but the document;
//! [`References`] answers questions about all references at once, and [`Usages`] leads from a component back
//! to the operations.

mod graph;
mod resolve;
mod usages;

pub use graph::{Reference, References, Target};
pub use resolve::{follow, fragment, reference, resolve};
pub use usages::{Usages, Use, User};

#[cfg(test)]
mod tests;
