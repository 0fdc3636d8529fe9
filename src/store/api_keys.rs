//! API keys. A key itself is not stored, only its keyed hash.

use super::engine::{Db, StoreResult, alone, on, word};
use super::schema::api_keys;
use crate::domain::id::{ApiKeyId, ProjectId};
use crate::domain::scope::Scope;
use crate::domain::timestamp::Timestamp;
use crate::store::Page;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// An API key as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, Serialize, Deserialize)]
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
    /// When it was ended by somebody.
    pub revoked_at: Option<i64>,
    /// What it may do.
    pub scope: String,
    /// When it was last used, up to a minute late.
    pub last_used_at: Option<i64>,
    /// When it ends by itself.
    pub expires_at: Option<i64>,
}

impl ApiKeyRow {
    /// What it may do.
    pub fn scope(&self) -> StoreResult<Scope> {
        word(Scope::parse(&self.scope), "api_keys.scope")
    }

    /// Whether it opens anything at `at`.
    pub fn is_usable(&self, at: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| end > at.0)
    }
}

/// Until the transaction ends, nobody else changes the project's keys.
pub fn lock(db: &mut Db<'_>, project: &ProjectId) -> StoreResult<()> {
    alone(db, "api_keys", project.as_str())
}

/// The key with that hash, usable or not.
pub fn with_hash(db: &mut Db<'_>, hash: &[u8]) -> StoreResult<Option<ApiKeyRow>> {
    Ok(on!(db, |c| api_keys::table
        .filter(api_keys::key_hash.eq(hash))
        .select(ApiKeyRow::as_select())
        .get_result(c)
        .optional())?)
}

/// The key with that id, in that project.
pub fn find(db: &mut Db<'_>, project: &ProjectId, id: &ApiKeyId) -> StoreResult<Option<ApiKeyRow>> {
    Ok(on!(db, |c| api_keys::table
        .find(id.as_str())
        .filter(api_keys::project_id.eq(project.as_str()))
        .select(ApiKeyRow::as_select())
        .get_result(c)
        .optional())?)
}

/// Adds a key; does nothing where one with that hash exists.
pub fn insert(db: &mut Db<'_>, row: &ApiKeyRow) -> StoreResult<()> {
    on!(db, |c| diesel::insert_into(api_keys::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// A page of a project's keys.
pub fn list(db: &mut Db<'_>, project: &ProjectId, page: &Page) -> StoreResult<Vec<ApiKeyRow>> {
    Ok(on!(db, |c| {
        let mut query = api_keys::table
            .filter(api_keys::project_id.eq(project.as_str()))
            .order(api_keys::id.desc())
            .limit(page.limit)
            .select(ApiKeyRow::as_select())
            .into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(api_keys::id.lt(after));
        }
        query.load(c)
    })?)
}

/// Every key of every project, the oldest first.
pub fn list_all(db: &mut Db<'_>) -> StoreResult<Vec<ApiKeyRow>> {
    Ok(on!(db, |c| api_keys::table
        .order(api_keys::id.asc())
        .select(ApiKeyRow::as_select())
        .load(c))?)
}

/// Whether a project has an admin key that is usable at `at`, that one apart.
pub fn has_other_admin(
    db: &mut Db<'_>,
    project: &ProjectId,
    id: &ApiKeyId,
    at: Timestamp,
) -> StoreResult<bool> {
    let others = api_keys::table
        .filter(api_keys::project_id.eq(project.as_str()))
        .filter(api_keys::id.ne(id.as_str()))
        .filter(api_keys::scope.eq(Scope::Admin.as_str()))
        .filter(api_keys::revoked_at.is_null())
        .filter(api_keys::expires_at.is_null().or(api_keys::expires_at.gt(at.0)));
    Ok(on!(db, |c| diesel::select(diesel::dsl::exists(others)).get_result(c))?)
}

/// Ends a key of whichever project. False where there is none, or somebody had ended it.
pub fn revoke(db: &mut Db<'_>, id: &ApiKeyId, at: Timestamp) -> StoreResult<bool> {
    let target = api_keys::table
        .find(id.as_str())
        .filter(api_keys::revoked_at.is_null());
    let changed = on!(db, |c| diesel::update(target)
        .set(api_keys::revoked_at.eq(at.0))
        .execute(c))?;
    Ok(changed == 1)
}

/// Lets a key end by itself at `at`.
pub fn expire(db: &mut Db<'_>, id: &ApiKeyId, at: Timestamp) -> StoreResult<()> {
    let target = api_keys::table.find(id.as_str());
    on!(db, |c| diesel::update(target)
        .set(api_keys::expires_at.eq(at.0))
        .execute(c))?;
    Ok(())
}

/// Notes that a key was used at `at`, unless a later use is known.
pub fn note_use(db: &mut Db<'_>, id: &ApiKeyId, at: Timestamp) -> StoreResult<()> {
    let unknown = api_keys::last_used_at
        .is_null()
        .or(api_keys::last_used_at.lt(at.0));
    let target = api_keys::table.find(id.as_str()).filter(unknown);
    on!(db, |c| diesel::update(target)
        .set(api_keys::last_used_at.eq(at.0))
        .execute(c))?;
    Ok(())
}
