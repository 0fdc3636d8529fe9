//! Which operation of an ATS asks what: told by the fixtures that it reads.

use super::super::seeds::requests;
use super::calls::OTHER_BODY;
use crosscheck::providers::descriptor::Operation;
use crosscheck::providers::provider::{Inquiry, Provider, Request};
use crosscheck::providers::registry;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What an operation asks.
#[derive(Clone, Debug)]
pub enum Kind {
    Packages,
    Parameters,
    /// An order, with what the provider keeps of it.
    Order(Option<Vec<u8>>),
    Status,
    Cancel,
    Other,
}

/// The operations of a provider with what each asks.
pub fn kinds(provider: &dyn Provider) -> &'static [(&'static Operation, Kind)] {
    static ALL: LazyLock<HashMap<&str, Vec<(&Operation, Kind)>>> = LazyLock::new(|| {
        let all = registry::all().iter();
        all.map(|provider| (provider.descriptor().key, read_fixtures(*provider)))
            .collect()
    });
    ALL.get(provider.descriptor().key)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn read_fixtures(provider: &dyn Provider) -> Vec<(&'static Operation, Kind)> {
    let mut bodies = requests(provider.descriptor().key);
    bodies.push(OTHER_BODY.to_vec());
    let operations = provider.descriptor().operations.iter();
    let asked = |operation| bodies.iter().find_map(|body| kind(provider, operation, body));
    operations
        .map(|operation| (operation, asked(operation).unwrap_or(Kind::Other)))
        .collect()
}

fn kind(provider: &dyn Provider, operation: &'static Operation, body: &[u8]) -> Option<Kind> {
    let names = operation
        .path
        .split('/')
        .filter_map(|one| one.strip_prefix('{')?.strip_suffix('}'));
    let request = Request {
        path: names.map(|name| (name, Cow::Borrowed("17"))).collect(),
        query: vec![("partner_interview_id".into(), "17".into())],
        headers: Vec::new(),
        body,
    };
    Some(match provider.read(operation, &request).ok()? {
        Inquiry::ListPackages => Kind::Packages,
        Inquiry::ListParameters => Kind::Parameters,
        Inquiry::PlaceOrder(order) => Kind::Order(order.state),
        Inquiry::ReadStatus(_) => Kind::Status,
        Inquiry::CancelOrder(_) => Kind::Cancel,
        Inquiry::ReadResultLink(_) | Inquiry::ReportError(_) => Kind::Other,
    })
}
