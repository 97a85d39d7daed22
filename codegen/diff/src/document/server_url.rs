//! URLs of servers, with the values of their variables.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::node::Node;

/// Placeholder for any value of a variable.
const ANY: &str = "{}";

/// Maximum number of URLs of one server. If a server has more, some of its variables become wildcards, which
/// match every value.
const MOST: usize = 200;

/// The URLs of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerUrl {
    /// The URL with `{}` in place of each variable.
    pub template: String,
    /// The URL with the defaults of its variables.
    pub default: String,
    /// All URLs of the server: each variable is replaced with each of its values, or with `{}` if its values
    /// are unknown or too many.
    all: BTreeSet<String>,
}

/// A prefix such as `/v1` that moved between the URLs of `servers` and the keys of `paths`.
#[derive(Clone, Default)]
pub(super) struct MovedPrefix {
    /// The text to add before the paths of each document; one of the two texts is empty.
    pub(super) prefixes: [String; 2],
    /// True if the URLs of the operations stay the same. False if the servers changed in another way, too.
    pub(super) is_same_host: bool,
}

impl ServerUrl {
    pub(super) fn of(server: &Node<'_>) -> Self {
        let url = server.str("url").unwrap_or_default();
        let variable = |name: &str| server.value.get("variables").and_then(|all| all.get(name));
        let (mut template, mut default, mut all) = (String::new(), String::new(), vec![String::new()]);
        for (name, rest) in template_parts(url) {
            if let Some(name) = name {
                let variable = variable(name);
                let value = variable.and_then(|variable| variable.get("default")?.as_str());
                template.push_str(ANY);
                default.push_str(value.unwrap_or(ANY));
                let values = variable.and_then(|variable| variable.get("enum")?.as_array());
                let values: Vec<&str> = match values {
                    Some(values) if values.len() * all.len() <= MOST => {
                        values.iter().filter_map(Value::as_str).collect()
                    }
                    _ => vec![ANY],
                };
                let each = |url: &String| values.iter().map(move |value| format!("{url}{value}")).collect();
                all = all.iter().flat_map(|url| -> Vec<String> { each(url) }).collect();
            }
            template.push_str(rest);
            default.push_str(rest);
            for url in &mut all {
                url.push_str(rest);
            }
        }
        Self {
            template: canonical(&template),
            default: canonical(&default),
            all: all.iter().map(|url| canonical(url)).collect(),
        }
    }

    /// Returns the URLs with `path` appended.
    pub(super) fn followed_by(&self, path: &str) -> Self {
        let with_path = |url: &String| format!("{url}{path}");
        Self {
            template: with_path(&self.template),
            default: with_path(&self.default),
            all: self.all.iter().map(with_path).collect(),
        }
    }

    /// Checks whether every URL of this server is also a URL of one of the others.
    pub(super) fn is_covered_by(&self, others: &[&Self]) -> bool {
        let is_in = |url: &String| {
            let mut others = others.iter();
            others.any(|other| other.all.contains(url) || other.all.iter().any(|all| matches(all, url)))
        };
        self.all.iter().all(is_in)
    }
}

/// Splits the template of a URL or a path into the names of its variables and the texts after them. The first
/// part has no name.
pub(super) fn template_parts(template: &str) -> impl Iterator<Item = (Option<&str>, &str)> {
    let parts = template.split('{').enumerate();
    parts.map(|(index, part)| match part.split_once('}') {
        Some((name, rest)) if index > 0 => (Some(name), rest),
        _ => (None, part),
    })
}

/// Returns the names of the placeholders of a path.
pub(super) fn placeholders(path: &str) -> Vec<&str> {
    template_parts(path).filter_map(|(name, _)| name).collect()
}

/// Returns the URL with scheme and host in lower case, without the default port and the last slash.
fn canonical(url: &str) -> String {
    with_canonical_host(url.strip_suffix('/').unwrap_or(url))
}

/// Returns the URL with scheme and host in lower case, without the default port. A URL with a user name stays
/// unchanged.
pub(super) fn with_canonical_host(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let scheme = scheme.to_ascii_lowercase();
    let (host, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if host.contains('@') {
        return url.to_owned();
    }
    let host = host.to_ascii_lowercase();
    let port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => "",
    };
    let host = host.strip_suffix(port).unwrap_or(&host);
    format!("{scheme}://{host}{path}")
}

/// Checks whether a URL matches a pattern in which `{}` stands for any text.
fn matches(pattern: &str, url: &str) -> bool {
    let Some((before, after)) = pattern.split_once(ANY) else {
        return pattern == url;
    };
    let Some(rest) = url.strip_prefix(before) else {
        return false;
    };
    let mut starts = rest.char_indices().map(|(start, _)| start).chain([rest.len()]);
    starts.any(|start| rest.get(start..).is_some_and(|rest| matches(after, rest)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn url(server: &Value) -> ServerUrl {
        ServerUrl::of(&Node::root(server))
    }

    #[test]
    fn a_server_covers_the_urls_of_another() {
        let fixed = json!({"url": "https://A.example:443/v1/"});
        let listed = json!({
            "url": "https://{h}.example/v1",
            "variables": {"h": {"default": "a", "enum": ["a", "b"]}},
        });
        let renamed = json!({"url": "https://{host}.example/v1", "variables": {"host": {"default": "a"}}});
        let other = json!({"url": "https://{h}.example/v2", "variables": {"h": {"default": "a"}}});
        for (large, small, covers) in [
            (&listed, &fixed, true),
            (&fixed, &listed, false),
            (&renamed, &listed, true),
            (&listed, &renamed, false),
            (&renamed, &renamed, true),
            (&other, &listed, false),
        ] {
            let is_covered = url(small).is_covered_by(&[&url(large)]);
            assert_eq!(is_covered, covers, "{large} {small}");
        }
        let other_host = json!({"url": "https://b.example/v1"});
        let [first, second] = [&fixed, &other_host].map(url);
        assert!(url(&listed).is_covered_by(&[&first, &second]));
        assert_eq!(url(&listed).default, url(&fixed).default);
        assert_eq!(url(&listed).template, url(&renamed).template);
    }
}
