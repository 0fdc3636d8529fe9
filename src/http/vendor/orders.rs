//! `/unified/ats/{category}/orders`: orders read again, in StackOne's shape with ours beside it.

use super::category;
use crate::domain::id::OrderId;
use crate::domain::order::{HiringTeamMember, Job};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::result::{Outcome, Status};
use crate::domain::timestamp::Timestamp;
use crate::domain::vendor_order::VendorOrder;
use crate::exchange::Exchange;
use crate::exchange::orders::OrderOf;
use crate::exchange::orders::ShownOrder;
use crate::http::auth::Caller;
use crate::http::body::Submitted;
use crate::http::paging::{PageQuery, Paged};
use crate::http::problem::Failure;
use actix_web::{HttpMessage, HttpRequest, get, post, web};
use serde::Serialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(place_order)
        .service(list_orders)
        .service(get_order);
}

/// An order.
#[derive(Serialize, ToSchema)]
struct Order {
    /// Our id; also the `recordId` of its events.
    #[schema(example = "ats_ass_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// Our id, for StackOne's clients.
    #[schema(example = "ats_ass_02xvJ0nEdbcjBOZlbbGTsE")]
    remote_id: String,
    /// The customer.
    account_id: String,
    /// Where it stands.
    #[schema(value_type = Status)]
    status: String,
    /// How it ended.
    #[schema(value_type = Outcome)]
    outcome: String,
    /// What was ordered.
    package: OrderPackage,
    /// The application in the ATS.
    application: OrderReference,
    /// The job in the ATS.
    job: OrderJob,
    /// Who is to be assessed.
    candidate: OrderCandidate,
    /// Where the ATS wants to be told. Crosscheck calls it; you need not.
    results_update_url: Option<String>,
    /// The ATS's payload, as received.
    #[schema(value_type = Object)]
    origin_data: Box<RawValue>,
    /// When it was placed.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

/// A thing in the ATS.
#[derive(Serialize, ToSchema)]
struct OrderReference {
    /// The ATS's id, where it is known.
    id: Option<String>,
    /// The same.
    remote_id: Option<String>,
}

/// A job in the ATS.
#[derive(Serialize, ToSchema)]
struct OrderJob {
    /// The ATS's id, where it is known.
    id: Option<String>,
    /// The same.
    remote_id: Option<String>,
    /// What is advertised, where it is known.
    title: Option<String>,
    /// Who hires, where it is known.
    hiring_team: Vec<OrderHiringTeamMember>,
}

/// One of those who hire.
#[derive(Serialize, ToSchema)]
struct OrderHiringTeamMember {
    /// The ATS's id of the user.
    user_id: Option<String>,
    /// The same.
    remote_user_id: Option<String>,
    /// Given name.
    first_name: Option<String>,
    /// Family name.
    last_name: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// The ATS's word for what this person does in the team.
    role: Option<String>,
}

/// What was ordered.
#[derive(Serialize, ToSchema)]
struct OrderPackage {
    /// Your id.
    #[schema(example = "logic-40")]
    id: String,
    /// Your id.
    #[schema(example = "logic-40")]
    remote_id: String,
    /// Its name when it was ordered, where it was known.
    #[schema(example = "Logic, 40 minutes")]
    name: Option<String>,
    /// Its description when it was ordered, where it was known.
    description: Option<String>,
}

/// Who is to be assessed.
#[derive(Serialize, ToSchema)]
struct OrderCandidate {
    /// The ATS's id, where it is known.
    id: Option<String>,
    /// The same.
    remote_id: Option<String>,
    /// Given name.
    first_name: String,
    /// Family name.
    last_name: String,
    /// E-mail addresses.
    emails: Vec<Contact>,
    /// Phone numbers.
    phones: Vec<Contact>,
    /// Résumé and profile.
    #[schema(example = json!(["https://ats.example/people/17"]))]
    links: Vec<String>,
}

/// An address or a number.
#[derive(Serialize, ToSchema)]
struct Contact {
    /// The ATS's kind of it.
    #[schema(example = "personal")]
    r#type: String,
    /// The address or number.
    #[schema(example = "ada@example.org")]
    value: String,
}

/// One order.
#[derive(Serialize, ToSchema)]
struct OrderData {
    /// The order.
    data: Order,
}

fn show(shown: ShownOrder) -> Result<Order, Problem> {
    let record = shown.record.record()?;
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    let reference = |id: Option<Cow<'_, str>>| {
        let id = owned(id);
        OrderReference {
            remote_id: id.clone(),
            id,
        }
    };
    let (candidate, package) = (record.candidate, record.assessment_package);
    let candidate_id = owned(candidate.id);
    let emails = candidate.emails.into_iter().map(|one| (one.r#type, one.email));
    let phones = candidate
        .phones
        .into_iter()
        .map(|one| (one.r#type, one.phone_number));
    let contact = |(kind, value): (Cow<'_, str>, Cow<'_, str>)| Contact {
        r#type: kind.into_owned(),
        value: value.into_owned(),
    };
    Ok(Order {
        package: OrderPackage {
            remote_id: package.id.as_ref().to_owned(),
            id: package.id.into_owned(),
            name: owned(package.name),
            description: owned(package.description),
        },
        application: reference(record.application_id),
        job: show_job(record.job_id, record.job),
        candidate: OrderCandidate {
            remote_id: candidate_id.clone(),
            id: candidate_id,
            first_name: candidate.first_name.into_owned(),
            last_name: candidate.last_name.into_owned(),
            emails: emails.map(contact).collect(),
            phones: phones.map(contact).collect(),
            links: candidate.links.into_iter().map(Cow::into_owned).collect(),
        },
        results_update_url: owned(record.callback_url),
        origin_data: record.origin_data.to_owned(),
        remote_id: shown.row.id.clone(),
        id: shown.row.id,
        account_id: shown.row.account_id,
        status: shown.row.status,
        outcome: shown.row.outcome,
        created_at: Timestamp(shown.row.created_at).to_string(),
        updated_at: Timestamp(shown.row.updated_at).to_string(),
    })
}

fn show_job(id: Option<Cow<'_, str>>, job: Option<Job<'_>>) -> OrderJob {
    let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
    let id = owned(id);
    let (title, team) = job.map(|job| (job.title, job.hiring_team)).unwrap_or_default();
    let member = |one: HiringTeamMember<'_>| {
        let user_id = owned(one.user_id);
        OrderHiringTeamMember {
            remote_user_id: user_id.clone(),
            user_id,
            first_name: owned(one.first_name),
            last_name: owned(one.last_name),
            email: owned(one.email),
            role: owned(one.role),
        }
    };
    OrderJob {
        remote_id: id.clone(),
        id,
        title: owned(title),
        hiring_team: team.into_iter().map(member).collect(),
    }
}

/// An order that was placed.
#[derive(Serialize, ToSchema)]
struct OrderPlaced {
    /// Our id; also the `recordId` of its events.
    #[schema(example = "ats_ass_02xvJ0nEdbcjBOZlbbGTsE")]
    id: String,
    /// Your id of it, where you gave one; else ours.
    #[schema(example = "order-4711")]
    remote_id: String,
    /// Null: where the candidate takes the test is yours to say.
    test_url: Option<String>,
}

/// Place an order
///
/// For ATSs without a partner interface, and for trying things out: it becomes an order and a `record.new` like any
/// other, with the body as `originData`. The same `id` for the same account is the same order. No ATS is told of it.
#[utoipa::path(tag = "Orders", request_body = VendorOrder,
    params(
        ("category" = crate::domain::category::Category, Path, description = "What is ordered."),
        ("x-account-id" = String, Header, description = "For which customer.")
    ),
    responses((status = 200, description = "It is placed.", body = OrderPlaced)),
    extensions(("x-error-codes" = json!([ErrorCode::OrderOpen, ErrorCode::IntegrationDisabled, ErrorCode::InvalidValue, ErrorCode::NotCapable]))))]
#[post("/unified/ats/{category}/orders")]
async fn place_order(
    exchange: web::Data<Exchange>,
    request: HttpRequest,
    path: web::Path<String>,
    body: Submitted<VendorOrder>,
) -> Result<web::Json<OrderPlaced>, Failure> {
    let category = category(&path)?;
    let account = body.caller.required_account(&exchange).await?;
    let origin =
        serde_json::from_slice(&body.body.bytes).map_err(|_| Problem::of(ErrorCode::MalformedJson))?;
    let placed = exchange
        .place_vendor_order(&body.write, category, &account, &body.value, origin)
        .await?;
    // For the request log: the path names no order.
    request.extensions_mut().insert(OrderId::parse(&placed.id));
    Ok(web::Json(OrderPlaced {
        id: placed.id,
        remote_id: placed.remote_id,
        test_url: None,
    }))
}

/// List orders
///
/// Newest first; with `x-account-id` that account's only. A missed webhook is found again here.
#[utoipa::path(tag = "Orders",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What was ordered."),
        ("x-account-id" = Option<String>, Header, description = "Whose orders; without it all of the project's."),
        PageQuery
    ),
    responses((status = 200, description = "A page.", body = Paged<Order>)))]
#[get("/unified/ats/{category}/orders")]
async fn list_orders(
    exchange: web::Data<Exchange>,
    path: web::Path<String>,
    caller: Caller,
    query: web::Query<PageQuery>,
) -> Result<web::Json<Paged<Order>>, Failure> {
    let (category, account) = (category(&path)?, caller.account(&exchange).await?);
    let rows = exchange
        .list_orders(&caller.project, category, account, query.page()?)
        .await?;
    Ok(web::Json(query.paged(rows, |order| &order.row.id, show)?))
}

/// Get an order
///
/// With everything that its `record.new` told.
#[utoipa::path(tag = "Orders",
    params(
        ("category" = crate::domain::category::Category, Path, description = "What was ordered."),
        ("id" = String, Path, description = "Id of the order."),
        ("x-account-id" = Option<String>, Header, description = "Whose order it has to be.")
    ),
    responses((status = 200, description = "The order.", body = OrderData)))]
#[get("/unified/ats/{category}/orders/{id}")]
async fn get_order(
    exchange: web::Data<Exchange>,
    path: web::Path<(String, String)>,
    caller: Caller,
) -> Result<web::Json<OrderData>, Failure> {
    let (category_name, id) = path.into_inner();
    let (category, account) = (category(&category_name)?, caller.account(&exchange).await?);
    let order = OrderOf {
        project: &caller.project,
        category,
        account: account.as_ref(),
        id: &id,
    };
    Ok(web::Json(OrderData {
        data: show(exchange.get_order(order).await?)?,
    }))
}
