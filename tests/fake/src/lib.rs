//! A FunnelFlux Pro in memory, for tests and for trying things without an account.
//!
//! [`Fake`] answers HTTP requests: in process by [`Fake::handle`], without sockets and without waiting, or on a socket by [`Fake::serve`] (and as the program
//! `funnelflux-fake`). It knows the effective OpenAPI document and the vendor's documentation, and nothing of the client crate, so the two can disagree.
//!
//! # How it works
//!
//! A request takes this way, one module a step:
//!
//! 1. `document` finds the operation. Kinds of assets are found by the vendor's path pattern (`/{segment}/list/`, `/{segment}/find/byId/`, …), so a document
//!    with more groups makes a fake that serves more; `rules` holds what is true of single kinds only.
//! 2. [`Rule`]s may say that the request meets a [`Fault`] (`fault`).
//! 3. `auth` wants a bearer token.
//! 4. `validate` holds query, content type and body against the document. Violations are answered with 400 and a list of all of them.
//! 5. `read` or `write` does what the operation does to the [`State`]; `entries` decides about lists with bad IDs in them.
//! 6. `answer` makes the response, `log` remembers the request.
//!
//! # What is documented, what is a reading, what is a setting
//!
//! **Documented** (the Offer Sources page, unless another is named):
//! - the twelve operations, their parameters, bodies, constraints, and the full and slim forms of an asset;
//! - the status filter: `active`, `archived`, `not-deleted` (not the deleted ones), `all`;
//! - create takes the ID from the client, save cannot change it, duplicate makes it (in the format of the page on IDs);
//! - duplicate merges `bodyUpdates`, except for ID, owner and status, and takes `name` and, as category, `parentId`;
//! - children of archived or deleted offer sources: untouched without `cascadeAction`; `cascade` archives or deletes them, `move` gives them
//!   `targetParentID`, `orphan` clears `offerParams.idOfferSource`; `move` needs a target, every other action refuses one;
//! - delete takes one ID in the query where no body names any; moving to the category `""` takes out of the category;
//! - of other pages: a funnel's `idCampaign` is an older name of its `idFunnelGroup`, its copy goes into the group `parentId`; a
//!   copy of a logic script takes over category and description only, and the hash of its code is the service's; owners cannot be
//!   set; secrets of middleware configs are shown as placeholders and kept where a flag says so; conditions can be listed by funnel;
//! - bearer tokens that last 72 hours, and their renewal by `POST /auth/validate` (page on authentication).
//!
//! **Plainest reading** (nothing says so; no setting, because a client is hardly touched by it):
//! - an ID that a list names twice counts once; find by ID list separates IDs by commas (stated for logic scripts) and leaves out empty ones;
//! - deleting with body and query obeys the body; with neither, it is a violation; a target without any action is refused as with another action;
//! - `bodyUpdates` replaces whole properties; where the merged asset violates the document, nothing is created; `name` wins over the name in `bodyUpdates`;
//! - a copy is active and has no children; creating needs a non-empty ID; create and save accept any category;
//! - a deleted asset cannot be archived, unarchived, moved or duplicated: it counts as unknown there; deleted children are not handled by a cascade;
//! - an optional filter that is empty is no filter; find by category `""` finds what is in none;
//! - an empty value of a required query parameter is a value. (Read strictly, OpenAPI 3.0 allows empty values only under `allowEmptyValue`, which the document
//!   does not have, and tools such as Prism refuse them.)
//! - an operation that the vendor's index only names, for assets of which not even the ID is known, is answered without doing
//!   anything ([`Fake::simulates`]); the second listings of funnel groups and page groups are about the same assets as the first;
//! - the children of a category are the assets in it, those of a funnel group its funnels, and a cascade does to them what is
//!   documented for offer pages;
//! - unknown properties of an asset are kept and shown in full objects, not in slim ones.
//!
//! **Setting**: everything else that the documentation leaves open, see [`Settings`]. Each has the plainest reading as its default, and
//! [`Settings::vary`] draws them all at random, so that a test can hold a client against every service that the documentation allows.
//!
//! # Time and chance
//!
//! The fake's clock stands still until a test moves it ([`Fake::advance`]), and everything random comes from [`Settings::seed`]: the same requests give the
//! same answers. Compiled validators are shared by all fakes of a process; a new fake costs next to nothing.

mod asset_kinds;
mod auth;
mod clock;
mod document;
mod entry_policy;
mod fake;
mod fault;
mod id;
mod log;
mod read;
mod responses;
mod server;
mod settings;
mod state;
mod validate;
mod write;

pub use fake::{Fake, Outcome};
pub use fault::{Break, Fault, Interruption, Received, RetryAfter, Rule, Stage};
pub use log::{LogEntry, Verdict};
pub use server::Server;
pub use settings::{
    AbsentProperty, ByIdsOrder, ClockSource, DeletedAssets, EmptyList, EntryPolicy, ErrorShape,
    ExistingOnCreate, Limit, LogRetention, MissingByIds, RejectedToken, SaveMeaning, Settings, SuccessBody,
    SuccessStatus, TrailingSlash,
};
pub use state::{Asset, State, Status};
pub use validate::Violation;
