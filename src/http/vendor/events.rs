//! `/events`: what we told the vendor, kept and replayable.

use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::EventId;
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::events::{EventFilter, ShownEvent};
use crate::exchange::replaying::RangeReplay;
use crate::http::auth::Caller;
use crate::http::body::{Submitted, WithoutBody};
use crate::http::paging::{PageQuery, Paged, from_cursor, id_to_find, invalid, to_cursor};
use crate::http::problem::Failure;
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::openapi::Ref;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(list_events)
        .service(get_event)
        .service(replay_range)
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
    #[schema(schema_with = event)]
    body: Box<RawValue>,
}

/// What an endpoint gets; its schema is that of the document's webhooks.
fn event() -> Ref {
    Ref::from_schema_name("Event")
}

/// What became of a replay.
#[derive(Serialize, ToSchema)]
struct Replayed {
    /// To how many endpoints it is sent.
    deliveries: usize,
}

/// Which events to send again.
#[derive(Deserialize, ToSchema)]
struct RangeToReplay {
    /// Events of this time and later.
    #[schema(format = DateTime, example = "2026-02-03T10:00:00Z")]
    since: String,
    /// Only of before this time; now where it is left out.
    #[serde(default)]
    #[schema(format = DateTime, example = "2026-02-03T12:00:00Z")]
    until: Option<String>,
    /// Only of these types; of all where it is left out or empty.
    #[serde(default)]
    #[schema(max_items = 50)]
    event_types: Option<Vec<EventType>>,
    /// Only of these categories; of all where it is left out or empty.
    #[serde(default)]
    #[schema(max_items = 50)]
    categories: Option<Vec<Category>>,
    /// Only to this endpoint; to all where it is left out.
    #[serde(default)]
    webhook_id: Option<String>,
    /// Only to endpoints at which no delivery of the event has succeeded.
    #[serde(default)]
    only_failed: Option<bool>,
    /// The `next` of the answer before, with the rest of the body as it was.
    #[serde(default)]
    cursor: Option<String>,
}

/// What became of a replay of a range.
#[derive(Serialize, ToSchema)]
struct RangeReplayed {
    /// How many deliveries were queued.
    queued: usize,
    /// Of how many events.
    events: usize,
    /// The cursor to go on with; null once the range is done.
    next: Option<String>,
}

impl RangeToReplay {
    /// What is meant, at the time `now`.
    fn read(self, now: Timestamp) -> Result<RangeReplay, Problem> {
        let since = time("/since", &self.since)?;
        let going_on = self.cursor.as_deref().map(place).transpose()?;
        let until = match (&going_on, &self.until) {
            (Some((until, _)), _) => *until,
            (None, Some(until)) => time("/until", until)?,
            (None, None) => now,
        };
        if until < since {
            return Err(broken("/until", "range", "until must not be before since"));
        }
        Ok(RangeReplay {
            since,
            until,
            event_types: self.event_types.unwrap_or_default(),
            categories: self.categories.unwrap_or_default(),
            webhook: self.webhook_id,
            only_failed: self.only_failed.unwrap_or_default(),
            after: going_on.map(|(_, after)| after),
        })
    }
}

fn time(pointer: &str, text: &str) -> Result<Timestamp, Problem> {
    Timestamp::parse_rfc3339(text).ok_or_else(|| {
        broken(
            pointer,
            "format",
            "it must be a time such as 2026-02-03T10:00:00Z",
        )
    })
}

/// Until when a replay goes and after which event it goes on: what was now at the first call stays so.
fn place(cursor: &str) -> Result<(Timestamp, EventId), Problem> {
    let place = from_cursor(cursor).and_then(|place| {
        let (until, after) = place.split_once(' ')?;
        Some((Timestamp(until.parse().ok()?), EventId::parse(after)?))
    });
    place.ok_or_else(|| {
        broken(
            "/cursor",
            "cursor",
            "cursor must be the next of an earlier answer",
        )
    })
}

fn broken(pointer: &str, code: &str, message: &str) -> Problem {
    Problem::with(
        ErrorCode::InvalidValue,
        vec![Violation::new(pointer, code, message)],
    )
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
    responses((status = 200, description = "A page.", body = Paged<KeptEvent>)))]
#[get("/events")]
async fn list_events(
    exchange: web::Data<Exchange>,
    caller: Caller,
    filter: web::Query<EventQuery>,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<KeptEvent>>, Failure> {
    let filter = filter.into_inner();
    let event_type = filter.event_type.as_deref().filter(|text| !text.is_empty());
    let event_type = event_type.map(|text| {
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
    responses((status = 200, description = "The event.", body = KeptEvent)))]
#[get("/events/{id}")]
async fn get_event(
    exchange: web::Data<Exchange>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<web::Json<KeptEvent>, Failure> {
    Ok(web::Json(show(exchange.get_event(&caller.project, &id).await?)?))
}

/// Replay a range of events
///
/// Sends them again, in batches, the oldest first, each with the same `webhook-id`, to all endpoints that subscribe to
/// its type and category now, or to one of them. One call goes through at most 10,000 events; `next` is where to go on.
/// A call that is made again queues again: with `only_failed`, what has arrived meanwhile is left out.
#[utoipa::path(tag = "Events", request_body = RangeToReplay,
    responses((status = 202, description = "They are queued.", body = RangeReplayed)),
    extensions(("x-error-codes" = json!([ErrorCode::InvalidValue, ErrorCode::NotFound]))))]
#[post("/events/replay")]
async fn replay_range(
    exchange: web::Data<Exchange>,
    body: Submitted<RangeToReplay>,
) -> Result<HttpResponse, Failure> {
    let replay = body.value.read(exchange.now())?;
    let until = replay.until.0;
    let replayed = exchange.replay_range(&body.write, replay).await?;
    Ok(HttpResponse::Accepted().json(RangeReplayed {
        queued: replayed.queued,
        events: replayed.events,
        next: replayed.next.map(|after| to_cursor(&format!("{until} {after}"))),
    }))
}

/// Replay an event
///
/// Sends it again, with the same `webhook-id`, to all endpoints that subscribe to its type now.
#[utoipa::path(tag = "Events", params(("id" = String, Path, description = "Id of the event.")),
    responses((status = 200, description = "It is queued.", body = Replayed)))]
#[post("/events/{id}/replay")]
async fn replay_event(
    exchange: web::Data<Exchange>,
    asked: WithoutBody,
    id: web::Path<String>,
) -> Result<web::Json<Replayed>, Failure> {
    let deliveries = exchange.replay_event(&asked.write, &id).await?;
    Ok(web::Json(Replayed { deliveries }))
}
