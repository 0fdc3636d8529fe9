//! `/unified/ats/{category}/orders/{id}/result`.

use super::category;
use crate::domain::problem::{ErrorCode, Violation};
use crate::domain::result::{Outcome, ResultUpdate, Status};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::orders::OrderOf;
use crate::http::auth::Caller;
use crate::http::body::Submitted;
use crate::http::problem::Failure;
use actix_web::{get, patch, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(report_result)
        .service(get_result)
        .service(get_results);
}

/// What became of a report (StackOne's three keys, then ours).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Reported {
    /// The HTTP status again.
    #[schema(example = 200)]
    status_code: u16,
    /// What was done.
    #[schema(example = "The result is stored; the ATS will be told.")]
    message: &'static str,
    /// When.
    #[schema(format = DateTime)]
    timestamp: String,
    /// What of it the ATS cannot show. It is kept all the same.
    warnings: Vec<Violation>,
}

/// The newest result of an order.
#[derive(Serialize, ToSchema)]
struct OrderResult {
    /// Id of this revision.
    #[schema(example = "rev_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// 1 for the first report, and so on.
    revision: i64,
    /// Where the order stands with it.
    status: Status,
    /// How it ended.
    outcome: Outcome,
    /// When it was reported.
    #[schema(format = DateTime)]
    created_at: String,
    /// What was reported.
    #[serde(flatten)]
    reported: ResultUpdate,
}

/// A result.
#[derive(Serialize, ToSchema)]
struct ResultData {
    /// The newest revision.
    data: OrderResult,
}

/// Report a result
///
/// Progress any number of times, then one final result. The same report again changes nothing; a different one
/// after a final one is refused with 409. It is stored before this answers; then the ATS is told.
/// `GET /connectors/meta/{provider}` says what each ATS needs.
#[utoipa::path(tag = "Results", request_body = ResultUpdate,
    params(
        ("category" = crate::domain::category::Category, Path, description = "What was ordered."),
        ("id" = String, Path, description = "Id of the order."),
        ("x-account-id" = Option<String>, Header, description = "Whose order it has to be; the order names its account itself.")
    ),
    responses((status = 200, description = "It is stored.", body = Reported)),
    extensions(("x-error-codes" = json!([ErrorCode::ResultAlreadyFinal, ErrorCode::OrderCancelled, ErrorCode::IntegrationDisabled, ErrorCode::InvalidValue, ErrorCode::ResultIncomplete]))))]
#[patch("/unified/ats/{category}/orders/{id}/result")]
async fn report_result(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    body: Submitted<ResultUpdate>,
) -> Result<web::Json<Reported>, Failure> {
    let (category_name, id) = path.into_inner();
    let (category, account) = (category(&category_name)?, body.caller.account(&exchange).await?);
    let order = OrderOf {
        project: &body.caller.project,
        category,
        account: account.as_ref(),
        id: &id,
    };
    let reported = exchange.report_result(&body.write, order, body.value).await?;
    Ok(web::Json(Reported {
        status_code: 200,
        message: "The result is stored; the ATS will be told.",
        timestamp: Timestamp(reported.at).to_string(),
        warnings: reported.warnings,
    }))
}

/// Get the result
///
/// The newest revision.
#[utoipa::path(tag = "Results",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What was ordered."),
        ("id" = String, Path, description = "Id of the order."),
        ("x-account-id" = Option<String>, Header, description = "Whose order it has to be.")
    ),
    responses((status = 200, description = "The result.", body = ResultData)))]
#[get("/unified/ats/{category}/orders/{id}/result")]
async fn get_result(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    caller: Caller,
) -> Result<web::Json<ResultData>, Failure> {
    newest_result(&exchange, &path, &caller).await
}

/// Get the result, as StackOne once had it
///
/// The same as `/result`.
#[utoipa::path(tag = "Results",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What was ordered."),
        ("id" = String, Path, description = "Id of the order."),
        ("x-account-id" = Option<String>, Header, description = "Whose order it has to be.")
    ),
    responses((status = 200, description = "The result.", body = ResultData)))]
#[get("/unified/ats/{category}/orders/{id}/results")]
async fn get_results(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    caller: Caller,
) -> Result<web::Json<ResultData>, Failure> {
    newest_result(&exchange, &path, &caller).await
}

async fn newest_result(
    exchange: &Exchange,
    path: &(String, String),
    caller: &Caller,
) -> Result<web::Json<ResultData>, Failure> {
    let (category_name, id) = path;
    let (category, account) = (category(category_name)?, caller.account(exchange).await?);
    let order = OrderOf {
        project: &caller.project,
        category,
        account: account.as_ref(),
        id,
    };
    let shown = exchange.get_result(order).await?;
    Ok(web::Json(ResultData {
        data: OrderResult {
            id: shown.id,
            revision: shown.number,
            status: shown.status,
            outcome: shown.outcome,
            created_at: shown.created_at.to_string(),
            reported: shown.result,
        },
    }))
}
