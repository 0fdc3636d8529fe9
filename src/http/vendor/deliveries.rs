//! Deliveries: one event on its way to one endpoint, with every try.

use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::http::auth::Caller;
use crate::http::body::WithoutBody;
use crate::http::paging::{PageQuery, Paged, invalid};
use crate::http::problem::Failure;
use crate::store::jobs::{Filter, JobKind, JobRow, JobStatus};
use crate::store::request_logs::RequestLogRow;
use actix_web::{get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_deliveries)
        .service(get_delivery)
        .service(retry_delivery);
}

/// Where a job of the outbox stands.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[expect(
    dead_code,
    reason = "it describes the wire to the API document; the store has the words"
)]
pub enum OutboxStatus {
    /// Waits for its time.
    Pending,
    /// Waits for its endpoint to be enabled.
    Paused,
    /// Waits for its turn, at an endpoint that is told in order.
    Waiting,
    /// Is being sent.
    Sending,
    /// Arrived.
    Succeeded,
    /// Had its last try; can be retried.
    Exhausted,
    /// Refused for good; can be retried.
    Rejected,
    /// A newer revision took its place.
    Superseded,
    /// Claimed too often without an outcome; can be retried.
    Quarantined,
}

/// Which deliveries or pushes.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatusQuery {
    /// Only those in this status.
    #[param(value_type = Option<OutboxStatus>)]
    status: Option<String>,
}

impl StatusQuery {
    /// The status that is asked for, where it is one.
    pub fn read(&self) -> Result<Option<String>, Problem> {
        let Some(text) = self.status.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let status = JobStatus::parse(text)
            .ok_or_else(|| invalid("?status", "status must be one that the API document lists"))?;
        Ok(Some(status.as_str().to_owned()))
    }
}

/// One HTTP try.
#[derive(Serialize, ToSchema)]
pub struct Attempt {
    /// The `x-request-id` of the call; also that of its entry in the request log.
    #[schema(example = "dlv_02xvJ0nEdbcjBOZlbbGTsE.1")]
    request_id: String,
    /// When it began.
    #[schema(format = DateTime)]
    at: String,
    /// How long it took.
    duration_ms: i64,
    /// What was answered, where anything was.
    status_code: Option<i64>,
    /// What was wrong.
    error: Option<String>,
}

impl Attempt {
    /// A try as it is shown.
    pub fn of(row: RequestLogRow) -> Self {
        Self {
            request_id: row.request_id,
            at: Timestamp(row.created_at).to_string(),
            duration_ms: row.duration_ms,
            status_code: row.status,
            error: row.error,
        }
    }
}

/// A delivery.
#[derive(Serialize, ToSchema)]
struct Delivery {
    /// Id.
    #[schema(example = "dlv_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// What is delivered; also the `webhook-id`.
    event_id: String,
    /// To which endpoint.
    webhook_id: String,
    /// Where it stands.
    #[schema(value_type = OutboxStatus)]
    status: String,
    /// Tries so far.
    tries: i64,
    /// When the next one is due; null where none is.
    #[schema(format = DateTime)]
    next_try_at: Option<String>,
    /// What the last one was answered.
    last_status_code: Option<i64>,
    /// What was wrong with the last one.
    last_error: Option<String>,
    /// Whether it ended without success at an endpoint that is told in order, and the order went on without it.
    skipped: bool,
    /// When it was queued.
    #[schema(format = DateTime)]
    created_at: String,
    /// The tries; only where one delivery is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    attempts: Option<Vec<Attempt>>,
}

fn show(row: JobRow, attempts: Option<Vec<RequestLogRow>>) -> Delivery {
    Delivery {
        next_try_at: next_try_at(&row),
        id: row.id,
        event_id: row.subject_id,
        webhook_id: row.target_id,
        status: row.status,
        tries: row.tries,
        last_status_code: row.last_status,
        last_error: row.last_error,
        skipped: row.skipped,
        created_at: Timestamp(row.created_at).to_string(),
        attempts: attempts.map(|rows| rows.into_iter().map(Attempt::of).collect()),
    }
}

/// When a job that waits is due.
pub fn next_try_at(row: &JobRow) -> Option<String> {
    (row.status == "pending").then(|| Timestamp(row.due_at).to_string())
}

/// List an endpoint's deliveries
///
/// Newest first.
#[utoipa::path(tag = "Webhooks",
    params(("id" = String, Path, description = "Id of the endpoint."), StatusQuery, PageQuery),
    responses((status = 200, description = "A page.", body = Paged<Delivery>)))]
#[get("/webhooks/{id}/deliveries")]
async fn list_deliveries(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
    filter: web::Query<StatusQuery>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<Delivery>>, Failure> {
    let webhook = exchange.get_webhook(&caller.project, &id).await?;
    let filter = Filter {
        target: Some(webhook.id),
        status: filter.read()?,
    };
    let rows = exchange
        .list_jobs(&caller.project, JobKind::Delivery, filter, query.page()?)
        .await?;
    Ok(web::Json(query.paged(
        rows,
        |row| &row.id,
        |row| Ok::<_, Problem>(show(row, None)),
    )?))
}

/// Get a delivery
///
/// With every try.
#[utoipa::path(tag = "Webhooks", params(("id" = String, Path, description = "Id of the delivery.")),
    responses((status = 200, description = "The delivery.", body = Delivery)))]
#[get("/deliveries/{id}")]
async fn get_delivery(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<Delivery>, Failure> {
    let shown = exchange.get_job(&caller.project, JobKind::Delivery, &id).await?;
    Ok(web::Json(show(shown.row, Some(shown.attempts))))
}

/// Retry a delivery
///
/// The same event to the same endpoint, with a fresh schedule, whatever became of it before. At an endpoint that is
/// told in order it goes next, once the one under way has ended.
#[utoipa::path(tag = "Webhooks", params(("id" = String, Path, description = "Id of the delivery.")),
    responses((status = 200, description = "It is queued.", body = Delivery)),
    extensions(("x-error-codes" = json!([ErrorCode::InFlight]))))]
#[post("/deliveries/{id}/retry")]
async fn retry_delivery(
    exchange: web::Data<Exchange>,
    asked: WithoutBody,
    id: web::Path<String>,
) -> Result<web::Json<Delivery>, Failure> {
    let row = exchange.retry_job(&asked.write, JobKind::Delivery, &id).await?;
    Ok(web::Json(show(row, None)))
}
