//! `/events`: what we told the vendor, kept and replayable.

use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::problem::Problem;
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::events::{EventFilter, ShownEvent};
use crate::http::auth::Caller;
use crate::http::paging::{PageQuery, Paged, id_to_find, invalid};
use crate::http::problem::Failure;
use crate::http::refusals::{ReadProblems, WriteProblems};
use actix_web::{get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_events)
        .service(get_event)
        .service(replay_event);
}

/// Which events.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct EventQuery {
    /// Only of this type.
    #[param(value_type = Option<EventType>)]
    event_type: Option<String>,
    /// Only about this record, such as an order's id.
    record_id: Option<String>,
}

/// An event.
#[derive(Serialize, ToSchema)]
struct KeptEvent {
    /// Id; also the `webhook-id` of its deliveries.
    #[schema(example = "evt_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// What happened.
    #[schema(value_type = EventType)]
    event_type: String,
    /// What it is about.
    record_id: String,
    /// The customer, where it is about one.
    account_id: Option<String>,
    /// The category, where it is about one.
    #[schema(value_type = Option<Category>)]
    category: Option<String>,
    /// When.
    #[schema(format = DateTime)]
    created_at: String,
    /// The body of its deliveries.
    #[schema(value_type = Object)]
    body: Box<RawValue>,
}

/// What became of a replay.
#[derive(Serialize, ToSchema)]
struct Replayed {
    /// To how many endpoints it is sent.
    deliveries: usize,
}

fn show(shown: ShownEvent) -> Result<KeptEvent, Problem> {
    let row = shown.row;
    Ok(KeptEvent {
        id: row.id,
        event_type: row.event_type,
        record_id: row.record_id,
        account_id: row.account_id,
        category: row.category,
        created_at: Timestamp(row.created_at).to_string(),
        body: shown.body,
    })
}

/// List events
///
/// Newest first.
#[utoipa::path(tag = "Events", params(EventQuery, PageQuery),
    responses((status = 200, description = "A page.", body = Paged<KeptEvent>), ReadProblems))]
#[get("/events")]
async fn list_events(
    exchange: web::Data<Exchange>,
    caller: Caller,
    filter: web::Query<EventQuery>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<KeptEvent>>, Failure> {
    let filter = filter.into_inner();
    let event_type = filter.event_type.as_deref().map(|text| {
        EventType::parse(text).ok_or_else(|| {
            invalid(
                "?event_type",
                "event_type must be one that the API document lists",
            )
        })
    });
    let filter = EventFilter {
        event_type: event_type.transpose()?,
        record_id: id_to_find("?record_id", filter.record_id)?,
    };
    let rows = exchange
        .list_events(&caller.project, filter, query.page()?)
        .await?;
    Ok(web::Json(query.paged(rows, |event| &event.row.id, show)?))
}

/// Get an event
///
/// With the body of its deliveries.
#[utoipa::path(tag = "Events", params(("id" = String, Path, description = "Id of the event.")),
    responses((status = 200, description = "The event.", body = KeptEvent), ReadProblems))]
#[get("/events/{id}")]
async fn get_event(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<KeptEvent>, Failure> {
    Ok(web::Json(show(exchange.get_event(&caller.project, &id).await?)?))
}

/// Replay an event
///
/// Sends it again, with the same `webhook-id`, to all endpoints that subscribe to its type now.
#[utoipa::path(tag = "Events", params(("id" = String, Path, description = "Id of the event.")),
    responses((status = 200, description = "It is queued.", body = Replayed), WriteProblems))]
#[post("/events/{id}/replay")]
async fn replay_event(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<Replayed>, Failure> {
    let deliveries = exchange.replay_event(&caller.project, &id).await?;
    Ok(web::Json(Replayed { deliveries }))
}
