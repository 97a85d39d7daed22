//! Settings as JSON. A program can load settings that another program has determined.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use crate::settings::{BadEntry, EntryPolicy, Settings};

/// Error for a text that does not describe settings.
#[derive(Debug)]
pub struct SettingsError(String);

impl fmt::Display for SettingsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}\nfix: write an object with the names of settings, such as {{\"unknown_id_status\": 400}}",
            self.0
        )
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Reads settings from JSON. A setting that is absent in the text has its default.
    ///
    /// Choices are written in lower case with hyphens, policies in the form that [`EntryPolicy`] parses, and
    /// the lifetime of tokens in seconds.
    ///
    /// ```
    /// use funnelflux_fake::{EntryPolicy, SaveMeaning, Settings};
    ///
    /// let settings = Settings::from_json(r#"{ "save": "merge", "unknown_entry": "refuse-all:404" }"#)?;
    /// assert_eq!(settings.save, SaveMeaning::Merge);
    /// assert_eq!(settings.unknown_entry, EntryPolicy::refuse_all(404));
    /// # Ok::<(), funnelflux_fake::SettingsError>(())
    /// ```
    ///
    /// # Errors
    /// Returns an error if the text is not JSON, or if it contains an unknown setting or value.
    pub fn from_json(text: &str) -> Result<Self, SettingsError> {
        serde_json::from_str(text).map_err(|error| SettingsError(format!("these are no settings: {error}")))
    }
}

impl fmt::Display for EntryPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            BadEntry::Ignore => formatter.write_str("ignore"),
            BadEntry::RefuseAll(status) => write!(formatter, "refuse-all:{status}"),
            BadEntry::ApplyGood(status) => write!(formatter, "apply-good:{status}"),
            BadEntry::StopAtBad(status) => write!(formatter, "stop-at-bad:{status}"),
        }
    }
}

/// Parses the name of a policy, optionally with the status of the error. Examples are `ignore` and
/// `refuse-all:404`. The default status is 400.
impl FromStr for EntryPolicy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, status) = text.split_once(':').unwrap_or((text, "400"));
        let status = status.parse().ok().filter(|status| (400..500).contains(status));
        let status = status.ok_or_else(|| format!("the status in {text:?} is not between 400 and 499"))?;
        match name {
            "ignore" => Ok(Self::ignore()),
            "refuse-all" => Ok(Self::refuse_all(status)),
            "apply-good" => Ok(Self::apply_good(status)),
            "stop-at-bad" => Ok(Self::stop_at_bad(status)),
            _ => Err(format!(
                "{name:?} is not a policy; expected ignore, refuse-all, apply-good or stop-at-bad, \
                 possibly with a status (refuse-all:404)"
            )),
        }
    }
}

impl Serialize for EntryPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EntryPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Serializes and deserializes a duration as a number of whole seconds.
pub(crate) mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_secs())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClockSource, Limit, LogRetention};

    #[test]
    fn settings_survive_a_file() {
        for seed in 0..200 {
            let settings = Settings {
                max_entries: Some(Limit { max: 10, status: 413 }),
                log: LogRetention::Last(3),
                clock: ClockSource::Wall,
                long_names: Some(300),
                ..Settings::vary(seed)
            };
            let text = serde_json::to_string(&settings).unwrap();
            assert_eq!(Settings::from_json(&text).unwrap(), settings, "{text}");
        }
        assert_eq!(Settings::from_json("{}").unwrap(), Settings::default());
    }

    #[test]
    fn other_texts_are_refused() {
        for (text, message) in [
            ("no", "these are no settings: expected"),
            (r#"{"saving": "merge"}"#, "unknown field `saving`"),
            (r#"{"save": "Merge"}"#, "unknown variant `Merge`"),
            (
                r#"{"locked_entry": "refuse-all:500"}"#,
                "is not between 400 and 499",
            ),
            (r#"{"locked_entry": "refuse"}"#, "is not a policy"),
        ] {
            let error = Settings::from_json(text).unwrap_err().to_string();
            assert!(error.contains(message) && error.contains("\nfix: "), "{error}");
        }
    }
}
