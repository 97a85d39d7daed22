//! Evidence: the kind of source that supports a part of our document, stated in the extension `x-evidence`.

use serde_json::Value;

/// Key of the extension. In its value, `kind` is the name of an [`Evidence`], and `source` is a sentence that
/// describes the source.
pub const KEY: &str = "x-evidence";

/// Kinds of evidence, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// Documented by the vendor's page about a group (perhaps only in an example or a remark), or by the
    /// vendor's index of all operations.
    Page,
    /// Partly documented, by a shortened copy of a vendor page, or by a general page such as the changelog.
    /// Both state the name and the meaning of the part, but usually not its type.
    Docs,
    /// Documented by the vendor's help centre.
    Help,
    /// Inferred from a similar operation or field.
    Sibling,
    /// Inferred from the general pattern of the API.
    Pattern,
    /// No evidence is known, or the document names an unknown kind.
    Unknown,
}

impl Evidence {
    /// All kinds, the strongest first.
    pub const ALL: [Self; 6] = [
        Self::Page,
        Self::Docs,
        Self::Help,
        Self::Sibling,
        Self::Pattern,
        Self::Unknown,
    ];

    /// Returns the name of the kind in the document.
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Docs => "docs",
            Self::Help => "help",
            Self::Sibling => "sibling",
            Self::Pattern => "pattern",
            Self::Unknown => "unknown",
        }
    }

    /// Parses the value of the extension. Returns [`Self::Unknown`] for an unknown kind, and `None` if no
    /// kind is stated.
    pub fn parse(extension: &Value) -> Option<Self> {
        let name = extension.get("kind")?.as_str()?;
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        Some(kind.unwrap_or(Self::Unknown))
    }

    /// Returns the kind of evidence that a part of the document states in its extension.
    pub fn of(part: &Value) -> Option<Self> {
        Self::parse(part.get(KEY)?)
    }

    /// Returns true if the part was derived from other parts, because no text of the vendor supports the part
    /// itself.
    pub fn is_inferred(self) -> bool {
        matches!(self, Self::Sibling | Self::Pattern)
    }
}

#[cfg(test)]
mod tests;
