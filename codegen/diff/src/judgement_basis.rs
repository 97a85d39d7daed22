//! The basis for judging each kind of change.

use crate::rules::ChangeKind;

/// The basis for judging a kind of change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Inclusion of the values.
    Values,
    /// Inclusion of the values, and of the declared properties. Values alone would not show a removed
    /// property, because it still matches an open object.
    Declarations,
    /// The rule of the change.
    Rule,
}

impl Decision {
    pub(crate) fn about(kind: ChangeKind) -> Self {
        use ChangeKind as Kind;
        match kind {
            Kind::RequestPropertyRemoved
            | Kind::OptionalResponsePropertyRemoved
            | Kind::AllOfRemoved
            | Kind::AnyOfRemoved
            | Kind::OneOfRemoved
            | Kind::AlternativesIntroduced
            | Kind::AlternativesDropped => Self::Declarations,
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
            | Kind::LifecycleChanged => Self::Rule,
            _ => Self::Values,
        }
    }
}
