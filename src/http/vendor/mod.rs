//! The unified API: what a vendor's developer calls.

mod accounts;
mod connect_sessions;
mod connectors;
mod deliveries;
mod events;
mod integrations;
mod keys;
mod orders;
mod packages;
mod pushes;
mod request_log_query;
mod request_logs;
mod results;
mod secrets;
mod set_up;
mod shown_package;
mod webhooks;

use crate::domain::category::Category;
use crate::domain::problem::Problem;
use crate::json;
use serde_json::json;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaType, Type};
use utoipa_actix_web::service_config::ServiceConfig;

/// Every route of the vendor's face.
pub fn routes(config: &mut ServiceConfig<'_>) {
    integrations::routes(config);
    set_up::routes(config);
    secrets::routes(config);
    accounts::routes(config);
    connect_sessions::routes(config);
    packages::routes(config);
    orders::routes(config);
    results::routes(config);
    connectors::routes(config);
    webhooks::routes(config);
    deliveries::routes(config);
    events::routes(config);
    pushes::routes(config);
    request_logs::routes(config);
    keys::routes(config);
}

/// The value of a field that may be left out (no change), null (cleared) or set.
fn present<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// A whole number, with a fraction of zero or without one.
fn whole<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let number: Option<serde_json::Number> = serde::Deserialize::deserialize(deserializer)?;
    let read = |number| json::whole(&number).ok_or_else(|| serde::de::Error::custom("no whole number"));
    number.map(read).transpose()
}

/// The category that a path names.
fn category(text: &str) -> Result<Category, Problem> {
    Category::parse(text).ok_or_else(|| Problem::not_found("category"))
}

/// The customer's credentials, as they are sent.
fn customers_credentials() -> Schema {
    credentials(
        "The customer's credentials for its ATS: the `credential_fields` of `GET /connectors/meta/{provider}` whose holder \
         is `customer`. A text sets one, null clears it, what is left out stays.",
    )
}

/// The vendor's credentials, as they are sent.
fn vendors_credentials() -> Schema {
    credentials(
        "Your credentials for the ATS: the `credential_fields` of `GET /connectors/meta/{provider}` whose holder is \
         `vendor`. A text sets one, null clears it, what is left out stays.",
    )
}

fn credentials(words: &str) -> Schema {
    let value = json!({"type": ["string", "null"], "minLength": 1, "maxLength": 4096});
    let rule = Extensions::builder().add("x-rule", json!({"additionalProperties": value}));
    let object = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Object, Type::Null]))
        .description(Some(words))
        .extensions(Some(rule.build()));
    object.into()
}
