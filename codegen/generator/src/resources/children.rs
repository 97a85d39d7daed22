//! Children: assets that belong to an asset of another group.

use serde_json::Value;
use syn::Ident;

use crate::json::Json as _;
use funnelflux_openapi::Document;

use super::{lists::ListPlace, server_managed::extension};

/// Children of the assets of a resource.
#[derive(Debug)]
pub(crate) struct Children {
    /// Module of the children's group.
    pub(crate) module: Ident,
    /// Cargo feature of the children's group; `None` if it is the parent's group.
    pub(crate) feature: Option<String>,
    pub(crate) kind: Ident,
    /// Static of the operation that lists the children.
    pub(crate) list: Ident,
    /// Query parameters of this operation.
    pub(crate) query: Vec<(String, String)>,
    /// Place of the rows in the response of this operation.
    pub(crate) place: ListPlace,
    /// `true` if a row of the list contains the ID of the parent.
    pub(crate) in_rows: bool,
    /// Pointer to the ID in a row.
    pub(crate) id: String,
    /// Pointers to the ID of the parent.
    pub(crate) properties: Vec<String>,
}

/// Returns the children that a tag names (`x-children`): the tags of the child groups, and pointers to the ID
/// of the parent in a child.
pub(super) fn listed(source: &Document, tag: &str) -> Vec<(String, Vec<String>)> {
    let children = extension(source, tag, "x-children").filter_map(|child| {
        let properties = child.items("properties").filter_map(Value::as_str);
        let properties = properties.map(str::to_owned).collect();
        Some((child.text("tag")?.to_owned(), properties))
    });
    children.collect()
}
