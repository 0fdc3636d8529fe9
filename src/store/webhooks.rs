//! Webhook endpoints.

use super::engine::{Db, StoreResult, alone, along, clock_of, on};
use super::schema::webhooks;
use crate::domain::id::{ProjectId, WebhookId};
use crate::store::Page;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// A webhook endpoint as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset, Serialize, Deserialize)]
#[diesel(table_name = webhooks, treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct WebhookRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// Where to send.
    pub url: String,
    /// What people call it.
    pub name: Option<String>,
    /// The event types that it gets, separated by commas.
    pub events: String,
    /// The categories that it gets, separated by commas; empty for all.
    pub categories: String,
    /// A disabled endpoint keeps its queue.
    pub enabled: bool,
    /// Why it is disabled.
    pub disabled_reason: Option<String>,
    /// Sealed: what signs.
    pub secret_sealed: Vec<u8>,
    /// Sealed: what signed before and still does.
    pub previous_secret_sealed: Option<Vec<u8>>,
    /// Until when.
    pub previous_secret_until: Option<i64>,
    /// When it was made.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// Its own waits between tries in seconds, separated by commas (empty: one try); none for the default.
    pub schedule: Option<String>,
    /// Whether deliveries about one record go to it one after the other.
    pub in_order: bool,
    /// Signatures of other products that deliveries to it carry, separated by commas.
    pub signatures: String,
}

/// Adds an endpoint.
pub fn insert(db: &mut Db<'_>, row: &WebhookRow) -> StoreResult<()> {
    on!(db, |c| diesel::insert_into(webhooks::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// Stores every column of a changed endpoint.
pub fn update(db: &mut Db<'_>, row: &WebhookRow) -> StoreResult<()> {
    let target = webhooks::table
        .find(&row.id)
        .filter(webhooks::project_id.eq(&row.project_id));
    on!(db, |c| diesel::update(target).set(row).execute(c))?;
    Ok(())
}

/// The endpoint with that id, in that project.
pub fn find(db: &mut Db<'_>, project: &ProjectId, id: &WebhookId) -> StoreResult<Option<WebhookRow>> {
    Ok(on!(db, |c| webhooks::table
        .find(id.as_str())
        .filter(webhooks::project_id.eq(project.as_str()))
        .select(WebhookRow::as_select())
        .get_result(c)
        .optional())?)
}

/// Those of `ids` that exist.
pub fn with_ids(db: &mut Db<'_>, ids: &[String]) -> StoreResult<Vec<WebhookRow>> {
    Ok(on!(db, |c| webhooks::table
        .filter(webhooks::id.eq_any(ids))
        .select(WebhookRow::as_select())
        .load(c))?)
}

/// A page of a project's endpoints.
pub fn list(db: &mut Db<'_>, project: &ProjectId, page: &Page) -> StoreResult<Vec<WebhookRow>> {
    Ok(on!(db, |c| {
        let mut query = webhooks::table
            .filter(webhooks::project_id.eq(project.as_str()))
            .order(webhooks::id.desc())
            .limit(page.limit)
            .select(WebhookRow::as_select())
            .into_boxed();
        if let Some(after) = &page.after {
            query = query.filter(webhooks::id.lt(after));
        }
        query.load(c)
    })?)
}

/// Those of a project that want events of that type and category, the disabled ones too.
pub fn subscribed(
    db: &mut Db<'_>,
    project: &str,
    event_type: &str,
    category: Option<&str>,
) -> StoreResult<Vec<Subscriber>> {
    let clock = clock_of(db);
    let rows: Vec<(WebhookRow, i64)> = on!(db, |c| webhooks::table
        .filter(webhooks::project_id.eq(project))
        .order(webhooks::id.asc())
        .select((WebhookRow::as_select(), clock))
        .load(c))?;
    let fits = |list: &str, word: &str| list.split(',').any(|entry| entry == word);
    let rows = rows.into_iter().filter(|(row, _)| {
        fits(&row.events, event_type)
            && (row.categories.is_empty() || category.is_none_or(|word| fits(&row.categories, word)))
    });
    Ok(rows
        .map(|(endpoint, read_at)| Subscriber { endpoint, read_at })
        .collect())
}

/// An endpoint that wants an event.
#[derive(Debug)]
pub struct Subscriber {
    /// As it was read.
    pub endpoint: WebhookRow,
    /// When, by the database's clock.
    pub read_at: i64,
}

/// How a subscriber stands for as long as the transaction lasts; none where it was deleted. One that was found
/// disabled may just be enabled by somebody who has seen what waits for it so far: they go first. The same holds
/// for one that wants its deliveries in order.
pub fn settle(db: &mut Db<'_>, subscriber: Subscriber) -> StoreResult<Option<Subscriber>> {
    let Subscriber { endpoint, read_at } = subscriber;
    if endpoint.enabled && !endpoint.in_order {
        return Ok(Some(Subscriber { endpoint, read_at }));
    }
    along(db, "webhook", &endpoint.id)?;
    let now: Option<WebhookRow> = on!(db, |c| webhooks::table
        .find(&endpoint.id)
        .select(WebhookRow::as_select())
        .get_result(c)
        .optional())?;
    Ok(now.map(|endpoint| Subscriber { endpoint, read_at }))
}

/// Until the transaction ends, nobody else changes the endpoint.
pub fn lock(db: &mut Db<'_>, id: &str) -> StoreResult<()> {
    alone(db, "webhook", id)
}

/// Removes an endpoint. False where there is none.
pub fn delete(db: &mut Db<'_>, project: &ProjectId, id: &WebhookId) -> StoreResult<bool> {
    let target = webhooks::table
        .find(id.as_str())
        .filter(webhooks::project_id.eq(project.as_str()));
    Ok(on!(db, |c| diesel::delete(target).execute(c))? == 1)
}
