//! An example for every body: put together from those of its fields, so that there is one place for each.

use super::operations::{operations, webhooks};
use crate::providers::registry;
use serde_json::{Map, Value, json};

/// A moment, where a field does not say its own.
const MOMENT: &str = "2026-02-03T10:13:00.000Z";
/// What things are called in every example, where a field does not say its own.
const THINGS: &[(&str, &str)] = &[
    ("account_id", "acc_02xvJ0nEdbcjBOZlbbGTsE"),
    ("email", "ada@example.org"),
    ("event_id", "evt_02xvJ0nEdbcjBOZlbbGTsE"),
    ("first_name", "Ada"),
    ("integration_id", "int_02xvJ0nEdbcjBOZlbbGTsE"),
    ("last_name", "Byron"),
    ("order_id", "ats_ass_02xvJ0nEdbcjBOZlbbGTsE"),
    ("origin_owner_id", "cust-7"),
    ("origin_owner_name", "Globex"),
    ("record_id", "ats_ass_02xvJ0nEdbcjBOZlbbGTsE"),
    ("revision_id", "rev_02xvJ0nEdbcjBOZlbbGTsE"),
    ("webhook_id", "whk_02xvJ0nEdbcjBOZlbbGTsE"),
];
/// What stands for a text that has no example. A test holds that none is left.
const MISSING: &str = "MISSING";

/// Gives every body of `document` its example.
pub fn tell(document: &mut Value) {
    let schemas = document
        .pointer("/components/schemas")
        .cloned()
        .unwrap_or_default();
    for mut operation in operations(document) {
        if let Some(body) = operation
            .value
            .get_mut("requestBody")
            .and_then(Value::as_object_mut)
        {
            put(body, &schemas);
        }
        for (_, response) in operation.responses() {
            put(response, &schemas);
        }
    }
    for webhook in webhooks(document) {
        if let Some(body) = webhook
            .value
            .get_mut("requestBody")
            .and_then(Value::as_object_mut)
        {
            put(body, &schemas);
        }
    }
}

/// Its example, unless it has any already.
fn put(body: &mut Map<String, Value>, schemas: &Value) {
    let content = body.get_mut("content");
    let media = content.and_then(|content| content.get_mut("application/json")?.as_object_mut());
    if let Some(media) = media
        && !media.contains_key("example")
        && !media.contains_key("examples")
    {
        let example = media.get("schema").map(|schema| example_of(schema, schemas));
        media.insert("example".to_owned(), example.unwrap_or_default());
    }
}

/// An example of what fits `schema`, which may refer to `schemas`.
fn example_of(schema: &Value, schemas: &Value) -> Value {
    if let Some(own) = own(schema) {
        return own.clone();
    }
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return schemas
            .get(name)
            .map_or(Value::Null, |schema| example_of(schema, schemas));
    }
    if let Some(all) = schema["allOf"].as_array() {
        let parts = all.iter().map(|part| example_of(part, schemas));
        let keys = parts.filter_map(|part| part.as_object().cloned()).flatten();
        return Value::Object(keys.collect());
    }
    let either = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    if let Some(either) = either {
        let first = either.iter().find(|one| one["type"] != "null");
        return first.map_or(Value::Null, |schema| example_of(schema, schemas));
    }
    of_type(schema, schemas)
}

/// What everybody calls a text of that name.
fn thing(name: &str, field: &Value) -> Option<Value> {
    let kind = &field["type"];
    let is_text = kind == "string"
        || kind
            .as_array()
            .is_some_and(|kinds| kinds.contains(&json!("string")));
    let told = match name {
        "provider" => registry::example_key(),
        _ => THINGS.iter().find(|(thing, _)| *thing == name)?.1,
    };
    is_text.then(|| json!(told))
}

/// What a schema says itself.
fn own(schema: &Value) -> Option<&Value> {
    let first = |key: &str| schema[key].as_array().and_then(|all| all.first());
    let single = schema.get("example").or(schema.get("const"));
    single
        .or(first("examples"))
        .or(first("enum"))
        .or(schema.get("default"))
}

fn of_type(schema: &Value, schemas: &Value) -> Value {
    let types = schema["type"].as_array();
    let kind = match types {
        Some(types) => types.iter().find(|kind| *kind != "null"),
        None => schema.get("type"),
    };
    match kind.and_then(Value::as_str) {
        Some("object") => object(schema, schemas),
        Some("array") => json!([example_of(&schema["items"], schemas)]),
        Some("boolean") => json!(true),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("string") if schema["format"] == "date-time" => json!(MOMENT),
        Some("string") if types.is_some() => Value::Null,
        Some("string") => json!(MISSING),
        _ => json!({}),
    }
}

fn object(schema: &Value, schemas: &Value) -> Value {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let required = schema["required"].as_array();
    let told = fields.map(|(name, field)| {
        let example = own(field).cloned().or_else(|| thing(name, field));
        (name, example.unwrap_or_else(|| example_of(field, schemas)))
    });
    // What may be left out and has no example is left out.
    let shown = told.filter(|(name, example)| {
        example != MISSING || required.is_some_and(|required| required.contains(&json!(name)))
    });
    let most = schema["maxProperties"]
        .as_u64()
        .and_then(|most| usize::try_from(most).ok());
    let shown = shown.take(most.unwrap_or(usize::MAX));
    Value::Object(shown.map(|(name, example)| (name.clone(), example)).collect())
}
