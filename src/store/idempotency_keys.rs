//! Answers of writes, by the idempotency keys that came with them.

use super::engine::{Db, StoreResult, alone, on};
use super::schema::idempotency_keys;
use crate::domain::id::ProjectId;
use crate::domain::timestamp::Timestamp;
use diesel::prelude::*;

/// How long a key stands for its answer.
const KEPT_MS: i64 = 24 * 3600 * 1000;

/// The answer that a key stands for.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = idempotency_keys)]
pub struct IdempotencyKeyRow {
    /// Id.
    pub id: String,
    /// Whose key.
    pub project_id: String,
    /// Keyed hash of the key.
    pub key_hash: Vec<u8>,
    /// Keyed hash of the request that it came with first.
    pub fingerprint: Vec<u8>,
    /// Sealed: what came of that request.
    pub answer_sealed: Vec<u8>,
    /// When that was.
    pub created_at: i64,
}

/// Until the transaction ends, nobody else writes under that key: who comes meanwhile waits.
pub fn lock(db: &mut Db<'_>, project: &ProjectId, key_hash: &[u8]) -> StoreResult<()> {
    let name = key_hash.iter().fold(project.as_str().to_owned(), |name, byte| {
        format!("{name}{byte:02x}")
    });
    alone(db, "idempotency_key", &name)
}

/// What a key stands for.
pub fn find(db: &mut Db<'_>, project: &ProjectId, key_hash: &[u8]) -> StoreResult<Option<IdempotencyKeyRow>> {
    Ok(on!(db, |c| idempotency_keys::table
        .filter(idempotency_keys::project_id.eq(project.as_str()))
        .filter(idempotency_keys::key_hash.eq(key_hash))
        .select(IdempotencyKeyRow::as_select())
        .get_result(c)
        .optional())?)
}

/// Adds a key, in the place of one that it outlived.
pub fn put(db: &mut Db<'_>, row: &IdempotencyKeyRow) -> StoreResult<()> {
    let earlier = idempotency_keys::table
        .filter(idempotency_keys::project_id.eq(&row.project_id))
        .filter(idempotency_keys::key_hash.eq(&row.key_hash));
    on!(db, |c| diesel::delete(earlier).execute(c))?;
    on!(db, |c| diesel::insert_into(idempotency_keys::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// The oldest moment of which keys still stand for their answers at `now`.
pub fn oldest(now: Timestamp) -> Timestamp {
    now.plus_ms(-KEPT_MS)
}

/// Whether there are keys that stand for nothing any more at `now`.
pub fn has_old(db: &mut Db<'_>, now: Timestamp) -> StoreResult<bool> {
    let found: Option<String> = on!(db, |c| idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(oldest(now).0))
        .select(idempotency_keys::id)
        .first(c)
        .optional())?;
    Ok(found.is_some())
}

/// Forgets the keys that stand for nothing any more at `now`.
pub fn forget_old(db: &mut Db<'_>, now: Timestamp) -> StoreResult<usize> {
    let old = idempotency_keys::table.filter(idempotency_keys::created_at.lt(oldest(now).0));
    Ok(on!(db, |c| diesel::delete(old).execute(c))?)
}
