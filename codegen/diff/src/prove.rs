//! Inclusion of the schemas at one place of two documents.

use serde_json::Value;

use funnelflux_openapi::pointer::Pointer;

use crate::{
    inclusion::{Mode, OneOf, Prover, Root, Schema, Validators},
    level::{Direction, Encoding},
    proof::Proof,
};

/// Decides inclusion of the schemas at one place of two documents.
#[must_use]
pub fn prove(documents: [&Value; 2], place: &Pointer, direction: Direction) -> Proof {
    let [Some(old), Some(new)] = documents.map(|document| document.pointer(place.as_str())) else {
        return Proof::None;
    };
    let has_null_type = false;
    let roots = documents.map(|value| Root { value, has_null_type });
    let pair = Schema::pair(direction, [old, new]);
    let prover = |one_of| Prover::new(roots, direction, Encoding::Typed, one_of);
    if prover(OneOf::Exact).includes(pair, Mode::Sent) {
        return Proof::Included;
    }
    let mut prover = prover(OneOf::Any);
    if prover.includes(pair, Mode::Sent) {
        return Proof::IncludedIfDistinct;
    }
    let mut validators = Validators::new(roots);
    let encoding = (direction, Encoding::Typed);
    let confirms = |value: &Value| validators.confirm(pair, encoding, OneOf::Any, value);
    let accepted_by = pair.0.side;
    let confirmed = prover.counterexamples(pair).into_iter().find(confirms);
    confirmed.map_or(Proof::Undecided, |value| Proof::Counterexample {
        value,
        accepted_by,
    })
}
