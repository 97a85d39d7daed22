//! Checks texts against the formats `date`, `date-time`, `email`, `ipv4`, `ipv6` and `uri` of JSON Schema.
//! Any other format accepts every text.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Returns true if the text has this format.
pub(crate) fn accepts(format: &str, text: &str) -> bool {
    match format {
        "date" => is_date(text),
        "date-time" => is_date_time(text),
        "email" => text
            .rsplit_once('@')
            .is_some_and(|(user, host)| is_plain(user) && is_plain(host)),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" => is_uri(text),
        _ => true,
    }
}

/// Returns true if a text is not empty and has neither spaces nor control characters.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

/// Returns true if a text is a scheme, a colon and any further text, without spaces.
fn is_uri(text: &str) -> bool {
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter))
    };
    text.split_once(':')
        .is_some_and(|(scheme, rest)| is_scheme(scheme) && (rest.is_empty() || is_plain(rest)))
}

/// Parses a number; `None` if the text does not consist of exactly `digits` digits, or if the number is not
/// in `range`.
fn number(text: &str, digits: usize, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| text.parse().ok()).flatten()?;
    range.contains(&number).then_some(number)
}

/// Returns true if a text is a date of RFC 3339, such as 2024-02-29.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part = |digits, range| number(parts.next()?, digits, range);
    let date = (part(4, 0..=9999), part(2, 1..=12), part(2, 1..=31));
    let (Some(year), Some(month), Some(day)) = date else {
        return false;
    };
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    parts.next().is_none() && day <= days
}

/// Returns true if a text is a date and time of RFC 3339, such as 2024-02-29T12:00:00.5+01:00.
fn is_date_time(text: &str) -> bool {
    let Some((date, time)) = text.split_once(['T', 't']) else {
        return false;
    };
    let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(zone) => time.split_at(zone),
        None => return false,
    };
    let (clock, fraction) = clock.split_once('.').map_or((clock, "0"), |parts| parts);
    let mut parts = clock.split(':');
    // A time may have 60 seconds, because of leap seconds.
    let is_clock = [23, 59, 60].into_iter().all(|last| {
        parts
            .next()
            .is_some_and(|part| number(part, 2, 0..=last).is_some())
    });
    let is_zone = match zone.get(1..) {
        Some("") => zone.eq_ignore_ascii_case("z"),
        Some(offset) => offset.split_once(':').is_some_and(|(hours, minutes)| {
            !zone.starts_with(['Z', 'z'])
                && number(hours, 2, 0..=23).is_some()
                && number(minutes, 2, 0..=59).is_some()
        }),
        None => false,
    };
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    is_date(date) && is_clock && parts.next().is_none() && is_zone && is_fraction
}

#[cfg(test)]
mod tests {
    use super::accepts;

    #[test]
    fn formats_are_read_as_their_standards_say() {
        for (format, good, bad) in [
            ("date", "2024-02-29", "2023-02-29"),
            ("date", "2024-12-31", "2024-12-31T00:00:00Z"),
            ("date", "0001-01-01", "1-1-1"),
            ("date-time", "2024-02-29T23:59:60.5+01:00", "2024-02-29 23:59:00Z"),
            ("date-time", "2024-02-29t00:00:00z", "2024-02-29T24:00:00Z"),
            ("date-time", "2024-02-29T00:00:00-23:59", "2024-02-29T00:00:00"),
            ("date-time", "2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00.Z"),
            ("date-time", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z1"),
            ("email", "a@example.com", "a@"),
            ("ipv4", "127.0.0.1", "127.0.0.256"),
            ("ipv6", "::1", "127.0.0.1"),
            ("uri", "https://example.com/?a=b", "example.com"),
            ("uri", "urn:", "https://exa mple.com"),
        ] {
            assert!(accepts(format, good), "{format}: {good}");
            assert!(!accepts(format, bad), "{format}: {bad}");
        }
        assert!(accepts("password", "anything"));
    }
}
