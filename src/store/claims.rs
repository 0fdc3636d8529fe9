//! Claiming jobs: leasing what is due to a worker, and taking back leases that ended without an outcome.

use super::engine::{Db, POSTGRES_CLOCK, SQLITE_CLOCK, StoreResult, clock, on};
use super::jobs::{COLUMNS, JobRow};
use super::schema::jobs;
use super::statement::{Statement, literal};
use crate::domain::timestamp::Timestamp;
use diesel::backend::Backend;
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::serialize::ToSql;
use diesel::sql_types::{Array, BigInt, Bool, HasSqlType, Text};
use std::collections::{BTreeSet, HashMap, HashSet};

/// After so many claims without an outcome a job is taken out, so that it cannot kill workers for ever.
pub const MAX_CLAIMS: i64 = 20;

/// What a worker has room for.
#[derive(Clone, Debug)]
pub struct Room {
    /// Jobs in all.
    pub jobs: i64,
    /// Jobs in all of lanes that are not proven.
    pub unproven: i64,
    /// Jobs of one lane, where `lanes` does not say otherwise.
    pub of_any_lane: i64,
    /// Jobs of these lanes; none of one that is held back.
    pub lanes: HashMap<String, i64>,
    /// The lanes whose last send ended well.
    pub proven: HashSet<String>,
}

impl Room {
    /// Takes a place, where there is one.
    fn take(&mut self, lane: &str) -> bool {
        let has_room = self.left(lane) > 0;
        if has_room {
            *self.lanes.entry(lane.to_owned()).or_insert(self.of_any_lane) -= 1;
            self.jobs -= 1;
            self.unproven -= i64::from(!self.proven.contains(lane));
        }
        has_room
    }

    fn left(&self, lane: &str) -> i64 {
        let left = self.lanes.get(lane).copied().unwrap_or(self.of_any_lane);
        let left = left.min(self.jobs);
        if self.proven.contains(lane) {
            left
        } else {
            left.min(self.unproven)
        }
    }
}

/// Where to look for what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// At what is due longest.
    AtTheOldest,
    /// Lane by lane: while lanes without room have much that is due longer, what others have is found like this.
    InLanes {
        /// In these.
        known: Vec<String>,
        /// And, if any, in some more: the next by name after this, in which something is due.
        beyond: Option<String>,
    },
}

/// A job that is due, and what decides whether it is taken.
#[derive(Clone, Debug, Queryable, QueryableByName)]
#[diesel(table_name = jobs)]
struct Candidate {
    id: String,
    lane: String,
    due_at: i64,
}

/// What a worker may now send.
pub struct Claimed {
    /// Leased to the caller.
    pub jobs: Vec<JobRow>,
    /// What is left.
    pub left: Left,
    /// Where some lanes were looked at: the last of them by name, if there are more.
    pub last_lane: Option<String>,
}

/// What a claim left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// There may be more to claim at once.
    More,
    /// What is due longest is of lanes without room: it need not be looked at again just now, and what others have
    /// beyond it is to be looked for lane by lane.
    Blocked,
    /// Nothing, until something new comes or a lane has room again.
    Nothing {
        /// When the next job falls due, where that was looked for.
        next_due: Option<Timestamp>,
    },
}

/// Leases jobs that are due at `now` for `lease_ms` by the database's clock, as many as there is room for. At most one
/// push of an order is leased at a time.
pub fn claim(db: &mut Db<'_>, now: Timestamp, lease_ms: i64, room: Room, look: Look) -> StoreResult<Claimed> {
    match look {
        Look::AtTheOldest => claim_the_oldest(db, now, lease_ms, room),
        Look::InLanes { known, beyond } => claim_in_lanes(db, now, lease_ms, room, (known, beyond)),
    }
}

fn claim_the_oldest(db: &mut Db<'_>, now: Timestamp, lease_ms: i64, mut room: Room) -> StoreResult<Claimed> {
    // What is only looked at, since lanes without room may have much of it, is not locked.
    let is_locked = room.lanes.values().all(|left| *left > 0);
    let due = due(db, now, Due::Longest, room.jobs, is_locked)?;
    let (found, is_full) = (due.len(), i64::try_from(due.len()) == Ok(room.jobs));
    let taken = due.into_iter().filter(|job| room.take(&job.lane));
    let mut taken: Vec<String> = taken.map(|job| job.id).collect();
    let is_blocked = is_full && taken.len() < found;
    if !is_locked && !taken.is_empty() && matches!(db, Db::Postgres(_)) {
        // Others may have claimed some of it since. The embedded engine's writer is alone.
        let left = due_among(db, now, &taken)?;
        taken.retain(|id| left.contains(id));
    }
    let jobs = lease(db, &taken, lease_ms)?;
    let left = match is_full {
        true if is_blocked => Left::Blocked,
        true => Left::More,
        false => Left::Nothing {
            next_due: next_due(db, now)?,
        },
    };
    let last_lane = None;
    Ok(Claimed {
        jobs,
        left,
        last_lane,
    })
}

/// How many lanes are looked for beyond those that are known.
const LANES: i64 = 32;
/// How many jobs of a lane are looked at.
const OF_A_LANE: i64 = 32;

fn claim_in_lanes(
    db: &mut Db<'_>,
    now: Timestamp,
    lease_ms: i64,
    mut room: Room,
    (known, beyond): (Vec<String>, Option<String>),
) -> StoreResult<Claimed> {
    let more = match beyond {
        Some(lane) => lanes(db, now, &lane)?,
        None => Vec::new(),
    };
    let is_last = i64::try_from(more.len()) != Ok(LANES);
    let last_lane = more.last().filter(|_| !is_last).map(|last| last.lane.clone());
    let more = more
        .into_iter()
        .filter(|found| found.is_due)
        .map(|found| found.lane);
    let lanes: BTreeSet<String> = known.into_iter().chain(more).collect();
    let lanes = lanes
        .into_iter()
        .map(|lane| (room.left(&lane).min(OF_A_LANE), lane));
    let lanes: Vec<(i64, String)> = lanes.filter(|(left, _)| *left > 0).collect();
    let mut taken = due_in_lanes(db, now, &lanes)?;
    taken.sort_by_key(|job| job.due_at);
    taken.retain(|job| room.take(&job.lane));
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for job in &taken {
        *counts.entry(&job.lane).or_default() += 1;
    }
    let has_more = room.jobs == 0
        || lanes
            .iter()
            .any(|(looked_at, lane)| counts.get(lane.as_str()) == Some(looked_at));
    let taken: Vec<String> = taken.into_iter().map(|job| job.id).collect();
    let jobs = lease(db, &taken, lease_ms)?;
    let left = match has_more {
        true => Left::More,
        false => Left::Nothing { next_due: None },
    };
    Ok(Claimed {
        jobs,
        left,
        last_lane,
    })
}

/// Which of the jobs that are due come first.
enum Due<'a> {
    Longest,
    /// Those of one lane alone, the longest due first.
    InLane(&'a str),
    /// These alone.
    Among(&'a [String]),
}

/// Loads candidates; on PostgreSQL, where they are locked, those that no other worker is at.
macro_rules! load {
    ($db:expr, $query:expr, $lock:expr) => {{
        let query = $query.select((jobs::id, jobs::lane, jobs::due_at));
        match $db {
            Db::Postgres(c) if $lock => Ok(query.for_update().skip_locked().load(&mut **c)?),
            db => Ok(on!(db, |c| query.load(c))?),
        }
    }};
}

/// Up to `limit` jobs that are due. Where they are locked no other worker gets them before the transaction ends.
///
/// The words for the status stand in the SQL itself: a partial index is used only where it can be seen that the
/// query is about the same rows.
fn due(
    db: &mut Db<'_>,
    now: Timestamp,
    first: Due<'_>,
    limit: i64,
    lock: bool,
) -> StoreResult<Vec<Candidate>> {
    let siblings = diesel::alias!(jobs as siblings);
    let another_is_sent = siblings
        .filter(siblings.field(jobs::target_id).eq(jobs::target_id))
        .filter(siblings.field(jobs::kind).eq("push"))
        .filter(siblings.field(jobs::status).eq("sending"));
    let query = jobs::table
        .filter(literal::<Bool>("jobs.status = 'pending'"))
        .filter(jobs::due_at.le(now.0))
        .filter(jobs::kind.eq("delivery").or(not(exists(another_is_sent))))
        .limit(limit);
    match first {
        Due::Longest => load!(db, query.order(jobs::due_at.asc()), lock),
        Due::Among(ids) => load!(db, query.filter(jobs::id.eq_any(ids)), lock),
        Due::InLane(lane) => load!(
            db,
            query.filter(jobs::lane.eq(lane)).order(jobs::due_at.asc()),
            lock
        ),
    }
}

/// Those of `ids` that are still due. No other worker gets them before the transaction ends.
fn due_among(db: &mut Db<'_>, now: Timestamp, ids: &[String]) -> StoreResult<HashSet<String>> {
    let limit = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    let due = due(db, now, Due::Among(ids), limit, true)?;
    Ok(due.into_iter().map(|job| job.id).collect())
}

/// Of each lane so many jobs that are due, the longest due first. No other worker gets them before the transaction ends.
///
/// A lane is asked for as a range, by lane and time: asked for by equality, PostgreSQL may as well go through all that is
/// due and pick out the lane, if it was so that nearly all was of one lane when it last looked.
fn due_in_lanes(db: &mut Db<'_>, now: Timestamp, lanes: &[(i64, String)]) -> StoreResult<Vec<Candidate>> {
    let connection = match db {
        // A statement costs no way to a server here.
        Db::Sqlite(_) => {
            let mut found = Vec::new();
            for (limit, lane) in lanes {
                found.extend(due(db, now, Due::InLane(lane), *limit, false)?);
            }
            return Ok(found);
        }
        Db::Postgres(connection) => connection,
    };
    let (limits, names): (Vec<i64>, Vec<&str>) =
        lanes.iter().map(|(limit, lane)| (*limit, lane.as_str())).unzip();
    let query = Statement::new("SELECT due.id, due.lane, due.due_at FROM unnest(")
        .bind::<Array<Text>, _>(names, ", ")
        .bind::<Array<BigInt>, _>(
            limits,
            ") AS room (lane, jobs) CROSS JOIN LATERAL ( \
                 SELECT id, jobs.lane, due_at FROM jobs \
                 WHERE status = 'pending' AND jobs.lane >= room.lane AND (jobs.lane, due_at) <= (room.lane, ",
        )
        .bind::<BigInt, _>(
            now.0,
            ") AND (kind = 'delivery' OR NOT EXISTS ( \
                     SELECT 1 FROM jobs AS siblings \
                     WHERE siblings.target_id = jobs.target_id AND siblings.kind = 'push' \
                         AND siblings.status = 'sending')) \
             ORDER BY jobs.lane, due_at LIMIT room.jobs FOR UPDATE SKIP LOCKED) AS due",
        );
    Ok(query.load(&mut **connection)?)
}

/// A lane in which something waits.
#[derive(QueryableByName)]
struct Lane {
    #[diesel(sql_type = Text)]
    lane: String,
    #[diesel(sql_type = Bool)]
    is_due: bool,
}

/// The first lanes after this name in which something waits, each found by one step through the index, however much
/// waits in it.
fn lanes(db: &mut Db<'_>, now: Timestamp, after: &str) -> StoreResult<Vec<Lane>> {
    fn walk<DB>(now: Timestamp, after: &str) -> Statement<'_, DB>
    where
        DB: Backend + HasSqlType<Text> + HasSqlType<BigInt>,
        str: ToSql<Text, DB>,
        i64: ToSql<BigInt, DB>,
    {
        // By its order, not as the least one: that could as well be sought among all that waits.
        Statement::new(
            "WITH RECURSIVE walk (lane, steps) AS ( \
                 SELECT (SELECT lane FROM jobs WHERE status = 'pending' AND lane > ",
        )
        .bind::<Text, _>(
            after,
            " ORDER BY lane LIMIT 1), 1 UNION ALL \
                 SELECT (SELECT lane FROM jobs WHERE status = 'pending' AND lane > walk.lane \
                         ORDER BY lane LIMIT 1), steps + 1 \
                 FROM walk WHERE walk.lane IS NOT NULL AND steps < ",
        )
        .bind::<BigInt, _>(
            LANES,
            ") SELECT walk.lane AS lane, EXISTS ( \
                 SELECT 1 FROM jobs \
                 WHERE status = 'pending' AND jobs.lane >= walk.lane AND (jobs.lane, due_at) <= (walk.lane, ",
        )
        .bind::<BigInt, _>(now.0, ")) AS is_due FROM walk WHERE walk.lane IS NOT NULL")
    }
    Ok(on!(db, |c| walk(now, after).load(c))?)
}

/// Leases jobs, and returns them in the order in which they are named.
fn lease(db: &mut Db<'_>, ids: &[String], lease_ms: i64) -> StoreResult<Vec<JobRow>> {
    const LEASE: &str =
        "UPDATE jobs SET status = 'sending', fence = fence + 1, claims = claims + 1, leased_until = ";
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    match db {
        // A statement costs no way to a server here.
        Db::Sqlite(connection) => {
            let lease = |id: &String| {
                let leased = Statement::new(LEASE).sql(SQLITE_CLOCK).sql(" + ");
                let leased = leased.bind::<BigInt, _>(lease_ms, " WHERE id = ");
                let leased = leased.bind::<Text, _>(id, " RETURNING ").sql(COLUMNS);
                leased.get_result(&mut **connection)
            };
            Ok(ids.iter().map(lease).collect::<Result<_, _>>()?)
        }
        Db::Postgres(connection) => {
            let leased = Statement::new(LEASE).sql(POSTGRES_CLOCK).sql(" + ");
            let leased = leased.bind::<BigInt, _>(lease_ms, " WHERE id = ANY(");
            let leased = leased.bind::<Array<Text>, _>(ids, ") RETURNING ").sql(COLUMNS);
            let mut leased: Vec<JobRow> = leased.load(&mut **connection)?;
            let places: HashMap<&String, usize> = ids.iter().zip(0..).collect();
            leased.sort_by_key(|job| places.get(&job.id));
            Ok(leased)
        }
    }
}

/// When the next job falls due that is not due at `now`.
fn next_due(db: &mut Db<'_>, now: Timestamp) -> StoreResult<Option<Timestamp>> {
    #[derive(QueryableByName)]
    struct Next {
        #[diesel(sql_type = BigInt)]
        due_at: i64,
    }
    fn next<DB>(now: Timestamp) -> Statement<'static, DB>
    where
        DB: Backend + HasSqlType<BigInt>,
        i64: ToSql<BigInt, DB>,
    {
        Statement::new("SELECT due_at FROM jobs WHERE status = 'pending' AND due_at > ")
            .bind::<BigInt, _>(now.0, " ORDER BY due_at LIMIT 1")
    }
    let next: Option<Next> = on!(db, |c| next(now).get_result(c).optional())?;
    Ok(next.map(|next| Timestamp(next.due_at)))
}

/// At a start of the one process on the embedded engine, no worker can be alive: frees all leases.
pub fn free_leases(db: &mut Db<'_>) -> StoreResult<usize> {
    take_back(db, i64::MAX)
}

/// Whether a lease has ended without an outcome.
pub fn has_ended_leases(db: &mut Db<'_>) -> StoreResult<bool> {
    let clock = clock(db)?;
    let ended = jobs::table
        .filter(literal::<Bool>("jobs.status = 'sending'"))
        .filter(jobs::leased_until.le(clock))
        .select(jobs::id);
    let ended: Option<String> = on!(db, |c| ended.first(c).optional())?;
    Ok(ended.is_some())
}

/// Takes back the leases that have ended without an outcome.
pub fn take_back_ended(db: &mut Db<'_>) -> StoreResult<usize> {
    let clock = clock(db)?;
    take_back(db, clock)
}

/// Takes back the leases that ended by `until`. What they were for is due again, save a push whose order has a
/// newer one: sent after it, or beside it, it would undo what the ATS shows.
fn take_back(db: &mut Db<'_>, until: i64) -> StoreResult<usize> {
    let ended = || {
        jobs::table
            .filter(literal::<Bool>("jobs.status = 'sending'"))
            .filter(jobs::leased_until.le(until))
    };
    let newer = diesel::alias!(jobs as newer);
    let has_newer = newer
        .filter(newer.field(jobs::target_id).eq(jobs::target_id))
        .filter(newer.field(jobs::kind).eq("push"))
        .filter(newer.field(jobs::created_at).gt(jobs::created_at));
    let outdated = ended().filter(jobs::kind.eq("push")).filter(exists(has_newer));
    let freed = (jobs::status.eq("superseded"), jobs::leased_until.eq(None::<i64>));
    let superseded = on!(db, |c| diesel::update(outdated).set(freed).execute(c))?;
    let freed = (jobs::status.eq("pending"), jobs::leased_until.eq(None::<i64>));
    Ok(superseded + on!(db, |c| diesel::update(ended()).set(freed).execute(c))?)
}
