//! Impact: what a change of the document means for users of the crate, in terms of semantic versioning.

mod kinds;

use std::fmt;

use funnelflux_diff::{Audience, Change, ChangeKind, Consequence, Fact, IntegerRange, Report};

/// What a change means for code that depends on the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// The crate stays as it is.
    None,
    /// Documentation or behaviour behind the same interface.
    Patch,
    /// The interface grows.
    Minor,
    /// Code that compiled may no longer do so.
    Major,
}

impl Impact {
    fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl fmt::Display for Impact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Judges a report for users of the crate.
#[must_use]
pub fn audience(report: &Report) -> Audience {
    let consequences = report.changes.iter().map(|change| {
        let (impact, reason) = of(change);
        Consequence {
            impact: impact.name(),
            reason,
            action: kinds::action(change.kind),
        }
    });
    Audience {
        name: "crate",
        consequences: consequences.collect(),
        impact: overall(report).name(),
    }
}

/// Returns the largest impact of a report.
#[must_use]
pub fn overall(report: &Report) -> Impact {
    report
        .changes
        .iter()
        .map(|change| of(change).0)
        .max()
        .unwrap_or(Impact::None)
}

/// Returns the impact of a change, and the reason.
///
/// A change that the comparison found in several contexts has the largest impact of them.
#[must_use]
pub fn of(change: &Change) -> (Impact, &'static str) {
    let judged = change.facts.iter().map(|facts| in_context(change, facts));
    judged
        .reduce(|worst, other| if other.0 > worst.0 { other } else { worst })
        .unwrap_or_else(|| kinds::impact(change.kind))
}

fn in_context(change: &Change, facts: &[Fact]) -> (Impact, &'static str) {
    let has = |fact: &Fact| facts.contains(fact);
    if has(&Fact::FirstProperty) {
        return (Impact::Major, "The first property turns a map into a struct.");
    }
    let judged = by_facts(change, facts).unwrap_or_else(|| kinds::impact(change.kind));
    if has(&Fact::FailureResponse) {
        return (judged.0.min(Impact::Patch), kinds::FAILURE);
    }
    judged
}

/// The impact where facts decide it.
fn by_facts(change: &Change, facts: &[Fact]) -> Option<(Impact, &'static str)> {
    let has = |fact: &Fact| facts.contains(fact);
    match change.kind {
        ChangeKind::NotationChanged => None,
        ChangeKind::ExtensionChanged => Some(of_extension(&change.pointer, has(&Fact::InferenceChanged))),
        ChangeKind::TitleChanged => {
            let names_type = has(&Fact::InlineSchema) && (!has(&Fact::Scalar) || has(&Fact::HasAlternatives));
            (!names_type).then_some((Impact::Patch, "Components, properties and parameters name types."))
        }
        ChangeKind::BecameNullable | ChangeKind::BecameNotNullable if has(&Fact::Optional) => Some((
            Impact::Patch,
            "An optional field reads null as absent, and is never sent as null.",
        )),
        ChangeKind::ClosedResponsePropertyAdded if has(&Fact::Optional) => {
            Some((Impact::Minor, "The crate keeps unknown fields, so it reads both."))
        }
        _ => facts.iter().find_map(|fact| match fact {
            Fact::SameSuccessBodies => Some((
                Impact::Patch,
                "Every 2xx is a success and every other status is one error type, so the return type stays.",
            )),
            Fact::JsonStays => Some((Impact::Patch, "The crate uses JSON, before and after.")),
            Fact::UndeclaredProperty => {
                let reason =
                    "A required property without a declaration is a field of any JSON, which comes or goes.";
                Some((Impact::Major, reason))
            }
            Fact::MovedBetweenParts => Some((
                Impact::Major,
                "The type of the part gains or loses a field; that of the whole does not.",
            )),
            Fact::UndeclaredPropertiesOnly => Some((
                Impact::Patch,
                "A type with fields keeps unknown ones in `extra`, whatever the schema allows.",
            )),
            Fact::StringFormats { old, new } => (!selects_type(old.as_deref())
                && !selects_type(new.as_deref()))
            .then_some((Impact::Patch, "With either format the type is `String`.")),
            Fact::IntegerRanges { old, new } if range_type(*old) != range_type(*new) => {
                Some((Impact::Major, "The limits select the type of the number."))
            }
            Fact::FixedLength => Some((Impact::Major, "The limits select the type of the array.")),
            _ => None,
        }),
    }
}

fn of_extension(pointer: &str, inference_changed: bool) -> (Impact, &'static str) {
    let key = pointer.rsplit('/').next().unwrap_or_default();
    match key {
        "x-evidence" if inference_changed => (
            Impact::Major,
            "Inferred operations that remove something take an `Unverified`; documented ones do not.",
        ),
        "x-evidence" => (Impact::Patch, "The documentation states the evidence."),
        "x-undocumented" if pointer.starts_with("/tags/") => (
            Impact::Major,
            "The group of an undocumented tag is behind a feature.",
        ),
        "x-rust-name" | "x-notes" | "x-id-type" | "x-secret" | "x-inline" => {
            (Impact::Major, "The generator reads this extension.")
        }
        _ => (Impact::None, "The generator does not read this extension."),
    }
}

/// Whether a format of strings selects another type than `String`.
fn selects_type(format: Option<&str>) -> bool {
    const FORMATS: [&str; 9] = [
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
    format.is_some_and(|format| FORMATS.contains(&format))
}

/// The limits that select the type of an integer: those that exactly fit a type, and a minimum of one for a non-zero type.
fn range_type(range: Option<IntegerRange>) -> Option<[Option<f64>; 2]> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "the generator compares in floating point, too"
    )]
    let (minima, maxima) = (
        [
            0.0,
            1.0,
            f64::from(i8::MIN),
            f64::from(i16::MIN),
            f64::from(i32::MIN),
            i64::MIN as f64,
        ],
        [
            f64::from(i8::MAX),
            f64::from(u8::MAX),
            f64::from(i16::MAX),
            f64::from(u16::MAX),
            f64::from(i32::MAX),
            f64::from(u32::MAX),
            i64::MAX as f64,
            u64::MAX as f64,
        ],
    );
    let fit = |value: Option<f64>, limits: &[f64]| {
        limits
            .iter()
            .copied()
            .find(|limit| value.is_some_and(|value| (limit - value).abs() < 0.5))
    };
    let range = range?;
    Some([fit(range.minimum, &minima), fit(range.maximum, &maxima)])
}
