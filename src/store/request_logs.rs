//! The request log: every call between the ATSs, the vendor and us, with what came of it.

use super::engine::{self, Db, StoreResult, on};
use super::schema::{accounts, orders, request_logs};
use crate::domain::id::{ProjectId, RequestLogId};
use crate::domain::timestamp::Timestamp;
use diesel::prelude::*;
use std::collections::HashMap;

/// Who called whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// An ATS called us.
    AtsToUs,
    /// We called an ATS.
    UsToAts,
    /// The vendor called us.
    VendorToUs,
    /// We called the vendor.
    UsToVendor,
}

impl Direction {
    /// Every direction.
    pub const ALL: [Self; 4] = [Self::AtsToUs, Self::UsToAts, Self::VendorToUs, Self::UsToVendor];

    /// The stored word, which is also the wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtsToUs => "ats_to_us",
            Self::UsToAts => "us_to_ats",
            Self::VendorToUs => "vendor_to_us",
            Self::UsToVendor => "us_to_vendor",
        }
    }

    /// The direction that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// One entry.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = request_logs, treat_none_as_default_value = false)]
pub struct RequestLogRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// Who called whom.
    pub direction: String,
    /// What the request is known by on both sides.
    pub request_id: String,
    /// The customer, where it is about one.
    pub account_id: Option<String>,
    /// Provider key, where it is about one.
    pub provider: Option<String>,
    /// What was called or sent, by the name that it has.
    pub operation: String,
    /// Of a vendor's call: the part of the API.
    pub service: Option<String>,
    /// Of a vendor's call: what it is about.
    pub resource: Option<String>,
    /// Of a vendor's call: what of it.
    pub sub_resource: Option<String>,
    /// Of a vendor's call: what is done.
    pub action: Option<String>,
    /// GET, POST, ...; none where nothing could be sent.
    pub method: Option<String>,
    /// Of a call to us: the route, with ids of ours alone filled in.
    pub path: Option<String>,
    /// Of a call of ours: scheme and host.
    pub url: Option<String>,
    /// What was answered; none where nothing was.
    pub status: Option<i64>,
    /// Why it was not what was asked.
    pub error_code: Option<String>,
    /// What was wrong, in words that may be shown.
    pub error: Option<String>,
    /// The order that it is about.
    pub order_id: Option<String>,
    /// The delivery or push of which it is a try.
    pub job_id: Option<String>,
    /// Under which lease.
    pub fence: Option<i64>,
    /// Sealed: what was wrong, in detail.
    pub detail_sealed: Option<Vec<u8>>,
    /// How long it took.
    pub duration_ms: i64,
    /// When it began.
    pub created_at: i64,
}

impl RequestLogRow {
    /// An entry that says nothing yet but who called whom for what.
    pub fn new(
        id: &RequestLogId,
        project: &str,
        direction: Direction,
        request_id: &str,
        operation: &str,
        began: Timestamp,
    ) -> Self {
        Self {
            id: id.as_str().to_owned(),
            project_id: project.to_owned(),
            direction: direction.as_str().to_owned(),
            request_id: request_id.to_owned(),
            account_id: None,
            provider: None,
            operation: operation.to_owned(),
            service: None,
            resource: None,
            sub_resource: None,
            action: None,
            method: None,
            path: None,
            url: None,
            status: None,
            error_code: None,
            error: None,
            order_id: None,
            job_id: None,
            fence: None,
            detail_sealed: None,
            duration_ms: 0,
            created_at: began.0,
        }
    }
}

/// Adds entries.
pub fn insert_all(db: &mut Db<'_>, rows: &[&RequestLogRow]) -> StoreResult<()> {
    engine::insert_all!(
        db,
        request_logs,
        rows,
        RequestLogRow {
            id,
            project_id,
            direction,
            request_id,
            account_id,
            provider,
            operation,
            service,
            resource,
            sub_resource,
            action,
            method,
            path,
            url,
            status,
            error_code,
            error,
            order_id,
            job_id,
            fence,
            detail_sealed,
            duration_ms,
            created_at
        }
    );
    Ok(())
}

/// Adds an entry.
pub fn insert(db: &mut Db<'_>, row: &RequestLogRow) -> StoreResult<()> {
    insert_all(db, &[row])
}

/// Completes entries by what the orders and accounts that they name say of each other. What is not their project's
/// is not named.
pub fn link(db: &mut Db<'_>, rows: &mut [RequestLogRow]) -> StoreResult<()> {
    let named: Vec<&String> = rows.iter().filter_map(|row| row.order_id.as_ref()).collect();
    let found: Vec<(String, String, String)> = on!(db, |c| orders::table
        .filter(orders::id.eq_any(named))
        .select((orders::id, orders::project_id, orders::account_id))
        .load(c))?;
    let owned: HashMap<_, _> = found
        .into_iter()
        .map(|(id, owner, of)| (id, (owner, of)))
        .collect();
    for row in rows.iter_mut() {
        let order = row.order_id.take().and_then(|id| Some((owned.get(&id)?, id)));
        if let Some(((owner, account), id)) = order
            && *owner == row.project_id
        {
            row.order_id = Some(id);
            row.account_id = Some(account.clone());
        }
    }
    let named: Vec<&String> = rows.iter().filter_map(|row| row.account_id.as_ref()).collect();
    let found: Vec<(String, String, String)> = on!(db, |c| accounts::table
        .filter(accounts::id.eq_any(named))
        .select((accounts::id, accounts::project_id, accounts::provider))
        .load(c))?;
    let owned: HashMap<_, _> = found
        .into_iter()
        .map(|(id, owner, of)| (id, (owner, of)))
        .collect();
    for row in rows {
        let account = row.account_id.take().and_then(|id| Some((owned.get(&id)?, id)));
        if let Some(((owner, provider), id)) = account
            && *owner == row.project_id
        {
            row.account_id = Some(id);
            row.provider = Some(provider.clone());
        }
    }
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

/// The newest entry with that request id, in that project.
pub fn of_request(
    db: &mut Db<'_>,
    project: &ProjectId,
    request_id: &str,
) -> StoreResult<Option<RequestLogRow>> {
    Ok(on!(db, |c| request_logs::table
        .filter(request_logs::request_id.eq(request_id))
        .filter(request_logs::project_id.eq(project.as_str()))
        .order((request_logs::created_at.desc(), request_logs::id.desc()))
        .select(RequestLogRow::as_select())
        .first(c)
        .optional())?)
}

/// The tries that were made at a job, the first one first.
pub fn tries(db: &mut Db<'_>, project: &ProjectId, job: &str) -> StoreResult<Vec<RequestLogRow>> {
    Ok(on!(db, |c| request_logs::table
        .filter(request_logs::job_id.eq(job))
        .filter(request_logs::project_id.eq(project.as_str()))
        .order(request_logs::fence.asc())
        .select(RequestLogRow::as_select())
        .load(c))?)
}

/// Which entries to list. A list that is there has to have the entry's value in it.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of these customers.
    pub accounts: Option<Vec<String>>,
    /// With these request ids.
    pub requests: Option<Vec<String>>,
    /// About these orders.
    pub orders: Option<Vec<String>>,
    /// In these directions.
    pub directions: Option<Vec<&'static str>>,
    /// Of these operations.
    pub operations: Option<Vec<String>>,
    /// With these methods.
    pub methods: Option<Vec<String>>,
    /// About these providers.
    pub providers: Option<Vec<String>>,
    /// Of these parts of the API.
    pub services: Option<Vec<String>>,
    /// About these.
    pub resources: Option<Vec<String>>,
    /// About these of them.
    pub sub_resources: Option<Vec<String>>,
    /// That do these.
    pub actions: Option<Vec<String>>,
    /// That were answered with these.
    pub statuses: Option<Vec<i64>>,
    /// Whether all went well.
    pub success: Option<bool>,
    /// Begun then or later.
    pub since: Option<Timestamp>,
    /// Begun then or earlier.
    pub until: Option<Timestamp>,
}

/// A part of the list, and its order.
#[derive(Clone, Debug)]
pub struct Part {
    /// The oldest first.
    pub ascending: bool,
    /// How many rows at most.
    pub limit: i64,
    /// When the last entry of the part before began, and its id.
    pub after: Option<(i64, String)>,
}

/// A part of a project's entries.
pub fn list(
    db: &mut Db<'_>,
    project: &ProjectId,
    filter: &Filter,
    part: &Part,
) -> StoreResult<Vec<RequestLogRow>> {
    macro_rules! within {
        ($query:ident, $($list:ident: $column:ident),+) => {
            $(if let Some(list) = &filter.$list {
                $query = $query.filter(request_logs::$column.eq_any(list));
            })+
        };
    }
    Ok(on!(db, |c| {
        let mut query = request_logs::table
            .filter(request_logs::project_id.eq(project.as_str()))
            .limit(part.limit)
            .select(RequestLogRow::as_select())
            .into_boxed();
        within!(
            query, accounts: account_id, requests: request_id, orders: order_id, directions: direction,
            operations: operation, methods: method, providers: provider, services: service, resources: resource,
            sub_resources: sub_resource, actions: action, statuses: status
        );
        if let Some(success) = filter.success {
            let well = request_logs::error_code
                .is_null()
                .and(request_logs::error.is_null())
                .and(request_logs::status.assume_not_null().lt(400));
            let not_answered = request_logs::status.is_null();
            query = match success {
                true => query.filter(well),
                false => query.filter(not_answered.or(diesel::dsl::not(well))),
            };
        }
        if let Some(since) = filter.since {
            query = query.filter(request_logs::created_at.ge(since.0));
        }
        if let Some(until) = filter.until {
            query = query.filter(request_logs::created_at.le(until.0));
        }
        if let Some((at, id)) = &part.after {
            let same = request_logs::created_at.eq(*at);
            query = match part.ascending {
                true => query
                    .filter(request_logs::created_at.ge(*at))
                    .filter(diesel::dsl::not(same.and(request_logs::id.le(id)))),
                false => query
                    .filter(request_logs::created_at.le(*at))
                    .filter(diesel::dsl::not(same.and(request_logs::id.ge(id)))),
            };
        }
        query = match part.ascending {
            true => query.order((request_logs::created_at.asc(), request_logs::id.asc())),
            false => query.order((request_logs::created_at.desc(), request_logs::id.desc())),
        };
        query.load(c)
    })?)
}
