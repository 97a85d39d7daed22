//! Gates: under which features of the crate something is there.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use syn::{Attribute, Expr, ExprLit, Lit, Meta, Token, parse::Parser as _, punctuated::Punctuated};

/// More features than this in one question are not tried out one by one.
const MOST_ATOMS: usize = 16;

/// What the `cfg` attributes on the way to something ask for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Gate {
    /// One predicate, such as `feature = "pages"` or `unix`.
    Is(String),
    /// The other way round.
    Not(Box<Gate>),
    /// All of them; without any it is always there.
    All(BTreeSet<Gate>),
    /// At least one of them.
    Any(BTreeSet<Gate>),
}

impl Default for Gate {
    /// Always there.
    fn default() -> Self {
        Self::All(BTreeSet::new())
    }
}

impl Gate {
    /// What the attributes of one item ask for.
    pub(super) fn of(attributes: &[Attribute]) -> Self {
        attributes
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .filter_map(|attribute| attribute.parse_args::<Meta>().ok())
            .fold(Self::default(), |gate, meta| gate.and(&Self::read(&meta)))
    }

    fn read(meta: &Meta) -> Self {
        let inner = |meta: &Meta| -> Vec<Self> {
            let Meta::List(list) = meta else {
                return Vec::new();
            };
            let parser = Punctuated::<Meta, Token![,]>::parse_terminated;
            let parsed = parser.parse2(list.tokens.clone()).unwrap_or_default();
            parsed.iter().map(Self::read).collect()
        };
        match meta.path().get_ident().map(ToString::to_string).as_deref() {
            Some("all") => inner(meta).iter().fold(Self::default(), Self::and),
            Some("any") => Self::Any(inner(meta).into_iter().collect()),
            Some("not") => inner(meta)
                .into_iter()
                .next()
                .map_or_else(Self::default, |gate| Self::Not(Box::new(gate))),
            _ => match meta {
                Meta::NameValue(pair) => match (&pair.value, pair.path.get_ident()) {
                    (
                        Expr::Lit(ExprLit {
                            lit: Lit::Str(value), ..
                        }),
                        Some(name),
                    ) => Self::Is(format!("{name} = {:?}", value.value())),
                    _ => Self::Is(super::text(meta)),
                },
                _ => Self::Is(super::text(meta)),
            },
        }
    }

    /// Both.
    pub(super) fn and(self, other: &Self) -> Self {
        let parts = |gate: Self| match gate {
            Self::All(parts) => parts,
            one => BTreeSet::from([one]),
        };
        let mut all = parts(self);
        all.extend(parts(other.clone()));
        match (all.len(), all.pop_first()) {
            (1, Some(only)) => only,
            (_, Some(first)) => {
                all.insert(first);
                Self::All(all)
            }
            (_, None) => Self::default(),
        }
    }

    /// Either.
    pub(super) fn or(self, other: Self) -> Self {
        if self.implies(&other) {
            other
        } else if other.implies(&self) {
            self
        } else {
            let either = Self::Any(BTreeSet::from([self, other]));
            if Self::default().implies(&either) {
                Self::default()
            } else {
                either
            }
        }
    }

    /// Whether it is there in tests only.
    pub(super) fn is_test(&self) -> bool {
        match self {
            Self::Is(what) => what == "test",
            Self::Not(_) => false,
            Self::All(parts) => parts.iter().any(Self::is_test),
            Self::Any(parts) => parts.iter().all(Self::is_test),
        }
    }

    /// Whether it is always there.
    #[must_use]
    pub fn is_open(&self) -> bool {
        *self == Self::default()
    }

    /// Whether everybody who has passed this gate passes the other one as well. A question about too many features at once
    /// is answered with no.
    #[must_use]
    pub fn implies(&self, other: &Self) -> bool {
        let mut atoms = BTreeSet::new();
        self.atoms(&mut atoms);
        other.atoms(&mut atoms);
        let atoms: Vec<&str> = atoms.into_iter().collect();
        if atoms.len() > MOST_ATOMS {
            return self == other;
        }
        (0_u32..1 << atoms.len()).all(|chosen| {
            let is_on = |name: &str| {
                let position = atoms.iter().position(|atom| *atom == name);
                position.is_some_and(|position| chosen >> position & 1 == 1)
            };
            !self.holds(&is_on) || other.holds(&is_on)
        })
    }

    fn atoms<'a>(&'a self, atoms: &mut BTreeSet<&'a str>) {
        match self {
            Self::Is(what) => {
                atoms.insert(what);
            }
            Self::Not(gate) => gate.atoms(atoms),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.atoms(atoms);
                }
            }
        }
    }

    fn holds(&self, is_on: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Is(what) => is_on(what),
            Self::Not(gate) => !gate.holds(is_on),
            Self::All(parts) => parts.iter().all(|part| part.holds(is_on)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(is_on)),
        }
    }
}

impl fmt::Display for Gate {
    /// As it stands in a `cfg`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |formatter: &mut fmt::Formatter<'_>, name: &str, parts: &BTreeSet<Self>| {
            let parts: Vec<String> = parts.iter().map(ToString::to_string).collect();
            write!(formatter, "{name}({})", parts.join(", "))
        };
        match self {
            Self::Is(what) => formatter.write_str(what),
            Self::Not(gate) => write!(formatter, "not({gate})"),
            Self::All(parts) => list(formatter, "all", parts),
            Self::Any(parts) => list(formatter, "any", parts),
        }
    }
}

impl From<Gate> for String {
    fn from(gate: Gate) -> Self {
        gate.to_string()
    }
}

impl FromStr for Gate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        syn::parse_str::<Meta>(text)
            .map(|meta| Self::read(&meta))
            .map_err(|error| format!("`{text}` is no predicate of `cfg`: {error}"))
    }
}

impl TryFrom<String> for Gate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(text: &str) -> Gate {
        text.parse().unwrap()
    }

    #[test]
    fn who_is_let_through_is_known() {
        for (one, other, implies) in [
            ("all()", "all()", true),
            ("feature = \"a\"", "all()", true),
            ("all()", "feature = \"a\"", false),
            ("feature = \"a\"", "any(feature = \"a\", feature = \"b\")", true),
            ("any(feature = \"a\", feature = \"b\")", "feature = \"a\"", false),
            ("all(unix, feature = \"a\")", "feature = \"a\"", true),
            ("not(unix)", "unix", false),
            ("any()", "unix", true),
        ] {
            assert_eq!(gate(one).implies(&gate(other)), implies, "{one} → {other}");
        }
    }

    #[test]
    fn what_is_written_reads_the_same() {
        for text in [
            "all()",
            "unix",
            "all(any(feature = \"a\", feature = \"b\"), not(test))",
        ] {
            assert_eq!(gate(text).to_string().parse(), Ok(gate(text)));
        }
        assert!(gate("all(test, feature = \"a\")").is_test());
        assert!(!gate("any(test, feature = \"a\")").is_test());
        assert!("feature =".parse::<Gate>().is_err());
    }

    #[test]
    fn the_two_halves_of_a_choice_are_the_whole() {
        assert!(gate("unix").or(gate("not(unix)")).is_open());
        assert_eq!(gate("unix").or(gate("windows")), gate("any(unix, windows)"));
    }
}
