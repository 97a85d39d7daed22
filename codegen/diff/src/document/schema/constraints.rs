//! Constraints: limits, patterns, multiples, and keywords that `OpenAPI` 3.0 does not have.

use std::cmp::Ordering;

use serde_json::Value;

use funnelflux_openapi::number;

use crate::{
    comparer::Comparer,
    node::Node,
    report::{Fact, IntegerRange},
    rules::ChangeKind as Kind,
    site::{SchemaContext, Site},
};

/// The only lower limit whose default is 1.
const MIN_CONTAINS: &str = "x-minContains";

/// Returns the name that rule IDs use for this limit, and true if the limit is an upper limit.
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

/// Returns the name that rule IDs use for a keyword that narrows values. `OpenAPI` 3.0 lacks these keywords;
/// normalising keeps them under `x-`.
fn constraint_name(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        "x-if" => "if",
        "x-then" => "then",
        "x-else" => "else",
        "x-contains" => "contains",
        "x-contentSchema" => "content-schema",
        "x-dependentRequired" => "dependent-required",
        "x-dependentSchemas" => "dependent-schema",
        "x-patternProperties" => "pattern-property",
        "x-propertyNames" => "property-names",
        "x-unevaluatedItems" => "unevaluated-items",
        "x-unevaluatedProperties" => "unevaluated-properties",
        // Normalising keeps these next to pattern properties and after a tuple.
        "x-additionalProperties" => "further-properties",
        "x-items" => "further-items",
        // The type of a value that is always null.
        "x-type" => "null-type",
        _ => return None,
    })
}

/// Returns the name that rule IDs use for a keyword whose change may either widen or narrow values.
fn representation_name(keyword: &str) -> Option<&'static str> {
    Some(match keyword {
        // This keyword belongs to form parameters of Swagger 2.0.
        "x-allowEmptyValue" => "allow-empty-value",
        "x-collectionFormat" => "collection-format",
        "x-contentEncoding" => "content-encoding",
        "x-contentMediaType" => "content-media-type",
        "x-prefixItems" => "prefix-items",
        _ => return None,
    })
}

impl<'a> Comparer<'a> {
    /// Compares a constraint as a whole, following references; false if the key is not a constraint.
    pub(super) fn constraint(
        &mut self,
        key: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        context: SchemaContext,
    ) -> bool {
        if !site.is_unchanged()
            && says_nothing(key, site.old.as_ref(), old)
            && says_nothing(key, site.new.as_ref(), site.parent)
        {
            let what = site.describe(key.trim_start_matches("x-"));
            self.report(Kind::NotationChanged, site, what, context.direction);
            return true;
        }
        let (kind, name) = if key == "not" {
            // A wider `not` allows fewer values, so any difference is one change.
            (Kind::NotChanged, "")
        } else if let Some(name) = constraint_name(key) {
            let kinds = [
                Kind::ConstraintAdded,
                Kind::ConstraintRemoved,
                Kind::ConstraintChanged,
            ];
            (site.kind(kinds), name)
        } else if let Some(name) = representation_name(key) {
            (Kind::RepresentationChanged, name)
        } else {
            return false;
        };
        if let Some(difference) = self.equality.difference(key.trim_start_matches("x-"), site) {
            self.change(kind, site, difference.what)
                .context(context)
                .keyword(name)
                .value(difference.value)
                .report();
        }
        true
    }

    pub(super) fn pattern(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let kinds = [Kind::PatternAdded, Kind::PatternRemoved, Kind::PatternChanged];
        self.report(site.kind(kinds), site, site.describe("pattern"), context);
    }

    pub(super) fn multiple_of(&mut self, site: &Site<'_, 'a>, context: SchemaContext) {
        let kinds = [
            Kind::MultipleOfSet,
            Kind::MultipleOfUnset,
            Kind::MultipleOfChanged,
        ];
        self.report(site.kind(kinds), site, site.describe("multipleOf"), context);
    }

    pub(super) fn exclusive_limit(
        &mut self,
        key: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        context: SchemaContext,
    ) {
        let kinds = [Kind::ExclusiveLimitSet, Kind::ExclusiveLimitUnset];
        let ranges = integer_ranges(old, site.parent);
        if let Some(change) = self.schema_flag(key, site, kinds, context) {
            change.fact(ranges).report();
        }
    }

    /// Compares a bound, a length or a count; false for any other key.
    pub(super) fn limit(
        &mut self,
        key: &str,
        site: &Site<'_, 'a>,
        old: &Node<'a>,
        context: SchemaContext,
    ) -> bool {
        let Some((name, is_upper)) = limit_name(key) else {
            return false;
        };
        if site.values().any(|node| !node.value.is_number()) {
            self.unclassified(site);
            return true;
        }
        let one = Value::from(1);
        let absent = (key == MIN_CONTAINS).then_some(&one);
        let [before, after] =
            [&site.old, &site.new].map(|node| node.as_ref().map(|node| node.value).or(absent));
        let order = before
            .zip(after)
            .map(|(before, after)| number::compare(after, before));
        // A lower limit of zero allows everything, except for `minimum`.
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
        let has_fixed_length = |schema: &Node<'a>| {
            let least = schema.value.get("minItems");
            least.is_some() && least == schema.value.get("maxItems")
        };
        self.change(kind, site, site.describe(key.trim_start_matches("x-")))
            .context(context)
            .keyword(name)
            .fact(integer_ranges(old, site.parent))
            .fact_if(
                has_fixed_length(old) || has_fixed_length(site.parent),
                Fact::FixedLength,
            )
            .report();
        true
    }
}

/// Checks whether a content keyword of a string schema (`contentEncoding`, `contentMediaType`) is redundant:
/// it is absent, or it means the same as `format`.
fn says_nothing(key: &str, keyword: Option<&Node<'_>>, schema: &Node<'_>) -> bool {
    match (keyword.and_then(|node| node.value.as_str()), key) {
        (Some(_), _) => keyword.is_some_and(|node| repeats_format(key, node.value, schema.value)),
        (None, "x-contentEncoding" | "x-contentMediaType") => keyword.is_none(),
        (None, _) => false,
    }
}

/// Checks whether a content keyword means the same as the `format` that normalising derived from it.
pub(crate) fn repeats_format(key: &str, keyword: &Value, schema: &Value) -> bool {
    let text = keyword.as_str().unwrap_or_default();
    match (key, schema.get("format").and_then(Value::as_str)) {
        ("x-contentEncoding", Some("byte")) => text.eq_ignore_ascii_case("base64"),
        ("x-contentMediaType", Some("binary")) => text == "application/octet-stream",
        _ => false,
    }
}

fn integer_ranges(old: &Node<'_>, new: &Node<'_>) -> Fact {
    let range = |schema: &Node<'_>| {
        let bound = |key: &str, exclusive: &str, step: f64| {
            let value = schema.value.get(key).and_then(Value::as_f64)?;
            Some(if schema.flag(exclusive) {
                value + step
            } else {
                value
            })
        };
        (schema.str("type") == Some("integer")).then(|| IntegerRange {
            minimum: bound("minimum", "exclusiveMinimum", 1.0),
            maximum: bound("maximum", "exclusiveMaximum", -1.0),
        })
    };
    Fact::IntegerRanges {
        old: range(old),
        new: range(new),
    }
}
