//! Responses and their headers.

use super::{Noun, Place, Spot, Walk, keys, resolve, same, subject};
use crate::{Direction, Impact, node::Node, node::canonical, rules};
use serde_json::Map;
use std::collections::BTreeSet;

impl<'a> Walk<'a> {
    pub(super) fn responses(&mut self, old: &Node<'a>, new: &Node<'a>) {
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            if key.starts_with("x-") {
                self.annotation(key, before.as_ref(), after.as_ref(), new, Direction::Response);
                continue;
            }
            let success = key.starts_with('2');
            match (&before, &after) {
                (Some(before), Some(after)) => {
                    self.moved_behind_reference(Some(before), Some(after), new, Direction::Response);
                    let (before, after) = (resolve(&self.old, before), resolve(&self.new, after));
                    self.response(&before, &after, !success && key != "default");
                }
                (None, None) => {}
                _ => {
                    let added = before.is_none();
                    let rule = match (key, success, added) {
                        ("default", _, true) => &rules::DEFAULT_RESPONSE_ADDED,
                        ("default", _, false) => &rules::DEFAULT_RESPONSE_REMOVED,
                        (_, true, true) => &rules::SUCCESS_STATUS_ADDED,
                        (_, true, false) => &rules::SUCCESS_STATUS_REMOVED,
                        (_, false, true) => &rules::FAILURE_STATUS_ADDED,
                        (_, false, false) => &rules::FAILURE_STATUS_REMOVED,
                    };
                    let what = format!(
                        "the response {} was {}",
                        subject(before.as_ref().or(after.as_ref()).unwrap_or(new)),
                        if added { "added" } else { "removed" }
                    );
                    // The method returns the body of success; another status with the same body changes nothing.
                    let bodies = |node: &Node<'a>, document: &Node<'a>| -> BTreeSet<String> {
                        node.members()
                            .into_iter()
                            .filter(|(status, _)| status.starts_with('2'))
                            .map(|(_, response)| {
                                resolve(document, &response)
                                    .value
                                    .get("content")
                                    .map(canonical)
                                    .unwrap_or_default()
                            })
                            .collect()
                    };
                    let same_bodies = bodies(old, &self.old) == bodies(new, &self.new);
                    let has_success =
                        |node: &Node<'a>| node.members().iter().any(|(status, _)| status.starts_with('2'));
                    let declared = has_success(old) && has_success(new);
                    let found = self.note(rule, &Spot::between(before.as_ref(), after.as_ref(), new), what);
                    found.direction = Direction::Response;
                    if same_bodies && declared {
                        found.impact = Impact::Patch;
                        found.reason = Some(
                            "Every 2xx is success in the crate and every other status is one error type; what the method \
                             returns stays the same."
                                .to_owned(),
                        );
                    }
                }
            }
        }
    }

    fn response(&mut self, old: &Node<'a>, new: &Node<'a>, failure: bool) {
        let place = Place {
            direction: Direction::Response,
            noun: Noun::Body,
            failure,
        };
        let nothing = Map::new();
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            match key {
                "content" => match (&before, &after) {
                    (Some(before), Some(after)) => self.content(before, after, place),
                    (one, other) => {
                        // One side has no body: each media type of the other was added or removed.
                        let node = one.as_ref().or(other.as_ref());
                        for (_, media_type) in node.map(Node::members).unwrap_or_default() {
                            self.media_type_added_or_removed(
                                &media_type,
                                new,
                                other.is_some(),
                                place,
                                &nothing,
                            );
                        }
                        if node.is_some_and(|node| node.members().is_empty()) {
                            let what = "`content` without media types was added or removed".to_owned();
                            self.note(&rules::NOTATION_CHANGED, &spot, what).direction = Direction::Response;
                        }
                    }
                },
                "headers" => self.headers(before.as_ref(), after.as_ref(), new, place),
                _ if self.annotation(key, spot.old, spot.new, new, Direction::Response) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }

    fn headers(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>, place: Place) {
        let members = |node: Option<&Node<'a>>| node.map(Node::members).unwrap_or_default();
        let place = Place {
            noun: Noun::Header,
            ..place
        };
        let (before, after) = (members(old), members(new));
        // Header names do not depend on case.
        let find = |list: &[(&'a str, Node<'a>)], name: &str| {
            list.iter()
                .find(|(other, _)| other.eq_ignore_ascii_case(name))
                .cloned()
        };
        for (name, raw) in &after {
            let header = resolve(&self.new, raw);
            let Some((former, other)) = find(&before, name) else {
                let what = format!("the response header `{name}` was added to {}", subject(parent));
                self.note(&rules::HEADER_ADDED, &Spot::added(raw, parent), what)
                    .direction = Direction::Response;
                continue;
            };
            if former != *name {
                let what = format!("the response header `{former}` is written `{name}`");
                let spot = Spot::between(Some(&other), Some(raw), parent);
                self.note(&rules::NOTATION_CHANGED, &spot, what).direction = Direction::Response;
            }
            self.moved_behind_reference(Some(&other), Some(raw), parent, Direction::Response);
            let other = resolve(&self.old, &other);
            for key in keys(&other, &header) {
                let (one, another) = (other.get(key), header.get(key));
                let spot = Spot::between(one.as_ref(), another.as_ref(), &header);
                match (key, &one, &another) {
                    ("schema", Some(one), Some(another)) => self.schema(one, another, place, false),
                    ("content", Some(one), Some(another)) => self.content(one, another, place),
                    _ if same(spot.old, spot.new) => {}
                    ("required", ..) => {
                        let (rule, what) = match (other.flag(key), header.flag(key)) {
                            (false, true) => (&rules::HEADER_BECAME_REQUIRED, "always comes"),
                            (true, false) => (&rules::HEADER_BECAME_OPTIONAL, "may be missing"),
                            _ => (&rules::NOTATION_CHANGED, "comes as before"),
                        };
                        self.note(
                            rule,
                            &spot,
                            format!("the response header `{name}` of {} {what}", subject(parent)),
                        )
                        .direction = Direction::Response;
                    }
                    ("deprecated", ..) => self.deprecated(
                        &spot,
                        &rules::HEADER_DEPRECATED,
                        &rules::HEADER_REACTIVATED,
                        Direction::Response,
                    ),
                    // How a list in a header of Swagger 2.0 is joined: no rule knows it, and it is more than words.
                    ("x-collectionFormat", ..) => self.unknown(spot.old, spot.new),
                    _ if self.annotation(key, spot.old, spot.new, &header, Direction::Response) => {}
                    _ => self.unknown(spot.old, spot.new),
                }
            }
        }
        for (name, raw) in &before {
            if find(&after, name).is_none() {
                let required = resolve(&self.old, raw).flag("required");
                let rule = if required {
                    &rules::HEADER_REMOVED_REQUIRED
                } else {
                    &rules::HEADER_REMOVED_OPTIONAL
                };
                let what = format!(
                    "the response header `{name}` was removed from {}",
                    subject(parent)
                );
                self.note(rule, &Spot::removed(raw, parent), what).direction = Direction::Response;
            }
        }
    }
}
