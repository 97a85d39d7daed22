//! Checks the extensions of tags. These extensions describe the assets of a group.

use std::collections::HashSet;

use serde_json::Value;

use super::{
    linter::{Linter, is_near},
    rules,
};
use crate::{
    json::Json as _,
    resources::tag_extensions::{EXTENSIONS, child, field},
};
use funnelflux_openapi::{operations::operations, pointer::Pointer};

impl Linter<'_> {
    pub(super) fn tags(&mut self) {
        let tags = Pointer::from_static("/tags");
        let names: Vec<&str> = self
            .document
            .value()
            .items("tags")
            .filter_map(|tag| tag.text("name"))
            .collect();
        // Groups are named after the first tag of an operation.
        let groups: HashSet<&str> = operations(self.document.value())
            .filter_map(|operation| operation.value.items("tags").next()?.as_str())
            .collect();
        let lacks_operations = |name: &str| !groups.contains(name);
        for (index, tag) in self.document.value().items("tags").enumerate() {
            let pointer = tags.with_trailing_token(index);
            for key in tag.as_object().into_iter().flat_map(serde_json::Map::keys) {
                let near = || EXTENSIONS.iter().find(|name| is_near(name, key));
                if !EXTENSIONS.contains(&key.as_str())
                    && let Some(near) = near()
                {
                    let message = format!("the extension `{key}` is unknown; did you mean `{near}`?");
                    self.report_member(&rules::TAG_EXTENSION, &pointer, key, message);
                }
            }
            // If the vendor has renamed a tag, an overlay that uses the old name adds a tag without
            // operations.
            let name = tag.text("name").filter(|name| lacks_operations(name));
            for key in ["x-children", "x-server-managed"] {
                if let Some(name) = name.filter(|_| tag.get(key).is_some()) {
                    let message = format!("`{key}` has no effect, because no operation has the tag `{name}`");
                    self.report_member(&rules::TAG_EXTENSION, &pointer, key, message);
                }
            }
            let mut check = |key: &str, problem: &dyn Fn(&Value) -> Option<String>| {
                for (entry, value) in tag.items(key).enumerate() {
                    if let Some(problem) = problem(value) {
                        let place = pointer.with_trailing_token(key).with_trailing_token(entry);
                        self.report(&rules::TAG_EXTENSION, place, problem);
                    }
                }
            };
            check("x-children", &|entry| match child(entry) {
                None => Some("a child needs a `tag` and `properties`, a list of JSON pointers".to_owned()),
                Some((tag, _)) if !names.contains(&tag.as_str()) => Some(format!("there is no tag `{tag}`")),
                Some((tag, _)) if lacks_operations(&tag) => Some(format!(
                    "the child has no effect, because no operation has the tag `{tag}`"
                )),
                Some(_) => None,
            });
            check("x-server-managed", &|entry| match field(entry) {
                None => Some("the property or its behavior is missing or unknown".to_owned()),
                Some(_) => None,
            });
        }
    }
}
