//! Counterexamples: values that the sender's schema (`small`) allows and the receiver's schema (`large`)
//! rejects.
//!
//! The search builds small candidates from the limits, values and properties of both schemas. Then it
//! evaluates each candidate against both schemas. A *target* is a branch of the receiver's schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{
    branch::{Branch, Contains, Kind},
    decimal::Decimal,
    evaluate::{FORMATS, Truth},
    keywords::names,
    lower::{OneOf, Reading},
    nullable::Width,
    pattern::{Language, Search, search},
    prover::Prover,
    schema::{Pair, Schema},
    sent_as_text::forms,
};

/// Maximum number of steps for one search.
const FUEL: usize = 20_000;

/// Maximum number of levels of objects and arrays in candidates.
const DEEPEST: usize = 6;

/// Maximum number of counterexamples of one search.
const MOST: usize = 24;

/// Maximum number of counterexamples for one item or property of a candidate.
const MOST_OF_PART: usize = 3;

/// Maximum length of texts in candidates.
const LONGEST: u64 = 10_000;

/// Maximum length of arrays in candidates.
const MOST_ITEMS: u64 = 1_000;

/// Maximum number of properties with invented names in a candidate.
const MOST_PROPERTIES: u64 = 40;

/// The interpretation in which the sender's schemas must allow a counterexample.
const EXACT: Reading = (Width::Narrow, OneOf::Exact);

impl<'a> Prover<'a> {
    /// Finds counterexamples. `small` must allow the value in every interpretation. `large` must reject it in
    /// every interpretation of `nullable`, but only in the prover's interpretation of `oneOf`.
    pub(crate) fn counterexamples(&mut self, (small, large): Pair<'a>) -> Vec<Value> {
        self.fuel = FUEL;
        self.open.clear();
        self.refused(&[small], &[large], MOST, DEEPEST)
    }

    /// Builds a counterexample for two object schemas from `value`, a counterexample for their property
    /// `name`.
    pub(crate) fn lift(&mut self, (small, large): Pair<'a>, name: &str, value: &Value) -> Option<Value> {
        self.fuel = FUEL;
        let branches = self.lowering.branches(&[small], EXACT)?;
        let objects = branches.iter().filter(|branch| branch.kind == Kind::Object);
        for branch in objects {
            let mut object = Map::new();
            for required in branch.required.iter().filter(|required| **required != name) {
                let schemas = branch.property(required);
                object.insert((*required).to_owned(), self.sample(&schemas, DEEPEST)?);
            }
            object.insert(name.to_owned(), value.clone());
            let object = Value::Object(object);
            if self.is_counterexample(&[small], &[large], &object) {
                return Some(object);
            }
        }
        None
    }

    /// Checks whether `small` certainly allows a value and `large` certainly rejects it.
    pub(crate) fn separates(&mut self, (small, large): Pair<'a>, value: &Value) -> bool {
        self.fuel = FUEL;
        self.is_counterexample(&[small], &[large], value)
    }

    /// Checks whether the schemas `small` certainly allow a value and the schemas `large` certainly reject
    /// it. If the value is sent as text, `large` must reject every value that has the same text.
    fn is_counterexample(&mut self, small: &[Schema<'a>], large: &[Schema<'a>], value: &Value) -> bool {
        let forms = forms(value, self.encoding);
        let mut refused = forms.iter().chain([value]);
        refused.all(|value| self.allows(large, value, self.one_of) == Truth::No)
            && self.allows(small, value, self.one_of) == Truth::Yes
    }

    /// Checks whether a schema certainly rejects a value.
    pub(crate) fn refuses(&mut self, schema: Schema<'a>, value: &Value) -> bool {
        self.fuel = FUEL;
        self.allows(&[schema], value, self.one_of) == Truth::No
    }

    fn refused(
        &mut self,
        small: &[Schema<'a>],
        large: &[Schema<'a>],
        most: usize,
        depth: usize,
    ) -> Vec<Value> {
        let (Some(branches), Some(targets)) = (
            self.lowering.branches(small, EXACT),
            self.lowering.branches(large, self.reading(Width::Wide)),
        ) else {
            return Vec::new();
        };
        self.passing(branches.iter(), &targets, most, depth, |prover, value| {
            prover.is_counterexample(small, large, value)
        })
    }

    /// Returns a small value that all schemas allow.
    fn sample(&mut self, schemas: &[Schema<'a>], depth: usize) -> Option<Value> {
        if schemas.is_empty() {
            return Some("a".into());
        }
        self.samples(schemas, 1, depth).pop()
    }

    fn samples(&mut self, schemas: &[Schema<'a>], most: usize, depth: usize) -> Vec<Value> {
        let Some(branches) = self.lowering.branches(schemas, EXACT) else {
            return Vec::new();
        };
        // Null comes last, because other values are more informative.
        self.passing(branches.iter().rev(), &[], most, depth, |prover, value| {
            prover.allows(schemas, value, prover.one_of) == Truth::Yes
        })
    }

    /// Builds candidates from the branches, and returns at most `most` candidates, the first ones that pass
    /// the check `passes`.
    fn passing<'b>(
        &mut self,
        branches: impl Iterator<Item = &'b Branch<'a>>,
        targets: &[Branch<'a>],
        most: usize,
        depth: usize,
        mut passes: impl FnMut(&mut Self, &Value) -> bool,
    ) -> Vec<Value>
    where
        'a: 'b,
    {
        let mut found = Vec::new();
        let (Some(depth), Some(fuel)) = (depth.checked_sub(1), self.fuel.checked_sub(1)) else {
            return found;
        };
        self.fuel = fuel;
        for branch in branches {
            let same_kind = targets.iter().filter(|target| target.kind == branch.kind);
            // Parts of a value may be encoded differently.
            let encoding = self.encoding;
            if [Kind::Array, Kind::Object].contains(&branch.kind) {
                self.encoding = encoding.inner(branch.kind == Kind::Array);
            }
            let candidates = self.candidates(branch, &same_kind.collect::<Vec<_>>(), depth);
            self.encoding = encoding;
            for value in candidates {
                if found.len() >= most || self.fuel == 0 {
                    return found;
                }
                if !found.contains(&value) && passes(self, &value) {
                    found.push(value);
                }
            }
        }
        found
    }

    /// Lists candidates: values at and near the limits of `branch` and of `targets`. Callers must evaluate
    /// them. Small values mostly come first.
    fn candidates(&mut self, branch: &Branch<'a>, targets: &[&Branch<'a>], depth: usize) -> Vec<Value> {
        if let Some(values) = &branch.values {
            return values.values().map(|value| (*value).clone()).collect();
        }
        match branch.kind {
            Kind::Null => vec![Value::Null],
            Kind::Boolean => vec![true.into(), false.into()],
            Kind::Number => numbers(branch, targets),
            Kind::String => {
                let mut found = texts(branch, targets);
                if let Search::Found(text) = self.search_strings(branch, targets) {
                    found.insert(0, text.into());
                }
                found
            }
            Kind::Array => self.arrays(branch, targets, depth),
            Kind::Object => self.objects(branch, targets, depth),
        }
    }

    fn arrays(&mut self, branch: &Branch<'a>, targets: &[&Branch<'a>], depth: usize) -> Vec<Value> {
        let counts = counts(branch, targets, MOST_ITEMS);
        let longest = counts.iter().copied().max().unwrap_or_default();
        let mut items: Vec<Value> = Vec::new();
        for position in 0..branch.prefix.len().min(longest) {
            let samples = self.samples(branch.item(position), MOST_OF_PART, depth);
            let is_new = |value: &Value| !branch.has_unique_items || !items.contains(value);
            let Some(value) = samples.into_iter().find(is_new) else {
                break;
            };
            items.push(value);
        }
        if items.len() == branch.prefix.len() {
            let rest = longest.saturating_sub(items.len());
            if !branch.has_unique_items {
                let sample = self.sample(&branch.items, depth);
                items.extend(sample.into_iter().flat_map(|sample| vec![sample; rest]));
            } else if branch.items.is_empty() {
                items.extend((0..rest).map(Value::from));
            } else {
                items.extend(self.samples(&branch.items, rest, depth));
            }
        }
        let found = counts
            .iter()
            .filter_map(|count| Some(items.get(..*count)?.into()));
        let mut found: Vec<Value> = found.collect();
        let least = usize::try_from(branch.least).unwrap_or_default();
        // Returns an array with an item at a position and as few other items as possible.
        let with = |position: usize, item: &Value| {
            let others = items.iter();
            let others = others.filter(|other| !branch.has_unique_items || *other != item);
            let mut array: Vec<Value> = others.take(least.max(position + 1) - 1).cloned().collect();
            let position = position.min(array.len());
            array.insert(position, item.clone());
            Value::from(array)
        };
        for target in targets {
            for position in 0..=branch.prefix.len().max(target.prefix.len()) {
                let (small, large) = (branch.item(position), target.item(position));
                if !self.includes_all(small, large) {
                    let refused = self.refused(small, large, MOST_OF_PART, depth);
                    found.extend(refused.iter().map(|item| with(position, item)));
                }
            }
        }
        for item in self.contained(branch, targets, depth) {
            found.extend((1..=4).map(|count| vec![item.clone(); count].into()));
            found.extend((0..=branch.prefix.len()).map(|position| with(position, &item)));
        }
        found
    }

    /// Lists items for arrays: items that match the schema of a `contains`. Items that the `contains` of a
    /// target rejects come first.
    fn contained(&mut self, branch: &Branch<'a>, targets: &[&Branch<'a>], depth: usize) -> Vec<Value> {
        let mut found = Vec::new();
        let with = |contains: &Contains<'a>| -> Vec<Schema<'a>> {
            branch.items.iter().copied().chain([contains.schema]).collect()
        };
        for contains in &branch.contains {
            let small = with(contains);
            for other in targets.iter().flat_map(|target| &target.contains) {
                found.extend(self.refused(&small, &[other.schema], MOST_OF_PART, depth));
            }
        }
        let all = [branch].into_iter().chain(targets.iter().copied());
        for contains in all.flat_map(|branch| &branch.contains) {
            found.extend(self.samples(&with(contains), 2, depth));
        }
        found
    }

    fn objects(&mut self, branch: &Branch<'a>, targets: &[&Branch<'a>], depth: usize) -> Vec<Value> {
        let mut base = Map::new();
        for name in &branch.required {
            let Some(value) = self.sample(&branch.property(name), depth) else {
                return Vec::new();
            };
            base.insert((*name).to_owned(), value);
        }
        let with = |base: &Map<String, Value>, name: &str, value: Value| {
            let mut object = base.clone();
            object.insert(name.to_owned(), value);
            Value::Object(object)
        };
        let mut found = vec![Value::Object(base.clone())];
        let declares = |branch: &Branch<'a>, name: &str| branch.properties.contains_key(name);
        let most = targets.iter().filter_map(|target| target.most).max();
        let most = most.unwrap_or_default().max(branch.least).saturating_add(1);
        let spare = (1..=most.clamp(4, MOST_PROPERTIES)).map(|number| match number {
            1 => "other".to_owned(),
            _ => format!("other{number}"),
        });
        let mut spare: Vec<String> = spare.collect();
        spare.retain(|name| !declares(branch, name) && !targets.iter().any(|target| declares(target, name)));
        let named: Vec<String> = self.special_names(branch, targets).into_iter().collect();
        let is_sendable = |name: &str| !branch.forbids(name) && !branch.unsent.contains(name);
        for target in targets {
            let is_described = |name: &&str| {
                declares(branch, name) || branch.required.contains(name) || !branch.property(name).is_empty()
            };
            let described = names(&branch.properties, &target.properties).into_iter();
            let undeclared = spare.iter().take(1).chain(&named).map(String::as_str);
            for name in described.filter(is_described).chain(undeclared) {
                let (small, large) = (branch.property(name), target.property(name));
                if is_sendable(name) && !self.includes_all(&small, &large) {
                    let values = self.refused(&small, &large, MOST_OF_PART, depth);
                    found.extend(values.into_iter().map(|value| with(&base, name, value)));
                }
            }
        }
        // These objects have additional properties. A `not`, or a limit on the number of properties, may
        // reject them.
        let depends_on_properties = |target: &&Branch<'a>| {
            target.most.is_some()
                || target.excluded().next().is_some()
                || !target.absent.is_empty()
                || !target.required.is_empty()
        };
        if branch.least > base.len() as u64
            || branch.excluded().next().is_some()
            || targets.iter().any(depends_on_properties)
        {
            let mut object = base.clone();
            let optional = branch.properties.keys().copied();
            let optional = optional.filter(|name| is_sendable(name) && !base.contains_key(*name));
            let others = named.iter().chain(&spare).map(String::as_str);
            for name in optional.chain(others.filter(|name| !branch.forbids(name))) {
                let Some(value) = self.sample(&branch.property(name), depth) else {
                    continue;
                };
                found.push(with(&base, name, value.clone()));
                object.insert(name.to_owned(), value);
                found.push(Value::Object(object.clone()));
            }
        }
        found
    }

    /// Lists names of undeclared properties that `branch` or a target treats specially, for example because a
    /// name matches a pattern.
    fn special_names(&mut self, branch: &Branch<'a>, targets: &[&Branch<'a>]) -> BTreeSet<String> {
        let required = branch.names.iter();
        let required = required.filter(|rule| !rule.is_match && rule.schema.is_nothing());
        // This language ensures that names are valid UTF-8, even if there is no pattern.
        let any = self.lowering.languages.of_length(0, None);
        let required = required.filter_map(|rule| rule.patterns.first().map(|pattern| &**pattern));
        let required: Vec<&Language> = required.chain(any.as_deref()).collect();
        let mut found = BTreeSet::new();
        let rules = [branch].into_iter().chain(targets.iter().copied());
        let rules = rules.flat_map(|branch| &branch.names);
        for pattern in rules.flat_map(|rule| &rule.patterns) {
            let inside: Vec<&Language> = required.iter().copied().chain([&**pattern]).collect();
            for search in [search(&inside, &[]), search(&required, &[vec![pattern]])] {
                if let Search::Found(name) = search {
                    found.insert(name);
                }
            }
        }
        for not in targets.iter().flat_map(|target| target.excluded()) {
            let branches = self.lowering.branches(&[not], self.reading(Width::Wide));
            let required = branches.iter().flat_map(|branches| branches.iter());
            let required = required.flat_map(|branch| &branch.required);
            found.extend(required.map(|name| (*name).to_owned()));
        }
        // An object that declares no properties may have any property.
        if branch.properties.is_empty() {
            let names = targets.iter();
            let names = names.flat_map(|target| target.required.iter().chain(&target.absent));
            found.extend(names.map(|name| (*name).to_owned()));
        }
        found.retain(|name| !branch.properties.contains_key(name.as_str()));
        found
    }
}

/// Lists lengths or counts at the limits of `branch` and of `targets`. Leaves out numbers that `branch` does
/// not allow, and numbers above `longest`.
fn counts(branch: &Branch<'_>, targets: &[&Branch<'_>], longest: u64) -> Vec<usize> {
    let mut counts = vec![branch.least, 1, 2];
    counts.extend(branch.most);
    for target in targets {
        counts.extend([target.least, target.least.saturating_sub(1)]);
        counts.extend(target.most);
        counts.extend(target.most.map(|most| most.saturating_add(1)));
    }
    counts.retain(|count| {
        *count >= branch.least && *count <= longest && branch.most.is_none_or(|most| *count <= most)
    });
    counts.sort_unstable();
    counts.dedup();
    let counts = counts.into_iter();
    counts.filter_map(|count| usize::try_from(count).ok()).collect()
}

fn numbers(branch: &Branch<'_>, targets: &[&Branch<'_>]) -> Vec<Value> {
    let whole = [1, 0, -1, 2, 3, 5, 7, 10, 100, 1_000, 1_000_000, 10_000_000_000];
    let mut numbers: Vec<Decimal> = whole.into_iter().map(Decimal::whole).collect();
    let half = Decimal::of(&json!(0.5));
    let mut edges: Vec<Decimal> = Vec::new();
    for branch in [branch].iter().chain(targets) {
        edges.extend(branch.minimum().map(|bound| bound.at));
        edges.extend(branch.negated_maximum().map(|bound| bound.at.negated()));
        numbers.extend(&branch.multiples);
    }
    for edge in &edges {
        numbers.push(*edge);
        for step in [Some(Decimal::whole(1)), half].into_iter().flatten() {
            numbers.extend([edge.add(step), edge.add(step.negated())].into_iter().flatten());
        }
    }
    numbers.extend(half);
    edges.push(Decimal::whole(0));
    for of in &branch.multiples {
        numbers.extend(edges.iter().flat_map(|edge| of.multiples_near(*edge)));
    }
    numbers.into_iter().filter_map(Decimal::to_value).collect()
}

fn texts(branch: &Branch<'_>, targets: &[&Branch<'_>]) -> Vec<Value> {
    let mut texts: Vec<String> = ["a", "", "0", "A", "b", "ab", "-", "!", " "]
        .map(str::to_owned)
        .into();
    let has_text_rules = |branch: &&Branch<'_>| {
        !branch.formats.is_empty() || !branch.patterns.is_empty() || branch.excluded().next().is_some()
    };
    let is_special = has_text_rules(&branch) || targets.iter().any(has_text_rules);
    let mut lengths = counts(branch, targets, LONGEST);
    if is_special {
        texts.extend(FORMATS.iter().map(|(_, text)| (*text).to_owned()));
        texts.extend(["ba", "a-b", "a_b", "a b", "aA0", "#000000", "en", "en-US", "USD"].map(str::to_owned));
        lengths.extend(3..=16);
    }
    let letters: &[&str] = if is_special { &["a", "A", "0"] } else { &["a"] };
    for length in lengths {
        texts.extend(letters.iter().map(|letter| letter.repeat(length)));
    }
    texts.into_iter().map(Value::from).collect()
}
