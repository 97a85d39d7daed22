//! Finds the path in the URL of a server, because a document may write a part of it in its paths instead.

/// Returns the path of a server's URL, without slashes at its end. The path of a relative URL also begins
/// with a slash.
///
/// ```
/// use funnelflux_openapi::base_path::base_path;
///
/// for url in ["https://api.example.com/v1/", "//api.example.com/v1", "/v1", "v1"] {
///     assert_eq!(base_path(url), "/v1");
/// }
/// assert_eq!(base_path("https://api.example.com"), "");
/// ```
pub fn base_path(url: &str) -> String {
    let with_host = url.split_once("://").map(|(_, rest)| rest);
    let path = match with_host.or_else(|| url.strip_prefix("//")) {
        Some(rest) => rest.split_once('/').map_or("", |(_, path)| path),
        None => url,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match path.trim_matches('/') {
        "" => String::new(),
        path => format!("/{path}"),
    }
}
