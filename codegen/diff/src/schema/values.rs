//! What a single value may be: its type and format, null, enumerations, defaults and limits.

use std::cmp::Ordering;

use std::collections::HashSet;

use serde_json::Value;

use super::set_unset_changed;
use crate::{
    Direction, Impact,
    node::{Node, canonical},
    rules::{self, LIMITS, MIN_CONTAINS, Rule},
    walk::{Noun, Place, Spot, Walk, quote, subject},
};
use funnelflux_openapi::number;

impl<'a> Walk<'a> {
    pub(super) fn type_(&mut self, old: &Node<'a>, new: &Node<'a>, spot: &Spot<'_, 'a>, place: Place) {
        let rule = match (old.str("type"), new.str("type")) {
            (None, Some(_)) | (Some("number"), Some("integer")) => &rules::TYPE_SPECIALIZED,
            (Some(_), None) | (Some("integer"), Some("number")) => &rules::TYPE_GENERALIZED,
            _ => &rules::TYPE_CHANGED,
        };
        let what = spot.told("type");
        self.note(rule, spot, what).at(place);
    }

    pub(super) fn format(&mut self, old: &Node<'a>, new: &Node<'a>, spot: &Spot<'_, 'a>, place: Place) {
        let (before, after) = (old.str("format"), new.str("format"));
        let rule = match (before, after) {
            (None, _) => &rules::FORMAT_ADDED,
            (_, None) => &rules::FORMAT_REMOVED,
            (Some("int32"), Some("int64")) | (Some("float"), Some("double")) => &rules::FORMAT_GENERALIZED,
            (Some("int64"), Some("int32")) | (Some("double"), Some("float")) => &rules::FORMAT_SPECIALIZED,
            _ => &rules::FORMAT_CHANGED,
        };
        let what = spot.told("format");
        let chooses = [
            "uuid",
            "date",
            "date-time",
            "ip",
            "ipv4",
            "ipv6",
            "byte",
            "binary",
            "password",
        ];
        let is_text = |node: &Node<'a>| node.str("type") == Some("string");
        let plain = |format: Option<&str>| format.is_none_or(|format| !chooses.contains(&format));
        let found = self.note(rule, spot, what);
        found.at(place);
        if is_text(old) && is_text(new) && plain(before) && plain(after) {
            found.lower(
                Impact::Patch,
                "A string of these formats is a `String` before and after.",
            );
        }
    }

    pub(super) fn nullable(&mut self, spot: &Spot<'_, 'a>, place: Place, optional: bool) {
        self.flag(
            spot,
            "nullable",
            [&rules::BECAME_NULLABLE, &rules::BECAME_NOT_NULLABLE],
            place,
        );
        if let Some(found) = self.found.last_mut()
            && optional
        {
            found.lower(
                Impact::Patch,
                "An optional field takes null as absent already, and is never sent as null.",
            );
        }
    }

    /// A keyword that is true or false, where false is the same as absent.
    pub(super) fn flag(&mut self, spot: &Spot<'_, 'a>, key: &str, rules: [&'static Rule; 2], place: Place) {
        let value = |node: Option<&Node<'a>>| node.and_then(|node| node.value.as_bool());
        let strange = [spot.old, spot.new]
            .into_iter()
            .flatten()
            .any(|node| !node.value.is_boolean());
        if strange {
            self.unknown(spot.old, spot.new);
            return;
        }
        let [on, off] = rules;
        let what = spot.told(key);
        match (value(spot.old).unwrap_or(false), value(spot.new).unwrap_or(false)) {
            (false, true) => self.note(on, spot, what).at(place),
            (true, false) => self.note(off, spot, what).at(place),
            _ => {
                let found = self.note(&rules::NOTATION_CHANGED, spot, what);
                found.direction = place.direction;
                found
            }
        };
    }

    pub(super) fn enumeration(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        let (Some(old), Some(new)) = (spot.old, spot.new) else {
            let rule = if spot.old.is_none() {
                &rules::BECAME_ENUM
            } else {
                &rules::ENUM_UNSET
            };
            let what = spot.told("enum");
            self.note(rule, spot, what).at(place);
            return;
        };
        let (before, after) = (old.entries(canonical), new.entries(canonical));
        let held = |entries: &[Node<'a>]| -> HashSet<String> {
            entries.iter().map(|entry| canonical(entry.value)).collect()
        };
        let (known, kept) = (held(&before), held(&after));
        let is_in = |held: &HashSet<String>, entry: &Node<'a>| held.contains(&canonical(entry.value));
        let mut reported = false;
        for value in after.iter().filter(|entry| !is_in(&known, entry)) {
            let what = format!(
                "{} takes the value {} too",
                subject(spot.parent),
                quote(value.value)
            );
            self.note(&rules::ENUM_VALUE_ADDED, &Spot::added(value, new), what)
                .at(place);
            reported = true;
        }
        for value in before.iter().filter(|entry| !is_in(&kept, entry)) {
            let what = format!(
                "{} no longer takes the value {}",
                subject(spot.parent),
                quote(value.value)
            );
            self.note(&rules::ENUM_VALUE_REMOVED, &Spot::removed(value, new), what)
                .at(place);
            reported = true;
        }
        if !reported {
            let what = spot.told("enum");
            self.note(&rules::ENUM_ORDER, spot, what).direction = place.direction;
        }
    }

    /// Values that are known, though others may come; only the loss of one says something.
    pub(super) fn extensible_enumeration(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        let list = |node: Option<&Node<'a>>| node.map(|node| node.entries(canonical));
        let (before, after) = (list(spot.old).unwrap_or_default(), list(spot.new));
        let is_gone = |value: &&Node<'a>| {
            let mut others = after.iter().flatten();
            after.is_some() && !others.any(|other| other.value == value.value)
        };
        let from = self.found.len();
        for value in before.iter().filter(is_gone) {
            let what = format!(
                "{} no longer knows the value {}",
                subject(spot.parent),
                quote(value.value)
            );
            let spot = Spot::removed(value, spot.parent);
            self.note(&rules::EXTENSIBLE_VALUE_REMOVED, &spot, what).at(place);
        }
        if self.found.len() == from {
            let (old, new) = (spot.old, spot.new);
            self.annotation("x-extensible-enum", old, new, spot.parent, place.direction);
        }
    }

    pub(super) fn default(&mut self, spot: &Spot<'_, 'a>, place: Place) {
        let parameter = place.noun == Noun::Parameter && place.direction == Direction::Request;
        let rules: [&'static Rule; 3] = if parameter {
            [
                &rules::PARAMETER_DEFAULT_ADDED,
                &rules::PARAMETER_DEFAULT_REMOVED,
                &rules::PARAMETER_DEFAULT_CHANGED,
            ]
        } else {
            [
                &rules::DEFAULT_ADDED,
                &rules::DEFAULT_REMOVED,
                &rules::DEFAULT_CHANGED,
            ]
        };
        self.value("default", spot, rules, place);
    }

    /// A keyword of which every change is told in the same words: set, unset, changed.
    pub(super) fn value(&mut self, key: &str, spot: &Spot<'_, 'a>, rules: [&'static Rule; 3], place: Place) {
        self.note(set_unset_changed(spot, rules), spot, spot.told(key))
            .at(place);
    }

    /// Numeric bounds, lengths and counts: true if the key is one of them.
    pub(super) fn limit(
        &mut self,
        key: &str,
        old: &Node<'a>,
        new: &Node<'a>,
        spot: &Spot<'_, 'a>,
        place: Place,
    ) -> bool {
        let Some((_, name, upper)) = LIMITS.into_iter().find(|(keyword, ..)| *keyword == key) else {
            return false;
        };
        let sides = [spot.old, spot.new].map(|side| side.map(|node| node.value));
        if sides.into_iter().flatten().any(|limit| !limit.is_number()) {
            self.unknown(spot.old, spot.new);
            return true;
        }
        let one = Value::from(1);
        let unsaid = (key == MIN_CONTAINS).then_some(&one);
        let [before, after] = sides.map(|limit| limit.or(unsaid));
        let order = before
            .zip(after)
            .map(|(before, after)| number::compare(after, before));
        let rule = match (order, upper) {
            (None, _) if before.is_none() => &rules::LIMIT_SET,
            (None, _) => &rules::LIMIT_UNSET,
            (Some(Ordering::Less), true) => &rules::UPPER_DECREASED,
            (Some(Ordering::Greater), true) => &rules::UPPER_INCREASED,
            (Some(Ordering::Less), false) => &rules::LOWER_DECREASED,
            (Some(Ordering::Greater), false) => &rules::LOWER_INCREASED,
            // The same number, written in another way.
            (Some(Ordering::Equal), _) => &rules::NOTATION_CHANGED,
        };
        // A lower limit of nothing says nothing.
        let is_nothing = |limit: Option<&Value>| limit.is_none_or(|limit| limit.as_f64() == Some(0.0));
        let empty =
            !upper && !["minimum", MIN_CONTAINS].contains(&key) && is_nothing(before) && is_nothing(after);
        let rule = if empty { &rules::NOTATION_CHANGED } else { rule };
        let what = spot.told(key);
        let found = self.note(rule, spot, what);
        found.at(place);
        found.limit = name;
        let fixed_length = |node: &Node<'a>| {
            node.value.get("minItems").is_some() && node.value.get("minItems") == node.value.get("maxItems")
        };
        let keeps_type = number_type(old) == number_type(new) && !fixed_length(old) && !fixed_length(new);
        if keeps_type {
            found.lower(
                Impact::Patch,
                "The crate does not validate limits, the service does; only the documentation of the field changes.",
            );
        }
        true
    }
}

/// What chooses the Rust type of a number: the generator takes the type that the bounds fit exactly, and a non-zero
/// one for a least value of one.
pub(super) fn number_type(node: &Node<'_>) -> Option<String> {
    let kind = node.str("type")?;
    if kind != "integer" {
        return None;
    }
    let bound = |key: &str, exclusive: &str, step: f64| {
        let value = node.value.get(key).and_then(Value::as_f64)?;
        Some(if node.flag(exclusive) { value + step } else { value })
    };
    let least = bound("minimum", "exclusiveMinimum", 1.0);
    let most = bound("maximum", "exclusiveMaximum", -1.0);
    let special =
        |value: f64, limits: &[f64]| limits.iter().find(|limit| (**limit - value).abs() < 0.5).copied();
    #[expect(
        clippy::cast_precision_loss,
        reason = "the generator compares in floating point too"
    )]
    let least = least.and_then(|value| {
        special(
            value,
            &[
                0.0,
                1.0,
                f64::from(i8::MIN),
                f64::from(i16::MIN),
                f64::from(i32::MIN),
                i64::MIN as f64,
            ],
        )
    });
    #[expect(
        clippy::cast_precision_loss,
        reason = "the generator compares in floating point too"
    )]
    let most = most.and_then(|value| {
        special(
            value,
            &[
                f64::from(i8::MAX),
                f64::from(u8::MAX),
                f64::from(i16::MAX),
                f64::from(u16::MAX),
                f64::from(i32::MAX),
                f64::from(u32::MAX),
                i64::MAX as f64,
                u64::MAX as f64,
            ],
        )
    });
    Some(format!("{least:?} {most:?}"))
}
