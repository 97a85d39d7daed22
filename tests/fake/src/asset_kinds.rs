//! What holds for single kinds of assets only, as far as the documentation says it: which exist beside those of the document, and who is whose child.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::document::Resource;

/// A kind of asset whose names are needed although the document may not describe it yet.
pub(crate) struct Kind {
    pub(crate) segment: &'static str,
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
}

/// Offer sources.
pub(crate) const OFFER_SOURCE: &str = "offersource";
/// Pages (landers and offers). Their segment is a guess by the vendor's pattern.
pub(crate) const PAGE: &str = "page";
/// Categories. Their segment is a guess by the vendor's pattern.
pub(crate) const CATEGORY: &str = "category";

/// Kinds that the state always has.
pub(crate) const KINDS: &[Kind] = &[
    Kind {
        segment: OFFER_SOURCE,
        id: "idOfferSource",
        name: "offerSourceName",
    },
    Kind {
        segment: PAGE,
        id: "idPage",
        name: "pageName",
    },
    Kind {
        segment: CATEGORY,
        id: "idCategory",
        name: "categoryName",
    },
];

/// The property in which an asset names its category. On a category the same property is its own ID.
pub(crate) const CATEGORY_PROPERTY: &str = "idCategory";

/// Properties that a duplicate never takes from the request. Documented as "ID, owner and status"; the owner's property is unknown, so likely names stand here.
pub(crate) const PROTECTED: &[&str] = &["status", "owner", "idOwner", "idUser"];

/// Assets of one kind that belong to an asset of another.
pub(crate) struct Relation {
    parent: &'static str,
    /// `None`: every kind that can be in a category.
    child: Option<&'static str>,
    /// Where the child names its parent: an object, unless it is the child itself, and properties in it, of which the first counts.
    object: Option<&'static str>,
    properties: &'static [&'static str],
}

/// Documented for offer sources: their children are the offer pages, which name them in `offerParams.idOfferSource`. That other
/// operations take a cascade is deduced from the general wording of its type; who is whose child there, and that a cascade does
/// the same, is the plainest reading.
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
    /// The relation in which assets of this kind are parents.
    pub(crate) fn of_parent(segment: &str) -> Option<&'static Self> {
        RELATIONS.iter().find(|relation| relation.parent == segment)
    }

    /// The relation in which assets of this kind are children, not counting categories.
    pub(crate) fn of_child(segment: &str) -> Option<&'static Self> {
        RELATIONS.iter().find(|relation| relation.child == Some(segment))
    }

    /// Whether assets of this kind can be children.
    pub(crate) fn takes(&self, kind: &Resource) -> bool {
        self.child
            .map_or_else(|| kind.has_category(), |child| child == kind.segment)
    }

    /// The parent that a child names. An empty string is none.
    pub(crate) fn parent_in<'a>(&self, child: &'a Map<String, Value>) -> Option<&'a str> {
        let holder = match self.object {
            Some(object) => child.get(object)?.as_object()?,
            None => child,
        };
        holder
            .get(*self.properties.first()?)?
            .as_str()
            .filter(|id| !id.is_empty())
    }

    /// Makes a child name another parent, or none: then the property is the empty string, as the documentation's "clears" is read.
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

/// Segments under which the vendor's index lists operations a second time. Both listings are about the same assets: for
/// funnel groups the documentation says that some URLs keep the older word, for page groups the titles are the same.
const SECOND_LISTINGS: &[(&str, &str)] = &[("campaign", FUNNEL_GROUP), ("globalpagegroup", "pagegroup")];

/// The segment under which the assets of a segment are kept.
pub(crate) fn kept_under(segment: &str) -> &str {
    SECOND_LISTINGS
        .iter()
        .find(|(second, _)| *second == segment)
        .map_or(segment, |(_, first)| first)
}

/// What stands for a secret that is stored (documented for middleware configs).
const PLACEHOLDER: &str = "********";

/// Where a middleware config has its secrets: pointer to the object, property, and the flag that says one is stored.
const SECRETS: &[(&str, &str, &str)] = &[
    ("/destination/basicAuth", "password", "hasBasicAuthPassword"),
    ("/destination", "hmacSecret", "hasHmacSecret"),
];

/// Does to an asset that is created, saved or duplicated what only the service can do. `before` is the asset as it was.
///
/// Documented: a funnel's `idCampaign` is an older name of its `idFunnelGroup`; the owner of a funnel and of a logic script
/// cannot be set; the hash of a script is that of its code, and its name is trimmed; a middleware's timeout is cut at 10 s, and a secret that is
/// not sent, or as its placeholder, stays what it was where its flag says that there is one.
pub(crate) fn settle(segment: &str, before: Option<&Map<String, Value>>, body: &mut Map<String, Value>) {
    match segment {
        FUNNEL => {
            keep(before, body, "owner");
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
            keep(before, body, "owner");
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

/// A property that the service manages: what is sent is ignored.
fn keep(before: Option<&Map<String, Value>>, body: &mut Map<String, Value>, property: &str) {
    match before.and_then(|before| before.get(property)) {
        Some(value) => drop(body.insert(property.to_owned(), value.clone())),
        None => drop(body.remove(property)),
    }
}

fn keep_secrets(before: Option<&Map<String, Value>>, body: &mut Map<String, Value>) {
    for (holder, property, flag) in SECRETS {
        let stored = before.and_then(|before| {
            within(before, holder)?
                .get(*property)?
                .as_str()
                .map(str::to_owned)
        });
        let says_stored = within(body, "/destination").and_then(|destination| destination.get(*flag))
            == Some(&Value::Bool(true));
        let sent = within(body, holder)
            .and_then(|object| object.get(*property)?.as_str())
            .filter(|secret| !secret.is_empty() && *secret != PLACEHOLDER)
            .map(str::to_owned);
        let secret = sent.or(stored.filter(|_| says_stored));
        if let Some(object) = within_mut(body, holder) {
            object.remove(*property);
            object.extend(
                secret
                    .as_deref()
                    .map(|secret| ((*property).to_owned(), Value::from(secret))),
            );
        }
        if let Some(destination) = within_mut(body, "/destination") {
            destination.insert((*flag).to_owned(), Value::from(secret.is_some()));
        }
    }
}

/// The object at a pointer of an asset.
fn within<'a>(body: &'a Map<String, Value>, pointer: &str) -> Option<&'a Map<String, Value>> {
    let mut object = body;
    for token in pointer.split('/').skip(1) {
        object = object.get(token)?.as_object()?;
    }
    Some(object)
}

fn within_mut<'a>(body: &'a mut Map<String, Value>, pointer: &str) -> Option<&'a mut Map<String, Value>> {
    let mut object = body;
    for token in pointer.split('/').skip(1) {
        object = object.get_mut(token)?.as_object_mut()?;
    }
    Some(object)
}

/// Lets a read show what the service shows: secrets as placeholders (documented for middleware configs).
pub(crate) fn show(segment: &str, body: &mut Map<String, Value>) {
    if segment != MIDDLEWARE_CONFIG {
        return;
    }
    for (holder, property, _) in SECRETS {
        if let Some(secret) = within_mut(body, holder).and_then(|object| object.get_mut(*property)) {
            *secret = Value::from(PLACEHOLDER);
        }
    }
}

/// A property that only the slim form has.
pub(crate) fn only_slim(segment: &str, property: &str, body: &Map<String, Value>) -> Option<Value> {
    let of_destination = match (segment, property) {
        (MIDDLEWARE_CONFIG, "destinationType") => "type",
        (MIDDLEWARE_CONFIG, "destinationMethod") => "method",
        _ => return None,
    };
    within(body, "/destination")?.get(of_destination).cloned()
}

/// Whether a duplicate may give a property another value. Documented: never ID, owner and status; of a funnel not its
/// group either; of a logic script nothing but its category and description.
pub(crate) fn may_override(segment: &str, id: &str, property: &str) -> bool {
    let protected = property == id || PROTECTED.contains(&property);
    match segment {
        FUNNEL => !protected && property != "idFunnelGroup" && property != "idCampaign",
        LOGIC_SCRIPT => ["idCategory", "categoryName", "description"].contains(&property),
        _ => !protected,
    }
}

/// The property of a copy that `parentId` sets, beside the category: a funnel's group (documented).
pub(crate) fn parent_property(segment: &str) -> Option<&'static str> {
    (segment == FUNNEL).then_some("idFunnelGroup")
}

/// Whether a list shows an asset. Documented for conditions: `idFunnel` wants those that are for this funnel alone, and
/// takes precedence over `globalOnly`, which wants those that are for no funnel. Any other parameter of a list that is
/// called as a property wants its value; an empty one wants nothing.
pub(crate) fn is_listed(segment: &str, body: &Map<String, Value>, query: &[(String, String)]) -> bool {
    let of = |name: &str| {
        let pair = query.iter().find(|(of, value)| of == name && !value.is_empty());
        pair.map(|(_, value)| value.as_str())
    };
    let property = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if segment == "condition" {
        let scope = property("restrictToFunnelId");
        return match (of("idFunnel"), of("globalOnly")) {
            (Some(funnel), _) => scope == funnel,
            (None, Some("true")) => scope.is_empty(),
            _ => true,
        };
    }
    ["funnelType", "categoryType"]
        .iter()
        .all(|name| of(name).is_none_or(|wanted| property(name) == wanted))
}
