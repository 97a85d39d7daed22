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

use crate::{
    comparer::Comparer, level::Direction, part_names::subject, rules::ChangeKind as Kind, site::Site,
};

impl<'a> Comparer<'a> {
    /// Compares two whole documents.
    pub(crate) fn document(&mut self) {
        let (old, new) = (self.old.root.clone(), self.new.root.clone());
        let moved = self.moved_prefix();
        for (key, site) in Site::members(&old, &new) {
            match key {
                "info" => self.info(&site),
                "servers" if moved.as_ref().is_some_and(|moved| moved.is_same_host) => {
                    self.moved_servers(&site);
                }
                "servers" => {
                    if !self.is_overridden(key, &site) {
                        self.servers(&site, [None, None]);
                    }
                }
                "security" => self.document_security(&site),
                "tags" => self.tags(&site),
                "paths" => self.paths(&site, &moved.clone().unwrap_or_default()),
                "components" => {}
                // Normalisation copies the list to the operations that inherit it.
                "x-consumes" | "x-produces" => self.unused_media_types(key, &site),
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

    /// Reports a change of a list of media types of Swagger 2.0 (`consumes` or `produces`) that applies to no
    /// body.
    fn unused_media_types(&mut self, key: &str, site: &Site<'_, 'a>) {
        if !site.is_unchanged() {
            let (key, holder) = (key.trim_start_matches("x-"), subject(site.parent));
            let what = format!(
                "`{key}` of {holder}, which itself applies to no body, {}",
                site.before_after()
            );
            self.change(Kind::NotationChanged, site, what).report();
        }
    }
}
