//! Action that the maintainers of the crate should take after each kind of change.

use funnelflux_diff::ChangeKind;

#[rustfmt::skip]
pub(super) fn of(kind: ChangeKind) -> &'static str {
    use ChangeKind as K;
    match kind {
        K::OperationAdded => "Regenerate, and check the name of the new method.",
        K::OperationRemoved | K::DeprecatedOperationRemoved | K::DeprecatedPathRemoved =>
            "Find its callers, then regenerate.",
        K::PathRemoved =>
            "Check whether only the notation changed, such as a trailing slash. If not, find its callers.",
        K::PathParameterRenamed | K::TitleChanged => "Compare the names before and after.",
        K::PathParametersSwapped | K::ParameterContentChanged
        | K::SuccessStatusAdded | K::SuccessStatusRemoved | K::StatusRangeChanged | K::DefaultResponseAdded
        | K::DefaultResponseRemoved | K::ResponseMediaTypeAdded | K::ResponseMediaTypeRemoved
        | K::IgnoredHeaderChanged => "Compare the signatures before and after.",
        K::PathItemChanged | K::OperationIdAdded | K::OperationIdRemoved | K::ParameterOrderChanged
        | K::ParameterEmptyValueAllowed
        | K::HeaderAdded | K::HeaderBecameRequired | K::HeaderReactivated | K::ComponentAdded
        | K::ComponentRemoved | K::UnusedComponentChanged | K::BecameNotReadOnly | K::EnumOrderChanged
        | K::SecurityAlternativeAdded | K::SecurityRelaxed | K::SecuritySchemeAdded | K::WebhookAdded
        | K::ExternalDocsChanged | K::TagDescriptionChanged | K::InfoChanged | K::NotationChanged
        | K::LinksChanged => "Nothing.",
        K::OperationDeprecated | K::ParameterDeprecated | K::PropertyDeprecated =>
            "Announce it in the changelog.",
        K::OperationReactivated | K::TagAdded | K::TagRemoved | K::ParameterReactivated | K::BodySchemaAdded
        | K::BodySchemaRemoved | K::ResponseSchemaAdded | K::ResponseSchemaRemoved | K::SchemaAdded
        | K::OptionalRequestPropertyAdded | K::OptionalResponsePropertyAdded
        | K::ClosedResponsePropertyAdded | K::PropertyReactivated | K::TypeGeneralized | K::TypeSpecialized
        | K::FormatAdded | K::FormatRemoved | K::FormatChanged | K::FormatGeneralized | K::FormatSpecialized
        | K::BecameNullable | K::BecameNotNullable | K::ItemsAdded | K::ItemsRemoved
        | K::AdditionalPropertiesAllowed | K::AdditionalPropertiesRestricted
        | K::AdditionalPropertiesUnrestricted | K::EnumValueAdded | K::BecameEnum | K::EnumUnset
        | K::MaximumIncreased | K::MinimumDecreased | K::LimitUnset | K::ConstraintRemoved | K::SummaryChanged
        => "Regenerate.",
        K::FirstTagChanged | K::ParameterBecameOptional | K::BodyBecameRequired | K::BodyBecameOptional
        | K::SchemaReplaced | K::PropertyBecameOptional => "Regenerate, and announce it in the changelog.",
        K::RequiredParameterAdded | K::RequiredParameterWithDefaultAdded | K::PathParameterAdded
        | K::ParameterBecameRequired | K::RequiredBodyAdded | K::RequiredRequestPropertyAdded
        | K::RequiredRequestPropertyWithDefaultAdded =>
            "Regenerate, and announce in the changelog which value to pass.",
        K::OptionalParameterAdded | K::OptionalBodyAdded =>
            "Regenerate, and announce in the changelog that `None` keeps the old behaviour.",
        K::OptionalParameterWithDefaultAdded | K::ParameterDefaultAdded | K::DefaultAdded =>
            "Check the previous behaviour without it.",
        K::ParameterRemoved | K::BodyRemoved | K::RequestPropertyRemoved
        | K::OptionalResponsePropertyRemoved | K::RequiredResponsePropertyRemoved => "Find its replacement.",
        K::ParameterSerializationChanged | K::SerializationChanged => "Check how the runtime sends it.",
        K::ParameterEmptyValueForbidden => "Check whether the crate can send it empty.",
        K::BodyMediaTypeAdded | K::BodyMediaTypeRemoved | K::MediaTypeRangeChanged =>
            "Check the remaining formats.",
        K::FailureStatusAdded | K::FailureStatusRemoved => "Check the predicates of the error type.",
        K::RequiredHeaderRemoved | K::OptionalHeaderRemoved | K::HeaderBecameOptional | K::HeaderDeprecated =>
            "Check whether the runtime reads it.",
        K::SchemaRemoved | K::EnumValueRemoved => "Find its users.",
        K::SchemaRenamed => "Consider a deprecated alias for one release.",
        K::RequiredResponsePropertyAdded | K::PropertyBecameRequired =>
            "Check that the service always sends it.",
        K::BecameReadOnly | K::BecameWriteOnly | K::AdditionalPropertiesForbidden =>
            "Test find, change and save.",
        K::RequiredBecameNotReadOnly => "Find callers that do not send it.",
        K::BecameNotWriteOnly => "Check whether it is a secret.",
        K::TypeChanged => "Regenerate, and look for stored values of the old type.",
        K::ParameterDefaultRemoved | K::ParameterDefaultChanged | K::DefaultRemoved | K::DefaultChanged =>
            "Send the old default explicitly if you rely on it.",
        K::MaximumDecreased | K::MinimumIncreased | K::LimitSet | K::ConstraintAdded
        | K::ExtensibleEnumValueRemoved => "Find callers with other values.",
        K::ConstraintChanged | K::RepresentationChanged | K::NotChanged => "Compare the two.",
        K::AllOfAdded | K::AllOfRemoved | K::AlternativeAdded | K::AlternativeRemoved
        | K::AlternativesIntroduced | K::AlternativesDropped | K::CompositionOrderChanged
        | K::DiscriminatorAdded | K::DiscriminatorRemoved | K::DiscriminatorPropertyChanged
        | K::MappingAdded | K::MappingRemoved | K::MappingChanged | K::TypeNotationChanged =>
            "Compare the types before and after.",
        K::ServerAdded | K::ServerRemoved | K::ServersReplaced | K::ServerOrderChanged
        | K::ServerVariablesChanged | K::ServerVariablesWidened => "Check the URL that the crate uses.",
        K::SecurityAdded | K::SecurityRemoved | K::SecurityDropped | K::GlobalSecurityAdded
        | K::GlobalSecurityRemoved | K::SecuritySchemeRemoved | K::SecuritySchemeChanged =>
            "Check the credentials that the runtime sends.",
        K::WebhookRemoved => "Find its receivers.",
        K::WebhookChanged | K::CallbacksChanged => "Check its receivers.",
        K::DescriptionChanged => "Read both; words alone can change a meaning.",
        K::NormativeWordsChanged => "Read both; update code, overlays and fake if the meaning has changed.",
        K::ExampleChanged => "Check whether the example shows more than the schema.",
        K::ExtensionChanged => "Compare the signatures and features before and after.",
        K::LifecycleChanged => "Find its last day and its replacement.",
        K::Unclassified => "Judge it by hand; add a rule if it recurs.",
    }
}
