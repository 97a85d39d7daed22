//! What holds for single kinds of assets only, as far as the documentation says it: which exist beside those of the document, and who is whose child.

use serde_json::{Map, Value};

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
    pub(crate) parent: &'static str,
    pub(crate) child: &'static str,
    /// Where the child names its parent: an object and a property in it.
    object: &'static str,
    property: &'static str,
}

/// Documented for offer sources: their children are the offer pages, which name them in `offerParams.idOfferSource`.
const RELATIONS: &[Relation] = &[Relation {
    parent: OFFER_SOURCE,
    child: PAGE,
    object: "offerParams",
    property: "idOfferSource",
}];

impl Relation {
    /// The relation in which assets of this kind are parents.
    pub(crate) fn of_parent(segment: &str) -> Option<&'static Self> {
        RELATIONS.iter().find(|relation| relation.parent == segment)
    }

    /// The relation in which assets of this kind are children.
    pub(crate) fn of_child(segment: &str) -> Option<&'static Self> {
        RELATIONS.iter().find(|relation| relation.child == segment)
    }

    /// The parent that a child names. An empty string is none.
    pub(crate) fn parent_in<'a>(&self, child: &'a Map<String, Value>) -> Option<&'a str> {
        child
            .get(self.object)?
            .get(self.property)?
            .as_str()
            .filter(|id| !id.is_empty())
    }

    /// Makes a child name another parent, or none: then the property is the empty string, as the documentation's "clears" is read.
    pub(crate) fn set_parent(&self, child: &mut Map<String, Value>, parent: &str) {
        if let Some(object) = child
            .entry(self.object)
            .or_insert_with(|| Value::Object(Map::new()))
            .as_object_mut()
        {
            object.insert(self.property.to_owned(), Value::from(parent));
        }
    }
}
