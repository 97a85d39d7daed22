//! IDs in the vendor's format, for assets whose IDs the service generates itself (duplicates).
//!
//! The documentation states that an ID has 12 characters. The first 7 characters are the milliseconds since
//! 2019-07-23T00:00:00Z as base-62 digits (0-9, A-Z, a-z). The last 5 characters are random. The vendor's
//! examples show that the most significant digit comes first.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Time 2019-07-23T00:00:00Z, in seconds since 1970.
const EPOCH_SECONDS: u64 = 1_563_840_000;

/// Generates an ID for the time `now`. Times before the vendor's epoch count as the epoch.
pub(crate) fn generate(now: SystemTime, random: &mut fastrand::Rng) -> String {
    let epoch = UNIX_EPOCH + Duration::from_secs(EPOCH_SECONDS);
    let mut rest = now.duration_since(epoch).map_or(0, |since| since.as_millis());
    let mut characters = [b'0'; 12];
    let (timestamp, tail) = characters.split_at_mut(7);
    for place in timestamp.iter_mut().rev() {
        *place = digit(rest % 62);
        rest /= 62;
    }
    for place in tail {
        *place = digit(random.u128(0..62));
    }
    characters.iter().map(|&byte| char::from(byte)).collect()
}

fn digit(value: u128) -> u8 {
    usize::try_from(value)
        .ok()
        .and_then(|index| ALPHABET.get(index))
        .copied()
        .unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn begins_like_the_ids_that_the_vendor_prints() {
        // The times are 2024-08-02T13:51:12.853Z and 2024-07-31T07:06:46.620Z.
        for (milliseconds, prefix) in [(1_722_606_672_853, "2nIemJx"), (1_722_409_606_620, "2n5JuOK")] {
            let id = generate(
                UNIX_EPOCH + Duration::from_millis(milliseconds),
                &mut fastrand::Rng::with_seed(1),
            );
            assert_eq!((id.len(), &id[..7]), (12, prefix));
        }
    }

    #[test]
    fn a_time_before_the_epoch_counts_as_the_epoch() {
        assert!(generate(UNIX_EPOCH, &mut fastrand::Rng::with_seed(1)).starts_with("0000000"));
    }
}
