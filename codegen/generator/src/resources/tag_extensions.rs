//! Reads the extensions `x-children` and `x-server-managed` of a tag. They state the children of the group's
//! assets, and the properties that the service changes when it stores an asset.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use crate::{json::Json as _, schemas::parts};
use funnelflux_openapi::{
    Document,
    pointer::{Pointer, PointerBuf},
};

/// Names of the extensions that a tag may have.
pub(crate) const EXTENSIONS: [&str; 4] = ["x-children", "x-server-managed", "x-filters", "x-duplicate"];

/// Maximum depth to which the properties of an asset are searched.
pub(super) const DEPTH: usize = 4;

/// A property that the service changes.
pub(crate) struct ServerManagedField {
    /// JSON pointer to the property in an asset.
    pub(crate) property: String,
    /// The change, as a variant of the runtime's `ServerBehavior`.
    pub(crate) behavior: TokenStream,
}

/// Returns the properties that the tag lists in `x-server-managed`, and the properties that the schema marks
/// as read-only.
pub(super) fn server_managed(source: &Document, tag: &str, asset: Option<&Value>) -> Vec<ServerManagedField> {
    let listed = extension(source, tag, "x-server-managed");
    let mut fields: Vec<ServerManagedField> = listed.filter_map(|(_, entry)| field(entry)).collect();
    if let Some(asset) = asset {
        let listed = fields.len();
        read_only(source.value(), asset, Pointer::root(), DEPTH, &mut fields);
        // The order of a schema's properties must not change the generated code.
        if let Some(of_schema) = fields.get_mut(listed..) {
            of_schema.sort_by(|one, other| one.property.cmp(&other.property));
        }
    }
    fields
}

/// Returns the entries of an extension of a tag, each with the pointer to it.
pub(super) fn extension<'a>(
    source: &'a Document,
    tag: &str,
    key: &'static str,
) -> impl Iterator<Item = (PointerBuf, &'a Value)> {
    let tag = tag.to_owned();
    let tags = source.value().items("tags").enumerate();
    let tags = tags.filter(move |(_, value)| value.text("name") == Some(&tag));
    tags.flat_map(move |(index, tag)| {
        let at = Pointer::from_static("/tags")
            .with_trailing_token(index)
            .with_trailing_token(key);
        let entries = tag.items(key).enumerate();
        entries.map(move |(index, entry)| (at.with_trailing_token(index), entry))
    })
}

/// Reads one entry of `x-children`. Returns `None` if the entry has no tag, no pointer, or an invalid
/// pointer.
pub(crate) fn child(entry: &Value) -> Option<(String, Vec<String>)> {
    let properties = entry.items("properties").filter_map(Value::as_str);
    let properties: Vec<String> = properties.map(str::to_owned).collect();
    let are_pointers = properties.iter().all(|property| Pointer::parse(property).is_ok());
    let is_child = are_pointers && !properties.is_empty();
    is_child.then_some((entry.text("tag")?.to_owned(), properties))
}

/// Reads one entry of `x-server-managed`, which describes a property that the service changes.
pub(crate) fn field(entry: &Value) -> Option<ServerManagedField> {
    let number = |key: &str| entry.get(key)?.as_u64().map(Literal::u64_unsuffixed);
    let behavior = match entry.text("behavior")? {
        "read-only" => quote!(ReadOnly),
        "trimmed" => quote!(Trimmed),
        "alias" => {
            let current = entry.text("of")?;
            quote!(AliasOf(#current))
        }
        "capped" => {
            let (default, maximum) = (number("default")?, number("maximum")?);
            quote!(Capped { default: #default, maximum: #maximum })
        }
        "secret" => {
            let flag = entry.text("flag")?;
            quote!(Secret { flag: #flag })
        }
        _ => return None,
    };
    Some(ServerManagedField {
        property: entry.text("property")?.to_owned(),
        behavior,
    })
}

fn read_only(
    document: &Value,
    schema: &Value,
    at: &Pointer,
    depth: usize,
    fields: &mut Vec<ServerManagedField>,
) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let properties = parts(document, schema).into_iter();
    for (name, property) in properties.flat_map(|part| part.members("properties")) {
        let pointer = at.with_trailing_token(name);
        // `readOnly` may be stated beside the reference to the property's schema instead of in that schema.
        let is_read_only = |part: &Value| part.is_true("readOnly");
        if !is_read_only(property) && !parts(document, property).into_iter().any(is_read_only) {
            read_only(document, property, &pointer, depth, fields);
        } else if fields.iter().all(|field| pointer != *field.property) {
            fields.push(ServerManagedField {
                property: pointer.to_string(),
                behavior: quote!(ReadOnly),
            });
        }
    }
}
