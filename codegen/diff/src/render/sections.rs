//! Sections of the operations, for the filter of the HTML page. A section is a tag group, a tag, or the first
//! segment of a path.

use std::collections::BTreeMap;

use serde_json::Value;

use funnelflux_openapi::{Document, operations::operations};

/// Maps each operation to the name of its section.
pub(super) struct Sections<'a>(BTreeMap<String, &'a str>);

impl<'a> Sections<'a> {
    /// Collects the sections of all operations of two documents. If both documents assign a section to an
    /// operation, the section of the first document is used.
    pub(super) fn of(documents: [&'a Document; 2]) -> Self {
        let mut sections = BTreeMap::new();
        for document in documents {
            let groups = groups(document.value());
            for operation in operations(document.value()) {
                if let Some(tag) = operation.tag() {
                    let section = groups.get(tag).copied().unwrap_or(tag);
                    sections.entry(operation.to_string()).or_insert(section);
                }
            }
        }
        Self(sections)
    }

    /// Returns the section of an operation. For an operation without a tag, this is the first segment of its
    /// path.
    pub(super) fn name<'n>(&'n self, operation: &'n str) -> &'n str {
        let path = || {
            let path = operation.split_once('/').map_or("", |(_, path)| path);
            path.split('/').next().unwrap_or_default()
        };
        self.0.get(operation).copied().unwrap_or_else(path)
    }
}

/// Maps each tag to the name of its group in `x-tagGroups`.
fn groups(document: &Value) -> BTreeMap<&str, &str> {
    let groups = document.get("x-tagGroups").and_then(Value::as_array);
    let tags = groups.into_iter().flatten().filter_map(|group| {
        let name = group.get("name")?.as_str()?;
        let tags = group.get("tags")?.as_array()?.iter();
        Some(tags.filter_map(Value::as_str).map(move |tag| (tag, name)))
    });
    tags.flatten().collect()
}
