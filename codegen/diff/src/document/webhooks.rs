//! Compares webhooks and callbacks. In both, the service sends the request, so the request is compared like
//! the response of an operation. The client sends the response, so the response is compared like the request
//! of an operation.
//!
//! Links, and other parts of webhooks and callbacks, are compared as a whole. The comparison follows
//! references.

use funnelflux_openapi::pointer::METHODS;

use super::parameters::effective_parameters;
use crate::{
    comparer::Comparer,
    level::Direction,
    node::{Node, canonical},
    part_names::{parameter_name, subject},
    rules::ChangeKind as Kind,
    site::{SchemaContext, SchemaRole, Site},
};

impl<'a> Comparer<'a> {
    pub(crate) fn webhooks(&mut self, site: &Site<'_, 'a>) {
        if site.values().any(|node| !node.value.is_object()) {
            self.annotation("x-webhooks", site, Direction::None);
            return;
        }
        for (name, site) in site.contents() {
            let name = format!("the webhook `{name}`");
            if let Some(items) = site.both() {
                self.sent_requests(&name, Kind::WebhookChanged, items);
            } else {
                let kind = site.pick_side([Kind::WebhookAdded, Kind::WebhookRemoved]);
                let what = format!("{name} {}", site.verb());
                self.change(kind, &site, what).report();
            }
        }
    }

    /// Compares the callbacks of an operation.
    pub(crate) fn callbacks(&mut self, site: &Site<'_, 'a>) {
        let operation = subject(site.parent);
        for ([old_name, name], callback) in site.paired(|_, _, callback| Some(canonical(callback.value))) {
            let kind = Kind::CallbacksChanged;
            let Some((old, new)) = callback.both() else {
                let what = format!("the callback `{name}` of {operation} {}", callback.verb());
                self.change(kind, &callback, what).report();
                continue;
            };
            if old_name != name {
                let what = format!("the callback `{old_name}` of {operation} was renamed to `{name}`");
                let change = self.change(Kind::NotationChanged, &callback, what);
                change.covers_subtree(false).report();
            }
            let name = format!("the callback `{name}` of {operation}");
            self.reference(&callback, Direction::None);
            let (old, new) = (self.old.resolve(old), self.new.resolve(new));
            for (expression, item) in Site::members(&old, &new) {
                match item.both() {
                    _ if expression.starts_with("x-") => {
                        self.other_member(expression, &item, Direction::None);
                    }
                    Some(items) => self.sent_requests(&name, kind, items),
                    None => self.as_whole(&format!("`{expression}` of {name}"), kind, &item),
                }
            }
        }
        if site.contents().next().is_none() {
            self.unclassified(site);
        }
    }

    /// Compares the path items of a webhook or callback. Changes that no other rule covers get the kind
    /// `changed`.
    fn sent_requests(&mut self, name: &str, changed: Kind, (old, new): (&Node<'a>, &Node<'a>)) {
        let (old, new) = (self.old.resolve(old), self.new.resolve(new));
        for (key, site) in Site::members(&old, &new) {
            match (key, site.both()) {
                // The parameters are compared with each request.
                ("parameters", _) => {}
                (_, Some(requests)) if METHODS.contains(&key) => {
                    self.sent_request(name, changed, requests, (&old, &new));
                }
                (_, None) if METHODS.contains(&key) => {
                    let kind = site.pick_side([Kind::WebhookAdded, Kind::WebhookRemoved]);
                    let method = key.to_ascii_uppercase();
                    let what = format!("the request `{method}` of {name} {}", site.verb());
                    self.change(kind, &site, what).report();
                }
                _ => self.part_of_sent_request(name, changed, key, &site),
            }
        }
    }

    fn sent_request(
        &mut self,
        name: &str,
        changed: Kind,
        (old, new): (&Node<'a>, &Node<'a>),
        items: (&Node<'a>, &Node<'a>),
    ) {
        self.sent_parameters((old, new), items);
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("parameters", _) => {}
                ("tags" | "operationId" | "deprecated", _) => {
                    if !site.is_unchanged() {
                        let what = format!("`{key}` of {name}, which is never sent, {}", site.before_after());
                        self.change(Kind::ExtensionChanged, &site, what).report();
                    }
                }
                ("requestBody", Some((before, after))) => {
                    self.reference(&site, Direction::Response);
                    let bodies = (self.old.resolve(before), self.new.resolve(after));
                    let context = SchemaContext::new(Direction::Response, SchemaRole::Body);
                    self.message(name, changed, (&bodies.0, &bodies.1), context);
                }
                ("responses", Some((before, after))) => {
                    for (status, site) in Site::members(before, after) {
                        let Some((before, after)) = site.both() else {
                            let name = format!("the response `{status}` of {name}");
                            self.as_whole(&name, changed, &site);
                            continue;
                        };
                        self.reference(&site, Direction::Request);
                        let responses = (self.old.resolve(before), self.new.resolve(after));
                        let context = SchemaContext::new(Direction::Request, SchemaRole::Body);
                        self.message(name, changed, (&responses.0, &responses.1), context);
                    }
                }
                _ => self.part_of_sent_request(name, changed, key, &site),
            }
        }
    }

    /// Compares the parameters of a request that the service sends.
    fn sent_parameters(&mut self, (old, new): (&Node<'a>, &Node<'a>), items: (&Node<'a>, &Node<'a>)) {
        let direction = Direction::Response;
        let before = effective_parameters(&self.old, old, items.0);
        let after = effective_parameters(&self.new, new, items.1);
        let removed = before
            .iter()
            .filter(|old| !after.iter().any(|new| new.name == old.name));
        for parameter in after.iter().chain(removed) {
            let [before, after] =
                [&before, &after].map(|list| list.iter().find(|other| other.name == parameter.name));
            let written =
                [before, after].map(|parameter| parameter.map(|parameter| parameter.written.clone()));
            let [old_written, new_written] = written;
            let site = Site::new(old_written, new_written, new);
            let kind = match (before, after) {
                (Some(before), Some(after)) => {
                    let context = SchemaContext::new(direction, SchemaRole::Header);
                    self.reference(&site, direction);
                    self.parameter(&before.value, &after.value, context);
                    continue;
                }
                (None, _) => Kind::HeaderAdded,
                (Some(before), None) if before.value.flag("required") => Kind::RequiredHeaderRemoved,
                _ => Kind::OptionalHeaderRemoved,
            };
            let what = format!(
                "the {} of {} {}",
                parameter_name(&parameter.value),
                subject(new),
                site.verb()
            );
            self.report(kind, &site, what, direction);
        }
    }

    /// Compares the body of a request that the service sends, or a response that the service expects.
    fn message(
        &mut self,
        name: &str,
        changed: Kind,
        (old, new): (&Node<'a>, &Node<'a>),
        context: SchemaContext,
    ) {
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("content", Some((before, after))) => self.content(before, after, context),
                ("content", None) => self.whole_content(&site, context),
                _ => self.part_of_sent_request(name, changed, key, &site),
            }
        }
    }

    /// Compares a member that no rule covers. A member that is neither documentation nor an extension is
    /// compared as a whole.
    fn part_of_sent_request(&mut self, name: &str, changed: Kind, key: &str, site: &Site<'_, 'a>) {
        if !self.annotation(key, site, Direction::None) {
            self.as_whole(&format!("`{key}` of {name}"), changed, site);
        }
    }

    /// Compares the values of `site` as a whole, and follows references. All differences form one change.
    pub(crate) fn as_whole(&mut self, name: &str, kind: Kind, site: &Site<'_, 'a>) {
        if site.is_empty_on_one_side() {
            return self.unclassified(site);
        }
        let (kind, what, value) = match self.equality.difference(name, site) {
            Some(deep) if deep.is_documentation => {
                let what = format!("the documentation of {name} changed");
                (Kind::DescriptionChanged, what, deep.value)
            }
            Some(deep) if site.is_unchanged() => {
                (kind, format!("a part that {name} refers to changed"), deep.value)
            }
            Some(deep) => (kind, format!("{name} {}", site.before_after()), deep.value),
            None if site.is_unchanged() => return,
            None => {
                let what = format!("{name} is written differently");
                (Kind::NotationChanged, what, site.value())
            }
        };
        self.change(kind, site, what).value(value).report();
    }
}
