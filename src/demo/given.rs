//! Credentials for an ATS of which nothing is known but its descriptor.

use crate::providers::descriptor::{CredentialField, CredentialKind, Descriptor, Holder};
use reqwest::Url;
use serde_json::{Map, Value};

/// A value for each credential of that holder; what is called is the simulation at `url`.
pub fn credentials(descriptor: &Descriptor, holder: Holder, url: &str) -> Value {
    let fields = descriptor.credentials_of(holder);
    let given: Map<String, Value> = fields
        .map(|field| (field.name.to_owned(), value(field, url).into()))
        .collect();
    Value::Object(given)
}

fn value(field: &CredentialField, url: &str) -> String {
    match (field.kind, field.default) {
        (CredentialKind::Url, default) => at(url, default),
        (_, Some(default)) => default.to_owned(),
        (_, None) => format!("demo-{}", field.name),
    }
}

/// The path of the ATS's own URL, at the simulation.
fn at(url: &str, default: Option<&str>) -> String {
    let own = default.and_then(|default| Url::parse(default).ok());
    let path = own.map(|own| own.path().to_owned()).unwrap_or_default();
    format!("{url}{}", path.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_keeps_its_path_and_moves_to_the_simulation() {
        let url = "http://127.0.0.1:9";
        for (default, expected) in [
            (None, "http://127.0.0.1:9"),
            (Some("https://api.acme.example"), "http://127.0.0.1:9"),
            (Some("https://acme.example/api/"), "http://127.0.0.1:9/api"),
            (Some("https://acme.example:8443/v2/p"), "http://127.0.0.1:9/v2/p"),
        ] {
            assert_eq!(at(url, default), expected);
        }
    }
}
