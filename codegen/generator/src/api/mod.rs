//! API: the public interface of the crate, and what changed in it between two states of its source.
//!
//! The document says what changed on the wire; only the code says what changed for those who compile against it. So the
//! source is read from `lib.rs` on, as the compiler would: generated and hand-written modules, what `pub use` shows of them
//! and under which features, fields, variants, methods, constants, and which traits are implemented. That needs no build,
//! which is why `generate` and `check` can do it.
//!
//! What only a compiler knows is left to cargo-semver-checks, in the workflow of each pull request: whether types are `Send`,
//! what macros make other than those of our types, what stands behind an alias.

mod gate;
mod items;
mod macros;
mod tree;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use funnelflux_diff::Impact;

pub use gate::Gate;
use macros::text;

/// Every public item: how it is called, and what it is.
pub type Surface = BTreeMap<String, Entry>;

/// What there is to know of a public item, or of a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What code is compiled against: a type, a signature.
    pub signature: String,
    /// Under which features it is there.
    #[serde(default, skip_serializing_if = "Gate::is_open")]
    pub gate: Gate,
    /// The value of a constant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Entry {
    /// An item that is always there.
    #[must_use]
    pub fn new(signature: impl Into<String>) -> Self {
        Self {
            signature: signature.into(),
            ..Self::default()
        }
    }

    /// What it means for users that this has become `after`.
    fn impact(&self, after: &Self) -> Impact {
        if self.signature != after.signature || !self.gate.implies(&after.gate) {
            Impact::Major
        } else if self.gate != after.gate {
            Impact::Minor
        } else if self.value != after.value {
            Impact::Patch
        } else {
            Impact::None
        }
    }
}

impl fmt::Display for Entry {
    /// As one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.signature)?;
        if let Some(value) = &self.value {
            write!(formatter, " = {value}")?;
        }
        Ok(())
    }
}

/// What changed in an interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Items that were not there before.
    pub added: Surface,
    /// Items that are gone, as they were.
    pub removed: Surface,
    /// Items that are another now: before and after.
    pub changed: BTreeMap<String, (Entry, Entry)>,
}

impl Changes {
    /// What they mean for semantic versioning. What breaks somebody by being added changes an entry of its own, so what is only
    /// added breaks nobody.
    #[must_use]
    pub fn impact(&self) -> Impact {
        let changed = self.changed.values().map(|(before, after)| before.impact(after));
        let removed = (!self.removed.is_empty()).then_some(Impact::Major);
        let added = (!self.added.is_empty()).then_some(Impact::Minor);
        changed.chain(removed).chain(added).max().unwrap_or(Impact::None)
    }
}

impl fmt::Display for Changes {
    /// One line for each, as a list of markdown. Where a whole type or module comes, goes or moves behind a feature, its parts
    /// are not listed besides.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |what: &str, name: &str, entry: &Entry| {
            let gate = match &entry.gate {
                gate if gate.is_open() => String::new(),
                gate => format!(" (with {gate})"),
            };
            match entry.to_string().as_str() {
                "" => format!("- {what} `{name}`{gate}"),
                signature => format!("- {what} `{name}`: `{signature}`{gate}"),
            }
        };
        for (name, entry) in &self.removed {
            if !owners(name).any(|owner| self.removed.contains_key(owner)) {
                writeln!(formatter, "{}", line("removed", name, entry))?;
            }
        }
        for (name, (before, after)) in &self.changed {
            let moved = (before.gate != after.gate).then_some((&before.gate, &after.gate));
            let is_told = moved.is_some()
                && owners(name).any(|owner| {
                    let owner = self.changed.get(owner);
                    owner.map(|(before, after)| (&before.gate, &after.gate)) == moved
                });
            let (is, was) = (after.to_string(), before.to_string());
            if is != was {
                writeln!(formatter, "- changed `{name}`: `{was}` → `{is}`")?;
            }
            if let Some((before, after)) = moved.filter(|_| !is_told) {
                let call = |gate: &Gate| match gate {
                    gate if gate.is_open() => "always".to_owned(),
                    gate => format!("with `{gate}`"),
                };
                writeln!(
                    formatter,
                    "- moved `{name}`: there {} → {}",
                    call(before),
                    call(after)
                )?;
            }
        }
        for (name, entry) in &self.added {
            if !owners(name).any(|owner| self.added.contains_key(owner)) {
                writeln!(formatter, "{}", line("added", name, entry))?;
            }
        }
        Ok(())
    }
}

/// The names of what a named part belongs to, from the inside out.
fn owners(name: &str) -> impl Iterator<Item = &str> {
    let whole = name.rsplit_once(" for ").map(|(_, owner)| owner);
    let mut rest = whole.unwrap_or(name);
    let mut is_first = whole.is_some();
    std::iter::from_fn(move || {
        // `a::B<C>::d` is a part of `a::B`, `a::B: can be matched in full` as well.
        let end = [": ", "<", " "].iter().filter_map(|mark| rest.find(mark)).min();
        if let Some(end) = end {
            rest = rest.get(..end)?;
        } else if !std::mem::take(&mut is_first) {
            let end = rest.rfind('.').or_else(|| rest.rfind("::"))?;
            rest = rest.get(..end)?;
        }
        is_first = false;
        Some(rest)
    })
}

/// Compares two interfaces.
#[must_use]
pub fn compare(old: &Surface, new: &Surface) -> Changes {
    let without = |one: &Surface, other: &Surface| -> Surface {
        one.iter()
            .filter(|(name, _)| !other.contains_key(*name))
            .map(|(name, entry)| (name.clone(), entry.clone()))
            .collect()
    };
    Changes {
        added: without(new, old),
        removed: without(old, new),
        changed: old
            .iter()
            .filter_map(|(name, before)| {
                let after = new.get(name).filter(|after| *after != before)?;
                Some((name.clone(), (before.clone(), after.clone())))
            })
            .collect(),
    }
}

/// The interface of a crate, from its files by their path below `src`.
///
/// # Errors
/// The name of the first file that is missing or no Rust, and why.
pub fn surface(files: &BTreeMap<String, String>) -> Result<Surface, String> {
    Ok(items::surface(&tree::Tree::read(files)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files, each after a line with its name.
    const BEFORE: &str = r#"
== lib.rs
mod api;
mod runtime;
pub mod ext;
pub use api::public::types;
pub use http;
#[cfg(feature = "limits")]
pub use runtime::Limit;
pub use runtime::Client;
mod inner { pub trait Sealed {} pub fn private() {} }
pub trait Kind: inner::Sealed { fn kind(&self); }
pub trait Hook { fn before(&self); fn after(&self) {} }
== api/mod.rs
pub(crate) mod public;
#[cfg(feature = "things")]
pub(crate) mod things;
pub(crate) mod shared;
== api/public.rs
pub mod types {
    pub use crate::api::shared::*;
    #[cfg(feature = "things")]
    pub use crate::api::things::*;
}
== api/shared.rs
open_enum! {
    /// Doc.
    Status { /// `active`
        Active = "active", Gone = "gone" }
}
crate::runtime::id_type! { /** Doc. */ ThingId }
== api/things.rs
use super::shared::*;
#[derive(::serde::Serialize, Clone)] #[non_exhaustive]
pub struct Thing { /// Doc.
    #[serde(rename = "a")] pub a: Option<String>, pub b: Vec<ThingId>, hidden: u8 }
impl Thing { #[must_use] pub fn new(b: Vec<ThingId>) -> Self { Self } fn inner(&self) {} }
impl From<u8> for Thing { fn from(_: u8) -> Self { Self } }
impl crate::runtime::Client {
    pub fn list(&self, status: Status) -> Vec<Thing> { Vec::new() }
}
struct Private;
#[cfg(test)]
mod tests { pub struct InTests; }
== runtime/mod.rs
macro_rules! id_type {
    ($(#[$attribute:meta])* $name:ident) => {
        #[derive(Clone)] pub struct $name(String);
        impl $name { pub const MOST: usize = 3; pub fn as_str(&self) -> &str { "" } }
        impl From<$name> for String { fn from(id: $name) -> Self { id.0 } }
    };
}
pub struct Client { token: String }
impl Client {
    pub const TRIES: u32 = 3;
    pub fn clone_of(&self, name: &str) {}
}
pub struct Limit;
#[non_exhaustive] pub struct Open { pub a: u8 }
pub use imp::Either;
#[cfg(unix)] mod imp { pub struct Either; impl Either { pub fn unix(&self) {} } }
#[cfg(not(unix))] mod imp { pub struct Either; }
pub enum Level { Low, High }
pub trait Seam { type Word; }
impl Seam for crate::api::things::Thing { type Word = u8; }
== ext/mod.rs
mod bulk;
pub use self::bulk::{Bulk, Bulk as Job};
pub use super::runtime::{Either, Level, Open};
== ext/bulk.rs
pub struct Bulk<R> { pub left: usize, pub resource: R }
impl<R: Clone> Bulk<R> { pub fn send(self) {} pub fn look(&self) {} }
impl Bulk<u8> { pub fn send(self) -> u8 { 0 } }
#[cfg(unix)] pub fn here() {}
impl<R> Clone for Bulk<R> { fn clone(&self) -> Self { loop {} } }
"#;

    fn files(text: &str) -> BTreeMap<String, String> {
        let files = text.split("== ").skip(1).filter_map(|file| file.split_once('\n'));
        files
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect()
    }

    fn of(text: &str) -> Surface {
        surface(&files(text)).unwrap()
    }

    fn changes(from: &str, to: &str) -> Changes {
        let changed = BEFORE.replacen(from, to, 1);
        assert_ne!(changed, BEFORE, "nothing to replace: {from}");
        compare(&of(BEFORE), &of(&changed))
    }

    #[test]
    fn every_public_item_is_listed_with_what_it_is() {
        let listed: Vec<String> = of(BEFORE)
            .into_iter()
            .map(|(name, entry)| format!("{name} | {entry} | {}", entry.gate))
            .collect();
        insta::assert_snapshot!(listed.join("\n"));
    }

    /// Each case is a change of the source and what it means for those who compile against it.
    const CASES: &[(&str, &str, Impact)] = &[
        // Nothing that anybody sees.
        ("/// Doc.", "/// Other words.", Impact::None),
        ("hidden: u8", "hidden: u16", Impact::None),
        ("struct Private;", "", Impact::None),
        ("fn inner(&self) {}", "", Impact::None),
        ("pub struct InTests;", "", Impact::None),
        ("pub fn private() {}", "", Impact::None),
        ("token: String", "secret: String", Impact::None),
        ("{ loop {} }", "{ panic!() }", Impact::None),
        // Only added.
        ("pub b:", "pub c: u8, pub b:", Impact::Minor),
        ("Gone =", "New = \"new\", Gone =", Impact::Minor),
        ("Serialize, Clone", "Serialize, Clone, Debug", Impact::Minor),
        ("pub use http;", "pub use http; pub use bytes;", Impact::Minor),
        (
            "fn after(&self) {}",
            "fn after(&self) {} fn later(&self) {}",
            Impact::Minor,
        ),
        ("pub fn here", "pub fn there() {} pub fn here", Impact::None),
        (
            "fn kind(&self);",
            "fn kind(&self); fn more(&self);",
            Impact::Minor,
        ),
        ("#[non_exhaustive]", "", Impact::None),
        // Generated items.
        ("Option<String>", "String", Impact::Major),
        ("pub a:", "pub(crate) a:", Impact::Major),
        ("Gone = \"gone\"", "", Impact::Major),
        ("Vec<ThingId>) ->", "&[ThingId]) ->", Impact::Major),
        ("ThingId }", "OtherId }", Impact::Major),
        (
            "pub fn list(&self, status: Status)",
            "pub fn list(&self)",
            Impact::Major,
        ),
        ("pub struct Thing {", "pub(crate) struct Thing {", Impact::Major),
        // Derives and implementations.
        (
            "#[derive(::serde::Serialize, Clone)]",
            "#[derive(Clone)]",
            Impact::Major,
        ),
        ("impl From<u8> for", "impl From<u16> for", Impact::Major),
        ("type Word = u8;", "type Word = u16;", Impact::Major),
        (
            "impl Seam for crate::api::things::Thing { type Word = u8; }",
            "",
            Impact::Major,
        ),
        ("pub trait Seam", "trait Seam", Impact::Major),
        (
            "impl<R> Clone for Bulk<R> {",
            "impl<R: Copy> Clone for Bulk<R> {",
            Impact::Major,
        ),
        // Features.
        (
            "pub use runtime::Client;",
            "#[cfg(feature = \"client\")] pub use runtime::Client;",
            Impact::Major,
        ),
        ("#[cfg(feature = \"limits\")]", "", Impact::Minor),
        (
            "#[cfg(feature = \"limits\")]",
            "#[cfg(feature = \"rates\")]",
            Impact::Major,
        ),
        (
            "#[cfg(feature = \"limits\")]",
            "#[cfg(any(feature = \"limits\", feature = \"all\"))]",
            Impact::Minor,
        ),
        (
            "pub(crate) mod shared;",
            "#[cfg(feature = \"shared\")] pub(crate) mod shared;",
            Impact::Major,
        ),
        (
            "    #[cfg(feature = \"things\")]\n    pub use",
            "    #[cfg(feature = \"more\")]\n    pub use",
            Impact::Major,
        ),
        (
            "pub fn clone_of",
            "#[cfg(feature = \"more\")] pub fn clone_of",
            Impact::Major,
        ),
        // Associated constants.
        ("pub const TRIES: u32 = 3;", "", Impact::Major),
        (
            "pub const TRIES: u32 = 3;",
            "pub const TRIES: u64 = 3;",
            Impact::Major,
        ),
        (
            "pub const TRIES: u32 = 3;",
            "pub const TRIES: u32 = 4;",
            Impact::Patch,
        ),
        ("pub const MOST: usize = 3;", "", Impact::Major),
        (
            "pub const MOST: usize = 3;",
            "pub const MOST: u8 = 3;",
            Impact::Major,
        ),
        // What a macro makes of each of its types.
        (
            "#[derive(Clone)] pub struct $name",
            "pub struct $name",
            Impact::Major,
        ),
        (
            "pub fn as_str(&self) -> &str",
            "pub fn as_str(&self) -> String",
            Impact::Major,
        ),
        (
            "impl From<$name> for String",
            "impl Into<String> for $name",
            Impact::Major,
        ),
        // Callers do not write it, but what they write would mean something else.
        ("new(b: Vec", "new(others: Vec", Impact::Major),
        // Re-exports.
        ("#[cfg(not(unix))] mod", "#[cfg(windows)] mod", Impact::Major),
        ("pub use http;", "", Impact::Major),
        ("pub use api::public::types;", "", Impact::Major),
        ("pub use runtime::Client;", "", Impact::Major),
        (
            "pub use self::bulk::{Bulk, Bulk as Job};",
            "pub use self::bulk::Bulk;",
            Impact::Major,
        ),
        ("pub use crate::api::shared::*;", "", Impact::Major),
        ("pub mod ext;", "mod ext;", Impact::Major),
        // Hand-written items.
        ("pub fn send(self) {}", "pub fn send(mut self) {}", Impact::None),
        ("pub fn send(self) {}", "pub fn send(&mut self) {}", Impact::Major),
        ("pub fn look(&self)", "pub fn look(&mut self)", Impact::Major),
        ("pub fn send(self) {}", "", Impact::Major),
        ("pub fn send(self) {}", "pub fn send(&self) {}", Impact::Major),
        ("impl<R: Clone> Bulk<R>", "impl<R: Copy> Bulk<R>", Impact::Major),
        ("Low, High", "Low, Middle, High", Impact::Major),
        ("Low, High", "Low(u8), High", Impact::Major),
        (
            "pub enum Level",
            "#[non_exhaustive] pub enum Level",
            Impact::Major,
        ),
        (
            "#[non_exhaustive] pub struct Open",
            "pub struct Open",
            Impact::Minor,
        ),
        (
            "pub left: usize,",
            "pub left: usize, pub more: u8,",
            Impact::Major,
        ),
        (
            "fn before(&self);",
            "fn before(&self); fn also(&self);",
            Impact::Major,
        ),
        ("fn after(&self) {}", "fn after(&self);", Impact::Major),
        ("pub trait Hook {", "pub trait Hook: Send {", Impact::Major),
        (
            "pub struct Limit;",
            "pub struct Limit { rate: u8 }",
            Impact::Major,
        ),
    ];

    #[test]
    fn every_change_is_told_with_what_it_means() {
        for (from, to, impact) in CASES {
            let changes = changes(from, to);
            assert_eq!(changes.impact(), *impact, "{from} → {to}:\n{changes}");
        }
    }

    #[test]
    fn a_type_that_moves_behind_its_public_name_stays_what_it_was() {
        let of = |one: &str, other: &str| {
            of(&format!(
                "== lib.rs\nmod a; mod b; pub mod types {{ pub use crate::a::*; pub use crate::b::*; }}\n\
                 == a.rs\nuse crate::b; use b::*; {one} pub fn f(t: &T) -> Vec<T> {{}}\n== b.rs\n{other}"
            ))
        };
        let before = of("pub struct T;", "");
        assert_eq!(before["types::f"].signature, "fn(t: &types::T) -> Vec<types::T>");
        assert_eq!(before, of("", "pub struct T;"));
    }

    #[test]
    fn changes_are_told_in_a_line_each_and_a_whole_in_one() {
        let all: Vec<String> = [
            ("Option<String>", "String"),
            ("Gone = \"gone\"", "New = \"new\""),
            ("#[derive(::serde::Serialize, Clone)]", "#[derive(Clone)]"),
            (
                "pub(crate) mod shared;",
                "#[cfg(feature = \"shared\")] pub(crate) mod shared;",
            ),
            ("pub const TRIES: u32 = 3;", "pub const TRIES: u32 = 4;"),
            ("Low, High", "Low, Middle, High"),
            ("pub use runtime::Client;", ""),
            ("{Either,", "{Client as Other, Either,"),
        ]
        .iter()
        .map(|(from, to)| format!("{from} => {to}\n{}", changes(from, to)))
        .collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn what_is_recorded_reads_the_same() {
        let surface = of(BEFORE);
        let text = serde_json::to_string(&surface).unwrap();
        assert_eq!(serde_json::from_str::<Surface>(&text).unwrap(), surface);
    }

    #[test]
    fn what_is_no_rust_or_missing_is_located() {
        let error = |text: &str| surface(&files(text)).unwrap_err();
        let broken = error("== lib.rs\nmod a;\n== a.rs\npub struct {");
        assert!(broken.starts_with("a.rs:1:12: "), "{broken}");
        assert!(error("== lib.rs\nmod a;").starts_with("a/mod.rs: "));
        assert!(error("== a.rs\n").starts_with("lib.rs: "));
    }

    /// A name that leads in a circle ends.
    #[test]
    fn circles_of_names_end() {
        let surface = of(
            "== lib.rs\nmod a { pub use super::b::X; pub use super::b::*; }\nmod b { pub use super::a::X; pub use super::a::*; }\npub use a::*;\npub mod c { pub use crate::c; }",
        );
        assert!(surface.contains_key("c::c"), "{surface:?}");
    }
}
