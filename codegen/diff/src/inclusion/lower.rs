//! Lowering: from schemas of `OpenAPI` 3.0 to branches.
//!
//! Authors disagree on the effect of `nullable` next to a composition, or next to an `enum` without null:
//! some expect that null is allowed, and others that it is not. The narrow reading of a schema contains the
//! values that both interpretations allow; the wide reading contains the values that one of them allows.
//! `oneOf` is read as `anyOf`, because an additional alternative is not meant to exclude values.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
};

use serde_json::{Map, Value};

use funnelflux_openapi::references;

use super::{
    branch::{Bound, Branch, Kind},
    decimal::Decimal,
    schema::Schema,
};
use crate::{document::schema::constraints::repeats_format, level::Direction, node::canonical, side::Side};

/// Maximum number of branches of a schema. Schemas with more branches stay undecided.
const MOST_BRANCHES: usize = 96;

/// Maximum depth to which references and compositions are followed. Deeper compositions are circular.
const DEEPEST: usize = 24;

/// Maximum number of steps for one schema.
const MOST_STEPS: usize = 3_000;

/// A reading of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reading {
    Wide,
    Narrow,
}

/// Keywords that only constrain values, independently of each other.
const CONSTRAINTS: [&str; 3] = ["x-dependentRequired", "x-dependentSchemas", "x-propertyNames"];

/// Keywords that describe the encoding of a value.
const REPRESENTATION: [&str; 5] = [
    "x-contentEncoding",
    "x-contentMediaType",
    "x-contentSchema",
    "x-collectionFormat",
    "x-allowEmptyValue",
];

/// Keywords whose meaning depends on each other and on the schemas around them.
const UNSUPPORTED: [&str; 12] = [
    "x-if",
    "x-then",
    "x-else",
    "x-contains",
    "x-minContains",
    "x-maxContains",
    "x-patternProperties",
    "x-unevaluatedItems",
    "x-unevaluatedProperties",
    "x-additionalProperties",
    "x-items",
    "x-prefixItems",
];

type Branches<'a> = Option<Rc<Vec<Branch<'a>>>>;

/// Lowers the schemas of both documents for one direction.
pub(super) struct Lowering<'a> {
    documents: [&'a Value; 2],
    direction: Direction,
    known: HashMap<(Vec<usize>, Reading), Branches<'a>>,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(documents: [&'a Value; 2], direction: Direction) -> Self {
        Self {
            documents,
            direction,
            known: HashMap::new(),
        }
    }

    /// The branches of values that match all schemas; `None` if a schema is unsupported.
    pub(super) fn branches(&mut self, schemas: &[Schema<'a>], reading: Reading) -> Branches<'a> {
        let key = (schemas.iter().map(Schema::key).collect(), reading);
        if let Some(known) = self.known.get(&key) {
            return known.clone();
        }
        let mut narrowing = Narrowing {
            lowering: self,
            reading,
            steps: 0,
        };
        let mut branches: Option<Vec<Branch<'a>>> = Some(Kind::ALL.into_iter().map(Branch::all).collect());
        for schema in schemas {
            branches = branches.and_then(|branches| narrowing.narrow(branches, *schema, DEEPEST));
        }
        let branches = branches.map(|mut branches| {
            for branch in &mut branches {
                let Branch { required, unsent, .. } = branch;
                required.retain(|name| !unsent.contains(name));
            }
            branches.retain(|branch| !branch.is_empty());
            Rc::new(branches)
        });
        self.known.insert(key, branches.clone());
        branches
    }

    /// Checks whether the old document has the smaller schema. It does in requests, because the new document
    /// must accept every old request.
    pub(super) fn old_is_small(&self) -> bool {
        self.direction == Direction::Request
    }

    /// The target of a reference; the schema itself if it is not a reference or leads nowhere.
    pub(super) fn resolve(&self, schema: Schema<'a>) -> Schema<'a> {
        let [old, new] = self.documents;
        let document = match schema.side {
            Side::Old => old,
            Side::New => new,
        };
        let mut value = schema.value;
        for _ in 0..DEEPEST {
            match references::reference(value).and_then(|written| references::follow(document, written)) {
                Some((_, target)) => value = target,
                None => break,
            }
        }
        Schema { value, ..schema }
    }

    /// Checks whether a property is not part of messages of this direction.
    fn is_unsent(&self, property: Schema<'a>, depth: usize) -> bool {
        let flag = match self.direction {
            Direction::Request => "readOnly",
            Direction::Response => "writeOnly",
            Direction::None | Direction::Both => return false,
        };
        let value = self.resolve(property).value;
        let parts = value.get("allOf").and_then(Value::as_array).into_iter().flatten();
        let mut parts = parts.map(|value| Schema { value, ..property });
        value.get(flag) == Some(&Value::Bool(true))
            || (depth > 0 && parts.any(|part| self.is_unsent(part, depth - 1)))
    }
}

struct Narrowing<'l, 'a> {
    lowering: &'l Lowering<'a>,
    reading: Reading,
    steps: usize,
}

impl<'a> Narrowing<'_, 'a> {
    /// The part of some branches that matches a schema; `None` if the schema is unsupported.
    fn narrow(
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
        let schema = self.lowering.resolve(schema);
        let members = match schema.value {
            Value::Bool(true) => return Some(branches),
            Value::Bool(false) => return Some(Vec::new()),
            Value::Object(members) => members,
            _ => return None,
        };
        if members.contains_key("$ref") || UNSUPPORTED.iter().any(|key| members.contains_key(*key)) {
            return None;
        }
        let is_nullable = flag(members, "nullable")?;
        let kind = match members.get("type") {
            None => None,
            Some(kind) => Some(kind.as_str()?),
        };
        let has_composition = ["allOf", "anyOf", "oneOf", "enum", "properties"]
            .iter()
            .any(|key| members.contains_key(*key));
        if is_nullable && kind.is_none() && !has_composition {
            // The type may be `null`, which newer versions allow.
            return None;
        }
        let exempt: Vec<Branch<'a>> = if is_nullable && self.reading == Reading::Wide {
            branches
                .iter()
                .filter(|branch| branch.kind == Kind::Null)
                .cloned()
                .collect()
        } else {
            Vec::new()
        };
        let mut narrowed = Vec::new();
        for branch in branches {
            let is_exempt = branch.kind == Kind::Null && !exempt.is_empty();
            let is_typed = match kind {
                None => true,
                Some(kind) => has_type(branch.kind, kind)? || (branch.kind == Kind::Null && is_nullable),
            };
            if is_typed && !is_exempt {
                narrowed.push(self.keywords(branch, schema, members, kind == Some("integer"))?);
            }
        }
        narrowed.retain(|branch| !branch.is_empty());
        for part in list(members, "allOf")? {
            narrowed = self.narrow(
                narrowed,
                Schema {
                    value: part,
                    ..schema
                },
                depth,
            )?;
        }
        for key in ["anyOf", "oneOf"] {
            if members.contains_key(key) {
                narrowed =
                    self.alternatives(&narrowed, schema, list(members, key)?, key == "oneOf", depth)?;
            }
        }
        narrowed.extend(exempt);
        Some(narrowed)
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
        let mut all = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let part = Schema {
                value: part,
                ..schema
            };
            let mut narrowed = self.narrow(branches.to_vec(), part, depth)?;
            if is_exclusive && parts.len() > 1 {
                let others = parts.iter().enumerate().filter(|(other, _)| *other != index);
                let others: Vec<_> = others.map(|(_, value)| Schema { value, ..schema }).collect();
                for branch in &mut narrowed {
                    branch.others.extend(&others);
                }
            }
            all.extend(narrowed);
            if all.len() > MOST_BRANCHES {
                return None;
            }
        }
        Some(all)
    }

    /// Applies the keywords of a schema, except compositions.
    fn keywords(
        &self,
        mut branch: Branch<'a>,
        schema: Schema<'a>,
        members: &'a Map<String, Value>,
        is_whole: bool,
    ) -> Option<Branch<'a>> {
        if let Some(values) = members.get("enum") {
            let values = values.as_array()?;
            // If the list lacks null, only the wide reading of `nullable` allows null, and its null branch
            // skips this check.
            let kind = branch.kind;
            let is_allowed = |value: &&'a Value| Kind::of(value) == kind;
            let is_known = |value: &&'a Value| match &branch.values {
                Some(known) => known.iter().any(|other| same(other, value)),
                None => true,
            };
            let kept = values.iter().filter(is_allowed).filter(is_known).collect();
            branch.values = Some(kept);
        }
        if let Some(not) = members.get("not") {
            branch.not.push(Schema { value: not, ..schema });
        }
        // Equal references of the two documents may lead to different schemas, so the text names the side.
        let side = schema.side;
        let text = |key: &str| {
            let text = canonical(members.get(key)?);
            let side = if text.contains("$ref") {
                format!("{side:?}")
            } else {
                String::new()
            };
            Some(format!("{key} {text} {side}"))
        };
        let is_repeated = |key: &str| {
            let keyword = members.get(key);
            keyword.is_some_and(|keyword| repeats_format(key, keyword, schema.value))
        };
        branch
            .opaque
            .extend(CONSTRAINTS.iter().filter_map(|key| text(key)));
        branch.representation.extend(
            REPRESENTATION
                .iter()
                .filter(|key| !is_repeated(key))
                .filter_map(|key| text(key)),
        );
        match branch.kind {
            Kind::Null | Kind::Boolean => {}
            Kind::Number => numbers(&mut branch, members, is_whole)?,
            Kind::String => strings(&mut branch, members)?,
            Kind::Array => {
                counts(&mut branch, members, "minItems", "maxItems")?;
                branch.has_unique_items |= flag(members, "uniqueItems")?;
                if let Some(value) = members.get("items") {
                    push(&mut branch.items, Schema { value, ..schema });
                }
            }
            Kind::Object => self.objects(&mut branch, schema, members)?,
        }
        Some(branch)
    }

    fn objects(
        &self,
        branch: &mut Branch<'a>,
        schema: Schema<'a>,
        members: &'a Map<String, Value>,
    ) -> Option<()> {
        counts(branch, members, "minProperties", "maxProperties")?;
        let declared = match members.get("properties") {
            None => None,
            Some(declared) => Some(declared.as_object()?),
        };
        let further = members
            .get("additionalProperties")
            .map(|value| Schema { value, ..schema })
            .filter(|further| !further.is_anything());
        if let Some(further) = further {
            for (name, schemas) in &mut branch.properties {
                if declared.is_none_or(|declared| !declared.contains_key(*name)) {
                    push(schemas, further);
                }
            }
        }
        for (name, value) in declared.into_iter().flatten() {
            let property = Schema { value, ..schema };
            if self.lowering.is_unsent(property, DEEPEST) {
                branch.unsent.insert(name);
            }
            let undeclared = &branch.further;
            let schemas = branch
                .properties
                .entry(name)
                .or_insert_with(|| undeclared.clone());
            push(schemas, property);
        }
        if let Some(further) = further {
            push(&mut branch.further, further);
        }
        for name in list(members, "required")? {
            branch.required.insert(name.as_str()?);
        }
        Some(())
    }
}

fn push<'a>(schemas: &mut Vec<Schema<'a>>, schema: Schema<'a>) {
    if !schemas.contains(&schema) && !schema.is_anything() {
        schemas.push(schema);
    }
}

/// Checks whether an `OpenAPI` type includes values of a JSON type; `None` for an unknown type.
fn has_type(kind: Kind, name: &str) -> Option<bool> {
    let named = match name {
        "null" => Kind::Null,
        "boolean" => Kind::Boolean,
        "integer" | "number" => Kind::Number,
        "string" => Kind::String,
        "array" => Kind::Array,
        "object" => Kind::Object,
        _ => return None,
    };
    Some(kind == named)
}

/// The value of a flag, treating an absent flag as false; `None` if it is not boolean.
fn flag(members: &Map<String, Value>, key: &str) -> Option<bool> {
    members.get(key).map_or(Some(false), Value::as_bool)
}

/// The entries of a list, treating an absent list as empty; `None` if the value is not a list.
fn list<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a [Value]> {
    members
        .get(key)
        .map_or(Some([].as_slice()), |list| list.as_array().map(Vec::as_slice))
}

/// Checks whether two values are equal, numbers by their value.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(_), Value::Number(_)) => match (Decimal::of(left), Decimal::of(right)) {
            (Some(left), Some(right)) => left.compare(right).is_eq(),
            _ => left == right,
        },
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            let is_in_both =
                |(key, value): (&String, &Value)| right.get(key).is_some_and(|other| same(value, other));
            left.len() == right.len() && left.iter().all(is_in_both)
        }
        _ => left == right,
    }
}

fn numbers<'a>(branch: &mut Branch<'a>, members: &'a Map<String, Value>, is_whole: bool) -> Option<()> {
    branch.is_whole |= is_whole;
    let number = |key: &str| match members.get(key) {
        None => Some(None),
        Some(value) => Decimal::of(value).map(Some),
    };
    if let Some(at) = number("minimum")? {
        let is_exclusive = flag(members, "exclusiveMinimum")?;
        Branch::raise(&mut branch.minimum, Bound { at, is_exclusive });
    }
    if let Some(at) = number("maximum")? {
        let is_exclusive = flag(members, "exclusiveMaximum")?;
        let bound = Bound { at, is_exclusive }.negated();
        Branch::raise(&mut branch.negated_maximum, bound);
    }
    branch.multiples.extend(number("multipleOf")?);
    match members.get("format").map(|format| format.as_str()) {
        Some(Some(format @ ("int32" | "int64"))) if is_whole => {
            let (least, most) = match format {
                "int32" => (i32::MIN.into(), i32::MAX.into()),
                _ => (i64::MIN, i64::MAX),
            };
            let bound = |at: i64| Bound {
                at: Decimal::whole(at.into()),
                is_exclusive: false,
            };
            Branch::raise(&mut branch.minimum, bound(least));
            Branch::raise(&mut branch.negated_maximum, bound(most).negated());
        }
        Some(Some(format)) => {
            branch.formats.insert(format);
        }
        Some(None) => return None,
        None => {}
    }
    Some(())
}

fn strings<'a>(branch: &mut Branch<'a>, members: &'a Map<String, Value>) -> Option<()> {
    counts(branch, members, "minLength", "maxLength")?;
    if let Some(pattern) = members.get("pattern") {
        branch.patterns.insert(pattern.as_str()?);
    }
    if let Some(format) = members.get("format") {
        // Tools hide passwords; their values are any strings.
        branch
            .formats
            .extend(Some(format.as_str()?).filter(|format| *format != "password"));
    }
    Some(())
}

fn counts(branch: &mut Branch<'_>, members: &Map<String, Value>, least: &str, most: &str) -> Option<()> {
    let count = |key: &str| match members.get(key) {
        None => Some(None),
        Some(value) => {
            let number = Decimal::of(value).filter(|number| number.is_whole())?;
            u64::try_from(number.floor()).ok().map(Some)
        }
    };
    if let Some(limit) = count(least)? {
        branch.least = branch.least.max(limit);
    }
    if let Some(limit) = count(most)? {
        branch.most = Some(branch.most.map_or(limit, |most| most.min(limit)));
    }
    Some(())
}

/// Names that two objects declare, without repetition.
pub(super) fn names<'a, T>(left: &BTreeMap<&'a str, T>, right: &BTreeMap<&'a str, T>) -> Vec<&'a str> {
    let mut names: Vec<&'a str> = left.keys().chain(right.keys()).copied().collect();
    names.sort_unstable();
    names.dedup();
    names
}
