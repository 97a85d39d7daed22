//! Compares responses and their headers.

use std::collections::BTreeSet;

use funnelflux_openapi::media;

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

/// A response header that is ignored, because the keys of `content` state its value.
const IGNORED: &str = "Content-Type";

impl<'a> Comparer<'a> {
    pub(crate) fn responses(&mut self, method: &str, old: &Node<'a>, new: &Node<'a>) {
        let has_success = [old, new].into_iter().all(has_success);
        for (key, site) in Site::members(old, new) {
            let context = SchemaContext {
                failure: !is_success(key) && (has_success || key != "default"),
                ..SchemaContext::new(DIRECTION, SchemaRole::Body)
            };
            let has_body = method != "head" && !has_no_body(key);
            if key.starts_with("x-") {
                self.annotation(key, &site, DIRECTION);
            } else if let Some((before, after)) = site.both() {
                self.reference(&site, DIRECTION);
                let (before, after) = (self.old.resolve(before), self.new.resolve(after));
                self.response(&before, &after, context, has_body);
            } else {
                self.response_added_or_removed(key, &site, old, new);
                // A response of the other side may cover the status, for example as a range. Then it
                // describes the same body.
                let before = site.old.clone().or_else(|| covering(key, old));
                let after = site.new.clone().or_else(|| covering(key, new));
                let Some((before, after)) = before.zip(after) else {
                    continue;
                };
                let (before, after) = (self.old.resolve(&before), self.new.resolve(&after));
                if let Some((before, after)) = Site::member("content", &before, &after).both()
                    && has_body
                {
                    self.content(before, after, context);
                }
            }
        }
    }

    fn response_added_or_removed(
        &mut self,
        status: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        new: &Node<'a>,
    ) {
        let is_narrowed = || new.keys().any(|other| is_in_range(other, status));
        let is_range_changed = site.old.is_some() && (is_narrowed() || ranges(status, new).is_some());
        let kinds = match status {
            _ if is_range_changed => [Kind::StatusRangeChanged; 2],
            "default" => [Kind::DefaultResponseAdded, Kind::DefaultResponseRemoved],
            _ if is_success(status) => [Kind::SuccessStatusAdded, Kind::SuccessStatusRemoved],
            _ => [Kind::FailureStatusAdded, Kind::FailureStatusRemoved],
        };
        let response = subject(site.values().next().unwrap_or(new));
        let [before, after] = [success_bodies(&self.old, old), success_bodies(&self.new, new)];
        let what = format!("the response {response} {}", site.verb());
        self.change(site.pick_side(kinds), site, what)
            .direction(DIRECTION)
            .fact_if(before == after && !before.is_empty(), Fact::SameSuccessBodies)
            .report();
    }

    fn response(&mut self, old: &Node<'a>, new: &Node<'a>, context: SchemaContext, has_body: bool) {
        for (key, site) in Site::members(old, new) {
            match (key, site.both()) {
                ("content", _) if !has_body => {
                    if !site.is_unchanged() {
                        let what = format!(
                            "`content` of {}, which is never sent, {}",
                            subject(new),
                            site.verb()
                        );
                        self.report(Kind::TypeNotationChanged, &site, what, DIRECTION);
                    }
                }
                ("content", Some((before, after))) => self.content(before, after, context),
                ("content", None) => self.whole_content(&site, context),
                ("headers", _) => self.headers(&site, context),
                ("links", _) => {
                    let name = format!("`links` of {}", subject(new));
                    self.as_whole(&name, Kind::LinksChanged, &site);
                }
                _ => self.other_member(key, &site, DIRECTION),
            }
        }
    }

    fn headers(&mut self, headers: &Site<'_, 'a>, context: SchemaContext) {
        let response = subject(headers.parent);
        // Header names are case-insensitive.
        for ([old_name, name], site) in headers.paired(|_, name, _| Some(name.to_ascii_lowercase())) {
            if name.eq_ignore_ascii_case(IGNORED) {
                if !site.is_unchanged() {
                    let verb = site.verb();
                    let what = format!("the header `{IGNORED}` of {response}, which is ignored, {verb}");
                    self.report(Kind::IgnoredHeaderChanged, &site, what, DIRECTION);
                }
                continue;
            }
            let Some((old, new)) = site.both() else {
                let resolved = site.old.as_ref().map(|header| self.old.resolve(header));
                let (kind, words) = match resolved {
                    None => (Kind::HeaderAdded, "added to"),
                    Some(header) if header.flag("required") => (Kind::RequiredHeaderRemoved, "removed from"),
                    Some(_) => (Kind::OptionalHeaderRemoved, "removed from"),
                };
                let what = format!("the response header `{name}` was {words} {response}");
                self.report(kind, &site, what, DIRECTION);
                continue;
            };
            if old_name != name {
                let what = format!("the response header `{old_name}` is now written `{name}`");
                self.report(Kind::NotationChanged, &site, what, DIRECTION);
            }
            self.reference(&site, DIRECTION);
            let (old, new) = (self.old.resolve(old), self.new.resolve(new));
            let role = SchemaRole::Header;
            self.parameter(&old, &new, SchemaContext { role, ..context });
        }
    }
}

/// Checks whether `range` is a range such as `4XX` that covers `status`.
fn is_in_range(status: &str, range: &str) -> bool {
    let mut pairs = status.chars().zip(range.chars());
    status != range
        && status.len() == range.len()
        && range.ends_with(['X', 'x'])
        && pairs.all(|(digit, other)| digit == other || ['X', 'x'].contains(&other))
}

/// Returns the response under a range, such as `4XX`, that covers this status.
fn ranges<'a>(status: &str, responses: &Node<'a>) -> Option<Node<'a>> {
    let range = responses.keys().find(|range| is_in_range(status, range))?;
    responses.get(range)
}

/// Returns the response that applies to a status without an entry of its own: the response under a range that
/// covers the status, or else `default`.
fn covering<'a>(status: &str, responses: &Node<'a>) -> Option<Node<'a>> {
    let is_default = status != "default" && (!is_success(status) || !has_success(responses));
    let default = || responses.get("default").filter(|_| is_default);
    ranges(status, responses).or_else(default)
}

/// Checks whether responses with this status never have a body.
fn has_no_body(status: &str) -> bool {
    media::has_no_body(status) || status == "304" || status.starts_with('1')
}

fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// Checks whether responses document any 2xx status. Then `default` applies only to failures.
fn has_success(responses: &Node<'_>) -> bool {
    responses.keys().any(is_success)
}

/// Returns the distinct `content` objects of all 2xx responses, without their statuses. If `default` is the
/// only response, returns its `content`.
fn success_bodies<'a>(document: &DocumentIndex<'a>, responses: &Node<'a>) -> BTreeSet<String> {
    let is_only = responses.keys().count() == 1;
    let responses = responses.members().into_iter();
    let successes = responses.filter(|(status, _)| is_success(status) || (is_only && *status == "default"));
    let bodies = successes.map(|(_, response)| {
        let response = document.resolve(&response);
        response.value.get("content").map(canonical).unwrap_or_default()
    });
    bodies.collect()
}
