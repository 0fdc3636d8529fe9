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

    /// Reads an RFC 3339 date-time (`2026-02-03T10:12:00Z`, any offset) of the years that have four digits.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let at: jiff::Timestamp = text.parse().ok().filter(|_| is_rfc3339(text))?;
        Some(Self(at.as_millisecond())).filter(|at| is_rfc3339(&at.to_string()))
    }

    /// For people: `3 February 2026, 10:12 UTC`.
    pub fn to_words(self) -> String {
        self.as_jiff().strftime("%-d %B %Y, %H:%M UTC").to_string()
    }

    fn as_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// Whether `text` is spelled as RFC 3339 has it: parsers take more of ISO 8601, which not every reader does. A leap
/// second is none that we can keep.
fn is_rfc3339(text: &str) -> bool {
    const MOMENT: &str = "0000-00-00T00:00:00";
    let Some((moment, rest)) = text.split_at_checked(MOMENT.len()) else {
        return false;
    };
    let zone = match rest.strip_prefix('.') {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => {
            fraction.trim_start_matches(|c: char| c.is_ascii_digit())
        }
        Some(_) => return false,
        None => rest,
    };
    let is_offset = ["+00:00", "-00:00"].iter().any(|form| has_form(zone, form));
    has_form(moment, MOMENT)
        && !moment.ends_with("60")
        && (has_form(zone, "Z") || (is_offset && zone.get(1..3).is_some_and(|hours| hours < "24")))
}

/// Whether `text` has the letters and signs of `form`, and digits where that has zeros.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(byte, wanted): (u8, u8)| match wanted {
        b'0' => byte.is_ascii_digit(),
        wanted => byte.eq_ignore_ascii_case(&wanted),
    };
    text.len() == form.len() && text.bytes().zip(form.bytes()).all(fits)
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
        for other in [
            "yesterday",
            "2026-02-03T10+01:00",
            "2026-02-03 10:13:00Z",
            "2026-02-03T10:13:60Z",
            "2026-02-03T10:13:00.Z",
            "2026-02-03T10:13:00+24:00",
            "2026-02-03T10:13:00Z[UTC]",
            "0000-01-01T00:00:00+01:00",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(other), None, "{other}");
        }
        assert_eq!(at.to_words(), "3 February 2026, 10:13 UTC");
    }
}
