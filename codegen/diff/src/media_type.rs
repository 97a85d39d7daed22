//! Compares media types, including ranges such as `text/*` and parameters such as `charset`. The case of
//! types and of parameter names is ignored.

use std::collections::BTreeMap;

use crate::level::Encoding;

/// A media type or a media range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaRange {
    kind: String,
    subtype: String,
    parameters: BTreeMap<String, String>,
}

impl MediaRange {
    pub(crate) fn new(text: &str) -> Self {
        let mut parts = text.split(';');
        let essence = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/').unwrap_or((&essence, ""));
        let is_json = subtype == "json" || subtype.ends_with("+json");
        let parameters = parts.filter_map(|part| {
            let (name, value) = part.split_once('=')?;
            let name = name.trim().to_ascii_lowercase();
            let value = value.trim().trim_matches('"');
            // Names of character sets are case-insensitive.
            let value = match name.as_str() {
                "charset" => value.to_ascii_lowercase(),
                _ => value.to_owned(),
            };
            Some((name, value))
        });
        Self {
            // JSON is always UTF-8 and has no parameter `charset`.
            parameters: parameters
                .filter(|(name, _)| !is_json || name != "charset")
                .collect(),
            kind: kind.to_owned(),
            subtype: subtype.to_owned(),
        }
    }

    /// Checks whether the range includes media types of forms.
    pub(crate) fn may_be_form(&self) -> bool {
        self.may_be_multipart()
            || (["application", "*"].contains(&&*self.kind)
                && ["x-www-form-urlencoded", "*"].contains(&&*self.subtype))
    }

    pub(crate) fn may_be_multipart(&self) -> bool {
        ["multipart", "*"].contains(&&*self.kind)
    }

    pub(crate) fn is_xml(&self) -> bool {
        self.subtype == "xml" || self.subtype.ends_with("+xml")
    }

    /// Checks whether bodies of this type are bytes that no schema describes.
    pub(crate) fn is_binary(&self) -> bool {
        match &*self.kind {
            "audio" | "font" | "image" | "video" => !self.subtype.ends_with("xml"),
            "application" => ["gzip", "octet-stream", "pdf", "zip"].contains(&&*self.subtype),
            _ => false,
        }
    }

    /// Returns the encoding of bodies of this type.
    pub(crate) fn encoding(&self) -> Encoding {
        match (&*self.kind, &*self.subtype) {
            ("text", "plain") => Encoding::Text,
            ("multipart", _) | ("application", "x-www-form-urlencoded") => Encoding::Form,
            _ => Encoding::Typed,
        }
    }

    /// Checks whether the range includes every media type of another range.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        // Some frameworks write `application/*+json` for every type with the suffix.
        let covers = |pattern: &str, text: &str| match pattern.strip_prefix('*') {
            Some(suffix) => text.ends_with(suffix),
            None => pattern == text,
        };
        let has = |(name, value): (&String, &String)| other.parameters.get(name) == Some(value);
        covers(&self.kind, &other.kind)
            && covers(&self.subtype, &other.subtype)
            && self.parameters.iter().all(has)
    }
}

#[cfg(test)]
mod tests {
    use super::MediaRange;

    #[test]
    fn ranges_cover_types_and_parameters() {
        for (range, other, covers) in [
            ("*/*", "application/json", true),
            ("application/*", "Application/JSON", true),
            ("application/*", "text/plain", false),
            ("application/*+json", "application/vnd.a+json", true),
            ("application/*+json", "application/json", false),
            ("application/json", "application/*", false),
            ("application/json", "application/json; charset=utf-8", true),
            ("application/json;charset=UTF-8", "application/json", true),
            ("text/plain", "text/plain; charset=utf-8", true),
            ("text/plain; charset=utf-8", "text/plain", false),
            ("text/plain; charset=utf-8", "text/plain;Charset=\"UTF-8\"", true),
            (
                "application/vnd.a+json; version=1",
                "application/vnd.a+json; version=2",
                false,
            ),
        ] {
            let covered = MediaRange::new(range).covers(&MediaRange::new(other));
            assert_eq!(covered, covers, "{range} {other}");
        }
    }
}
