//! `/external-trigger/{provider}/{tail}`: every endpoint of every provider. The descriptor says which there
//! are, so a new ATS needs no new route.

use crate::domain::problem::Problem;
use crate::domain::timestamp::Timestamp;
use crate::exchange::Exchange;
use crate::exchange::intake::Customer;
use crate::exchange::request_logs::AtsCall;
use crate::http::body;
use crate::http::problem::Failure;
use crate::providers::descriptor::Operation;
use crate::providers::provider::{Answer, Provider, Refusal, Request, Response};
use crate::providers::registry;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

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
    let body = body::read(&mut payload.into_inner()).await;
    let provider = registry::find(&provider).ok_or_else(|| Problem::not_found("provider"))?;
    let request = AtsRequest {
        http: &request,
        provider,
        tail: &tail,
        body,
    };
    let (operation, outcome) = request.serve(&exchange, began).await;
    Ok(render(provider.answer(
        operation,
        outcome.as_ref(),
        exchange.now(),
    )))
}

struct AtsRequest<'a> {
    http: &'a HttpRequest,
    provider: &'static dyn Provider,
    tail: &'a str,
    body: Result<Vec<u8>, Problem>,
}

impl AtsRequest<'_> {
    async fn serve(
        self,
        exchange: &Exchange,
        began: Timestamp,
    ) -> (Option<&'static Operation>, Result<Answer, Refusal>) {
        let request = self.as_values();
        let customer = match self.identify(exchange, &request).await {
            Ok(customer) => customer,
            Err(refusal) => return (None, Err(refusal)),
        };
        let operation = match self.operation() {
            Ok(operation) => operation,
            Err(refusal) => return (None, Err(refusal)),
        };
        let call = AtsCall {
            operation: operation.name,
            method: self.http.method().to_string(),
            path: self.http.path().to_owned(),
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

    fn operation(&self) -> Result<&'static Operation, Refusal> {
        let operations = self.provider.descriptor().operations;
        let at_path: Vec<_> = operations
            .iter()
            .filter(|operation| operation.path == self.tail)
            .collect();
        let method = self.http.method().as_str();
        match at_path.iter().find(|operation| operation.method == method) {
            Some(operation) => Ok(operation),
            None => Err(at_path.first().map_or(Refusal::Unknown("endpoint"), |other| {
                Refusal::WrongMethod(other.method)
            })),
        }
    }

    fn as_values(&self) -> Request<'_> {
        let headers = self.http.headers().iter();
        Request {
            query: url::form_urlencoded::parse(self.http.query_string().as_bytes()).collect(),
            headers: headers
                .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
                .collect(),
            body: self.body.as_deref().unwrap_or_default(),
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
