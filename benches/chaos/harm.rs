//! The harm that is done: processes killed at random moments, the database restarted as by a crash.

use super::chance::Chance;
use super::database::leases;
use super::postgres;
use super::stage::Stage;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

/// A process lives at most so long after it was ready.
const LIFE: Duration = Duration::from_millis(1_500);
/// One in so many is killed once more while it starts.
const ONE_IN: u64 = 10;
const START: Duration = Duration::from_millis(150);

/// What was seen while the harm was done.
#[derive(Default)]
pub struct Harm {
    /// How long it took from each start, or each return of the database, until all were ready.
    pub ready: Vec<Duration>,
    /// What was being sent at those moments, by anybody: one that was killed keeps its leases for a while.
    pub under_way: BTreeSet<String>,
}

/// Kills replicas, one at a time, each at once started again.
pub fn kill_replicas(stage: &mut Stage, kills: u64, chance: &mut Chance) -> Harm {
    let mut harm = Harm::default();
    let mut killed = 0;
    while killed < kills {
        let victim = chance.below(stage.replicas.len() as u64) as usize;
        let replica = stage.replicas.get_mut(victim).unwrap();
        std::thread::sleep(chance.moment(LIFE));
        loop {
            replica.kill();
            harm.under_way.extend(leases(&stage.url));
            replica.start();
            killed += 1;
            if killed == kills || chance.below(ONE_IN) != 0 {
                break;
            }
            std::thread::sleep(chance.moment(START));
        }
        harm.ready.push(replica.wait());
    }
    harm
}

/// Restarts the database whose data is in `directory` at random moments, one in each part of `span`.
pub fn restart_database(
    stage: &mut Stage,
    directory: &Path,
    restarts: u64,
    span: Duration,
    chance: &mut Chance,
) -> Harm {
    let mut harm = Harm::default();
    let part = span.div_f64(restarts as f64);
    for _ in 0..restarts {
        let began = Instant::now();
        std::thread::sleep(chance.moment(part));
        postgres::script("restart", directory);
        let back = Instant::now();
        harm.under_way.extend(leases(&stage.url));
        while !stage.replicas.iter().all(|replica| replica.is_ready()) {
            std::thread::sleep(Duration::from_millis(2));
        }
        harm.ready.push(back.elapsed());
        std::thread::sleep(part.saturating_sub(began.elapsed()));
    }
    harm
}
