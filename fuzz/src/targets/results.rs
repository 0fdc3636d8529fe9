//! What vendors report: a body that is taken is kept as it is, and reaches each ATS in its own words.

use super::Target;
use super::documents::has_a_key_twice;
use super::input::Input;
use super::wire::{Kind, NOW, assert_valid, kinds, publish};
use crosscheck::domain::category::Category;
use crosscheck::domain::id::OrderId;
use crosscheck::domain::result::{RESULT_VALUES, ResultUpdate, ScoreText, Status};
use crosscheck::http::openapi;
use crosscheck::json::{self, Document, Schema};
use crosscheck::providers::descriptor::{FieldKind, Requirement};
use crosscheck::providers::provider::{Answer, OrderStatus, Provider};
use crosscheck::providers::registry;
use serde_json::{Value, json};
use std::sync::LazyLock;
use uuid::Uuid;

pub const TARGET: Target = Target {
    name: "results",
    check,
    seeds,
};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let document = openapi::for_reading(openapi::routes).expect("the API document is JSON");
    let document = Document::of(&document).expect("the API document has schemas");
    document
        .compile("/components/schemas/ResultUpdate")
        .expect("the schema compiles")
});

pub fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let provider = input.choose(registry::all());
    let category = input.choose(&Category::ALL);
    let body = input.rest();
    let update: ResultUpdate = match json::read(body, &SCHEMA) {
        Ok(update) => update,
        Err(problem) => {
            let twice = problem.violations.iter().any(|one| one.code == "duplicate_key");
            let text = String::from_utf8_lossy(body);
            assert!(
                !twice || has_a_key_twice(&text),
                "the reader refuses what the schema takes: {text}"
            );
            return;
        }
    };
    let kept = serde_json::to_string(&update).expect("a report can be kept");
    let again: ResultUpdate = serde_json::from_str(&kept).expect("what is kept can be read");
    assert_eq!(
        serde_json::to_string(&again).ok(),
        Some(kept),
        "a report is kept as it is"
    );
    if let (Some(provider), Some(category)) = (provider, category) {
        check_told(*provider, *category, update);
    }
}

/// What an ATS is told is as its schema has it, where nothing is missing that it needs.
fn check_told(provider: &dyn Provider, category: Category, update: ResultUpdate) {
    let (status, outcome) = match update.interpret() {
        Ok(reading) => reading,
        Err(broken) => {
            assert!(!broken.is_empty(), "a refusal says what is wrong");
            return;
        }
    };
    let body = serde_json::to_value(&update).expect("a report is JSON");
    if !has_what_is_needed(provider, category, &body, status) {
        return;
    }
    let standing = OrderStatus {
        status,
        outcome,
        result: Some(update),
        at: NOW,
    };
    let order = OrderId::new(category, Uuid::from_u128(7));
    for (operation, kind) in kinds(provider) {
        let told = Some(Box::new(standing.clone()));
        let answer = match kind {
            Kind::Order(state) => {
                publish(provider, category, &order, state.as_deref(), Some(&standing));
                Answer::Placed {
                    order: order.clone(),
                    repeated: true,
                    first: told,
                }
            }
            Kind::Status => Answer::Status(Box::new(standing.clone())),
            Kind::Cancel => Answer::Cancelled {
                order: order.clone(),
                status: Box::new(standing.clone()),
            },
            Kind::Packages | Kind::Parameters | Kind::Other => continue,
        };
        let response = provider.answer(Some(operation), Ok(&answer), NOW);
        assert!(
            (200..300).contains(&response.status),
            "{} is answered",
            operation.name
        );
        assert_valid(provider, &format!("{}.response", operation.name), &response.body);
    }
}

/// As the exchange looks at it before a report is taken.
fn has_what_is_needed(provider: &dyn Provider, category: Category, body: &Value, status: Status) -> bool {
    let mut fields = provider.descriptor().result_fields_of(category);
    fields.all(|field| {
        let value = body.pointer(&format!("/{}", field.name.replace('.', "/")));
        let spelled = value.and_then(Value::as_str).unwrap_or_default();
        match (value, field.kind) {
            (None, _) => field.required == Requirement::Optional || status != Status::Completed,
            (Some(_), FieldKind::Number) => ScoreText(spelled.to_owned()).number().is_some(),
            _ => true,
        }
    })
}

fn seeds() -> Vec<Vec<u8>> {
    let full = json!({
        "score": {"label": "Points", "value": "81.5", "min": 0, "max": 100},
        "start_date": "2026-02-03T09:00:00Z",
        "submission_date": "2026-02-03T10:12:00+01:00",
        "summary": "Well above the pass mark",
        "result": {"value": "passed", "source_value": {"own": ["word", 1.5, null]}},
        "result_url": "https://vendor.example/reports/17",
        "attachments": [{"url": "https://vendor.example/17.pdf", "content_type": {"value": "pdf"}}],
        "candidate": {"id": "c-1", "profile_url": "https://vendor.example/c/1"},
        "passthrough": {"anything": 0.1},
    });
    let mut bodies = vec![full.to_string()];
    bodies.extend(RESULT_VALUES.map(|value| json!({"result": {"value": value}, "summary": "x"}).to_string()));
    let mut seeds = Vec::new();
    for (number, _) in (0_u8..).zip(registry::all()) {
        for category in 0..3 {
            seeds.extend(
                bodies
                    .iter()
                    .map(|body| [&[number, category], body.as_bytes()].concat()),
            );
        }
    }
    seeds
}
