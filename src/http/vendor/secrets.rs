//! `POST /unified/ats/{category}/secrets`: linking a customer (after seed 003, whose key style it keeps).

use super::{category, customers_credentials};
use crate::domain::problem::ErrorCode;
use crate::exchange::Exchange;
use crate::exchange::accounts::NewAccount;
use crate::http::body::Submitted;
use crate::http::problem::Failure;
use crate::providers::registry;
use actix_web::{HttpResponse, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(create_secrets);
}

/// A customer to link.
#[derive(Deserialize, ToSchema)]
struct NewSecrets {
    /// Which ATS the customer has.
    #[schema(example = json!(registry::example_key()), min_length = 1, max_length = 64, extensions(("x-rule" = json!({"type": null, "minLength": null, "maxLength": null, "$ref": "#/components/schemas/ProviderKey"}))))]
    provider: String,
    /// Through which integration, where several fit.
    #[serde(default)]
    integration_id: Option<String>,
    /// Your id of the customer.
    #[schema(example = "cust-7", min_length = 1, max_length = 255)]
    origin_owner_id: String,
    /// Your name of the customer.
    #[schema(example = "Globex", min_length = 1, max_length = 255)]
    origin_owner_name: String,
    /// The customer's credentials for its ATS: the `credential_fields` of `GET /connectors/meta/{provider}` whose
    /// holder is `customer`. They may come later, with `PATCH /accounts/{id}`.
    #[serde(default)]
    #[schema(schema_with = customers_credentials)]
    credentials: Option<Map<String, Value>>,
}

/// What the customer gives its ATS.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Secrets {
    /// The API key that the customer's ATS has to use with us. Shown this once.
    #[schema(example = "ct_vd0l5Yw2PTuT3xQ5j1oYq7cLkU2c8pB9sR4nX6zAeGk")]
    secret_key: String,
    /// What the ATS puts before the name of each endpoint.
    #[schema(example = json!(format!("https://crosscheck.example/external-trigger/{}", registry::example_key())))]
    base_url: String,
    /// The account that was made: send it as `x-account-id`.
    #[schema(example = "acc_02xvJ0nEdbcjBOZlbbGTsE")]
    account_id: String,
}

/// Link a customer
///
/// Each call makes an account. Without `integration_id` the only integration of that provider and category is
/// used; where there is none, one is made on the spot.
#[utoipa::path(tag = "Customers", request_body = NewSecrets,
    params(("category" = crate::domain::category::Category, Path, description = "What is ordered.")),
    responses((status = 201, description = "The customer is linked.", body = Secrets)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue, ErrorCode::IntegrationAmbiguous, ErrorCode::NotCapable]))))]
#[post("/unified/ats/{category}/secrets")]
async fn create_secrets(
    exchange: web::Data<Exchange>,
    path: web::Path<String>,
    body: Submitted<NewSecrets>,
) -> Result<HttpResponse, Failure> {
    let category = category(&path)?;
    let new = body.value;
    let account = NewAccount {
        provider: new.provider,
        integration_id: new.integration_id,
        origin_owner_id: new.origin_owner_id,
        origin_owner_name: new.origin_owner_name,
        credentials: new.credentials.unwrap_or_default(),
    };
    let secrets = exchange.create_secrets(&body.write, category, account).await?;
    Ok(HttpResponse::Created().json(Secrets {
        secret_key: secrets.secret_key.to_string(),
        base_url: secrets.base_url,
        account_id: secrets.account_id,
    }))
}
