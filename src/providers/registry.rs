//! The ATSs that we speak. Adding one: its `mod` line in mod.rs, and its line here.

use super::provider::Provider;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

static PROVIDERS: &[&dyn Provider] = &[
    // The first one stands in the examples of documents.
    &super::greenhouse::Greenhouse,
    &super::ashby::Ashby,
    &super::recruitee::Recruitee,
];

/// Every provider.
pub fn all() -> &'static [&'static dyn Provider] {
    PROVIDERS
}

/// The provider with that key.
pub fn find(key: &str) -> Option<&'static dyn Provider> {
    all()
        .iter()
        .copied()
        .find(|provider| provider.descriptor().key == key)
}

/// What the API document says of a provider's key.
pub struct ProviderKey;

impl PartialSchema for ProviderKey {
    fn schema() -> RefOr<Schema> {
        let keys = all().iter().map(|provider| provider.descriptor().key);
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("An ATS, as `GET /connectors/meta` lists them."))
            .enum_values(Some(keys));
        schema.into()
    }
}

impl ToSchema for ProviderKey {}

/// The key of one of them, for examples in documents.
pub fn example_key() -> &'static str {
    all()
        .first()
        .map(|provider| provider.descriptor().key)
        .unwrap_or_default()
}

/// Its name.
pub fn example_name() -> &'static str {
    all()
        .first()
        .map(|provider| provider.descriptor().name)
        .unwrap_or_default()
}

/// Every key, for messages.
pub fn keys() -> String {
    all()
        .iter()
        .map(|provider| provider.descriptor().key)
        .collect::<Vec<_>>()
        .join(", ")
}
