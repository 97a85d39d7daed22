//! Every name in the generated code, by rule: operations from method and path, types and variants from the document.
//!
//! An `operationId` is never used: swapping the vendor's document for a transcription of it, or back, must not rename a
//! single method.

use heck::{ToKebabCase as _, ToPascalCase as _, ToShoutySnakeCase as _, ToSnakeCase as _};

/// A kind of asset.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// First segment of its paths.
    pub segment: &'static str,
    /// Tag of the document, for an operation that names none.
    pub tag: &'static str,
    /// One of them, in snake case.
    pub singular: &'static str,
    /// Many of them, in snake case.
    pub plural: &'static str,
    /// JSON name of its ID; empty where none is known.
    pub id: &'static str,
    /// Name of the parameter for many of its IDs.
    pub ids: &'static str,
    /// The Rust type of its ID.
    pub id_type: &'static str,
}

/// The kinds of assets. A path whose first segment is not here gets a general name; a property whose name is not an
/// `id` here stays a string. Two rows may share the type of their IDs: a campaign is an older name of a funnel group, and
/// the second listing of page groups has a segment of its own.
#[rustfmt::skip]
pub const RESOURCES: &[Resource] = &[
    resource("ainodesettings",   "AI Node Settings",   "ai_node_settings",    "ai_node_settings",     "idAiNodeSetting",     "idAiNodeSettings",     "AiNodeSettingsId"),
    resource("campaign",         "Funnel Groups",      "campaign",            "campaigns",            "idCampaign",          "idCampaigns",          "FunnelGroupId"),
    resource("category",         "Categories",         "category",            "categories",           "idCategory",          "idCategories",         "CategoryId"),
    resource("condition",        "Conditions",         "condition",           "conditions",           "idCondition",         "idConditions",         "ConditionId"),
    resource("funnel",           "Funnels",            "funnel",              "funnels",              "idFunnel",            "idFunnels",            "FunnelId"),
    resource("funnelgroup",      "Funnel Groups",      "funnel_group",        "funnel_groups",        "idFunnelGroup",       "idFunnelGroups",       "FunnelGroupId"),
    resource("globalpagegroup",  "Page Groups",        "global_page_group",   "global_page_groups",   "idPageGroup",         "idPageGroups",         "PageGroupId"),
    resource("integration",      "Integration",        "integration_api_key", "integration_api_keys", "", "", ""),
    resource("logicscript",      "Logic Scripts",      "logic_script",        "logic_scripts",        "idLogicScript",       "idLogicScripts",       "LogicScriptId"),
    resource("middlewareconfig", "Middleware Configs", "middleware_config",   "middleware_configs",   "idMiddlewareConfig",  "idMiddlewareConfigs",  "MiddlewareConfigId"),
    resource("offersource",      "Offer Sources",      "offer_source",        "offer_sources",        "idOfferSource",       "idOfferSources",       "OfferSourceId"),
    resource("page",             "Pages",              "page",                "pages",                "idPage",              "idPages",              "PageId"),
    resource("pagegroup",        "Page Groups",        "page_group",          "page_groups",          "idPageGroup",         "idPageGroups",         "PageGroupId"),
    resource("trafficsource",    "Traffic Sources",    "traffic_source",      "traffic_sources",      "idTrafficSource",     "idTrafficSources",     "TrafficSourceId"),
    resource("usersettings",     "User",               "user_settings",       "user_settings",        "", "", ""),
    resource("visitortag",       "Visitor Tags",       "visitor_tag",         "visitor_tags",         "idVisitorTag",        "idVisitorTags",        "VisitorTagId"),
    resource("webhookconfig",    "Webhook Configs",    "webhook_config",      "webhook_configs",      "idWebhookConfig",     "idWebhookConfigs",     "WebhookConfigId"),
];

const fn resource(
    segment: &'static str,
    tag: &'static str,
    singular: &'static str,
    plural: &'static str,
    id: &'static str,
    ids: &'static str,
    id_type: &'static str,
) -> Resource {
    Resource {
        segment,
        tag,
        singular,
        plural,
        id,
        ids,
        id_type,
    }
}

/// What the segments after the resource mean; `{s}` and `{p}` stand for the singular and the plural of the resource.
/// The order is that of the documentation, and of the generated methods.
const VERBS: &[(&str, &str, &str)] = &[
    ("GET", "list", "list_{p}"),
    ("GET", "find/byId", "find_{s}_by_id"),
    ("GET", "find/byIds", "find_{p}_by_ids"),
    ("GET", "find/byName", "find_{p}_by_name"),
    ("GET", "find/byStatus", "find_{p}_by_status"),
    ("GET", "find/byType", "find_{p}_by_type"),
    ("GET", "find/byCategory", "find_{p}_by_category"),
    ("GET", "get", "get_{p}"),
    ("PUT", "save", "save_{s}"),
    ("POST", "save", "create_{s}"),
    ("POST", "duplicate", "duplicate_{s}"),
    ("DELETE", "delete", "delete_{p}"),
    ("GET", "language-metadata", "get_{s}_language_metadata"),
    ("POST", "validate", "validate_{s}"),
    ("PUT", "archive", "archive_{p}"),
    ("PUT", "unarchive", "unarchive_{p}"),
    ("PUT", "move", "move_{s}"),
    ("PUT", "move-category", "move_{p}_to_category"),
];

/// The name of an operation and its place among the others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationName {
    /// Place of the verb in the documentation; general names come last.
    rank: usize,
    /// The Rust method.
    pub id: String,
}

/// Names the operation of `method` (upper case) and `path`.
#[must_use]
pub fn operation(method: &str, path: &str) -> OperationName {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let Some((first, rest)) = segments.split_first() else {
        return general(method, &[]);
    };
    let Some(resource) = resource_of_segment(first) else {
        return general(method, &segments);
    };
    let verb = rest.join("/");
    let known = VERBS
        .iter()
        .enumerate()
        .find(|(_, (known_method, known_verb, _))| *known_method == method && *known_verb == verb);
    match known {
        Some((rank, (_, _, pattern))) => OperationName {
            rank,
            id: pattern
                .replace("{s}", resource.singular)
                .replace("{p}", resource.plural),
        },
        None => general(method, &[&[resource.singular], rest].concat()),
    }
}

/// Method and segments in snake case: not pretty, but the same on every day.
fn general(method: &str, segments: &[&str]) -> OperationName {
    let words: Vec<String> = std::iter::once(method)
        .chain(segments.iter().copied())
        .map(heck::ToSnakeCase::to_snake_case)
        .filter(|word| !word.is_empty())
        .collect();
    OperationName {
        rank: VERBS.len(),
        id: words.join("_"),
    }
}

/// The resource whose paths begin with `segment`.
#[must_use]
pub fn resource_of_segment(segment: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| resource.segment == segment)
}

/// The resource whose ID is called `name` in JSON.
#[must_use]
pub fn resource_of_id(name: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| !name.is_empty() && resource.id == name)
}

/// The resource of which `name` is the parameter for many IDs.
#[must_use]
pub fn resource_of_id_list(name: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| !name.is_empty() && resource.ids == name)
}

impl Resource {
    /// What to call one in a sentence, with its article: `an offer source`. What has no singular has none.
    #[must_use]
    pub fn with_article(&self) -> String {
        let words = match self.singular.strip_prefix("ai_") {
            Some(rest) => format!("AI {rest}"),
            None => self.singular.to_owned(),
        }
        .replace('_', " ");
        if self.singular == self.plural {
            return words;
        }
        let article = if words.starts_with(['a', 'e', 'i', 'o', 'u']) {
            "an"
        } else {
            "a"
        };
        format!("{article} {words}")
    }
}

/// A Rust type from the name of a schema or property: the one that the generator makes, which looks our types up by name.
#[must_use]
pub fn type_name(name: &str) -> String {
    let name = words(&name.replace('\'', "")).to_pascal_case();
    if name.starts_with(char::is_alphabetic) {
        identifier(&name)
    } else {
        format!("X{name}")
    }
}

/// The open enumeration of the values of a query parameter: `status` gives `StatusFilter`.
#[must_use]
pub fn parameter_enum(parameter: &str) -> String {
    format!("{}Filter", type_name(parameter))
}

/// A variant from an enumerated value. `Unknown` is taken by the variant for all other values.
#[must_use]
pub fn variant(value: &str) -> String {
    // A vote: its sign is all that tells the two apart.
    match value {
        "+1" => return "Plus1".to_owned(),
        "-1" => return "Minus1".to_owned(),
        _ => {}
    }
    match words(value).to_pascal_case().as_str() {
        "" if value.is_empty() => "Empty".to_owned(),
        // A value of signs only, such as `<=`: by its characters.
        "" => value.chars().fold("Sign".to_owned(), |name, character| {
            format!("{name}{:X}", u32::from(character))
        }),
        "Unknown" => "UnknownValue".to_owned(),
        name => identifier(name),
    }
}

/// A module from the name of a tag.
#[must_use]
pub fn module(tag: &str) -> String {
    identifier(&words(tag).to_snake_case())
}

/// The cargo feature that a tag is behind while its operations are inferred.
#[must_use]
pub fn feature(tag: &str) -> String {
    tag.to_kebab_case()
}

/// A method argument from the name of a parameter.
#[must_use]
pub fn argument(parameter: &str) -> String {
    identifier(&words(parameter).to_snake_case())
}

/// A static from the name of an operation.
#[must_use]
pub fn constant(operation: &str) -> String {
    operation.to_shouty_snake_case()
}

/// The name without what no name in Rust may hold, such as `½`, which counts as a digit when words are looked for.
fn words(name: &str) -> String {
    let is_foreign = |character: char| {
        !character.is_ascii() && syn::parse_str::<syn::Ident>(&format!("a{character}")).is_err()
    };
    name.replace(is_foreign, "-")
}

/// A name that Rust takes: a keyword gets an underscore at its end, a digit one before it.
fn identifier(name: &str) -> String {
    if syn::parse_str::<syn::Ident>(name).is_ok() {
        name.to_owned()
    } else if name.starts_with(|first: char| first.is_ascii_digit()) {
        format!("_{name}")
    } else {
        format!("{name}_")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_named_by_method_and_path() {
        for (method, path, id) in [
            ("GET", "/offersource/list/", "list_offer_sources"),
            ("GET", "/offersource/find/byId/", "find_offer_source_by_id"),
            ("GET", "/offersource/find/byIds/", "find_offer_sources_by_ids"),
            (
                "GET",
                "/offersource/find/byStatus/",
                "find_offer_sources_by_status",
            ),
            (
                "GET",
                "/offersource/find/byCategory/",
                "find_offer_sources_by_category",
            ),
            ("PUT", "/offersource/save/", "save_offer_source"),
            ("POST", "/offersource/save/", "create_offer_source"),
            ("POST", "/offersource/duplicate/", "duplicate_offer_source"),
            ("DELETE", "/offersource/delete/", "delete_offer_sources"),
            ("PUT", "/offersource/archive/", "archive_offer_sources"),
            ("PUT", "/offersource/unarchive/", "unarchive_offer_sources"),
            (
                "PUT",
                "/offersource/move-category/",
                "move_offer_sources_to_category",
            ),
            ("GET", "/category/list/", "list_categories"),
            // The trailing slash, or its absence, is no part of the name.
            ("GET", "/offersource/list", "list_offer_sources"),
            // What no table knows.
            (
                "GET",
                "/offersource/find/byColour/",
                "get_offer_source_find_by_colour",
            ),
            ("POST", "/nobody/validate-code/", "post_nobody_validate_code"),
            ("PATCH", "/offersource/save/", "patch_offer_source_save"),
            ("GET", "/user/{idUser}/", "get_user_id_user"),
            ("GET", "/campaign/list/", "list_campaigns"),
            ("GET", "/funnelgroup/list/", "list_funnel_groups"),
            ("GET", "/usersettings/get/", "get_user_settings"),
            ("POST", "/logicscript/validate/", "validate_logic_script"),
            ("PUT", "/funnel/move/", "move_funnel"),
            ("GET", "/", "get"),
        ] {
            assert_eq!(operation(method, path).id, id, "{method} {path}");
        }
    }

    #[test]
    fn operations_are_in_the_order_of_the_documentation() {
        let mut names = [
            operation("PUT", "/offersource/save/"),
            operation("GET", "/offersource/other/"),
            operation("POST", "/offersource/save/"),
            operation("GET", "/offersource/list/"),
        ];
        names.sort();
        assert_eq!(
            names.map(|name| name.id),
            [
                "list_offer_sources",
                "save_offer_source",
                "create_offer_source",
                "get_offer_source_other"
            ]
        );
    }

    #[test]
    fn the_tables_have_no_row_twice() {
        for (index, resource) in RESOURCES.iter().enumerate() {
            for other in &RESOURCES[..index] {
                assert_ne!(resource.segment, other.segment);
                if resource.id == other.id || resource.ids == other.ids {
                    assert_eq!(resource.id_type, other.id_type);
                }
                assert_ne!(resource.singular, other.singular);
                assert_ne!(resource.plural, other.plural);
            }
        }
        for (index, (method, verb, _)) in VERBS.iter().enumerate() {
            assert!(
                !VERBS[..index]
                    .iter()
                    .any(|(other_method, other_verb, _)| (method, verb) == (other_method, other_verb))
            );
        }
    }

    #[test]
    fn ids_are_recognised_by_their_json_name() {
        assert_eq!(resource_of_id("idOfferSource").unwrap().id_type, "OfferSourceId");
        assert_eq!(
            resource_of_id_list("idOfferSources").unwrap().id_type,
            "OfferSourceId"
        );
        assert_eq!(resource_of_id("idOfferSources"), None);
        assert_eq!(resource_of_id_list("idOfferSource"), None);
        assert_eq!(resource_of_id("idNobody"), None);
        assert_eq!(
            resource_of_id("idOfferSource").unwrap().with_article(),
            "an offer source"
        );
        assert_eq!(resource_of_id("idCategory").unwrap().with_article(), "a category");
        assert_eq!(
            resource_of_id("idAiNodeSetting").unwrap().with_article(),
            "AI node settings"
        );
    }

    #[test]
    fn types_variants_and_arguments_are_valid_rust() {
        for (name, expected) in [
            ("cascadeAction", "CascadeAction"),
            ("OfferSourceInfo", "OfferSourceInfo"),
            ("funnel.node", "FunnelNode"),
            ("3d", "X3d"),
            ("$", "X"),
            ("½", "X"),
            ("don't", "Dont"),
            ("self", "Self_"),
        ] {
            assert_eq!(type_name(name), expected);
            assert_eq!(type_name(expected), expected);
        }
        for (value, expected) in [
            ("not-deleted", "NotDeleted"),
            ("", "Empty"),
            ("301", "_301"),
            ("unknown", "UnknownValue"),
            ("self", "Self_"),
            ("<=", "Sign3C3D"),
            ("½", "SignBD"),
        ] {
            assert_eq!(variant(value), expected);
        }
        assert_eq!(argument("idOfferSources"), "id_offer_sources");
        assert_eq!(argument("type"), "type_");
        assert_eq!(parameter_enum("status"), "StatusFilter");
        assert_eq!(module("Offer Sources"), "offer_sources");
        assert_eq!(feature("AI Node Settings"), "ai-node-settings");
        assert_eq!(constant("list_offer_sources"), "LIST_OFFER_SOURCES");
    }
}
