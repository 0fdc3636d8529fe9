//! What is counted and timed, for Prometheus and whatever reads its format.

use crate::domain::problem::{ErrorCode, Problem};
use crate::exchange::Exchange;
use crate::http::auth::presented_key;
use crate::http::problem::Failure;
use crate::metrics::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(metrics);
}

/// What is counted and timed
///
/// In Prometheus's text format, of this process since it started; `crosscheck_oldest_due_seconds` alone is of all
/// replicas. Where the operator set `CROSSCHECK_METRICS_KEY`, that key has to come as a Bearer token.
#[utoipa::path(tag = "Operator", security(()),
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain",
        example = "# HELP crosscheck_orders_total Orders that ATSs placed; repeated: it stood before, nothing was stored\n\
                   # TYPE crosscheck_orders_total counter\n\
                   crosscheck_orders_total{provider=\"an_ats\",outcome=\"placed\"} 17\n")),
    extensions(("x-error-codes" = json!([ErrorCode::Unauthorized, ErrorCode::Overloaded, ErrorCode::Internal]))))]
#[get("/metrics")]
async fn metrics(request: HttpRequest, exchange: web::Data<Exchange>) -> Result<HttpResponse, Failure> {
    let key = presented_key(&request);
    if !exchange.may_monitor(key.as_ref().map(|key| key.as_str())) {
        let message = "The metrics ask for the key that CROSSCHECK_METRICS_KEY names, as a Bearer token.";
        return Err(Problem::new(ErrorCode::Unauthorized, message).into());
    }
    Ok(HttpResponse::Ok()
        .content_type(CONTENT_TYPE)
        .body(exchange.monitor().await))
}
