//! Exact decimal numbers.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// Maximum absolute exponent for exact arithmetic.
const EXPONENTS: std::ops::RangeInclusive<i32> = -18..=18;

/// A decimal number: `mantissa` times ten to the power of `exponent`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    mantissa: i128,
    exponent: i32,
}

impl Decimal {
    /// The number in a JSON value; `None` if the value is not a number, too large or too precise.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let text = value.as_number()?.to_string();
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let exponent = exponent.parse::<i32>().ok()?;
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        let number = Self {
            mantissa: format!("{whole}{fraction}").parse().ok()?,
            exponent,
        };
        let is_small = number.mantissa.unsigned_abs() < 10_u128.pow(20);
        (is_small && EXPONENTS.contains(&exponent)).then_some(number)
    }

    pub(super) fn whole(number: i128) -> Self {
        Self {
            mantissa: number,
            exponent: 0,
        }
    }

    /// The number as a JSON value; `None` if it would be rounded.
    pub(super) fn to_value(self) -> Option<Value> {
        if let Some(whole) = self.exactly_whole() {
            let signed = i64::try_from(whole).map(Value::from);
            return signed.or_else(|_| u64::try_from(whole).map(Value::from)).ok();
        }
        let number = format!("{}e{}", self.mantissa, self.exponent)
            .parse::<f64>()
            .ok()?;
        let value = Value::Number(Number::from_f64(number)?);
        (Self::of(&value)?.compare(self) == Ordering::Equal).then_some(value)
    }

    fn power(exponent: i32) -> i128 {
        u32::try_from(exponent).map_or(1, |exponent| 10_i128.saturating_pow(exponent))
    }

    /// The mantissas of two numbers for the same exponent.
    ///
    /// Mantissas are below 10^20, and exponents differ by at most 36. If an aligned mantissa does not fit, it
    /// saturates, which keeps the order of the numbers.
    fn aligned(self, other: Self) -> (i128, i128) {
        let exponent = self.exponent.min(other.exponent);
        let scale = |number: Self| {
            number
                .mantissa
                .saturating_mul(Self::power(number.exponent - exponent))
        };
        (scale(self), scale(other))
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        let (left, right) = self.aligned(other);
        left.cmp(&right)
    }

    /// Checks whether the number is a multiple of another number; false if the remainder cannot be computed.
    pub(super) fn is_multiple_of(self, other: Self) -> bool {
        let (left, right) = self.aligned(other);
        let is_exact = ![i128::MAX, i128::MIN].contains(&left) && ![i128::MAX, i128::MIN].contains(&right);
        is_exact && right != 0 && left.checked_rem(right) == Some(0)
    }

    pub(super) fn add(self, other: Self) -> Self {
        let (left, right) = self.aligned(other);
        Self {
            mantissa: left.saturating_add(right),
            exponent: self.exponent.min(other.exponent),
        }
    }

    /// The smallest multiple of the number that is at or above an edge, or strictly above it; `None` if the
    /// multiple cannot be computed.
    pub(super) fn next_multiple(self, edge: Self, is_above: bool) -> Option<Self> {
        let exponent = self.exponent.min(edge.exponent);
        let (step, edge) = self.aligned(edge);
        if step <= 0
            || [step, edge]
                .iter()
                .any(|number| [i128::MAX, i128::MIN].contains(number))
        {
            return None;
        }
        let below = edge.div_euclid(step).checked_mul(step)?;
        let is_enough = below == edge && !is_above;
        Some(Self {
            mantissa: if is_enough {
                below
            } else {
                below.checked_add(step)?
            },
            exponent,
        })
    }

    /// Multiples of the number near another number.
    pub(super) fn multiples_near(self, edge: Self) -> Vec<Self> {
        let (step, edge) = self.aligned(edge);
        let count = edge.checked_div_euclid(step).unwrap_or_default();
        let multiple = |factor: i128| Self {
            mantissa: self.mantissa.saturating_mul(factor),
            exponent: self.exponent,
        };
        (-1..=2)
            .map(|more| multiple(count.saturating_add(more)))
            .collect()
    }

    pub(super) fn negated(self) -> Self {
        Self {
            mantissa: self.mantissa.saturating_neg(),
            ..self
        }
    }

    fn exactly_whole(self) -> Option<i128> {
        let floor = self.floor();
        (Self::whole(floor).compare(self) == Ordering::Equal).then_some(floor)
    }

    pub(super) fn is_whole(self) -> bool {
        self.exactly_whole().is_some()
    }

    /// The largest whole number that is not larger than this number.
    pub(super) fn floor(self) -> i128 {
        if self.exponent >= 0 {
            self.mantissa.saturating_mul(Self::power(self.exponent))
        } else {
            self.mantissa
                .div_euclid(Self::power(self.exponent.saturating_neg()))
        }
    }

    /// The smallest whole number that is not smaller than this number.
    pub(super) fn ceiling(self) -> i128 {
        self.negated().floor().saturating_neg()
    }
}
