//! Orders and the revisions of their results.

use super::engine::{self, Db, StoreResult, alone, on, word};
use super::schema::{accounts, events, integrations, orders, revisions};
use crate::domain::id::{AccountId, OrderId, ProjectId};
use crate::domain::result::{Outcome, Status};
use crate::domain::timestamp::Timestamp;
use crate::store::Page;
use crate::store::accounts::AccountRow;
use crate::store::integrations::IntegrationRow;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::collections::HashSet;

/// An order as stored. Its record is in its `record.new` event.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = orders, treat_none_as_default_value = false)]
pub struct OrderRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// The customer.
    pub account_id: String,
    /// Category.
    pub category: String,
    /// Keyed hash of what makes a second request the same order.
    pub repeat_hash: Vec<u8>,
    /// Its `record.new`.
    pub event_id: String,
    /// Sealed: what publishing will need.
    pub state_sealed: Option<Vec<u8>>,
    /// Where it stands.
    pub status: String,
    /// How it ended.
    pub outcome: String,
    /// How many revisions it has.
    pub revisions: i64,
    /// When the ATS first read its final status.
    pub seen_final_at: Option<i64>,
    /// When it was placed.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
    /// Whether the same may be ordered anew once it is final.
    pub repeats_while_open: bool,
    /// Keyed hash of what no other open order may have.
    pub conflict_hash: Option<Vec<u8>>,
    /// When it was called off in the ATS.
    pub cancelled_at: Option<i64>,
}

impl OrderRow {
    /// The status column, read.
    pub fn status(&self) -> StoreResult<Status> {
        word(Status::parse(&self.status), "orders.status")
    }

    /// The outcome column, read.
    pub fn outcome(&self) -> StoreResult<Outcome> {
        word(Outcome::parse(&self.outcome), "orders.outcome")
    }
}

/// An order with the sealed body of its `record.new`.
pub type OrderWithRecord = (OrderRow, Vec<u8>);

/// One report of a result.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = revisions, treat_none_as_default_value = false)]
pub struct RevisionRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// Of which order.
    pub order_id: String,
    /// 1, 2, ...
    pub number: i64,
    /// Sealed: the report.
    pub body_sealed: Vec<u8>,
    /// Keyed hash of the report, to know it again.
    pub body_hash: Vec<u8>,
    /// Where the order stood after it.
    pub status: String,
    /// How it ended with it.
    pub outcome: String,
    /// When it was reported; strictly increasing within an order.
    pub created_at: i64,
}

impl RevisionRow {
    /// Makes it the one after `newest`, later than that and than the placement of its order.
    pub fn follow(&mut self, newest: Option<&Self>, order: &OrderRow) {
        let (number, at) = newest.map_or((0, order.created_at), |newest| (newest.number, newest.created_at));
        self.number = number + 1;
        self.created_at = self.created_at.max(at + 1);
    }

    /// The status column, read.
    pub fn status(&self) -> StoreResult<Status> {
        word(Status::parse(&self.status), "revisions.status")
    }

    /// The outcome column, read.
    pub fn outcome(&self) -> StoreResult<Outcome> {
        word(Outcome::parse(&self.outcome), "revisions.outcome")
    }
}

/// What came of placing an order.
pub enum Placing {
    /// It is there now.
    Placed,
    /// It was there: this one.
    Repeated(Box<OrderRow>),
    /// Another one is open that excludes it.
    Conflicts,
}

/// Places an order, unless the account has one with that repeat hash, or an open one that excludes it.
pub fn place(db: &mut Db<'_>, row: &OrderRow) -> StoreResult<Placing> {
    let placed = on!(db, |c| diesel::insert_into(orders::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    match placed {
        1 => Ok(Placing::Placed),
        _ => not_placed(db, row),
    }
}

/// An order that is there now.
#[derive(QueryableByName)]
struct Placed {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Places orders, each as [`place`] does, one after the other. Returns what came of each.
pub fn place_all(db: &mut Db<'_>, rows: &[&OrderRow]) -> StoreResult<Vec<Placing>> {
    let placed: HashSet<String> = match db {
        Db::Postgres(connection) if rows.len() > 1 => {
            // In one order, whoever places them: two that wait for each other would both have to begin anew.
            let mut sorted = rows.to_vec();
            sorted.sort_by_key(|row| (&row.account_id, &row.repeat_hash));
            let placed: Vec<Placed> = engine::insertion!(
                orders,
                &sorted,
                OrderRow {
                    id,
                    project_id,
                    account_id,
                    category,
                    repeat_hash,
                    event_id,
                    state_sealed,
                    status,
                    outcome,
                    revisions,
                    seen_final_at,
                    created_at,
                    updated_at,
                    repeats_while_open,
                    conflict_hash,
                    cancelled_at
                }
            )
            .sql(" ON CONFLICT DO NOTHING RETURNING id")
            .load(&mut **connection)?;
            placed.into_iter().map(|placed| placed.id).collect()
        }
        _ => return rows.iter().map(|row| place(db, row)).collect(),
    };
    let come = rows.iter().map(|row| match placed.contains(&row.id) {
        true => Ok(Placing::Placed),
        false => not_placed(db, row),
    });
    come.collect()
}

/// Why an order was not placed.
fn not_placed(db: &mut Db<'_>, row: &OrderRow) -> StoreResult<Placing> {
    Ok(match repeated(db, &row.account_id, &row.repeat_hash)? {
        Some(earlier) => Placing::Repeated(Box::new(earlier)),
        None => Placing::Conflicts,
    })
}

/// Until the transaction ends, nobody else adds a revision to the order.
pub fn lock(db: &mut Db<'_>, id: &str) -> StoreResult<()> {
    alone(db, "order", id)
}

/// The account's order with that repeat hash.
pub fn repeated(db: &mut Db<'_>, account: &str, repeat_hash: &[u8]) -> StoreResult<Option<OrderRow>> {
    Ok(on!(db, |c| orders::table
        .filter(orders::account_id.eq(account))
        .filter(orders::repeat_hash.eq(repeat_hash))
        .select(OrderRow::as_select())
        .get_result(c)
        .optional())?)
}

/// The order with that id, in that project, with its record.
pub fn find(db: &mut Db<'_>, project: &ProjectId, id: &OrderId) -> StoreResult<Option<OrderWithRecord>> {
    Ok(on!(db, |c| orders::table
        .inner_join(events::table.on(events::id.eq(orders::event_id)))
        .filter(orders::id.eq(id.as_str()))
        .filter(orders::project_id.eq(project.as_str()))
        .select((OrderRow::as_select(), events::body_sealed))
        .get_result(c)
        .optional())?)
}

/// The order with that id, in that project, without its record.
pub fn with_id(db: &mut Db<'_>, project: &str, id: &str) -> StoreResult<Option<OrderRow>> {
    Ok(on!(db, |c| orders::table
        .find(id)
        .filter(orders::project_id.eq(project))
        .select(OrderRow::as_select())
        .first(c)
        .optional())?)
}

/// Who placed an order: its account and integration.
pub fn placed_through(db: &mut Db<'_>, order: &OrderRow) -> StoreResult<(AccountRow, IntegrationRow)> {
    Ok(on!(db, |c| accounts::table
        .inner_join(integrations::table.on(integrations::id.eq(accounts::integration_id)))
        .filter(accounts::id.eq(&order.account_id))
        .filter(accounts::project_id.eq(&order.project_id))
        .select((AccountRow::as_select(), IntegrationRow::as_select()))
        .get_result(c))?)
}

/// A page of the orders of a project, category and perhaps account.
pub fn list(
    db: &mut Db<'_>,
    project: &ProjectId,
    category: &str,
    account: Option<&AccountId>,
    page: &Page,
) -> StoreResult<Vec<OrderWithRecord>> {
    Ok(on!(db, |c| {
        let mut query = orders::table
            .inner_join(events::table.on(events::id.eq(orders::event_id)))
            .filter(orders::project_id.eq(project.as_str()))
            .filter(orders::category.eq(category))
            .order(orders::id.desc())
            .limit(page.limit)
            .select((OrderRow::as_select(), events::body_sealed))
            .into_boxed();
        if let Some(account) = account {
            query = query.filter(orders::account_id.eq(account.as_str()));
        }
        if let Some(after) = &page.after {
            query = query.filter(orders::id.lt(after));
        }
        query.load(c)
    })?)
}

/// The revision with that id, in that project.
pub fn revision(db: &mut Db<'_>, project: &ProjectId, id: &str) -> StoreResult<Option<RevisionRow>> {
    Ok(on!(db, |c| revisions::table
        .find(id)
        .filter(revisions::project_id.eq(project.as_str()))
        .select(RevisionRow::as_select())
        .get_result(c)
        .optional())?)
}

/// The newest revision of an order.
pub fn newest_revision(db: &mut Db<'_>, project: &str, order: &str) -> StoreResult<Option<RevisionRow>> {
    Ok(on!(db, |c| revisions::table
        .filter(revisions::order_id.eq(order))
        .filter(revisions::project_id.eq(project))
        .order(revisions::number.desc())
        .select(RevisionRow::as_select())
        .get_result(c)
        .optional())?)
}

/// Adds a revision; the order then stands where the revision says.
pub fn revise(db: &mut Db<'_>, row: &RevisionRow) -> StoreResult<()> {
    on!(db, |c| diesel::insert_into(revisions::table)
        .values(row)
        .execute(c))?;
    let target = orders::table
        .find(&row.order_id)
        .filter(orders::project_id.eq(&row.project_id));
    let change = (
        orders::status.eq(&row.status),
        orders::outcome.eq(&row.outcome),
        orders::revisions.eq(row.number),
        orders::updated_at.eq(row.created_at),
    );
    on!(db, |c| diesel::update(target).set(change).execute(c))?;
    if row.status()?.is_final() {
        release(db, row)?;
    }
    Ok(())
}

/// Lets go of what a final order kept others from.
fn release(db: &mut Db<'_>, row: &RevisionRow) -> StoreResult<()> {
    let order = || {
        orders::table
            .find(&row.order_id)
            .filter(orders::project_id.eq(&row.project_id))
    };
    let repeats = order().filter(orders::repeats_while_open.eq(true));
    let spent = orders::repeat_hash.eq(row.order_id.as_bytes());
    on!(db, |c| diesel::update(repeats).set(spent).execute(c))?;
    let conflicts = order().filter(orders::conflict_hash.is_not_null());
    let none = orders::conflict_hash.eq(None::<Vec<u8>>);
    on!(db, |c| diesel::update(conflicts).set(none).execute(c))?;
    Ok(())
}

/// Notes that an order was called off in the ATS, which thereby knows its final status.
pub fn mark_cancelled(db: &mut Db<'_>, project: &str, order: &str, at: Timestamp) -> StoreResult<()> {
    let target = orders::table.find(order).filter(orders::project_id.eq(project));
    let change = (orders::cancelled_at.eq(at.0), orders::seen_final_at.eq(at.0));
    on!(db, |c| diesel::update(target).set(change).execute(c))?;
    Ok(())
}

/// Notes that the ATS read the final status. True for the first time only.
pub fn mark_final_seen(db: &mut Db<'_>, project: &str, order: &str, at: Timestamp) -> StoreResult<bool> {
    let target = orders::table
        .find(order)
        .filter(orders::project_id.eq(project))
        .filter(orders::seen_final_at.is_null());
    let changed = on!(db, |c| diesel::update(target)
        .set(orders::seen_final_at.eq(at.0))
        .execute(c))?;
    Ok(changed == 1)
}
