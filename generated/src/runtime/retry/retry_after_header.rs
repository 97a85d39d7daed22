//! Parses `Retry-After` and `retry-after-ms`.

use http::{HeaderMap, header};
use std::time::{Duration, SystemTime};

/// Returns the wait that the headers ask for: `retry-after-ms`, `Retry-After` in seconds, or `Retry-After` as
/// an HTTP date, in this order of precedence. Proxies may add further numbers to a header; the greatest
/// number counts.
///
/// A date is compared with the response's own `Date`, so that a wrong clock on either side does no harm. If
/// the response has no `Date`, the date is compared with `now` in whole seconds, the precision of HTTP dates.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let longest = |name: &str| {
        let lines = headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        lines
            .flat_map(|line| line.split(','))
            .filter_map(number)
            .reduce(f64::max)
    };
    if let Some(milliseconds) = longest("retry-after-ms") {
        return Some(duration(milliseconds / 1_000.0));
    }
    if let Some(seconds) = longest(header::RETRY_AFTER.as_str()) {
        return Some(duration(seconds));
    }
    let until = httpdate::parse_http_date(text(header::RETRY_AFTER.as_str())?).ok()?;
    let now = text(header::DATE.as_str())
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(|| whole_seconds(now));
    Some(until.duration_since(now).unwrap_or_default())
}

fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    // `parse` would accept a sign, an exponent and "inf" as well.
    let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| digits_only)
}

/// Converts seconds to a duration. A number that is too large becomes [`Duration::MAX`].
fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

fn whole_seconds(time: SystemTime) -> SystemTime {
    let fraction = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(Duration::ZERO, |since| {
            Duration::from_nanos(since.subsec_nanos().into())
        });
    time.checked_sub(fraction).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(headers: &[(&'static str, &str)], now: SystemTime) -> Option<Duration> {
        let headers = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        retry_after(&headers, now)
    }

    #[test]
    fn every_form_is_parsed() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(1_000_000_700);
        let date = |seconds| httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        let two = Some(Duration::from_secs(2));
        assert_eq!(parsed(&[("retry-after", "2")], now), two);
        assert_eq!(parsed(&[("retry-after", " 2 ")], now), two);
        assert_eq!(parsed(&[("retry-after", "2, 2")], now), two);
        assert_eq!(parsed(&[("retry-after", "1"), ("retry-after", "2")], now), two);
        for odd in [
            "2, soon",
            "1,  garbage, 2",
            "-1, 2",
            ",2,",
            "2, Wed, 21 Oct 2015 07:28:00 GMT",
        ] {
            assert_eq!(parsed(&[("retry-after", odd)], now), two, "{odd}");
        }
        assert_eq!(
            parsed(&[("retry-after-ms", "1500"), ("retry-after", "9")], now),
            Some(Duration::from_millis(1_500))
        );
        // The fraction of `now`, 1,000,000.7 s, is dropped.
        assert_eq!(parsed(&[("retry-after", &date(1_000_002))], now), two);
        // The local clock is an hour slow, so the service's `Date` counts.
        assert_eq!(
            parsed(
                &[("retry-after", &date(1_003_602)), ("date", &date(1_003_600))],
                now
            ),
            two
        );
        assert_eq!(parsed(&[("retry-after", &date(5))], now), Some(Duration::ZERO));
        assert_eq!(
            parsed(&[("retry-after", &"9".repeat(400))], now),
            Some(Duration::MAX)
        );
        for nonsense in ["", "soon", "-1", "inf", "1e3", "NaN", "."] {
            assert_eq!(parsed(&[("retry-after", nonsense)], now), None, "{nonsense}");
        }
        assert_eq!(parsed(&[], now), None);
    }
}
