//! Counts and times every request.

use crate::exchange::Exchange;
use crate::metrics::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, web};
use std::time::Instant;

/// What a path of which we have no route is counted as: it may hold anything.
const NO_ROUTE: &str = "none";

/// Middleware: counts a request once the head of its answer is there.
pub async fn count(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let exchange = request.app_data::<web::Data<Exchange>>().cloned();
    let response = next.call(request).await?;
    if let Some(exchange) = exchange {
        let request = response.request();
        let answered = Request {
            method: word(request.method()),
            route: request.match_pattern().unwrap_or_else(|| NO_ROUTE.to_owned()),
            status: response.status().as_u16(),
        };
        exchange.metrics().requested(answered, began.elapsed());
    }
    Ok(response)
}

/// A method may be any word: one that HTTP does not know is not repeated.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
