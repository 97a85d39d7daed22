//! Settings for everything that the documentation leaves open. The defaults follow the most literal
//! interpretation of the documentation.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::settings_file::seconds;

/// Configuration of a [`Fake`](crate::Fake).
///
/// A note in parentheses after a default says whether the vendor documents the behaviour: *documented* or
/// *unknown*. `Settings::default()` is the most literal interpretation of the documentation.
/// [`Settings::vary`] draws undocumented behaviours at random, for tests that must pass under any of these
/// behaviours.
///
/// ```
/// use funnelflux_fake::{EntryPolicy, Fake, Settings};
///
/// let fake = Fake::new(Settings {
///     unknown_entry: EntryPolicy::refuse_all(404),
///     ..Settings::default()
/// });
/// assert_eq!(fake.settings().unknown_entry, EntryPolicy::refuse_all(404));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent choice, and reads as one where it is set"
)]
pub struct Settings {
    /// Requires a valid bearer token for every operation. Default: `true` (documented).
    pub auth: bool,
    /// The initial access token.
    pub access_token: String,
    /// The initial refresh token.
    pub refresh_token: String,
    /// Lifetime of an access token, from the start of the fake or from the renewal of the token. Default: 72
    /// hours (documented).
    #[serde(rename = "token_lifetime_seconds", with = "seconds")]
    pub token_lifetime: Duration,
    /// Replaces and invalidates the refresh token when the access token is renewed. Default: `false`
    /// (unknown).
    pub rotate_refresh_token: bool,
    /// Response to a missing, wrong or expired token. Default: 401 (documented as "400 or 401").
    pub rejected_token: RejectedToken,

    /// Response to a path without its trailing slash. Default: 404 (unknown).
    pub trailing_slash: TrailingSlash,
    /// Refuses query parameters that the document does not describe. Default: `true` (unknown; the strict
    /// choice exposes mistakes of a client).
    pub refuse_unknown_query: bool,
    /// Format of error bodies. Default: JSON (unknown; the vendor's Domains API uses JSON).
    pub error_shape: ErrorShape,
    /// Status of the response if an operation on exactly one asset (find by ID, save, duplicate) gets an ID
    /// that does not exist. Default: 404 (unknown).
    pub unknown_id_status: u16,

    /// Policy for an ID in a bulk call if no asset has this ID. A deleted asset counts as missing, except in
    /// a delete call. Default: ignored (unknown).
    pub unknown_entry: EntryPolicy,
    /// Policy for an asset in an archive, unarchive or delete call if the asset is already in the requested
    /// state. Default: ignored (unknown).
    pub already_entry: EntryPolicy,
    /// Policy for a locked asset (see [`Fake::lock`](crate::Fake::lock)) in a bulk call. Default: the whole
    /// call is refused with 403.
    ///
    /// A lock represents any reason for which a service may reject one asset. A save of a locked asset is
    /// refused with the status of this policy, or with 403 if the policy has no status.
    pub locked_entry: EntryPolicy,
    /// Applies the cascade of an archive or delete call also to the children of a parent that was already
    /// archived or deleted before the call. Default: `true` (unknown).
    pub cascade_of_already: bool,
    /// Status of the response that refuses a `targetParentID` that does not exist. With `None`, the target is
    /// accepted. Default: `Some(400)` (unknown).
    pub unknown_target: Option<u16>,
    /// Status of the response that refuses a `targetParentID` that is among the entries. With `None`, the
    /// target is accepted. Default: `Some(400)` (unknown).
    pub target_among_entries: Option<u16>,
    /// Status of the response that refuses a category that does not exist. With `None`, the category is
    /// accepted. The setting applies to move-category and to the `parentId` of a duplicate. Default:
    /// `Some(404)` (unknown).
    pub unknown_category: Option<u16>,

    /// Response to a create request with the ID of an existing asset. Default: 409 (unknown).
    pub existing_on_create: ExistingOnCreate,
    /// Effect of a save on properties that the request omits. Default: reset (unknown; the body is documented
    /// as the full object).
    pub save: SaveMeaning,
    /// Visibility of deleted assets in operations on IDs. Default: readable (unknown; the documented status
    /// `deleted` suggests this default).
    pub deleted: DeletedAssets,
    /// Includes deleted assets under the status filter `all`. Default: `true` (unknown).
    pub all_includes_deleted: bool,
    /// Includes deleted assets in the responses of *find by category*. Default: `false` (unknown).
    pub by_category_includes_deleted: bool,
    /// Response of *find by ID list* to IDs that do not exist. Default: the response omits them (unknown).
    pub missing_by_ids: MissingByIds,
    /// Order of the rows of *find by ID list*. Default: as stored (unknown).
    pub by_ids_order: ByIdsOrder,

    /// Representation of a documented property that an asset lacks, in full objects and in rows of lists.
    /// Default: the documented default of the property.
    pub absent: AbsentProperty,
    /// Representation of an empty list. Default: `[]` (unknown).
    pub empty_list: EmptyList,
    /// Success status of operations that change something. Default: 200 (the documentation states no status).
    pub success_status: SuccessStatus,
    /// Success body of operations that return no data. Default: no body.
    pub success_body: SuccessBody,
    /// Adds undocumented properties to every object of a response, at the top level and inside `meta`.
    /// Default: `false`.
    pub unknown_fields: bool,
    /// Sets this undocumented status in the first row of every list, and in the first row that *find by ID
    /// list* returns. Default: `None`.
    pub unknown_status: Option<String>,
    /// Extends the name in the first row of every list to this number of characters, which may exceed the
    /// documented maximum. Default: `None`.
    pub long_names: Option<usize>,
    /// Adds a header of this name with a unique value to every response. Default: `None` (no such header is
    /// documented).
    pub request_id_header: Option<String>,

    /// Maximum number of IDs in one call, both in `entries` and in *find by ID list*. Default: unlimited
    /// (unknown).
    pub max_entries: Option<Limit>,
    /// Maximum length of path and query in bytes. The response to a longer URL is a 414. Default: unlimited
    /// (unknown).
    pub max_url_length: Option<usize>,
    /// Maximum size of a request body in bytes. The response to a larger body is a 413. Default: 16 MiB
    /// (unknown).
    pub max_body_bytes: usize,
    /// Number of list requests that still return the old state after a change. Default: 0 (unknown).
    pub stale_reads: u32,
    /// Also applies `stale_reads` to the operations *find by ID* and *find by ID list*. Default: `false`.
    pub stale_by_id: bool,

    /// Number of requests that the log keeps. Default: all. Long runs need a limit, because the log stays in
    /// memory.
    pub log: LogRetention,
    /// Source of the fake's time. Default: a clock that is stopped at 2026-01-01T00:00:00Z until a test moves
    /// it.
    pub clock: ClockSource,
    /// Seed of all random values in the fake (generated IDs, and faults with a probability). With equal
    /// seeds, equal requests get equal responses.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            auth: true,
            access_token: "fake-access-token".to_owned(),
            refresh_token: "fake-refresh-token".to_owned(),
            token_lifetime: Duration::from_hours(72),
            rotate_refresh_token: false,
            rejected_token: RejectedToken::Unauthorized,
            trailing_slash: TrailingSlash::Required,
            refuse_unknown_query: true,
            error_shape: ErrorShape::Json,
            unknown_id_status: 404,
            unknown_entry: EntryPolicy::ignore(),
            already_entry: EntryPolicy::ignore(),
            locked_entry: EntryPolicy::refuse_all(403),
            cascade_of_already: true,
            unknown_target: Some(400),
            target_among_entries: Some(400),
            unknown_category: Some(404),
            existing_on_create: ExistingOnCreate::Conflict,
            save: SaveMeaning::Replace,
            deleted: DeletedAssets::Readable,
            all_includes_deleted: true,
            by_category_includes_deleted: false,
            missing_by_ids: MissingByIds::LeftOut,
            by_ids_order: ByIdsOrder::Stored,
            absent: AbsentProperty::Default,
            empty_list: EmptyList::Empty,
            success_status: SuccessStatus::Ok,
            success_body: SuccessBody::Nothing,
            unknown_fields: false,
            unknown_status: None,
            long_names: None,
            request_id_header: None,
            max_entries: None,
            max_url_length: None,
            max_body_bytes: 16 * 1024 * 1024,
            stale_reads: 0,
            stale_by_id: false,
            log: LogRetention::All,
            clock: ClockSource::Still {
                unix_seconds: 1_767_225_600,
            },
            seed: 0,
        }
    }
}

impl Settings {
    /// Draws undocumented behaviours at random from `seed`. A client must be correct under each seed.
    ///
    /// Some settings are not drawn, because they do not describe undocumented behaviour, or because tests set
    /// them on purpose. These are the tokens, `auth`, `clock`, `log`, the limits (`max_*`), stale reads
    /// (`stale_*`), the trailing slash, `refuse_unknown_query`, and `unknown_status` and `long_names` (which
    /// make responses report a wrong state).
    #[must_use]
    pub fn vary(seed: u64) -> Self {
        let random = &mut fastrand::Rng::with_seed(seed);
        Self {
            rotate_refresh_token: random.bool(),
            rejected_token: pick(random, RejectedToken::Unauthorized, &[RejectedToken::BadRequest]),
            error_shape: pick(
                random,
                ErrorShape::Json,
                &[ErrorShape::Text, ErrorShape::Html, ErrorShape::Empty],
            ),
            unknown_id_status: pick(random, 404, &[400]),
            unknown_entry: any_entry(random, 400, &[404]),
            already_entry: any_entry(random, 400, &[409]),
            locked_entry: failing_entry(random, 403, &[400, 409, 422]),
            cascade_of_already: random.bool(),
            unknown_target: random.bool().then(|| pick(random, 400, &[404])),
            target_among_entries: random.bool().then_some(400),
            unknown_category: random.bool().then(|| pick(random, 404, &[400])),
            existing_on_create: pick(
                random,
                ExistingOnCreate::Conflict,
                &[ExistingOnCreate::BadRequest, ExistingOnCreate::Overwrite],
            ),
            save: pick(random, SaveMeaning::Replace, &[SaveMeaning::Merge]),
            deleted: pick(random, DeletedAssets::Readable, &[DeletedAssets::Gone]),
            all_includes_deleted: random.bool(),
            by_category_includes_deleted: random.bool(),
            missing_by_ids: pick(random, MissingByIds::LeftOut, &[MissingByIds::NotFound]),
            by_ids_order: pick(random, ByIdsOrder::Stored, &[ByIdsOrder::Requested]),
            absent: pick(
                random,
                AbsentProperty::Default,
                &[AbsentProperty::LeftOut, AbsentProperty::Null],
            ),
            empty_list: pick(random, EmptyList::Empty, &[EmptyList::Null]),
            success_status: pick(
                random,
                SuccessStatus::Ok,
                &[SuccessStatus::Created, SuccessStatus::NoContent],
            ),
            success_body: pick(
                random,
                SuccessBody::Nothing,
                &[SuccessBody::EmptyObject, SuccessBody::Null, SuccessBody::Message],
            ),
            unknown_fields: random.bool(),
            request_id_header: random.bool().then(|| "x-request-id".to_owned()),
            seed,
            ..Self::default()
        }
    }
}

/// Picks one of the values with equal probability.
fn pick<T: Copy>(random: &mut fastrand::Rng, first: T, others: &[T]) -> T {
    let drawn = random.usize(..=others.len());
    others.get(drawn).copied().unwrap_or(first)
}

/// Draws a policy for bad entries. The policy may be to ignore the entries.
fn any_entry(random: &mut fastrand::Rng, first: u16, others: &[u16]) -> EntryPolicy {
    let failing = failing_entry(random, first, others);
    pick(random, failing, &[failing, failing, EntryPolicy::ignore()])
}

/// Draws a policy under which a bad entry is an error. The error has one of these statuses.
fn failing_entry(random: &mut fastrand::Rng, first: u16, others: &[u16]) -> EntryPolicy {
    let status = pick(random, first, others);
    pick(
        random,
        EntryPolicy::refuse_all(status),
        &[EntryPolicy::apply_good(status), EntryPolicy::stop_at_bad(status)],
    )
}

/// Effect of one bad ID on a bulk call, and the status of the error response, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryPolicy(pub(crate) BadEntry);

impl EntryPolicy {
    /// Creates a policy that skips the bad entry without an error.
    #[must_use]
    pub fn ignore() -> Self {
        Self(BadEntry::Ignore)
    }

    /// Creates a policy that applies no entry. The response is an error with this status (400 to 499).
    #[must_use]
    pub fn refuse_all(status: u16) -> Self {
        Self(BadEntry::RefuseAll(status))
    }

    /// Creates a policy that applies the good entries. The response is still an error with this status.
    #[must_use]
    pub fn apply_good(status: u16) -> Self {
        Self(BadEntry::ApplyGood(status))
    }

    /// Creates a policy that applies only the entries before the bad entry. The response is an error with
    /// this status.
    #[must_use]
    pub fn stop_at_bad(status: u16) -> Self {
        Self(BadEntry::StopAtBad(status))
    }
}

/// Content of an [`EntryPolicy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadEntry {
    Ignore,
    RefuseAll(u16),
    ApplyGood(u16),
    StopAtBad(u16),
}

/// Response to a missing, wrong or expired token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RejectedToken {
    /// The response is a 401 with a `WWW-Authenticate` header.
    Unauthorized,
    /// The response is a 400 with a message about the token.
    BadRequest,
}

/// Response to a path without its trailing slash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrailingSlash {
    /// The response is a 404.
    Required,
    /// The response is the same as with the slash.
    Optional,
    /// The response is a 301 that redirects to the path with the slash, as some routers do.
    Redirect,
}

/// Format of an error body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorShape {
    /// The body is `{"error": …, "error_description": …}`, with `violations` if the request violates the
    /// document.
    Json,
    /// The body is plain text, with one line per violation.
    Text,
    /// The body is an HTML page.
    Html,
    /// The body is empty.
    Empty,
}

/// Response to a create request with the ID of an existing asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExistingOnCreate {
    /// The response is a 409, and nothing changes.
    Conflict,
    /// The response is a 400, and nothing changes.
    BadRequest,
    /// The response is a success, and the existing asset is replaced.
    Overwrite,
}

/// Effect of a save on properties that the request omits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SaveMeaning {
    /// Omitted properties are reset to their defaults, except for the status.
    Replace,
    /// Omitted properties stay unchanged.
    Merge,
}

/// Visibility of deleted assets in operations on IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeletedAssets {
    /// *Find by ID* and *find by ID list* return deleted assets, with the status `deleted`.
    Readable,
    /// *Find by ID*, *find by ID list*, *save* and *duplicate* treat deleted assets as missing. Lists still
    /// return deleted assets if `all_includes_deleted` is set.
    Gone,
}

/// Response of *find by ID list* to IDs that do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissingByIds {
    /// The response omits the missing assets.
    LeftOut,
    /// The call is refused with the status of an unknown ID.
    NotFound,
}

/// Order of the rows of *find by ID list*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByIdsOrder {
    /// The rows are in the order in which the assets were created.
    Stored,
    /// The rows are in the order of the IDs in the request.
    Requested,
}

/// Representation of a documented property that an asset lacks. A required property is neither omitted nor
/// `null`: it has a value that its schema accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbsentProperty {
    /// The property has its documented default. If there is no default, the property is omitted.
    Default,
    /// The property is omitted.
    LeftOut,
    /// The property is `null`.
    Null,
}

/// Representation of an empty list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EmptyList {
    /// The list is `[]`.
    Empty,
    /// The list is `null`.
    Null,
}

/// Success status of operations that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuccessStatus {
    /// The status is 200.
    Ok,
    /// The status is 201.
    Created,
    /// The status is 204, and there is no body. Duplicate returns 200, because its response body is
    /// documented.
    NoContent,
}

/// Success body of operations for which no body is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuccessBody {
    /// There is no body.
    Nothing,
    /// The body is `{}`.
    EmptyObject,
    /// The body is `null`.
    Null,
    /// The body is `{"message": …}`.
    Message,
}

/// Maximum, and the status of the response to a request that exceeds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Maximum that a request may reach.
    pub max: usize,
    /// Status of the error response, such as 400 or 413.
    pub status: u16,
}

/// Number of requests that the log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogRetention {
    /// The log keeps all requests.
    All,
    /// The log keeps this number of the newest requests. `Last(0)` keeps none, but requests are still
    /// counted.
    Last(usize),
}

/// Source of the fake's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClockSource {
    /// The clock starts at this time. Only [`Fake::advance`](crate::Fake::advance) and
    /// [`Fake::set_now`](crate::Fake::set_now) move it.
    Still {
        /// Time at which the clock starts, in seconds since 1970-01-01T00:00:00Z.
        unix_seconds: u64,
    },
    /// The clock reads the system clock. `advance` adds to this time.
    Wall,
}
