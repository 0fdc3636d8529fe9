//! Projects and their API keys, and the server's own settings.

use super::engine::{Db, StoreResult, alone, on};
use super::schema::{api_keys, projects, settings};
use crate::domain::id::{ApiKeyId, ProjectId};
use crate::domain::timestamp::Timestamp;
use diesel::prelude::*;

/// An API key; the key itself is not stored, only its keyed hash.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, treat_none_as_default_value = false)]
pub struct ApiKeyRow {
    /// Id.
    pub id: String,
    /// Whose key.
    pub project_id: String,
    /// What people call it.
    pub name: String,
    /// Keyed hash.
    pub key_hash: Vec<u8>,
    /// When it was made.
    pub created_at: i64,
    /// When it stopped working.
    pub revoked_at: Option<i64>,
}

/// The sealed value of a server setting.
pub fn setting(db: &mut Db<'_>, name: &str) -> StoreResult<Option<Vec<u8>>> {
    Ok(on!(db, |c| settings::table
        .find(name)
        .select(settings::value_sealed)
        .get_result(c)
        .optional())?)
}

/// Stores a server setting that was not there.
pub fn insert_setting(db: &mut Db<'_>, name: &str, sealed: &[u8]) -> StoreResult<()> {
    let row = (settings::name.eq(name), settings::value_sealed.eq(sealed));
    on!(db, |c| diesel::insert_into(settings::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Until the transaction ends, nobody else makes what every database has once: for processes that come up together.
pub fn lock(db: &mut Db<'_>) -> StoreResult<()> {
    alone(db, "projects", "")
}

/// The first project, where there is one.
pub fn first(db: &mut Db<'_>) -> StoreResult<Option<String>> {
    Ok(on!(db, |c| projects::table
        .order(projects::id.asc())
        .select(projects::id)
        .first(c)
        .optional())?)
}

/// What a project is called.
pub fn name(db: &mut Db<'_>, id: &str) -> StoreResult<Option<String>> {
    Ok(on!(db, |c| projects::table
        .find(id)
        .select(projects::name)
        .get_result(c)
        .optional())?)
}

/// Makes a project.
pub fn insert(db: &mut Db<'_>, id: &ProjectId, name: &str, at: Timestamp) -> StoreResult<()> {
    let row = (
        projects::id.eq(id.as_str()),
        projects::name.eq(name),
        projects::created_at.eq(at.0),
    );
    on!(db, |c| diesel::insert_into(projects::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// The key with that hash, unless it was revoked.
pub fn find_key(db: &mut Db<'_>, hash: &[u8]) -> StoreResult<Option<ApiKeyRow>> {
    Ok(on!(db, |c| api_keys::table
        .filter(api_keys::key_hash.eq(hash))
        .filter(api_keys::revoked_at.is_null())
        .select(ApiKeyRow::as_select())
        .get_result(c)
        .optional())?)
}

/// Adds a key; does nothing where one with that hash exists.
pub fn insert_key(db: &mut Db<'_>, row: &ApiKeyRow) -> StoreResult<()> {
    on!(db, |c| diesel::insert_into(api_keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Every key, the oldest first.
pub fn list_keys(db: &mut Db<'_>) -> StoreResult<Vec<ApiKeyRow>> {
    Ok(on!(db, |c| api_keys::table
        .order(api_keys::id.asc())
        .select(ApiKeyRow::as_select())
        .load(c))?)
}

/// Ends a key. False where there is none, or it had ended.
pub fn revoke_key(db: &mut Db<'_>, id: &ApiKeyId, at: Timestamp) -> StoreResult<bool> {
    let target = api_keys::table
        .find(id.as_str())
        .filter(api_keys::revoked_at.is_null());
    let changed = on!(db, |c| diesel::update(target)
        .set(api_keys::revoked_at.eq(at.0))
        .execute(c))?;
    Ok(changed == 1)
}
