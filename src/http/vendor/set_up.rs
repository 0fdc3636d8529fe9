//! `POST /integrations/{id}/set_up/{step}`: registering with an ATS by API.

use crate::domain::problem::ErrorCode;
use crate::exchange::Exchange;
use crate::http::body::Submitted;
use crate::http::problem::Failure;
use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use zeroize::Zeroizing;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(set_up_integration);
}

/// What a step needs.
#[derive(Deserialize, ToSchema)]
struct SetUp {
    /// By the names that `set_up` of `GET /connectors/meta/{provider}` gives. Used once, not stored.
    #[serde(default)]
    inputs: Option<BTreeMap<String, String>>,
}

/// What came of a step.
#[derive(Serialize, ToSchema)]
struct SetUpResult {
    /// Which credentials of the integration are new. Their values are not shown.
    #[schema(example = json!(["secret"]))]
    set: Vec<String>,
    /// What the ATS answered, without any secret.
    #[schema(value_type = Object)]
    answer: Value,
}

/// Register with the ATS
///
/// Makes the ATS's own call for one step of `set_up` in `GET /connectors/meta/{provider}`, with this integration's
/// URLs, and keeps the secret that comes back. 501 where the ATS has no such API.
#[utoipa::path(tag = "Integrations", request_body = SetUp,
    params(
        ("id" = String, Path, description = "Id of the integration."),
        ("step" = String, Path, description = "Name of the step.")
    ),
    responses((status = 200, description = "It is done.", body = SetUpResult)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue, ErrorCode::TargetNotAllowed, ErrorCode::NotCapable, ErrorCode::AtsFailed]))))]
#[post("/integrations/{id}/set_up/{step}")]
async fn set_up_integration(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    body: Submitted<SetUp>,
) -> Result<web::Json<SetUpResult>, Failure> {
    let (id, step) = path.into_inner();
    let inputs = body.value.inputs.unwrap_or_default();
    let inputs = inputs
        .into_iter()
        .map(|(name, value)| (name, Zeroizing::new(value)))
        .collect();
    let done = exchange.set_up(&body.write, &id, &step, inputs).await?;
    Ok(web::Json(SetUpResult {
        set: done.set,
        answer: done.shown,
    }))
}
