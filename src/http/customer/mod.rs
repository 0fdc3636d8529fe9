//! The connect page: `/connect/{token}`, for the customer's admin. The token in the address is all that is asked for, so
//! the page is kept from caches, frames, referrers and foreign scripts.

mod page;

use crate::domain::problem::Problem;
use crate::exchange::Exchange;
use crate::exchange::connect_page::{Submission, Typed, Visit};
use crate::http::body;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, ORIGIN, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use maud::Markup;
use page::Form;
use zeroize::Zeroizing;

/// No inline script or style, nothing from elsewhere, no frame around it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'";

/// The query of the page to which a form that was taken leads.
const TAKEN: &str = "saved";

const STYLE: &str = include_str!("connect.css");
const SCRIPT: &str = include_str!("connect.js");
const ICON: &str = include_str!("connect.svg");

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/connect/assets/{name}", web::get().to(asset))
        .service(
            web::resource("/connect/{token}")
                .route(web::get().to(show))
                .route(web::post().to(submit)),
        );
}

async fn asset(name: web::Path<String>) -> HttpResponse {
    let (kind, text) = match name.as_str() {
        "connect.css" => ("text/css; charset=utf-8", STYLE),
        "connect.js" => ("text/javascript; charset=utf-8", SCRIPT),
        "connect.svg" => ("image/svg+xml", ICON),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .content_type(kind)
        .body(text)
}

async fn show(request: HttpRequest, token: web::Path<String>, exchange: web::Data<Exchange>) -> HttpResponse {
    let is_taken = request.query_string() == TAKEN;
    match exchange.visit(&token).await {
        Ok(visit) => visited(visit, is_taken),
        Err(problem) => failed(&problem),
    }
}

async fn submit(
    request: HttpRequest,
    token: web::Path<String>,
    payload: web::Payload,
    exchange: web::Data<Exchange>,
) -> HttpResponse {
    let body = body::read(&request, &mut payload.into_inner()).await;
    if !is_from_the_page(&request, &exchange) {
        return html(StatusCode::FORBIDDEN, page::not_from_here());
    }
    let body = match body {
        Ok(body) => body,
        Err(problem) => return failed(&problem),
    };
    let fields = url::form_urlencoded::parse(&body.bytes);
    let typed: Typed = fields
        .map(|(name, value)| (name.into_owned(), Zeroizing::new(value.into_owned())))
        .collect();
    match exchange.submit(&token, &typed).await {
        // Relative, so that it leads back wherever a proxy put the page.
        Ok(Submission::Taken) => HttpResponse::SeeOther()
            .insert_header((LOCATION, format!("{token}?{TAKEN}")))
            .insert_header((CACHE_CONTROL, "no-store"))
            .finish(),
        Ok(Submission::Mistaken(page, mistakes)) => {
            let form = Form {
                typed: &typed,
                mistakes: &mistakes,
                is_taken: false,
            };
            html(StatusCode::UNPROCESSABLE_ENTITY, page::open(&page, &form))
        }
        Ok(Submission::Closed(visit)) => visited(visit, false),
        Err(problem) => failed(&problem),
    }
}

/// Whether a form was sent from a page of ours, as far as the browser says. Under the page's own referrer policy the
/// `Origin` is `null`, so it decides only where the browser does not say more.
fn is_from_the_page(request: &HttpRequest, exchange: &Exchange) -> bool {
    let header = |name: &str| request.headers().get(name).map(|value| value.as_bytes());
    match (header("sec-fetch-site"), header(ORIGIN.as_str())) {
        (Some(site), _) => site == b"same-origin",
        (None, Some(origin)) => origin == b"null" || origin == exchange.origin().as_bytes(),
        (None, None) => true,
    }
}

fn visited(visit: Visit, is_taken: bool) -> HttpResponse {
    match visit {
        Visit::Open(page) => html(StatusCode::OK, page::open(&page, &Form::untouched(is_taken))),
        Visit::Expired(vendor) => html(StatusCode::GONE, page::expired(vendor.as_deref())),
        Visit::Unknown => html(StatusCode::NOT_FOUND, page::unknown()),
    }
}

/// What went wrong is the vendor's or ours; the customer reads what it can do about it.
fn failed(problem: &Problem) -> HttpResponse {
    let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = html(status, page::failed(problem));
    if let Some(seconds) = problem.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    response
}

fn html(status: StatusCode, page: Markup) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header(("x-robots-tag", "noindex, nofollow"))
        .content_type("text/html; charset=utf-8")
        .body(page.into_string())
}
