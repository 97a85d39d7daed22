//! The table of rules: every kind of change with its level and meaning on the wire.
//!
//! Two principles decide the level. A *request* breaks when its schema gets narrower, because the service may
//! reject values that it accepted before. A *response* breaks when its schema gets wider, because readers may
//! not understand new values. If a change has two possible meanings, the more severe meaning counts. For a
//! changed schema, a proof (see the module `judgement`) can override the level of the rule.

use super::rule::{
    ByDirection::{self, Any, Each},
    Id::{Fixed, Keyword, Property, PropertyPresence, Schema},
    Rule,
};
use crate::level::Level::{self, Breaking, Docs, Info, Warning};

/// Levels of a change that allows fewer values than before.
const NARROWS: ByDirection<Level> = Each {
    request: Breaking,
    response: Info,
};

/// Levels of a change that allows more values than before.
const WIDENS: ByDirection<Level> = Each {
    request: Info,
    response: Breaking,
};

macro_rules! rules {
    ($($kind:ident: { $($fields:tt)* })*) => {
        /// A kind of change. Its [`Rule`] has the ID, level and meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "the rule of each kind says what it means")]
        pub enum ChangeKind { $($kind),* }

        impl ChangeKind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Returns the rule of this kind.
            #[must_use]
            pub const fn rule(self) -> &'static Rule {
                match self { $(Self::$kind => const { &Rule { $($fields)* } }),* }
            }
        }
    };
}

rules! {
    // Operations.
    OperationAdded: { id: Fixed("endpoint-added"), level: Any(Info),
        meaning: Any("A new operation. Existing calls keep working.") }
    OperationRemoved: { id: Fixed("api-removed-without-deprecation"), level: Any(Breaking),
        meaning: Any("The operation was removed. Calls to it fail.") }
    DeprecatedOperationRemoved: { id: Fixed("api-removed-with-deprecation"), level: Any(Breaking),
        meaning: Any("The deprecated operation was removed. Calls to it fail.") }
    PathRemoved: { id: Fixed("api-path-removed-without-deprecation"), level: Any(Breaking),
        meaning: Any("The whole path was removed. Calls to this operation fail.") }
    DeprecatedPathRemoved: { id: Fixed("api-path-removed-with-deprecation"), level: Any(Breaking),
        meaning: Any("The whole deprecated path was removed. Calls to this operation fail.") }
    PathParameterRenamed: { id: Fixed("path-parameter-renamed"), level: Any(Info),
        meaning: Any("A path parameter was renamed. Unless its style is `matrix`, its name is never sent.") }
    PathParametersSwapped: { id: Fixed("path-parameters-swapped"), level: Any(Breaking),
        meaning: Any("Path parameters trade places. Clients that fill them by name mix up the values.") }
    PathItemChanged: { id: Fixed("path-item-changed"), level: Any(Info),
        meaning: Any("A path without operations was added, removed or changed. There is nothing to call.") }
    OperationIdAdded: { id: Fixed("api-operation-id-added"), level: Any(Info),
        meaning: Any("An operationId is never sent.") }
    OperationIdRemoved: { id: Fixed("api-operation-id-removed"), level: Any(Info),
        meaning: Any("An operationId is never sent.") }
    OperationDeprecated: { id: Fixed("endpoint-deprecated"), level: Any(Info),
        meaning: Any("The operation still works, but the vendor advises against it.") }
    OperationReactivated: { id: Fixed("endpoint-reactivated"), level: Any(Info),
        meaning: Any("The operation is no longer deprecated.") }
    TagAdded: { id: Fixed("api-tag-added"), level: Any(Info),
        meaning: Any("Tags group operations in the documentation and are never sent.") }
    TagRemoved: { id: Fixed("api-tag-removed"), level: Any(Info),
        meaning: Any("Tags group operations in the documentation and are never sent.") }
    FirstTagChanged: { id: Fixed("api-tag-group-changed"), level: Any(Info),
        meaning: Any("Tags group operations in the documentation and are never sent.") }

    // Parameters.
    RequiredParameterAdded: { id: Fixed("new-required-request-parameter"), level: Any(Breaking),
        meaning: Any("Calls that do not send it are rejected.") }
    RequiredParameterWithDefaultAdded: { id: Fixed("new-required-request-default-parameter-to-existing-path"),
        level: Any(Breaking),
        meaning: Any("Calls without it are rejected, unless the service applies the documented default.") }
    OptionalParameterAdded: { id: Fixed("new-optional-request-parameter"), level: Any(Info),
        meaning: Any("Existing calls keep working.") }
    OptionalParameterWithDefaultAdded: { id: Fixed("new-optional-request-default-parameter-to-existing-path"),
        level: Any(Info),
        meaning: Any("Calls without it get the documented default.") }
    PathParameterAdded: { id: Fixed("new-request-path-parameter"), level: Any(Breaking),
        meaning: Any("The path has another form. The old path is not found.") }
    ParameterRemoved: { id: Fixed("request-parameter-removed"), level: Any(Breaking),
        meaning: Any("Sending it has no effect or is rejected. An ignored filter returns everything.") }
    ParameterBecameRequired: { id: Fixed("request-parameter-became-required"), level: Any(Breaking),
        meaning: Any("Calls that omit it are rejected.") }
    ParameterBecameOptional: { id: Fixed("request-parameter-became-optional"), level: Any(Info),
        meaning: Any("It may be omitted.") }
    ParameterSerializationChanged: { id: Fixed("request-parameter-serialization-changed"),
        level: Any(Breaking),
        meaning: Any("The value is serialized differently. The service may misread the old form.") }
    ParameterEmptyValueForbidden: { id: Fixed("request-parameter-empty-value-forbidden"),
        level: Any(Breaking),
        meaning: Any("An empty value was allowed and no longer is.") }
    ParameterEmptyValueAllowed: { id: Fixed("request-parameter-empty-value-allowed"), level: Any(Info),
        meaning: Any("An empty value is allowed.") }
    ParameterDeprecated: { id: Fixed("request-parameter-deprecated"), level: Any(Info),
        meaning: Any("It still works, but the vendor advises against it.") }
    ParameterReactivated: { id: Fixed("request-parameter-reactivated"), level: Any(Info),
        meaning: Any("It is no longer deprecated.") }
    ParameterOrderChanged: { id: Fixed("parameter-order-changed"), level: Any(Docs),
        meaning: Any("The order of parameters is never sent.") }
    IgnoredHeaderChanged: { id: Fixed("ignored-header-changed"), level: Any(Info),
        meaning: Any("OpenAPI ignores descriptions of this header. Others say what is sent.") }
    ParameterContentChanged: { id: Fixed("request-parameter-content-changed"), level: Any(Breaking),
        meaning: Any("A media type describes the parameter instead of a schema, or the reverse.") }

    // Request bodies.
    RequiredBodyAdded: { id: Fixed("request-body-added-required"), level: Any(Breaking),
        meaning: Any("Calls without a body are rejected.") }
    OptionalBodyAdded: { id: Fixed("request-body-added-optional"), level: Any(Info),
        meaning: Any("A body may be sent. Calls without one keep working.") }
    BodyRemoved: { id: Fixed("request-body-removed"), level: Any(Breaking),
        meaning: Any("The body has no effect or is rejected.") }
    BodyBecameRequired: { id: Fixed("request-body-became-required"), level: Any(Breaking),
        meaning: Any("Calls without a body are rejected.") }
    BodyBecameOptional: { id: Fixed("request-body-became-optional"), level: Any(Info),
        meaning: Any("The body may be omitted.") }
    BodyMediaTypeAdded: { id: Fixed("request-body-media-type-added"), level: Any(Info),
        meaning: Any("The body may be sent in one more format.") }
    BodyMediaTypeRemoved: { id: Fixed("request-body-media-type-removed"), level: Any(Breaking),
        meaning: Any("A body in this format is rejected.") }
    BodySchemaAdded: { id: Fixed("request-body-media-type-schema-added"), level: Any(Breaking),
        meaning: Any("Any body was accepted. Now it must match a schema.") }
    BodySchemaRemoved: { id: Fixed("request-body-media-type-schema-removed"), level: Any(Info),
        meaning: Any("The body no longer has to match a schema.") }
    SerializationChanged: { id: Fixed("serialization-changed"), level: Any(Breaking),
        meaning: Any("A field or a header is serialized differently. Its reader may misread it.") }
    MediaTypeRangeChanged: { id: Fixed("media-type-range-changed"), level: Any(Info),
        meaning: Any("A range of media types and one that it covers replace each other.") }

    // Responses.
    SuccessStatusAdded: { id: Fixed("response-success-status-added"), level: Any(Info),
        meaning: Any("A success may have one more status. A client that expects exactly the old one fails.") }
    SuccessStatusRemoved: { id: Fixed("response-success-status-removed"), level: Any(Breaking),
        meaning: Any("A success no longer has this status.") }
    StatusRangeChanged: { id: Fixed("response-status-range-changed"), level: Any(Info),
        meaning: Any("A range of statuses and one that it covers replace each other.") }
    FailureStatusAdded: { id: Fixed("response-non-success-status-added"), level: Any(Info),
        meaning: Any("One more failure is documented.") }
    FailureStatusRemoved: { id: Fixed("response-non-success-status-removed"), level: Any(Info),
        meaning: Any("A failure is no longer documented.") }
    DefaultResponseAdded: { id: Fixed("response-default-added"), level: Any(Warning),
        meaning: Any("Unlisted statuses are now described. They may mean success or failure.") }
    DefaultResponseRemoved: { id: Fixed("response-default-removed"), level: Any(Warning),
        meaning: Any("Unlisted statuses are no longer described.") }
    ResponseMediaTypeAdded: { id: Fixed("response-media-type-added"), level: Any(Info),
        meaning: Any("The response may have one more format.") }
    ResponseMediaTypeRemoved: { id: Fixed("response-media-type-removed"), level: Any(Breaking),
        meaning: Any("The response no longer has this format.") }
    ResponseSchemaAdded: { id: Fixed("response-body-media-type-schema-added"), level: Any(Info),
        meaning: Any("The response now has a schema.") }
    ResponseSchemaRemoved: { id: Fixed("response-body-media-type-schema-removed"), level: Any(Breaking),
        meaning: Any("The response no longer has a schema, so nothing is promised about it.") }
    HeaderAdded: { id: Fixed("response-header-added"), level: Any(Info),
        meaning: Any("One more header is documented.") }
    RequiredHeaderRemoved: { id: Fixed("required-response-header-removed"), level: Any(Breaking),
        meaning: Any("A header that was always present is no longer promised.") }
    OptionalHeaderRemoved: { id: Fixed("optional-response-header-removed"), level: Any(Warning),
        meaning: Any("An optional header is no longer documented.") }
    HeaderBecameOptional: { id: Fixed("response-header-became-optional"), level: Any(Breaking),
        meaning: Any("A header that was always present may be missing.") }
    HeaderBecameRequired: { id: Fixed("response-header-became-required"), level: Any(Info),
        meaning: Any("A header that could be missing is always present.") }
    HeaderDeprecated: { id: Fixed("response-header-deprecated"), level: Any(Info),
        meaning: Any("It is still sent, but the vendor advises against using it.") }
    HeaderReactivated: { id: Fixed("response-header-reactivated"), level: Any(Info),
        meaning: Any("It is no longer deprecated.") }

    // Components.
    SchemaAdded: { id: Fixed("api-schema-added"), level: Any(Info),
        meaning: Any("A schema was added. Changes where it is used are reported there.") }
    SchemaRemoved: { id: Fixed("api-schema-removed"), level: Any(Info),
        meaning: Any("A schema was removed. Changes where it was used are reported there.") }
    SchemaRenamed: { id: Fixed("api-schema-renamed"), level: Any(Info),
        meaning: Any("A schema was renamed. Names of schemas are never sent.") }
    ComponentAdded: { id: Fixed("component-added"), level: Any(Info),
        meaning: Any("A shared component was added. Changes where it is used are reported there.") }
    ComponentRemoved: { id: Fixed("component-removed"), level: Any(Info),
        meaning: Any("A shared component was removed. Changes where it was used are reported there.") }
    UnusedComponentChanged: { id: Fixed("unused-component-changed"), level: Any(Info),
        meaning: Any("A shared component that no operation uses was changed.") }
    SchemaReplaced: { id: Schema("schema-replaced"), level: Any(Info),
        meaning: Any("Another schema is used here. Differences in content are reported separately.") }

    // Properties.
    OptionalRequestPropertyAdded: { id: Fixed("new-optional-request-property"), level: Any(Info),
        meaning: Any("It may be sent. Requests without it keep working.") }
    RequiredRequestPropertyAdded: { id: Fixed("new-required-request-property"), level: Any(Breaking),
        meaning: Any("Requests without it are rejected.") }
    RequiredRequestPropertyWithDefaultAdded: { id: Fixed("new-required-request-property-with-default"),
        level: Any(Breaking),
        meaning: Any("Requests without it are rejected, unless the service applies the documented default.") }
    RequestPropertyRemoved: { id: Fixed("request-property-removed"), level: Any(Breaking),
        meaning: Any("Values that clients send here are rejected or silently dropped.") }
    OptionalResponsePropertyAdded: { id: Fixed("response-optional-property-added"), level: Any(Info),
        meaning: Any("Responses may contain one more property.") }
    RequiredResponsePropertyAdded: { id: Fixed("response-required-property-added"), level: Any(Info),
        meaning: Any("Responses contain one more property.") }
    ClosedResponsePropertyAdded: { id: Fixed("response-property-added-to-closed-object"),
        level: Any(Breaking),
        meaning: Any("The object was closed to other properties. Strict readers reject the new one.") }
    OptionalResponsePropertyRemoved: { id: Fixed("response-optional-property-removed"), level: Any(Warning),
        meaning: Any("An optional property is no longer sent. Readers that allow for that keep working.") }
    RequiredResponsePropertyRemoved: { id: Fixed("response-required-property-removed"), level: Any(Breaking),
        meaning: Any("A property that was always present is no longer sent.") }
    PropertyBecameRequired: { id: Property("became-required"), level: NARROWS,
        meaning: Each { request: "Requests without it are rejected.",
            response: "It is always present." } }
    PropertyBecameOptional: { id: Property("became-optional"), level: WIDENS,
        meaning: Each { request: "It may be omitted.",
            response: "It may be missing. A reader that relies on it fails." } }
    BecameReadOnly: { id: PropertyPresence("became-read-only"),
        level: Each { request: Warning, response: Info },
        meaning: Each { request: "It is no longer meant to be sent, and may be ignored or rejected.",
            response: "It is now read-only." } }
    BecameNotReadOnly: { id: PropertyPresence("became-not-read-only"), level: Any(Info),
        meaning: Each { request: "It may be sent.",
            response: "It is no longer read-only." } }
    RequiredBecameNotReadOnly: { id: Fixed("request-required-property-became-not-read-only"),
        level: Any(Breaking),
        meaning: Any("It is required. Read-only, it did not have to be sent; now it does.") }
    BecameWriteOnly: { id: PropertyPresence("became-write-only"), level: WIDENS,
        meaning: Each { request: "It is now write-only.",
            response: "It is no longer in responses. A client that reads, changes and saves may lose it." } }
    BecameNotWriteOnly: { id: PropertyPresence("became-not-write-only"),
        level: Each { request: Info, response: Warning },
        meaning: Each { request: "It is no longer write-only.",
            response: "It is now in responses." } }
    PropertyDeprecated: { id: Property("deprecated"), level: Any(Info),
        meaning: Any("It still works, but the vendor advises against it.") }
    PropertyReactivated: { id: Property("reactivated"), level: Any(Info),
        meaning: Any("It is no longer deprecated.") }

    // Types.
    TypeChanged: { id: Schema("type-changed"), level: Any(Breaking),
        meaning: Any("The value has another type.") }
    TypeGeneralized: { id: Schema("type-generalized"), level: WIDENS,
        meaning: Each { request: "More types of value are accepted.",
            response: "More types of value may be sent. A reader of the old type fails." } }
    TypeSpecialized: { id: Schema("type-specialized"), level: NARROWS,
        meaning: Each { request: "Fewer types of value are accepted. Others are rejected.",
            response: "Fewer types of value are sent." } }
    FormatAdded: { id: Schema("format-added"), level: NARROWS,
        meaning: Each { request: "Values must have a format that was not required.",
            response: "Values have a format that was not promised." } }
    FormatRemoved: { id: Schema("format-removed"), level: WIDENS,
        meaning: Each { request: "Values no longer have to have the format.",
            response: "Values may not have the format. A reader that relies on it fails." } }
    FormatChanged: { id: Schema("format-changed"), level: Any(Breaking),
        meaning: Any("Values have another format.") }
    FormatGeneralized: { id: Schema("format-generalized"), level: WIDENS,
        meaning: Each { request: "The format accepts all old values and more.",
            response: "Values may be sent that the old format did not allow." } }
    FormatSpecialized: { id: Schema("format-specialized"), level: NARROWS,
        meaning: Each { request: "The format accepts only some of the old values.",
            response: "Only some of the old values are sent." } }
    BecameNullable: { id: Schema("became-nullable"), level: WIDENS,
        meaning: Each { request: "Null is accepted.",
            response: "Null may be sent. A reader that does not expect it fails." } }
    BecameNotNullable: { id: Schema("became-not-nullable"), level: NARROWS,
        meaning: Each { request: "A request with null is rejected.",
            response: "Null is no longer sent." } }
    ItemsAdded: { id: Schema("items-added"), level: NARROWS,
        meaning: Any("The items of the array must match a schema.") }
    ItemsRemoved: { id: Schema("items-removed"), level: WIDENS,
        meaning: Any("Nothing is promised about the items of the array any more.") }
    AdditionalPropertiesForbidden: { id: Schema("additional-properties-forbidden"), level: NARROWS,
        meaning: Each { request: "Undeclared properties are rejected.",
            response: "Only declared properties are sent." } }
    AdditionalPropertiesAllowed: { id: Schema("additional-properties-allowed"), level: WIDENS,
        meaning: Each { request: "Undeclared properties are accepted.",
            response: "Undeclared properties may be sent. Strict readers reject them." } }
    AdditionalPropertiesRestricted: { id: Schema("additional-properties-restricted"), level: NARROWS,
        meaning: Any("The values of undeclared properties must match a schema.") }
    AdditionalPropertiesUnrestricted: { id: Schema("additional-properties-unrestricted"), level: WIDENS,
        meaning: Any("The values of undeclared properties may be anything.") }

    // Values.
    EnumValueAdded: { id: Schema("enum-value-added"), level: WIDENS,
        meaning: Each { request: "One more value is accepted.",
            response: "One more value may be sent. A reader with a closed list of values fails." } }
    EnumValueRemoved: { id: Schema("enum-value-removed"), level: NARROWS,
        meaning: Each { request: "A request with the value is rejected.",
            response: "The value is no longer sent." } }
    BecameEnum: { id: Schema("became-enum"), level: NARROWS,
        meaning: Each { request: "Only the listed values are accepted.",
            response: "Only the listed values are sent." } }
    EnumUnset: { id: Schema("enum-unset"), level: WIDENS,
        meaning: Each { request: "Any value is accepted, not only the listed ones.",
            response: "Any value may be sent, not only the listed ones." } }
    EnumOrderChanged: { id: Fixed("enum-order-changed"), level: Any(Docs),
        meaning: Any("The same values in another order.") }
    ParameterDefaultAdded: { id: Fixed("request-parameter-default-value-added"), level: Any(Breaking),
        meaning: Any("Calls without it get this value. The previous behaviour is unknown.") }
    ParameterDefaultRemoved: { id: Fixed("request-parameter-default-value-removed"), level: Any(Breaking),
        meaning: Any("The behaviour of calls without it is no longer documented.") }
    ParameterDefaultChanged: { id: Fixed("request-parameter-default-value-changed"), level: Any(Breaking),
        meaning: Any("Calls without it behave differently.") }
    DefaultAdded: { id: Schema("default-value-added"), level: Each { request: Warning, response: Info },
        meaning: Each { request: "A default is documented. Whether it applied before is unknown.",
            response: "The meaning of a missing value is documented." } }
    DefaultRemoved: { id: Schema("default-value-removed"), level: Each { request: Warning, response: Info },
        meaning: Each { request: "The default is no longer documented.",
            response: "The meaning of a missing value is no longer documented." } }
    DefaultChanged: { id: Schema("default-value-changed"), level: NARROWS,
        meaning: Each { request: "A request without it behaves differently.",
            response: "The meaning of a missing value has changed." } }

    // Limits.
    MaximumDecreased: { id: Keyword("decreased"), level: NARROWS,
        meaning: Each { request: "A request above the new limit is rejected.",
            response: "Responses stay under a lower limit." } }
    MaximumIncreased: { id: Keyword("increased"), level: WIDENS,
        meaning: Each { request: "More is accepted than before.",
            response: "More may be sent than before. A reader that relies on the old limit fails." } }
    MinimumIncreased: { id: Keyword("increased"), level: NARROWS,
        meaning: Each { request: "A request below the new limit is rejected.",
            response: "Responses stay above a higher limit." } }
    MinimumDecreased: { id: Keyword("decreased"), level: WIDENS,
        meaning: Each { request: "Less is accepted than before.",
            response: "Less may be sent than before. A reader that relies on the old limit fails." } }
    LimitSet: { id: Keyword("set"), level: NARROWS,
        meaning: Each { request: "There was no such limit. Requests outside it are rejected.",
            response: "Responses stay within a limit." } }
    LimitUnset: { id: Keyword("unset"), level: WIDENS,
        meaning: Each { request: "Values outside the old limit are accepted.",
            response: "Values outside the old limit may be sent. A reader that relies on it fails." } }

    // Composition.
    AllOfAdded: { id: Schema("all-of-added"), level: NARROWS,
        meaning: Any("Values must match one more schema.") }
    AllOfRemoved: { id: Schema("all-of-removed"), level: Any(Breaking),
        meaning: Any("Values no longer have to match a schema. Its properties may be gone.") }
    AlternativeAdded: { id: Keyword("added"), level: WIDENS,
        meaning: Each { request: "One more alternative is accepted.",
            response: "One more alternative may be sent. A reader of the old ones fails." } }
    AlternativeRemoved: { id: Keyword("removed"), level: NARROWS,
        meaning: Each { request: "An alternative is rejected.",
            response: "An alternative is no longer sent." } }
    AlternativesIntroduced: { id: Schema("alternatives-introduced"), level: Any(Breaking),
        meaning: Any("Alternatives now describe the value.") }
    AlternativesDropped: { id: Schema("alternatives-dropped"), level: Any(Breaking),
        meaning: Any("Alternatives no longer describe the value.") }
    CompositionOrderChanged: { id: Schema("composition-order-changed"), level: Any(Warning),
        meaning: Any("The same schemas in another order. The first match may be another one.") }
    ConstraintAdded: { id: Keyword("added"), level: NARROWS,
        meaning: Each { request: "Values must meet one more constraint. Others are rejected.",
            response: "Values meet one more constraint." } }
    ConstraintRemoved: { id: Keyword("removed"), level: WIDENS,
        meaning: Each { request: "Values no longer have to meet a constraint.",
            response: "Values may not meet a constraint. A reader that relies on it fails." } }
    ConstraintChanged: { id: Keyword("changed"), level: Any(Breaking),
        meaning: Any("Values must meet another constraint. Either constraint may be the wider one.") }
    RepresentationChanged: { id: Keyword("changed"), level: Any(Breaking),
        meaning: Any("The representation of the value has changed.") }
    ExtensibleEnumValueRemoved: { id: Schema("x-extensible-enum-value-removed"), level: NARROWS,
        meaning: Each { request: "One of the known values may be rejected.",
            response: "One of the known values is no longer sent." } }
    NotChanged: { id: Schema("not-changed"), level: Any(Breaking),
        meaning: Any("The excluded values have changed.") }
    DiscriminatorAdded: { id: Schema("discriminator-added"), level: Any(Warning),
        meaning: Any("A property identifies the alternative.") }
    DiscriminatorRemoved: { id: Schema("discriminator-removed"), level: Any(Breaking),
        meaning: Any("No property identifies the alternative any more.") }
    DiscriminatorPropertyChanged: { id: Schema("discriminator-property-name-changed"), level: Any(Breaking),
        meaning: Any("Another property identifies the alternative.") }
    MappingAdded: { id: Schema("discriminator-mapping-added"), level: WIDENS,
        meaning: Any("One more value identifies an alternative.") }
    MappingRemoved: { id: Schema("discriminator-mapping-deleted"), level: NARROWS,
        meaning: Any("A value no longer identifies an alternative.") }
    MappingChanged: { id: Schema("discriminator-mapping-changed"), level: Any(Breaking),
        meaning: Any("A value identifies another alternative.") }

    // Servers and security.
    ServerAdded: { id: Fixed("server-added"), level: Any(Info),
        meaning: Any("The service has one more URL.") }
    ServerRemoved: { id: Fixed("server-removed"), level: Any(Breaking),
        meaning: Any("The URL is no longer documented; calls to it may fail.") }
    ServersReplaced: { id: Fixed("servers-replaced"), level: Any(Breaking),
        meaning: Any("Other URLs apply here. Calls to the old ones may fail.") }
    ServerOrderChanged: { id: Fixed("server-order-changed"), level: Any(Warning),
        meaning: Any("The order of the URLs changed. Many clients use the first.") }
    ServerVariablesChanged: { id: Fixed("server-variables-changed"), level: Any(Breaking),
        meaning: Any("The default of a variable part of a URL changed, or some of its values are gone.") }
    ServerVariablesWidened: { id: Fixed("server-variables-widened"), level: Any(Info),
        meaning: Any("The variable parts of a URL have more values.") }
    SecurityAdded: { id: Fixed("api-security-added"), level: Any(Breaking),
        meaning: Any("The operation requires other credentials. Calls without them are rejected.") }
    SecurityAlternativeAdded: { id: Fixed("api-security-alternative-added"), level: Any(Info),
        meaning: Any("One more way to authenticate. The old ones keep working.") }
    SecurityRelaxed: { id: Fixed("api-security-relaxed"), level: Any(Info),
        meaning: Any("Fewer credentials or scopes are required. The old ones keep working.") }
    SecurityRemoved: { id: Fixed("api-security-removed"), level: Any(Breaking),
        meaning: Any("A way to authenticate was removed.") }
    SecurityDropped: { id: Fixed("api-security-dropped"), level: Any(Info),
        meaning: Any("Credentials are no longer required.") }
    GlobalSecurityAdded: { id: Fixed("api-global-security-added"), level: Any(Breaking),
        meaning: Any("The service requires other credentials. Calls without them are rejected.") }
    GlobalSecurityRemoved: { id: Fixed("api-global-security-removed"), level: Any(Breaking),
        meaning: Any("A way to authenticate was removed.") }
    SecuritySchemeAdded: { id: Fixed("api-security-component-added"), level: Any(Info),
        meaning: Any("A way to authenticate is described. Requirements are reported separately.") }
    SecuritySchemeRemoved: { id: Fixed("api-security-component-removed"), level: Any(Warning),
        meaning: Any("A way to authenticate is no longer described.") }
    SecuritySchemeChanged: { id: Fixed("api-security-component-changed"), level: Any(Breaking),
        meaning: Any("Credentials are sent or obtained differently.") }

    // Webhooks and callbacks.
    WebhookAdded: { id: Fixed("webhook-added"), level: Any(Info),
        meaning: Any("The service can make one more call. Receivers have to be registered for it.") }
    WebhookRemoved: { id: Fixed("webhook-removed"), level: Any(Breaking),
        meaning: Any("The service no longer makes this call. Its receivers wait in vain.") }
    WebhookChanged: { id: Fixed("webhook-changed"), level: Any(Warning),
        meaning: Any("The call of the service, or the response it expects, has changed.") }
    CallbacksChanged: { id: Fixed("callbacks-changed"), level: Any(Warning),
        meaning: Any("A callback of the service, or the response it expects, has changed.") }

    // Documentation and notation.
    LinksChanged: { id: Fixed("links-changed"), level: Any(Info),
        meaning: Any("Links describe how a response helps to make other calls. They are never sent.") }
    DescriptionChanged: { id: Fixed("description-changed"), level: Any(Docs),
        meaning: Any("Only documentation.") }
    NormativeWordsChanged: { id: Fixed("description-obligation-changed"), level: Any(Warning),
        meaning: Any("Normative words differ, so the contract may have changed without the schema.") }
    SummaryChanged: { id: Fixed("summary-changed"), level: Any(Docs),
        meaning: Any("Only documentation.") }
    TitleChanged: { id: Fixed("title-changed"), level: Any(Docs),
        meaning: Any("Only documentation.") }
    ExampleChanged: { id: Fixed("example-changed"), level: Any(Docs),
        meaning: Any("Only documentation.") }
    ExternalDocsChanged: { id: Fixed("external-documentation-changed"), level: Any(Docs),
        meaning: Any("Only documentation.") }
    TagDescriptionChanged: { id: Fixed("tag-description-changed"), level: Any(Docs),
        meaning: Any("Only documentation.") }
    InfoChanged: { id: Fixed("info-changed"), level: Any(Docs),
        meaning: Any("The document's information about itself has changed.") }
    NotationChanged: { id: Fixed("notation-changed"), level: Any(Docs),
        meaning: Any("The meaning is the same, written differently.") }
    TypeNotationChanged: { id: Fixed("type-notation-changed"), level: Any(Docs),
        meaning: Any("The meaning is the same, written differently.") }
    ExtensionChanged: { id: Fixed("extension-changed"), level: Any(Info),
        meaning: Any("An `x-` field is never sent. Only tools that read it are affected.") }
    LifecycleChanged: { id: Fixed("lifecycle-changed"), level: Any(Warning),
        meaning: Any("The lifetime or stability has changed (`x-sunset`, `x-stability-level`).") }
    Unclassified: { id: Fixed("unclassified"), level: Any(Warning),
        meaning: Any("No rule covers this change, so its meaning is unknown.") }
}
