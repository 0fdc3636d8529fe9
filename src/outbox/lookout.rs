//! Where a worker's next claim looks for what is due: at what is due longest or, while lanes without room have most of
//! that, lane by lane.

use crate::domain::timestamp::Timestamp;
use crate::store::claims::{Claimed, Left, Look};
use std::time::Duration;
use tokio::time::Instant;

/// While lanes without room have most of what is due, what is due longest is looked at no more often than this.
const BLOCKED: Duration = Duration::from_millis(400);
/// And lanes that are not known to have room no more often than this, a few at a time.
const STEP: Duration = Duration::from_millis(20);
/// Looks again at least so often, whatever it was told.
pub(super) const LONGEST_REST: Duration = Duration::from_secs(1);

/// What earlier claims of a worker found.
#[derive(Default)]
pub struct Lookout {
    /// When lanes without room were seen to have most of what is due, if they still have as far as is known.
    blocked_at: Option<Instant>,
    /// When lanes were last looked at that were not known.
    walked_at: Option<Instant>,
    /// The last of them, where there are more.
    last_lane: Option<String>,
}

impl Lookout {
    /// Where a claim is to look that begins now; `known` are lanes with room.
    pub fn look(&mut self, known: impl FnOnce() -> Vec<String>, began: Instant) -> Look {
        if self.blocked_at.is_none() {
            return Look::AtTheOldest;
        }
        let walks = self.walked_at.is_none_or(|at| began >= at + STEP);
        let beyond = walks.then(|| {
            self.walked_at = Some(began);
            self.last_lane.take().unwrap_or_default()
        });
        let known = known();
        Look::InLanes { known, beyond }
    }

    /// How long to rest after a claim that began then and ended at `now`; none where the next is to follow.
    pub fn rest(&mut self, claimed: &Claimed, (began, now): (Instant, Timestamp)) -> Option<Duration> {
        match (claimed.left, self.blocked_at) {
            (Left::Blocked, _) => {
                self.blocked_at = Some(began);
                None
            }
            (left, Some(at)) => {
                let has_walked = self.walked_at == Some(began);
                if has_walked {
                    self.last_lane.clone_from(&claimed.last_lane);
                }
                if began >= at + BLOCKED {
                    // It is seen again now, since nothing new is waited for just after a claim.
                    self.blocked_at = None;
                    return None;
                }
                let has_seen_all = has_walked && self.last_lane.is_none();
                match left {
                    Left::Nothing { .. } => Some(if has_seen_all { BLOCKED } else { STEP }),
                    _ => None,
                }
            }
            (Left::More, None) => None,
            (Left::Nothing { next_due }, None) => {
                // What is due and is left waits for room, which wakes us.
                let wait = next_due.map_or(i64::MAX, |due| due.0.saturating_sub(now.0).max(0));
                Some(Duration::from_millis(u64::try_from(wait).unwrap_or_default()).min(LONGEST_REST))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);
    const NOTHING: Left = Left::Nothing { next_due: None };

    /// What a claim came back with.
    fn found(left: Left, last_lane: Option<&str>) -> Claimed {
        Claimed {
            jobs: Vec::new(),
            left,
            last_lane: last_lane.map(str::to_owned),
        }
    }

    /// A claim that begins then and comes back with that: where it looked, and the rest after it.
    fn claim(lookout: &mut Lookout, began: Instant, claimed: &Claimed) -> (Look, Option<Duration>) {
        let look = lookout.look(|| vec!["known".to_owned()], began);
        (look, lookout.rest(claimed, (began, NOW)))
    }

    fn in_lanes(beyond: Option<&str>) -> Look {
        Look::InLanes {
            known: vec!["known".to_owned()],
            beyond: beyond.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_due_longest_is_looked_at_and_then_rested_until_the_next_falls_due() {
        let (mut lookout, began) = (Lookout::default(), Instant::now());
        let due_in = |ms| Left::Nothing {
            next_due: Some(NOW.plus_ms(ms)),
        };
        for (left, rest) in [
            (Left::More, None),
            (NOTHING, Some(LONGEST_REST)),
            (due_in(30), Some(Duration::from_millis(30))),
            (due_in(-30), Some(Duration::ZERO)),
            (due_in(3_600_000), Some(LONGEST_REST)),
        ] {
            let seen = claim(&mut lookout, began, &found(left, None));
            assert_eq!(seen, (Look::AtTheOldest, rest));
        }
    }

    #[test]
    fn past_lanes_without_room_the_known_ones_are_asked_at_each_claim_and_the_others_in_steps() {
        let (mut lookout, began) = (Lookout::default(), Instant::now());
        let seen = claim(&mut lookout, began, &found(Left::Blocked, None));
        assert_eq!(seen, (Look::AtTheOldest, None));
        let ms = |ms| began + Duration::from_millis(ms);
        for (at, left, last_lane, look, rest) in [
            (0, NOTHING, Some("m"), in_lanes(Some("")), Some(STEP)),
            (10, Left::More, None, in_lanes(None), None),
            (20, NOTHING, Some("t"), in_lanes(Some("m")), Some(STEP)),
            (30, NOTHING, None, in_lanes(None), Some(STEP)),
            (40, NOTHING, None, in_lanes(Some("t")), Some(BLOCKED)),
            (60, NOTHING, None, in_lanes(Some("")), Some(BLOCKED)),
        ] {
            let seen = claim(&mut lookout, ms(at), &found(left, last_lane));
            assert_eq!(seen, (look, rest), "after {at} ms");
        }
    }

    #[test]
    fn whether_they_still_are_is_seen_again_right_after_a_claim() {
        let (mut lookout, began) = (Lookout::default(), Instant::now());
        claim(&mut lookout, began, &found(Left::Blocked, None));
        let later = began + BLOCKED;
        let seen = claim(&mut lookout, later, &found(NOTHING, None));
        assert_eq!(seen, (in_lanes(Some("")), None));
        let seen = claim(&mut lookout, later, &found(NOTHING, None));
        assert_eq!(seen, (Look::AtTheOldest, Some(LONGEST_REST)));
    }
}
