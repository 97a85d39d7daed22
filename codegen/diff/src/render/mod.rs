//! Formats of a report: text for a terminal, JSON for programs, markdown for a pull request, HTML for a
//! colleague, annotations for a GitHub workflow, and the formats of other tools.

mod github;
mod groups;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod sections;
mod summary;
mod text;
mod view;

pub use github::annotation;
pub use json::print as print_json;
pub use view::{Audience, Consequence, View};
