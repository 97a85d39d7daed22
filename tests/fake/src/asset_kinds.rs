//! Documented behaviour of individual kinds of assets: kinds outside the document, parents and children,
//! server-managed properties, secrets.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// A kind of asset that the fake always knows, even if the document does not describe it.
pub(crate) struct AssetKind {
    pub(crate) segment: &'static str,
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

/// Offer sources.
pub(crate) const OFFER_SOURCE: &str = "offersource";
/// Pages (landers and offers). The segment is inferred from the vendor's pattern.
pub(crate) const PAGE: &str = "page";
/// Categories. The segment is inferred from the vendor's pattern.
pub(crate) const CATEGORY: &str = "category";

/// Kinds that the state always has.
pub(crate) const KINDS: &[AssetKind] = &[
    AssetKind {
        segment: OFFER_SOURCE,
        id: "idOfferSource",
        name: "offerSourceName",
    },
    AssetKind {
        segment: PAGE,
        id: "idPage",
        name: "pageName",
    },
    AssetKind {
        segment: CATEGORY,
        id: "idCategory",
        name: "categoryName",
    },
];

/// The property with the category of an asset. On a category, this property is the category's own ID.
pub(crate) const CATEGORY_PROPERTY: &str = "idCategory";

/// Properties that a duplicate never takes from the request. Documented as "ID, owner and status". The name
/// of the owner property is unknown, so this lists likely ones.
pub(crate) const PROTECTED: &[&str] = &["status", "owner", "idOwner", "idUser"];

/// Parents of one kind and their children.
pub(crate) struct Relation {
    parent: &'static str,
    /// `None`: every kind with a category.
    child: Option<&'static str>,
    /// The object with the parent ID. `None`: the child itself.
    object: Option<&'static str>,
    /// Properties for the parent ID. The first one is read, and all are set.
    properties: &'static [&'static str],
}

/// Documented for offer sources: their children are the offer pages, which name them in
/// `offerParams.idOfferSource`. Cascades of other operations are inferred from the general wording of their
/// type; their children and the effect on them follow the most literal reading.
const RELATIONS: &[Relation] = &[
    Relation {
        parent: OFFER_SOURCE,
        child: Some(PAGE),
        object: Some("offerParams"),
        properties: &["idOfferSource"],
    },
    Relation {
        parent: FUNNEL_GROUP,
        child: Some(FUNNEL),
        object: None,
        properties: &["idFunnelGroup", "idCampaign"],
    },
    Relation {
        parent: CATEGORY,
        child: None,
        object: None,
        properties: &[CATEGORY_PROPERTY],
    },
];

impl Relation {
    /// The relation with parents of this kind.
    pub(crate) fn with_parent_kind(segment: &str) -> Option<&'static Self> {
        RELATIONS.iter().find(|relation| relation.parent == segment)
    }

    /// The relation with children of this kind, except for categories.
    pub(crate) fn with_child_kind(segment: &str) -> Option<&'static Self> {
        RELATIONS.iter().find(|relation| relation.child == Some(segment))
    }

    /// Returns whether assets of this kind can be children.
    pub(crate) fn has_children_of_kind(&self, segment: &str, has_category: bool) -> bool {
        self.child.map_or(has_category, |child| child == segment)
    }

    /// The parent ID in a child. An empty string means none.
    pub(crate) fn parent_of<'a>(&self, child: &'a Map<String, Value>) -> Option<&'a str> {
        let holder = match self.object {
            Some(object) => child.get(object)?.as_object()?,
            None => child,
        };
        holder
            .get(*self.properties.first()?)?
            .as_str()
            .filter(|id| !id.is_empty())
    }

    /// Sets the parent ID of a child. An empty string clears the ID, following the documentation's word
    /// "clears".
    pub(crate) fn set_parent(&self, child: &mut Map<String, Value>, parent: &str) {
        let holder = match self.object {
            Some(object) => child
                .entry(object)
                .or_insert_with(|| Value::Object(Map::new()))
                .as_object_mut(),
            None => Some(child),
        };
        let named = self
            .properties
            .iter()
            .map(|property| ((*property).to_owned(), Value::from(parent)));
        if let Some(holder) = holder {
            holder.extend(named);
        }
    }
}

/// Funnel groups.
const FUNNEL_GROUP: &str = "funnelgroup";
/// Funnels.
const FUNNEL: &str = "funnel";
/// Logic scripts.
const LOGIC_SCRIPT: &str = "logicscript";
/// Middleware configs.
const MIDDLEWARE_CONFIG: &str = "middlewareconfig";

/// Segments under which the vendor's index lists operations a second time, for the same assets. For funnel
/// groups, the documentation says that some URLs keep the older term. For page groups, this is inferred from
/// equal titles.
const SECOND_LISTINGS: &[(&str, &str)] = &[("campaign", FUNNEL_GROUP), ("globalpagegroup", "pagegroup")];

/// Returns the segment under which assets of a segment are stored.
pub(crate) fn storage_segment(segment: &str) -> &str {
    SECOND_LISTINGS
        .iter()
        .find(|(second, _)| *second == segment)
        .map_or(segment, |(_, first)| first)
}

/// Placeholder for a stored secret (documented for middleware configs).
const PLACEHOLDER: &str = "********";

/// The secrets of a middleware config.
const SECRETS: &[Secret] = &[
    Secret {
        object: "/destination/basicAuth",
        property: "password",
        flag: "hasBasicAuthPassword",
    },
    Secret {
        object: "/destination",
        property: "hmacSecret",
        flag: "hasHmacSecret",
    },
];

/// Location of a secret in an asset.
struct Secret {
    /// JSON pointer to the object with the secret.
    object: &'static str,
    property: &'static str,
    /// Property of `/destination` that is `true` if a secret is stored.
    flag: &'static str,
}

/// Applies the server-managed behaviour to an asset that is created, saved or duplicated. `before` is its
/// previous body.
///
/// Documented: a funnel's `idCampaign` is an older name of its `idFunnelGroup`. The owner of a funnel and of
/// a logic script cannot be set. The hash of a script is computed from its code, and its name is trimmed. A
/// middleware's timeout is at most 10 s. A secret that is omitted, or sent as its placeholder, is kept if its
/// flag is set.
pub(crate) fn apply_server_behavior(
    segment: &str,
    before: Option<&Map<String, Value>>,
    body: &mut Map<String, Value>,
) {
    match segment {
        FUNNEL => {
            keep_previous(before, body, "owner");
            let changed = |property: &str, body: &Map<String, Value>| {
                body.get(property)
                    .cloned()
                    .filter(|value| before.and_then(|before| before.get(property)) != Some(value))
            };
            let group = changed("idFunnelGroup", body)
                .or_else(|| changed("idCampaign", body))
                .or_else(|| body.get("idFunnelGroup").cloned());
            if let Some(group) = group {
                body.insert("idFunnelGroup".to_owned(), group.clone());
                body.insert("idCampaign".to_owned(), group);
            }
        }
        LOGIC_SCRIPT => {
            keep_previous(before, body, "owner");
            let code = body.get("code").and_then(Value::as_str).unwrap_or_default();
            let hash = format!("{:x}", Sha256::digest(code.as_bytes()));
            body.insert("codeHash".to_owned(), Value::from(hash));
            if let Some(Value::String(name)) = body.get_mut("logicScriptName") {
                *name = name.trim().to_owned();
            }
        }
        MIDDLEWARE_CONFIG => {
            if let Some(timeout) = body.get_mut("timeoutMs")
                && timeout.as_u64().is_some_and(|milliseconds| milliseconds > 10_000)
            {
                *timeout = Value::from(10_000);
            }
            keep_secrets(before, body);
        }
        _ => {}
    }
}

/// Restores a server-managed property, ignoring the value in the request.
fn keep_previous(before: Option<&Map<String, Value>>, body: &mut Map<String, Value>, property: &str) {
    match before.and_then(|before| before.get(property)) {
        Some(value) => drop(body.insert(property.to_owned(), value.clone())),
        None => drop(body.remove(property)),
    }
}

fn keep_secrets(before: Option<&Map<String, Value>>, body: &mut Map<String, Value>) {
    for Secret {
        object,
        property,
        flag,
    } in SECRETS
    {
        let secret_in = |body: &Map<String, Value>| {
            let secret = object_at(body, object)?.get(*property)?.as_str();
            secret.map(str::to_owned)
        };
        let keep_stored = object_at(body, "/destination").and_then(|destination| destination.get(*flag))
            == Some(&Value::Bool(true));
        let sent = secret_in(body).filter(|secret| !secret.is_empty() && secret != PLACEHOLDER);
        let stored = before.and_then(secret_in).filter(|_| keep_stored);
        let secret = sent.or(stored);
        if let Some(object) = object_at_mut(body, object) {
            object.remove(*property);
            let secret = secret.as_deref().map(Value::from);
            object.extend(secret.map(|secret| ((*property).to_owned(), secret)));
        }
        if let Some(destination) = object_at_mut(body, "/destination") {
            destination.insert((*flag).to_owned(), Value::from(secret.is_some()));
        }
    }
}

/// The object at a pointer in an asset.
fn object_at<'a>(body: &'a Map<String, Value>, pointer: &str) -> Option<&'a Map<String, Value>> {
    let mut object = body;
    for token in pointer.split('/').skip(1) {
        object = object.get(token)?.as_object()?;
    }
    Some(object)
}

fn object_at_mut<'a>(body: &'a mut Map<String, Value>, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    let mut object = body;
    for token in pointer.split('/').skip(1) {
        object = object.get_mut(token)?.as_object_mut()?;
    }
    Some(object)
}

/// Replaces secrets with placeholders (documented for middleware configs).
pub(crate) fn mask_secrets(segment: &str, body: &mut Map<String, Value>) {
    if segment != MIDDLEWARE_CONFIG {
        return;
    }
    for secret in SECRETS {
        let object = object_at_mut(body, secret.object);
        if let Some(value) = object.and_then(|object| object.get_mut(secret.property)) {
            *value = Value::from(PLACEHOLDER);
        }
    }
}

/// Returns the value of a property that only the slim form has.
pub(crate) fn slim_only_property(segment: &str, property: &str, body: &Map<String, Value>) -> Option<Value> {
    let destination_property = match (segment, property) {
        (MIDDLEWARE_CONFIG, "destinationType") => "type",
        (MIDDLEWARE_CONFIG, "destinationMethod") => "method",
        _ => return None,
    };
    object_at(body, "/destination")?
        .get(destination_property)
        .cloned()
}

/// Returns true if a copy may override a property. Documented: a copy never overrides ID, owner and status,
/// and a funnel's copy does not override the group. A logic script's copy overrides only category and
/// description.
pub(crate) fn may_override(segment: &str, id: &str, property: &str) -> bool {
    let protected = property == id || PROTECTED.contains(&property);
    match segment {
        FUNNEL => !protected && property != "idFunnelGroup" && property != "idCampaign",
        LOGIC_SCRIPT => ["idCategory", "categoryName", "description"].contains(&property),
        _ => !protected,
    }
}

/// The property that `parentId` sets on a copy, other than the category: the group of a funnel (documented).
pub(crate) fn parent_property(segment: &str) -> Option<&'static str> {
    (segment == FUNNEL).then_some("idFunnelGroup")
}

/// Returns true if an asset passes the filters of a list. Documented for conditions: `idFunnel` selects the
/// conditions that are only for this funnel. It takes precedence over `globalOnly`, which selects the
/// conditions that are not for a funnel. `funnelType` and `categoryType` filter by the property of the same
/// name. An empty value does not filter.
pub(crate) fn passes_list_filters(
    segment: &str,
    body: &Map<String, Value>,
    query: &[(String, String)],
) -> bool {
    let filter = |wanted: &str| {
        let mut pairs = query.iter();
        let pair = pairs.find(|(name, value)| name == wanted && !value.is_empty());
        pair.map(|(_, value)| value.as_str())
    };
    let property = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if segment == "condition" {
        let scope = property("restrictToFunnelId");
        return match (filter("idFunnel"), filter("globalOnly")) {
            (Some(funnel), _) => scope == funnel,
            (None, Some("true")) => scope.is_empty(),
            _ => true,
        };
    }
    ["funnelType", "categoryType"]
        .iter()
        .all(|name| filter(name).is_none_or(|wanted| property(name) == wanted))
}
