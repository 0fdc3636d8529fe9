//! Events: what we tell the vendor. Their bytes are fixed when they are committed.

use super::engine::{Db, StoreResult, on};
use super::schema::events;
use crate::domain::id::{EventId, ProjectId};
use crate::store::Page;
use diesel::prelude::*;

/// An event as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = events, treat_none_as_default_value = false)]
pub struct EventRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// `record.new`, ...
    pub event_type: String,
    /// What it is about.
    pub record_id: String,
    /// The customer, where it is about one.
    pub account_id: Option<String>,
    /// The category, where it is about one.
    pub category: Option<String>,
    /// Sealed: the bytes that are sent.
    pub body_sealed: Vec<u8>,
    /// When it happened.
    pub created_at: i64,
}

/// Adds an event.
pub fn insert(db: &mut Db<'_>, row: &EventRow) -> StoreResult<()> {
    on!(db, c => diesel::insert_into(events::table).values(row).execute(c))?;
    Ok(())
}

/// The event with that id, in that project.
pub fn find(db: &mut Db<'_>, project: &ProjectId, id: &EventId) -> StoreResult<Option<EventRow>> {
    let query = events::table
        .find(id.as_str())
        .filter(events::project_id.eq(project.as_str()))
        .select(EventRow::as_select());
    Ok(on!(db, c => query.get_result(c).optional())?)
}

/// Those of `ids` that exist.
pub fn with_ids(db: &mut Db<'_>, ids: &[String]) -> StoreResult<Vec<EventRow>> {
    let query = events::table
        .filter(events::id.eq_any(ids))
        .select(EventRow::as_select());
    Ok(on!(db, c => query.load(c))?)
}

/// A page of a project's events, of one type where one is named.
pub fn list(
    db: &mut Db<'_>,
    project: &ProjectId,
    event_type: Option<&str>,
    record_id: Option<&str>,
    page: &Page,
) -> StoreResult<Vec<EventRow>> {
    let mut query = events::table
        .filter(events::project_id.eq(project.as_str()))
        .order(events::id.desc())
        .limit(page.limit)
        .select(EventRow::as_select())
        .into_boxed();
    if let Some(event_type) = event_type {
        query = query.filter(events::event_type.eq(event_type));
    }
    if let Some(record_id) = record_id {
        query = query.filter(events::record_id.eq(record_id));
    }
    if let Some(after) = &page.after {
        query = query.filter(events::id.lt(after));
    }
    Ok(on!(db, c => query.load(c))?)
}
