//! Judgement: finds a proof for each change of a schema.
//!
//! The sender of a request is a client, which follows the old document. The sender of a response is the
//! service, which follows the new document. A *frame* is a pair of compared schemas: one belongs to the
//! sender, the other to the receiver. The frame passes the *test of inclusion* if the receiver's schema
//! includes the sender's schema, that is, if the receiver's schema allows every value that the sender's
//! schema allows.
//!
//! A change does not break if its frame passes the test. If the frame fails the test, an enclosing frame may
//! still pass it. For example, a lowered `maxLength` in one alternative of an `anyOf` breaks nothing if
//! another alternative allows every string. The enclosing frames form paths, each from a whole message to the
//! change. If every path contains a frame that passes the test, the change does not break. Otherwise, a
//! counterexample (a value that the sender's schema allows and the receiver's schema rejects) proves that the
//! change breaks. Without a counterexample, the level of the rule applies.
//!
//! In JSON Schema, exactly one alternative of a `oneOf` must match, but authors often mean *at least one*. A
//! change breaks only if it breaks in both interpretations. A change that breaks only in that of JSON Schema
//! is a warning.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    iter,
};

use serde_json::Value;

use funnelflux_openapi::pointer::Pointer;

use crate::{
    cause::Cause,
    frames::{Frame, Frames},
    inclusion::{Mode, OneOf, Pair, Prover, Root, Schema, Validators},
    level::{Direction, Encoding, Level, Side},
    part_names::tokens,
    proof::Proof,
    raw_change::RawChange,
    rules::ChangeKind,
};

/// Maximum length, in bytes of JSON, of an enclosing object that is shown around a counterexample.
const SHORT: usize = 100;

/// Maximum number of enclosing objects around a counterexample.
const MOST_OBJECTS: usize = 3;

/// Adds a proof to each change of a schema, if the test of inclusion can decide the level of the change.
/// Skips changes that are harmless by their rule.
pub(crate) fn judge<'a>(changes: &mut [RawChange], frames: &Frames<'a>, documents: [Root<'a>; 2]) {
    let harmful = changes.iter_mut();
    let harmful = harmful.filter(|change| change.kind.rule().level(change.direction) > Level::Info);
    let judged = harmful.filter_map(|change| {
        let (mode, index) = (deciding_mode(change.kind)?, change.frame?);
        let has_direction = frames.all.get(index)?.has_direction();
        has_direction.then_some((change, index, mode))
    });
    let mut judged: Vec<(&mut RawChange, usize, Mode)> = judged.collect();
    let mut judgement = Judgement::new(frames, documents, judged.iter().map(|(_, index, _)| *index));
    let mut exposed = |one_of| [Mode::Sent, Mode::Declared].map(|mode| judgement.exposed(mode, one_of));
    let exposed_as_any = exposed(OneOf::Any);
    let exposed_exactly = exposed(OneOf::Exact);
    let mut counts: HashMap<usize, usize> = HashMap::new();
    for (_, index, _) in &judged {
        *counts.entry(*index).or_default() += 1;
    }
    for (change, index, mode) in &mut judged {
        let is_exposed = |[sent, declared]: &[HashSet<usize>; 2]| match mode {
            Mode::Declared => declared.contains(index),
            Mode::Sent | Mode::All => sent.contains(index),
        };
        let is_only = counts.get(index) == Some(&1);
        change.proof = if !is_exposed(&exposed_as_any) {
            if is_exposed(&exposed_exactly) {
                Proof::IncludedIfDistinct
            } else {
                Proof::Included
            }
        } else if change.kind.rule().level(change.direction) < Level::Breaking {
            Proof::None
        } else {
            judgement.counterexample(change, *index, is_only)
        };
    }
    let breaking = judged.iter();
    let breaking = breaking.filter(|(change, ..)| change.level() == Level::Breaking);
    let around_breaks = frames.around(breaking.map(|(_, index, _)| *index).collect());
    for (change, index, _) in &mut judged {
        // A frame that fails the test must have a change that breaks. If none breaks, the proof is uncertain.
        let is_alone = change.proof == Proof::Included && judgement.alone.contains(index);
        if is_alone && !around_breaks.contains(index) {
            change.proof = Proof::Undecided;
        }
    }
    raise(changes, frames, documents);
}

/// Checks each whole message without a breaking change. If the schemas of the message fail the test of
/// inclusion, raises the level of the changes inside the message that may be the reason.
fn raise<'a>(changes: &mut [RawChange], frames: &Frames<'a>, documents: [Root<'a>; 2]) {
    let mut by_frame: BTreeMap<usize, Vec<&mut RawChange>> = BTreeMap::new();
    for change in changes.iter_mut().filter(|change| change.level() > Level::Docs) {
        if let Some(frame) = change.frame {
            by_frame.entry(frame).or_default().push(change);
        }
    }
    let mut judgement = Judgement::new(frames, documents, by_frame.keys().copied());
    let has_level = |by_frame: &BTreeMap<usize, Vec<&mut RawChange>>, index: usize, level: Level| {
        let changes = by_frame.get(&index).into_iter().flatten();
        changes.map(|change| change.level()).any(|other| other == level)
    };
    // The frames with changes of a level, and the frames that contain them.
    let [mut breaking, mut warning] = [Level::Breaking, Level::Warning].map(|level| {
        let mut indexes: Vec<usize> = by_frame.keys().copied().collect();
        indexes.retain(|index| has_level(&by_frame, *index, level));
        frames.around(indexes)
    });
    let roots = frames.all.iter().enumerate();
    for (index, frame) in roots.filter(|(_, frame)| frame.is_root && frame.has_direction()) {
        if breaking.contains(&index) || !judgement.relevant.contains_key(&index) {
            continue;
        }
        let pair = frame.pair();
        let one_of = if !judgement.includes(frame, pair, Mode::Sent, OneOf::Any) {
            OneOf::Any
        } else if !warning.contains(&index) && !judgement.includes(frame, pair, Mode::Sent, OneOf::Exact) {
            OneOf::Exact
        } else {
            continue;
        };
        let value = judgement.confirmed_counterexample(frame, one_of);
        if value.is_none() && warning.contains(&index) {
            continue;
        }
        for cause in judgement.inside(vec![index]) {
            let Some(frame) = frames.all.get(cause) else {
                continue;
            };
            let (small, large) = frame.pair();
            // A wider alternative of a `oneOf` may exclude values of the other ones. So inclusion must hold
            // in both directions.
            let mut includes = |pair| judgement.includes(frame, pair, Mode::All, one_of);
            if includes((small, large)) && (one_of == OneOf::Any || includes((large, small))) {
                continue;
            }
            for change in by_frame.get_mut(&cause).into_iter().flatten() {
                change.proof = match (one_of, &value) {
                    (OneOf::Exact, Some(_)) => Proof::IncludedIfDistinct,
                    // The new alternative, or the alternative that contains it, may match values of the
                    // others.
                    (OneOf::Exact, None)
                        if change.kind == ChangeKind::AlternativeAdded
                            && (change.keyword == "one-of" || frames.is_in_one_of(cause)) =>
                    {
                        Proof::IncludedIfDistinct
                    }
                    (OneOf::Any, Some(value)) => Proof::Counterexample {
                        value: value.clone(),
                        accepted_by: small.side,
                    },
                    (OneOf::Any, None) if describes_property(change.kind) => Proof::Undecided,
                    (_, None) => continue,
                };
            }
            for (level, around) in [(Level::Breaking, &mut breaking), (Level::Warning, &mut warning)] {
                if has_level(&by_frame, cause, level) {
                    around.extend(frames.around(vec![cause]));
                }
            }
        }
    }
}

/// Tests whether the receiver's schema includes the sender's schema. `documents` are the old and the new
/// document. `place` is the pointer to the schema in both documents, and `direction` determines which of the
/// two schemas is the sender's.
#[must_use]
pub fn prove(documents: [&Value; 2], place: &Pointer, direction: Direction) -> Proof {
    let [Some(old), Some(new)] = documents.map(|document| document.pointer(place.as_str())) else {
        return Proof::None;
    };
    let has_null_type = false;
    let roots = documents.map(|value| Root { value, has_null_type });
    let pair = Schema::pair(direction, [old, new]);
    let prover = |one_of| Prover::new(roots, direction, Encoding::Typed, one_of);
    if prover(OneOf::Exact).includes(pair, Mode::Sent) {
        return Proof::Included;
    }
    let mut prover = prover(OneOf::Any);
    if prover.includes(pair, Mode::Sent) {
        return Proof::IncludedIfDistinct;
    }
    let mut validators = Validators::new(roots);
    let encoding = (direction, Encoding::Typed);
    let confirms = |value: &Value| validators.confirm(pair, encoding, OneOf::Any, value);
    let accepted_by = pair.0.side;
    let confirmed = prover.counterexamples(pair).into_iter().find(confirms);
    confirmed.map_or(Proof::Undecided, |value| Proof::Counterexample {
        value,
        accepted_by,
    })
}

/// Returns the mode of the test of inclusion that decides about changes of this kind. Returns `None` if no
/// test decides; then the level of the rule applies.
fn deciding_mode(kind: ChangeKind) -> Option<Mode> {
    use ChangeKind as Kind;
    match kind {
        // Values alone would not reveal that a property was removed, because an open object still allows it.
        Kind::RequestPropertyRemoved
        | Kind::OptionalResponsePropertyRemoved
        | Kind::AllOfRemoved
        | Kind::AlternativeRemoved
        | Kind::AlternativesIntroduced
        | Kind::AlternativesDropped => Some(Mode::Declared),
        Kind::ParameterDefaultAdded
        | Kind::ParameterDefaultRemoved
        | Kind::ParameterDefaultChanged
        | Kind::DefaultAdded
        | Kind::DefaultRemoved
        | Kind::DefaultChanged
        | Kind::BecameReadOnly
        | Kind::BecameNotReadOnly
        | Kind::RequiredBecameNotReadOnly
        | Kind::BecameWriteOnly
        | Kind::BecameNotWriteOnly
        | Kind::ExtensibleEnumValueRemoved
        | Kind::DiscriminatorAdded
        | Kind::DiscriminatorRemoved
        | Kind::DiscriminatorPropertyChanged
        | Kind::MappingAdded
        | Kind::MappingRemoved
        | Kind::MappingChanged
        | Kind::NormativeWordsChanged
        | Kind::LifecycleChanged => None,
        _ => Some(Mode::Sent),
    }
}

/// Checks whether changes of this kind add the declaration of a property. Another part of the schema, such as
/// `additionalProperties`, may have allowed the property before.
fn describes_property(kind: ChangeKind) -> bool {
    matches!(
        kind,
        ChangeKind::OptionalRequestPropertyAdded
            | ChangeKind::OptionalResponsePropertyAdded
            | ChangeKind::RequiredResponsePropertyAdded
    )
}

struct Judgement<'f, 'a> {
    frames: &'f Frames<'a>,
    documents: [Root<'a>; 2],
    /// The relevant frames, each with the relevant frames directly inside it. A frame is relevant if it
    /// contains a change to judge, directly or in an inner frame.
    relevant: HashMap<usize, Vec<usize>>,
    provers: HashMap<(Direction, Encoding, OneOf), Prover<'a>>,
    validators: Validators<'a>,
    counterexamples: HashMap<usize, Vec<Value>>,
    /// Frames of the entries of `allOf`, `anyOf` and `oneOf`, and of schemas inside these entries.
    parts: BTreeSet<usize>,
    /// Frames that fail the test of inclusion, but have a change that was judged harmless, because its
    /// keywords alone reject no value of the sender's schema. So another change in the frame should be
    /// breaking.
    alone: HashSet<usize>,
}

impl<'f, 'a> Judgement<'f, 'a> {
    fn new(frames: &'f Frames<'a>, documents: [Root<'a>; 2], changed: impl Iterator<Item = usize>) -> Self {
        let around = frames.around(changed.collect());
        let mut relevant: HashMap<usize, Vec<usize>> = HashMap::new();
        for index in &around {
            relevant.entry(*index).or_default();
            for parent in frames.parents(*index) {
                relevant.entry(*parent).or_default().push(*index);
            }
        }
        let mut judgement = Self {
            frames,
            documents,
            parts: BTreeSet::new(),
            relevant,
            provers: HashMap::new(),
            validators: Validators::new(documents),
            counterexamples: HashMap::new(),
            alone: HashSet::new(),
        };
        let is_part = |index: &usize| frames.all.get(*index).is_some_and(|frame| frame.is_part);
        judgement.parts = judgement.inside(around.into_iter().filter(is_part).collect());
        judgement
    }

    /// Returns the frames to which a path of failing frames leads: the path begins at a whole message, ends
    /// with the frame itself, and every frame on it fails the test of inclusion.
    fn exposed(&mut self, mode: Mode, one_of: OneOf) -> HashSet<usize> {
        let mut exposed = HashSet::new();
        let is_root = |index: &usize| self.frames.all.get(*index).is_some_and(|frame| frame.is_root);
        let mut open: Vec<usize> = self.relevant.keys().copied().filter(is_root).collect();
        let mut seen: HashSet<usize> = open.iter().copied().collect();
        while let Some(index) = open.pop() {
            let Some(frame) = self.frames.all.get(index) else {
                continue;
            };
            let pair = frame.pair();
            // A property may be declared by another part of the composition, and then be sent. So the pair
            // must also pass the test for all values.
            let is_part = self.parts.contains(&index);
            if self.includes(frame, pair, mode, one_of)
                && (!is_part || self.includes(frame, pair, Mode::All, one_of))
            {
                continue;
            }
            exposed.insert(index);
            let inner = self.relevant.get(&index).into_iter().flatten();
            open.extend(inner.copied().filter(|inner| seen.insert(*inner)));
        }
        exposed
    }

    /// Returns the given frames, and all relevant frames inside them.
    fn inside(&self, mut open: Vec<usize>) -> BTreeSet<usize> {
        let mut inside = BTreeSet::new();
        while let Some(index) = open.pop() {
            if inside.insert(index) {
                open.extend(self.relevant.get(&index).into_iter().flatten());
            }
        }
        inside
    }

    fn prover(&mut self, frame: &Frame<'a>, one_of: OneOf) -> &mut Prover<'a> {
        let documents = self.documents;
        let new = || Prover::new(documents, frame.direction, frame.encoding, one_of);
        self.provers
            .entry((frame.direction, frame.encoding, one_of))
            .or_insert_with(new)
    }

    fn includes(&mut self, frame: &Frame<'a>, pair: Pair<'a>, mode: Mode, one_of: OneOf) -> bool {
        let prover = self.prover(frame, OneOf::Any);
        let includes = prover.includes(pair, mode);
        // The interpretations of `oneOf` cannot differ if no proof has met a `oneOf`. For text, the exact
        // interpretation is not used, because a text may match several types.
        if one_of == OneOf::Any || !prover.has_one_of() || frame.encoding != Encoding::Typed {
            return includes;
        }
        self.prover(frame, OneOf::Exact).includes(pair, mode)
    }

    /// Finds a value that the sender's schema allows and the receiver's schema rejects. An independent
    /// validator must confirm the value.
    fn confirmed_counterexample(&mut self, frame: &Frame<'a>, one_of: OneOf) -> Option<Value> {
        let (pair, encoding) = (frame.pair(), (frame.direction, frame.encoding));
        let counterexamples = self.prover(frame, one_of).counterexamples(pair);
        let confirms = |value: &Value| self.validators.confirm(pair, encoding, one_of, value);
        counterexamples.into_iter().find(confirms)
    }

    /// Looks for a counterexample that is due to `change`, which is in the frame at `index`. `is_only` is
    /// true if the frame has no other change to judge; then any counterexample is due to this change. Without
    /// a counterexample, returns `Included` if the changed keywords alone reject no value of the sender's
    /// schema, and otherwise `Undecided`.
    fn counterexample(&mut self, change: &RawChange, index: usize, is_only: bool) -> Proof {
        let frames = self.frames;
        let Some(frame) = frames.all.get(index) else {
            return Proof::Undecided;
        };
        let (small, large) = frame.pair();
        let cause = Cause::of(change, frame, large, self.documents);
        if let Some(Cause::Value(value)) = cause
            && self.prover(frame, OneOf::Any).separates((small, large), value)
        {
            return self.confirmed(index, value.clone());
        }
        if !self.counterexamples.contains_key(&index) {
            let found = self.prover(frame, OneOf::Any).counterexamples((small, large));
            self.counterexamples.insert(index, found);
        }
        let counterexamples = self.counterexamples.get(&index);
        let counterexamples = counterexamples.map_or(&[][..], Vec::as_slice);
        let mut values = counterexamples.iter();
        let is_caused =
            |cause| values.find(|value| self.is_caused(value, cause, frame.direction, large.side));
        let value = cause.as_ref().and_then(is_caused);
        let Some(value) = value.or_else(|| counterexamples.first().filter(|_| is_only)) else {
            // The frame has several changes. This change does not break if its keywords allow all values of
            // the sender's schema.
            let allows_all = |keywords: &Value| {
                let mut prover = Prover::new(self.documents, frame.direction, frame.encoding, OneOf::Any);
                prover.includes((small, Schema::new(keywords, large.side)), Mode::All)
            };
            let is_about_values = deciding_mode(change.kind) == Some(Mode::Sent);
            return match &cause {
                Some(Cause::Keywords(keywords)) if is_about_values && allows_all(keywords) => {
                    self.alone.insert(index);
                    Proof::Included
                }
                _ => Proof::Undecided,
            };
        };
        self.confirmed(index, value.clone())
    }

    /// Returns a counterexample that the validator confirms: `value` inside its enclosing objects if they are
    /// short, or else `value` alone. Returns `Undecided` if the validator confirms neither.
    fn confirmed(&mut self, index: usize, value: Value) -> Proof {
        let lifted = iter::successors(Some((index, value.clone())), |(index, value)| {
            self.lifted(*index, value)
        });
        let lifted = lifted.take(MOST_OBJECTS + 1).last();
        for (index, value) in lifted.into_iter().chain([(index, value)]) {
            let Some(frame) = self.frames.all.get(index) else {
                continue;
            };
            let pair = frame.pair();
            let encoding = (frame.direction, frame.encoding);
            if self.validators.confirm(pair, encoding, OneOf::Any, &value) {
                let accepted_by = pair.0.side;
                return Proof::Counterexample { value, accepted_by };
            }
        }
        Proof::Undecided
    }

    /// Checks whether the cause of a change explains that the receiver's schema rejects `value`.
    fn is_caused(&self, value: &Value, cause: &Cause<'a>, direction: Direction, side: Side) -> bool {
        match cause {
            Cause::Value(wanted) => value == *wanted,
            Cause::Property(name) => value.get(name).is_some(),
            Cause::Keywords(schema) => {
                let schema = Schema::new(schema, side);
                Prover::new(self.documents, direction, Encoding::Typed, OneOf::Any).refuses(schema, value)
            }
        }
    }

    /// Wraps a counterexample for the property at `index` in an object with this property. Returns the index
    /// of the object's frame, and the object. Returns `None` if the frame is not a property, if no such
    /// object is a counterexample, or if the object is longer than `SHORT`.
    fn lifted(&mut self, index: usize, value: &Value) -> Option<(usize, Value)> {
        let frames = self.frames;
        let frame = frames.all.get(index)?;
        let path = tokens(frame.pointers.last()?);
        let [.., keyword, name] = path.as_slice() else {
            return None;
        };
        let outer = *frame.parents.first().filter(|_| keyword == "properties")?;
        let parent = frames.all.get(outer)?;
        let object = self.prover(parent, OneOf::Any).lift(parent.pair(), name, value)?;
        (object.to_string().len() <= SHORT).then_some((outer, object))
    }
}
