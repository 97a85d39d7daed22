//! Compares numbers of a document without rounding.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Compares two numbers. Whole numbers are compared exactly, in any notation: `1.0` equals `1`.
pub fn compare(left: &Value, right: &Value) -> Ordering {
    match (whole(left), whole(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        // Rounding cannot change the order here: a float with a fraction has a smaller magnitude than any
        // integer that a float cannot represent exactly.
        _ => left
            .as_f64()
            .partial_cmp(&right.as_f64())
            .unwrap_or(Ordering::Equal),
    }
}

fn whole(value: &Value) -> Option<i128> {
    /// A float without a fraction converts to `i128` exactly if its magnitude is below this bound.
    const BOUND: f64 = 1e38;
    value.as_number().and_then(Number::as_i128).or_else(|| {
        let float = value.as_f64()?;
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and within the bound")]
        (float.fract() == 0.0 && float.abs() < BOUND).then_some(float as i128)
    })
}

/// Returns true if a number keeps its digits when it is parsed. This is true for 64-bit integers, and for
/// numbers whose nearest float prints the same digits, such as `0.1`.
pub(crate) fn is_kept(text: &str) -> bool {
    let is_whole = text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok();
    let float = text.parse().ok().and_then(Number::from_f64);
    is_whole || float.is_some_and(|float| decimal(text) == decimal(&float.to_string()))
}

/// Returns the sign of a number, its digits without leading and trailing zeros, and its exponent.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let unsigned = mantissa.trim_start_matches(['-', '+']);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    if significant.trim_start_matches('0').is_empty() {
        return Some((false, String::new(), 0));
    }
    let zeros = i64::try_from(digits.len() - significant.len()).ok()?;
    let exponent = exponent
        .parse::<i64>()
        .ok()?
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(zeros)?;
    let significant = significant.trim_start_matches('0').to_owned();
    Some((mantissa.starts_with('-'), significant, exponent))
}

#[cfg(test)]
mod tests;
