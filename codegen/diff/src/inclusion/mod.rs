//! Inclusion of schemas: checks whether the receiver's schema (`large`) allows every value that the sender's
//! schema (`small`) allows.
//!
//! There are three answers. *Yes* means that a comparison of the structure of both schemas proves inclusion.
//! *No* means that a counterexample was found: a value that the sender's schema allows and the receiver's
//! schema rejects. Otherwise the question is *undecided*.
//!
//! A schema that does not mention `additionalProperties` allows undeclared properties with any value. So,
//! strictly, a new property narrows the schema. We assume that no client sent the property before the schema
//! declared it. Inclusion therefore ignores properties that only the receiver's schema declares.

mod apply;
mod branch;
mod confirm;
mod counterexample;
mod decide;
mod decimal;
mod disjoint;
mod evaluate;
mod keywords;
mod lower;
mod nullable;
mod pattern;
mod prover;
mod schema;
mod sent_as_text;
mod strings;

pub(crate) use confirm::Validators;
pub(crate) use lower::OneOf;
pub(crate) use prover::{Mode, Prover};
pub(crate) use schema::{Pair, Root, Schema};
