//! The table of rules: every kind of change, what it means on the wire and what it means for users of the crate.
//!
//! Two principles decide the level on the wire. What a *request* may hold breaks when it gets narrower, since what was
//! sent until now may be refused. What a *response* may hold breaks when it gets wider, since what arrives may not be
//! understood. Where the two readings of a change differ, the worse one counts.

use std::fmt::Write as _;

use super::{Direction, Impact, Level};

/// Parts of a rule id that stand for something else.
const PLACE: &str = "{place}";
const DIRECTION: &str = "{direction}";
const NEED: &str = "{need}";
const LIMIT: &str = "{limit}";
const UPPER: &str = "{upper}";
const LOWER: &str = "{lower}";
const CHECK: &str = "{check}";
const FORM: &str = "{form}";

/// What a rule's `{place}` can be.
pub(super) const PLACES: [&str; 7] = [
    "request-body",
    "request-property",
    "request-parameter",
    "request-parameter-property",
    "response-body",
    "response-property",
    "response-header",
];

/// What a rule's `{limit}` can be: the keyword, its name in rule ids, and whether it is an upper limit.
pub(super) const LIMITS: [(&str, &str, bool); 10] = [
    ("maximum", "max", true),
    ("minimum", "min", false),
    ("maxLength", "max-length", true),
    ("minLength", "min-length", false),
    ("maxItems", "max-items", true),
    ("minItems", "min-items", false),
    ("maxProperties", "max-properties", true),
    ("minProperties", "min-properties", false),
    ("x-maxContains", "max-contains", true),
    (MIN_CONTAINS, "min-contains", false),
];

/// The one lower limit that is 1 where it is not stated.
pub(super) const MIN_CONTAINS: &str = "x-minContains";

/// What a rule's `{check}` can be: keywords of JSON Schema that narrow what a value may be, which `OpenAPI` 3.0 does not
/// have and normalising keeps under `x-`, and their names in rule ids.
pub(super) const CHECKS: [(&str, &str); 13] = [
    ("x-if", "if"),
    ("x-then", "then"),
    ("x-else", "else"),
    ("x-contains", "contains"),
    ("x-contentSchema", "content-schema"),
    ("x-dependentRequired", "dependent-required"),
    ("x-dependentSchemas", "dependent-schema"),
    ("x-patternProperties", "pattern-property"),
    ("x-propertyNames", "property-names"),
    ("x-unevaluatedItems", "unevaluated-items"),
    ("x-unevaluatedProperties", "unevaluated-properties"),
    // What stands beside properties by pattern, and behind a tuple.
    ("x-additionalProperties", "further-properties"),
    ("x-items", "further-items"),
];

/// Keywords kept under `x-` that say what a value is: each change is told as one, since it may be wider or narrower.
pub(super) const FORMS: [(&str, &str); 5] = [
    // Of a form parameter of Swagger 2.0.
    ("x-allowEmptyValue", "allow-empty-value"),
    ("x-collectionFormat", "collection-format"),
    ("x-contentEncoding", "content-encoding"),
    ("x-contentMediaType", "content-media-type"),
    ("x-prefixItems", "prefix-items"),
];

/// One kind of change.
#[derive(Debug)]
pub struct Rule {
    /// Its id, or the pattern of its ids: `{place}` stands for `request-body`, `request-property`, `request-parameter`,
    /// `request-parameter-property`, `response-body`, `response-property` or `response-header`, `{direction}` for
    /// `request` or `response`, `{need}` for `required` or `optional`, `{limit}` for a bound such as `max-length`,
    /// `{upper}` and `{lower}` for bounds of one side, `{check}` and `{form}` for a keyword that `OpenAPI` 3.0 does not have.
    pub id: &'static str,
    /// Level where requests are concerned, and where direction plays no part.
    pub request: Level,
    /// Level where responses are concerned.
    pub response: Level,
    /// The most that it can mean for the crate; a change may mean less, and says why.
    pub impact: Impact,
    /// What it means on the wire; where requests and responses differ, both texts, separated by `||`.
    pub wire: &'static str,
    /// What it means for users of the crate.
    pub users: &'static str,
    /// What to do about it.
    pub action: &'static str,
}

impl Rule {
    pub(super) fn level(&self, direction: Direction) -> Level {
        match direction {
            Direction::Request => self.request,
            Direction::Response => self.response,
            Direction::Both | Direction::None => self.request.max(self.response),
        }
    }

    /// What it means on the wire, for messages of this direction.
    pub(super) fn meaning(&self, direction: Direction) -> &'static str {
        match (self.wire.split_once(" || "), direction) {
            (None, _) => self.wire,
            (Some((request, _)), Direction::Request) => request,
            (Some((_, response)), Direction::Response) => response,
            (Some(_), Direction::Both | Direction::None) => {
                "No request or answer of an operation is known to hold it; what holds it in another way is told there."
            }
        }
    }

    pub(super) fn expand(&self, place: &str, direction: &str, need: &str, limit: &str) -> String {
        self.id
            .replace(PLACE, place)
            .replace(DIRECTION, direction)
            .replace(NEED, need)
            .replace(LIMIT, limit)
            .replace(UPPER, limit)
            .replace(LOWER, limit)
            .replace(CHECK, limit)
            .replace(FORM, limit)
    }

    /// Every id that the rule can have, with the level that goes with it.
    #[must_use]
    pub fn ids(&self) -> Vec<(String, Level)> {
        let places: &[&str] = if self.id.contains(PLACE) { &PLACES } else { &[""] };
        let directions: &[&str] = if self.id.contains(DIRECTION) {
            &["request", "response"]
        } else {
            &[""]
        };
        let needs: &[&str] = if self.id.contains(NEED) {
            &["required", "optional"]
        } else {
            &[""]
        };
        let bounds = |upper: bool| LIMITS.iter().filter(move |limit| limit.2 == upper);
        let names = |keywords: &[(&str, &'static str)]| keywords.iter().map(|one| one.1).collect();
        let limits: Vec<&str> = match self.id {
            id if id.contains(LIMIT) => LIMITS.iter().map(|limit| limit.1).collect(),
            id if id.contains(UPPER) => bounds(true).map(|limit| limit.1).collect(),
            id if id.contains(LOWER) => bounds(false).map(|limit| limit.1).collect(),
            id if id.contains(CHECK) => names(&CHECKS),
            id if id.contains(FORM) => names(&FORMS),
            _ => vec![""],
        };
        let mut ids = Vec::new();
        for place in places {
            for direction in directions {
                for need in needs {
                    for limit in &limits {
                        let id = self.expand(place, direction, need, limit);
                        let fixed_elsewhere = self.id.contains('{') && RULES.iter().any(|rule| rule.id == id);
                        if fixed_elsewhere {
                            continue;
                        }
                        let level = if id.starts_with("response") {
                            self.response
                        } else {
                            self.request
                        };
                        ids.push((id, level));
                    }
                }
            }
        }
        ids
    }
}

/// The level that oasdiff gives a rule id, `None` where it has no such rule.
#[must_use]
pub fn oasdiff_level(id: &str) -> Option<Level> {
    include_str!("oasdiff-rules.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let (name, level) = line.split_once(' ')?;
            if name != id {
                return None;
            }
            match level {
                "breaking" => Some(Level::Breaking),
                "warning" => Some(Level::Warning),
                _ => Some(Level::Info),
            }
        })
}

/// The table as a page of markdown, for the documentation.
#[must_use]
pub fn table() -> String {
    let mut text = String::from(
        "| rule | on the wire: request / response | for the crate, at most | oasdiff | meaning |\n|---|---|---|---|---|\n",
    );
    for rule in RULES {
        let wire = if rule.request == rule.response {
            rule.request.to_string()
        } else {
            format!("{} / {}", rule.request, rule.response)
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "| `{}` | {wire} | {} | {} | {} {} |",
            rule.id,
            rule.impact,
            peer(rule),
            rule.wire.replace(" || ", " / "),
            rule.users
        );
    }
    text
}

/// How a rule compares to oasdiff's, in one cell of the table.
fn peer(rule: &Rule) -> String {
    let ids = rule.ids();
    let total = ids.len();
    let mut known = 0_usize;
    let mut stricter = 0_usize;
    let mut milder = 0_usize;
    for (id, level) in ids {
        if let Some(theirs) = oasdiff_level(&id) {
            known += 1;
            match level.cmp(&theirs) {
                std::cmp::Ordering::Greater => stricter += 1,
                std::cmp::Ordering::Less => milder += 1,
                std::cmp::Ordering::Equal => {}
            }
        }
    }
    let mut text = match known {
        0 => return "-".to_owned(),
        _ if total == 1 => "same id".to_owned(),
        _ => format!("{known} of {total} ids"),
    };
    if stricter > 0 {
        text.push_str(", milder there");
    }
    if milder > 0 {
        text.push_str(", stricter there");
    }
    text
}

macro_rules! rules {
    ($($name:ident = $id:literal, $request:ident / $response:ident, $impact:ident, $wire:literal, $users:literal, $action:literal;)*) => {
        $(pub(crate) static $name: Rule = Rule {
            id: $id, request: Level::$request, response: Level::$response, impact: Impact::$impact,
            wire: $wire, users: $users, action: $action,
        };)*
        /// All rules.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    // Operations.
    ENDPOINT_ADDED = "endpoint-added", Info / Info, Minor,
        "A new operation; nothing that worked until now changes.",
        "A new method on the client.", "Regenerate; look at the name that the new method got.";
    API_REMOVED = "api-removed-without-deprecation", Breaking / Breaking, Major,
        "The operation is gone; calls to it fail.",
        "Its method disappears; code that calls it no longer compiles.", "Find its callers first, then regenerate.";
    API_REMOVED_DEPRECATED = "api-removed-with-deprecation", Breaking / Breaking, Major,
        "The operation was announced as deprecated and is gone now; calls to it fail.",
        "Its method disappears; code that calls it no longer compiles.", "Find its callers first, then regenerate.";
    PATH_REMOVED = "api-path-removed-without-deprecation", Breaking / Breaking, Major,
        "The whole path is gone; calls to this operation fail.",
        "Its method disappears; code that calls it no longer compiles.",
        "See whether the path was only written differently (a trailing slash, another case); if not, find its callers first.";
    PATH_REMOVED_DEPRECATED = "api-path-removed-with-deprecation", Breaking / Breaking, Major,
        "The whole path was deprecated and is gone now; calls to this operation fail.",
        "Its method disappears; code that calls it no longer compiles.", "Find its callers first, then regenerate.";
    PATH_RENAMED = "path-parameter-renamed", Info / Info, Major,
        "A placeholder in the path has another name; the requests are the same.",
        "The method's name comes from the path, so it may change.", "Compare the method's name before and after.";
    PATH_SWAPPED = "path-parameters-swapped", Breaking / Breaking, Major,
        "A placeholder stands in another's place: who fills them by name sends each value where the other one belongs.",
        "The method's name and the order of its arguments come from the path.",
        "Compare the method's signature before and after, and find its callers.";
    PATH_ITEM_CHANGED = "path-item-changed", Info / Info, Patch,
        "A path without operations was added, removed or changed; there is nothing to call.",
        "None of it is generated.", "Nothing.";
    OPERATION_ID_ADDED = "api-operation-id-added", Info / Info, None,
        "The operation got an operationId; it never travels.",
        "Method names come from method and path, never from the operationId.", "Nothing.";
    OPERATION_ID_REMOVED = "api-operation-id-removed", Info / Info, None,
        "The operation lost its operationId or has another one; it never travels.",
        "Method names come from method and path, never from the operationId.", "Nothing.";
    ENDPOINT_DEPRECATED = "endpoint-deprecated", Info / Info, Patch,
        "The operation still works; the vendor wants it to be left.",
        "The documentation says so; nothing is taken away.", "Say it in the changelog and name what to use instead.";
    ENDPOINT_REACTIVATED = "endpoint-reactivated", Info / Info, Patch,
        "The operation is no longer deprecated.", "Only the documentation changes.", "Regenerate.";
    TAG_ADDED = "api-tag-added", Info / Info, Patch,
        "Tags group operations in the documentation; they never travel.",
        "The tag is in the operation table, names do not come from it.", "Regenerate.";
    TAG_REMOVED = "api-tag-removed", Info / Info, Patch,
        "Tags group operations in the documentation; they never travel.",
        "The tag is in the operation table, names do not come from it.", "Regenerate.";
    TAG_GROUP = "api-tag-group-changed", Info / Info, Major,
        "Tags group operations in the documentation; they never travel.",
        "The first tag is the group: the constant of the operation moves to another module, and what is deduced behind another feature.",
        "Regenerate, and say in the changelog where it is now.";

    // Parameters.
    NEW_REQUIRED_PARAMETER = "new-required-request-parameter", Breaking / Breaking, Major,
        "Calls that do not send it are refused.",
        "The method takes one more argument; calls no longer compile.", "Regenerate; say in the changelog what to pass.";
    NEW_REQUIRED_PARAMETER_DEFAULT = "new-required-request-default-parameter-to-existing-path", Breaking / Breaking, Major,
        "Calls that do not send it are refused, unless the service really applies the default that is stated.",
        "The method takes one more argument; calls no longer compile.", "Regenerate; say in the changelog what to pass.";
    NEW_OPTIONAL_PARAMETER = "new-optional-request-parameter", Info / Info, Major,
        "Nothing that worked until now changes.",
        "Parameters are positional arguments, so the method takes one more and calls no longer compile.",
        "Regenerate; say in the changelog that `None` keeps the old behaviour.";
    NEW_OPTIONAL_PARAMETER_DEFAULT = "new-optional-request-default-parameter-to-existing-path", Info / Info, Major,
        "Calls without it get the default that is stated.",
        "Parameters are positional arguments, so the method takes one more and calls no longer compile.",
        "See whether the default is what happened until now.";
    NEW_PATH_PARAMETER = "new-request-path-parameter", Breaking / Breaking, Major,
        "The path has another form; the old one is not found.",
        "The method takes one more argument; calls no longer compile.", "Regenerate; say in the changelog what to pass.";
    PARAMETER_REMOVED = "request-parameter-removed", Breaking / Breaking, Major,
        "Sending it has no effect any more, or is refused; a filter that is ignored returns everything.",
        "The method loses an argument; calls no longer compile.", "Find out what replaces it.";
    PARAMETER_BECAME_REQUIRED = "request-parameter-became-required", Breaking / Breaking, Major,
        "Calls that leave it out are refused.",
        "The argument is no longer an `Option`; calls no longer compile.", "Regenerate; say in the changelog what to pass.";
    PARAMETER_BECAME_OPTIONAL = "request-parameter-became-optional", Info / Info, Major,
        "It may be left out now.",
        "The argument becomes an `Option`; calls no longer compile.", "Regenerate; say it in the changelog.";
    PARAMETER_SERIALIZATION = "request-parameter-serialization-changed", Breaking / Breaking, Patch,
        "The value is written into the request in another way; the old way may be misread.",
        "Signatures stay; what the runtime sends must change.", "Compare how the runtime writes this parameter.";
    PARAMETER_EMPTY_FORBIDDEN = "request-parameter-empty-value-forbidden", Breaking / Breaking, Patch,
        "An empty value was allowed and is no longer.", "Signatures stay.", "See whether the crate can send it empty.";
    PARAMETER_EMPTY_ALLOWED = "request-parameter-empty-value-allowed", Info / Info, Patch,
        "An empty value is allowed now.", "Signatures stay.", "Nothing.";
    PARAMETER_DEPRECATED = "request-parameter-deprecated", Info / Info, Patch,
        "It still works; the vendor wants it to be left.", "The documentation says so; nothing is taken away.", "Say it in the changelog.";
    PARAMETER_REACTIVATED = "request-parameter-reactivated", Info / Info, Patch,
        "It is no longer deprecated.", "Only the documentation changes.", "Regenerate.";
    PARAMETER_ORDER = "parameter-order-changed", Docs / Docs, Major,
        "The order of parameters never travels.",
        "Arguments are positional; should the generated order follow the document, two of one type could be swapped unnoticed.",
        "Compare the method's signature before and after.";
    PARAMETER_CONTENT = "request-parameter-content-changed", Breaking / Breaking, Major,
        "The parameter is described by a media type instead of a schema, or the other way round.",
        "The argument's type may change.", "Compare the method's signature before and after.";

    // Request bodies.
    BODY_ADDED_REQUIRED = "request-body-added-required", Breaking / Breaking, Major,
        "Calls without a body are refused.", "The method takes one more argument; calls no longer compile.",
        "Regenerate; say in the changelog what to pass.";
    BODY_ADDED_OPTIONAL = "request-body-added-optional", Info / Info, Major,
        "A body may be sent now; calls without one go on working.",
        "The method takes one more argument; calls no longer compile.",
        "Regenerate; say in the changelog that `None` keeps the old behaviour.";
    BODY_REMOVED = "request-body-removed", Breaking / Breaking, Major,
        "What the body said has no effect any more, or is refused.",
        "The method loses an argument; calls no longer compile.", "Find out what replaces it.";
    BODY_BECAME_REQUIRED = "request-body-became-required", Breaking / Breaking, Major,
        "Calls without a body are refused.", "`Option<&T>` becomes `&T`; calls no longer compile.",
        "Regenerate; say it in the changelog.";
    BODY_BECAME_OPTIONAL = "request-body-became-optional", Info / Info, Major,
        "The body may be left out now.", "`&T` becomes `Option<&T>`; calls no longer compile.",
        "Regenerate; say it in the changelog.";
    BODY_MEDIA_TYPE_ADDED = "request-body-media-type-added", Info / Info, Major,
        "The body may be sent in one more format.", "The crate sends JSON; nothing changes while JSON stays.",
        "Nothing while JSON is among them.";
    BODY_MEDIA_TYPE_REMOVED = "request-body-media-type-removed", Breaking / Breaking, Major,
        "A body in this format is refused.", "If it was JSON, the crate can no longer make this call as it is.",
        "See which formats are left.";
    BODY_SCHEMA_ADDED = "request-body-media-type-schema-added", Breaking / Breaking, Major,
        "Any body was accepted; now it has to fit a schema.", "The argument gets a type.", "Regenerate.";
    BODY_SCHEMA_REMOVED = "request-body-media-type-schema-removed", Info / Info, Major,
        "The body need not fit a schema any more.", "The argument loses its type.", "Regenerate.";

    // Responses.
    SUCCESS_STATUS_ADDED = "response-success-status-added", Info / Info, Major,
        "Success may be answered with one more status; who waits for exactly the old one is in trouble.",
        "Every 2xx is success in the crate; only another body would change the return type.", "Compare the return type.";
    SUCCESS_STATUS_REMOVED = "response-success-status-removed", Breaking / Breaking, Major,
        "Success is no longer answered with this status.",
        "Every 2xx is success in the crate; only another body changes the return type.", "Compare the return type.";
    FAILURE_STATUS_ADDED = "response-non-success-status-added", Info / Info, Patch,
        "A failure is documented that was not.",
        "Failures are one error type, declared or not.", "See whether the error deserves a predicate of its own.";
    FAILURE_STATUS_REMOVED = "response-non-success-status-removed", Info / Info, Patch,
        "A failure is no longer documented.", "Failures are one error type, declared or not.",
        "See whether a predicate has lost its source.";
    DEFAULT_RESPONSE_ADDED = "response-default-added", Warning / Warning, Major,
        "All statuses that are not named have a description now; it may be success or failure.",
        "The crate takes it for failure unless no 2xx is declared.", "Compare the return type.";
    DEFAULT_RESPONSE_REMOVED = "response-default-removed", Warning / Warning, Major,
        "The statuses that are not named have no description any more.",
        "The crate takes it for failure unless no 2xx was declared.", "Compare the return type.";
    RESPONSE_MEDIA_TYPE_ADDED = "response-media-type-added", Info / Info, Major,
        "The answer may come in one more format.",
        "Where there was no body before, the method returns something now; otherwise JSON is asked for as before.",
        "Compare the return type.";
    RESPONSE_MEDIA_TYPE_REMOVED = "response-media-type-removed", Breaking / Breaking, Major,
        "The answer no longer comes in this format.",
        "If it was JSON, the method can no longer return what it did.", "Compare the return type.";
    RESPONSE_SCHEMA_ADDED = "response-body-media-type-schema-added", Info / Info, Major,
        "The answer has a schema now.", "The return type changes.", "Regenerate.";
    RESPONSE_SCHEMA_REMOVED = "response-body-media-type-schema-removed", Breaking / Breaking, Major,
        "Nothing is promised about the answer any more.", "The return type changes.", "Regenerate.";
    HEADER_ADDED = "response-header-added", Info / Info, Patch,
        "One more header is documented.", "The crate gives all headers, declared or not.", "Nothing.";
    HEADER_REMOVED_REQUIRED = "required-response-header-removed", Breaking / Breaking, Patch,
        "A header that always came is no longer promised.", "The crate gives all headers, declared or not.",
        "See whether the runtime reads it.";
    HEADER_REMOVED_OPTIONAL = "optional-response-header-removed", Warning / Warning, Patch,
        "A header that could come is no longer documented.", "The crate gives all headers, declared or not.",
        "See whether the runtime reads it.";
    HEADER_BECAME_OPTIONAL = "response-header-became-optional", Breaking / Breaking, Patch,
        "A header that always came may be missing.", "The crate gives all headers, declared or not.",
        "See whether the runtime reads it.";
    HEADER_BECAME_REQUIRED = "response-header-became-required", Info / Info, Patch,
        "A header that could be missing always comes.", "The crate gives all headers, declared or not.", "Nothing.";
    HEADER_DEPRECATED = "response-header-deprecated", Info / Info, Patch,
        "It still comes; the vendor wants it to be left.", "The crate gives all headers, declared or not.",
        "See whether the runtime reads it.";
    HEADER_REACTIVATED = "response-header-reactivated", Info / Info, Patch,
        "It is no longer deprecated.", "The crate gives all headers, declared or not.", "Nothing.";

    // Components.
    SCHEMA_ADDED = "api-schema-added", Info / Info, Minor,
        "A schema was added; what uses it is reported where it is used.", "A new type.", "Regenerate.";
    SCHEMA_REMOVED = "api-schema-removed", Info / Info, Major,
        "A schema was removed; what used it is reported where it was used.",
        "Its type disappears; code that names it no longer compiles.", "Find its users.";
    SCHEMA_RENAMED = "api-schema-renamed", Info / Info, Major,
        "A schema has another name; names of schemas never travel.",
        "Its type has another name; code that names it no longer compiles.",
        "Consider a deprecated alias with the old name for one release.";
    COMPONENT_ADDED = "component-added", Info / Info, None,
        "A shared parameter, response, body or header was added; what uses it is reported where it is used.",
        "Shared parts are not visible in the crate.", "Nothing.";
    COMPONENT_REMOVED = "component-removed", Info / Info, None,
        "A shared parameter, response, body or header was removed; what used it is reported where it was used.",
        "Shared parts are not visible in the crate.", "Nothing.";
    COMPONENT_UNUSED_CHANGED = "unused-component-changed", Info / Info, Patch,
        "A shared part that no operation uses was changed.", "Nothing is generated from it.", "Nothing.";
    SCHEMA_REPLACED = "{place}-schema-replaced", Info / Info, Major,
        "Another schema is referred to here; where the two differ in content is reported on its own.",
        "The Rust type here has another name; code that names it no longer compiles.",
        "Regenerate; name the new type in the changelog.";

    // Properties.
    NEW_OPTIONAL_REQUEST_PROPERTY = "new-optional-request-property", Info / Info, Major,
        "It may be sent; requests without it go on working.",
        "A new optional field with a setter. Structs are non-exhaustive, so nobody's code breaks.", "Regenerate.";
    NEW_REQUIRED_REQUEST_PROPERTY = "new-required-request-property", Breaking / Breaking, Major,
        "Requests without it are refused.",
        "The constructor takes one more argument; code that builds the type no longer compiles.",
        "Regenerate; say in the changelog what to pass.";
    NEW_REQUIRED_REQUEST_PROPERTY_DEFAULT = "new-required-request-property-with-default", Breaking / Breaking, Major,
        "Requests without it are refused, unless the service really applies the default that is stated.",
        "The constructor takes one more argument; code that builds the type no longer compiles.",
        "Regenerate; say in the changelog what to pass.";
    REQUEST_PROPERTY_REMOVED = "request-property-removed", Breaking / Breaking, Major,
        "What callers send here is refused or silently dropped.",
        "The field disappears; code that names it no longer compiles.", "Find out what replaces it.";
    RESPONSE_OPTIONAL_PROPERTY_ADDED = "response-optional-property-added", Info / Info, Major,
        "Answers may hold one more field.",
        "A new optional field; until now its value was kept in `extra`, and code that read it there must read the field.",
        "Regenerate.";
    RESPONSE_REQUIRED_PROPERTY_ADDED = "response-required-property-added", Info / Info, Major,
        "Answers hold one more field.",
        "The constructor takes one more argument, and an answer without the field no longer decodes.",
        "Check that the service really always sends it before you trust it.";
    RESPONSE_PROPERTY_ADDED_TO_CLOSED = "response-property-added-to-closed-object", Breaking / Breaking, Major,
        "The object was declared to hold nothing but the fields that it had; strict readers refuse it now.",
        "The crate keeps unknown fields, so it reads both.", "Regenerate.";
    RESPONSE_OPTIONAL_PROPERTY_REMOVED = "response-optional-property-removed", Warning / Warning, Major,
        "A field that could come no longer does; readers that allow for its absence go on working.",
        "The field disappears; code that names it no longer compiles.", "Find out what replaces it.";
    RESPONSE_REQUIRED_PROPERTY_REMOVED = "response-required-property-removed", Breaking / Breaking, Major,
        "A field that always came no longer does.",
        "The field disappears; code that names it no longer compiles.", "Find out what replaces it.";
    PROPERTY_BECAME_REQUIRED = "{direction}-property-became-required", Breaking / Info, Major,
        "Requests without it are refused. || It always comes.",
        "The field is no longer an `Option` and the constructor takes it.",
        "Regenerate; for an answer, check that the service really always sends it.";
    PROPERTY_BECAME_OPTIONAL = "{direction}-property-became-optional", Info / Breaking, Major,
        "It may be left out. || It may be missing; a reader that counts on it fails.",
        "The field becomes an `Option` and leaves the constructor.", "Regenerate; say it in the changelog.";
    READ_ONLY = "{direction}-{need}-property-became-read-only", Warning / Info, Patch,
        "It is no longer meant to be sent; a value that is sent may be ignored or refused. || It is only for reading now.",
        "The field stays.", "See whether the crate sends it on save.";
    NOT_READ_ONLY = "{direction}-{need}-property-became-not-read-only", Info / Info, Patch,
        "It may be sent now. || It is no longer only for reading.", "The field stays.", "Nothing.";
    REQUIRED_NOT_READ_ONLY = "request-required-property-became-not-read-only", Breaking / Breaking, Patch,
        "It is required, and what is only for reading need not be sent: it has to be sent now.", "The field stays.",
        "Find who does not send it.";
    WRITE_ONLY = "{direction}-{need}-property-became-write-only", Info / Breaking, Patch,
        "It is only for sending now. || It no longer comes in answers; who finds, changes and saves may lose it.",
        "The field stays, and stays empty in answers.", "See what a save without it does.";
    NOT_WRITE_ONLY = "{direction}-{need}-property-became-not-write-only", Info / Warning, Patch,
        "It is no longer only for sending. || It comes in answers now.", "The field stays.", "See whether it is a secret that must not be logged.";
    PROPERTY_DEPRECATED = "{direction}-property-deprecated", Info / Info, Patch,
        "It still works; the vendor wants it to be left.", "The documentation says so; nothing is taken away.", "Say it in the changelog.";
    PROPERTY_REACTIVATED = "{direction}-property-reactivated", Info / Info, Patch,
        "It is no longer deprecated.", "Only the documentation changes.", "Regenerate.";

    // Types.
    TYPE_CHANGED = "{place}-type-changed", Breaking / Breaking, Major,
        "The value is of another type.", "The Rust type changes.",
        "Regenerate; look for stored values of the old type.";
    TYPE_GENERALIZED = "{place}-type-generalized", Info / Breaking, Major,
        "More types of value are accepted. || More types of value can come; a reader of the old one fails.", "The Rust type changes.", "Regenerate.";
    TYPE_SPECIALIZED = "{place}-type-specialized", Breaking / Info, Major,
        "Fewer types of value are accepted; others are refused. || Fewer types of value come.", "The Rust type changes.", "Regenerate.";
    FORMAT_ADDED = "{place}-format-added", Breaking / Info, Major,
        "Values have to have a form that was not asked for. || Values have a form that was not promised.", "A format may choose another Rust type.", "Regenerate.";
    FORMAT_REMOVED = "{place}-format-removed", Info / Breaking, Major,
        "Values need not have the form any more. || Values may not have the form any more; a reader that relies on it fails.", "A format may choose another Rust type.", "Regenerate.";
    FORMAT_CHANGED = "{place}-format-changed", Breaking / Breaking, Major,
        "Values have another form.", "A format may choose another Rust type.", "Regenerate.";
    FORMAT_GENERALIZED = "{place}-format-generalized", Info / Breaking, Major,
        "The format takes all old values and more. || Values can come that the old format did not allow.", "A format may choose another Rust type.", "Regenerate.";
    FORMAT_SPECIALIZED = "{place}-format-specialized", Breaking / Info, Major,
        "The format takes only a part of the old values. || Only a part of the old values come.", "A format may choose another Rust type.", "Regenerate.";
    BECAME_NULLABLE = "{place}-became-nullable", Info / Breaking, Major,
        "Null is accepted. || Null can come; a reader that does not expect it fails.", "A required field becomes an `Option`; an optional one takes null already.", "Regenerate.";
    BECAME_NOT_NULLABLE = "{place}-became-not-nullable", Breaking / Info, Major,
        "A request with null is refused. || Null no longer comes.", "A required field is no longer an `Option`; an optional one is never sent as null.",
        "Regenerate.";
    ITEMS_ADDED = "{place}-items-added", Breaking / Info, Major,
        "The entries of the list have to fit a schema now.", "The type of the entries changes.", "Regenerate.";
    ITEMS_REMOVED = "{place}-items-removed", Info / Breaking, Major,
        "Nothing is promised about the entries of the list any more.", "The type of the entries changes.", "Regenerate.";
    ADDITIONAL_FORBIDDEN = "{place}-additional-properties-forbidden", Breaking / Info, Major,
        "Fields beyond the declared ones are refused. || Only the declared fields come.",
        "The crate sends back the fields that it was given; a server that refuses them now refuses such a save.",
        "Test find, change and save.";
    ADDITIONAL_ALLOWED = "{place}-additional-properties-allowed", Info / Breaking, Major,
        "Fields beyond the declared ones are accepted. || Fields beyond the declared ones can come; strict readers refuse them.",
        "The crate keeps unknown fields already.", "Regenerate.";
    ADDITIONAL_TYPED = "{place}-additional-properties-restricted", Breaking / Info, Major,
        "The values of further fields have to fit a schema now.", "The type of the map's values changes.", "Regenerate.";
    ADDITIONAL_UNTYPED = "{place}-additional-properties-unrestricted", Info / Breaking, Major,
        "The values of further fields may be anything now.", "The type of the map's values changes.", "Regenerate.";

    // Values.
    ENUM_VALUE_ADDED = "{place}-enum-value-added", Info / Breaking, Minor,
        "One more value may be sent. || One more value can come; a reader with a closed list of values fails on it.",
        "Our enums are open: the crate already in use reads the value as unknown and sends it back unchanged; regenerated, it has a name.",
        "Regenerate so that the value gets its name.";
    ENUM_VALUE_REMOVED = "{place}-enum-value-removed", Breaking / Info, Major,
        "A request that sends the value is refused. || The value no longer comes.",
        "The variant disappears; code that names it no longer compiles.", "Find its users.";
    BECAME_ENUM = "{place}-became-enum", Breaking / Info, Major,
        "Only the listed values are accepted. || Only the listed values come.", "The type becomes an (open) enum.", "Regenerate.";
    ENUM_UNSET = "{place}-enum-unset", Info / Breaking, Major,
        "Any value is accepted, not only the listed ones. || Any value can come, not only the listed ones.", "The enum becomes a plain type.", "Regenerate.";
    ENUM_ORDER = "enum-order-changed", Docs / Docs, Patch,
        "The same values in another order.", "Variants are listed in another order.", "Nothing.";
    PARAMETER_DEFAULT_ADDED = "request-parameter-default-value-added", Breaking / Breaking, Patch,
        "Calls without it get this value; whether they did so before is unknown.",
        "The crate invents no defaults; absent stays absent. The documentation changes.",
        "Find out what happened without it until now.";
    PARAMETER_DEFAULT_REMOVED = "request-parameter-default-value-removed", Breaking / Breaking, Patch,
        "What happens to calls without it is no longer said.",
        "The crate invents no defaults; absent stays absent. The documentation changes.",
        "Pass the old default where you rely on it.";
    PARAMETER_DEFAULT_CHANGED = "request-parameter-default-value-changed", Breaking / Breaking, Patch,
        "Calls without it do something else than before.",
        "The crate invents no defaults; absent stays absent. Behaviour changes without a change of code.",
        "Pass the old default where you rely on it; say it in the changelog.";
    DEFAULT_ADDED = "{place}-default-value-added", Warning / Info, Patch,
        "A value is stated for when it is left out; whether it applied before is unknown. || A value is stated to be meant when it is missing.",
        "The crate invents no defaults; absent stays absent. The documentation changes.",
        "Find out what happened without it until now.";
    DEFAULT_REMOVED = "{place}-default-value-removed", Warning / Info, Patch,
        "What is taken when it is left out is no longer said. || What is meant when it is missing is no longer said.",
        "The crate invents no defaults; absent stays absent. The documentation changes.",
        "Send the old default where you rely on it.";
    DEFAULT_CHANGED = "{place}-default-value-changed", Breaking / Info, Patch,
        "A request without it does something else than before. || What is meant when it is missing has changed.",
        "The crate invents no defaults; absent stays absent. Behaviour changes without a change of code.",
        "Send the old default where you rely on it; say it in the changelog.";

    // Limits.
    UPPER_DECREASED = "{place}-{upper}-decreased", Breaking / Info, Major,
        "A request over the new limit is refused. || Answers stay under a lower limit.",
        "Limits are documentation in the crate, never validated there, except where they choose the number type.",
        "Look for callers over the new limit.";
    UPPER_INCREASED = "{place}-{upper}-increased", Info / Breaking, Major,
        "More is accepted than before. || More can come than before; a reader that relies on the old limit fails.",
        "Limits are documentation in the crate, never validated there, except where they choose the number type.",
        "Regenerate.";
    LOWER_INCREASED = "{place}-{lower}-increased", Breaking / Info, Major,
        "A request below the new limit is refused. || Answers stay above a higher limit.",
        "Limits are documentation in the crate, never validated there, except where they choose the number type.",
        "Look for callers below the new limit.";
    LOWER_DECREASED = "{place}-{lower}-decreased", Info / Breaking, Major,
        "Less is accepted than before. || Less can come than before; a reader that relies on the old limit fails.",
        "Limits are documentation in the crate, never validated there, except where they choose the number type.",
        "Regenerate.";
    LIMIT_SET = "{place}-{limit}-set", Breaking / Info, Major,
        "There was no limit; a request beyond this one is refused. || Answers stay within a limit.",
        "Limits are documentation in the crate, never validated there, except where they choose the number type.",
        "Look for callers beyond the limit.";
    LIMIT_UNSET = "{place}-{limit}-unset", Info / Breaking, Major,
        "Values beyond the old limit are accepted. || Values beyond the old limit can come; a reader that relies on it fails.",
        "Limits are documentation in the crate, never validated there, except where they choose the number type.",
        "Regenerate.";
    EXCLUSIVE_SET = "{place}-exclusive-limit-set", Breaking / Info, Patch,
        "The limit itself is no longer allowed.", "Limits are documentation in the crate.", "Look for callers at the limit.";
    EXCLUSIVE_UNSET = "{place}-exclusive-limit-unset", Info / Breaking, Patch,
        "The limit itself is allowed now.", "Limits are documentation in the crate.", "Regenerate.";
    PATTERN_ADDED = "{place}-pattern-added", Breaking / Info, Patch,
        "Values that do not match the pattern are refused. || Values match a pattern.", "Patterns are documentation in the crate, never validated there.",
        "Look for callers whose values do not match.";
    PATTERN_REMOVED = "{place}-pattern-removed", Info / Breaking, Patch,
        "Values need not match the pattern any more. || Values may no longer match the pattern; a reader that relies on it fails.", "Patterns are documentation in the crate, never validated there.",
        "Regenerate.";
    PATTERN_CHANGED = "{place}-pattern-changed", Breaking / Breaking, Patch,
        "Values have to match another pattern; which one is wider is not decided here.",
        "Patterns are documentation in the crate, never validated there.", "Compare the two patterns.";
    UNIQUE_SET = "{place}-unique-items-set", Breaking / Info, Major,
        "An entry may not come twice any more.", "The type of the list may change.", "Regenerate.";
    UNIQUE_UNSET = "{place}-unique-items-unset", Info / Breaking, Major,
        "An entry may come twice now.", "The type of the list may change.", "Regenerate.";
    MULTIPLE_SET = "{place}-multiple-of-set", Breaking / Info, Patch,
        "Only multiples are allowed.", "Documentation in the crate.", "Look for callers with other values.";
    MULTIPLE_UNSET = "{place}-multiple-of-unset", Info / Breaking, Patch,
        "Not only multiples are possible now.", "Documentation in the crate.", "Regenerate.";
    MULTIPLE_CHANGED = "{place}-multiple-of-changed", Breaking / Breaking, Patch,
        "Multiples of another number are asked for.", "Documentation in the crate.", "Compare the two.";

    // Composition.
    ALL_OF_ADDED = "{place}-all-of-added", Breaking / Info, Major,
        "Values have to fit one more schema.", "The Rust type may change.", "Compare the type before and after.";
    ALL_OF_REMOVED = "{place}-all-of-removed", Breaking / Breaking, Major,
        "Values need not fit a schema any more; its fields may be gone.", "The Rust type may change.",
        "Compare the type before and after.";
    ANY_OF_ADDED = "{place}-any-of-added", Info / Breaking, Major,
        "One more alternative is accepted. || One more alternative can come; a reader of the old ones fails.", "The type of the alternatives changes.", "Compare the type before and after.";
    ANY_OF_REMOVED = "{place}-any-of-removed", Breaking / Info, Major,
        "An alternative is refused. || An alternative no longer comes.", "The type of the alternatives changes.", "Compare the type before and after.";
    ONE_OF_ADDED = "{place}-one-of-added", Info / Breaking, Major,
        "One more alternative is accepted. || One more alternative can come; a reader of the old ones fails.", "The type of the alternatives changes.", "Compare the type before and after.";
    ONE_OF_REMOVED = "{place}-one-of-removed", Breaking / Info, Major,
        "An alternative is refused. || An alternative no longer comes.", "The type of the alternatives changes.", "Compare the type before and after.";
    ALTERNATIVES_INTRODUCED = "{place}-alternatives-introduced", Breaking / Breaking, Major,
        "The value is described by alternatives now, which it was not.", "The Rust type changes.",
        "Compare the type before and after.";
    ALTERNATIVES_DROPPED = "{place}-alternatives-dropped", Breaking / Breaking, Major,
        "The value is no longer described by alternatives.", "The Rust type changes.", "Compare the type before and after.";
    COMPOSITION_ORDER = "{place}-composition-order-changed", Warning / Warning, Major,
        "The same schemas in another order; a reader that takes the first that fits may take another one.",
        "Alternatives are tried in order.", "Compare the type before and after.";
    CHECK_ADDED = "{place}-{check}-added", Breaking / Info, Patch,
        "Values have to pass one more check; those that do not are refused. || Values pass one more check.",
        "OpenAPI 3.0 does not have the keyword: the crate does not validate it, the service does.",
        "Look for callers whose values do not pass.";
    CHECK_REMOVED = "{place}-{check}-removed", Info / Breaking, Patch,
        "Values need not pass a check any more. || Values may not pass a check any more; a reader that relies on it fails.",
        "OpenAPI 3.0 does not have the keyword: the crate does not validate it, the service does.", "Regenerate.";
    CHECK_CHANGED = "{place}-{check}-changed", Breaking / Breaking, Patch,
        "Values have to pass another check; which one is wider is not decided here.",
        "OpenAPI 3.0 does not have the keyword: the crate does not validate it, the service does.", "Compare the two.";
    FORM_CHANGED = "{place}-{form}-changed", Breaking / Breaking, Patch,
        "What the value has to look like has changed.",
        "OpenAPI 3.0 does not have the keyword; where it chooses a type, that is reported on its own.",
        "Compare the two.";
    EXTENSIBLE_VALUE_REMOVED = "{place}-x-extensible-enum-value-removed", Breaking / Info, Patch,
        "A value that was among the known ones may be refused. || A value that was among the known ones no longer comes.",
        "The extension is not read; the type stays.", "Find who sends it.";
    NOT_CHANGED = "{place}-not-changed", Breaking / Breaking, Major,
        "What is excluded has changed.", "The Rust type may change.", "Compare the two.";
    DISCRIMINATOR_ADDED = "{place}-discriminator-added", Warning / Warning, Major,
        "A field tells which alternative it is.", "Alternatives may be told apart in another way.",
        "Compare the type before and after.";
    DISCRIMINATOR_REMOVED = "{place}-discriminator-removed", Breaking / Breaking, Major,
        "No field tells any more which alternative it is.", "Alternatives may be told apart in another way.",
        "Compare the type before and after.";
    DISCRIMINATOR_RENAMED = "{place}-discriminator-property-name-changed", Breaking / Breaking, Major,
        "Another field tells which alternative it is.", "Alternatives are told apart in another way.",
        "Compare the type before and after.";
    MAPPING_ADDED = "{place}-discriminator-mapping-added", Info / Breaking, Major,
        "One more value names an alternative.", "Alternatives may be told apart in another way.",
        "Compare the type before and after.";
    MAPPING_DELETED = "{place}-discriminator-mapping-deleted", Breaking / Info, Major,
        "A value no longer names an alternative.", "Alternatives may be told apart in another way.",
        "Compare the type before and after.";
    MAPPING_CHANGED = "{place}-discriminator-mapping-changed", Breaking / Breaking, Major,
        "A value names another alternative.", "Alternatives may be told apart in another way.",
        "Compare the type before and after.";

    // Where and how the service is reached.
    SERVER_ADDED = "server-added", Info / Info, Patch,
        "The service is reached at one more address.", "The default address may change.",
        "See which address the crate uses.";
    SERVER_REMOVED = "server-removed", Breaking / Breaking, Patch,
        "The address is no longer documented; calls to it may fail.", "The default address may change.",
        "See which address the crate uses.";
    SERVERS_REPLACED = "servers-replaced", Breaking / Breaking, Patch,
        "Other addresses apply here than before, said here or elsewhere; calls to the old ones may fail.",
        "The default address may change.", "See which address the crate uses.";
    SERVER_ORDER = "server-order-changed", Warning / Warning, Patch,
        "The addresses come in another order; many clients take the first.", "The default address may change.",
        "See which address the crate uses.";
    SERVER_VARIABLES = "server-variables-changed", Breaking / Breaking, Patch,
        "The variable parts of an address have changed.", "The default address may change.",
        "See which address the crate uses.";
    SECURITY_ADDED = "api-security-added", Breaking / Breaking, Patch,
        "The operation asks for credentials that it did not ask for, or offers another way; who sends none of them is refused.",
        "The runtime sends a bearer token; what else is asked for must be built.", "Compare with what the runtime sends.";
    SECURITY_ALTERNATIVE = "api-security-alternative-added", Info / Info, None,
        "One more way to authenticate; the old ones go on working.", "The runtime goes on sending a bearer token.", "Nothing.";
    SECURITY_REMOVED = "api-security-removed", Breaking / Breaking, Patch,
        "A way to authenticate is gone.", "The runtime sends a bearer token; if that was it, calls fail.",
        "Compare with what the runtime sends.";
    SECURITY_DROPPED = "api-security-dropped", Info / Info, None,
        "No credentials are asked for any more.", "The runtime goes on sending a bearer token.",
        "See whether the token should still travel.";
    GLOBAL_SECURITY_ADDED = "api-global-security-added", Breaking / Breaking, Patch,
        "The service asks for credentials that it did not ask for; who sends none of them is refused.",
        "The runtime sends a bearer token; what else is asked for must be built.", "Compare with what the runtime sends.";
    GLOBAL_SECURITY_REMOVED = "api-global-security-removed", Breaking / Breaking, Patch,
        "A way to authenticate is gone.", "The runtime sends a bearer token; if that was it, calls fail.",
        "Compare with what the runtime sends.";
    SECURITY_SCHEME_ADDED = "api-security-component-added", Info / Info, None,
        "A way to authenticate is described; where it is asked for is reported there.", "Nothing changes.", "Nothing.";
    SECURITY_SCHEME_REMOVED = "api-security-component-removed", Warning / Warning, None,
        "A way to authenticate is no longer described.", "The runtime sends a bearer token.",
        "Compare with what the runtime sends.";
    SECURITY_SCHEME_CHANGED = "api-security-component-changed", Breaking / Breaking, Patch,
        "Credentials are sent or obtained in another way.", "The runtime sends a bearer token; signatures stay.",
        "Compare with what the runtime sends.";

    // What the service calls.
    WEBHOOK_ADDED = "webhook-added", Info / Info, None,
        "The service can call one more address; who has not given it one hears nothing.",
        "Webhooks are calls of the service, so nothing is generated from them.", "Nothing.";
    WEBHOOK_REMOVED = "webhook-removed", Breaking / Breaking, None,
        "The service no longer makes this call; who waits for it waits in vain.",
        "Webhooks are calls of the service, so nothing is generated from them.", "Find who waits for it.";
    WEBHOOK_CHANGED = "webhook-changed", Warning / Warning, None,
        "The service calls in another way, or wants another answer.",
        "Webhooks are calls of the service, so nothing is generated from them.", "Compare with what receives it.";
    CALLBACKS_CHANGED = "callbacks-changed", Warning / Warning, None,
        "What the service calls back, or what it wants to be answered, has changed.",
        "Callbacks are calls of the service, so nothing is generated from them.", "Compare with what receives them.";

    // Words.
    DESCRIPTION_CHANGED = "description-changed", Docs / Docs, Patch,
        "Words only.", "Documentation comments change.", "Read both; a meaning can change by words alone.";
    DESCRIPTION_OBLIGATION = "description-obligation-changed", Warning / Warning, Patch,
        "Words that bind a client have come, gone or moved, so what is allowed or what happens may have changed though the schema has not.",
        "Documentation comments change; see whether the runtime or an extension relies on the old meaning.",
        "Read both descriptions; change code, overlays and fake where the meaning has changed.";
    SUMMARY_CHANGED = "summary-changed", Docs / Docs, Patch,
        "Words only.", "Documentation comments change.", "Regenerate.";
    TITLE_CHANGED = "title-changed", Docs / Docs, Major,
        "Words only.", "The title names alternatives, and types that are written in place inside of others.",
        "Compare the names before and after.";
    EXAMPLE_CHANGED = "example-changed", Docs / Docs, Patch,
        "Words only.", "Documentation comments change.", "See whether the example shows a fact that the schema does not say.";
    EXTERNAL_DOCS_CHANGED = "external-documentation-changed", Docs / Docs, Patch,
        "Words only.", "Documentation comments change.", "Nothing.";
    TAG_DESCRIPTION = "tag-description-changed", Docs / Docs, Patch,
        "Words only.", "Documentation comments change.", "Nothing.";
    INFO_CHANGED = "info-changed", Docs / Docs, Patch,
        "What the document says of itself has changed.", "Documentation changes; the version is never sent.", "Nothing.";
    OPENAPI_VERSION = "openapi-version-changed", Docs / Docs, None,
        "The document is written in another version of OpenAPI.", "Nothing changes.", "Nothing.";
    NOTATION_CHANGED = "notation-changed", Docs / Docs, Patch,
        "The same, said in another way.", "Nothing changes, except possibly in documentation.", "Nothing.";
    TYPE_NOTATION = "type-notation-changed", Docs / Docs, Major,
        "The same, said in another way.",
        "How alternatives are written, and a schema that does not say its type, decides on the Rust type.",
        "Compare the type before and after.";
    EXTENSION_CHANGED = "extension-changed", Info / Info, Major,
        "An `x-` field never travels; what it means is between its author and the tools that read it.",
        "Evidence of an operation that removes decides whether it takes an `Unverified`, `x-undocumented` of a tag puts its \
         group behind a feature; `x-rust-name` and the rules' own marks are read; other extensions are not.",
        "Read it; compare the arguments and the features of the methods.";
    LIFECYCLE_CHANGED = "lifecycle-changed", Warning / Warning, None,
        "How long it stays, or how stable it is meant to be, has changed (`x-sunset`, `x-stability-level`).",
        "The extension is not read.", "See until when it can be used, and what replaces it.";
    UNCLASSIFIED = "unclassified", Warning / Warning, Major,
        "No rule knows this change, so nothing is claimed about it.",
        "Unknown; the comparison of the generated code tells.", "Judge it by hand; if it comes again, add a rule.";
}
