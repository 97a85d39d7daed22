//! What the fake does where the documentation is silent: one setting each, the default being the plainest reading.

use std::time::Duration;

/// Everything about a [`Fake`](crate::Fake) that can be chosen.
///
/// `Settings::default()` is the plainest reading of the documentation; [`Settings::vary`] draws every undocumented behaviour at random, for tests that
/// must hold under each of them.
///
/// ```
/// use funnelflux_fake::{EntryPolicy, Fake, Settings};
///
/// let fake = Fake::new(Settings { unknown_entry: EntryPolicy::refuse_all(404), ..Settings::default() });
/// # let _ = fake;
/// ```
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent choice, and reads as one where it is set"
)]
pub struct Settings {
    /// Whether every operation wants a valid bearer token. Default `true` (documented).
    pub auth: bool,
    /// The access token that is valid at the start.
    pub access_token: String,
    /// The refresh token that is valid at the start.
    pub refresh_token: String,
    /// How long an access token is valid, from the start or from its renewal. Default 72 hours (documented).
    pub token_lifetime: Duration,
    /// Whether a renewal also replaces the refresh token, and the old one ends. Default `false` (unknown).
    pub rotate_refresh_token: bool,
    /// What a missing, wrong or expired token is answered with. Default 401 (documented as "400 or 401").
    pub rejected_token: RejectedToken,

    /// What a path without its trailing slash does. Default: 404 (unknown).
    pub trailing_slash: TrailingSlash,
    /// Whether a query parameter that the document does not know is refused. Default `true` (unknown; strict, so that a client's mistakes show).
    pub refuse_unknown_query: bool,
    /// The form of error bodies. Default: JSON (unknown; the vendor's Domains API has it so).
    pub error_shape: ErrorShape,
    /// Status of the answer about an ID that does not exist, where exactly one asset is addressed (find by ID, save, duplicate). Default 404 (unknown).
    pub unknown_id_status: u16,

    /// What an ID that does not exist does to the list of a bulk call. A deleted asset counts as not existing, except in a delete. Default: ignored (unknown).
    pub unknown_entry: EntryPolicy,
    /// What an asset that is so already does to the list of an archive, unarchive or delete. Default: fine (unknown).
    pub already_entry: EntryPolicy,
    /// What an asset that was locked with [`Fake::lock`](crate::Fake::lock) does to the list of a bulk call. Default: the whole call is refused with 403.
    /// Locking stands for every reason that a service may have to reject one asset. A save of a locked asset is refused with the same status, and with 403
    /// where the policy has none.
    pub locked_entry: EntryPolicy,
    /// Whether the cascade also handles the children of a parent that was archived or deleted already. Default `true` (unknown).
    pub cascade_of_already: bool,
    /// Whether a `targetParentID` that does not exist is refused, and with which status; `None` accepts it. Default `Some(400)` (unknown).
    pub unknown_target: Option<u16>,
    /// Whether a `targetParentID` that is itself among the entries is refused, and with which status; `None` accepts it. Default `Some(400)` (unknown).
    pub target_among_entries: Option<u16>,
    /// Whether moving to a category that does not exist is refused, and with which status; `None` accepts it. Holds for move-category and for the
    /// `parentId` of a duplicate. Default `Some(404)` (unknown).
    pub unknown_category: Option<u16>,

    /// What creating under an ID that exists does. Default: 409 (unknown).
    pub existing_on_create: ExistingOnCreate,
    /// What saving does to properties that the request leaves out. Default: they are reset (unknown; the body is documented as the full object).
    pub save: SaveMeaning,
    /// Whether a deleted asset can still be found by its ID. Default: it can (unknown; the status `deleted` exists for a reason).
    pub deleted: DeletedAssets,
    /// Whether the status filter `all` includes deleted assets. Default `true` (unknown).
    pub all_includes_deleted: bool,
    /// Whether find by category includes deleted assets. Default `false` (unknown).
    pub by_category_includes_deleted: bool,
    /// What find by ID list does about IDs that do not exist. Default: leaves them out (unknown).
    pub missing_by_ids: MissingByIds,
    /// The order of the rows of find by ID list. Default: as stored (unknown).
    pub by_ids_order: ByIdsOrder,

    /// How a property that an asset does not have is shown in full objects. Default: by its documented default.
    pub absent: AbsentProperty,
    /// How a list without rows is shown. Default: `[]` (unknown).
    pub empty_list: EmptyList,
    /// Status of success of the operations that change something. Default 200 (the page prints none).
    pub success_status: SuccessStatus,
    /// Body of success where the documentation says that no data is returned. Default: none.
    pub success_body: SuccessBody,
    /// Adds properties that the document does not know to every object of an answer, at the top and inside `meta`. Default `false`.
    pub unknown_fields: bool,
    /// Shows this status, unknown to the document, in the first row of every list and of find by ID list. Default `None`.
    pub unknown_status: Option<String>,
    /// Shows the name in the first row of every list at this length in characters, whatever the document's maximum. Default `None`.
    pub long_names: Option<usize>,
    /// Adds a header of this name with a unique value to every answer. Default `None` (none is documented).
    pub request_id_header: Option<String>,

    /// How many IDs one call may carry (`entries`, and find by ID list). Default: any number (unknown).
    pub max_entries: Option<Limit>,
    /// How many bytes path and query may have together; more is answered with 414. Default: any number (unknown).
    pub max_url_length: Option<usize>,
    /// How many bytes a request's body may have; more is answered with 413. Default 16 MiB (unknown).
    pub max_body_bytes: usize,
    /// For how many reads after a change the lists still show what was before it. Default 0 (unknown).
    pub stale_reads: u32,
    /// Whether find by ID and by ID list are late too, where `stale_reads` is not 0. Default `false`.
    pub stale_by_id: bool,

    /// How many requests the log keeps. Default: all. An endurance run wants a bound.
    pub log: LogRetention,
    /// Where the fake's time comes from. Default: stands still at 2026-01-01T00:00:00Z until a test moves it.
    pub clock: ClockSource,
    /// Seed of everything random in the fake (the IDs that it makes, faults by chance): the same seed and requests give the same answers.
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
    /// Draws every behaviour that the documentation leaves open, by `seed`. A client must be right under each seed.
    ///
    /// Not drawn, because they are no guesses about the service or because a test sets them on purpose: tokens, `auth`, `clock`, `log`, the limits
    /// (`max_*`), the late reads (`stale_*`), the trailing slash, `refuse_unknown_query`, and `unknown_status` and `long_names` (which lie about the state).
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

/// One of several values, each as likely as the others.
fn pick<T: Copy>(random: &mut fastrand::Rng, first: T, others: &[T]) -> T {
    let drawn = random.usize(..=others.len());
    others.get(drawn).copied().unwrap_or(first)
}

/// A policy on bad entries that may also pass over them.
fn any_entry(random: &mut fastrand::Rng, first: u16, others: &[u16]) -> EntryPolicy {
    let failing = failing_entry(random, first, others);
    pick(random, failing, &[failing, failing, EntryPolicy::ignore()])
}

/// A policy under which a bad entry is an error, with one of these statuses.
fn failing_entry(random: &mut fastrand::Rng, first: u16, others: &[u16]) -> EntryPolicy {
    let status = pick(random, first, others);
    pick(
        random,
        EntryPolicy::refuse_all(status),
        &[EntryPolicy::apply_good(status), EntryPolicy::stop_at_bad(status)],
    )
}

/// What one bad ID does to a bulk call, and the status of the error, where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryPolicy(pub(crate) BadEntry);

impl EntryPolicy {
    /// The bad entry is passed over in silence.
    #[must_use]
    pub fn ignore() -> Self {
        Self(BadEntry::Ignore)
    }

    /// Nothing is applied; the answer is an error of this status (400 to 499).
    #[must_use]
    pub fn refuse_all(status: u16) -> Self {
        Self(BadEntry::RefuseAll(status))
    }

    /// The good ones are applied; the answer is an error of this status all the same.
    #[must_use]
    pub fn apply_good(status: u16) -> Self {
        Self(BadEntry::ApplyGood(status))
    }

    /// Those before the bad one are applied, it and those after it are not; the answer is an error of this status.
    #[must_use]
    pub fn stop_at_bad(status: u16) -> Self {
        Self(BadEntry::StopAtBad(status))
    }
}

/// What an [`EntryPolicy`] says, for the module that carries it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadEntry {
    Ignore,
    RefuseAll(u16),
    ApplyGood(u16),
    StopAtBad(u16),
}

/// What a missing, wrong or expired token is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectedToken {
    /// 401 with a `WWW-Authenticate` header.
    Unauthorized,
    /// 400 with a message that speaks of the token.
    BadRequest,
}

/// What a path that lacks its trailing slash does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrailingSlash {
    /// 404.
    Required,
    /// The same as with it.
    Optional,
    /// 301 to the path with it, as some routers do.
    Redirect,
}

/// The form of an error's body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorShape {
    /// `{"error": …, "error_description": …}`, with `violations` where the request violates the document.
    Json,
    /// Plain text, one line a violation.
    Text,
    /// An HTML page.
    Html,
    /// No body at all.
    Empty,
}

/// What creating under an ID that exists does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingOnCreate {
    /// 409, nothing changes.
    Conflict,
    /// 400, nothing changes.
    BadRequest,
    /// The asset is replaced, the answer is success.
    Overwrite,
}

/// What saving does to properties that the request leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SaveMeaning {
    /// They are reset to their defaults; only the status stays as it is.
    Replace,
    /// They stay as they are.
    Merge,
}

/// Whether deleted assets can still be read by ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeletedAssets {
    /// Find by ID and by ID list show them, with status `deleted`.
    Readable,
    /// Find by ID and by ID list, save and duplicate treat them as not existing. Lists show them where `all_includes_deleted` says so.
    Gone,
}

/// What find by ID list does about IDs that do not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingByIds {
    /// The answer has no row for them.
    LeftOut,
    /// The call is refused with the status of an unknown ID.
    NotFound,
}

/// The order of the rows of find by ID list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByIdsOrder {
    /// As the assets were created.
    Stored,
    /// As the request names them.
    Requested,
}

/// How a documented property that an asset does not have is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbsentProperty {
    /// With its documented default; left out where it has none.
    Default,
    /// Not at all.
    LeftOut,
    /// As `null`.
    Null,
}

/// How a list without rows is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyList {
    /// `[]`
    Empty,
    /// `null`
    Null,
}

/// Status of success of the operations that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessStatus {
    /// 200.
    Ok,
    /// 201.
    Created,
    /// 204 without a body; 200 for duplicate, whose answer is documented.
    NoContent,
}

/// Body of success where no data is documented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessBody {
    /// None.
    Nothing,
    /// `{}`
    EmptyObject,
    /// `null`
    Null,
    /// `{"message": …}`
    Message,
}

/// A number that must not be exceeded, and what happens otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The greatest number that is accepted.
    pub max: usize,
    /// Status of the refusal, such as 400 or 413.
    pub status: u16,
}

/// How many requests the log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogRetention {
    /// All of them.
    All,
    /// The newest so many. Zero keeps none; requests are counted all the same.
    Last(usize),
}

/// Where the fake's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockSource {
    /// It starts here and moves only by [`Fake::advance`](crate::Fake::advance) and [`Fake::set_now`](crate::Fake::set_now).
    Still {
        /// Seconds since 1970-01-01T00:00:00Z.
        unix_seconds: u64,
    },
    /// The machine's clock, which `advance` moves forward from.
    Wall,
}
