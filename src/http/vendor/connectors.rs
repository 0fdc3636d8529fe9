//! `/connectors/meta`.

use crate::exchange::connectors::{self, ConnectorMeta, Include};
use crate::http::auth::Caller;
use crate::http::problem::Failure;
use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_connectors).service(get_connector);
}

/// What is wanted beside the rest.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct IncludeQuery {
    /// Words, separated by commas: `field_path`, `resources`, `webhooks`. Others mean nothing here.
    #[param(example = "field_path,webhooks")]
    include: Option<String>,
}

impl IncludeQuery {
    fn read(&self) -> Include {
        Include::read(self.include.as_deref().unwrap_or_default())
    }
}

/// List providers
///
/// What each ATS can do, and which fields of a result it needs and shows.
#[utoipa::path(tag = "Connectors", params(IncludeQuery), responses(
    (status = 200, description = "Every provider.", body = Vec<ConnectorMeta>)))]
#[get("/connectors/meta")]
async fn list_connectors(_: Caller, query: web::Query<IncludeQuery>) -> web::Json<Vec<ConnectorMeta>> {
    web::Json(connectors::list(query.read()))
}

/// Get a provider
///
/// Its result fields are typed: when each is required, and where the recruiter sees it.
#[utoipa::path(tag = "Connectors",
    params(("provider" = String, Path, description = "Provider key."), IncludeQuery),
    responses((status = 200, description = "The provider.", body = ConnectorMeta)))]
#[get("/connectors/meta/{provider}")]
async fn get_connector(
    _: Caller,
    provider: web::Path<String>,
    query: web::Query<IncludeQuery>,
) -> Result<web::Json<ConnectorMeta>, Failure> {
    Ok(web::Json(connectors::get(&provider, query.read())?))
}
