//! What an ATS calls us with. The parser takes what the schema takes, and an order goes through us unchanged.

use super::super::documents::has_a_key_twice;
use super::super::input::{Input, part};
use super::{NOW, assert_valid, owed, refused, schema};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use crosscheck::domain::category::Category;
use crosscheck::domain::event::{Event, EventType};
use crosscheck::domain::id::{EventId, OrderId};
use crosscheck::domain::order::{NewOrder, Record};
use crosscheck::domain::problem::ErrorCode;
use crosscheck::domain::result::{Outcome, ResultUpdate, Status};
use crosscheck::json::{self, Schema};
use crosscheck::providers::descriptor::Operation;
use crosscheck::providers::provider::{
    Answer, Claim, Inquiry, OrderRef, OrderStatus, Provider, Refusal, Request,
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;
use uuid::Uuid;

/// Whose call it is.
pub fn claim(provider: &'static dyn Provider, input: &mut Input<'_>) {
    let Ok(header) = std::str::from_utf8(input.rest()) else {
        return;
    };
    let request = Request {
        path: Vec::new(),
        query: Vec::new(),
        headers: vec![("authorization", header)],
        body: b"",
    };
    match provider.claim(&request) {
        Ok(Claim::Tokens(tokens)) => {
            assert!(!tokens.is_empty() && tokens.iter().all(|token| !token.is_empty()));
        }
        Err(refusal) => refused(provider, None, &refusal),
    }
}

pub fn claim_seeds() -> Vec<Vec<u8>> {
    let basic = |pair: &str| format!("Basic {}", BASE64.encode(pair));
    let headers = [
        basic("token:"),
        basic(":token"),
        basic("user:password"),
        "bearer  token".to_owned(),
    ];
    headers.map(String::into_bytes).into()
}

/// What it asks. First comes the path with its query, then the body.
pub fn read(provider: &'static dyn Provider, input: &mut Input<'_>) {
    let Some(operation) = input.choose(provider.descriptor().operations) else {
        return;
    };
    let (url, body) = (input.text(), input.rest());
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let Some(path) = operation.matches(path) else {
        return;
    };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let request = Request {
        path,
        query: pairs
            .map(|(name, value)| (Cow::Borrowed(name), Cow::Borrowed(value)))
            .collect(),
        headers: Vec::new(),
        body,
    };
    let asked = provider.read(operation, &request);
    if let Some(schema) = schema(provider, &format!("{}.request", operation.name)) {
        agree(schema, body, &asked);
    }
    match asked {
        Ok(Inquiry::PlaceOrder(order)) => placed(provider, operation, *order, body),
        Ok(Inquiry::ReportError(report)) => assert_same(report.origin.get(), body),
        Ok(
            Inquiry::ReadStatus(OrderRef::Ours(id))
            | Inquiry::CancelOrder(OrderRef::Ours(id))
            | Inquiry::ReadResultLink(OrderRef::Ours(id)),
        ) => {
            let order = OrderId::parse_either(Category::Assessments, &id);
            assert!(order.is_none_or(|order| order.as_str().is_ascii()));
        }
        Ok(_) => {}
        Err(refusal) => refused(provider, Some(operation), &refusal),
    }
}

/// The parser takes a body exactly when the schema does.
fn agree(schema: &Schema, body: &[u8], asked: &Result<Inquiry<'_>, Refusal>) {
    let of_the_body = [
        ErrorCode::MalformedJson,
        ErrorCode::InvalidBody,
        ErrorCode::InvalidValue,
    ];
    let problem = asked.as_ref().err().map(Refusal::problem);
    if problem
        .as_ref()
        .is_some_and(|problem| !of_the_body.contains(&problem.code))
    {
        return;
    }
    let text = json::screen(body).ok();
    let document = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
    let (Some(text), Some(document)) = (text, document) else {
        assert!(
            problem.is_some(),
            "the parser takes what is no JSON that others read"
        );
        return;
    };
    let broken = schema.violations(&document);
    match problem {
        None => assert!(
            broken.is_empty(),
            "the parser takes what the schema refuses: {broken:?}"
        ),
        Some(problem) => assert!(
            !broken.is_empty() || has_a_key_twice(text),
            "the parser refuses what the schema takes: {problem:?}"
        ),
    }
}

/// Origin data are the bytes as they came, the white space around them apart.
fn assert_same(origin: &str, body: &[u8]) {
    assert_eq!(
        origin.as_bytes(),
        body.trim_ascii(),
        "origin data keeps the bytes"
    );
}

/// An order becomes an event that can be read again, an answer, and calls, each as its schema has it.
fn placed(provider: &'static dyn Provider, operation: &Operation, mut order: NewOrder<'_>, body: &[u8]) {
    assert_same(order.origin.get(), body);
    let category = provider
        .descriptor()
        .categories
        .first()
        .copied()
        .unwrap_or(Category::Assessments);
    let id = OrderId::new(category, Uuid::from_u128(7));
    let state = order.state.take();
    check_event(category, &id, order, body);
    let answer = Answer::Placed {
        order: id.clone(),
        repeated: false,
        first: None,
    };
    let response = provider.answer(Some(operation), Ok(&answer), NOW);
    assert!((200..300).contains(&response.status), "an order is confirmed");
    assert_valid(provider, &format!("{}.response", operation.name), &response.body);
    for revision in [None, Some(finished())] {
        if revision.is_none() && !provider.descriptor().told_of_placement {
            continue;
        }
        owed::publish(provider, category, &id, state.as_deref(), revision.as_ref());
    }
}

/// The part of an event that carries the record.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(borrow)]
    event_data: HashMap<String, Record<'a>>,
}

fn check_event(category: Category, id: &OrderId, order: NewOrder<'_>, body: &[u8]) {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        let text = include_str!("../../../../schemas/unified/event.json");
        Schema::compile(&serde_json::from_str(text).expect("the schema is JSON"))
            .expect("the schema compiles")
    });
    let event = Event {
        event_type: EventType::RecordNew.as_str(),
        id: &EventId::new(Uuid::from_u128(7)),
        record_id: id.as_str(),
        category: Some(category),
        at: NOW,
        data_key: category.record_key(),
        data: Record::of(id, order, None),
    };
    let bytes = event.render().expect("an event can be written");
    let document: Value = serde_json::from_slice(&bytes).expect("others can read the event");
    let broken = SCHEMA.violations(&document);
    assert!(
        broken.is_empty(),
        "the event breaks its schema: {document} {broken:?}"
    );
    let told: Told<'_> = serde_json::from_slice(&bytes).expect("we can read the event");
    let record = told
        .event_data
        .get(category.record_key())
        .expect("the record is in the event");
    assert_same(record.origin_data.get(), body);
}

fn finished() -> OrderStatus {
    let result =
        json!({"result_url": "https://vendor.example/r/1", "score": {"value": 87}, "summary": "Fine"});
    let result: ResultUpdate = serde_json::from_value(result).expect("it is a result");
    OrderStatus {
        status: Status::Completed,
        outcome: Outcome::Passed,
        result: Some(result),
        at: NOW,
    }
}

/// The fixtures, as bodies of each operation; with a path and a query that say something.
pub fn read_seeds(provider: &dyn Provider, requests: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let query = "?partner_interview_id=ats_ass_0000000000000000000007";
    for (number, operation) in (0..).zip(provider.descriptor().operations) {
        let segments = operation.path.split('/');
        let path: Vec<_> = segments
            .map(|one| if one.starts_with('{') { "17" } else { one })
            .collect();
        let url = part((path.join("/") + query).as_bytes());
        let bodies = requests.iter().map(Vec::as_slice).chain([&b"{}"[..], OTHER_BODY]);
        seeds.extend(bodies.map(|body| [&[number][..], &url, body].concat()));
    }
    seeds
}

/// What operations that place no order read.
pub const OTHER_BODY: &[u8] = br#"{"api_call":"list","errors":["e"],"partner_interview_id":7,"assessment_id":"0b7a1c1e-6f7d-4a55-9c1c-0d2f4f3f7a10"}"#;
