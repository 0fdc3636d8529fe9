//! Credentials that fit a descriptor, made up: those of its simulation are the same.

use crosscheck::json::Schema;
use crosscheck::providers::descriptor::{CredentialField, CredentialKind, Descriptor, Holder};
use reqwest::Url;
use serde_json::{Map, Value, json};

/// Texts that are tried where a pattern is to be fitted. `test-<name>` goes first.
const SPELLINGS: [&str; 8] = [
    "test",
    "Test1234",
    "4711",
    "0b7a1c1e-6f7d-4a55-9c1c-0d2f4f3f7a10",
    "test.example",
    "https://test.example",
    "test@test.example",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
];

/// What `holder` sets: every field, the required ones and the others.
pub fn of(descriptor: &Descriptor, holder: Holder, ats: &str) -> Map<String, Value> {
    let own = descriptor.credentials_of(holder);
    own.map(|field| (field.name.to_owned(), json!(value(field, ats))))
        .collect()
}

/// What of `all` is to be kept from eyes.
pub fn secrets(descriptor: &Descriptor, all: &Map<String, Value>) -> Vec<String> {
    let secret = |name: &str| {
        let mut fields = descriptor.credential_fields.iter();
        fields.any(|field| {
            field.name == name && field.kind == CredentialKind::Secret && field.default.is_none()
        })
    };
    let own = all.iter().filter(|(name, _)| secret(name));
    own.map(|(_, value)| value.as_str().unwrap().to_owned()).collect()
}

fn value(field: &CredentialField, ats: &str) -> String {
    match (field.kind, field.default) {
        (CredentialKind::Url, default) => simulated(default, ats),
        (_, Some(default)) => default.to_owned(),
        (_, None) => fitting(field),
    }
}

/// The simulation's URL, with the path of the real one.
fn simulated(real: Option<&str>, ats: &str) -> String {
    let path = real.and_then(|real| Url::parse(real).ok());
    let path = path.map(|url| url.path().trim_end_matches('/').to_owned());
    format!("{ats}{}", path.unwrap_or_default())
}

fn fitting(field: &CredentialField) -> String {
    let named = format!("test-{}", field.name);
    let Some(pattern) = field.pattern else {
        return named;
    };
    let schema = Schema::compile(&json!({"pattern": pattern}));
    let schema = schema.unwrap_or_else(|error| panic!("credential {}: {error}", field.name));
    let mut spellings = std::iter::once(named.as_str()).chain(SPELLINGS);
    let fits = |text: &&str| schema.violations(&json!(text)).is_empty();
    let found = spellings.find(fits).unwrap_or_else(|| {
        panic!(
            "no made-up text fits the pattern {pattern} of the credential {}: add one to SPELLINGS in {}",
            field.name,
            file!()
        )
    });
    found.to_owned()
}
