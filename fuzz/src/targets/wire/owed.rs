//! What we owe an ATS: calls that its descriptor names, with bodies as their schemas have them.

use super::schema;
use crosscheck::domain::category::Category;
use crosscheck::domain::id::OrderId;
use crosscheck::providers::links::Links;
use crosscheck::providers::provider::{Call, Credentials, OrderStatus, Provider, PublishedOrder};
use serde_json::Value;
use std::sync::LazyLock;
use zeroize::Zeroizing;

/// Publishes a revision (or a placement) of an order, and looks at the calls that come of it.
pub fn publish(
    provider: &dyn Provider,
    category: Category,
    id: &OrderId,
    state: Option<&[u8]>,
    revision: Option<&OrderStatus>,
) {
    let published = PublishedOrder {
        id,
        category,
        state,
        revision,
        links: &LINKS,
    };
    let calls = provider.publish(&published, &credentials(provider));
    let calls = calls.expect("what was read can be published");
    calls.iter().for_each(|call| check_call(provider, call));
}

/// A call of ours is one that the descriptor names, with a body as its schema has it.
fn check_call(provider: &dyn Provider, call: &Call) {
    let body: Value = call.body.as_deref().map_or(Value::Null, |body| {
        serde_json::from_slice(body).expect("the body of a call is JSON")
    });
    let known = provider.descriptor().calls.iter().any(|known| {
        let schema = schema(provider, &format!("{}.request", known.name));
        let fits = schema.map_or(body.is_null(), |schema| schema.violations(&body).is_empty());
        known.method == call.method && fits
    });
    assert!(
        known,
        "{} with {body} is none of the descriptor's calls",
        call.method
    );
}

static LINKS: LazyLock<Links> = LazyLock::new(|| Links {
    base_url: "https://crosscheck.example/external-trigger/any".to_owned(),
    tenant_id: None,
});

/// Every credential that the provider asks for.
fn credentials(provider: &dyn Provider) -> Credentials {
    let fields = provider.descriptor().credential_fields.iter();
    let fields = fields.map(|field| {
        let value = field.default.unwrap_or("made-up");
        (field.name.to_owned(), Zeroizing::new(value.to_owned()))
    });
    Credentials {
        partner: None,
        trigger_token: Zeroizing::new("made-up".to_owned()),
        fields: fields.collect(),
    }
}
