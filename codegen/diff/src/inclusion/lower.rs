//! Lowering: from schemas of `OpenAPI` 3.0 to branches.
//!
//! Authors disagree on the effect of `nullable` next to a composition, or next to an `enum` without null:
//! some expect that null is allowed, and others that it is not. The narrow reading of a schema contains the
//! values that both interpretations allow; the wide reading contains the values that at least one
//! interpretation allows. `oneOf` is read as `anyOf`, because an additional alternative is not meant to
//! exclude values.

use std::{
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use serde_json::{Map, Value};

use funnelflux_openapi::references;

use super::{
    branch::{Branch, Kind},
    keywords::{
        UNEVALUATED, counts, doubly_negated, flag, has_type, list, numbers, push, same, says_nothing, strings,
    },
    schema::{Root, Schema},
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

/// Keywords whose meaning depends on other keywords and on the surrounding schemas.
const UNSUPPORTED: [&str; 11] = [
    "x-if",
    "x-then",
    "x-else",
    "x-contains",
    "x-minContains",
    "x-maxContains",
    "x-patternProperties",
    "x-unevaluatedItems",
    "x-additionalProperties",
    "x-items",
    "x-prefixItems",
];

/// The type of a value that is always null.
const NULL_TYPE: &str = "x-type";

type Branches<'a> = Option<Rc<Vec<Branch<'a>>>>;

/// Lowers the schemas of both documents for one direction.
pub(super) struct Lowering<'a> {
    documents: [Root<'a>; 2],
    direction: Direction,
    known: HashMap<(Vec<usize>, Reading), Branches<'a>>,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(documents: [Root<'a>; 2], direction: Direction) -> Self {
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

    /// Checks whether the smaller schema is the schema of the old document. This is so in requests, because
    /// the new document must accept every old request.
    pub(super) fn old_is_small(&self) -> bool {
        self.direction == Direction::Request
    }

    fn root(&self, side: Side) -> Root<'a> {
        let [old, new] = self.documents;
        match side {
            Side::Old => old,
            Side::New => new,
        }
    }

    /// The target of a reference; the schema itself if it is not a reference or leads nowhere.
    pub(super) fn resolve(&self, schema: Schema<'a>) -> Schema<'a> {
        let document = self.root(schema.side).value;
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
    /// Restricts some branches to the values that match a schema; `None` if the schema is unsupported.
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
        let is_unsupported = |key: &str| members.contains_key(key) && !says_nothing(members, key);
        if members.contains_key("$ref") || UNSUPPORTED.into_iter().any(is_unsupported) {
            return None;
        }
        let is_nullable = flag(members, "nullable")?;
        let kind = match members.get("type").or(members.get(NULL_TYPE)) {
            None => None,
            Some(kind) => Some(kind.as_str()?),
        };
        let lists_null = list(members, "enum")?.contains(&Value::Null);
        let has_null = is_nullable
            && (self.reading == Reading::Wide
                || (self.lowering.root(schema.side).has_null_type
                    && (lists_null || !members.contains_key("enum"))));
        let has_composition = ["allOf", "anyOf", "oneOf", "enum", "properties"]
            .iter()
            .any(|key| members.contains_key(*key));
        if is_nullable && kind.is_none() && !has_composition {
            // The type may be `null`, which newer versions allow.
            return None;
        }
        let exempt: Vec<Branch<'a>> = if has_null {
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
        if let Some(Value::Object(not)) = members.get("not")
            && let Some(value) = doubly_negated(not)
        {
            narrowed = self.narrow(narrowed, Schema { value, ..schema }, depth)?;
        }
        if let Some(value) = members.get(UNEVALUATED)
            && !says_nothing(members, UNEVALUATED)
        {
            self.close(&mut narrowed, schema, Schema { value, ..schema }, depth)?;
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

    /// Applies the schema of unevaluated properties: those that neither the schema nor its parts declare.
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
                    push(schemas, unevaluated);
                }
            }
            let further = branch.further.clone();
            for name in names.iter().copied() {
                branch.properties.entry(name).or_insert_with(|| further.clone());
            }
            push(&mut branch.further, unevaluated);
        }
        Some(())
    }

    /// Collects the properties that a schema and its parts declare, and returns false if they evaluate every
    /// property; `None` if the properties depend on the value.
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
            let part = Schema { value, ..schema };
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
        if let Some(not) = members.get("not")
            && not.as_object().and_then(doubly_negated).is_none()
        {
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
        branch.opaque.extend(
            CONSTRAINTS
                .iter()
                .filter(|key| !says_nothing(members, key))
                .filter_map(|key| text(key)),
        );
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
