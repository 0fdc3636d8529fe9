//! Where a job stands after a send, and when it is due again: one pure function.

use super::outcome::Tried;
use super::schedule::Schedule;
use crate::domain::timestamp::Timestamp;
use crate::store::jobs::{JobKind, JobStatus};

/// What the decision needs to know of the job itself.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What kind of job.
    pub kind: JobKind,
    /// Tries before the one that is decided on.
    pub tries: i64,
    /// When it is tried again.
    pub schedule: &'a Schedule,
}

/// What became true of its target while it was sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Circumstances {
    /// What kept a push from succeeding may be mended: it need not wait for its next try.
    pub hastened: bool,
    /// A push need not arrive any more: there is a newer one, or the ATS has called the order off.
    pub overtaken: bool,
    /// A delivery's endpoint.
    pub endpoint: Endpoint,
}

/// How the endpoint of a delivery stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Endpoint {
    /// It gets what is due.
    #[default]
    Enabled,
    /// What waits for it waits on.
    Disabled,
    /// Nothing can arrive there any more.
    Deleted,
}

/// What is written down of the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// Where it stands.
    pub status: JobStatus,
    /// Not before, where it waits; else when it ended.
    pub due_at: Timestamp,
}

/// Decides what becomes of a job whose send ended so at `now`. `fraction` is the chance in 0..1 that varies a wait.
pub fn decide(
    job: Facts<'_>,
    tried: &Tried,
    circumstances: Circumstances,
    now: Timestamp,
    fraction: f64,
) -> Next {
    let (status, due_at) = match tried {
        Tried::Done { .. } => (JobStatus::Succeeded, now),
        Tried::TakenOut => (JobStatus::Quarantined, now),
        Tried::Gone { .. } => (JobStatus::Paused, now),
        Tried::NotMade => (JobStatus::Pending, now),
        Tried::Never { .. } if job.kind == JobKind::Push => (JobStatus::Rejected, now),
        Tried::Never { .. } => (JobStatus::Exhausted, now),
        Tried::Failed { .. } | Tried::Unready { .. } => {
            let next_try = job
                .schedule
                .next_try(job.tries + 1, now, tried.retry_after(), fraction);
            match next_try {
                Some(_) if job.kind == JobKind::Push && circumstances.hastened => (JobStatus::Pending, now),
                Some(due) => (JobStatus::Pending, due),
                None => (JobStatus::Exhausted, now),
            }
        }
    };
    let status = match (job.kind, status) {
        (JobKind::Push, JobStatus::Pending | JobStatus::Exhausted) if circumstances.overtaken => {
            JobStatus::Superseded
        }
        // The endpoint may have been disabled, enabled or deleted while the call was under way: a job that
        // waits must wait for what is true now, or nothing would ever wake it.
        (JobKind::Delivery, JobStatus::Pending | JobStatus::Paused) => match circumstances.endpoint {
            Endpoint::Enabled => status,
            Endpoint::Disabled => JobStatus::Paused,
            Endpoint::Deleted => JobStatus::Exhausted,
        },
        (_, status) => status,
    };
    Next { status, due_at }
}

#[cfg(test)]
mod tests {
    //! A model lives a job's whole life by another description of the same rules: the waits that are left are a queue
    //! from which each failure takes one, and what an answer means is looked up in a table.

    use super::*;
    use proptest::prelude::*;
    use std::collections::VecDeque;
    use std::time::Duration;

    const HOUR_MS: i64 = 3_600_000;

    /// What can happen to a job.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        /// It is due, is sent, and this comes of it, the receiver asking for so many seconds.
        Sent(Came, Option<u64>, f64),
        /// So many milliseconds pass.
        Passes(i64),
        /// The endpoint is disabled, enabled or deleted.
        Becomes(Endpoint),
        /// There is a newer push.
        IsOvertaken,
        /// What kept the push from succeeding is mended while it is sent.
        IsHastened,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Came {
        Success,
        Failure,
        Unready,
        Gone,
        NotMade,
        TakenOut,
        Never,
    }

    impl Came {
        fn tried(self, hint: Option<u64>) -> Tried {
            let retry_after = hint.map(Duration::from_secs);
            let (error, took) = (String::new(), 1);
            match self {
                Self::Success => Tried::Done { status: 200, took },
                Self::Failure => Tried::Failed {
                    status: Some(503),
                    error,
                    retry_after,
                    took,
                },
                Self::Unready => Tried::Unready { error },
                Self::Gone => Tried::Gone { took },
                Self::NotMade => Tried::NotMade,
                Self::TakenOut => Tried::TakenOut,
                Self::Never => Tried::never("it cannot"),
            }
        }
    }

    /// What an answer means to a job that nothing else happened to. `None`: the schedule says.
    const MEANINGS: [(Came, Option<JobStatus>, Option<JobStatus>); 7] = [
        // What came, for a delivery, for a push.
        (
            Came::Success,
            Some(JobStatus::Succeeded),
            Some(JobStatus::Succeeded),
        ),
        (Came::Failure, None, None),
        (Came::Unready, None, None),
        (Came::Gone, Some(JobStatus::Paused), Some(JobStatus::Paused)),
        (Came::NotMade, Some(JobStatus::Pending), Some(JobStatus::Pending)),
        (
            Came::TakenOut,
            Some(JobStatus::Quarantined),
            Some(JobStatus::Quarantined),
        ),
        (Came::Never, Some(JobStatus::Exhausted), Some(JobStatus::Rejected)),
    ];

    /// The model of a job.
    struct Model {
        kind: JobKind,
        left: VecDeque<u64>,
        endpoint: Endpoint,
        overtaken: bool,
    }

    /// What the model allows: a status, and a wait within these milliseconds.
    struct Allowed {
        status: JobStatus,
        wait: std::ops::RangeInclusive<i64>,
    }

    impl Model {
        fn sent(&mut self, came: Came, hint: Option<u64>, hastened: bool) -> Allowed {
            let (_, delivery, push) = MEANINGS.into_iter().find(|row| row.0 == came).unwrap();
            let is_push = self.kind == JobKind::Push;
            if came == Came::Gone {
                self.left.pop_front();
            }
            let mut wait = 0..=0;
            let mut status = (if is_push { push } else { delivery }).unwrap_or_else(|| {
                let Some(seconds) = self.left.pop_front() else {
                    return JobStatus::Exhausted;
                };
                if !(is_push && hastened) {
                    let step = i64::try_from(seconds * 1000).unwrap();
                    let hint = hint.filter(|_| came == Came::Failure).unwrap_or(0);
                    let asked = i64::try_from(hint * 1000).unwrap().min(HOUR_MS);
                    // The schedule cuts to whole milliseconds.
                    wait = (step * 8 / 10).max(asked)..=(step * 12 / 10).max(asked);
                }
                JobStatus::Pending
            });
            let waits = matches!(status, JobStatus::Pending | JobStatus::Paused);
            if is_push && self.overtaken && matches!(status, JobStatus::Pending | JobStatus::Exhausted) {
                status = JobStatus::Superseded;
            } else if !is_push && waits && self.endpoint == Endpoint::Deleted {
                status = JobStatus::Exhausted;
            } else if !is_push && waits && self.endpoint == Endpoint::Disabled {
                status = JobStatus::Paused;
            }
            Allowed { status, wait }
        }
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let came = prop_oneof![
            1 => Just(Came::Success),
            12 => Just(Came::Failure),
            3 => Just(Came::Unready),
            1 => Just(Came::Gone),
            2 => Just(Came::NotMade),
            1 => Just(Came::TakenOut),
            1 => Just(Came::Never),
        ];
        let hint = proptest::option::weighted(0.3, prop_oneof![0_u64..10_000, Just(u64::from(u32::MAX))]);
        let endpoint = prop_oneof![
            4 => Just(Endpoint::Enabled),
            2 => Just(Endpoint::Disabled),
            1 => Just(Endpoint::Deleted),
        ];
        let step = prop_oneof![
            16 => (came, hint, 0.0..1.0_f64).prop_map(|(came, hint, chance)| Step::Sent(came, hint, chance)),
            3 => (0_i64..100 * HOUR_MS).prop_map(Step::Passes),
            2 => endpoint.prop_map(Step::Becomes),
            1 => Just(Step::IsOvertaken),
            2 => Just(Step::IsHastened),
        ];
        proptest::collection::vec(step, 1..40)
    }

    /// The documented schedule, or an endpoint's own.
    fn waits() -> impl Strategy<Value = Vec<u64>> {
        let usual = vec![5, 30, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
        prop_oneof![
            Just(usual),
            proptest::collection::vec(1_u64..=7 * 24 * 3600, 0..=20)
        ]
    }

    fn kinds() -> impl Strategy<Value = JobKind> {
        prop_oneof![Just(JobKind::Delivery), Just(JobKind::Push)]
    }

    proptest! {
        #[test]
        fn every_life_of_a_job_is_one_that_the_model_allows(
            kind in kinds(), waits in waits(), steps in steps()
        ) {
            let schedule = Schedule::of_waits(waits.clone());
            let mut model =
                Model { kind, left: waits.into(), endpoint: Endpoint::Enabled, overtaken: false };
            let (mut now, mut tries, mut hastened) = (Timestamp(1_700_000_000_000), 0, false);
            let mut stands = Next { status: JobStatus::Pending, due_at: now };
            for step in steps {
                let (came, hint, chance) = match step {
                    Step::Passes(ms) => { now = now.plus_ms(ms); continue; }
                    Step::Becomes(endpoint) => {
                        // Nobody enables what was deleted.
                        if model.endpoint != Endpoint::Deleted { model.endpoint = endpoint; }
                        continue;
                    }
                    Step::IsOvertaken => { model.overtaken = true; continue; }
                    Step::IsHastened => { hastened = true; continue; }
                    Step::Sent(came, hint, chance) => (came, hint, chance),
                };
                match stands.status {
                    JobStatus::Pending => {}
                    // It is sent only once somebody enables its endpoint.
                    JobStatus::Paused if model.endpoint == Endpoint::Enabled => {}
                    JobStatus::Paused => continue,
                    _ => break,
                }
                now = now.max(stands.due_at);
                let job = Facts { kind, tries, schedule: &schedule };
                let tried = came.tried(hint);
                let circumstances =
                    Circumstances { hastened, overtaken: model.overtaken, endpoint: model.endpoint };
                stands = decide(job, &tried, circumstances, now, chance);
                let allowed = model.sent(came, hint, hastened);
                prop_assert_eq!(stands.status, allowed.status);
                prop_assert!(stands.due_at >= now, "never due in the past");
                let wait = stands.due_at.0 - now.0;
                prop_assert!(allowed.wait.contains(&wait), "{} not in {:?}", wait, allowed.wait);
                if !matches!(came, Came::NotMade | Came::TakenOut) { tries += 1; }
                hastened = false;
            }
        }

        #[test]
        fn a_job_that_only_fails_has_as_many_tries_as_its_schedule_within_its_span_and_stays_exhausted(
            kind in kinds(), waits in waits(), chances in proptest::collection::vec(0.0..1.0_f64, 21), more in 0_i64..5
        ) {
            let schedule = Schedule::of_waits(waits.clone());
            let began = Timestamp(1);
            let (mut now, mut tries) = (began, 0);
            loop {
                let job = Facts { kind, tries, schedule: &schedule };
                let chance = chances[usize::try_from(tries).unwrap()];
                let came = if tries % 2 == 0 { Came::Failure } else { Came::Unready };
                let next = decide(job, &came.tried(None), Circumstances::default(), now, chance);
                tries += 1;
                if next.status != JobStatus::Pending {
                    prop_assert_eq!(next, Next { status: JobStatus::Exhausted, due_at: now });
                    break;
                }
                now = next.due_at;
            }
            prop_assert_eq!(usize::try_from(tries).unwrap(), waits.len() + 1);
            let total = i64::try_from(waits.iter().sum::<u64>() * 1000).unwrap();
            prop_assert!((total * 8 / 10 - 20..=total * 12 / 10).contains(&(now.0 - began.0)));
            let job = Facts { kind, tries: tries + more, schedule: &schedule };
            let again = decide(job, &Came::Failure.tried(Some(60)), Circumstances::default(), now, 0.5);
            prop_assert_eq!(again.status, JobStatus::Exhausted);
        }

        #[test]
        fn some_answers_decide_alone_whatever_else_is_true(
            kind in kinds(), tries in 0_i64..30, hastened: bool, overtaken: bool,
            endpoint in prop_oneof![Just(Endpoint::Enabled), Just(Endpoint::Disabled), Just(Endpoint::Deleted)],
        ) {
            let schedule = Schedule::default();
            let circumstances = Circumstances { hastened, overtaken, endpoint };
            let after = |came: Came| {
                let job = Facts { kind, tries, schedule: &schedule };
                decide(job, &came.tried(None), circumstances, Timestamp(9), 0.5).status
            };
            prop_assert_eq!(after(Came::Success), JobStatus::Succeeded);
            prop_assert_eq!(after(Came::TakenOut), JobStatus::Quarantined);
            for came in [Came::Failure, Came::Unready, Came::Gone, Came::NotMade] {
                let waits = after(came) == JobStatus::Pending;
                prop_assert!(!(waits && kind == JobKind::Delivery && endpoint != Endpoint::Enabled));
                prop_assert!(!(waits && kind == JobKind::Push && overtaken));
            }
        }
    }
}
