//! Comparison of numbers at the limits of their types.

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
