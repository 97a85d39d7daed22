//! Writes paths relative to the documented base URL, so that inferred operations and the targets of overlays
//! match, wherever the vendor's document writes the base path `/v1`.
//!
//! A document may write `/v1` at the end of the URLs of `servers`, or at the start of its paths. The URLs of
//! the operations are the same. In the notation of this module, the path of an operation outside `/v1`
//! begins with `/..`. [`restore`] removes this notation after the overlays have been applied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    json::Json as _,
    server::{usable, with_defaults},
};
use funnelflux_openapi::{
    Document, base_path,
    pointer::{Pointer, Token},
};

/// Path of the base URL from the vendor's documentation. The paths of overlays are relative to it.
pub(crate) const DOCUMENTED_PATH: &str = "/v1";

/// Start of a path that leads out of the base path.
const OUTSIDE: &str = "/..";

/// Writes the paths of a document relative to the documented base path, and adapts `servers`, so that the URL
/// of each operation stays the same. Returns the document unchanged if its base path has no relation to the
/// documented one, for example `/v2`.
pub(crate) fn relative_to_documented(document: Document) -> Document {
    let Some(base) = base_path(document.value()) else {
        return document;
    };
    if base.is_empty() {
        if !has_paths_below(document.value(), DOCUMENTED_PATH) {
            return document;
        }
        let relative = |path: &str| match below(path, DOCUMENTED_PATH) {
            Some(rest) => rest.to_owned(),
            None => format!("{OUTSIDE}{path}"),
        };
        let add = |url: &str| Some(format!("{}{DOCUMENTED_PATH}", url.trim_end_matches('/')));
        return rewrite(document, relative, add);
    }
    match below(&base, DOCUMENTED_PATH) {
        Some(moved) => {
            let remove = |url: &str| Some(url.trim_end_matches('/').strip_suffix(moved)?.to_owned());
            rewrite(document, |path| format!("{moved}{path}"), remove)
        }
        None => document,
    }
}

/// Replaces paths that begin with `/..`. If there are any, writes the documented base path at the start of
/// all paths instead of in `servers`.
pub(crate) fn restore(document: Document) -> Document {
    if !has_paths_below(document.value(), OUTSIDE) {
        return document;
    }
    let absolute = |path: &str| match below(path, OUTSIDE) {
        Some(rest) => rest.to_owned(),
        None => format!("{DOCUMENTED_PATH}{path}"),
    };
    let remove = |url: &str| {
        let url = url.trim_end_matches('/').strip_suffix(DOCUMENTED_PATH)?;
        Some(if url.is_empty() { "/" } else { url }.to_owned())
    };
    rewrite(document, absolute, remove)
}

/// Returns a path as a message shows it. A path outside the base path is shown as an absolute path.
pub(crate) fn shown(path: &str) -> String {
    match below(path, OUTSIDE) {
        Some(path) => format!("{path}`, outside `{DOCUMENTED_PATH}"),
        None => path.to_owned(),
    }
}

/// Checks whether a document has paths below the path `base`.
pub(crate) fn has_paths_below(document: &Value, base: &str) -> bool {
    let mut paths = document.members("paths");
    paths.any(|(path, _)| below(path, base).is_some())
}

/// Returns the part of a path below the path `base`, which begins with a slash. Returns `None` if the path is
/// not below `base`.
fn below<'p>(path: &'p str, base: &str) -> Option<&'p str> {
    path.strip_prefix(base).filter(|rest| rest.starts_with('/'))
}

/// Returns the path of the server that the client uses, without the last slash. If no server is usable, the
/// first server decides. Returns `None` if the path depends on a variable without a default.
fn base_path(document: &Value) -> Option<String> {
    let mut servers = document.items("servers");
    let default = servers.clone().find(|server| usable(server).is_ok());
    let Some(server) = default.or_else(|| servers.next()) else {
        return Some(String::new());
    };
    let url = with_defaults(server.text("url").unwrap_or_default(), server);
    let path = base_path::base_path(&url);
    (!path.contains(['{', '}'])).then_some(path)
}

/// Rewrites each path and the URL of each server. Omits servers for which `url` returns `None`, because the
/// new paths do not lead to their URLs. Returns the document unchanged if two paths would become the same.
fn rewrite(
    document: Document,
    path: impl Fn(&str) -> String,
    url: impl Fn(&str) -> Option<String>,
) -> Document {
    let server = |server: &Value| {
        let written = server.text("url").unwrap_or_default();
        // A variable may contain the end of the URL.
        let url = url(written).or_else(|| url(&with_defaults(written, server)))?;
        let mut server = server.clone();
        server
            .as_object_mut()?
            .insert("url".to_owned(), Value::String(url));
        Some(server)
    };
    let servers: Vec<Value> = match document.value().items("servers").as_slice() {
        [] => server(&json!({"url": "/"})).into_iter().collect(),
        servers => servers.iter().filter_map(server).collect(),
    };
    let paths = document.value().members("paths");
    let paths = paths.filter(|(old, _)| old.starts_with('/'));
    let paths: BTreeMap<String, String> = paths.map(|(old, _)| (old.clone(), path(old))).collect();
    if paths.values().collect::<BTreeSet<_>>().len() < paths.len() {
        return document;
    }
    let (mut value, mut provenance) = document.into_parts();
    if let Some(items) = value.get_mut("paths").and_then(Value::as_object_mut) {
        let rename = |(old, item)| (paths.get(&old).cloned().unwrap_or(old), item);
        *items = std::mem::take(items).into_iter().map(rename).collect();
    }
    if let Some(document) = value.as_object_mut() {
        document.insert("servers".to_owned(), Value::Array(servers));
    }
    let encoded = paths
        .iter()
        .map(|(old, new)| (encoded(old), encoded(new)))
        .collect();
    rewrite_references(&mut value, &encoded);
    let paths: Vec<(String, String)> = paths.into_iter().collect();
    provenance.rename_members(Pointer::from_static("/paths"), &paths);
    Document::new(value, provenance)
}

/// Returns a key as a JSON pointer writes it.
fn encoded(key: &str) -> String {
    Token::new(key).encoded().to_owned()
}

/// Rewrites references to parts of paths. The map contains the old and new keys of the paths, as a JSON
/// pointer writes them.
fn rewrite_references(value: &mut Value, paths: &BTreeMap<String, String>) {
    const PATHS: &str = "#/paths/";
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                let Value::String(reference) = value else {
                    rewrite_references(value, paths);
                    continue;
                };
                if let ("$ref" | "operationRef", Some(rest)) = (key.as_str(), reference.strip_prefix(PATHS)) {
                    let end = rest.find('/').unwrap_or(rest.len());
                    let (path, rest) = rest.split_at(end);
                    if let Some(path) = paths.get(path) {
                        *reference = format!("{PATHS}{path}{rest}");
                    }
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite_references(item, paths)),
        _ => {}
    }
}
