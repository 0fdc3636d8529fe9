//! The request log: what the ATSs asked of us, with the outcome.

use super::engine::{Db, StoreResult, on};
use super::schema::request_logs;
use crate::domain::id::{AccountId, ProjectId, RequestLogId};
use crate::store::Page;
use diesel::prelude::*;

/// One entry.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = request_logs, treat_none_as_default_value = false)]
pub struct RequestLogRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// Whose call.
    pub account_id: String,
    /// Provider key.
    pub provider: String,
    /// The provider's name of the endpoint.
    pub operation: String,
    /// GET, POST, ...
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What we answered.
    pub status: i64,
    /// Why it was not what was asked.
    pub error_code: Option<String>,
    /// The order that it is about.
    pub order_id: Option<String>,
    /// Sealed: what was wrong, in detail.
    pub detail_sealed: Option<Vec<u8>>,
    /// How long it took.
    pub duration_ms: i64,
    /// When.
    pub created_at: i64,
}

/// Adds an entry.
pub fn insert(db: &mut Db<'_>, row: &RequestLogRow) -> StoreResult<()> {
    on!(db, |c| diesel::insert_into(request_logs::table)
        .values(row)
        .execute(c))?;
    Ok(())
}

/// The entry with that id, in that project.
pub fn find(db: &mut Db<'_>, project: &ProjectId, id: &RequestLogId) -> StoreResult<Option<RequestLogRow>> {
    Ok(on!(db, |c| request_logs::table
        .find(id.as_str())
        .filter(request_logs::project_id.eq(project.as_str()))
        .select(RequestLogRow::as_select())
        .get_result(c)
        .optional())?)
}

/// A page of a project's entries, perhaps of one account only.
pub fn list(
    db: &mut Db<'_>,
    project: &ProjectId,
    account: Option<&AccountId>,
    page: &Page,
) -> StoreResult<Vec<RequestLogRow>> {
    Ok(on!(db, |c| {
        let mut query = request_logs::table
            .filter(request_logs::project_id.eq(project.as_str()))
            .order(request_logs::id.desc())
            .limit(page.limit)
            .select(RequestLogRow::as_select())
            .into_boxed();
        if let Some(account) = account {
            query = query.filter(request_logs::account_id.eq(account.as_str()));
        }
        if let Some(after) = &page.after {
            query = query.filter(request_logs::id.lt(after));
        }
        query.load(c)
    })?)
}
