//! When to try again.

use crate::domain::timestamp::Timestamp;
use std::time::Duration;

const SECOND: u64 = 1;
const MINUTE: u64 = 60;
const HOUR: u64 = 3600;

/// How long after each failed try, in seconds, unless an endpoint has waits of its own: 11 tries over about 76 hours.
const WAITS: [u64; 10] = [
    5 * SECOND,
    30 * SECOND,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// The longest wait that a receiver can ask for by `Retry-After`.
const LONGEST_HINT: Duration = Duration::from_secs(HOUR);

/// How far a wait is varied, so that what failed together does not come back together.
const JITTER: f64 = 0.2;

/// The waits between the tries at one job; the first try is made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    waits: Vec<u64>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self::of_waits(WAITS.to_vec())
    }
}

impl Schedule {
    /// How many waits an endpoint's own schedule has at most.
    pub const MOST_WAITS: usize = 20;
    /// The longest wait that it may have, in seconds: a week.
    pub const LONGEST_WAIT: u64 = 7 * 24 * HOUR;

    /// So many seconds after each failed try; after the last of these waits there is one more try.
    pub fn of_waits(waits: Vec<u64>) -> Self {
        Self { waits }
    }

    /// The one that an endpoint's column says: its own, or where it says nothing the default.
    pub fn stored(column: Option<&str>) -> Self {
        match column {
            None => Self::default(),
            Some(text) => Self::of_waits(text.split(',').filter_map(|wait| wait.parse().ok()).collect()),
        }
    }

    /// As the column has it: the waits, separated by commas.
    pub fn to_column(&self) -> String {
        let waits: Vec<String> = self.waits.iter().map(u64::to_string).collect();
        waits.join(",")
    }

    /// The waits in seconds.
    pub fn waits(&self) -> &[u64] {
        &self.waits
    }

    /// When the next try is due after `tries` tries failed, the last one at `now`; none after the last one.
    /// `fraction` is a random number in 0..1.
    pub fn next_try(
        &self,
        tries: i64,
        now: Timestamp,
        retry_after: Option<Duration>,
        fraction: f64,
    ) -> Option<Timestamp> {
        let failed = usize::try_from(tries).ok()?;
        let wait = Duration::from_secs(*self.waits.get(failed.checked_sub(1)?)?);
        let varied = wait.mul_f64(1.0 - JITTER + 2.0 * JITTER * fraction.clamp(0.0, 1.0));
        let wait = retry_after.map_or(varied, |hint| varied.max(hint.min(LONGEST_HINT)));
        Some(now.plus_ms(i64::try_from(wait.as_millis()).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn there_are_eleven_tries_over_three_days() {
        let mut now = Timestamp(0);
        let mut tries = 1;
        while let Some(next) = Schedule::default().next_try(tries, now, None, 0.5) {
            now = next;
            tries += 1;
        }
        assert_eq!(tries, 11);
        assert_eq!(now.seconds(), 5 + 30 + 300 + 1800 + 75 * 3600);
    }

    proptest! {
        #[test]
        fn a_wait_is_within_a_fifth_of_its_step_unless_the_receiver_asks_for_longer(
            tries in 1_i64..11, fraction in 0.0..1.0_f64, hint in proptest::option::of(0_u64..100_000)
        ) {
            let step = WAITS[usize::try_from(tries - 1).unwrap()] * 1000;
            let hint_ms = hint.map(|seconds| seconds.min(3600) * 1000).unwrap_or(0);
            let hint = hint.map(Duration::from_secs);
            let due = Schedule::default().next_try(tries, Timestamp(7), hint, fraction).unwrap();
            let wait = u64::try_from(due.0 - 7).unwrap();
            prop_assert!(wait >= (step * 8 / 10).max(hint_ms));
            prop_assert!(wait <= (step * 12 / 10).max(hint_ms));
        }

        #[test]
        fn after_the_last_step_there_is_no_next_try(tries in 11_i64..) {
            let hint = Some(Duration::from_secs(1));
            prop_assert_eq!(Schedule::default().next_try(tries, Timestamp(0), hint, 0.5), None);
        }

        #[test]
        fn what_is_stored_is_read_back(waits in proptest::collection::vec(1..=Schedule::LONGEST_WAIT, 0..=20)) {
            let schedule = Schedule::of_waits(waits);
            prop_assert_eq!(Schedule::stored(Some(&schedule.to_column())), schedule);
        }
    }
}
