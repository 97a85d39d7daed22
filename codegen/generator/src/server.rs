//! Checks whether a server of a document can be the default of the client.

use serde_json::Value;
use url::{Host, Url};

use crate::json::Json as _;

/// Returns the normalised URL of a server, without trailing slashes, or the reason why this URL cannot be the
/// base URL. Schemes other than https are refused, because tokens are sent only over https.
pub(crate) fn usable(server: &Value) -> Result<String, String> {
    let written = server.text("url").ok_or("the server has no URL")?;
    let text = with_defaults(written, server);
    let refuse = |reason: &str| Err(format!("the server `{text}` {reason}"));
    if text.contains(['{', '}']) {
        return refuse("has a variable without a default");
    }
    let url = match Url::parse(&text) {
        Ok(url) => url,
        Err(url::ParseError::RelativeUrlWithoutBase) => return refuse("is relative"),
        Err(error) => return refuse(&format!("is not a URL: {error}")),
    };
    if url.scheme() != "https" {
        return refuse("does not begin with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the server contains a user name or a password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("contains a query or a fragment");
    }
    if url.host().is_none_or(|host| is_local(&host)) {
        return refuse("is a local host");
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Replaces the variables of a server's URL with their defaults.
pub(crate) fn with_defaults(url: &str, server: &Value) -> String {
    let variables = server.members("variables");
    let defaults = variables.filter_map(|(name, variable)| Some((name, variable.text("default")?)));
    defaults.fold(url.to_owned(), |url, (name, default)| {
        url.replace(&format!("{{{name}}}"), default)
    })
}

/// Checks whether a host is local, such as `localhost` or a private IP address. On another machine, such a
/// name or address leads to a different host, or nowhere.
fn is_local(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            !name.contains('.') || [".localhost", ".local"].iter().any(|end| name.ends_with(end))
        }
        Host::Ipv4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        Host::Ipv6(address) => {
            let mapped = address.to_ipv4_mapped();
            mapped.is_some_and(|address| is_local(&Host::Ipv4(address)))
                || address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}
