//! Evidence: the sources that support parts of our document, as stated by the extension `x-evidence`.

use serde_json::Value;

/// Key of the extension. Its `kind` is the name of an [`Evidence`], its `source` a sentence.
pub const KEY: &str = "x-evidence";

/// Kinds of evidence, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// The vendor's page about the group states it.
    Page,
    /// Another page of the vendor's documentation states it.
    Docs,
    /// The vendor's help centre states it.
    Help,
    /// Inferred from a similar operation or field.
    Sibling,
    /// Inferred from the pattern of the other operations.
    Pattern,
    /// Nothing is known, or the document names an unknown kind.
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

    /// Returns the name in the document.
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

    /// Parses the value of the extension; `None` if it does not name a kind.
    pub fn parse(extension: &Value) -> Option<Self> {
        let name = extension.get("kind")?.as_str()?;
        let kind = Self::ALL.into_iter().find(|kind| kind.name() == name);
        Some(kind.unwrap_or(Self::Unknown))
    }

    /// Returns the evidence that a part of the document states.
    pub fn of(part: &Value) -> Option<Self> {
        Self::parse(part.get(KEY)?)
    }

    /// Returns true if the part is inferred, that is, no text of the vendor supports it.
    pub fn is_inferred(self) -> bool {
        matches!(self, Self::Sibling | Self::Pattern)
    }
}

#[cfg(test)]
mod tests;
