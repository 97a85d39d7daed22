//! Compares the parts of a document. Each kind of part has its own module.

mod bodies;
mod components;
mod info;
mod parameters;
mod paths;
mod responses;
pub(crate) mod schema;
mod security;
mod serialization;
mod server_url;
mod servers;
mod webhooks;

use crate::{comparer::Comparer, level::Direction, site::Site};

impl Comparer<'_> {
    /// Compares two whole documents.
    pub(crate) fn document(&mut self) {
        let (old, new) = (self.old.root.clone(), self.new.root.clone());
        for (key, site) in Site::members(&old, &new) {
            match key {
                "info" => self.info(&site),
                "servers" => {
                    if !self.is_overridden(key, &site) {
                        self.servers(&site, [None, None]);
                    }
                }
                "security" => self.document_security(&site),
                "tags" => self.tags(&site),
                "paths" => self.paths(&site),
                "components" => {}
                // Normalisation renames `webhooks` to `x-webhooks`. If the author already uses an extension
                // with this name, normalisation adds a second `x-`.
                _ if key != "webhooks" && key.trim_start_matches("x-") == "webhooks" => self.webhooks(&site),
                _ => self.other_member(key, &site, Direction::None),
            }
        }
        self.queued_schemas();
        self.components(&Site::member("components", &old, &new));
        self.queued_schemas();
    }
}
