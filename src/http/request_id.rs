//! Every request has an id: its caller's where that is well-formed, else one of ours. It comes back with every answer,
//! and is what the request is known by in our logs.

use super::vendor_log;
use crate::domain::request_id::{HEADER, RequestId};
use crate::exchange::Exchange;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};

/// Middleware: gives every request its id, echoes it, and logs the request where a vendor made it.
pub async fn identify(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let Some(exchange) = request.app_data::<web::Data<Exchange>>().cloned() else {
        return next.call(request).await;
    };
    let began = exchange.now();
    let id = sent(&request).unwrap_or_else(|| exchange.new_request_id());
    request.extensions_mut().insert(id.clone());
    let mut response = next.call(request).await?;
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        let headers = response.headers_mut();
        headers.insert(HeaderName::from_static(HEADER), value);
    }
    vendor_log::note(&response, id, (began, exchange.now()));
    Ok(response)
}

fn sent(request: &ServiceRequest) -> Option<RequestId> {
    RequestId::parse(request.headers().get(HEADER)?.to_str().ok()?)
}

/// The id that a request was given.
pub fn of(request: &HttpRequest, exchange: &Exchange) -> RequestId {
    let given = request.extensions().get::<RequestId>().cloned();
    given.unwrap_or_else(|| exchange.new_request_id())
}
