//! Rules: the ID, level and meaning of each kind of change.

mod change_kinds;
mod rule;

pub use change_kinds::ChangeKind;
pub use rule::{ByDirection, Id, Rule};
