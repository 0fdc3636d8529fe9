//! What we send to a vendor's endpoint, as `webhooks` of the document: out of the schema of events.

use crate::domain::event::EventType;
use serde_json::{Map, Value, json};

const SCHEMA: &str = include_str!("../../../schemas/unified/event.json");
/// The type of what `POST /webhooks/{id}/test` sends. Nobody subscribes to it.
const TEST: &str = "webhook.test";

/// Tells of every event, with the schemas of their bodies.
pub fn tell(document: &mut Value) -> serde_json::Result<()> {
    let text = SCHEMA.replace("#/$defs/", "#/components/schemas/");
    let mut event: Map<String, Value> = serde_json::from_str(&text)?;
    let parts = event.remove("$defs").unwrap_or_default();
    event.remove("$schema");
    let mut webhooks = Map::new();
    for (name, schema) in parts.as_object().into_iter().flatten() {
        let types = schema.pointer("/properties/eventType");
        let several = types.and_then(|types| types.get("enum")?.as_array());
        let only = types.and_then(|types| types.get("const"));
        let named = several.into_iter().flatten().chain(only);
        for event_type in named.filter_map(Value::as_str) {
            webhooks.insert(event_type.to_owned(), webhook(event_type, name));
        }
    }
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        schemas.extend(parts.as_object().cloned().unwrap_or_default());
        schemas.insert("Event".to_owned(), Value::Object(event));
    }
    document["webhooks"] = Value::Object(webhooks);
    Ok(())
}

/// What arrives at an endpoint for an event of a type, whose schema has that name.
fn webhook(event_type: &str, schema: &str) -> Value {
    let meaning = match event_type {
        TEST => "You asked for it, with `POST /webhooks/{id}/test`.",
        _ => EventType::parse(event_type).map_or("", EventType::meaning),
    };
    let header = |name: &str, description: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": description,
            "schema": {"type": "string"},
        })
    };
    json!({"post": {
        "operationId": event_type.replace('.', "_"),
        "summary": event_type,
        "description": meaning,
        "security": [{}],
        "parameters": [
            header("webhook-id", "The id of the event: the same on every retry and replay."),
            header("webhook-timestamp", "When it was signed, in seconds since the epoch."),
            header("webhook-signature", "As Standard Webhooks has it: verify it with the official library of your language."),
        ],
        "requestBody": {
            "required": true,
            "content": {"application/json": {"schema": {"$ref": format!("#/components/schemas/{schema}")}}},
        },
        "responses": {
            "2XX": {"description": "It has arrived."},
            "410": {"description": "The endpoint is gone: it is disabled, and gets nothing more."},
        },
    }})
}
