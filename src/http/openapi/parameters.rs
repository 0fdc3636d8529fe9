//! What holds for all parameters: one that may be left out is not null, an empty one in the query is as if it were left
//! out, and every write takes an idempotency key.

use super::operations::operations;
use serde_json::{Value, json};

/// Tells of it in every operation of `document`.
pub fn tell(document: &mut Value) {
    for mut operation in operations(document) {
        if operation.writes() && operation.asks_for_key() {
            operation.add_parameter(idempotency_key());
        }
        let parameters = operation
            .value
            .get_mut("parameters")
            .and_then(Value::as_array_mut);
        for parameter in parameters.into_iter().flatten() {
            if parameter["in"] == "query" && !takes_empty_text(&parameter["schema"]) {
                parameter["allowEmptyValue"] = json!(true);
            }
            let is_account = parameter["name"] == "x-account-id";
            if let Some(schema) = parameter.get_mut("schema") {
                *schema = without_null(schema.take());
                if is_account {
                    // An empty one names nobody.
                    schema["minLength"] = json!(1);
                }
            }
        }
    }
}

/// Whether an empty text is one of the values anyway.
fn takes_empty_text(schema: &Value) -> bool {
    let narrows = |key: &&str| schema.get(*key).is_some();
    let types = schema.get("type").map(Value::to_string).unwrap_or_default();
    let is_narrow = ["enum", "format", "pattern", "oneOf"].iter().any(narrows);
    types.contains("array") || (types.contains("string") && !is_narrow)
}

/// The schema for what is there at all.
fn without_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema.get_mut("type").and_then(Value::as_array_mut) {
        kinds.retain(|kind| kind != "null");
    }
    if let Some(kind) = schema.get_mut("type")
        && let Some([only]) = kind.as_array().map(Vec::as_slice)
    {
        *kind = only.clone();
    }
    let either = schema.get("oneOf").and_then(Value::as_array);
    let is_null = |one: &&Value| one.get("type").is_some_and(|kind| kind == "null");
    let rest: Vec<_> = either
        .into_iter()
        .flatten()
        .filter(|one| !is_null(one))
        .cloned()
        .collect();
    match rest.as_slice() {
        [only] => only.clone(),
        _ => schema,
    }
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "A key of yours for this write, such as a UUID: whoever repeats the request with it gets the same \
                        answer, and nothing is done twice. Kept for 24 hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    })
}
