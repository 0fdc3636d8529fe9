//! The ATSs that we speak. Adding one: its `mod` line in mod.rs, and its line here.

use super::provider::Provider;

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
