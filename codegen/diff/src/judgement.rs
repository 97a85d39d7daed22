//! Judgement: the proof of each change of a schema.
//!
//! In a request, the smaller schema is the old schema; in a response, it is the new schema. A change does not
//! break if the larger schema includes the smaller schema. If the two schemas at the change fail this test,
//! their enclosing schemas may pass it. A path leads from a message through enclosing schemas to the change.
//! If every path contains a pair of schemas that passes the test, the change does not break. Otherwise, a
//! counterexample proves that the change breaks, or the level of the rule applies.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use funnelflux_openapi::pointer::Pointer;

use crate::{
    cause::Cause,
    frames::{Frame, Frames},
    inclusion::{Mode, Prover, Root, Schema, Validators},
    level::{Direction, Encoding, Level},
    proof::Proof,
    raw_change::RawChange,
    rules::ChangeKind,
    side::Side,
    steps::tokens,
};

/// Maximum length of a counterexample that is still wrapped in its enclosing object.
const SHORT: usize = 100;

/// Maximum number of enclosing objects around a counterexample.
const MOST_OBJECTS: usize = 3;

/// Adds a proof to each change that is decided by inclusion.
pub(crate) fn judge<'a>(changes: &mut [RawChange], frames: &Frames<'a>, documents: [Root<'a>; 2]) {
    let mut judged: Vec<(&mut RawChange, usize)> = changes
        .iter_mut()
        .filter(|change| change.kind.rule().level(change.direction) > Level::Info)
        .filter(|change| Decision::about(change.kind) != Decision::Rule)
        .filter_map(|change| {
            let index = change.frame?;
            let direction = frames.all.get(index)?.direction;
            let has_direction = matches!(direction, Direction::Request | Direction::Response);
            has_direction.then_some((change, index))
        })
        .collect();
    let mut judgement = Judgement::new(frames, documents, judged.iter().map(|(_, index)| *index));
    let sent = judgement.exposed(Mode::Sent);
    let declared = judgement.exposed(Mode::Declared);
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for (_, index) in &judged {
        *counts.entry(*index).or_default() += 1;
    }
    for (change, index) in &mut judged {
        let exposed = match Decision::about(change.kind) {
            Decision::Declarations => &declared,
            Decision::Values | Decision::Rule => &sent,
        };
        let is_only = counts.get(index) == Some(&1);
        change.proof = if !exposed.contains(index) {
            Proof::Included
        } else if change.kind.rule().level(change.direction) < Level::Breaking {
            Proof::None
        } else {
            judgement.counterexample(change, *index, is_only)
        };
    }
    let breaking: HashSet<usize> = judged
        .iter()
        .filter(|(change, _)| change.level() == Level::Breaking)
        .map(|(_, index)| *index)
        .collect();
    for (change, index) in &mut judged {
        // Some change of a pair that is not included has to break.
        let is_alone = change.proof == Proof::Included && judgement.alone.contains(index);
        if is_alone
            && judgement
                .inside(*index)
                .is_disjoint(&breaking.iter().copied().collect())
        {
            change.proof = Proof::Undecided;
        }
    }
    raise(changes, frames, documents);
}

/// Raises the level of changes if a counterexample shows that they break together, although no rule treats
/// them as breaking.
fn raise<'a>(changes: &mut [RawChange], frames: &Frames<'a>, documents: [Root<'a>; 2]) {
    let mut by_frame: BTreeMap<usize, Vec<&mut RawChange>> = BTreeMap::new();
    for change in changes.iter_mut().filter(|change| change.level() > Level::Docs) {
        if let Some(frame) = change.frame {
            by_frame.entry(frame).or_default().push(change);
        }
    }
    let mut judgement = Judgement::new(frames, documents, by_frame.keys().copied());
    for (index, frame) in frames.all.iter().enumerate().filter(|(_, frame)| frame.is_root) {
        let has_direction = matches!(frame.direction, Direction::Request | Direction::Response);
        if !has_direction || !judgement.relevant.contains_key(&index) {
            continue;
        }
        let inside = judgement.inside(index);
        let has_level = |level: Level| {
            let mut changes = inside.iter().filter_map(|inside| by_frame.get(inside)).flatten();
            changes.any(|change| change.level() == level)
        };
        let (small, large) = sides(frame.direction, [frame.old, frame.new]);
        let prover = judgement.prover(frame);
        if has_level(Level::Breaking) || prover.includes(small, large, Mode::Sent) {
            continue;
        }
        let witnesses = prover.witnesses(small, large);
        let encoding = (frame.direction, frame.encoding);
        let validators = &mut judgement.validators;
        let confirms = |value: &Value| validators.confirm((small, large), encoding, value);
        let Some(value) = witnesses.into_iter().find(confirms) else {
            continue;
        };
        let prover = judgement.prover(frame);
        let pair = |index: usize| {
            let frame = frames.all.get(index)?;
            Some(sides(frame.direction, [frame.old, frame.new]))
        };
        let causes: Vec<usize> = inside
            .iter()
            .copied()
            .filter(|inside| {
                pair(*inside).is_some_and(|(small, large)| !prover.includes(small, large, Mode::All))
            })
            .collect();
        for cause in causes {
            for change in by_frame.get_mut(&cause).into_iter().flatten() {
                change.proof = Proof::Counterexample {
                    value: value.clone(),
                    accepted_by: small.side,
                };
            }
        }
    }
}

/// Decides inclusion of the schemas at one place of two documents.
#[must_use]
pub fn prove(documents: [&Value; 2], place: &Pointer, direction: Direction) -> Proof {
    let [Some(old), Some(new)] = documents.map(|document| document.pointer(place.as_str())) else {
        return Proof::None;
    };
    let roots = documents.map(|value| Root {
        value,
        has_null_type: false,
    });
    let mut prover = Prover::new(roots, direction, Encoding::Typed);
    let (small, large) = sides(direction, [old, new]);
    if prover.includes(small, large, Mode::Sent) {
        return Proof::Included;
    }
    let mut validators = Validators::new(roots);
    let encoding = (direction, Encoding::Typed);
    let confirms = |value: &Value| validators.confirm((small, large), encoding, value);
    match prover.witnesses(small, large).into_iter().find(confirms) {
        Some(value) => Proof::Counterexample {
            value,
            accepted_by: small.side,
        },
        None => Proof::Undecided,
    }
}

/// The schema that must be smaller and the schema that must be larger.
fn sides(direction: Direction, [old, new]: [&Value; 2]) -> (Schema<'_>, Schema<'_>) {
    let (old, new) = (
        Schema {
            value: old,
            side: Side::Old,
        },
        Schema {
            value: new,
            side: Side::New,
        },
    );
    if direction == Direction::Response {
        (new, old)
    } else {
        (old, new)
    }
}

/// The basis for judging a kind of change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Decision {
    /// Inclusion of the values.
    Values,
    /// Inclusion of the values, and of the declared properties. Values alone would not show a removed
    /// property, because it still matches an open object.
    Declarations,
    /// The rule of the change.
    Rule,
}

impl Decision {
    fn about(kind: ChangeKind) -> Self {
        use ChangeKind as Kind;
        match kind {
            Kind::RequiredRequestPropertyAdded
            | Kind::RequiredRequestPropertyWithDefaultAdded
            | Kind::ClosedResponsePropertyAdded
            | Kind::RequiredResponsePropertyRemoved
            | Kind::PropertyBecameRequired
            | Kind::PropertyBecameOptional
            | Kind::TypeChanged
            | Kind::TypeGeneralized
            | Kind::TypeSpecialized
            | Kind::FormatAdded
            | Kind::FormatRemoved
            | Kind::FormatChanged
            | Kind::FormatGeneralized
            | Kind::FormatSpecialized
            | Kind::BecameNullable
            | Kind::BecameNotNullable
            | Kind::ItemsAdded
            | Kind::ItemsRemoved
            | Kind::AdditionalPropertiesForbidden
            | Kind::AdditionalPropertiesAllowed
            | Kind::AdditionalPropertiesRestricted
            | Kind::AdditionalPropertiesUnrestricted
            | Kind::EnumValueAdded
            | Kind::EnumValueRemoved
            | Kind::BecameEnum
            | Kind::EnumUnset
            | Kind::MaximumDecreased
            | Kind::MaximumIncreased
            | Kind::MinimumIncreased
            | Kind::MinimumDecreased
            | Kind::LimitSet
            | Kind::LimitUnset
            | Kind::ExclusiveLimitSet
            | Kind::ExclusiveLimitUnset
            | Kind::PatternAdded
            | Kind::PatternRemoved
            | Kind::PatternChanged
            | Kind::UniqueItemsSet
            | Kind::UniqueItemsUnset
            | Kind::MultipleOfSet
            | Kind::MultipleOfUnset
            | Kind::MultipleOfChanged
            | Kind::AllOfAdded
            | Kind::AnyOfAdded
            | Kind::OneOfAdded
            | Kind::CompositionOrderChanged
            | Kind::ConstraintAdded
            | Kind::ConstraintRemoved
            | Kind::ConstraintChanged
            | Kind::RepresentationChanged
            | Kind::NotChanged => Self::Values,
            Kind::RequestPropertyRemoved
            | Kind::OptionalResponsePropertyRemoved
            | Kind::AllOfRemoved
            | Kind::AnyOfRemoved
            | Kind::OneOfRemoved
            | Kind::AlternativesIntroduced
            | Kind::AlternativesDropped => Self::Declarations,
            _ => Self::Rule,
        }
    }
}

struct Judgement<'f, 'a> {
    frames: &'f Frames<'a>,
    documents: [Root<'a>; 2],
    /// The relevant frames: those that contain a change to judge, directly or in an inner frame. Each is
    /// listed with the relevant frames inside it.
    relevant: HashMap<usize, Vec<usize>>,
    provers: HashMap<(Direction, Encoding), Prover<'a>>,
    validators: Validators<'a>,
    witnesses: HashMap<usize, Vec<Value>>,
    /// Frames at and below parts of compositions.
    parts: HashSet<usize>,
    /// Frames that fail the test of inclusion, although a single change in them passes it.
    alone: HashSet<usize>,
}

impl<'f, 'a> Judgement<'f, 'a> {
    fn new(frames: &'f Frames<'a>, documents: [Root<'a>; 2], changed: impl Iterator<Item = usize>) -> Self {
        let mut relevant: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut open: Vec<usize> = changed.collect();
        while let Some(index) = open.pop() {
            if relevant.contains_key(&index) {
                continue;
            }
            relevant.insert(index, Vec::new());
            open.extend(frames.all.get(index).into_iter().flat_map(|frame| &frame.parents));
        }
        let indexes: Vec<usize> = relevant.keys().copied().collect();
        for index in indexes {
            for parent in frames.all.get(index).into_iter().flat_map(|frame| &frame.parents) {
                relevant.entry(*parent).or_default().push(index);
            }
        }
        let is_part = |index: &usize| frames.all.get(*index).is_some_and(|frame| frame.is_part);
        let mut open: Vec<usize> = relevant.keys().copied().filter(is_part).collect();
        let mut parts = HashSet::new();
        while let Some(index) = open.pop() {
            if parts.insert(index) {
                open.extend(relevant.get(&index).into_iter().flatten());
            }
        }
        Self {
            frames,
            documents,
            parts,
            relevant,
            provers: HashMap::new(),
            validators: Validators::new(documents),
            witnesses: HashMap::new(),
            alone: HashSet::new(),
        }
    }

    /// The frames that a path from a message reaches without passing an inclusion.
    fn exposed(&mut self, mode: Mode) -> HashSet<usize> {
        let mut exposed = HashSet::new();
        // Descriptions in different parts of a composition do not form one pair.
        let is_root = |index: &usize| {
            let frame = self.frames.all.get(*index);
            frame.is_some_and(|frame| {
                frame.is_root
                    || (frame.is_beside && frame.parents.iter().any(|parent| self.parts.contains(parent)))
            })
        };
        let mut open: Vec<usize> = self.relevant.keys().copied().filter(is_root).collect();
        let mut seen: HashSet<usize> = open.iter().copied().collect();
        while let Some(index) = open.pop() {
            let Some(frame) = self.frames.all.get(index) else {
                continue;
            };
            let (small, large) = sides(frame.direction, [frame.old, frame.new]);
            // Another part may declare the property.
            let is_part = self.parts.contains(&index);
            let prover = self.prover(frame);
            if prover.includes(small, large, mode) && (!is_part || prover.includes(small, large, Mode::All)) {
                continue;
            }
            exposed.insert(index);
            let inner = self.relevant.get(&index).into_iter().flatten();
            open.extend(inner.copied().filter(|inner| seen.insert(*inner)));
        }
        exposed
    }

    /// A frame and the relevant frames inside it.
    fn inside(&self, index: usize) -> BTreeSet<usize> {
        let mut inside = BTreeSet::new();
        let mut open = vec![index];
        while let Some(index) = open.pop() {
            if inside.insert(index) {
                open.extend(self.relevant.get(&index).into_iter().flatten());
            }
        }
        inside
    }

    fn prover(&mut self, frame: &Frame<'a>) -> &mut Prover<'a> {
        let documents = self.documents;
        let new = || Prover::new(documents, frame.direction, frame.encoding);
        self.provers
            .entry((frame.direction, frame.encoding))
            .or_insert_with(new)
    }

    /// Finds a value that shows that a change breaks. `is_only` is true if the frame has no other change to
    /// judge.
    fn counterexample(&mut self, change: &RawChange, index: usize, is_only: bool) -> Proof {
        let frames = self.frames;
        let Some(frame) = frames.all.get(index) else {
            return Proof::Undecided;
        };
        let (small, large) = sides(frame.direction, [frame.old, frame.new]);
        let cause = Cause::of(change, frame, large, self.documents);
        if let Cause::Value(value) = cause
            && self.prover(frame).separates(small, large, value)
        {
            return self.confirmed(index, value.clone());
        }
        if !self.witnesses.contains_key(&index) {
            let found = self.prover(frame).witnesses(small, large);
            self.witnesses.insert(index, found);
        }
        let witnesses = self.witnesses.get(&index).map_or([].as_slice(), Vec::as_slice);
        let value = witnesses
            .iter()
            .find(|value| self.is_caused(value, &cause, frame.direction, large.side));
        let Some(value) = value.or_else(|| witnesses.first().filter(|_| is_only)) else {
            let proof = self.without_witness(change, frame, &cause, small, large.side);
            if proof == Proof::Included {
                self.alone.insert(index);
            }
            return proof;
        };
        self.confirmed(index, value.clone())
    }

    /// Returns the counterexample if the validator confirms it. If its enclosing object is short, the
    /// counterexample is shown inside that object.
    fn confirmed(&mut self, index: usize, value: Value) -> Proof {
        for (index, value) in [self.lifted(index, value.clone()), (index, value)] {
            let Some(frame) = self.frames.all.get(index) else {
                continue;
            };
            let pair = sides(frame.direction, [frame.old, frame.new]);
            let encoding = (frame.direction, frame.encoding);
            if self.validators.confirm(pair, encoding, &value) {
                return Proof::Counterexample {
                    value,
                    accepted_by: pair.0.side,
                };
            }
        }
        Proof::Undecided
    }

    /// Decides a change of a pair that has several changes. The change does not break if its keywords allow
    /// all values of the smaller schema.
    fn without_witness(
        &self,
        change: &RawChange,
        frame: &Frame<'a>,
        cause: &Cause<'a>,
        small: Schema<'a>,
        side: Side,
    ) -> Proof {
        if let Cause::Keywords(schema) = cause
            && Decision::about(change.kind) == Decision::Values
        {
            let large = Schema { value: schema, side };
            let mut prover = Prover::new(self.documents, frame.direction, frame.encoding);
            if prover.includes(small, large, Mode::All) {
                return Proof::Included;
            }
        }
        Proof::Undecided
    }

    fn is_caused(&self, value: &Value, cause: &Cause<'a>, direction: Direction, side: Side) -> bool {
        match cause {
            Cause::Unclear => false,
            Cause::Value(wanted) => value == *wanted,
            Cause::Property(name) => value.get(name).is_some(),
            Cause::Keywords(schema) => {
                let schema = Schema { value: schema, side };
                Prover::new(self.documents, direction, Encoding::Typed).refuses(schema, value)
            }
        }
    }

    /// Wraps the value of a property in its enclosing object.
    fn lifted(&mut self, mut index: usize, mut value: Value) -> (usize, Value) {
        let frames = self.frames;
        for _ in 0..MOST_OBJECTS {
            let Some(frame) = frames.all.get(index) else { break };
            let [_, pointer] = &frame.pointers;
            let path = tokens(pointer);
            let [.., keyword, name] = path.as_slice() else {
                break;
            };
            let Some(outer) = frame.parents.first().filter(|_| keyword == "properties") else {
                break;
            };
            let Some(parent) = frames.all.get(*outer) else {
                break;
            };
            let (small, large) = sides(parent.direction, [parent.old, parent.new]);
            let Some(object) = self.prover(parent).lift(small, large, name, &value) else {
                break;
            };
            if object.to_string().len() > SHORT {
                break;
            }
            (index, value) = (*outer, object);
        }
        (index, value)
    }
}
