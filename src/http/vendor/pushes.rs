//! Pushes: the calls that we owe an ATS for one revision of a result.

use super::deliveries::{Attempt, OutboxStatus, StatusQuery, next_try_at};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::http::auth::Caller;
use crate::http::body::WithoutBody;
use crate::http::paging::{PageQuery, Paged, id_to_find};
use crate::http::problem::Failure;
use crate::store::jobs::{Filter, JobKind, JobRow};
use crate::store::request_logs::RequestLogRow;
use actix_web::{get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_pushes).service(get_push).service(retry_push);
}

/// Which pushes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PushQuery {
    /// Only those of this order.
    order_id: Option<String>,
}

/// A push.
#[derive(Serialize, ToSchema)]
struct Push {
    /// Id.
    #[schema(example = "psh_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// Of which order.
    order_id: String,
    /// Which revision of its result; null where the ATS is told that the order was placed.
    revision_id: Option<String>,
    /// Where it stands.
    #[schema(value_type = OutboxStatus)]
    status: String,
    /// Tries so far.
    tries: i64,
    /// When the next one is due; null where none is.
    #[schema(format = DateTime)]
    next_try_at: Option<String>,
    /// What the ATS answered last.
    last_status_code: Option<i64>,
    /// What was wrong with the last try.
    last_error: Option<String>,
    /// When it was queued.
    #[schema(format = DateTime)]
    created_at: String,
    /// The tries; only where one push is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<Attempt>>,
}

fn show(row: JobRow, attempts: Option<Vec<RequestLogRow>>) -> Push {
    Push {
        next_try_at: next_try_at(&row),
        id: row.id,
        order_id: row.target_id.clone(),
        revision_id: (row.subject_id != row.target_id).then_some(row.subject_id),
        status: row.status,
        tries: row.tries,
        last_status_code: row.last_status,
        last_error: row.last_error,
        created_at: Timestamp(row.created_at).to_string(),
        attempts: attempts.map(|rows| rows.into_iter().map(Attempt::of).collect()),
    }
}

/// List pushes
///
/// Newest first.
#[utoipa::path(tag = "Pushes", params(PushQuery, StatusQuery, PageQuery),
    responses((status = 200, description = "A page.", body = Paged<Push>)))]
#[get("/pushes")]
async fn list_pushes(
    exchange: web::Data<Exchange>,
    caller: Caller,
    of_order: web::Query<PushQuery>,
    filter: web::Query<StatusQuery>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<Push>>, Failure> {
    let filter = Filter {
        target: id_to_find("?order_id", of_order.into_inner().order_id)?,
        status: filter.read()?,
    };
    let rows = exchange
        .list_jobs(&caller.project, JobKind::Push, filter, query.page()?)
        .await?;
    Ok(web::Json(query.paged(
        rows,
        |row| &row.id,
        |row| Ok::<_, Problem>(show(row, None)),
    )?))
}

/// Get a push
///
/// With every try.
#[utoipa::path(tag = "Pushes", params(("id" = String, Path, description = "Id of the push.")),
    responses((status = 200, description = "The push.", body = Push)))]
#[get("/pushes/{id}")]
async fn get_push(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<Push>, Failure> {
    let shown = exchange.get_job(&caller.project, JobKind::Push, &id).await?;
    Ok(web::Json(show(shown.row, Some(shown.attempts))))
}

/// Retry a push
///
/// With a fresh schedule. Only the newest revision of an order may be pushed.
#[utoipa::path(tag = "Pushes", params(("id" = String, Path, description = "Id of the push.")),
    responses((status = 200, description = "It is queued.", body = Push)),
    extensions(("x-error-codes" = json!([ErrorCode::OrderCancelled, ErrorCode::InFlight, ErrorCode::Superseded]))))]
#[post("/pushes/{id}/retry")]
async fn retry_push(
    exchange: web::Data<Exchange>,
    asked: WithoutBody,
    id: web::Path<String>,
) -> Result<web::Json<Push>, Failure> {
    let row = exchange.retry_job(&asked.write, JobKind::Push, &id).await?;
    Ok(web::Json(show(row, None)))
}
