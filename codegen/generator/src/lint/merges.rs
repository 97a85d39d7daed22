//! Merges without end.
//!
//! The generator merges the parts of a composition into one schema, and then the schemas that several parts give to the
//! same property. A reference that stands alone it takes for the type of that name; one that it has to merge with
//! something it takes apart. A schema that holds itself so is merged again inside of itself, and the generator overflows
//! its stack, which ends the program. So the merges are gone through here beforehand, with sets of places in the document
//! for the merged schemas: there are only so many sets, and one that leads back to itself has no end.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::{Lint, Object, rules};
use funnelflux_openapi::{
    Document,
    openapi_model::{Kind, Visitor, is_reference, walk},
    pointer,
};

/// Keys that make one schema out of several.
const COMPOSITIONS: [&str; 3] = ["allOf", "oneOf", "anyOf"];

const ALTERNATIVES: [&str; 2] = ["oneOf", "anyOf"];

/// Keys by which a schema changes another one that it is merged with.
const FIELDS: [&str; 5] = ["properties", "additionalProperties", "items", "required", "enum"];

/// So deep a merge ends in a full stack too, whether it ends by itself or not.
const DEPTH: usize = 100;

/// So many merges for one schema are refused: nobody would wait for the generator, which does the same one again wherever
/// it meets it.
const MERGES: u64 = 2_000;

impl Lint<'_> {
    /// Schemas that the generator would merge without end. Those that are themselves must have been looked for.
    pub(super) fn endless_merges(&mut self) {
        if self.breaks(&rules::REFERENCE_CYCLE) {
            return;
        }
        let mut roots = Compositions(Vec::new());
        walk(self.document.value(), &mut roots);
        let mut merges = Merges {
            document: self.document,
            open: Vec::new(),
            settled: HashMap::new(),
            endless: HashSet::new(),
        };
        let mut places = BTreeMap::new();
        for root in roots.0 {
            let Err(endless) = merges.convert(vec![root.clone()], false) else {
                continue;
            };
            let (place, why) = match endless {
                Endless::Known => continue,
                Endless::Round(place) => (place, "has no end, since a property holds it again".to_owned()),
                Endless::Long(place) => (place, format!("takes more than {MERGES} merges")),
                Endless::Deep => (None, format!("goes more than {DEPTH} schemas deep")),
            };
            places.insert(place.unwrap_or(root), why);
        }
        for (place, why) in places {
            let what = match place.rsplit_once('/').filter(|_| is_component(&place)) {
                Some((_, name)) => format!("`{name}`"),
                None => "this schema".to_owned(),
            };
            let message = format!("{what} is put together from several schemas, which {why}");
            self.report(&rules::RECURSIVE_ALL_OF, place, message);
        }
    }

    fn breaks(&self, rule: &rules::Rule) -> bool {
        let mut diagnostics = self.diagnostics.iter();
        diagnostics.any(|diagnostic| diagnostic.code == rule.code)
    }
}

/// Collects the places of the schemas that are put together.
struct Compositions(Vec<String>);

impl Visitor for Compositions {
    fn object(&mut self, kind: Kind, pointer: &pointer::Pointer, object: &Object) {
        if kind == Kind::Schema && has_any(object, &COMPOSITIONS) && !is_reference(kind, object) {
            self.0.push(pointer.to_string());
        }
    }

    fn misfit(&mut self, _pointer: &pointer::Pointer, _message: String) {}

    fn unknown(&mut self, _kind: Kind, _pointer: &pointer::Pointer, _key: &str) {}
}

/// A schema that takes part in a merge: by its place, and how many of [`COMPOSITIONS`] need not be looked at any more,
/// because what they list takes part by itself.
type Part = (String, usize);

/// What is merged, and whether it is so more than once: the generator does not see that it is the same.
type Parts = BTreeMap<Part, bool>;

fn add(parts: &mut Parts, part: Part, twice: bool) {
    parts
        .entry(part)
        .and_modify(|twice| *twice = true)
        .or_insert(twice);
}

/// A merge that does not end.
enum Endless {
    /// It leads back to itself, by way of this schema, where something is merged.
    Round(Option<String>),
    /// There are too many merges in that of this schema.
    Long(Option<String>),
    /// Too many are inside of each other.
    Deep,
    /// It has been met before.
    Known,
}

fn has_any(object: &Object, keys: &[&str]) -> bool {
    keys.iter().any(|key| object.contains_key(*key))
}

fn is_component(place: &str) -> bool {
    let name = place.strip_prefix("/components/schemas/");
    name.is_some_and(|name| !name.contains('/'))
}

struct Merges<'a> {
    document: &'a Document,
    /// The merges that are going on, each inside of the one before.
    open: Vec<Parts>,
    /// The merges that have been gone through and end, and how many they take.
    settled: HashMap<Parts, u64>,
    /// Those that do not.
    endless: HashSet<Parts>,
}

impl<'a> Merges<'a> {
    fn object(&self, place: &str) -> Option<&'a Object> {
        self.document.get(place).and_then(Value::as_object)
    }

    /// The component that a schema stands for: a reference, also as the only part of an `allOf`.
    fn named(&self, place: &str) -> Option<String> {
        let object = self.object(place)?;
        let reference = if is_reference(Kind::Schema, object) {
            object
        } else {
            match object.get("allOf")?.as_array()?.as_slice() {
                [only] if !has_any(object, &FIELDS) && !has_any(object, &ALTERNATIVES) => only.as_object()?,
                _ => return None,
            }
        };
        let target = reference.get("$ref")?.as_str()?.strip_prefix('#')?;
        is_component(target).then(|| target.to_owned())
    }

    /// What a mere reference refers to.
    fn reference(&self, place: &str) -> Option<&'a str> {
        let object = self.object(place)?;
        object
            .get("$ref")
            .filter(|_| is_reference(Kind::Schema, object))?
            .as_str()
    }

    /// Whether a component stays what it is when it is merged with a schema that says nothing, so that it is taken for
    /// the type of its name all the same.
    fn is_stable(&self, place: &str) -> bool {
        if let Some(target) = self.named(place) {
            return self.is_stable(&target);
        }
        let Some(object) = self.object(place) else {
            return true;
        };
        if !has_any(object, &ALTERNATIVES) {
            return !object.contains_key("allOf");
        }
        let is_union = !object.contains_key("allOf") && !has_any(object, &FIELDS);
        is_union
            && self
                .alternatives(place)
                .all(|all| all.len() > 1 && all.iter().all(|alternative| self.is_stable(alternative)))
    }

    /// The places of the alternatives of a schema.
    fn alternatives(&self, place: &str) -> impl Iterator<Item = Vec<String>> {
        ALTERNATIVES
            .iter()
            .map(|key| self.listed(place, key))
            .filter(|all| !all.is_empty())
    }

    /// The places of the schemas that a composition lists.
    fn listed(&self, place: &str, key: &str) -> Vec<String> {
        let at = pointer::join(place, key);
        let listed = self.document.get(&at).and_then(Value::as_array);
        let count = listed.map_or(0, Vec::len);
        (0..count).map(|index| pointer::item(&at, index)).collect()
    }

    /// Whether a schema is put together from several.
    fn is_merge(&self, place: &str) -> bool {
        let Some(object) = self.object(place) else {
            return false;
        };
        let all_of = object.get("allOf").and_then(Value::as_array);
        all_of.is_some_and(|parts| parts.len() > 1)
            || (has_any(object, &FIELDS) && has_any(object, &COMPOSITIONS))
    }

    /// Whether nothing but one component is left, which is then taken for the type of its name.
    fn is_one_component(&self, parts: &Parts) -> bool {
        let mut rest = parts.iter().filter(|((place, seen), _)| {
            let open = COMPOSITIONS.get(*seen..).unwrap_or_default();
            self.object(place)
                .is_some_and(|object| has_any(object, &FIELDS) || has_any(object, open))
        });
        let Some(((place, 0), _)) = rest.next() else {
            return false;
        };
        let kind = self.object(place).and_then(|object| object.get("type"));
        let fits = |(other, _): &Part| {
            let other = self.object(other).and_then(|object| object.get("type"));
            other.is_none_or(|other| Some(other) == kind)
        };
        rest.next().is_none() && is_component(place) && parts.keys().all(fits) && self.is_stable(place)
    }

    /// Goes through what the generator does with schemas that one value has to fit all. `merged`: also where it is one
    /// schema only, it is merged with something that says nothing. Gives how many merges it takes.
    fn convert(&mut self, places: Vec<String>, merged: bool) -> Result<u64, Endless> {
        if let [only] = places.as_slice()
            && self
                .named(only)
                .is_some_and(|target| !merged || self.is_stable(&target))
        {
            return Ok(0);
        }
        if let [only] = places.as_slice()
            && let Some(object) = self.object(only)
            && !merged
            && has_any(object, &ALTERNATIVES)
            && !has_any(object, &FIELDS)
            && !object.contains_key("allOf")
        {
            // A mere union merges nothing.
            let alternatives: Vec<String> = self.alternatives(only).flatten().collect();
            return sum(alternatives, |alternative| self.convert(vec![alternative], false));
        }
        // A reference that is merged with something is taken apart, and what is left of it does not know its name.
        let is_apart = merged && places.iter().any(|place| self.reference(place).is_some());
        let mut parts = Parts::new();
        for place in places {
            add(&mut parts, self.part(place), false);
        }
        let is_twice = parts.values().any(|twice| *twice);
        if !(is_apart && is_twice) && self.is_one_component(&parts) {
            return Ok(0);
        }
        self.merge(parts)
    }

    fn merge(&mut self, parts: Parts) -> Result<u64, Endless> {
        if let Some(count) = self.settled.get(&parts) {
            return Ok(*count);
        }
        if self.endless.contains(&parts) {
            return Err(Endless::Known);
        }
        if let Some(start) = self.open.iter().position(|open| *open == parts) {
            let round = self.open.iter().skip(start).flat_map(Parts::keys);
            return Err(Endless::Round(self.first_merge(round)));
        }
        if self.open.len() > DEPTH {
            return Err(Endless::Deep);
        }
        self.open.push(parts.clone());
        let count = self.take_apart(parts.clone()).map(|count| count + 1);
        self.open.pop();
        let count = match count {
            Ok(count) if count > MERGES => Err(Endless::Long(self.first_merge(parts.keys()))),
            count => count,
        };
        match count {
            Ok(count) => {
                self.settled.insert(parts, count);
            }
            Err(_) => {
                self.endless.insert(parts);
            }
        }
        count
    }

    fn first_merge<'b>(&self, parts: impl IntoIterator<Item = &'b Part>) -> Option<String> {
        let mut places = parts.into_iter().map(|(place, _)| place);
        places.find(|place| self.is_merge(place)).cloned()
    }

    /// Takes the parts of the parts, and one of each of their alternatives, then what they say of the same property.
    fn take_apart(&mut self, mut parts: Parts) -> Result<u64, Endless> {
        let composed = parts.iter().find_map(|((place, seen), twice)| {
            let object = self.object(place)?;
            let mut keys = COMPOSITIONS.iter().enumerate().skip(*seen);
            let (index, key) = keys.find(|(_, key)| object.contains_key(**key))?;
            Some((place.clone(), *seen, *twice, index, *key))
        });
        let Some((place, seen, twice, index, key)) = composed else {
            return self.members(&parts);
        };
        let listed = self.listed(&place, key);
        let inner: Vec<Part> = listed.into_iter().map(|place| self.part(place)).collect();
        parts.remove(&(place.clone(), seen));
        add(&mut parts, (place, index + 1), twice);
        if key == "allOf" {
            for part in inner {
                add(&mut parts, part, twice);
            }
            if self.is_one_component(&parts) {
                return Ok(0);
            }
            return self.take_apart(parts);
        }
        sum(inner, |alternative| {
            let mut parts = parts.clone();
            add(&mut parts, alternative, twice);
            if !twice && self.is_one_component(&parts) {
                return Ok(0);
            }
            self.merge(parts)
        })
    }

    fn part(&self, mut place: String) -> Part {
        while let Some(target) = self.named(&place) {
            place = target;
        }
        (place, 0)
    }

    /// Goes through the properties, items and values of a merged schema.
    fn members(&mut self, parts: &Parts) -> Result<u64, Endless> {
        let mut properties: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut objects = 0;
        let (mut items, mut values) = (Vec::new(), Vec::new());
        for ((place, _), twice) in parts {
            let Some(object) = self.object(place) else {
                continue;
            };
            let own = object.get("properties").and_then(Value::as_object);
            let at = pointer::join(place, "properties");
            for name in own.into_iter().flat_map(Object::keys) {
                let all = properties.entry(name).or_default();
                all.extend(vec![pointer::join(&at, name); 1 + usize::from(*twice)]);
            }
            // What an object with fields says of others is not typed: they are kept as they come.
            let has_fields = own.is_some_and(|own| !own.is_empty());
            // An object without fields that is closed is opened by a rule of prepare, as those with fields are.
            let is_closed = object.get("additionalProperties") == Some(&Value::Bool(false));
            objects += usize::from(has_fields || is_closed) * (1 + usize::from(*twice));
            if object.get("items").is_some_and(Value::is_object) {
                items.push(pointer::join(place, "items"));
            }
            if !has_fields && object.get("additionalProperties").is_some_and(Value::is_object) {
                values.push(pointer::join(place, "additionalProperties"));
            }
        }
        let mut inner = Vec::new();
        for places in properties.into_values() {
            let others = objects - places.len() + values.len();
            let merged = places.len() + others > 1;
            // Two references to the same schema, and nothing else, the generator sees as one.
            let mut references = places.iter().map(|place| self.reference(place));
            if let [first @ Some(_), second] = [references.next().flatten(), references.next().flatten()]
                && first == second
                && places.len() == 2
                && others == 0
            {
                continue;
            }
            inner.push((places.into_iter().chain(values.clone()).collect(), merged));
        }
        for places in [items, values] {
            let merged = places.len() > 1;
            inner.push((places, merged));
        }
        inner.retain(|(places, _): &(Vec<String>, bool)| !places.is_empty());
        sum(inner, |(places, merged)| self.convert(places, merged))
    }
}

/// How many merges all of them take, as long as each has an end.
fn sum<T>(
    of: impl IntoIterator<Item = T>,
    mut count: impl FnMut(T) -> Result<u64, Endless>,
) -> Result<u64, Endless> {
    of.into_iter()
        .try_fold(0_u64, |sum, one| Ok(sum.saturating_add(count(one)?)))
}
