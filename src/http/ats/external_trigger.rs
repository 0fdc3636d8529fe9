//! `/external-trigger/{provider}/{tail}`: every endpoint of every provider. The descriptor says which there
//! are, so a new ATS needs no new route.

use crate::domain::problem::Problem;
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::customer::Customer;
use crate::exchange::request_logs::AtsCall;
use crate::http::body::{self, Body};
use crate::http::problem::Failure;
use crate::http::request_id;
use crate::metrics::{self, Metrics, Order};
use crate::providers::descriptor::Operation;
use crate::providers::provider::{Answer, Provider, Refusal, Request, Response};
use crate::providers::registry;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use std::borrow::Cow;

pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/external-trigger/{provider}/{tail:.*}", web::route().to(serve));
}

async fn serve(
    request: HttpRequest,
    path: web::Path<(String, String)>,
    payload: web::Payload,
    exchange: web::Data<Exchange>,
) -> Result<HttpResponse, Failure> {
    let (provider, tail) = path.into_inner();
    let began = exchange.now();
    let body = body::read(&request, &mut payload.into_inner()).await;
    let provider = registry::find(&provider).ok_or_else(|| Problem::not_found("provider"))?;
    let request = AtsRequest {
        http: &request,
        provider,
        tail: &tail,
        body,
    };
    let (operation, outcome) = request.serve(&exchange, began).await;
    let mut response = provider.answer(operation, outcome.as_ref(), exchange.now());
    count(exchange.metrics(), provider, operation, &outcome, response.status);
    if response.status == 401 {
        let challenge = provider.descriptor().token_in.challenge();
        response.headers.push(("www-authenticate", challenge.to_owned()));
    }
    Ok(render(response))
}

fn count(
    metrics: &Metrics,
    provider: &dyn Provider,
    operation: Option<&Operation>,
    outcome: &Result<Answer, Refusal>,
    status: u16,
) {
    let provider = provider.descriptor().key;
    metrics.ats_called(&metrics::AtsCall {
        provider,
        operation: operation.map_or("none", |operation| operation.name),
        status,
    });
    if let Ok(Answer::Placed { repeated, .. }) = outcome {
        metrics.ordered(&Order {
            provider,
            outcome: if *repeated { "repeated" } else { "placed" },
        });
    }
}

/// An operation with what stands for the names in its path.
type Called<'a> = (&'static Operation, Vec<(&'static str, Cow<'a, str>)>);

struct AtsRequest<'a> {
    http: &'a HttpRequest,
    provider: &'static dyn Provider,
    tail: &'a str,
    body: Result<Body, Problem>,
}

impl AtsRequest<'_> {
    async fn serve(
        self,
        exchange: &Exchange,
        began: Timestamp,
    ) -> (Option<&'static Operation>, Result<Answer, Refusal>) {
        let mut request = self.as_values();
        let customer = match self.identify(exchange, &request).await {
            Ok(customer) => customer,
            Err(refusal) => return (None, Err(refusal)),
        };
        let (operation, path) = match self.operation() {
            Ok(found) => found,
            Err(refusal) => return (None, Err(refusal)),
        };
        request.path = path;
        let call = AtsCall {
            provider: self.provider,
            operation,
            request_id: request_id::of(self.http, exchange),
            began,
        };
        let inquiry = match &self.body {
            Ok(_) => self.provider.read(operation, &request),
            Err(problem) => Err(Refusal::Problem(problem.clone())),
        };
        (Some(operation), exchange.serve(&customer, &call, inquiry).await)
    }

    async fn identify(&self, exchange: &Exchange, request: &Request<'_>) -> Result<Customer, Refusal> {
        let claim = self.provider.claim(request)?;
        exchange
            .identify(self.provider, claim, request.parameter("tenant-id"))
            .await
    }

    /// The operation that is called, with what stands for the names in its path.
    fn operation(&self) -> Result<Called<'_>, Refusal> {
        let operations = self.provider.descriptor().operations.iter();
        let at_path = operations.filter_map(|operation| Some((operation, operation.matches(self.tail)?)));
        let method = self.http.method().as_str();
        let mut other = None;
        for (operation, path) in at_path {
            if operation.method == method {
                return Ok((operation, path));
            }
            other.get_or_insert(operation);
        }
        Err(other.map_or(Refusal::Unknown("endpoint"), |other| {
            Refusal::WrongMethod(other.method)
        }))
    }

    fn as_values(&self) -> Request<'_> {
        let headers = self.http.headers().iter();
        Request {
            path: Vec::new(),
            query: url::form_urlencoded::parse(self.http.query_string().as_bytes()).collect(),
            headers: headers
                .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
                .collect(),
            body: self.body.as_ref().map_or(&[], |body| &body.bytes),
        }
    }
}

fn render(response: Response) -> HttpResponse {
    let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut http = HttpResponse::build(status);
    for (name, value) in response.headers {
        http.insert_header((name, value));
    }
    http.content_type("application/json").body(response.body)
}
