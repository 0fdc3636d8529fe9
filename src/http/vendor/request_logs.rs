//! `/requests/logs`: who asked what of whom, with what came of it. The shape is StackOne's, with ours beside it.

use super::request_log_query::{LogQuery, source_type};
use crate::domain::id::{DeliveryId, PushId};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::request_logs::ShownLog;
use crate::http::auth::Caller;
use crate::http::paging::{PageQuery, Paged};
use crate::http::problem::Failure;
use crate::store::request_logs::Direction;
use actix_web::{get, web};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_request_logs).service(get_request_log);
}

/// Who called whom.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "it describes the wire to the API document; the store has the words"
)]
enum CallDirection {
    /// An ATS called us.
    AtsToUs,
    /// We called an ATS.
    UsToAts,
    /// You called us.
    VendorToUs,
    /// We called you.
    UsToVendor,
}

/// A call between an ATS, you and us.
#[derive(Serialize, ToSchema)]
struct RequestLog {
    /// Id.
    #[schema(example = "req_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// The `x-request-id`: the caller's, where it sent one. It stands in the answer to it, too.
    #[schema(example = "dlv_02xvJ0nEdbcjBOZlbbGTsE.1")]
    request_id: String,
    /// Who called whom.
    #[schema(value_type = CallDirection)]
    direction: String,
    /// Your project.
    #[schema(example = "prj_02xvJ0nEdbcjBOZlbbGTsE")]
    project_id: String,
    /// The customer, where it is about one.
    account_id: Option<String>,
    /// Provider key, where it is about one.
    provider: Option<String>,
    /// What was called or sent: the ATS's name of the endpoint, the operation of this document, the type of the
    /// event, `push`, `package_list`, or the step of a set-up.
    #[schema(example = "send_test")]
    operation: String,
    /// Of your calls: `ats` for the unified API.
    service: Option<String>,
    /// Of your calls: a category of the unified API, or the first word of the path.
    resource: Option<String>,
    /// Of your calls: the last word of the path, where that is another.
    sub_resource: Option<String>,
    /// Of your calls: what was done.
    #[schema(example = "get")]
    action: Option<String>,
    /// Who called: `ats`, `vendor` or `crosscheck`.
    source_type: Option<String>,
    /// Whether the call was not made while somebody waited for it, but from the queue of what is owed.
    is_worker: bool,
    /// GET, POST, ...; null where nothing could be sent.
    method: Option<String>,
    /// The same.
    http_method: Option<String>,
    /// Of calls to us: the route, without the query; of what varies in it only ids of ours are filled in.
    path: Option<String>,
    /// Where the call went; of calls of ours scheme and host alone, since the rest may hold a secret.
    url: Option<String>,
    /// What was answered; null where nothing was.
    status: Option<i64>,
    /// Whether whoever called got what it asked for, with nothing to be told.
    success: bool,
    /// Why not. A list that had to be served from an earlier answer has one too.
    error_code: Option<String>,
    /// Why not, of calls of ours.
    error: Option<String>,
    /// The order that it is about.
    order_id: Option<String>,
    /// The delivery of which it is a try.
    delivery_id: Option<String>,
    /// The push of which it is a try.
    push_id: Option<String>,
    /// What was wrong: `message`, `errors[]`, and what the ATS `reported`.
    #[schema(value_type = Option<Object>)]
    detail: Option<Box<RawValue>>,
    /// How long it took.
    duration_ms: i64,
    /// The same.
    duration: i64,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// The same.
    #[schema(format = DateTime)]
    start_time: String,
    /// The same: what the list is ordered by.
    #[schema(format = DateTime)]
    event_datetime: String,
    /// When it ended.
    #[schema(format = DateTime)]
    end_time: String,
}

/// One entry.
#[derive(Serialize, ToSchema)]
struct RequestLogData {
    /// The entry.
    data: RequestLog,
}

fn show(shown: ShownLog, public_url: &str) -> RequestLog {
    let row = shown.row;
    let began = Timestamp(row.created_at);
    let job = row.job_id.as_deref().unwrap_or_default();
    let at_us = row.path.as_deref().map(|path| format!("{public_url}{path}"));
    RequestLog {
        success: row.status.is_some_and(|status| status < 400)
            && row.error_code.is_none()
            && row.error.is_none(),
        source_type: Direction::parse(&row.direction).map(|one| source_type(one).to_owned()),
        is_worker: row.job_id.is_some(),
        delivery_id: DeliveryId::parse(job).map(|id| id.to_string()),
        push_id: PushId::parse(job).map(|id| id.to_string()),
        id: row.id,
        request_id: row.request_id,
        direction: row.direction,
        project_id: row.project_id,
        account_id: row.account_id,
        provider: row.provider,
        operation: row.operation,
        service: row.service,
        resource: row.resource,
        sub_resource: row.sub_resource,
        action: row.action,
        http_method: row.method.clone(),
        method: row.method,
        path: row.path,
        url: row.url.or(at_us),
        status: row.status,
        error_code: row.error_code,
        error: row.error,
        order_id: row.order_id,
        detail: shown.detail,
        duration_ms: row.duration_ms,
        duration: row.duration_ms,
        created_at: began.to_string(),
        start_time: began.to_string(),
        event_datetime: began.to_string(),
        end_time: began.plus_ms(row.duration_ms).to_string(),
    }
}

/// List the calls between the ATSs, you and us
///
/// Newest first; with `x-account-id` that account's only. All but reading this log is logged. Your calls are
/// logged a moment after they are answered. Bodies and headers are never kept.
#[utoipa::path(tag = "Request logs",
    params(("x-account-id" = Option<String>, Header, description = "Whose calls."), LogQuery, PageQuery),
    responses((status = 200, description = "A page.", body = Paged<RequestLog>)))]
#[get("/requests/logs")]
async fn list_request_logs(
    exchange: web::Data<Exchange>,
    caller: Caller,
    which: web::Query<LogQuery>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<RequestLog>>, Failure> {
    let account = caller.account(&exchange).await?;
    let mut filter = which.filter()?;
    if let Some(account) = account {
        let id = account.as_str();
        let is_asked_for = |asked: &Vec<String>| asked.iter().any(|one| one == id);
        let narrowed = filter.accounts.as_ref().is_none_or(is_asked_for);
        filter.accounts = Some(narrowed.then(|| id.to_owned()).into_iter().collect());
    }
    let rows = exchange
        .list_logs(&caller.project, filter, which.part(&query)?)
        .await?;
    let show = |log| Ok(show(log, exchange.public_url()));
    Ok(web::Json(query.paged(rows, |log| &log.place, show)?))
}

/// Get one call
///
/// By the id of the entry, or by its request id; of several calls with one request id the newest. With what was wrong.
#[utoipa::path(tag = "Request logs",
    params(("id" = String, Path, description = "Id of the entry, or the request id.")),
    responses((status = 200, description = "The entry.", body = RequestLogData)))]
#[get("/requests/logs/{id}")]
async fn get_request_log(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<RequestLogData>, Failure> {
    let log = exchange.get_log(&caller.project, &id).await?;
    Ok(web::Json(RequestLogData {
        data: show(log, exchange.public_url()),
    }))
}
