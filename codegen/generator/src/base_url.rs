//! Determines the default base URL of the client, which is the first usable server of the document.

use crate::{
    base_path::{DOCUMENTED_PATH, has_paths_below},
    json::Json as _,
    server::usable,
};
use funnelflux_openapi::{Diagnostic, Document, Severity, Stage, pointer::Pointer};

/// Scheme and host of the base URL from the vendor's documentation. They are the default if a document lists
/// no usable server.
const DOCUMENTED_HOST: &str = "https://api.funnelflux.pro";

/// Returns the default base URL. If the default is not the URL of the first server, also returns a diagnostic
/// with the reason.
pub(crate) fn base_url(document: &Document) -> (String, Option<Diagnostic>) {
    let mut first_reason = None;
    for (index, server) in document.value().items("servers").enumerate() {
        let reason = match usable(server) {
            Ok(url) => {
                let notice = first_reason.map(|reason: String| {
                    let message = format!(
                        "{reason}; the client uses the server {} of the list, {url}",
                        index + 1
                    );
                    let at = Pointer::from_static("/servers/0");
                    let notice = document.diagnostic(Severity::Notice, Stage::Render, "server", at, message);
                    notice.fix("nothing to do, unless an overlay should name another server first")
                });
                return (url, notice);
            }
            Err(reason) => reason,
        };
        first_reason.get_or_insert(reason);
    }
    let reason = first_reason.unwrap_or_else(|| "the document names no server".to_owned());
    // Paths may contain the base path, next to paths outside it (see `base_path`).
    let path = if has_paths_below(document.value(), DOCUMENTED_PATH) {
        ""
    } else {
        DOCUMENTED_PATH
    };
    let url = format!("{DOCUMENTED_HOST}{path}");
    let message = format!("{reason}; by default, the client uses {url}");
    let warning = document.diagnostic(Severity::Warning, Stage::Render, "server", "/servers", message);
    let fix =
        "write the `https` URL of the service into `servers`, in an overlay if the document is the vendor's";
    (url, Some(warning.fix(fix)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::document;
    use serde_json::{Value, json};

    const DOCUMENTED: &str = "https://api.funnelflux.pro/v1";

    /// Returns the base URL of a document with these servers, and the diagnostic as text (empty if there is
    /// none).
    fn of(servers: &Value) -> (String, String) {
        let (url, diagnostic) = base_url(&document(json!({"servers": servers})));
        let text = diagnostic.map(|diagnostic| diagnostic.to_string());
        (url, text.unwrap_or_default())
    }

    #[test]
    fn the_first_usable_server_is_the_default() {
        for (servers, expected) in [
            (
                json!([{"url": "https://assets.example.com/api/v2"}]),
                "https://assets.example.com/api/v2",
            ),
            (
                json!([{"url": "HTTPS://API.Example.com:443/v1/"}]),
                "https://api.example.com/v1",
            ),
            (
                json!([{"url": "https://api.example.com"}]),
                "https://api.example.com",
            ),
            (
                json!([{
                    "url": "https://{region}.example.com:{port}/{version}",
                    "variables": {
                        "region": {"default": "eu"}, "port": {"default": "8443"}, "version": {"default": "v3"}
                    }
                }]),
                "https://eu.example.com:8443/v3",
            ),
        ] {
            assert_eq!(of(&servers), (expected.to_owned(), String::new()), "{servers}");
        }
    }

    #[test]
    fn a_server_that_cannot_be_the_default_is_skipped() {
        for (url, reason) in [
            ("/v1", "is relative"),
            ("v1", "is relative"),
            ("", "is relative"),
            ("//api.example.com/v1", "is relative"),
            ("http://api.example.com/v1", "does not begin with https://"),
            ("ftp://api.example.com", "does not begin with https://"),
            ("https://localhost:3000/v1", "is a local host"),
            ("https://gateway/v1", "is a local host"),
            ("https://api.localhost", "is a local host"),
            ("https://127.0.0.1", "is a local host"),
            ("https://10.1.2.3", "is a local host"),
            ("https://[::1]/v1", "is a local host"),
            ("https://[::ffff:127.0.0.1]", "is a local host"),
            ("https://{host}/v1", "has a variable without a default"),
            ("https://user:canary@api.example.com", "a user name or a password"),
            ("https://api.example.com/?key=1", "a query or a fragment"),
            ("https://", "is not a URL"),
        ] {
            let (default, warning) = of(&json!([{"url": url}]));
            assert_eq!(default, DOCUMENTED, "{url}");
            assert!(
                warning.contains("warning[render::server] at /servers:"),
                "{url}: {warning}"
            );
            assert!(
                warning.contains(reason) && !warning.contains("canary"),
                "{url}: {warning}"
            );
            let (default, notice) = of(&json!([{"url": url}, {"url": "https://api.example.com"}]));
            assert_eq!(default, "https://api.example.com", "{url}");
            assert!(
                notice.contains("notice[render::server] at /servers/0:"),
                "{url}: {notice}"
            );
            assert!(
                notice.contains(reason) && !notice.contains("canary"),
                "{url}: {notice}"
            );
        }
        let (default, warning) = of(&json!([]));
        assert_eq!(default, DOCUMENTED);
        assert!(warning.contains("the document names no server"), "{warning}");
    }
}
