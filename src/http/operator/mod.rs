//! What operators and their machines look at. No project's key is asked for.

mod health;
mod metrics;

use utoipa_actix_web::service_config::ServiceConfig;

/// What every process answers, whatever its role.
pub fn routes(config: &mut ServiceConfig<'_>) {
    health::routes(config);
    metrics::routes(config);
}
