//! Compares constraints: limits, patterns, multiples, and keywords that `OpenAPI` 3.0 does not have.

use std::cmp::Ordering;

use serde_json::Value;

use funnelflux_openapi::number;

use crate::{
    comparer::Comparer,
    node::Node,
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

/// The keyword `minContains`, as renamed by normalisation. It is the only lower limit whose default is 1.
const MIN_CONTAINS: &str = "x-minContains";

/// Returns the name of this limit in rule IDs, and true for an upper limit.
fn limit_name(keyword: &str) -> Option<(&'static str, bool)> {
    Some(match keyword {
        "maximum" => ("max", true),
        "minimum" => ("min", false),
        "maxLength" => ("max-length", true),
        "minLength" => ("min-length", false),
        "maxItems" => ("max-items", true),
        "minItems" => ("min-items", false),
        "maxProperties" => ("max-properties", true),
        "minProperties" => ("min-properties", false),
        "x-maxContains" => ("max-contains", true),
        MIN_CONTAINS => ("min-contains", false),
        _ => return None,
    })
}

/// Returns the kinds of change for a constraint (if it was added, removed or changed), and its name in rule
/// IDs. Most of the keywords below do not exist in `OpenAPI` 3.0, so normalisation has renamed them to
/// extensions (`x-…`).
fn constraint(keyword: &str) -> Option<([Kind; 3], &'static str)> {
    /// Kinds of change for a keyword that restricts the allowed values: a schema with the keyword is
    /// narrower.
    const NARROWING: [Kind; 3] = [
        Kind::ConstraintAdded,
        Kind::ConstraintRemoved,
        Kind::ConstraintChanged,
    ];
    /// Kinds of change for a keyword whose change may allow more or fewer values.
    const REPRESENTATION: [Kind; 3] = [Kind::RepresentationChanged; 3];
    Some(match keyword {
        // A wider `not` allows fewer values, so one kind covers added, removed and changed.
        "not" => ([Kind::NotChanged; 3], ""),
        "multipleOf" => (
            [Kind::LimitSet, Kind::LimitUnset, Kind::ConstraintChanged],
            "multiple-of",
        ),
        "pattern" => (NARROWING, "pattern"),
        "x-if" => (NARROWING, "if"),
        "x-then" => (NARROWING, "then"),
        "x-else" => (NARROWING, "else"),
        "x-contains" => (NARROWING, "contains"),
        "x-contentSchema" => (NARROWING, "content-schema"),
        "x-dependentRequired" => (NARROWING, "dependent-required"),
        "x-dependentSchemas" => (NARROWING, "dependent-schema"),
        "x-patternProperties" => (NARROWING, "pattern-property"),
        "x-propertyNames" => (NARROWING, "property-names"),
        "x-unevaluatedItems" => (NARROWING, "unevaluated-items"),
        "x-unevaluatedProperties" => (NARROWING, "unevaluated-properties"),
        // Normalisation creates these extensions next to pattern properties and after a tuple.
        "x-additionalProperties" => (NARROWING, "further-properties"),
        "x-items" => (NARROWING, "further-items"),
        // Normalisation creates this extension if the value is always null, or next to an enumeration or
        // union.
        "x-type" => (NARROWING, "types"),
        // This keyword belongs to form parameters of Swagger 2.0.
        "x-allowEmptyValue" => (REPRESENTATION, "allow-empty-value"),
        "x-collectionFormat" => (REPRESENTATION, "collection-format"),
        "x-contentEncoding" => (REPRESENTATION, "content-encoding"),
        "x-contentMediaType" => (REPRESENTATION, "content-media-type"),
        "x-prefixItems" => (REPRESENTATION, "prefix-items"),
        _ => return None,
    })
}

impl<'a> Comparer<'a> {
    /// Compares a constraint as a whole, following references. Returns false if the key is not a constraint.
    pub(super) fn constraint(
        &mut self,
        key: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        context: SchemaContext,
    ) -> bool {
        let keyword = key.trim_start_matches("x-");
        // JSON Schema ignores `contentSchema` without `contentMediaType`.
        let is_ignored = key == "x-contentSchema"
            && [old, site.parent]
                .iter()
                .all(|schema| schema.value.get("x-contentMediaType").is_none());
        let says_nothing = is_ignored
            || says_nothing(key, site.old.as_ref(), old) && says_nothing(key, site.new.as_ref(), site.parent);
        if says_nothing {
            if !site.is_unchanged() {
                self.report(
                    Kind::NotationChanged,
                    site,
                    site.describe(keyword),
                    context.direction,
                );
            }
            return true;
        }
        let Some((kinds, name)) = constraint(key) else {
            return false;
        };
        if let Some(difference) = self.equality.difference(keyword, site) {
            self.change(site.pick(kinds), site, difference.what)
                .context(context)
                .keyword(name)
                .value(difference.value)
                .report();
        }
        true
    }

    /// Compares a bound, a length or a count. Returns false for any other key.
    pub(super) fn limit(&mut self, key: &str, site: &Site<'_, 'a>, context: SchemaContext) -> bool {
        let Some((name, is_upper)) = limit_name(key) else {
            return false;
        };
        if site.values().any(|node| !node.value.is_number()) {
            self.unclassified(site);
            return true;
        }
        let one = Value::from(1);
        let absent = (key == MIN_CONTAINS).then_some(&one);
        let [before, after] = site.sides().map(|node| node.map(|node| node.value).or(absent));
        let order = before
            .zip(after)
            .map(|(before, after)| number::compare(after, before));
        // A lower limit of zero allows everything, unless the keyword is `minimum`.
        let allows_all = |limit: Option<&Value>| limit.is_none_or(|limit| limit.as_f64() == Some(0.0));
        let is_count = !is_upper && !["minimum", MIN_CONTAINS].contains(&key);
        let kind = match (order, is_upper) {
            _ if is_count && allows_all(before) && allows_all(after) => Kind::NotationChanged,
            (None, _) if before.is_none() => Kind::LimitSet,
            (None, _) => Kind::LimitUnset,
            (Some(Ordering::Less), true) => Kind::MaximumDecreased,
            (Some(Ordering::Greater), true) => Kind::MaximumIncreased,
            (Some(Ordering::Less), false) => Kind::MinimumDecreased,
            (Some(Ordering::Greater), false) => Kind::MinimumIncreased,
            // Both sides have the same number in different notations.
            (Some(Ordering::Equal), _) => Kind::NotationChanged,
        };
        self.change(kind, site, site.describe(key.trim_start_matches("x-")))
            .context(context)
            .keyword(name)
            .report();
        true
    }
}

/// Checks whether a content keyword of a string schema (`contentEncoding`, `contentMediaType`) is absent, or
/// has the same meaning as the `format` of the schema.
fn says_nothing(key: &str, keyword: Option<&Node<'_>>, schema: &Node<'_>) -> bool {
    match (keyword.and_then(|node| node.value.as_str()), key) {
        (Some(_), _) => keyword.is_some_and(|node| repeats_format(key, node.value, schema.value)),
        (None, "x-contentEncoding" | "x-contentMediaType") => keyword.is_none(),
        (None, _) => false,
    }
}

/// Checks whether a content keyword has the same meaning as `format`. For example, normalisation derives the
/// format `byte` from `"contentEncoding": "base64"`.
pub(crate) fn repeats_format(key: &str, keyword: &Value, schema: &Value) -> bool {
    let text = keyword.as_str().unwrap_or_default();
    match (key, schema.get("format").and_then(Value::as_str)) {
        ("x-contentEncoding", Some("byte")) => text.eq_ignore_ascii_case("base64"),
        ("x-contentMediaType", Some("binary")) => text == "application/octet-stream",
        _ => false,
    }
}
