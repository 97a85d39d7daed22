//! Request bodies, and the content of bodies of both directions.

use super::{Noun, Place, Spot, Walk, keys, resolve, same, subject};
use crate::{Direction, Impact, node::Node, rules};
use serde_json::{Map, Value};

impl<'a> Walk<'a> {
    pub(super) fn request_body(&mut self, old: Option<&Node<'a>>, new: Option<&Node<'a>>, parent: &Node<'a>) {
        let resolved = (
            old.map(|node| resolve(&self.old, node)),
            new.map(|node| resolve(&self.new, node)),
        );
        let place = Place {
            direction: Direction::Request,
            noun: Noun::Body,
            failure: false,
        };
        match resolved {
            (None, None) => {}
            (None, Some(body)) => {
                let (rule, need) = if body.flag("required") {
                    (&rules::BODY_ADDED_REQUIRED, "a required")
                } else {
                    (&rules::BODY_ADDED_OPTIONAL, "an optional")
                };
                let what = format!("{need} request body was added to {}", subject(parent));
                self.note(
                    rule,
                    &Spot {
                        old: None,
                        new,
                        parent,
                    },
                    what,
                )
                .direction = Direction::Request;
            }
            (Some(_), None) => {
                let what = format!("the request body of {} was removed", subject(parent));
                self.note(
                    &rules::BODY_REMOVED,
                    &Spot {
                        old,
                        new: None,
                        parent,
                    },
                    what,
                )
                .direction = Direction::Request;
            }
            (Some(before), Some(after)) => {
                self.moved_behind_reference(old, new, parent, Direction::Request);
                for key in keys(&before, &after) {
                    let (one, other) = (before.get(key), after.get(key));
                    let spot = Spot::between(one.as_ref(), other.as_ref(), &after);
                    match key {
                        "content" => match (&one, &other) {
                            (Some(one), Some(other)) => self.content(one, other, place),
                            _ => self.unknown(spot.old, spot.new),
                        },
                        _ if same(spot.old, spot.new) => {}
                        "required" => {
                            let (rule, what) = match (before.flag(key), after.flag(key)) {
                                (false, true) => {
                                    (&rules::BODY_BECAME_REQUIRED, "the request body became required")
                                }
                                (true, false) => {
                                    (&rules::BODY_BECAME_OPTIONAL, "the request body became optional")
                                }
                                _ => (
                                    &rules::NOTATION_CHANGED,
                                    "the request body is as required as before",
                                ),
                            };
                            let what = format!("{what} ({})", subject(parent));
                            self.note(rule, &spot, what).direction = Direction::Request;
                        }
                        _ if self.annotation(key, spot.old, spot.new, &after, Direction::Request) => {}
                        _ => self.unknown(spot.old, spot.new),
                    }
                }
            }
        }
    }

    /// A part that is written in place on one side and behind a reference on the other, or behind another reference.
    pub(super) fn moved_behind_reference(
        &mut self,
        old: Option<&Node<'a>>,
        new: Option<&Node<'a>>,
        parent: &Node<'a>,
        direction: Direction,
    ) {
        let reference = |node: Option<&Node<'a>>| node.and_then(|node| node.str("$ref"));
        if reference(old) != reference(new) {
            let what = format!(
                "it is written at {} instead of {}",
                reference(new).map_or("the place of use".to_owned(), |text| format!("`{text}`")),
                reference(old).map_or("the place of use".to_owned(), |text| format!("`{text}`")),
            );
            let found = self.note(&rules::NOTATION_CHANGED, &Spot { old, new, parent }, what);
            found.direction = direction;
            found.subtree = reference(old).is_none() || reference(new).is_none();
        }
    }

    pub(super) fn content(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        let nothing = Map::new();
        for key in keys(old, new) {
            match (old.get(key), new.get(key)) {
                (Some(before), Some(after)) => self.media_type(&before, &after, place),
                (None, Some(media_type)) => {
                    self.media_type_added_or_removed(
                        &media_type,
                        new,
                        true,
                        place,
                        old.value.as_object().unwrap_or(&nothing),
                    );
                }
                (Some(media_type), None) => {
                    self.media_type_added_or_removed(
                        &media_type,
                        new,
                        false,
                        place,
                        new.value.as_object().unwrap_or(&nothing),
                    );
                }
                (None, None) => {}
            }
        }
    }

    pub(super) fn media_type_added_or_removed(
        &mut self,
        media_type: &Node<'a>,
        parent: &Node<'a>,
        added: bool,
        place: Place,
        others: &Map<String, Value>,
    ) {
        let rule = match (place.direction, added) {
            (Direction::Response, true) => &rules::RESPONSE_MEDIA_TYPE_ADDED,
            (Direction::Response, false) => &rules::RESPONSE_MEDIA_TYPE_REMOVED,
            (_, true) => &rules::BODY_MEDIA_TYPE_ADDED,
            (_, false) => &rules::BODY_MEDIA_TYPE_REMOVED,
        };
        let name = funnelflux_openapi::pointer::tokens(&media_type.pointer)
            .last()
            .unwrap_or_default()
            .into_owned();
        let spot = if added {
            Spot::added(media_type, parent)
        } else {
            Spot::removed(media_type, parent)
        };
        let what = format!(
            "the media type `{name}` of {} was {}",
            subject(parent),
            if added { "added" } else { "removed" }
        );
        let found = self.note(rule, &spot, what);
        found.direction = place.direction;
        if place.failure {
            found.impact = Impact::Patch;
            found.reason = Some("Failures are one error type, declared or not.".to_owned());
        } else if others.contains_key("application/json") && name != "application/json" {
            found.impact = Impact::Patch;
            found.reason = Some("The crate speaks JSON, which is there before and after.".to_owned());
        }
    }

    fn media_type(&mut self, old: &Node<'a>, new: &Node<'a>, place: Place) {
        for key in keys(old, new) {
            let (before, after) = (old.get(key), new.get(key));
            let spot = Spot::between(before.as_ref(), after.as_ref(), new);
            match (key, &before, &after) {
                ("schema", Some(before), Some(after)) => self.schema(before, after, place, false),
                ("schema", before, _) => {
                    let (rule, what) = match (place.direction, before.is_none()) {
                        (Direction::Response, true) => {
                            (&rules::RESPONSE_SCHEMA_ADDED, "the body has a schema now")
                        }
                        (Direction::Response, false) => {
                            (&rules::RESPONSE_SCHEMA_REMOVED, "the body has no schema any more")
                        }
                        (_, true) => (&rules::BODY_SCHEMA_ADDED, "the body has a schema now"),
                        (_, false) => (&rules::BODY_SCHEMA_REMOVED, "the body has no schema any more"),
                    };
                    let what = format!("{what} ({})", subject(new));
                    self.note(rule, &spot, what).direction = place.direction;
                }
                _ if self.annotation(key, spot.old, spot.new, new, place.direction) => {}
                _ => self.unknown(spot.old, spot.new),
            }
        }
    }
}
