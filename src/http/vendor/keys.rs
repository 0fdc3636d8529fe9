//! `/keys`: the project's own API keys. Every operation needs a key with the scope admin.

use super::whole;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::scope::Scope;
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::keys::NewKey;
use crate::http::auth::Caller;
use crate::http::body::{Submitted, WithoutBody};
use crate::http::paging::{PageQuery, Paged};
use crate::http::problem::Failure;
use crate::store::api_keys::ApiKeyRow;
use actix_web::{HttpResponse, delete, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_keys)
        .service(create_key)
        .service(rotate_key)
        .service(revoke_key);
}

/// A new key.
#[derive(Deserialize, ToSchema)]
struct NewApiKey {
    /// What you call it.
    #[schema(
        example = "nightly export",
        min_length = 1,
        max_length = 255,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// What it may do; `write` where it is left out.
    #[serde(default)]
    scope: Option<Scope>,
    /// After how many seconds it ends by itself, at most ten years; never where it is left out.
    #[serde(default, deserialize_with = "whole")]
    #[schema(example = 7_776_000, minimum = 1, maximum = 315_360_000)]
    expires_in: Option<i64>,
}

/// How to rotate a key.
#[derive(Deserialize, ToSchema)]
struct KeyRotation {
    /// For how many more seconds the old key works, at most 30 days; 0, at once, where it is left out.
    #[serde(default, deserialize_with = "whole")]
    #[schema(example = 86_400, minimum = 0, maximum = 2_592_000)]
    overlap_seconds: Option<i64>,
}

/// An API key.
#[derive(Serialize, ToSchema)]
struct ApiKey {
    /// Id.
    #[schema(example = "key_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// What you call it.
    #[schema(example = "nightly export")]
    name: String,
    /// What it may do: each scope includes those before it.
    scope: Scope,
    /// The key itself. Shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ck_m3Jm0nEdbcjBOZlbbGTsE02xvJ0nEdbcjBOZlbbGTsE")]
    key: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, up to a minute late; null if never.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
    /// When it ends, or ended, by itself; null if never.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// When it was revoked; null if it was not.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

fn show(row: ApiKeyRow, key: Option<&str>) -> Result<ApiKey, Problem> {
    let shown = |at: Option<i64>| at.map(|at| Timestamp(at).to_string());
    Ok(ApiKey {
        scope: row.scope()?,
        id: row.id,
        name: row.name,
        key: key.map(str::to_owned),
        created_at: Timestamp(row.created_at).to_string(),
        last_used_at: shown(row.last_used_at),
        expires_at: shown(row.expires_at),
        revoked_at: shown(row.revoked_at),
    })
}

/// List API keys
///
/// Newest first, those that have ended too; never the keys themselves. Needs the scope `admin`.
#[utoipa::path(tag = "Keys", params(PageQuery), responses(
    (status = 200, description = "A page.", body = Paged<ApiKey>)))]
#[get("/keys")]
async fn list_keys(
    exchange: web::Data<Exchange>,
    caller: Caller,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<ApiKey>>, Failure> {
    let rows = exchange.list_keys(&caller.project, query.page()?).await?;
    Ok(web::Json(query.paged(
        rows,
        |row| &row.id,
        |row| show(row, None),
    )?))
}

/// Make an API key
///
/// The key is shown this once: only a hash of it is stored. Needs the scope `admin`.
#[utoipa::path(tag = "Keys", request_body = NewApiKey, responses(
    (status = 201, description = "It is there.", body = ApiKey)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue]))))]
#[post("/keys")]
async fn create_key(
    exchange: web::Data<Exchange>,
    body: Submitted<NewApiKey>,
) -> Result<HttpResponse, Failure> {
    let new = NewKey {
        name: body.value.name,
        scope: body.value.scope.unwrap_or(Scope::Write),
        expires_in: body.value.expires_in,
    };
    let (row, key) = exchange.issue_key(&body.write, new).await?;
    Ok(HttpResponse::Created().json(show(row, Some(&key))?))
}

/// Rotate an API key
///
/// Makes a key of the same name and scope, which ends when the old one would have, and shows it this once. The old one
/// works until the overlap ends: give one where the key that you call with is the one that you rotate, or an answer
/// that is lost cannot be asked for again. Needs the scope `admin`.
#[utoipa::path(tag = "Keys", request_body = KeyRotation,
    params(("id" = String, Path, description = "Id of the key.")),
    responses((status = 201, description = "The new key.", body = ApiKey)),
    extensions(("x-error-codes" = json!([ErrorCode::KeyEnded]))))]
#[post("/keys/{id}/rotate")]
async fn rotate_key(
    exchange: web::Data<Exchange>,
    id: web::Path<String>,
    body: Submitted<KeyRotation>,
) -> Result<HttpResponse, Failure> {
    let overlap = body.value.overlap_seconds.unwrap_or_default();
    let (row, key) = exchange.rotate_key(&body.write, &id, overlap).await?;
    Ok(HttpResponse::Created().json(show(row, Some(&key))?))
}

/// Revoke an API key
///
/// It ends at once. The last key that is valid and has the scope `admin` cannot be revoked: rotate it, or make another
/// one first. Needs the scope `admin`.
#[utoipa::path(tag = "Keys", params(("id" = String, Path, description = "Id of the key.")),
    responses((status = 204, description = "It opens nothing any more.")),
    extensions(("x-error-codes" = json!([ErrorCode::LastAdminKey]))))]
#[delete("/keys/{id}")]
async fn revoke_key(
    exchange: web::Data<Exchange>,
    asked: WithoutBody,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    exchange.revoke_key(&asked.write, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}
