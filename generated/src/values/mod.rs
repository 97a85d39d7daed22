//! Parts of the API's types: IDs, objects that keep unknown fields, open enumerations and secrets.
//!
//! Nothing here needs a client.

pub(crate) mod exact_json;
pub(crate) mod id;
pub(crate) mod null;
pub(crate) mod object;
pub(crate) mod open_enum;
pub(crate) mod secret;
#[cfg(test)]
mod union_tests;
pub(crate) mod unknown_fields;
