//! Events: what we tell the vendor. Their bytes are fixed when they are committed.

use super::engine::{self, Db, StoreResult, on};
use super::schema::{accounts, events};
use super::statement::literal;
use crate::domain::id::{EventId, ProjectId};
use crate::domain::timestamp::Timestamp;
use crate::store::Page;
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

/// What of an event its deliveries go by: all but its bytes.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = events)]
pub struct EventHead {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// `record.new`, ...
    pub event_type: String,
    /// What it is about.
    pub record_id: String,
    /// The category, where it is about one.
    pub category: Option<String>,
}

impl EventRow {
    /// All but its bytes.
    pub fn head(&self) -> EventHead {
        EventHead {
            id: self.id.clone(),
            project_id: self.project_id.clone(),
            event_type: self.event_type.clone(),
            record_id: self.record_id.clone(),
            category: self.category.clone(),
        }
    }
}

/// Adds events.
pub fn insert_all(db: &mut Db<'_>, rows: &[&EventRow]) -> StoreResult<()> {
    engine::insert_all!(
        db,
        events,
        rows,
        EventRow {
            id,
            project_id,
            event_type,
            record_id,
            account_id,
            category,
            body_sealed,
            created_at
        }
    );
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

/// Those of `ids` that exist and whose sealed bytes are no more than `length`, each with the provider of its account.
pub fn up_to(db: &mut Db<'_>, ids: &[String], length: i64) -> StoreResult<Vec<(EventRow, Option<String>)>> {
    let size = literal::<BigInt>("CAST(length(events.body_sealed) AS BIGINT)");
    Ok(on!(db, |c| events::table
        .left_join(accounts::table.on(events::account_id.eq(accounts::id.nullable())))
        .filter(events::id.eq_any(ids))
        .filter(size.le(length))
        .select((EventRow::as_select(), accounts::provider.nullable()))
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

/// Which events of a project to go through.
#[derive(Clone, Debug)]
pub struct Range {
    /// Not before.
    pub since: Timestamp,
    /// Before.
    pub until: Timestamp,
    /// Only of these types; of all where there are none.
    pub event_types: Vec<&'static str>,
    /// Only of these categories; of all where there are none.
    pub categories: Vec<&'static str>,
}

/// Between the time of an event and that in its id, which is drawn for the same request, lies no more than this.
const DRAWN_WITHIN_MS: i64 = 10 * 60 * 1000;

/// The first events of a range, the oldest first, after the one with the id `after`. They are found by the times in
/// their ids, which are indexed, and told by their own.
pub fn in_range(
    db: &mut Db<'_>,
    project: &ProjectId,
    range: &Range,
    after: Option<&EventId>,
    limit: i64,
) -> StoreResult<Vec<EventHead>> {
    let lowest = EventId::lowest(range.since.plus_ms(-DRAWN_WITHIN_MS));
    let beyond = EventId::lowest(range.until.plus_ms(DRAWN_WITHIN_MS));
    let after = after.filter(|after| **after > lowest).unwrap_or(&lowest);
    Ok(on!(db, |c| {
        let mut query = events::table
            .filter(events::project_id.eq(project.as_str()))
            .filter(events::id.gt(after.as_str()))
            .filter(events::id.lt(beyond.as_str()))
            .filter(events::created_at.ge(range.since.0))
            .filter(events::created_at.lt(range.until.0))
            .order(events::id.asc())
            .limit(limit)
            .select(EventHead::as_select())
            .into_boxed();
        if !range.event_types.is_empty() {
            query = query.filter(events::event_type.eq_any(&range.event_types));
        }
        if !range.categories.is_empty() {
            query = query.filter(events::category.eq_any(&range.categories));
        }
        query.load(c)
    })?)
}
