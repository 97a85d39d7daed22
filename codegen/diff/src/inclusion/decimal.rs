//! Exact decimal numbers.

use num_rational::Ratio;
use num_traits::{CheckedAdd, CheckedDiv, CheckedMul};
use serde_json::{Number, Value};

/// Exponents that exact arithmetic supports.
const EXPONENTS: std::ops::RangeInclusive<i32> = -18..=18;

/// A decimal number. Operations return `None` if they cannot compute the exact result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Decimal(Ratio<i128>);

impl Decimal {
    /// Reads a JSON value. Returns `None` if the value is not a number, or if the number is too large or too
    /// precise.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let text = value.as_number()?.to_string();
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let exponent = exponent.parse::<i32>().ok()?;
        let exponent = exponent.checked_sub(i32::try_from(fraction.len()).ok()?)?;
        let mantissa: i128 = format!("{whole}{fraction}").parse().ok()?;
        if mantissa.unsigned_abs() >= 10_u128.pow(20) || !EXPONENTS.contains(&exponent) {
            return None;
        }
        let power = 10_i128.pow(exponent.unsigned_abs());
        Some(Self(if exponent < 0 {
            Ratio::new(mantissa, power)
        } else {
            Ratio::from_integer(mantissa * power)
        }))
    }

    pub(super) fn whole(number: i128) -> Self {
        Self(Ratio::from_integer(number))
    }

    /// Returns the number as a JSON value, or `None` if the number would be rounded.
    pub(super) fn to_value(self) -> Option<Value> {
        if self.is_whole() {
            let whole = self.floor();
            let signed = i64::try_from(whole).map(Value::from);
            return signed.or_else(|_| u64::try_from(whole).map(Value::from)).ok();
        }
        #[expect(clippy::cast_precision_loss, reason = "a rounded number is left out")]
        let number = *self.0.numer() as f64 / *self.0.denom() as f64;
        let value = Value::Number(Number::from_f64(number)?);
        (Self::of(&value)? == self).then_some(value)
    }

    /// Checks whether the number is a multiple of another number. Returns false if that cannot be computed.
    pub(super) fn is_multiple_of(self, other: Self) -> bool {
        self.0
            .checked_div(&other.0)
            .is_some_and(|factor| factor.is_integer())
    }

    pub(super) fn add(self, other: Self) -> Option<Self> {
        self.0.checked_add(&other.0).map(Self)
    }

    /// Returns the smallest multiple of the number that is at least `edge`. If `is_above` is true, the
    /// multiple must be greater than `edge`.
    pub(super) fn next_multiple(self, edge: Self, is_above: bool) -> Option<Self> {
        let factor = Self(edge.0.checked_div(&self.0).filter(|_| *self.0.numer() > 0)?);
        let factor = if is_above {
            factor.floor().checked_add(1)?
        } else {
            factor.ceiling()
        };
        self.0.checked_mul(&factor.into()).map(Self)
    }

    /// Lists multiples of the number that are near `edge`.
    pub(super) fn multiples_near(self, edge: Self) -> impl Iterator<Item = Self> {
        let factor = edge.0.checked_div(&self.0).map(|factor| Self(factor).floor());
        let factors = factor
            .into_iter()
            .flat_map(|factor| (-1..=2).filter_map(move |more| factor.checked_add(more)));
        factors.filter_map(move |factor| self.0.checked_mul(&factor.into()).map(Self))
    }

    pub(super) fn negated(self) -> Self {
        Self(-self.0)
    }

    pub(super) fn is_whole(self) -> bool {
        self.0.is_integer()
    }

    /// Returns the largest whole number that is not larger than this number.
    pub(super) fn floor(self) -> i128 {
        self.0.numer().div_euclid(*self.0.denom())
    }

    /// Returns the smallest whole number that is not smaller than this number.
    pub(super) fn ceiling(self) -> i128 {
        self.negated().floor().saturating_neg()
    }
}
