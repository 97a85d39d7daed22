//! Names in the generated code: operations from method and path, types and variants from the document.
//!
//! Operation IDs of the document are ignored, so that different IDs rename no method.

use heck::{ToKebabCase as _, ToPascalCase as _, ToShoutySnakeCase as _, ToSnakeCase as _};

/// A kind of assets.
#[derive(Debug, PartialEq, Eq)]
pub struct Resource {
    /// First segment of its paths.
    pub segment: &'static str,
    /// Tag of operations without one.
    pub tag: &'static str,
    /// Singular in snake case.
    pub singular: &'static str,
    /// Plural in snake case.
    pub plural: &'static str,
    /// JSON name of its ID; empty if it has none.
    pub id: &'static str,
    /// Name of the parameter for a list of IDs.
    pub ids: &'static str,
    /// Rust type of its ID.
    pub id_type: &'static str,
}

/// Known resources.
///
/// Operations on other paths get generic names, and other IDs stay strings. Two resources may share an ID
/// type: campaign is an older name of funnel group, and the second listing of page groups has its own
/// segment.
#[rustfmt::skip]
pub const RESOURCES: &[Resource] = &[
    Resource {
        segment: "ainodesettings", tag: "AI Node Settings",
        singular: "ai_node_settings", plural: "ai_node_settings",
        id: "idAiNodeSetting", ids: "idAiNodeSettings", id_type: "AiNodeSettingsId",
    },
    Resource {
        segment: "campaign", tag: "Funnel Groups",
        singular: "campaign", plural: "campaigns",
        id: "idCampaign", ids: "idCampaigns", id_type: "FunnelGroupId",
    },
    Resource {
        segment: "category", tag: "Categories",
        singular: "category", plural: "categories",
        id: "idCategory", ids: "idCategories", id_type: "CategoryId",
    },
    Resource {
        segment: "condition", tag: "Conditions",
        singular: "condition", plural: "conditions",
        id: "idCondition", ids: "idConditions", id_type: "ConditionId",
    },
    Resource {
        segment: "funnel", tag: "Funnels",
        singular: "funnel", plural: "funnels",
        id: "idFunnel", ids: "idFunnels", id_type: "FunnelId",
    },
    Resource {
        segment: "funnelgroup", tag: "Funnel Groups",
        singular: "funnel_group", plural: "funnel_groups",
        id: "idFunnelGroup", ids: "idFunnelGroups", id_type: "FunnelGroupId",
    },
    Resource {
        segment: "globalpagegroup", tag: "Page Groups",
        singular: "global_page_group", plural: "global_page_groups",
        id: "idPageGroup", ids: "idPageGroups", id_type: "PageGroupId",
    },
    Resource {
        segment: "integration", tag: "Integration",
        singular: "integration_api_key", plural: "integration_api_keys",
        id: "", ids: "", id_type: "",
    },
    Resource {
        segment: "logicscript", tag: "Logic Scripts",
        singular: "logic_script", plural: "logic_scripts",
        id: "idLogicScript", ids: "idLogicScripts", id_type: "LogicScriptId",
    },
    Resource {
        segment: "middlewareconfig", tag: "Middleware Configs",
        singular: "middleware_config", plural: "middleware_configs",
        id: "idMiddlewareConfig", ids: "idMiddlewareConfigs", id_type: "MiddlewareConfigId",
    },
    Resource {
        segment: "offersource", tag: "Offer Sources",
        singular: "offer_source", plural: "offer_sources",
        id: "idOfferSource", ids: "idOfferSources", id_type: "OfferSourceId",
    },
    Resource {
        segment: "page", tag: "Pages",
        singular: "page", plural: "pages",
        id: "idPage", ids: "idPages", id_type: "PageId",
    },
    Resource {
        segment: "pagegroup", tag: "Page Groups",
        singular: "page_group", plural: "page_groups",
        id: "idPageGroup", ids: "idPageGroups", id_type: "PageGroupId",
    },
    Resource {
        segment: "trafficsource", tag: "Traffic Sources",
        singular: "traffic_source", plural: "traffic_sources",
        id: "idTrafficSource", ids: "idTrafficSources", id_type: "TrafficSourceId",
    },
    Resource {
        segment: "usersettings", tag: "User",
        singular: "user_settings", plural: "user_settings",
        id: "", ids: "", id_type: "",
    },
    Resource {
        segment: "visitortag", tag: "Visitor Tags",
        singular: "visitor_tag", plural: "visitor_tags",
        id: "idVisitorTag", ids: "idVisitorTags", id_type: "VisitorTagId",
    },
    Resource {
        segment: "webhookconfig", tag: "Webhook Configs",
        singular: "webhook_config", plural: "webhook_configs",
        id: "idWebhookConfig", ids: "idWebhookConfigs", id_type: "WebhookConfigId",
    },
];

/// Operation that several resources share.
struct Verb {
    method: &'static str,
    /// Path segments after that of the resource.
    path: &'static str,
    /// Name of the method. `{singular}` and `{plural}` stand for the words of the resource.
    name: &'static str,
}

/// Known operations in the order of the documentation, which is the order of the generated methods.
#[rustfmt::skip]
const VERBS: &[Verb] = &[
    Verb { method: "GET", path: "list", name: "list_{plural}" },
    Verb { method: "GET", path: "find/byId", name: "find_{singular}_by_id" },
    Verb { method: "GET", path: "find/byIds", name: "find_{plural}_by_ids" },
    Verb { method: "GET", path: "find/byName", name: "find_{plural}_by_name" },
    Verb { method: "GET", path: "find/byStatus", name: "find_{plural}_by_status" },
    Verb { method: "GET", path: "find/byType", name: "find_{plural}_by_type" },
    Verb { method: "GET", path: "find/byCategory", name: "find_{plural}_by_category" },
    Verb { method: "GET", path: "get", name: "get_{plural}" },
    Verb { method: "PUT", path: "save", name: "save_{singular}" },
    Verb { method: "POST", path: "save", name: "create_{singular}" },
    Verb { method: "POST", path: "duplicate", name: "duplicate_{singular}" },
    Verb { method: "DELETE", path: "delete", name: "delete_{plural}" },
    Verb { method: "GET", path: "language-metadata", name: "get_{singular}_language_metadata" },
    Verb { method: "POST", path: "validate", name: "validate_{singular}" },
    Verb { method: "PUT", path: "archive", name: "archive_{plural}" },
    Verb { method: "PUT", path: "unarchive", name: "unarchive_{plural}" },
    Verb { method: "PUT", path: "move", name: "move_{singular}" },
    Verb { method: "PUT", path: "move-category", name: "move_{plural}_to_category" },
];

/// Name of an operation, ordered as in the documentation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OperationName {
    /// Position of its verb in the documentation; generic names come last.
    rank: usize,
    /// Name of the Rust method.
    pub id: String,
}

/// Returns the name of the operation with this path and method (in upper case).
#[must_use]
pub fn operation(method: &str, path: &str) -> OperationName {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (Some(resource), Some((_, rest))) = (resource_of_path(path), segments.split_first()) else {
        return general(method, &segments);
    };
    let path = rest.join("/");
    let verb = VERBS
        .iter()
        .enumerate()
        .find(|(_, verb)| verb.method == method && verb.path == path);
    match verb {
        Some((rank, verb)) => OperationName {
            rank,
            id: verb
                .name
                .replace("{singular}", resource.singular)
                .replace("{plural}", resource.plural),
        },
        None => general(method, &[&[resource.singular], rest].concat()),
    }
}

/// Joins method and segments in snake case.
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

/// Returns the resource that a path belongs to.
#[must_use]
pub fn resource_of_path(path: &str) -> Option<&'static Resource> {
    let segment = path.split('/').find(|segment| !segment.is_empty())?;
    RESOURCES.iter().find(|resource| resource.segment == segment)
}

/// Returns the resource whose ID is called `name` in JSON.
#[must_use]
pub fn resource_of_id(name: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| !name.is_empty() && resource.id == name)
}

/// Returns the resource whose IDs the parameter `name` holds.
#[must_use]
pub fn resource_of_id_list(name: &str) -> Option<&'static Resource> {
    RESOURCES
        .iter()
        .find(|resource| !name.is_empty() && resource.ids == name)
}

impl Resource {
    /// Returns the singular with its article, such as `an offer source`, or the bare plural if there is no
    /// singular.
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

/// Returns the Rust type of a schema or property. It must equal that of the generator, which looks up our
/// types by name.
#[must_use]
pub fn type_name(name: &str) -> String {
    let name = words(&name.replace('\'', "")).to_pascal_case();
    if name.starts_with(char::is_alphabetic) {
        identifier(&name)
    } else {
        format!("X{name}")
    }
}

/// Returns the enumeration type of a query parameter: `StatusFilter` for `status`.
#[must_use]
pub fn parameter_enum(parameter: &str) -> String {
    format!("{}Filter", type_name(parameter))
}

/// Returns the variant of an enumerated value. `Unknown` is reserved for unlisted values.
#[must_use]
pub fn variant(value: &str) -> String {
    // Votes differ only in their sign.
    match value {
        "+1" => return "Plus1".to_owned(),
        "-1" => return "Minus1".to_owned(),
        _ => {}
    }
    match words(value).to_pascal_case().as_str() {
        "" if value.is_empty() => "Empty".to_owned(),
        // Operators such as `<=` are named after their characters.
        "" => value.chars().fold("Sign".to_owned(), |name, character| {
            format!("{name}{:X}", u32::from(character))
        }),
        "Unknown" => "UnknownValue".to_owned(),
        name => identifier(name),
    }
}

/// Modules of the generated code that belong to no tag.
const MODULES: &[&str] = &["ids", "public", "shared"];

/// Returns the module of a tag; empty for a tag without letters and digits.
///
/// Letters of other scripts become ASCII: a module in a file of its own needs an ASCII name.
#[must_use]
pub fn module(tag: &str) -> String {
    match deunicode::deunicode(tag).to_snake_case() {
        name if name.is_empty() => name,
        name if MODULES.contains(&name.as_str()) => format!("{name}_"),
        name => identifier(&name),
    }
}

/// Returns the cargo feature that gates a tag while its operations are inferred.
#[must_use]
pub fn feature(tag: &str) -> String {
    deunicode::deunicode(tag).to_kebab_case()
}

/// Returns the method argument of a parameter.
#[must_use]
pub fn argument(parameter: &str) -> String {
    identifier(&words(parameter).to_snake_case())
}

/// Returns the static of an operation.
#[must_use]
pub fn constant(operation: &str) -> String {
    operation.to_shouty_snake_case()
}

/// Replaces characters that Rust does not allow in names, such as `½`, which would count as a digit.
fn words(name: &str) -> String {
    let is_foreign = |character: char| {
        !character.is_ascii() && syn::parse_str::<syn::Ident>(&format!("a{character}")).is_err()
    };
    name.replace(is_foreign, "-")
}

/// Makes a valid Rust name: appends an underscore to a keyword, and prefixes a leading digit with one.
fn identifier(name: &str) -> String {
    // `gen` is a keyword since the edition of 2024, which `syn` does not know.
    if syn::parse_str::<syn::Ident>(name).is_ok() && name != "gen" {
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
        // The trailing slash does not matter. Unknown verbs and resources get generic names.
        let names = "\
            GET /offersource/list/             list_offer_sources
            GET /offersource/find/byId/        find_offer_source_by_id
            GET /offersource/find/byIds/       find_offer_sources_by_ids
            GET /offersource/find/byStatus/    find_offer_sources_by_status
            GET /offersource/find/byCategory/  find_offer_sources_by_category
            PUT /offersource/save/             save_offer_source
            POST /offersource/save/            create_offer_source
            POST /offersource/duplicate/       duplicate_offer_source
            DELETE /offersource/delete/        delete_offer_sources
            PUT /offersource/archive/          archive_offer_sources
            PUT /offersource/unarchive/        unarchive_offer_sources
            PUT /offersource/move-category/    move_offer_sources_to_category
            GET /category/list/                list_categories
            GET /offersource/list              list_offer_sources
            GET /offersource/find/byColour/    get_offer_source_find_by_colour
            POST /nobody/validate-code/        post_nobody_validate_code
            PATCH /offersource/save/           patch_offer_source_save
            GET /user/{idUser}/                get_user_id_user
            GET /campaign/list/                list_campaigns
            GET /funnelgroup/list/             list_funnel_groups
            GET /usersettings/get/             get_user_settings
            POST /logicscript/validate/        validate_logic_script
            PUT /funnel/move/                  move_funnel
            GET /                              get
        ";
        for line in names.lines().filter(|line| !line.trim().is_empty()) {
            let words: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(operation(words[0], words[1]).id, words[2], "{line}");
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
    fn rows_of_the_tables_are_unique() {
        for (index, resource) in RESOURCES.iter().enumerate() {
            for earlier in &RESOURCES[..index] {
                assert_ne!(resource.segment, earlier.segment);
                if resource.id == earlier.id || resource.ids == earlier.ids {
                    assert_eq!(resource.id_type, earlier.id_type);
                }
                assert_ne!(resource.singular, earlier.singular);
                assert_ne!(resource.plural, earlier.plural);
            }
        }
        for (index, verb) in VERBS.iter().enumerate() {
            for earlier in &VERBS[..index] {
                assert_ne!((verb.method, verb.path), (earlier.method, earlier.path));
            }
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
        for (tag, expected) in [
            ("Offer Sources", "offer_sources"),
            ("mod", "mod_"),
            ("gen", "gen_"),
            ("self", "self_"),
            ("public", "public_"),
            ("Товары", "tovary"),
            ("🦀", "crab"),
            ("商品", "shang_pin"),
            ("", ""),
            ("--", ""),
        ] {
            assert_eq!(module(tag), expected);
        }
        assert_eq!(feature("AI Node Settings"), "ai-node-settings");
        assert_eq!(constant("list_offer_sources"), "LIST_OFFER_SOURCES");
    }
}
