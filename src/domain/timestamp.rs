//! A moment in time as everything here stores and shows it.

use serde::{Serialize, Serializer};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment moved by `milliseconds`, which may be negative.
    pub fn plus_ms(self, milliseconds: i64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// Whole seconds since the epoch, as Standard Webhooks' `webhook-timestamp` wants them.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads an RFC 3339 date-time (`2026-02-03T10:12:00Z`, any offset).
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>()
            .ok()
            .map(|at| Self(at.as_millisecond()))
    }

    /// For people: `3 February 2026, 10:12 UTC`.
    pub fn to_words(self) -> String {
        self.as_jiff().strftime("%-d %B %Y, %H:%M UTC").to_string()
    }

    fn as_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// ISO 8601 with milliseconds: `2026-02-03T10:12:00.000Z`.
impl std::fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:.3}", self.as_jiff())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_shown_with_milliseconds_and_read_back_from_any_offset() {
        let at = Timestamp(1_770_113_580_000);
        assert_eq!(at.to_string(), "2026-02-03T10:13:00.000Z");
        assert_eq!(Timestamp::parse_rfc3339("2026-02-03T11:13:00+01:00"), Some(at));
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
        assert_eq!(at.to_words(), "3 February 2026, 10:13 UTC");
    }
}
