//! Whether the process lives, and whether it can take requests.

use crate::domain::problem::ErrorCode;
use crate::exchange::Exchange;
use crate::http::problem::Failure;
use actix_web::{get, web};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(live).service(ready);
}

/// It is well.
#[derive(Serialize, ToSchema)]
struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Whether the process lives
///
/// Answers as long as the process can answer at all.
#[utoipa::path(tag = "Operator", security(()), responses((status = 200, description = "It lives.", body = Health)))]
#[get("/health/live")]
async fn live() -> web::Json<Health> {
    web::Json(Health { status: "ok" })
}

/// Whether requests can be taken
///
/// Asks the database. A load balancer should send nothing here while this is not 200.
#[utoipa::path(tag = "Operator", security(()), responses((status = 200, description = "It is ready.", body = Health)),
    extensions(("x-error-codes" = json!([ErrorCode::Internal, ErrorCode::Overloaded, ErrorCode::StorageUnavailable]))))]
#[get("/health/ready")]
async fn ready(exchange: web::Data<Exchange>) -> Result<web::Json<Health>, Failure> {
    exchange.is_ready().await?;
    Ok(web::Json(Health { status: "ok" }))
}
