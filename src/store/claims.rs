//! Claiming jobs: leasing what is due to a worker, and taking back leases that ended without an outcome.

use super::engine::{Db, StoreResult, clock, on};
use super::jobs::JobRow;
use super::schema::jobs;
use crate::domain::timestamp::Timestamp;
use diesel::dsl::{exists, min, not, sql};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Bool, Text};
use std::collections::{HashMap, HashSet};

/// After so many claims without an outcome a job is taken out, so that it cannot kill workers for ever.
pub const MAX_CLAIMS: i64 = 20;

/// What a worker has room for.
#[derive(Clone, Debug)]
pub struct Room {
    /// Jobs in all.
    pub jobs: i64,
    /// Jobs of one lane, where `lanes` does not say otherwise.
    pub of_any_lane: i64,
    /// Jobs of these lanes; none of one that is held back.
    pub lanes: HashMap<String, i64>,
}

impl Room {
    /// Takes a place, where there is one.
    fn take(&mut self, lane: &str) -> bool {
        let left = self.lanes.entry(lane.to_owned()).or_insert(self.of_any_lane);
        let has_room = self.jobs > 0 && *left > 0;
        if has_room {
            *left -= 1;
            self.jobs -= 1;
        }
        has_room
    }

    fn left(&self, lane: &str) -> i64 {
        let left = self.lanes.get(lane).copied().unwrap_or(self.of_any_lane);
        left.min(self.jobs)
    }
}

/// Where to look for what is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// At what is due longest.
    AtTheOldest,
    /// At what fell due last: while lanes without room have much that is due longer, this is where others' jobs are.
    AtTheNewest,
    /// At what a [`search`] found.
    At(Vec<Candidate>),
}

/// A job that is due, and what decides whether it is taken.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Candidate {
    id: String,
    lane: String,
}

/// What a worker may now send.
pub struct Claimed {
    /// Leased to the caller.
    pub jobs: Vec<JobRow>,
    /// Whether what is due longest is of lanes without room: it need not be looked at again just now, and what others
    /// have beyond it is to be searched for.
    pub is_blocked: bool,
    /// Where there are none: when the next one falls due.
    pub next_due: Option<Timestamp>,
}

/// Leases jobs that are due at `now` for `lease_ms` by the database's clock, as many as there is room for. At most one
/// push of an order is leased at a time.
pub fn claim(
    db: &mut Db<'_>,
    now: Timestamp,
    lease_ms: i64,
    mut room: Room,
    look: Look,
) -> StoreResult<Claimed> {
    let window = room.jobs;
    // What is only looked at, since lanes without room may have much of it, is not locked.
    let is_locked = look == Look::AtTheOldest && room.lanes.values().all(|left| *left > 0);
    let due = match &look {
        Look::AtTheOldest => due(db, now, Due::Longest, window, is_locked)?,
        Look::AtTheNewest => due(db, now, Due::Last, window.min(NEWEST), is_locked)?,
        Look::At(found) => found.clone(),
    };
    let (found, is_full) = (due.len(), is_full(&due, window));
    let taken = due.into_iter().filter(|job| room.take(&job.lane));
    let mut taken: Vec<String> = taken.map(|job| job.id).collect();
    let is_blocked = look == Look::AtTheOldest && is_full && taken.len() < found;
    // The embedded engine's writer is alone, and what it has just read stands.
    let stands = is_locked || (matches!(db, Db::Sqlite(_)) && !matches!(look, Look::At(_)));
    if !stands && !taken.is_empty() {
        // Others may have claimed some of it since.
        let left = due_among(db, now, &taken)?;
        taken.retain(|id| left.contains(id));
    }
    let leased = lease(db, &taken, lease_ms)?;
    Ok(Claimed {
        next_due: if leased.is_empty() { next_due(db)? } else { None },
        jobs: leased,
        is_blocked,
    })
}

/// What a [`search`] found.
pub struct Found {
    /// For [`Look::At`].
    pub jobs: Vec<Candidate>,
    /// Whether what is due longest is still of lanes without room.
    pub is_blocked: bool,
}

/// Looks in every lane for what is due, as much as there is room for, however much of it the others have. It keeps
/// nobody from anything: what is found has still to be claimed.
pub fn search(db: &mut Db<'_>, now: Timestamp, mut room: Room) -> StoreResult<Found> {
    let window = room.jobs;
    let oldest = due(db, now, Due::Longest, window, false)?;
    let is_blocked = is_full(&oldest, window) && oldest.iter().any(|job| room.left(&job.lane) == 0);
    let mut jobs = Vec::new();
    for lane in lanes(db, now)? {
        let left = room.left(&lane);
        if left > 0 {
            let due = due(db, now, Due::InLane(&lane), left, false)?;
            jobs.extend(due.into_iter().filter(|job| room.take(&job.lane)));
        }
    }
    Ok(Found { jobs, is_blocked })
}

/// Whether there may be more beyond what was found in a window.
fn is_full(found: &[Candidate], window: i64) -> bool {
    i64::try_from(found.len()).is_ok_and(|found| found == window)
}

/// How many of the newest are looked at: what some orders bring, each to several lanes.
const NEWEST: i64 = 64;

/// Which of the jobs that are due come first.
enum Due<'a> {
    Longest,
    Last,
    /// Those of one lane alone, the longest due first.
    InLane(&'a str),
    /// These alone.
    Among(&'a [String]),
}

/// Loads candidates; on PostgreSQL, where they are locked, those that no other worker is at.
macro_rules! load {
    ($db:expr, $query:expr, $lock:expr) => {{
        let query = $query.select((jobs::id, jobs::lane));
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
        .filter(sql::<Bool>("jobs.status = 'pending'"))
        .filter(jobs::due_at.le(now.0))
        .filter(jobs::kind.eq("delivery").or(not(exists(another_is_sent))))
        .limit(limit);
    match first {
        Due::Longest => load!(db, query.order(jobs::due_at.asc()), lock),
        Due::Last => load!(db, query.order(jobs::due_at.desc()), lock),
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

/// The lanes in which something is due, each found by one step through the index, however much waits in it.
fn lanes(db: &mut Db<'_>, now: Timestamp) -> StoreResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Lane {
        #[diesel(sql_type = Text)]
        lane: String,
    }
    let walk = |now: &str| {
        format!(
            "WITH RECURSIVE walk (lane) AS ( \
                 SELECT min(lane) FROM jobs WHERE status = 'pending' \
                 UNION ALL \
                 SELECT (SELECT min(lane) FROM jobs WHERE status = 'pending' AND lane > walk.lane) \
                 FROM walk WHERE walk.lane IS NOT NULL) \
             SELECT walk.lane AS lane FROM walk WHERE walk.lane IS NOT NULL AND EXISTS ( \
                 SELECT 1 FROM jobs \
                 WHERE status = 'pending' AND jobs.lane = walk.lane AND jobs.due_at <= {now})"
        )
    };
    let found: Vec<Lane> = match db {
        Db::Sqlite(c) => sql_query(walk("?")).bind::<BigInt, _>(now.0).load(&mut **c)?,
        Db::Postgres(c) => sql_query(walk("$1")).bind::<BigInt, _>(now.0).load(&mut **c)?,
    };
    Ok(found.into_iter().map(|found| found.lane).collect())
}

/// Leases jobs, and returns them in the order in which they are named.
fn lease(db: &mut Db<'_>, ids: &[String], lease_ms: i64) -> StoreResult<Vec<JobRow>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let until = clock(db)?.saturating_add(lease_ms);
    let change = (
        jobs::status.eq("sending"),
        jobs::leased_until.eq(until),
        jobs::fence.eq(jobs::fence + 1),
        jobs::claims.eq(jobs::claims + 1),
    );
    match db {
        // A statement costs no way to a server here, and is prepared once.
        Db::Sqlite(connection) => {
            let lease = |id| {
                let leased = diesel::update(jobs::table.find(id)).set(change);
                leased
                    .returning(JobRow::as_returning())
                    .get_result(&mut **connection)
            };
            Ok(ids.iter().map(lease).collect::<Result<_, _>>()?)
        }
        Db::Postgres(connection) => {
            let leased = diesel::update(jobs::table.filter(jobs::id.eq_any(ids))).set(change);
            let mut leased: Vec<JobRow> = leased.returning(JobRow::as_returning()).load(&mut **connection)?;
            let places: HashMap<&String, usize> = ids.iter().zip(0..).collect();
            leased.sort_by_key(|job| places.get(&job.id));
            Ok(leased)
        }
    }
}

/// When the next job falls due, or fell.
fn next_due(db: &mut Db<'_>) -> StoreResult<Option<Timestamp>> {
    let next = jobs::table
        .filter(sql::<Bool>("jobs.status = 'pending'"))
        .select(min(jobs::due_at));
    let next: Option<i64> = on!(db, |c| next.get_result(c))?;
    Ok(next.map(Timestamp))
}

/// At a start of the one process on the embedded engine, no worker can be alive: frees all leases.
pub fn free_leases(db: &mut Db<'_>) -> StoreResult<usize> {
    take_back(db, i64::MAX)
}

/// Whether a lease has ended without an outcome.
pub fn has_ended_leases(db: &mut Db<'_>) -> StoreResult<bool> {
    let clock = clock(db)?;
    let ended = jobs::table
        .filter(sql::<Bool>("jobs.status = 'sending'"))
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
            .filter(sql::<Bool>("jobs.status = 'sending'"))
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
