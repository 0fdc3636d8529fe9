//! Which refusals an operation documents. What follows from its form (a key, a body, parameters) is told here for all
//! of them; what is particular to one, its handler names as `x-error-codes`.

use super::headers::of_response;
use super::operations::{Operation, operations};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use serde_json::{Map, Value, json};

/// Where an operation names its codes.
pub const CODES: &str = "x-error-codes";

/// When the refusals of the examples were told.
const AT: Timestamp = Timestamp(1_770_113_580_000);

/// Gives every operation of `document` the responses of its refusals, and names all of their codes. Operations that can
/// refuse with the same codes of a status share one response.
pub fn tell(document: &mut Value) {
    let mut shared = Map::new();
    for mut operation in operations(document) {
        let codes = ErrorCode::ALL.iter().copied();
        let codes: Vec<_> = codes.filter(|code| can_answer(&operation, *code)).collect();
        for code in &codes {
            let alike = codes.iter().filter(|other| other.status() == code.status());
            let alike: Vec<_> = alike.copied().collect();
            let name = alike
                .iter()
                .map(|code| code.as_str())
                .collect::<Vec<_>>()
                .join("-or-");
            let reference = json!({"$ref": format!("#/components/responses/{name}")});
            operation.set_response(&code.status().to_string(), reference);
            shared
                .entry(name)
                .or_insert_with(|| response(code.status(), &alike));
        }
        operation.value.insert(CODES.to_owned(), json!(codes));
    }
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        components.insert("responses".to_owned(), Value::Object(shared));
    }
}

/// Whether an operation can refuse with `code`.
fn can_answer(operation: &Operation<'_>, code: ErrorCode) -> bool {
    let named = operation.value.get(CODES).and_then(Value::as_array);
    if named.is_some_and(|codes| codes.contains(&json!(code))) {
        return true;
    }
    if !operation.asks_for_key() {
        return false;
    }
    match code {
        ErrorCode::Unauthorized
        | ErrorCode::InsufficientScope
        | ErrorCode::RateLimited
        | ErrorCode::Overloaded
        | ErrorCode::StorageUnavailable
        | ErrorCode::Internal => true,
        ErrorCode::MalformedJson
        | ErrorCode::InvalidBody
        | ErrorCode::RequestTimeout
        | ErrorCode::PayloadTooLarge => operation.has_body(),
        ErrorCode::InvalidParameter => {
            operation.writes() || operation.takes("query") || operation.takes("header")
        }
        ErrorCode::NotFound => operation.takes("path") || operation.takes("header"),
        ErrorCode::IdempotencyKeyReused => operation.writes(),
        _ => false,
    }
}

/// The response that codes of one status share, with what each of them looks like.
fn response(status: u16, codes: &[ErrorCode]) -> Value {
    let told = codes
        .iter()
        .map(|code| format!("`{}`: {}", code.as_str(), code.meaning()));
    let examples = codes.iter().map(|code| {
        let example = json!({"value": Problem::of(*code).body(AT)});
        (code.as_str().to_owned(), example)
    });
    let examples: Map<_, _> = examples.collect();
    let content = json!({"schema": {"$ref": "#/components/schemas/Error"}, "examples": examples});
    json!({
        "description": told.collect::<Vec<_>>().join("\n\n"),
        "headers": of_response(status),
        "content": {"application/json": content},
    })
}
