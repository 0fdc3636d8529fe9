//! `/requests/logs`: what the ATSs asked of us, with the outcome and what was wrong.

use crate::domain::problem::Problem;
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::request_logs::ShownLog;
use crate::http::auth::Caller;
use crate::http::paging::{PageQuery, Paged};
use crate::http::problem::Failure;
use actix_web::{get, web};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_request_logs).service(get_request_log);
}

/// A call of an ATS's.
#[derive(Serialize, ToSchema)]
struct RequestLog {
    /// Id.
    #[schema(example = "req_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// Whose call.
    account_id: String,
    /// Provider key.
    provider: String,
    /// The ATS's name of the endpoint.
    #[schema(example = "send_test")]
    operation: String,
    /// GET, POST, ...
    #[schema(example = "POST")]
    method: String,
    /// Without the query.
    #[schema(example = "/send_test")]
    path: String,
    /// What we answered.
    status: i64,
    /// Whether the ATS got what it asked for, with nothing to be told.
    success: bool,
    /// Why not. A list that had to be served from an earlier answer has one too.
    error_code: Option<String>,
    /// The order that it is about.
    order_id: Option<String>,
    /// What was wrong: `message`, `errors[]`, and what the ATS `reported`.
    #[schema(value_type = Option<Object>)]
    detail: Option<Box<RawValue>>,
    /// How long it took.
    duration_ms: i64,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
}

/// One entry.
#[derive(Serialize, ToSchema)]
struct RequestLogData {
    /// The entry.
    data: RequestLog,
}

fn show(shown: ShownLog) -> Result<RequestLog, Problem> {
    let row = shown.row;
    Ok(RequestLog {
        success: row.status < 400 && row.error_code.is_none(),
        id: row.id,
        account_id: row.account_id,
        provider: row.provider,
        operation: row.operation,
        method: row.method,
        path: row.path,
        status: row.status,
        error_code: row.error_code,
        order_id: row.order_id,
        detail: shown.detail,
        duration_ms: row.duration_ms,
        created_at: Timestamp(row.created_at).to_string(),
    })
}

/// List the ATSs' calls
///
/// Newest first; with `x-account-id` that account's only.
#[utoipa::path(tag = "Request logs",
    params(("x-account-id" = Option<String>, Header, description = "Whose calls."), PageQuery),
    responses((status = 200, description = "A page.", body = Paged<RequestLog>)))]
#[get("/requests/logs")]
async fn list_request_logs(
    exchange: web::Data<Exchange>,
    caller: Caller,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<RequestLog>>, Failure> {
    let account = caller.account(&exchange).await?;
    let rows = exchange
        .list_logs(&caller.project, account, query.page()?)
        .await?;
    Ok(web::Json(query.paged(rows, |log| &log.row.id, show)?))
}

/// Get a call of an ATS's
///
/// With what was wrong.
#[utoipa::path(tag = "Request logs", params(("id" = String, Path, description = "Id of the entry.")),
    responses((status = 200, description = "The entry.", body = RequestLogData)))]
#[get("/requests/logs/{id}")]
async fn get_request_log(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<RequestLogData>, Failure> {
    Ok(web::Json(RequestLogData {
        data: show(exchange.get_log(&caller.project, &id).await?)?,
    }))
}
