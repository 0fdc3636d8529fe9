//! Events: what we tell the vendor. Their bytes are fixed when they are committed.

use super::engine::{Db, StoreResult, on};
use super::schema::events;
use crate::domain::id::{EventId, ProjectId};
use crate::store::Page;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

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
    on!(db, |c| diesel::insert_into(events::table).values(row).execute(c))?;
    Ok(())
}

/// The event with that id, in that project.
pub fn find(db: &mut Db<'_>, project: &ProjectId, id: &EventId) -> StoreResult<Option<EventRow>> {
    Ok(on!(db, |c| events::table
        .find(id.as_str())
        .filter(events::project_id.eq(project.as_str()))
        .select(EventRow::as_select())
        .get_result(c)
        .optional())?)
}

/// Those of `ids` that exist.
pub fn with_ids(db: &mut Db<'_>, ids: &[String]) -> StoreResult<Vec<EventRow>> {
    Ok(on!(db, |c| events::table
        .filter(events::id.eq_any(ids))
        .select(EventRow::as_select())
        .load(c))?)
}

/// Those of `ids` that exist and whose sealed bytes are no more than `length`.
pub fn up_to(db: &mut Db<'_>, ids: &[String], length: i64) -> StoreResult<Vec<EventRow>> {
    let size = sql::<BigInt>("CAST(length(events.body_sealed) AS BIGINT)");
    Ok(on!(db, |c| events::table
        .filter(events::id.eq_any(ids))
        .filter(size.clone().le(length))
        .select(EventRow::as_select())
        .load(c))?)
}

/// A page of a project's events, of one type where one is named.
pub fn list(
    db: &mut Db<'_>,
    project: &ProjectId,
    event_type: Option<&str>,
    record_id: Option<&str>,
    page: &Page,
) -> StoreResult<Vec<EventRow>> {
    Ok(on!(db, |c| {
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
        query.load(c)
    })?)
}
