//! The reference graph: each `$ref` of a document, the value to which it leads (the *target*), and the
//! operations that use the target.
//!
//! All references are resolved here. [`follow`] and [`resolve`] need only the document; [`References`]
//! answers questions about all references, and [`Usages`] finds the operations that use a component.

mod graph;
mod resolve;
mod usages;

pub use graph::{Reference, References, Target};
pub use resolve::{decoded, follow, fragment, parameters, reference, resolve};
pub use usages::{Usages, Use, User};

#[cfg(test)]
mod tests;
