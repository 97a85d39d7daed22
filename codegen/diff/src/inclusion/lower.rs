//! Lowering: converts schemas of `OpenAPI` 3.0 to branches. A [`Branch`] describes the values of one JSON
//! type that a schema allows.
//!
//! Authors disagree on the effect of `nullable`. In the narrow interpretation, a schema allows a value only
//! if all authors expect so. In the wide interpretation, some authors suffice.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use serde_json::{Map, Value};

use funnelflux_openapi::{pointer::Pointer, references};

use super::{
    branch::{Branch, Kind},
    keywords::{UNEVALUATED, UNEVALUATED_ITEMS, doubly_negated, has_type, list, optional, types},
    nullable::{Nullable, Width, is_nullable_reference},
    pattern::Languages,
    schema::{Root, Schema},
};
use crate::level::{Direction, Side};

/// Maximum number of branches of a schema. A schema with more branches is unsupported.
const MOST_BRANCHES: usize = 96;

/// Maximum depth to which references and compositions are followed. A deeper composition is treated as
/// circular, and is unsupported.
pub(super) const DEEPEST: usize = 24;

/// Maximum number of schemas, nested schemas included, that one conversion visits.
const MOST_STEPS: usize = 3_000;

/// An interpretation of `oneOf`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum OneOf {
    /// At least one alternative must match. Authors often mean this interpretation: they add an alternative
    /// to allow more values, not to exclude values.
    Any,
    /// Exactly one alternative must match, as in JSON Schema.
    Exact,
}

/// An interpretation of a schema: an interpretation of `nullable`, and one of `oneOf`.
pub(super) type Reading = (Width, OneOf);

type Branches<'a> = Option<Rc<Vec<Branch<'a>>>>;

/// Converts schemas of both documents to branches, for messages of one direction.
pub(super) struct Lowering<'a> {
    documents: [Root<'a>; 2],
    direction: Direction,
    known: HashMap<(Vec<usize>, Reading), Branches<'a>>,
    pub(super) languages: Languages,
    /// True if any schema converted so far has a `oneOf` with several alternatives.
    pub(super) has_one_of: bool,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(documents: [Root<'a>; 2], direction: Direction) -> Self {
        Self {
            documents,
            direction,
            known: HashMap::new(),
            languages: Languages::default(),
            has_one_of: false,
        }
    }

    /// Returns the branches of the values that match all schemas, or `None` if a schema is unsupported.
    pub(super) fn branches(&mut self, schemas: &[Schema<'a>], reading: Reading) -> Branches<'a> {
        let key = (schemas.iter().map(|schema| self.key(*schema)).collect(), reading);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let branches = self.restrict(Kind::ALL.map(Branch::all).into(), schemas, reading);
        let branches = branches.map(Rc::new);
        self.known.insert(key, branches.clone());
        branches
    }

    /// Restricts branches to the values that match all schemas. Returns `None` if a schema is unsupported.
    pub(super) fn restrict(
        &mut self,
        mut branches: Vec<Branch<'a>>,
        schemas: &[Schema<'a>],
        reading: Reading,
    ) -> Option<Vec<Branch<'a>>> {
        let mut narrowing = Narrowing {
            lowering: self,
            reading,
            steps: 0,
        };
        for schema in schemas {
            branches = narrowing.narrow(branches, *schema, DEEPEST)?;
        }
        for branch in &mut branches {
            let Branch { required, unsent, .. } = branch;
            required.retain(|name| !unsent.contains(name));
        }
        branches.retain(|branch| !branch.is_empty());
        Some(branches)
    }

    /// Checks whether the sender's schema belongs to the old document. This is true for requests, because
    /// clients follow the old document.
    pub(super) fn old_is_small(&self) -> bool {
        self.direction == Direction::Request
    }

    fn root(&self, side: Side) -> Root<'a> {
        side.of(self.documents)
    }

    /// Returns the target of a reference. Returns the schema itself if it is not a reference, or if the
    /// reference is broken.
    pub(super) fn resolve(&self, schema: Schema<'a>) -> Schema<'a> {
        let document = self.root(schema.side).value;
        schema.part(references::resolve(document, Pointer::root(), schema.value).1)
    }

    /// Returns a number that two schemas share only if they allow the same values.
    pub(super) fn key(&self, schema: Schema<'a>) -> usize {
        if self.is_nullable_reference(schema) {
            schema.key()
        } else {
            self.resolve(schema).key()
        }
    }

    fn is_nullable_reference(&self, schema: Schema<'a>) -> bool {
        is_nullable_reference(self.root(schema.side), schema.value)
    }

    /// Checks whether messages omit the property, because it is read-only (in requests) or write-only (in
    /// responses).
    pub(super) fn is_unsent(&self, property: Schema<'a>, depth: usize) -> bool {
        let flag = match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
            Direction::None | Direction::Both => return false,
        };
        let value = self.resolve(property).value;
        let parts = value.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let mut parts = parts.map(|value| property.part(value));
        value.get(flag) == Some(&Value::Bool(true))
            || (depth > 0 && parts.any(|part| self.is_unsent(part, depth - 1)))
    }
}

/// Restricts branches, schema by schema, to the values that each schema allows.
pub(super) struct Narrowing<'l, 'a> {
    pub lowering: &'l mut Lowering<'a>,
    reading: Reading,
    steps: usize,
}

impl<'a> Narrowing<'_, 'a> {
    /// Restricts branches to the values that match a schema. Returns `None` if the schema is unsupported.
    pub(super) fn narrow(
        &mut self,
        branches: Vec<Branch<'a>>,
        schema: Schema<'a>,
        depth: usize,
    ) -> Option<Vec<Branch<'a>>> {
        let depth = depth.checked_sub(1)?;
        self.steps += 1;
        if self.steps > MOST_STEPS || branches.len() > MOST_BRANCHES {
            return None;
        }
        if self.lowering.is_nullable_reference(schema) {
            let (null, others) = null_if(self.reading.0 == Width::Wide, branches);
            let mut narrowed = self.narrow(others, self.lowering.resolve(schema), depth)?;
            narrowed.extend(null);
            return Some(narrowed);
        }
        let schema = self.lowering.resolve(schema);
        let members = match schema.value {
            Value::Bool(true) => return Some(branches),
            Value::Bool(false) => return Some(Vec::new()),
            Value::Object(members) => members,
            _ => return None,
        };
        let has_unevaluated = |key: &str| {
            let unevaluated = members.get(key).map(|value| schema.part(value));
            unevaluated.is_some_and(|unevaluated| !unevaluated.is_anything())
        };
        let evaluates = [
            "allOf",
            "anyOf",
            "oneOf",
            "x-if",
            "x-dependentSchemas",
            "x-contains",
        ];
        let evaluates_items = evaluates.iter().any(|key| members.contains_key(*key));
        if members.contains_key("$ref") || (evaluates_items && has_unevaluated(UNEVALUATED_ITEMS)) {
            return None;
        }
        let nullable = Nullable::of(self.lowering.root(schema.side), members)?;
        let kinds = types(members)?;
        let (exempt, branches) = null_if(nullable.is_exempt(self.reading.0), branches);
        let mut narrowed = Vec::new();
        for branch in branches {
            let mut is_typed =
                kinds.is_none() || (branch.kind == Kind::Null && nullable.is_exempt_from("type"));
            for kind in kinds.iter().flatten() {
                is_typed |= has_type(branch.kind, kind)?;
            }
            if is_typed {
                let has = |name: &str| kinds.iter().flatten().any(|kind| *kind == name);
                let is_whole = has("integer") && !has("number");
                narrowed.push(self.keywords(branch, schema, is_whole, depth)?);
            }
        }
        narrowed.retain(|branch| !branch.is_empty());
        for part in list(members, "allOf")? {
            narrowed = self.narrow(narrowed, schema.part(part), depth)?;
        }
        if let Some(Value::Object(not)) = members.get("not")
            && let Some(value) = doubly_negated(not)
        {
            narrowed = self.narrow(narrowed, schema.part(value), depth)?;
        }
        if let Some(value) = members.get(UNEVALUATED)
            && has_unevaluated(UNEVALUATED)
        {
            self.close(&mut narrowed, schema, schema.part(value), depth)?;
        }
        self.lowering.has_one_of |= list(members, "oneOf")?.len() > 1;
        for key in ["anyOf", "oneOf"] {
            if members.contains_key(key) {
                let is_exclusive = key == "oneOf" && self.reading.1 == OneOf::Exact;
                let (null, others) = null_if(nullable.is_exempt_from(key), narrowed);
                narrowed = self.alternatives(&others, schema, list(members, key)?, is_exclusive, depth)?;
                narrowed.extend(null);
            }
        }
        narrowed = self.conditions(narrowed, schema, members, depth)?;
        narrowed.extend(exempt);
        Some(narrowed)
    }

    /// Applies `if`, `dependentRequired` and `dependentSchemas`. Splits the branches: some have the values
    /// that meet the condition, and the others have the remaining values.
    fn conditions(
        &mut self,
        mut branches: Vec<Branch<'a>>,
        schema: Schema<'a>,
        members: &'a Map<String, Value>,
        depth: usize,
    ) -> Option<Vec<Branch<'a>>> {
        let consequence = |key: &str| {
            let consequence = members.get(key).map(|value| schema.part(value));
            consequence.filter(|consequence| !consequence.is_anything())
        };
        let (then, other) = (consequence("x-then"), consequence("x-else"));
        if let Some(condition) = members.get("x-if")
            && (then.is_some() || other.is_some())
        {
            let condition = schema.part(condition);
            let mut met = self.narrow(branches.clone(), condition, depth)?;
            if let Some(then) = then {
                met = self.narrow(met, then, depth)?;
            }
            if condition.is_anything() {
                branches.clear();
            }
            for branch in branches.iter_mut().filter(|_| !condition.is_nothing()) {
                branch.not.push(condition);
            }
            if let Some(other) = other {
                branches = self.narrow(branches, other, depth)?;
            }
            branches.extend(met);
        }
        let dependencies = |key: &str| optional(members, key, Value::as_object);
        for (name, names) in dependencies("x-dependentRequired")?.into_iter().flatten() {
            let mut present = split(&mut branches, name)?;
            for branch in &mut present {
                for name in names.as_array()? {
                    branch.required.insert(name.as_str()?);
                }
            }
            branches.extend(present);
        }
        for (name, value) in dependencies("x-dependentSchemas")?.into_iter().flatten() {
            let present = split(&mut branches, name)?;
            branches.extend(self.narrow(present, schema.part(value), depth)?);
        }
        Some(branches)
    }

    /// Applies the schema of unevaluated properties. These are the properties that neither the schema nor the
    /// entries of its `allOf` declare.
    fn close(
        &self,
        branches: &mut [Branch<'a>],
        schema: Schema<'a>,
        unevaluated: Schema<'a>,
        depth: usize,
    ) -> Option<()> {
        let mut names = BTreeSet::new();
        if !self.evaluated(schema, &mut names, depth)? {
            return Some(());
        }
        for branch in branches.iter_mut() {
            for (name, schemas) in &mut branch.properties {
                if !names.contains(name) {
                    unevaluated.add_to(schemas);
                }
            }
            for name in names.iter().copied() {
                let schemas = branch.property(name);
                branch.properties.entry(name).or_insert(schemas);
            }
            unevaluated.add_to(&mut branch.further);
        }
        Some(())
    }

    /// Adds to `names` the properties that a schema and the entries of its `allOf` declare. Returns true if
    /// all other properties are unevaluated, and false if no property is, for example because of
    /// `additionalProperties`. Returns `None` if the evaluated properties depend on the value.
    fn evaluated(&self, schema: Schema<'a>, names: &mut BTreeSet<&'a str>, depth: usize) -> Option<bool> {
        const CONDITIONAL: [&str; 6] = [
            "anyOf",
            "oneOf",
            "x-if",
            "x-dependentSchemas",
            "x-patternProperties",
            "x-additionalProperties",
        ];
        let depth = depth.checked_sub(1)?;
        let schema = self.lowering.resolve(schema);
        let members = schema.value.as_object()?;
        if CONDITIONAL.iter().any(|key| members.contains_key(*key)) {
            return None;
        }
        if let Some(Value::Object(declared)) = members.get("properties") {
            names.extend(declared.keys().map(String::as_str));
        }
        let mut is_open = !members.contains_key("additionalProperties");
        for value in list(members, "allOf")? {
            let part = schema.part(value);
            let is_nested = value.get(UNEVALUATED).is_some();
            is_open &= self.evaluated(part, names, depth)? && !is_nested;
        }
        Some(is_open)
    }

    fn alternatives(
        &mut self,
        branches: &[Branch<'a>],
        schema: Schema<'a>,
        parts: &'a [Value],
        is_exclusive: bool,
        depth: usize,
    ) -> Option<Vec<Branch<'a>>> {
        if parts.is_empty() {
            return None;
        }
        let mut all: Vec<(Schema<'a>, Vec<Branch<'a>>)> = Vec::new();
        let mut count = 0;
        for part in parts.iter().map(|part| schema.part(part)) {
            let narrowed = self.narrow(branches.to_vec(), part, depth)?;
            count += narrowed.len();
            if count > MOST_BRANCHES {
                return None;
            }
            all.push((part, narrowed));
        }
        if is_exclusive {
            // Interpretations of a schema differ only in whether it allows null.
            let kinds = |branches: &[Branch<'a>]| {
                let kinds: Vec<Kind> = branches.iter().map(|branch| branch.kind).collect();
                move |kind: Kind| kind == Kind::Null || kinds.contains(&kind)
            };
            let parts = all.iter().map(|(part, branches)| (*part, kinds(branches)));
            let parts: Vec<_> = parts.collect();
            for (index, (_, branches)) in all.iter_mut().enumerate() {
                for branch in branches {
                    let others = parts.iter().enumerate().filter(|(other, _)| *other != index);
                    let others = others.filter(|(_, (_, has_kind))| has_kind(branch.kind));
                    branch.others.extend(others.map(|(_, (part, _))| *part));
                }
            }
        }
        Some(all.into_iter().flat_map(|(_, branches)| branches).collect())
    }
}

/// Splits the branches into two lists: the branches of null, and all other branches. If `condition` is false,
/// the first list is empty, and the second one contains all branches.
fn null_if<'a>(condition: bool, branches: Vec<Branch<'a>>) -> (Vec<Branch<'a>>, Vec<Branch<'a>>) {
    let is_null = |branch: &Branch<'a>| condition && branch.kind == Kind::Null;
    branches.into_iter().partition(is_null)
}

/// Returns the branches of objects that have the property, and restricts `branches` to values without the
/// property. Returns `None` if there are too many branches.
fn split<'a>(branches: &mut Vec<Branch<'a>>, name: &'a str) -> Option<Vec<Branch<'a>>> {
    let mut present: Vec<Branch<'a>> = branches.clone();
    present.retain(|branch| branch.kind == Kind::Object && !branch.forbids(name));
    for branch in &mut present {
        branch.required.insert(name);
    }
    for branch in branches.iter_mut().filter(|branch| branch.kind == Kind::Object) {
        branch.absent.insert(name);
    }
    branches.retain(|branch| !branch.is_empty());
    (branches.len() + present.len() <= MOST_BRANCHES).then_some(present)
}
