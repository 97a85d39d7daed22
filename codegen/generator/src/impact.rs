//! Determines the impact of document changes on users of the crate, in terms of semantic versioning.

mod maintainer_action;

use std::fmt;

use funnelflux_diff::{Audience, Change, ChangeKind, Consequence, Fact, Report};
use funnelflux_openapi::pointer::{Pointer, Token};

use crate::method_names::may_rename;

/// Meaning of a change for code that depends on the crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// The crate stays unchanged.
    None,
    /// Documentation or behaviour changes, but the interface does not.
    Patch,
    /// The interface grows.
    Minor,
    /// Code that compiled before may no longer compile.
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

/// Determines how each change of a report affects users of the crate.
pub fn audience(report: &Report) -> Audience {
    let consequences = report.changes.iter().map(|change| {
        let (impact, reason) = of(change);
        Consequence {
            impact: impact.name(),
            concerns: impact >= Impact::Minor,
            reason,
            action: maintainer_action::of(change.kind),
        }
    });
    Audience {
        name: "crate",
        consequences: consequences.collect(),
        impact: overall(report).name(),
    }
}

/// Returns the largest impact of all changes in a report.
pub fn overall(report: &Report) -> Impact {
    report
        .changes
        .iter()
        .map(|change| of(change).0)
        .max()
        .unwrap_or(Impact::None)
}

/// Returns the impact of a change, and the reason for this impact.
///
/// If a change was found in several contexts, returns the largest of the impacts in these contexts.
pub fn of(change: &Change) -> (Impact, &'static str) {
    if is_in_call_of_service(&change.pointer) {
        return of_kind(ChangeKind::WebhookChanged);
    }
    let judged = change.facts.iter().map(|facts| in_context(change, facts));
    judged
        .reduce(|worst, other| if other.0 > worst.0 { other } else { worst })
        .unwrap_or_else(|| of_kind(change.kind))
}

/// Checks whether a part of the document is inside a webhook or a callback.
fn is_in_call_of_service(pointer: &Pointer) -> bool {
    let tokens: Vec<_> = pointer.tokens().take(4).collect();
    let tokens: Vec<&str> = tokens.iter().map(Token::encoded).collect();
    match tokens.as_slice() {
        // Normalisation renames `webhooks` to an extension.
        [webhooks, _, ..] if webhooks.starts_with("x-") => webhooks.ends_with("-webhooks"),
        ["paths", _, _, "callbacks"] | ["components", "callbacks", ..] => true,
        _ => false,
    }
}

fn in_context(change: &Change, facts: &[Fact]) -> (Impact, &'static str) {
    let has = |fact: &Fact| facts.contains(fact);
    if has(&Fact::FirstProperty) {
        return (Impact::Major, "The first property turns a map into a struct.");
    }
    let judged = by_facts(change, facts).unwrap_or_else(|| of_kind(change.kind));
    if has(&Fact::FailureResponse) {
        return (judged.0.min(Impact::Patch), FAILURE);
    }
    judged
}

/// Returns the impact that `facts` determine, or `None` if the default impact of this kind of change applies.
fn by_facts(change: &Change, facts: &[Fact]) -> Option<(Impact, &'static str)> {
    let has = |fact: &Fact| facts.contains(fact);
    let patch = |reason| Some((Impact::Patch, reason));
    match change.kind {
        ChangeKind::NotationChanged => None,
        ChangeKind::ExtensionChanged => Some(of_extension(&change.pointer, has(&Fact::InferenceChanged))),
        ChangeKind::TitleChanged if !has(&Fact::MayNameType) => {
            patch("Components, properties and parameters name types.")
        }
        ChangeKind::BecameNullable | ChangeKind::BecameNotNullable if has(&Fact::Optional) => {
            patch("An optional field reads null as absent, and is never sent as null.")
        }
        ChangeKind::ClosedResponsePropertyAdded if has(&Fact::Optional) => {
            Some((Impact::Minor, "The crate keeps unknown fields, so it reads both."))
        }
        _ => facts.iter().find_map(|fact| match fact {
            Fact::SameSuccessBodies => {
                patch("Successes have the same bodies, and all failures share one type, so both types stay.")
            }
            Fact::JsonStays => patch("The crate uses JSON, before and after."),
            Fact::UndeclaredProperty => {
                let reason =
                    "A required property without a declaration is a field of any JSON, which comes or goes.";
                Some((Impact::Major, reason))
            }
            Fact::UndeclaredPropertiesOnly => {
                patch("A type with fields keeps unknown ones in `extra`, whatever the schema allows.")
            }
            Fact::OperationSummary { old, new } => {
                let tokens: Vec<_> = change.pointer.tokens().take(3).collect();
                let method = tokens.last().map(Token::encoded).unwrap_or_default();
                let reason = "The summary names the method, so the name may change.";
                may_rename(method, [old, new]).then_some((Impact::Major, reason))
            }
            // Without limits, the generator uses `i64` and `f64` if the format is unknown or absent, too.
            Fact::NumberFormats { old, new } => {
                let is_default =
                    |format: &Option<_>| matches!(format.as_deref(), None | Some("int64" | "double"));
                patch("The number has the same Rust type, with either format or without it.")
                    .filter(|_| [old, new].into_iter().all(is_default))
            }
            // Only the format `password` affects the Rust type: it selects the type for secrets. Other
            // formats appear only in the documentation.
            Fact::StringFormats { old, new } => {
                let is_secret = |format: &Option<_>| format.as_deref() == Some("password");
                patch("With either format the type is `String`.")
                    .filter(|_| ![old, new].into_iter().any(is_secret))
            }
            _ => None,
        }),
    }
}

fn of_extension(pointer: &Pointer, inference_changed: bool) -> (Impact, &'static str) {
    let key = pointer.last();
    match key.as_ref().map_or("", Token::encoded) {
        "x-evidence" if inference_changed => (
            Impact::Major,
            "Inferred operations that remove something must be acknowledged; documented ones need not.",
        ),
        "x-evidence" => (Impact::Patch, "The documentation states the evidence."),
        "x-undocumented" if pointer.starts_with(Pointer::from_static("/tags")) => (
            Impact::Major,
            "The feature of the group moves between `documented`, which is on by default, and `inferred`.",
        ),
        "x-rust-name" | "x-notes" | "x-id-type" | "x-secret" | "x-inline" => {
            (Impact::Major, "The generator reads this extension.")
        }
        "x-children" => (
            Impact::Major,
            "The operations that count and handle children depend on this extension.",
        ),
        "x-server-managed" => (Impact::Patch, "The client knows better what the service does."),
        _ => (Impact::None, "The generator does not read this extension."),
    }
}

const FAILURE: &str = "All failures share one error type, documented or not.";

/// Returns the default impact of a kind of change. It applies if the facts of a change determine no impact.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "a table")]
fn of_kind(kind: ChangeKind) -> (Impact, &'static str) {
    use ChangeKind as K;
    use Impact::{Major, Minor, Patch};
    match kind {
        K::OperationAdded => (Minor, "A new method on the client."),
        K::OperationRemoved | K::DeprecatedOperationRemoved | K::PathRemoved | K::DeprecatedPathRemoved =>
            (Major, "Its method is gone; calls no longer compile."),
        K::PathParameterRenamed => (Major, "The path names the method, so the name may change."),
        K::PathParametersSwapped => (Major, "The path names the method and orders its arguments."),
        K::PathItemChanged | K::UnusedComponentChanged => (Patch, "Nothing is generated from it."),
        K::OperationIdAdded | K::OperationIdRemoved =>
            (Impact::None, "Method names come from method and path, never from the operationId."),
        K::OperationDeprecated | K::OperationReactivated | K::ParameterDeprecated | K::ParameterReactivated
        | K::PropertyDeprecated | K::PropertyReactivated | K::DescriptionChanged | K::SummaryChanged
        | K::ExampleChanged | K::ExternalDocsChanged | K::TagDescriptionChanged | K::InfoChanged =>
            (Patch, "Documentation changes."),
        K::TagAdded | K::TagRemoved =>
            (Patch, "The tag is in the table of operations; names do not depend on it."),
        K::FirstTagChanged =>
            (Major, "The first tag is the group: the module of the operation, perhaps its feature."),
        K::RequiredParameterAdded | K::RequiredParameterWithDefaultAdded | K::PathParameterAdded
        | K::RequiredBodyAdded | K::OptionalBodyAdded =>
            (Major, "The method has one more argument; calls no longer compile."),
        K::OptionalParameterAdded | K::OptionalParameterWithDefaultAdded =>
            (Major, "Parameters are positional arguments, so calls no longer compile."),
        K::ParameterRemoved | K::BodyRemoved =>
            (Major, "The method loses an argument; calls no longer compile."),
        K::IgnoredHeaderChanged =>
            (Impact::None, "The runtime sets this header itself, so it is never an argument."),
        K::MediaTypeRangeChanged => (Major, "The crate uses JSON, which may no longer be offered."),
        K::ParameterBecameRequired =>
            (Major, "The argument is no longer an `Option`; calls no longer compile."),
        K::ParameterBecameOptional => (Major, "The argument becomes an `Option`; calls no longer compile."),
        K::ParameterSerializationChanged | K::SerializationChanged =>
            (Patch, "Signatures stay; the runtime must send it differently."),
        K::ParameterEmptyValueForbidden | K::ParameterEmptyValueAllowed => (Patch, "Signatures stay."),
        K::ParameterOrderChanged =>
            (Impact::None, "Arguments follow the path and then the names, not the document."),
        K::ParameterContentChanged => (Major, "The argument's type may change."),
        K::BodyBecameRequired => (Major, "`Option<&T>` becomes `&T`; calls no longer compile."),
        K::BodyBecameOptional => (Major, "`&T` becomes `Option<&T>`; calls no longer compile."),
        K::BodyMediaTypeAdded => (Major, "The crate sends JSON, which may be new here."),
        K::BodyMediaTypeRemoved => (Major, "The crate sends JSON, which may no longer be accepted."),
        K::BodySchemaAdded | K::BodySchemaRemoved => (Major, "The type of the argument changes."),
        K::SuccessStatusAdded | K::SuccessStatusRemoved | K::StatusRangeChanged =>
            (Major, "Every 2xx is a success; another body changes the return type."),
        K::FailureStatusAdded | K::FailureStatusRemoved =>
            (Patch, FAILURE),
        K::DefaultResponseAdded | K::DefaultResponseRemoved =>
            (Major, "Without a declared 2xx, the default response is the success."),
        K::ResponseMediaTypeAdded => (Major, "If there was no body, the method now returns one."),
        K::ResponseMediaTypeRemoved => (Major, "Without JSON, the return type changes."),
        K::ResponseSchemaAdded | K::ResponseSchemaRemoved => (Major, "The return type changes."),
        K::HeaderAdded | K::RequiredHeaderRemoved | K::OptionalHeaderRemoved | K::HeaderBecameOptional
        | K::HeaderBecameRequired | K::HeaderDeprecated | K::HeaderReactivated =>
            (Patch, "The crate exposes all headers, documented or not."),
        K::SchemaAdded => (Minor, "A new type."),
        K::SchemaRemoved => (Major, "Its type is gone; code that names it no longer compiles."),
        K::SchemaRenamed => (Major, "Its type is renamed; code that names it no longer compiles."),
        K::ComponentAdded | K::ComponentRemoved =>
            (Impact::None, "Shared components are not visible in the crate."),
        K::SchemaReplaced => (Major, "The type has another name; code that names it no longer compiles."),
        K::OptionalRequestPropertyAdded =>
            (Minor, "A new optional field with a setter. Structs are non-exhaustive."),
        K::RequiredRequestPropertyAdded | K::RequiredRequestPropertyWithDefaultAdded =>
            (Major, "The constructor has one more argument; calls no longer compile."),
        K::RequestPropertyRemoved | K::OptionalResponsePropertyRemoved | K::RequiredResponsePropertyRemoved =>
            (Major, "The field is gone; code that names it no longer compiles."),
        K::OptionalResponsePropertyAdded => (Minor, "A new optional field. Its value was in `extra` before."),
        K::RequiredResponsePropertyAdded =>
            (Major, "The constructor has one more argument; responses without the field fail."),
        K::ClosedResponsePropertyAdded => (Major, "The crate keeps unknown fields, so it reads both."),
        K::PropertyBecameRequired =>
            (Major, "The field is no longer an `Option`, and the constructor requires it."),
        K::PropertyBecameOptional => (Major, "The field becomes an `Option` and leaves the constructor."),
        K::BecameReadOnly | K::BecameNotReadOnly | K::RequiredBecameNotReadOnly | K::BecameNotWriteOnly =>
            (Patch, "The field stays."),
        K::BecameWriteOnly => (Patch, "The field stays, and is empty in responses."),
        K::TypeChanged | K::TypeGeneralized | K::TypeSpecialized | K::AlternativesIntroduced
        | K::AlternativesDropped => (Major, "The type changes."),
        K::FormatAdded | K::FormatRemoved | K::FormatChanged | K::FormatGeneralized | K::FormatSpecialized =>
            (Major, "A format may select another type."),
        K::BecameNullable => (Major, "A required field becomes an `Option`."),
        K::BecameNotNullable => (Major, "A required field is no longer an `Option`."),
        K::ItemsAdded | K::ItemsRemoved => (Major, "The type of the items changes."),
        K::AdditionalPropertiesForbidden =>
            (Major, "The crate sends unknown fields back, which the service may now reject."),
        K::AdditionalPropertiesAllowed => (Major, "The crate keeps unknown fields already."),
        K::AdditionalPropertiesRestricted | K::AdditionalPropertiesUnrestricted =>
            (Major, "The type of the map's values changes."),
        K::EnumValueAdded =>
            (Minor, "Enums are open: released versions keep it as unknown, the next one names it."),
        K::EnumValueRemoved => (Major, "The variant is gone; code that names it no longer compiles."),
        K::BecameEnum => (Major, "The type becomes an open enum."),
        K::EnumUnset => (Major, "The enum becomes a plain type."),
        K::EnumOrderChanged => (Patch, "Variants are listed in another order."),
        K::ParameterDefaultAdded | K::ParameterDefaultRemoved | K::DefaultAdded | K::DefaultRemoved =>
            (Patch, "The crate sends no defaults of its own. The documentation changes."),
        K::ParameterDefaultChanged | K::DefaultChanged =>
            (Patch, "The crate sends no defaults of its own, so behaviour changes with the service."),
        K::MaximumDecreased | K::MaximumIncreased | K::MinimumIncreased | K::MinimumDecreased | K::LimitSet
        | K::LimitUnset | K::ConstraintAdded | K::ConstraintRemoved | K::ConstraintChanged =>
            (Patch, "The crate does not validate it. Only documentation changes."),
        K::AllOfAdded | K::AllOfRemoved | K::NotChanged => (Major, "The type may change."),
        K::AlternativeAdded | K::AlternativeRemoved => (Major, "The type of the alternatives changes."),
        K::CompositionOrderChanged => (Major, "Alternatives are tried in order."),
        K::RepresentationChanged =>
            (Patch, "OpenAPI 3.0 lacks the keyword. A change of type is reported separately."),
        K::ExtensibleEnumValueRemoved => (Patch, "The generator does not read the extension."),
        K::DiscriminatorAdded | K::DiscriminatorRemoved | K::DiscriminatorPropertyChanged | K::MappingAdded
        | K::MappingRemoved | K::MappingChanged => (Major, "Alternatives are identified differently."),
        K::ServerAdded | K::ServerRemoved | K::ServersReplaced | K::ServerOrderChanged
        | K::ServerVariablesChanged | K::ServerVariablesWidened => (Patch, "The default URL may change."),
        K::SecurityAdded | K::SecurityRemoved | K::GlobalSecurityAdded | K::GlobalSecurityRemoved
        | K::SecuritySchemeChanged => (Patch, "The runtime sends a bearer token only."),
        K::SecurityAlternativeAdded | K::SecurityRelaxed | K::SecurityDropped | K::SecuritySchemeRemoved =>
            (Impact::None, "The runtime keeps sending a bearer token."),
        K::SecuritySchemeAdded => (Impact::None, "Nothing changes."),
        K::WebhookAdded | K::WebhookRemoved | K::WebhookChanged | K::CallbacksChanged =>
            (Impact::None, "Nothing is generated from calls of the service."),
        K::LinksChanged => (Impact::None, "Nothing is generated from links."),
        K::NormativeWordsChanged =>
            (Patch, "Documentation changes. Hand-written code may rely on the old meaning."),
        K::TitleChanged => (Major, "The title names alternatives, and inline types inside other types."),
        K::NotationChanged => (Patch, "At most documentation changes."),
        K::TypeNotationChanged =>
            (Major, "The notation of compositions and of schemas without a type decides the type."),
        K::ExtensionChanged => (Impact::None, "The generator does not read this extension."),
        K::LifecycleChanged => (Impact::None, "The generator does not read the extension."),
        K::Unclassified => (Major, "Unknown; compare the generated code."),
    }
}
