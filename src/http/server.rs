//! The HTTP server: its limits, its middleware, its faces.

use super::admission::{Admission, admit};
use super::body::BodySchemas;
use super::rate_limit::{self, RateLimit};
use super::request_id::identify;
use super::routes::Routes;
use super::vendor_log::Operations;
use super::{ats, customer, metering, openapi, operator, problem};
use crate::config::{Rate, Role};
use crate::domain::problem::{ErrorCode, Problem, Violation};
use crate::domain::request_id::RequestId;
use crate::exchange::Exchange;
use crate::exchange::vendor_log::VendorLog;
use actix_web::dev::{Server, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, HttpMessage, HttpServer, web};
use std::net::TcpListener;
use std::time::Duration;
use tracing::Span;
use tracing_actix_web::{RootSpanBuilder, TracingLogger};
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::SwaggerUi;

/// How long a client may take to send its request's head.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may be idle: longer than proxies and callers keep theirs, which would otherwise now and then send
/// a request on one that is just being closed, and could not know whether it was taken.
const IDLE: Duration = Duration::from_secs(75);
/// How many connections each of the server's threads keeps; more wait to be accepted.
const CONNECTIONS: usize = 4096;
/// How long requests that are under way get at a shutdown.
const SHUTDOWN_SECONDS: u64 = 20;

/// A server of `exchange` on `listener`, with the routes of its role; it runs when it is awaited. `rate` is how many
/// requests each API key may make, where that is limited; what vendors call is handed to `log`.
pub fn server(
    listener: TcpListener,
    exchange: Exchange,
    (role, rate): (Role, Option<Rate>),
    log: VendorLog,
) -> std::io::Result<Server> {
    let routes = if role.answers() {
        openapi::routes
    } else {
        operator::routes
    };
    let document = openapi::document_of(routes)?;
    let schemas = BodySchemas::compile(&openapi::for_reading(routes)?).map_err(std::io::Error::other)?;
    let schemas = web::Data::new(schemas);
    let paths = web::Data::new(Routes::of(&document));
    let operations = web::Data::new(Operations::of(&document));
    let log = web::Data::new(log);
    let exchange = web::Data::new(exchange);
    let admission = web::Data::new(Admission::new());
    let rate_limit = rate.map(|rate| web::Data::new(RateLimit::new(rate)));
    let make_app = move || {
        // Routes are tried in order: the one under load comes first.
        let (app, _) = App::new()
            .configure(|config| {
                if role.answers() {
                    ats::external_trigger::routes(config);
                    customer::routes(config);
                }
            })
            .into_utoipa_app()
            .openapi(openapi::base())
            .configure(routes)
            .split_for_parts();
        let app = match &rate_limit {
            Some(limit) => app.app_data(web::Data::clone(limit)),
            None => app,
        };
        app.app_data(web::Data::clone(&exchange))
            .app_data(web::Data::clone(&schemas))
            .app_data(web::Data::clone(&paths))
            .app_data(web::Data::clone(&admission))
            .app_data(web::Data::clone(&operations))
            .app_data(web::Data::clone(&log))
            .app_data(web::QueryConfig::default().error_handler(|_, _| query_problem()))
            .app_data(web::PathConfig::default().error_handler(|_, _| path_problem()))
            .service(web::redirect("/docs", "/docs/"))
            .service(SwaggerUi::new("/docs/{_:.*}").external_url_unchecked("/openapi.json", document.clone()))
            .default_service(web::route().to(problem::no_route))
            .wrap(from_fn(rate_limit::tell))
            .wrap(from_fn(admit))
            .wrap(from_fn(problem::render))
            .wrap(TracingLogger::<Spans>::new())
            .wrap(from_fn(identify))
            .wrap(from_fn(metering::count))
    };
    Ok(HttpServer::new(make_app)
        .client_request_timeout(HEAD_PATIENCE)
        .keep_alive(IDLE)
        .max_connections(CONNECTIONS)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run())
}

fn query_problem() -> Error {
    let violation = Violation::new(
        "?",
        "invalid",
        "a query parameter stands twice or is not readable",
    );
    problem::Failure(Problem::with(ErrorCode::InvalidParameter, vec![violation])).into()
}

/// A path whose id is not even text.
fn path_problem() -> Error {
    problem::Failure(Problem::not_found("thing")).into()
}

/// One span a request. It names the route, not the URL: a query may hold what no log may hold.
struct Spans;

impl RootSpanBuilder for Spans {
    fn on_request_start(request: &actix_web::dev::ServiceRequest) -> Span {
        let route = request.match_pattern().unwrap_or_else(|| "no route".to_owned());
        let id = request.extensions().get::<RequestId>().cloned();
        tracing::info_span!(
            "request",
            id = id.as_ref().map(RequestId::as_str),
            method = %request.method(),
            route,
            status = tracing::field::Empty
        )
    }

    fn on_request_end<B: actix_web::body::MessageBody>(
        span: Span,
        outcome: &Result<ServiceResponse<B>, Error>,
    ) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("status", status.as_u16());
    }
}
