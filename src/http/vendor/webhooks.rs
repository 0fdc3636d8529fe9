//! `/webhooks`.

use super::present;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::webhooks::WebhookChange;
use crate::http::auth::Caller;
use crate::http::body::{Submitted, WithoutBody};
use crate::http::paging::{PageQuery, Paged};
use crate::http::problem::Failure;
use crate::outbox::delivery::compatible;
use crate::outbox::schedule::Schedule;
use crate::outbox::signing::Compatible;
use crate::store::webhooks::WebhookRow;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use serde::{Deserialize, Serialize};
use serde_json::{Number, json};
use utoipa::ToSchema;
use utoipa::openapi::Object;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{ArrayBuilder, Schema, SchemaType, Type};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(create_webhook)
        .service(list_webhooks)
        .service(get_webhook)
        .service(update_webhook)
        .service(delete_webhook)
        .service(test_webhook);
}

/// An endpoint's own schedule, as it is sent.
fn own_schedule() -> Schema {
    let rule =
        json!({"maxItems": Schedule::MOST_WAITS, "items": {"minimum": 1, "maximum": Schedule::LONGEST_WAIT}});
    let array = ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(Object::with_type(Type::Integer))
        .examples([json!([5, 30, 300])])
        .extensions(Some(Extensions::builder().add("x-rule", rule).build()))
        .description(Some(
            "How many seconds to wait after each failed try: `[5, 30, 300]` is four tries in all, the first at once; empty \
             is one try. At most 20 waits, each from 1 second to 7 days, varied by up to a fifth. Null: 5 s, 30 s, 5 min, \
             30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. It holds from the next failure on, also for what is under way.",
        ));
    array.into()
}

/// A new endpoint.
#[derive(Deserialize, ToSchema)]
struct NewWebhook {
    /// Where to send: https, a public address.
    #[schema(example = "https://vendor.example/hooks", min_length = 1, max_length = 2048)]
    url: String,
    /// What you call it.
    #[serde(default)]
    #[schema(max_length = 255)]
    name: Option<String>,
    /// What it gets.
    #[schema(min_items = 1, max_items = 50)]
    events: Vec<EventType>,
    /// Of which categories; all where it is left out or empty.
    #[serde(default)]
    #[schema(max_items = 50)]
    categories: Option<Vec<Category>>,
    /// How many seconds to wait after each failed try; the default where it is left out.
    #[serde(default)]
    #[schema(schema_with = own_schedule)]
    schedule: Option<Vec<Number>>,
    /// Whether deliveries about one record (an order, say) go to it one after the other, in the order in which they
    /// were committed: each waits until the one before has arrived, or has ended and is skipped.
    #[serde(default)]
    in_order: Option<bool>,
    /// Whose signatures deliveries carry beside the standard one, for a receiver that was written for another product:
    /// `x-stackone-signature`, `x-knit-signature`. Keyed by the secret as it is written, `whsec_` included.
    #[serde(default)]
    #[schema(max_items = 10)]
    signatures: Option<Vec<Compatible>>,
}

/// A change: what is left out stays.
#[derive(Deserialize, ToSchema)]
struct WebhookUpdate {
    /// Where to send.
    #[serde(default)]
    #[schema(example = "https://vendor.example/hooks/2", min_length = 1, max_length = 2048)]
    url: Option<String>,
    /// What you call it; null clears.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>, max_length = 255)]
    name: Option<Option<String>>,
    /// What it gets.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 50)]
    events: Option<Vec<EventType>>,
    /// Of which categories; empty or null for all.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<Category>>, max_items = 50)]
    categories: Option<Option<Vec<Category>>>,
    /// How many seconds to wait after each failed try, as in a new endpoint; null for the default. It holds from the
    /// next failure on, also for what is under way.
    #[serde(default, deserialize_with = "present")]
    #[schema(schema_with = own_schedule)]
    schedule: Option<Option<Vec<Number>>>,
    /// Whether deliveries about one record go to it one after the other: true for those queued from now on; false lets
    /// go of all that wait for their turn.
    #[serde(default)]
    in_order: Option<bool>,
    /// Whose signatures deliveries carry beside the standard one; empty for none.
    #[serde(default)]
    #[schema(max_items = 10)]
    signatures: Option<Vec<Compatible>>,
    /// A disabled endpoint gets nothing and keeps its queue.
    #[serde(default)]
    enabled: Option<bool>,
    /// Makes a new secret, shown in the answer. The old one signs beside it for 24 hours.
    #[serde(default)]
    rotate_secret: Option<bool>,
}

/// An endpoint.
#[derive(Serialize, ToSchema)]
struct Webhook {
    /// Id.
    #[schema(example = "whk_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// Where it is.
    #[schema(example = "https://vendor.example/hooks")]
    url: String,
    /// What you call it.
    name: Option<String>,
    /// What it gets.
    events: Vec<EventType>,
    /// Of which categories; empty for all.
    categories: Vec<Category>,
    /// Whether it gets anything.
    enabled: bool,
    /// Why not.
    disabled_reason: Option<String>,
    /// How many seconds it waits after each failed try; null for the default.
    schedule: Option<Vec<u64>>,
    /// Whether deliveries about one record go to it one after the other.
    in_order: bool,
    /// Whose signatures deliveries carry beside the standard one.
    signatures: Vec<Compatible>,
    /// What signs (Standard Webhooks). Shown once, when it is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "whsec_u0hQ3xX5oPpRk7cW8b1Zt2vYy6nN4mM9aAsSdDfFgGg=")]
    secret: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// What came of a test.
#[derive(Serialize, ToSchema)]
struct WebhookTest {
    /// Whether the endpoint answered 2xx.
    delivered: bool,
    /// What it answered.
    status: Option<u16>,
    /// What was wrong, where it did not answer.
    error: Option<String>,
    /// How long it took.
    duration_ms: u64,
}

fn show(row: WebhookRow, secret: Option<&str>) -> Webhook {
    Webhook {
        signatures: compatible(&row),
        id: row.id,
        url: row.url,
        name: row.name,
        events: row.events.split(',').filter_map(EventType::parse).collect(),
        categories: row.categories.split(',').filter_map(Category::parse).collect(),
        enabled: row.enabled,
        disabled_reason: row.disabled_reason,
        schedule: row
            .schedule
            .map(|own| Schedule::stored(Some(&own)).waits().to_vec()),
        in_order: row.in_order,
        secret: secret.map(str::to_owned),
        created_at: Timestamp(row.created_at).to_string(),
        updated_at: Timestamp(row.updated_at).to_string(),
    }
}

/// Add an endpoint
///
/// Nothing is sent to it yet; `POST /webhooks/{id}/test` does that. Its secret is shown this once.
#[utoipa::path(tag = "Webhooks", request_body = NewWebhook, responses(
    (status = 201, description = "It is there.", body = Webhook)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue, ErrorCode::TargetNotAllowed]))))]
#[post("/webhooks")]
async fn create_webhook(
    exchange: web::Data<Exchange>,
    body: Submitted<NewWebhook>,
) -> Result<HttpResponse, Failure> {
    let new = body.value;
    let change = WebhookChange {
        url: Some(new.url),
        name: Some(new.name),
        events: Some(new.events),
        categories: Some(new.categories.unwrap_or_default()),
        enabled: None,
        in_order: new.in_order,
        schedule: Some(new.schedule),
        signatures: new.signatures,
        rotate_secret: false,
    };
    let (row, secret) = exchange.create_webhook(&body.write, change).await?;
    Ok(HttpResponse::Created().json(show(row, Some(&secret))))
}

/// List endpoints
///
/// Newest first.
#[utoipa::path(tag = "Webhooks", params(PageQuery), responses(
    (status = 200, description = "A page.", body = Paged<Webhook>)))]
#[get("/webhooks")]
async fn list_webhooks(
    exchange: web::Data<Exchange>,
    caller: Caller,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<Webhook>>, Failure> {
    let rows = exchange.list_webhooks(&caller.project, query.page()?).await?;
    Ok(web::Json(query.paged(
        rows,
        |row| &row.id,
        |row| Ok::<_, Problem>(show(row, None)),
    )?))
}

/// Get an endpoint
///
/// Without its secret.
#[utoipa::path(tag = "Webhooks", params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "The endpoint.", body = Webhook)))]
#[get("/webhooks/{id}")]
async fn get_webhook(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<Webhook>, Failure> {
    Ok(web::Json(show(
        exchange.get_webhook(&caller.project, &id).await?,
        None,
    )))
}

/// Change an endpoint
///
/// Enabling one sends what waited for it.
#[utoipa::path(tag = "Webhooks", request_body = WebhookUpdate,
    params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "As it is now.", body = Webhook)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue, ErrorCode::TargetNotAllowed]))))]
#[patch("/webhooks/{id}")]
async fn update_webhook(
    exchange: web::Data<Exchange>,
    id: web::Path<String>,
    body: Submitted<WebhookUpdate>,
) -> Result<web::Json<Webhook>, Failure> {
    let update = body.value;
    let change = WebhookChange {
        url: update.url,
        name: update.name,
        events: update.events,
        categories: update.categories.map(Option::unwrap_or_default),
        enabled: update.enabled,
        in_order: update.in_order,
        schedule: update.schedule,
        signatures: update.signatures,
        rotate_secret: update.rotate_secret.unwrap_or_default(),
    };
    let (row, secret) = exchange.update_webhook(&body.write, &id, change).await?;
    Ok(web::Json(show(
        row,
        secret.as_ref().map(|secret| secret.as_str()),
    )))
}

/// Delete an endpoint
///
/// What waits for it is not sent.
#[utoipa::path(tag = "Webhooks", params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 204, description = "It is gone.")))]
#[delete("/webhooks/{id}")]
async fn delete_webhook(
    exchange: web::Data<Exchange>,
    asked: WithoutBody,
    id: web::Path<String>,
) -> Result<HttpResponse, Failure> {
    exchange.delete_webhook(&asked.write, &id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Test an endpoint
///
/// Sends one signed `webhook.test` at once, whatever the endpoint subscribes to, and tells what came of it.
#[utoipa::path(tag = "Webhooks", params(("id" = String, Path, description = "Id of the endpoint.")),
    responses((status = 200, description = "It was tried.", body = WebhookTest)))]
#[post("/webhooks/{id}/test")]
async fn test_webhook(
    exchange: web::Data<Exchange>,
    asked: WithoutBody,
    id: web::Path<String>,
) -> Result<web::Json<WebhookTest>, Failure> {
    let outcome = exchange.test_webhook(&asked.write, &id).await?;
    Ok(web::Json(WebhookTest {
        delivered: outcome.status.is_some_and(|status| (200..300).contains(&status)),
        status: outcome.status,
        error: outcome.error,
        duration_ms: outcome.duration_ms,
    }))
}
