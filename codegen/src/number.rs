//! Numbers of a document: their order, without rounding.

use std::cmp::Ordering;

use serde_json::Value;

/// The order of two numbers. Whole ones are not rounded, however they are written.
pub(crate) fn compare(left: &Value, right: &Value) -> Ordering {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        // A float with a fraction is smaller than what a float cannot hold exactly.
        _ => left
            .as_f64()
            .partial_cmp(&right.as_f64())
            .unwrap_or(Ordering::Equal),
    }
}

fn whole(value: &Value) -> Option<i128> {
    /// What is less than this fits, and every float that is less than this and whole is exact.
    const BOUND: f64 = 1e38;
    let integer = value.as_i64().map(i128::from);
    let integer = integer.or_else(|| value.as_u64().map(i128::from));
    integer.or_else(|| {
        let float = value.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the bound")]
        (float.fract() == 0.0 && float.abs() < BOUND).then_some(float as i128)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_compared_without_rounding() {
        for (less, more) in [
            (
                json!(9_223_372_036_854_775_806_u64),
                json!(9_223_372_036_854_775_807_u64),
            ),
            (json!(9_007_199_254_740_992.0), json!(9_007_199_254_740_993_u64)),
            (json!(-1), json!(u64::MAX)),
            (json!(1.5), json!(2)),
            (json!(1e300), json!(1e301)),
        ] {
            assert_eq!(compare(&less, &more), Ordering::Less, "{less} {more}");
            assert_eq!(compare(&more, &less), Ordering::Greater, "{less} {more}");
        }
        assert_eq!(compare(&json!(5), &json!(5.0)), Ordering::Equal);
    }
}
