//! Problems -> responses. A handler returns a [`Failure`]; [`render`] gives it its body, for which it needs
//! the clock.

use super::auth::authenticate;
use super::routes::Routes;
use crate::domain::category::Category;
use crate::domain::problem::{ErrorCode, Problem};
use crate::exchange::Exchange;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

/// A problem on its way out of a handler. Logs show its code alone: pointers and messages may repeat what was sent.
#[derive(thiserror::Error)]
#[error("{}", .0.code.as_str())]
pub struct Failure(pub Problem);

impl std::fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, formatter)
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.0.retry_after() {
            response.insert_header((RETRY_AFTER, seconds));
        }
        if self.0.code == ErrorCode::Unauthorized {
            response.insert_header((WWW_AUTHENTICATE, "Basic realm=\"crosscheck\""));
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.0.clone());
        response
    }
}

/// Middleware: gives every problem its body.
pub async fn render(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let exchange = request.app_data::<web::Data<Exchange>>().cloned();
    let response = next.call(request).await?.map_into_boxed_body();
    let problem = response.response().extensions().get::<Problem>().cloned();
    let (Some(problem), Some(exchange)) = (problem, exchange) else {
        return Ok(response);
    };
    let body = serde_json::to_vec(&problem.body(exchange.now())).unwrap_or_default();
    Ok(response.map_body(|head, _| {
        let json = HeaderValue::from_static("application/json");
        head.headers_mut()
            .insert(actix_web::http::header::CONTENT_TYPE, json);
        BoxBody::new(body)
    }))
}

/// A path that we do not have, or not with that method. Where StackOne's clients find their other resources, they are told
/// as there that this is no such ATS.
pub async fn no_route(request: HttpRequest, routes: web::Data<Routes>) -> Result<HttpResponse, Failure> {
    let methods = routes.methods(request.path()).join(", ");
    if !methods.is_empty() {
        let message = format!("This path has no method {}. It has {methods}.", request.method());
        let refusal = Failure(Problem::new(ErrorCode::MethodNotAllowed, message));
        let mut response = refusal.error_response();
        if let Ok(methods) = HeaderValue::from_str(&methods) {
            response.headers_mut().insert(ALLOW, methods);
        }
        return Ok(response);
    }
    if is_other_resource(request.path()) {
        authenticate(&request).await?;
        let message = "Crosscheck has assessments, background checks and reference checks; of other resources ask the \
                       ATS itself.";
        return Err(Problem::new(ErrorCode::NotCapable, message).into());
    }
    let message = format!(
        "There is no route {} {}. GET /docs lists all.",
        request.method(),
        request.path()
    );
    Err(Problem::new(ErrorCode::NotFound, message).into())
}

/// Whether `path` is that of a unified resource that is none of ours.
fn is_other_resource(path: &str) -> bool {
    let Some((service, resource)) = path
        .strip_prefix("/unified/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let name = resource.split('/').next().unwrap_or_default();
    !name.is_empty() && (service != "ats" || Category::parse(name).is_none())
}
