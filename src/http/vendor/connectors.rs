//! `/connectors/meta`.

use crate::exchange::connectors::{self, ConnectorMeta};
use crate::http::auth::Caller;
use crate::http::problem::Failure;
use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_connectors).service(get_connector);
}

/// List providers
///
/// What each ATS can do, and which fields of a result it needs and shows.
#[utoipa::path(tag = "Connectors", responses(
    (status = 200, description = "Every provider.", body = Vec<ConnectorMeta>)))]
#[get("/connectors/meta")]
async fn list_connectors(_: Caller) -> web::Json<Vec<ConnectorMeta>> {
    web::Json(connectors::list())
}

/// Get a provider
///
/// Its result fields are typed: when each is required, and where the recruiter sees it.
#[utoipa::path(tag = "Connectors",
    params(("provider" = String, Path, description = "Provider key.")),
    responses((status = 200, description = "The provider.", body = ConnectorMeta)))]
#[get("/connectors/meta/{provider}")]
async fn get_connector(_: Caller, provider: web::Path<String>) -> Result<web::Json<ConnectorMeta>, Failure> {
    Ok(web::Json(connectors::get(&provider)?))
}
