//! `/integrations`.

use super::{present, vendors_credentials};
use crate::domain::account::AuthType;
use crate::domain::category::Category;
use crate::domain::problem::ErrorCode;
use crate::domain::timestamp::Timestamp;
use crate::exchange::integrations::{IntegrationChange, ShownIntegration};
use crate::exchange::{Exchange, MASK};
use crate::http::auth::Caller;
use crate::http::body::{Submitted, WithoutBody};
use crate::http::paging::{PageQuery, Paged};
use crate::http::problem::Failure;
use crate::providers::registry;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use zeroize::Zeroizing;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_integration)
        .service(list_integrations)
        .service(get_integration)
        .service(update_integration)
        .service(delete_integration);
}

/// A new integration.
#[derive(Deserialize, ToSchema)]
struct NewIntegration {
    /// Provider key; `GET /connectors/meta` lists all.
    #[schema(example = json!(registry::example_key()), min_length = 1, max_length = 64, extensions(("x-rule" = json!({"type": null, "minLength": null, "maxLength": null, "$ref": "#/components/schemas/ProviderKey"}))))]
    provider: String,
    /// What you offer through it.
    category: Category,
    /// Which of the ATS's interfaces you use.
    #[serde(default)]
    auth_type: Option<AuthType>,
    /// What the ATS has to send as `?tenant-id=`, if it sends any.
    #[serde(default)]
    #[schema(example = "acme", min_length = 1, max_length = 255)]
    tenant_id: Option<String>,
    /// Your endpoint that lists packages, called while a recruiter waits.
    #[serde(default)]
    #[schema(example = "https://vendor.example/packages", max_length = 2048)]
    package_list_url: Option<String>,
    /// Sent to that endpoint as HTTP Basic user name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1024, pattern = "^[^:]*$", write_only)]
    package_list_api_key: Option<String>,
    /// The one package, where you have no list.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    static_package_id: Option<String>,
    /// The user name that the ATS gave you for calling it. HTTP Basic allows no colon in it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    partner_username: Option<String>,
    /// The password that goes with it.
    #[serde(default)]
    #[schema(max_length = 1024, write_only)]
    partner_password: Option<String>,
    /// Your credentials for the ATS: the `credential_fields` of `GET /connectors/meta/{provider}` whose holder is
    /// `vendor`.
    #[serde(default)]
    #[schema(schema_with = vendors_credentials)]
    credentials: Option<Map<String, Value>>,
}

/// A change: what is left out stays, null clears.
#[derive(Deserialize, ToSchema)]
struct IntegrationUpdate {
    /// Which of the ATS's interfaces you use.
    #[serde(default)]
    auth_type: Option<AuthType>,
    /// What the ATS has to send as `?tenant-id=`, if it sends any.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    tenant_id: Option<Option<String>>,
    /// Your endpoint that lists packages.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 2048)]
    package_list_url: Option<Option<String>>,
    /// Sent to that endpoint as HTTP Basic user name.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 1024, pattern = "^[^:]*$", write_only)]
    package_list_api_key: Option<Option<String>>,
    /// The one package, where you have no list.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    static_package_id: Option<Option<String>>,
    /// The user name that the ATS gave you.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 255)]
    partner_username: Option<Option<String>>,
    /// The password that goes with it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 1024, write_only)]
    partner_password: Option<Option<String>>,
    /// Your credentials for the ATS: a text sets one, null clears it, what is left out stays.
    #[serde(default)]
    #[schema(schema_with = vendors_credentials)]
    credentials: Option<Map<String, Value>>,
    /// False refuses the ATS and, with 412, what is asked for its accounts, until it is true again.
    #[serde(default)]
    enabled: Option<bool>,
}

/// An integration. Secrets that are set show as asterisks.
#[derive(Serialize, ToSchema)]
struct Integration {
    /// Id.
    #[schema(example = "int_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// Provider key.
    provider: String,
    /// What you offer through it.
    #[schema(value_type = Category)]
    category: String,
    /// Which of the ATS's interfaces you use.
    #[schema(value_type = AuthType)]
    auth_type: String,
    /// What the ATS has to send as `?tenant-id=`, if it sends any.
    tenant_id: Option<String>,
    /// Your endpoint that lists packages.
    package_list_url: Option<String>,
    /// Whether a key for it is set.
    package_list_api_key: Option<&'static str>,
    /// The one package, where you have no list.
    static_package_id: Option<String>,
    /// The user name that the ATS gave you.
    partner_username: Option<String>,
    /// Whether a password is set.
    partner_password: Option<&'static str>,
    /// Your credentials for the ATS that are set.
    #[schema(value_type = Object)]
    credentials: Map<String, Value>,
    /// What signs calls to your list URL (Standard Webhooks). Shown once, when the integration is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    signing_secret: Option<String>,
    /// The URLs that the ATS's partner form asks for, by operation.
    endpoint_urls: BTreeMap<&'static str, String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Whether it is used.
    enabled: bool,
}

fn show(exchange: &Exchange, shown: ShownIntegration, secret: Option<&str>) -> Integration {
    let ShownIntegration { row, credentials } = shown;
    Integration {
        credentials,
        endpoint_urls: exchange.endpoint_urls(&row).into_iter().collect(),
        id: row.id,
        provider: row.provider,
        category: row.category,
        auth_type: row.auth_type,
        tenant_id: row.tenant_id,
        package_list_url: row.package_list_url,
        package_list_api_key: row.package_list_api_key_sealed.map(|_| MASK),
        static_package_id: row.static_package_id,
        partner_username: row.partner_username,
        partner_password: row.partner_password_sealed.map(|_| MASK),
        signing_secret: secret.map(str::to_owned),
        created_at: Timestamp(row.created_at).to_string(),
        updated_at: Timestamp(row.updated_at).to_string(),
        enabled: row.enabled,
    }
}

/// Create an integration
///
/// Configures how your project uses a provider. The answer has the URLs for the ATS's partner form, and the
/// secret that signs calls to your list URL, shown this once.
#[utoipa::path(tag = "Integrations", request_body = NewIntegration, responses(
    (status = 201, description = "It is there.", body = Integration)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue, ErrorCode::TargetNotAllowed, ErrorCode::NotCapable]))))]
#[post("/integrations")]
async fn create_integration(
    exchange: web::Data<Exchange>,
    body: Submitted<NewIntegration>,
) -> Result<HttpResponse, Failure> {
    let new = body.value;
    let change = IntegrationChange {
        auth_type: new.auth_type,
        tenant_id: Some(new.tenant_id),
        package_list_url: Some(new.package_list_url),
        package_list_api_key: Some(new.package_list_api_key.map(Zeroizing::new)),
        static_package_id: Some(new.static_package_id),
        partner_username: Some(new.partner_username),
        partner_password: Some(new.partner_password.map(Zeroizing::new)),
        credentials: new.credentials.unwrap_or_default(),
        enabled: None,
    };
    let (shown, secret) = exchange
        .create_integration(&body.write, &new.provider, new.category, change)
        .await?;
    Ok(HttpResponse::Created().json(show(&exchange, shown, Some(&secret))))
}

/// List integrations
///
/// Newest first.
#[utoipa::path(tag = "Integrations", params(PageQuery), responses(
    (status = 200, description = "A page.", body = Paged<Integration>)))]
#[get("/integrations")]
async fn list_integrations(
    exchange: web::Data<Exchange>,
    caller: Caller,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<Integration>>, Failure> {
    let rows = exchange.list_integrations(&caller.project, query.page()?).await?;
    Ok(web::Json(query.paged(
        rows,
        |row| &row.id,
        |row| Ok(show(&exchange, exchange.show_integration(row)?, None)),
    )?))
}

/// Get an integration
///
/// Secrets that are set show as asterisks.
#[utoipa::path(tag = "Integrations", params(("id" = String, Path, description = "Id of the integration.")),
    responses((status = 200, description = "The integration.", body = Integration)))]
#[get("/integrations/{id}")]
async fn get_integration(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<Integration>, Failure> {
    let row = exchange.get_integration(&caller.project, &id).await?;
    Ok(web::Json(show(&exchange, exchange.show_integration(row)?, None)))
}

/// Change an integration
///
/// What is left out stays as it is; null clears.
#[utoipa::path(tag = "Integrations", request_body = IntegrationUpdate,
    params(("id" = String, Path, description = "Id of the integration.")),
    responses((status = 200, description = "As it is now.", body = Integration)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue, ErrorCode::TargetNotAllowed, ErrorCode::NotCapable]))))]
#[patch("/integrations/{id}")]
async fn update_integration(
    exchange: web::Data<Exchange>,
    id: web::Path<String>,
    body: Submitted<IntegrationUpdate>,
) -> Result<web::Json<Integration>, Failure> {
    let update = body.value;
    let secret = |field: Option<Option<String>>| field.map(|value| value.map(Zeroizing::new));
    let change = IntegrationChange {
        auth_type: update.auth_type,
        tenant_id: update.tenant_id,
        package_list_url: update.package_list_url,
        package_list_api_key: secret(update.package_list_api_key),
        static_package_id: update.static_package_id,
        partner_username: update.partner_username,
        partner_password: secret(update.partner_password),
        credentials: update.credentials.unwrap_or_default(),
        enabled: update.enabled,
    };
    let shown = exchange.update_integration(&body.write, &id, change).await?;
    Ok(web::Json(show(&exchange, shown, None)))
}

/// Delete an integration
///
/// Refused while customers are linked through it.
#[utoipa::path(tag = "Integrations", params(("id" = String, Path, description = "Id of the integration.")),
    responses((status = 204, description = "It is gone.")),
    extensions(("x-error-codes" = json!([ErrorCode::IntegrationInUse]))))]
#[delete("/integrations/{id}")]
async fn delete_integration(
    exchange: web::Data<Exchange>,
    asked: WithoutBody,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    exchange.delete_integration(&asked.write, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}
