//! Rules: the ID, level and meaning of each kind of change.

mod rule;
mod table;

pub use rule::{ByDirection, Id, Rule};
pub use table::ChangeKind;
