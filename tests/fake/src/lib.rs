//! Fake of FunnelFlux Pro in memory, for tests and for experiments without an account.
//!
//! [`Fake`] handles HTTP requests in process ([`Fake::handle`] and [`Fake::respond`], without sockets and
//! without waiting) or on a socket (`Fake::serve`, and the program `funnelflux-fake`). It is based on the
//! effective OpenAPI document (`spec/effective.json`) and the vendor's documentation. It does not depend on
//! the client crate, so that tests can find disagreements.
//!
//! Tests need no socket, because a transport of the client can call [`Fake::respond`]. The module `explore`
//! runs a whole program under several interpretations of the documentation, with faults and crashes.
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
//! The module `fake` contains the handle for tests. The module `service` handles a request in these steps.
//! Each step names its modules:
//!
//! 1. `document` finds the operation. The fake serves all groups of assets that the document describes.
//!    `verb` derives the action of an operation from its title and path. `arguments` and `schemas` read its
//!    parameters and bodies, and `resource` reads the kinds of assets. Facts that OpenAPI cannot express are
//!    stated in extensions of the tags: `x-children`, `x-server-managed` (read by the module
//!    `server_managed`), `x-filters` and `x-duplicate`.
//! 2. `fault_rule` selects a [`Fault`] if a [`Rule`] matches the request.
//! 3. `auth` checks the bearer token.
//! 4. `validate` validates query, content type and body against the document. A single 400 lists all
//!    violations.
//! 5. `read` or `write` runs the operation on the [`State`]. `bad_entries` handles lists with bad IDs.
//! 6. `responses` or `error_responses` builds the response.
//! 7. If a fault was selected, `fault` replaces the response by what the client sees under this fault.
//! 8. `log` records the request and its outcome.
//!
//! # Documented behaviour, literal interpretations, and settings
//!
//! **Documented** by the vendor (on the Offer Sources page, unless a different page is named):
//! - The twelve operations, their parameters, bodies and constraints, and the full and slim forms of an
//!   asset.
//! - The status filter: `active`, `archived`, `not-deleted` and `all`.
//! - Create takes the ID of the asset from the client, save cannot change the ID, and duplicate generates the
//!   ID of the copy (in the format that the page on IDs describes).
//! - Duplicate merges `bodyUpdates` into the copy, except for ID, owner and status. It takes `name` as the
//!   name and `parentId` as the category of the copy.
//! - Without `cascadeAction`, the children of archived or deleted offer sources stay unchanged. The action
//!   `cascade` archives or deletes the children, `move` makes `targetParentID` their parent, and `orphan`
//!   clears `offerParams.idOfferSource`. The action `move` requires a target, and every other action refuses
//!   a target.
//! - Delete takes one ID from the query if the body has no IDs. Moving an asset to the category `""` takes
//!   the asset out of its category.
//! - Other pages document the following. A funnel's `idCampaign` is an older name of its `idFunnelGroup`, and
//!   the copy of a funnel goes into the group `parentId`. Only category and description of a logic script's
//!   copy can be set, and the service computes the hash of a script's code. Owners cannot be set.
//!   Secrets of middleware configs are shown as placeholders, and a flag in a request keeps the stored
//!   secret. Conditions can be listed by funnel.
//! - Bearer tokens are valid for 72 hours and renewed by `POST /auth/validate` (page on authentication).
//!
//! **Most literal interpretation** (undocumented behaviour that is not a setting, because it hardly affects
//! clients):
//! - Repeated IDs in a list count once. In *find by ID list*, commas separate the IDs (documented for logic
//!   scripts), and empty IDs are ignored.
//! - If a delete has IDs both in the body and in the query, the body counts. A delete without IDs violates
//!   the document. A target is refused if the action is absent or is not `move`.
//! - `bodyUpdates` replaces whole properties. If the merged asset violates the document, nothing is created.
//!   `name` takes precedence over the name in `bodyUpdates`.
//! - A copy is active and has no children. Create needs a non-empty ID. Create and save accept any category.
//! - A deleted asset cannot be archived, unarchived, moved or duplicated, because it counts as unknown.
//!   Cascades skip deleted children.
//! - An optional filter with an empty value does not filter. *Find by category* with the category `""` finds
//!   assets without a category.
//! - An empty value of a required query parameter counts as a value. (Strictly, OpenAPI 3.0 allows empty
//!   values only with `allowEmptyValue`, which the document does not use. Tools such as Prism refuse such
//!   values.)
//! - Some operations occur only in the vendor's index. If the ID property of the assets is unknown, such an
//!   operation succeeds and changes nothing ([`Fake::simulates`]). Funnel groups and page groups have
//!   two operations that list them, and both return the same assets.
//! - The children of a category are its assets, and the children of a funnel group are its funnels. A cascade
//!   affects these children in the way that the vendor documents for offer pages.
//! - Unknown properties of an asset are stored. Full objects contain them, and slim objects do not.
//!
//! **Settings** determine everything else that the documentation leaves open; see [`Settings`]. The defaults
//! follow the most literal interpretation. [`Settings::vary`] draws most undocumented behaviours at random,
//! so that a test can run a client against many services that the documentation allows.
//!
//! # Time and randomness
//!
//! The fake's clock is stopped until a test moves it ([`Fake::advance`]), and all random values depend on
//! [`Settings::seed`]. Therefore, equal requests get equal responses. A new fake is cheap, because fakes
//! share the document that they serve.

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
