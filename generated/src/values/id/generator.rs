//! Generator of IDs in the vendor's format: 7 digits of time and 5 random digits, in base 62.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

/// Base-62 digits in ascending order (documented).
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Length of an ID in characters (documented).
const LENGTH: usize = 12;
/// Number of possible IDs per millisecond.
const PER_MILLISECOND: u128 = 62u128.pow(5);
/// Number of milliseconds that IDs can represent, up to the year 2131.
const MILLISECONDS: u128 = 62u128.pow(7);
/// Start of the vendor's time scale, 2019-07-23T00:00:00Z (documented), as Unix time.
const EPOCH: Duration = Duration::from_hours(434_400);
/// Upper bound of the random step between IDs of the same millisecond.
const MAX_STEP: u128 = 1 << 16;

/// Generates IDs in ascending order.
#[derive(Debug)]
pub(crate) struct IdGenerator {
    last: Mutex<u128>,
}

/// Error: the clock of this machine is outside the range of the ID format, so no ID can be generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClockOutOfRange;

impl fmt::Display for ClockOutOfRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(
            "cannot generate an ID: the clock of this machine is before 2019-07-23 or after 2131; correct it",
        )
    }
}

impl std::error::Error for ClockOutOfRange {}

impl IdGenerator {
    pub(crate) const fn new() -> Self {
        Self { last: Mutex::new(0) }
    }

    /// Generates the next ID. While the clock stands still or goes back, each ID is the last ID plus a random
    /// step.
    pub(crate) fn next(
        &self,
        now: SystemTime,
        random: &mut fastrand::Rng,
    ) -> Result<String, ClockOutOfRange> {
        let milliseconds = now
            .duration_since(SystemTime::UNIX_EPOCH + EPOCH)
            .map_err(|_| ClockOutOfRange)?
            .as_millis();
        let fresh = milliseconds * PER_MILLISECOND + random.u128(0..PER_MILLISECOND);
        let number = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let number = fresh.max(*last + 1 + random.u128(0..MAX_STEP));
            if milliseconds >= MILLISECONDS || number >= MILLISECONDS * PER_MILLISECOND {
                return Err(ClockOutOfRange);
            }
            *last = number;
            number
        };
        Ok(encode(number))
    }
}

/// Generates an ID with the generator of this process.
pub(crate) fn generate() -> Result<String, ClockOutOfRange> {
    static GENERATOR: IdGenerator = IdGenerator::new();
    GENERATOR.next(SystemTime::now(), &mut fastrand::Rng::new())
}

fn encode(mut number: u128) -> String {
    let mut digits = [b'0'; LENGTH];
    for digit in digits.iter_mut().rev() {
        let index = usize::try_from(number % 62).unwrap_or_default();
        *digit = DIGITS.get(index).copied().unwrap_or(b'0');
        number /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

fn decode(id: &str) -> Option<u128> {
    if id.len() != LENGTH {
        return None;
    }
    id.bytes().try_fold(0, |number: u128, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        Some(number * 62 + u128::from(digit))
    })
}

/// Checks whether an ID has the documented format: 12 characters of `0-9A-Za-z`.
pub(crate) fn is_well_formed(id: &str) -> bool {
    decode(id).is_some()
}

/// Creation time of an ID in the documented format, to the millisecond.
pub(crate) fn created_at(id: &str) -> Option<SystemTime> {
    let milliseconds = u64::try_from(decode(id)? / PER_MILLISECOND).ok()?;
    SystemTime::UNIX_EPOCH
        .checked_add(EPOCH)?
        .checked_add(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn at(milliseconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_vendors_ids_contain_their_creation_time() {
        // 2024-08-02T13:51:12.853Z and 2024-07-31T07:06:46.620Z
        assert_eq!(created_at("2nIemJxCKbFX"), Some(at(1_722_606_672_853)));
        assert_eq!(created_at("2n5JuOKWLTzd"), Some(at(1_722_409_606_620)));
        for id in ["", "123", "2nIemJxCKbF-", "2nIemJxCKbFXX", "äöü-äöü"] {
            assert_eq!(created_at(id), None, "{id}");
        }
    }

    #[test]
    fn a_clock_outside_the_format_is_an_error() {
        let random = &mut fastrand::Rng::with_seed(7);
        let generator = IdGenerator::new();
        assert_eq!(generator.next(at(0), random), Err(ClockOutOfRange));
        let end = 1_563_840_000_000 + 62u64.pow(7);
        assert_eq!(generator.next(at(end), random), Err(ClockOutOfRange));
        assert!(generator.next(at(end - 1), random).is_ok());
    }

    #[test]
    fn ids_are_unique_and_increasing_under_64_threads() {
        let generator = IdGenerator::new();
        let frozen = at(1_800_000_000_000);
        let all: Vec<Vec<String>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..64)
                .map(|seed| {
                    let generator = &generator;
                    scope.spawn(move || {
                        let mut random = fastrand::Rng::with_seed(seed);
                        (0..500)
                            .map(|_| generator.next(frozen, &mut random).unwrap())
                            .collect()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.iter().all(|ids| ids.is_sorted_by(|a, b| a < b)));
        let distinct: HashSet<&String> = all.iter().flatten().collect();
        assert_eq!(distinct.len(), 64 * 500);
    }

    #[test]
    fn generated_ids_are_well_formed_and_current() {
        let before = SystemTime::now() - Duration::from_millis(1);
        let id = generate().unwrap();
        assert!(is_well_formed(&id) && created_at(&id).unwrap() >= before, "{id}");
    }

    proptest! {
        #[test]
        fn ids_increase_whatever_the_clock_does(
            seed: u64, steps in prop::collection::vec(-5_000i64..5_000, 1..200)
        ) {
            let generator = IdGenerator::new();
            let mut random = fastrand::Rng::with_seed(seed);
            let mut clock = 1_700_000_000_000i64;
            let mut last = String::new();
            for step in steps {
                clock += step;
                let id = generator.next(at(clock.unsigned_abs()), &mut random).unwrap();
                prop_assert!(id > last, "{id} after {last}");
                prop_assert!(is_well_formed(&id));
                prop_assert!(created_at(&id).unwrap() >= at(clock.unsigned_abs()));
                last = id;
            }
        }

        #[test]
        fn every_number_has_one_id(number in 0..MILLISECONDS * PER_MILLISECOND) {
            prop_assert_eq!(decode(&encode(number)), Some(number));
        }
    }
}
