//! The API document: collected from the very table that registers the routes, then finished with what holds for all
//! operations.

mod events;
mod examples;
mod freedom;
mod headers;
mod operations;
mod parameters;
mod refusals;
mod rules;

use super::{operator, vendor};
use crate::domain::event::EventType;
use crate::domain::problem::{ErrorCode, ProblemBody};
use crate::domain::result::ResultWord;
use crate::domain::vendor_order::{OrderedCandidate, OrderedPackage};
use crate::providers::registry::ProviderKey;
use serde_json::Value;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_actix_web::service_config::ServiceConfig;

/// Every route that the API document describes. (ATSs' endpoints are described by `schemas/<provider>/`.)
pub fn routes(config: &mut ServiceConfig<'_>) {
    vendor::routes(config);
    operator::routes(config);
}

/// The document without its paths.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Crosscheck",
        description = "One API for assessments and background checks on every applicant-tracking system. \
                       Authenticate with your API key as HTTP Basic user name (empty password) or as Bearer token. \
                       Name a customer with the header `x-account-id`. Every error has the shape `Error`; its \
                       `errorCode` is from a closed catalogue.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    components(schemas(ProblemBody, ErrorCode, EventType, OrderedCandidate, OrderedPackage, ProviderKey, ResultWord)),
    security(("basic" = []), ("bearer" = [])),
    tags(
        (name = "Integrations", description = "How your project uses an ATS."),
        (name = "Customers", description = "Linking one customer: the secrets that its ATS needs."),
        (name = "Packages", description = "What recruiters can order."),
        (name = "Orders", description = "One candidate sent one package."),
        (name = "Results", description = "What you report about an order, and what the ATS will show."),
        (name = "Connectors", description = "What each ATS needs and shows."),
        (name = "Webhooks", description = "Where your events go."),
        (name = "Events", description = "What we tell you, kept and replayable."),
        (name = "Pushes", description = "What we owe the ATSs."),
        (name = "Request logs", description = "Every call between the ATSs, you and us, with what came of it."),
        (name = "Keys", description = "Who may speak for your project, and what they may do."),
        (name = "Operator", description = "For whoever runs Crosscheck."),
    ),
    modifiers(&Security)
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, scheme) in [
            ("basic", HttpAuthScheme::Basic),
            ("bearer", HttpAuthScheme::Bearer),
        ] {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
    }
}

/// The document without its paths, to which an app adds its routes.
pub fn base() -> OpenApi {
    Document::openapi()
}

/// The whole document.
pub fn document() -> serde_json::Result<Value> {
    document_of(routes)
}

/// The document of some routes.
pub fn document_of(routes: impl FnOnce(&mut ServiceConfig<'_>)) -> serde_json::Result<Value> {
    let mut document = for_reading(routes)?;
    rules::tell(&mut document);
    freedom::tell(&mut document);
    parameters::tell(&mut document);
    headers::tell(&mut document);
    refusals::tell(&mut document);
    examples::tell(&mut document);
    Ok(document)
}

/// What bodies are read against: the schemas, without the rules that are held elsewhere.
pub fn for_reading(routes: impl FnOnce(&mut ServiceConfig<'_>)) -> serde_json::Result<Value> {
    use utoipa_actix_web::AppExt;
    let app = actix_web::App::new()
        .into_utoipa_app()
        .openapi(base())
        .configure(routes);
    let mut document = serde_json::to_value(app.split_for_parts().1)?;
    events::tell(&mut document)?;
    Ok(document)
}

/// The document as the file openapi/openapi.json has it.
pub fn text() -> serde_json::Result<String> {
    serde_json::to_string_pretty(&document()?).map(|text| text + "\n")
}
