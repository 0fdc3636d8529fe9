//! Projects, and the server's own settings.

use super::engine::{Db, StoreResult, alone, on};
use super::schema::{projects, settings};
use crate::domain::id::ProjectId;
use crate::domain::timestamp::Timestamp;
use diesel::prelude::*;

/// A project as stored.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = projects)]
pub struct ProjectRow {
    /// Id.
    pub id: String,
    /// What people call it.
    pub name: String,
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

/// Whether there is a project with that id.
pub fn exists(db: &mut Db<'_>, id: &ProjectId) -> StoreResult<bool> {
    let found: Option<String> = on!(db, |c| projects::table
        .find(id.as_str())
        .select(projects::id)
        .get_result(c)
        .optional())?;
    Ok(found.is_some())
}

/// Every project, the oldest first.
pub fn list(db: &mut Db<'_>) -> StoreResult<Vec<ProjectRow>> {
    Ok(on!(db, |c| projects::table
        .order(projects::id.asc())
        .select(ProjectRow::as_select())
        .load(c))?)
}

/// Calls a project something else. False where there is none.
pub fn rename(db: &mut Db<'_>, id: &ProjectId, name: &str) -> StoreResult<bool> {
    let target = projects::table.find(id.as_str());
    let changed = on!(db, |c| diesel::update(target)
        .set(projects::name.eq(name))
        .execute(c))?;
    Ok(changed == 1)
}
