//! What a claim costs where a million jobs wait: half of them due long ago in a lane that has no room, half of them due
//! in the future in a thousand lanes.

use super::support::percentile;
use crosscheck::domain::id::ProjectId;
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::outbox::lookout::Lookout;
use crosscheck::store::claims::{self, Claimed, Look, Room};
use crosscheck::store::jobs::{self, JobRow};
use crosscheck::store::outcomes::{self, Finished};
use crosscheck::store::{Db, Store, StoreError, projects};
use diesel::RunQueryDsl;
use std::collections::{HashMap, HashSet};
use tokio::time::Instant;

const NOW: Timestamp = Timestamp(1_000_000_000_000);
const ROUNDS: usize = 300;
/// What is due at each claim.
const DUE: usize = 16;
const HELD: &str = "held";
const GOOD: &str = "good";

/// The median and the 99th percentile of a claim, in milliseconds, before and after a million jobs are added.
pub fn measure(url: &str) -> [(f64, f64); 2] {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = Store::open(url).unwrap();
    let project = ProjectId::new(uuid::Uuid::nil());
    let owner = project.clone();
    let made = store.write(move |db| projects::insert(db, &owner, "bench", NOW));
    runtime.block_on(made).unwrap();
    let before = runtime.block_on(rounds(&store, &project, 0));
    runtime.block_on(add_a_million(&store, &project));
    let after = runtime.block_on(rounds(&store, &project, 1));
    [before, after]
}

async fn rounds(store: &Store, project: &ProjectId, run: usize) -> (f64, f64) {
    let mut times = Vec::with_capacity(ROUNDS);
    let mut lookout = Lookout::default();
    for round in 0..ROUNDS {
        let due: Vec<JobRow> = (0..DUE)
            .map(|number| job(project, &format!("{run}-{round}-{number}")))
            .collect();
        let queue = move |db: &mut Db<'_>| due.iter().try_for_each(|job| jobs::insert(db, job));
        store.write(queue).await.unwrap();
        let room = Room {
            jobs: 256,
            unproven: 256,
            of_any_lane: 64,
            proven: HashSet::new(),
            lanes: HashMap::from([(HELD.to_owned(), 0)]),
        };
        let began = Instant::now();
        let mut claimed = Vec::new();
        // Until the worker would rest.
        loop {
            let one_began = Instant::now();
            let look = lookout.look(|| vec![GOOD.to_owned()], one_began);
            let one = claim(store, room.clone(), look).await;
            let rest = lookout.rest(&one, (one_began, NOW));
            claimed.extend(one.jobs);
            if rest.is_some() {
                break;
            }
        }
        times.push(began.elapsed().as_secs_f64() * 1e3);
        assert_eq!(claimed.len(), DUE, "the others are not kept waiting");
        let ended: Vec<Finished> = claimed.into_iter().map(succeeded).collect();
        store.write(move |db| outcomes::finish(db, &ended)).await.unwrap();
    }
    times.sort_by(f64::total_cmp);
    (percentile(&times, 0.5), percentile(&times, 0.99))
}

async fn claim(store: &Store, room: Room, look: Look) -> Claimed {
    let claim = move |db: &mut Db<'_>| claims::claim(db, NOW, 60_000, room, look);
    store.write(claim).await.unwrap()
}

fn job(project: &ProjectId, id: &str) -> JobRow {
    JobRow {
        id: id.to_owned(),
        project_id: project.as_str().to_owned(),
        kind: "delivery".to_owned(),
        subject_id: "event".to_owned(),
        target_id: GOOD.to_owned(),
        status: "pending".to_owned(),
        due_at: NOW.0 - 10,
        leased_until: None,
        fence: 0,
        claims: 0,
        tries: 0,
        last_status: None,
        last_error: None,
        created_at: NOW.0,
        updated_at: NOW.0,
        lane: GOOD.to_owned(),
        sequence: None,
        position: None,
        skipped: false,
    }
}

fn succeeded(job: JobRow) -> Finished {
    Finished {
        job,
        status: jobs::JobStatus::Succeeded,
        due_at: NOW,
        at: NOW,
        attempt: None,
        reason: None,
    }
}

async fn add_a_million(store: &Store, project: &ProjectId) {
    let columns = "id, project_id, kind, subject_id, target_id, status, due_at, fence, claims, tries, created_at, \
                   updated_at, lane, skipped";
    for half in 0..10 {
        let first = half * 100_000;
        let (lane, due) = match half {
            0..5 => (format!("'{HELD}'"), format!("{} + number", NOW.0 - 2_000_000)),
            _ => (
                "'lane ' || (number % 1000)".to_owned(),
                format!("{} + number", NOW.0 + 1_000),
            ),
        };
        let sql = format!(
            "WITH RECURSIVE numbers (number) AS \
                 (SELECT {first} UNION ALL SELECT number + 1 FROM numbers WHERE number < {first} + 99999) \
             INSERT INTO jobs ({columns}) \
             SELECT 'waiting ' || number, '{}', 'delivery', 'event', {lane}, 'pending', {due}, 0, 0, 0, 0, 0, {lane}, FALSE \
             FROM numbers",
            project.as_str()
        );
        let add = move |db: &mut Db<'_>| {
            match db {
                Db::Sqlite(c) => diesel::sql_query(sql).execute(&mut **c)?,
                Db::Postgres(c) => diesel::sql_query(sql).execute(&mut **c)?,
            };
            Ok::<_, StoreError>(())
        };
        store.write(add).await.unwrap();
    }
}
