//! FunnelFlux Pro in memory, for tests and for experiments without an account.
//!
//! [`Fake`] handles HTTP requests in process ([`Fake::handle`] and [`Fake::respond`], without sockets and
//! without waiting) or on a socket (`Fake::serve`, and the program `funnelflux-fake`). It is based on the
//! effective OpenAPI document and the vendor's documentation. It does not depend on the client crate, so that
//! tests can find disagreements.
//!
//! Tests need no socket: a transport of the client can call [`Fake::respond`]. The module `explore` runs a
//! whole program under several readings of the documentation, with faults and crashes.
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `explore` | yes | the module `explore` |
//! | `server` | yes | `Fake::serve`, on a socket |
//! | `program` | yes | the program `funnelflux-fake` |
//!
//! # Request handling
//!
//! `fake` is the handle for tests, and `service` handles a request in these steps:
//!
//! 1. `document` finds the operation. A document with more groups makes a fake that serves more groups:
//!    `verb` reads from title and path what an operation does, `arguments` and `schemas` what it takes, and
//!    `resource` the kinds of assets. What a document cannot say, it says in extensions at the tags:
//!    `x-children`, `x-server-managed` (`server_managed`), `x-filters` and `x-duplicate`.
//! 2. `fault_rule` selects a [`Fault`] if a [`Rule`] matches the request, and `fault` acts it out.
//! 3. `auth` checks the bearer token.
//! 4. `validate` validates query, content type and body against the document. A single 400 lists all
//!    violations.
//! 5. `read` or `write` runs the operation on the [`State`]. `bad_entries` handles lists with bad IDs.
//! 6. `responses` or `error_responses` builds the response, and `log` records the request.
//!
//! # Documented behaviour, literal readings, and settings
//!
//! **Documented** (on the Offer Sources page, unless a different page is named):
//! - The twelve operations, their parameters, bodies and constraints, and the full and slim forms of an
//!   asset.
//! - The status filter: `active`, `archived`, `not-deleted` and `all`.
//! - Create takes the ID from the client, save cannot change it, and duplicate generates it (in the format of
//!   the page on IDs).
//! - Duplicate merges `bodyUpdates`, except for ID, owner and status, and takes `name` and, as the category,
//!   `parentId`.
//! - Children of archived or deleted offer sources: unchanged without `cascadeAction`; `cascade` archives or
//!   deletes them, `move` gives them `targetParentID`, `orphan` clears `offerParams.idOfferSource`. `move`
//!   requires a target, and every other action refuses a target.
//! - Delete takes one ID from the query if the body has no IDs. Moving to the category `""` removes the
//!   category.
//! - Other pages: a funnel's `idCampaign` is an older name of its `idFunnelGroup`, and its copy goes into the
//!   group `parentId`. A copy of a logic script accepts changes to category and description only, and the
//!   service computes the hash of its code. Owners cannot be set. Secrets of middleware configs are shown as
//!   placeholders and kept if a flag requests this. Conditions can be listed by funnel.
//! - Bearer tokens are valid for 72 hours and renewed by `POST /auth/validate` (page on authentication).
//!
//! **Most literal reading** (undocumented, and not a setting because clients are hardly affected):
//! - Repeated IDs in a list count once. Find by ID list separates IDs by commas (documented for logic
//!   scripts) and ignores empty IDs.
//! - If a delete has both a body and a query, the body counts; if it has neither, it violates the document. A
//!   target without an action is refused, and so is a target with a wrong action.
//! - `bodyUpdates` replaces whole properties. If the merged asset violates the document, nothing is created.
//!   `name` takes precedence over the name in `bodyUpdates`.
//! - A copy is active and has no children. Create needs a non-empty ID. Create and save accept any category.
//! - A deleted asset cannot be archived, unarchived, moved or duplicated: it counts as unknown. Cascades skip
//!   deleted children.
//! - An optional filter that is empty does not filter. Find by category `""` finds assets without a category.
//! - An empty value of a required query parameter is a value. (Strictly, OpenAPI 3.0 allows empty values only
//!   with `allowEmptyValue`, which the document does not use. Tools such as Prism refuse such values.)
//! - An operation that only the vendor's index names, on assets without a known ID property, succeeds and
//!   changes nothing ([`Fake::simulates`]). The second listings of funnel groups and page groups return the
//!   same assets as the first listings.
//! - The children of a category are its assets; the children of a funnel group are its funnels. A cascade
//!   treats them as documented for offer pages.
//! - Unknown properties of an asset are kept. Full objects show them, slim objects do not.
//!
//! **Settings**: everything else that the documentation leaves open; see [`Settings`]. The defaults are the
//! most literal readings. [`Settings::vary`] draws all settings at random, so that a test can run a client
//! against every service that the documentation allows.
//!
//! # Time and randomness
//!
//! The fake's clock is stopped until a test moves it ([`Fake::advance`]), and everything random is drawn from
//! [`Settings::seed`], so equal requests get equal responses. All fakes of a process share the document that
//! they were made with, so that a new fake is cheap.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod arguments;
mod auth;
mod bad_entries;
mod clock;
mod document;
mod error_responses;
#[cfg(feature = "explore")]
pub mod explore;
mod fake;
mod fault;
mod fault_rule;
mod formats;
mod id;
mod log;
mod read;
mod requests;
mod resource;
mod responses;
mod schema_check;
mod schemas;
#[cfg(feature = "server")]
mod server;
mod server_managed;
mod service;
mod settings;
mod settings_file;
mod state;
mod validate;
mod verb;
mod write;

pub use document::{Document, DocumentError};
pub use fake::Fake;
pub use fault::{Break, Fault, Interruption, Outcome, RetryAfter, Stage};
pub use fault_rule::{Received, Rule};
pub use log::{LogEntry, Verdict};
pub use requests::{Action, Children, DocumentedProperty, DocumentedRequest};
pub use responses::{Violation, number};
#[cfg(feature = "server")]
pub use server::Server;
pub use settings::{
    AbsentProperty, ByIdsOrder, ClockSource, DeletedAssets, EmptyList, EntryPolicy, ErrorShape,
    ExistingOnCreate, Limit, LogRetention, MissingByIds, RejectedToken, SaveMeaning, Settings, SuccessBody,
    SuccessStatus, TrailingSlash,
};
pub use settings_file::SettingsError;
pub use state::{Asset, State, Status};
