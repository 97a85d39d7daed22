//! Responses and their headers.

use std::collections::BTreeSet;

use crate::{
    comparer::Comparer,
    index::DocumentIndex,
    level::Direction,
    node::{Node, canonical},
    part_names::subject,
    report::Fact,
    rules::ChangeKind as Kind,
    site::{SchemaContext, SchemaRole, Site},
};

const DIRECTION: Direction = Direction::Response;

/// The header that the media types of a response describe.
const IGNORED: &str = "Content-Type";

impl<'a> Comparer<'a> {
    pub(crate) fn responses(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for (key, site) in Site::members(old, new) {
            let context = SchemaContext {
                failure: !is_success(key) && key != "default",
                ..SchemaContext::new(DIRECTION, SchemaRole::Body)
            };
            if key.starts_with("x-") {
                self.annotation(key, &site, DIRECTION);
            } else if let Some((before, after)) = site.both() {
                self.reference(&site, DIRECTION);
                let (before, after) = (self.old.resolve(before), self.new.resolve(after));
                self.response(&before, &after, context);
            } else {
                self.response_added_or_removed(key, &site, old, new);
                self.covered_response(key, &site, old, new, context);
            }
        }
    }

    /// Compares a response that only one side has with the response that covers its status on the other side.
    fn covered_response(
        &mut self,
        status: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        new: &Node<'a>,
        context: SchemaContext,
    ) {
        let pair = match (&site.old, &site.new) {
            (None, Some(after)) => covering(status, old).map(|before| (before, after.clone())),
            (Some(before), None) => covering(status, new).map(|after| (before.clone(), after)),
            _ => None,
        };
        let Some((before, after)) = pair else { return };
        let (before, after) = (self.old.resolve(&before), self.new.resolve(&after));
        let bodies = Site::member("content", &before, &after);
        if let Some((before, after)) = bodies.both() {
            self.content(before, after, context);
        }
    }

    fn response_added_or_removed(
        &mut self,
        status: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        new: &Node<'a>,
    ) {
        let narrowed = |responses: &Node<'a>| {
            let mut statuses = responses.keys();
            statuses.any(|other| is_in_range(other, status))
        };
        let is_range_changed = match &site.old {
            Some(_) => narrowed(new) || ranges(status, new).is_some(),
            None => false,
        };
        let kinds = match status {
            _ if is_range_changed => [Kind::StatusRangeChanged; 2],
            "default" => [Kind::DefaultResponseAdded, Kind::DefaultResponseRemoved],
            _ if is_success(status) => [Kind::SuccessStatusAdded, Kind::SuccessStatusRemoved],
            _ => [Kind::FailureStatusAdded, Kind::FailureStatusRemoved],
        };
        let response = subject(site.values().next().unwrap_or(new));
        let bodies = [success_bodies(&self.old, old), success_bodies(&self.new, new)];
        let [before, after] = &bodies;
        let what = format!("the response {response} {}", site.verb());
        self.change(site.one_sided_kind(kinds), site, what)
            .direction(DIRECTION)
            .fact_if(before == after && !before.is_empty(), Fact::SameSuccessBodies)
            .report();
    }

    fn response(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext) {
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("content", Some((before, after))) => self.content(before, after, context),
                ("content", None) => self.whole_content(&site, context),
                ("headers", _) => self.headers(&site, context),
                _ => self.annotation_or_unclassified(key, &site, DIRECTION),
            }
        }
    }

    fn headers(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let members = |node: &Option<Node<'a>>| node.as_ref().map(Node::members).unwrap_or_default();
        let (mut before, mut after) = (members(&site.old), members(&site.new));
        self.ignored_header(&before, &after, site.parent);
        let is_sent = |(name, _): &(&'a str, Node<'a>)| !name.eq_ignore_ascii_case(IGNORED);
        before.retain(is_sent);
        after.retain(is_sent);
        // Header names are case-insensitive.
        let find = |headers: &[(&'a str, Node<'a>)], name: &str| {
            headers
                .iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
                .cloned()
        };
        let response = subject(site.parent);
        for (name, header) in &after {
            let Some((old_name, old_header)) = find(&before, name) else {
                let what = format!("the response header `{name}` was added to {response}");
                let site = Site::added(header, site.parent);
                self.report(Kind::HeaderAdded, &site, what, DIRECTION);
                continue;
            };
            let site = Site::between(&old_header, header, site.parent);
            if old_name != *name {
                let what = format!("the response header `{old_name}` is now written `{name}`");
                self.report(Kind::NotationChanged, &site, what, DIRECTION);
            }
            self.reference(&site, DIRECTION);
            let (old_header, header) = (self.old.resolve(&old_header), self.new.resolve(header));
            let context = SchemaContext {
                role: SchemaRole::Header,
                ..context
            };
            self.header(
                &old_header,
                &header,
                &format!("the response header `{name}` of {response}"),
                context,
            );
        }
        for (name, header) in before.iter().filter(|(name, _)| find(&after, name).is_none()) {
            let kind = if self.old.resolve(header).flag("required") {
                Kind::RequiredHeaderRemoved
            } else {
                Kind::OptionalHeaderRemoved
            };
            let what = format!("the response header `{name}` was removed from {response}");
            let site = Site::removed(header, site.parent);
            self.report(kind, &site, what, DIRECTION);
        }
    }

    /// Compares the descriptions of the header that `OpenAPI` ignores.
    fn ignored_header(
        &mut self,
        before: &[(&'a str, Node<'a>)],
        after: &[(&'a str, Node<'a>)],
        parent: &Node<'a>,
    ) {
        let find = |headers: &[(&'a str, Node<'a>)]| {
            let mut headers = headers.iter();
            let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(IGNORED));
            found.map(|(_, header)| header.clone())
        };
        let site = Site {
            old: find(before),
            new: find(after),
            parent,
        };
        if !site.is_unchanged() {
            let verb = site.verb();
            let what = format!(
                "the header `{IGNORED}` of {}, which is ignored, {verb}",
                subject(parent)
            );
            self.report(Kind::IgnoredHeaderChanged, &site, what, DIRECTION);
        }
    }

    fn header(&mut self, old: &Node<'a>, new: &Node<'a>, name: &str, context: SchemaContext) {
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("schema", Some((before, after))) => self.schema(before, after, context.as_text(), false),
                ("content", Some((before, after))) => self.content(before, after, context),
                _ if site.is_unchanged() => {}
                ("required", _) => {
                    let kinds = [Kind::HeaderBecameRequired, Kind::HeaderBecameOptional];
                    let words = ["is now always present", "may be missing", "is present as before"];
                    self.flag(name, &site, kinds, words, DIRECTION);
                }
                ("deprecated", _) => {
                    let kinds = [Kind::HeaderDeprecated, Kind::HeaderReactivated];
                    self.deprecated(&site, kinds, DIRECTION);
                }
                ("style" | "explode", _) if self.is_serialized_alike(key, old, new) => {
                    let kind = Kind::NotationChanged;
                    self.report(kind, &site, site.describe(key), DIRECTION);
                }
                // The list separator of a Swagger 2.0 header: no rule covers it, and it is more than
                // documentation.
                ("x-collectionFormat", _) => self.unclassified(&site),
                _ => self.annotation_or_unclassified(key, &site, DIRECTION),
            }
        }
    }
}

/// Checks whether a range such as `4XX` covers a status.
fn is_in_range(status: &str, range: &str) -> bool {
    let mut pairs = status.chars().zip(range.chars());
    status != range
        && status.len() == range.len()
        && range.ends_with(['X', 'x'])
        && pairs.all(|(digit, other)| digit == other || ['X', 'x'].contains(&other))
}

/// Returns the response to a range of statuses, such as `4XX`, that covers this status.
fn ranges<'a>(status: &str, responses: &Node<'a>) -> Option<Node<'a>> {
    let range = responses.keys().find(|range| is_in_range(status, range))?;
    responses.get(range)
}

/// Returns the response that describes a status that has no entry. If the operation documents a success
/// response, `default` describes failures only.
fn covering<'a>(status: &str, responses: &Node<'a>) -> Option<Node<'a>> {
    let has_success = responses.keys().any(is_success);
    let default = || {
        responses
            .get("default")
            .filter(|_| status != "default" && (!is_success(status) || !has_success))
    };
    ranges(status, responses).or_else(default)
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// The bodies of successful responses. The status is ignored.
fn success_bodies<'a>(document: &DocumentIndex<'a>, responses: &Node<'a>) -> BTreeSet<String> {
    let responses = responses
        .members()
        .into_iter()
        .filter(|(status, _)| is_success(status));
    let bodies = responses.map(|(_, response)| {
        let response = document.resolve(&response);
        response.value.get("content").map(canonical).unwrap_or_default()
    });
    bodies.collect()
}
